//! What became of each correction.

use std::collections::HashMap;

use colophon_db::runs::{Origin, Removed};
use colophon_db::{Scope, Tx};
use colophon_domain::anchor::rebase::{Carried, Rebase, Subject};
use colophon_domain::{NewCorrectionOutcome, NewZone, Outcome, Zone, ZoneId, ZoneStatus};
use serde_json::Value;
use uuid::Uuid;

use super::candidate;
use crate::Error;

type Corrections = HashMap<ZoneId, Vec<(Uuid, String)>>;

/// One outcome for each correction that was in force, and one for a person's work that no correction tells of.
pub(super) async fn of<S: Scope>(
    tx: &Tx<S>,
    origin: Origin<'_>,
    standing: &[Zone],
    removed: &[Removed],
    found: &[NewZone],
    rebase: &Rebase,
) -> Result<Vec<NewCorrectionOutcome>, Error> {
    if rebase.carried.is_empty() {
        return Ok(Vec::new());
    }
    let id = |subject: Subject| match subject {
        Subject::Zone(at) => standing[at].id,
        Subject::Ghost(at) => removed[at].zone_id,
    };
    let ids: Vec<ZoneId> = rebase.carried.iter().map(|carried| id(carried.subject)).collect();
    let mut corrections = Corrections::new();
    for (zone, correction, kind) in tx.runs().corrections(origin.document, &ids).await? {
        corrections.entry(zone).or_default().push((correction, kind.unwrap_or_else(|| "text".to_owned())));
    }
    let mut outcomes = Vec::new();
    for carried in &rebase.carried {
        let zone_id = id(carried.subject);
        let group = carried.group.iter().map(|at| standing[*at].id).collect::<Vec<_>>();
        let candidates = carried.candidates.iter().map(|at| candidate(&found[*at], origin)).collect();
        let outcome = |correction_id, outcome| NewCorrectionOutcome {
            id: Uuid::now_v7(),
            correction_id,
            zone_id,
            outcome,
            zone_ids: group.clone(),
            candidates: Value::Array(Vec::new()),
            base: None,
            theirs: None,
            yours: None,
        };
        let of_zone = corrections.remove(&zone_id).unwrap_or_default();
        let in_force = of_zone.into_iter().filter(|(_, kind)| is_in_force(kind, carried.subject, standing));
        let mut of_zone: Vec<NewCorrectionOutcome> = Vec::new();
        let mut conflicts: Vec<_> = carried.conflicts.iter().collect();
        for (correction, kind) in in_force {
            let conflict = conflicts.iter().position(|conflict| field(&kind) == Some(conflict.field));
            of_zone.push(match conflict.map(|at| conflicts.swap_remove(at)) {
                Some(conflict) => NewCorrectionOutcome {
                    base: Some(conflict.base.clone()),
                    theirs: Some(conflict.theirs.clone()),
                    yours: Some(conflict.yours.clone()),
                    ..outcome(Some(correction), Outcome::Conflict)
                },
                None => outcome(Some(correction), carried.outcome),
            });
        }
        // A text that nobody corrected was called right as it is: that verdict is what the run contradicts.
        let verdict = carried.conflicts.iter().any(|conflict| conflict.field == "status");
        conflicts.retain(|conflict| !(verdict && conflict.field == "content"));
        of_zone.extend(conflicts.into_iter().map(|conflict| NewCorrectionOutcome {
            base: Some(conflict.base.clone()),
            theirs: Some(conflict.theirs.clone()),
            yours: Some(conflict.yours.clone()),
            ..outcome(None, Outcome::Conflict)
        }));
        if of_zone.is_empty() {
            of_zone.push(outcome(None, carried.outcome));
        }
        attach(&mut of_zone, carried, &Value::Array(candidates));
        outcomes.extend(of_zone);
    }
    Ok(outcomes)
}

/// The run's zones wait with each outcome that they are an answer to.
fn attach(outcomes: &mut [NewCorrectionOutcome], carried: &Carried, candidates: &Value) {
    if carried.candidates.is_empty() {
        return;
    }
    for outcome in outcomes.iter_mut().filter(|outcome| outcome.outcome.waits()) {
        outcome.candidates = candidates.clone();
    }
}

/// The field that a kind of correction is of.
fn field(kind: &str) -> Option<&'static str> {
    match kind {
        "text" => Some("content"),
        "type" => Some("zone_type"),
        "geometry" => Some("coordinates"),
        "accept" => Some("status"),
        "create" => Some("created_by"),
        _ => None,
    }
}

/// Whether what the correction did still stands: it may have been taken back.
fn is_in_force(kind: &str, subject: Subject, standing: &[Zone]) -> bool {
    let Subject::Zone(at) = subject else {
        // The zone is gone by a person's hand, so what took it away stands.
        return field(kind).is_none();
    };
    let zone = &standing[at];
    match field(kind) {
        Some("created_by") => zone.created_by.is_some(),
        Some("status") => zone.status == ZoneStatus::Verified.as_str(),
        Some(field) => {
            zone.created_by.is_some() || zone.original.as_ref().is_some_and(|said| said.get(field).is_some())
        }
        None => kind != "delete",
    }
}
