//! A run delivers its zones: they take the place of what tools said of these pages before, and nothing that people did
//! is touched.
//!
//! One transaction: the document is locked, the zones that stand are read, people's work is laid over the run
//! (`colophon_domain::anchor`), and what differs is written in a few statements. A crash leaves the zones as they were.

pub(crate) mod deliver;
mod outcomes;
mod resolve;

use std::collections::{BTreeMap, HashMap, HashSet};

use colophon_db::runs::{Origin, Place, Refresh, Removed};
use colophon_db::{Scope, Tx};
use colophon_domain::anchor::rebase::{Ghost, OtherPage, Rebase, Refreshed, Standing, bounding_box, rebase};
use colophon_domain::anchor::reread;
use colophon_domain::{
    ChangeKind, DocumentId, Invalid, JobId, NewChange, NewCorrectionOutcome, NewZone, Outcome, Strategy,
    Zone, ZoneId,
};
use serde_json::{Value, json};

use crate::Error;

pub use deliver::deliver;
pub use resolve::{Resolved, resolve, settle};

/// Zones from which on the matching leaves the thread that answers others.
const BIG: usize = 500;

/// Whose zones a run takes the place of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Replaces {
    /// Whatever a tool said of the pages.
    #[default]
    EveryTool,
    /// Only what the same tool said.
    SameTool,
    /// What the built-in strategies said.
    BuiltIn,
}

impl Replaces {
    /// Whether a run of `tool` takes the place of what `said` found.
    fn holds(self, tool: Option<&str>, said: Option<&str>) -> bool {
        match self {
            Self::EveryTool => true,
            Self::SameTool => said == tool,
            Self::BuiltIn => {
                said == tool
                    || said.is_some_and(|said| Strategy::ALL.into_iter().any(|built| built.as_str() == said))
            }
        }
    }
}

impl std::str::FromStr for Replaces {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "all" => Ok(Self::EveryTool),
            "tool" => Ok(Self::SameTool),
            _ => Err(Invalid::new("replaces", format!("{text:?} is none of all, tool"))),
        }
    }
}

/// A run on some pages of a document.
#[derive(Debug, Clone)]
pub struct Run {
    /// The document.
    pub document: DocumentId,
    /// The version that was read; the current one where none is named.
    pub version: Option<i32>,
    /// The pages that were read. One that has no zones is empty from now on, but for people's work.
    pub pages: Vec<i32>,
    /// The tool.
    pub tool: Option<String>,
    /// The model that it used.
    pub model: Option<String>,
    /// The job. Its pages may come in several goes; each is a change of its own.
    pub job: Option<JobId>,
    /// Why, in the caller's words.
    pub reason: Option<String>,
    /// Whose zones it takes the place of.
    pub replaces: Replaces,
}

/// What a run changed.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The change.
    pub revision: i64,
    /// Zones that are new.
    pub inserted: usize,
    /// Zones that are the same zones with other values.
    pub updated: usize,
    /// Zones that were not written, since nothing of them changed or people's work stands.
    pub unchanged: usize,
    /// Zones that are gone.
    pub deleted: usize,
    /// How people's corrections came through: how many by outcome.
    pub outcomes: BTreeMap<&'static str, usize>,
}

