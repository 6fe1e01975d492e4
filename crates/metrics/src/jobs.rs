//! Jobs, their queue and the workers of this process.

use std::borrow::Cow;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::names::Names;

const SECONDS: [f64; 16] =
    [0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Strategy {
    strategy: Cow<'static, str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Attempt {
    strategy: Cow<'static, str>,
    outcome: Cow<'static, str>,
    error_class: Cow<'static, str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Stage {
    strategy: Cow<'static, str>,
    stage: Cow<'static, str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct QueueState {
    queue: Cow<'static, str>,
    state: Cow<'static, str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Queue {
    queue: Cow<'static, str>,
}

type Timed<S> = Family<S, Histogram, fn() -> Histogram>;

/// Jobs of one queue in one state.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueDepth {
    /// The queue.
    pub queue: String,
    /// `queued`, `running`, ….
    pub state: String,
    /// How many.
    pub jobs: i64,
    /// Seconds for which the oldest has been due, where they wait to be claimed.
    pub oldest_seconds: Option<f64>,
}

/// Jobs, their queue and the workers of this process.
#[derive(Debug)]
pub struct Jobs {
    claimed: Family<Strategy, Counter>,
    attempts: Family<Attempt, Counter>,
    duration: Timed<Strategy>,
    stages: Timed<Stage>,
    leases_lost: Counter,
    reaped: Counter,
    heartbeats_late: Counter,
    slots: Gauge,
    slots_busy: Gauge,
    depth: Family<QueueState, Gauge>,
    oldest: Family<Queue, Gauge<f64, AtomicU64>>,
    is_known: Gauge,
    strategy_names: Names,
    stage_names: Names,
    queue_names: Names,
    outcome_names: Names,
}

impl Jobs {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let timed = || Histogram::new(SECONDS);
        let jobs = Self {
            claimed: Family::default(),
            attempts: Family::default(),
            duration: Family::new_with_constructor(timed),
            stages: Family::new_with_constructor(timed),
            leases_lost: Counter::default(),
            reaped: Counter::default(),
            heartbeats_late: Counter::default(),
            slots: Gauge::default(),
            slots_busy: Gauge::default(),
            depth: Family::default(),
            oldest: Family::default(),
            is_known: Gauge::default(),
            strategy_names: Names::default(),
            stage_names: Names::default(),
            queue_names: Names::default(),
            outcome_names: Names::default(),
        };
        jobs.register_counters(registry);
        jobs.register_queue(registry);
        jobs
    }

    fn register_counters(&self, registry: &mut Registry) {
        let Self { claimed, attempts, duration, stages, leases_lost, reaped, heartbeats_late, .. } = self;
        registry.register("jobs_claimed", "Jobs that workers took by way of this process", claimed.clone());
        registry.register("job_attempts", "Attempts that ended by way of this process", attempts.clone());
        let help = "Time from a job's claim to the end of the attempt";
        registry.register_with_unit("job_attempt_duration", help, Unit::Seconds, duration.clone());
        let help = "Time that a stage of an attempt took, of all its pages together";
        registry.register_with_unit("job_stage_duration", help, Unit::Seconds, stages.clone());
        let help = "Leases that workers of this process lost while they worked";
        registry.register("job_leases_lost", help, leases_lost.clone());
        let help = "Jobs that this process took back from workers that stopped without a word";
        registry.register("jobs_reaped", help, reaped.clone());
        let help = "Heartbeats that came when half of the lease was over, or not at all";
        registry.register("job_heartbeats_late", help, heartbeats_late.clone());
    }

    fn register_queue(&self, registry: &mut Registry) {
        let Self { slots, slots_busy, depth, oldest, is_known, .. } = self;
        registry.register("worker_slots", "Jobs that this process works on at most", slots.clone());
        registry.register("worker_slots_busy", "Jobs that this process works on", slots_busy.clone());
        registry.register("queue_jobs", "Live jobs of the database, by queue and state", depth.clone());
        let help = "For how long the oldest job that may be claimed has waited";
        registry.register_with_unit("queue_oldest", help, Unit::Seconds, oldest.clone());
        let help = "Whether the database told of its queue; the other series of the queue are absent if not";
        registry.register("queue_known", help, is_known.clone());
    }

    /// Workers took jobs.
    pub fn claimed(&self, strategy: &str, jobs: u64) {
        self.claimed.get_or_create(&self.strategy(strategy)).inc_by(jobs);
    }

    /// An attempt ended, in a stable word and with the class of its error, if any.
    pub fn attempt_ended(&self, strategy: &str, outcome: &str, error_class: Option<&str>, time: Duration) {
        let strategy = self.strategy(strategy);
        self.duration.get_or_create(&strategy).observe(time.as_secs_f64());
        let [outcome, error_class] =
            [outcome, error_class.unwrap_or_default()].map(|name| self.outcome_names.label(name));
        self.attempts.get_or_create(&Attempt { strategy: strategy.strategy, outcome, error_class }).inc();
    }

    /// What a stage of an attempt took.
    pub fn stage(&self, strategy: &str, stage: &str, time: Duration) {
        let stage =
            Stage { strategy: self.strategy_names.label(strategy), stage: self.stage_names.label(stage) };
        self.stages.get_or_create(&stage).observe(time.as_secs_f64());
    }

    /// A worker of this process lost a lease.
    pub fn lease_lost(&self) {
        self.leases_lost.inc();
    }

    /// Jobs were taken back from workers that stopped without a word.
    pub fn reaped(&self, jobs: u64) {
        self.reaped.inc_by(jobs);
    }

    /// A heartbeat came late, or did not get through.
    pub fn heartbeat_late(&self) {
        self.heartbeats_late.inc();
    }

    /// This process works on so many jobs more at most.
    pub fn slots_added(&self, slots: usize) {
        self.slots.inc_by(i64::try_from(slots).unwrap_or(i64::MAX));
    }

    /// Work begins in a slot; it ends when what is given is dropped.
    pub fn slot_taken(&self) -> impl Drop + Send + use<> {
        struct Taken(Gauge);
        impl Drop for Taken {
            fn drop(&mut self) {
                self.0.dec();
            }
        }
        self.slots_busy.inc();
        Taken(self.slots_busy.clone())
    }

    /// How the queue stands; `None`: the database does not tell.
    pub fn queue(&self, depths: Option<&[QueueDepth]>) {
        // What is not told is not there: a queue that ran empty, and one whose database is gone.
        self.depth.clear();
        self.oldest.clear();
        self.is_known.set(i64::from(depths.is_some()));
        for QueueDepth { queue, state, jobs, oldest_seconds } in depths.unwrap_or_default() {
            let queue = self.queue_names.label(queue);
            let state = self.outcome_names.label(state);
            // Several may be called `other`.
            self.depth.get_or_create(&QueueState { queue: queue.clone(), state }).inc_by(*jobs);
            if let Some(seconds) = oldest_seconds {
                let oldest = self.oldest.get_or_create_owned(&Queue { queue });
                oldest.set(oldest.get().max(*seconds));
            }
        }
    }

    fn strategy(&self, name: &str) -> Strategy {
        Strategy { strategy: self.strategy_names.label(name) }
    }
}
