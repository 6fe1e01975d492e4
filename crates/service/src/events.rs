//! Progress and transitions of jobs, told while they happen to however many watch.
//!
//! One task of the process looks, while anybody watches: when a change is announced, at most ten times a second, and every
//! two seconds by itself, since a change may be made by a program that announces nothing. It reads what changed once,
//! and who may see it, and tells all who watch (`hub`, `tail`). What somebody has missed (another process, another
//! day, a connection that was too slow) they read themselves from the history, with their own rights ([`JobEvents`],
//! [`AllEvents`]). So nobody waits for anybody, and nothing is kept for those who are away.
//!
//! **What is guaranteed.** Transitions of one job come in their order, each at least once, whatever breaks in between:
//! they wait for each other's commit, so a place in the job's history tells what was seen. Those of several jobs do not
//! wait for each other: one that was written earlier may be committed later. So the place that is given out for all jobs
//! is never behind the oldest transaction in hand, and going on from there may repeat something. Where a transaction
//! stays open for more than `tail::PATIENCE` after it wrote a transition, that one may be missed by those who watch all
//! jobs.

mod all;
mod hub;
mod job;
mod look;
mod tail;

pub use all::{AllEvents, Wanted};
pub use job::JobEvents;

use std::sync::Arc;

use colophon_db::{Database, Scope};
use colophon_domain::{Cursor, JobId};

use crate::Error;
use hub::Hub;

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// A job went from one status to another.
    State {
        /// A stream that goes on from here misses nothing.
        at: Cursor,
        /// The transition, in JSON.
        json: Arc<str>,
    },
    /// How far a job is, in JSON.
    Progress {
        /// The snapshot.
        json: Arc<str>,
    },
    /// A stream that goes on from here misses nothing.
    Place(Cursor),
    /// Too much happened since the place that was asked for: it is not told, and the stream goes on from here.
    Gap(Cursor),
}

/// A stream of events.
pub trait Stream: Send + 'static {
    /// The next event, once there is one; `None` when there will be none any more. May be dropped while it waits.
    fn next(&mut self) -> impl Future<Output = Option<Event>> + Send;

    /// From where one could go on, where that is further than the last event says: told now and then to those to whom
    /// nothing happens, so that they need not go far back.
    fn place(&self) -> Option<Cursor>;
}

/// What happens to jobs, for whoever watches. A clone is the same one.
#[derive(Debug, Clone)]
pub struct Events(Arc<Hub>);

impl Events {
    /// For a database. Nothing is done before somebody watches.
    pub fn new(database: &Database) -> Self {
        Self(Arc::new(Hub::new(database.clone())))
    }

    /// What happens to a job, from a place in its history on, to its end; from its beginning without a place.
    ///
    /// # Errors
    /// There is no such job for this scope; the database cannot be read.
    pub async fn of_job<S: Scope>(
        &self,
        scope: &S,
        job: JobId,
        after: Option<Cursor>,
    ) -> Result<JobEvents<S>, Error> {
        JobEvents::begin(Arc::clone(&self.0), scope, job, after).await
    }

    /// What happens to every job that the scope may see, from a place on; from now on without one.
    ///
    /// # Errors
    /// There is no such document for this scope; the database cannot be read.
    pub async fn of_all<S: Scope>(
        &self,
        scope: &S,
        wanted: Wanted,
        after: Option<Cursor>,
    ) -> Result<AllEvents<S>, Error> {
        AllEvents::begin(Arc::clone(&self.0), scope, wanted, after).await
    }

    /// How many watch now.
    pub fn viewers(&self) -> usize {
        self.0.viewers()
    }
}
