//! The statements that everybody waits for use an index, however many rows there are.

use colophon_db::{Scope, SystemScope};
use colophon_domain::UserId;
use colophon_testkit::{TestDatabase, as_user};
use serde_json::Value;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use crate::document_plans;

/// 100,000 documents, every fifth of one owner; 50,000 zones, 2,000 of them in one document; 2,000 jobs.
const ROWS: &str = include_str!("plans.sql");
const BIG: [&str; 8] = [
    "documents",
    "document_fields",
    "zones",
    "processing_jobs",
    "job_queue",
    "job_schedules",
    "objects",
    "idempotency_keys",
];

pub const OWNER: &str = "00000000-0000-7000-8000-00000000000a";
const DOCUMENT: &str = "00000000-0000-7000-8000-000000000001";

pub type Param<'a> = (&'a (dyn ToSql + Sync), Type);

/// What is read and how: `documents by documents_status_idx`, or `documents whole`.
fn reads(plan: &Value) -> Vec<String> {
    let mut found = Vec::new();
    match (plan["Node Type"].as_str(), plan["Relation Name"].as_str(), plan["Index Name"].as_str()) {
        (Some("Seq Scan"), Some(table), _) => found.push(format!("{table} whole")),
        (Some("Bitmap Index Scan"), _, Some(index)) => found.push(format!("a bitmap by {index}")),
        (_, Some(table), Some(index)) => found.push(format!("{table} by {index}")),
        _ => {}
    }
    for child in plan["Plans"].as_array().into_iter().flatten() {
        found.extend(reads(child));
    }
    found
}

fn reads_of(rows: &[Row]) -> Vec<String> {
    reads(&rows[0].get::<_, Value>(0)[0]["Plan"])
}

/// Enters the scope as the crate does; the transaction is left open for what follows.
pub async fn enter<S: Scope>(client: &Client, scope: &S) {
    client.batch_execute("begin").await.expect("a transaction");
    let enter = include_str!("../../src/scope/enter.sql");
    let settings: &[&(dyn ToSql + Sync)] =
        &[&scope.role(), &scope.claims(), &scope.subject(), &"30s", &"10s", &"", &"auto"];
    client.query(enter, settings).await.expect("a scope");
}

/// How the server would run it for this scope and these values.
pub async fn explained<S: Scope>(client: &Client, scope: &S, sql: &str, params: &[Param<'_>]) -> Vec<String> {
    enter(client, scope).await;
    let rows = client.query_typed(&format!("explain (format json) {sql}"), params).await;
    let read = reads_of(&rows.unwrap_or_else(|error| panic!("{sql}: {error:?}")));
    client.batch_execute("rollback").await.expect("a rollback");
    read
}

#[track_caller]
pub fn assert_by(what: &str, index: &str, reads: &[String]) {
    let whole = BIG.iter().any(|big| reads.contains(&format!("{big} whole")));
    let by_index = reads.iter().any(|read| read.ends_with(&format!(" by {index}")));
    assert!(!whole && by_index, "{what} should go by {index}, and reads {reads:#?}");
}

#[tokio::test]
async fn hot_statements_use_an_index_at_scale() {
    let db = TestDatabase::migrated().await;
    db.client("postgres").await.batch_execute(ROWS).await.expect("rows");
    let client = db.client("authenticator").await;
    documents_lists(&client).await;
    document_plans::lists_by_fields(&client).await;
    document_plans::the_list_without_filters_at_any_depth(&client).await;
    zones_list(&client).await;
    jobs_list(&client).await;
    claim(&client).await;
    schedules(&client).await;
    sweep(&client).await;
    fsck(&client).await;
    search(&client).await;
    calibration(&client).await;
}

/// A person with few documents among the many, one with a fifth of them, and the platform.
const FEW: &str = "00000000-0000-7000-8000-00000000000b";

async fn documents_lists(client: &Client) {
    let (list, for_person) = (
        include_str!("../../src/documents/list.sql"),
        include_str!("../../src/documents/find_for_person.sql"),
    );
    let (person, platform) = (as_user(OWNER.parse().expect("an identifier")), SystemScope::new());
    let (none, limit) = (None::<String>, 51_i64);
    let after = client.query_one("select now(), gen_random_uuid()", &[]).await.expect("a cursor");
    let (time, id): (jiff::Timestamp, Uuid) = (after.get(0), after.get(1));
    let cursors = [(None, None), (Some(time), Some(id))];
    let by = [
        (None, None, "documents_live_created_at_idx"),
        (Some("damaged"), None, "documents_live_status_idx"),
        (None, Some(OWNER), "documents_live_uploaded_by_idx"),
        (Some("damaged"), Some(OWNER), "documents_live_uploaded_by_status_idx"),
    ];
    for ((time, id), (status, owner, index)) in
        cursors.into_iter().flat_map(|cursor| by.map(|by| (cursor, by)))
    {
        let mut params: Vec<Param<'_>> = vec![
            (&status, Type::TEXT),
            (&owner, Type::TEXT),
            (&none, Type::TEXT),
            (&time, Type::TIMESTAMPTZ),
            (&id, Type::UUID),
            (&limit, Type::INT8),
        ];
        let what = format!("documents/list {status:?} {owner:?} {time:?}");
        let seen = explained(client, &platform, list, &params).await;
        assert_by(&format!("{what}, the platform"), index, &seen);
        params.push((&OWNER, Type::TEXT));
        let seen = explained(client, &person, for_person, &params).await;
        let index = match status {
            Some(_) => "documents_live_uploaded_by_status_idx",
            None => "documents_live_uploaded_by_idx",
        };
        assert_by(&format!("{what}, a person"), index, &seen);
        // What is shared is looked up one by one, unless the status is rarer still; of one owner by that owner's index.
        if status != Some("damaged") && owner.is_none() {
            assert_by(&format!("{what}, shared"), "documents_pkey", &seen);
        }
    }
}

