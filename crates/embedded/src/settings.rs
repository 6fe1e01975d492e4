//! What a program asks of its private PostgreSQL, and what it is told while it waits.

use std::{fmt, net::SocketAddr, path::PathBuf, sync::Arc};

/// What a program asks of its private PostgreSQL.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder that holds the cluster and everything about it. Made if absent.
    pub data_dir: PathBuf,
    /// How other programs are told about this one, for example `colophon serve`.
    pub program: String,
    /// A TCP address to listen on besides the Unix socket; port 0 takes a free one. `None`: no TCP at all.
    pub listen: Option<SocketAddr>,
    /// Further `postgresql.conf` values, in force when this program is the one that starts the server.
    pub server_settings: Vec<(String, String)>,
    /// The folder with `postgres` and `initdb`. `None`: look for an installed one.
    pub postgres_dir: Option<PathBuf>,
    /// May an installed PostgreSQL be used?
    pub installed: bool,
    /// May PostgreSQL be downloaded when no installed one is used?
    pub download: bool,
    /// Where to download from instead of GitHub: a base URL laid out like its releases.
    pub mirror: Option<String>,
    /// Where downloaded binaries are kept. `None`: in the data folder; as root in `/var/lib/colophon/postgresql`, since
    /// the server's user has to reach them.
    pub download_dir: Option<PathBuf>,
    /// Called with each step; must not block.
    pub progress: OnProgress,
}

impl Settings {
    /// The defaults for a data folder: Unix socket only, installed binaries, else a download.
    pub fn new(data_dir: impl Into<PathBuf>, program: impl Into<String>) -> Self {
        Self {
            data_dir: data_dir.into(),
            program: program.into(),
            listen: None,
            server_settings: Vec::new(),
            postgres_dir: None,
            installed: true,
            download: true,
            mirror: None,
            download_dir: None,
            progress: OnProgress::default(),
        }
    }
}

/// A step of [`Postgres::open`](crate::Postgres::open) that may take long enough to be worth a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Another program starts or stops this server at the moment.
    Waiting {
        /// Who, as far as known.
        holder: String,
    },
    /// Bytes received of a download so far.
    Downloading {
        /// From where.
        url: String,
        /// Bytes so far.
        received: u64,
        /// Bytes in all, when the server says.
        total: Option<u64>,
    },
    /// The download is checked and is being unpacked.
    Unpacking,
    /// A new cluster is being made.
    Initialising,
    /// The server is being started; after a crash this includes its recovery.
    Starting,
}

type Tell = dyn Fn(&Progress) + Send + Sync;

/// Who is told about [`Progress`]. The default tells nobody.
#[derive(Clone, Default)]
pub struct OnProgress(Option<Arc<Tell>>);

impl OnProgress {
    /// Calls `tell` with each step.
    pub fn new(tell: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(tell)))
    }

    pub(crate) fn tell(&self, progress: &Progress) {
        if let Some(tell) = &self.0 {
            tell(progress);
        }
    }
}

impl fmt::Debug for OnProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "OnProgress(set)" } else { "OnProgress(unset)" })
    }
}
