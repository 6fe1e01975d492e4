//! The original specification's SQL and repository, taken from its own text, run unchanged against our schema.
//!
//! The text is no part of this checkout: it lies beside it, or where `COLOPHON_SPECIFICATION` says.

#![allow(clippy::expect_used, reason = "in a test a panic is the report")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use colophon_testkit::{TestDatabase, skip};
use tokio_postgres::Client;

fn path() -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/notes/specification.md");
    std::env::var_os("COLOPHON_SPECIFICATION").map_or(beside, PathBuf::from)
}

fn specification() -> Option<String> {
    std::fs::read_to_string(path()).ok()
}

/// The first fenced block in this language that contains `marker`.
fn block<'t>(text: &'t str, language: &str, marker: &str) -> &'t str {
    text.split("```")
        .skip(1)
        .step_by(2)
        .filter_map(|block| block.strip_prefix(language)?.strip_prefix('\n'))
        .find(|block| block.contains(marker))
        .unwrap_or_else(|| panic!("the specification has no {language} block with {marker:?}"))
}

const TABLES: [&str; 6] =
    ["documents", "zones", "processing_jobs", "export_records", "processing_history", "user_corrections"];

/// A value as long and as odd as the specification's own type takes, for each column.
fn value(table: &str, column: &str, kind: &str) -> String {
    let id = |end: &str| format!("'00000000-0000-7000-8000-00000000000{end}'");
    match (table, column) {
        ("documents", "id") | (_, "document_id") => return id("1"),
        ("zones", "id") | (_, "zone_id" | "current_zone_id") => return id("2"),
        ("processing_jobs", "id") | (_, "job_id") => return id("3"),
        (_, "id") => return id("4"),
        ("documents", "status") => return "'processed'".into(),
        ("processing_history", "status") => {}
        (_, "status") => return "'completed'".into(),
        _ => {}
    }
    let length = |kind: &str| kind.trim_end_matches(')').rsplit('(').next().unwrap_or("9").to_owned();
    match kind {
        "uuid" => "gen_random_uuid()".into(),
        "text[]" => "array['json', 'csv']".into(),
        "jsonb" => "'{\"a\": [1, null]}'".into(),
        "text" => "repeat('ü', 100000)".into(),
        "bigint" => "9223372036854775807".into(),
        "integer" => "2147483647".into(),
        "timestamp with time zone" => "now()".into(),
        "numeric(3,2)" => "0.87".into(),
        "numeric(5,2)" => "99.99".into(),
        kind if kind.starts_with("character varying") => format!("repeat('ü', {})", length(kind)),
        other => panic!("{table}.{column}: no value for {other}"),
    }
}

