//! A file comes in.
//!
//! The object is written first, the rows second, in one transaction with the job. A crash between the two leaves an
//! object that no row names; never a row without its object. Every refusal takes its object with it.

use std::time::Duration;

use bytes::Bytes;
use colophon_blobs::{Key, Store, Stored};
use colophon_db::{ErrorKind, Scope, Tx};
use colophon_domain::{
    Document, DocumentId, DocumentStatus, FileName, Job, JobFilter, JobId, JobStatus, NewDocument, NewJob,
    Page, Strategy, UserId, Version,
};
use colophon_pdf::{Inspection, Outcome};
use futures_util::{Stream, StreamExt};
use serde_json::{Map, Value};
use tokio::time::error::Elapsed;
use tokio::time::timeout;

use crate::{Error, Platform};

/// A PDF's header must begin within so many bytes (ISO 32000-1, Annex H, implementation note 13).
const HEADER_WITHIN: usize = 1024;
/// So many bytes hold a header that begins at the last place it may.
const HEAD: usize = HEADER_WITHIN + b"%PDF-".len();

/// A sender that is silent for so long has gone away without a word.
const STALL: Duration = Duration::from_mins(1);

const MIME_TYPE: &str = "application/pdf";

/// What the sender says of a file.
#[derive(Debug, Clone)]
pub struct Details {
    /// Its name.
    pub filename: FileName,
    /// The sender's own JSON object.
    pub metadata: Map<String, Value>,
    /// Read it at once: queue a job in the same transaction.
    pub process: Option<Strategy>,
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
    /// The document was stored earlier, under the same idempotency key.
    pub replayed: bool,
}

/// A file whose bytes are in the store and whose rows are not written yet. Dropped, it takes its object with it.
#[derive(Debug)]
pub struct Received {
    store: Store,
    owner: UserId,
    document: DocumentId,
    stored: Stored,
    keep: bool,
}

impl Drop for Received {
    fn drop(&mut self) {
        if self.keep {
            return;
        }
        let (store, path) = (self.store.clone(), self.stored.path.clone());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = store.delete(&path).await {
                    tracing::warn!(%error, path, "an object without a row is left behind");
                }
            });
        }
    }
}

/// Takes the bytes of a file into the store, with flat memory. What does not begin like a PDF is refused at once.
///
/// # Errors
/// [`Error::NotPdf`], [`Error::TooLarge`], [`Error::Interrupted`], or the store fails. Nothing is left behind.
pub async fn receive<B, E>(platform: &Platform, owner: UserId, body: B) -> Result<Received, Error>
where
    B: Stream<Item = Result<Bytes, E>> + Unpin,
    E: std::fmt::Display,
{
    let document = DocumentId::new();
    let mut writer = platform.store.write(Key::version(owner, document)).await?;
    match copy(platform.upload_limit, &mut writer, body).await {
        Ok(()) => {
            let stored = writer.finish().await?;
            Ok(Received { store: platform.store.clone(), owner, document, stored, keep: false })
        }
        Err(error) => {
            if let Err(error) = writer.abort().await {
                tracing::warn!(%error, "parts of a refused upload are left behind");
            }
            Err(error)
        }
    }
}

async fn copy<B, E>(limit: u64, writer: &mut colophon_blobs::Writer, mut body: B) -> Result<(), Error>
where
    B: Stream<Item = Result<Bytes, E>> + Unpin,
    E: std::fmt::Display,
{
    let mut head = Vec::with_capacity(HEAD);
    let mut checked = false;
    while let Some(bytes) = timeout(STALL, body.next()).await.map_err(stalled)? {
        let bytes = bytes.map_err(|e| Error::Interrupted { reason: e.to_string() })?;
        if writer.size() + bytes.len() as u64 > limit {
            return Err(Error::TooLarge { limit });
        }
        if !checked {
            head.extend_from_slice(&bytes[..bytes.len().min(HEAD - head.len())]);
            if head.len() == HEAD {
                check_head(&head)?;
                checked = true;
            }
        }
        writer.write(bytes).await?;
    }
    if checked { Ok(()) } else { check_head(&head) }
}

