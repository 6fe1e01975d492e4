//! The states that a zone was in, the steps between them, and what differs between two.

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{Invalid, ZoneId};

/// A zone as it was: its columns by their names.
pub type ZoneImage = Map<String, Value>;

/// What of a zone can change and be undone. The others (`id`, `document_id`, `version`, `created_at`, `updated_at`,
/// `revision`, `zones_revision`) say which zone it is and when it changed.
pub const FIELDS: [&str; 18] = [
    "content",
    "zone_type",
    "coordinates",
    "status",
    "page_number",
    "zone_index",
    "confidence",
    "processing_tool",
    "metadata",
    "label",
    "external_id",
    "parent_id",
    "language",
    "processing_model",
    "job_id",
    "source",
    "original",
    "created_by",
];

/// A state that a zone was in.
#[derive(Debug, Clone, PartialEq)]
pub struct ZoneState {
    /// The zone.
    pub zone_id: ZoneId,
    /// The change that made it so.
    pub zones_revision: i64,
    /// The change that ended it; absent where it stands.
    pub until_revision: Option<i64>,
    /// The state.
    pub zone: ZoneImage,
}

/// What one change did to a zone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step<'a> {
    /// The change.
    pub revision: i64,
    /// The zone before; absent where it was not there.
    pub before: Option<&'a ZoneImage>,
    /// The zone after; absent where it was deleted.
    pub after: Option<&'a ZoneImage>,
}

impl<'a> Step<'a> {
    /// The fields that it changed. What is not there has nothing but nulls.
    pub fn changed(&self) -> impl Iterator<Item = &'static str> + use<'a> {
        changed(self.before, self.after)
    }
}

/// The steps of one zone, given its states in order; a zone that is created begins with a step, one that was there before
/// `since` does not.
pub fn steps(states: &[ZoneState], since: i64) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    let mut before: Option<&ZoneState> = None;
    for state in states {
        let joined = before.filter(|before| before.until_revision == Some(state.zones_revision));
        if let (None, Some(ended)) = (joined, before)
            && let Some(revision) = ended.until_revision
        {
            steps.push(Step { revision, before: Some(&ended.zone), after: None });
        }
        if before.is_some() || state.zones_revision >= since {
            let before = joined.map(|before| &before.zone);
            steps.push(Step { revision: state.zones_revision, before, after: Some(&state.zone) });
        }
        before = Some(state);
    }
    if let Some(last) = before
        && let Some(revision) = last.until_revision
    {
        steps.push(Step { revision, before: Some(&last.zone), after: None });
    }
    steps
}

/// The value of a field; null where the zone or the field is not there.
pub fn value<'a>(zone: Option<&'a ZoneImage>, field: &str) -> &'a Value {
    zone.and_then(|zone| zone.get(field)).unwrap_or(&Value::Null)
}

/// The fields in which two states differ.
pub fn changed(before: Option<&ZoneImage>, after: Option<&ZoneImage>) -> impl Iterator<Item = &'static str> {
    let differing: Vec<_> = FIELDS.into_iter().filter(|f| value(before, f) != value(after, f)).collect();
    differing.into_iter()
}

/// A zone that differs between two revisions of a document's zones.
#[derive(Debug, Clone, PartialEq)]
pub struct ZoneDiff {
    /// The zone.
    pub zone_id: ZoneId,
    /// As it was at the one; absent where it was not there.
    pub before: Option<ZoneImage>,
    /// As it was at the other.
    pub after: Option<ZoneImage>,
}

impl ZoneDiff {
    /// The fields in which it differs.
    pub fn changed(&self) -> Vec<&'static str> {
        changed(self.before.as_ref(), self.after.as_ref()).collect()
    }

    /// What happened to it, in a word each: `added`, `removed`, or any of `moved`, `retyped`, `retexted`, `status`,
    /// `reordered`, `other`. Nothing, where it came back to what it was.
    pub fn kinds(&self) -> Vec<&'static str> {
        match (&self.before, &self.after) {
            (None, Some(_)) => return vec!["added"],
            (Some(_), None) => return vec!["removed"],
            _ => {}
        }
        let mut kinds = Vec::new();
        for field in self.changed() {
            let kind = match field {
                "coordinates" | "page_number" => "moved",
                "zone_type" => "retyped",
                "content" => "retexted",
                "status" => "status",
                "zone_index" => "reordered",
                // It follows from the others.
                "original" => continue,
                _ => "other",
            };
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        if kinds.is_empty() && !self.changed().is_empty() {
            kinds.push("other");
        }
        kinds
    }

    /// The newer state, or the last one of a zone that is gone.
    pub fn shown(&self) -> Option<&ZoneImage> {
        self.after.as_ref().or(self.before.as_ref())
    }
}

/// How many zones differ, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DiffCounts {
    /// There only at the later one.
    pub added: i64,
    /// There only at the earlier one.
    pub removed: i64,
    /// There at both, and different in any field.
    pub changed: i64,
    /// Of those: with another place.
    pub moved: i64,
    /// With another type.
    pub retyped: i64,
    /// With another text.
    pub retexted: i64,
    /// With another status.
    pub status: i64,
}

/// A place in a list of zones that differ, in reading order. Its text is opaque to callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiffCursor {
    /// Version of the last row seen.
    pub version: i32,
    /// Its `zone_index`.
    pub zone_index: i32,
    /// Its zone.
    pub zone_id: ZoneId,
}

impl std::fmt::Display for DiffCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.version, self.zone_index, self.zone_id.0.simple())
    }
}

impl std::str::FromStr for DiffCursor {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let mut parts = text.splitn(3, '.');
        let mut next = || parts.next().unwrap_or_default();
        let (version, zone_index, id) = (next().parse(), next().parse(), Uuid::parse_str(next()));
        match (version, zone_index, id) {
            (Ok(version), Ok(zone_index), Ok(id)) => Ok(Self { version, zone_index, zone_id: ZoneId(id) }),
            _ => Err(Invalid::new("cursor", "is not one that this server gave; begin without a cursor")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn state(from: i64, until: Option<i64>, content: &str) -> ZoneState {
        let zone = json!({ "content": content }).as_object().cloned().unwrap();
        ZoneState { zone_id: ZoneId(Uuid::nil()), zones_revision: from, until_revision: until, zone }
    }

    #[test]
    fn steps_are_what_lies_between_states_with_what_came_and_went() {
        let states = [state(1, Some(3), "a"), state(3, Some(5), "b"), state(7, None, "c")];
        let told: Vec<_> = steps(&states, 2)
            .iter()
            .map(|s| (s.revision, value(s.before, "content").as_str(), value(s.after, "content").as_str()))
            .collect();
        assert_eq!(told, [(3, Some("a"), Some("b")), (5, Some("b"), None), (7, None, Some("c"))]);
        assert_eq!(steps(&states, 1).len(), 4, "it was created at 1");
    }

    #[test]
    fn a_cursor_survives_the_journey_and_nonsense_is_refused() {
        let cursor = DiffCursor { version: 2, zone_index: 17, zone_id: ZoneId(Uuid::now_v7()) };
        assert_eq!(cursor.to_string().parse::<DiffCursor>().unwrap(), cursor);
        for nonsense in ["", "1.2", "1.2.x", "a.2.3", "1.2.3.4"] {
            assert!(nonsense.parse::<DiffCursor>().is_err(), "{nonsense:?}");
        }
    }
}
