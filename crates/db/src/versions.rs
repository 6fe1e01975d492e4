//! Versions of a document's file.

use colophon_domain::{DocumentId, Version};
use tokio_postgres::Row;

use crate::session::column;
use crate::statement::statement;
use crate::{Result, Scope, Tx};

/// Versions that the scope may see.
pub struct Versions<'t, S>(&'t Tx<S>);

impl<S: Scope> Tx<S> {
    /// Versions of documents.
    pub fn versions(&self) -> Versions<'_, S> {
        Versions(self)
    }
}

impl<S: Scope> Versions<'_, S> {
    /// Stores a version. Its object is already in the store.
    pub async fn insert(&self, document: DocumentId, new: &Version) -> Result<()> {
        self.0
            .execute(
                statement!("versions/insert"),
                &[
                    &document.0,
                    &new.version,
                    &new.storage_path,
                    &new.sha256,
                    &new.file_size_bytes,
                    &new.mime_type,
                    &new.original_filename,
                    &new.page_count,
                    &new.title,
                    &new.pdf_version,
                    &new.encryption,
                    &new.repaired,
                    &new.warnings,
                    &new.created_by,
                    &new.reason,
                    &new.status_detail,
                ],
            )
            .await?;
        Ok(())
    }

    /// One version of a document.
    pub async fn get(&self, document: DocumentId, version: i32) -> Result<Option<Version>> {
        let row =
            self.0.reading(document).query_opt(statement!("versions/get"), &[&document.0, &version]).await?;
        row.as_ref().map(decode).transpose()
    }

    /// Every version of a document, newest first.
    pub async fn list(&self, document: DocumentId) -> Result<Vec<Version>> {
        self.0
            .reading(document)
            .query(statement!("versions/list"), &[&document.0])
            .await?
            .iter()
            .map(decode)
            .collect()
    }
}

fn decode(row: &Row) -> Result<Version> {
    Ok(Version {
        version: column(row, "version")?,
        storage_path: column(row, "storage_path")?,
        sha256: column(row, "sha256")?,
        file_size_bytes: column(row, "file_size_bytes")?,
        mime_type: column(row, "mime_type")?,
        original_filename: column(row, "original_filename")?,
        page_count: column(row, "page_count")?,
        title: column(row, "title")?,
        pdf_version: column(row, "pdf_version")?,
        encryption: column(row, "encryption")?,
        repaired: column(row, "repaired")?,
        warnings: column(row, "warnings")?,
        reason: column(row, "reason")?,
        status_detail: column(row, "status_detail")?,
        created_by: column(row, "created_by")?,
        created_at: column(row, "created_at")?,
    })
}
