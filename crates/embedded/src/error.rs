//! What can go wrong, each with what was tried, on which path, and what to do now.

use std::{
    fmt::Write as _,
    io,
    path::{Path, PathBuf},
};

use crate::{holders::Holder, version::Version};

/// Why the private PostgreSQL is not to be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Neither an installed PostgreSQL fits nor could one be fetched.
    #[error("no usable PostgreSQL {wanted} was found\n{}\n{remedy}", list("tried", tried))]
    NoPostgres {
        /// Which versions would do.
        wanted: String,
        /// Where it was looked for, and what was there.
        tried: Vec<String>,
        /// What to install.
        remedy: String,
    },
    /// The given folder of binaries does not fit the cluster.
    #[error(
        "{} holds PostgreSQL {found}, but the cluster in {} was made by PostgreSQL {major}: \
         name a folder with PostgreSQL {major}, or none to have it looked for",
        bin.display(), cluster.display()
    )]
    WrongMajor {
        /// The folder of binaries.
        bin: PathBuf,
        /// Their version.
        found: Version,
        /// The cluster.
        cluster: PathBuf,
        /// The major version that the cluster needs.
        major: u16,
    },
    /// A folder that must not be touched, since it is somebody else's.
    #[error("{}: {problem}; {remedy}", path.display())]
    NotOurs {
        /// The folder or file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
        /// What to do.
        remedy: String,
    },
    /// A setting that PostgreSQL could not take.
    #[error("the server setting {name:?} cannot be used: {problem}")]
    Setting {
        /// The setting's name.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A file operation failed.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On which path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A helper program failed.
    #[error("{program} failed ({status}): {output}")]
    Command {
        /// Which program.
        program: String,
        /// How it ended.
        status: String,
        /// What it wrote.
        output: String,
    },
    /// As root, no unprivileged user is there to run the server, and none can be made.
    #[error("PostgreSQL refuses to run as root, and {problem}; {remedy}")]
    User {
        /// What is missing.
        problem: String,
        /// What to do.
        remedy: String,
    },
    /// The server does not start, or does not answer.
    #[error("PostgreSQL in {} {problem}\n{}", cluster.display(), tail_of(log, tail))]
    Server {
        /// The cluster.
        cluster: PathBuf,
        /// What happened.
        problem: String,
        /// Its log.
        log: PathBuf,
        /// The last lines of it.
        tail: String,
    },
    /// Another program holds the server, and needs it otherwise.
    #[error("the PostgreSQL in {} {running}, and this program needs it to {wanted}; it is held by {}: stop that first, or ask for the same", cluster.display(), names(holders))]
    Held {
        /// The cluster.
        cluster: PathBuf,
        /// What the server does now.
        running: String,
        /// What is asked for.
        wanted: String,
        /// Who uses it now.
        holders: Vec<Holder>,
    },
    /// Another program starts or stops the server, and does not come to an end.
    #[error("{} is held by {holder} for more than {seconds} s: wait for it, or end it", lock.display())]
    Busy {
        /// The lock file.
        lock: PathBuf,
        /// Who holds it.
        holder: String,
        /// How long this program waited.
        seconds: u64,
    },
    /// A download did not succeed. Nothing of it is left behind.
    #[error("cannot download PostgreSQL from {url}: {problem}")]
    Download {
        /// From where.
        url: String,
        /// What happened.
        problem: String,
    },
    /// The server runs, but a statement failed.
    #[error("PostgreSQL refused to {doing}: {source}")]
    Sql {
        /// What was tried.
        doing: String,
        /// What the server said.
        source: tokio_postgres::Error,
    },
}

/// Names the deed and the path of a failed file operation.
pub(crate) trait At<T> {
    fn at(self, doing: &'static str, path: &Path) -> Result<T, Error>;
}

impl<T, E: Into<io::Error>> At<T> for Result<T, E> {
    fn at(self, doing: &'static str, path: &Path) -> Result<T, Error> {
        self.map_err(|source| Error::Io { doing, path: path.to_owned(), source: source.into() })
    }
}

fn list(head: &str, lines: &[String]) -> String {
    lines.iter().fold(format!("{head}:"), |mut text, line| {
        let _ = write!(text, "\n  {line}");
        text
    })
}

fn names(holders: &[Holder]) -> String {
    holders.iter().map(Holder::to_string).collect::<Vec<_>>().join(", ")
}

fn tail_of(log: &Path, tail: &str) -> String {
    let log = log.display();
    if tail.is_empty() { format!("its log: {log}") } else { format!("the end of its log, {log}:\n{tail}") }
}
