//! What a run's zones need of the database: the zones they meet, and the writes that put them in place.

use std::collections::HashSet;

use colophon_domain::anchor::rebase::OtherPage;
use colophon_domain::{DocumentId, JobId, NewZone, Zone, ZoneId};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::session::column;
use crate::statement::statement;
use crate::zones::decode;
use crate::{Result, Scope, Tx};

/// Runs in whose place the scope's change comes.
pub struct Runs<'t, S>(&'t Tx<S>);

impl<S: Scope> Tx<S> {
    /// Runs.
    pub fn runs(&self) -> Runs<'_, S> {
        Runs(self)
    }
}

/// Whose zones they are: what every zone of a run has in common.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// The document.
    pub document: DocumentId,
    /// The version that the tool read.
    pub version: i32,
    /// The change that the zones are part of.
    pub revision: i64,
    /// The tool.
    pub tool: Option<&'a str>,
    /// The model that it used.
    pub model: Option<&'a str>,
    /// The job.
    pub job: Option<JobId>,
}

/// A zone that a person took away.
#[derive(Debug, Clone)]
pub struct Removed {
    /// The zone.
    pub zone_id: ZoneId,
    /// The change that took it away.
    pub revision: i64,
    /// Its row as it was last, by the names of the columns.
    pub zone: Value,
}

/// A zone that keeps its id and takes new values: `zone` under the id of the old one, and what the tool says of the
/// fields that people changed.
#[derive(Debug, Clone)]
pub struct Refresh {
    /// The new values; its `id` is the standing zone's.
    pub zone: NewZone,
    /// Coordinates as they shall be stored.
    pub coordinates: Value,
    /// Status, as a name.
    pub status: String,
    /// `original`.
    pub original: Option<Value>,
}

/// A zone's number and what it is a part of.
pub type Place = (ZoneId, i32, Option<ZoneId>);

