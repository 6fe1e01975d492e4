//! A data folder that cleans up behind a failed test, and short ways to ask the server.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use colophon_embedded::{Postgres, SUPERUSER, Settings};
use rustix::process::{Pid, Signal, geteuid, kill_process, test_kill_process};
use tokio_postgres::{Client, NoTls};

/// An unprivileged user that every system has.
pub const NOBODY: u32 = 65534;

/// A temporary data folder. Its server, should one be left, ends with it.
pub struct Data(tempfile::TempDir);

impl Data {
    /// In a folder that only its maker can enter.
    pub fn new() -> Self {
        Self(tempfile::Builder::new().prefix("colophon-").tempdir().expect("a temporary folder"))
    }

    pub fn path(&self) -> PathBuf {
        self.0.path().join("data")
    }

    pub fn cluster(&self) -> PathBuf {
        self.path().join("postgres")
    }

    pub fn give_to(&self, user: u32) {
        std::os::unix::fs::chown(self.0.path(), Some(user), Some(user)).expect("root can give it away");
    }

    /// The settings of a test: nothing here has to outlive a power cut.
    pub fn settings(&self) -> Settings {
        let mut settings = Settings::new(self.path(), "a test");
        settings.server_settings = vec![("fsync".into(), "off".into())];
        settings
    }

    /// The living main process, by the server's own file.
    pub fn postmaster(&self) -> Option<Pid> {
        let text = fs::read_to_string(self.cluster().join("postmaster.pid")).ok()?;
        Pid::from_raw(text.lines().next()?.parse().ok()?).filter(|pid| is_alive(*pid))
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        if let Some(pid) = self.postmaster() {
            kill_and_wait(pid, Signal::QUIT);
        }
    }
}

/// `false`, and a word about it, where the test needs root and there is none. In CI that is a failure.
pub fn is_root(test: &str) -> bool {
    let root = geteuid().is_root();
    assert!(root || std::env::var("CI").as_deref() != Ok("true"), "{test} needs root, and CI skips nothing");
    if !root {
        eprintln!("skipped: {test}: it needs root");
    }
    root
}

pub async fn connect(url: &str) -> Client {
    try_connect(url).await.unwrap_or_else(|error| panic!("{url}: {error:?}"))
}

pub async fn try_connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

pub async fn superuser(postgres: &Postgres) -> Client {
    connect(&postgres.url(SUPERUSER, "postgres")).await
}

/// One value, as text.
pub async fn ask(client: &Client, query: &str) -> String {
    let query = format!("select ({query})::text");
    client.query_one(&query, &[]).await.unwrap_or_else(|error| panic!("{query}: {error:?}")).get(0)
}

pub fn is_alive(pid: Pid) -> bool {
    // A zombie is dead; in a container without an init, nobody may ever collect it.
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    test_kill_process(pid).is_ok() && !stat.contains(") Z ")
}

pub fn kill_and_wait(pid: Pid, signal: Signal) {
    let _ = kill_process(pid, signal);
    wait_until("the process is gone", || !is_alive(pid));
}

/// Looks again until it is so. The limit is there for a broken test only.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < Duration::from_mins(1), "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Every file below, with its owner.
pub fn owners(path: &Path) -> Vec<(PathBuf, u32)> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = fs::symlink_metadata(path).expect("it is there");
    let mut found = vec![(path.to_owned(), metadata.uid())];
    if metadata.is_dir() {
        for entry in fs::read_dir(path).expect("a folder") {
            found.extend(owners(&entry.expect("an entry").path()));
        }
    }
    found
}
