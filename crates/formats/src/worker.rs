//! What workers outside say of their jobs, as `/v1/worker/*` takes it.

use std::collections::BTreeMap;

use colophon_domain::{ErrorClass, Invalid, JobId, JobStatus, Stages, UnitFailure, ZoneId};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::given::{MAX_METADATA_BYTES, check_metadata};

/// Characters that are kept of a message: a tool's last words may be long, and its failure must be told all the same.
const MAX_MESSAGE: usize = 4_000;
/// Characters of a stable name.
const MAX_CODE: usize = 100;
/// Stages of a unit.
const MAX_STAGES: usize = 50;

/// A lease, and how far the work has come.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GivenBeat {
    /// The job.
    pub job_id: JobId,
    /// The fence.
    pub lease_seq: i64,
    /// 0..100.
    pub progress: Option<f64>,
    /// The zone in hand.
    pub current_zone_id: Option<Uuid>,
}

impl GivenBeat {
    /// # Errors
    /// Progress is no percentage.
    pub fn checked(self) -> Result<Self, Invalid> {
        match self.progress {
            Some(progress) if !(0.0..=100.0).contains(&progress) => {
                Err(Invalid::new("progress", format!("{progress} is not between 0 and 100")))
            }
            _ => Ok(self),
        }
    }
}

/// A lease.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GivenLease {
    /// The job.
    pub job_id: JobId,
    /// The fence.
    pub lease_seq: i64,
}

/// An attempt that failed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GivenFailure {
    /// The job.
    pub job_id: JobId,
    /// The fence.
    pub lease_seq: i64,
    error_class: Option<String>,
    error_code: Option<String>,
    error_message: Option<String>,
    /// How long to wait for another attempt; the longer the more there were, where it is left open.
    pub retry_after_seconds: Option<f64>,
    metrics: Option<Map<String, Value>>,
}

impl GivenFailure {
    /// Why, and what was measured. Who gives no class means that another attempt may succeed.
    ///
    /// # Errors
    /// Which field cannot be taken.
    pub fn checked(&mut self) -> Result<(UnitFailure, Value), Invalid> {
        /// A week.
        const LONGEST: f64 = 604_800.0;
        if self.retry_after_seconds.is_some_and(|seconds| !(0.0..=LONGEST).contains(&seconds)) {
            return Err(Invalid::new(
                "retry_after_seconds",
                format!("must be 0 to {LONGEST} seconds, a week"),
            ));
        }
        let told = (self.error_class.take(), self.error_code.take(), self.error_message.take());
        Ok((failure(told, ErrorClass::Transient)?, metrics(self.metrics.take())?))
    }
}

/// What a worker found, in whole or in part.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GivenDelivery {
    /// The job.
    pub job_id: JobId,
    /// The fence.
    pub lease_seq: i64,
    status: Option<String>,
    pages: Option<Vec<GivenPage>>,
    /// Zones as `POST /v1/documents/{id}/runs` takes them; not read yet.
    pub zones: Option<Vec<Box<RawValue>>>,
    zone_outcomes: Option<Vec<GivenZoneOutcome>>,
    /// The tool; the job's strategy where none is named.
    pub tool: Option<String>,
    /// The model that it used.
    pub model: Option<String>,
    /// The frame of the coordinates.
    pub frame: Option<String>,
    /// The vocabulary of the types.
    pub vocabulary: Option<String>,
    /// Whether what lies outside its page is cut.
    #[serde(default)]
    pub clamp: bool,
    /// Whose zones they take the place of: `tool` or `all`.
    pub replaces: Option<String>,
    error_class: Option<String>,
    error_code: Option<String>,
    error_message: Option<String>,
    metrics: Option<Map<String, Value>>,
}

/// What of a delivery was checked.
#[derive(Debug)]
pub struct Delivery {
    /// How the job ends, where the worker says so; else as its units did.
    pub status: Option<JobStatus>,
    /// Why, where the worker says so.
    pub failure: Option<UnitFailure>,
    /// Pages that ended; `None` where none are named.
    pub pages: Option<Vec<Unit<i32>>>,
    /// Zones of the job that ended.
    pub zone_outcomes: Vec<Unit<ZoneId>>,
    /// What was measured.
    pub metrics: Value,
}

