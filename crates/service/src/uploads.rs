//! A file comes in several goes: resumable uploads, as tus 1.0 means them.
//!
//! The row of an upload is the truth of how far it has come. What it says is durable in the store before it says it;
//! what was written behind it is cut off by whoever goes on. The last bytes count together with the document, in one
//! transaction: an upload that has all its bytes is a document. One request at a time writes an upload: in this process
//! the newest breaks the older one off ([`Turns`]), among processes a lease with a fence decides.

mod append;
mod checksum;
mod finish;
mod lease;
mod turns;

use std::time::Duration;

use bytes::Bytes;
use colophon_blobs::{About, Key};
use colophon_db::{Scope, SystemScope, Tx};
use colophon_domain::{DocumentId, NewUpload, Upload, UploadId, UserId};
use futures_util::Stream;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::announced::Announced;
use crate::{Error as ServiceError, Platform};
use append::Append;
pub use checksum::{Algorithm, Checksum};
use lease::{LEASE, Lease};
use turns::Turn;
pub use turns::Turns;

/// Uploads that an owner may have open at once.
pub const MOST_OPEN: i64 = 1_000;
/// How long an upload without progress is kept unless configured otherwise.
pub const DEFAULT_UPLOAD_EXPIRY: Duration = Duration::from_hours(24);

/// A newer request waits so long for an older one to end, which may be making the document.
const PATIENCE: Duration = Duration::from_mins(1);
/// Who only asks how far an upload has come waits less.
const GLANCE: Duration = Duration::from_secs(10);

/// What went wrong with an upload.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none, or it is another's.
    #[error("no upload {id}")]
    NotFound {
        /// The upload.
        id: UploadId,
    },
    /// Nothing came for too long.
    #[error("the upload {id} has expired; begin it anew")]
    Expired {
        /// The upload.
        id: UploadId,
    },
    /// It ends with this problem.
    #[error("the upload is refused and has ended")]
    Refused(Value),
    /// It has ended with this problem before.
    #[error("the upload was refused and has ended")]
    Ended(Value),
    /// It has become a document already.
    #[error("the upload {} has become document {} already", .0.id, .0.document_id)]
    Finished(Box<Upload>),
    /// The bytes are not those that come next.
    #[error("the next byte of this upload is number {offset}, counted from 0; go on there")]
    WrongOffset {
        /// How far it has come.
        offset: u64,
    },
    /// Another process writes it.
    #[error("another request writes this upload; try again in {seconds} s")]
    Locked {
        /// When to look again.
        seconds: u64,
    },
    /// The bytes are more than were announced. Those before the request count.
    #[error("these bytes end behind the {length} that were announced; nothing behind them is taken")]
    Beyond {
        /// `Upload-Length`.
        length: u64,
    },
    /// The bytes are not those that the sender meant. None of them counts.
    #[error("the bytes do not have this checksum, so none of them was taken; send them again")]
    WrongChecksum,
    /// It broke off in the middle; what counts stays.
    #[error("the upload broke off ({reason}); {offset} bytes are safe, go on from there")]
    Broken {
        /// What happened.
        reason: String,
        /// How far it has come.
        offset: u64,
    },
    /// The owner has too many open.
    #[error("{most} uploads are open, the most for one owner; finish some, or end them with DELETE")]
    TooMany {
        /// The most there may be.
        most: i64,
    },
    /// The row holds what this program does not understand.
    #[error("the upload {id} cannot be gone on with: {reason}")]
    Unreadable {
        /// The upload.
        id: UploadId,
        /// What is amiss.
        reason: String,
    },
    /// As any upload.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<colophon_db::Error> for Error {
    fn from(error: colophon_db::Error) -> Self {
        Self::Service(error.into())
    }
}

/// Words a refusal as the client is told it, so that it can be told again. The edge's business.
pub type Refuse = fn(ServiceError) -> Value;

/// What becomes of the file once it is whole.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Wanted {
    /// Its name.
    pub filename: String,
    /// The sender's own JSON object.
    pub metadata: Map<String, Value>,
    /// The sender's tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Read it at once, in this way.
    pub process: Option<String>,
    /// It is a new version of this document.
    pub document: Option<DocumentId>,
    /// Why there is a new version.
    pub reason: Option<String>,
    /// What to do where its owner has the same file already.
    pub on_duplicate: Option<String>,
}

