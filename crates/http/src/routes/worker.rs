//! `/v1/worker/*`: workers in any language borrow jobs, say how far they came, and deliver (docs/workers.md). For the
//! platform's own tokens alone.
//!
//! Each route takes a batch and answers for each job in its place; one that cannot be taken keeps no other from it.

mod given;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use colophon_db::CallerScope;
use colophon_db::queue::{Beat, Fail, Failure, Lease};
use colophon_domain::{DEFAULT_QUEUE, Invalid};
use colophon_formats::worker::{GivenBeat, GivenDelivery, GivenFailure, GivenLease};
use colophon_service::run::{Replaces, Report};
use colophon_service::signed_urls::{DEFAULT_SECONDS, LONGEST_SECONDS, SignedUrl};
use colophon_service::workers::{self, Found, Lent, Told, Wanted};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use self::given::{Batch, Items};
use super::runs;
use crate::address::address;
use crate::auth::Caller;
use crate::query::Body;
use crate::{App, Problem};

/// Jobs of one request.
const MOST: usize = 1_000;
/// Bytes of one request that says what was found.
const LIMIT: u64 = 64 << 20;
/// Seconds that a lease lasts unless said.
const LEASE_SECONDS: u32 = 60;
/// Seconds that a claim waits at most.
const LONGEST_WAIT: u32 = 30;

pub fn router() -> Router<App> {
    Router::new()
        .route("/v1/worker/claim", post(claim))
        .route("/v1/worker/heartbeat", post(heartbeat))
        .route("/v1/worker/deliver", post(deliver))
        .route("/v1/worker/complete", post(complete))
        .route("/v1/worker/fail", post(fail))
        .route("/v1/worker/release", post(release))
        .layer(DefaultBodyLimit::disable())
}

fn platform_only(caller: &Caller) -> Result<(), Problem> {
    match &caller.scope {
        CallerScope::Service(_) => Ok(()),
        CallerScope::User(_) => {
            let detail = "jobs are given to the platform's own workers: use a token of the role service_role";
            Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail))
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claim {
    worker: String,
    queues: Option<Vec<String>>,
    strategies: Option<Vec<String>>,
    limit: Option<usize>,
    lease_seconds: Option<u32>,
    wait_seconds: Option<u32>,
    in_hand: Option<Vec<GivenLease>>,
}

impl Claim {
    fn check(&self) -> Result<(), Invalid> {
        let check = |field: &'static str, name: &str, most: usize| {
            let fits = (1..=most).contains(&name.chars().count()) && !name.contains('\0');
            if fits { Ok(()) } else { Err(Invalid::new(field, format!("names have 1 to {most} characters"))) }
        };
        check("worker", &self.worker, 200)?;
        for (field, names) in [("queues", &self.queues), ("strategies", &self.strategies)] {
            if names.as_ref().is_some_and(|names| names.is_empty() || names.len() > 100) {
                return Err(Invalid::new(field, "name 1 to 100 of them, or leave it out"));
            }
            names.iter().flatten().try_for_each(|name| check(field, name, 50))?;
        }
        if self.limit.is_some_and(|limit| !(1..=MOST).contains(&limit)) {
            return Err(Invalid::new("limit", format!("must be 1 to {MOST}")));
        }
        if self.in_hand.as_ref().is_some_and(|in_hand| in_hand.len() > MOST) {
            return Err(Invalid::new("in_hand", format!("{MOST} jobs at most")));
        }
        if self.wait_seconds.is_some_and(|seconds| seconds > LONGEST_WAIT) {
            return Err(Invalid::new("wait_seconds", format!("must be 0 to {LONGEST_WAIT}")));
        }
        lease(self.lease_seconds).map(|_| ())
    }
}

fn lease(seconds: Option<u32>) -> Result<Duration, Invalid> {
    match seconds.unwrap_or(LEASE_SECONDS) {
        seconds @ 1..=3_600 => Ok(Duration::from_secs(seconds.into())),
        _ => Err(Invalid::new("lease_seconds", "must be 1 to 3600")),
    }
}

