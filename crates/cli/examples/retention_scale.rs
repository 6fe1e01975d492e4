//! What statistics and pruning cost at 1,000,000 jobs, and what workers notice of it.
//!
//! `cargo run --release -p colophon --example retention_scale [JOBS [ROUNDS]]` needs what the tests need: a PostgreSQL of its
//! own.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a measurement that cannot go on should say where; what it finds is what it prints"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use colophon_db::queue::{Claim, Class, Finish};
use colophon_db::{Database, SystemScope};
use colophon_domain::statistics::summarize;
use colophon_domain::{DocumentId, JobStatistics, JobStatus, NewJob, Period, StatisticsBy, UserId};
use colophon_service::retention;
use colophon_testkit::{TestDatabase, store_document};
use jiff::Timestamp;
use serde_json::json;
use tokio_postgres::Client;

const DAY: Duration = Duration::from_hours(24);
const JOBS_OF_DOCUMENT: i64 = 10;
const CLAIMERS: usize = 4;
const TABLES: [&str; 4] =
    ["processing_jobs", "processing_attempts", "processing_history", "processing_job_pages"];

/// Jobs of $1 documents, ten each, of the days from $2 to $2 + $3 ago, each with an attempt, a page and three lines of
/// history; one in twenty failed. Triggers and foreign keys sleep meanwhile.
const FILL: [&str; 4] = [
    "insert into processing_jobs (document_id, id, status, strategy, created_at, started_at, completed_at)
     select id, gen_random_uuid(), case when n % 20 = 0 then 'failed' else 'completed' end,
            (array['text-layer', 'ocr', 'auto', 'theirs'])[1 + n % 4], t, t, t + interval '2 seconds'
     from (select d.id, n, now() - make_interval(secs => (FIRST + LAST_DAYS * random()) * 86400) as t
       from documents d, generate_series(1, 10) n where filename = 'filled' offset 0) d",
    "insert into processing_attempts (document_id, job_id, lease_seq, attempt, outcome, worker, started_at, finished_at,
       error_class, error_code, metrics)
     select document_id, id, 1, 1, status, 'w', started_at, completed_at,
            case status when 'failed' then 'permanent' end, case status when 'failed' then 'not_readable' end,
            jsonb_build_object('pages', 10, 'pages_failed', 0, 'seconds', 2, 'stages',
              jsonb_build_object('render', (500 * random())::int, 'recognise', (1500 * random())::int, 'store', 20))
     from processing_jobs j where completed_at is not null
       and not exists (select from processing_attempts a where a.document_id = j.document_id and a.job_id = j.id)
     order by completed_at",
    "insert into processing_history (document_id, job_id, action, status, created_at)
     select document_id, id, action, status, created_at
     from processing_jobs j, unnest('{enqueued,claimed,ended}'::text[]) action where completed_at is not null
       and not exists (select from processing_history a where a.document_id = j.document_id and a.job_id = j.id)",
    "insert into processing_job_pages (document_id, job_id, page_number, outcome, attempt)
     select document_id, id, 1, 'completed', 1 from processing_jobs j where completed_at is not null
       and not exists (select from processing_job_pages a where a.document_id = j.document_id and a.job_id = j.id)",
];