/// A page or a zone that ended.
#[derive(Debug, Clone)]
pub struct Unit<T> {
    /// Which.
    pub of: T,
    /// Why it was given up; nothing where it is done.
    pub failure: Option<UnitFailure>,
    /// Milliseconds spent on it.
    pub duration_ms: Option<i32>,
    /// Milliseconds by stage.
    pub stages: Stages,
}

impl GivenDelivery {
    /// # Errors
    /// Which field cannot be taken.
    pub fn checked(&mut self) -> Result<Delivery, Invalid> {
        let status = self.status.take().map(|status| status.parse::<JobStatus>()).transpose()?;
        if let Some(status) = status
            && !matches!(status, JobStatus::Completed | JobStatus::PartiallyCompleted | JobStatus::Failed)
        {
            let reason = format!("{status} is no way to end; completed, partially_completed or failed is");
            return Err(Invalid::new("status", reason));
        }
        let named = |field: &'static str, text: &Option<String>| match text {
            Some(text) if text.is_empty() || text.chars().count() > 100 || text.contains('\0') => {
                Err(Invalid::new(field, "must be 1 to 100 characters"))
            }
            _ => Ok(()),
        };
        named("tool", &self.tool)?;
        named("model", &self.model)?;
        let told = (self.error_class.take(), self.error_code.take(), self.error_message.take());
        let is_told = told.0.is_some() || told.1.is_some() || told.2.is_some();
        let failure = is_told.then(|| failure(told, ErrorClass::Permanent)).transpose()?;
        if failure.is_some() && status == Some(JobStatus::Completed) {
            return Err(Invalid::new("error_code", "a job that is completed has none; leave it out"));
        }
        let pages = self.pages.take().map(|pages| {
            pages.into_iter().map(|page| page.of.checked(page.page_number)).collect::<Result<Vec<_>, _>>()
        });
        let zones = self.zone_outcomes.take().unwrap_or_default();
        let zone_outcomes =
            zones.into_iter().map(|zone| zone.of.checked(zone.zone_id)).collect::<Result<_, _>>()?;
        let pages = pages.transpose()?;
        Ok(Delivery { status, failure, pages, zone_outcomes, metrics: metrics(self.metrics.take())? })
    }

    /// Whether it says anything of pages or zones.
    pub fn has_units(&self) -> bool {
        self.pages.is_some() || self.zones.is_some() || self.zone_outcomes.is_some()
    }
}

#[derive(Debug, Deserialize)]
struct GivenPage {
    page_number: i32,
    #[serde(flatten)]
    of: GivenUnit,
}

#[derive(Debug, Deserialize)]
struct GivenZoneOutcome {
    zone_id: ZoneId,
    #[serde(flatten)]
    of: GivenUnit,
}

#[derive(Debug, Deserialize)]
struct GivenUnit {
    outcome: Option<String>,
    error_class: Option<String>,
    error_code: Option<String>,
    error_message: Option<String>,
    duration_ms: Option<i32>,
    stages: Option<BTreeMap<String, i64>>,
    #[serde(flatten)]
    unknown: BTreeMap<String, Value>,
}

impl GivenUnit {
    fn checked<T>(self, of: T) -> Result<Unit<T>, Invalid> {
        if let Some(name) = self.unknown.keys().next() {
            return Err(Invalid::new(
                "outcome",
                format!("there is no field {name:?} of a page's or zone's outcome"),
            ));
        }
        let told = (self.error_class, self.error_code, self.error_message);
        let failure = match self.outcome.as_deref() {
            Some("failed") => Some(failure(told, ErrorClass::Permanent)?),
            None if told.1.is_some() => Some(failure(told, ErrorClass::Permanent)?),
            Some("completed") | None => None,
            Some(other) => {
                return Err(Invalid::new("outcome", format!("{other:?} is none of completed, failed")));
            }
        };
        if self.duration_ms.is_some_and(|duration| duration < 0) {
            return Err(Invalid::new("duration_ms", "must not be negative"));
        }
        let stages = self.stages.unwrap_or_default();
        let fits = |(name, duration): (&String, &i64)| {
            (1..=50).contains(&name.chars().count()) && !name.contains('\0') && *duration >= 0
        };
        if stages.len() > MAX_STAGES || !stages.iter().all(fits) {
            let reason = format!("{MAX_STAGES} at most, each a name of 1 to 50 characters and milliseconds");
            return Err(Invalid::new("stages", reason));
        }
        Ok(Unit { of, failure, duration_ms: self.duration_ms, stages })
    }
}

