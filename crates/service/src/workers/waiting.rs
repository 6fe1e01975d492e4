//! Workers that wait for work wait together: one look at the database is for all of them.
//!
//! Those who want the same stand in one line. Where there may be work, the first of them looks; who finds some lets two
//! more look, who finds none lets nobody. So a wake-up is one claim, and as many claims at once as there is work for, up to
//! what the pool has to spare.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use colophon_db::queue::Class;
use colophon_db::{Database, Listener, Result, SystemScope};
use colophon_worker::Wanted;
use tokio::sync::oneshot;

/// How often is looked without being woken, for all who wait.
const POLL: Duration = Duration::from_secs(1);
/// Those of one line who look at once.
const AT_ONCE: usize = 4;

/// All who wait in a process.
#[derive(Debug, Default)]
pub struct Waiting(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// How often somebody said that there may be work.
    wakes: u64,
    lines: HashMap<Wants, Line>,
}

/// What those of a line want, whatever order it was said in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Wants {
    queues: Vec<String>,
    strategies: Option<Vec<String>>,
}

#[derive(Debug, Default)]
struct Line {
    waiters: VecDeque<oneshot::Sender<Look>>,
    looking: usize,
    /// There may be work since the last of those who look began.
    is_due: bool,
}

/// The right to look now. Dropped without a word (its worker went away), the next one looks instead.
#[derive(Debug)]
pub struct Look {
    waiting: Arc<Waiting>,
    wants: Wants,
    /// How many look next.
    next: usize,
    is_given: bool,
}

impl Look {
    /// There was work, and there may be more.
    pub fn found(mut self) {
        self.next = 2;
    }

    /// There was none, or nobody can tell.
    pub fn found_nothing(mut self) {
        self.next = 0;
    }
}

impl Drop for Look {
    fn drop(&mut self) {
        if self.is_given {
            let mut state = self.waiting.state();
            if let Some(line) = state.lines.get_mut(&self.wants) {
                line.looking -= 1;
                let due = usize::from(std::mem::take(&mut line.is_due));
                line.call(&self.waiting, &self.wants, self.next.max(due));
            }
        }
    }
}

impl Line {
    /// Lets so many look, if so many wait.
    fn call(&mut self, waiting: &Arc<Waiting>, wants: &Wants, most: usize) {
        for _ in 0..most {
            if self.looking == AT_ONCE {
                self.is_due = true;
                return;
            }
            while let Some(waiter) = self.waiters.pop_front() {
                let look =
                    Look { waiting: Arc::clone(waiting), wants: wants.clone(), next: 1, is_given: true };
                match waiter.send(look) {
                    Ok(()) => {
                        self.looking += 1;
                        break;
                    }
                    // It waits no longer. Nobody had this one, and it would ask for the lock that is held here.
                    Err(mut look) => look.is_given = false,
                }
            }
        }
    }
}

impl Wants {
    fn of(wanted: &Wanted<'_>) -> Self {
        let sorted = |names: &[String]| {
            let mut names = names.to_vec();
            names.sort_unstable();
            names.dedup();
            names
        };
        Self { queues: sorted(wanted.queues), strategies: wanted.strategies.map(sorted) }
    }

    fn any(&self, classes: &[Class]) -> bool {
        classes.iter().any(|class| {
            self.queues.contains(&class.queue)
                && self.strategies.as_ref().is_none_or(|strategies| strategies.contains(&class.strategy))
        })
    }
}

impl Waiting {
    /// How often somebody said that there may be work: to be asked before a look.
    pub fn wakes(&self) -> u64 {
        self.state().wakes
    }

    /// Stands in line. What was said since the look that found nothing is not lost.
    pub fn enter(self: &Arc<Self>, wanted: &Wanted<'_>, wakes: u64) -> oneshot::Receiver<Look> {
        let (sender, receiver) = oneshot::channel();
        let wants = Wants::of(wanted);
        let mut state = self.state();
        let missed = usize::from(state.wakes != wakes);
        let line = state.lines.entry(wants.clone()).or_default();
        line.waiters.push_back(sender);
        line.call(self, &wants, missed);
        receiver
    }

    /// Until it is aborted: lets look whom there may be work for, when it is woken and once a second.
    pub async fn keep_looking(self: Arc<Self>, database: Database, listener: Listener) {
        let woken = listener.woken();
        let notified = || {
            let mut notified = Box::pin(Arc::clone(&woken).notified_owned());
            // Before the look, so that no wake-up between the two is lost.
            notified.as_mut().enable();
            notified
        };
        let mut next = notified();
        loop {
            let is_woken = tokio::select! {
                () = &mut next => true,
                () = tokio::time::sleep(POLL) => false,
            };
            if is_woken {
                next = notified();
            }
            self.look(&database, is_woken).await;
        }
    }

    async fn look(self: &Arc<Self>, database: &Database, is_woken: bool) {
        let queues: Vec<String> = {
            let mut state = self.state();
            state.wakes += u64::from(is_woken);
            state.lines.retain(|_, line| {
                line.waiters.retain(|waiter| !waiter.is_closed());
                line.looking > 0 || !line.waiters.is_empty()
            });
            // A claim by itself is no more than a look and a claim.
            if is_woken && state.lines.len() == 1 {
                state.lines.iter_mut().for_each(|(wants, line)| line.call(self, wants, 1));
                return;
            }
            state.lines.keys().flat_map(|wants| wants.queues.iter().cloned()).collect()
        };
        if queues.is_empty() {
            return;
        }
        match classes_with_work(database, queues).await {
            Ok(classes) => {
                let mut state = self.state();
                for (wants, line) in state.lines.iter_mut().filter(|(wants, _)| wants.any(&classes)) {
                    line.call(self, wants, 1);
                }
            }
            Err(error) => tracing::debug!(%error, "cannot look for those who wait for jobs; trying again"),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics halfway through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn classes_with_work(database: &Database, mut queues: Vec<String>) -> Result<Vec<Class>> {
    queues.sort_unstable();
    queues.dedup();
    let queues: Vec<&str> = queues.iter().map(String::as_str).collect();
    let tx = database.session(&SystemScope::new()).begin().await?;
    let classes = tx.queue().classes(&queues, None).await?;
    tx.commit().await?;
    Ok(classes.into_iter().map(|(class, _)| class).collect())
}
