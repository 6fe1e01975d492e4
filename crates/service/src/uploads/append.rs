//! Bytes come for an upload.
//!
//! They are written at the place that the row names, and count once they are flushed and the row says so. A crash
//! between the two leaves bytes behind the row's offset, which whoever goes on cuts off.

use std::time::Duration;

use bytes::Bytes;
use colophon_blobs::{ResumableWriter, Resumption};
use colophon_db::Scope;
use colophon_domain::Upload;
use futures_util::{Stream, StreamExt as _};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::lease::{LEASE, Lease};
use super::turns::Turn;
use super::{Checksum, Error, Part, Refuse, finish};
use crate::Platform;
use crate::upload::{Head, STALL};

/// Bytes that may be lost to a crash,
const CHECKPOINT_BYTES: u64 = 8 << 20;
/// and seconds, for senders that take long for so many.
const CHECKPOINT_AGE: Duration = Duration::from_secs(5);

/// How the bytes of a request ended.
enum Ended {
    /// All of them came.
    Whole,
    /// The sender went away, a newer request came, or the server stops.
    Broken(String),
    /// There were more than the upload has room for.
    TooMany,
}

/// An upload that is being written.
pub(super) struct Append<'a, 'p> {
    pub platform: &'p Platform,
    pub lease: &'a mut Lease<'p>,
    pub turn: &'a Turn,
    pub stop: &'a CancellationToken,
    pub upload: Upload,
}

impl Append<'_, '_> {
    /// Takes the bytes, and makes a document of them if they are the last.
    pub async fn run<S, B, E>(
        mut self,
        scope: &S,
        part: &Part,
        body: B,
        refuse: Refuse,
    ) -> Result<Upload, Error>
    where
        S: Scope,
        B: Stream<Item = Result<Bytes, E>> + Unpin,
        E: std::fmt::Display,
    {
        match self.take(part, body).await {
            Ok(Some(writer)) => self.finish(scope, writer, refuse).await,
            Ok(None) => Ok(self.upload),
            Err(Error::Service(error)) if finish::is_final(&error) => {
                finish::refuse(self.platform, self.lease, self.upload, refuse(error)).await
            }
            Err(error) => Err(error),
        }
    }

    /// Gives the writer where nothing is missing any more.
    async fn take<B, E>(&mut self, part: &Part, body: B) -> Result<Option<ResumableWriter>, Error>
    where
        B: Stream<Item = Result<Bytes, E>> + Unpin,
        E: std::fmt::Display,
    {
        let state: Resumption = serde_json::from_value(self.upload.resumption.clone().unwrap_or_default())
            .map_err(|error| Error::Unreadable { id: self.upload.id, reason: error.to_string() })?;
        let mut writer =
            self.lease.beside(self.platform.store.resume(state)).await?.map_err(crate::Error::from)?;
        let mut checksum = part.checksum.as_ref().map(Checksum::begin);
        let ended = self.write(&mut writer, &mut checksum, body).await?;
        let length = self.upload.upload_length.unsigned_abs();
        if matches!(ended, Ended::TooMany) {
            return Err(Error::Beyond { length });
        }
        if let (Some(checksum), Some(running)) = (&part.checksum, checksum) {
            // Half of what the checksum is of counts as nothing.
            match &ended {
                Ended::Broken(reason) => return Err(self.broken(reason.clone())),
                _ if !checksum.fits(running) => return Err(Error::WrongChecksum),
                _ => {}
            }
        }
        if writer.size() == length {
            return Ok(Some(writer));
        }
        if writer.size() > self.upload.upload_offset.unsigned_abs() {
            self.checkpoint(&mut writer).await?;
        }
        match ended {
            Ended::Broken(reason) => Err(self.broken(reason)),
            _ => Ok(None),
        }
    }

    fn broken(&self, reason: String) -> Error {
        Error::Broken { reason, offset: self.upload.upload_offset.unsigned_abs() }
    }

