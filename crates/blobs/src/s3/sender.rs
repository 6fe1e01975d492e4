//! An object on its way into a bucket. What comes in waits in a file without a name, which holds two parts: one that is
//! being sent and one that is being filled. So memory is taken only while a part is sent, and a small object is sent
//! in one piece.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use object_store::multipart::{MultipartStore as _, PartId};
use object_store::{ObjectStore as _, PutMode, PutMultipartOptions, PutPayload};
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;

use super::{S3, attributes, object};
use crate::folder::{Appender, blocking};
use crate::hash::Hash;
use crate::{About, Error, Stored};

/// Bytes of every part but the last: the least that S3 takes, and all alike, as some stores want them. States that are
/// kept count in them, so this number stays.
const PART: u64 = 5 << 20;
/// The file holds so many bytes: what is written behind them comes to the beginning again.
const RING: u64 = PART * 2;
/// S3 takes no more parts.
const PARTS: usize = 10_000;

/// What a bucket has of an object that is not whole yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parts {
    /// The store's name for the upload, once a part was sent.
    upload: Option<String>,
    /// What the store said of each part.
    sent: Vec<String>,
    /// What is too small for a part lies beside the key, under the size that the object had then.
    rest: Option<u64>,
    /// Such a one that the state before this one needs.
    spent: Option<u64>,
    /// The object is whole already, since an earlier finish went through whose answer was lost.
    #[serde(default)]
    whole: bool,
    mime_type: Option<String>,
    filename: Option<String>,
}

impl Parts {
    pub(crate) fn new(about: About) -> Self {
        Self { mime_type: about.mime_type, filename: about.filename, ..Self::default() }
    }
}

/// The sending end.
pub(crate) struct Sender {
    s3: S3,
    path: String,
    spool: Arc<File>,
    appender: Appender,
    state: Parts,
    /// Parts that were sent or are being sent.
    begun: usize,
    sending: Option<JoinHandle<Result<String, Error>>>,
    /// Whether others may go on with it.
    resumable: bool,
}

/// The name of what is too small for a part.
fn rest_path(path: &str, size: u64) -> String {
    format!("{path}.{size}.rest")
}

impl Sender {
    pub(crate) async fn create(s3: S3, path: String, about: About) -> Result<Self, Error> {
        let spool = s3.scratch(&path).await?;
        let appender = Appender::in_ring(Arc::clone(&spool), 0, Hash::default(), RING);
        let state = Parts::new(about);
        Ok(Self { s3, path, spool, appender, state, begun: 0, sending: None, resumable: false })
    }

    pub(crate) async fn resume(
        s3: S3,
        path: String,
        size: u64,
        hash: Hash,
        state: Parts,
    ) -> Result<Self, Error> {
        let spool = s3.scratch(&path).await?;
        let appender = Appender::in_ring(Arc::clone(&spool), size, hash, RING);
        let begun =
            if state.whole { usize::try_from(size / PART).unwrap_or(usize::MAX) } else { state.sent.len() };
        let mut this = Self { s3, path, spool, appender, state, begun, sending: None, resumable: true };
        let Some(tail) = size.checked_sub(this.position()).filter(|tail| *tail <= PART) else {
            return Err(Error::not_resumable(&this.path, "its parts and its size do not fit together"));
        };
        if tail > 0 && !this.state.whole {
            match this.take_up(size, tail).await {
                Err(error @ Error::NotFound { .. }) => this.look_whether_whole(error).await?,
                taken => taken?,
            }
        }
        if let Some(spent) = this.state.spent.take() {
            this.forget(spent).await;
        }
        Ok(this)
    }

    pub(crate) fn size(&self) -> u64 {
        self.appender.size()
    }

    pub(crate) async fn write(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        while !bytes.is_empty() {
            let room = PART - (self.size() - self.position());
            if room == 0 {
                self.send(PART).await?;
                continue;
            }
            let (now, later) = bytes.split_at(bytes.len().min(usize::try_from(room).unwrap_or(usize::MAX)));
            self.appender.write(now).await.map_err(|e| Error::writing("write", &self.path, &e))?;
            bytes = later;
        }
        Ok(())
    }

    pub(crate) async fn checkpoint(&mut self) -> Result<(String, Parts), Error> {
        if self.size() - self.position() == PART {
            self.send(PART).await?;
        }
        self.arrived().await?;
        let sha256 = self.settle().await?.state();
        let (size, tail) = (self.size(), self.size() - self.position());
        if self.state.rest != Some(size) && !self.state.whole {
            if let Some(spent) = self.state.spent.take() {
                self.forget(spent).await;
            }
            self.state.spent = self.state.rest.take();
            if tail > 0 {
                let rest = self.read_back(self.begun, tail).await?;
                let about = About { mime_type: self.state.mime_type.clone(), filename: None };
                self.s3.put(&rest_path(&self.path, size), &about, rest, PutMode::Overwrite).await?;
                self.state.rest = Some(size);
            }
        }
        Ok((sha256, self.state.clone()))
    }

