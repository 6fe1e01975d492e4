//! Jobs are listed by status: all that the caller may see, each once, and without reading the others.

use colophon_db::{Database, Scope, SystemScope};
use colophon_domain::{JobFilter, JobStatus, UserId};
use colophon_testkit::{TestDatabase, as_user};
use serde_json::Value;
use tokio_postgres::Client;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::plans::{OWNER, Param, enter};

/// Owners of every fifth document, of three, and of none but with an editor's share of one.
const FEW: &str = "00000000-0000-7000-8000-00000000000b";
const GUEST: &str = "00000000-0000-7000-8000-00000000000c";

fn person(id: &str) -> colophon_db::UserScope {
    as_user(id.parse::<UserId>().expect("an identifier"))
}

/// Documents, and as many jobs for each as make `jobs`; of those that did not complete some hundreds of each status, old and
/// new.
async fn fill(client: &Client, documents: i64, jobs: i64) {
    let rows = include_str!("job_lists.sql").replace(":documents", &documents.to_string());
    client.batch_execute(&rows.replace(":jobs", &jobs.to_string())).await.expect("rows");
}

/// Every identifier of a list, part by part.
async fn listed<S: Scope>(database: &Database, scope: &S, status: JobStatus) -> Vec<Uuid> {
    let filter = JobFilter { status: Some(status), document_id: None };
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let tx = database.session(scope).begin().await.expect("a transaction");
        let part = tx.jobs().list(&filter, cursor, 7).await.expect("a part");
        tx.commit().await.expect("it commits");
        assert!(part.items.iter().all(|job| job.status == status.as_str() && job.filename.is_some()));
        found.extend(part.items.iter().map(|job| job.id.0));
        match part.next_cursor {
            Some(next) => cursor = Some(next),
            None => return found,
        }
    }
}

#[tokio::test]
async fn each_status_lists_every_job_that_the_caller_may_see_once_and_newest_first() {
    let db = TestDatabase::migrated().await;
    let client = db.client("supabase_admin").await;
    fill(&client, 50, 1_000).await;
    let database = db.database().await;
    let mut seen = 0;
    for status in JobStatus::ALL {
        let ids = async |whose: &str| -> Vec<Uuid> {
            let sql = format!(
                "select j.id from processing_jobs j join documents d on d.id = j.document_id
                 where j.status = $1 and {whose} order by j.created_at desc, j.id desc"
            );
            let rows = client.query(&sql, &[&status.as_str()]).await.expect("rows");
            rows.iter().map(|row| row.get(0)).collect()
        };
        let all = ids("true").await;
        seen += all.len();
        assert!(!all.is_empty(), "{status}");
        assert_eq!(listed(&database, &SystemScope::new(), status).await, all, "{status}, the platform");
        for owner in [OWNER, FEW] {
            let own = ids(&format!("d.uploaded_by = '{owner}'")).await;
            assert_eq!(listed(&database, &person(owner), status).await, own, "{status}, {owner}");
        }
        let shared =
            ids(&format!("d.id in (select document_id from document_shares where user_id = '{GUEST}')"))
                .await;
        assert_eq!(listed(&database, &person(GUEST), status).await, shared, "{status}, a guest");
        assert!(listed(&database, &as_user(UserId::new()), status).await.is_empty(), "{status}, a stranger");
    }
    assert!(seen >= 1_000);
}

/// Pages of the database that a statement looks at.
async fn pages<S: Scope>(client: &Client, scope: &S, sql: &str, params: &[Param<'_>]) -> (i64, String) {
    enter(client, scope).await;
    let explain = format!("explain (analyze, buffers, format json) {sql}");
    let rows = client.query_typed(&explain, params).await.expect(sql);
    client.batch_execute("rollback").await.expect("a rollback");
    let plan: Value = rows[0].get(0);
    let of = |name: &str| plan[0]["Plan"][name].as_i64().unwrap_or(0);
    (of("Shared Hit Blocks") + of("Shared Read Blocks"), plan.to_string())
}

#[tokio::test]
async fn a_part_of_a_list_reads_little_among_a_million_jobs() {
    let db = TestDatabase::migrated().await;
    let owner = db.client("supabase_admin").await;
    fill(&owner, 100_000, 1_000_000).await;
    let client = db.client("authenticator").await;
    let (time, id, limit, few) = (None::<jiff::Timestamp>, None::<Uuid>, 51_i64, 1_001_i64);
    let (incomplete, of_person) = (
        include_str!("../../src/jobs/list_incomplete.sql"),
        include_str!("../../src/jobs/list_incomplete_for_person.sql"),
    );
    let (live, all, for_person) = (
        include_str!("../../src/jobs/list_live.sql"),
        include_str!("../../src/jobs/list.sql"),
        include_str!("../../src/jobs/list_for_person.sql"),
    );
    let mut told = Vec::new();
    let cursor: [Param<'_>; 3] = [(&time, Type::TIMESTAMPTZ), (&id, Type::UUID), (&limit, Type::INT8)];
    for status in JobStatus::ALL {
        let name = status.as_str();
        let (by_name, none): (Param<'_>, Param<'_>) = ((&name, Type::TEXT), (&None::<Uuid>, Type::UUID));
        let platform = SystemScope::new();
        match status {
            JobStatus::Completed => {
                let params = [vec![by_name, none], cursor.to_vec()].concat();
                told.push((format!("{name} all"), pages(&client, &platform, all, &params).await));
                for who in [OWNER, FEW] {
                    let params =
                        [vec![(&name as _, Type::TEXT)], cursor.to_vec(), vec![(&who as _, Type::TEXT)]];
                    let read = pages(&client, &person(who), for_person, &params.concat()).await;
                    told.push((format!("{name} {who}"), read));
                }
            }
            JobStatus::PartiallyCompleted | JobStatus::Failed | JobStatus::Cancelled => {
                let params = [vec![by_name], cursor.to_vec()].concat();
                told.push((format!("{name} all"), pages(&client, &platform, incomplete, &params).await));
                for who in [OWNER, FEW] {
                    let params =
                        [vec![(&name as _, Type::TEXT)], cursor.to_vec(), vec![(&who as _, Type::TEXT)]];
                    let read = pages(&client, &person(who), of_person, &params.concat()).await;
                    told.push((format!("{name} {who}"), read));
                }
            }
            _ => {
                let params = [vec![by_name], cursor.to_vec(), vec![(&few as _, Type::INT8)]].concat();
                told.push((format!("{name} all"), pages(&client, &platform, live, &params).await));
                for who in [OWNER, FEW] {
                    told.push((format!("{name} {who}"), pages(&client, &person(who), live, &params).await));
                }
            }
        }
    }
    for (what, (pages, plan)) in &told {
        println!("{what}: {pages} pages");
        assert!(*pages < 2_500, "{what} reads {pages} pages: {plan}");
    }
}
