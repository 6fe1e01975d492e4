//! Resumable uploads: how far each has come, and who may write it now. Only the platform sees them, and it looks for an
//! upload and its owner together.

use std::time::Duration;

use colophon_domain::{DocumentId, JobId, NewUpload, Upload, UploadId};
use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::session::column;
use crate::statement::statement;
use crate::{Error, ErrorKind, Result, Scope, SystemScope, Tx};

/// Resumable uploads.
pub struct Uploads<'t, S>(&'t Tx<S>);

impl<S: Scope> Tx<S> {
    /// Resumable uploads.
    pub fn uploads(&self) -> Uploads<'_, S> {
        Uploads(self)
    }
}

/// The right to write an upload. Whoever holds an old one changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadLease {
    /// The upload.
    pub upload_id: UploadId,
    /// The fence: raised by everyone who takes the upload.
    pub lease_seq: i64,
}

impl<S: Scope> Uploads<'_, S> {
    /// Ends an upload with the version that this transaction stored.
    ///
    /// # Errors
    /// [`ErrorKind::Stale`] where the lease is lost: this transaction must not be committed.
    pub async fn finish(
        &self,
        lease: UploadLease,
        document: DocumentId,
        version: i32,
        job: Option<JobId>,
    ) -> Result<()> {
        let UploadLease { upload_id, lease_seq } = lease;
        let job = job.map(|job| job.0);
        let statement = statement!("uploads/finish");
        let row =
            self.0.query_one(statement, &[&upload_id.0, &lease_seq, &document.0, &version, &job]).await?;
        fenced(column(&row, "finished")?, statement.name, lease)
    }
}

