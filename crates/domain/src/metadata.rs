//! The JSON object that callers keep with a document.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::Invalid;

/// Bytes that a document's metadata may have, as JSON.
pub const METADATA_MAX_BYTES: usize = 1 << 20;
/// How deep it may nest; the object itself is the first level.
pub const METADATA_MAX_DEPTH: usize = 64;
/// The longest plain value that is filtered and sorted by, in characters.
pub const VALUE_MAX_CHARS: usize = 200;
/// The longest key that is filtered and sorted by, in characters.
pub const KEY_MAX_CHARS: usize = 100;

/// What the metadata of an owner's documents must look like.
#[derive(Debug, Clone)]
pub struct MetadataSchema {
    /// Whose documents it holds for.
    pub owner: String,
    /// JSON Schema, draft 2020-12.
    pub schema: Value,
    /// When the owner first gave one.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Raised by every change, from 1.
    pub revision: i64,
}

/// Whether an object can be kept as metadata.
///
/// # Errors
/// It is larger than 1 MiB, nests deeper than 64 levels, or holds U+0000, which PostgreSQL cannot keep.
pub fn check(metadata: &Map<String, Value>) -> Result<(), Invalid> {
    let mut rest: Vec<(&Value, usize)> = Vec::new();
    let object = |object: &'_ Map<String, Value>| object.keys().any(|key| key.contains('\0'));
    let mut nul = object(metadata);
    rest.extend(metadata.values().map(|value| (value, 2)));
    while let Some((value, depth)) = rest.pop() {
        if depth > METADATA_MAX_DEPTH && matches!(value, Value::Array(_) | Value::Object(_)) {
            return Err(Invalid::new("metadata", format!("nests deeper than {METADATA_MAX_DEPTH} levels")));
        }
        match value {
            Value::String(text) => nul |= text.contains('\0'),
            Value::Array(items) => rest.extend(items.iter().map(|item| (item, depth + 1))),
            Value::Object(fields) => {
                nul |= object(fields);
                rest.extend(fields.values().map(|value| (value, depth + 1)));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    if nul {
        return Err(Invalid::new("metadata", "must be a JSON object whose texts hold no U+0000"));
    }
    let bytes = serde_json::to_vec(metadata).map_or(usize::MAX, |json| json.len());
    if bytes > METADATA_MAX_BYTES {
        let reason = format!("has {bytes} bytes; at most {METADATA_MAX_BYTES} are kept");
        return Err(Invalid::new("metadata", reason));
    }
    Ok(())
}

/// Applies a JSON merge patch (RFC 7396): what is null in the patch goes, what is an object is merged, the rest replaces.
pub fn merge_patch(target: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (key, change) in patch {
        match change {
            Value::Null => {
                target.remove(&key);
            }
            Value::Object(change) => {
                if let Some(Value::Object(there)) = target.get_mut(&key) {
                    merge_patch(there, change);
                } else {
                    let mut new = Map::new();
                    merge_patch(&mut new, change);
                    target.insert(key, Value::Object(new));
                }
            }
            plain => {
                target.insert(key, plain);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_merge_patch_does_what_the_examples_of_rfc_7396_say() {
        for (target, patch, result) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ] {
            let mut merged = map(&target);
            merge_patch(&mut merged, map(&patch));
            assert_eq!(Value::Object(merged), result, "{target} with {patch}");
        }
    }

    #[test]
    fn what_cannot_be_kept_is_refused_with_the_limit() {
        let nested = |levels: usize| (1..levels).fold(json!({}), |inner, _| json!({ "a": inner }));
        assert!(check(&map(&nested(METADATA_MAX_DEPTH))).is_ok());
        assert!(check(&map(&nested(METADATA_MAX_DEPTH + 1))).unwrap_err().reason.contains("64"));
        for nul in [json!({"a\u{0}": 1}), json!({"a": ["\u{0}"]}), json!({"a": {"b": {"\u{0}": 1}}})] {
            assert!(check(&map(&nul)).unwrap_err().reason.contains("U+0000"), "{nul}");
        }
        let large = json!({ "a": "x".repeat(METADATA_MAX_BYTES) });
        assert!(check(&map(&large)).unwrap_err().reason.contains("1048576"));
        assert!(check(&map(&json!({"__proto__": {"constructor": 1}, "": 1e308}))).is_ok());
    }
}