impl<S: Scope> Runs<'_, S> {
    /// Every zone of a version on these pages, in reading order.
    pub async fn standing(&self, document: DocumentId, version: i32, pages: &[i32]) -> Result<Vec<Zone>> {
        let rows = self
            .0
            .reading(document)
            .query(statement!("runs/standing"), &[&document.0, &version, &pages])
            .await?;
        rows.iter().map(decode).collect()
    }

    /// Zones of these pages that people took away and no undo brought back.
    pub async fn removed(&self, document: DocumentId, version: i32, pages: &[i32]) -> Result<Vec<Removed>> {
        let rows = self.0.query(statement!("runs/ghosts"), &[&document.0, &version, &pages]).await?;
        let decoded = rows.iter().map(|row| {
            Ok(Removed {
                zone_id: ZoneId(column(row, "zone_id")?),
                revision: column(row, "until_revision")?,
                zone: column(row, "zone")?,
            })
        });
        decoded.collect()
    }

    /// The numbers that the version's other pages take.
    pub async fn other_pages(
        &self,
        document: DocumentId,
        version: i32,
        pages: &[i32],
    ) -> Result<Vec<OtherPage>> {
        let rows = self.0.query(statement!("runs/other_pages"), &[&document.0, &version, &pages]).await?;
        let decoded = rows.iter().map(|row| {
            Ok(OtherPage {
                page_number: column(row, "page_number")?,
                first: column(row, "first")?,
                last: column(row, "last")?,
            })
        });
        decoded.collect()
    }

    /// Which of these identifiers zones of the document have already.
    pub async fn taken(&self, document: DocumentId, zones: &[ZoneId]) -> Result<HashSet<ZoneId>> {
        let ids: Vec<Uuid> = zones.iter().map(|zone| zone.0).collect();
        let rows = self.0.query(statement!("runs/taken"), &[&document.0, &ids]).await?;
        rows.iter().map(|row| Ok(ZoneId(column(row, "id")?))).collect()
    }

    /// The newest correction of each kind of each of these zones: zone, correction, kind.
    pub async fn corrections(
        &self,
        document: DocumentId,
        zones: &[ZoneId],
    ) -> Result<Vec<(ZoneId, Uuid, Option<String>)>> {
        let ids: Vec<Uuid> = zones.iter().map(|zone| zone.0).collect();
        let rows = self.0.query(statement!("runs/corrections"), &[&document.0, &ids]).await?;
        let decoded = rows.iter().map(|row| {
            Ok((ZoneId(column(row, "zone_id")?), column(row, "id")?, column(row, "correction_type")?))
        });
        decoded.collect()
    }

    /// Takes zones off their numbers, and off what they are a part of, until [`Runs::place`] or [`Runs::refresh`] gives
    /// them others:
    /// `above` is the greatest of these.
    pub async fn park(&self, document: DocumentId, version: i32, zones: &[ZoneId], above: i32) -> Result<()> {
        if zones.is_empty() {
            return Ok(());
        }
        let row = self.0.query_one(statement!("runs/greatest_index"), &[&document.0, &version]).await?;
        let greatest = above.max(column(&row, "zone_index")?);
        let ids: Vec<Uuid> = zones.iter().map(|zone| zone.0).collect();
        // Where a caller numbers up to the end there is no room, and the key refuses two of one number.
        let numbers: Vec<i32> = (1..).take(ids.len()).map(|n| greatest.saturating_add(n)).collect();
        self.0.execute(statement!("runs/park"), &[&document.0, &ids, &numbers]).await?;
        Ok(())
    }

    /// Gives zones their numbers and parents.
    pub async fn place(&self, document: DocumentId, places: &[Place]) -> Result<()> {
        if places.is_empty() {
            return Ok(());
        }
        let ids: Vec<Uuid> = places.iter().map(|(id, ..)| id.0).collect();
        let numbers: Vec<i32> = places.iter().map(|(_, number, _)| *number).collect();
        let parents: Vec<Option<Uuid>> = places.iter().map(|(_, _, parent)| parent.map(|id| id.0)).collect();
        self.0.execute(statement!("runs/place"), &[&document.0, &ids, &numbers, &parents]).await?;
        Ok(())
    }

    /// Where the zones beside these pages would stand, each in the range of its page.
    pub async fn renumbered_others(
        &self,
        document: DocumentId,
        version: i32,
        pages: &[i32],
    ) -> Result<Vec<Place>> {
        let rows = self.0.query(statement!("runs/renumber_others"), &[&document.0, &version, &pages]).await?;
        let decoded = rows.iter().map(|row| {
            let parent: Option<Uuid> = column(row, "parent_id")?;
            Ok((ZoneId(column(row, "id")?), column(row, "zone_index")?, parent.map(ZoneId)))
        });
        decoded.collect()
    }

    /// Deletes zones; the database keeps what they were.
    pub async fn delete(&self, document: DocumentId, zones: &[ZoneId]) -> Result<()> {
        if zones.is_empty() {
            return Ok(());
        }
        let ids: Vec<Uuid> = zones.iter().map(|zone| zone.0).collect();
        self.0.execute(statement!("runs/release_parts"), &[&document.0, &ids]).await?;
        self.0.execute(statement!("runs/delete"), &[&document.0, &ids]).await?;
        Ok(())
    }

    /// Inserts the run's zones in one statement.
    pub async fn insert(&self, origin: Origin<'_>, zones: &[NewZone]) -> Result<()> {
        if zones.is_empty() {
            return Ok(());
        }
        let job = origin.job.map(|job| job.0);
        let columns = Columns::of(zones.iter());
        let coordinates: Vec<Value> = zones.iter().map(coordinates).collect();
        let statuses: Vec<&str> = zones.iter().map(|zone| zone.status.as_str()).collect();
        let Origin { document, version, tool, model, revision, .. } = origin;
        let c = &columns;
        if self.0.person().is_none() {
            self.0
                .execute(
                    statement!("runs/insert"),
                    &[
                        &document.0,
                        &version,
                        &tool,
                        &model,
                        &revision,
                        &job,
                        &c.ids,
                        &c.indexes,
                        &c.pages,
                        &c.types,
                        &coordinates,
                        &c.contents,
                        &c.confidences,
                        &statuses,
                        &c.labels,
                        &c.external_ids,
                        &c.parents,
                        &c.languages,
                        &c.sources,
                        &c.metadata,
                    ],
                )
                .await?;
        } else {
            self.0
                .execute(
                    statement!("runs/insert_as_person"),
                    &[
                        &document.0,
                        &version,
                        &tool,
                        &model,
                        &job,
                        &c.ids,
                        &c.indexes,
                        &c.pages,
                        &c.types,
                        &coordinates,
                        &c.contents,
                        &c.confidences,
                        &statuses,
                        &c.labels,
                        &c.external_ids,
                        &c.parents,
                        &c.languages,
                        &c.sources,
                        &c.metadata,
                    ],
                )
                .await?;
        }
        Ok(())
    }

    /// Gives standing zones the run's values in one statement.
    pub async fn refresh(&self, origin: Origin<'_>, zones: &[Refresh]) -> Result<()> {
        if zones.is_empty() {
            return Ok(());
        }
        let job = origin.job.map(|job| job.0);
        let c = Columns::of(zones.iter().map(|refresh| &refresh.zone));
        let coordinates: Vec<&Value> = zones.iter().map(|refresh| &refresh.coordinates).collect();
        let statuses: Vec<&str> = zones.iter().map(|refresh| refresh.status.as_str()).collect();
        let originals: Vec<Option<&Value>> = zones.iter().map(|refresh| refresh.original.as_ref()).collect();
        self.0
            .execute(
                statement!("runs/refresh"),
                &[
                    &origin.document.0,
                    &origin.tool,
                    &origin.model,
                    &job,
                    &c.ids,
                    &c.indexes,
                    &c.pages,
                    &c.types,
                    &coordinates,
                    &c.contents,
                    &c.confidences,
                    &statuses,
                    &c.labels,
                    &c.external_ids,
                    &c.parents,
                    &c.languages,
                    &c.sources,
                    &c.metadata,
                    &originals,
                ],
            )
            .await?;
        Ok(())
    }
}

