//! What nobody needs any more is taken away once, and nothing else.

use std::time::{Duration, Instant};

use colophon_db::sweep::Leftover;
use colophon_db::{Database, SystemScope, Tx};
use colophon_domain::{DocumentId, UserId};
use colophon_testkit::{TestDatabase, a_document, store_document};

async fn begin(database: &Database) -> Tx<SystemScope> {
    database.session(&SystemScope::new()).begin().await.expect("a transaction")
}

/// Documents whose objects were released two hours ago.
async fn released(db: &TestDatabase, database: &Database, count: usize) -> Vec<String> {
    let mut paths = Vec::new();
    for _ in 0..count {
        let document = store_document(database, UserId::new()).await;
        paths.push(document.storage_path.expect("an object"));
    }
    let client = db.client("postgres").await;
    client.batch_execute("delete from public.documents").await.expect("purged");
    let past = "update colophon.objects set changed_at = now() - interval '2 hours'";
    client.batch_execute(past).await.expect("a while ago");
    paths.sort();
    paths
}

fn paths(leftovers: &[Leftover]) -> Vec<String> {
    let mut paths: Vec<String> = leftovers.iter().map(|leftover| leftover.storage_path.clone()).collect();
    paths.sort();
    paths
}

#[tokio::test]
async fn two_nodes_share_what_is_released_and_neither_waits() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let all = released(&db, &database, 6).await;
    let (one, other) = (begin(&database).await, begin(&database).await);
    let first = one.sweep().released(3_600.0, &[], 4).await.expect("due");
    let second = other.sweep().released(3_600.0, &[], 4).await.expect("due");
    assert_eq!((first.len(), second.len()), (4, 2));
    assert_eq!(paths(&[first.clone(), second].concat()), all);
    assert_eq!(one.sweep().forget(&first).await.expect("struck"), 4);
    one.commit().await.expect("it commits");
    drop(other);
    // What a node had in hand when it died is free as soon as the server has noticed.
    let limit = Instant::now() + Duration::from_secs(30);
    while begin(&database).await.sweep().released(3_600.0, &[], 10).await.expect("due").len() < 2 {
        assert!(Instant::now() < limit, "it is never given to the next");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_is_within_the_grace_or_passed_over_stays() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let all = released(&db, &database, 2).await;
    let tx = begin(&database).await;
    assert_eq!(tx.sweep().released(3.0 * 3_600.0, &[], 10).await.expect("due"), []);
    let due = tx.sweep().released(3_600.0, &all[..1], 10).await.expect("due");
    assert_eq!(paths(&due), all[1..]);
}

#[tokio::test]
async fn an_object_that_another_document_uses_or_takes_up_stays() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let owner = UserId::new();
    let first = store_document(&database, owner).await;
    let path = first.storage_path.expect("an object");
    let store_second = async |tx: &Tx<SystemScope>| {
        let mut second = a_document(owner);
        second.version.storage_path.clone_from(&path);
        tx.documents().insert(&second).await.map(|document| document.id)
    };
    let tx = begin(&database).await;
    store_second(&tx).await.expect("the same object");
    tx.commit().await.expect("it commits");
    let client = db.client("postgres").await;
    let purge = format!("delete from public.documents where id = '{}'", first.id);
    client.batch_execute(&purge).await.expect("purged");

    let taking = begin(&database).await;
    store_second(&taking).await.expect("the same object");
    let sweeping = begin(&database).await;
    assert_eq!(sweeping.sweep().released(-1.0, &[], 10).await.expect("due"), [], "somebody is taking it up");
    taking.commit().await.expect("it commits");
    let due = sweeping.sweep().released(-1.0, &[], 10).await.expect("due");
    assert_eq!(paths(&due), std::slice::from_ref(&path));
    assert_eq!(sweeping.sweep().in_use(&due, 0.0).await.expect("users"), std::slice::from_ref(&path));

    // While the sweeper has it in hand, nobody takes it up: they wait, and find it gone.
    sweeping.commit().await.expect("it commits");
    client.batch_execute("delete from public.documents").await.expect("purged");
    let sweeping = begin(&database).await;
    let due = sweeping.sweep().released(-1.0, &[], 10).await.expect("due");
    assert_eq!(due.len(), 3);
    assert_eq!(sweeping.sweep().in_use(&due, -1.0).await.expect("users"), Vec::<String>::new());
    assert_eq!(sweeping.sweep().forget(&due).await.expect("struck"), 3);
    let taking = begin(&database).await;
    let (taken, committed) = tokio::join!(store_second(&taking), sweeping.commit());
    committed.expect("it commits");
    let refused = taken.expect_err("it was swept");
    assert!(refused.to_string().contains("was swept; send the file again"), "{refused}");
}

