//! What undoing needs to know of a document's zones, and how it writes them: in bulk, in the name of whoever asks.

use std::collections::HashSet;

use colophon_domain::undo::{Part, Place, Settled};
use colophon_domain::{DocumentId, ZoneId, ZoneImage};
use serde_json::Value;
use uuid::Uuid;

use crate::session::column;
use crate::statement::{Statement, statement};
use crate::{Error, ErrorKind, Result, Scope, Tx};

/// Zones in one statement: JSON has a limit in the server.
const BATCH: usize = 5_000;

/// The undoing of changes, for a scope.
pub struct Undo<'t, S>(&'t Tx<S>);

impl<S: Scope> Tx<S> {
    /// The undoing of changes.
    pub fn undo(&self) -> Undo<'_, S> {
        Undo(self)
    }
}

impl<S: Scope> Undo<'_, S> {
    /// The live parts of these zones.
    pub async fn parts(&self, document: DocumentId, zones: &[ZoneId]) -> Result<Vec<Part>> {
        let rows = self.0.query_planned(statement!("undo/parts"), &[&document.0, &uuids(zones)]).await?;
        rows.iter()
            .map(|row| {
                Ok(Part {
                    zone_id: ZoneId(column(row, "id")?),
                    parent_id: ZoneId(column(row, "parent_id")?),
                    zones_revision: column(row, "zones_revision")?,
                })
            })
            .collect()
    }

    /// Which of these zones are there.
    pub async fn there(&self, document: DocumentId, zones: &[ZoneId]) -> Result<HashSet<ZoneId>> {
        let rows = self.0.query_planned(statement!("undo/there"), &[&document.0, &uuids(zones)]).await?;
        rows.iter().map(|row| column(row, "id").map(ZoneId)).collect()
    }

    /// Where every zone of a document stands.
    pub async fn places(&self, document: DocumentId) -> Result<Vec<Place>> {
        let rows = self.0.query_planned(statement!("undo/places"), &[&document.0]).await?;
        rows.iter()
            .map(|row| {
                Ok(Place {
                    zone_id: ZoneId(column(row, "id")?),
                    version: column(row, "version")?,
                    zone_index: column(row, "zone_index")?,
                })
            })
            .collect()
    }

    /// Writes what was settled, in the change that is open.
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`] where the scope may not write every one of these zones.
    pub async fn write(&self, document: DocumentId, settled: &Settled) -> Result<()> {
        if !settled.park.is_empty() {
            let aside: Vec<Uuid> = settled.park.iter().map(|(id, _)| id.0).collect();
            let places: Value =
                settled.park.iter().map(|(id, at)| (id.to_string(), Value::from(*at))).collect();
            let statement = statement!("undo/park");
            let written = self.0.execute(statement, &[&document.0, &aside, &places]).await?;
            whole(statement, written, aside.len())?;
        }
        for zones in settled.inserts.chunks(BATCH) {
            let rows: Value = zones.iter().cloned().map(Value::Object).collect();
            let statement = statement!("undo/insert");
            whole(statement, self.0.execute(statement, &[&document.0, &rows]).await?, zones.len())?;
        }
        for zones in settled.updates.chunks(BATCH) {
            let ids: Vec<Uuid> = zones.iter().filter_map(id_of).collect();
            let rows: Value =
                zones.iter().filter_map(|zone| Some((id_of(zone)?.to_string(), zone.clone()))).collect();
            let statement = statement!("undo/update");
            let written = self.0.execute(statement, &[&document.0, &ids, &rows]).await?;
            whole(statement, written, zones.len())?;
        }
        if !settled.deletes.is_empty() {
            let gone = uuids(&settled.deletes);
            let written = self.0.execute(statement!("undo/delete"), &[&document.0, &gone]).await?;
            whole(statement!("undo/delete"), written, gone.len())?;
        }
        Ok(())
    }
}

/// A row that a policy hides is passed over in silence; here it is an error.
fn whole(statement: Statement, written: u64, wanted: usize) -> Result<()> {
    if usize::try_from(written) == Ok(wanted) {
        return Ok(());
    }
    let message = format!("{written} of {wanted} zones could be written; the others are not yours to edit");
    Err(Error::new(ErrorKind::Forbidden, statement.name, message))
}

fn uuids(zones: &[ZoneId]) -> Vec<Uuid> {
    zones.iter().map(|id| id.0).collect()
}

fn id_of(zone: &ZoneImage) -> Option<Uuid> {
    zone.get("id").and_then(Value::as_str).and_then(|id| id.parse().ok())
}
