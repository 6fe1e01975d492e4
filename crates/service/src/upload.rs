//! A file comes in.
//!
//! The object is announced first ([`receive`]), written second, and named by its rows last, in one transaction with the
//! job ([`Prepared`]). A crash leaves an announcement that the sweeper understands; never a row without its object.
//! Every refusal takes its object with it.

mod prepared;

use std::time::{Duration, Instant};

use bytes::Bytes;
use colophon_blobs::{Key, Stored};
use colophon_db::{Scope, SystemScope};
use colophon_domain::{Document, DocumentId, FileName, JobId, OnDuplicate, Strategy, Tags, Usage, UserId};
use futures_util::{Stream, StreamExt};
use serde_json::{Map, Value};
use tokio::time::error::Elapsed;
use tokio::time::timeout;
use uuid::Uuid;

pub use prepared::Prepared;
pub(crate) use prepared::{page, without_nul};

use crate::announced::{Announced, Belonging, RENEWAL};
use crate::{Error, Platform};

/// A PDF's header must begin within so many bytes (ISO 32000-1, Annex H, implementation note 13).
const HEADER_WITHIN: usize = 1024;
/// So many bytes hold a header that begins at the last place it may.
const HEAD: usize = HEADER_WITHIN + b"%PDF-".len();

/// A sender that is silent for so long has gone away without a word.
pub(crate) const STALL: Duration = Duration::from_mins(1);

/// Where a file goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Owner of the document; [`Uuid::nil`] where the document's owner is no UUID.
    pub owner: UserId,
    /// The document.
    pub document: DocumentId,
    /// It becomes a new version of that document, which is there already.
    pub is_version: bool,
}

impl Target {
    /// A new document of an owner.
    pub fn document(owner: UserId) -> Self {
        Self { owner, document: DocumentId::new(), is_version: false }
    }

    /// A new version of a document.
    pub fn version_of(document: &Document) -> Self {
        Self { owner: owner_of(document), document: document.id, is_version: true }
    }

    /// Whose its object is.
    pub fn belonging(self) -> Belonging {
        Belonging { owner: self.owner, document: self.document, exists: self.is_version }
    }
}

/// The owner of a document's objects. Documents written by other programs may have owners that are no UUID; their
/// objects lie under the nil owner.
pub fn owner_of(document: &Document) -> UserId {
    document.uploaded_by.as_deref().and_then(|owner| owner.parse().ok()).unwrap_or(UserId(Uuid::nil()))
}

/// What the sender says of a file.
#[derive(Debug, Clone)]
pub struct Details {
    /// Its name.
    pub filename: FileName,
    /// The sender's own JSON object.
    pub metadata: Map<String, Value>,
    /// What it is filed under.
    pub tags: Tags,
    /// Read it at once: queue a job in the same transaction.
    pub process: Option<Strategy>,
    /// What to do where the owner has stored the same file before.
    pub on_duplicate: OnDuplicate,
    /// Why a new version is made.
    pub reason: Option<String>,
    /// Who sends it.
    pub created_by: Option<String>,
    /// Makes a repeated upload give the first one's document.
    pub idempotency_key: Option<String>,
}

/// A document that is safely stored.
#[derive(Debug, Clone)]
pub struct Uploaded {
    /// The document.
    pub document: Document,
    /// The job that will read it; of a repeated upload, the one that has not ended yet.
    pub job: Option<JobId>,
    /// The file was stored earlier: under the same idempotency key, or as a document that `on_duplicate` links to.
    pub replayed: bool,
}

/// A file whose bytes are in the store and whose rows are not written yet. Dropped, it takes its object with it.
#[derive(Debug)]
pub struct Received {
    announced: Announced,
    target: Target,
    stored: Stored,
    /// The object is left where it is if its rows cannot be written: the upload may be gone on with.
    keep_on_failure: bool,
}

/// Takes the bytes of a file into the store, with flat memory. What does not begin like a PDF is refused at once.
/// `length` is how many bytes the sender promises, where it does.
///
/// # Errors
/// [`Error::NotPdf`], [`Error::TooLarge`], [`Error::QuotaExceeded`], [`Error::Interrupted`], or the store or the database
/// fails. Nothing is left behind.
pub async fn receive<B, E>(
    platform: &Platform,
    target: Target,
    length: Option<u64>,
    body: B,
) -> Result<Received, Error>
where
    B: Stream<Item = Result<Bytes, E>> + Unpin,
    E: std::fmt::Display,
{
    if length.is_some_and(|length| length > platform.upload_limit) {
        return Err(Error::TooLarge { limit: platform.upload_limit });
    }
    let key = Key::version(target.owner, target.document);
    let (announced, left) = Announced::intend(platform, target.belonging(), key.to_string(), length).await?;
    match write(platform, target, key, &announced, left, body).await {
        Ok(stored) => Ok(Received { announced, target, stored, keep_on_failure: false }),
        Err(error) => {
            announced.give_up().await;
            Err(error)
        }
    }
}

