//! The ledger of the store: what becomes of each object. Only the platform writes it; an object becomes `stored` by the
//! row that names it (trigger `document_versions_object_taken`), and `released` when that row is deleted.

use std::time::Duration;

use colophon_domain::{DocumentId, Usage};

use crate::quotas::decode;
use crate::statement::statement;
use crate::{Error, ErrorKind, Result, SystemScope, Tx};

/// The ledger.
pub struct Objects<'t>(&'t Tx<SystemScope>);

impl Tx<SystemScope> {
    /// The ledger of the store.
    pub fn objects(&self) -> Objects<'_> {
        Objects(self)
    }
}

impl Objects<'_> {
    /// Announces an object before its first byte is written, so that a crash leaves something the sweeper understands.
    /// Answers what the owner has and may have.
    pub async fn intend(
        &self,
        document: DocumentId,
        storage_path: &str,
        owner: &str,
        time: Duration,
    ) -> Result<Usage> {
        let seconds = time.as_secs_f64();
        let row = self
            .0
            .query_one(statement!("objects/intend"), &[&document.0, &storage_path, &owner, &seconds])
            .await?;
        decode(&row)
    }

    /// Says that an announced object is still being written.
    ///
    /// # Errors
    /// [`ErrorKind::Stale`]: the sweeper has given it up.
    pub async fn renew(&self, document: DocumentId, storage_path: &str, time: Duration) -> Result<()> {
        let seconds = time.as_secs_f64();
        let statement = statement!("objects/renew");
        match self.0.execute(statement, &[&document.0, &storage_path, &seconds]).await? {
            0 => Err(Error::new(
                ErrorKind::Stale,
                statement.name,
                format!("{storage_path} took too long and was given up"),
            )),
            _ => Ok(()),
        }
    }

    /// Forgets an announced object of which nothing is in the store.
    pub async fn forget(&self, document: DocumentId, storage_path: &str) -> Result<()> {
        self.0.execute(statement!("objects/forget"), &[&document.0, &storage_path]).await?;
        Ok(())
    }
}