async fn columns(client: &Client, schema: &str, table: &str) -> Vec<(String, String)> {
    let sql = "select attname::text, format_type(atttypid, atttypmod) from pg_attribute
        where attrelid = format('%I.%I', $1::text, $2::text)::regclass and attnum > 0 order by attnum";
    let rows = client.query(sql, &[&schema, &table]).await.expect("columns");
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// Our database with the specification's own tables in the schema `scratch`.
async fn with_scratch(text: &str) -> (TestDatabase, Client) {
    let db = TestDatabase::migrated().await;
    let client = db.client("postgres").await;
    client.batch_execute("create schema scratch; set search_path = scratch").await.expect("a schema");
    client.batch_execute(block(text, "sql", "CREATE TABLE documents")).await.expect("its tables, unchanged");
    client.batch_execute("reset search_path").await.expect("ours again");
    (db, client)
}

#[tokio::test]
async fn every_column_of_the_specification_takes_every_value_of_the_specification() {
    let Some(text) = specification() else { skip!("no {}", path().display()) };
    let (_db, client) = with_scratch(&text).await;
    for table in TABLES {
        let theirs = columns(&client, "scratch", table).await;
        let ours = columns(&client, "public", table).await;
        for (column, _) in &theirs {
            assert!(ours.iter().any(|(name, _)| name == column), "public.{table} has no {column}");
        }
        let names: Vec<_> = theirs.iter().map(|(name, _)| name.as_str()).collect();
        let values: Vec<_> = theirs.iter().map(|(name, kind)| value(table, name, kind)).collect();
        let (names, values) = (names.join(", "), values.join(", "));
        let legal = format!("insert into scratch.{table} ({names}) values ({values})");
        client.batch_execute(&legal).await.unwrap_or_else(|error| panic!("{legal}: {error:?}"));
        let assigned = format!("insert into public.{table} ({names}) select {names} from scratch.{table}");
        client.batch_execute(&assigned).await.unwrap_or_else(|error| panic!("{assigned}: {error:?}"));
    }
}

#[tokio::test]
async fn columns_that_the_specification_fills_itself_are_filled_here_too() {
    let Some(text) = specification() else { skip!("no {}", path().display()) };
    let (_db, client) = with_scratch(&text).await;
    for table in TABLES {
        let sql = "select attname::text, format_type(atttypid, atttypmod) from pg_attribute
            where attrelid = format('scratch.%I', $1::text)::regclass and attnum > 0 and attnotnull
              and (not atthasdef or attname = 'id')";
        let rows = client.query(sql, &[&table]).await.expect("columns");
        let required: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        let names: Vec<_> = required.iter().map(|(name, _)| name.as_str()).collect();
        let values: Vec<_> = required.iter().map(|(name, kind)| value(table, name, kind)).collect();
        let (names, values) = (names.join(", "), values.join(", "));
        for schema in ["scratch", "public"] {
            let sql = format!("insert into {schema}.{table} ({names}) values ({values})");
            client.batch_execute(&sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        }
        // What the two fill in is the same, but for times.
        let theirs = columns(&client, "scratch", table).await;
        let plain = theirs.iter().filter(|(_, kind)| kind != "timestamp with time zone");
        let plain: Vec<_> = plain.map(|(name, _)| name.as_str()).collect();
        let plain = plain.join(", ");
        let differs = format!(
            "select count(*) from (select {plain} from scratch.{table} except select {plain} from public.{table}) d"
        );
        let differs: i64 = client.query_one(&differs, &[]).await.expect("a count").get(0);
        assert_eq!(differs, 0, "defaults of {table}");
    }
}

#[tokio::test]
async fn its_indexes_can_be_made_on_our_tables() {
    let Some(text) = specification() else { skip!("no {}", path().display()) };
    let db = TestDatabase::migrated().await;
    let client = db.client("postgres").await;
    client.batch_execute("begin").await.expect("a transaction");
    client.batch_execute(block(&text, "sql", "CREATE INDEX")).await.expect("its indexes, unchanged");
    client.batch_execute("rollback").await.expect("a rollback");
}

#[tokio::test]
async fn its_example_migration_is_a_table_of_ours() {
    let Some(text) = specification() else { skip!("no {}", path().display()) };
    let db = TestDatabase::migrated().await;
    let client = db.client("postgres").await;
    let example = block(&text, "python", "zone_confidence_history");
    let ours = columns(&client, "public", "zone_confidence_history").await;
    let named = example.split("sa.Column('").skip(1).filter_map(|rest| rest.split('\'').next());
    let mut count = 0;
    for column in named {
        assert!(ours.iter().any(|(name, _)| name == column), "no {column}");
        count += 1;
    }
    assert_eq!(count, 5);
}

const DRIVER: &str = r#"
import asyncio, sys, uuid

async def main(url):
    pool = await asyncpg.create_pool(url, min_size=1, max_size=2)
    repository = DocumentRepository(pool)
    given = dict(filename="a.pdf", original_filename="A.pdf", file_size_bytes=12, page_count=3,
                 mime_type="application/pdf", storage_path="documents/a.pdf", uploaded_by="someone")
    made = await repository.create(given)
    assert {key: made[key] for key in given} == given, made
    assert made["status"] == "uploaded", made
    found = await repository.get_by_id(str(made["id"]))
    assert found == made, found
    assert await repository.get_by_id(str(uuid.uuid4())) is None
    assert await repository.update_status(str(made["id"]), "processing") is True
    assert await repository.update_status(str(uuid.uuid4()), "processing") is False
    changed = await repository.get_by_id(str(made["id"]))
    assert changed["status"] == "processing" and changed["updated_at"] > made["updated_at"], changed
    try:
        await repository.update_status(str(made["id"]), "nonsense")
    except asyncpg.CheckViolationError:
        pass
    else:
        raise AssertionError("a status that is none was taken")
    async with pool.acquire() as conn:
        for index in (2, 0, 1):
            await conn.execute("INSERT INTO zones (document_id, zone_index, page_number, zone_type, coordinates)"
                               " VALUES ($1, $2, 1, 'text', '{}')", made["id"], index)
        rows = await conn.fetch("SELECT * FROM zones WHERE document_id = $1 ORDER BY zone_index", made["id"])
    assert [row["zone_index"] for row in rows] == [0, 1, 2], rows
    await pool.close()
    print("done")

asyncio.run(main(sys.argv[1]))
"#;

#[tokio::test]
async fn its_repository_works_unchanged() {
    let Some(text) = specification() else { skip!("no {}", path().display()) };
    let python = std::env::var("COLOPHON_PYTHON").unwrap_or_else(|_| "python3".into());
    let has_asyncpg = Command::new(&python).args(["-c", "import asyncpg"]).stderr(Stdio::null()).status();
    if !has_asyncpg.is_ok_and(|status| status.success()) {
        skip!("{python} cannot import asyncpg; name one that can in COLOPHON_PYTHON");
    }
    let db = TestDatabase::migrated().await;
    let program = format!("{}\n{DRIVER}", block(&text, "python", "class DocumentRepository"));
    let mut child = Command::new(&python)
        .args(["-", &db.url("postgres")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    child.stdin.take().expect("a pipe").write_all(program.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let (said, complaint) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.trim() == "done", "{said}\n{complaint}");
}

#[tokio::test]
async fn a_processed_document_can_be_deleted_with_all_that_hangs_on_it() {
    let db = TestDatabase::migrated().await;
    let client = db.client("postgres").await;
    client.batch_execute(colophon_testkit::A_ROW_IN_EVERY_TABLE).await.expect("rows in every table");
    let job =
        client.query_one("select count(*) from processing_jobs where current_zone_id is not null", &[]).await;
    assert_eq!(job.expect("a count").get::<_, i64>(0), 1, "a job that stood at a zone");
    let history = "insert into processing_history (job_id, zone_id, action)
        select id, current_zone_id, 'zone_read' from processing_jobs";
    client.batch_execute(history).await.expect("history that names a zone");
    assert_eq!(client.execute("delete from documents", &[]).await.expect("it goes"), 1);
    let tables =
        "select relname::text from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
        and relname not in ('metadata_schemas', 'job_limits', 'paused_queues')";
    for row in client.query(tables, &[]).await.expect("tables") {
        let table: String = row.get(0);
        let left = client.query_one(&format!("select count(*) from {table}"), &[]).await.expect("a count");
        assert_eq!(left.get::<_, i64>(0), 0, "{table}");
    }
}