async fn zones_list(client: &Client) {
    let list = include_str!("../../src/zones/list.sql");
    let person = as_user(OWNER.parse().expect("an identifier"));
    let document: Uuid = DOCUMENT.parse().expect("an identifier");
    let (version, after, limit) = (None::<i32>, -1, 101_i64);
    let order = "zones_version_zone_index_key";
    // One filter after the other: page, type, status, confidence, tool, parent.
    for (filter, index) in
        [order, "zones_page_number_idx", order, order, order, order, "zones_parent_id_idx"].iter().enumerate()
    {
        let text = |number: usize, text: &str| (filter == number).then(|| text.to_owned());
        let (page, parent) = ((filter == 1).then_some(7), (filter == 6).then_some(document));
        let (kind, status, tool) = (text(2, "table"), text(3, "failed"), text(5, "surya"));
        let (least, most) = ((filter == 4).then_some(0.2), (filter == 4).then_some(0.4));
        let params: [Param<'_>; 11] = [
            (&document, Type::UUID),
            (&page, Type::INT4),
            (&kind, Type::TEXT),
            (&status, Type::TEXT),
            (&after, Type::INT4),
            (&limit, Type::INT8),
            (&version, Type::INT4),
            (&least, Type::FLOAT8),
            (&most, Type::FLOAT8),
            (&tool, Type::TEXT),
            (&parent, Type::UUID),
        ];
        let seen = explained(client, &person, list, &params).await;
        assert_by(&format!("zones/list filter {filter}, a person"), index, &seen);
        let seen = explained(client, &SystemScope::new(), list, &params).await;
        assert_by(&format!("zones/list filter {filter}, the platform"), index, &seen);
    }
}