async fn claim(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Body(claim): Body<Claim>,
) -> Result<Json<Value>, Problem> {
    platform_only(&caller)?;
    claim.check()?;
    let queues = claim.queues.unwrap_or_else(|| vec![DEFAULT_QUEUE.to_owned()]);
    let wanted = Wanted {
        queues: &queues,
        strategies: claim.strategies.as_deref(),
        limit: claim.limit.unwrap_or(1),
        lease: lease(claim.lease_seconds)?,
        worker: &claim.worker,
    };
    let wait = Duration::from_secs(claim.wait_seconds.unwrap_or_default().into());
    if let Some(in_hand) = claim.in_hand {
        let known: Vec<Lease> =
            in_hand.iter().map(|&GivenLease { job_id, lease_seq }| Lease { job_id, lease_seq }).collect();
        workers::hand_back_unknown(&app.platform.database, &claim.worker, &known).await?;
    }
    let lent = app.workers.claim(&wanted, wait, &app.stopping).await?;
    let mut jobs = Vec::with_capacity(lent.jobs.len());
    for lent in &lent.jobs {
        jobs.push(view(&app, &headers, lent).await?);
    }
    lent.given();
    Ok(Json(json!({ "jobs": jobs })))
}

async fn view(app: &App, headers: &HeaderMap, lent: &Lent) -> Result<Value, Problem> {
    let Lent { job, done } = lent;
    let mut view = json!({
        "job_id": job.lease.job_id, "lease_seq": job.lease.lease_seq, "lease_until": job.lease_until,
        "deadline_at": job.deadline_at, "started_at": job.started_at, "document_id": job.document_id,
        "version": job.version, "queue": job.class.queue, "strategy": job.class.strategy,
        "priority": job.class.priority, "options": job.options, "page_numbers": job.page_numbers,
        "zone_ids": job.zone_ids, "attempt": job.attempt, "max_attempts": job.max_attempts,
        "page_count": job.page_count, "done_pages": done.pages, "done_zones": done.zones,
        "content_url": null, "content_url_expires_at": null,
    });
    if job.storage_path.is_some() {
        // As long as the attempt may take, or an hour.
        let until_deadline = |at: Timestamp| at.as_second() - Timestamp::now().as_second() + 1;
        let seconds = job.deadline_at.map_or(DEFAULT_SECONDS, until_deadline);
        let seconds = seconds.clamp(DEFAULT_SECONDS, LONGEST_SECONDS);
        let url = SignedUrl::new(job.document_id, job.version, None, seconds, false)?;
        let token = app.platform.signer.sign(&url).await?;
        view["content_url"] = address(app, headers, &format!("v1/content/{token}")).into();
        view["content_url_expires_at"] = json!(url.expires_at);
    }
    Ok(view)
}

async fn heartbeat(State(app): State<App>, caller: Caller, request: Request) -> Result<Json<Value>, Problem> {
    platform_only(&caller)?;
    let batch = Batch::read(&app, request).await?;
    let lease = lease(batch.lease_seconds)?;
    let items: Items<Beat> = batch.items(|given: GivenBeat| {
        let GivenBeat { job_id, lease_seq, progress, current_zone_id } = given.checked()?;
        let beat = Beat { lease: Lease { job_id, lease_seq }, progress, current_zone_id };
        Ok((beat.lease, beat))
    });
    let told = workers::heartbeat(&app.platform.database, &items.taken, lease).await?;
    Ok(answer(items, told))
}

async fn deliver(State(app): State<App>, caller: Caller, request: Request) -> Result<Json<Value>, Problem> {
    platform_only(&caller)?;
    let batch = Batch::read(&app, request).await?;
    let lease = lease(batch.lease_seconds)?;
    let items = batch.items(|given| {
        let found = found(given)?;
        if found.1.delivery.status.is_some() || found.1.delivery.failure.is_some() {
            return Err(Invalid::new(
                "status",
                "what is delivered in parts has no end yet; say complete or fail",
            ));
        }
        Ok(found)
    });
    // A task of its own: when the caller goes away, it is stored or not stored, and not left to chance.
    let (told, items) = apart(async move {
        let told = workers::deliver(&app.platform.database, &items.taken, lease).await;
        (told, items)
    })
    .await?;
    Ok(answer(items, told?))
}

async fn complete(State(app): State<App>, caller: Caller, request: Request) -> Result<Json<Value>, Problem> {
    platform_only(&caller)?;
    let batch = Batch::read(&app, request).await?;
    let items = batch.items(found);
    let (told, items) = apart(async move {
        let told = workers::complete(&app.platform.database, &items.taken).await;
        (told, items)
    })
    .await?;
    Ok(answer(items, told?))
}

