//! What does a step for 500 jobs at once does it for each once: by index, and without a loop within a loop.

use std::fmt::Write as _;

use colophon_db::SystemScope;
use colophon_testkit::TestDatabase;
use serde_json::Value;
use tokio_postgres::Client;

use crate::plans::enter;

const ROWS: &str = include_str!("queue_plans.sql");
/// The jobs of a batch.
const BATCH: usize = 500;
/// What a node may read or throw away, for each job of the batch.
const EACH: f64 = 20.0;
/// None of these is read whole.
const BIG: [&str; 6] = [
    "documents",
    "processing_jobs",
    "job_queue",
    "processing_job_pages",
    "processing_attempts",
    "processing_history",
];

/// A statement, and what it is given, in SQL.
struct Step {
    name: &'static str,
    sql: &'static str,
    types: &'static str,
    given: String,
    /// Rows that it gives.
    rows: f64,
}

/// An array in SQL, of so many.
fn array(of: &str, item: impl Fn(usize) -> String) -> String {
    let items: Vec<String> = (1..=BATCH).map(item).collect();
    format!("array[{}]::{of}[]", items.join(","))
}

fn same(of: &str, item: &str) -> String {
    array(of, |_| item.to_owned())
}

fn steps() -> Vec<Step> {
    // Every fourth of those that run.
    let jobs = array("uuid", |n| format!("'00000000-0000-7000-9000-{:012x}'", 4 * n - n % 2));
    let fences = same("int8", "1");
    let numbers = |from: usize| array("int4", move |n| (from + n).to_string());
    let (nulls, none, objects) = (|of| same(of, "null"), "null::text", same("jsonb", "'{}'"));
    let failed = format!("{}, {}, {}", same("text", "'transient'"), same("text", "'x'"), same("text", "'x'"));
    let pages = |from| {
        format!(
            "'00000000-0000-7000-8000-000000000001', '00000000-0000-7000-9000-000000000001', 1::int2, {},
             {}, {}, {none}[], {none}[], {}, {none}[], {}, {none}[], {none}[]",
            numbers(from),
            same("text", "'completed'"),
            same("int4", "3"),
            same("int4", "7"),
            same("jsonb", "'{}'"),
        )
    };
    let record_pages =
        "uuid, uuid, int2, int4[], text[], int4[], text[], text[], int4[], text[], jsonb[], text[], text[]";
    let claim = "text[], text[], int2[], int8, int8[], float8, text, bool";
    let claimed = |aged| {
        format!(
            "array['default', 'default'], array['noop', 'noop'], array[1, 2]::int2[], {BATCH}, array[0, 0]::int8[], 60, 'v', {aged}"
        )
    };
    let batch = f64::from(u32::try_from(BATCH).expect("few"));
    let step = |name, sql, types, given, rows| Step { name, sql, types, given, rows };
    vec![
        step("claim", include_str!("../../src/queue/claim.sql"), claim, claimed("false"), batch),
        step("aged claim", include_str!("../../src/queue/claim.sql"), claim, claimed("true"), batch),
        step(
            "heartbeat",
            include_str!("../../src/queue/heartbeat.sql"),
            "uuid[], int8[], float8[], uuid[], float8",
            format!("{jobs}, {fences}, {}, {}, 60", same("float8", "50"), nulls("uuid")),
            batch,
        ),
        step(
            "finish",
            include_str!("../../src/queue/finish.sql"),
            "uuid[], int8[], text[], text[], text[], text[], jsonb[]",
            format!(
                "{jobs}, {fences}, {}, {}, {}, {}, {objects}",
                same("text", "'completed'"),
                nulls("text"),
                nulls("text"),
                nulls("text")
            ),
            batch,
        ),
        step(
            "fail",
            include_str!("../../src/queue/fail.sql"),
            "uuid[], int8[], float8[], text[], text[], text[], jsonb[]",
            format!("{jobs}, {fences}, {}, {failed}, {objects}", nulls("float8")),
            batch,
        ),
        step(
            "release",
            include_str!("../../src/queue/release.sql"),
            "uuid[], int8[]",
            format!("{jobs}, {fences}"),
            batch,
        ),
        step("new pages", include_str!("../../src/jobs/record_pages.sql"), record_pages, pages(2_000), 0.0),
        step("pages again", include_str!("../../src/jobs/record_pages.sql"), record_pages, pages(1_000), 0.0),
    ]
}

/// What is wrong with a plan that was run.
fn faults(node: &Value, faults: &mut String) {
    let number = |name: &str| node[name].as_f64().unwrap_or_default();
    let kind = node["Node Type"].as_str().unwrap_or_default();
    let table = node["Relation Name"].as_str().unwrap_or_default();
    if kind == "Seq Scan" && BIG.contains(&table) {
        let _ = write!(faults, "{table} is read whole; ");
    }
    let rows = number("Actual Rows")
        + number("Rows Removed by Filter")
        + number("Rows Removed by Join Filter")
        + number("Rows Removed by Index Recheck");
    let rows = rows * number("Actual Loops");
    let most = EACH * f64::from(u32::try_from(BATCH).expect("few"));
    if rows > most {
        let _ = write!(faults, "{kind} {table} {} goes over {rows} rows; ", node["Index Name"]);
    }
    for child in node["Plans"].as_array().into_iter().flatten() {
        self::faults(child, faults);
    }
}

async fn check(client: &Client, step: &Step, mode: &str) {
    let Step { name, sql, types, given, rows } = step;
    enter(client, &SystemScope::new()).await;
    let run = async {
        client.batch_execute(&format!("set local plan_cache_mode = {mode}")).await?;
        client.batch_execute(&format!("prepare step ({types}) as {sql}")).await?;
        client.query_one(&format!("explain (analyze, format json) execute step ({given})"), &[]).await
    };
    let plan = run.await.unwrap_or_else(|error| panic!("{name}, {mode}: {error:?}"));
    client.batch_execute("rollback; deallocate step").await.expect("a rollback");
    let plan: Value = plan.get(0);
    let mut found = String::new();
    faults(&plan[0]["Plan"], &mut found);
    assert!(found.is_empty(), "queue/{name}, {mode}: {found}\n{plan:#}");
    assert_eq!(plan[0]["Plan"]["Actual Rows"].as_f64(), Some(*rows), "queue/{name} did its work");
}

#[tokio::test]
async fn a_step_for_five_hundred_jobs_is_no_loop_within_a_loop() {
    let db = TestDatabase::migrated().await;
    db.client("supabase_admin").await.batch_execute(ROWS).await.expect("rows");
    let client = db.client("authenticator").await;
    let steps = steps();
    for what_is_known in ["select 1", "analyze"] {
        // As it is before the server has counted the rows, and after.
        db.client("supabase_admin").await.batch_execute(what_is_known).await.expect("statistics");
        for step in &steps {
            // As it is the first times, and after a few.
            for mode in ["force_custom_plan", "force_generic_plan"] {
                check(&client, step, mode).await;
            }
        }
    }
}