/// Stores a run's zones as part of a transaction.
///
/// # Errors
/// There is no such document, or the scope may not change it ([`Error::Database`]); [`Error::Invalid`] where a zone is
/// on none of the run's pages, or a page would hold too many.
pub async fn store<S: Scope>(tx: &Tx<S>, run: &Run, found: Vec<NewZone>) -> Result<Report, Error> {
    check(run, &found)?;
    let revision = tx.changes().begin(run.document, &run.change()).await?;
    let version = match run.version {
        Some(version) => version,
        None => tx.documents().require(run.document).await?.version,
    };
    let mut standing = tx.runs().standing(run.document, version, &run.pages).await?;
    let mut removed = tx.runs().removed(run.document, version, &run.pages).await?;
    removed.retain(|removed| {
        run.replaces.holds(run.tool.as_deref(), removed.zone.get("processing_tool").and_then(Value::as_str))
    });
    let others = tx.runs().other_pages(run.document, version, &run.pages).await?;
    let replaced: Vec<bool> = standing
        .iter()
        .map(|zone| run.replaces.holds(run.tool.as_deref(), zone.processing_tool.as_deref()))
        .collect();
    let ghosts: Vec<Ghost> = removed.iter().map(ghost).collect();
    let merge = Merge { standing, replaced, ghosts, found, others };
    let (merge, rebase) = merge.run().await?;
    let Merge { standing: zones, found, .. } = merge;
    standing = zones;
    let origin = run.origin(version, revision);
    let mut report = write(tx, origin, &run.pages, &standing, &found, &rebase).await?;
    let outcomes = outcomes::of(tx, origin, &standing, &removed, &found, &rebase).await?;
    report.tell(&outcomes);
    tx.correction_outcomes().insert(run.document, revision, &outcomes).await?;
    Ok(report)
}

/// Stores what a tool says now of single zones, in their order, as part of a transaction: each keeps its id, its place and what
/// people made of it, and no other zone is touched.
///
/// # Errors
/// As [`store`].
pub async fn store_reread<S: Scope>(
    tx: &Tx<S>,
    run: &Run,
    standing: &[Zone],
    found: Vec<NewZone>,
) -> Result<Report, Error> {
    check(run, &found)?;
    let revision = tx.changes().begin(run.document, &run.change()).await?;
    let version = match run.version {
        Some(version) => version,
        None => tx.documents().require(run.document).await?.version,
    };
    let origin = run.origin(version, revision);
    let rebase = reread(standing, &found);
    let mut report = write(tx, origin, &run.pages, standing, &found, &rebase).await?;
    let outcomes = outcomes::of(tx, origin, standing, &[], &found, &rebase).await?;
    report.tell(&outcomes);
    tx.correction_outcomes().insert(run.document, revision, &outcomes).await?;
    Ok(report)
}

impl Run {
    fn change(&self) -> NewChange {
        NewChange {
            reason: self.reason.clone(),
            job_id: self.job,
            processing_tool: self.tool.clone(),
            processing_model: self.model.clone(),
            ..NewChange::of(ChangeKind::Run)
        }
    }

    fn origin(&self, version: i32, revision: i64) -> Origin<'_> {
        Origin {
            document: self.document,
            version,
            revision,
            tool: self.tool.as_deref(),
            model: self.model.as_deref(),
            job: self.job,
        }
    }
}

fn check(run: &Run, found: &[NewZone]) -> Result<(), Error> {
    let pages: HashSet<i32> = run.pages.iter().copied().collect();
    let stray = found.iter().enumerate().find(|(_, zone)| !pages.contains(&zone.page_number));
    match stray {
        Some((at, zone)) => {
            let reason =
                format!("zone {at} is on page {}, which is none of the pages of the run", zone.page_number);
            Err(Invalid::new("page_number", reason).into())
        }
        None => Ok(()),
    }
}

/// What the matching takes and gives back.
struct Merge {
    standing: Vec<Zone>,
    replaced: Vec<bool>,
    ghosts: Vec<Ghost>,
    found: Vec<NewZone>,
    others: Vec<OtherPage>,
}

impl Merge {
    async fn run(self) -> Result<(Self, Rebase), Error> {
        let big = self.standing.len() + self.found.len() > BIG;
        let work = move || {
            let standing: Vec<Standing> = self
                .standing
                .iter()
                .zip(&self.replaced)
                .map(|(zone, replaced)| Standing { zone, replaced: *replaced })
                .collect();
            let merged = rebase(&standing, &self.ghosts, &self.found, &self.others)?;
            Ok((self, merged))
        };
        if !big {
            return work();
        }
        match tokio::task::spawn_blocking(work).await {
            Ok(merged) => merged,
            Err(broken) => std::panic::resume_unwind(broken.into_panic()),
        }
    }
}

