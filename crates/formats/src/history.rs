//! The JSON of what was: changes, what they did, what differs, what was undone.

use colophon_domain::undo::Kept;
use colophon_domain::zone_history::value;
use colophon_domain::{Change, DiffCounts, DiffCursor, List, ZoneDiff, ZoneId, ZoneImage};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

use crate::words::{Run, Words};

/// A change.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs, reason = "each field is the column of the same name; the domain documents it")]
pub struct ChangeView {
    pub document_id: Uuid,
    pub revision: i64,
    pub kind: String,
    pub version: i32,
    pub changed_by: Option<String>,
    pub job_id: Option<Uuid>,
    pub processing_tool: Option<String>,
    pub processing_model: Option<String>,
    pub reason: Option<String>,
    pub undoes: Vec<i64>,
    pub created_at: Timestamp,
    pub undone: bool,
}

impl From<Change> for ChangeView {
    fn from(e: Change) -> Self {
        Self {
            document_id: e.document_id.0,
            revision: e.revision,
            kind: e.kind,
            version: e.version,
            changed_by: e.changed_by,
            job_id: e.job_id.map(|id| id.0),
            processing_tool: e.processing_tool,
            processing_model: e.processing_model,
            reason: e.reason,
            undoes: e.undoes,
            created_at: e.created_at,
            undone: e.undone,
        }
    }
}

/// A field that differs.
#[derive(Debug, Clone, Serialize)]
pub struct FieldView {
    /// Its value at the one.
    pub before: Value,
    /// Its value at the other.
    pub after: Value,
    /// Of texts: what became of the words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<Run>,
}

/// A zone that differs.
#[derive(Debug, Clone, Serialize)]
pub struct ZoneDiffView {
    /// The zone.
    pub zone_id: Uuid,
    /// Its version of the document.
    pub version: Option<i64>,
    /// The page that it is on, or was last.
    pub page_number: Option<i64>,
    /// Its place in the reading order, or its last one.
    pub zone_index: Option<i64>,
    /// `added`, `removed`, or any of `moved`, `retyped`, `retexted`, `status`, `reordered`, `other`.
    pub kinds: Vec<&'static str>,
    /// Each field that differs.
    pub fields: BTreeMap<&'static str, FieldView>,
}

impl ZoneDiffView {
    /// A zone that differs; `words` compares the texts.
    pub fn new(diff: &ZoneDiff, words: &mut Words) -> Self {
        let number = |field| value(diff.shown(), field).as_i64();
        Self {
            zone_id: diff.zone_id.0,
            version: number("version"),
            page_number: number("page_number"),
            zone_index: number("zone_index"),
            kinds: diff.kinds(),
            fields: fields(diff, words),
        }
    }
}

/// Each field that differs, with both values.
fn fields(diff: &ZoneDiff, words: &mut Words) -> BTreeMap<&'static str, FieldView> {
    let of = |zone: &Option<ZoneImage>, field| value(zone.as_ref(), field).clone();
    let view = |field| {
        let (before, after) = (of(&diff.before, field), of(&diff.after, field));
        let words = match (&before, &after) {
            (Value::String(before), Value::String(after)) if field == "content" => words.runs(before, after),
            _ => Vec::new(),
        };
        (field, FieldView { before, after, words })
    };
    diff.changed().into_iter().map(view).collect()
}

/// A step of a zone's history.
#[derive(Debug, Clone, Serialize)]
pub struct ZoneEventView {
    /// The change; 0 is before the history began.
    pub revision: i64,
    /// `created` (also where a zone that was deleted comes back), `changed` or `deleted`.
    pub action: &'static str,
    /// The kind of the change.
    pub kind: Option<String>,
    /// The person in whose name it was made; null is the platform.
    pub changed_by: Option<String>,
    /// The run.
    pub job_id: Option<Uuid>,
    /// The tool.
    pub processing_tool: Option<String>,
    /// Its model.
    pub processing_model: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub created_at: Option<Timestamp>,
    /// Whether the change is undone.
    pub undone: bool,
    /// Each field that it changed.
    pub fields: BTreeMap<&'static str, FieldView>,
}

impl ZoneEventView {
    /// A step; `change` is none for revision 0, which is told by what the zone says of its making.
    pub fn new(revision: i64, diff: &ZoneDiff, change: Option<Change>, words: &mut Words) -> Self {
        let made = value(diff.shown(), "created_at").as_str().and_then(|time| time.parse().ok());
        let change = change.as_ref();
        Self {
            revision,
            action: match diff.kinds().first() {
                Some(&"added") => "created",
                Some(&"removed") => "deleted",
                _ => "changed",
            },
            kind: change.map(|change| change.kind.clone()),
            changed_by: change.and_then(|change| change.changed_by.clone()),
            job_id: change.and_then(|change| change.job_id).map(|id| id.0),
            processing_tool: change.and_then(|change| change.processing_tool.clone()),
            processing_model: change.and_then(|change| change.processing_model.clone()),
            reason: change.and_then(|change| change.reason.clone()),
            created_at: change.map(|change| change.created_at).or(made),
            undone: change.is_some_and(|change| change.undone),
            fields: fields(diff, words),
        }
    }
}

