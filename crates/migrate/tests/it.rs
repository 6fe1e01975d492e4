//! The migrations against a real server: forward, back, at once, and against resistance.

#![allow(clippy::expect_used, reason = "in a test a panic is the report")]

use colophon_migrate::{Error, Migration, Migrator, Standing, migrations};
use colophon_testkit::{A_ROW_IN_EVERY_TABLE as FILL, TestDatabase, skip};
use futures_util::future::join_all;
use tokio_postgres::Client;

/// Everything that a migration may change, one line for each object, in an order of its own.
const FINGERPRINT: &str = include_str!("fingerprint.sql");

async fn migrator(db: &TestDatabase) -> Migrator {
    Migrator::connect(&db.url("postgres")).await.expect("it connects")
}

async fn fingerprint(client: &Client) -> Vec<String> {
    client.query(FINGERPRINT, &[]).await.expect("a fingerprint").iter().map(|row| row.get(0)).collect()
}

#[track_caller]
fn assert_same(what: &str, before: &[String], after: &[String]) {
    let gone: Vec<_> = before.iter().filter(|line| !after.contains(line)).collect();
    let new: Vec<_> = after.iter().filter(|line| !before.contains(line)).collect();
    assert!(
        gone.is_empty() && new.is_empty() && before.len() == after.len(),
        "{what}\ngone: {gone:#?}\nnew: {new:#?}"
    );
}

async fn applied(client: &Client) -> Vec<(String, String)> {
    let sql = "select version, name from supabase_migrations.schema_migrations order by version";
    client.query(sql, &[]).await.expect("the history").iter().map(|row| (row.get(0), row.get(1))).collect()
}

#[tokio::test]
async fn the_fingerprint_sees_what_it_should() {
    let db = TestDatabase::migrated().await;
    let client = db.client("postgres").await;
    let before = fingerprint(&client).await;
    for kind in ["table", "column", "constraint", "index", "function", "trigger", "policy", "schema"] {
        assert!(before.iter().any(|line| line.starts_with(kind)), "no {kind} in the fingerprint");
    }
    for change in [
        "alter table zones alter status set default 'failed'",
        "drop index zones_page_number_idx",
        "grant delete on job_queue to anon",
        "drop policy colophon_objects_owner_select on storage.objects",
        "alter table zones disable row level security",
        "alter function colophon.zone_text_vector(text) reset search_path",
        "drop trigger zones_changed on zones",
        "alter table zones drop constraint zones_version_check",
        "alter table job_queue set (fillfactor = 51)",
        "grant update (status) on documents to authenticated",
    ] {
        client.batch_execute(&format!("begin; {change}")).await.expect(change);
        assert_ne!(fingerprint(&client).await, before, "not seen: {change}");
        client.batch_execute("rollback").await.expect("a rollback");
    }
}

#[tokio::test]
async fn up_down_up_gives_an_equal_catalog_on_empty_tables() {
    up_down_up(None).await;
}

#[tokio::test]
async fn up_down_up_gives_an_equal_catalog_on_filled_tables() {
    up_down_up(Some(FILL)).await;
}

async fn up_down_up(fill: Option<&str>) {
    let db = TestDatabase::empty().await;
    let (migrator, client) = (migrator(&db).await, db.client("postgres").await);
    let bare = fingerprint(&client).await;
    assert_eq!(migrator.up(|_| {}).await.expect("up"), migrations().len());
    let first = fingerprint(&client).await;
    if let Some(fill) = fill {
        client.batch_execute(fill).await.expect("rows");
        assert_every_table_has_a_row(&client).await;
    }
    assert_eq!(migrator.down(Some("0"), |_| {}).await.expect("down"), migrations().len());
    assert_same("down to nothing", &bare, &fingerprint(&client).await);
    assert!(applied(&client).await.is_empty());
    assert_eq!(migrator.up(|_| {}).await.expect("up again"), migrations().len());
    assert_same("up again", &first, &fingerprint(&client).await);
}