/// What the tool said of a zone that a person took away: the person's fields of it are in `original`.
fn ghost(removed: &Removed) -> Ghost {
    let zone = &removed.zone;
    let said = |field: &str| match zone.get("original").and_then(|original| original.get(field)) {
        Some(said) => said,
        None => zone.get(field).unwrap_or(&Value::Null),
    };
    let number = |field: &str| zone.get(field).and_then(Value::as_i64).and_then(|n| i32::try_from(n).ok());
    Ghost {
        page_number: number("page_number").unwrap_or(1),
        zone_index: number("zone_index").unwrap_or_default(),
        zone_type: said("zone_type").as_str().unwrap_or_default().to_owned(),
        bounding_box: bounding_box(said("coordinates")),
        content: said("content").as_str().unwrap_or_default().to_owned(),
    }
}

async fn write<S: Scope>(
    tx: &Tx<S>,
    origin: Origin<'_>,
    pages: &[i32],
    standing: &[Zone],
    found: &[NewZone],
    rebase: &Rebase,
) -> Result<Report, Error> {
    let ids = final_ids(standing, found, rebase);
    let parent =
        |zone: &NewZone| zone.parent_id.and_then(|parent| ids.get(&parent).copied().unwrap_or(Some(parent)));
    let number =
        |at: usize| rebase.placement.standing.get(&at).copied().unwrap_or_else(|| standing[at].zone_index);

    let mut again = HashSet::new();
    let mut refreshes = Vec::new();
    for new in &rebase.refreshed {
        again.insert(new.standing);
        let refresh = refresh(new, &found[new.found], &standing[new.standing], number(new.standing), &parent);
        if !same(&standing[new.standing], &refresh, origin) {
            refreshes.push(refresh);
        }
    }
    let deleted: Vec<ZoneId> = rebase.deleted.iter().map(|at| standing[*at].id).collect();
    let gone: HashSet<usize> = rebase.deleted.iter().copied().collect();
    let stay = (0..standing.len()).filter(|at| !again.contains(at) && !gone.contains(at));
    let mut places: Vec<Place> = stay
        .filter(|at| number(*at) != standing[*at].zone_index)
        .map(|at| (standing[at].id, number(at), standing[at].parent_id))
        .collect();
    let was: HashMap<ZoneId, &Zone> = standing.iter().map(|zone| (zone.id, zone)).collect();
    let moves = |refresh: &&Refresh| {
        was.get(&refresh.zone.id).is_some_and(|zone| {
            zone.zone_index != refresh.zone.zone_index || zone.parent_id != refresh.zone.parent_id
        })
    };
    let mut parked: Vec<ZoneId> = refreshes.iter().filter(moves).map(|refresh| refresh.zone.id).collect();
    if rebase.placement.renumber_others {
        places.extend(tx.runs().renumbered_others(origin.document, origin.version, pages).await?);
    }
    let numbers = places.iter().map(|(_, number, _)| *number);
    let greatest = numbers.max().unwrap_or(-1).max(rebase.placement.greatest());
    parked.extend(places.iter().map(|(id, ..)| *id));

    let inserted: Vec<NewZone> = rebase
        .inserted
        .iter()
        .map(|at| {
            let zone_index = rebase.placement.found.get(at).copied().unwrap_or(found[*at].zone_index);
            NewZone { zone_index, parent_id: parent(&found[*at]), ..found[*at].clone() }
        })
        .collect();
    tx.runs().park(origin.document, origin.version, &parked, greatest).await?;
    tx.runs().delete(origin.document, &deleted).await?;
    tx.runs().insert(origin, &inserted).await?;
    tx.runs().refresh(origin, &refreshes).await?;
    tx.runs().place(origin.document, &places).await?;
    Ok(Report {
        revision: origin.revision,
        inserted: inserted.len(),
        updated: refreshes.len(),
        unchanged: standing.len() - refreshes.len() - deleted.len(),
        deleted: deleted.len(),
        outcomes: BTreeMap::new(),
    })
}

