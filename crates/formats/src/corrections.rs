//! Edits of zones as JSON: the bodies of the API, and the lines of edits that were made offline.

use std::collections::BTreeMap;

use colophon_domain::corrections::{PARTS_MAX, ZonePart, checked_reason};
use colophon_domain::geometry::Frame;
use colophon_domain::{CorrectionType, Invalid, ZoneEdit, ZoneField, ZoneId, ZonePatch, ZoneStatus};
use serde_json::{Map, Value};
use uuid::Uuid;

/// An edit, and why it is made.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// What is to be done.
    pub edit: ZoneEdit,
    /// Why.
    pub reason: Option<String>,
    /// The frame in whose numbers places are given.
    pub frame: Frame,
}

/// An edit that was made offline.
#[derive(Debug, Clone, PartialEq)]
pub struct OfflineEdit {
    /// Its maker's own identifier: makes it harmless to send it again.
    pub op_id: Uuid,
    /// The zone.
    pub zone_id: ZoneId,
    /// The revision that was seen.
    pub revision: Option<i64>,
    /// The offline edit that it builds on.
    pub after: Option<Uuid>,
    /// What is to be done, and why.
    pub edit: Edit,
}

/// Reads `{…fields, frame, reason}`: fields of a zone to change.
///
/// # Errors
/// Which field cannot be changed, or not to this.
pub fn change(mut body: Map<String, Value>) -> Result<Edit, Invalid> {
    let (reason, frame) = (reason(&mut body)?, frame(&mut body)?);
    let patch = patch(body)?;
    if patch.is_empty() {
        let names = ZoneField::ALL.map(ZoneField::as_str).join(", ");
        return Err(Invalid::new("zone", format!("nothing to change is named: {names}")));
    }
    Ok(Edit { edit: ZoneEdit::Change(patch), reason, frame })
}

/// Reads `{correction_type, …fields, frame, reason}`; without a type, as [`change`].
///
/// # Errors
/// Which field is missing, or cannot be so.
pub fn correction(mut body: Map<String, Value>) -> Result<Edit, Invalid> {
    let kind = match body.remove("correction_type") {
        None => return change(body),
        Some(Value::String(name)) => name.parse::<CorrectionType>()?,
        Some(_) => return Err(Invalid::new("correction_type", "must be a text")),
    };
    let only = |body: Map<String, Value>, field: ZoneField| {
        let name = field.as_str();
        match body.keys().find(|key| *key != name && !["reason", "frame"].contains(&key.as_str())) {
            Some(other) => Err(Invalid::new(
                "correction_type",
                format!("a correction of {} changes {name}, not {other:?}", kind.as_str()),
            )),
            None if !body.contains_key(name) => Err(Invalid::new(name, "is missing")),
            None => change(body),
        }
    };
    match kind {
        CorrectionType::Text => only(body, ZoneField::Content),
        CorrectionType::Type => only(body, ZoneField::ZoneType),
        CorrectionType::Geometry => only(body, ZoneField::Coordinates),
        CorrectionType::Accept => {
            body.insert(ZoneField::Status.as_str().to_owned(), ZoneStatus::Verified.as_str().into());
            only(body, ZoneField::Status)
        }
        CorrectionType::Delete => {
            let reason = reason(&mut body)?;
            nothing_else(&body, "a deletion")?;
            Ok(Edit { edit: ZoneEdit::Delete, reason, frame: Frame::default() })
        }
        CorrectionType::Split => split(body),
        CorrectionType::Merge => merge(body),
        CorrectionType::Create => {
            Err(Invalid::new("correction_type", "create is recorded when a zone is drawn: store the zone"))
        }
    }
}

