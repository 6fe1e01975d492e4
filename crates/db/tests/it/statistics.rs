//! What attempts took: counted from them, or read from what was counted, it is the same.

use colophon_db::{Database, Scope, SystemScope};
use colophon_domain::statistics::{BOUNDS, summarize};
use colophon_domain::{JobStatistics, Period, StatisticsBy, UserId};
use colophon_testkit::{TestDatabase, as_user, store_document, store_job};
use jiff::Timestamp;

use crate::system;

/// 400 attempts of a job over two days and the present hour, with metrics as tools write them, and some as none should.
const ATTEMPTS: &str = r#"
insert into processing_attempts (document_id, job_id, lease_seq, attempt, outcome, started_at, finished_at, error_class,
  error_code, metrics)
select document_id, id, n, 1, case when n % 10 = 0 then 'failed' when n % 7 = 0 then 'retry' else 'completed' end,
       e.finished_at - make_interval(secs => n * 0.0137), e.finished_at,
       case when n % 10 = 0 then 'permanent' when n % 7 = 0 then 'transient' end,
       case when n % 10 = 0 then 'not_readable' when n % 7 = 0 then 'store_failed' end,
       case n % 5 when 0 then '{"pages": "many", "stages": {"render": "long", "": 3}}'
                  when 1 then '{"pages": -3, "stages": [1]}'
                  when 2 then jsonb_build_object('pages', 1e400::numeric)
                  else jsonb_build_object('pages', n, 'pages_failed', n % 3, 'stages', jsonb_build_object(
                    'render', n * 1.5, 'store', n)) end
from processing_jobs, generate_series(1, 400) n,
     lateral (select now() - (n % 49) * interval '1 hour' as finished_at) e"#;

async fn read(database: &Database, scope: &impl Scope, by: StatisticsBy) -> Vec<JobStatistics> {
    let period = Period::new(None, None, Timestamp::now()).expect("a period");
    let tx = database.session(scope).begin().await.expect("a transaction");
    let rows = tx.statistics().read(period.since, period.until, by).await.expect("statistics");
    tx.commit().await.expect("it commits");
    summarize(&rows, by)
}

async fn count(database: &Database) -> u32 {
    let mut times = 0;
    loop {
        let tx = system(database).await;
        let counted = tx.statistics().count().await.expect("it counts");
        tx.commit().await.expect("it commits");
        if counted.is_none() {
            return times;
        }
        times += 1;
    }
}

async fn a_job(database: &Database, owner: UserId) {
    let document = store_document(database, owner).await.id;
    store_job(database, document).await;
}

const BY: [StatisticsBy; 4] = [
    StatisticsBy { day: false, strategy: false, error: false },
    StatisticsBy { day: true, strategy: true, error: false },
    StatisticsBy { day: false, strategy: false, error: true },
    StatisticsBy { day: true, strategy: true, error: true },
];

#[tokio::test]
async fn what_was_counted_is_what_the_attempts_say_however_often_it_is_counted() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    a_job(&database, UserId::new()).await;
    let postgres = db.client("postgres").await;
    postgres.batch_execute(ATTEMPTS).await.expect("attempts");
    let system_scope = SystemScope::new();
    let mut from_attempts = Vec::new();
    for by in BY {
        from_attempts.push(read(&database, &system_scope, by).await);
    }
    assert_eq!(from_attempts[0][0].attempts, 400);
    assert!(from_attempts[0][0].pages > 0 && from_attempts[0][0].stages.len() == 2, "{from_attempts:?}");
    assert!(from_attempts[2].iter().map(|s| s.attempts).sum::<u64>() < 400, "only those with an error");

    assert_eq!(count(&database).await, 2, "a day at a time");
    assert_eq!(count(&database).await, 0, "what was counted is not counted again");
    for (by, expected) in BY.into_iter().zip(&from_attempts) {
        assert_eq!(&read(&database, &system_scope, by).await, expected);
    }
    // Counted anew, as after a backup of an earlier time was brought back.
    let back = "update colophon.processing_statistics_progress set counted_until = counted_until - interval '30 hours'";
    postgres.execute(back, &[]).await.expect("it is set back");
    assert_eq!(count(&database).await, 2);
    for (by, expected) in BY.into_iter().zip(&from_attempts) {
        assert_eq!(&read(&database, &system_scope, by).await, expected);
    }
    // The present hour is not counted before it is over, and yet it is told.
    let counted = "select coalesce(sum(observations) filter (where stage = '' and grain = 'hour'), 0)::bigint
                   from colophon.processing_statistics";
    let counted: i64 = postgres.query_one(counted, &[]).await.expect("a sum").get(0);
    assert!((380..400).contains(&counted), "{counted}");
}