async fn assert_every_table_has_a_row(client: &Client) {
    let tables = "select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n
        on n.oid = c.relnamespace where c.relkind = 'r' and n.nspname in ('public', 'colophon')";
    for row in client.query(tables, &[]).await.expect("tables") {
        let table: String = row.get(0);
        let found = client.query(&format!("select from {table} limit 1"), &[]).await.expect("a look");
        assert!(!found.is_empty(), "a_row_in_every_table.sql leaves {table} empty");
    }
}

#[tokio::test]
async fn each_step_back_undoes_exactly_its_step_forward() {
    let db = TestDatabase::empty().await;
    let (migrator, client) = (migrator(&db).await, db.client("postgres").await);
    // The way up in single steps is the way down in single steps, seen from behind.
    migrator.up(|_| {}).await.expect("up");
    client.batch_execute(FILL).await.expect("rows");
    let mut seen = vec![fingerprint(&client).await];
    for _ in migrations() {
        assert_eq!(migrator.down(None, |_| {}).await.expect("a step back"), 1);
        seen.push(fingerprint(&client).await);
    }
    assert_eq!(migrator.down(None, |_| {}).await.expect("nothing left"), 0);
    for (undone, migration) in migrations().iter().enumerate() {
        client.batch_execute(migration.up).await.expect(migration.version);
        let before = &seen[migrations().len() - undone - 1];
        assert_same(migration.name, before, &fingerprint(&client).await);
    }
}

#[tokio::test]
async fn down_to_a_version_keeps_that_version() {
    let db = TestDatabase::migrated().await;
    let migrator = migrator(&db).await;
    let kept = &migrations()[1];
    let mut undone = Vec::new();
    migrator.down(Some(kept.version), |step| undone.push(step.migration.version)).await.expect("down");
    let newer: Vec<_> = migrations().iter().skip(2).rev().map(|m| m.version).collect();
    assert_eq!(undone, newer);
    assert_eq!(migrator.standing().await.expect("it can be read"), Standing::Behind(newer.len()));
    let unknown = migrator.down(Some("20000101000000"), |_| {}).await.expect_err("there is none such");
    assert!(matches!(unknown, Error::Unknown { ref version } if version == "20000101000000"), "{unknown}");
}

#[tokio::test]
async fn of_eight_migrators_at_once_exactly_one_applies_each() {
    let db = TestDatabase::empty().await;
    let run = async || {
        let mut mine = Vec::new();
        migrator(&db).await.up(|step| mine.push(step.migration.version)).await.expect("nobody is in the way");
        mine
    };
    let mut all: Vec<_> = join_all((0..8).map(|_| run())).await.into_iter().flatten().collect();
    all.sort_unstable();
    assert_eq!(all, migrations().iter().map(|m| m.version).collect::<Vec<_>>());
    assert_eq!(migrator(&db).await.standing().await.expect("it can be read"), Standing::Current);
}

#[tokio::test]
async fn a_failing_migration_names_itself_and_leaves_nothing() {
    let db = TestDatabase::empty().await;
    let (migrator, client) = (migrator(&db).await, db.client("postgres").await);
    // The last statement of the fourth file meets something; all before it in that file must go again.
    client.batch_execute("create sequence public.job_queue_running_idx").await.expect("an obstacle");
    let error = migrator.up(|_| {}).await.expect_err("it cannot pass").to_string();
    let failing = &migrations()[3];
    assert!(error.contains(&format!("{}_{}", failing.version, failing.name)), "{error}");
    assert!(error.contains("job_queue_running_idx"), "{error}");
    assert_eq!(applied(&client).await.len(), 3, "those before it stay");
    let left = "select count(*) from pg_class where relname in ('processing_jobs', 'job_queue')";
    assert_eq!(client.query_one(left, &[]).await.expect("a count").get::<_, i64>(0), 0);

    client.batch_execute("drop sequence public.job_queue_running_idx").await.expect("out of the way");
    assert_eq!(migrator.up(|_| {}).await.expect("the same migrator goes on"), migrations().len() - 3);
}

