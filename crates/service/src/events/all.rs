//! Somebody watches all jobs that they may see.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use colophon_db::events::Replay;
use colophon_db::{Error as DatabaseError, Scope, Session};
use colophon_domain::{Cursor, DocumentId, JobFilter, JobStatus, Progress};
use colophon_formats::events::ProgressView;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

use super::hub::{Hub, Told};
use super::look::{json, state};
use super::tail::place;
use super::{Event, Stream};
use crate::Error;

/// Transitions that are told again to whoever was away; of more they are told that there is a gap.
const MOST: i64 = 10_000;
/// So long after they happened.
const LONG_AGO: Duration = Duration::from_hours(24);

/// Jobs in hand whose progress is told at the beginning.
const RUNNING: u16 = 200;

/// What of all jobs is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// Jobs of this document alone.
    pub document_id: Option<DocumentId>,
    /// Jobs that come to this status, or are in it.
    pub status: Option<JobStatus>,
}

/// What happens to all jobs.
pub struct AllEvents<S> {
    hub: Arc<Hub>,
    session: Session<S>,
    /// The person who watches; nobody for the platform itself.
    person: Option<String>,
    wanted: Wanted,
    /// From where one could go on; `None` before anything is asked for.
    after: Option<Cursor>,
    told: Receiver<Arc<Told>>,
    floor: watch::Receiver<Option<Cursor>>,
    waiting: VecDeque<Event>,
    /// Something was missed, or nothing is told yet: it has to be read.
    is_behind: bool,
    has_begun: bool,
}

impl<S: Scope> AllEvents<S> {
    pub(super) async fn begin(
        hub: Arc<Hub>,
        scope: &S,
        wanted: Wanted,
        after: Option<Cursor>,
    ) -> Result<Self, Error> {
        let session = hub.database.session(scope);
        if let Some(document) = wanted.document_id {
            let tx = session.begin().await?;
            tx.documents().require(document).await?;
            tx.commit().await?;
        }
        let (told, floor) = hub.watch_all();
        Ok(Self {
            hub,
            session,
            person: scope.person().map(|person| person.to_string()),
            wanted,
            after,
            told,
            floor,
            waiting: VecDeque::new(),
            is_behind: true,
            has_begun: false,
        })
    }

    /// Reads what was missed, with the rights of whoever watches; at the beginning also what is in hand.
    async fn read(&mut self) -> Result<(), DatabaseError> {
        // What is heard from the first place on, and what is read after it, leave nothing between them.
        let floor = match self.floor.wait_for(Option::is_some).await {
            Ok(floor) => *floor,
            Err(_) => return Ok(()),
        };
        let Some(floor) = floor else { return Ok(()) };
        let mut events = Vec::new();
        let mut after = floor;
        let tx = self.session.begin().await?;
        if let Some(asked) = self.after {
            let wanted = Replay {
                document_id: self.wanted.document_id,
                status: self.wanted.status.map(JobStatus::as_str),
                limit: MOST + 1,
            };
            let is_long_ago = floor.created_at.duration_since(asked.created_at)
                > jiff::SignedDuration::try_from(LONG_AGO).unwrap_or(jiff::SignedDuration::MAX);
            let missed = if is_long_ago { Vec::new() } else { tx.events().replay(asked, wanted).await? };
            if is_long_ago || i64::try_from(missed.len()).is_ok_and(|read| read > MOST) {
                events.push(Event::Gap(floor));
            } else {
                events.extend(missed.iter().map(|transition| Event::State {
                    at: place(transition.at, floor.created_at),
                    json: state(transition),
                }));
                // A place that is not older than the floor stays where it is.
                after = if asked.created_at > floor.created_at { asked } else { floor };
            }
        }
        if !self.has_begun && self.wanted.status.is_none_or(|status| status == JobStatus::Running) {
            let filter = JobFilter { status: Some(JobStatus::Running), document_id: self.wanted.document_id };
            let running = tx.jobs().list(&filter, None, RUNNING).await?;
            for job in &running.items {
                let progress = Progress::from(job);
                let pace = self.hub.pace(&progress).await;
                events.push(Event::Progress { json: json(&ProgressView::new(&progress, pace)) });
            }
        }
        tx.commit().await?;
        events.push(Event::Place(after));
        self.waiting.extend(events);
        self.after = Some(after);
        self.has_begun = true;
        self.is_behind = false;
        Ok(())
    }

    fn hear(&mut self, told: &Told) {
        match told {
            Told::Place(place) => {
                self.after = Some(*place);
            }
            Told::Of { at, document_id, status, people, json } => {
                if let Some(at) = at {
                    self.after = Some(*at);
                }
                let is_wanted = self.wanted.document_id.is_none_or(|wanted| wanted == *document_id)
                    && self.wanted.status.is_none_or(|wanted| wanted.as_str() == status)
                    && self.person.as_ref().is_none_or(|person| people.contains(person));
                if is_wanted {
                    let json = Arc::clone(json);
                    self.waiting.push_back(match at {
                        Some(at) => Event::State { at: *at, json },
                        None => Event::Progress { json },
                    });
                }
            }
        }
    }
}

impl<S: Scope> Stream for AllEvents<S> {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            if self.is_behind
                && let Err(error) = self.read().await
            {
                tracing::debug!(%error, "cannot go on telling of jobs");
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
        self.after
    }
}
