//! Zones as JSON, one a line: as our own exports and API have them, or with less.
//!
//! The least is a page and a type: `{"page": 1, "type": "text"}`. Coordinates are of the canonical frame, points from the
//! top left of the page: `coordinates` as the API has it, or `bbox: [x0, y0, x1, y1]`. A line that is none is refused, and
//! the others are read.

use std::io::BufRead;

use colophon_domain::ZoneId;
use colophon_domain::vocabularies::{canon, map_any};
use serde_json::{Map, Value};

use super::bounded::{Bounded, Budget};
use super::json::{numbers, take_string, without_empty};
use super::region::normalised_degrees;
use super::{
    Event, ImportError, ImportReport, ImportedZone, Options, Origin, RemarkKind, Sink, SourceRegion,
    UNRANKED, languages, order,
};

/// Columns of a zone that belong to the document it came from.
const NOT_OURS: [&str; 9] = [
    "document_id",
    "created_at",
    "updated_at",
    "version",
    "revision",
    "zones_revision",
    "job_id",
    "zone_index",
    "source",
];

pub fn read<R: BufRead>(
    input: R,
    options: &Options,
    report: &mut ImportReport,
    sink: &mut Sink<'_>,
) -> Result<(), ImportError> {
    let budget = Budget::new(options.limits.element_bytes);
    let mut input = Bounded::new(input, budget.clone());
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        budget.renew();
        let read = match input.read_until(b'\n', &mut line) {
            Ok(read) => read,
            Err(_) if budget.is_spent() => {
                return Err(ImportError::TooLarge {
                    format: "JSON lines",
                    place: format!("line {number}"),
                    reason: format!("a line is longer than {} bytes", options.limits.element_bytes),
                });
            }
            Err(error) => return Err(error.into()),
        };
        if read == 0 {
            return Ok(());
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        report.zones += 1;
        match zone(&line, number, options, report) {
            Ok(zone) => sink(Event::Zone(Box::new(zone)), report)?,
            Err(reason) => report.refuse(RemarkKind::InvalidLine, &format!("line {number}: {reason}")),
        }
    }
    Ok(())
}

fn zone(
    line: &[u8],
    number: u64,
    options: &Options,
    report: &mut ImportReport,
) -> Result<ImportedZone, String> {
    let Value::Object(mut members) = serde_json::from_slice(line).map_err(|error| error.to_string())? else {
        return Err("it is no object".to_owned());
    };
    let page = members.remove("page_number").or_else(|| members.remove("page"));
    let page_number = page
        .and_then(|page| page.as_i64())
        .and_then(|page| i32::try_from(page).ok())
        .ok_or("it has no page_number")?;
    let id = take_string(&mut members, "id");
    let uuid: Option<ZoneId> = id.as_deref().and_then(|id| id.parse().ok());
    let external_id = take_string(&mut members, "external_id").or(id).unwrap_or_else(|| {
        let made = format!("line {number}");
        report.remark(RemarkKind::WithoutId, &made);
        made
    });
    let place = members.get("zone_index").and_then(Value::as_u64).unwrap_or(number);
    let mut zone = ImportedZone::new(external_id, page_number, order(UNRANKED, place));
    zone.id = uuid;
    zone.parent = take_string(&mut members, "parent_id").or_else(|| take_string(&mut members, "parent"));
    label(&mut zone, &mut members, options, report);
    zone.content = take_string(&mut members, "content").or_else(|| take_string(&mut members, "text"));
    zone.confidence = match members.remove("confidence") {
        None | Some(Value::Null) => None,
        Some(value) => Some(value.as_f64().unwrap_or(f64::NAN)),
    };
    if let Some(language) = take_string(&mut members, "language") {
        zone.language = languages::tag(&language);
        if zone.language.is_none() {
            report.remark(RemarkKind::UnknownLanguage, &language);
            zone.metadata.insert("language".to_owned(), language.into());
        }
    }
    if place_of(&mut zone, &mut members).is_none() {
        report.remark(RemarkKind::InvalidNumber, &zone.external_id);
        zone.regions.clear();
    }
    if let Some(Value::Object(metadata)) = members.remove("metadata") {
        zone.metadata.extend(metadata);
    }
    let completed = members.get("status").is_none_or(|status| status == "completed");
    if completed {
        members.remove("status");
    }
    for name in NOT_OURS {
        members.remove(name);
    }
    for name in ["status", "original", "created_by", "processing_tool", "processing_model"] {
        if members.remove(name).is_some_and(|value| !value.is_null()) {
            report.remark(RemarkKind::ElementDropped, name);
        }
    }
    zone.metadata.extend(without_empty(members));
    Ok(zone)
}