fn stalled(_: Elapsed) -> Error {
    Error::Interrupted { reason: format!("no byte came for {} seconds", STALL.as_secs()) }
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
    /// SHA-256 of the bytes, 64 lower-case hexadecimal digits.
    pub fn sha256(&self) -> &str {
        &self.stored.sha256
    }

    /// Looks into the file and stores its rows: document, version, pages, and a job if asked for, in one transaction.
    ///
    /// # Errors
    /// [`Error::NotPdf`], [`Error::KeyReused`], or the database fails. Nothing is left behind, except where a commit's
    /// outcome is unknown: then the object stays, and an upload repeated under the same key tells.
    pub async fn store<S: Scope>(
        mut self,
        platform: &Platform,
        scope: &S,
        details: Details,
    ) -> Result<Uploaded, Error> {
        let inspection = self.inspect(platform).await?;
        if let Outcome::NotPdf { reason } = inspection.outcome {
            return Err(Error::NotPdf { reason });
        }
        let request = format!("upload {} {}", self.stored.sha256, details.filename.original());
        let (new, pages) = self.describe(&details, inspection)?;
        let job = details.process.filter(|_| new.status.is_readable()).map(|strategy| NewJob {
            id: JobId::new(),
            document_id: new.id,
            version: new.version.version,
            strategy,
            options: Map::new(),
            priority: 2,
            total_pages: new.version.page_count,
            created_by: Some(new.uploaded_by.clone()),
        });

        let tx = platform.database.session(scope).begin().await?;
        if let Some(key) = &details.idempotency_key
            && let Some(earlier) =
                tx.idempotency_keys().take(&new.uploaded_by, key, &request, new.id.0).await?
        {
            if earlier.request != request {
                return Err(Error::KeyReused);
            }
            let document = tx.documents().require(DocumentId(earlier.resource_id)).await?;
            let job = unfinished(&tx, document.id).await?;
            tx.commit().await?;
            return Ok(Uploaded { document, job, replayed: true });
        }
        let document = tx.documents().insert(&new).await?;
        tx.pages().insert(new.id, new.version.version, &pages).await?;
        if let Some(job) = &job {
            tx.jobs().enqueue(job).await?;
        }
        // From here on the rows may exist, whatever the answer to the commit: the object stays.
        self.keep = true;
        let committed = if job.is_some() { tx.commit_and_wake().await } else { tx.commit().await };
        if let Err(error) = committed {
            self.keep = *error.kind() == ErrorKind::Unavailable;
            return Err(error.into());
        }
        Ok(Uploaded { document, job: job.map(|job| job.id), replayed: false })
    }

    async fn inspect(&self, platform: &Platform) -> Result<Inspection, Error> {
        // The semaphore is never closed; were it, an upload too many would do no harm.
        let _turn = platform.inspections.acquire().await.ok();
        let file = self.store.local_file(&self.stored.path).await?;
        Ok(colophon_pdf::inspect(&platform.pdf, file, &platform.pdf_limits).await?)
    }

    fn describe(&self, details: &Details, found: Inspection) -> Result<(NewDocument, Vec<Page>), Error> {
        let too_many = |what: &'static str| colophon_domain::Invalid::new(what, "is too large to be stored");
        let (status, status_detail) = match (&found.outcome, details.process) {
            (Outcome::PasswordRequired, _) => (
                DocumentStatus::PasswordRequired,
                Some("encrypted; it does not open without a password".to_owned()),
            ),
            (Outcome::Damaged { reason } | Outcome::NotPdf { reason }, _) => {
                (DocumentStatus::Damaged, Some(reason.clone()))
            }
            (Outcome::Readable, Some(_)) => (DocumentStatus::Queued, None),
            (Outcome::Readable, None) => (DocumentStatus::Uploaded, None),
        };
        let pages =
            found.pages.iter().map(page).collect::<Option<Vec<_>>>().ok_or_else(|| too_many("page_count"))?;
        let page_count = match found.outcome {
            Outcome::Readable => Some(i32::try_from(found.page_count).map_err(|_| too_many("page_count"))?),
            _ => None,
        };
        let version = Version {
            version: 1,
            storage_path: self.stored.path.clone(),
            sha256: self.stored.sha256.clone(),
            file_size_bytes: i64::try_from(self.stored.size).map_err(|_| too_many("file_size_bytes"))?,
            mime_type: MIME_TYPE.to_owned(),
            original_filename: details.filename.original().to_owned(),
            page_count,
            title: found.title.map(|title| without_nul(&title)),
            pdf_version: found.pdf_version.map(|version| without_nul(&version)),
            encryption: found.encryption.map(|encryption| without_nul(&encryption.method)),
            repaired: found.repaired,
            warnings: found.repairs.iter().chain(&found.warnings).map(|text| without_nul(text)).collect(),
            created_by: Some(self.owner.to_string()),
            created_at: None,
        };
        let new = NewDocument {
            id: self.document,
            filename: details.filename.clone(),
            uploaded_by: self.owner.to_string(),
            metadata: details.metadata.clone(),
            status,
            status_detail: status_detail.map(|detail| without_nul(&detail)),
            version,
        };
        Ok((new, pages))
    }
}

/// The newest job of a document, unless it has ended.
async fn unfinished<S: Scope>(tx: &Tx<S>, document: DocumentId) -> Result<Option<JobId>, Error> {
    let filter = JobFilter { status: None, document_id: Some(document) };
    let newest = tx.jobs().list(&filter, None, 1).await?.items.into_iter().next();
    let is_final = |job: &Job| job.status.parse::<JobStatus>().is_ok_and(JobStatus::is_final);
    Ok(newest.filter(|job| !is_final(job)).map(|job| job.id))
}

fn page(page: &colophon_pdf::Page) -> Option<Page> {
    Some(Page {
        page_number: i32::try_from(page.page_number).ok()?,
        width: page.width,
        height: page.height,
        rotation: i16::try_from(page.rotation).ok()?,
        mediabox: page.mediabox,
        cropbox: page.cropbox,
        user_unit: page.user_unit,
    })
}

/// PostgreSQL's text cannot hold U+0000, and PDFs do contain it.
pub(crate) fn without_nul(text: &str) -> String {
    if text.contains('\0') { text.replace('\0', "\u{FFFD}") } else { text.to_owned() }
}
