//! `colophon jobs statistics|prune`.

use colophon_db::SystemScope;
use colophon_domain::statistics::summarize;
use colophon_domain::{Invalid, Period, StatisticsBy};
use colophon_formats::views::{JobStatisticsListView, JobStatisticsView};
use colophon_service::retention;
use jiff::Timestamp;
use serde_json::json;

use crate::args::JobReports;
use crate::config::Config;
use crate::failure::Usage;
use crate::instance::{Instance, Wish};
use crate::output::{self, optional};

const WISH: Wish = Wish { program: "colophon jobs", workers: 0, database_listen: None };

pub async fn run(config: &Config, reports: JobReports) -> anyhow::Result<()> {
    match reports {
        JobReports::Statistics { from, to, by, json } => {
            let period = Period::new(from.as_deref(), to.as_deref(), Timestamp::now())
                .map_err(|Invalid { field, reason }| Usage(format!("--{field}: {reason}")))?;
            let instance = Instance::open(config, WISH).await?;
            let tx = instance.platform.database.session(&SystemScope::new()).begin().await?;
            let rows = tx.statistics().read(period.since, period.until, by).await?;
            tx.commit().await?;
            instance.close().await?;
            let view = JobStatisticsListView::new(period, summarize(&rows, by));
            if json { output::json(&view) } else { print(view.items, by) }
        }
        JobReports::Prune { older_than, dry_run, json } => {
            let instance = Instance::open(config, WISH).await?;
            let database = &instance.platform.database;
            let (jobs, attempts) = if dry_run {
                let tx = database.session(&SystemScope::new()).begin().await?;
                let (jobs, attempts) = tx.sweep().jobs_due(older_than.as_secs_f64()).await?;
                tx.commit().await?;
                (jobs, Some(attempts))
            } else {
                (i64::try_from(retention::prune(database, older_than).await?).unwrap_or(i64::MAX), None)
            };
            instance.close().await?;
            if json {
                return output::json(&json!({ "dry_run": dry_run, "jobs": jobs, "attempts": attempts }));
            }
            output::line(&match attempts {
                Some(attempts) => format!("{jobs} jobs with {attempts} attempts would go"),
                None => format!("{jobs} jobs are gone"),
            })
        }
    }
}

fn print(items: Vec<JobStatisticsView>, by: StatisticsBy) -> anyhow::Result<()> {
    let rows = items.into_iter().map(|s| {
        let outcomes: Vec<String> =
            s.outcomes.iter().map(|(name, count)| format!("{name} {count}")).collect();
        let stages = s.stages.iter().map(|(stage, d)| format!("{stage} {}", seconds(d.sum)));
        let stages: Vec<String> = stages.collect();
        let what = [
            s.day.unwrap_or_default(),
            if by.strategy { optional(s.strategy) } else { String::new() },
            s.error_class
                .into_iter()
                .chain(s.error_code)
                .filter(|name| !name.is_empty())
                .collect::<Vec<_>>()
                .join(" "),
        ];
        [
            what.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join("  "),
            s.attempts.to_string(),
            outcomes.join(", "),
            s.pages.to_string(),
            s.pages_per_second.map(|rate| format!("{rate:.1}")).unwrap_or_default(),
            seconds(s.seconds.p50),
            seconds(s.seconds.p95),
            seconds(s.seconds.max),
            stages.join(", "),
        ]
    });
    let head = ["WHAT", "ATTEMPTS", "OUTCOMES", "PAGES", "PAGES/S", "P50", "P95", "MAX", "STAGES"];
    output::table(head, rows)
}

fn seconds(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.0} ms", seconds * 1_000.0) } else { format!("{seconds:.1} s") }
}