/// Zones as one array for each column.
#[derive(Default)]
struct Columns<'a> {
    ids: Vec<Uuid>,
    indexes: Vec<i32>,
    pages: Vec<i32>,
    types: Vec<&'a str>,
    contents: Vec<Option<&'a str>>,
    confidences: Vec<Option<f64>>,
    labels: Vec<Option<&'a str>>,
    external_ids: Vec<Option<&'a str>>,
    parents: Vec<Option<Uuid>>,
    languages: Vec<Option<&'a str>>,
    sources: Vec<Option<&'a Value>>,
    metadata: Vec<Value>,
}

impl<'a> Columns<'a> {
    fn of(zones: impl Iterator<Item = &'a NewZone>) -> Self {
        let mut columns = Self::default();
        for zone in zones {
            columns.ids.push(zone.id.0);
            columns.indexes.push(zone.zone_index);
            columns.pages.push(zone.page_number);
            columns.types.push(&zone.zone_type);
            columns.contents.push(zone.content.as_deref());
            columns.confidences.push(zone.confidence);
            columns.labels.push(zone.label.as_deref());
            columns.external_ids.push(zone.external_id.as_deref());
            columns.parents.push(zone.parent_id.map(|parent| parent.0));
            columns.languages.push(zone.language.as_deref());
            columns.sources.push(zone.source.as_ref());
            columns.metadata.push(Value::Object(zone.metadata.clone()));
        }
        columns
    }
}

fn coordinates(zone: &NewZone) -> Value {
    zone.coordinates.as_ref().map_or_else(|| json!({}), |coordinates| json!(coordinates))
}
