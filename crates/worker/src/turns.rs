//! Where the turns of the queues stand, and claims that begin there.
//!
//! The queue is looked through from where its turns stand, so that rows which are dead but kept by somebody's old
//! transaction cost nothing; now and then from the start, for what came to stand before (a transaction that queued a job
//! and was long to commit).

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use colophon_db::queue::{Claim, ClaimedJob, Class, Position};
use colophon_db::{Database, Result, SystemScope};

/// Of so many claims, one takes first what has waited longest, whatever its priority.
const AGED: u64 = 4;

/// How often the turns are said and read while there is work,
const ADVANCE: Duration = Duration::from_millis(100);
/// and how often everything is looked through,
const SWEEP: Duration = Duration::from_secs(1);
/// of the time a twentieth at most: while somebody's transaction is open, what is dead lies in the way.
const SWEEP_SHARE: u32 = 20;

/// What a claimer wants.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The queues to take from.
    pub queues: &'a [String],
    /// The strategies that it knows; `None` for every one there is work for.
    pub strategies: Option<&'a [String]>,
    /// Jobs at most.
    pub limit: usize,
    /// How long each lease lasts without a heartbeat.
    pub lease: Duration,
    /// Who will hold them.
    pub worker: &'a str,
}

/// Where the turns of each class stand: one for all who claim in a process.
#[derive(Debug, Default)]
pub struct Turns(Mutex<Marks>);

#[derive(Debug, Default)]
struct Marks {
    /// The queues that were claimed from since the turns were read.
    queues: BTreeSet<String>,
    /// As the workers said the time before last: whoever queues a job now stands behind this.
    from: HashMap<Class, Position>,
    said: HashMap<Class, Position>,
    /// How far this process came, and has not said yet.
    reached: HashMap<Class, Position>,
    is_limited: bool,
    advanced: Option<Instant>,
    /// When each class is to be looked through from the start again.
    sweep_at: HashMap<Class, Instant>,
    claims: u64,
}

/// How the next claim looks.
struct Look {
    classes: Vec<(Class, Position)>,
    swept: Vec<Class>,
    oldest_first: bool,
    is_limited: bool,
}

impl Turns {
    /// Takes jobs that are due and leases each.
    ///
    /// # Errors
    /// The database failed.
    pub async fn claim(&self, database: &Database, wanted: &Wanted<'_>) -> Result<Vec<ClaimedJob>> {
        let claimed = self.take(database, wanted).await?;
        if let Err(error) = self.advance_if_due(database, wanted.queues).await {
            tracing::debug!(%error, "cannot say where the turns stand; trying again");
        }
        Ok(claimed)
    }

    /// As [`Turns::claim`], but the caller goes on with [`Turns::advance_if_due`].
    pub(crate) async fn take(&self, database: &Database, wanted: &Wanted<'_>) -> Result<Vec<ClaimedJob>> {
        if self.is_new() {
            self.advance_if_due(database, wanted.queues).await?;
        }
        let tx = database.session(&SystemScope::new()).begin().await?;
        let classes = if let Some(strategies) = wanted.strategies {
            every_class(wanted.queues, strategies)
        } else {
            let queues: Vec<&str> = wanted.queues.iter().map(String::as_str).collect();
            tx.queue().classes(&queues, None).await?.into_iter().map(|(class, _)| class).collect()
        };
        let look = self.look(classes);
        let begun = Instant::now();
        let claim = Claim {
            classes: &look.classes,
            limit: i64::try_from(wanted.limit).unwrap_or(i64::MAX),
            lease_seconds: wanted.lease.as_secs_f64(),
            worker: wanted.worker,
            oldest_first: look.oldest_first,
        };
        let mut claimed = Vec::new();
        if !claim.classes.is_empty() {
            if look.is_limited {
                tx.queue().one_by_one().await?;
            }
            tx.commit_with_next();
            claimed = tx.queue().claim(&claim).await?;
        }
        tx.commit().await?;
        self.came_to(&claimed, look.swept, begun.elapsed());
        Ok(claimed)
    }

    /// Says now and then how far this process came, and hears how far all did. After a claim, so that what was claimed
    /// waits for none of it.
    pub(crate) async fn advance_if_due(&self, database: &Database, queues: &[String]) -> Result<()> {
        let Some((queues, reached)) = self.due(queues) else { return Ok(()) };
        self.advance(database, &queues, reached).await
    }

