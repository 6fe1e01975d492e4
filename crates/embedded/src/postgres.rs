//! The handle that a program holds on the private PostgreSQL.

use std::{fs, io::Write as _, net::SocketAddr, path::Path, sync::Mutex};

use crate::{
    account::Account,
    binaries::{self, Binaries},
    cluster, download,
    error::{At as _, Error},
    folder::{self, Folder},
    holders::{self, Held, StartLock},
    postmaster::{self, Postmaster, Running},
    server::Server,
    settings::{Progress, Settings},
    socket::SocketDir,
    url,
    version::Version,
};

/// A running private PostgreSQL. While this value lives, nobody else stops the server.
///
/// Let go with [`close`](Self::close), which waits for a clean end. A dropped value lets go too, without waiting; a
/// killed program leaves the server running for the next one to adopt.
pub struct Postgres {
    server: Server,
    running: Running,
    password: Option<String>,
    held: Mutex<Option<Held>>,
}

impl Postgres {
    /// Finds or fetches the binaries, makes the cluster if there is none, starts or joins the server, and waits until
    /// it accepts connections.
    pub async fn open(settings: Settings) -> Result<Self, Error> {
        let folder = Folder::open(&settings.data_dir)?;
        let lock = StartLock::wait(&folder, &settings.program, &settings.progress).await?;
        let account = Account::choose(&folder)?;
        cluster::clean(&folder)?;
        let exists = folder::has_cluster(&folder.cluster())?;
        let binaries = choose_binaries(&folder, &account, &settings, exists).await?;
        if exists {
            take_over(&folder, &account)?;
        } else {
            settings.progress.tell(&Progress::Initialising);
            cluster::make(&folder, &binaries, &account, is_durable(&settings)).await?;
        }
        let socket = SocketDir::of(&folder);
        let server = Server { folder, account, binaries, socket, settings };
        let running = join_or_start(&server, &lock).await?;
        let password = running.listen.map(|_| password(&server.folder)).transpose()?;
        let held = Held::enter(&lock, &server.folder, &server.settings.program)?;
        Ok(Self { server, running, password, held: Mutex::new(Some(held)) })
    }

    /// The folder of the Unix socket, for `psql -h`.
    pub fn socket_dir(&self) -> &Path {
        &self.server.socket.for_clients
    }

    /// The port: of TCP if the server listens there, and a part of the socket's name in any case.
    pub fn port(&self) -> u16 {
        self.running.port
    }

    /// A connection string by the Unix socket, for one of [`SOCKET_ROLES`](crate::SOCKET_ROLES). It holds no password.
    pub fn url(&self, role: &str, database: &str) -> String {
        url::socket(role, database, self.socket_dir(), self.port())
    }

    /// A connection string by TCP with the instance's password, if the server listens there. The role needs
    /// [`set_password`](Self::set_password) once.
    pub fn tcp_url(&self, role: &str, database: &str) -> Option<String> {
        let (listen, password) = self.running.listen.zip(self.password.as_deref())?;
        Some(url::tcp(role, password, database, listen))
    }

    /// Gives a role the instance's TCP password. Does nothing when the server does not listen on TCP.
    pub async fn set_password(&self, role: &str) -> Result<(), Error> {
        let Some(password) = &self.password else { return Ok(()) };
        let failed = |source| Error::Sql { doing: format!("set the password of {role}"), source };
        let client = self.server.connect(self.port()).await.map_err(failed)?;
        // The password is hexadecimal, so only the role needs quoting.
        let role = role.replace('"', "\"\"");
        client.batch_execute(&format!("alter role \"{role}\" password '{password}'")).await.map_err(failed)
    }

    /// The version of the server's binaries.
    pub fn version(&self) -> Version {
        self.server.binaries.version
    }

    /// Looks whether the server lives, and starts it again if it was killed. `true`: it had to.
    pub async fn ensure_running(&self) -> Result<bool, Error> {
        if matches!(postmaster::inspect(&self.server.folder), Postmaster::Running(_))
            && self.server.ping(self.port()).await.is_ok()
        {
            return Ok(false);
        }
        let settings = &self.server.settings;
        let lock = StartLock::wait(&self.server.folder, &settings.program, &settings.progress).await?;
        let gone = !matches!(postmaster::inspect(&self.server.folder), Postmaster::Running(_));
        self.server.bring_up(&lock, self.running.listen).await?;
        Ok(gone)
    }