#[tokio::test]
async fn a_failing_rollback_names_itself_and_leaves_everything() {
    let db = TestDatabase::migrated().await;
    let (migrator, client) = (migrator(&db).await, db.client("postgres").await);
    let made_here = |m: &&Migration| m.up.contains("create function colophon.search_zones");
    let failing = migrations().iter().find(made_here).copied().expect("it makes what the obstacle needs");
    migrator.down(Some(failing.version), |_| {}).await.expect("those after it");
    let before = fingerprint(&client).await;
    let remaining = applied(&client).await;
    client
        .batch_execute("create schema somebody; create view somebody.s as select * from colophon.search_zones('a', 1, 1, null)")
        .await
        .expect("an obstacle");
    let error = migrator.down(None, |_| {}).await.expect_err("a view depends on it").to_string();
    assert!(error.contains(&failing.stem()), "{error}");
    assert_same("a failed rollback", &before, &fingerprint(&client).await);
    assert_eq!(applied(&client).await, remaining);
}

#[tokio::test]
async fn a_database_ahead_is_told_apart_and_left_alone() {
    let db = TestDatabase::migrated().await;
    let (migrator, client) = (migrator(&db).await, db.client("postgres").await);
    let newer = "insert into supabase_migrations.schema_migrations (version, name) values ('29990101000000', 'later')";
    client.batch_execute(newer).await.expect("a newer one");
    let standing = migrator.standing().await.expect("it can be read");
    assert_eq!(standing, Standing::Ahead("29990101000000".into()));
    let up = migrator.up(|_| {}).await.expect_err("it is ahead");
    let down = migrator.down(None, |_| {}).await.expect_err("it is ahead");
    for error in [up, down] {
        assert!(matches!(error, Error::Newer { ref version } if version == "29990101000000"), "{error}");
    }
    let status = migrator.status().await.expect("it can be read");
    let unknown = status.last().expect("there are some");
    assert!(unknown.applied && unknown.name.is_none() && unknown.version == "29990101000000");
}

#[tokio::test]
async fn the_history_is_the_supabase_clis_own() {
    let db = TestDatabase::empty().await;
    let migrator = migrator(&db).await;
    assert_eq!(migrator.standing().await.expect("it can be read"), Standing::Behind(migrations().len()));
    migrator.up(|_| {}).await.expect("up");
    let expected: Vec<_> = migrations().iter().map(|m| (m.version.to_owned(), m.name.to_owned())).collect();
    assert_eq!(applied(&db.client("postgres").await).await, expected);
    assert_eq!(migrator.standing().await.expect("it can be read"), Standing::Current);
    assert_eq!(migrator.up(|_| {}).await.expect("nothing to do"), 0);
}

#[tokio::test]
async fn the_role_that_logs_in_learns_the_versions_and_nothing_else() {
    let db = TestDatabase::migrated().await;
    for url in [Some(db.url("authenticator")), db.pooled_url("authenticator")] {
        let Some(url) = url else { skip!("no pgbouncer") };
        let migrator = Migrator::connect(&url).await.expect("it connects");
        assert_eq!(migrator.standing().await.expect("it may ask"), Standing::Current);
        let status = migrator.status().await.expect("it may ask");
        assert!(
            status.iter().all(|s| s.applied && s.applied_at.is_none()) && status.len() == migrations().len()
        );
        assert!(migrator.down(None, |_| {}).await.is_err(), "it may change nothing");
    }
    let client = db.client("postgres").await;
    client.batch_execute("drop function colophon.applied_migrations()").await.expect("as before it");
    let migrator = Migrator::connect(&db.url("authenticator")).await.expect("it connects");
    let error = migrator.standing().await.expect_err("it may not ask");
    assert!(matches!(error, Error::Unreadable { .. }) && error.refused(), "{error}");
}
