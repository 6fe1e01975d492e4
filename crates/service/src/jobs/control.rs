//! A word about a job: cancel, pause, resume, retry. The database knows who may, and locks in everybody's order; here is
//! told why nothing was done.

use colophon_db::Scope;
use colophon_domain::{Job, JobId};

use crate::{Error, Platform};

/// What is done with a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// Call it off at once, whether it waits or runs.
    Cancel,
    /// Ask again for what did not end well.
    Retry,
    /// Put it aside.
    Pause,
    /// Take up what was put aside.
    Resume,
}

impl Control {
    /// How it is told when done.
    pub const fn done(self) -> &'static str {
        match self {
            Self::Cancel => "cancelled",
            Self::Retry => "retried",
            Self::Pause => "paused",
            Self::Resume => "resumed",
        }
    }

    /// Whether the job stands there already: asked twice is done once.
    fn is_done(self, status: &str) -> bool {
        matches!((self, status), (Self::Cancel, "cancelled") | (Self::Pause, "paused"))
    }

    fn remedy(self, status: &str) -> &'static str {
        match (self, status) {
            (Self::Cancel, _) => "it has ended, and there is nothing to call off",
            (Self::Retry, "completed") => "nothing of it is missing; ask for a new job to do it all again",
            (Self::Retry, "paused") => "resume it",
            (Self::Retry, _) => "it has not ended yet; cancel it first to begin again",
            (Self::Pause, _) => "only a job that waits or runs can be put aside",
            (Self::Resume, _) => "only a paused job can be taken up again",
        }
    }
}

/// Does it, and gives the job as it stands then. Workers are woken where there is work again.
///
/// # Errors
/// There is no such job for this scope; the scope may only look at it ([`Error::OnlyToBeSeen`]); it stands where that
/// cannot be done ([`Error::JobState`]); work is asked for on a document in the trash.
pub async fn control<S: Scope>(
    platform: &Platform,
    scope: &S,
    id: JobId,
    control: Control,
) -> Result<Job, Error> {
    let tx = platform.database.session(scope).begin().await?;
    if matches!(control, Control::Retry | Control::Resume) {
        let job = tx.jobs().require(id).await?;
        let document = tx.documents().require(job.document_id).await?;
        if document.deleted_at.is_some() {
            return Err(Error::InTrash { document: document.id });
        }
    }
    let asked = match control {
        Control::Cancel => tx.jobs().cancel(id).await?,
        Control::Retry => tx.jobs().retry(id).await?,
        Control::Pause => tx.jobs().pause(id).await?,
        Control::Resume => tx.jobs().resume(id).await?,
    };
    let job = tx.jobs().require(id).await?;
    let Some(asked) = asked else { return Err(Error::OnlyToBeSeen { job: id }) };
    if !asked.changed && !control.is_done(&asked.status) {
        let remedy = control.remedy(&asked.status);
        return Err(Error::JobState { job: id, status: asked.status, asked: control.done(), remedy });
    }
    tx.commit_and_wake().await?;
    Ok(job)
}
