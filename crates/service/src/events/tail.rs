//! The end of everybody's history: what is new in it, and until when everything is known.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use colophon_db::events::Horizon;
use colophon_db::{Result, SystemScope, Tx};
use colophon_domain::{Cursor, JobId, Progress, Transition};
use jiff::Timestamp;
use uuid::Uuid;

/// A transition is waited for so long whose transaction is still open.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A statement may take the time before it takes a number.
const MARGIN: Duration = Duration::from_secs(1);

/// Read in one statement.
const PART: i64 = 5_000;

/// What is known of the end of the history.
#[derive(Debug, Default)]
pub struct Tail {
    /// Nothing that is older will come any more, and all of it was told.
    floor: Option<Timestamp>,
    /// When it was looked, and the number of the transaction that did.
    looks: VecDeque<(Timestamp, i64)>,
    /// What was told and is not older than the floor.
    told: HashMap<Uuid, Timestamp>,
    /// How far the jobs were that are worked on.
    pub known: HashMap<JobId, Progress>,
}

impl Tail {
    /// Whether what happened before is known: the first look only learns it.
    pub fn is_known(&self) -> bool {
        self.floor.is_some()
    }

    /// What was not told yet, in order.
    pub async fn read(&self, tx: &Tx<SystemScope>, horizon: &Horizon) -> Result<Vec<Transition>> {
        let floor = self.floor.unwrap_or_else(|| earlier(horizon.now));
        let mut after = Cursor { created_at: floor, id: Uuid::max() };
        let mut fresh = Vec::new();
        loop {
            let part = tx.events().tail(after, PART).await?;
            let is_last = i64::try_from(part.len()).is_ok_and(|read| read < PART);
            if let Some(last) = part.last() {
                after = last.at;
            }
            fresh.extend(part.into_iter().filter(|transition| !self.told.contains_key(&transition.at.id)));
            if is_last {
                return Ok(fresh);
            }
        }
    }

    /// Takes it that all of this was told. Gives the new floor.
    ///
    /// A transaction that began after a look writes nothing that claims to be older than that look. So once all that had
    /// begun before have ended, everything older can be seen.
    pub fn told(&mut self, fresh: &[Transition], horizon: &Horizon) -> Timestamp {
        self.told.extend(fresh.iter().map(|transition| (transition.at.id, transition.at.created_at)));
        let mut floor = self.floor.unwrap_or(Timestamp::MIN).max(earlier(horizon.now));
        self.looks.push_back((horizon.now.saturating_sub(MARGIN).unwrap_or(horizon.now), horizon.own));
        while let Some((when, own)) = self.looks.front()
            && (*own <= horizon.in_hand || *when <= floor)
        {
            floor = floor.max(*when);
            self.looks.pop_front();
        }
        self.floor = Some(floor);
        self.told.retain(|_, when| *when > floor);
        floor
    }
}

fn earlier(now: Timestamp) -> Timestamp {
    now.saturating_sub(PATIENCE).unwrap_or(Timestamp::MIN)
}

/// From where one can go on that was told all up to this place, in order.
pub fn place(at: Cursor, floor: Timestamp) -> Cursor {
    if at.created_at <= floor { at } else { Cursor { created_at: floor, id: Uuid::max() } }
}
