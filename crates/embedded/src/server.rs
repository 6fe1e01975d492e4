//! Bringing the server up and down, under the start lock.

use std::{
    fs::{self, OpenOptions},
    io,
    net::{SocketAddr, TcpListener},
    time::{Duration, Instant},
};

use tokio_postgres::{NoTls, error::SqlState};

use crate::{
    account::Account,
    binaries::Binaries,
    config,
    error::{At as _, Error},
    folder::{self, Folder},
    holders::StartLock,
    postmaster::{self, Postmaster, Running, Started, failure},
    settings::{Progress, Settings},
    socket::SocketDir,
};

/// Without TCP the port is only a part of the socket's file name.
const SOCKET_PORT: u16 = 5432;
/// How long processes of a killed server may keep its shared memory before we say so.
const ORPHANS_MAY_STAY: Duration = Duration::from_secs(10);
/// How long a living server may refuse connections without giving a reason.
const SILENCE: Duration = Duration::from_secs(30);
/// A shutdown writes a checkpoint, which a slow disk makes long.
const SHUTDOWN: Duration = Duration::from_mins(2);
const LOOK_AGAIN: Duration = Duration::from_millis(5);
const LOG_LIMIT: u64 = 8 * 1024 * 1024;

/// All that is needed to start the server.
pub(crate) struct Server {
    pub(crate) folder: Folder,
    pub(crate) account: Account,
    pub(crate) binaries: Binaries,
    pub(crate) socket: SocketDir,
    pub(crate) settings: Settings,
}

/// How waiting for the first connection came out.
enum Wait {
    Ready,
    Ended(String),
}

impl Server {
    /// Joins the running server or starts it; `listen` counts only for a start.
    pub(crate) async fn bring_up(
        &self,
        lock: &StartLock,
        listen: Option<SocketAddr>,
    ) -> Result<Running, Error> {
        let begin = Instant::now();
        loop {
            let impostor = match postmaster::inspect(&self.folder) {
                Postmaster::Running(running) => {
                    if let Wait::Ready = self.wait_until_ready(running.port, None, 0).await? {
                        return self.running();
                    }
                    continue;
                }
                Postmaster::Absent { impostor } => impostor,
            };
            let (started, port, from) = self.start(lock, listen, impostor)?;
            match self.wait_until_ready(port, Some(started), from).await? {
                Wait::Ready => return self.running(),
                Wait::Ended(how) => self.may_try_again(from, &how, begin)?,
            }
            tokio::time::sleep(10 * LOOK_AGAIN).await;
        }
    }

    /// Fast shutdown, waited for.
    pub(crate) async fn bring_down(&self, _lock: &StartLock) -> Result<(), Error> {
        let Postmaster::Running(running) = postmaster::inspect(&self.folder) else { return Ok(()) };
        postmaster::ask_to_stop(running);
        if postmaster::wait_for_end(running, &self.folder, SHUTDOWN).await {
            self.socket.remove();
            return Ok(());
        }
        Err(failure(
            &self.folder,
            0,
            format!("is still shutting down after {} s; it ends by itself", SHUTDOWN.as_secs()),
        ))
    }

    /// One connection, as a check that the server answers.
    pub(crate) async fn ping(&self, port: u16) -> Result<(), tokio_postgres::Error> {
        match self.connect(port).await {
            Err(error) if error.code() == Some(&SqlState::TOO_MANY_CONNECTIONS) => Ok(()),
            other => other.map(drop),
        }
    }

    /// A connection as the superuser, driven until it is dropped.
    pub(crate) async fn connect(&self, port: u16) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
        let mut config = tokio_postgres::Config::new();
        config.host_path(&self.socket.for_clients).port(port).user(config::SUPERUSER).dbname("postgres");
        config.application_name("colophon-embedded").connect_timeout(SILENCE);
        let (client, connection) = config.connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    fn running(&self) -> Result<Running, Error> {
        match postmaster::inspect(&self.folder) {
            Postmaster::Running(running) => Ok(running),
            Postmaster::Absent { .. } => {
                Err(failure(&self.folder, 0, "answers, but is not the server that its files speak of"))
            }
        }
    }

