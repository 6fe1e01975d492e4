//! From a file in the store to its rows.

use colophon_blobs::Store;
use colophon_db::idempotency_keys::EarlierWrite;
use colophon_db::{ErrorKind, Scope, Tx};
use colophon_domain::{
    DocumentId, DocumentStatus, Invalid, Job, JobFilter, JobId, JobStatus, NewDocument, NewJob, OnDuplicate,
    Page, Version,
};
use colophon_pdf::{Inspection, Outcome};

use super::{Details, Received, Uploaded};
use crate::{Error, MetadataSchemas, Platform};

const MIME_TYPE: &str = "application/pdf";

/// A file that was looked into: all that its rows will say.
#[derive(Debug)]
pub struct Prepared {
    received: Received,
    store: Store,
    schemas: MetadataSchemas,
    details: Details,
    new: NewDocument,
    pages: Vec<Page>,
    /// The rows name the object of another document, so this one is not needed.
    spare: bool,
}

impl Received {
    /// Looks into the file, in a process of its own.
    ///
    /// # Errors
    /// [`Error::NotPdf`], or that process cannot be run.
    pub async fn prepare(self, platform: &Platform, details: Details) -> Result<Prepared, Error> {
        let inspection = self.inspect(platform).await?;
        self.announced.hold().await?;
        if let Outcome::NotPdf { reason } = inspection.outcome {
            return Err(Error::NotPdf { reason });
        }
        let (new, pages) = self.describe(&details, inspection)?;
        Ok(Prepared {
            received: self,
            store: platform.store.clone(),
            schemas: platform.metadata_schemas.clone(),
            details,
            new,
            pages,
            spare: false,
        })
    }

    async fn inspect(&self, platform: &Platform) -> Result<Inspection, Error> {
        // The semaphore is never closed; were it, an upload too many would do no harm.
        let _turn = platform.inspections.acquire().await.ok();
        let file = platform.store.local_file(&self.stored.path).await?;
        Ok(colophon_pdf::inspect(&platform.pdf, file, &platform.pdf_limits).await?)
    }

    fn describe(&self, details: &Details, found: Inspection) -> Result<(NewDocument, Vec<Page>), Error> {
        let too_many = |what: &'static str| Invalid::new(what, "is too large to be stored");
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
        let status_detail = status_detail.map(|detail| without_nul(&detail));
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
            reason: details.reason.clone(),
            status_detail: status_detail.clone(),
            created_by: details.created_by.clone(),
            created_at: None,
        };
        let new = NewDocument {
            id: self.target.document,
            filename: details.filename.clone(),
            uploaded_by: self.target.owner.to_string(),
            metadata: details.metadata.clone(),
            tags: details.tags.clone(),
            status,
            status_detail,
            version,
        };
        Ok((new, pages))
    }
}

impl Prepared {
    /// Writes the rows. What they say counts once [`Prepared::commit`] has returned.
    ///
    /// # Errors
    /// [`Error::KeyReused`], [`Error::Duplicate`], [`Error::InTrash`], [`Error::MetadataInvalid`], or the database fails or refuses.
    pub async fn write<S: Scope>(&mut self, tx: &Tx<S>) -> Result<Uploaded, Error> {
        if let Some(earlier) = self.earlier(tx).await? {
            return Ok(earlier);
        }
        // The document's row before the file's lock, always: two uploads that wait for each other would both fail.
        let version = if self.received.target.is_version {
            let next = tx.documents().lock_to_edit(self.new.id).await?;
            let document = tx.documents().require(self.new.id).await?;
            if document.deleted_at.is_some() {
                return Err(Error::InTrash { document: document.id });
            }
            self.new.uploaded_by = document.uploaded_by.unwrap_or_default();
            next
        } else {
            1
        };
        let linked = self.use_duplicate(tx).await?;
        let resource = linked.as_ref().map_or(self.new.id, |linked| linked.document.id);
        if let Some(earlier) = self.take_key(tx, resource).await? {
            return Ok(earlier);
        }
        if let Some(linked) = linked {
            return Ok(linked);
        }
        self.new.version.version = version;
        let mut document = if self.received.target.is_version {
            tx.versions().insert(self.new.id, &self.new.version).await?;
            tx.documents().make_current(self.new.id, version).await?
        } else {
            if let Some(schema) = tx.metadata_schemas().get(&self.new.uploaded_by).await? {
                self.schemas.check(&schema, &self.new.metadata).await?;
            }
            tx.documents().insert(&self.new).await?
        };
        tx.pages().insert(self.new.id, version, &self.pages).await?;
        let job = self.job();
        if let Some(job) = &job {
            tx.jobs().enqueue(job).await?;
            DocumentStatus::Queued.as_str().clone_into(&mut document.status);
        }
        Ok(Uploaded { document, job: job.map(|job| job.id), replayed: false })
    }

