//! Single zones are read again, where they stand: nothing is looked for, so nothing is matched.

use super::rebase::{Carried, Rebase, Subject, drawn_conflict, has_work, refreshed};
use crate::correction_outcomes::Outcome;
use crate::{NewZone, Zone};

/// Lays people's work over what a tool says now of these zones: `found` has the same order.
///
/// A zone that a person drew takes the text where the person left it empty; where there is a text, it is the person's, and
/// another one waits for somebody to decide.
pub fn reread(standing: &[Zone], found: &[NewZone]) -> Rebase {
    let mut rebase = Rebase::default();
    for (at, (zone, found)) in standing.iter().zip(found).enumerate() {
        let written = zone.content.as_ref().is_some_and(|content| !content.is_empty());
        let (conflicts, candidates) = if zone.created_by.is_some() && written {
            let conflict = drawn_conflict(zone, found);
            let waiting = if conflict.is_some() { vec![at] } else { Vec::new() };
            (conflict.into_iter().collect(), waiting)
        } else {
            let (new, conflicts) = refreshed(zone, found, [0.0; 2], at, at);
            rebase.refreshed.push(new);
            (conflicts, Vec::new())
        };
        if has_work(zone) {
            let (subject, outcome) = (Subject::Zone(at), Outcome::Kept);
            rebase.carried.push(Carried { subject, outcome, conflicts, candidates, group: vec![at] });
        }
    }
    rebase
}
