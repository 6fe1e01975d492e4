//! The live catalog against the files, in words.

use colophon_migrate::Migrator;
use colophon_testkit::TestDatabase;

use crate::folder::Folder;

#[tokio::test]
async fn what_somebody_changed_by_hand_is_told_object_by_object() {
    let db = TestDatabase::migrated().await;
    let client = db.client("postgres").await;
    let migrator = Migrator::connect(&db.url("postgres")).await.expect("it connects");
    assert_eq!(migrator.drift().await.expect("a comparison"), [], "an untouched database has none");
    for (change, expected) in [
        ("alter table zones add column foo text", "column public.zones.foo exists and no migration made it"),
        (
            "create table public.stray (a int primary key)",
            "table public.stray exists and no migration made it",
        ),
        (
            "drop index zones_page_number_idx",
            "index public.zones_page_number_idx is missing, though a migration made it",
        ),
        ("alter table zones alter status set default 'failed'", "column public.zones.status is `"),
        ("grant delete on job_queue to anon", "table public.job_queue is `"),
        (
            "drop policy colophon_objects_owner_select on storage.objects",
            "policy colophon_objects_owner_select on storage.objects is missing",
        ),
        ("alter table zones disable row level security", "table public.zones is `"),
        ("alter function colophon.uuid_v7() reset search_path", "function colophon.uuid_v7() is `"),
        ("drop trigger zones_changed on zones", "trigger zones_changed on public.zones is missing"),
        (
            "alter table zones drop constraint zones_version_check",
            "constraint zones_version_check on public.zones is missing",
        ),
        ("create schema stray", "schema stray exists and no migration made it"),
    ] {
        client.batch_execute(change).await.expect(change);
        let found = migrator.drift().await.expect("a comparison");
        assert!(found.iter().any(|d| d.message.starts_with(expected)), "{change}: {found:#?}");
        // What belongs to a stray table is not told besides.
        assert!(!found.iter().any(|d| d.message.contains("stray_pkey")), "{found:#?}");
    }
}

#[tokio::test]
async fn what_is_pending_is_no_drift() {
    let (folder, db) = (Folder::of_three(), TestDatabase::empty().await);
    let migrator = folder.migrator(&db).await;
    migrator.up_to(Some("20260102000000"), &mut |_| {}).await.expect("up");
    assert_eq!(migrator.drift().await.expect("a comparison"), []);
}