async fn fail(State(app): State<App>, caller: Caller, request: Request) -> Result<Json<Value>, Problem> {
    platform_only(&caller)?;
    let items = Batch::read(&app, request).await?.items(|mut given: GivenFailure| {
        let (failure, metrics) = given.checked()?;
        let failure = Failure { class: failure.class, code: failure.code, message: failure.message };
        let lease = Lease { job_id: given.job_id, lease_seq: given.lease_seq };
        Ok((lease, Fail { lease, failure, delay_seconds: given.retry_after_seconds, metrics }))
    });
    let told = workers::fail(&app.platform.database, &items.taken).await?;
    Ok(answer(items, told))
}

async fn release(State(app): State<App>, caller: Caller, request: Request) -> Result<Json<Value>, Problem> {
    platform_only(&caller)?;
    let items = Batch::read(&app, request).await?.items(|GivenLease { job_id, lease_seq }| {
        let lease = Lease { job_id, lease_seq };
        Ok((lease, lease))
    });
    let told = workers::release(&app.platform.database, &items.taken).await?;
    Ok(answer(items, told))
}

async fn apart<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Result<T, Problem> {
    tokio::spawn(work).await.map_err(|error| {
        let detail = format!("what was delivered broke off: {error}");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    })
}

fn found(mut given: GivenDelivery) -> Result<(Lease, Found), Invalid> {
    let delivery = given.checked()?;
    let lease = Lease { job_id: given.job_id, lease_seq: given.lease_seq };
    let parsed = |text: &Option<String>| text.as_deref().map(str::parse).transpose();
    let found = Found {
        lease,
        delivery,
        zones: given.zones.map(Arc::new),
        tool: given.tool,
        model: given.model,
        frame: parsed(&given.frame)?.unwrap_or_default(),
        vocabulary: given.vocabulary.as_deref().map(str::parse).transpose()?,
        outside: runs::outside(given.clamp),
        replaces: given.replaces.as_deref().map_or(Ok(Replaces::SameTool), str::parse)?,
    };
    Ok((lease, found))
}

/// What each job is told, in the order of the request.
fn answer<T>(items: Items<T>, told: Vec<Told>) -> Json<Value> {
    let mut told = told.into_iter();
    let results = items.results.into_iter().map(|(named, refused)| {
        let mut result = named;
        let say = match refused {
            Some(invalid) => refusal(&Problem::from(invalid)),
            None => told.next().map_or_else(|| json!({}), say),
        };
        if let (Some(result), Value::Object(say)) = (result.as_object_mut(), say) {
            result.extend(say);
        }
        result
    });
    Json(json!({ "results": results.collect::<Vec<_>>() }))
}

fn refusal(problem: &Problem) -> Value {
    json!({ "result": "invalid", "problem": problem.body() })
}

fn say(told: Told) -> Value {
    match told {
        Told::Held(until) => json!({ "result": "held", "lease_until": until }),
        Told::Delivered(stored) => with_stored(json!({ "result": "delivered" }), stored.as_ref()),
        Told::Ended { status, stored, repeated } => {
            with_stored(json!({ "result": status.as_str(), "repeated": repeated }), stored.as_ref())
        }
        Told::Retrying(seconds) => json!({ "result": "retrying", "retry_in_seconds": seconds }),
        Told::Failed { is_quarantined } => {
            json!({ "result": "failed", "retry_in_seconds": null, "quarantined": is_quarantined })
        }
        Told::Released => json!({ "result": "released" }),
        Told::Stale(standing) => {
            let detail = match standing.status.as_str() {
                "cancelled" => "the job was cancelled",
                "paused" => "the job was put aside",
                "running" if !standing.is_held => "the lease ran out, and another worker has the job",
                "running" => "the attempt is past its deadline",
                "queued" | "retrying" => "the lease ran out, and the job waits for another worker",
                _ => "the job has ended",
            };
            let detail = format!("{detail}; nothing was changed, drop the work");
            json!({ "result": "stale", "status": standing.status, "detail": detail })
        }
        Told::NotFound => {
            json!({ "result": "not_found", "detail": "there is no such job; it may be gone with its document" })
        }
        Told::Refused(error) => refusal(&Problem::from(error)),
    }
}

fn with_stored(mut said: Value, stored: Option<&Report>) -> Value {
    if let Some(report) = stored {
        said["zones"] = runs::view(report);
    }
    said
}
