//! Three sides of a zone: what its editor saw, what others made of it since, what the editor wants.

use serde_json::{Map, Value};

use super::{ZoneField, ZonePatch};
use crate::Zone;

/// What is to be written of `patch`, made for `base`, onto `theirs`: the fields that only the editor changed. What both
/// changed alike is fine; metadata are compared key by key. Without a base, everything that would change is in conflict.
///
/// # Errors
/// The fields that both changed, each to something else; keys of metadata as `metadata/key`.
pub fn merge(base: Option<&Zone>, theirs: &Zone, patch: &ZonePatch) -> Result<ZonePatch, Vec<String>> {
    let (mut merged, mut conflicts) = (ZonePatch::default(), Vec::new());
    for field in patch.fields() {
        let there = field.of(theirs);
        let (before, yours) = match base {
            Some(base) => (Some(field.of(base)), patch.applied(field, base)),
            None => (None, patch.applied(field, theirs)),
        };
        let result = match (before, field) {
            (Some(before), ZoneField::Metadata) => {
                Some(objects(&before, &there, &yours, field.as_str(), &mut conflicts))
            }
            (before, _) => value(before.as_ref(), &there, &yours, field.as_str(), &mut conflicts),
        };
        merged.0.extend(result.filter(|result| !same(result, &there)).map(|result| (field, result)));
    }
    if conflicts.is_empty() { Ok(merged) } else { Err(conflicts) }
}

fn value(
    base: Option<&Value>,
    theirs: &Value,
    yours: &Value,
    name: &str,
    conflicts: &mut Vec<String>,
) -> Option<Value> {
    let of_theirs = same(theirs, yours) || base.is_some_and(|base| same(base, yours));
    if !of_theirs && base.is_none_or(|base| !same(base, theirs)) {
        conflicts.push(name.to_owned());
    }
    (!of_theirs).then(|| yours.clone())
}

fn objects(base: &Value, theirs: &Value, yours: &Value, name: &str, conflicts: &mut Vec<String>) -> Value {
    let (Value::Object(of_base), Value::Object(of_theirs), Value::Object(of_yours)) = (base, theirs, yours)
    else {
        return value(Some(base), theirs, yours, name, conflicts).unwrap_or_else(|| theirs.clone());
    };
    let mut merged: Map<String, Value> = of_theirs.clone();
    for key in of_base.keys().chain(of_yours.keys().filter(|key| !of_base.contains_key(*key))) {
        let (before, there, wanted) = (of_base.get(key), of_theirs.get(key), of_yours.get(key));
        let name = format!("{name}/{key}");
        let (Some(before), Some(there), Some(wanted)) = (before, there, wanted) else {
            // One of the three has no such key: gone and null are not the same, so they are compared as they are.
            if equal(before, wanted) || equal(there, wanted) {
                continue;
            }
            if !equal(before, there) {
                conflicts.push(name);
                continue;
            }
            match wanted {
                Some(wanted) => merged.insert(key.clone(), wanted.clone()),
                None => merged.remove(key),
            };
            continue;
        };
        merged.insert(key.clone(), objects(before, there, wanted, &name, conflicts));
    }
    Value::Object(merged)
}

fn equal(one: Option<&Value>, other: Option<&Value>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => same(one, other),
        (None, None) => true,
        _ => false,
    }
}

