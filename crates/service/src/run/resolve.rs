//! A person settles what a run left open.

use colophon_db::runs::{Origin, Place};
use colophon_db::{Scope, Tx};
use colophon_domain::anchor::rebase::replace;
use colophon_domain::{
    ChangeKind, Coordinates, CorrectionOutcome, DocumentId, Invalid, JobId, Keep, NewChange, NewZone,
    Outcome, ZoneId, ZoneStatus,
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{Error, Platform};

/// What settling an outcome changed.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The outcome as it stands now.
    pub outcome: CorrectionOutcome,
    /// The change, where zones were changed.
    pub revision: Option<i64>,
}

/// Settles an outcome: `Yours` leaves the zones as they are, `Theirs` takes the run's word, `Candidates` puts the
/// run's zones in the place of those that stayed. What changes zones is a change like any other and can be undone.
///
/// # Errors
/// There is no such outcome or the scope may not edit the document ([`Error::Database`]); [`Error::Invalid`] where it is
/// settled already, where nothing waits, or where the run has nothing to put in the place.
pub async fn resolve<S: Scope>(
    platform: &Platform,
    scope: &S,
    document: DocumentId,
    id: Uuid,
    keep: Keep,
    reason: Option<String>,
) -> Result<Resolved, Error> {
    let tx = platform.database.session(scope).begin().await?;
    let resolved = settle(&tx, document, id, keep, reason).await?;
    tx.commit().await?;
    Ok(resolved)
}

/// Settles an outcome as part of a transaction.
///
/// # Errors
/// As [`resolve`].
pub async fn settle<S: Scope>(
    tx: &Tx<S>,
    document: DocumentId,
    id: Uuid,
    keep: Keep,
    reason: Option<String>,
) -> Result<Resolved, Error> {
    // Document first, then what belongs to it: the order in which everybody locks.
    tx.documents().lock_to_edit(document).await?;
    let outcome = tx.correction_outcomes().lock(document, id).await?;
    let waits = outcome.outcome.parse::<Outcome>().is_ok_and(Outcome::waits);
    if let Some(resolution) = &outcome.resolution {
        return Err(invalid(format!("correction outcome {id} is settled already: {resolution}")));
    }
    if !waits {
        let name = &outcome.outcome;
        return Err(invalid(format!("correction outcome {id} is {name:?}; there is nothing to settle")));
    }
    let is_group = !outcome.candidates.as_array().is_none_or(Vec::is_empty);
    let (revision, group) = match (keep, outcome.outcome.as_str()) {
        (Keep::Yours, "split" | "merged") => (None, true),
        (Keep::Yours, _) => (None, false),
        (Keep::Theirs, "conflict") => (Some(take_theirs(tx, &outcome, reason).await?), false),
        (Keep::Theirs, "orphaned") => (Some(take_candidates(tx, &outcome, reason).await?), true),
        _ if is_group => (Some(take_candidates(tx, &outcome, reason).await?), true),
        _ => {
            let name = &outcome.outcome;
            return Err(invalid(format!(
                "the run found no zones for this {name} outcome; keep yours or theirs"
            )));
        }
    };
    tx.correction_outcomes().resolve(document, id, keep.as_str(), group).await?;
    let outcome = tx.correction_outcomes().lock(document, id).await?;
    Ok(Resolved { outcome, revision })
}

fn invalid(reason: String) -> Error {
    Invalid::new("keep", reason).into()
}

/// The run's word for the fields that are in conflict.
async fn take_theirs<S: Scope>(
    tx: &Tx<S>,
    outcome: &CorrectionOutcome,
    reason: Option<String>,
) -> Result<i64, Error> {
    let fields = outcome.theirs.clone().unwrap_or_else(|| json!({}));
    let change = NewChange { reason, ..NewChange::of(ChangeKind::Resolve) };
    let revision = tx.changes().begin(outcome.document_id, &change).await?;
    if !tx.correction_outcomes().update_zone(outcome.document_id, outcome.zone_id, &fields).await? {
        return Err(invalid(format!("zone {} is gone meanwhile; keep yours", outcome.zone_id)));
    }
    Ok(revision)
}