    fn start(
        &self,
        _lock: &StartLock,
        listen: Option<SocketAddr>,
        impostor: Option<i32>,
    ) -> Result<(Started, u16, u64), Error> {
        self.settings.progress.tell(&Progress::Starting);
        let cluster = self.folder.cluster();
        let owner = self.account.owner();
        let listen = listen.map(free_port).transpose()?;
        self.socket.make(&self.folder, &self.account)?;
        folder::replace_file(
            &cluster.join(config::FILE),
            &config::settings(&self.settings.server_settings)?,
            owner,
        )?;
        folder::replace_file(&cluster.join("pg_hba.conf"), &config::access(listen), owner)?;
        folder::replace_file(&cluster.join("pg_ident.conf"), &config::users(&self.account), owner)?;
        let (log, from) = self.open_log()?;

        let program = self.binaries.program("postgres");
        let mut command = self.account.command_on(&program, &cluster)?;
        let port = listen.map_or(SOCKET_PORT, |listen| listen.port());
        let address = listen.map(|listen| listen.ip().to_string()).unwrap_or_default();
        // On the command line nothing overrules them, ALTER SYSTEM neither.
        for (name, value) in [
            ("listen_addresses", address),
            ("port", port.to_string()),
            ("unix_socket_directories", self.socket.for_server.display().to_string()),
            ("cluster_name", postmaster::cluster_name(&self.folder)),
        ] {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        if let Some(pid) = impostor {
            // The dead server's number is taken by another process. PostgreSQL has this variable for telling it so;
            // its check for shared memory still in use stays in force, which removing postmaster.pid would disable.
            command.env("PG_GRANDPARENT_PID", pid.to_string());
        }
        let copy = log.try_clone().at("open", &self.folder.log())?;
        command.stdout(copy).stderr(log);
        tracing::debug!(cluster = %cluster.display(), user = self.account.name, "starting PostgreSQL");
        let started = postmaster::spawn(command).at("run", &program)?;
        Ok((started, port, from))
    }

    /// The log, opened for appending; where this start's part of it begins.
    fn open_log(&self) -> Result<(fs::File, u64), Error> {
        let path = self.folder.log();
        if let Some(parent) = path.parent() {
            self.folder.make_dir(parent)?;
        }
        if fs::metadata(&path).is_ok_and(|metadata| metadata.len() > LOG_LIMIT) {
            fs::rename(&path, path.with_extension("log.1")).at("rotate", &path)?;
        }
        let file = self.folder.open_file(&path, OpenOptions::new().append(true))?;
        let from = file.metadata().at("look at", &path)?.len();
        Ok((file, from))
    }

    /// Asks only once the server's own file says that it is ready, so that its log is not filled with refusals.
    async fn wait_until_ready(
        &self,
        port: u16,
        mut started: Option<Started>,
        from: u64,
    ) -> Result<Wait, Error> {
        let mut silent_since = Instant::now();
        loop {
            let now = postmaster::inspect(&self.folder);
            if let Some(how) = started.as_ref().and_then(|started| started.ended.borrow().clone()) {
                return Ok(Wait::Ended(how));
            }
            match now {
                Postmaster::Running(running) if running.ready => match self.ping(port).await {
                    Ok(()) => return Ok(Wait::Ready),
                    Err(error) => self.may_go_on(&error, &mut silent_since, from)?,
                },
                // Starting, recovering or shutting down: each comes to its end, however long it takes.
                Postmaster::Running(_) => silent_since = Instant::now(),
                Postmaster::Absent { .. } if started.is_none() => {
                    return Ok(Wait::Ended("it was gone".into()));
                }
                Postmaster::Absent { .. } if silent_since.elapsed() > SILENCE => {
                    return Err(failure(&self.folder, from, "was started and shows no sign of life"));
                }
                Postmaster::Absent { .. } => {}
            }
            match &mut started {
                Some(started) => drop(tokio::time::timeout(LOOK_AGAIN, started.ended.changed()).await),
                None => tokio::time::sleep(LOOK_AGAIN).await,
            }
        }
    }

    /// Is this refusal one that passes?
    fn may_go_on(
        &self,
        error: &tokio_postgres::Error,
        silent_since: &mut Instant,
        from: u64,
    ) -> Result<(), Error> {
        let socket = self.socket.for_clients.display();
        match error.code() {
            Some(&SqlState::CANNOT_CONNECT_NOW) => *silent_since = Instant::now(),
            Some(code) => {
                let problem = format!("refuses its own program on {socket}: {} {}", code.code(), said(error));
                return Err(failure(&self.folder, from, problem));
            }
            None if silent_since.elapsed() > SILENCE => {
                return Err(failure(
                    &self.folder,
                    from,
                    format!("does not answer on {socket}: {}", said(error)),
                ));
            }
            None => {}
        }
        Ok(())
    }

    /// After a kill, sessions of the dead server may live on for a moment; any other end is final.
    fn may_try_again(&self, from: u64, how: &str, begin: Instant) -> Result<(), Error> {
        let said = postmaster::tail(&self.folder.log(), from);
        if !said.contains("shared memory block") {
            return Err(failure(&self.folder, from, format!("did not start ({how})")));
        }
        if begin.elapsed() < ORPHANS_MAY_STAY {
            return Ok(());
        }
        let pids = postmaster::orphans(&self.folder);
        let pids = pids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        Err(failure(
            &self.folder,
            from,
            format!(
                "was killed, and sessions of it are still at work (pids {pids}): end them with kill, or wait"
            ),
        ))
    }
}

/// What the server said, or why it could not be asked.
fn said(error: &tokio_postgres::Error) -> String {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    error
        .as_db_error()
        .map(|refusal| refusal.message().to_owned())
        .or(cause)
        .unwrap_or_else(|| error.to_string())
}

/// Port 0 becomes a free one.
fn free_port(listen: SocketAddr) -> Result<SocketAddr, Error> {
    if listen.port() != 0 {
        return Ok(listen);
    }
    let free = TcpListener::bind(listen).and_then(|listener| listener.local_addr());
    free.map_err(|source: io::Error| Error::Io {
        doing: "find a free port for",
        path: listen.ip().to_string().into(),
        source,
    })
}
