//! What is told of jobs to those who watch, by real transitions in a real database.

use std::collections::HashSet;
use std::time::Duration;

use colophon_db::queue::{Claim, Class, Finish, Lease};
use colophon_db::{Database, Scope, SystemScope};
use colophon_domain::{Cursor, DocumentId, JobId, JobPage, JobStatus, PageOutcome, Stages, UserId};
use colophon_service::events::{AllEvents, Event, Events, JobEvents, Stream, Wanted};
use colophon_testkit::{TestDatabase, as_user, store_document, store_job};
use futures_util::future::join_all;
use serde_json::{Value, json};

/// Nothing takes longer, unless it never comes.
const DEADLINE: Duration = Duration::from_secs(30);

async fn next<E: Stream>(events: &mut E) -> Option<Event> {
    tokio::time::timeout(DEADLINE, events.next()).await.expect("something is told in time")
}

/// The next transition: its place and what it says.
async fn transition<E: Stream>(events: &mut E) -> Option<(Cursor, Value)> {
    loop {
        if let Event::State { at, json } = next(events).await? {
            return Some((at, serde_json::from_str(&json).unwrap()));
        }
    }
}

/// The statuses of the transitions that follow, up to one that is final.
async fn statuses<E: Stream>(events: &mut E) -> Vec<String> {
    let mut statuses = Vec::new();
    while let Some((_, state)) = transition(events).await {
        statuses.push(state["status"].as_str().unwrap().to_owned());
        if statuses.last().unwrap().parse::<JobStatus>().unwrap().is_final() {
            break;
        }
    }
    statuses
}

async fn claim(database: &Database) -> Vec<Lease> {
    let class = |priority| (Class { queue: "default".into(), strategy: "text-layer".into(), priority }, 0);
    let classes: Vec<_> = (1..=4).map(class).collect();
    let claim =
        Claim { classes: &classes, limit: 1000, lease_seconds: 60.0, worker: "w", oldest_first: false };
    let tx = database.session(&SystemScope::new()).begin().await.unwrap();
    let claimed = tx.queue().claim(&claim).await.unwrap();
    tx.commit().await.unwrap();
    claimed.into_iter().map(|job| job.lease).collect()
}