type Told = (Option<String>, Option<String>, Option<String>);

fn failure((class, code, message): Told, unless_said: ErrorClass) -> Result<UnitFailure, Invalid> {
    let class = class.map_or(Ok(unless_said), |class| class.parse())?;
    let code = code.unwrap_or_else(|| "worker_failed".to_owned());
    if !(1..=MAX_CODE).contains(&code.chars().count()) || code.chars().any(char::is_control) {
        return Err(Invalid::new(
            "error_code",
            format!("must be 1 to {MAX_CODE} characters, such as tool_crashed"),
        ));
    }
    let message = message.unwrap_or_else(|| "the worker gave no reason".to_owned());
    let mut kept: String =
        message.chars().take(MAX_MESSAGE).map(|c| if c == '\0' { '\u{FFFD}' } else { c }).collect();
    if kept.len() < message.len() {
        kept.push('…');
    }
    Ok(UnitFailure { class, code, message: kept })
}

fn metrics(metrics: Option<Map<String, Value>>) -> Result<Value, Invalid> {
    let metrics = metrics.unwrap_or_default();
    check_metadata(&metrics)
        .map_err(|_| Invalid::new("metrics", format!("{MAX_METADATA_BYTES} bytes at most, and no U+0000")))?;
    Ok(Value::Object(metrics))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn checked(mut more: Value) -> Result<Delivery, String> {
        more["job_id"] = json!(Uuid::nil());
        more["lease_seq"] = json!(1);
        let mut given: GivenDelivery = serde_json::from_value(more).map_err(|e| e.to_string())?;
        given.checked().map_err(|e| e.to_string())
    }

    #[test]
    fn a_page_is_done_unless_it_says_why_not() {
        let pages = json!({"pages": [{"page_number": 1}, {"page_number": 2, "error_code": "blank"},
            {"page_number": 3, "outcome": "failed", "error_class": "transient", "stages": {"render": 5}}]});
        let pages = checked(pages).unwrap().pages.unwrap();
        assert_eq!(pages[0].failure, None);
        assert_eq!(pages[1].failure.as_ref().unwrap().class, ErrorClass::Permanent);
        let third = pages[2].failure.as_ref().unwrap();
        assert_eq!((third.class, third.code.as_str()), (ErrorClass::Transient, "worker_failed"));
    }

    #[test]
    fn what_cannot_be_taken_is_refused_by_its_field() {
        for (given, reason) in [
            (json!({"status": "running"}), "status: running is no way to end"),
            (json!({"status": "completed", "error_code": "x"}), "error_code"),
            (json!({"pages": [{"page_number": 1, "outcome": "fine"}]}), "outcome"),
            (json!({"pages": [{"page_number": 1, "outcom": "failed"}]}), "\"outcom\""),
            (json!({"pages": [{"page_number": 1, "duration_ms": -1}]}), "duration_ms"),
            (json!({"pages": [{"page_number": 1, "stages": {"": 1}}]}), "stages"),
            (json!({"zone_outcomes": [{"zone_id": "x"}]}), "UUID"),
            (json!({"metrics": {"a": "\u{0}"}}), "metrics"),
            (json!({"tool": ""}), "tool"),
            (json!({"error_class": "bad"}), "error_class"),
            (json!({"seconds": 1}), "unknown field"),
        ] {
            let refused = checked(given).unwrap_err();
            assert!(refused.contains(reason), "{refused}");
        }
    }

    #[test]
    fn a_long_message_is_cut_and_not_refused() {
        let told =
            json!({"error_code": "tool_crashed", "error_message": format!("\u{0}{}", "x".repeat(9_000))});
        let failure = checked(told).unwrap().failure.unwrap();
        assert_eq!(failure.message.chars().count(), MAX_MESSAGE + 1);
        assert!(!failure.message.contains('\0'));
    }
}
