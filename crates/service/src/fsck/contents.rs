//! The content of files: the checksum, and the pages of PDFs.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read as _, Seek as _};

use colophon_db::fsck::{PagesOf, Totals, Unverified};
use colophon_domain::DocumentId;
use colophon_pdf::{Inspection, Outcome};
use sha2::{Digest as _, Sha256};

use super::{Finding, MOMENT, Phase, Run, checks};
use crate::{Error, upload};

/// Objects that are taken from the ledger at a time.
const PAGE: i64 = 100;
/// Wrong files after which no more are looked for: something is wrong with the store as a whole.
const WRONG: usize = 10_000;

/// What a file turned out to hold.
enum Content {
    Right(File),
    Wrong {
        detail: String,
    },
    /// It is not there, or not whole: that is found by walking the store.
    Elsewhere,
}

impl Run<'_> {
    pub(super) async fn contents(&mut self, totals: &Totals) -> Result<(), Error> {
        let total = totals.bytes.min(self.options.budget);
        // What was wrong before is looked at in every run, so that no finding is forgotten.
        let mut known: Vec<String> = Vec::new();
        let mut again = true;
        while self.summary.verified_bytes < self.options.budget && known.len() < WRONG {
            let tx = self.begin().await?;
            let page = if again {
                tx.fsck().failed(&known, PAGE).await?
            } else {
                tx.fsck().unverified(totals.time, &known, PAGE).await?
            };
            tx.commit().await?;
            if page.is_empty() {
                if !std::mem::take(&mut again) {
                    break;
                }
                continue;
            }
            let mut right = Vec::new();
            for file in page {
                if self.summary.verified_bytes >= self.options.budget {
                    break;
                }
                if self.is_right(&file).await? {
                    right.push(file.storage_path);
                } else {
                    known.push(file.storage_path);
                }
                self.progress(Phase::Contents, self.summary.verified_bytes, total);
            }
            let tx = self.begin().await?;
            tx.fsck().verified(&right, true).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    async fn is_right(&mut self, file: &Unverified) -> Result<bool, Error> {
        let mut content = self.content(file).await?;
        if matches!(content, Content::Wrong { .. }) {
            tokio::time::sleep(MOMENT).await;
            content = self.content(file).await?;
        }
        self.summary.verified_files += 1;
        self.summary.verified_bytes += u64::try_from(file.bytes).unwrap_or(0);
        match content {
            Content::Elsewhere => Ok(false),
            Content::Right(open) => {
                self.compare_pages(file, open).await?;
                Ok(true)
            }
            Content::Wrong { detail } => {
                let path = &file.storage_path;
                let tx = self.begin().await?;
                let is_still_stored = tx.fsck().verified(std::slice::from_ref(path), false).await? > 0;
                tx.commit().await?;
                if is_still_stored {
                    let repaired = self.options.repair && self.relink(path).await?;
                    let (check, key) = (&checks::OBJECT_CHECKSUM, path.clone());
                    self.found(Finding { check, key, document_id: Some(file.document_id), detail, repaired });
                }
                Ok(false)
            }
        }
    }

    async fn content(&self, file: &Unverified) -> Result<Content, Error> {
        let opened = match self.platform.store.local_file(&file.storage_path).await {
            Ok(opened) => opened,
            Err(colophon_blobs::Error::NotFound { .. } | colophon_blobs::Error::Truncated { .. }) => {
                return Ok(Content::Elsewhere);
            }
            Err(error) => return Err(error.into()),
        };
        let (opened, bytes, sha256) = match hashed(opened).await {
            Ok(hashed) => hashed,
            Err(error) => return Ok(Content::Wrong { detail: format!("it cannot be read: {error}") }),
        };
        Ok(if i64::try_from(bytes) != Ok(file.bytes) {
            Content::Elsewhere
        } else if sha256 == file.sha256 {
            Content::Right(opened)
        } else {
            Content::Wrong {
                detail: format!("the ledger says SHA-256 {}, the file has {sha256}", file.sha256),
            }
        })
    }

    /// The pages of a file whose bytes are right. What cannot be read today could be read once, or the other way round:
    /// that says something of the reader, not of the rows.
    async fn compare_pages(&mut self, file: &Unverified, open: File) -> Result<(), Error> {
        let versions = self.pages_of(file.document_id, &file.storage_path).await?;
        if versions.iter().all(|version| version.page_count.is_none()) {
            return Ok(());
        }
        let inspection = self.inspect(open).await?;
        if inspection.outcome != Outcome::Readable {
            return Ok(());
        }
        for version in versions {
            let Some(said) = version.page_count.filter(|said| !agrees(*said, &inspection)) else { continue };
            tokio::time::sleep(MOMENT).await;
            // Purged, perhaps, since it was read.
            if !self.pages_of(file.document_id, &file.storage_path).await?.contains(&version) {
                continue;
            }
            let repaired = self.options.repair && {
                self.mend_pages(file.document_id, version.version).await?;
                let now = self.pages_of(file.document_id, &file.storage_path).await?;
                now.iter().any(|now| {
                    now.version == version.version
                        && now.page_count.is_some_and(|now| agrees(now, &inspection))
                })
            };
            let detail = format!("the version says {said} pages, the file has {}", inspection.page_count);
            let key = format!("{}/{}", file.document_id, version.version);
            let check = &checks::PAGES_OF_FILE;
            self.found(Finding { check, key, document_id: Some(file.document_id), detail, repaired });
        }
        Ok(())
    }

    async fn pages_of(&self, document: DocumentId, path: &str) -> Result<Vec<PagesOf>, Error> {
        let tx = self.begin().await?;
        let versions = tx.fsck().pages_of(document, path).await?;
        tx.commit().await?;
        Ok(versions)
    }

    async fn inspect(&self, mut file: File) -> Result<Inspection, Error> {
        // What cannot be read from its beginning is damaged, which the inspection will say.
        let _ = file.rewind();
        // The semaphore is never closed; were it, an inspection too many would do no harm.
        let _turn = self.platform.inspections.acquire().await.ok();
        Ok(colophon_pdf::inspect(&self.platform.pdf, file, &self.platform.pdf_limits).await?)
    }

    /// Reads the pages of a version anew, if its file is what it should be and can be read.
    pub(super) async fn mend_pages(&self, document: DocumentId, version: i32) -> Result<(), Error> {
        let tx = self.begin().await?;
        let found = tx.versions().get(document, version).await?;
        tx.commit().await?;
        let Some(found) = found else { return Ok(()) };
        let file = self.platform.store.local_file(&found.storage_path).await?;
        let (file, _, sha256) =
            hashed(file).await.map_err(|error| unreadable(&found.storage_path, &error))?;
        if sha256 != found.sha256 {
            return Ok(());
        }
        let inspection = self.inspect(file).await?;
        let pages = inspection.pages.iter().map(upload::page).collect::<Option<Vec<_>>>();
        if let (Outcome::Readable, Some(pages)) = (inspection.outcome, pages) {
            let tx = self.begin().await?;
            tx.fsck().rewrite_pages(document, version, &pages).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

fn agrees(said: i32, inspection: &Inspection) -> bool {
    u32::try_from(said) == Ok(inspection.page_count)
}

/// The size and the SHA-256 of a file, which is given back.
pub(super) async fn hashed(mut file: File) -> std::io::Result<(File, u64, String)> {
    let hashed = tokio::task::spawn_blocking(move || {
        let (mut hash, mut size, mut buffer) = (Sha256::new(), 0, vec![0; 128 * 1024]);
        loop {
            match file.read(&mut buffer)? {
                0 => break,
                read => {
                    hash.update(&buffer[..read]);
                    size += read as u64;
                }
            }
        }
        let mut text = String::with_capacity(64);
        for byte in hash.finalize() {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Ok((file, size, text))
    });
    hashed.await.map_err(std::io::Error::other)?
}

fn unreadable(path: &str, error: &std::io::Error) -> Error {
    let (key, reason) = (path.to_owned(), error.to_string());
    Error::Store(colophon_blobs::Error::Store { verb: "read", key, reason })
}
