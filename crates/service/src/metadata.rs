//! Metadata are held against their owner's JSON Schema (draft 2020-12), wherever this program writes them.
//!
//! A schema is a stranger's program that runs here, so it is bounded before it is compiled: no references but to its own
//! parts, and none in a circle; so many sub-schemas, written out; so many patterns, each for an engine of linear time.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use boon::{Compiler, Draft, SchemaIndex, UrlLoader, ValidationError};
use colophon_domain::MetadataSchema;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::Error;

/// Bytes that a schema may have.
const MAX_BYTES: usize = 64 << 10;
/// How deep a schema may nest.
const MAX_DEPTH: usize = 32;
/// Values of a schema, each reference counted as what it refers to.
const MAX_WEIGHT: usize = 5_000;
/// Patterns of a schema; those of a part that is referred to count twice.
const MAX_PATTERNS: usize = 100;
/// Bytes that a pattern may have once compiled.
const MAX_PATTERN_BYTES: usize = 256 << 10;
/// Values that metadata may hold where there is a schema.
const MAX_VALUES: usize = 10_000;
/// Violations that are told.
const MAX_VIOLATIONS: usize = 50;
/// Characters of a violation's reason.
const MAX_REASON: usize = 300;
/// Compiled schemas that are kept.
const MAX_KEPT: usize = 256;

const LOCATION: &str = "urn:colophon:metadata-schema";
const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// A place in metadata that their schema does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// JSON pointer into the metadata; empty for the whole.
    pub pointer: String,
    /// What is wrong there.
    pub reason: String,
}

/// Schemas that have been compiled, one of each owner.
#[derive(Debug, Clone, Default)]
pub struct MetadataSchemas(Arc<Mutex<HashMap<String, Kept>>>);

#[derive(Debug, Clone)]
struct Kept {
    /// With the revision, since a schema that is made anew begins at revision 1 again.
    created_at: Timestamp,
    revision: i64,
    compiled: Arc<Compiled>,
}

impl MetadataSchemas {
    /// Holds metadata against a schema.
    ///
    /// # Errors
    /// [`Error::MetadataInvalid`] with each violation, 50 at most; [`Error::SchemaInvalid`] where the schema itself cannot
    /// be used: it was written past this program.
    pub async fn check(&self, schema: &MetadataSchema, metadata: &Map<String, Value>) -> Result<(), Error> {
        let compiled = self.compiled(schema)?;
        let metadata = Value::Object(metadata.clone());
        // At most so long that no other request notices much, but long enough for a thread of its own.
        let checked = tokio::task::spawn_blocking(move || compiled.violations(&metadata)).await;
        let violations = checked.map_err(|error| Error::SchemaInvalid { reason: error.to_string() })?;
        if violations.is_empty() { Ok(()) } else { Err(Error::MetadataInvalid { violations }) }
    }

    fn compiled(&self, schema: &MetadataSchema) -> Result<Arc<Compiled>, Error> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = kept.get(&schema.owner)
            && (found.created_at, found.revision) == (schema.created_at, schema.revision)
        {
            return Ok(Arc::clone(&found.compiled));
        }
        drop(kept);
        let compiled = Arc::new(Compiled::new(&schema.schema)?);
        kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_KEPT
            && let Some(any) = kept.keys().next().cloned()
        {
            kept.remove(&any);
        }
        let new = Kept {
            created_at: schema.created_at,
            revision: schema.revision,
            compiled: Arc::clone(&compiled),
        };
        kept.insert(schema.owner.clone(), new);
        Ok(compiled)
    }
}

/// A schema that can be applied.
struct Compiled {
    schemas: boon::Schemas,
    root: SchemaIndex,
}

impl std::fmt::Debug for Compiled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Compiled").field("parts", &self.schemas.size()).finish_non_exhaustive()
    }
}

/// Looks whether a schema can be used.
///
/// # Errors
/// [`Error::SchemaInvalid`] with the reason.
pub fn check_schema(schema: &Value) -> Result<(), Error> {
    Compiled::new(schema).map(drop)
}

