//! Records of exports.

use colophon_domain::{Cursor, DocumentId, ExportFile, ExportId, ExportRecord, List};
use serde_json::{Value, json};
use tokio_postgres::Row;

use crate::documents::part_of;
use crate::parameter::Params;
use crate::session::column;
use crate::statement::statement;
use crate::{Error, ErrorKind, Result, Scope, Tx};

/// Export records that the scope may see.
pub struct Exports<'t, S>(&'t Tx<S>);

impl<S: Scope> Tx<S> {
    /// Export records.
    pub fn exports(&self) -> Exports<'_, S> {
        Exports(self)
    }
}

impl<S: Scope> Exports<'_, S> {
    /// Records an export whose files are already in the store.
    pub async fn insert(&self, new: &ExportRecord) -> Result<ExportRecord> {
        let files: Vec<Value> = new.files.iter().map(encode_file).collect();
        let row = self
            .0
            .query_one(
                statement!("exports/insert"),
                &[
                    &new.document_id.0,
                    &new.id.0,
                    &new.export_type,
                    &new.formats,
                    &Value::Array(files),
                    &new.validation_results,
                    &new.selection,
                    &new.started_at,
                    &new.file_size_bytes,
                    &new.created_by,
                ],
            )
            .await?;
        decode(&row)
    }

    /// One export; an error where there is none for this scope.
    pub async fn require(&self, id: ExportId) -> Result<ExportRecord> {
        let row = self.0.query_opt(statement!("exports/get"), &[&id.0]).await?;
        let row =
            row.ok_or_else(|| Error::new(ErrorKind::NotFound, "exports/get", format!("no export {id}")))?;
        decode(&row)
    }

    /// Exports, newest first; `limit` at most.
    pub async fn list(
        &self,
        document: Option<DocumentId>,
        after: Option<Cursor>,
        limit: u16,
    ) -> Result<List<ExportRecord>> {
        let (time, id) = (after.map(|cursor| cursor.created_at), after.map(|cursor| cursor.id));
        let most = i64::from(limit) + 1;
        let rows = match (document, self.0.person()) {
            (None, Some(person)) => {
                let params: Params<'_> = &[&time, &id, &most, &person];
                self.0.query_planned(statement!("exports/list_for_person"), params).await?
            }
            (document, _) => {
                if let Some(document) = document {
                    self.0.reading(document);
                }
                let params: Params<'_> = &[&document.map(|id| id.0), &time, &id, &most];
                self.0.query_planned(statement!("exports/list"), params).await?
            }
        };
        let items = rows.iter().map(decode).collect::<Result<Vec<_>>>()?;
        Ok(part_of(items, limit, |e| Cursor { created_at: e.created_at, id: e.id.0 }))
    }
}

fn encode_file(file: &ExportFile) -> Value {
    json!({
        "name": file.name, "format": file.format, "storage_path": file.storage_path,
        "sha256": file.sha256, "size_bytes": file.size_bytes,
    })
}

fn decode_file(value: &Value) -> Option<ExportFile> {
    Some(ExportFile {
        name: value["name"].as_str()?.to_owned(),
        format: value["format"].as_str()?.to_owned(),
        storage_path: value["storage_path"].as_str()?.to_owned(),
        sha256: value["sha256"].as_str()?.to_owned(),
        size_bytes: value["size_bytes"].as_i64()?,
    })
}

fn decode(row: &Row) -> Result<ExportRecord> {
    // Other programs may write other shapes of file_paths; what is not a file of ours is not served.
    let files: Option<Value> = column(row, "file_paths")?;
    let files = files.as_ref().and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    Ok(ExportRecord {
        document_id: DocumentId(column(row, "document_id")?),
        id: ExportId(column(row, "id")?),
        export_type: column(row, "export_type")?,
        formats: column(row, "formats")?,
        status: column(row, "status")?,
        files: files.iter().filter_map(decode_file).collect(),
        validation_results: column(row, "validation_results")?,
        selection: column(row, "selection")?,
        started_at: column(row, "started_at")?,
        completed_at: column(row, "completed_at")?,
        file_size_bytes: column(row, "file_size_bytes")?,
        created_by: column(row, "created_by")?,
        created_at: column(row, "created_at")?,
    })
}
