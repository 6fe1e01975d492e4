//! Many jobs are asked for at once: all of them are taken, or none.

use std::collections::HashMap;

use colophon_db::idempotency_keys::EarlierWrite;
use colophon_db::jobs::Target;
use colophon_db::{CallerScope, SystemScope, Tx, UserScope};
use colophon_domain::{DocumentId, Invalid, JobId, JobRequest, NewJob, Units};
use serde_json::json;

use super::{Requested, check_target, described, is_key_taken, no_job, no_zone, sender};
use crate::{Error, Platform};

/// Jobs that are asked for at once.
const MOST: usize = 1_000;
/// Refusals that are told.
const REFUSALS: usize = 100;

/// An item that no job can be made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedJob {
    /// Its place among those asked for, from 0.
    pub index: usize,
    /// What is wrong with it.
    pub reason: String,
}

/// Queues many jobs, each for the current version of its document; as [`super::request`], all in one transaction. Gives
/// them in the order in which they were asked for. For the platform they are one statement.
///
/// # Errors
/// More than 1,000, or none; items that cannot be ([`Error::JobsRefused`]); an idempotency key that was used for something
/// else.
pub async fn request_many(
    platform: &Platform,
    scope: &CallerScope,
    asked: &[(DocumentId, JobRequest)],
    idempotency_key: Option<&str>,
) -> Result<Vec<Requested>, Error> {
    if !(1..=MOST).contains(&asked.len()) {
        let reason = format!("{} jobs are asked for at once, where 1 to {MOST} are taken", asked.len());
        return Err(Invalid::new("jobs", reason).into());
    }
    let checked =
        asked.iter().map(|(_, request)| super::check(request).err().map(|invalid| invalid.to_string()));
    refuse(checked)?;
    let bulk = Bulk { platform, scope, asked, idempotency_key };
    // A live job may get a key between the look and the insert, and somebody may send the same at the same time: whoever
    // looks again finds it.
    for _ in 0..2 {
        match bulk.once().await {
            Ok(Some(requested)) => return Ok(requested),
            Ok(None) => {}
            Err(error) if is_key_taken(&error) => {}
            Err(error) => return Err(error),
        }
    }
    bulk.once().await?.ok_or(Error::KeyReused)
}

/// Refuses all if any item has a reason.
fn refuse(reasons: impl Iterator<Item = Option<String>>) -> Result<(), Error> {
    let refused =
        reasons.enumerate().filter_map(|(index, reason)| Some(RefusedJob { index, reason: reason? }));
    let items: Vec<RefusedJob> = refused.take(REFUSALS).collect();
    if items.is_empty() { Ok(()) } else { Err(Error::JobsRefused { items }) }
}

struct Bulk<'a> {
    platform: &'a Platform,
    scope: &'a CallerScope,
    asked: &'a [(DocumentId, JobRequest)],
    idempotency_key: Option<&'a str>,
}