fn label(
    zone: &mut ImportedZone,
    members: &mut Map<String, Value>,
    options: &Options,
    report: &mut ImportReport,
) {
    let canonical = take_string(members, "zone_type");
    let label = take_string(members, "label");
    let label = label.or_else(|| take_string(members, "type")).or_else(|| take_string(members, "category"));
    let of_canon =
        canonical.as_deref().and_then(|name| canon().iter().find(|zone_type| zone_type.name == name));
    let name = label.or(canonical).unwrap_or_default();
    if let Some(zone_type) = of_canon {
        zone.zone_type = zone_type.name;
    } else {
        let mapped = match options.vocabulary {
            Some(vocabulary) => vocabulary.map_or_fallback(&name),
            None => map_any(&name),
        };
        if !mapped.known {
            report.remark(RemarkKind::UnknownLabel, &name);
        }
        zone.zone_type = mapped.zone_type;
    }
    zone.label = name;
}

/// Reads where the zone is; `None` where a number is none.
fn place_of(zone: &mut ImportedZone, members: &mut Map<String, Value>) -> Option<()> {
    let page_number = zone.page_number;
    let region = |page_number, sides: [f64; 4], polygon| SourceRegion {
        page_number,
        origin: Origin::TopLeft,
        bounding_box: Some(sides),
        polygon,
    };
    let coordinates = members.remove("coordinates").unwrap_or_default();
    if let Some(sides) =
        members.remove("bbox").or_else(|| coordinates.is_array().then(|| coordinates.clone()))
    {
        if sides.is_null() {
            return Some(());
        }
        let sides: [f64; 4] = numbers(&sides)?.try_into().ok()?;
        zone.regions.push(region(page_number, sides, members.remove("polygon").as_ref().and_then(outline)));
        return Some(());
    }
    if coordinates.as_object().is_none_or(Map::is_empty) {
        return Some(());
    }
    let sides = |value: &Value| -> Option<[f64; 4]> {
        Some([value["x0"].as_f64()?, value["y0"].as_f64()?, value["x1"].as_f64()?, value["y1"].as_f64()?])
    };
    zone.regions.push(region(page_number, sides(&coordinates)?, optional(&coordinates["polygon"]).ok()?));
    zone.baseline = optional(&coordinates["baseline"]).ok()?;
    zone.rotation = coordinates["rotation"].as_f64().and_then(normalised_degrees);
    for further in coordinates["regions"].as_array().into_iter().flatten() {
        let page = i32::try_from(further["page_number"].as_i64()?).ok()?;
        zone.regions.push(region(page, sides(further)?, optional(&further["polygon"]).ok()?));
    }
    Some(())
}

/// No outline where it is null; an error where it is none.
fn optional(value: &Value) -> Result<Option<Vec<[f64; 2]>>, ()> {
    if value.is_null() { Ok(None) } else { outline(value).map(Some).ok_or(()) }
}

/// `[[x, y], …]`.
fn outline(value: &Value) -> Option<Vec<[f64; 2]>> {
    value.as_array()?.iter().map(|point| numbers(point)?.try_into().ok()).collect()
}
