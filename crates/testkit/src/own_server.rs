//! A server that a test has for itself, for what concerns more than one database: roles, and what a server lacks.

use colophon_embedded::{Postgres, Settings};
use tokio_postgres::Client;

use crate::database::connect;
use crate::server::{POSTGRES_SETTINGS, postgres_dir};

/// A new server with its bootstrap superuser `supabase_admin` and nothing else. Stopped and removed with this value;
/// [`OwnServer::stop`] waits for it.
pub struct OwnServer {
    postgres: Postgres,
    _folder: tempfile::TempDir,
}

impl OwnServer {
    /// Makes and starts one, listening on TCP as well.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut settings = Settings::new(folder.path(), "a test");
        settings.postgres_dir = postgres_dir();
        settings.listen = Some(([127, 0, 0, 1], 0).into());
        settings.server_settings =
            POSTGRES_SETTINGS.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let postgres = Postgres::open(settings).await.expect("a PostgreSQL of the test's own");
        Self { postgres, _folder: folder }
    }

    /// A connection string by the Unix socket, for `supabase_admin`, `postgres` or `authenticator`.
    pub fn url(&self, role: &str, database: &str) -> String {
        self.postgres.url(role, database)
    }

    /// A connection string by TCP, as programs in other languages want it. Gives the role its password.
    pub async fn tcp_url(&self, role: &str, database: &str) -> String {
        self.postgres.set_password(role).await.expect("a password");
        self.postgres.tcp_url(role, database).expect("it listens")
    }

    /// A connection by the Unix socket.
    pub async fn client(&self, role: &str, database: &str) -> Client {
        connect(&self.url(role, database)).await
    }

    /// Stops it and waits for its end.
    pub async fn stop(self) {
        self.postgres.close().await.expect("it stops");
    }
}

impl std::fmt::Debug for OwnServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OwnServer").finish_non_exhaustive()
    }
}
