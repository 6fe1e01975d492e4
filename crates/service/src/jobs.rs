//! Jobs are asked for and steered.

mod bulk;
mod control;
mod limits;

use colophon_db::idempotency_keys::EarlierWrite;
use colophon_db::jobs::Target;
use colophon_db::{ErrorKind, Scope, Tx};
use colophon_domain::{
    DocumentId, DocumentStatus, Invalid, Job, JobId, JobRequest, NewJob, Strategy, Units, ZoneId,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::reading::options::Options;
use crate::{Error, Platform};

pub use bulk::{RefusedJob, request_many};
pub use control::{Control, control};
pub use limits::{pause_queue, remove_limit, resume_queue, set_limit};

/// A job that was asked for.
#[derive(Debug, Clone)]
pub struct Requested {
    /// The job.
    pub job: Job,
    /// Whether it was made now; else a live one had its key, or it was asked for before under the idempotency key.
    pub is_new: bool,
}

/// Queues a job for the current version of a document. The record and the live row are one transaction; workers are
/// woken after it. Where a live job of the owner has the key that is asked for, it is that job.
///
/// # Errors
/// The document is not there for this scope, or cannot be read; units, jobs, options or settings that cannot be; an
/// idempotency key that was used for something else; a job key that a job has which the scope may not see.
pub async fn request<S: Scope>(
    platform: &Platform,
    scope: &S,
    document: DocumentId,
    request: &JobRequest,
    idempotency_key: Option<&str>,
) -> Result<Requested, Error> {
    check(request)?;
    // A live job may get the key between the look and the insert; whoever looks again finds it.
    match once(platform, scope, document, request, idempotency_key).await {
        Err(error) if is_key_taken(&error) => {
            once(platform, scope, document, request, idempotency_key).await.map_err(named(request))
        }
        ended => ended,
    }
}

/// What can be said before anything is looked up.
pub(crate) fn check(request: &JobRequest) -> Result<(), Invalid> {
    request.check()?;
    // Others' strategies know their own options.
    if let Ok(strategy) = request.strategy.parse::<Strategy>() {
        Options::of(strategy, Some(&Value::Object(request.options.clone())))?;
    }
    Ok(())
}

async fn once<S: Scope>(
    platform: &Platform,
    scope: &S,
    document: DocumentId,
    request: &JobRequest,
    idempotency_key: Option<&str>,
) -> Result<Requested, Error> {
    let tx = platform.database.session(scope).begin().await?;
    let asked = described(&[(document, request)]);
    if let Some(key) = idempotency_key
        && let Some(earlier) = tx.idempotency_keys().get(&sender(scope), key).await?
    {
        return repeated(tx, earlier, &asked).await;
    }
    let new = new_job(&tx, document, request).await?;
    let live = match &request.job_key {
        Some(key) => tx.jobs().live_of_key(document, key).await?,
        None => None,
    };
    let id = live.unwrap_or(new.id);
    if let Some(key) = idempotency_key
        && let Some(earlier) = tx.idempotency_keys().take(&sender(scope), key, &asked, id.0).await?
    {
        return repeated(tx, earlier, &asked).await;
    }
    if live.is_none() {
        tx.jobs().enqueue(&new).await?;
    }
    let job = tx.jobs().require(id).await?;
    tx.commit_and_wake().await?;
    Ok(Requested { job, is_new: live.is_none() })
}

/// What was asked for before under the idempotency key.
async fn repeated<S: Scope>(tx: Tx<S>, earlier: EarlierWrite, asked: &str) -> Result<Requested, Error> {
    if earlier.request != asked {
        return Err(Error::KeyReused);
    }
    let job = tx.jobs().require(JobId(earlier.resource_id)).await?;
    tx.commit().await?;
    Ok(Requested { job, is_new: false })
}

/// The job, once its document, its units and what it depends on are seen to be there.
async fn new_job<S: Scope>(tx: &Tx<S>, document: DocumentId, request: &JobRequest) -> Result<NewJob, Error> {
    let target = target(tx, document).await?;
    let job = request.job(document, target.version, target.page_count)?;
    if let Units::Zones(zones) = &request.units {
        let named: Vec<_> = zones.iter().map(|zone| (document, target.version, *zone)).collect();
        let missing = tx.jobs().missing_zones(&named).await?;
        if let Some(zone) = missing.first().and_then(|at| named.get(*at)) {
            return Err(no_zone(*zone).into());
        }
    }
    if !request.depends_on.is_empty()
        && let Some(missing) = tx.jobs().missing(&request.depends_on).await?.first()
    {
        return Err(no_job(*missing).into());
    }
    Ok(job)
}

/// The document, once it is seen that a job can do something with it.
pub(crate) async fn target<S: Scope>(tx: &Tx<S>, document: DocumentId) -> Result<Target, Error> {
    let found = tx.documents().require(document).await?;
    let target = Target {
        document_id: document,
        version: found.version,
        page_count: found.page_count,
        status: found.status,
        in_trash: found.deleted_at.is_some(),
    };
    check_target(&target)?;
    Ok(target)
}

/// Whether any job can do something with the document.
fn check_target(target: &Target) -> Result<(), Error> {
    let document = target.document_id;
    if target.in_trash {
        return Err(Error::InTrash { document });
    }
    let readable = target.status.parse::<DocumentStatus>().is_ok_and(DocumentStatus::is_readable);
    if !readable || target.page_count.is_none() {
        return Err(Error::NotReadable { document, status: target.status.clone() });
    }
    Ok(())
}

fn no_zone((document, version, zone): (DocumentId, i32, ZoneId)) -> Invalid {
    Invalid::new("zones", format!("version {version} of document {document} has no zone {zone}"))
}

fn no_job(missing: JobId) -> Invalid {
    Invalid::new("depends_on", format!("there is no job {missing} that this token may see"))
}

/// Whose the idempotency key is.
pub(crate) fn sender<S: Scope>(scope: &S) -> String {
    scope.person().map_or_else(|| "service_role".to_owned(), |person| person.to_string())
}

/// What is asked for, as its idempotency key remembers it.
fn described(asked: &[(DocumentId, &JobRequest)]) -> String {
    let asked: Vec<Value> = asked
        .iter()
        .map(|(document, request)| {
            json!({
                "job": document, "strategy": request.strategy, "options": request.options,
                "pages": request.units.page_numbers(), "zones": request.units.zone_ids(),
                "priority": request.priority, "queue": request.queue, "max_attempts": request.max_attempts,
                "run_at": request.run_at, "timeout_seconds": request.timeout_seconds,
                "job_key": request.job_key, "depends_on": request.depends_on,
            })
        })
        .collect();
    let digest = Sha256::digest(Value::from(asked).to_string());
    digest.iter().fold("jobs sha256:".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

fn is_key_taken(error: &Error) -> bool {
    matches!(error, Error::Database(e) if *e.kind() == ErrorKind::Conflict("job_queue_job_key_key".to_owned()))
}

fn named(request: &JobRequest) -> impl FnOnce(Error) -> Error + '_ {
    |error| match &request.job_key {
        Some(job_key) if is_key_taken(&error) => Error::JobKeyTaken { job_key: job_key.clone() },
        _ => error,
    }
}