/// Whether two values mean the same: 72 is 72.0.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let same_in = |(key, value): (&String, &Value)| other.get(key).is_some_and(|v| same(value, v));
            one.len() == other.len() && one.iter().all(same_in)
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::{DocumentId, ZoneId};

    fn zone(content: &str, zone_type: &str, metadata: Value) -> Zone {
        Zone {
            document_id: DocumentId::new(),
            id: ZoneId::new(),
            zone_index: 0,
            page_number: 1,
            zone_type: zone_type.into(),
            coordinates: json!({ "x0": 1, "y0": 2, "x1": 3, "y1": 4 }),
            content: Some(content.into()),
            confidence: None,
            processing_tool: None,
            status: "completed".into(),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            metadata,
            version: 1,
            revision: 1,
            zones_revision: 1,
            label: None,
            external_id: None,
            parent_id: None,
            language: None,
            processing_model: None,
            job_id: None,
            source: None,
            original: None,
            created_by: None,
        }
    }

    fn patch(fields: &Value) -> ZonePatch {
        let mut patch = ZonePatch::default();
        for (field, value) in fields.as_object().unwrap() {
            patch.set(field.parse().unwrap(), value.clone()).unwrap();
        }
        patch
    }

    fn merged(base: &Zone, theirs: &Zone, fields: &Value) -> Result<Value, Vec<String>> {
        merge(Some(base), theirs, &patch(fields)).map(|patch| patch.to_json())
    }

    #[test]
    fn edits_that_do_not_touch_are_both_kept_and_the_same_edit_twice_is_one() {
        let base = zone("old", "text", json!({}));
        let theirs = zone("new", "text", json!({}));
        assert_eq!(merged(&base, &theirs, &json!({"zone_type": "title"})), Ok(json!({"zone_type": "title"})));
        assert_eq!(merged(&base, &theirs, &json!({"content": "new"})), Ok(json!({})));
        assert_eq!(merged(&base, &theirs, &json!({"content": "old"})), Ok(json!({})), "that is no edit");
        assert_eq!(merged(&base, &theirs, &json!({"content": "mine"})), Err(vec!["content".to_owned()]));
        let place = json!({"coordinates": {"x0": 1.0, "y0": 2.0, "x1": 3.0, "y1": 4.0}});
        assert_eq!(merged(&base, &theirs, &place), Ok(json!({})), "72 is 72.0");
    }

    #[test]
    fn metadata_are_merged_key_by_key() {
        let base = zone("", "text", json!({"a": 1, "b": {"c": 1, "d": 1}, "gone": 1}));
        let theirs = zone("", "text", json!({"a": 2, "b": {"c": 1, "d": 2}, "gone": 1, "new": 1}));
        let yours = json!({"metadata": {"b": {"c": 3}, "gone": null, "mine": true}});
        let expected = json!({"metadata": {"a": 2, "b": {"c": 3, "d": 2}, "new": 1, "mine": true}});
        assert_eq!(merged(&base, &theirs, &yours), Ok(expected));
        let yours = json!({"metadata": {"a": 3, "b": {"d": 3}, "new": 2}});
        let conflicts = ["metadata/a", "metadata/b/d", "metadata/new"].map(str::to_owned).to_vec();
        assert_eq!(merged(&base, &theirs, &yours), Err(conflicts));
    }

    #[test]
    fn without_a_base_only_what_is_so_already_is_no_conflict() {
        let theirs = zone("new", "text", json!({}));
        assert_eq!(merge(None, &theirs, &patch(&json!({"content": "new"}))), Ok(ZonePatch::default()));
        let both = patch(&json!({"content": "mine", "zone_type": "title"}));
        assert_eq!(merge(None, &theirs, &both), Err(vec!["content".to_owned(), "zone_type".to_owned()]));
    }

    #[test]
    fn what_cannot_stand_in_a_field_is_refused_with_its_name() {
        for (field, value) in [
            ("content", json!("\0")),
            ("content", json!(1)),
            ("zone_type", json!("")),
            ("zone_type", Value::Null),
            ("coordinates", json!({"x0": 1})),
            ("coordinates", json!([0, 0, 1, 1])),
            ("status", json!("done")),
            ("language", json!("x")),
            ("label", json!("")),
            ("metadata", json!([])),
            ("parent_id", json!("nobody")),
            ("zone_index", json!(-1)),
            ("zone_index", json!(1.5)),
        ] {
            let refused = ZonePatch::default().set(field.parse().unwrap(), value.clone()).unwrap_err();
            assert_eq!(refused.field, field, "{value}");
        }
        assert!("revision".parse::<ZoneField>().is_err());
    }
}