    pub(crate) async fn finish(mut self) -> Result<Stored, Error> {
        let sha256 = self.settle().await?.clone().finish();
        let (size, tail) = (self.size(), self.size() - self.position());
        let stored = Stored { path: self.path.clone(), size, sha256 };
        if self.begun == 0 && !self.state.whole {
            let bytes = self.read_back(0, tail).await?;
            let about =
                About { mime_type: self.state.mime_type.clone(), filename: self.state.filename.clone() };
            self.s3.put(&self.path, &about, bytes, PutMode::Create).await?;
            if self.resumable {
                // It may be what an earlier attempt has stored, and that may have been something else.
                self.compare(&stored).await?;
            }
        } else {
            if tail > 0 {
                self.send(tail).await?;
            }
            self.arrived().await?;
            if !self.state.whole {
                self.complete().await?;
            }
            self.confirm(&stored).await?;
        }
        if self.resumable
            && let Err(error) = forget_rests(&self.s3, &self.path).await
        {
            tracing::warn!(%error, self.path, "the rest of an upload is left behind");
        }
        self.state.upload = None;
        Ok(stored)
    }

    pub(crate) async fn abort(mut self) -> Result<(), Error> {
        if let Some(sending) = self.sending.take() {
            let _ = sending.await;
        }
        match self.state.upload.take() {
            Some(upload) => abort(&self.s3, &self.path, upload).await,
            None => Ok(()),
        }
    }

    /// Where the part begins that is being filled.
    fn position(&self) -> u64 {
        PART.saturating_mul(self.begun as u64)
    }

    async fn settle(&mut self) -> Result<&Hash, Error> {
        self.appender.settle().await.map_err(|e| Error::writing("write", &self.path, &e))
    }

    /// Begins to send the part that is full, or the last one, once the one before has arrived.
    async fn send(&mut self, length: u64) -> Result<(), Error> {
        self.settle().await?;
        self.arrived().await?;
        let part = self.begun;
        if self.state.whole {
            self.begun += 1;
            return Ok(());
        }
        if part == PARTS {
            let reason = format!("a store takes no more than {PARTS} parts, {} bytes", PART * PARTS as u64);
            return Err(Error::Store { verb: "write", key: self.path.clone(), reason });
        }
        let upload = if let Some(upload) = &self.state.upload {
            upload.clone()
        } else {
            let about =
                About { mime_type: self.state.mime_type.clone(), filename: self.state.filename.clone() };
            let options =
                PutMultipartOptions { attributes: attributes(&self.path, &about), ..Default::default() };
            // One whose answer was lost stays behind empty, until the bucket's own rule for such uploads takes it.
            let (client, object) = (&self.s3.client, object(&self.path)?);
            let begin = || client.create_multipart_opts(&object, options.clone());
            let upload = self.s3.patiently("begin", &self.path, begin).await?;
            self.state.upload.insert(upload).clone()
        };
        let (s3, path, spool) = (self.s3.clone(), self.path.clone(), Arc::clone(&self.spool));
        self.begun += 1;
        self.sending = Some(tokio::spawn(async move {
            // The semaphore is never closed; were it, a part too many in memory would do no harm.
            let _turn = s3.sending.acquire().await.ok();
            let bytes = read_back(&spool, &path, part, length).await?;
            let (client, object) = (&s3.client, object(&path)?);
            let send = || client.put_part(&object, &upload, part, PutPayload::from(bytes.clone()));
            s3.patiently("write", &path, send).await.map(|part| part.content_id)
        }));
        Ok(())
    }

    /// Waits for the part that is being sent.
    async fn arrived(&mut self) -> Result<(), Error> {
        let Some(sending) = self.sending.take() else { return Ok(()) };
        match sending.await {
            Ok(Ok(part)) => self.state.sent.push(part),
            Ok(Err(error)) => self.look_whether_whole(error).await?,
            Err(error) => return Err(Error::writing("write", &self.path, &std::io::Error::other(error))),
        }
        Ok(())
    }

    /// A part was not taken. If an earlier finish went through whose answer was lost, none is needed any more.
    async fn look_whether_whole(&mut self, error: Error) -> Result<(), Error> {
        let unknown = matches!(error, Error::NotFound { .. });
        match self.s3.head(&self.path).await {
            Ok(_) if self.resumable => {
                self.state.whole = true;
                Ok(())
            }
            Ok(_) | Err(Error::NotFound { .. }) if unknown => {
                Err(Error::not_resumable(&self.path, "the store has forgotten its parts"))
            }
            _ => Err(error),
        }
    }

