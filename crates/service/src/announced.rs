//! An object between its announcement and the row that names it.

use std::time::{Duration, SystemTime};

use colophon_blobs::Store;
use colophon_db::{Database, SystemScope};
use colophon_domain::{DocumentId, UserId};
use tokio_util::task::TaskTracker;

use crate::{Error, Platform};

/// An announced object of which nothing was heard for so long was given up by a program that died.
const TIME: Duration = Duration::from_hours(1);
/// So often it is said that an object is still being written.
pub const RENEWAL: Duration = Duration::from_mins(15);

/// Whose object it is.
#[derive(Debug, Clone, Copy)]
pub struct Belonging {
    /// Owner of the document; the nil UUID where the document's owner is no UUID.
    pub owner: UserId,
    /// The document.
    pub document: DocumentId,
    /// The document is there already; else it counts against the quota, too.
    pub exists: bool,
}

/// An object that the ledger knows and no row names yet. Dropped without [`Announced::keep`], it is deleted, and its
/// announcement after it; what fails there the sweeper does later.
#[derive(Debug)]
pub struct Announced {
    store: Store,
    database: Database,
    document: DocumentId,
    path: String,
    /// By the wall clock, since the other one stands still while a machine sleeps.
    since: SystemTime,
    kept: bool,
    cleanups: TaskTracker,
}

impl Announced {
    /// Announces an object of `length` bytes, where that is known, and refuses what is over the owner's quota. Answers
    /// how many bytes the owner may still store, `None` for any number.
    ///
    /// # Errors
    /// [`Error::QuotaExceeded`], or the database fails. Then nothing is announced.
    pub async fn intend(
        platform: &Platform,
        belonging: Belonging,
        path: String,
        length: Option<u64>,
    ) -> Result<(Self, Option<u64>), Error> {
        // The nil owner stands for owners of another program's making, whom no quota names.
        let owner = if belonging.owner.0.is_nil() { String::new() } else { belonging.owner.to_string() };
        let tx = platform.database.session(&SystemScope::new()).begin().await?;
        let usage = tx.objects().intend(belonging.document, &path, &owner, TIME).await?;
        let left = usage.bytes_left();
        let too_many = !belonging.exists && usage.refuses_documents(1);
        if too_many || left.is_some_and(|left| left == 0 || length.is_some_and(|length| length > left)) {
            return Err(Error::QuotaExceeded { usage, asked: length });
        }
        tx.commit().await?;
        let since = SystemTime::now();
        Ok((Self::new(platform, belonging.document, path, since), left))
    }

    /// An object that was announced before, by this program or another.
    pub fn of(platform: &Platform, document: DocumentId, path: String) -> Self {
        Self::new(platform, document, path, SystemTime::UNIX_EPOCH)
    }

    fn new(platform: &Platform, document: DocumentId, path: String, since: SystemTime) -> Self {
        let (store, database) = (platform.store.clone(), platform.database.clone());
        let cleanups = platform.cleanups.clone();
        Self { store, database, document, path, since, kept: false, cleanups }
    }

    /// Says that it is still being written.
    ///
    /// # Errors
    /// It took so long that the sweeper has given it up, or the database fails.
    pub async fn renew(&self) -> Result<(), Error> {
        let tx = self.database.session(&SystemScope::new()).begin().await?;
        tx.objects().renew(self.document, &self.path, TIME).await?;
        Ok(tx.commit().await?)
    }

    /// Makes sure that the sweeper has not given it up meanwhile, before rows name it.
    ///
    /// # Errors
    /// It has (a machine that slept in the midst of an upload), or the database fails.
    pub async fn hold(&self) -> Result<(), Error> {
        match self.since.elapsed() {
            Ok(elapsed) if elapsed < TIME / 2 => Ok(()),
            _ => self.renew().await,
        }
    }

    /// From now on somebody else answers for it (`true`), or again this value does.
    pub fn keep(&mut self, kept: bool) {
        self.kept = kept;
    }

    /// Deletes it now, and its announcement after it.
    pub async fn give_up(mut self) {
        self.kept = true;
        let path = std::mem::take(&mut self.path);
        give_up(&self.store, &self.database, self.document, &path).await;
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        let (store, database) = (self.store.clone(), self.database.clone());
        let (document, path) = (self.document, std::mem::take(&mut self.path));
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let given_up = async move { give_up(&store, &database, document, &path).await };
            self.cleanups.spawn_on(given_up, &runtime);
        }
    }
}

async fn give_up(store: &Store, database: &Database, document: DocumentId, path: &str) {
    let given_up = async {
        store.delete(path).await?;
        let tx = database.session(&SystemScope::new()).begin().await?;
        tx.objects().forget(document, path).await?;
        Ok::<(), Error>(tx.commit().await?)
    };
    if let Err(error) = given_up.await {
        tracing::warn!(%error, path, "an object without a row is left to the sweeper");
    }
}
