//! One job, some workers, a network that loses and delays whatever is said on it, a server that dies, and people who cancel, pause, ask again, or
//! write into the record past the engine.
//!
//! What has no step of its own, since another has the same effect:
//! - a claim or a heartbeat that arrives late is one that was made late;
//! - a claim whose answer is lost is one whose worker dies at once; what a heartbeat's answer says, the next one says too;
//! - a worker that gives up waiting for an answer is one that dies.
//!
//! A finish is another matter. It may lie about while its worker has long gone on, so it is a message; and since an answer
//! that was lost makes its worker say it again, it may arrive more than once.

use colophon_domain::JobStatus;
use stateright::{Model, Property};

use crate::database::{Database, End, Fence, Lease, LiveState, Patience};

/// What is checked.
#[derive(Debug, Clone, Copy)]
pub struct Engine {
    pub fence: Fence,
    pub patience: Patience,
    /// Workers that believe to hold the job.
    pub workers: usize,
    /// Finishes under way at once.
    pub under_way: usize,
    /// How often each of these may be done; whatever else happens, happens as often as it can.
    pub limits: Limits,
}

/// How often something may still be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Limits {
    pub releases: u8,
    pub resends: u8,
    pub cancels: u8,
    pub pauses: u8,
    pub asks_again: u8,
    pub ends_by_hand: u8,
    /// Deaths of the server while a claim is not on the disk; any other changes nothing of a job.
    pub crashes: u8,
}

/// The world at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct World {
    pub database: Database,
    /// What the workers believe to hold, in no order.
    pub leases: Vec<Lease>,
    /// Finishes under way, in no order.
    pub network: Vec<(Lease, End)>,
    pub left: Limits,
    /// Somebody was told that the job is cancelled for good, and nobody has asked for it since.
    pub told_cancelled: bool,
}

/// A step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Claim,
    Heartbeat(Lease),
    Send(Lease, End),
    Arrives(Lease, End),
    /// It arrives, its answer does not, and it is sent again.
    ArrivesUnanswered(Lease, End),
    IsLost(Lease, End),
    Dies(Lease),
    Reap,
    Promote,
    Cancel,
    Pause,
    Resume,
    AskAgain,
    EndByHand,
    ServerDies,
}

impl Model for Engine {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        vec![World {
            database: Database::new(self.patience),
            leases: Vec::new(),
            network: Vec::new(),
            left: self.limits,
            told_cancelled: false,
        }]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        let live = world.database.live.as_ref();
        match live.map(|live| live.state) {
            Some(LiveState::Queued) if world.leases.len() < self.workers => steps.push(Step::Claim),
            Some(LiveState::Running) => steps.push(Step::Reap),
            Some(LiveState::Scheduled) => steps.push(Step::Promote),
            Some(LiveState::Queued | LiveState::Paused) | None => {}
        }
        for lease in world.leases.iter().copied() {
            steps.extend([Step::Dies(lease), Step::Heartbeat(lease)]);
            if world.network.len() < self.under_way {
                let mut ends = vec![End::Completed, End::Failed, End::FailedForGood];
                ends.extend((world.left.releases > 0).then_some(End::Released));
                steps.extend(ends.into_iter().map(|end| Step::Send(lease, end)));
            }
        }
        for (lease, end) in world.network.iter().copied() {
            // The heartbeat was sent before the finish, and overtaken by it.
            steps.extend([Step::Arrives(lease, end), Step::IsLost(lease, end), Step::Heartbeat(lease)]);
            steps.extend((world.left.resends > 0).then_some(Step::ArrivesUnanswered(lease, end)));
        }
        steps.extend((world.left.crashes > 0 && world.database.may_forget()).then_some(Step::ServerDies));
        of_people(world, steps);
    }

    fn next_state(&self, world: &World, step: Step) -> Option<World> {
        let mut next = world.clone();
        self.take(&mut next, step);
        (next != *world).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = vec![
            Property::<Self>::always(
                "no job is lost: where nothing more goes wrong, one worker ends it",
                |e, w| e.comes_to_an_end(w).is_some(),
            ),
            Property::<Self>::always("the record and the live row agree", |_, w| agree(&w.database)),
            Property::<Self>::always("at most one end takes effect", |_, w| w.database.seen.ends <= 1),
            Property::<Self>::always("no finish by an old lease is accepted", |_, w| {
                !w.database.seen.stale_finish
            }),
            Property::<Self>::always("no heartbeat or write by an old lease is accepted", |_, w| {
                !w.database.seen.stale_heartbeat
            }),
            Property::<Self>::always("lease_seq only grows", |_, w| !w.database.seen.seq_not_higher),
            Property::<Self>::always(
                "attempts never exceed what is allowed, but by those handed back",
                |e, w| w.database.seen.counted <= e.patience.attempts,
            ),
            Property::<Self>::always("what was said to be cancelled stays so", |_, w| {
                !w.told_cancelled || w.database.status == JobStatus::Cancelled
            }),
            Property::<Self>::always("no statement tries a transition that the trigger refuses", |_, w| {
                !w.database.seen.forbidden_transition
            }),
            // What must be found, or the model would promise nothing.
            Property::<Self>::sometimes("a job completes", |_, w| w.database.status == JobStatus::Completed),
            Property::<Self>::sometimes("a job fails", |_, w| w.database.status == JobStatus::Failed),
            Property::<Self>::sometimes("a job is taken back", |_, w| {
                w.database.live.as_ref().is_some_and(|live| live.kills > 0)
            }),
            Property::<Self>::sometimes("a finish comes too late", |_, w| {
                w.database.live.is_some()
                    && w.network.iter().any(|(lease, _)| !w.database.is_in_hands_of(*lease))
            }),
            Property::<Self>::sometimes("all workers believe to hold the job", |e, w| {
                w.leases.len() == e.workers
            }),
            Property::<Self>::sometimes("a job is given out more often than there are attempts", |e, w| {
                w.database.seen.claims > e.patience.attempts
            }),
        ];
        if self.limits.cancels + self.limits.ends_by_hand > 0 {
            properties.push(Property::sometimes("a job that ran is cancelled", |_, w: &World| {
                w.database.status == JobStatus::Cancelled && w.database.seen.claims > 0
            }));
        }
        properties
    }
}

