//! `colophon jobs list|show`.

use colophon_db::SystemScope;
use colophon_domain::JobFilter;
use colophon_formats::views::{AttemptView, HistoryEntryView, JobPageView, JobView, ListView};
use serde_json::json;

use crate::args::Jobs;
use crate::config::Config;
use crate::instance::{Instance, Wish};
use crate::output::{self, optional, time};

const WISH: Wish = Wish { program: "colophon jobs", workers: 0, database_listen: None };

pub async fn run(config: &Config, jobs: Jobs) -> anyhow::Result<()> {
    match jobs {
        Jobs::Report(reports) => super::job_reports::run(config, reports).await,
        Jobs::List { status, document, list } => {
            let instance = Instance::open(config, WISH).await?;
            let tx = instance.platform.database.session(&SystemScope::new()).begin().await?;
            let filter = JobFilter { status, document_id: document };
            let found = tx.jobs().list(&filter, None, list.limit).await?;
            tx.commit().await?;
            instance.close().await?;
            let views = ListView::<JobView>::from(found);
            if list.json {
                return output::json(&views);
            }
            let rows = views.items.into_iter().map(|j| {
                let pages = format!("{}/{}", j.completed_pages, optional(j.total_pages));
                let zones = optional(j.completed_zones);
                [
                    j.id.to_string(),
                    optional(j.filename),
                    optional(j.strategy),
                    j.status,
                    pages,
                    zones,
                    time(j.created_at),
                ]
            });
            output::table(["ID", "FILE", "STRATEGY", "STATUS", "PAGES", "ZONES", "QUEUED (UTC)"], rows)
        }
        Jobs::Show { job, show } => {
            let instance = Instance::open(config, WISH).await?;
            let tx = instance.platform.database.session(&SystemScope::new()).begin().await?;
            let found = tx.jobs().require(job).await?;
            let document = found.document_id;
            let pages: Vec<JobPageView> =
                tx.jobs().pages(document, job).await?.into_iter().map(JobPageView::from).collect();
            let attempts: Vec<AttemptView> =
                tx.jobs().attempts(document, job).await?.into_iter().map(AttemptView::from).collect();
            let history: Vec<HistoryEntryView> =
                tx.jobs().history(document, job).await?.into_iter().map(HistoryEntryView::from).collect();
            tx.commit().await?;
            instance.close().await?;
            print(found.into(), &pages, attempts, history, show.json)
        }
        other @ (Jobs::Ask(_) | Jobs::Watch { .. }) => {
            anyhow::bail!("{other:?} is dealt with before; this is a mistake of the program")
        }
    }
}

fn print(
    job: JobView,
    pages: &[JobPageView],
    attempts: Vec<AttemptView>,
    history: Vec<HistoryEntryView>,
    as_json: bool,
) -> anyhow::Result<()> {
    if as_json {
        let mut value = serde_json::to_value(job)?;
        value["pages"] = json!(pages);
        value["attempts"] = json!(attempts);
        value["history"] = json!(history);
        return output::json(&value);
    }
    output::fields(&[
        ("id", job.id.to_string()),
        ("document", job.document_id.to_string()),
        ("file", optional(job.filename)),
        ("strategy", optional(job.strategy)),
        ("status", job.status),
        ("reason", optional(job.error_message)),
        ("progress", format!("{} %", job.progress.unwrap_or(0.0))),
        ("pages", format!("{} of {}", job.completed_pages, optional(job.total_pages))),
        ("zones", optional(job.completed_zones)),
        ("attempt", format!("{} of {}", job.attempt, job.max_attempts)),
    ])?;
    let failed = pages.iter().filter(|page| page.outcome == "failed").map(|page| {
        [
            page.page_number.to_string(),
            optional(page.error_code.clone()),
            optional(page.error_message.clone()),
        ]
    });
    let failed: Vec<[String; 3]> = failed.collect();
    if !failed.is_empty() {
        output::line("")?;
        output::table(["PAGE", "CODE", "REASON"], failed)?;
    }
    output::line("")?;
    let attempts = attempts.into_iter().map(|a| {
        [a.attempt.to_string(), a.outcome, optional(a.worker), time(a.finished_at), optional(a.error_message)]
    });
    output::table(["ATTEMPT", "OUTCOME", "WORKER", "ENDED (UTC)", "REASON"], attempts)?;
    output::line("")?;
    let history = history.into_iter().map(|h| {
        [
            h.created_at.map(time).unwrap_or_default(),
            h.action,
            optional(h.status),
            optional(h.duration_ms),
            optional(h.error_message),
        ]
    });
    output::table(["WHEN (UTC)", "ACTION", "STATUS", "AFTER MS", "REASON"], history)
}
