//! What nobody needs any more: released objects, uploads that never came to an end, the trash, old keys.
//!
//! Every statement skips what another node holds, so that all nodes may sweep at once.

use colophon_domain::DocumentId;
use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::parameter::Params;
use crate::session::column;
use crate::statement::statement;
use crate::{Result, SystemScope, Tx};

/// Rows that one statement takes away of a document that is purged.
const PIECE: i64 = 20_000;

/// The platform's housekeeping.
pub struct Sweep<'t>(&'t Tx<SystemScope>);

impl Tx<SystemScope> {
    /// What nobody needs any more.
    pub fn sweep(&self) -> Sweep<'_> {
        Sweep(self)
    }
}

/// A row of the ledger whose object is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// Whose object it was.
    pub document_id: DocumentId,
    /// Key of the object.
    pub storage_path: String,
}

/// Where a look at jobs stands that are due to be pruned: they come in the order in which they were asked for.
#[derive(Debug, Clone, Copy)]
pub struct JobPlace {
    created_at: Timestamp,
    id: Uuid,
}

impl JobPlace {
    /// Before the first of them.
    pub const START: Self = Self { created_at: Timestamp::UNIX_EPOCH, id: Uuid::nil() };
}

impl Sweep<'_> {
    /// Released objects past the grace, locked for this transaction; `passed_over` have failed already.
    pub async fn released(&self, grace: f64, passed_over: &[String], limit: i64) -> Result<Vec<Leftover>> {
        let rows = self.0.query(statement!("sweep/released"), &[&grace, &passed_over, &limit]).await?;
        rows.iter().map(decode).collect()
    }

    /// Those of these objects that must stay. Asked after they were locked: a statement of its own sees what was
    /// committed until then.
    pub async fn in_use(&self, leftovers: &[Leftover], grace: f64) -> Result<Vec<String>> {
        let paths: Vec<&str> = leftovers.iter().map(|leftover| leftover.storage_path.as_str()).collect();
        let rows = self.0.query(statement!("sweep/in_use"), &[&paths, &grace]).await?;
        rows.iter().map(|row| column(row, "storage_path")).collect()
    }

    /// Objects that were announced and never came, locked for this transaction.
    pub async fn intents(&self, passed_over: &[String], limit: i64) -> Result<Vec<Leftover>> {
        let rows = self.0.query(statement!("sweep/intents"), &[&passed_over, &limit]).await?;
        rows.iter().map(decode).collect()
    }

    /// Strikes from the ledger what the store has no longer.
    pub async fn forget(&self, leftovers: &[Leftover]) -> Result<u64> {
        let documents: Vec<Uuid> = leftovers.iter().map(|leftover| leftover.document_id.0).collect();
        let paths: Vec<&str> = leftovers.iter().map(|leftover| leftover.storage_path.as_str()).collect();
        self.0.execute(statement!("sweep/forget"), &[&documents, &paths]).await
    }

    /// Purges one document whose time in the trash is over, with everything that hangs on it. `None`: there is none.
    ///
    /// # Errors
    /// The document that cannot be purged, and why; nothing of it was purged.
    pub async fn purge(
        &self,
        retention: f64,
        passed_over: &[DocumentId],
    ) -> Result<Option<DocumentId>, (Option<DocumentId>, crate::Error)> {
        let passed_over: Vec<Uuid> = passed_over.iter().map(|id| id.0).collect();
        let picked = self.0.query_opt(statement!("sweep/trash"), &[&retention, &passed_over]).await;
        let Some(row) = picked.map_err(|error| (None, error))? else { return Ok(None) };
        let id: Uuid = column(&row, "id").map_err(|error| (None, error))?;
        let purged = async {
            self.0.query(statement!("sweep/purging"), &[&id]).await?;
            while self.0.execute(statement!("sweep/purge_zones"), &[&id, &PIECE]).await? > 0 {}
            while self.purge_history(id).await? > 0 {}
            self.0.execute(statement!("sweep/purge"), &[&id]).await
        };
        purged.await.map_err(|error| (Some(DocumentId(id)), error))?;
        Ok(Some(DocumentId(id)))
    }

    async fn purge_history(&self, document: Uuid) -> Result<i64> {
        column(&self.0.query_one(statement!("sweep/purge_history"), &[&document, &PIECE]).await?, "gone")
    }

    /// Deletes jobs that ended more than `age` seconds ago, but for those that stay (`sweep/jobs.sql`). Looks at `limit` of them,
    /// behind `after`. Gives how many went and how far it looked; `None`: there is nothing more to look at, or another node
    /// is at it.
    pub async fn jobs(&self, age: f64, after: JobPlace, limit: i64) -> Result<Option<(u64, JobPlace)>> {
        let params: Params<'_> = &[&age, &after.created_at, &after.id, &limit];
        let Some(row) = self.0.query_opt(statement!("sweep/jobs"), params).await? else { return Ok(None) };
        let gone: i64 = column(&row, "gone")?;
        let place = JobPlace { created_at: column(&row, "created_at")?, id: column(&row, "id")? };
        Ok(Some((gone.unsigned_abs(), place)))
    }

    /// How many jobs, and attempts of them, [`Sweep::jobs`] would delete.
    pub async fn jobs_due(&self, age: f64) -> Result<(i64, i64)> {
        let row = self.0.query_one(statement!("sweep/jobs_due"), &[&age]).await?;
        Ok((column(&row, "jobs")?, column(&row, "attempts")?))
    }

    /// Deletes keys of repeated writes that are older than `age` seconds; `limit` at most. Gives their number.
    pub async fn idempotency_keys(&self, age: f64, limit: i64) -> Result<u64> {
        self.0.execute(statement!("sweep/idempotency_keys"), &[&age, &limit]).await
    }
}

fn decode(row: &Row) -> Result<Leftover> {
    Ok(Leftover {
        document_id: DocumentId(column(row, "document_id")?),
        storage_path: column(row, "storage_path")?,
    })
}
