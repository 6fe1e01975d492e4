//! How an upload ends: as a document, with a refusal, or not at all.

use std::time::Duration;

use colophon_blobs::{Resumption, Stored};
use colophon_db::{ErrorKind, Scope};
use colophon_domain::{FileName, Invalid, OnDuplicate, Strategy, Tags, Upload, UserId};
use serde_json::Value;

use super::lease::Lease;
use super::{Error, Wanted};
use crate::upload::{Details, Received, Target};
use crate::{Error as ServiceError, Platform};

/// Where the file goes, as far as this scope may say so.
pub(super) async fn target<S: Scope>(
    platform: &Platform,
    scope: &S,
    owner: UserId,
    wanted: &Wanted,
) -> Result<Target, ServiceError> {
    let Some(id) = wanted.document else { return Ok(Target::document(owner)) };
    let tx = platform.database.session(scope).begin().await?;
    // Whoever may not edit it is refused before a byte is stored; and again with the last one.
    tx.documents().lock_to_edit(id).await?;
    let document = tx.documents().require(id).await?;
    drop(tx);
    if document.deleted_at.is_some() {
        return Err(ServiceError::InTrash { document: id });
    }
    if !(wanted.metadata.is_empty() && wanted.tags.is_empty()) {
        let reason = "and tags belong to the document and not to its versions; PATCH it";
        return Err(Invalid::new("metadata", reason).into());
    }
    Ok(Target::version_of(&document))
}

/// What is known of the file, of which `created_by` is the sender.
pub(super) fn details(wanted: Wanted, created_by: &str) -> Result<Details, ServiceError> {
    let on_duplicate = wanted.on_duplicate.as_deref().map(str::parse::<OnDuplicate>).transpose()?;
    Ok(Details {
        filename: FileName::new(wanted.filename)?,
        metadata: wanted.metadata,
        tags: Tags::new(wanted.tags)?,
        process: wanted.process.as_deref().map(str::parse::<Strategy>).transpose()?,
        on_duplicate: on_duplicate.unwrap_or_default(),
        reason: wanted.reason,
        created_by: Some(created_by.to_owned()),
        idempotency_key: None,
    })
}

/// Makes a document of a file that is whole. The rows and the end of the upload are one transaction, in the name of
/// whoever sent the last byte.
pub(super) async fn store<S: Scope>(
    platform: &Platform,
    scope: &S,
    lease: &mut Lease<'_>,
    upload: &Upload,
    stored: Stored,
) -> Result<Upload, ServiceError> {
    let wanted: Wanted = serde_json::from_value(upload.details.clone())
        .map_err(|error| Invalid::new("details", error.to_string()))?;
    // Of a version's document the owner is known once it is locked.
    let owner = upload.owner.parse().map_err(|_| Invalid::new("owner", "is no UUID"))?;
    let target = Target { owner, document: upload.document_id, is_version: wanted.document.is_some() };
    let details = details(wanted, &upload.owner)?;
    let fence = lease.fence;
    let stored = async {
        let mut prepared = Received::resumed(platform, target, stored).prepare(platform, details).await?;
        let tx = platform.database.session(scope).begin().await?;
        let uploaded = prepared.write(&tx).await?;
        let (document, job) = (&uploaded.document, uploaded.job);
        tx.uploads().finish(fence, document.id, document.version, job).await?;
        prepared.commit(tx, uploaded).await
    };
    let stored = lease.beside(stored).await??;
    Ok(Upload {
        document_id: stored.document.id,
        upload_offset: upload.upload_length,
        resumption: None,
        version: Some(stored.document.version),
        job_id: stored.job,
        ..upload.clone()
    })
}

/// Whether sending again would fail again.
pub(super) fn is_final(error: &ServiceError) -> bool {
    match error {
        ServiceError::Invalid(_)
        | ServiceError::NotPdf { .. }
        | ServiceError::TooLarge { .. }
        | ServiceError::QuotaExceeded { .. }
        | ServiceError::Duplicate(_)
        | ServiceError::InTrash { .. }
        | ServiceError::Store(colophon_blobs::Error::NotResumable { .. }) => true,
        ServiceError::Database(error) => matches!(
            error.kind(),
            ErrorKind::NotFound
                | ErrorKind::Conflict(_)
                | ErrorKind::Forbidden
                | ErrorKind::Invalid(_)
                | ErrorKind::QuotaExceeded
                | ErrorKind::LegalHold
        ),
        _ => false,
    }
}

/// Ends an upload with a refusal, which is kept, and gives its object up. A crash in between leaves the object to the
/// sweeper.
pub(super) async fn refuse(
    platform: &Platform,
    lease: &mut Lease<'_>,
    upload: Upload,
    refusal: Value,
) -> Result<Upload, Error> {
    let tx = lease.begin().await?;
    tx.uploads().refuse(lease.fence, &refusal).await?;
    if let Err(error) = tx.objects().renew(upload.document_id, &upload.storage_path, Duration::ZERO).await {
        tracing::debug!(%error, upload = %upload.id, "the object of a refused upload was given up before");
    }
    tx.commit().await?;
    let given_up = async {
        if let Some(state) = state(&upload) {
            platform.store.discard(state).await?;
        }
        let tx = lease.begin().await?;
        tx.objects().forget(upload.document_id, &upload.storage_path).await?;
        Ok::<_, ServiceError>(tx.commit().await?)
    };
    if let Err(error) = given_up.await {
        tracing::warn!(%error, path = upload.storage_path, "the object of a refused upload is left to the sweeper");
    }
    Err(Error::Refused(refusal))
}

/// Forgets an upload, and of an open one the object: that first, since nobody knows of it after the row.
pub(super) async fn discard(platform: &Platform, lease: &mut Lease<'_>, upload: Upload) -> Result<(), Error> {
    if let Some(state) = state(&upload) {
        lease.beside(platform.store.discard(state)).await?.map_err(ServiceError::from)?;
    }
    let tx = lease.begin().await?;
    tx.uploads().remove(lease.fence).await?;
    if upload.resumption.is_some() {
        tx.objects().forget(upload.document_id, &upload.storage_path).await?;
    }
    Ok(tx.commit().await?)
}

/// How the store goes on with an open upload. What cannot be read cannot be gone on with; the sweeper knows its key.
fn state(upload: &Upload) -> Option<Resumption> {
    serde_json::from_value(upload.resumption.clone()?).ok()
}
