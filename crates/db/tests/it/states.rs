//! The states that the domain knows are the states that the database allows.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use colophon_domain::{ChangeKind, DocumentStatus, ErrorClass, JobStatus, ZoneStatus};
use colophon_testkit::{A_ROW_IN_EVERY_TABLE, TestDatabase};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

fn transitions() -> BTreeSet<(&'static str, &'static str)> {
    let of = |from: JobStatus| from.next().iter().map(move |to| (from.as_str(), to.as_str()));
    JobStatus::ALL.into_iter().flat_map(of).collect()
}

#[tokio::test]
async fn the_transitions_of_a_job_are_the_same_in_the_domain_and_in_sql() {
    let db = TestDatabase::migrated().await;
    let client = db.client("service_role").await;
    let rows = client.query("select from_status, to_status from colophon.job_transitions()", &[]).await;
    let rows = rows.expect("transitions");
    let in_sql: BTreeSet<(&str, &str)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(in_sql, transitions());
    assert_eq!(rows.len(), in_sql.len(), "none is there twice");
}

#[tokio::test]
async fn the_database_allows_exactly_those_transitions() {
    let db = TestDatabase::migrated().await;
    let client = db.client("postgres").await;
    client.batch_execute(A_ROW_IN_EVERY_TABLE).await.expect("rows");
    let end = |status: JobStatus| if status.is_final() { "now()" } else { "null" };
    for from in JobStatus::ALL {
        for to in JobStatus::ALL.into_iter().filter(|to| *to != from) {
            let make = format!(
                "begin; insert into processing_jobs (document_id, id, status, completed_at)
                 select id, '00000000-0000-7000-8000-000000000099', '{from}', {} from documents",
                end(from)
            );
            client.batch_execute(&make).await.expect("a job in any state");
            let go = format!(
                "update processing_jobs set status = '{to}', completed_at = {}
                 where id = '00000000-0000-7000-8000-000000000099'",
                end(to)
            );
            let gone = client.batch_execute(&go).await;
            assert_eq!(gone.is_ok(), transitions().contains(&(from.as_str(), to.as_str())), "{from} to {to}");
            if let Err(error) = gone {
                let refusal = error.as_db_error().expect("the server's");
                assert_eq!(refusal.code(), &SqlState::CHECK_VIOLATION);
                assert_eq!(refusal.constraint(), Some("processing_jobs_transition_check"), "{refusal}");
            }
            client.batch_execute("rollback").await.expect("a rollback");
        }
    }
}

#[test]
fn the_states_of_a_job_are_drawn_from_the_code() {
    let mut drawn = "stateDiagram-v2\n    [*] --> queued\n".to_owned();
    for from in JobStatus::ALL {
        for to in from.next() {
            writeln!(drawn, "    {from} --> {to}").expect("text");
        }
        if from.next().is_empty() {
            writeln!(drawn, "    {from} --> [*]").expect("text");
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/states.md");
    let text = std::fs::read_to_string(path).expect("docs/states.md");
    let (before, rest) = text.split_once("```mermaid\n").expect("a picture");
    let (told, after) = rest.split_once("```").expect("its end");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, format!("{before}```mermaid\n{drawn}```{after}")).expect("written");
    } else {
        assert_eq!(told, drawn, "UPDATE_DOCS=1 draws it anew");
    }
}

fn zone_transitions() -> BTreeSet<(&'static str, &'static str)> {
    let of = |from: ZoneStatus| from.next().iter().map(move |to| (from.as_str(), to.as_str()));
    ZoneStatus::ALL.into_iter().flat_map(of).collect()
}

#[tokio::test]
async fn the_transitions_of_a_zone_are_the_same_in_the_domain_and_in_sql() {
    let db = TestDatabase::migrated().await;
    let client = db.client("service_role").await;
    let rows = client.query("select from_status, to_status from colophon.zone_transitions()", &[]).await;
    let rows = rows.expect("transitions");
    let in_sql: BTreeSet<(&str, &str)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(in_sql, zone_transitions());
    assert_eq!(rows.len(), in_sql.len(), "none is there twice");
}