/// Under which id each of the run's zones is stored; `None` for those that are not.
fn final_ids(standing: &[Zone], found: &[NewZone], rebase: &Rebase) -> HashMap<ZoneId, Option<ZoneId>> {
    let mut ids: HashMap<ZoneId, Option<ZoneId>> = found.iter().map(|zone| (zone.id, None)).collect();
    ids.extend(rebase.inserted.iter().map(|at| (found[*at].id, Some(found[*at].id))));
    ids.extend(rebase.refreshed.iter().map(|new| (found[new.found].id, Some(standing[new.standing].id))));
    ids
}

fn refresh(
    new: &Refreshed,
    found: &NewZone,
    standing: &Zone,
    zone_index: i32,
    parent: &impl Fn(&NewZone) -> Option<ZoneId>,
) -> Refresh {
    let zone = NewZone {
        id: standing.id,
        zone_index,
        zone_type: new.zone_type.clone(),
        content: new.content.clone(),
        // A zone that contains itself is none: the run joined a part to its whole.
        parent_id: parent(found).filter(|parent| *parent != standing.id),
        ..found.clone()
    };
    Refresh {
        zone,
        coordinates: new.coordinates.clone(),
        status: new.status.clone(),
        original: new.original.clone(),
    }
}

/// Whether the zone stands already as the run would have it, but for which job says so.
fn same(zone: &Zone, refresh: &Refresh, origin: Origin<'_>) -> bool {
    let new = &refresh.zone;
    zone.zone_index == new.zone_index
        && zone.page_number == new.page_number
        && zone.zone_type == new.zone_type
        && alike(&zone.coordinates, &refresh.coordinates)
        && zone.content == new.content
        && zone.confidence == new.confidence
        && zone.processing_tool.as_deref() == origin.tool
        && zone.processing_model.as_deref() == origin.model
        && zone.status == refresh.status
        && zone.label == new.label
        && zone.external_id == new.external_id
        && zone.parent_id == new.parent_id
        && zone.language == new.language
        && alike(&json!(zone.source), &json!(new.source))
        && alike(&json!(zone.original), &json!(refresh.original))
        && alike(&zone.metadata, &Value::Object(new.metadata.clone()))
}

/// Whether two values are the same but for the last bits of their numbers, of which reading them from JSON may change one.
fn alike(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let close = |a: f64, b: f64| (a - b).abs() <= 4.0 * f64::EPSILON * a.abs().max(b.abs());
            a == b || a.as_f64().zip(b.as_f64()).is_some_and(|(a, b)| close(a, b))
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| alike(a, b)))
        }
        _ => a == b,
    }
}

/// A zone of the run that is not stored, as it waits.
fn candidate(zone: &NewZone, origin: Origin<'_>) -> Value {
    let coordinates = zone.coordinates.as_ref().map_or_else(|| json!({}), |c| json!(c));
    json!({
        "id": zone.id, "version": origin.version, "zone_index": zone.zone_index, "page_number": zone.page_number,
        "zone_type": zone.zone_type, "coordinates": coordinates, "content": zone.content,
        "confidence": zone.confidence, "status": zone.status.as_str(), "label": zone.label,
        "external_id": zone.external_id, "language": zone.language, "source": zone.source,
        "metadata": zone.metadata, "processing_tool": origin.tool, "processing_model": origin.model,
        "job_id": origin.job,
    })
}

impl Report {
    fn tell(&mut self, outcomes: &[NewCorrectionOutcome]) {
        for outcome in outcomes {
            *self.outcomes.entry(outcome.outcome.as_str()).or_default() += 1;
        }
    }

    /// Outcomes that wait for a person.
    pub fn waiting(&self) -> usize {
        let waits = |name: &&str| name.parse::<Outcome>().is_ok_and(Outcome::waits);
        self.outcomes.iter().filter(|(name, _)| waits(name)).map(|(_, count)| count).sum()
    }
}