async fn jobs_list(client: &Client) {
    let list = include_str!("../../src/jobs/list.sql");
    let person = as_user(OWNER.parse().expect("an identifier"));
    let document: Uuid = DOCUMENT.parse().expect("an identifier");
    let (time, id, limit) = (None::<jiff::Timestamp>, None::<Uuid>, 51_i64);
    let status = None::<String>;
    for (document, index) in
        [(None, "processing_jobs_created_at_idx"), (Some(document), "processing_jobs_pkey")]
    {
        let params: [Param<'_>; 5] = [
            (&status, Type::TEXT),
            (&document, Type::UUID),
            (&time, Type::TIMESTAMPTZ),
            (&id, Type::UUID),
            (&limit, Type::INT8),
        ];
        let what = format!("jobs/list {document:?}");
        let seen = explained(client, &SystemScope::new(), list, &params).await;
        assert_by(&format!("{what}, the platform"), index, &seen);
        if document.is_some() {
            let seen = explained(client, &person, list, &params).await;
            assert_by(&format!("{what}, a person"), index, &seen);
        }
    }
    let for_person = include_str!("../../src/jobs/list_for_person.sql");
    for (who, index) in
        [(OWNER, "processing_jobs_created_at_idx"), (FEW, "documents_uploaded_by_deleted_at_idx")]
    {
        let params: [Param<'_>; 5] = [
            (&None::<String>, Type::TEXT),
            (&time, Type::TIMESTAMPTZ),
            (&id, Type::UUID),
            (&limit, Type::INT8),
            (&who, Type::TEXT),
        ];
        let scope = as_user(who.parse().expect("an identifier"));
        let seen = explained(client, &scope, for_person, &params).await;
        assert_by(&format!("jobs/list_for_person {who}"), index, &seen);
    }
}

/// Each node asks every second.
async fn schedules(client: &Client) {
    let due = include_str!("../../src/job_schedules/due_ids.sql");
    let seen = explained(client, &SystemScope::new(), due, &[]).await;
    assert_by("job_schedules/due_ids", "job_schedules_next_run_at_idx", &seen);
}

