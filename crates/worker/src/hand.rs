//! The jobs in hand: their leases, and who is to be told when one is lost.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use colophon_db::queue::Lease;
use tokio_util::sync::CancellationToken;

/// The jobs in hand.
#[derive(Debug, Default)]
pub(crate) struct Hand(Mutex<HashMap<Lease, Kept>>);

#[derive(Debug)]
struct Kept {
    /// Until when nobody else can have the job, by this machine's clock.
    until: Instant,
    lost: CancellationToken,
}

impl Hand {
    /// Takes a lease up. The token is cancelled when it is lost.
    pub fn take(&self, lease: Lease, until: Instant) -> CancellationToken {
        let lost = CancellationToken::new();
        self.kept().insert(lease, Kept { until, lost: lost.clone() });
        lost
    }

    /// Lays a lease down.
    pub fn lay_down(&self, lease: &Lease) {
        self.kept().remove(lease);
    }

    /// The leases to be prolonged.
    pub fn leases(&self) -> Vec<Lease> {
        self.kept().keys().copied().collect()
    }

    /// What a heartbeat said of `asked`: those in `held` last until then, the others are lost. Gives their number.
    pub fn prolonged(&self, asked: &[Lease], is_held: impl Fn(&Lease) -> bool, until: Instant) -> usize {
        let mut kept = self.kept();
        let mut lost = 0;
        for lease in asked {
            match kept.get_mut(lease) {
                Some(kept) if is_held(lease) => kept.until = until,
                Some(kept) if !kept.lost.is_cancelled() => {
                    kept.lost.cancel();
                    lost += 1;
                }
                _ => {}
            }
        }
        lost
    }

    /// Gives up what nobody answered for in time: the lease is over, and somebody else may have the job.
    pub fn give_up_overdue(&self) -> usize {
        let now = Instant::now();
        let mut lost = 0;
        for kept in self.kept().values().filter(|kept| kept.until < now && !kept.lost.is_cancelled()) {
            kept.lost.cancel();
            lost += 1;
        }
        lost
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, HashMap<Lease, Kept>> {
        // Nothing in here panics halfway through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
