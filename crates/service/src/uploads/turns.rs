//! Who writes an upload in this process: one request at a time, and the newest one goes on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use colophon_domain::UploadId;
use tokio::sync::OwnedMutexGuard;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The uploads that this process writes.
#[derive(Debug, Clone)]
pub struct Turns {
    /// This process, as leases name it.
    pub(super) holder: Uuid,
    turns: Arc<Mutex<HashMap<UploadId, Queue>>>,
}

/// Those who want to write one upload: one does, one waits for it, and whoever came between them gives up.
#[derive(Debug)]
struct Queue {
    lock: Arc<tokio::sync::Mutex<()>>,
    newest: CancellationToken,
}

/// The only request of this process that writes an upload. Dropped, it lets the next one.
#[derive(Debug)]
pub(super) struct Turn {
    turns: Turns,
    id: UploadId,
    guard: Option<OwnedMutexGuard<()>>,
    /// A newer request has come: break off.
    pub overtaken: CancellationToken,
}

impl Default for Turns {
    fn default() -> Self {
        Self { holder: Uuid::new_v4(), turns: Arc::default() }
    }
}

impl Turns {
    /// Asks whoever writes this upload to break off, and waits until it has. `None`: it takes too long, or a still
    /// newer request has come meanwhile.
    pub(super) async fn take(&self, id: UploadId, patience: Duration) -> Option<Turn> {
        let overtaken = CancellationToken::new();
        let lock = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            let queue = turns
                .entry(id)
                .or_insert_with(|| Queue { lock: Arc::default(), newest: CancellationToken::new() });
            queue.newest.cancel();
            queue.newest = overtaken.clone();
            Arc::clone(&queue.lock)
        };
        // Made before the wait, so that it cleans up if this future is dropped.
        let mut turn = Turn { turns: self.clone(), id, guard: None, overtaken };
        turn.guard = timeout(patience, lock.lock_owned()).await.ok();
        (turn.guard.is_some() && !turn.overtaken.is_cancelled()).then_some(turn)
    }

    /// As [`Turns::take`], where anybody writes it; gives the turn back at once.
    pub(super) async fn settle(&self, id: UploadId, patience: Duration) {
        let written = self.turns.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&id);
        if written {
            drop(self.take(id, patience).await);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut turns = self.turns.turns.lock().unwrap_or_else(PoisonError::into_inner);
        self.guard = None;
        // One count is the map's; any other belongs to somebody who writes or waits.
        if turns.get(&self.id).is_some_and(|queue| Arc::strong_count(&queue.lock) == 1) {
            turns.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_mins(1);

    #[tokio::test]
    async fn the_newest_goes_on_once_the_oldest_has_broken_off() {
        let (turns, id) = (Turns::default(), UploadId::new());
        let oldest = turns.take(id, PATIENCE).await.expect("nobody else is there");
        let wait = |turns: Turns| tokio::spawn(async move { turns.take(id, PATIENCE).await });
        let between = wait(turns.clone());
        oldest.overtaken.cancelled().await;
        let newest_before = turns.turns.lock().unwrap()[&id].newest.clone();
        let newest = wait(turns.clone());
        newest_before.cancelled().await;
        assert!(!between.is_finished() && !newest.is_finished(), "the oldest still writes");
        drop(oldest);
        assert!(between.await.unwrap().is_none(), "it was overtaken while it waited");
        let newest = newest.await.unwrap().expect("its turn has come");
        assert!(!newest.overtaken.is_cancelled());
        drop(newest);
        assert!(turns.turns.lock().unwrap().is_empty(), "nothing is kept of uploads that nobody writes");
    }

    #[tokio::test]
    async fn nobody_waits_for_ever_and_other_uploads_do_not_wait_at_all() {
        let (turns, id) = (Turns::default(), UploadId::new());
        let first = turns.take(id, PATIENCE).await.expect("nobody else is there");
        assert!(turns.take(id, Duration::from_millis(1)).await.is_none());
        assert!(turns.take(UploadId::new(), Duration::from_millis(1)).await.is_some());
        drop(first);
        turns.settle(id, PATIENCE).await;
        assert!(turns.turns.lock().unwrap().is_empty());
    }
}
