//! Connecting, within a time limit.

use tokio_postgres::config::SslMode as PostgresSslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{ConnectionUrl, Error, SslMode, error, tls};

/// What moves a connection's bytes: nothing happens unless it is polled.
pub type Connection =
    tokio_postgres::Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

/// A connection string with its TLS prepared: cheap to copy, for any number of connections.
#[derive(Clone)]
pub struct Connector {
    url: ConnectionUrl,
    tls: MakeRustlsConnect,
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Connector").field(&self.url).finish()
    }
}

impl Connector {
    pub(crate) fn new(url: &ConnectionUrl, application_name: &str) -> Result<Self, Error> {
        let tls = tls::connector(url)?;
        let mut url = url.clone();
        url.config.application_name(application_name);
        Ok(Self { url, tls })
    }

    /// The string it was made of.
    pub fn url(&self) -> &ConnectionUrl {
        &self.url
    }

    /// The same server, another database.
    #[must_use]
    pub fn with_database(mut self, name: &str) -> Self {
        self.url = self.url.with_database(name);
        self
    }

    /// How long connecting may take in all, with its TLS: `connect_timeout` for each host.
    pub fn patience(&self) -> std::time::Duration {
        self.url.patience()
    }

    /// The settings that `tokio-postgres` reads, for a pool that wants them.
    pub fn postgres(&self) -> &Config {
        &self.url.config
    }

    /// A connection whose bytes are moved in the background, until the client is dropped.
    ///
    /// # Errors
    /// The server cannot be reached in time, its certificate is not what `sslmode` asks for, or it refuses us.
    pub async fn connect(&self) -> Result<Client, Error> {
        let (client, connection) = self.open().await?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to the database broke");
            }
        });
        Ok(client)
    }

    /// A connection whose bytes the caller moves.
    ///
    /// # Errors
    /// As [`Connector::connect`].
    pub async fn open(&self) -> Result<(Client, Connection), Error> {
        match tokio::time::timeout(self.patience(), self.try_open()).await {
            Ok(opened) => opened.map_err(|e| self.explain(e)),
            Err(_) => Err(self.too_slow()),
        }
    }

    /// As [`Connector::open`], for a pool with a time limit and an error type of its own: TLS has no limit here, and
    /// [`Connector::explain`] says what to do about an error.
    ///
    /// # Errors
    /// As [`Connector::connect`].
    pub async fn try_open(&self) -> Result<(Client, Connection), tokio_postgres::Error> {
        let (first, second) = match self.url.sslmode {
            SslMode::Disable => (PostgresSslMode::Disable, None),
            SslMode::Allow => (PostgresSslMode::Disable, Some(PostgresSslMode::Require)),
            SslMode::Prefer => (PostgresSslMode::Prefer, Some(PostgresSslMode::Disable)),
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => (PostgresSslMode::Require, None),
        };
        let error = match self.attempt(first).await {
            Ok(opened) => return Ok(opened),
            Err(error) => error,
        };
        // `pg_hba.conf` lets us in only the other way, or the server's TLS is none we can speak.
        let other_way = error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
            || error::of_tls(&error).is_some();
        match second {
            Some(second) if other_way => self.attempt(second).await.map_err(|_| error),
            _ => Err(error),
        }
    }

    async fn attempt(&self, mode: PostgresSslMode) -> Result<(Client, Connection), tokio_postgres::Error> {
        let mut config = self.url.config.clone();
        config.ssl_mode(mode);
        config.connect(self.tls.clone()).await
    }

    /// What to do where a connection did not come within [`Connector::patience`].
    pub fn too_slow(&self) -> Error {
        error::slow(&self.url)
    }

    /// What to do about an error of connecting.
    pub fn explain(&self, source: tokio_postgres::Error) -> Error {
        Error::Connect {
            target: self.url.to_string(),
            advice: error::advice(&self.url, &source),
            source: Box::new(source),
        }
    }
}
