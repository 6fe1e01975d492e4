//! Zones as a borrower gives them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use colophon_db::{SystemScope, Tx};
use colophon_domain::geometry::Frame;
use colophon_domain::{ErrorClass, Invalid, Job, JobZone, NewZone, UnitFailure, Zone, ZoneId};
use colophon_formats::given::{ReadZone, Reading, read};
use colophon_formats::views::ZoneView;
use colophon_formats::worker::Unit;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::deliver::Found;
use crate::Error;
use crate::delivery::RefusedItem;
use crate::run::deliver::numbered;
use crate::run::{Report, Run, store_reread};

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
/// says of it; of what it does not say the tool's word of before holds, and people's word stays.
pub async fn refresh(tx: &Tx<SystemScope>, given: &Given<'_>) -> Result<Option<Report>, Error> {
    let Given { found, job, .. } = given;
    let asked: BTreeSet<ZoneId> = job.zone_ids.iter().flatten().copied().map(ZoneId).collect();
    let mut units: BTreeMap<ZoneId, Unit<ZoneId>> = BTreeMap::new();
    for unit in &found.delivery.zone_outcomes {
        if units.insert(unit.of, unit.clone()).is_some() {
            return Err(Invalid::new("zone_id", format!("{} is given twice", unit.of)).into());
        }
    }
    let mut fields = named(found.zones.as_deref().map(Vec::as_slice).unwrap_or_default())?;
    if let Some(stray) = fields.keys().chain(units.keys()).find(|id| !asked.contains(id)) {
        let reason = format!("{stray} is none of the zones that the job names");
        return Err(Invalid::new("zone_id", reason).into());
    }
    for id in fields.keys() {
        let unit = Unit { of: *id, failure: None, duration_ms: None, stages: BTreeMap::new() };
        units.entry(*id).or_insert(unit);
    }
    let mut report = None;
    if !fields.is_empty() {
        tx.corrections().lock(job.document_id).await?;
        let ids: Vec<ZoneId> = fields.keys().copied().collect();
        let (mut standing, mut reread) = (Vec::new(), Vec::new());
        for zone in tx.corrections().zones(job.document_id, &ids).await? {
            let said = fields.remove(&zone.id).unwrap_or_default();
            match overlaid(&zone, said, given) {
                Ok(new) => {
                    reread.push(new);
                    standing.push(zone);
                }
                Err(reason) => refuse(&mut units, zone.id, reason.to_string()),
            }
        }
        for gone in fields.into_keys() {
            refuse(&mut units, gone, "the zone is gone".to_owned());
        }
        let pages: BTreeSet<i32> = standing.iter().map(|zone: &Zone| zone.page_number).collect();
        let run = Run {
            document: job.document_id,
            version: Some(job.version),
            pages: pages.into_iter().collect(),
            tool: found.tool.clone().or_else(|| job.strategy.clone()),
            model: found.model.clone(),
            job: Some(job.id),
            reason: None,
            replaces: found.replaces,
        };
        if !standing.is_empty() {
            report = Some(store_reread(tx, &run, &standing, reread).await?);
        }
    }
    let zones: Vec<JobZone> = units
        .into_values()
        .map(|Unit { of, failure, duration_ms, stages }| JobZone {
            zone_id: of,
            failure,
            attempt: job.attempt,
            duration_ms,
            stages,
        })
        .collect();
    tx.jobs().record_zones(job.document_id, job.id, &zones).await?;
    Ok(report)
}

fn refuse(units: &mut BTreeMap<ZoneId, Unit<ZoneId>>, id: ZoneId, message: String) {
    let failure = UnitFailure { class: ErrorClass::Permanent, code: "zone_refused".to_owned(), message };
    if let Some(unit) = units.get_mut(&id) {
        unit.failure.get_or_insert(failure);
    }
}

/// What is said of each zone, by its `id`.
fn named(zones: &[Box<RawValue>]) -> Result<HashMap<ZoneId, Map<String, Value>>, Invalid> {
    let mut named = HashMap::new();
    for zone in zones {
        let fields: Map<String, Value> = serde_json::from_str(zone.get())
            .map_err(|e| Invalid::new("zones", format!("a zone is no object: {e}")))?;
        let id = fields.get("id").and_then(Value::as_str).and_then(|id| id.parse::<ZoneId>().ok());
        let id = id.ok_or_else(|| Invalid::new("zones", "each needs the id of one that the job names"))?;
        if named.insert(id, fields).is_some() {
            return Err(Invalid::new("zones", format!("{id} is given twice")));
        }
    }
    Ok(named)
}

/// What the tool says now, over what it said before: of a field that a person changed that is in `original`.
fn overlaid(zone: &Zone, said: Map<String, Value>, given: &Given<'_>) -> Result<NewZone, Invalid> {
    const KEPT: [&str; 8] = [
        "page_number",
        "zone_type",
        "label",
        "coordinates",
        "language",
        "parent_id",
        "external_id",
        "metadata",
    ];
    if zone.version != given.job.version {
        let reason =
            format!("the zone is on version {}, and the job reads {}", zone.version, given.job.version);
        return Err(Invalid::new("version", reason));
    }
    let is_placed_anew = said.contains_key("coordinates");
    // What stands is in points, whatever frame the tool speaks of.
    let frame = if is_placed_anew { given.reading.frame } else { Frame::Points };
    let before = serde_json::to_value(ZoneView::from(zone.clone())).unwrap_or_default();
    let of_tool =
        |name: &str| zone.original.as_ref().and_then(|said| said.get(name)).or_else(|| before.get(name));
    let mut whole = said;
    for name in KEPT {
        if let Some(value) = of_tool(name).filter(|value| !value.is_null()) {
            whole.entry(name).or_insert_with(|| value.clone());
        }
    }
    // Its name and its place are not the tool's to say.
    whole.remove("id");
    whole.remove("zone_index");
    let reading = Reading { frame, ..given.reading.clone() };
    let mut new = read(Value::Object(whole).to_string().as_bytes(), &reading)?.zone;
    if new.page_number != zone.page_number {
        return Err(Invalid::new("page_number", format!("the zone is on page {}", zone.page_number)));
    }
    new.zone_index = zone.zone_index;
    if !is_placed_anew {
        new.source.clone_from(&zone.source);
    }
    Ok(new)
}
