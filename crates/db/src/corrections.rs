//! Corrections: zones as people change them, what they were before, and what was put down about it.

use colophon_domain::{
    Correction, CorrectionFilter, CorrectionType, Cursor, DocumentId, List, NewCorrection, Zone, ZoneId,
    ZonePatch,
};
use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::documents::part_of;
use crate::parameter::Params;
use crate::session::column;
use crate::statement::statement;
use crate::zones::decode as decode_zone;
use crate::{Error, ErrorKind, Result, Scope, Tx};

/// Corrections that the scope may make or see.
pub struct Corrections<'t, S>(&'t Tx<S>);

impl<S: Scope> Tx<S> {
    /// Corrections.
    pub fn corrections(&self) -> Corrections<'_, S> {
        Corrections(self)
    }
}

impl<S: Scope> Corrections<'_, S> {
    /// Holds a document until the transaction ends, so that its zones are changed one after the other; whether it is in
    /// the trash. Nothing is recorded yet.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Forbidden`] where the scope may only read it.
    pub async fn lock(&self, document: DocumentId) -> Result<bool> {
        let statement = statement!("corrections/lock");
        if let Some(row) = self.0.reading(document).query_opt(statement, &[&document.0]).await? {
            return column(&row, "in_trash");
        }
        self.0.documents().require(document).await?;
        let message = format!("document {document} is not yours to edit");
        Err(Error::new(ErrorKind::Forbidden, statement.name, message))
    }

    /// These zones of a document, in reading order; those that are not there are left out.
    pub async fn zones(&self, document: DocumentId, ids: &[ZoneId]) -> Result<Vec<Zone>> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let rows = self.0.query(statement!("corrections/zones"), &[&document.0, &ids]).await?;
        rows.iter().map(decode_zone).collect()
    }

    /// A zone as it was before one of its changes: at the newest of these revisions of its own that are known, or, where
    /// none is named, before the newest change.
    pub async fn before(
        &self,
        document: DocumentId,
        id: ZoneId,
        revisions: Option<&[i64]>,
    ) -> Result<Option<Zone>> {
        let revisions = revisions.map(<[i64]>::to_vec);
        let params: Params<'_> = &[&document.0, &id.0, &revisions];
        let row = self.0.query_opt(statement!("corrections/before"), params).await?;
        row.as_ref().map(decode_zone).transpose()
    }

    /// These zones as they were at a revision of the document's zones, in reading order.
    pub async fn as_of(
        &self,
        document: DocumentId,
        ids: &[ZoneId],
        zones_revision: i64,
    ) -> Result<Vec<Zone>> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let params: Params<'_> = &[&document.0, &ids, &zones_revision];
        let rows = self.0.query(statement!("corrections/as_of"), params).await?;
        rows.iter().map(decode_zone).collect()
    }

    /// Writes the fields of a zone that `patch` names; metadata are replaced. Whether there is such a zone.
    pub async fn update(&self, document: DocumentId, id: ZoneId, patch: &ZonePatch) -> Result<bool> {
        let params: Params<'_> = &[&document.0, &id.0, &patch.to_json()];
        Ok(self.0.execute(statement!("corrections/update"), params).await? == 1)
    }

    /// Takes zones away; how many. Their parts become parts of `parent`.
    pub async fn delete(&self, document: DocumentId, ids: &[ZoneId], parent: Option<ZoneId>) -> Result<u64> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let parent = parent.map(|id| id.0);
        self.0.execute(statement!("corrections/reparent"), &[&document.0, &ids, &parent]).await?;
        self.0.execute(statement!("corrections/delete"), &[&document.0, &ids]).await
    }

    /// Stores zones, given as objects by the names of their columns.
    pub async fn insert_zones(&self, document: DocumentId, version: i32, zones: Vec<Value>) -> Result<u64> {
        let zones = Value::Array(zones);
        self.0.execute(statement!("corrections/insert_zones"), &[&document.0, &version, &zones]).await
    }

    /// The zone and all that it is a part of; empty where there is none in this version.
    pub async fn ancestors(&self, document: DocumentId, id: ZoneId, version: i32) -> Result<Vec<ZoneId>> {
        let rows = self.0.query(statement!("corrections/ancestors"), &[&document.0, &id.0, &version]).await?;
        rows.iter().map(|row| Ok(ZoneId(column(row, "id")?))).collect()
    }

    /// Makes `count` places free in the reading order, from `zone_index` on; zones that are in the way move up.
    pub async fn make_room(
        &self,
        document: DocumentId,
        version: i32,
        zone_index: i32,
        count: i32,
    ) -> Result<()> {
        let params: Params<'_> = &[&document.0, &version, &zone_index, &i64::from(count)];
        let parked = self.0.query(statement!("corrections/park"), params).await?;
        if parked.is_empty() {
            return Ok(());
        }
        let (mut ids, mut indexes) = (Vec::<Uuid>::new(), Vec::<i32>::new());
        for row in &parked {
            ids.push(column(row, "id")?);
            let place = i64::from(zone_index) + i64::from(count) + column::<i64>(row, "place")? - 1;
            indexes.push(i32::try_from(place).map_err(|_| {
                let reason = "there are no places left behind this one".to_owned();
                Error::new(ErrorKind::Invalid("zone_index".to_owned()), "corrections/place", reason)
            })?);
        }
        self.0.execute(statement!("corrections/place"), &[&document.0, &ids, &indexes]).await?;
        Ok(())
    }

    /// From now on until the transaction ends, no correction is recorded but by [`Corrections::insert`].
    pub async fn say_nothing(&self) -> Result<()> {
        self.0.execute(statement!("corrections/say_nothing"), &[]).await.map(drop)
    }

    /// Records a split or a merge in the name of the scope's person, with images of the zones that went and came.
    pub async fn insert(&self, document: DocumentId, new: &NewCorrection<'_>) -> Result<()> {
        let ids = |zones: &[ZoneId]| zones.iter().map(|id| id.0).collect::<Vec<Uuid>>();
        let params: Params<'_> = &[
            &document.0,
            &Uuid::now_v7(),
            &new.zone_id.0,
            &new.correction_type.as_str(),
            &new.zones_revision,
            &ids(new.took),
            &ids(new.made),
            &new.reason,
        ];
        self.0.execute(statement!("corrections/insert"), params).await.map(drop)
    }

    /// What one change put down of a zone.
    pub async fn of_change(
        &self,
        document: DocumentId,
        id: ZoneId,
        zones_revision: i64,
    ) -> Result<Vec<Correction>> {
        let params: Params<'_> = &[&document.0, &id.0, &zones_revision];
        self.0.query(statement!("corrections/of_change"), params).await?.iter().map(decode).collect()
    }

    /// Corrections of a document, newest first; `limit` at most.
    pub async fn list(
        &self,
        document: DocumentId,
        filter: &CorrectionFilter,
        after: Option<Cursor>,
        limit: u16,
    ) -> Result<List<Correction>> {
        let params: Params<'_> = &[
            &document.0,
            &filter.zone_id.map(|id| id.0),
            &filter.corrected_by,
            &filter.correction_type.map(CorrectionType::as_str),
            &filter.since,
            &after.map(|cursor| cursor.created_at),
            &after.map(|cursor| cursor.id),
            &(i64::from(limit) + 1),
        ];
        let rows = self.0.reading(document).query_planned(statement!("corrections/list"), params).await?;
        let items = rows.iter().map(decode).collect::<Result<Vec<_>>>()?;
        let cursor = |correction: &Correction| Cursor {
            created_at: correction.created_at.unwrap_or(Timestamp::UNIX_EPOCH),
            id: correction.id,
        };
        Ok(part_of(items, limit, cursor))
    }
}

fn decode(row: &Row) -> Result<Correction> {
    Ok(Correction {
        document_id: DocumentId(column(row, "document_id")?),
        id: column(row, "id")?,
        zone_id: ZoneId(column(row, "zone_id")?),
        correction_type: column(row, "correction_type")?,
        original_content: column(row, "original_content")?,
        corrected_content: column(row, "corrected_content")?,
        confidence_before: column(row, "confidence_before")?,
        confidence_after: column(row, "confidence_after")?,
        corrected_by: column(row, "corrected_by")?,
        created_at: column(row, "created_at")?,
        zones_revision: column(row, "zones_revision")?,
        before: column(row, "before")?,
        after: column(row, "after")?,
        zone_ids: column::<Vec<Uuid>>(row, "zone_ids")?.into_iter().map(ZoneId).collect(),
        page_number: column(row, "page_number")?,
        zone_type: column(row, "zone_type")?,
        processing_tool: column(row, "processing_tool")?,
        processing_model: column(row, "processing_model")?,
        reason: column(row, "reason")?,
    })
}