#[tokio::test]
async fn a_person_gets_the_statistics_of_what_they_may_see() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let (owner, another) = (UserId::new(), UserId::new());
    a_job(&database, owner).await;
    db.client("postgres").await.batch_execute(ATTEMPTS).await.expect("attempts");
    count(&database).await;
    let by = StatisticsBy { strategy: true, ..StatisticsBy::default() };
    let of_owner = read(&database, &as_user(owner), by).await;
    assert_eq!(of_owner, read(&database, &SystemScope::new(), by).await);
    assert!(read(&database, &as_user(another), by).await.is_empty());

    // Who says that they are somebody else is still who the token says.
    let person = db.client_of(another).await;
    for forbidden in [
        "select from colophon.processing_statistics",
        "select from colophon.processing_statistics_progress",
        &format!("select from colophon.count_attempts('-infinity', 'infinity', '{owner}')"),
        "select from colophon.count_attempts('-infinity', 'infinity', null)",
    ] {
        let refused = person.query(forbidden, &[]).await.expect_err(forbidden);
        assert_eq!(refused.code().map(tokio_postgres::error::SqlState::code), Some("42501"), "{forbidden}");
    }
}

#[tokio::test]
async fn the_buckets_are_those_of_the_domain() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    a_job(&database, UserId::new()).await;
    let client = db.client("postgres").await;
    // An attempt that took a bound, and one that took a microsecond less.
    let attempt = "insert into processing_attempts (document_id, job_id, lease_seq, attempt, outcome, started_at, finished_at)
                   select document_id, id, $1::bigint, 1, 'completed', now() - $1::bigint * interval '1 microsecond', now()
                   from processing_jobs";
    for microseconds in BOUNDS.into_iter().flat_map(|bound| [bound - 1, bound]) {
        let microseconds = i64::try_from(microseconds).expect("it fits");
        client.execute(attempt, &[&microseconds]).await.expect("an attempt");
    }
    let period = Period::new(None, None, Timestamp::now()).expect("a period");
    let tx = system(&database).await;
    let read = tx.statistics().read(period.since, period.until, StatisticsBy::default()).await;
    let mut rows: Vec<_> =
        read.expect("rows").iter().map(|r| (r.bucket, r.observations, r.longest)).collect();
    rows.sort_unstable();
    let expected = (0..=BOUNDS.len()).map(|bucket| {
        let longest = BOUNDS.get(bucket).map_or(BOUNDS[BOUNDS.len() - 1], |bound| bound - 1);
        (bucket, if (1..BOUNDS.len()).contains(&bucket) { 2 } else { 1 }, longest)
    });
    assert_eq!(rows, expected.collect::<Vec<_>>());
}

#[tokio::test]
async fn the_queue_is_told_by_queue_and_state() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let told = async || {
        let tx = system(&database).await;
        let told = tx.statistics().queue().await.expect("depths");
        tx.commit().await.expect("it commits");
        told
    };
    assert_eq!(told().await, []);
    a_job(&database, UserId::new()).await;
    let [depth] = &told().await[..] else { panic!("one queue in one state") };
    assert_eq!((depth.state.as_str(), depth.jobs), ("queued", 1));
    assert!(depth.oldest_seconds.is_some_and(|seconds| (0.0..60.0).contains(&seconds)), "{depth:?}");
}

#[tokio::test]
async fn only_one_counts_at_a_time() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    a_job(&database, UserId::new()).await;
    db.client("postgres").await.batch_execute(ATTEMPTS).await.expect("attempts");
    let (first, second) = (system(&database).await, system(&database).await);
    assert!(first.statistics().count().await.expect("it counts").is_some());
    assert!(second.statistics().count().await.expect("it looks").is_none(), "and does not wait");
    first.commit().await.expect("it commits");
    second.commit().await.expect("it commits");
}

#[tokio::test]
async fn a_period_is_made_of_days_and_of_the_hours_before_and_behind_them() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    a_job(&database, UserId::new()).await;
    db.client("postgres").await.batch_execute(ATTEMPTS).await.expect("attempts");
    let now = Timestamp::now();
    let of = async |from: i64, to: i64| {
        let hours_ago =
            |hours: i64| now.checked_sub(jiff::SignedDuration::from_hours(hours)).expect("a time");
        let (from, to) = (hours_ago(from).to_string(), hours_ago(to).to_string());
        let period = Period::new(Some(&from), Some(&to), now).expect("a period");
        let tx = system(&database).await;
        let rows = tx.statistics().read(period.since, period.until, StatisticsBy::DEFAULT).await;
        summarize(&rows.expect("rows"), StatisticsBy::DEFAULT)
    };
    let periods = [(49, 0), (40, 3), (30, 20), (48, 24), (5, 4), (3, 0)];
    let mut from_attempts = Vec::new();
    for (from, to) in periods {
        from_attempts.push(of(from, to).await);
    }
    count(&database).await;
    for ((from, to), expected) in periods.into_iter().zip(from_attempts) {
        assert_eq!(of(from, to).await, expected, "{from} to {to} hours ago");
    }
}
