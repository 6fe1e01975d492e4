//! The zones of a file, on their way into a document: they wait in `colophon.imported_zones` within one transaction, until
//! all are there.

use colophon_domain::zones::ZONES_PER_PAGE;
use colophon_domain::{DocumentId, NewZone, ZoneId};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::session::column;
use crate::statement::statement;
use crate::{Error, ErrorKind, Result, Scope, Tx};

/// The zones that wait in this transaction.
pub struct ImportedZones<'t, S>(&'t Tx<S>);

/// A zone that waits.
#[derive(Debug)]
pub struct Waiting {
    /// The zone; its `zone_index` and `parent_id` are not looked at.
    pub zone: NewZone,
    /// What the parents of others name.
    pub key: String,
    /// The key of the zone that it is a part of.
    pub parent: Option<String>,
    /// Its place on its page: the less the earlier.
    pub order: i64,
    /// Whether the zone's id is the file's own.
    pub id_given: bool,
}

/// Whose findings they are.
#[derive(Debug, Clone, Copy)]
pub struct Finder<'f> {
    /// The tool.
    pub tool: &'f str,
    /// Its model.
    pub model: Option<&'f str>,
}

/// What became of the zones that waited.
#[derive(Debug, Clone, Default)]
pub struct Taken {
    /// New zones.
    pub inserted: i64,
    /// Zones of an import before that are other now.
    pub updated: i64,
    /// Zones of an import before that are as they were.
    pub unchanged: i64,
    /// Keys of those that were taken out: their id belongs to another, or stands in the file twice.
    pub ids_taken: Vec<String>,
    /// Keys of those that a person took away since they were imported.
    pub deleted_by_person: Vec<String>,
    /// Keys of those whose parent is not there.
    pub parents_unknown: Vec<String>,
}

impl<S: Scope> Tx<S> {
    /// The zones of a file that wait in this transaction.
    pub fn imported_zones(&self) -> ImportedZones<'_, S> {
        ImportedZones(self)
    }
}

impl<S: Scope> ImportedZones<'_, S> {
    /// Puts some of a file's zones to those that wait; `first` is the place of the first of them in the file.
    pub async fn stage(&self, first: i64, zones: &[Waiting]) -> Result<()> {
        let ordinals: Vec<i64> = (first..).take(zones.len()).collect();
        let page_numbers: Vec<i32> = zones.iter().map(|z| z.zone.page_number).collect();
        let positions: Vec<i64> = zones.iter().map(|z| z.order).collect();
        let keys: Vec<&str> = zones.iter().map(|z| z.key.as_str()).collect();
        let parents: Vec<Option<&str>> = zones.iter().map(|z| z.parent.as_deref()).collect();
        let ids: Vec<Uuid> = zones.iter().map(|z| z.zone.id.0).collect();
        let given: Vec<bool> = zones.iter().map(|z| z.id_given).collect();
        let types: Vec<&str> = zones.iter().map(|z| z.zone.zone_type.as_str()).collect();
        let coordinates: Vec<Value> = zones
            .iter()
            .map(|z| z.zone.coordinates.as_ref().map_or_else(|| json!({}), |c| json!(c)))
            .collect();
        let contents: Vec<Option<&str>> = zones.iter().map(|z| z.zone.content.as_deref()).collect();
        let confidences: Vec<Option<f64>> = zones.iter().map(|z| z.zone.confidence).collect();
        let labels: Vec<Option<&str>> = zones.iter().map(|z| z.zone.label.as_deref()).collect();
        let external_ids: Vec<Option<&str>> = zones.iter().map(|z| z.zone.external_id.as_deref()).collect();
        let languages: Vec<Option<&str>> = zones.iter().map(|z| z.zone.language.as_deref()).collect();
        let sources: Vec<Option<&Value>> = zones.iter().map(|z| z.zone.source.as_ref()).collect();
        let metadata: Vec<Value> = zones.iter().map(|z| Value::Object(z.zone.metadata.clone())).collect();
        self.0
            .execute(
                statement!("imported_zones/stage"),
                &[
                    &ordinals,
                    &page_numbers,
                    &positions,
                    &keys,
                    &parents,
                    &ids,
                    &given,
                    &types,
                    &coordinates,
                    &contents,
                    &confidences,
                    &labels,
                    &external_ids,
                    &languages,
                    &sources,
                    &metadata,
                ],
            )
            .await?;
        Ok(())
    }

    /// Makes those that wait zones of the document. What `finder` said of the same version before, by the same
    /// identifier on the same page, is the same zone again and keeps its id and its place; what people changed of it stays.
    /// Open the change first; `revision` is its number.
    pub async fn take(
        &self,
        document: DocumentId,
        version: i32,
        revision: i64,
        finder: Finder<'_>,
    ) -> Result<Taken> {
        let mut taken = Taken::default();
        let tool = finder.tool;
        self.0.execute(statement!("imported_zones/join_at_once"), &[]).await?;
        self.0.execute(statement!("imported_zones/match"), &[&document.0, &version, &tool]).await?;
        for row in self.0.query(statement!("imported_zones/refuse"), &[&document.0, &version, &tool]).await? {
            let key: String = column(&row, "key")?;
            match column::<String>(&row, "reason")?.as_str() {
                "id_taken" => taken.ids_taken.push(key),
                _ => taken.deleted_by_person.push(key),
            }
        }
        self.0.execute(statement!("imported_zones/place"), &[&document.0, &version, &ZONES_PER_PAGE]).await?;
        for row in self.0.query(statement!("imported_zones/parents"), &[]).await? {
            taken.parents_unknown.push(column(&row, "key")?);
        }
        for row in self.0.query(statement!("imported_zones/unroot"), &[]).await? {
            taken.parents_unknown.push(column(&row, "key")?);
        }
        let (id, model) = (document.0, finder.model);
        let row = if self.0.person().is_some() {
            let statement = statement!("imported_zones/upsert_for_person");
            self.0.query_opt(statement, &[&id, &version, &tool, &model]).await?
        } else {
            let statement = statement!("imported_zones/upsert");
            self.0.query_opt(statement, &[&id, &version, &tool, &model, &revision]).await?
        };
        let row =
            row.ok_or_else(|| Error::new(ErrorKind::Corrupt, "imported_zones/upsert", "no row of counts"))?;
        taken.inserted = column(&row, "inserted")?;
        taken.updated = column(&row, "updated")?;
        taken.unchanged = column::<i64>(&row, "total")? - taken.inserted - taken.updated;
        Ok(taken)
    }

    /// The zones that these keys of the file became.
    pub async fn find(&self, keys: &[&str]) -> Result<Vec<(String, ZoneId)>> {
        self.0
            .query(statement!("imported_zones/find"), &[&keys])
            .await?
            .iter()
            .map(|row| Ok((column(row, "key")?, ZoneId(column(row, "id")?))))
            .collect()
    }

    /// Ends the waiting.
    pub async fn clear(&self) -> Result<()> {
        self.0.execute(statement!("imported_zones/clear"), &[]).await?;
        Ok(())
    }
}
