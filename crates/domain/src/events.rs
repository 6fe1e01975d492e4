//! What is told of jobs while they go on: each transition, how far they are, how fast, and how long they will take.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::{Cursor, DocumentId, Job, JobId};

/// A job went from one status to another: a line of its history.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// Its place among all transitions, and its identifier.
    pub at: Cursor,
    /// Document.
    pub document_id: DocumentId,
    /// Job.
    pub job_id: JobId,
    /// What happened.
    pub action: String,
    /// The status that the job has from then on.
    pub status: String,
    /// Particulars.
    pub details: Option<Value>,
    /// Why, where something went wrong.
    pub error_message: Option<String>,
    /// How long the job was in its former status.
    pub duration_ms: Option<i32>,
}

/// How far a job is.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// Document.
    pub document_id: DocumentId,
    /// Job.
    pub job_id: JobId,
    /// A [`crate::JobStatus`], or what a program of the future wrote.
    pub status: String,
    /// How it is done.
    pub strategy: Option<String>,
    /// When it was first claimed.
    pub started_at: Option<Timestamp>,
    /// 0..100.
    pub progress: Option<f64>,
    /// Pages that are done.
    pub completed_pages: i32,
    /// Pages asked for; `None` where that is not known.
    pub total_pages: Option<i32>,
    /// Zones that are done.
    pub completed_zones: Option<i32>,
    /// Zones asked for, or found.
    pub total_zones: Option<i32>,
    /// The zone in hand.
    pub current_zone_id: Option<Uuid>,
    /// Units that failed.
    pub error_count: Option<i32>,
    /// The attempt, from 1; 0 before the first.
    pub attempt: i16,
    /// Attempts allowed.
    pub max_attempts: i16,
    /// When any of this changed last.
    pub updated_at: Timestamp,
}

impl Progress {
    /// Whether the job is being worked on.
    pub fn is_running(&self) -> bool {
        self.status == "running"
    }
}

impl From<&Job> for Progress {
    fn from(job: &Job) -> Self {
        Self {
            document_id: job.document_id,
            job_id: job.id,
            status: job.status.clone(),
            strategy: job.strategy.clone(),
            started_at: job.started_at,
            progress: job.progress,
            completed_pages: job.completed_pages,
            total_pages: job.total_pages,
            completed_zones: job.completed_zones,
            total_zones: job.total_zones,
            current_zone_id: job.current_zone_id,
            error_count: job.error_count,
            attempt: job.attempt,
            max_attempts: job.max_attempts,
            updated_at: job.updated_at,
        }
    }
}

/// How fast a job goes, and how long it will take.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Pace {
    /// Over the last half minute; `None` before anything is known of it.
    pub pages_per_second: Option<f64>,
    /// `None` where nothing tells: the job does not run, its strategy has no past, it has done nothing yet.
    pub eta_seconds: Option<f64>,
}

/// What is remembered of a job to tell its pace.
#[derive(Debug, Clone, Default)]
pub struct Pacer {
    attempt: i16,
    /// When, how many pages were done, and how much of the whole (0..1).
    seen: VecDeque<(Timestamp, f64, f64)>,
}

impl Pacer {
    /// The rate is that of so long.
    const WINDOW: Duration = Duration::from_secs(30);

    /// The past of a strategy weighs as much as so many pages of the job itself.
    const PAST: f64 = 10.0;

    /// Takes up how far the job is at a time, and gives its pace. `past` is what a page took, in milliseconds, when the
    /// strategy ran before.
    pub fn take(&mut self, now: Timestamp, job: &Progress, past: Option<f64>) -> Pace {
        if !job.is_running() {
            self.seen.clear();
            return Pace::default();
        }
        let pages = f64::from(job.completed_pages);
        let share = (job.progress.unwrap_or(0.0) / 100.0).clamp(0.0, 1.0);
        if self.attempt != job.attempt || self.seen.is_empty() {
            self.attempt = job.attempt;
            self.seen.clear();
            // What a first attempt has done was done since it began; of another, nobody knows what was done before it.
            match job.started_at {
                Some(started) if job.attempt == 1 && started < now => {
                    self.seen.push_back((started, 0.0, 0.0));
                }
                _ => self.seen.push_back((now, pages, share)),
            }
        }
        if self.seen.back().is_none_or(|(when, ..)| *when < now) {
            self.seen.push_back((now, pages, share));
        }
        // One that is older stays: the window begins there.
        while self.seen.get(1).is_some_and(|(when, ..)| seconds(*when, now) >= Self::WINDOW.as_secs_f64()) {
            self.seen.pop_front();
        }
        self.pace(now, job, pages, share, past)
    }

