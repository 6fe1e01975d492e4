//! Zones as a borrower gives them.

use std::collections::{BTreeMap, HashMap};

use colophon_db::{SystemScope, Tx};
use colophon_domain::geometry::Frame;
use colophon_domain::{ErrorClass, Invalid, Job, JobZone, NewZone, UnitFailure, ZoneId};
use colophon_formats::given::{ReadZone, Reading, read};
use colophon_formats::views::ZoneView;
use colophon_formats::worker::Unit;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::deliver::Found;
use crate::Error;
use crate::delivery::{Options, Outcome, Parsed, RefusedItem, Writer};
use crate::run::deliver::numbered;

/// Refused zones that are told of.
const TOLD: usize = 100;

/// Reads the zones of pages.
///
/// # Errors
/// Which of them cannot be taken.
pub fn of_pages(zones: &[Box<RawValue>], reading: &Reading) -> Result<Vec<NewZone>, Error> {
    let (mut taken, mut refused) = (Vec::<ReadZone>::with_capacity(zones.len()), Vec::new());
    for (index, zone) in zones.iter().enumerate() {
        match read(zone.get().as_bytes(), reading) {
            Ok(zone) => taken.push(zone),
            Err(reason) if refused.len() < TOLD => {
                refused.push(RefusedItem { index, zone_index: None, reason: reason.to_string().into() });
            }
            Err(_) => {}
        }
    }
    if refused.is_empty() { Ok(numbered(taken)?) } else { Err(Error::ZonesRefused { items: refused }) }
}

/// What a borrower gives of the zones that a job names.
pub struct Given<'a> {
    pub found: &'a Found,
    pub job: &'a Job,
    pub reading: &'a Reading,
}

/// Gives new values to zones that a job names, and records how each ended. A zone is given with its `id` and what the tool
/// says of it; what it does not say stays as it is, and so does what people said. Gives the number of zones that changed.
pub async fn refresh(tx: &Tx<SystemScope>, given: &Given<'_>) -> Result<usize, Error> {
    let Given { found, job, .. } = given;
    let asked: Vec<ZoneId> = job.zone_ids.iter().flatten().copied().map(ZoneId).collect();
    let mut units = found.delivery.zone_outcomes.clone();
    let mut changed = 0;
    let zones = found.zones.as_deref().map(Vec::as_slice).unwrap_or_default();
    if !zones.is_empty() {
        let mut parsed = Vec::with_capacity(zones.len());
        let mut ids = Vec::with_capacity(zones.len());
        for zone in zones {
            let fields: Map<String, Value> = serde_json::from_str(zone.get())
                .map_err(|e| Invalid::new("zones", format!("a zone is no object: {e}")))?;
            let id: Option<ZoneId> = fields
                .get("id")
                .and_then(Value::as_str)
                .and_then(|id| id.parse().ok())
                .filter(|id| asked.contains(id));
            let id =
                id.ok_or_else(|| Invalid::new("zones", "each needs the id of one that the job names"))?;
            parsed.push(overlaid(tx, given, id, fields).await?);
            ids.push(id);
        }
        let options = Options {
            version: Some(job.version),
            tool: found.tool.clone().or_else(|| job.strategy.clone()),
            model: found.model.clone(),
            job_id: Some(job.id),
            ..Options::default()
        };
        let mut writer = Writer::begin(tx, &SystemScope::new(), job.document_id, &options).await?;
        writer.write(parsed).await?;
        let delivered = writer.end();
        changed = delivered.counts.updated;
        for (id, item) in ids.into_iter().zip(delivered.items) {
            let failure = match item.outcome {
                Outcome::Refused(reason) => Some(UnitFailure {
                    class: ErrorClass::Permanent,
                    code: "zone_refused".to_owned(),
                    message: reason.into(),
                }),
                _ => None,
            };
            match units.iter_mut().find(|unit| unit.of == id) {
                Some(unit) => unit.failure = unit.failure.take().or(failure),
                None => units.push(Unit { of: id, failure, duration_ms: None, stages: BTreeMap::new() }),
            }
        }
    }
    record(tx, job, &asked, units).await?;
    Ok(changed)
}

/// The zone with what the tool says of it laid over; or why it cannot be.
async fn overlaid(
    tx: &Tx<SystemScope>,
    given: &Given<'_>,
    id: ZoneId,
    fields: Map<String, Value>,
) -> Result<Parsed, Error> {
    const KEPT: [&str; 9] = [
        "page_number",
        "zone_index",
        "zone_type",
        "label",
        "coordinates",
        "language",
        "parent_id",
        "external_id",
        "metadata",
    ];
    let Some(zone) = tx.zones().get(given.job.document_id, id).await? else {
        return Ok(Err(Invalid::new("id", format!("zone {id} is gone"))));
    };
    let standing = serde_json::to_value(ZoneView::from(zone)).unwrap_or_default();
    // What stands is in points, whatever frame the tool speaks of.
    let frame = if fields.contains_key("coordinates") { given.reading.frame } else { Frame::Points };
    let mut whole = fields;
    for name in KEPT {
        if let Some(value) = standing.get(name).filter(|value| !value.is_null()) {
            whole.entry(name).or_insert_with(|| value.clone());
        }
    }
    let reading = Reading { frame, ..given.reading.clone() };
    Ok(read(Value::Object(whole).to_string().as_bytes(), &reading))
}

async fn record(
    tx: &Tx<SystemScope>,
    job: &Job,
    asked: &[ZoneId],
    units: Vec<Unit<ZoneId>>,
) -> Result<(), Error> {
    let mut zones: HashMap<ZoneId, JobZone> = HashMap::new();
    for unit in units {
        if !asked.contains(&unit.of) {
            let reason = format!("{} is none of the zones that the job names", unit.of);
            return Err(Invalid::new("zone_id", reason).into());
        }
        let Unit { of, failure, duration_ms, stages } = unit;
        let zone = JobZone { zone_id: of, failure, attempt: job.attempt, duration_ms, stages };
        if zones.insert(of, zone).is_some() {
            return Err(Invalid::new("zone_id", format!("{of} is given twice")).into());
        }
    }
    let zones: Vec<JobZone> = zones.into_values().collect();
    tx.jobs().record_zones(job.document_id, job.id, &zones).await?;
    Ok(())
}