impl Engine {
    fn take(&self, world: &mut World, step: Step) {
        let database = &mut world.database;
        match step {
            Step::Claim => {
                world.leases.extend(database.claim(self.fence));
                if world.left.crashes == 0 {
                    database.flushed();
                }
                // Without an order of their own, two worlds that are the same are the same.
                world.leases.sort_unstable();
            }
            Step::Heartbeat(lease) => {
                if !database.heartbeat(self.fence, lease) {
                    world.leases.retain(|held| *held != lease);
                }
            }
            Step::Send(lease, end) => {
                world.left.releases -= u8::from(end == End::Released);
                world.leases.retain(|held| *held != lease);
                world.network.push((lease, end));
                world.network.sort_unstable();
            }
            Step::Arrives(lease, end) => {
                database.finish(self.fence, lease, end);
                world.network.retain(|message| *message != (lease, end));
            }
            Step::ArrivesUnanswered(lease, end) => {
                world.left.resends -= 1;
                database.finish(self.fence, lease, end);
            }
            Step::IsLost(lease, end) => world.network.retain(|message| *message != (lease, end)),
            Step::Dies(lease) => world.leases.retain(|held| *held != lease),
            Step::Reap => database.reap(self.patience),
            Step::Promote => database.promote(),
            Step::Cancel => {
                world.left.cancels -= 1;
                world.told_cancelled |= database.cancel();
            }
            Step::Pause => {
                world.left.pauses -= 1;
                database.pause();
            }
            Step::Resume => database.resume(),
            Step::AskAgain => {
                world.left.asks_again -= 1;
                world.told_cancelled = false;
                database.ask_again(self.fence, self.patience);
            }
            Step::ServerDies => {
                world.left.crashes -= 1;
                database.dies();
            }
            Step::EndByHand => {
                world.left.ends_by_hand -= 1;
                database.end_by_hand();
            }
        }
    }

    /// How the job ends where every worker is dead, all that is under way is lost, and then nothing goes wrong any more:
    /// time passes, somebody keeps house, what is paused is resumed, one worker does its work. `None`: it does not.
    fn comes_to_an_end(&self, world: &World) -> Option<JobStatus> {
        let mut database = world.database.clone();
        for _ in 0..8 {
            match database.live.as_ref().map(|live| live.state) {
                Some(LiveState::Running) => database.reap(self.patience),
                Some(LiveState::Scheduled) => database.promote(),
                // fsck/delete_live.sql: it was put aside and then ended by hand.
                Some(LiveState::Paused) if database.status.is_final() => database.live = None,
                Some(LiveState::Paused) => database.resume(),
                Some(LiveState::Queued) => {
                    if let Some(lease) = database.claim(self.fence) {
                        database.finish(self.fence, lease, End::Completed);
                    }
                }
                None => break,
            }
        }
        (database.live.is_none() && database.status.is_final()).then_some(database.status)
    }
}

fn of_people(world: &World, steps: &mut Vec<Step>) {
    let Database { status, live, .. } = &world.database;
    let may = |left: u8, step: Step| (left > 0).then_some(step);
    if status.is_final() {
        let again = *status != JobStatus::Completed;
        steps.extend(may(world.left.asks_again, Step::AskAgain).filter(|_| again));
        return;
    }
    steps.extend(may(world.left.cancels, Step::Cancel));
    steps.extend(may(world.left.ends_by_hand, Step::EndByHand));
    match live.as_ref().map(|live| live.state) {
        Some(LiveState::Paused) => steps.push(Step::Resume),
        _ => steps.extend(may(world.left.pauses, Step::Pause)),
    }
}

fn agree(database: &Database) -> bool {
    match &database.live {
        None => database.status.is_final(),
        // It goes without another word.
        Some(_) if database.seen.ended_by_hand => database.status == JobStatus::Cancelled,
        Some(live) => match live.state {
            LiveState::Running => database.status == JobStatus::Running,
            LiveState::Paused => database.status == JobStatus::Paused,
            LiveState::Scheduled => database.status == JobStatus::Retrying,
            LiveState::Queued => matches!(database.status, JobStatus::Queued | JobStatus::Retrying),
        },
    }
}