    /// Commits what [`Prepared::write`] wrote, and wakes workers for its job.
    ///
    /// # Errors
    /// The database fails. Then the object is deleted, unless the commit's outcome is unknown.
    pub async fn commit<S: Scope>(mut self, tx: Tx<S>, uploaded: Uploaded) -> Result<Uploaded, Error> {
        let needed = !uploaded.replayed && !self.spare;
        let Received { announced, keep_on_failure, .. } = &mut self.received;
        // From here on the rows may exist, whatever the answer to the commit: the object stays.
        announced.keep(needed || *keep_on_failure);
        let wakes = uploaded.job.is_some() && !uploaded.replayed;
        let committed = if wakes { tx.commit_and_wake().await } else { tx.commit().await };
        if let Err(error) = committed {
            announced.keep(*keep_on_failure || (needed && *error.kind() == ErrorKind::Unavailable));
            return Err(error.into());
        }
        announced.keep(needed);
        Ok(uploaded)
    }

    /// The document of an earlier upload under the same idempotency key.
    async fn earlier<S: Scope>(&self, tx: &Tx<S>) -> Result<Option<Uploaded>, Error> {
        let Some(key) = &self.details.idempotency_key else { return Ok(None) };
        match tx.idempotency_keys().get(self.sender(), key).await? {
            Some(earlier) => self.repeat(tx, earlier).await.map(Some),
            None => Ok(None),
        }
    }

    /// Takes the idempotency key for what this upload makes. An upload at the same time may have taken it first.
    async fn take_key<S: Scope>(&self, tx: &Tx<S>, resource: DocumentId) -> Result<Option<Uploaded>, Error> {
        let Some(key) = &self.details.idempotency_key else { return Ok(None) };
        match tx.idempotency_keys().take(self.sender(), key, &self.request(), resource.0).await? {
            Some(earlier) => self.repeat(tx, earlier).await.map(Some),
            None => Ok(None),
        }
    }

    async fn repeat<S: Scope>(&self, tx: &Tx<S>, earlier: EarlierWrite) -> Result<Uploaded, Error> {
        if earlier.request != self.request() {
            return Err(Error::KeyReused);
        }
        self.replay(tx, DocumentId(earlier.resource_id)).await
    }

    /// Whose the idempotency key is.
    fn sender(&self) -> &str {
        self.details.created_by.as_deref().unwrap_or(&self.new.uploaded_by)
    }

    /// What the upload is, as its idempotency key remembers it.
    fn request(&self) -> String {
        let (sha256, name) = (&self.received.stored.sha256, self.details.filename.original());
        if self.received.target.is_version {
            format!("version of {} {sha256} {name}", self.new.id)
        } else {
            format!("upload {sha256} {name}")
        }
    }

    /// Uses the object that the owner has of this file already, and does what was asked for that case.
    async fn use_duplicate<S: Scope>(&mut self, tx: &Tx<S>) -> Result<Option<Uploaded>, Error> {
        let Some(found) = tx.documents().duplicate(&self.new.uploaded_by, &self.new.version.sha256).await?
        else {
            return Ok(None);
        };
        match self.details.on_duplicate {
            OnDuplicate::Reject => Err(Error::Duplicate(found)),
            OnDuplicate::Link => self.replay(tx, found.document_id).await.map(Some),
            OnDuplicate::Allow => {
                // An object that is lost or damaged is no help; this one then stands for itself.
                let size = self.received.stored.size;
                let found_whole = self.store.head(&found.storage_path).await.is_ok_and(|o| o.size == size);
                if found_whole && found.storage_path != self.received.stored.path {
                    self.spare = true;
                    self.new.version.storage_path = found.storage_path;
                }
                Ok(None)
            }
        }
    }

    async fn replay<S: Scope>(&self, tx: &Tx<S>, id: DocumentId) -> Result<Uploaded, Error> {
        let document = tx.documents().require(id).await?;
        let job = unfinished(tx, id).await?;
        Ok(Uploaded { document, job, replayed: true })
    }

    fn job(&self) -> Option<NewJob> {
        self.details.process.filter(|_| self.new.status.is_readable()).map(|strategy| NewJob {
            total_pages: self.new.version.page_count,
            created_by: self.details.created_by.clone(),
            ..NewJob::new(self.new.id, self.new.version.version, strategy.as_str())
        })
    }
}

/// The newest job of a document, unless it has ended.
async fn unfinished<S: Scope>(tx: &Tx<S>, document: DocumentId) -> Result<Option<JobId>, Error> {
    let filter = JobFilter { status: None, document_id: Some(document) };
    let newest = tx.jobs().list(&filter, None, 1).await?.items.into_iter().next();
    let is_final = |job: &Job| job.status.parse::<JobStatus>().is_ok_and(JobStatus::is_final);
    Ok(newest.filter(|job| !is_final(job)).map(|job| job.id))
}

pub(crate) fn page(page: &colophon_pdf::Page) -> Option<Page> {
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
