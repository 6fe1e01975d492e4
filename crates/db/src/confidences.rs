//! The ledger of confidences: kept by the database, read here.

use colophon_domain::{Confidence, Cursor, DocumentId, JobId, List, ZoneId};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::session::column;
use crate::statement::statement;
use crate::{Result, Scope, Tx};

/// Confidences that the scope may see.
pub struct Confidences<'t, S>(&'t Tx<S>);

impl<S: Scope> Tx<S> {
    /// Confidences.
    pub fn confidences(&self) -> Confidences<'_, S> {
        Confidences(self)
    }
}

impl<S: Scope> Confidences<'_, S> {
    /// Every confidence of a document's zones, or of one of them, gone or not; newest first, after the cursor.
    pub async fn list(
        &self,
        document: DocumentId,
        zone: Option<ZoneId>,
        after: Option<Cursor>,
        limit: u16,
    ) -> Result<List<Confidence>> {
        let zone = zone.map(|zone| zone.0);
        let (time, id) = after.map_or((None, None), |after| (Some(after.created_at), Some(after.id)));
        let more = i64::from(limit) + 1;
        let statement = statement!("confidences/list");
        let rows = self
            .0
            .reading(document)
            .query_planned(statement, &[&document.0, &zone, &time, &id, &more])
            .await?;
        let mut items: Vec<Confidence> =
            rows.iter().map(|row| decode(document, row)).collect::<Result<_>>()?;
        let full = items.len() > usize::from(limit);
        items.truncate(usize::from(limit));
        let next_cursor =
            items.last().filter(|_| full).map(|last| Cursor { created_at: last.recorded_at, id: last.id });
        Ok(List { items, next_cursor })
    }
}

fn decode(document_id: DocumentId, row: &Row) -> Result<Confidence> {
    Ok(Confidence {
        document_id,
        zone_id: ZoneId(column(row, "zone_id")?),
        id: column(row, "id")?,
        confidence: column(row, "confidence")?,
        processing_tool: column(row, "processing_tool")?,
        processing_model: column(row, "processing_model")?,
        job_id: column::<Option<Uuid>>(row, "job_id")?.map(JobId),
        zone_type: column(row, "zone_type")?,
        page_number: column(row, "page_number")?,
        recorded_at: column(row, "recorded_at")?,
        until_at: column(row, "until_at")?,
        stands: column(row, "stands")?,
    })
}
