//! What PostgreSQL holds of one job, and each statement as one step: the row locks that a statement takes make it so.
//! Fields and steps are named as in the schema and in `crates/db/src/queue`.
//!
//! Time is a choice: a lease may run out at any moment, a deadline may pass at any moment; so neither is written down.
//! `Seen` is no part of the engine: it is what an onlooker who knows every claim has seen, and what the properties speak of.

use colophon_domain::JobStatus;

/// How a statement tells whether it comes from the worker that holds the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fence {
    /// As the engine does: by `lease_seq`, which a claim sets to the clock's time, every rescue raises and nothing lowers.
    LeaseSeq,
    /// `lease_seq`, but each claim counts on from the one before.
    LeaseSeqCounted,
    /// `lease_seq`, but behind the last attempt on record where an ended job is asked for again.
    LeaseSeqAfterAttempts,
    /// `lease_seq`, but from 0 where an ended job is asked for again.
    LeaseSeqFromZero,
    /// By the number of the attempt.
    Attempt,
    /// Not at all: the job runs, so it will be ours.
    Absent,
}

/// After how many attempts a job is given up.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// `max_attempts`; as many again where the job is asked for again.
    pub attempts: u8,
    /// Workers that it may kill before it is quarantined.
    pub kills: u8,
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
    pub max_attempts: u8,
    pub kills: u8,
    pub lease_seq: u8,
    /// Which claim the row is in the hands of; no statement looks at it.
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
    /// Somebody ended the job past the engine, since it was last asked for.
    pub ended_by_hand: bool,
    pub highest_seq: u8,
    pub seq_not_higher: bool,
    pub stale_heartbeat: bool,
    pub stale_finish: bool,
    pub forbidden_transition: bool,
}

/// The record, the live row, and what was seen.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Database {
    /// `processing_jobs.status` and `.attempt`.
    pub status: JobStatus,
    attempt: u8,
    /// The highest `processing_attempts.lease_seq`.
    last_attempt_seq: u8,
    pub live: Option<Live>,
    /// What was there before a claim that is not on the disk yet: its commit does not wait. Whatever is written after it
    /// is, and it with that.
    on_disk: Option<Box<OnDisk>>,
    pub seen: Seen,
}

/// What a server that died finds again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct OnDisk {
    status: JobStatus,
    attempt: u8,
    live: Option<Live>,
}

impl Database {
    /// A job is asked for: jobs/insert.sql and jobs/enqueue.sql in the caller's transaction.
    pub fn new(patience: Patience) -> Self {
        let live = Some(Live::at(0, 0, patience));
        let (status, seen) = (JobStatus::Queued, Seen::default());
        Self { status, attempt: 0, last_attempt_seq: 0, live, on_disk: None, seen }
    }

    /// queue/claim.sql. `None`: nothing is given out.
    pub fn claim(&mut self, fence: Fence) -> Option<Lease> {
        let on_disk = OnDisk { status: self.status, attempt: self.attempt, live: self.live.clone() };
        let live = self.live.as_mut().filter(|live| live.state == LiveState::Queued)?;
        live.state = LiveState::Running;
        live.attempt += 1;
        live.lease_seq = match fence {
            // Whenever it was that somebody claimed, on the disk or not, it was before.
            Fence::LeaseSeq => live.lease_seq.max(self.seen.highest_seq),
            _ => live.lease_seq,
        } + 1;
        // A job that was ended by hand is not given out; its live row falls to queue/reap.
        if !matches!(self.status, JobStatus::Queued | JobStatus::Retrying) {
            return None;
        }
        self.attempt = live.attempt;
        self.seen.claims += 1;
        self.seen.counted += 1;
        live.claim = self.seen.claims;
        let lease = Lease { seq: live.lease_seq, attempt: live.attempt, claim: live.claim };
        self.seen.seq_not_higher |= lease.seq <= self.seen.highest_seq;
        self.seen.highest_seq = self.seen.highest_seq.max(lease.seq);
        self.becomes(JobStatus::Running);
        self.on_disk = Some(Box::new(on_disk));
        Some(lease)
    }

    /// The server dies and starts again. A claim whose commit was not on the disk has never been.
    pub fn dies(&mut self) {
        if let Some(on_disk) = self.on_disk.take() {
            let OnDisk { status, attempt, live } = *on_disk;
            (self.status, self.attempt, self.live) = (status, attempt, live);
            self.seen.counted -= 1;
        }
    }

    /// Whether a claim is not on the disk yet.
    pub fn may_forget(&self) -> bool {
        self.on_disk.is_some()
    }

    /// A statement was committed, and waited for the disk.
    pub fn flushed(&mut self) {
        self.on_disk = None;
    }

    /// queue/heartbeat.sql, and queue/hold.sql, which goes before what a worker writes. `false`: the lease is lost.
    pub fn heartbeat(&mut self, fence: Fence, lease: Lease) -> bool {
        let of_another = !self.is_in_hands_of(lease);
        let is_held = self.held(fence, lease).is_some();
        self.seen.stale_heartbeat |= is_held && of_another;
        if is_held {
            self.flushed();
        }
        is_held
    }

    /// Whether the job runs under this very claim, whatever a fence thinks.
    pub fn is_in_hands_of(&self, lease: Lease) -> bool {
        self.live.as_ref().is_some_and(|live| live.state == LiveState::Running && live.claim == lease.claim)
    }

