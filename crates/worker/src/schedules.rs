//! Makes the jobs of schedules whose time has come. Every node does; a schedule is one node's for a transaction.

use std::collections::HashMap;

use colophon_db::job_schedules::Settled;
use colophon_db::{Database, Result, SystemScope};
use colophon_domain::{DocumentId, DueSchedule, JobId, ScheduleId, Turn};

/// Of 100 schedules each, before the rest of the house is looked after again.
const BATCHES: usize = 50;

/// Looks at every schedule whose time has come: makes its job, exactly once over all nodes, and says when it runs next.
/// Job and next time are one transaction: a crash leaves both or neither. Gives how many were looked at.
///
/// # Errors
/// The database. A schedule that cannot be worked on is left alone for a minute and holds up no other.
pub async fn run_due_schedules(database: &Database) -> Result<usize> {
    let mut all = 0;
    for _ in 0..BATCHES {
        let tx = database.session(&SystemScope::new()).begin().await?;
        let due = tx.job_schedules().due_ids().await?;
        tx.commit().await?;
        if due.is_empty() {
            return Ok(all);
        }
        let done = match together(database, &due).await {
            Err(error) if !error.is_transient() => one_by_one(database, &due).await?,
            done => done?,
        };
        all += done;
        // What is left is in others' hands.
        if done < due.len() {
            return Ok(all);
        }
    }
    Ok(all)
}

async fn together(database: &Database, due: &[(DocumentId, ScheduleId)]) -> Result<usize> {
    let tx = database.session(&SystemScope::new()).begin().await?;
    let due = tx.job_schedules().due(due).await?;
    if due.is_empty() {
        tx.commit().await?;
        return Ok(0);
    }
    let turns: Vec<Turn> = due.iter().map(DueSchedule::turn).collect();
    let jobs: Vec<_> = turns
        .iter()
        .filter_map(|turn| match turn {
            Turn::Run(job, _) => Some((**job).clone()),
            _ => None,
        })
        .collect();
    let live: HashMap<JobId, Option<JobId>> = if jobs.is_empty() {
        HashMap::new()
    } else {
        tx.jobs().enqueue_many(&jobs).await?.into_iter().map(|job| (job.asked, job.live)).collect()
    };
    let settled: Vec<Settled> = due.iter().zip(&turns).map(|(due, turn)| settled(due, turn, &live)).collect();
    tx.job_schedules().settle(&settled).await?;
    let is_anything_new = settled.iter().any(|settled| settled.job_id.is_some());
    if is_anything_new {
        tx.commit_and_wake().await?;
    } else {
        tx.commit().await?;
    }
    Ok(settled.len())
}

fn settled(due: &DueSchedule, turn: &Turn, live: &HashMap<JobId, Option<JobId>>) -> Settled {
    let nothing = Settled {
        document_id: due.schedule.document_id,
        id: due.schedule.id,
        next_run_at: None,
        job_id: None,
        skip_reason: None,
        disabled_reason: None,
    };
    match turn {
        Turn::Wait(next) => Settled { next_run_at: Some(*next), ..nothing },
        Turn::Skip(reason, next) => {
            Settled { next_run_at: Some(*next), skip_reason: Some(reason.clone()), ..nothing }
        }
        Turn::Disable(reason) => {
            tracing::warn!(schedule = %due.schedule.id, reason, "a schedule is disabled");
            Settled { disabled_reason: Some(reason.clone()), ..nothing }
        }
        Turn::Run(job, next) => match live.get(&job.id).copied().flatten() {
            Some(id) if id == job.id => Settled { next_run_at: Some(*next), job_id: Some(id), ..nothing },
            other => {
                let which = other.map_or_else(|| "a job".to_owned(), |job| format!("job {job}"));
                let reason = format!("{which} of an earlier time has not ended");
                Settled { next_run_at: Some(*next), skip_reason: Some(reason), ..nothing }
            }
        },
    }
}

async fn one_by_one(database: &Database, due: &[(DocumentId, ScheduleId)]) -> Result<usize> {
    let mut done = 0;
    for schedule in due {
        match together(database, std::slice::from_ref(schedule)).await {
            Err(error) if !error.is_transient() => {
                let (document, id) = *schedule;
                tracing::error!(%error, schedule = %id, "a schedule cannot be worked on; again in a minute");
                let tx = database.session(&SystemScope::new()).begin().await?;
                let reason = "the program could not work on it; its log has the particulars";
                tx.job_schedules().postpone(document, id, reason).await?;
                tx.commit().await?;
                done += 1;
            }
            one => done += one?,
        }
    }
    Ok(done)
}