impl Compiled {
    fn new(schema: &Value) -> Result<Self, Error> {
        bounded(schema)?;
        let mut compiler = Compiler::new();
        compiler.use_loader(Box::new(Nothing));
        compiler.set_default_draft(Draft::V2020_12);
        compiler.enable_format_assertions();
        compiler.add_resource(LOCATION, schema.clone()).map_err(|error| invalid(error.to_string()))?;
        let mut schemas = boon::Schemas::new();
        let root = compiler.compile(LOCATION, &mut schemas).map_err(|error| invalid(told(&error)))?;
        Ok(Self { schemas, root })
    }

    fn violations(&self, metadata: &Value) -> Vec<Violation> {
        if count(metadata) > MAX_VALUES {
            let reason =
                format!("holds more than {MAX_VALUES} values, the most that are held against a schema");
            return vec![Violation { pointer: String::new(), reason }];
        }
        let mut found = Vec::new();
        if let Err(error) = self.schemas.validate(metadata, self.root) {
            leaves(&error, &mut found);
        }
        found
    }
}

/// The errors that no other error explains.
fn leaves(error: &ValidationError<'_, '_>, found: &mut Vec<Violation>) {
    if found.len() == MAX_VIOLATIONS {
        return;
    }
    if error.causes.is_empty() {
        let (pointer, reason) = (error.instance_location.to_string(), shortened(&error.kind.to_string()));
        let violation = Violation { pointer, reason };
        if !found.contains(&violation) {
            found.push(violation);
        }
    }
    for cause in &error.causes {
        leaves(cause, found);
    }
}

fn shortened(reason: &str) -> String {
    match reason.char_indices().nth(MAX_REASON) {
        Some((end, _)) => format!("{}…", &reason[..end]),
        None => reason.to_owned(),
    }
}

/// What a schema refers to is looked for nowhere: neither in files nor in the network.
struct Nothing;

impl UrlLoader for Nothing {
    fn load(&self, url: &str) -> Result<Value, Box<dyn std::error::Error>> {
        Err(format!("{url} is not looked up").into())
    }
}

fn invalid(reason: impl Into<String>) -> Error {
    Error::SchemaInvalid { reason: shortened(&reason.into()) }
}

/// The compiler's words, without the name that we gave the schema.
fn told(error: &boon::CompileError) -> String {
    match error {
        boon::CompileError::ValidationError { src, .. } => {
            let mut found = Vec::new();
            leaves(src, &mut found);
            let places = found.iter().take(3).map(|v| format!("at {:?}: {}", v.pointer, v.reason));
            places.collect::<Vec<_>>().join("; ")
        }
        other => other.to_string(),
    }
}

/// Whether a schema stays within bounds, whatever it says.
fn bounded(schema: &Value) -> Result<(), Error> {
    let Value::Object(top) = schema else {
        return Err(invalid("it must be a JSON object"));
    };
    let bytes = serde_json::to_vec(schema).map_or(usize::MAX, |json| json.len());
    if bytes > MAX_BYTES {
        return Err(invalid(format!("it has {bytes} bytes; at most {MAX_BYTES} are taken")));
    }
    if let Some(draft) = top.get("$schema")
        && draft.as_str().map(|draft| draft.trim_end_matches('#')) != Some(DRAFT)
    {
        return Err(invalid(format!("$schema must be {DRAFT}")));
    }
    let mut bounds = Bounds { root: schema, weights: BTreeMap::new(), patterns: 0 };
    let weight = bounds.weight(schema, 1)?;
    if weight > MAX_WEIGHT {
        return Err(invalid(format!("it holds more than {MAX_WEIGHT} values, references written out")));
    }
    Ok(())
}

struct Bounds<'s> {
    root: &'s Value,
    /// Of what was referred to; `None` while it is being weighed.
    weights: BTreeMap<String, Option<usize>>,
    patterns: usize,
}

