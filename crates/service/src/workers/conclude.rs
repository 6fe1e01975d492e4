//! How a job ends, found from how its units did.

use std::fmt::Display;

use colophon_db::queue::Failure;
use colophon_domain::{ErrorClass, JobStatus, UnitFailure};

/// Units that are named in a message.
const NAMED: usize = 20;

/// A unit, and why it was given up; nothing where it is done.
pub type Ended<T> = (T, Option<UnitFailure>);

/// How a job ends: by its units with an outcome and those without, each a `noun`.
pub fn conclude<T: Display>(noun: &str, ended: &[Ended<T>], missing: &[T]) -> (JobStatus, Option<Failure>) {
    let failed: Vec<_> = ended.iter().filter_map(|(unit, failure)| Some((unit, failure.as_ref()?))).collect();
    let total = ended.len() + missing.len();
    let status = match total - failed.len() - missing.len() {
        _ if failed.is_empty() && missing.is_empty() => return (JobStatus::Completed, None),
        0 => JobStatus::Failed,
        _ => JobStatus::PartiallyCompleted,
    };
    let mut said = Vec::new();
    if let Some((_, first)) = failed.first() {
        let units: Vec<_> = failed.iter().map(|(unit, _)| *unit).collect();
        said.push(format!("{} failed: {}", some(noun, &units, total), first.message));
    }
    if !missing.is_empty() {
        let units: Vec<_> = missing.iter().collect();
        said.push(format!("of {} the worker said nothing", some(noun, &units, total)));
    }
    let (class, code) = match failed.first() {
        Some((_, first)) => (first.class, first.code.clone()),
        None => (ErrorClass::Permanent, "no_outcome".to_owned()),
    };
    (status, Some(Failure { class, code, message: said.join("; ") }))
}

/// `2 of 9 pages (3, 7)`
fn some<T: Display>(noun: &str, units: &[&T], total: usize) -> String {
    let named: Vec<String> = units.iter().take(NAMED).map(ToString::to_string).collect();
    let more = if units.len() > NAMED { ", …" } else { "" };
    let plural = if total == 1 { "" } else { "s" };
    format!("{} of {total} {noun}{plural} ({}{more})", units.len(), named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(code: &str) -> Option<UnitFailure> {
        let (code, message) = (code.to_owned(), format!("it is {code}"));
        Some(UnitFailure { class: ErrorClass::Transient, code, message })
    }

    #[test]
    fn a_job_ends_as_its_units_did() {
        let (status, none) = conclude("page", &[(1, None), (2, None)], &[]);
        assert_eq!((status, none.is_none()), (JobStatus::Completed, true));
        let (status, why) = conclude("page", &[(1, None), (2, failure("blank"))], &[3]);
        let why = why.unwrap();
        assert_eq!((status, why.code.as_str()), (JobStatus::PartiallyCompleted, "blank"));
        assert_eq!(
            why.message,
            "1 of 3 pages (2) failed: it is blank; of 1 of 3 pages (3) the worker said nothing"
        );
        let (status, why) = conclude("page", &[(1, failure("blank"))], &[2]);
        assert_eq!((status, why.unwrap().class), (JobStatus::Failed, ErrorClass::Transient));
        let (status, why) = conclude("page", &[], &[7]);
        assert_eq!((status, why.unwrap().code.as_str()), (JobStatus::Failed, "no_outcome"));
        assert_eq!(conclude::<i32>("page", &[], &[]).0, JobStatus::Completed);
    }
}
