//! Looks what happened, once for everybody, and tells them.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use colophon_db::events::Seen;
use colophon_db::{Announcement, Listener, Result, SystemScope};
use colophon_domain::{Cursor, DocumentId, JobId, JobStatus, Transition};
use colophon_formats::events::{ProgressView, TransitionView};
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::Instant;
use uuid::Uuid;

use super::hub::{Hub, People, Told, ToldOfJob};
use super::tail::{Tail, place};

/// Between two looks, at least; and longer where looking takes long, so that most of the time is left to others.
const PAUSE: Duration = Duration::from_millis(100);
const SHARE: u32 = 4;

/// What nobody announced is found after so long.
const NET: Duration = Duration::from_secs(2);

/// Transitions of a job that are read in one look.
const MOST_OF_JOB: i64 = 200;

/// Jobs whose progress is read for those who watch all, in one look.
const MOST_JOBS: usize = 1_000;

/// What to look at.
enum Which {
    Jobs(HashSet<JobId>),
    All,
}

impl Which {
    fn add(&mut self, said: Option<Announcement>) {
        match (&mut *self, said) {
            (Self::All, _) => {}
            (Self::Jobs(jobs), Some(Announcement::Jobs(more))) => jobs.extend(more.iter()),
            (Self::Jobs(_), _) => *self = Self::All,
        }
    }
}