/// Reads a line `{op_id, zone_id, revision or after, correction_type, …fields, reason}`.
///
/// # Errors
/// Which field is missing, or cannot be so.
pub fn offline(mut body: Map<String, Value>) -> Result<OfflineEdit, Invalid> {
    let op_id = uuid(&mut body, "op_id")?.ok_or_else(|| Invalid::new("op_id", "is missing"))?;
    let zone_id = uuid(&mut body, "zone_id")?.ok_or_else(|| Invalid::new("zone_id", "is missing"))?;
    let after = uuid(&mut body, "after")?;
    let revision = match body.remove("revision") {
        None | Some(Value::Null) => None,
        Some(revision) => match revision.as_i64() {
            Some(revision) => Some(revision),
            None => return Err(Invalid::new("revision", "must be the number that was read with the zone")),
        },
    };
    if revision.is_some() == after.is_some() {
        let rule = "say either the revision that was seen, or in `after` the op_id that this edit builds on";
        return Err(Invalid::new("revision", rule));
    }
    Ok(OfflineEdit { op_id, zone_id: ZoneId(zone_id), revision, after, edit: correction(body)? })
}

fn split(mut body: Map<String, Value>) -> Result<Edit, Invalid> {
    let (reason, frame) = (reason(&mut body)?, frame(&mut body)?);
    let Some(Value::Array(zones)) = body.remove("zones") else {
        return Err(Invalid::new("zones", "must be an array of the zones that it is split into"));
    };
    nothing_else(&body, "a split")?;
    several("zones", zones.len())?;
    let parts = zones.into_iter().map(|zone| match zone {
        Value::Object(fields) => part(fields),
        _ => Err(Invalid::new("zones", "must be objects")),
    });
    Ok(Edit { edit: ZoneEdit::Split(parts.collect::<Result<_, _>>()?), reason, frame })
}

fn merge(mut body: Map<String, Value>) -> Result<Edit, Invalid> {
    let (reason, frame) = (reason(&mut body)?, frame(&mut body)?);
    let refuse = || Invalid::new("zone_ids", "must be an array of the identifiers of the other zones");
    let Some(Value::Array(ids)) = body.remove("zone_ids") else { return Err(refuse()) };
    let mut others = BTreeMap::new();
    for id in &ids {
        let id: ZoneId = id.as_str().and_then(|id| id.parse().ok()).ok_or_else(refuse)?;
        others.insert(id, None);
    }
    let rule = || Invalid::new("revisions", "must be an object: the revision that was seen of each zone");
    match body.remove("revisions") {
        None | Some(Value::Null) => {}
        Some(Value::Object(revisions)) => {
            for (id, revision) in revisions {
                let id: ZoneId = id.parse().map_err(|_| rule())?;
                let seen = others.get_mut(&id).ok_or_else(rule)?;
                *seen = Some(revision.as_i64().ok_or_else(rule)?);
            }
        }
        Some(_) => return Err(rule()),
    }
    // The zone itself may be named among them.
    several("zone_ids", others.len() + 1)?;
    Ok(Edit { edit: ZoneEdit::Merge { others, into: part(body)? }, reason, frame })
}

fn part(fields: Map<String, Value>) -> Result<ZonePart, Invalid> {
    for field in [ZoneField::Status, ZoneField::ZoneIndex] {
        if fields.contains_key(field.as_str()) {
            return Err(Invalid::new(field.as_str(), "follows from the split or the merge; leave it out"));
        }
    }
    let mut part = patch(fields)?;
    if let Some(Value::Object(metadata)) = part.get(ZoneField::Metadata) {
        let metadata: Map<String, Value> = metadata
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        part.set(ZoneField::Metadata, Value::Object(metadata))?;
    }
    Ok(ZonePart(part))
}

fn patch(fields: Map<String, Value>) -> Result<ZonePatch, Invalid> {
    let mut patch = ZonePatch::default();
    for (name, value) in fields {
        patch.set(name.parse()?, value)?;
    }
    Ok(patch)
}

fn reason(body: &mut Map<String, Value>) -> Result<Option<String>, Invalid> {
    match body.remove("reason") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(reason)) => checked_reason(reason).map(Some),
        Some(_) => Err(Invalid::new("reason", "must be a text")),
    }
}

