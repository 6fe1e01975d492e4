//! `colophon serve` on a folder of its own.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::Api;
use crate::folder::Folder;
use crate::wait;

/// A running server. Dropped, it takes everything with it.
pub struct Server {
    pub ready: Ready,
    process: Child,
    pub folder: Folder,
}

/// What `--ready-json` promises.
#[derive(Debug, Clone, Deserialize)]
pub struct Ready {
    pub listen: String,
    pub url: String,
    pub token: String,
    pub database_url: String,
}

/// A person with a token of their own.
pub struct Person {
    pub id: Uuid,
    pub api: Api,
}

impl Server {
    /// A server of this test alone.
    pub fn start() -> Self {
        Self::start_on(Folder::new(), &[])
    }

    /// A server on a folder that may have been used before.
    pub fn start_on(folder: Folder, args: &[&str]) -> Self {
        let (process, ready) = launch(&folder, args);
        Self { ready, process, folder }
    }

    /// A server that harmless tests share while any of them runs.
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let server = Arc::new(Self::start());
            *shared = Arc::downgrade(&server);
            server
        })
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Whether it holds a file of the store open: one in the making has no name that could be looked for.
    pub fn writes_an_object(&self) -> bool {
        let objects = fs::canonicalize(self.folder.data().join("objects")).unwrap();
        let mut open = fs::read_dir(format!("/proc/{}/fd", self.pid())).unwrap().flatten();
        open.any(|file| fs::read_link(file.path()).is_ok_and(|path| path.starts_with(&objects)))
    }

    /// Asks it to end, and waits until it has.
    pub fn stop(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        let mut status = None;
        wait::until_within(Duration::from_secs(40), "the server has ended", || {
            status = self.process.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }

    /// As a power cut does, but for PostgreSQL.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.process.wait().unwrap();
    }

    /// Starts it again on the same folder, at another address.
    pub fn restart(&mut self) {
        self.restart_with(&[]);
    }

    /// As [`Server::restart`]; `args` may name the address.
    pub fn restart_with(&mut self, args: &[&str]) {
        (self.process, self.ready) = launch(&self.folder, args);
    }

    /// What it logged, of all its starts.
    pub fn log(&self) -> String {
        log_of(&self.folder)
    }

    /// The person to whom the instance belongs.
    pub fn owner(&self) -> Person {
        let id = fs::read_to_string(self.folder.data().join("owner")).unwrap().trim().parse().unwrap();
        Person { id, api: Api::new(&self.ready.url, &self.ready.token) }
    }

    /// Somebody nobody has seen before.
    pub fn person(&self) -> Person {
        let id = Uuid::new_v4();
        Person { id, api: self.with_token(&self.token(id)) }
    }

    pub fn with_token(&self, token: &str) -> Api {
        Api::new(&self.ready.url, token)
    }

    pub fn token(&self, person: Uuid) -> String {
        self.sign(&claims(person))
    }

    /// Signs any claims with the instance's secret.
    pub fn sign(&self, claims: &Value) -> String {
        sign_with(&self.folder.token_secret(), Algorithm::HS256, claims)
    }

    /// One value from the database, as text, seen by its owner.
    pub fn ask(&self, query: &str) -> String {
        ask(&self.ready.database_url, query)
    }

    /// What a person left behind: rows and files.
    pub fn belongings(&self, person: Uuid) -> (u64, Vec<String>) {
        let rows = format!(
            "(select count(*) from public.documents where uploaded_by = '{person}') +
             (select count(*) from colophon.idempotency_keys where owner = '{person}') +
             (select count(*) from public.processing_jobs where created_by = '{person}') +
             (select count(*) from colophon.objects where owner = '{person}' and state <> 'stored')"
        );
        let owner = format!("{person}/");
        let objects = self.folder.objects().into_iter().filter(|object| object.starts_with(&owner)).collect();
        (self.ask(&rows).parse().unwrap(), objects)
    }

    /// Nothing of this person is left: neither rows nor files. Files may take a moment to go.
    pub fn assert_nothing_of(&self, person: Uuid, after: &str) {
        wait::until(&format!("nothing is left behind after {after}"), || {
            self.belongings(person) == (0, Vec::new())
        });
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.process.id().cast_signed()).unwrap();
        kill_process(pid, signal).unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let log = self.log();
        if std::thread::panicking() {
            let from = log.len().saturating_sub(4_000);
            let from = (from..=log.len()).find(|at| log.is_char_boundary(*at)).unwrap_or(0);
            eprintln!("the end of the server's log:\n{}", &log[from..]);
        } else {
            assert!(!log.contains("panicked at"), "the server panicked: {log}");
        }
    }
}

/// Supabase's claims of an ordinary person, good for an hour.
pub fn claims(person: Uuid) -> Value {
    let now = jiff::Timestamp::now().as_second();
    json!({ "sub": person, "role": "authenticated", "aud": "authenticated", "iat": now, "exp": now + 3_600 })
}

pub fn sign_with(secret: &str, algorithm: Algorithm, claims: &Value) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::new(algorithm), claims, &key).unwrap()
}

/// One value of a query, as text.
pub fn ask(database_url: &str, query: &str) -> String {
    try_ask(database_url, query).unwrap_or_else(|| panic!("the database does not answer: {query}"))
}

/// As [`ask`]; `None` where the database does not answer.
pub fn try_ask(database_url: &str, query: &str) -> Option<String> {
    let query = format!("select ({query})::text");
    let row = with_database(database_url, async |client| client.query_one(&query, &[]).await.ok())??;
    Some(row.get::<_, Option<String>>(0).unwrap_or_default())
}

/// Changes the database behind the program's back.
pub fn change(database_url: &str, statement: &str) {
    let changed = with_database(database_url, async |client| client.batch_execute(statement).await);
    changed.expect("the database answers").expect(statement);
}

fn with_database<T>(url: &str, work: impl AsyncFnOnce(tokio_postgres::Client) -> T) -> Option<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.ok()?;
        tokio::spawn(connection);
        Some(work(client).await)
    })
}

fn launch(folder: &Folder, args: &[&str]) -> (Child, Ready) {
    let data = folder.data();
    let log = folder.scratch().join("serve.log");
    let log = File::options().create(true).append(true).open(log).unwrap();
    let mut command = folder.command(&["serve", "--ready-json", "--data-dir"]);
    command.arg(&data).args(args).stdout(Stdio::piped()).stderr(log);
    if !args.contains(&"--listen") {
        command.args(["--listen", "127.0.0.1:0"]);
    }
    let mut process = command.spawn().unwrap();
    let mut line = String::new();
    // Ends with the process, should that fail.
    let read = BufReader::new(process.stdout.take().unwrap()).read_line(&mut line);
    let ready = read.ok().and_then(|_| serde_json::from_str::<Value>(&line).ok());
    let Some(mut ready) = ready else {
        let _ = process.kill();
        panic!("the server does not get ready ({line:?}):\n{}", log_of(folder));
    };
    if let Some(url) = folder.shared_url() {
        // A shared database's address is known already, and its tokens are the platform's business.
        ready["database_url"] = url.into();
        let owner = fs::read_to_string(data.join("owner")).unwrap().trim().parse().unwrap();
        ready["token"] = sign_with(&folder.token_secret(), Algorithm::HS256, &claims(owner)).into();
    }
    (process, serde_json::from_value(ready).unwrap())
}

fn log_of(folder: &Folder) -> String {
    String::from_utf8_lossy(&fs::read(folder.scratch().join("serve.log")).unwrap_or_default()).into_owned()
}