/// Until nobody watches.
pub async fn run(hub: Arc<Hub>) {
    let listener = Listener::start(&hub.database);
    let mut announcements = listener.announcements();
    let mut tail = None;
    let (mut next, mut net) = (Instant::now(), Instant::now());
    loop {
        let mut which = Which::Jobs(HashSet::new());
        tokio::select! {
            said = announcements.recv() => which.add(match said {
                Ok(said) => Some(said),
                Err(RecvError::Lagged(_) | RecvError::Closed) => None,
            }),
            () = tokio::time::sleep_until(net) => which = Which::All,
            () = hub.wake.notified() => which = Which::All,
        }
        // What is said meanwhile is looked at together.
        tokio::time::sleep_until(next).await;
        loop {
            match announcements.try_recv() {
                Ok(said) => which.add(Some(said)),
                Err(TryRecvError::Lagged(_)) => which = Which::All,
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        if !hub.is_watched() {
            return;
        }
        let begun = Instant::now();
        if matches!(which, Which::All) {
            net = begun + NET;
        }
        if let Err(error) = look(&hub, &which, &mut tail).await {
            tracing::debug!(%error, "cannot see what happens to jobs; looking again");
            net = Instant::now() + PAUSE * 5;
        }
        next = Instant::now() + PAUSE.max(begun.elapsed() * SHARE);
    }
}

/// A job that is watched, as it was told last.
struct Watching {
    job: JobId,
    after: Cursor,
    told: Option<Timestamp>,
}

async fn look(hub: &Hub, which: &Which, tail: &mut Option<Tail>) -> Result<()> {
    let past = hub.past().await;
    let (watching, is_all_watched) = watching(hub, which);
    if !is_all_watched {
        *tail = None;
    }
    if watching.is_empty() && !is_all_watched {
        return Ok(());
    }
    // One snapshot: what is told of a job's end is told after all that led to it.
    let tx = hub.database.session(&SystemScope::new()).begin_snapshot().await?;
    let mut jobs: BTreeSet<JobId> = watching.iter().map(|watching| watching.job).collect();
    let of_all = if is_all_watched {
        let horizon = tx.events().horizon().await?;
        let fresh = tail.get_or_insert_default().read(&tx, &horizon).await?;
        match which {
            Which::Jobs(named) => jobs.extend(named),
            Which::All => jobs.extend(tx.events().running().await?),
        }
        jobs.extend(fresh.iter().rev().map(|transition| transition.job_id).take(MOST_JOBS));
        Some((horizon, fresh))
    } else {
        None
    };
    let jobs: Vec<JobId> = jobs.into_iter().collect();
    let seen: HashMap<JobId, Seen> = match jobs.is_empty() {
        true => HashMap::new(),
        false => {
            tx.events().progress(&jobs).await?.into_iter().map(|seen| (seen.progress.job_id, seen)).collect()
        }
    };
    let stale: Vec<(DocumentId, JobId, Cursor)> = watching
        .iter()
        .filter_map(|watching| {
            let seen = &seen.get(&watching.job)?.progress;
            (watching.told != Some(seen.updated_at)).then_some((
                seen.document_id,
                watching.job,
                watching.after,
            ))
        })
        .collect();
    let transitions =
        if stale.is_empty() { Vec::new() } else { tx.events().of_jobs(&stale, MOST_OF_JOB).await? };
    let mut people: HashMap<DocumentId, People> =
        seen.values().map(|seen| (seen.progress.document_id, seen.people.clone().into())).collect();
    if let Some((_, fresh)) = &of_all {
        let unknown: BTreeSet<DocumentId> = fresh.iter().map(|transition| transition.document_id).collect();
        let unknown: Vec<DocumentId> =
            unknown.into_iter().filter(|document| !people.contains_key(document)).collect();
        if !unknown.is_empty() {
            let known = tx.events().people(&unknown).await?;
            people.extend(known.into_iter().map(|(document, people)| (document, people.into())));
        }
    }
    tx.commit().await?;

    tell_of_jobs(hub, &watching, &seen, transitions, &past);
    if let (Some((horizon, fresh)), Some(tail)) = (of_all, tail) {
        let is_known = tail.is_known();
        let floor = tail.told(&fresh, &horizon);
        let told =
            if is_known { told_of_all(hub, tail, &fresh, floor, &seen, &people, &past) } else { vec![] };
        tell_all(hub, told, Cursor { created_at: floor, id: Uuid::max() });
    }
    Ok(())
}

fn watching(hub: &Hub, which: &Which) -> (Vec<Watching>, bool) {
    let watched = hub.watched();
    let is_named = |job: &JobId| match which {
        Which::Jobs(named) => named.contains(job),
        Which::All => true,
    };
    let watching = watched.jobs.iter().filter(|(job, _)| is_named(job)).map(|(job, watched)| Watching {
        job: *job,
        after: watched.after,
        told: watched.seen.as_ref().map(|seen| seen.progress.updated_at),
    });
    (watching.collect(), watched.all.is_some())
}

fn tell_of_jobs(
    hub: &Hub,
    watching: &[Watching],
    seen: &HashMap<JobId, Seen>,
    transitions: Vec<Transition>,
    past: &HashMap<String, f64>,
) {
    let mut of_job: HashMap<JobId, Vec<Transition>> = HashMap::new();
    for transition in transitions {
        of_job.entry(transition.job_id).or_default().push(transition);
    }
    let now = Timestamp::now();
    let mut is_more = false;
    let mut watched = hub.watched();
    for Watching { job, .. } in watching {
        let Some(watched) = watched.jobs.get_mut(job) else { continue };
        let Some(seen) = seen.get(job) else {
            tell(watched, ToldOfJob { states: Vec::new(), progress: None, people: None, is_over: true });
            continue;
        };
        let transitions = of_job.remove(job).unwrap_or_default();
        let is_all = i64::try_from(transitions.len()).is_ok_and(|read| read < MOST_OF_JOB);
        let before = watched.seen.as_ref();
        let has_moved = before.is_none_or(|before| before.progress != seen.progress);
        if !has_moved && transitions.is_empty() && before.is_some_and(|before| before.people == seen.people) {
            continue;
        }
        let strategy = seen.progress.strategy.as_ref();
        let pace = watched.pacer.take(
            now,
            &seen.progress,
            strategy.and_then(|strategy| past.get(strategy)).copied(),
        );
        let progress = (has_moved && is_all).then(|| json(&ProgressView::new(&seen.progress, pace)));
        watched.after = transitions.last().map_or(watched.after, |last| last.at);
        // The rest of a long history is read with the next look.
        watched.seen = is_all.then(|| seen.clone());
        is_more |= !is_all;
        let states = transitions.iter().map(|transition| (transition.at, state(transition))).collect();
        let is_over = is_all && is_final(&seen.progress.status);
        tell(watched, ToldOfJob { states, progress, people: Some(seen.people.clone().into()), is_over });
    }
    if is_more {
        hub.wake.notify_one();
    }
}

fn tell(watched: &super::hub::WatchedJob, told: ToldOfJob) {
    // Whoever watched may have gone meanwhile.
    let _ = watched.told.send(Arc::new(told));
}

fn told_of_all(
    hub: &Hub,
    tail: &mut Tail,
    fresh: &[Transition],
    floor: Timestamp,
    seen: &HashMap<JobId, Seen>,
    people: &HashMap<DocumentId, People>,
    past: &HashMap<String, f64>,
) -> Vec<Told> {
    let nobody: People = Arc::from([]);
    let who = |document: &DocumentId| Arc::clone(people.get(document).unwrap_or(&nobody));
    let mut told: Vec<Told> = fresh
        .iter()
        .map(|transition| Told::Of {
            at: Some(place(transition.at, floor)),
            document_id: transition.document_id,
            status: transition.status.clone(),
            people: who(&transition.document_id),
            json: state(transition),
        })
        .collect();
    let now = Timestamp::now();
    let mut watched = hub.watched();
    for Seen { progress, .. } in seen.values() {
        let is_ended = is_final(&progress.status);
        if tail.known.get(&progress.job_id) == Some(progress)
            || (is_ended && !tail.known.contains_key(&progress.job_id))
        {
            continue;
        }
        if is_ended {
            tail.known.remove(&progress.job_id);
        } else {
            tail.known.insert(progress.job_id, progress.clone());
        }
        let strategy = progress.strategy.as_ref();
        let past = strategy.and_then(|strategy| past.get(strategy)).copied();
        // Of a job that nobody watches by itself the pace is told as far as it can be told without a memory.
        let pace = match watched.jobs.get_mut(&progress.job_id) {
            Some(watched) => watched.pacer.take(now, progress, past),
            None => colophon_domain::Pacer::default().take(now, progress, past),
        };
        told.push(Told::Of {
            at: None,
            document_id: progress.document_id,
            status: progress.status.clone(),
            people: who(&progress.document_id),
            json: json(&ProgressView::new(progress, pace)),
        });
    }
    told
}

fn tell_all(hub: &Hub, told: Vec<Told>, floor: Cursor) {
    let watched = hub.watched();
    let Some(all) = &watched.all else { return };
    let is_anything = !told.is_empty();
    for told in told {
        let _ = all.told.send(Arc::new(told));
    }
    if is_anything {
        let _ = all.told.send(Arc::new(Told::Place(floor)));
    }
    all.place.send_replace(Some(floor));
}

pub fn state(transition: &Transition) -> Arc<str> {
    json(&TransitionView::from(transition))
}

pub fn json<T: Serialize>(value: &T) -> Arc<str> {
    // Views are maps with text for keys: nothing of them cannot be written.
    serde_json::to_string(value).unwrap_or_default().into()
}

pub fn is_final(status: &str) -> bool {
    status.parse::<JobStatus>().is_ok_and(JobStatus::is_final)
}