#[tokio::main]
async fn main() {
    let jobs: i64 = std::env::args().nth(1).map_or(1_000_000, |jobs| jobs.parse().unwrap());
    let rounds: u32 = std::env::args().nth(2).map_or(3, |rounds| rounds.parse().unwrap());
    let db = TestDatabase::migrated().await;
    let database = db.database_of(20).await;
    let admin = db.client("supabase_admin").await;
    let documents = format!(
        "set session_replication_role = replica;
         insert into documents (id, filename, original_filename, file_size_bytes, uploaded_by, metadata)
         select gen_random_uuid(), 'filled', 'filled', 1, 'somebody', '{{}}' from generate_series(1, {})",
        jobs / JOBS_OF_DOCUMENT
    );
    admin.batch_execute(&documents).await.unwrap();
    // Half of them older than what will be pruned.
    fill(&admin, 1.0, 179.0).await;
    sizes(&admin, "filled").await;

    println!("\n# statistics, by day and strategy");
    let attempts = read(&database, "90 days from attempts", 90).await;
    read(&database, "30 days from attempts", 30).await;
    let begun = Instant::now();
    let times = retention::count(&database).await.unwrap();
    println!("counted {times} days in {:.1} s", begun.elapsed().as_secs_f64());
    let counted = read(&database, "90 days as counted", 90).await;
    assert_eq!(attempts, counted);
    read(&database, "30 days as counted", 30).await;
    read(&database, "365 days as counted", 365).await;
    let rows = number(&admin, "select count(*) from colophon.processing_statistics").await;
    println!("{rows} rows counted");

    println!("\n# {CLAIMERS} workers beside pruning");
    let live = live_documents(&database).await;
    work(&db, &database, &live, "alone", async {
        tokio::time::sleep(Duration::from_secs(15)).await;
    })
    .await;
    let beside = Box::pin(async {
        let begun = Instant::now();
        let pruned = retention::prune(&database, 90 * DAY).await.unwrap();
        let seconds = begun.elapsed().as_secs_f64();
        println!("pruned {pruned} jobs in {seconds:.1} s, {:.0}/s", pruned as f64 / seconds);
    });
    work(&db, &database, &live, "beside pruning", beside).await;

    println!("\n# room: pruned and filled again");
    for round in 1..=rounds {
        vacuum(&admin).await;
        sizes(&admin, &format!("round {round}, pruned and vacuumed")).await;
        // As many as went, of the same documents.
        admin.batch_execute("set session_replication_role = replica").await.unwrap();
        fill_some(&admin, 90.0, 5).await;
        vacuum(&admin).await;
        sizes(&admin, &format!("round {round}, filled again")).await;
        let pruned = retention::prune(&database, 90 * DAY).await.unwrap();
        println!("pruned {pruned}");
    }
    let begun = Instant::now();
    let pruned = retention::prune(&database, 90 * DAY).await.unwrap();
    println!("a round with nothing to prune: {pruned} jobs, {:.2} s", begun.elapsed().as_secs_f64());
}

async fn fill(admin: &Client, first: f64, days: f64) {
    let begun = Instant::now();
    for sql in FILL {
        let sql = sql.replace("FIRST", &first.to_string()).replace("LAST_DAYS", &days.to_string());
        admin.batch_execute(&sql).await.unwrap();
    }
    vacuum(admin).await;
    println!("filled in {:.0} s", begun.elapsed().as_secs_f64());
}

/// `each` jobs for each document, all of them older than `first` days.
async fn fill_some(admin: &Client, first: f64, each: u32) {
    for sql in FILL {
        let sql = sql.replace("FIRST", &first.to_string()).replace("LAST_DAYS", "90");
        let sql = sql.replace("generate_series(1, 10)", &format!("generate_series(1, {each})"));
        admin.batch_execute(&sql).await.unwrap();
    }
}

async fn vacuum(admin: &Client) {
    for table in TABLES {
        admin.batch_execute(&format!("vacuum analyze {table}")).await.unwrap();
    }
}

async fn number(client: &Client, sql: &str) -> i64 {
    client.query_one(&format!("select ({sql})::bigint"), &[]).await.unwrap().get(0)
}

async fn sizes(client: &Client, what: &str) {
    let mut told = Vec::new();
    for table in TABLES {
        let size = number(client, &format!("select pg_total_relation_size('{table}')")).await;
        let rows = number(client, &format!("select count(*) from {table}")).await;
        told.push(format!("{table} {rows} rows {} MiB", size >> 20));
    }
    println!("{what}: {}", told.join(", "));
}

async fn read(database: &Database, what: &str, days: i64) -> Vec<JobStatistics> {
    let now = Timestamp::now();
    let from = now.checked_sub(jiff::SignedDuration::from_hours(days * 24)).unwrap().to_string();
    let (period, by) = (Period::new(Some(&from), None, now).unwrap(), StatisticsBy::DEFAULT);
    let mut best = f64::MAX;
    let mut statistics = Vec::new();
    for _ in 0..3 {
        let begun = Instant::now();
        let tx = database.session(&SystemScope::new()).begin().await.unwrap();
        let rows = tx.statistics().read(period.since, period.until, by).await.unwrap();
        tx.commit().await.unwrap();
        statistics = summarize(&rows, by);
        best = best.min(begun.elapsed().as_secs_f64());
    }
    let attempts: u64 = statistics.iter().map(|s| s.attempts).sum();
    println!("{what}: {attempts} attempts, {} lines, {:.0} ms", statistics.len(), best * 1_000.0);
    statistics
}

