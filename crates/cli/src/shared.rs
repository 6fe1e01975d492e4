//! A shared database: how it was named, and how it is reached.

use anyhow::Context as _;
use colophon_db::{ConnectionUrl, Pooler};

use crate::args::Place;
use crate::failure::Usage;

/// A shared database as it was named.
pub struct Shared {
    url: ConnectionUrl,
    direct_url: Option<ConnectionUrl>,
    /// `None`: to be found out.
    pooler: Option<Pooler>,
}

/// A database and what stands before it.
pub struct Reached {
    pub url: ConnectionUrl,
    pub direct_url: Option<ConnectionUrl>,
    pub pooler: Pooler,
}

/// The shared database, if one is named. What cannot be read is a mistake of usage, told before anything is tried.
pub fn shared(place: &Place) -> anyhow::Result<Option<Shared>> {
    let said = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let named = place.database_url.clone().filter(|url| !url.is_empty()).or_else(|| said("DATABASE_URL"));
    let Some(url) = named else { return Ok(None) };
    let url = ConnectionUrl::parse(&url).context("the shared database (--database-url, DATABASE_URL)")?;
    let direct_url = said("COLOPHON_DIRECT_URL").map(|url| ConnectionUrl::parse(&url)).transpose();
    let pooler = match said("COLOPHON_POOLER").as_deref() {
        None | Some("auto") => None,
        Some("none") => Some(Pooler::None),
        Some("session") => Some(Pooler::Session),
        Some("transaction") => Some(Pooler::Transaction),
        Some(other) => {
            let problem = format!("COLOPHON_POOLER is auto, none, session or transaction, not {other:?}");
            return Err(Usage(problem).into());
        }
    };
    Ok(Some(Shared { url, direct_url: direct_url.context("COLOPHON_DIRECT_URL")?, pooler }))
}

impl Shared {
    /// The way past a pooler, where one is known.
    pub fn for_migrations(&self) -> &ConnectionUrl {
        self.direct_url.as_ref().unwrap_or(&self.url)
    }

    /// Finds out what stands before it, once.
    pub async fn reach(self, program: &str) -> anyhow::Result<Reached> {
        let pooler = match self.pooler {
            Some(pooler) => pooler,
            None => self.url.connector(program)?.pooler().await?,
        };
        tracing::debug!(database = %self.url, ?pooler, "a shared database");
        Ok(Reached { url: self.url, direct_url: self.direct_url, pooler })
    }
}

impl Reached {
    /// A database with nothing before it.
    pub fn directly(url: &str) -> anyhow::Result<Self> {
        Ok(Self { url: ConnectionUrl::parse(url)?, direct_url: None, pooler: Pooler::None })
    }
}
