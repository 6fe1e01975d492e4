//! Documents.

use colophon_domain::{Cursor, Document, DocumentFilter, DocumentId, DocumentStatus, List, NewDocument};
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::parameter::Params;
use crate::session::column;
use crate::statement::statement;
use crate::{Error, ErrorKind, Result, Scope, Tx};

/// Documents that the scope may see.
pub struct Documents<'t, S>(&'t Tx<S>);

impl<S: Scope> Tx<S> {
    /// Documents.
    pub fn documents(&self) -> Documents<'_, S> {
        Documents(self)
    }
}

impl<S: Scope> Documents<'_, S> {
    /// Stores a document with its first version. Its object is already in the store.
    pub async fn insert(&self, new: &NewDocument) -> Result<Document> {
        let version = &new.version;
        let metadata = Value::Object(new.metadata.clone());
        let row = self
            .0
            .query_one(
                statement!("documents/insert"),
                &[
                    &new.id.0,
                    &new.filename.display(),
                    &new.filename.original(),
                    &version.file_size_bytes,
                    &version.page_count,
                    &version.mime_type,
                    &version.storage_path,
                    &new.status.as_str(),
                    &new.status_detail,
                    &new.uploaded_by,
                    &metadata,
                    &version.sha256,
                    &version.version,
                ],
            )
            .await?;
        self.0.versions().insert(new.id, version).await?;
        decode(&row)
    }

    /// One document, if the scope may see it.
    pub async fn get(&self, id: DocumentId) -> Result<Option<Document>> {
        self.0
            .reading(id)
            .query_opt(statement!("documents/get"), &[&id.0])
            .await?
            .as_ref()
            .map(decode)
            .transpose()
    }

    /// One document; an error where there is none for this scope.
    pub async fn require(&self, id: DocumentId) -> Result<Document> {
        self.get(id)
            .await?
            .ok_or_else(|| Error::new(ErrorKind::NotFound, "documents/get", format!("no document {id}")))
    }

    /// Those of these documents that the scope may see, in no order.
    pub async fn get_many(&self, ids: &[DocumentId]) -> Result<Vec<Document>> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        self.0.query(statement!("documents/get_many"), &[&ids]).await?.iter().map(decode).collect()
    }

    /// Documents, newest first; `limit` at most.
    pub async fn list(
        &self,
        filter: &DocumentFilter,
        after: Option<Cursor>,
        limit: u16,
    ) -> Result<List<Document>> {
        let status = filter.status.map(DocumentStatus::as_str);
        let (time, id) = (after.map(|cursor| cursor.created_at), after.map(|cursor| cursor.id));
        let most = i64::from(limit) + 1;
        let rows = match &self.0.person() {
            None => {
                let params: Params<'_> = &[&status, &filter.uploaded_by, &filter.q, &time, &id, &most];
                self.0.query_planned(statement!("documents/list"), params).await?
            }
            Some(person) if filter.is_empty() => {
                self.0.query(statement!("documents/list_for_person"), &[person, &time, &id, &most]).await?
            }
            Some(person) => {
                let params: Params<'_> =
                    &[&status, &filter.uploaded_by, &filter.q, &time, &id, &most, person];
                self.0.query_planned(statement!("documents/find_for_person"), params).await?
            }
        };
        let items = rows.iter().map(decode).collect::<Result<Vec<_>>>()?;
        Ok(part_of(items, limit, |d| Cursor { created_at: d.created_at, id: d.id.0 }))
    }
}

/// One row more than asked for was read: if it came, there is a next part.
pub(crate) fn part_of<T>(mut items: Vec<T>, limit: u16, cursor: impl Fn(&T) -> Cursor) -> List<T> {
    let more = items.len() > usize::from(limit);
    items.truncate(usize::from(limit));
    let next_cursor = if more { items.last().map(cursor) } else { None };
    List { items, next_cursor }
}

fn decode(row: &Row) -> Result<Document> {
    Ok(Document {
        id: DocumentId(column(row, "id")?),
        filename: column(row, "filename")?,
        original_filename: column(row, "original_filename")?,
        file_size_bytes: column(row, "file_size_bytes")?,
        page_count: column(row, "page_count")?,
        mime_type: column(row, "mime_type")?,
        storage_path: column(row, "storage_path")?,
        status: column(row, "status")?,
        status_detail: column(row, "status_detail")?,
        uploaded_by: column(row, "uploaded_by")?,
        created_at: column(row, "created_at")?,
        updated_at: column(row, "updated_at")?,
        metadata: column(row, "metadata")?,
        sha256: column(row, "sha256")?,
        version: column(row, "version")?,
        revision: column(row, "revision")?,
    })
}
