//! Somebody watches a job.

use std::collections::VecDeque;
use std::sync::Arc;

use colophon_db::{Error as DatabaseError, ErrorKind, Scope, Session};
use colophon_domain::{Cursor, JobId, Progress};
use colophon_formats::events::ProgressView;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::hub::{BEGINNING, Hub, ToldOfJob};
use super::look::{is_final, json, state};
use super::{Event, Stream};
use crate::Error;

/// Transitions that are read at once.
const PART: i64 = 1_000;

/// What happens to a job.
pub struct JobEvents<S> {
    hub: Arc<Hub>,
    session: Session<S>,
    /// The person who watches; nobody for the platform itself.
    person: Option<String>,
    job: JobId,
    /// What was told.
    after: Cursor,
    told: Receiver<Arc<ToldOfJob>>,
    waiting: VecDeque<Event>,
    /// Something was missed, and has to be read.
    is_behind: bool,
    is_over: bool,
}

impl<S: Scope> JobEvents<S> {
    pub(super) async fn begin(
        hub: Arc<Hub>,
        scope: &S,
        job: JobId,
        after: Option<Cursor>,
    ) -> Result<Self, Error> {
        // Heard before it is read, so that nothing falls between the two.
        let told = hub.watch_job(job);
        let mut events = Self {
            session: hub.database.session(scope),
            hub,
            person: scope.person().map(|person| person.to_string()),
            job,
            after: after.unwrap_or(BEGINNING),
            told,
            waiting: VecDeque::new(),
            is_behind: true,
            is_over: false,
        };
        events.read().await?;
        Ok(events)
    }

    /// Whether the job had ended, and everything was told before.
    pub fn is_told(&self) -> bool {
        self.is_over && !self.waiting.iter().any(|event| matches!(event, Event::State { .. }))
    }

    /// Reads what was missed, with the rights of whoever watches.
    async fn read(&mut self) -> Result<(), DatabaseError> {
        let tx = self.session.begin().await?;
        // The end is seen before what led to it, so that it never comes alone.
        let job = tx.jobs().require(self.job).await?;
        let (mut after, mut states) = (self.after, Vec::new());
        loop {
            let part = tx.events().of_job(job.document_id, job.id, after, PART).await?;
            after = part.last().map_or(after, |last| last.at);
            states.extend(
                part.iter().map(|transition| Event::State { at: transition.at, json: state(transition) }),
            );
            if i64::try_from(part.len()).is_ok_and(|read| read < PART) {
                break;
            }
        }
        tx.commit().await?;
        let progress = Progress::from(&job);
        let pace = self.hub.pace(&progress).await;
        self.waiting.extend(states);
        self.waiting.push_back(Event::Progress { json: json(&ProgressView::new(&progress, pace)) });
        self.after = after;
        self.is_over = is_final(&job.status);
        self.is_behind = false;
        Ok(())
    }

    fn hear(&mut self, told: &ToldOfJob) {
        let may_see =
            |people: &super::hub::People| self.person.as_ref().is_none_or(|person| people.contains(person));
        if !told.people.as_ref().is_some_and(may_see) {
            self.is_over = true;
            return;
        }
        for (at, json) in told.states.iter().filter(|(at, _)| is_after(*at, self.after)) {
            self.waiting.push_back(Event::State { at: *at, json: Arc::clone(json) });
        }
        if let Some((at, _)) = told.states.last()
            && is_after(*at, self.after)
        {
            self.after = *at;
        }
        self.waiting.extend(told.progress.iter().map(|json| Event::Progress { json: Arc::clone(json) }));
        self.is_over = told.is_over;
    }
}

fn is_after(at: Cursor, place: Cursor) -> bool {
    (at.created_at, at.id) > (place.created_at, place.id)
}

impl<S: Scope> Stream for JobEvents<S> {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            if self.is_over {
                return None;
            }
            if self.is_behind
                && let Err(error) = self.read().await
            {
                // Whoever watches comes again, and goes on where this broke off.
                if *error.kind() != ErrorKind::NotFound {
                    tracing::debug!(job = %self.job, %error, "cannot go on telling of a job");
                }
                return None;
            }
            if !self.waiting.is_empty() {
                continue;
            }
            match self.told.recv().await {
                Ok(told) => self.hear(&told),
                Err(RecvError::Lagged(_)) => self.is_behind = true,
                Err(RecvError::Closed) => return None,
            }
        }
    }

    fn place(&self) -> Option<Cursor> {
        None
    }
}
