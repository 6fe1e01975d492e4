//! Claims and ends are counted here, whichever way they come: from workers of this process, or over HTTP.

use std::collections::HashMap;
use std::time::Duration;

use colophon_domain::JobId;
use serde_json::Value;
use tokio_postgres::Row;

use super::{ClaimedJob, Fail, Failure};
use crate::Result;
use crate::session::column;

/// A job's status, failure and what was measured.
type End<'a> = (&'static str, &'a Option<Failure>, &'a Value);

pub fn claimed(job: &Result<ClaimedJob>) {
    if let Ok(job) = job {
        colophon_metrics::get().jobs.claimed(&job.class.strategy, 1);
    }
}

/// Those of `ends` that came to an end here.
pub fn finished(rows: &[Row], ends: &HashMap<JobId, End<'_>>) -> Result<()> {
    for row in rows {
        if let Some((outcome, failure, metrics)) = ends.get(&JobId(column(row, "job_id")?)) {
            let class = failure.as_ref().map(|failure| failure.class.as_str());
            ended(row, outcome, class, metrics)?;
        }
    }
    Ok(())
}

/// Those of `ends` that failed here.
pub fn failed(rows: &[Row], ends: &HashMap<JobId, &Fail>) -> Result<()> {
    for row in rows {
        if let Some(end) = ends.get(&JobId(column(row, "job_id")?)) {
            let outcome = if column(row, "is_over")? { "failed" } else { "retry" };
            ended(row, outcome, Some(end.failure.class.as_str()), &end.metrics)?;
        }
    }
    Ok(())
}

fn ended(row: &Row, outcome: &str, error_class: Option<&str>, metrics: &Value) -> Result<()> {
    let (strategy, seconds): (&str, Option<f64>) = (column(row, "strategy")?, column(row, "seconds")?);
    let series = &colophon_metrics::get().jobs;
    let time = |seconds: f64| Duration::try_from_secs_f64(seconds).unwrap_or_default();
    series.attempt_ended(strategy, outcome, error_class, time(seconds.unwrap_or_default()));
    for (stage, milliseconds) in metrics.get("stages").and_then(Value::as_object).into_iter().flatten() {
        if let Some(milliseconds) = milliseconds.as_f64() {
            series.stage(strategy, stage, time(milliseconds / 1_000.0));
        }
    }
    Ok(())
}
