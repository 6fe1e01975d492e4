//! What PostgreSQL holds of one job, and each statement as one step: the row locks that a statement takes make it so.
//!
//! Time is a choice: a lease may run out at any moment, a deadline may pass at any moment; so neither is written down.
//! `Seen` is no part of the engine: it is what an onlooker who knows every claim has seen, and what the properties speak of.

use colophon_domain::JobStatus;

/// How a statement tells whether it comes from the worker that holds the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fence {
    /// As the engine does: by `lease_seq`, which every claim and every rescue raises and nothing lowers.
    LeaseSeq,
    /// `lease_seq`, but from 0 again where an ended job is asked for again.
    LeaseSeqFromZero,
    /// By the number of the attempt.
    Attempt,
    /// Not at all: the job runs, so it will be ours.
    Absent,
}

/// The state of a live row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LiveState {
    Queued,
    Scheduled,
    Running,
    Paused,
}

/// A row of `job_queue`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Live {
    pub state: LiveState,
    pub attempt: u8,
    pub lease_seq: u8,
    pub cancel_requested: bool,
    /// Which claim the row is in the hands of; only `Seen` looks at it.
    claim: u8,
}

/// What a worker holds: what its statements carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lease {
    pub seq: u8,
    pub attempt: u8,
    /// Which claim gave it; no statement looks at it.
    pub claim: u8,
}

/// How a worker says that an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum End {
    Completed,
    /// It failed, and every attempt would.
    FailedForGood,
    /// It failed, another may succeed; where none is left it failed for good.
    Failed,
    /// It was told to stop by somebody who cancels the job.
    Cancelled,
    /// Handed back unfinished: the worker shuts down. The attempt does not count.
    Released,
}

/// What an onlooker has seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Seen {
    pub claims: u8,
    /// Claims that count as attempts, since the job was last asked for.
    pub counted: u8,
    /// Ends that took effect, since the job was last asked for.
    pub ends: u8,
    pub highest_seq: u8,
    pub seq_not_higher: bool,
    pub stale_heartbeat: bool,
    pub stale_finish: bool,
    pub claimed_after_cancel: bool,
    pub forbidden_transition: bool,
}

/// The record, the live row, and what was seen.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Database {
    pub status: JobStatus,
    pub live: Option<Live>,
    pub seen: Seen,
}

impl Database {
    /// A job is asked for: jobs/insert.sql and jobs/enqueue.sql in the caller's transaction.
    pub fn new() -> Self {
        Self { status: JobStatus::Queued, live: Some(Live::at(0)), seen: Seen::default() }
    }

    /// queue/claim.sql
    pub fn claim(&mut self) -> Option<Lease> {
        let live = self.live.as_mut().filter(|live| live.state == LiveState::Queued)?;
        self.seen.claimed_after_cancel |= live.cancel_requested;
        self.seen.claims += 1;
        self.seen.counted += 1;
        live.state = LiveState::Running;
        live.attempt += 1;
        live.lease_seq += 1;
        live.claim = self.seen.claims;
        let lease = Lease { seq: live.lease_seq, attempt: live.attempt, claim: live.claim };
        self.seen.seq_not_higher |= lease.seq <= self.seen.highest_seq;
        self.seen.highest_seq = self.seen.highest_seq.max(lease.seq);
        self.becomes(JobStatus::Running);
        Some(lease)
    }

    /// queue/heartbeat.sql, and queue/hold.sql, which goes before what a worker writes. `None`: the lease is lost;
    /// `Some(true)`: somebody asks to cancel.
    pub fn heartbeat(&mut self, fence: Fence, lease: Lease) -> Option<bool> {
        let live = self.held(fence, lease)?;
        let (claim, cancel_requested) = (live.claim, live.cancel_requested);
        self.seen.stale_heartbeat |= claim != lease.claim;
        Some(cancel_requested)
    }

    /// Whether the job runs under this very claim, whatever a fence thinks.
    pub fn is_in_hands_of(&self, lease: Lease) -> bool {
        self.live.as_ref().is_some_and(|live| live.state == LiveState::Running && live.claim == lease.claim)
    }

