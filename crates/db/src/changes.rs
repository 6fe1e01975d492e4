//! Changes of a document's zones: opened before the first write, recorded by the database, listed.

use colophon_domain::{AsOf, Change, ChangeFilter, ChangeKind, DocumentId, JobId, List, Moment, NewChange};
use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::documents::part_of;
use crate::session::column;
use crate::statement::statement;
use crate::{Error, ErrorKind, Result, Scope, Tx};

/// Changes that the scope may make or see.
pub struct Changes<'t, S>(&'t Tx<S>);

impl<S: Scope> Tx<S> {
    /// Changes.
    pub fn changes(&self) -> Changes<'_, S> {
        Changes(self)
    }
}

impl<S: Scope> Changes<'_, S> {
    /// Opens this transaction's change of a document and gives its revision; where one is open, gives that one. The
    /// document is locked until the transaction ends, so call this before any zone is written.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Forbidden`] where the scope may not change it.
    pub async fn begin(&self, document: DocumentId, change: &NewChange) -> Result<i64> {
        let row = self
            .0
            .query_opt(
                statement!("changes/begin"),
                &[
                    &document.0,
                    &change.kind.as_str(),
                    &change.reason,
                    &change.job_id.map(|id| id.0),
                    &change.processing_tool,
                    &change.processing_model,
                    &change.undoes,
                ],
            )
            .await?;
        let revision: Option<i64> = row.as_ref().map(|row| column(row, "revision")).transpose()?.flatten();
        revision.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "changes/begin", format!("no document {document}"))
        })
    }

    /// Changes of a document, newest first, before the revision `before`; `limit` at most.
    pub async fn list(
        &self,
        document: DocumentId,
        filter: &ChangeFilter,
        before: Option<i64>,
        limit: u16,
    ) -> Result<List<Change, i64>> {
        let kind = filter.kind.map(ChangeKind::as_str);
        let job = filter.job_id.map(|id| id.0);
        let most = i64::from(limit) + 1;
        let rows = self
            .0
            .reading(document)
            .query_planned(
                statement!("changes/list"),
                &[&document.0, &job, &filter.changed_by, &kind, &filter.since, &before, &most],
            )
            .await?;
        let items = rows.iter().map(decode).collect::<Result<Vec<_>>>()?;
        Ok(part_of(items, limit, |change| change.revision))
    }

    /// Those of these changes that there are, oldest first.
    pub async fn get_many(&self, document: DocumentId, revisions: &[i64]) -> Result<Vec<Change>> {
        self.0
            .reading(document)
            .query(statement!("changes/get_many"), &[&document.0, &revisions])
            .await?
            .iter()
            .map(decode)
            .collect()
    }

    /// The revisions of everything by a run, or by a person from a time on, oldest first.
    pub async fn chosen(
        &self,
        document: DocumentId,
        job: Option<JobId>,
        changed_by: Option<&str>,
        since: Option<Timestamp>,
    ) -> Result<Vec<i64>> {
        let job: Option<Uuid> = job.map(|id| id.0);
        self.0
            .query_planned(statement!("changes/chosen"), &[&document.0, &job, &changed_by, &since])
            .await?
            .iter()
            .map(|row| column(row, "revision"))
            .collect()
    }

    /// What was undone after a revision, oldest first: each undoing with the changes that it undid.
    pub async fn undos(&self, document: DocumentId, after: i64) -> Result<Vec<(i64, Vec<i64>)>> {
        let rows = self.0.query(statement!("changes/undos"), &[&document.0, &after]).await?;
        rows.iter().map(|row| Ok((column(row, "revision")?, column(row, "undoes")?))).collect()
    }

    /// Where a revision or a time lies in the history. A revision may lie ahead of the newest.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]: there is no such document for this scope.
    pub async fn at(&self, document: DocumentId, as_of: AsOf) -> Result<Moment> {
        let (revision, time) = match as_of {
            AsOf::Revision(revision) => (Some(revision), None),
            AsOf::Time(time) => (None, Some(time)),
        };
        let statement = statement!("changes/at");
        let row = self
            .0
            .reading(document)
            .query_opt(statement, &[&document.0, &revision, &time])
            .await?
            .ok_or_else(|| {
                Error::new(ErrorKind::NotFound, statement.name, format!("no document {document}"))
            })?;
        Ok(Moment {
            revision: column(&row, "revision")?,
            version: column(&row, "version")?,
            newest: column(&row, "newest")?,
        })
    }
}

fn decode(row: &Row) -> Result<Change> {
    Ok(Change {
        document_id: DocumentId(column(row, "document_id")?),
        revision: column(row, "revision")?,
        kind: column(row, "kind")?,
        version: column(row, "version")?,
        changed_by: column(row, "changed_by")?,
        job_id: column::<Option<Uuid>>(row, "job_id")?.map(JobId),
        processing_tool: column(row, "processing_tool")?,
        processing_model: column(row, "processing_model")?,
        reason: column(row, "reason")?,
        undoes: column(row, "undoes")?,
        created_at: column(row, "created_at")?,
        undone: column(row, "undone")?,
    })
}
