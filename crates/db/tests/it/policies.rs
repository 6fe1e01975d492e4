//! Who may do what: one readable matrix, and no table outside it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use colophon_testkit::{A_ROW_IN_EVERY_TABLE, TestDatabase};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

/// A table, an insert of a second row of the owner's, and the change that a person would make first.
const TABLES: &[(&str, &str, &str)] = &[
    (
        "documents",
        "(id, filename, original_filename, file_size_bytes, uploaded_by)
         values ('D', 'b.pdf', 'b.pdf', 1, '00000000-0000-7000-8000-00000000000a')",
        "metadata = '{\"a\": 1}'",
    ),
    (
        "document_versions",
        "(document_id, version, storage_path, sha256, file_size_bytes, mime_type, original_filename)
         values ('DOCUMENT', 2, 'o/DOCUMENT/x', repeat('ab', 32), 1, 'application/pdf', 'a.pdf')",
        "title = 'b'",
    ),
    (
        "document_pages",
        "(document_id, version, page_number, width, height, mediabox, cropbox)
         values ('DOCUMENT', 1, 2, 1, 1, '{0,0,1,1}', '{0,0,1,1}')",
        "rotation = 90",
    ),
    (
        "zones",
        "(document_id, zone_index, page_number, zone_type, coordinates, confidence) values ('DOCUMENT', 1, 1, 'text', '{}', 1)",
        "content = 'b', confidence = 1",
    ),
    (
        "zone_confidence_history",
        "(document_id, zone_id, confidence) values ('DOCUMENT', 'ZONE', 1)",
        "confidence = 1",
    ),
    (
        "document_changes",
        "(document_id, revision, kind, version) values ('DOCUMENT', 99, 'edit', 1)",
        "reason = 'forged'",
    ),
    (
        "zone_history",
        "(document_id, zone_id, zones_revision, until_revision, zone) values ('DOCUMENT', 'ZONE', 98, 99, '{}')",
        "zone = '{\"forged\": 1}'",
    ),
    (
        "reading_orders",
        "(document_id, version, name, items) values ('DOCUMENT', 1, 'columns', '[]')",
        "items = '[1]'",
    ),
    (
        "user_corrections",
        "(document_id, zone_id, corrected_content) values ('DOCUMENT', 'ZONE', 'c')",
        "corrected_content = 'd'",
    ),
    (
        "correction_outcomes",
        "(document_id, zone_id, revision, outcome) values ('DOCUMENT', 'ZONE', 1, 'kept')",
        "resolution = 'yours', resolved_at = now()",
    ),
    (
        "processing_jobs",
        "(document_id, id, strategy) values ('DOCUMENT', gen_random_uuid(), 'text-layer')",
        "priority = 1",
    ),
    (
        "processing_job_pages",
        "(document_id, job_id, page_number, outcome, attempt) values ('DOCUMENT', 'JOB', 2, 'completed', 1)",
        "zone_count = 1",
    ),
    (
        "processing_history",
        "(document_id, job_id, action) values ('DOCUMENT', 'JOB', 'noted')",
        "action = 'forged'",
    ),
    (
        "processing_attempts",
        "(document_id, job_id, lease_seq, attempt, outcome) values ('DOCUMENT', 'JOB', 2, 2, 'completed')",
        "outcome = 'failed'",
    ),
    (
        "job_queue",
        "(job_id, document_id, queue, strategy, priority) values ('FREE', 'DOCUMENT', 'default', 'text-layer', 2)",
        "priority = 1",
    ),
    (
        "processing_job_zones",
        "(document_id, job_id, zone_id, outcome, attempt) values ('DOCUMENT', 'JOB', gen_random_uuid(), 'completed', 1)",
        "duration_ms = 1",
    ),
    (
        "job_schedules",
        "(document_id, cron, strategy) values ('DOCUMENT', '@hourly', 'text-layer')",
        "enabled = false",
    ),
    ("job_limits", "(kind, name, max_running) values ('owner', '*', 1)", "max_running = 1"),
    ("paused_queues", "(queue) values ('default')", "reason = 'forged'"),
    (
        "colophon.job_positions",
        "(queue, strategy, priority, position) values ('default', 'ocr', 2, 0)",
        "position = 1",
    ),
    (
        "colophon.incomplete_jobs",
        "(document_id, job_id, status, created_at) values ('DOCUMENT', 'FREE', 'failed', now())",
        "status = 'cancelled'",
    ),
    (
        "export_records",
        "(document_id, export_type, formats) values ('DOCUMENT', 'full', '{json}')",
        "metadata = '{\"a\": 1}'",
    ),
    (
        "document_shares",
        "(document_id, role, user_id, created_by)
         values ('DOCUMENT', 'viewer', gen_random_uuid(), '00000000-0000-7000-8000-00000000000a')",
        "revoked_at = now()",
    ),
    (
        "document_share_uses",
        "(document_id, share_id, user_id) values ('DOCUMENT', 'LINK', gen_random_uuid())",
        "used_at = now()",
    ),
    (
        "document_accesses",
        "(document_id, user_id, action) values ('DOCUMENT', '00000000-0000-7000-8000-00000000000a', 'downloaded')",
        "action = 'opened'",
    ),
    (
        "colophon.document_share_tokens",
        "(document_id, share_id, token_hash) values ('DOCUMENT', 'TOKENLESS', sha256('another'))",
        "token_hash = sha256('mine')",
    ),
    (
        "colophon.idempotency_keys",
        "(owner, key, request, resource_id) values ('00000000-0000-7000-8000-00000000000a', 'l', 'r', 'DOCUMENT')",
        "request = 's'",
    ),
    (
        "colophon.uploads",
        "(id, owner, document_id, storage_path, upload_length, details, resumption, expires_at)
         values (gen_random_uuid(), '00000000-0000-7000-8000-00000000000a', 'D', 'o/D/x', 1, '{}', '{}', now())",
        "storage_path = 'another/document/x'",
    ),
    (
        "colophon.objects",
        "(document_id, storage_path, owner, state, intended_until) values ('DOCUMENT', 'o/DOCUMENT/z', '', 'intended', now())",
        "intended_until = now() + interval '1 day' where state = 'intended'",
    ),
    (
        "colophon.quotas",
        "(owner, max_bytes) values ('00000000-0000-7000-8000-00000000000b', 1)",
        "max_bytes = 2000000",
    ),
    (
        "metadata_schemas",
        "(owner, schema) values ('00000000-0000-7000-8000-00000000000c', '{}')",
        "schema = '{\"a\": 1}'",
    ),
    (
        "colophon.document_fields",
        "(document_id, field, value, created_at) values ('DOCUMENT', 'tags', '=z', now())",
        "value = '=y'",
    ),
    ("colophon.owner_usage", "(owner) values ('00000000-0000-7000-8000-00000000000b')", "document_count = 0"),
    (
        "colophon.imported_zones",
        "(ordinal, page_number, position, key, id, id_given, zone_type, coordinates, metadata)
         values (9, 1, 0, 'k', gen_random_uuid(), false, 'text', '{}', '{}')",
        "zone_index = 1",
    ),
    ("colophon.signing_keys", "default values", "secret = sha256('mine')"),
    (
        "colophon.processing_statistics",
        "values ('hour', now(), 's', 'completed', '', '', '', 0, 1, 1, 1, 1, 1)",
        "observations = 2",
    ),
    (
        "colophon.processing_statistics_progress",
        "(only_row, counted_until) values (true, now()) on conflict do nothing",
        "counted_until = now()",
    ),
];