impl Bounds<'_> {
    /// How many values there are, each reference counted as what it refers to. What only looks like a keyword, in an
    /// `enum` or as a property's name, is taken for one: that refuses a few odd schemas, and lets none through.
    fn weight(&mut self, value: &Value, depth: usize) -> Result<usize, Error> {
        if depth > MAX_DEPTH {
            return Err(invalid(format!("it nests deeper than {MAX_DEPTH} levels")));
        }
        let mut weight = 1_usize;
        match value {
            Value::Array(items) => {
                for item in items {
                    weight = weight.saturating_add(self.weight(item, depth + 1)?);
                }
            }
            Value::Object(fields) => {
                for (key, value) in fields {
                    weight = weight.saturating_add(self.keyword(key, value, depth)?);
                    weight = weight.saturating_add(self.weight(value, depth + 1)?);
                }
            }
            _ => {}
        }
        Ok(weight)
    }

    fn keyword(&mut self, key: &str, value: &Value, depth: usize) -> Result<usize, Error> {
        match (key, value) {
            ("$ref", Value::String(to)) => self.referred(to),
            ("$dynamicRef" | "$recursiveRef" | "$anchor" | "$dynamicAnchor", Value::String(_)) => {
                Err(invalid(format!("{key} is not taken; refer to \"#/$defs/…\" by $ref")))
            }
            ("$id", Value::String(_)) if depth > 1 => Err(invalid("$id is taken at the top alone")),
            ("pattern", Value::String(pattern)) => self.pattern(pattern).map(|()| 0),
            ("patternProperties", Value::Object(fields)) => {
                fields.keys().try_for_each(|pattern| self.pattern(pattern)).map(|()| 0)
            }
            _ => Ok(0),
        }
    }

    fn referred(&mut self, to: &str) -> Result<usize, Error> {
        match self.weights.get(to) {
            Some(Some(weight)) => return Ok(*weight),
            Some(None) => return Err(invalid(format!("$ref {to:?} leads back to itself"))),
            None => {}
        }
        let target =
            to.strip_prefix('#').filter(|pointer| pointer.starts_with('/') && !pointer.contains('%'));
        let target = target.and_then(|pointer| self.root.pointer(pointer));
        let Some(target) = target else {
            return Err(invalid(format!("$ref {to:?} names no part of it; only \"#/…\" is taken")));
        };
        self.weights.insert(to.to_owned(), None);
        let weight = self.weight(target, 1)?;
        self.weights.insert(to.to_owned(), Some(weight));
        Ok(weight)
    }

    fn pattern(&mut self, pattern: &str) -> Result<(), Error> {
        self.patterns += 1;
        if self.patterns > MAX_PATTERNS {
            return Err(invalid(format!("it has more than {MAX_PATTERNS} patterns")));
        }
        let built = regex::RegexBuilder::new(pattern).size_limit(MAX_PATTERN_BYTES).build();
        built.map(drop).map_err(|error| invalid(format!("pattern {pattern:?}: {error}")))
    }
}