/// The run's zones in the place of those that stayed. They are a tool's word, whoever lets them in: so the change is
/// one of a run, in the person's name.
async fn take_candidates<S: Scope>(
    tx: &Tx<S>,
    outcome: &CorrectionOutcome,
    reason: Option<String>,
) -> Result<i64, Error> {
    let document = outcome.document_id;
    let candidates = outcome.candidates.as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |field: &str| candidates.first().and_then(|c| c.get(field)).and_then(Value::as_str);
    let (tool, model) = (text("processing_tool"), text("processing_model"));
    let job: Option<JobId> = text("job_id").and_then(|id| id.parse().ok());
    let change = NewChange {
        reason,
        processing_tool: tool.map(str::to_owned),
        processing_model: model.map(str::to_owned),
        ..NewChange::of(ChangeKind::Run)
    };
    let revision = tx.changes().begin(document, &change).await?;
    let mut zones = Vec::new();
    for id in &outcome.zone_ids {
        zones.extend(tx.zones().get(document, *id).await?);
    }
    let Some(first) = zones.first() else {
        return Err(invalid(format!("zone {} is gone meanwhile; keep yours", outcome.zone_id)));
    };
    let (version, page) = (first.version, first.page_number);
    let mut found = candidates.iter().map(new_zone).collect::<Option<Vec<NewZone>>>().unwrap_or_default();
    let standing = tx.runs().standing(document, version, &[page]).await?;
    let others = tx.runs().other_pages(document, version, &[page]).await?;
    let order: Vec<(i32, bool)> =
        standing.iter().map(|zone| (zone.zone_index, outcome.zone_ids.contains(&zone.id))).collect();
    let placement = replace(page, &order, found.len(), &others)?;
    for (at, zone) in found.iter_mut().enumerate() {
        zone.id = ZoneId::new();
        zone.zone_index = placement.found.get(&at).copied().unwrap_or(zone.zone_index);
    }
    let mut places: Vec<Place> = standing
        .iter()
        .enumerate()
        .filter_map(|(at, zone)| {
            let number = *placement.standing.get(&at)?;
            (number != zone.zone_index).then_some((zone.id, number, zone.parent_id))
        })
        .collect();
    if placement.renumber_others {
        places.extend(tx.runs().renumbered_others(document, version, &[page]).await?);
    }
    let greatest = places.iter().map(|(_, number, _)| *number).max().unwrap_or(-1).max(placement.greatest());
    let parked: Vec<ZoneId> = places.iter().map(|(id, ..)| *id).collect();
    let gone: Vec<ZoneId> = zones.iter().map(|zone| zone.id).collect();
    for (_, _, parent) in &mut places {
        *parent = parent.filter(|parent| !gone.contains(parent));
    }
    tx.runs().park(document, version, &parked, greatest).await?;
    tx.runs().delete(document, &gone).await?;
    tx.runs().insert(Origin { document, version, revision, tool, model, job }, &found).await?;
    tx.runs().place(document, &places).await?;
    Ok(revision)
}

/// A candidate as it was put down.
fn new_zone(candidate: &Value) -> Option<NewZone> {
    let number = |field: &str| candidate.get(field)?.as_i64().and_then(|n| i32::try_from(n).ok());
    let text = |field: &str| candidate.get(field).and_then(Value::as_str).map(str::to_owned);
    let coordinates = candidate.get("coordinates")?.clone();
    Some(NewZone {
        id: ZoneId::new(),
        zone_index: number("zone_index")?,
        page_number: number("page_number")?,
        zone_type: text("zone_type")?,
        coordinates: serde_json::from_value::<Coordinates>(coordinates).ok(),
        content: text("content"),
        confidence: candidate.get("confidence").and_then(Value::as_f64),
        status: text("status").and_then(|name| name.parse().ok()).unwrap_or(ZoneStatus::Completed),
        label: text("label"),
        external_id: text("external_id"),
        parent_id: None,
        language: text("language"),
        source: candidate.get("source").filter(|source| !source.is_null()).cloned(),
        metadata: candidate.get("metadata").and_then(Value::as_object).cloned().unwrap_or_else(Map::new),
    })
}