    fn pace(&self, now: Timestamp, job: &Progress, pages: f64, share: f64, past: Option<f64>) -> Pace {
        let Some((from, pages_then, share_then)) = self.seen.front() else { return Pace::default() };
        let took = seconds(*from, now);
        let done = pages - pages_then;
        let rate = (took > 0.0 && done > 0.0).then(|| done / took);
        let total = job.total_pages.map(f64::from).filter(|total| *total > 0.0);
        let eta = match (total, past) {
            // The more pages the job has done itself, the less the past counts.
            (Some(total), Some(past)) => {
                let a_page = (Self::PAST * past / 1000.0 + took) / (Self::PAST + done.max(0.0));
                Some((1.0 - share) * total * a_page)
            }
            _ if took > 0.0 && share > *share_then => Some((1.0 - share) * took / (share - share_then)),
            _ => None,
        };
        Pace { pages_per_second: rate, eta_seconds: eta }
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn job(completed_pages: i32, attempt: i16) -> Progress {
        Progress {
            document_id: DocumentId::new(),
            job_id: JobId::new(),
            status: "running".into(),
            strategy: Some("text-layer".into()),
            started_at: Some(at(0)),
            progress: Some(f64::from(completed_pages)),
            completed_pages,
            total_pages: Some(100),
            completed_zones: None,
            total_zones: None,
            current_zone_id: None,
            error_count: None,
            attempt,
            max_attempts: 5,
            updated_at: at(0),
        }
    }

    fn close(left: Option<f64>, right: f64) -> bool {
        left.is_some_and(|left| (left - right).abs() < 1e-6)
    }

    #[test]
    fn nothing_is_guessed_where_nothing_is_known() {
        assert_eq!(Pacer::default().take(at(5), &job(0, 1), None), Pace::default());
        let queued = Progress { status: "queued".into(), ..job(0, 0) };
        assert_eq!(Pacer::default().take(at(5), &queued, Some(100.0)), Pace::default());
        // Another attempt has not done what was done before it.
        assert_eq!(Pacer::default().take(at(5), &job(50, 2), None), Pace::default());
    }

    #[test]
    fn the_past_of_the_strategy_is_believed_until_the_job_shows_its_own_rate() {
        let mut pacer = Pacer::default();
        let first = pacer.take(at(0), &job(0, 1), Some(500.0));
        assert!(close(first.eta_seconds, 50.0), "{first:?}");
        // It takes four seconds a page.
        let later = pacer.take(at(40), &job(10, 1), Some(500.0));
        assert!(close(later.pages_per_second, 0.25), "{later:?}");
        let eta = later.eta_seconds.unwrap();
        assert!((90.0 * 0.5..90.0 * 4.0).contains(&eta), "{eta}");
        let own = Pacer::default().take(at(40), &job(10, 1), None);
        assert!(close(own.eta_seconds, 360.0), "{own:?}");
    }

    #[test]
    fn the_rate_is_that_of_the_last_half_minute() {
        let mut pacer = Pacer::default();
        for second in 1..=30 {
            pacer.take(at(second), &job(1, 1), None);
        }
        let mut pace = Pace::default();
        for second in 31..=61 {
            pace = pacer.take(at(second), &job(1 + i32::try_from(second).unwrap() - 31, 1), None);
        }
        assert!(close(pace.pages_per_second, 1.0), "{pace:?}");
        assert!(pacer.seen.len() < 40);
    }
}