impl Uploads<'_, SystemScope> {
    /// Keeps an upload that was begun in the store. Answers until when; `None` where its owner has `most` open ones.
    pub async fn insert(&self, new: &NewUpload, most: i64, expiry: Duration) -> Result<Option<Timestamp>> {
        let seconds = expiry.as_secs_f64();
        let row = self
            .0
            .query_opt(
                statement!("uploads/insert"),
                &[
                    &new.id.0,
                    &new.owner,
                    &new.document_id.0,
                    &new.storage_path,
                    &new.upload_length,
                    &new.upload_metadata,
                    &new.details,
                    &new.resumption,
                    &most,
                    &seconds,
                ],
            )
            .await?;
        row.map(|row| column(&row, "expires_at")).transpose()
    }

    /// An upload of this owner.
    pub async fn get(&self, id: UploadId, owner: &str) -> Result<Option<Upload>> {
        let row = self.0.query_opt(statement!("uploads/get"), &[&id.0, &owner]).await?;
        row.as_ref().map(decode).transpose()
    }

    /// Takes an open upload of this owner to write it. `None` where it is not open, or another process writes it.
    pub async fn take(
        &self,
        id: UploadId,
        owner: &str,
        holder: Uuid,
        time: Duration,
    ) -> Result<Option<(Upload, UploadLease)>> {
        let seconds = time.as_secs_f64();
        let row = self.0.query_opt(statement!("uploads/take"), &[&id.0, &owner, &holder, &seconds]).await?;
        row.as_ref().map(taken).transpose()
    }

    /// Says that an upload is still being written.
    ///
    /// # Errors
    /// [`ErrorKind::Stale`] where the lease is lost.
    pub async fn renew(&self, lease: UploadLease, time: Duration) -> Result<()> {
        let statement = statement!("uploads/renew");
        let seconds = time.as_secs_f64();
        let rows = self.0.execute(statement, &[&lease.upload_id.0, &lease.lease_seq, &seconds]).await?;
        fenced(rows == 1, statement.name, lease)
    }

    /// Counts what is durable in the store, and keeps how it goes on from there. Answers until when the upload is kept.
    ///
    /// # Errors
    /// [`ErrorKind::Stale`] where the lease is lost.
    pub async fn checkpoint(
        &self,
        lease: UploadLease,
        upload_offset: i64,
        resumption: &Value,
        time: Duration,
        expiry: Duration,
    ) -> Result<Timestamp> {
        let statement = statement!("uploads/checkpoint");
        let UploadLease { upload_id, lease_seq } = lease;
        let (seconds, expiry) = (time.as_secs_f64(), expiry.as_secs_f64());
        let row = self
            .0
            .query_opt(statement, &[&upload_id.0, &lease_seq, &upload_offset, resumption, &seconds, &expiry])
            .await?;
        fenced(row.is_some(), statement.name, lease)?;
        row.map_or(Ok(Timestamp::UNIX_EPOCH), |row| column(&row, "expires_at"))
    }

    /// Lets the next one have it. A lease that was lost is no error.
    pub async fn release(&self, lease: UploadLease) -> Result<()> {
        self.0.execute(statement!("uploads/release"), &[&lease.upload_id.0, &lease.lease_seq]).await?;
        Ok(())
    }

    /// Ends an upload with a problem, which is told to whoever asks until it expires.
    ///
    /// # Errors
    /// [`ErrorKind::Stale`] where the lease is lost.
    pub async fn refuse(&self, lease: UploadLease, refusal: &Value) -> Result<()> {
        let statement = statement!("uploads/refuse");
        let rows = self.0.execute(statement, &[&lease.upload_id.0, &lease.lease_seq, refusal]).await?;
        fenced(rows == 1, statement.name, lease)
    }

    /// Forgets an upload. Of an open one the store must have nothing any more.
    ///
    /// # Errors
    /// [`ErrorKind::Stale`] where the lease is lost.
    pub async fn remove(&self, lease: UploadLease) -> Result<()> {
        let statement = statement!("uploads/remove");
        let rows = self.0.execute(statement, &[&lease.upload_id.0, &lease.lease_seq]).await?;
        fenced(rows == 1, statement.name, lease)
    }

    /// Takes uploads whose time is over. Those with a resumption are to be discarded from the store, then removed.
    pub async fn expired(
        &self,
        holder: Uuid,
        time: Duration,
        limit: i64,
    ) -> Result<Vec<(Upload, UploadLease)>> {
        let seconds = time.as_secs_f64();
        let rows = self.0.query(statement!("uploads/expired"), &[&holder, &seconds, &limit]).await?;
        rows.iter().map(taken).collect()
    }
}

fn fenced(held: bool, statement: &'static str, lease: UploadLease) -> Result<()> {
    if held {
        return Ok(());
    }
    let UploadLease { upload_id, lease_seq } = lease;
    let message = format!("the lease {lease_seq} of upload {upload_id} was taken over; nothing was changed");
    Err(Error::new(ErrorKind::Stale, statement, message))
}

fn taken(row: &Row) -> Result<(Upload, UploadLease)> {
    let upload = decode(row)?;
    let lease = UploadLease { upload_id: upload.id, lease_seq: column(row, "lease_seq")? };
    Ok((upload, lease))
}

fn decode(row: &Row) -> Result<Upload> {
    Ok(Upload {
        id: UploadId(column(row, "id")?),
        owner: column(row, "owner")?,
        document_id: DocumentId(column(row, "document_id")?),
        storage_path: column(row, "storage_path")?,
        upload_length: column(row, "upload_length")?,
        upload_offset: column(row, "upload_offset")?,
        upload_metadata: column(row, "upload_metadata")?,
        details: column(row, "details")?,
        resumption: column(row, "resumption")?,
        version: column(row, "version")?,
        job_id: column::<Option<Uuid>>(row, "job_id")?.map(JobId),
        refusal: column(row, "refusal")?,
        expires_at: column(row, "expires_at")?,
        created_at: column(row, "created_at")?,
        expired: column(row, "expired")?,
        leased_seconds: column(row, "leased_seconds")?,
    })
}