    fn is_new(&self) -> bool {
        self.marks().advanced.is_none()
    }

    fn look(&self, classes: Vec<Class>) -> Look {
        let (mut marks, now) = (self.marks(), Instant::now());
        marks.claims += 1;
        let mut look = Look {
            classes: Vec::with_capacity(classes.len()),
            swept: Vec::new(),
            oldest_first: marks.claims.is_multiple_of(AGED),
            is_limited: marks.is_limited,
        };
        for class in classes {
            // Under limits, jobs are left behind on purpose.
            let is_sweep = marks.is_limited || marks.sweep_at.get(&class).is_none_or(|at| *at <= now);
            let from = if is_sweep { 0 } else { marks.from.get(&class).copied().unwrap_or_default() };
            if is_sweep {
                look.swept.push(class.clone());
            }
            look.classes.push((class, from));
        }
        look
    }

    fn came_to(&self, claimed: &[ClaimedJob], swept: Vec<Class>, took: Duration) {
        let mut marks = self.marks();
        let mut left_behind = HashSet::new();
        for job in claimed {
            if marks.from.get(&job.class).is_some_and(|from| job.position < *from) {
                left_behind.insert(&job.class);
            }
            marks.came(job.class.clone(), job.position);
        }
        let again = Instant::now() + SWEEP.max(took * SWEEP_SHARE);
        // Where something stood before the turns, more may: the next claim begins at the start, too.
        let swept = swept.into_iter().filter(|class| !left_behind.contains(class));
        marks.sweep_at.extend(swept.map(|class| (class, again)));
    }

    /// The queues whose turns are to be read now, and what is to be said of them before; `None` where it is too soon.
    fn due(&self, queues: &[String]) -> Option<(Vec<String>, HashMap<Class, Position>)> {
        let mut marks = self.marks();
        for queue in queues {
            if !marks.queues.contains(queue) {
                marks.queues.insert(queue.clone());
            }
        }
        if marks.advanced.is_some_and(|at| at.elapsed() < ADVANCE) {
            return None;
        }
        marks.advanced = Some(Instant::now());
        let queues = std::mem::take(&mut marks.queues);
        Some((queues.into_iter().collect(), std::mem::take(&mut marks.reached)))
    }

    /// Says how far this process came, and hears how far all did.
    async fn advance(
        &self,
        database: &Database,
        queues: &[String],
        reached: HashMap<Class, Position>,
    ) -> Result<()> {
        let said = say(database, queues, &reached).await;
        let mut marks = self.marks();
        match said {
            Ok((positions, is_limited)) => {
                marks.from = std::mem::replace(&mut marks.said, positions);
                marks.is_limited = is_limited;
                let now = Instant::now();
                marks.sweep_at.retain(|_, at| *at > now);
                Ok(())
            }
            Err(error) => {
                for (class, position) in reached {
                    marks.came(class, position);
                }
                marks.advanced = None;
                Err(error)
            }
        }
    }

    fn marks(&self) -> MutexGuard<'_, Marks> {
        // Nothing in here panics halfway through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Marks {
    fn came(&mut self, class: Class, position: Position) {
        let reached = self.reached.entry(class).or_insert(position);
        *reached = position.max(*reached);
    }
}

async fn say(
    database: &Database,
    queues: &[String],
    reached: &HashMap<Class, Position>,
) -> Result<(HashMap<Class, Position>, bool)> {
    let reached: Vec<(Class, Position)> =
        reached.iter().map(|(class, position)| (class.clone(), *position)).collect();
    let queues: Vec<&str> = queues.iter().map(String::as_str).collect();
    let tx = database.session(&SystemScope::new()).begin().await?;
    if !reached.is_empty() {
        tx.queue().advance(&reached).await?;
    }
    let positions = tx.queue().positions(&queues).await?;
    let is_limited = tx.queue().is_limited().await?;
    tx.commit().await?;
    Ok((positions.into_iter().collect(), is_limited))
}

fn every_class(queues: &[String], strategies: &[String]) -> Vec<Class> {
    let class = |queue: &String, strategy: &String, priority| Class {
        queue: queue.clone(),
        strategy: strategy.clone(),
        priority,
    };
    queues
        .iter()
        .flat_map(|queue| strategies.iter().map(move |strategy| (queue, strategy)))
        .flat_map(|(queue, strategy)| (1..=4).map(move |priority| class(queue, strategy, priority)))
        .collect()
}