async fn sweep(client: &Client) {
    let (hour, limit, none, nobody) = (3_600.0_f64, 100_i64, Vec::<String>::new(), Vec::<Uuid>::new());
    let paths = ["o/2/x", "o/502/x"];
    let released = include_str!("../../src/sweep/released.sql");
    let params: [Param<'_>; 3] = [(&hour, Type::FLOAT8), (&none, Type::TEXT_ARRAY), (&limit, Type::INT8)];
    let seen = explained(client, &SystemScope::new(), released, &params).await;
    assert_by("sweep/released", "objects_changed_at_idx", &seen);
    let in_use = include_str!("../../src/sweep/in_use.sql");
    let params: [Param<'_>; 2] = [(&paths.as_slice(), Type::TEXT_ARRAY), (&hour, Type::FLOAT8)];
    let seen = explained(client, &SystemScope::new(), in_use, &params).await;
    assert_by("sweep/in_use", "objects_storage_path_idx", &seen);
    let intents = include_str!("../../src/sweep/intents.sql");
    let params: [Param<'_>; 2] = [(&none, Type::TEXT_ARRAY), (&limit, Type::INT8)];
    let seen = explained(client, &SystemScope::new(), intents, &params).await;
    assert_by("sweep/intents", "objects_intended_until_idx", &seen);
    let trash = include_str!("../../src/sweep/trash.sql");
    let params: [Param<'_>; 2] = [(&hour, Type::FLOAT8), (&nobody, Type::UUID_ARRAY)];
    let seen = explained(client, &SystemScope::new(), trash, &params).await;
    assert_by("sweep/trash", "documents_deleted_at_idx", &seen);
    let keys = include_str!("../../src/sweep/idempotency_keys.sql");
    let params: [Param<'_>; 2] = [(&(7.0 * 86_400.0), Type::FLOAT8), (&limit, Type::INT8)];
    let seen = explained(client, &SystemScope::new(), keys, &params).await;
    assert_by("sweep/idempotency_keys", "idempotency_keys_created_at_idx", &seen);
}

/// The parts that are asked for again and again; what looks at everything reads everything.
async fn fsck(client: &Client) {
    let (after, limit, none, paths) = ("o/5", 4_096_i64, Vec::<String>::new(), ["o/2/x", "o/502/x"]);
    let time: jiff::Timestamp = client.query_one("select now()", &[]).await.expect("the time").get(0);
    let ledger = include_str!("../../src/fsck/ledger.sql");
    let params: [Param<'_>; 2] = [(&after, Type::TEXT), (&limit, Type::INT8)];
    let seen = explained(client, &SystemScope::new(), ledger, &params).await;
    assert_by("fsck/ledger", "objects_storage_path_idx", &seen);
    let entries = include_str!("../../src/fsck/entries.sql");
    let params: [Param<'_>; 1] = [(&paths.as_slice(), Type::TEXT_ARRAY)];
    let seen = explained(client, &SystemScope::new(), entries, &params).await;
    assert_by("fsck/entries", "objects_storage_path_idx", &seen);
    let unverified = include_str!("../../src/fsck/unverified.sql");
    let params: [Param<'_>; 3] =
        [(&time, Type::TIMESTAMPTZ), (&none, Type::TEXT_ARRAY), (&100_i64, Type::INT8)];
    let seen = explained(client, &SystemScope::new(), unverified, &params).await;
    assert_by("fsck/unverified", "objects_verified_at_idx", &seen);
    let failed = include_str!("../../src/fsck/failed.sql");
    let params: [Param<'_>; 2] = [(&none, Type::TEXT_ARRAY), (&100_i64, Type::INT8)];
    let seen = explained(client, &SystemScope::new(), failed, &params).await;
    assert_by("fsck/failed", "objects_verified_at_idx", &seen);
}

/// Prepared, so it may be planned for any values: then only the pick is sure to go by its index.
async fn claim(client: &Client) {
    let sql = include_str!("../../src/queue/claim.sql");
    let types = "text[], text[], int2[], int8, int8[], float8, text, bool";
    enter(client, &SystemScope::new()).await;
    // As it is after a few executions: one plan for whatever is asked.
    client.batch_execute("set local plan_cache_mode = force_generic_plan").await.expect("a setting");
    client.batch_execute(&format!("prepare claim ({types}) as {sql}")).await.expect("prepared");
    let classes = "array['default', 'default'], array['text-layer', 'text-layer'], array[1, 2]::int2[]";
    let execute =
        format!("explain (format json) execute claim ({classes}, 4, array[0, 17]::int8[], 60, 'w', false)");
    let rows = client.query(&execute, &[]).await.expect("a plan");
    let seen = reads_of(&rows);
    assert!(seen.contains(&"job_queue by job_queue_claim_idx".to_owned()), "{seen:#?}");
    for big in ["documents", "processing_jobs", "job_queue"] {
        assert!(!seen.contains(&format!("{big} whole")), "{big}: {seen:#?}");
    }
    client.batch_execute("rollback").await.expect("a rollback");
}

/// A function hides its plan from EXPLAIN, so the server is asked afterwards what it really read.
async fn search(client: &Client) {
    let sql = include_str!("../../src/zones/search.sql");
    let read = "select relname::text, seq_scan, coalesce(idx_scan, 0) from pg_stat_xact_user_tables
        where relname in ('zones', 'documents') order by relname desc";
    for scope in [as_user(OWNER.parse().expect("an identifier")), as_user(UserId::new())] {
        enter(client, &scope).await;
        let hits = client
            .query(
                sql,
                &[&"heron", &50_i32, &None::<f32>, &None::<Uuid>, &None::<&str>, &None::<Uuid>, &None::<i32>],
            )
            .await
            .expect("hits");
        assert_eq!(hits.is_empty(), scope.user().to_string() != OWNER);
        let rows = client.query(read, &[]).await.expect("what was read");
        let (zones, documents): ((String, i64, i64), i64) =
            ((rows[0].get(0), rows[0].get(1), rows[0].get(2)), rows[1].get(1));
        assert_eq!(zones.0, "zones");
        assert!(zones.1 == 0 && zones.2 > 0, "zones: {} whole reads, {} by index", zones.1, zones.2);
        assert_eq!(documents, 0, "documents are not read whole");
        client.batch_execute("rollback").await.expect("a rollback");
    }
}

/// As above: whose documents it is about is looked up first, and then what people said of those.
async fn calibration(client: &Client) {
    let sql = include_str!("../../src/calibration/verdicts.sql");
    let read = "select seq_scan, coalesce(idx_scan, 0) from pg_stat_xact_user_tables where relname = 'user_corrections'";
    let (none, since) = (None::<String>, None::<jiff::Timestamp>);
    enter(client, &as_user(FEW.parse().expect("an identifier"))).await;
    let counted = client.query(sql, &[&none, &none, &none, &since]).await.expect("verdicts");
    assert!(counted.is_empty(), "of few documents, none of them corrected");
    let row = client.query_one(read, &[]).await.expect("what was read");
    assert_eq!(row.get::<_, i64>(0), 0, "not all corrections are read");
    client.batch_execute("rollback").await.expect("a rollback");
}