/// Bytes of an upload, as a request announces them.
#[derive(Debug, Clone)]
pub struct Part {
    /// The upload.
    pub id: UploadId,
    /// Number of the first byte, from 0.
    pub offset: u64,
    /// How many there are, where that is known.
    pub length: Option<u64>,
    /// What they come to.
    pub checksum: Option<Checksum>,
}

/// How long an object may be announced that is uploaded within `expiry`: an upload expires before its object is swept.
fn intent(expiry: Duration) -> Duration {
    expiry + Duration::from_hours(1)
}

async fn begin(platform: &Platform) -> Result<Tx<SystemScope>, ServiceError> {
    Ok(platform.database.session(&SystemScope::new()).begin().await?)
}

/// Begins an upload of `length` bytes. The object is announced before the store hears of it; a crash in between leaves
/// what the sweeper understands.
///
/// # Errors
/// The file is too large, empty, or more than the owner may have; it is meant for a document that is not there for this
/// scope; [`Error::TooMany`].
pub async fn create<S: Scope>(
    platform: &Platform,
    scope: &S,
    owner: UserId,
    length: u64,
    upload_metadata: Option<String>,
    wanted: &Wanted,
) -> Result<Upload, Error> {
    let limit = platform.upload_limit;
    let upload_length = i64::try_from(length).ok().filter(|_| length <= limit);
    let upload_length = upload_length.ok_or(ServiceError::TooLarge { limit })?;
    if length == 0 {
        return Err(ServiceError::NotPdf { reason: "it is empty".to_owned() }.into());
    }
    let filename = finish::details(wanted.clone(), "")?.filename;
    let target = finish::target(platform, scope, owner, wanted).await?;
    let key = Key::version(target.owner, target.document);
    let (mut announced, _) =
        Announced::intend(platform, target.belonging(), key.to_string(), Some(length)).await?;

    let about =
        About { mime_type: Some("application/pdf".into()), filename: Some(filename.display().into()) };
    let state = platform.store.begin_resumable(key, about).await.map_err(ServiceError::from)?;
    let id = UploadId::new();
    let unreadable = |error: serde_json::Error| Error::Unreadable { id, reason: error.to_string() };
    let new = NewUpload {
        id,
        owner: owner.to_string(),
        document_id: target.document,
        storage_path: state.path().to_owned(),
        upload_length,
        upload_metadata,
        details: serde_json::to_value(wanted).map_err(unreadable)?,
        resumption: serde_json::to_value(&state).map_err(unreadable)?,
    };
    let tx = begin(platform).await?;
    if tx.uploads().insert(&new, MOST_OPEN, platform.upload_expiry).await?.is_none() {
        platform.store.discard(state).await.map_err(ServiceError::from)?;
        return Err(Error::TooMany { most: MOST_OPEN });
    }
    tx.objects().renew(new.document_id, &new.storage_path, intent(platform.upload_expiry)).await?;
    let upload = tx.uploads().get(id, &new.owner).await?.ok_or(Error::NotFound { id })?;
    // From here on the row may exist, whatever the answer to the commit; what nobody goes on with expires.
    announced.keep(true);
    tx.commit().await?;
    Ok(upload)
}

/// An upload of this owner, as it stands.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn find(platform: &Platform, owner: UserId, id: UploadId) -> Result<Upload, Error> {
    let tx = begin(platform).await?;
    let upload = tx.uploads().get(id, &owner.to_string()).await?;
    tx.commit().await?;
    upload.ok_or(Error::NotFound { id })
}

/// How far an upload has come, for whoever wants to go on with it: a request of this process that still writes it, for a
/// sender that is perhaps long gone, is broken off first, so that all it got counts.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Expired`], [`Error::Ended`].
pub async fn offset(platform: &Platform, owner: UserId, id: UploadId) -> Result<Upload, Error> {
    find(platform, owner, id).await?;
    platform.turns.settle(id, GLANCE).await;
    let upload = find(platform, owner, id).await?;
    match &upload.refusal {
        _ if upload.expired => Err(Error::Expired { id }),
        Some(refusal) => Err(Error::Ended(refusal.clone())),
        None => Ok(upload),
    }
}