impl Bulk<'_> {
    /// `None` where the idempotency key was taken at the same time.
    async fn once(&self) -> Result<Option<Vec<Requested>>, Error> {
        match self.scope {
            CallerScope::Service(scope) => {
                let tx = self.platform.database.session(scope).begin().await?;
                self.within(tx, async |tx, jobs| enqueue_all(tx, jobs).await).await
            }
            CallerScope::User(scope) => {
                let tx = self.platform.database.session(scope).begin().await?;
                self.within(tx, async |tx, jobs| enqueue_each(tx, jobs).await).await
            }
        }
    }

    async fn within<S: colophon_db::Scope>(
        &self,
        tx: Tx<S>,
        enqueue: impl AsyncFnOnce(&Tx<S>, &[NewJob]) -> Result<Vec<Option<JobId>>, Error>,
    ) -> Result<Option<Vec<Requested>>, Error> {
        let owner = sender(self.scope);
        let request = described(&self.asked.iter().map(|(id, request)| (*id, request)).collect::<Vec<_>>());
        if let Some(key) = self.idempotency_key
            && let Some(earlier) = tx.idempotency_keys().get(&owner, key).await?
        {
            return repeated(tx, earlier, &request).await.map(Some);
        }
        let jobs = self.jobs(&tx).await?;
        let live = enqueue(&tx, &jobs).await?;
        refuse(live.iter().zip(&jobs).map(|(live, job)| {
            let key = job.job_key.as_deref().unwrap_or_default();
            live.is_none().then(|| format!("a live job that this token may not see has the job_key {key:?}"))
        }))?;
        let ids: Vec<JobId> = live.into_iter().flatten().collect();
        if let Some(key) = self.idempotency_key {
            let answer = json!(ids);
            let first = ids.first().map(|id| id.0).unwrap_or_default();
            let keys = tx.idempotency_keys();
            if keys.take_with(&owner, key, &request, first, Some(&answer)).await?.is_some() {
                return Ok(None);
            }
        }
        let requested =
            found(&tx, &ids, |at| jobs.get(at).is_some_and(|job| ids.get(at) == Some(&job.id))).await?;
        tx.commit_and_wake().await?;
        Ok(Some(requested))
    }

    /// The jobs, once what they name is seen to be there: a statement for documents, one for zones, one for jobs.
    async fn jobs<S: colophon_db::Scope>(&self, tx: &Tx<S>) -> Result<Vec<NewJob>, Error> {
        let documents: Vec<DocumentId> = self.asked.iter().map(|(document, _)| *document).collect();
        let targets: HashMap<DocumentId, Target> = tx
            .jobs()
            .targets(&documents)
            .await?
            .into_iter()
            .map(|target| (target.document_id, target))
            .collect();
        let made: Vec<Result<NewJob, String>> = self
            .asked
            .iter()
            .map(|(document, request)| job(targets.get(document), *document, request))
            .collect();
        refuse(made.iter().map(|job| job.as_ref().err().cloned()))?;
        let jobs: Vec<NewJob> = made.into_iter().flatten().collect();
        let (mut zones, mut of_zone) = (Vec::new(), Vec::new());
        let (mut depended_on, mut of_dependency) = (Vec::new(), Vec::new());
        for (index, job) in jobs.iter().enumerate() {
            if let Units::Zones(named) = &job.units {
                zones.extend(named.iter().map(|zone| (job.document_id, job.version, *zone)));
                of_zone.resize(zones.len(), index);
            }
            depended_on.extend(&job.depends_on);
            of_dependency.resize(depended_on.len(), index);
        }
        let mut reasons: Vec<Option<String>> = vec![None; jobs.len()];
        if !zones.is_empty() {
            for at in tx.jobs().missing_zones(&zones).await? {
                if let (Some(zone), Some(index)) = (zones.get(at), of_zone.get(at)) {
                    reasons[*index] = Some(no_zone(*zone).to_string());
                }
            }
        }
        if !depended_on.is_empty() {
            let missing = tx.jobs().missing(&depended_on).await?;
            for (id, index) in depended_on.iter().zip(&of_dependency).filter(|(id, _)| missing.contains(id)) {
                reasons[*index] = Some(no_job(*id).to_string());
            }
        }
        refuse(reasons.into_iter())?;
        Ok(jobs)
    }
}

fn job(target: Option<&Target>, document: DocumentId, request: &JobRequest) -> Result<NewJob, String> {
    let target = target.ok_or_else(|| format!("there is no document {document} that this token may see"))?;
    check_target(target).map_err(|error| error.to_string())?;
    request.job(document, target.version, target.page_count).map_err(|invalid| invalid.to_string())
}

/// One statement for all. Gives the live job of each.
async fn enqueue_all(tx: &Tx<SystemScope>, jobs: &[NewJob]) -> Result<Vec<Option<JobId>>, Error> {
    let enqueued = tx.jobs().enqueue_many(jobs).await?;
    let mut live = Vec::with_capacity(jobs.len());
    for (enqueued, job) in enqueued.iter().zip(jobs) {
        live.push(match (enqueued.live, &job.job_key) {
            // Its key came to be taken in this moment, or by an item before it.
            (None, Some(key)) => tx.jobs().live_of_key(job.document_id, key).await?,
            (live, _) => live,
        });
    }
    Ok(live)
}

/// In a person's name, one by one: the policies look at each.
async fn enqueue_each(tx: &Tx<UserScope>, jobs: &[NewJob]) -> Result<Vec<Option<JobId>>, Error> {
    let mut live = Vec::with_capacity(jobs.len());
    for job in jobs {
        let found = match &job.job_key {
            Some(key) => tx.jobs().live_of_key(job.document_id, key).await?,
            None => None,
        };
        if found.is_none() {
            tx.jobs().enqueue(job).await?;
        }
        live.push(Some(found.unwrap_or(job.id)));
    }
    Ok(live)
}

/// What was asked for before under the idempotency key.
async fn repeated<S: colophon_db::Scope>(
    tx: Tx<S>,
    earlier: EarlierWrite,
    request: &str,
) -> Result<Vec<Requested>, Error> {
    let ids: Option<Vec<JobId>> = earlier.answer.and_then(|answer| serde_json::from_value(answer).ok());
    let ids = ids.filter(|_| earlier.request == request).ok_or(Error::KeyReused)?;
    let requested = found(&tx, &ids, |_| false).await?;
    tx.commit().await?;
    Ok(requested)
}

async fn found<S: colophon_db::Scope>(
    tx: &Tx<S>,
    ids: &[JobId],
    is_new: impl Fn(usize) -> bool,
) -> Result<Vec<Requested>, Error> {
    let jobs = tx.jobs().get_many(ids).await?.into_iter().enumerate();
    Ok(jobs.map(|(at, job)| Requested { job, is_new: is_new(at) }).collect())
}