    async fn write<B, E>(
        &mut self,
        writer: &mut ResumableWriter,
        checksum: &mut Option<super::checksum::Running>,
        mut body: B,
    ) -> Result<Ended, Error>
    where
        B: Stream<Item = Result<Bytes, E>> + Unpin,
        E: std::fmt::Display,
    {
        let length = self.upload.upload_length.unsigned_abs();
        let mut head = (writer.size() == 0).then(Head::default);
        let mut checked = Instant::now();
        loop {
            let next = tokio::select! {
                biased;
                () = self.turn.overtaken.cancelled() => {
                    return Ok(Ended::Broken("a newer request goes on with it".to_owned()));
                }
                () = self.stop.cancelled() => return Ok(Ended::Broken("the server stops".to_owned())),
                next = self.lease.beside(timeout(STALL, body.next())) => next?,
                // Of a sender that makes pauses, too, no more is lost than of one that is slow.
                () = sleep_until(checked + CHECKPOINT_AGE), if self.may_count(writer, checksum.is_none()) => {
                    self.checkpoint(writer).await?;
                    checked = Instant::now();
                    continue;
                }
            };
            let bytes = match next {
                Ok(None) => return Ok(Ended::Whole),
                Ok(Some(Ok(bytes))) => bytes,
                Ok(Some(Err(error))) => return Ok(Ended::Broken(error.to_string())),
                Err(_) => {
                    return Ok(Ended::Broken(format!("no byte came for {} seconds", STALL.as_secs())));
                }
            };
            if writer.size() + bytes.len() as u64 > length {
                return Ok(Ended::TooMany);
            }
            colophon_metrics::get().http.uploaded(bytes.len() as u64);
            if let Some(running) = checksum {
                running.update(&bytes);
            }
            if let Some(head) = &mut head {
                head.take(&bytes)?;
            }
            self.lease.beside(writer.write(bytes)).await?.map_err(crate::Error::from)?;
            let new = writer.size() - self.upload.upload_offset.unsigned_abs();
            if new >= CHECKPOINT_BYTES && self.may_count(writer, checksum.is_none()) {
                self.checkpoint(writer).await?;
                checked = Instant::now();
            }
        }
    }

    /// What has a checksum counts whole or not at all; and the last byte counts with the document.
    fn may_count(&self, writer: &ResumableWriter, piecewise: bool) -> bool {
        let counted = self.upload.upload_offset.unsigned_abs()..self.upload.upload_length.unsigned_abs();
        piecewise && counted.contains(&writer.size()) && writer.size() > counted.start
    }

    /// Makes what was written durable, then says so in the row.
    async fn checkpoint(&mut self, writer: &mut ResumableWriter) -> Result<(), Error> {
        let state = self.lease.beside(writer.checkpoint()).await?.map_err(crate::Error::from)?;
        let offset = i64::try_from(state.size()).unwrap_or(i64::MAX);
        let resumption = serde_json::to_value(&state)
            .map_err(|error| Error::Unreadable { id: self.upload.id, reason: error.to_string() })?;
        let expiry = self.platform.upload_expiry;
        let since = Instant::now();
        let tx = self.lease.begin().await?;
        let expires_at = tx
            .uploads()
            .checkpoint(self.lease.fence, offset, &resumption, LEASE, expiry)
            .await
            .map_err(crate::Error::from)?;
        tx.objects()
            .renew(self.upload.document_id, &self.upload.storage_path, super::intent(expiry))
            .await
            .map_err(crate::Error::from)?;
        tx.commit().await.map_err(crate::Error::from)?;
        self.lease.renewed(since);
        self.upload.upload_offset = offset;
        self.upload.resumption = Some(resumption);
        self.upload.expires_at = expires_at;
        Ok(())
    }

    async fn finish<S: Scope>(
        self,
        scope: &S,
        writer: ResumableWriter,
        refuse: Refuse,
    ) -> Result<Upload, Error> {
        let stored = self.lease.beside(writer.finish()).await?.map_err(crate::Error::from)?;
        match finish::store(self.platform, scope, self.lease, &self.upload, stored).await {
            Ok(finished) => Ok(finished),
            Err(error) if finish::is_final(&error) => {
                finish::refuse(self.platform, self.lease, self.upload, refuse(error)).await
            }
            Err(error) => Err(error.into()),
        }
    }
}
