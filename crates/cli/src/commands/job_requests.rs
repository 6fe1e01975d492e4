//! `colophon jobs enqueue|cancel|retry|pause|resume`.

use std::process::ExitCode;

use colophon_db::SystemScope;
use colophon_domain::{JobRequest, Units};
use colophon_formats::views::{JobView, ListView};
use colophon_service::jobs::{Control, control, request};

use crate::args::{EnqueueJob, JobRequests};
use crate::config::Config;
use crate::failure::IN_PART;
use crate::instance::{Instance, Wish};
use crate::output;

const WISH: Wish = Wish { program: "colophon jobs", workers: 0, database_listen: None };

pub async fn run(config: &Config, asked: JobRequests) -> anyhow::Result<ExitCode> {
    let (named, asked) = match asked {
        JobRequests::Enqueue(job) => {
            enqueue(config, *job).await?;
            return Ok(ExitCode::SUCCESS);
        }
        JobRequests::Cancel(named) => (named, Control::Cancel),
        JobRequests::Retry(named) => (named, Control::Retry),
        JobRequests::Pause(named) => (named, Control::Pause),
        JobRequests::Resume(named) => (named, Control::Resume),
    };
    let instance = Instance::open(config, WISH).await?;
    let (mut done, mut refused) = (Vec::new(), Vec::new());
    for job in &named.jobs {
        match control(&instance.platform, &SystemScope::new(), *job, asked).await {
            Ok(job) => done.push(job),
            Err(error) => refused.push(error),
        }
    }
    instance.close().await?;
    for error in &refused {
        eprintln!("colophon: {}", output::one_line(&error.to_string()));
    }
    if named.show.json {
        let items = done.iter().cloned().map(JobView::from).collect();
        output::json(&ListView { items, next_cursor: None })?;
    } else {
        for job in &done {
            output::line(&format!("job {} is {}", job.id, job.status))?;
        }
    }
    Ok(match (done.is_empty(), refused.is_empty()) {
        (_, true) => ExitCode::SUCCESS,
        (true, false) => ExitCode::FAILURE,
        (false, false) => ExitCode::from(IN_PART),
    })
}

async fn enqueue(config: &Config, asked: EnqueueJob) -> anyhow::Result<()> {
    let zones = (!asked.zones.is_empty()).then_some(asked.zones);
    let instance = Instance::open(config, WISH).await?;
    let wish = JobRequest {
        options: asked.options.unwrap_or_default(),
        units: Units::named(asked.pages.map(|pages| pages.0), zones)?,
        priority: asked.priority,
        queue: asked.queue,
        max_attempts: asked.max_attempts,
        run_at: asked.run_at,
        timeout_seconds: asked.timeout.map(|seconds| i32::try_from(seconds).unwrap_or(i32::MAX)),
        job_key: asked.job_key,
        depends_on: asked.depends_on,
        created_by: Some(instance.owner.to_string()),
        ..JobRequest::new(asked.strategy)
    };
    let requested = request(&instance.platform, &SystemScope::new(), asked.document, &wish, None).await?;
    instance.close().await?;
    if asked.show.json {
        return output::json(&JobView::from(requested.job));
    }
    let job = requested.job;
    let told = if requested.is_new { "" } else { " (it was there already, under this key)" };
    output::line(&format!("job {} is {}{told}", job.id, job.status))
}
