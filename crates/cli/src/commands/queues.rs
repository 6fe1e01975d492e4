//! `colophon queues`.

use colophon_db::SystemScope;
use colophon_domain::{JobLimit, Queue};
use colophon_formats::views::{JobLimitView, ListView, QueueView};
use colophon_service::jobs::{pause_queue, remove_limit, resume_queue, set_limit};

use crate::args::Queues;
use crate::config::Config;
use crate::instance::{Instance, Wish};
use crate::output::{self, optional, time};

const WISH: Wish = Wish { program: "colophon queues", workers: 0, database_listen: None };

pub async fn run(config: &Config, queues: Queues) -> anyhow::Result<()> {
    let instance = Instance::open(config, WISH).await?;
    let (platform, scope) = (&instance.platform, SystemScope::new());
    let done = match queues {
        Queues::List { show } => {
            let tx = platform.database.session(&scope).begin().await?;
            let found = tx.queues().list().await?;
            tx.commit().await?;
            instance.close().await?;
            return print(found, show.json);
        }
        Queues::Limits { show } => {
            let tx = platform.database.session(&scope).begin().await?;
            let found = tx.job_limits().list().await?;
            tx.commit().await?;
            instance.close().await?;
            return print_limits(found, show.json);
        }
        Queues::Pause { queue, reason } => {
            let by = instance.owner.to_string();
            pause_queue(platform, &scope, &queue, reason.as_deref(), Some(&by)).await?;
            format!("queue {queue} is paused: nothing of it is claimed")
        }
        Queues::Resume { queue } => {
            resume_queue(platform, &scope, &queue).await?;
            format!("queue {queue} is worked on")
        }
        Queues::Limit { kind, name, max_running } => {
            set_limit(platform, &scope, &JobLimit::new(kind, &name, max_running)?).await?;
            format!("{} {name}: {max_running} jobs at once, at most", kind.as_str())
        }
        Queues::Unlimit { kind, name } => {
            anyhow::ensure!(
                remove_limit(platform, &scope, kind, &name).await?,
                "{} {name} has no limit of its own; `colophon queues limits` shows all",
                kind.as_str()
            );
            format!("{} {name}: no limit of its own any more", kind.as_str())
        }
    };
    instance.close().await?;
    output::line(&done)
}

fn print(queues: Vec<Queue>, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let items = queues.into_iter().map(QueueView::from).collect();
        return output::json(&ListView { items, next_cursor: None });
    }
    let rows = queues.into_iter().flat_map(|queue| {
        let state = match &queue.pause {
            Some(pause) => {
                let why = pause.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
                format!("paused since {}{why}", time(pause.paused_at))
            }
            None => "worked on".to_owned(),
        };
        let mut rows: Vec<[String; 9]> = Vec::new();
        for s in &queue.strategies {
            rows.push([
                queue.queue.clone(),
                s.strategy.clone(),
                s.queued.to_string(),
                s.scheduled.to_string(),
                s.waiting.to_string(),
                s.paused.to_string(),
                s.running.to_string(),
                optional(s.oldest_seconds.map(|seconds| format!("{seconds:.0} s"))),
                state.clone(),
            ]);
        }
        if rows.is_empty() {
            let mut row = <[String; 9]>::default();
            (row[0], row[8]) = (queue.queue.clone(), state);
            rows.push(row);
        }
        rows
    });
    let headings =
        ["QUEUE", "STRATEGY", "QUEUED", "SCHEDULED", "WAITING", "PAUSED", "RUNNING", "OLDEST", "STATE"];
    output::table(headings, rows)
}

fn print_limits(limits: Vec<JobLimit>, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let items = limits.into_iter().map(JobLimitView::from).collect();
        return output::json(&ListView { items, next_cursor: None });
    }
    let rows = limits.into_iter().map(|limit| {
        let name = limit.said_name().to_owned();
        [limit.kind, name, limit.max_running.to_string()]
    });
    output::table(["KIND", "NAME", "AT ONCE, AT MOST"], rows)
}