    /// Lets go. The last program to let go stops the server and waits for its end; others leave it running.
    pub async fn close(self) -> Result<(), Error> {
        let Server { folder, settings, .. } = &self.server;
        let lock = StartLock::wait(folder, &settings.program, &settings.progress).await?;
        if self.let_go(&lock)? {
            self.server.bring_down(&lock).await?;
        }
        Ok(())
    }

    /// Gives up the hold; `true` if it was the last one.
    fn let_go(&self, lock: &StartLock) -> Result<bool, Error> {
        let held = self.held.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        let Some(held) = held else { return Ok(false) };
        held.leave(lock);
        Ok(holders::living(lock, &self.server.folder)?.is_empty())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let Ok(Some(lock)) = StartLock::try_now(&self.server.folder, &self.server.settings.program) else {
            return;
        };
        if let (Ok(true), Postmaster::Running(running)) =
            (self.let_go(&lock), postmaster::inspect(&self.server.folder))
        {
            postmaster::ask_to_stop(running);
        }
    }
}

/// Given ones, else installed ones, else downloaded ones.
async fn choose_binaries(
    folder: &Folder,
    account: &Account,
    settings: &Settings,
    exists: bool,
) -> Result<Binaries, Error> {
    let major = exists.then(|| cluster::major(&folder.cluster())).transpose()?;
    if let Some(bin) = &settings.postgres_dir {
        let given = binaries::given(bin, account)?;
        return match major {
            Some(major) if major != given.version.major => Err(Error::WrongMajor {
                bin: bin.clone(),
                found: given.version,
                cluster: folder.cluster(),
                major,
            }),
            _ => Ok(given),
        };
    }
    let downloaded = download::present(folder, settings, account);
    let mut tried = match binaries::find(major, settings.installed, &downloaded, account) {
        Ok(found) => return Ok(found),
        Err(tried) => tried,
    };
    if settings.download {
        match download::fetch(folder, major, settings, account).await {
            Ok(fetched) => return Ok(fetched),
            Err(error) => tried.push(error.to_string()),
        }
    } else {
        tried.push("download: not allowed".into());
    }
    Err(Error::NoPostgres { wanted: binaries::wanted(major), tried, remedy: binaries::remedy(major) })
}

/// A cluster that root copied or restored belongs to root or to a stranger; its server's user has to own it.
fn take_over(folder: &Folder, account: &Account) -> Result<(), Error> {
    use std::os::unix::fs::MetadataExt as _;
    let cluster = folder.cluster();
    let owner = fs::symlink_metadata(&cluster).at("look at", &cluster)?.uid();
    if account.is_lent() && owner != account.owner().0 {
        if let Postmaster::Running(_) = postmaster::inspect(folder) {
            return Ok(());
        }
        folder::give_tree(&cluster, account.owner())?;
    }
    Ok(())
}

async fn join_or_start(server: &Server, lock: &StartLock) -> Result<Running, Error> {
    let wanted = server.settings.listen;
    let running = server.bring_up(lock, wanted).await?;
    let fits = |running: SocketAddr, wanted: SocketAddr| {
        running.ip() == wanted.ip() && (wanted.port() == 0 || wanted.port() == running.port())
    };
    let Some(wanted) = wanted else { return Ok(running) };
    if running.listen.is_some_and(|listen| fits(listen, wanted)) {
        return Ok(running);
    }
    let holders = holders::living(lock, &server.folder)?;
    if !holders.is_empty() {
        let does = |listen: Option<SocketAddr>| {
            listen.map_or("listens on its Unix socket only".into(), |listen| format!("listens on {listen}"))
        };
        return Err(Error::Held {
            cluster: server.folder.cluster(),
            running: does(running.listen),
            wanted: format!("listen on {wanted}"),
            holders,
        });
    }
    // Left running by a program that was killed: nobody needs it as it is.
    server.bring_down(lock).await?;
    server.bring_up(lock, Some(wanted)).await
}

/// Whoever asks for a server that forgets on a power cut does not wait for its making to reach the disk either.
fn is_durable(settings: &Settings) -> bool {
    !settings.server_settings.iter().any(|(name, value)| name == "fsync" && value == "off")
}

/// The TCP password of this data folder, made at its first use.
fn password(folder: &Folder) -> Result<String, Error> {
    let path = folder.password();
    match fs::read_to_string(&path) {
        Ok(password) if !password.is_empty() => return Ok(password),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error).at("read", &path),
        _ => {}
    }
    let password = folder::random_hex(24)?;
    let mut file = folder.open_file(&path, fs::OpenOptions::new().write(true))?;
    file.write_all(password.as_bytes()).at("write", &path)?;
    Ok(password)
}
