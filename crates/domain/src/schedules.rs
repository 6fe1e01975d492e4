//! Jobs that recur: when, and what is done when the time has come.

mod cron;

pub use cron::Cron;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{DocumentId, DocumentStatus, Invalid, JobId, JobRequest, NewJob, ScheduleId, Units};

/// Bytes that the options may have as JSON.
const OPTIONS: usize = 32 << 10;

/// A schedule as somebody asks for it: to make one, or in place of what one says.
#[derive(Debug, Clone)]
pub struct NewSchedule {
    /// For people.
    pub name: Option<String>,
    /// When.
    pub cron: Cron,
    /// What. It names neither a time, nor a key, nor other jobs: those are the schedule's.
    pub job: JobRequest,
    /// Whether it runs.
    pub enabled: bool,
}

impl NewSchedule {
    /// # Errors
    /// The first field that no schedule could have, whatever its document.
    pub fn check(&self) -> Result<(), Invalid> {
        let is_name = |name: &String| (1..=200).contains(&name.chars().count()) && !name.contains('\0');
        if !self.name.as_ref().is_none_or(is_name) {
            return Err(Invalid::new("name", "must have 1 to 200 characters, and no U+0000"));
        }
        let size = Value::Object(self.job.options.clone()).to_string().len();
        if size > OPTIONS {
            return Err(Invalid::new("options", format!("are {size} bytes of JSON, {OPTIONS} at most")));
        }
        if matches!(self.job.units, Units::Zones(_)) {
            let reason = "a schedule names pages or nothing: zones come and go, and it would outlive them";
            return Err(Invalid::new("zones", reason));
        }
        self.job.check()
    }
}

/// A schedule as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct JobSchedule {
    /// The document that its jobs work on.
    pub document_id: DocumentId,
    /// Its identifier.
    pub id: ScheduleId,
    /// For people.
    pub name: Option<String>,
    /// The expression, as [`Cron`] takes it.
    pub cron: String,
    /// Where its hours are counted: a name of the IANA database.
    pub time_zone: String,
    /// How the document is read.
    pub strategy: String,
    /// The strategy's own settings.
    pub options: Map<String, Value>,
    /// Only these pages; all where `None`.
    pub page_numbers: Option<Vec<i32>>,
    /// Its jobs' queue,
    pub queue: String,
    /// priority,
    pub priority: i16,
    /// attempts allowed,
    pub max_attempts: i16,
    /// and seconds for an attempt.
    pub timeout_seconds: Option<i32>,
    /// Whether it runs.
    pub enabled: bool,
    /// Why the platform disabled it.
    pub disabled_reason: Option<String>,
    /// When it runs next, as the housekeeping said; `None` while it has not looked, and where it is disabled.
    pub next_run_at: Option<Timestamp>,
    /// When it made its last job,
    pub last_run_at: Option<Timestamp>,
    /// and which; it may be pruned by now.
    pub last_job_id: Option<JobId>,
    /// The last time that was due and made no job,
    pub last_skipped_at: Option<Timestamp>,
    /// and why.
    pub last_skip_reason: Option<String>,
    /// In whose name its jobs are made: who made it, or changed what it does since; `None` is the platform.
    pub created_by: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When somebody changed it last.
    pub updated_at: Timestamp,
}

impl JobSchedule {
    /// The key of its jobs: one is live at a time.
    pub fn job_key(&self) -> String {
        format!("schedule:{}", self.id)
    }

    /// The next times that it runs, `count` at most; none where it is disabled.
    pub fn upcoming(&self, now: Timestamp, count: usize) -> Vec<Timestamp> {
        let Some(cron) = self.enabled.then(|| self.parsed().ok()).flatten() else { return Vec::new() };
        let first = match self.next_run_at {
            Some(next) => Some(next),
            None => cron.next_after(self.updated_at.max(now)),
        };
        std::iter::successors(first, |last| cron.next_after((*last).max(now))).take(count).collect()
    }

    /// What it says, as somebody would ask for it.
    ///
    /// # Errors
    /// Somebody wrote past the API what cannot be.
    pub fn as_asked(&self) -> Result<NewSchedule, Invalid> {
        let asked = NewSchedule {
            name: self.name.clone(),
            cron: self.parsed()?,
            job: JobRequest {
                options: self.options.clone(),
                units: Units::named(self.page_numbers.clone(), None)?,
                priority: self.priority,
                queue: self.queue.clone(),
                max_attempts: self.max_attempts,
                timeout_seconds: self.timeout_seconds,
                created_by: self.created_by.clone(),
                ..JobRequest::new(self.strategy.as_str())
            },
            enabled: self.enabled,
        };
        asked.check()?;
        Ok(asked)
    }

    fn parsed(&self) -> Result<Cron, Invalid> {
        Cron::new(&self.cron, &self.time_zone)
    }
}

/// A schedule whose time has come, or is to be told, with what is to be known of its document.
#[derive(Debug, Clone)]
pub struct DueSchedule {
    /// The schedule.
    pub schedule: JobSchedule,
    /// What time it is, by the database.
    pub now: Timestamp,
    /// Whether whoever made it may still have the document processed.
    pub is_allowed: bool,
    /// Whether the document is in the trash.
    pub in_trash: bool,
    /// Where the document stands.
    pub status: String,
    /// Its current version,
    pub version: i32,
    /// and how many pages that has, where it can be read.
    pub page_count: Option<i32>,
}

/// What is done with a schedule that was looked at.
#[derive(Debug, Clone)]
pub enum Turn {
    /// Nothing yet: this is its next time.
    Wait(Timestamp),
    /// A job is made, unless one of an earlier time is live still; then comes the next time.
    Run(Box<NewJob>, Timestamp),
    /// No job can be made this time, and why; then comes the next time.
    Skip(String, Timestamp),
    /// It is disabled, and why.
    Disable(String),
}

impl DueSchedule {
    /// What is to be done. Times that went by meanwhile are one.
    pub fn turn(&self) -> Turn {
        let Self { schedule, now, .. } = self;
        let asked = match schedule.as_asked() {
            Ok(asked) => asked,
            Err(invalid) => {
                return Turn::Disable(format!("it cannot be run: {invalid}; mend it, and enable it"));
            }
        };
        let never = || Turn::Disable(format!("{:?} has no time to come in four years", schedule.cron));
        if !self.is_allowed {
            let who = schedule.created_by.as_deref().unwrap_or_default();
            return Turn::Disable(format!(
                "{who}, in whose name it runs, may not edit the document any more; whoever may can enable it in their own name"
            ));
        }
        if self.in_trash {
            return Turn::Disable(
                "the document is in the trash; restore it, and enable the schedule".to_owned(),
            );
        }
        if schedule.next_run_at.is_none() {
            match asked.cron.next_after(schedule.updated_at) {
                Some(first) if first > *now => return Turn::Wait(first),
                Some(_) => {}
                None => return never(),
            }
        }
        let Some(next) = asked.cron.next_after(*now) else { return never() };
        let readable = self.status.parse::<DocumentStatus>().is_ok_and(DocumentStatus::is_readable);
        if !readable || self.page_count.is_none() {
            return Turn::Skip(format!("the document is {}; no job can read it", self.status), next);
        }
        match asked.job.job(schedule.document_id, self.version, self.page_count) {
            Ok(job) => Turn::Run(Box::new(NewJob { job_key: Some(schedule.job_key()), ..job }), next),
            Err(invalid) => Turn::Skip(invalid.to_string(), next),
        }
    }
}

#[cfg(test)]
mod tests;