const OWNER: &str = "00000000-0000-7000-8000-00000000000a";

/// Who tries: the name in the matrix, and the last two digits of the person's id.
const PEOPLE: [(&str, &str); 7] = [
    ("owner", "0a"),
    ("editor", "0c"),
    ("viewer", "0b"),
    ("by link", "0d"),
    ("share over", "0e"),
    ("revoked", "0f"),
    ("another", "99"),
];

async fn filled() -> TestDatabase {
    let db = TestDatabase::migrated().await;
    let client = db.client("postgres").await;
    client.batch_execute(A_ROW_IN_EVERY_TABLE).await.expect("rows");
    // A job that is not in the queue yet.
    let free = "insert into processing_jobs (document_id, id) values ('DOCUMENT', 'FREE')";
    client.batch_execute(&named(free)).await.expect("a job");
    // A link that has no token yet.
    let tokenless = "insert into document_shares (document_id, id, role, created_by)
        values ('DOCUMENT', 'TOKENLESS', 'viewer', '00000000-0000-7000-8000-00000000000a')";
    client.batch_execute(&named(tokenless)).await.expect("a link");
    db
}

fn named(sql: &str) -> String {
    let id = |end: &str| format!("00000000-0000-7000-8000-00000000000{end}");
    sql.replace("DOCUMENT", &id("1"))
        .replace("ZONE", &id("2"))
        .replace("JOB", &id("3"))
        .replace("FREE", &id("4"))
        .replace("TOKENLESS", "00000000-0000-7000-8000-000000000016")
        .replace("LINK", "00000000-0000-7000-8000-000000000013")
        .replace("'D'", &format!("'{}'", id("5")))
}