#[test]
fn the_transitions_of_a_zone_are_told_as_they_are() {
    let text = include_str!("../../../../docs/states.md");
    let (_, of_zones) = text.split_once("# The states of a zone").expect("a chapter");
    let rows = of_zones.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let words = |to: &str| to.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let told: BTreeSet<(String, String)> =
        rows.flat_map(|(from, to)| words(to).into_iter().map(move |to| (from.to_owned(), to))).collect();
    let real = zone_transitions().into_iter().map(|(from, to)| (from.to_owned(), to.to_owned())).collect();
    assert_eq!(told, real, "docs/states.md");
}

#[tokio::test]
async fn the_database_allows_exactly_those_transitions_of_a_zone_but_for_undoing() {
    let db = TestDatabase::migrated().await;
    let client = db.client("service_role").await;
    db.client("postgres").await.batch_execute(A_ROW_IN_EVERY_TABLE).await.expect("rows");
    for from in ZoneStatus::ALL {
        for to in ZoneStatus::ALL.into_iter().filter(|to| *to != from) {
            let make = format!(
                "begin; insert into zones (document_id, id, zone_index, page_number, zone_type, coordinates, status)
                 select id, '00000000-0000-7000-8000-000000000099', 99, 1, 'text', '{{}}', '{from}' from documents"
            );
            let go =
                format!("update zones set status = '{to}' where id = '00000000-0000-7000-8000-000000000099'");
            client.batch_execute(&make).await.expect("a zone in any state");
            let gone = client.batch_execute(&go).await;
            let allowed = zone_transitions().contains(&(from.as_str(), to.as_str()));
            assert_eq!(gone.is_ok(), allowed, "{from} to {to}");
            if let Err(error) = gone {
                let refusal = error.as_db_error().expect("the server's");
                assert_eq!(refusal.code(), &SqlState::CHECK_VIOLATION);
                assert_eq!(refusal.constraint(), Some("zones_transition_check"), "{refusal}");
            }
            client.batch_execute("rollback").await.expect("a rollback");
            // Going back is no going on.
            let undo =
                format!("begin; select colophon.begin_change(id, 'undo') from documents; {}", &make[6..]);
            client.batch_execute(&undo).await.expect("a change that undoes");
            client.batch_execute(&go).await.unwrap_or_else(|e| panic!("undone, {from} to {to}: {e:?}"));
            client.batch_execute("rollback").await.expect("a rollback");
        }
    }
}

/// The words in quotes of a CHECK.
async fn words_of(client: &Client, constraint: &str) -> BTreeSet<String> {
    let sql =
        "select m[1] from pg_constraint c, regexp_matches(pg_get_constraintdef(c.oid), '''([^'']*)''', 'g') m
        where c.conname = $1";
    client.query(sql, &[&constraint]).await.expect("words").iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn every_status_of_the_domain_may_be_stored_and_no_other() {
    let db = TestDatabase::migrated().await;
    let client = db.client("postgres").await;
    let set = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<BTreeSet<_>>();
    let expected = [
        ("documents_status_check", set(&DocumentStatus::ALL.map(DocumentStatus::as_str))),
        ("zones_status_check", set(&ZoneStatus::ALL.map(ZoneStatus::as_str))),
        ("document_changes_kind_check", set(&ChangeKind::ALL.map(ChangeKind::as_str))),
        ("processing_jobs_status_check", set(&JobStatus::ALL.map(JobStatus::as_str))),
        (
            "processing_attempts_error_class_check",
            set(&[ErrorClass::Transient, ErrorClass::Permanent, ErrorClass::Poison].map(ErrorClass::as_str)),
        ),
        ("processing_job_pages_outcome_check", set(&["completed", "failed"])),
        (
            "processing_jobs_completed_at_check",
            JobStatus::ALL.into_iter().filter(|s| s.is_final()).map(|s| s.as_str().to_owned()).collect(),
        ),
    ];
    for (constraint, words) in expected {
        assert_eq!(words_of(&client, constraint).await, words, "{constraint}");
    }
}