async fn live_documents(database: &Database) -> Vec<DocumentId> {
    let mut documents = Vec::new();
    for _ in 0..200 {
        documents.push(store_document(database, UserId::new()).await.id);
    }
    documents
}

/// Workers claim and finish one job after the other until `beside` is done. Tells how long a claim and its end took, and
/// who waited for a lock.
async fn work(
    db: &TestDatabase,
    database: &Database,
    documents: &[DocumentId],
    what: &str,
    beside: impl Future<Output = ()>,
) {
    let stop = Arc::new(AtomicBool::new(false));
    let next = Arc::new(AtomicUsize::new(0));
    let claimers: Vec<_> = (0..CLAIMERS)
        .map(|n| {
            let (database, stop, next) = (database.clone(), Arc::clone(&stop), Arc::clone(&next));
            tokio::spawn(claimer(database, documents.to_vec(), n, next, stop))
        })
        .collect();
    let waits = tokio::spawn(waits(db.client("supabase_admin").await, Arc::clone(&stop)));
    beside.await;
    stop.store(true, Ordering::Relaxed);
    let mut times = Vec::new();
    for claimer in claimers {
        times.extend(claimer.await.unwrap());
    }
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1_000.0;
    let (looks, waited) = waits.await.unwrap();
    println!(
        "{what}: {} jobs; claim and finish p50 {:.2} ms, p99 {:.2} ms, max {:.1} ms; {looks} looks at the locks: {waited} waited",
        times.len(),
        at(0.5),
        at(0.99),
        at(1.0)
    );
}

async fn claimer(
    database: Database,
    documents: Vec<DocumentId>,
    number: usize,
    next: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
) -> Vec<Duration> {
    let class = Class { queue: "default".into(), strategy: "noop".into(), priority: 2 };
    let worker = format!("w{number}");
    let mut times = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let jobs: Vec<NewJob> = (0..50)
            .map(|_| {
                let document = documents[next.fetch_add(1, Ordering::Relaxed) % documents.len()];
                NewJob::new(document, 1, "noop")
            })
            .collect();
        let tx = database.session(&SystemScope::new()).begin().await.unwrap();
        tx.jobs().enqueue_many(&jobs).await.unwrap();
        tx.commit().await.unwrap();
        for _ in 0..50 {
            let begun = Instant::now();
            let claim = Claim {
                classes: &[(class.clone(), 0)],
                limit: 1,
                lease_seconds: 60.0,
                worker: &worker,
                oldest_first: false,
            };
            let tx = database.session(&SystemScope::new()).begin().await.unwrap();
            let claimed = tx.queue().claim(&claim).await.unwrap();
            tx.commit().await.unwrap();
            let Some(job) = claimed.first() else { break };
            let end = Finish {
                lease: job.lease,
                status: JobStatus::Completed,
                failure: None,
                metrics: json!({ "pages": 1 }),
            };
            let tx = database.session(&SystemScope::new()).begin().await.unwrap();
            tx.queue().finish(&[end]).await.unwrap();
            tx.commit().await.unwrap();
            times.push(begun.elapsed());
        }
    }
    times
}

/// Looks who waits for a row, a table or a transaction, and whom of all for the one that prunes.
async fn waits(client: Client, stop: Arc<AtomicBool>) -> (u64, i64) {
    let sql = "select count(*) from pg_stat_activity a
               where a.datname = current_database() and a.wait_event_type = 'Lock'
                 and exists (select from unnest(pg_blocking_pids(a.pid)) pid join pg_stat_activity b using (pid)
                   where b.query like '-- sweep/%' or b.query like '-- statistics/%')";
    let (mut looks, mut waited) = (0, 0);
    while !stop.load(Ordering::Relaxed) {
        waited += number(&client, sql).await;
        looks += 1;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    (looks, waited)
}