    /// queue/finish.sql, queue/fail.sql, queue/release.sql.
    pub fn finish(&mut self, fence: Fence, lease: Lease, end: End) {
        let of_another = !self.is_in_hands_of(lease);
        let by_hand = self.status.is_final();
        if self.held(fence, lease).is_none() {
            return;
        }
        self.flushed();
        self.seen.stale_finish |= of_another;
        let Some(live) = self.live.as_mut() else { return };
        match end {
            End::Completed => self.ends(JobStatus::Completed),
            End::Released => {
                live.attempt = live.attempt.saturating_sub(1);
                if !by_hand {
                    self.attempt = self.attempt.saturating_sub(1);
                    self.seen.counted = self.seen.counted.saturating_sub(1);
                }
                self.goes_back(LiveState::Queued, JobStatus::Queued);
            }
            End::Failed if live.attempt < live.max_attempts => {
                self.goes_back(LiveState::Scheduled, JobStatus::Retrying);
            }
            End::Failed | End::FailedForGood => self.ends(JobStatus::Failed),
        }
    }

    /// queue/reap.sql: the lease ran out, or the deadline passed, which no heartbeat puts off.
    pub fn reap(&mut self, patience: Patience) {
        self.flushed();
        let Some(live) = self.live.as_mut() else { return };
        if self.status != JobStatus::Running {
            self.live = None;
        } else if live.attempt >= live.max_attempts || live.kills >= patience.kills {
            self.ends(JobStatus::Failed);
        } else {
            live.kills += 1;
            self.goes_back(LiveState::Scheduled, JobStatus::Retrying);
            self.raise();
        }
    }

    /// queue/promote.sql: the wait between two attempts is over.
    pub fn promote(&mut self) {
        if let Some(live) = self.live.as_mut() {
            live.state = LiveState::Queued;
        }
    }

    /// `colophon.cancel_job`. A job that runs is taken from its worker. `true`: it is cancelled now.
    pub fn cancel(&mut self) -> bool {
        self.flushed();
        let is_live = !self.status.is_final();
        if is_live {
            self.ends(JobStatus::Cancelled);
        }
        is_live
    }

    /// `colophon.pause_job`. A job that runs is taken from its worker, and that attempt does not count.
    pub fn pause(&mut self) {
        self.flushed();
        let Some(live) = self.live.as_mut() else { return };
        if live.state == LiveState::Running {
            live.attempt = live.attempt.saturating_sub(1);
            self.seen.counted = self.seen.counted.saturating_sub(1);
        }
        self.goes_back(LiveState::Paused, JobStatus::Paused);
        self.raise();
    }

    /// `colophon.resume_job`
    pub fn resume(&mut self) {
        if let Some(live) = self.live.as_mut() {
            live.state = LiveState::Queued;
            self.becomes(JobStatus::Queued);
        }
    }

    /// `colophon.retry_job`: a job that ended otherwise than completed is asked for again. Attempts are counted on.
    pub fn ask_again(&mut self, fence: Fence, patience: Patience) {
        let from = match fence {
            Fence::LeaseSeqFromZero => 0,
            Fence::LeaseSeqAfterAttempts => self.last_attempt_seq + 1,
            // What it begins with is the clock's, above whatever was counted before.
            Fence::LeaseSeq | Fence::LeaseSeqCounted | Fence::Attempt | Fence::Absent => {
                self.seen.highest_seq.max(self.last_attempt_seq) + 1
            }
        };
        self.live = Some(Live::at(from, self.attempt, patience));
        self.seen.ends = 0;
        self.seen.counted = 0;
        self.seen.ended_by_hand = false;
        self.becomes(JobStatus::Queued);
    }

    /// Somebody with the keys of the platform writes `cancelled` into the record, and leaves the live row alone.
    pub fn end_by_hand(&mut self) {
        self.flushed();
        self.seen.ends += 1;
        self.seen.ended_by_hand = true;
        self.becomes(JobStatus::Cancelled);
    }

    /// The live row, where the fence lets the holder of `lease` change it.
    fn held(&mut self, fence: Fence, lease: Lease) -> Option<&mut Live> {
        let live = self.live.as_mut().filter(|live| live.state == LiveState::Running);
        live.filter(|live| match fence {
            Fence::LeaseSeq
            | Fence::LeaseSeqCounted
            | Fence::LeaseSeqAfterAttempts
            | Fence::LeaseSeqFromZero => live.lease_seq == lease.seq,
            Fence::Attempt => live.attempt == lease.attempt,
            Fence::Absent => true,
        })
    }

    /// The live row goes; the record and the attempt follow, unless it was ended by hand.
    fn ends(&mut self, status: JobStatus) {
        self.note_attempt();
        self.live = None;
        if !self.status.is_final() {
            self.seen.ends += 1;
            self.becomes(status);
        }
    }

    /// Nobody works on it any more; the record and the attempt follow, unless it was ended by hand.
    fn goes_back(&mut self, state: LiveState, status: JobStatus) {
        self.note_attempt();
        if let Some(live) = self.live.as_mut() {
            live.state = state;
            live.claim = 0;
        }
        if !self.status.is_final() {
            self.becomes(status);
        }
    }

    /// A row of `processing_attempts`.
    fn note_attempt(&mut self) {
        if let Some(live) = self.live.as_ref().filter(|live| live.state == LiveState::Running)
            && self.status == JobStatus::Running
        {
            self.last_attempt_seq = self.last_attempt_seq.max(live.lease_seq);
        }
    }

    fn raise(&mut self) {
        if let Some(live) = self.live.as_mut() {
            live.lease_seq += 1;
        }
    }

    /// The trigger `processing_jobs_transition` refuses what `JobStatus::next` does not name.
    fn becomes(&mut self, status: JobStatus) {
        self.seen.forbidden_transition |= !self.status.next().contains(&status);
        self.status = status;
    }
}

impl Live {
    fn at(lease_seq: u8, attempt: u8, patience: Patience) -> Self {
        let max_attempts = attempt + patience.attempts;
        Self { state: LiveState::Queued, attempt, max_attempts, kills: 0, lease_seq, claim: 0 }
    }
}
