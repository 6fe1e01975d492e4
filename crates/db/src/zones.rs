//! Zones of a document.

use colophon_domain::{DocumentId, JobId, NewZone, SearchHit, Strategy, Zone, ZoneFilter, ZoneId};
use serde_json::{Value, json};
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;
use uuid::Uuid;

use crate::session::column;
use crate::statement::statement;
use crate::{Error, ErrorKind, Result, Scope, Tx};

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
        let rows = self
            .0
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
            .await?;
        decode_all(&rows)
    }

    /// One zone, if the scope may see it.
    pub async fn get(&self, document: DocumentId, id: ZoneId) -> Result<Option<Zone>> {
        let row = self.0.reading(document).query_opt(statement!("zones/get"), &[&document.0, &id.0]).await?;
        row.as_ref().map(decode).transpose()
    }

    /// Zones whose text fits `text` (words, "phrases", OR, −not), best first, after the hit `after`.
    pub async fn search(
        &self,
        text: &str,
        after: Option<(f32, ZoneId)>,
        limit: u16,
    ) -> Result<Vec<SearchHit>> {
        let (rank, id) = after.map_or((None, None), |(rank, id)| (Some(rank), Some(id.0)));
        self.0
            .query(statement!("zones/search"), &[&text, &i32::from(limit), &rank, &id])
            .await?
            .iter()
            .map(decode_hit)
            .collect()
    }
}

pub(crate) fn decode(row: &Row) -> Result<Zone> {
    decode_with(row, &Positions::of(row)?)
}

/// Many rows of one statement: where each column stands is asked once for all of them.
fn decode_all(rows: &[Row]) -> Result<Vec<Zone>> {
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    let at = Positions::of(first)?;
    rows.iter().map(|row| decode_with(row, &at)).collect()
}

macro_rules! positions {
    ($($column:ident)+) => {
        /// Where the columns of a zone stand in a row.
        struct Positions { $($column: usize),+ }

        impl Positions {
            fn of(row: &Row) -> Result<Self> {
                let at = |name: &str| {
                    let found = row.columns().iter().position(|column| column.name() == name);
                    found.ok_or_else(|| Error::new(ErrorKind::Corrupt, "decode", format!("no column {name}")))
                };
                Ok(Self { $($column: at(stringify!($column))?),+ })
            }
        }
    };
}

positions! {
    document_id id zone_index page_number zone_type coordinates content confidence processing_tool
    status created_at updated_at metadata version revision zones_revision label
    external_id parent_id language processing_model job_id source original created_by
}

impl Positions {
    fn get<'a, T: FromSql<'a>>(row: &'a Row, at: usize) -> Result<T> {
        row.try_get(at).map_err(|e| {
            let name = row.columns().get(at).map_or("?", |column| column.name());
            Error::new(ErrorKind::Corrupt, "decode", format!("column {name}: {e}"))
        })
    }
}

fn decode_with(row: &Row, at: &Positions) -> Result<Zone> {
    Ok(Zone {
        document_id: DocumentId(Positions::get(row, at.document_id)?),
        id: ZoneId(Positions::get(row, at.id)?),
        zone_index: Positions::get(row, at.zone_index)?,
        page_number: Positions::get(row, at.page_number)?,
        zone_type: Positions::get(row, at.zone_type)?,
        coordinates: Positions::get(row, at.coordinates)?,
        content: Positions::get(row, at.content)?,
        confidence: Positions::get(row, at.confidence)?,
        processing_tool: Positions::get(row, at.processing_tool)?,
        status: Positions::get(row, at.status)?,
        created_at: Positions::get(row, at.created_at)?,
        updated_at: Positions::get(row, at.updated_at)?,
        metadata: Positions::get(row, at.metadata)?,
        version: Positions::get(row, at.version)?,
        revision: Positions::get(row, at.revision)?,
        zones_revision: Positions::get(row, at.zones_revision)?,
        label: Positions::get(row, at.label)?,
        external_id: Positions::get(row, at.external_id)?,
        parent_id: Positions::get::<Option<Uuid>>(row, at.parent_id)?.map(ZoneId),
        language: Positions::get(row, at.language)?,
        processing_model: Positions::get(row, at.processing_model)?,
        job_id: Positions::get::<Option<Uuid>>(row, at.job_id)?.map(JobId),
        source: Positions::get(row, at.source)?,
        original: Positions::get(row, at.original)?,
        created_by: Positions::get(row, at.created_by)?,
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
    })
}