/// How many zones differ, and how.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs, reason = "the domain documents each")]
pub struct DiffCountsView {
    pub added: i64,
    pub removed: i64,
    pub changed: i64,
    pub moved: i64,
    pub retyped: i64,
    pub retexted: i64,
    pub status: i64,
}

impl From<DiffCounts> for DiffCountsView {
    fn from(e: DiffCounts) -> Self {
        let DiffCounts { added, removed, changed, moved, retyped, retexted, status } = e;
        Self { added, removed, changed, moved, retyped, retexted, status }
    }
}

/// What differs between two revisions.
#[derive(Debug, Clone, Serialize)]
pub struct DiffView {
    /// The one revision.
    pub from: i64,
    /// The other.
    pub to: i64,
    /// How many zones differ; with the first part of the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts: Option<DiffCountsView>,
    /// Zones that differ, in reading order.
    pub items: Vec<ZoneDiffView>,
    /// Give it back as `cursor` for the next part; null at the end.
    pub next_cursor: Option<String>,
}

impl DiffView {
    /// What differs; `words` compares the texts.
    pub fn new(
        (from, to): (i64, i64),
        counts: Option<DiffCounts>,
        zones: &List<ZoneDiff, DiffCursor>,
        words: &mut Words,
    ) -> Self {
        Self {
            from,
            to,
            counts: counts.map(Into::into),
            items: zones.items.iter().map(|zone| ZoneDiffView::new(zone, words)).collect(),
            next_cursor: zones.next_cursor.map(|cursor| cursor.to_string()),
        }
    }
}

/// What a change did.
#[derive(Debug, Clone, Serialize)]
pub struct ChangeWithZonesView {
    /// The change.
    #[serde(flatten)]
    pub change: ChangeView,
    /// What it did, zone by zone.
    pub zones: DiffView,
}

/// What stays although it should be undone.
#[derive(Debug, Clone, Serialize)]
pub struct KeptView {
    /// The zone.
    pub zone_id: Uuid,
    /// The field; `zone` where it is a matter of there being one.
    pub field: &'static str,
    /// The value that stays.
    pub value: Value,
    /// The later change by which it stays.
    pub revision: Option<i64>,
    /// Its kind.
    pub kind: Option<String>,
    /// Who made it.
    pub changed_by: Option<String>,
    /// The run that made it.
    pub job_id: Option<Uuid>,
    /// When.
    pub created_at: Option<Timestamp>,
}

impl KeptView {
    /// What stays; `by` are the changes by which things stay.
    pub fn new(kept: Kept, by: &[Change]) -> Self {
        let change = by.binary_search_by_key(&kept.revision, |change| Some(change.revision));
        let change = change.ok().and_then(|at| by.get(at));
        Self {
            zone_id: kept.zone_id.0,
            field: kept.field,
            value: kept.value,
            revision: kept.revision,
            kind: change.map(|change| change.kind.clone()),
            changed_by: change.and_then(|change| change.changed_by.clone()),
            job_id: change.and_then(|change| change.job_id).map(|id| id.0),
            created_at: change.map(|change| change.created_at),
        }
    }
}

/// A zone whose place in the reading order was taken.
#[derive(Debug, Clone, Serialize)]
pub struct ReindexedView {
    /// The zone.
    pub zone_id: Uuid,
    /// The place that it had.
    pub wanted: i32,
    /// The place that it got.
    pub zone_index: i32,
}

impl From<(ZoneId, i32, i32)> for ReindexedView {
    fn from((zone_id, wanted, zone_index): (ZoneId, i32, i32)) -> Self {
        Self { zone_id: zone_id.0, wanted, zone_index }
    }
}

/// What was undone, or would be.
#[derive(Debug, Clone, Serialize)]
pub struct UndoneView {
    /// The change that it is, which can be undone itself; null where nothing was to be done, and of a dry run.
    pub revision: Option<i64>,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// The changes that were chosen.
    pub revisions: Vec<i64>,
    /// Zones that came back.
    pub restored: usize,
    /// Zones that went.
    pub removed: usize,
    /// Zones that changed back.
    pub changed: usize,
    /// What stays, since somebody came later.
    pub kept: Vec<KeptView>,
    /// Zones that have another place in the reading order, since theirs is taken.
    pub reindexed: Vec<ReindexedView>,
}

impl UndoneView {
    /// What was undone: the change that it is, the changes that were chosen, and whether nothing was to be written; how
    /// many zones came back, went and changed back; what stays, by which changes; what has another place.
    pub fn new(
        (revision, revisions, dry_run): (Option<i64>, Vec<i64>, bool),
        (restored, removed, changed): (usize, usize, usize),
        (kept, by): (Vec<Kept>, &[Change]),
        reindexed: Vec<(ZoneId, i32, i32)>,
    ) -> Self {
        let kept = kept.into_iter().map(|kept| KeptView::new(kept, by)).collect();
        let reindexed = reindexed.into_iter().map(ReindexedView::from).collect();
        Self { revision, dry_run, revisions, restored, removed, changed, kept, reindexed }
    }
}
