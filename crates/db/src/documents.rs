//! Documents.

use colophon_domain::{Document, DocumentId, DocumentPatch, Duplicate, FileName, List, NewDocument, Tags};
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::parameter::Params;
use crate::session::column;
use crate::statement::{Statement, statement};
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

    /// Puts a document into the trash.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], [`ErrorKind::Forbidden`] for whoever is not its owner, [`ErrorKind::LegalHold`].
    pub async fn trash(&self, id: DocumentId) -> Result<Document> {
        self.change(statement!("documents/trash"), id, &[&id.0]).await
    }

    /// Takes a document out of the trash.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], [`ErrorKind::Forbidden`].
    pub async fn restore(&self, id: DocumentId) -> Result<Document> {
        self.change(statement!("documents/restore"), id, &[&id.0]).await
    }

    /// Makes a version the current one.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], [`ErrorKind::Forbidden`] for whoever may not edit it, [`ErrorKind::Conflict`] where
    /// there is no such version.
    pub async fn make_current(&self, id: DocumentId, version: i32) -> Result<Document> {
        self.change(statement!("documents/make_current"), id, &[&id.0, &version]).await
    }

    /// Puts a document under legal hold for a reason, or ends the hold. The platform's alone.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], [`ErrorKind::Forbidden`].
    pub async fn hold(&self, id: DocumentId, reason: Option<&str>) -> Result<Document> {
        self.change(statement!("documents/hold"), id, &[&id.0, &reason]).await
    }

    /// Deletes a document and all that hangs on it, at once and for good.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], [`ErrorKind::Forbidden`] for whoever is not its owner, [`ErrorKind::LegalHold`].
    pub async fn purge(&self, id: DocumentId) -> Result<()> {
        let statement = statement!("documents/purge");
        if self.0.execute(statement, &[&id.0]).await? > 0 {
            return Ok(());
        }
        self.require(id).await?;
        Err(Error::new(
            ErrorKind::Forbidden,
            statement.name,
            format!("only its owner may delete document {id}"),
        ))
    }

    /// A policy that denies a change does so without a word: nothing is returned. A document that stands already as it
    /// was asked to is no error; one that is visible and could not be changed is forbidden.
    async fn change(&self, statement: Statement, id: DocumentId, params: Params<'_>) -> Result<Document> {
        if let Some(row) = self.0.query_opt(statement, params).await? {
            return decode(&row);
        }
        let found = self.require(id).await?;
        let as_asked = match statement.name {
            "documents/trash" => found.deleted_at.is_some(),
            "documents/restore" => found.deleted_at.is_none(),
            _ => false,
        };
        if as_asked {
            return Ok(found);
        }
        Err(Error::new(
            ErrorKind::Forbidden,
            statement.name,
            format!("document {id} is not yours to change so"),
        ))
    }

    /// Holds a document until the transaction ends, and gives the number of its next version.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], [`ErrorKind::Forbidden`] for whoever may not edit it.
    pub async fn lock_to_edit(&self, id: DocumentId) -> Result<i32> {
        let statement = statement!("documents/lock_to_edit");
        if let Some(row) = self.0.query_opt(statement, &[&id.0]).await? {
            return column(&row, "next_version");
        }
        self.require(id).await?;
        Err(Error::new(ErrorKind::Forbidden, statement.name, format!("document {id} is not yours to edit")))
    }

    /// The document of an owner that has this file already. Until the transaction ends, nobody else stores the same
    /// file for the same owner.
    pub async fn duplicate(&self, owner: &str, sha256: &str) -> Result<Option<Duplicate>> {
        self.0.query(statement!("documents/lock_file"), &[&owner, &sha256]).await?;
        // A statement of its own, so that it sees what the one it waited for has stored.
        let row = self.0.query_opt(statement!("documents/duplicate"), &[&owner, &sha256]).await?;
        row.map(|row| {
            Ok(Duplicate {
                document_id: DocumentId(column(&row, "id")?),
                filename: column(&row, "filename")?,
                version: column(&row, "version")?,
                in_trash: column(&row, "in_trash")?,
                storage_path: column(&row, "storage_path")?,
                file_size_bytes: column(&row, "file_size_bytes")?,
            })
        })
        .transpose()
    }

    /// Those of these documents that the scope may see, in no order.
    pub async fn get_many(&self, ids: &[DocumentId]) -> Result<Vec<Document>> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        self.0.query(statement!("documents/get_many"), &[&ids]).await?.iter().map(decode).collect()
    }

    /// Changes what people edit of a document. What is already as the patch says is no new revision.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], [`ErrorKind::Forbidden`] for whoever may not edit it.
    pub async fn update(&self, id: DocumentId, patch: &DocumentPatch) -> Result<Document> {
        let filename = patch.filename.as_ref().map(FileName::display);
        let metadata = patch.metadata.clone().map(Value::Object);
        let tags = patch.tags.as_ref().map(Tags::as_slice);
        self.change(statement!("documents/update"), id, &[&id.0, &filename, &metadata, &tags]).await
    }
}

/// One row more than asked for was read: if it came, there is a next part.
pub(crate) fn part_of<T, C>(mut items: Vec<T>, limit: u16, cursor: impl Fn(&T) -> C) -> List<T, C> {
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
