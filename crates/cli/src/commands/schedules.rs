//! `colophon schedules`.

use colophon_db::SystemScope;
use colophon_domain::{Cron, JobRequest, JobSchedule, NewSchedule, Units};
use colophon_formats::views::{ListView, ScheduleView};
use colophon_service::{Error, schedules};
use jiff::Timestamp;

use crate::args::{CreateSchedule, ScheduleNamed, Schedules};
use crate::config::Config;
use crate::instance::{Instance, Wish};
use crate::output::{self, optional, time};

const WISH: Wish = Wish { program: "colophon schedules", workers: 0, database_listen: None };

pub async fn run(config: &Config, asked: Schedules) -> anyhow::Result<()> {
    match asked {
        Schedules::List { document, show } => {
            let instance = Instance::open(config, WISH).await?;
            let tx = instance.platform.database.session(&SystemScope::new()).begin().await?;
            tx.documents().require(document).await?;
            let found = tx.job_schedules().list(document).await?;
            tx.commit().await?;
            instance.close().await?;
            print(found, show.json)
        }
        Schedules::Create(asked) => create(config, *asked).await,
        Schedules::Pause(named) => set_enabled(config, named, false).await,
        Schedules::Resume(named) => set_enabled(config, named, true).await,
        Schedules::Delete { document, schedule } => {
            let instance = Instance::open(config, WISH).await?;
            schedules::delete(&instance.platform, &SystemScope::new(), document, schedule).await?;
            instance.close().await?;
            output::line(&format!("schedule {schedule} is deleted; its jobs stay"))
        }
    }
}

async fn create(config: &Config, asked: CreateSchedule) -> anyhow::Result<()> {
    let new = NewSchedule {
        name: asked.name,
        cron: Cron::new(&asked.cron, &asked.time_zone)?,
        // The platform's own: it runs whoever the document is shared with.
        job: JobRequest {
            options: asked.options.unwrap_or_default(),
            units: Units::named(asked.pages.map(|pages| pages.0), None)?,
            priority: asked.priority,
            queue: asked.queue,
            max_attempts: asked.max_attempts,
            timeout_seconds: asked.timeout.map(|seconds| i32::try_from(seconds).unwrap_or(i32::MAX)),
            ..JobRequest::new(asked.strategy)
        },
        enabled: !asked.paused,
    };
    let instance = Instance::open(config, WISH).await?;
    let made = schedules::create(&instance.platform, &SystemScope::new(), asked.document, &new, None).await?;
    instance.close().await?;
    told(made.schedule, asked.show.json)
}

async fn set_enabled(config: &Config, named: ScheduleNamed, enabled: bool) -> anyhow::Result<()> {
    let ScheduleNamed { document, schedule, show } = named;
    let instance = Instance::open(config, WISH).await?;
    let (platform, scope) = (&instance.platform, SystemScope::new());
    let changed = schedules::change(platform, &scope, document, schedule, |stored| {
        Ok::<_, Error>(NewSchedule { enabled, ..stored.as_asked()? })
    });
    let changed = changed.await?;
    instance.close().await?;
    told(changed, show.json)
}

fn told(schedule: JobSchedule, as_json: bool) -> anyhow::Result<()> {
    let view = ScheduleView::new(schedule, Timestamp::now());
    if as_json {
        return output::json(&view);
    }
    output::line(&match view.next_run_at {
        Some(next) => format!("schedule {} runs next at {} (UTC)", view.id, time(next)),
        None => format!("schedule {} is paused", view.id),
    })
}

fn print(found: Vec<JobSchedule>, as_json: bool) -> anyhow::Result<()> {
    let now = Timestamp::now();
    let views = found.into_iter().map(|schedule| ScheduleView::new(schedule, now));
    if as_json {
        return output::json(&ListView { items: views.collect(), next_cursor: None });
    }
    let rows = views.map(|s| {
        let state = match (s.enabled, &s.disabled_reason, &s.last_skip_reason) {
            (true, _, Some(reason)) if s.last_skipped_at > s.last_run_at => format!("skipped: {reason}"),
            (true, ..) => "runs".to_owned(),
            (false, Some(reason), _) => format!("disabled: {reason}"),
            (false, None, _) => "paused".to_owned(),
        };
        [
            s.id.to_string(),
            optional(s.name),
            format!("{} {}", s.cron, s.time_zone),
            s.strategy,
            optional(s.next_run_at.map(time)),
            optional(s.last_run_at.map(time)),
            state,
        ]
    });
    output::table(["ID", "NAME", "CRON", "STRATEGY", "NEXT (UTC)", "LAST (UTC)", "STATE"], rows)
}