/// Takes bytes for an upload; the last ones make it a document. An upload that ends with a refusal keeps it, worded by
/// `refuse`, and its object goes.
///
/// # Errors
/// As the variants of [`Error`] say. Only [`Error::Refused`] ends the upload.
pub async fn append<S, B, E>(
    platform: &Platform,
    scope: &S,
    owner: UserId,
    part: Part,
    body: B,
    stop: &CancellationToken,
    refuse: Refuse,
) -> Result<Upload, Error>
where
    S: Scope,
    B: Stream<Item = Result<Bytes, E>> + Unpin,
    E: std::fmt::Display,
{
    let (turn, mut lease, upload) = match take(platform, owner, part.id).await {
        Err(Error::Finished(upload)) if upload.upload_length.unsigned_abs() != part.offset => {
            return Err(Error::WrongOffset { offset: upload.upload_length.unsigned_abs() });
        }
        // Nothing after the end is what there is.
        Err(Error::Finished(upload)) if part.length == Some(0) => return Ok(*upload),
        taken => taken?,
    };
    let (offset, length) = (upload.upload_offset.unsigned_abs(), upload.upload_length.unsigned_abs());
    let appended = if offset != part.offset {
        Err(Error::WrongOffset { offset })
    } else if part.length.is_some_and(|bytes| bytes > length - offset) {
        Err(Error::Beyond { length })
    } else {
        let append = Append { platform, lease: &mut lease, turn: &turn, stop, upload };
        // Large, and there may be many at once that are not nearly as far.
        Box::pin(append.run(scope, &part, body, refuse)).await
    };
    match &appended {
        Ok(upload) if upload.resumption.is_none() => {}
        Err(Error::Refused(_)) => {}
        Err(Error::Service(error)) if lease::is_lost(error) => {}
        _ => lease.release().await,
    }
    match appended {
        Err(Error::Service(error)) if lease::is_lost(&error) => {
            Err(Error::Locked { seconds: LEASE.as_secs() })
        }
        appended => appended,
    }
}

/// Ends an open upload; nothing of it is kept.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Finished`], [`Error::Locked`], or what was told of it before.
pub async fn terminate(platform: &Platform, owner: UserId, id: UploadId) -> Result<(), Error> {
    let (_turn, mut lease, upload) = take(platform, owner, id).await?;
    finish::discard(platform, &mut lease, upload).await
}

/// Ends up to `limit` uploads whose time is over, whoever they belong to. Gives their number. For the sweeper; any number
/// of processes may do it at once.
///
/// # Errors
/// The database fails. An upload whose object the store does not give up stays for the next time.
pub async fn expire(platform: &Platform, limit: i64) -> Result<u64, ServiceError> {
    let since = Instant::now();
    let tx = begin(platform).await?;
    let expired = tx.uploads().expired(platform.turns.holder, LEASE, limit).await?;
    tx.commit().await?;
    let mut ended = 0;
    for (upload, fence) in expired {
        let id = upload.id;
        let mut lease = Lease::new(platform, fence, since);
        match finish::discard(platform, &mut lease, upload).await {
            Ok(()) => ended += 1,
            Err(error) => tracing::warn!(%error, upload = %id, "an expired upload is left for the next time"),
        }
    }
    Ok(ended)
}

/// The right to write an open upload: first that it is the owner's, then the turn in this process, then the lease.
async fn take(platform: &Platform, owner: UserId, id: UploadId) -> Result<(Turn, Lease<'_>, Upload), Error> {
    open(find(platform, owner, id).await?)?;
    let turn = platform.turns.take(id, PATIENCE).await.ok_or(Error::Locked { seconds: 1 })?;
    let since = Instant::now();
    let tx = begin(platform).await?;
    let taken = tx.uploads().take(id, &owner.to_string(), platform.turns.holder, LEASE).await?;
    tx.commit().await?;
    if let Some((upload, fence)) = taken {
        return Ok((turn, Lease::new(platform, fence, since), upload));
    }
    let upload = open(find(platform, owner, id).await?)?;
    let seconds = upload.leased_seconds.filter(|seconds| *seconds > 0.0).unwrap_or(0.0);
    Err(Error::Locked { seconds: Duration::from_secs_f64(seconds).as_secs() + 1 })
}

fn open(upload: Upload) -> Result<Upload, Error> {
    match &upload.refusal {
        _ if upload.expired => Err(Error::Expired { id: upload.id }),
        Some(refusal) => Err(Error::Ended(refusal.clone())),
        None if upload.version.is_some() => Err(Error::Finished(Box::new(upload))),
        None => Ok(upload),
    }
}