async fn write<B, E>(
    platform: &Platform,
    target: Target,
    key: Key,
    announced: &Announced,
    left: Option<u64>,
    body: B,
) -> Result<Stored, Error>
where
    B: Stream<Item = Result<Bytes, E>> + Unpin,
    E: std::fmt::Display,
{
    let mut writer = platform.store.write(key).await?;
    let limit = platform.upload_limit.min(left.unwrap_or(u64::MAX));
    match copy(limit, announced, &mut writer, body).await {
        Ok(()) => Ok(writer.finish().await?),
        Err(error) => {
            if let Err(error) = writer.abort().await {
                tracing::warn!(%error, "parts of a refused upload are left to the sweeper");
            }
            match error {
                Error::TooLarge { limit } if limit < platform.upload_limit => {
                    let usage = usage(platform, &target.owner.to_string()).await?;
                    Err(Error::QuotaExceeded { usage, asked: None })
                }
                error => Err(error),
            }
        }
    }
}

async fn copy<B, E>(
    limit: u64,
    announced: &Announced,
    writer: &mut colophon_blobs::Writer,
    mut body: B,
) -> Result<(), Error>
where
    B: Stream<Item = Result<Bytes, E>> + Unpin,
    E: std::fmt::Display,
{
    let mut head = Head::default();
    let mut renewed = Instant::now();
    while let Some(bytes) = timeout(STALL, body.next()).await.map_err(stalled)? {
        let bytes = bytes.map_err(|e| Error::Interrupted { reason: e.to_string() })?;
        colophon_metrics::get().http.uploaded(bytes.len() as u64);
        if writer.size() + bytes.len() as u64 > limit {
            return Err(Error::TooLarge { limit });
        }
        head.take(&bytes)?;
        writer.write(bytes).await?;
        if renewed.elapsed() > RENEWAL {
            announced.renew().await?;
            renewed = Instant::now();
        }
    }
    head.end()
}

/// What an owner has and may have.
///
/// # Errors
/// The database fails.
pub async fn usage(platform: &Platform, owner: &str) -> Result<Usage, Error> {
    let tx = platform.database.session(&SystemScope::new()).begin().await?;
    let usage = tx.quotas().usage(owner).await?;
    tx.commit().await?;
    Ok(usage)
}

fn stalled(_: Elapsed) -> Error {
    Error::Interrupted { reason: format!("no byte came for {} seconds", STALL.as_secs()) }
}

/// The first bytes of a file, looked at as they come.
#[derive(Debug, Default)]
pub struct Head {
    bytes: Vec<u8>,
}

impl Head {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`Error::NotPdf`], as soon as enough has come to tell.
    pub fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if self.bytes.len() == HEAD {
            return Ok(());
        }
        self.bytes.extend_from_slice(&bytes[..bytes.len().min(HEAD - self.bytes.len())]);
        if self.bytes.len() == HEAD { check_head(&self.bytes) } else { Ok(()) }
    }

    /// No more bytes come.
    ///
    /// # Errors
    /// [`Error::NotPdf`].
    pub fn end(self) -> Result<(), Error> {
        check_head(&self.bytes)
    }
}

fn check_head(head: &[u8]) -> Result<(), Error> {
    if head.is_empty() {
        return Err(Error::NotPdf { reason: "it is empty".to_owned() });
    }
    if !colophon_pdf::looks_like_pdf(head) {
        return Err(Error::NotPdf {
            reason: format!("there is no %PDF- within the first {HEADER_WITHIN} bytes"),
        });
    }
    Ok(())
}

impl Received {
    /// A file whose bytes came over several requests. Unlike one of [`receive`] its object stays where it is when its
    /// rows cannot be written: the upload may be gone on with.
    pub fn resumed(platform: &Platform, target: Target, stored: Stored) -> Self {
        let mut announced = Announced::of(platform, target.document, stored.path.clone());
        announced.keep(true);
        Self { announced, target, stored, keep_on_failure: true }
    }

    /// SHA-256 of the bytes, 64 lower-case hexadecimal digits.
    pub fn sha256(&self) -> &str {
        &self.stored.sha256
    }

    /// Looks into the file and stores its rows: document or version, pages, and a job if asked for, in one transaction.
    ///
    /// # Errors
    /// [`Error::NotPdf`], [`Error::KeyReused`], [`Error::Duplicate`], [`Error::InTrash`], or the database fails or
    /// refuses. Nothing is left behind, except where a commit's outcome is unknown: then the object stays, and an upload
    /// repeated under the same key tells.
    pub async fn store<S: Scope>(
        self,
        platform: &Platform,
        scope: &S,
        details: Details,
    ) -> Result<Uploaded, Error> {
        let mut prepared = self.prepare(platform, details).await?;
        let tx = platform.database.session(scope).begin().await?;
        let uploaded = prepared.write(&tx).await?;
        prepared.commit(tx, uploaded).await
    }
}
