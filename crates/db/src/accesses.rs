//! What others than the owner did with a document: opened by a link, downloaded, signed. Only ever added to.

use colophon_domain::{Access, Action, Cursor, DocumentId, List, ShareId, UserId};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::documents::part_of;
use crate::parameter::Params;
use crate::session::column;
use crate::statement::statement;
use crate::{Result, Scope, Tx};

/// The logs of documents that the scope owns.
pub struct Accesses<'t, S>(&'t Tx<S>);

impl<S: Scope> Tx<S> {
    /// Accesses.
    pub fn accesses(&self) -> Accesses<'_, S> {
        Accesses(self)
    }
}

impl<S: Scope> Accesses<'_, S> {
    /// Notes what the scope does with a document, in the transaction that lets it. What owners do themselves leaves no
    /// line, but for [`Action::SignedUrlUsed`]; `in_part`: nor does another part of the file within five minutes.
    pub async fn record(&self, document: DocumentId, action: Action, in_part: bool) -> Result<()> {
        let params: Params<'_> = &[&document.0, &action.as_str(), &in_part];
        self.0.query(statement!("accesses/record"), params).await.map(drop)
    }

    /// A document's log, newest first; `limit` at most. Empty for all but the owner.
    pub async fn list(
        &self,
        document: DocumentId,
        after: Option<Cursor>,
        limit: u16,
    ) -> Result<List<Access>> {
        let (time, id) = (after.map(|cursor| cursor.created_at), after.map(|cursor| cursor.id));
        let params: Params<'_> = &[&document.0, &time, &id, &(i64::from(limit) + 1)];
        let rows = self.0.reading(document).query(statement!("accesses/list"), params).await?;
        let items = rows.iter().map(decode).collect::<Result<Vec<_>>>()?;
        Ok(part_of(items, limit, |access| Cursor { created_at: access.created_at, id: access.id }))
    }
}

fn decode(row: &Row) -> Result<Access> {
    Ok(Access {
        document_id: DocumentId(column(row, "document_id")?),
        id: column(row, "id")?,
        share_id: column::<Option<Uuid>>(row, "share_id")?.map(ShareId),
        user_id: column::<Option<Uuid>>(row, "user_id")?.map(UserId),
        action: column(row, "action")?,
        created_at: column(row, "created_at")?,
    })
}
