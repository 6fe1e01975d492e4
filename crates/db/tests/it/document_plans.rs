//! The lists of documents by tags, metadata and trash go by an index, in order, at any depth.

use colophon_db::{Scope, SystemScope};
use colophon_testkit::as_user;
use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

use crate::plans::{OWNER, Param, assert_by, explained};

macro_rules! sql {
    ($name:literal) => {
        ($name, include_str!(concat!("../../src/documents/", $name, ".sql")))
    };
}

pub async fn lists_by_fields(client: &Client) {
    let (person, platform) = (as_user(OWNER.parse().expect("an identifier")), SystemScope::new());
    let (everybody, own) = ("document_fields_value_idx", "document_fields_uploaded_by_idx");
    for (name, sql) in [
        sql!("find_by_field"),
        sql!("find_by_field_oldest"),
        sql!("list_by_value"),
        sql!("list_by_value_descending"),
    ] {
        check(client, &platform, None, name, sql, everybody).await;
    }
    for (name, sql) in [
        sql!("find_by_field_for_person"),
        sql!("find_by_field_for_person_oldest"),
        sql!("list_by_value_for_person"),
        sql!("list_by_value_for_person_descending"),
    ] {
        check(client, &person, Some(OWNER), name, sql, own).await;
    }
    let (name, sql) = sql!("list_trash");
    trash(client, &platform, None, name, sql, "documents_deleted_at_idx").await;
    let (name, sql) = sql!("list_trash_for_person");
    trash(client, &person, Some(OWNER), name, sql, "documents_uploaded_by_deleted_at_idx").await;
}

/// A tag that many have, a value that few have; from the beginning and from further on.
async fn check<S: Scope>(
    client: &Client,
    scope: &S,
    person: Option<&str>,
    name: &str,
    sql: &str,
    index: &str,
) {
    let (none, limit, empty) = (None::<String>, 51_i64, Vec::<String>::new());
    let after = client.query_one("select now() - interval '50000 minutes', gen_random_uuid()", &[]).await;
    let after = after.expect("a cursor");
    let (time, id): (Timestamp, Uuid) = (after.get(0), after.get(1));
    let by_value = name.contains("by_value");
    let cases: [(&str, Option<&str>, bool); 4] = if by_value {
        [
            ("metadata.amount", None, false),
            ("metadata.amount", Some("#c0a8d00000000000 3176"), true),
            ("metadata.year", None, false),
            ("metadata.year", Some("#c09f680000000000 2010"), true),
        ]
    } else {
        [
            ("tags", Some("many"), false),
            ("tags", Some("many"), true),
            ("metadata.year", Some("2001"), false),
            ("tags", Some("half 5"), true),
        ]
    };
    for (field, value, further) in cases {
        let (time, id) = (further.then_some(time), further.then_some(id));
        let mut params: Vec<Param<'_>> = vec![
            (&none, Type::TEXT),
            (&none, Type::TEXT),
            (&none, Type::TEXT),
            (&time, Type::TIMESTAMPTZ),
            (&id, Type::UUID),
            (&limit, Type::INT8),
            (&field, Type::TEXT),
            (&value, Type::TEXT),
            (&empty, Type::TEXT_ARRAY),
            (&empty, Type::TEXT_ARRAY),
        ];
        if let Some(person) = &person {
            params.push((person, Type::TEXT));
        }
        let seen = explained(client, scope, sql, &params).await;
        assert_by(&format!("documents/{name} {field} {value:?} {further}"), index, &seen);
    }
}

async fn trash<S: Scope>(
    client: &Client,
    scope: &S,
    person: Option<&str>,
    name: &str,
    sql: &str,
    index: &str,
) {
    let (none, limit, empty) = (None::<String>, 51_i64, Vec::<String>::new());
    let after = client.query_one("select now() - interval '50000 seconds', gen_random_uuid()", &[]).await;
    let after = after.expect("a cursor");
    let (time, id): (Timestamp, Uuid) = (after.get(0), after.get(1));
    for further in [false, true] {
        let (time, id) = (further.then_some(time), further.then_some(id));
        let mut params: Vec<Param<'_>> = vec![
            (&none, Type::TEXT),
            (&none, Type::TEXT),
            (&none, Type::TEXT),
            (&time, Type::TIMESTAMPTZ),
            (&id, Type::UUID),
            (&limit, Type::INT8),
            (&empty, Type::TEXT_ARRAY),
            (&empty, Type::TEXT_ARRAY),
        ];
        if let Some(person) = &person {
            params.push((person, Type::TEXT));
        }
        let seen = explained(client, scope, sql, &params).await;
        assert_by(&format!("documents/{name} {further}"), index, &seen);
    }
}

/// Prepared, so it is planned for any values. What counts is that the cursor is a condition of the index: as a filter it
/// would make each page as slow as all pages before it together.
pub async fn the_list_without_filters_at_any_depth(client: &Client) {
    let (_, sql) = sql!("list_for_person");
    let person = as_user(OWNER.parse().expect("an identifier"));
    client.batch_execute("begin").await.expect("a transaction");
    let enter = include_str!("../../src/scope/enter.sql");
    let settings: &[&(dyn ToSql + Sync)] =
        &[&person.role(), &person.claims(), &person.subject(), &"30s", &"10s", &"", &"force_generic_plan"];
    client.query(enter, settings).await.expect("a scope");
    client
        .batch_execute(&format!("prepare list (text, timestamptz, uuid, int8) as {sql}"))
        .await
        .expect("prepared");
    let explain = format!(
        "explain (format json) execute list ('{OWNER}', now() - interval '50000 minutes', gen_random_uuid(), 51)"
    );
    let rows = client.query(&explain, &[]).await.expect("a plan");
    client.batch_execute("rollback; deallocate list").await.expect("a rollback");
    let plan = rows[0].get::<_, Value>(0).to_string();
    let condition = r#""Index Cond":"((uploaded_by = $1) AND (ROW(created_at, id) < ROW($2, $3)))""#;
    assert!(plan.contains(condition) && plan.contains("documents_live_uploaded_by_idx"), "{plan}");
}