    /// queue/complete.sql, queue/retry.sql, queue/release.sql. `false`: the lease is lost, nothing was changed.
    pub fn finish(&mut self, fence: Fence, max_attempts: u8, lease: Lease, end: End) -> bool {
        let of_another = !self.is_in_hands_of(lease);
        let Some(live) = self.held(fence, lease) else { return false };
        let again = live.attempt < max_attempts && !live.cancel_requested;
        match end {
            End::Completed => self.ends(JobStatus::Completed),
            End::Cancelled => self.ends(JobStatus::Cancelled),
            End::Released if live.cancel_requested => self.ends(JobStatus::Cancelled),
            End::Released => {
                live.attempt = live.attempt.saturating_sub(1);
                live.goes_back(LiveState::Queued);
                self.seen.counted = self.seen.counted.saturating_sub(1);
                self.becomes(JobStatus::Queued);
            }
            End::Failed if again => {
                live.goes_back(LiveState::Scheduled);
                self.becomes(JobStatus::Retrying);
            }
            End::Failed if live.cancel_requested => self.ends(JobStatus::Cancelled),
            End::Failed | End::FailedForGood => self.ends(JobStatus::Failed),
        }
        self.seen.stale_finish |= of_another;
        true
    }

    /// queue/reap.sql: the lease ran out, or the deadline passed, which no heartbeat puts off.
    pub fn reap(&mut self, max_attempts: u8) {
        let Some(live) = self.live.as_mut() else { return };
        live.lease_seq += 1;
        if live.cancel_requested {
            self.ends(JobStatus::Cancelled);
        } else if live.attempt < max_attempts {
            live.goes_back(LiveState::Queued);
            self.becomes(JobStatus::Queued);
        } else {
            self.ends(JobStatus::Failed);
        }
    }

    /// queue/promote.sql: the wait between two attempts is over.
    pub fn promote(&mut self) {
        if let Some(live) = self.live.as_mut() {
            live.state = LiveState::Queued;
        }
    }

    /// Cancel. `true`: the job is cancelled, and that is final; `false`: it runs, and its worker is told.
    pub fn cancel(&mut self) -> bool {
        let Some(live) = self.live.as_mut() else { return false };
        if live.state == LiveState::Running {
            live.cancel_requested = true;
            return false;
        }
        self.ends(JobStatus::Cancelled);
        true
    }

    /// Pause. A job that runs is taken from its worker, and that attempt does not count.
    pub fn pause(&mut self) {
        let Some(live) = self.live.as_mut() else { return };
        if live.state == LiveState::Running {
            live.attempt = live.attempt.saturating_sub(1);
            live.lease_seq += 1;
            self.seen.counted = self.seen.counted.saturating_sub(1);
        }
        live.goes_back(LiveState::Paused);
        self.becomes(JobStatus::Paused);
    }

    /// Resume.
    pub fn resume(&mut self) {
        if let Some(live) = self.live.as_mut() {
            live.state = LiveState::Queued;
            self.becomes(JobStatus::Queued);
        }
    }

    /// A job that ended otherwise than completed is asked for again: attempts from 0, the fence from where it was.
    pub fn ask_again(&mut self, fence: Fence) {
        let from = if fence == Fence::LeaseSeqFromZero { 0 } else { self.seen.highest_seq };
        self.live = Some(Live::at(from));
        self.seen.ends = 0;
        self.seen.counted = 0;
        self.becomes(JobStatus::Queued);
    }

    /// The live row, where the fence lets the holder of `lease` change it.
    fn held(&mut self, fence: Fence, lease: Lease) -> Option<&mut Live> {
        let live = self.live.as_mut().filter(|live| live.state == LiveState::Running);
        live.filter(|live| match fence {
            Fence::LeaseSeq | Fence::LeaseSeqFromZero => live.lease_seq == lease.seq,
            Fence::Attempt => live.attempt == lease.attempt,
            Fence::Absent => true,
        })
    }

    fn ends(&mut self, status: JobStatus) {
        self.live = None;
        self.seen.ends += 1;
        self.becomes(status);
    }

    /// The trigger `processing_jobs_transition` refuses what `JobStatus::next` does not name.
    fn becomes(&mut self, status: JobStatus) {
        self.seen.forbidden_transition |= !self.status.next().contains(&status);
        self.status = status;
    }
}

impl Live {
    fn at(lease_seq: u8) -> Self {
        Self { state: LiveState::Queued, attempt: 0, lease_seq, cancel_requested: false, claim: 0 }
    }

    /// Nobody works on it any more.
    fn goes_back(&mut self, state: LiveState) {
        self.state = state;
        self.claim = 0;
    }
}
