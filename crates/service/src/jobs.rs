//! A job is asked for.

use colophon_db::Scope;
use colophon_domain::{DocumentId, DocumentStatus, Invalid, Job, NewJob, Strategy};
use serde_json::{Map, Value};

use crate::reading::options::Options;
use crate::{Error, Platform};

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// How to read the document.
    pub strategy: Strategy,
    /// Strategy's own settings.
    pub options: Map<String, Value>,
    /// 1 is first, 4 is last.
    pub priority: i16,
    /// Who asks.
    pub created_by: Option<String>,
}

/// Queues a job for the current version of a document. The record and the live row are one transaction; workers are
/// woken after it.
///
/// # Errors
/// The document is not there for this scope, or cannot be read; a priority outside 1..4; options that the strategy refuses.
pub async fn request<S: Scope>(
    platform: &Platform,
    scope: &S,
    document: DocumentId,
    request: Request,
) -> Result<Job, Error> {
    if !(1..=4).contains(&request.priority) {
        return Err(Invalid::new("priority", "must be 1 (first) to 4 (last)").into());
    }
    Options::of(request.strategy, Some(&Value::Object(request.options.clone())))?;
    let tx = platform.database.session(scope).begin().await?;
    let found = tx.documents().require(document).await?;
    if found.deleted_at.is_some() {
        return Err(Error::InTrash { document });
    }
    let readable = found.status.parse::<DocumentStatus>().is_ok_and(DocumentStatus::is_readable);
    if !readable || found.page_count.is_none() {
        return Err(Error::NotReadable { document, status: found.status });
    }
    let job = NewJob {
        options: request.options,
        priority: request.priority,
        total_pages: found.page_count,
        created_by: request.created_by,
        ..NewJob::new(document, found.version, request.strategy.as_str())
    };
    tx.jobs().enqueue(&job).await?;
    let queued = tx.jobs().require(job.id).await?;
    tx.commit_and_wake().await?;
    Ok(queued)
}