/// What comes of it, in a transaction that is rolled back.
async fn attempt(client: &Client, sql: &str) -> &'static str {
    client.batch_execute("begin").await.expect("a transaction");
    let result = client.execute(&named(sql), &[]).await;
    client.batch_execute("rollback").await.expect("a rollback");
    match result {
        Ok(0) => "no rows",
        Ok(_) => "allowed",
        Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => "denied",
        Err(error) => panic!("{sql}: {error:?}"),
    }
}

#[tokio::test]
async fn who_may_do_what() {
    let db = filled().await;
    let mut actors = Vec::new();
    for (actor, digits) in PEOPLE {
        let id = format!("00000000-0000-7000-8000-0000000000{digits}");
        actors.push((actor, db.client_of(id.parse().expect("an identifier")).await));
    }
    for role in ["anon", "service_role"] {
        actors.push((role, db.client(role).await));
    }
    let mut matrix = String::new();
    for (table, insert, update) in TABLES {
        writeln!(matrix, "{table}").expect("text");
        for (actor, client) in &actors {
            let select = attempt(client, &format!("select from {table}")).await;
            let insert = attempt(client, &format!("insert into {table} {insert}")).await;
            let update = attempt(client, &format!("update {table} set {update}")).await;
            let delete = attempt(client, &format!("delete from {table}")).await;
            let line = format!(
                "  {actor:<13} select {select:<9}insert {insert:<9}update {update:<9}delete {delete}"
            );
            writeln!(matrix, "{}", line.trim_end()).expect("text");
        }
    }
    insta::assert_snapshot!("who_may_do_what", matrix);
}

#[tokio::test]
async fn no_table_is_outside_the_matrix() {
    let db = TestDatabase::migrated().await;
    let sql = "select relname::text from pg_class where relkind in ('r', 'p', 'v', 'm') and relnamespace = 'public'::regnamespace
        union all select 'colophon.' || relname from pg_class where relkind in ('r', 'p', 'v', 'm') and relnamespace = 'colophon'::regnamespace";
    let rows = db.client("postgres").await.query(sql, &[]).await.expect("names");
    let there: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
    let known: BTreeSet<String> = TABLES.iter().map(|(table, ..)| (*table).to_owned()).collect();
    assert_eq!(there, known);
}

#[tokio::test]
async fn an_owner_edits_what_people_write_and_not_the_bookkeeping() {
    let db = filled().await;
    let client = db.client_of(OWNER.parse().expect("an identifier")).await;
    for (sql, outcome) in [
        ("update documents set filename = 'c.pdf'", "allowed"),
        ("update documents set tags = '{b}'", "allowed"),
        ("update documents set status = 'processed'", "denied"),
        ("update documents set uploaded_by = gen_random_uuid()", "denied"),
        ("update documents set storage_path = 'another/persons/object'", "denied"),
        ("update documents set revision = 9", "denied"),
        ("update documents set legal_hold = 'mine'", "denied"),
        ("update documents set deleted_by = gen_random_uuid()", "denied"),
        ("update documents set deleted_at = now()", "allowed"),
        ("update documents set deleted_at = null", "allowed"),
        ("update documents set version = 1", "allowed"),
        ("update zones set content = 'corrected'", "allowed"),
        ("update zones set document_id = gen_random_uuid()", "denied"),
        (
            "insert into processing_jobs (document_id, id, status) values ('DOCUMENT', gen_random_uuid(), 'completed')",
            "denied",
        ),
        (
            "insert into processing_jobs (document_id, id, attempt) values ('DOCUMENT', gen_random_uuid(), 9)",
            "denied",
        ),
        (
            "insert into job_queue (job_id, document_id, strategy, worker) values ('FREE', 'DOCUMENT', 'x', 'me')",
            "denied",
        ),
        (
            "insert into job_queue (job_id, document_id, strategy) values (gen_random_uuid(), 'DOCUMENT', 'x')",
            "denied",
        ),
        ("update job_schedules set next_run_at = now()", "denied"),
        ("update job_schedules set last_job_id = gen_random_uuid()", "denied"),
        ("update job_schedules set disabled_reason = 'mine'", "denied"),
        ("update job_schedules set created_by = gen_random_uuid()", "denied"),
        (
            "insert into job_schedules (document_id, cron, strategy, next_run_at) values ('DOCUMENT', '@daily', 'x', now())",
            "denied",
        ),
        (
            "insert into job_schedules (document_id, cron, strategy, created_by) values ('DOCUMENT', '@daily', 'x', 'else')",
            "denied",
        ),
        ("update colophon.idempotency_keys set resource_id = gen_random_uuid()", "denied"),
    ] {
        assert_eq!(attempt(&client, sql).await, outcome, "{sql}");
    }
}