async fn release(database: &Database, lease: Lease) {
    let tx = database.session(&SystemScope::new()).begin().await.unwrap();
    tx.queue().release(&[lease]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn finish(database: &Database, leases: &[Lease]) {
    let end = |lease: &Lease| Finish {
        lease: *lease,
        status: JobStatus::Completed,
        failure: None,
        metrics: json!({}),
    };
    let tx = database.session(&SystemScope::new()).begin().await.unwrap();
    tx.queue().finish(&leases.iter().map(end).collect::<Vec<_>>()).await.unwrap();
    tx.commit().await.unwrap();
}

async fn read_a_page(database: &Database, document: DocumentId, job: JobId, page_number: i32) {
    let page = JobPage {
        page_number,
        outcome: PageOutcome::Completed { zone_count: 1 },
        attempt: 1,
        duration_ms: Some(5),
        stages: Stages::new(),
        strategy: None,
        reason: None,
    };
    let tx = database.session(&SystemScope::new()).begin().await.unwrap();
    tx.jobs().record_pages(document, job, &[page]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn of_job<S: Scope>(events: &Events, scope: &S, job: JobId) -> JobEvents<S> {
    events.of_job(scope, job, None).await.unwrap()
}

async fn of_all<S: Scope>(events: &Events, scope: &S) -> AllEvents<S> {
    let mut all = events.of_all(scope, Wanted::default(), None).await.unwrap();
    // From here on nothing is missed.
    assert!(matches!(next(&mut all).await, Some(Event::Place(_))));
    all
}

#[tokio::test]
async fn a_job_is_told_from_its_beginning_to_its_end_with_its_progress() {
    let test = TestDatabase::migrated().await;
    let database = test.database().await;
    let owner = UserId::new();
    let document = store_document(&database, owner).await.id;
    let job = store_job(&database, document).await;
    let events = Events::new(&database);
    let mut told = of_job(&events, &as_user(owner), job).await;
    assert_eq!(transition(&mut told).await.unwrap().1["action"], "enqueued");
    let lease = claim(&database).await[0];
    assert_eq!(transition(&mut told).await.unwrap().1["status"], "running");
    read_a_page(&database, document, job, 1).await;
    let progress = loop {
        if let Some(Event::Progress { json }) = next(&mut told).await {
            let progress: Value = serde_json::from_str(&json).unwrap();
            if progress["completed_pages"] == 1 {
                break progress;
            }
        }
    };
    assert_eq!((&progress["total_pages"], &progress["progress"]), (&json!(3), &json!(33.33)));
    assert!(progress["eta_seconds"].as_f64().is_some(), "by its own rate: {progress}");
    finish(&database, &[lease]).await;
    let end = transition(&mut told).await.unwrap().1;
    assert_eq!((&end["status"], &end["job_id"]), (&json!("completed"), &json!(job)));
    let last = next(&mut told).await;
    let Some(Event::Progress { json }) = last else { panic!("{last:?}") };
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["progress"], 100.0);
    assert!(next(&mut told).await.is_none(), "nothing follows the end");
    // Whoever comes later is told all of it, and whoever knows it all nothing.
    let mut later = of_job(&events, &as_user(owner), job).await;
    assert!(!later.is_told());
    let mut last = None;
    while let Some((at, _)) = transition(&mut later).await {
        last = Some(at);
    }
    assert!(events.of_job(&as_user(owner), job, last).await.unwrap().is_told());
}

#[tokio::test]
async fn whoever_goes_on_from_any_event_misses_none_and_the_order_is_kept() {
    let test = TestDatabase::migrated().await;
    let database = test.database().await;
    let owner = UserId::new();
    let document = store_document(&database, owner).await.id;
    let job = store_job(&database, document).await;
    for _ in 0..20 {
        let lease = claim(&database).await[0];
        release(&database, lease).await;
    }
    finish(&database, &claim(&database).await).await;
    let events = Events::new(&database);
    let mut told = Vec::new();
    let mut all = of_job(&events, &as_user(owner), job).await;
    while let Some((at, state)) = transition(&mut all).await {
        told.push((at, state));
    }
    assert_eq!(told.len(), 1 + 20 * 2 + 2);
    for (seen, (at, _)) in told.iter().enumerate() {
        let mut rest = events.of_job(&as_user(owner), job, Some(*at)).await.unwrap();
        let mut again = Vec::new();
        while let Some(next) = transition(&mut rest).await {
            again.push(next);
        }
        assert_eq!(again, told[seen + 1..]);
    }
}

#[tokio::test]
async fn whoever_is_slow_is_told_everything_and_keeps_nobody_waiting() {
    let test = TestDatabase::migrated().await;
    let database = test.database().await;
    let owner = UserId::new();
    let document = store_document(&database, owner).await.id;
    let job = store_job(&database, document).await;
    let events = Events::new(&database);
    let (mut slow, mut quick) =
        (of_job(&events, &as_user(owner), job).await, of_job(&events, &as_user(owner), job).await);
    assert_eq!(transition(&mut quick).await.unwrap().1["action"], "enqueued");
    // Each is told by itself, so that what waits for the slow one is more than is kept for it.
    for _ in 0..20 {
        let lease = claim(&database).await[0];
        assert_eq!(transition(&mut quick).await.unwrap().1["status"], "running");
        release(&database, lease).await;
        assert_eq!(transition(&mut quick).await.unwrap().1["status"], "queued");
    }
    finish(&database, &claim(&database).await).await;
    assert_eq!(statuses(&mut quick).await, ["running", "completed"]);
    let told = {
        let mut told = Vec::new();
        while let Some((_, state)) = transition(&mut slow).await {
            told.push(state["id"].as_str().unwrap().to_owned());
        }
        told
    };
    assert_eq!(told.len(), 1 + 20 * 2 + 2);
    assert_eq!(told.iter().collect::<HashSet<_>>().len(), told.len(), "none comes twice");
}

#[tokio::test]
async fn what_others_change_without_a_word_is_found() {
    let test = TestDatabase::migrated().await;
    let database = test.database().await;
    let owner = UserId::new();
    let document = store_document(&database, owner).await.id;
    let job = store_job(&database, document).await;
    let events = Events::new(&database);
    let mut of_job = of_job(&events, &as_user(owner), job).await;
    let mut of_all = of_all(&events, &as_user(owner)).await;
    transition(&mut of_job).await.unwrap();
    let person = test.client_of(owner).await;
    person.execute("select colophon.cancel_job($1)", &[&job.0]).await.unwrap();
    assert_eq!(statuses(&mut of_job).await, ["cancelled"]);
    assert_eq!(statuses(&mut of_all).await, ["cancelled"]);
}

#[tokio::test]
async fn whoever_may_see_it_no_more_is_told_no_more() {
    let test = TestDatabase::migrated().await;
    let database = test.database().await;
    let (owner, friend, stranger) = (UserId::new(), UserId::new(), UserId::new());
    let document = store_document(&database, owner).await.id;
    let job = store_job(&database, document).await;
    let client = test.client_of(owner).await;
    let share = "insert into public.document_shares (document_id, role, user_id) values ($1, 'viewer', $2)";
    client.execute(share, &[&document.0, &friend.0]).await.unwrap();
    let events = Events::new(&database);
    assert!(events.of_job(&as_user(stranger), job, None).await.is_err());
    let mut theirs = of_job(&events, &as_user(friend), job).await;
    let mut mine = of_job(&events, &as_user(owner), job).await;
    let mut all_of_theirs = of_all(&events, &as_user(friend)).await;
    transition(&mut theirs).await.unwrap();
    transition(&mut mine).await.unwrap();
    let lease = claim(&database).await[0];
    assert_eq!(transition(&mut theirs).await.unwrap().1["status"], "running");
    assert_eq!(transition(&mut all_of_theirs).await.unwrap().1["status"], "running");
    client.batch_execute("update public.document_shares set revoked_at = now()").await.unwrap();
    assert!(transition(&mut theirs).await.is_none(), "the stream ends by itself");
    finish(&database, &[lease]).await;
    assert_eq!(statuses(&mut mine).await, ["running", "completed"]);
    // What is theirs comes, and what was not theirs any more did not come before it.
    let own = store_document(&database, friend).await.id;
    let own = store_job(&database, own).await;
    assert_eq!(transition(&mut all_of_theirs).await.unwrap().1["job_id"], json!(own));
}

#[tokio::test]
async fn what_is_committed_late_is_told_and_no_place_is_behind_it() {
    let test = TestDatabase::migrated().await;
    let database = test.database().await;
    let owner = UserId::new();
    let document = store_document(&database, owner).await.id;
    let events = Events::new(&database);
    let mut told = of_all(&events, &as_user(owner)).await;
    // One is asked for in a transaction that stays open; others come and go meanwhile.
    let mut late = test.client("postgres").await;
    let open = late.transaction().await.unwrap();
    let insert =
        "insert into public.processing_jobs (document_id, strategy) values ($1, 'text-layer') returning id";
    let another = store_document(&database, owner).await.id;
    let slow: uuid::Uuid = open.query_one(insert, &[&another.0]).await.unwrap().get(0);
    let (mut places, mut heard) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let job = store_job(&database, document).await;
        let (at, state) = transition(&mut told).await.unwrap();
        assert_eq!(state["job_id"], json!(job));
        places.push(at);
    }
    open.commit().await.unwrap();
    let (_, state) = transition(&mut told).await.unwrap();
    assert_eq!(state["job_id"], json!(slow), "it is older than what was told before it");
    for at in places {
        let mut again = events.of_all(&as_user(owner), Wanted::default(), Some(at)).await.unwrap();
        heard.clear();
        loop {
            match next(&mut again).await.unwrap() {
                Event::State { json, .. } => {
                    heard.push(serde_json::from_str::<Value>(&json).unwrap()["job_id"].clone());
                }
                Event::Place(_) => break,
                other => assert!(matches!(other, Event::Progress { .. }), "{other:?}"),
            }
        }
        assert!(heard.contains(&json!(slow)), "whoever goes on from there is told of it: {heard:?}");
    }
}

#[tokio::test]
async fn many_watch_and_one_connection_listens() {
    let test = TestDatabase::migrated().await;
    let database = test.database().await;
    let owner = UserId::new();
    let document = store_document(&database, owner).await.id;
    let mut jobs = Vec::new();
    for _ in 0..20 {
        jobs.push(store_job(&database, document).await);
    }
    let events = Events::new(&database);
    let mut watching = Vec::new();
    for n in 0..400 {
        watching.push(of_job(&events, &as_user(owner), jobs[n % jobs.len()]).await);
    }
    assert_eq!(events.viewers(), 400);
    let worker = colophon_db::Listener::start(&database);
    let listening =
        "select count(*) from pg_stat_activity where datname = current_database() and query like 'listen %'";
    let watcher = test.client("supabase_admin").await;
    let told = tokio::spawn(async move {
        join_all(watching.iter_mut().map(|told| async { statuses(told).await.len() })).await
    });
    let leases = claim(&database).await;
    finish(&database, &leases).await;
    assert!(told.await.unwrap().iter().all(|told| *told == 3), "each was told of all three");
    let count: i64 = watcher.query_one(listening, &[]).await.unwrap().get(0);
    assert_eq!(count, 1, "for the workers and all who watch");
    drop(worker);
}

#[tokio::test]
async fn the_past_of_a_strategy_tells_how_long_a_job_will_take() {
    let test = TestDatabase::migrated().await;
    let database = test.database().await;
    let owner = UserId::new();
    let document = store_document(&database, owner).await.id;
    let past = "with job as (
        insert into public.processing_jobs (document_id, strategy, status, attempt, completed_pages, total_pages, completed_at)
        select $1, 'text-layer', 'completed', 1, 10, 10, now() from generate_series(1, 5)
        returning document_id, id)
      insert into public.processing_attempts (document_id, job_id, lease_seq, attempt, outcome, started_at, finished_at)
      select document_id, id, 1, 1, 'completed', now() - interval '20 seconds', now() from job";
    test.client("postgres").await.execute(past, &[&document.0]).await.unwrap();
    let job = store_job(&database, document).await;
    claim(&database).await;
    let events = Events::new(&database);
    let mut told = of_job(&events, &as_user(owner), job).await;
    loop {
        if let Some(Event::Progress { json }) = next(&mut told).await {
            let eta = serde_json::from_str::<Value>(&json).unwrap()["eta_seconds"].as_f64();
            assert!(
                eta.is_some_and(|eta| (5.0..8.0).contains(&eta)),
                "two seconds for each of three pages: {eta:?}"
            );
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_jobs_that_go_on_at_once_everything_is_told_once() {
    const JOBS: usize = 60;
    let test = TestDatabase::migrated().await;
    let database = test.database().await;
    let owner = UserId::new();
    let events = Events::new(&database);
    let mut told = of_all(&events, &as_user(owner)).await;
    let heard = tokio::spawn(async move {
        let mut heard: Vec<(String, String)> = Vec::new();
        while heard.len() < JOBS * 3 {
            let state = transition(&mut told).await.unwrap().1;
            let field = |name: &str| state[name].as_str().unwrap().to_owned();
            heard.push((field("job_id"), field("status")));
        }
        heard
    });
    let work = (0..6).map(|_| {
        let database = database.clone();
        tokio::spawn(async move {
            for _ in 0..JOBS / 6 {
                let document = store_document(&database, owner).await.id;
                store_job(&database, document).await;
                let leases = claim(&database).await;
                finish(&database, &leases).await;
            }
        })
    });
    join_all(work).await.into_iter().for_each(|worked| worked.unwrap());
    finish(&database, &claim(&database).await).await;
    let heard = heard.await.unwrap();
    assert_eq!(heard.iter().collect::<HashSet<_>>().len(), JOBS * 3, "none is missed, none comes twice");
    for job in heard.iter().map(|(job, _)| job).collect::<HashSet<_>>() {
        let of_it: Vec<&str> =
            heard.iter().filter(|(id, _)| id == job).map(|(_, status)| status.as_str()).collect();
        assert_eq!(of_it, ["queued", "running", "completed"], "those of one job are in order");
    }
}
