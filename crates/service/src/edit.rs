//! A document's name, metadata and tags are changed: held against the revision that was seen and the owner's schema.

use colophon_db::Scope;
use colophon_domain::{Document, DocumentId, DocumentPatch, FileName, Tags, metadata};
use serde_json::{Map, Value};

use crate::{Error, Platform};

/// What to change of a document; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// A new name to show.
    pub filename: Option<FileName>,
    /// A JSON merge patch (RFC 7396) of the metadata.
    pub metadata: Option<Map<String, Value>>,
    /// The tags.
    pub tags: Option<TagsChange>,
}

/// What to change of the tags.
#[derive(Debug, Clone)]
pub enum TagsChange {
    /// These and no others from now on.
    Set(Tags),
    /// Some more, some less. What is both is taken away.
    Alter {
        /// To be added.
        add: Tags,
        /// To be taken away.
        remove: Tags,
    },
}

/// Which revision the change was made for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Seen {
    /// Any.
    #[default]
    Any,
    /// One of these.
    Revisions(Vec<i64>),
}

/// Changes a document. What is already as asked is no new revision.
///
/// # Errors
/// There is no such document, or it may only be read ([`Error::Database`]); [`Error::InTrash`]; [`Error::Stale`] where
/// another revision was seen; [`Error::Invalid`], [`Error::MetadataInvalid`].
pub async fn document<S: Scope>(
    platform: &Platform,
    scope: &S,
    id: DocumentId,
    change: Change,
    seen: &Seen,
) -> Result<Document, Error> {
    let tx = platform.database.session(scope).begin().await?;
    tx.documents().lock_to_edit(id).await?;
    let document = tx.documents().require(id).await?;
    if document.deleted_at.is_some() {
        return Err(Error::InTrash { document: id });
    }
    let patch = patch_of(&document, change)?;
    if let Seen::Revisions(revisions) = seen
        && !revisions.contains(&document.revision)
    {
        let yours = changed(&document, patch);
        return Err(Error::Stale { theirs: Box::new(document), yours: Box::new(yours) });
    }
    if let Some(metadata) = &patch.metadata
        && let Some(schema) = tx.metadata_schemas().of_document(id).await?
    {
        platform.metadata_schemas.check(&schema, metadata).await?;
    }
    let nothing = patch.filename.is_none() && patch.metadata.is_none() && patch.tags.is_none();
    let document = if nothing { document } else { tx.documents().update(id, &patch).await? };
    tx.commit().await?;
    Ok(document)
}

/// The columns to write: only those that change.
fn patch_of(document: &Document, change: Change) -> Result<DocumentPatch, Error> {
    let filename = change.filename.filter(|name| name.display() != document.filename);
    let metadata = match change.metadata {
        None => None,
        Some(patch) => {
            let before = document.metadata.as_object().cloned().unwrap_or_default();
            let mut after = before.clone();
            metadata::merge_patch(&mut after, patch);
            metadata::check(&after)?;
            Some(after).filter(|after| *after != before)
        }
    };
    let tags = match change.tags {
        None => None,
        Some(TagsChange::Set(tags)) => Some(tags),
        Some(TagsChange::Alter { add, remove }) => {
            let all = document.tags.iter().chain(add.as_slice());
            Some(Tags::new(all.filter(|tag| !remove.as_slice().contains(tag)))?)
        }
    };
    Ok(DocumentPatch { filename, metadata, tags: tags.filter(|tags| tags.as_slice() != document.tags) })
}

/// The document as the change would have it.
fn changed(document: &Document, patch: DocumentPatch) -> Document {
    let mut changed = document.clone();
    if let Some(filename) = patch.filename {
        filename.display().clone_into(&mut changed.filename);
    }
    if let Some(metadata) = patch.metadata {
        changed.metadata = Value::Object(metadata);
    }
    if let Some(tags) = patch.tags {
        changed.tags = tags.as_slice().to_vec();
    }
    changed
}
