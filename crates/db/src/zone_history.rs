//! The states that zones were in: written by triggers alone, read here.

use colophon_domain::{
    DiffCounts, DiffCursor, DocumentId, List, Moment, Zone, ZoneDiff, ZoneFilter, ZoneId, ZoneImage,
    ZoneState,
};
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::session::column;
use crate::statement::statement;
use crate::zones::decode as decode_zone;
use crate::{Error, ErrorKind, Result, Scope, Tx};

/// What every change of a row changes: no difference that anybody asks for.
const BOOKKEEPING: [&str; 3] = ["revision", "zones_revision", "updated_at"];

/// States of zones that the scope may see.
pub struct ZoneHistory<'t, S>(&'t Tx<S>);

impl<S: Scope> Tx<S> {
    /// States of zones.
    pub fn zone_history(&self) -> ZoneHistory<'_, S> {
        ZoneHistory(self)
    }
}

impl<S: Scope> ZoneHistory<'_, S> {
    /// Zones of a document as they were, in reading order, after `after` (−1 for the first); `limit` at most. Of the
    /// version that the filter names, or of the one that was the current one.
    pub async fn zones(
        &self,
        document: DocumentId,
        moment: Moment,
        filter: &ZoneFilter,
        after: i32,
        limit: i64,
    ) -> Result<Vec<Zone>> {
        let version = filter.version.unwrap_or(moment.version);
        self.0
            .reading(document)
            .query_planned(
                statement!("zones/list_as_of"),
                &[
                    &document.0,
                    &version,
                    &moment.revision,
                    &after,
                    &filter.page_number,
                    &filter.zone_type,
                    &filter.status,
                    &limit,
                    &filter.min_confidence,
                    &filter.max_confidence,
                    &filter.processing_tool,
                    &filter.parent_id.map(|id| id.0),
                ],
            )
            .await?
            .iter()
            .map(decode_zone)
            .collect()
    }

    /// One zone as it was at a revision; none, where it was not there.
    pub async fn zone(&self, document: DocumentId, id: ZoneId, revision: i64) -> Result<Option<Zone>> {
        let params: crate::parameter::Params<'_> = &[&document.0, &id.0, &revision];
        let row = self.0.reading(document).query_opt(statement!("zones/get_as_of"), params).await?;
        row.as_ref().map(decode_zone).transpose()
    }

    /// The states of a zone, the newest first, before the one that `before` began; `limit` at most. Of a zone that is
    /// gone, too.
    pub async fn list(
        &self,
        document: DocumentId,
        id: ZoneId,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<ZoneState>> {
        self.0
            .reading(document)
            .query(statement!("zone_history/list"), &[&document.0, &id.0, &before, &limit])
            .await?
            .iter()
            .map(decode)
            .collect()
    }

    /// Of zones that these changes touched, every state since the first of the changes, in the order of zones and
    /// revisions; of `limit` zones at most, after one.
    pub async fn touched(
        &self,
        document: DocumentId,
        revisions: &[i64],
        after: ZoneId,
        limit: i64,
    ) -> Result<Vec<ZoneState>> {
        self.0
            .reading(document)
            .query_planned(statement!("zone_history/touched"), &[&document.0, &revisions, &after.0, &limit])
            .await?
            .iter()
            .map(decode)
            .collect()
    }

    /// Zones that changed after the revision `from` until `to`, in reading order, after a cursor; `limit` at most.
    pub async fn diff(
        &self,
        document: DocumentId,
        (from, to): (i64, i64),
        after: Option<DiffCursor>,
        limit: u16,
    ) -> Result<List<ZoneDiff, DiffCursor>> {
        let (version, index, id) =
            after.map_or((None, None, None), |c| (Some(c.version), Some(c.zone_index), Some(c.zone_id.0)));
        let most = i64::from(limit);
        let rows = self
            .0
            .reading(document)
            .query_planned(
                statement!("zone_history/diff"),
                &[&document.0, &from, &to, &version, &index, &id, &most],
            )
            .await?;
        let mut next_cursor = None;
        if let Some(last) = rows.last().filter(|_| rows.len() == usize::from(limit)) {
            next_cursor = Some(DiffCursor {
                version: column(last, "version")?,
                zone_index: column(last, "zone_index")?,
                zone_id: ZoneId(column(last, "zone_id")?),
            });
        }
        let items = rows.iter().map(decode_diff).collect::<Result<Vec<_>>>()?;
        // What came back to what it was differs in nothing.
        let items = items.into_iter().filter(|diff| !diff.kinds().is_empty()).collect();
        Ok(List { items, next_cursor })
    }

    /// How many zones differ after the revision `from` until `to`, and how.
    pub async fn diff_counts(&self, document: DocumentId, (from, to): (i64, i64)) -> Result<DiffCounts> {
        let row = self
            .0
            .reading(document)
            .query_planned(
                statement!("zone_history/diff_counts"),
                &[&document.0, &from, &to, &BOOKKEEPING.as_slice()],
            )
            .await?;
        let row = row.first().ok_or_else(|| {
            Error::new(ErrorKind::Corrupt, "zone_history/diff_counts", "counts are one row")
        })?;
        Ok(DiffCounts {
            added: column(row, "added")?,
            removed: column(row, "removed")?,
            changed: column(row, "changed")?,
            moved: column(row, "moved")?,
            retyped: column(row, "retyped")?,
            retexted: column(row, "retexted")?,
            status: column(row, "status")?,
        })
    }
}

fn decode(row: &Row) -> Result<ZoneState> {
    Ok(ZoneState {
        zone_id: ZoneId(column::<Uuid>(row, "zone_id")?),
        zones_revision: column(row, "zones_revision")?,
        until_revision: column(row, "until_revision")?,
        zone: image(column(row, "zone")?)?.unwrap_or_default(),
    })
}

fn decode_diff(row: &Row) -> Result<ZoneDiff> {
    Ok(ZoneDiff {
        zone_id: ZoneId(column::<Uuid>(row, "zone_id")?),
        before: image(column(row, "before")?)?,
        after: image(column(row, "after")?)?,
    })
}

fn image(zone: Option<Value>) -> Result<Option<ZoneImage>> {
    match zone {
        None => Ok(None),
        Some(Value::Object(zone)) => Ok(Some(zone)),
        Some(_) => Err(Error::new(ErrorKind::Corrupt, "decode", "a state of a zone is no object")),
    }
}