    async fn complete(&mut self) -> Result<(), Error> {
        let parts = self.state.sent.iter().map(|part| PartId { content_id: part.clone() }).collect();
        let upload = self.state.upload.clone().unwrap_or_default();
        let completed = self.s3.client.complete_multipart(&object(&self.path)?, &upload, parts).await;
        let Err(error) = completed else { return Ok(()) };
        // The answer may have been lost, or the one to an earlier attempt.
        let error = self.s3.error("finish", &self.path, &error);
        match self.s3.head(&self.path).await {
            Ok(_) => Ok(()),
            Err(Error::NotFound { .. }) if matches!(error, Error::NotFound { .. }) => {
                Err(Error::not_resumable(&self.path, "the store has forgotten its parts"))
            }
            Err(_) => Err(error),
        }
    }

    /// Looks whether the store has what it was given.
    async fn confirm(&self, stored: &Stored) -> Result<(), Error> {
        let found = self.s3.head(&self.path).await?.size;
        if found != stored.size {
            return Err(Error::Truncated { key: self.path.clone(), expected: stored.size, found });
        }
        if self.state.whole { self.compare(stored).await } else { Ok(()) }
    }

    /// Reads what the store has, where it may come from an earlier attempt with other bytes.
    async fn compare(&self, stored: &Stored) -> Result<(), Error> {
        let reader = self.s3.read(&self.path, None).await?.expect(&self.path, stored.size)?;
        let hashed = reader.whole(&self.path).bytes.try_fold(Hash::default(), async |mut hash, bytes| {
            hash.update(&bytes);
            Ok(hash)
        });
        if hashed.await?.finish() == stored.sha256 {
            return Ok(());
        }
        Err(Error::not_resumable(&self.path, "other bytes were stored under its key before"))
    }

    /// Fetches what was too small for a part.
    async fn take_up(&self, size: u64, tail: u64) -> Result<(), Error> {
        let path = rest_path(&self.path, size);
        let reader = self.s3.read(&path, None).await?.expect(&path, tail)?;
        let mut bytes = reader.whole(&path).bytes;
        let mut offset = self.position() % RING;
        while let Some(part) = bytes.try_next().await? {
            let (spool, at) = (Arc::clone(&self.spool), offset);
            offset += part.len() as u64;
            let written = blocking(move || spool.write_all_at(&part, at)).await;
            written.map_err(|e| Error::writing("go on with", &self.path, &e))?;
        }
        Ok(())
    }

    async fn forget(&self, size: u64) {
        let path = rest_path(&self.path, size);
        if let Err(error) = self.s3.delete(&path).await {
            tracing::warn!(%error, path, "the rest of an upload is left behind");
        }
    }

    async fn read_back(&self, part: usize, length: u64) -> Result<Bytes, Error> {
        read_back(&self.spool, &self.path, part, length).await
    }
}

/// A part out of the file.
async fn read_back(spool: &Arc<File>, path: &str, part: usize, length: u64) -> Result<Bytes, Error> {
    let (spool, offset) = (Arc::clone(spool), PART.saturating_mul(part as u64) % RING);
    let read = blocking(move || {
        let mut bytes = vec![0; usize::try_from(length).map_err(std::io::Error::other)?];
        spool.read_exact_at(&mut bytes, offset)?;
        Ok(Bytes::from(bytes))
    });
    read.await.map_err(|e| Error::writing("read back", path, &e))
}

async fn abort(s3: &S3, path: &str, upload: String) -> Result<(), Error> {
    let object = object(path)?;
    match s3.patiently("give up", path, || s3.client.abort_multipart(&object, &upload)).await {
        Err(Error::NotFound { .. }) => Ok(()),
        aborted => aborted,
    }
}

/// Deletes what lies beside a key because it was too small for a part; also what was laid there by a process that died
/// before its state was kept.
async fn forget_rests(s3: &S3, path: &str) -> Result<(), Error> {
    let client = s3.platform.as_ref().unwrap_or(&s3.client);
    let folder = path.rsplit_once('/').map(|(folder, _)| object(folder)).transpose()?;
    let mut beside = client.list(folder.as_ref());
    while let Some(found) = beside.try_next().await.map_err(|e| s3.error("list", path, &e))? {
        let name = found.location.as_ref();
        if name
            .strip_prefix(path)
            .is_some_and(|name| name.starts_with('.') && name.strip_suffix(".rest").is_some())
        {
            s3.delete(name).await?;
        }
    }
    Ok(())
}

/// Forgets everything a bucket has of an object that is not whole.
pub(crate) async fn discard(s3: &S3, path: &str, state: Parts) -> Result<(), Error> {
    if let Some(upload) = state.upload {
        abort(s3, path, upload).await?;
    }
    forget_rests(s3, path).await?;
    s3.delete(path).await
}

impl Drop for Sender {
    fn drop(&mut self) {
        let Some(upload) = self.state.upload.take().filter(|_| !self.resumable) else { return };
        let (s3, path, sending) = (self.s3.clone(), std::mem::take(&mut self.path), self.sending.take());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                // A part that arrives after the end might stay for ever.
                if let Some(sending) = sending {
                    let _ = sending.await;
                }
                if let Err(error) = abort(&s3, &path, upload).await {
                    tracing::warn!(%error, path, "parts of an upload are left behind");
                }
            });
        }
    }
}
