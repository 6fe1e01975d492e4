//! Documents.

use colophon_domain::{Cursor, Document, DocumentId, DocumentPatch, FileName, List, NewDocument, Tags};
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::session::column;
use crate::statement::statement;
use crate::{Error, ErrorKind, Result, Scope, Tx};

/// Documents that the scope may see.
pub struct Documents<'t, S>(pub(crate) &'t Tx<S>);

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
                    &new.tags.as_slice(),
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

    /// One document that the scope may edit, kept as it is until the transaction ends; `None` where there is none for
    /// this scope, or it may only be read.
    pub async fn lock(&self, id: DocumentId) -> Result<Option<Document>> {
        self.0.query_opt(statement!("documents/lock"), &[&id.0]).await?.as_ref().map(decode).transpose()
    }

    /// Changes what people edit of a document. What is already as the patch says is no new revision.
    ///
    /// # Errors
    /// There is no such document that this scope may edit.
    pub async fn update(&self, id: DocumentId, patch: &DocumentPatch) -> Result<Document> {
        let filename = patch.filename.as_ref().map(FileName::display);
        let metadata = patch.metadata.clone().map(Value::Object);
        let tags = patch.tags.as_ref().map(Tags::as_slice);
        let row =
            self.0.query_one(statement!("documents/update"), &[&id.0, &filename, &metadata, &tags]).await?;
        decode(&row)
    }
}

/// One row more than asked for was read: if it came, there is a next part.
pub(crate) fn part_of<T>(mut items: Vec<T>, limit: u16, cursor: impl Fn(&T) -> Cursor) -> List<T> {
    let more = items.len() > usize::from(limit);
    items.truncate(usize::from(limit));
    let next_cursor = if more { items.last().map(cursor) } else { None };
    List { items, next_cursor }
}

pub(crate) fn decode(row: &Row) -> Result<Document> {
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
        tags: column(row, "tags")?,
        sha256: column(row, "sha256")?,
        version: column(row, "version")?,
        revision: column(row, "revision")?,
        deleted_at: column(row, "deleted_at")?,
        deleted_by: column(row, "deleted_by")?,
        legal_hold: column(row, "legal_hold")?,
    })
}
