//! Behind `PgBouncer` 1.18 in transaction mode, which knows nothing of prepared statements.

use colophon_db::{Config, ConnectionUrl, Database, ErrorKind, Listener, Pooler};
use colophon_domain::UserId;
use colophon_testkit::{TestDatabase, a_job, skip, store_document, store_job};
use futures_util::future::join_all;

use crate::system;

fn config(url: &str, direct_url: Option<&str>) -> Config {
    let parse = |url: &str| ConnectionUrl::parse(url).expect("a URL");
    Config {
        url: parse(url),
        direct_url: direct_url.map(parse),
        pooler: Pooler::Transaction,
        pool_size: 8,
        application_name: "a test".to_owned(),
    }
}

#[tokio::test]
async fn a_pooler_in_transaction_mode_is_told_from_none_by_two_connections() {
    let db = TestDatabase::empty().await;
    let Some(pooled) = db.pooled_url("postgres") else { skip!("no pgbouncer") };
    for (url, expected) in [(pooled, Pooler::Transaction), (db.url("postgres"), Pooler::None)] {
        let connector =
            ConnectionUrl::parse(&url).expect("a URL").connector("a test").expect("nothing to read");
        assert_eq!(connector.pooler().await.expect("it answers"), expected, "{url}");
    }
}

/// Where nothing listens, nobody else could be told.
#[tokio::test]
async fn who_waits_in_this_process_is_woken_where_nothing_can_listen() {
    let db = TestDatabase::migrated().await;
    let Some(pooled) = db.pooled_url("authenticator") else { skip!("no pgbouncer") };
    let database = Database::new(config(&pooled, None)).expect("nothing to read");
    let document = store_document(&database, UserId::new()).await.id;
    let listener = Listener::start(&database);
    let woken = listener.woken();
    let woken = woken.notified();
    let tx = system(&database).await;
    tx.jobs().enqueue(&a_job(document)).await.expect("a job");
    tx.commit_and_wake().await.expect("it commits");
    woken.await;
}

#[tokio::test]
async fn commits_that_wake_go_through_a_pooler_and_wake_who_listens_past_it() {
    let db = TestDatabase::migrated().await;
    let Some(pooled) = db.pooled_url("authenticator") else { skip!("no pgbouncer") };
    let database = Database::new(config(&pooled, Some(&db.url("authenticator")))).expect("nothing to read");
    let document = store_document(&database, UserId::new()).await.id;
    let listener = Listener::start(&database);
    let woken = listener.woken();
    // The listener comes when it comes: a notification of our own says that it is there.
    let knock = db.client("postgres").await;
    loop {
        let notified = woken.notified();
        knock.batch_execute("notify colophon_jobs").await.expect("it is sent");
        let soon = std::time::Duration::from_millis(100);
        if tokio::time::timeout(soon, notified).await.is_ok() {
            break;
        }
    }
    // COMMIT and NOTIFY leave in one go, many at once, through fewer server processes than connections.
    let one = async |_| {
        for _ in 0..25 {
            let job = a_job(document);
            let tx = system(&database).await;
            tx.jobs().enqueue(&job).await.expect("a job");
            tx.commit_and_wake().await.expect("it commits");
        }
    };
    let woken_again = woken.notified();
    join_all((0..8).map(one)).await;
    let patience = std::time::Duration::from_secs(10);
    tokio::time::timeout(patience, woken_again).await.expect("who listens past the pooler is woken");
    let client = db.client("postgres").await;
    let live = client.query_one("select count(*) from public.job_queue", &[]).await.expect("a number");
    assert_eq!(live.get::<_, i64>(0), 200, "each was committed");
}

#[tokio::test]
async fn a_statement_with_a_name_does_not_survive_this_pooler_and_the_error_says_so() {
    // So whatever the suite sends through it has none.
    let db = TestDatabase::migrated().await;
    let Some(pooled) = db.pooled_url("authenticator") else { skip!("no pgbouncer") };
    let config = Config { pooler: Pooler::None, ..config(&pooled, None) };
    let database = Database::new(config).expect("nothing to read");
    let lane = async |_| {
        for _ in 0..20 {
            let tx = system(&database).await;
            tx.jobs().live(&[]).await?;
            tx.commit().await?;
        }
        Ok::<_, colophon_db::Error>(())
    };
    let refused = join_all((0..8).map(lane)).await.into_iter().find_map(Result::err);
    let refused = refused.expect("it met another server process").to_string();
    assert!(refused.contains("COLOPHON_POOLER=transaction"), "{refused}");
}

#[tokio::test]
async fn without_a_way_past_the_pooler_nothing_listens_and_everything_else_works() {
    let db = TestDatabase::migrated().await;
    let Some(pooled) = db.pooled_url("authenticator") else { skip!("no pgbouncer") };
    let database = Database::new(config(&pooled, None)).expect("nothing to read");
    let listener = Listener::start(&database);
    let document = store_document(&database, UserId::new()).await.id;
    store_job(&database, document).await;
    let client = db.client("supabase_admin").await;
    let listening = "select count(*) from pg_stat_activity where query like 'listen%'
        and datname = current_database()";
    let row = client.query_one(listening, &[]).await.expect("a number");
    assert_eq!(row.get::<_, i64>(0), 0);
    drop(listener);
}

#[tokio::test]
async fn a_full_server_is_asked_again_and_then_called_unavailable_with_a_remedy() {
    let db = TestDatabase::migrated().await;
    let admin = db.client("supabase_admin").await;
    let limit = |number: i32| format!("alter database {} with connection limit {number}", db.name());
    admin.batch_execute(&limit(0)).await.expect("it is set");
    let config = Config { pooler: Pooler::None, ..config(&db.url("authenticator"), None) };
    let database = Database::new(config).expect("nothing to read");
    let refused = database.ping().await.expect_err("no place is free");
    assert_eq!(refused.kind(), &ErrorKind::Unavailable);
    assert!(refused.to_string().contains("make the pools"), "{refused}");
    let (served, ()) = tokio::join!(database.ping(), async {
        admin.batch_execute(&limit(-1)).await.expect("it is set");
    });
    served.expect("a place came free while it waited");
}
