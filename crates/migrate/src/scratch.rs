//! A database beside the real one, for trying.

use colophon_connection::Connector;
use tokio_postgres::Client;

use crate::Error;
use crate::error::StatementError;
use crate::files::Migration;
use crate::plain::prepare_database;
use crate::runner::{Migrator, Options};

/// A database of its own on the same server. [`Scratch::drop`] it: without that it stays until somebody does.
pub(crate) struct Scratch {
    admin: Client,
    connector: Connector,
    name: String,
}

impl Scratch {
    /// Makes one as a new Supabase project would be. Those left behind by the killed are removed first.
    pub(crate) async fn make(connector: &Connector) -> Result<Self, Error> {
        let refused = |source| Error::Scratch(StatementError(source));
        let admin = connector.connect().await?;
        let old = "select datname::text from pg_database d
            where datname ~ '^colophon_scratch_[0-9a-f]{16}$' and pg_has_role(datdba, 'usage')
              and not exists (select from pg_stat_activity a where a.datname = d.datname)
              and substr(datname, 18, 8) < $1";
        let now = u32::try_from(jiff::Timestamp::now().as_second()).unwrap_or(u32::MAX);
        let an_hour_ago = format!("{:08x}", now.saturating_sub(3600));
        for row in admin.query(old, &[&an_hour_ago]).await.map_err(refused)? {
            let name: String = row.get(0);
            let _ = admin.batch_execute(&format!("drop database if exists {name}")).await;
        }
        let name = format!("colophon_scratch_{now:08x}{:08x}", fastrand::u32(..));
        admin.batch_execute(&format!("create database {name} template template0")).await.map_err(refused)?;
        let scratch = Self { admin, connector: connector.clone().with_database(&name), name };
        let prepared = match scratch.connector.connect().await {
            Ok(client) => prepare_database(&client).await,
            Err(error) => Err(error.into()),
        };
        match prepared {
            Ok(()) => Ok(scratch),
            Err(error) => scratch.drop().await.and(Err(error)),
        }
    }

    pub(crate) async fn migrator(&self, files: Vec<Migration>) -> Result<Migrator, Error> {
        let options = Options { include_all: true, ..Options::default() };
        let client = self.connector.connect().await?;
        Ok(Migrator { client, connector: self.connector.clone(), files, options })
    }

    pub(crate) async fn drop(self) -> Result<(), Error> {
        let sql = format!("drop database if exists {} with (force)", self.name);
        self.admin.batch_execute(&sql).await.map_err(|source| Error::Scratch(StatementError(source)))
    }
}