fn count(value: &Value) -> usize {
    let mut rest = vec![value];
    let mut values = 0;
    while let Some(value) = rest.pop() {
        values += 1;
        match value {
            Value::Array(items) => rest.extend(items),
            Value::Object(fields) => rest.extend(fields.values()),
            _ => {}
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use serde_json::json;

    use super::*;

    fn refused(schema: &Value) -> String {
        match Compiled::new(schema) {
            Err(Error::SchemaInvalid { reason }) => reason,
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("{schema} is taken"),
        }
    }

    #[test]
    fn every_violation_is_told_with_its_place() {
        let schema = Compiled::new(&json!({
            "$schema": DRAFT, "type": "object", "required": ["customer"],
            "properties": { "year": { "type": "integer" }, "a/b": { "$ref": "#/$defs/day" } },
            "additionalProperties": { "type": "string" }, "$defs": { "day": { "type": "string", "format": "date" } },
        }))
        .unwrap();
        let ok = json!({ "customer": "x", "year": 2020, "a/b": "2026-11-22" });
        assert_eq!(schema.violations(&ok), []);
        let mut pointers: Vec<_> = schema
            .violations(&json!({ "year": "2020", "a/b": "yesterday", "other": 1 }))
            .into_iter()
            .map(|violation| violation.pointer)
            .collect();
        pointers.sort();
        assert_eq!(pointers, ["", "/a~1b", "/other", "/year"]);
    }

    #[test]
    fn what_is_told_is_bounded() {
        let schema = Compiled::new(&json!({ "additionalProperties": { "pattern": "^a$" } })).unwrap();
        let many: Map<String, Value> = (0..9_000).map(|n| (n.to_string(), json!("x".repeat(100)))).collect();
        let violations = schema.violations(&Value::Object(many));
        assert_eq!(violations.len(), MAX_VIOLATIONS);
        let long = schema.violations(&json!({ "a": "x".repeat(1 << 19) }));
        assert!(long[0].reason.len() <= MAX_REASON + 3);
        let too_many = schema.violations(&json!({ "a": vec![0; MAX_VALUES] }));
        assert!(too_many[0].reason.contains("10000"), "{too_many:?}");
    }

    #[test]
    fn a_schema_that_is_none_or_goes_out_of_bounds_is_refused_with_the_reason() {
        let nested = (0..40).fold(json!({}), |inner, _| json!({ "not": inner }));
        let laughs = (0..30).fold(json!({ "d0": {} }), |mut defs, n| {
            let to = json!({ "$ref": format!("#/$defs/d{n}") });
            defs[format!("d{}", n + 1)] = json!({ "allOf": [to.clone(), to] });
            defs
        });
        for (schema, reason) in [
            (json!(true), "object"),
            (json!({ "type": "objekt" }), "/type"),
            (json!({ "minimum": "1" }), "/minimum"),
            (json!({ "$schema": "http://json-schema.org/draft-07/schema#" }), "2020-12"),
            (json!({ "$ref": "https://example.org/schema.json" }), "names no part"),
            (json!({ "$ref": "file:///etc/passwd" }), "names no part"),
            (json!({ "$ref": "#/$defs/none" }), "names no part"),
            (json!({ "$ref": "#" }), "names no part"),
            (json!({ "$defs": { "a": { "$ref": "#/$defs/a" } } }), "itself"),
            (json!({ "properties": { "a": { "$ref": "#/properties" } } }), "itself"),
            (json!({ "$dynamicRef": "#a" }), "$dynamicRef"),
            (json!({ "properties": { "a": { "$id": "b" } } }), "$id"),
            (json!({ "$defs": laughs, "$ref": "#/$defs/d30" }), "5000"),
            (nested, "32 levels"),
            (json!({ "description": "x".repeat(MAX_BYTES) }), "bytes"),
            (json!({ "pattern": "(a{1000}){1000}" }), "pattern"),
            (json!({ "pattern": "(?=a)" }), "pattern"),
            (json!({ "pattern": "(" }), "pattern"),
            (json!({ "patternProperties": { "[": {} } }), "pattern"),
            (json!({ "allOf": vec![json!({ "pattern": "a" }); 120] }), "100 patterns"),
        ] {
            let told = refused(&schema);
            assert!(told.contains(reason), "{}: {told}", shortened(&schema.to_string()));
        }
    }

    #[test]
    fn an_evil_pattern_takes_no_longer_than_another() {
        let schema = json!({ "properties": { "a": { "pattern": "^(([a-z])+.)+[A-Z]([a-z])+$" }, "b": { "pattern": "^(a|a)*$" },
            "c": { "pattern": "(.*)*(.*)*x$" } } });
        let schema = Compiled::new(&schema).unwrap();
        let long = "a".repeat(300_000);
        let started = Instant::now();
        let violations = schema.violations(&json!({ "a": long, "b": format!("{long}!"), "c": long }));
        assert_eq!(violations.len(), 3);
        // Linear; a backtracking engine would not end within the life of the universe.
        assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    }
}