fn frame(body: &mut Map<String, Value>) -> Result<Frame, Invalid> {
    match body.remove("frame") {
        None | Some(Value::Null) => Ok(Frame::default()),
        Some(Value::String(name)) => name.parse(),
        Some(_) => Err(Invalid::new("frame", "must be a text")),
    }
}

fn uuid(body: &mut Map<String, Value>, name: &'static str) -> Result<Option<Uuid>, Invalid> {
    match body.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_str().and_then(|text| Uuid::parse_str(text).ok()) {
            Some(id) => Ok(Some(id)),
            None => Err(Invalid::new(name, "must be a UUID")),
        },
    }
}

fn nothing_else(body: &Map<String, Value>, what: &str) -> Result<(), Invalid> {
    match body.keys().next() {
        Some(other) => Err(Invalid::new("correction_type", format!("{what} has no {other:?}"))),
        None => Ok(()),
    }
}

fn several(field: &'static str, count: usize) -> Result<(), Invalid> {
    if (2..=PARTS_MAX).contains(&count) {
        return Ok(());
    }
    Err(Invalid::new(field, format!("must be 2 to {PARTS_MAX} zones; got {count}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(object) => object,
            other => panic!("{other} is no object"),
        }
    }

    #[test]
    fn each_kind_of_correction_says_what_it_is_about_and_nothing_else() {
        for body in [
            json!({"correction_type": "text", "content": "a", "reason": "typo"}),
            json!({"correction_type": "type", "zone_type": "title"}),
            json!({"correction_type": "geometry", "coordinates": null}),
            json!({"correction_type": "accept"}),
            json!({"correction_type": "delete", "reason": "noise"}),
            json!({"correction_type": "split", "zones": [{"content": "a"}, {"content": "b"}]}),
            json!({"correction_type": "merge", "zone_ids": [Uuid::nil()]}),
            json!({"content": "a", "zone_type": "title", "language": "de"}),
        ] {
            assert!(correction(object(body.clone())).is_ok(), "{body}");
        }
        for (body, field) in [
            (json!({}), "zone"),
            (json!({"correction_type": "text"}), "content"),
            (json!({"correction_type": "text", "content": "a", "zone_type": "b"}), "correction_type"),
            (json!({"correction_type": "accept", "content": "a"}), "correction_type"),
            (json!({"correction_type": "delete", "content": "a"}), "correction_type"),
            (json!({"correction_type": "create"}), "correction_type"),
            (json!({"correction_type": 1}), "correction_type"),
            (json!({"correction_type": "split", "zones": [{}]}), "zones"),
            (json!({"correction_type": "split", "zones": [{}, {"zone_index": 1}]}), "zone_index"),
            (json!({"correction_type": "merge", "zone_ids": []}), "zone_ids"),
            (json!({"correction_type": "merge", "zone_ids": ["a"]}), "zone_ids"),
            (json!({"content": "a", "reason": ""}), "reason"),
            (json!({"revision": 1}), "zone"),
        ] {
            assert_eq!(correction(object(body.clone())).unwrap_err().field, field, "{body}");
        }
    }

    #[test]
    fn an_offline_edit_says_what_it_was_made_on() {
        let (op, zone) = (Uuid::now_v7(), Uuid::now_v7());
        let line = json!({"op_id": op, "zone_id": zone, "revision": 3, "content": "a"});
        let read = offline(object(line)).unwrap();
        assert_eq!((read.op_id, read.zone_id, read.revision), (op, ZoneId(zone), Some(3)));
        for (line, field) in [
            (json!({"zone_id": zone, "revision": 3, "content": "a"}), "op_id"),
            (json!({"op_id": op, "revision": 3, "content": "a"}), "zone_id"),
            (json!({"op_id": op, "zone_id": zone, "content": "a"}), "revision"),
            (json!({"op_id": op, "zone_id": zone, "revision": 1, "after": op, "content": "a"}), "revision"),
            (json!({"op_id": op, "zone_id": zone, "revision": "1", "content": "a"}), "revision"),
        ] {
            assert_eq!(offline(object(line.clone())).unwrap_err().field, field, "{line}");
        }
    }
}
