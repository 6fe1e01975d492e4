//! Jobs that ended long ago go with all that hangs on them; what lives, is newest or is not counted yet stays.

use colophon_db::Database;
use colophon_db::sweep::JobPlace;
use colophon_domain::{DocumentId, JobId, UserId};
use colophon_testkit::{TestDatabase, store_document, store_job};
use tokio_postgres::Client;

use crate::system;

const DAY: f64 = 86_400.0;

/// A job that ended so many days ago, with an attempt, a page and its history.
async fn ended(client: &Client, document: DocumentId, days: f64) -> JobId {
    let id = JobId::new();
    let job = "insert into processing_jobs (document_id, id, status, strategy, created_at, completed_at)
               select $1, $2, 'completed', 'text-layer', t, t
               from (select now() - make_interval(secs => $3::float8 * 86400) as t) ended";
    client.execute(job, &[&document.0, &id.0, &days]).await.expect("a job");
    let attempt =
        "insert into processing_attempts (document_id, job_id, lease_seq, attempt, outcome, finished_at)
                   values ($1, $2, 1, 1, 'completed', now() - make_interval(secs => $3::float8 * 86400))";
    client.execute(attempt, &[&document.0, &id.0, &days]).await.expect("an attempt");
    let page = "insert into processing_job_pages (document_id, job_id, page_number, outcome, attempt)
                values ($1, $2, 1, 'completed', 1)";
    client.execute(page, &[&document.0, &id.0]).await.expect("a page");
    id
}

async fn count(database: &Database) {
    loop {
        let tx = system(database).await;
        let counted = tx.statistics().count().await.expect("it counts");
        tx.commit().await.expect("it commits");
        if counted.is_none() {
            return;
        }
    }
}

/// Prunes what ended more than 30 days ago, two jobs at a look; how many went.
async fn prune(database: &Database) -> u64 {
    let (mut all, mut place) = (0, JobPlace::START);
    loop {
        let tx = system(database).await;
        let pruned = tx.sweep().jobs(30.0 * DAY, place, 2).await.expect("it prunes");
        tx.commit().await.expect("it commits");
        let Some((gone, next)) = pruned else { return all };
        (all, place) = (all + gone, next);
    }
}

async fn number(client: &Client, sql: &str) -> i64 {
    client.query_one(&format!("select ({sql})::bigint"), &[]).await.expect(sql).get(0)
}

async fn jobs(client: &Client) -> Vec<JobId> {
    let rows = client.query("select id from processing_jobs order by completed_at, id", &[]).await;
    rows.expect("jobs").iter().map(|row| JobId(row.get(0))).collect()
}

#[tokio::test]
async fn old_jobs_go_with_all_that_hangs_on_them_and_a_documents_newest_stays() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let client = db.client("postgres").await;
    let (one, other) = (
        store_document(&database, UserId::new()).await.id,
        store_document(&database, UserId::new()).await.id,
    );
    for days in [400.0, 300.0, 200.0, 100.0] {
        ended(&client, one, days).await;
    }
    let young = ended(&client, one, 29.0).await;
    let newest_of_other = ended(&client, other, 500.0).await;
    let attempts = number(&client, "select count(*) from processing_attempts").await;
    assert_eq!(prune(&database).await, 0, "nothing has been counted yet");
    count(&database).await;

    let tx = system(&database).await;
    assert_eq!(tx.sweep().jobs_due(30.0 * DAY).await.expect("it counts"), (4, 4));
    tx.commit().await.expect("it commits");
    assert_eq!(prune(&database).await, 4);
    assert_eq!(jobs(&client).await, [newest_of_other, young]);
    for table in ["processing_attempts", "processing_job_pages"] {
        assert_eq!(number(&client, &format!("select count(*) from {table}")).await, 2, "{table}");
    }
    let history = "select count(*) from processing_history h
                   where not exists (select from processing_jobs j where j.id = h.job_id)";
    assert_eq!(number(&client, history).await, 0);
    let counted =
        "select sum(observations) from colophon.processing_statistics where stage = '' and grain = 'hour'";
    assert_eq!(number(&client, counted).await, attempts, "what went stays counted");
    assert_eq!(prune(&database).await, 0);
}

#[tokio::test]
async fn what_lives_stays_and_nobody_is_waited_for() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let client = db.client("postgres").await;
    let document = store_document(&database, UserId::new()).await.id;
    let (held, queued, gone) = (
        ended(&client, document, 300.0).await,
        ended(&client, document, 200.0).await,
        ended(&client, document, 100.0).await,
    );
    let live = store_job(&database, document).await;
    count(&database).await;
    // The record says that it ended, the queue that it lives: who is right is not for the sweeper to say.
    let live_row = "insert into job_queue (job_id, document_id, strategy) values ($1, $2, 'text-layer')";
    client.execute(live_row, &[&queued.0, &document.0]).await.expect("a live row");
    // Somebody is about to retry it.
    let mut other = db.client("postgres").await;
    let holding = other.transaction().await.expect("a transaction");
    holding.execute("select from processing_jobs where id = $1 for update", &[&held.0]).await.expect("held");

    assert_eq!(prune(&database).await, 1);
    let left = jobs(&client).await;
    assert!([held, queued, live].iter().all(|job| left.contains(job)), "{left:?}");
    assert!(!left.contains(&gone));
    holding.rollback().await.expect("let go");
    assert_eq!(prune(&database).await, 1, "what was held goes the next time");
}

#[tokio::test]
async fn two_nodes_do_not_look_at_the_same_jobs() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let client = db.client("postgres").await;
    let document = store_document(&database, UserId::new()).await.id;
    for days in [300.0, 200.0, 100.0] {
        ended(&client, document, days).await;
    }
    count(&database).await;
    let (one, other) = (system(&database).await, system(&database).await);
    let first = one.sweep().jobs(30.0 * DAY, JobPlace::START, 1).await.expect("it prunes");
    assert!(first.is_some_and(|(gone, _)| gone == 1));
    assert!(other.sweep().jobs(30.0 * DAY, JobPlace::START, 9).await.expect("it looks").is_none());
    one.commit().await.expect("it commits");
    other.commit().await.expect("it commits");
}
