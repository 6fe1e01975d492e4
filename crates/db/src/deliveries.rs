//! Zones in bulk: many of one document in one statement.

use std::collections::HashMap;

use colophon_domain::{DocumentId, JobId, NewZone, ZoneId, ZoneStatus};
use serde_json::Value;
use uuid::Uuid;

use crate::parameter::Parameter;
use crate::session::column;
use crate::statement::statement;
use crate::zones::Zones;
use crate::{Error, ErrorKind, Result, Scope};

/// What all zones of a delivery have in common.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The document.
    pub document: DocumentId,
    /// Its version.
    pub version: i32,
    /// The revision of the change that is open.
    pub revision: i64,
    /// The tool that found them.
    pub processing_tool: Option<String>,
    /// The model that the tool used.
    pub processing_model: Option<String>,
    /// The job that found them.
    pub job_id: Option<JobId>,
    /// Whether it is a person's own word, which goes over what tools say.
    pub own_word: bool,
}

/// A zone that has a place in the reading order already.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The zone.
    pub id: ZoneId,
    /// Where it stands.
    pub status: ZoneStatus,
    /// Whether its status is a person's.
    pub judged: bool,
    /// Whether a person drew it.
    pub drawn: bool,
}

/// What became of a zone that was there.
#[derive(Debug, Clone)]
pub struct Overwritten {
    /// The zone.
    pub id: ZoneId,
    /// False where it was so already.
    pub written: bool,
    /// Fields that are a person's and stayed, though the tool says otherwise.
    pub kept: Vec<String>,
}

impl<S: Scope> Zones<'_, S> {
    /// Which of these places in the reading order are taken.
    pub async fn standing(
        &self,
        document: DocumentId,
        version: i32,
        indexes: &[i32],
    ) -> Result<HashMap<i32, Standing>> {
        let rows = self
            .0
            .reading(document)
            .query(statement!("zones/standing"), &[&document.0, &version, &indexes])
            .await?;
        rows.iter()
            .map(|row| {
                let status: &str = column(row, "status")?;
                let status = status.parse().map_err(|e: colophon_domain::Invalid| {
                    Error::new(ErrorKind::Corrupt, "zones/standing", e.to_string())
                })?;
                let standing = Standing {
                    id: ZoneId(column(row, "id")?),
                    status,
                    judged: column(row, "judged")?,
                    drawn: column(row, "drawn")?,
                };
                Ok((column(row, "zone_index")?, standing))
            })
            .collect()
    }

    /// Which of these zones the document has: the version and the place in its reading order.
    pub async fn known(&self, document: DocumentId, ids: &[ZoneId]) -> Result<HashMap<ZoneId, (i32, i32)>> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let rows = self.0.reading(document).query(statement!("zones/known"), &[&document.0, &ids]).await?;
        rows.iter()
            .map(|row| {
                Ok((ZoneId(column(row, "id")?), (column(row, "version")?, column(row, "zone_index")?)))
            })
            .collect()
    }

    /// The last place that is taken on each of these pages, among the `per_page` that each page has.
    pub async fn last_indexes(
        &self,
        document: DocumentId,
        version: i32,
        pages: &[i32],
        per_page: i32,
    ) -> Result<HashMap<i32, Option<i32>>> {
        let rows = self
            .0
            .reading(document)
            .query(statement!("zones/last_indexes"), &[&document.0, &version, &pages, &i64::from(per_page)])
            .await?;
        rows.iter().map(|row| Ok((column(row, "page_number")?, column(row, "zone_index")?))).collect()
    }

    /// Stores new zones, all in one statement.
    pub async fn insert_many(&self, delivery: &Delivery, zones: &[NewZone]) -> Result<()> {
        let columns = Columns::of(zones);
        let job_id = delivery.job_id.map(|id| id.0);
        let mut params: Vec<&dyn Parameter> = vec![
            &delivery.document.0,
            &delivery.version,
            &delivery.processing_tool,
            &delivery.processing_model,
            &job_id,
        ];
        let statement = if self.0.person().is_some() {
            statement!("zones/insert_many_for_person")
        } else {
            params.push(&delivery.revision);
            statement!("zones/insert_many")
        };
        params.extend(columns.params());
        self.0.execute(statement, &params).await?;
        Ok(())
    }

    /// Writes what is said of zones that are there, each known by its place in the reading order; what is a person's
    /// stays, unless it is a person's own word.
    pub async fn overwrite(
        &self,
        delivery: &Delivery,
        zones: &[NewZone],
    ) -> Result<HashMap<i32, Overwritten>> {
        let columns = Columns::of(zones);
        let job_id = delivery.job_id.map(|id| id.0);
        let mut params: Vec<&dyn Parameter> = vec![
            &delivery.document.0,
            &delivery.version,
            &delivery.processing_tool,
            &delivery.processing_model,
            &job_id,
            &delivery.own_word,
        ];
        params.extend(columns.params());
        let rows = self.0.query(statement!("zones/overwrite"), &params).await?;
        rows.iter()
            .map(|row| {
                let overwritten = Overwritten {
                    id: ZoneId(column(row, "id")?),
                    written: column(row, "written")?,
                    kept: column(row, "kept")?,
                };
                Ok((column(row, "zone_index")?, overwritten))
            })
            .collect()
    }
}

/// Zones by columns, as the statements take them.
#[derive(Default)]
struct Columns<'a> {
    ids: Vec<Uuid>,
    indexes: Vec<i32>,
    pages: Vec<i32>,
    types: Vec<&'a str>,
    coordinates: Vec<String>,
    contents: Vec<Option<&'a str>>,
    confidences: Vec<Option<f64>>,
    statuses: Vec<&'static str>,
    labels: Vec<Option<&'a str>>,
    external_ids: Vec<Option<&'a str>>,
    parents: Vec<Option<Uuid>>,
    languages: Vec<Option<&'a str>>,
    sources: Vec<Option<String>>,
    metadata: Vec<String>,
}

impl<'a> Columns<'a> {
    fn of(zones: &'a [NewZone]) -> Self {
        let mut columns = Self::default();
        for zone in zones {
            columns.ids.push(zone.id.0);
            columns.indexes.push(zone.zone_index);
            columns.pages.push(zone.page_number);
            columns.types.push(&zone.zone_type);
            // Numbers, and texts as keys of objects: nothing that JSON cannot say.
            let coordinates = zone.coordinates.as_ref().map(serde_json::to_string);
            columns.coordinates.push(coordinates.and_then(Result::ok).unwrap_or_else(|| "{}".to_owned()));
            columns.contents.push(zone.content.as_deref());
            columns.confidences.push(zone.confidence);
            columns.statuses.push(zone.status.as_str());
            columns.labels.push(zone.label.as_deref());
            columns.external_ids.push(zone.external_id.as_deref());
            columns.parents.push(zone.parent_id.map(|id| id.0));
            columns.languages.push(zone.language.as_deref());
            columns.sources.push(zone.source.as_ref().map(Value::to_string));
            columns.metadata.push(if zone.metadata.is_empty() {
                "{}".to_owned()
            } else {
                Value::Object(zone.metadata.clone()).to_string()
            });
        }
        columns
    }

    fn params(&self) -> [&dyn Parameter; 14] {
        [
            &self.ids,
            &self.indexes,
            &self.pages,
            &self.types,
            &self.coordinates,
            &self.contents,
            &self.confidences,
            &self.statuses,
            &self.labels,
            &self.external_ids,
            &self.parents,
            &self.languages,
            &self.sources,
            &self.metadata,
        ]
    }
}