#[tokio::test]
async fn the_trash_is_purged_one_by_one_but_not_what_is_held() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let client = db.client("postgres").await;
    let mut documents = Vec::new();
    for _ in 0..3 {
        documents.push(store_document(&database, UserId::new()).await.id);
    }
    client.batch_execute("update public.documents set deleted_at = now()").await.expect("in the trash");
    let hold = format!("update public.documents set legal_hold = 'a case' where id = '{}'", documents[0]);
    client.batch_execute(&hold).await.expect("held");
    let tx = begin(&database).await;
    assert_eq!(tx.sweep().purge(60.0, &[]).await.expect("nothing to do"), None);
    let first = tx.sweep().purge(-1.0, &[documents[1]]).await.expect("purged");
    assert_eq!(first, Some(documents[2]), "what failed is passed over");
    assert_eq!(tx.sweep().purge(-1.0, &[]).await.expect("purged"), Some(documents[1]));
    assert_eq!(tx.sweep().purge(-1.0, &[]).await.expect("held"), None::<DocumentId>);
    tx.commit().await.expect("it commits");
    let left = client.query_one("select count(*) from public.documents", &[]).await.expect("a count");
    assert_eq!(left.get::<_, i64>(0), 1);
    let released = "select count(*) from colophon.objects where state = 'released'";
    assert_eq!(client.query_one(released, &[]).await.expect("a count").get::<_, i64>(0), 2);
}

#[tokio::test]
async fn only_old_idempotency_keys_go() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let rows = "insert into colophon.idempotency_keys (owner, key, request, resource_id, created_at)
        select 'o', 'k' || n, 'r', gen_random_uuid(), now() - n * interval '1 day' from generate_series(0, 9) n";
    db.client("postgres").await.batch_execute(rows).await.expect("keys");
    let tx = begin(&database).await;
    assert_eq!(tx.sweep().idempotency_keys(6.5 * 86_400.0, 2).await.expect("gone"), 2);
    assert_eq!(tx.sweep().idempotency_keys(6.5 * 86_400.0, 10).await.expect("gone"), 1);
}

#[tokio::test]
async fn a_large_document_is_purged_with_its_history_and_writes_none() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let document = store_document(&database, UserId::new()).await.id;
    let other = store_document(&database, UserId::new()).await.id;
    let client = db.client("postgres").await;
    // Every tenth zone is a part of the one before, and two are a part of each other.
    let fill = format!(
        "insert into public.zones (document_id, id, zone_index, page_number, zone_type, coordinates, confidence,
                                   zones_revision, version, parent_id)
         select '{document}', ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, n, 1, 'text', '{{}}', 0.5, 1, 1,
                case when n % 10 = 0 then ('00000000-0000-7000-8000-' || lpad(to_hex(n - 1), 12, '0'))::uuid end
         from generate_series(1, 100000) n;
         insert into public.zone_history (document_id, zone_id, zones_revision, until_revision, zone)
         select document_id, id, 0, 1, '{{}}' from public.zones;
         insert into public.user_corrections (document_id, zone_id, corrected_content)
         select document_id, id, 'x' from public.zones;
         insert into public.zone_confidence_history (document_id, zone_id, confidence)
         select document_id, id, 0.5 from public.zones;
         update public.documents set deleted_at = now() where id = '{document}';
         set session_replication_role = replica;
         update public.zones set parent_id = '00000000-0000-7000-8000-00000000000a' where zone_index = 9;"
    );
    db.client("supabase_admin").await.batch_execute(&fill).await.expect("rows");
    let kept = async || {
        let sql = "select (select count(*) from public.zones), (select count(*) from public.zone_history),
            (select count(*) from public.document_changes), (select count(*) from public.user_corrections),
            (select count(*) from public.zone_confidence_history)";
        let row = client.query_one(sql, &[]).await.expect("counts");
        [0, 1, 2, 3, 4].map(|at| row.get::<_, i64>(at))
    };
    assert_eq!(kept().await, [100_000, 100_000, 0, 100_000, 100_000]);
    let tx = begin(&database).await;
    let began = Instant::now();
    assert_eq!(tx.sweep().purge(-1.0, &[]).await.expect("purged"), Some(document));
    tx.commit().await.expect("it commits");
    eprintln!("100,000 zones, states, corrections and confidences purged in {:?}", began.elapsed());
    assert_eq!(kept().await, [0; 5]);

    // What is not being purged keeps its history, whoever asks.
    let service = db.client("service_role").await;
    let claim = format!("begin; select set_config('colophon.purging', '{other}', true)");
    service.batch_execute(&claim).await.expect("a claim");
    let refused = service.execute("select colophon.purge_history($1, 1)", &[&other.0]).await;
    let refused = refused.expect_err("it is in use");
    assert!(refused.as_db_error().expect("an answer").message().contains("is not being purged"));
}
