//! Zones of a document.

use colophon_domain::{
    DocumentId, JobId, NewZone, SearchFilter, SearchHit, Strategy, Zone, ZoneFilter, ZoneId,
};
use serde_json::{Value, json};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::session::column;
use crate::statement::statement;
use crate::{Result, Scope, Tx};

pub use crate::deliveries::{Delivery, Overwritten, Standing};

/// Zones that the scope may see.
pub struct Zones<'t, S>(pub(crate) &'t Tx<S>);

impl<S: Scope> Tx<S> {
    /// Zones.
    pub fn zones(&self) -> Zones<'_, S> {
        Zones(self)
    }
}

impl<S: Scope> Zones<'_, S> {
    /// Puts what a strategy found on `pages` in the place of what it found there before.
    pub async fn replace_pages(
        &self,
        document: DocumentId,
        version: i32,
        strategy: Strategy,
        pages: &[i32],
        zones: &[NewZone],
    ) -> Result<()> {
        let tool = strategy.as_str();
        self.0.execute(statement!("zones/delete_pages"), &[&document.0, &version, &tool, &pages]).await?;
        if zones.is_empty() {
            return Ok(());
        }
        let ids: Vec<Uuid> = zones.iter().map(|z| z.id.0).collect();
        let indexes: Vec<i32> = zones.iter().map(|z| z.zone_index).collect();
        let page_numbers: Vec<i32> = zones.iter().map(|z| z.page_number).collect();
        let types: Vec<&str> = zones.iter().map(|z| z.zone_type.as_str()).collect();
        let coordinates: Vec<Value> =
            zones.iter().map(|z| z.coordinates.as_ref().map_or_else(|| json!({}), |c| json!(c))).collect();
        let contents: Vec<Option<&str>> = zones.iter().map(|z| z.content.as_deref()).collect();
        let confidences: Vec<Option<f64>> = zones.iter().map(|z| z.confidence).collect();
        let metadata: Vec<Value> = zones.iter().map(|z| Value::Object(z.metadata.clone())).collect();
        self.0
            .execute(
                statement!("zones/insert"),
                &[
                    &document.0,
                    &version,
                    &tool,
                    &ids,
                    &indexes,
                    &page_numbers,
                    &types,
                    &coordinates,
                    &contents,
                    &confidences,
                    &metadata,
                ],
            )
            .await?;
        Ok(())
    }

    /// Zones of a version of a document in reading order, after `after` (−1 for the first); `limit` at most.
    pub async fn list(
        &self,
        document: DocumentId,
        filter: &ZoneFilter,
        after: i32,
        limit: i64,
    ) -> Result<Vec<Zone>> {
        self.0
            .reading(document)
            .query_planned(
                statement!("zones/list"),
                &[
                    &document.0,
                    &filter.page_number,
                    &filter.zone_type,
                    &filter.status,
                    &after,
                    &limit,
                    &filter.version,
                    &filter.min_confidence,
                    &filter.max_confidence,
                    &filter.processing_tool,
                    &filter.parent_id.map(|id| id.0),
                ],
            )
            .await?
            .iter()
            .map(decode)
            .collect()
    }

    /// One zone, if the scope may see it.
    pub async fn get(&self, document: DocumentId, id: ZoneId) -> Result<Option<Zone>> {
        let row = self.0.reading(document).query_opt(statement!("zones/get"), &[&document.0, &id.0]).await?;
        row.as_ref().map(decode).transpose()
    }

    /// Zones whose text fits `text` (words, "phrases", OR, −not), by the stems of each zone's language; best first,
    /// after the hit `after`.
    pub async fn search(
        &self,
        text: &str,
        filter: &SearchFilter,
        after: Option<(f32, ZoneId)>,
        limit: u16,
    ) -> Result<Vec<SearchHit>> {
        let (rank, id) = after.map_or((None, None), |(rank, id)| (Some(rank), Some(id.0)));
        self.0
            .query(
                statement!("zones/search"),
                &[
                    &text,
                    &i32::from(limit),
                    &rank,
                    &id,
                    &filter.language,
                    &filter.document_id.map(|id| id.0),
                    &filter.page_number,
                ],
            )
            .await?
            .iter()
            .map(decode_hit)
            .collect()
    }
}

fn decode(row: &Row) -> Result<Zone> {
    Ok(Zone {
        document_id: DocumentId(column(row, "document_id")?),
        id: ZoneId(column(row, "id")?),
        zone_index: column(row, "zone_index")?,
        page_number: column(row, "page_number")?,
        zone_type: column(row, "zone_type")?,
        coordinates: column(row, "coordinates")?,
        content: column(row, "content")?,
        confidence: column(row, "confidence")?,
        processing_tool: column(row, "processing_tool")?,
        status: column(row, "status")?,
        created_at: column(row, "created_at")?,
        updated_at: column(row, "updated_at")?,
        metadata: column(row, "metadata")?,
        version: column(row, "version")?,
        revision: column(row, "revision")?,
        zones_revision: column(row, "zones_revision")?,
        label: column(row, "label")?,
        external_id: column(row, "external_id")?,
        parent_id: column::<Option<Uuid>>(row, "parent_id")?.map(ZoneId),
        language: column(row, "language")?,
        processing_model: column(row, "processing_model")?,
        job_id: column::<Option<Uuid>>(row, "job_id")?.map(JobId),
        source: column(row, "source")?,
        original: column(row, "original")?,
        created_by: column(row, "created_by")?,
    })
}

fn decode_hit(row: &Row) -> Result<SearchHit> {
    Ok(SearchHit {
        document_id: DocumentId(column(row, "document_id")?),
        filename: column(row, "filename")?,
        zone_id: ZoneId(column(row, "zone_id")?),
        page_number: column(row, "page_number")?,
        zone_index: column(row, "zone_index")?,
        zone_type: column(row, "zone_type")?,
        coordinates: column(row, "coordinates")?,
        excerpt: column(row, "excerpt")?,
        rank: column(row, "rank")?,
        language: column(row, "language")?,
    })
}
