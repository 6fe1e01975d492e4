//! The right to write an upload, kept alive beside the work.

use std::pin::pin;
use std::time::Duration;

use colophon_db::uploads::UploadLease;
use colophon_db::{ErrorKind, SystemScope, Tx};
use tokio::time::{Instant, sleep_until, timeout};

use crate::{Error, Platform};

/// A process that was killed is waited for so long: less than what clients take to give up.
pub(super) const LEASE: Duration = Duration::from_secs(6);
/// A lease is renewed when it is so old.
const RENEW: Duration = Duration::from_secs(2);
/// Before a renewal that failed is tried again.
const AGAIN: Duration = Duration::from_millis(300);

/// A lease in hand. Nothing is written once it may have run out.
pub(super) struct Lease<'p> {
    platform: &'p Platform,
    pub fence: UploadLease,
    /// Before it was asked for, so that the server's idea of it ends later than ours.
    since: Instant,
}

impl<'p> Lease<'p> {
    pub fn new(platform: &'p Platform, fence: UploadLease, since: Instant) -> Self {
        Self { platform, fence, since }
    }

    /// A transaction of the platform.
    pub async fn begin(&self) -> Result<Tx<SystemScope>, Error> {
        Ok(self.platform.database.session(&SystemScope::new()).begin().await?)
    }

    /// Another statement has renewed it; `since` is from before that one was sent.
    pub fn renewed(&mut self, since: Instant) {
        self.since = since;
    }

    /// Works, and keeps the lease meanwhile. The work is dropped where the lease is lost.
    pub async fn beside<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Error> {
        if self.since.elapsed() >= LEASE / 2 {
            self.since = self.renew().await?;
        }
        let mut work = pin!(work);
        loop {
            let due = self.since + RENEW;
            let renewed = async {
                sleep_until(due).await;
                self.renew().await
            };
            tokio::select! {
                biased;
                done = &mut work => return Ok(done),
                since = renewed => self.since = since?,
            }
        }
    }

    /// Tries until the lease is over.
    async fn renew(&self) -> Result<Instant, Error> {
        let end = self.since + LEASE;
        loop {
            let since = Instant::now();
            let left = end.saturating_duration_since(since);
            let failed = match timeout(left.max(AGAIN), self.try_renew()).await {
                Ok(Ok(())) => return Ok(since),
                Ok(Err(Error::Database(error))) if error.is_transient() && Instant::now() + AGAIN < end => {
                    error
                }
                Ok(Err(error)) => return Err(error),
                Err(_) => {
                    let reason = "the database did not answer while the upload went on".to_owned();
                    return Err(Error::Interrupted { reason });
                }
            };
            tracing::debug!(error = %failed, upload = %self.fence.upload_id, "the lease is not renewed yet");
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn try_renew(&self) -> Result<(), Error> {
        let tx = self.begin().await?;
        tx.uploads().renew(self.fence, LEASE).await?;
        Ok(tx.commit().await?)
    }

    /// Gives it back, so that nobody has to wait for its end. Where that fails, it ends by itself.
    pub async fn release(self) {
        let released = async {
            let tx = self.begin().await?;
            tx.uploads().release(self.fence).await?;
            Ok::<_, Error>(tx.commit().await?)
        };
        if let Err(error) = released.await {
            tracing::debug!(%error, upload = %self.fence.upload_id, "a lease is left to run out");
        }
    }
}

/// Whether somebody else writes the upload now.
pub(super) fn is_lost(error: &Error) -> bool {
    matches!(error, Error::Database(error) if *error.kind() == ErrorKind::Stale)
}
