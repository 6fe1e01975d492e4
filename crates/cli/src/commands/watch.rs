//! `colophon jobs watch`: what happens to jobs, while it happens.

use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;

use colophon_db::SystemScope;
use colophon_domain::JobId;
use colophon_formats::events::{ProgressView, TransitionView};
use colophon_service::events::{Event, Events, Stream, Wanted};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::asked_to_stop;
use crate::config::Config;
use crate::failure::IN_PART;
use crate::instance::{Instance, Wish};
use crate::output::{self, time};

const WISH: Wish = Wish { program: "colophon jobs watch", workers: 0, database_listen: None };

pub async fn run(config: &Config, job: Option<JobId>, json: bool) -> anyhow::Result<ExitCode> {
    let mut asked = pin!(asked_to_stop());
    let instance = tokio::select! {
        biased;
        () = &mut asked => return Ok(ExitCode::SUCCESS),
        instance = Instance::open(config, WISH) => instance?,
    };
    let events = Events::new(&instance.platform.database);
    let watched = tokio::select! {
        () = &mut asked => Ok(None),
        watched = watch(&events, job, json) => watched,
    };
    instance.close().await?;
    let Some(status) = watched? else { return Ok(ExitCode::SUCCESS) };
    Ok(match status.as_str() {
        "completed" => ExitCode::SUCCESS,
        "partially_completed" => ExitCode::from(IN_PART),
        _ => ExitCode::FAILURE,
    })
}

/// Gives the status that the job had in the end.
async fn watch(events: &Events, job: Option<JobId>, json: bool) -> anyhow::Result<Option<String>> {
    let scope = SystemScope::new();
    let mut told = Told { json, bar: None, status: None };
    // A stream also ends where the database went away for a while: it goes on where it broke off.
    let mut after = None;
    let Some(job) = job else {
        loop {
            let stream = events.of_all(&scope, Wanted::default(), after).await?;
            after = told.tell(stream).await?.or(after);
        }
    };
    told.bar = (!json).then(bar).filter(|bar| !bar.is_hidden());
    while !told.status.as_deref().is_some_and(is_final) {
        let stream = events.of_job(&scope, job, after).await?;
        after = told.tell(stream).await?.or(after);
    }
    if let Some(bar) = &told.bar {
        bar.finish_and_clear();
    }
    Ok(told.status)
}

fn is_final(status: &str) -> bool {
    status.parse().is_ok_and(colophon_domain::JobStatus::is_final)
}

struct Told {
    json: bool,
    bar: Option<ProgressBar>,
    /// As it was told last.
    status: Option<String>,
}

impl Told {
    /// Tells everything. Gives from where one can go on.
    async fn tell(&mut self, mut stream: impl Stream) -> anyhow::Result<Option<colophon_domain::Cursor>> {
        let mut last = None;
        while let Some(event) = stream.next().await {
            match event {
                Event::State { at, json } => {
                    last = Some(at);
                    self.state(&json)?;
                }
                Event::Progress { json } => self.progress(&json)?,
                Event::Place(at) | Event::Gap(at) => last = Some(at),
            }
        }
        Ok(last)
    }

    fn state(&mut self, text: &Arc<str>) -> anyhow::Result<()> {
        if self.json {
            return line("state", text);
        }
        let state: TransitionView = serde_json::from_str(text)?;
        let why = state.error_message.map(|message| format!(": {message}")).unwrap_or_default();
        let line = format!("{}  {}  {}{why}", time(state.created_at), state.job_id, state.action);
        let line = output::one_line(&line);
        match &self.bar {
            Some(bar) => bar.suspend(|| output::line(&line)),
            None => output::line(&line),
        }
    }

    fn progress(&mut self, text: &Arc<str>) -> anyhow::Result<()> {
        let job: ProgressView = serde_json::from_str(text)?;
        self.status = Some(job.status.clone());
        if self.json {
            return line("progress", text);
        }
        let pages = match job.total_pages {
            Some(total) => format!("{} of {total} pages", job.completed_pages),
            None => format!("{} pages", job.completed_pages),
        };
        let rate = job.pages_per_second.map(|rate| format!(", {rate:.1} a second")).unwrap_or_default();
        let left = job.eta_seconds.map(|eta| format!(", about {eta:.0} s left")).unwrap_or_default();
        let said = format!("{pages}{rate}{left}");
        let Some(bar) = &self.bar else {
            return output::line(&format!(
                "{}  {}  {} %, {said}",
                time(job.updated_at),
                job.job_id,
                job.progress
            ));
        };
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a percentage")]
        bar.set_position(job.progress.clamp(0.0, 100.0) as u64);
        bar.set_message(said);
        Ok(())
    }
}

fn line(event: &str, text: &str) -> anyhow::Result<()> {
    let mut value: Value = serde_json::from_str(text)?;
    value["event"] = json!(event);
    output::line(&value.to_string())
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new(100);
    let style = ProgressStyle::with_template("{wide_bar} {percent} % {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}
