//! Changes of a document's zones: opened before the first write, recorded by the database.

use colophon_domain::{DocumentId, NewChange};

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
}
