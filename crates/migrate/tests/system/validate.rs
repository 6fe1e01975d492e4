//! Every way back is tried before anybody needs it.

use colophon_migrate::{Migrator, validate_files};
use colophon_testkit::{A_ROW_IN_EVERY_TABLE, TestDatabase};

use crate::folder::Folder;

#[tokio::test]
async fn our_own_files_go_up_down_and_up_in_a_scratch_database_also_when_it_is_filled() {
    let db = TestDatabase::empty().await;
    let migrator = Migrator::connect(&db.url("postgres")).await.expect("it connects");
    assert_eq!(migrator.rehearse(None).await.expect("a rehearsal"), []);
    assert_eq!(migrator.rehearse(Some(A_ROW_IN_EVERY_TABLE)).await.expect("a rehearsal"), []);
    assert!(migrator.validate().await.expect("problems").is_empty());
}

#[tokio::test]
async fn a_way_back_that_forgets_something_is_found_with_its_name() {
    let (folder, db) = (Folder::of_three(), TestDatabase::empty().await);
    folder.write(
        "20260104000000_more",
        "create table public.more (a int); create function public.more() returns int language sql set search_path = '' as 'select 1'",
        "drop table public.more",
    );
    let problems = folder.migrator(&db).await.rehearse(None).await.expect("a rehearsal");
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert_eq!((problems[0].code, problems[0].version.as_str()), ("not-reversible", "20260104000000"));
    assert!(problems[0].message.contains("function public.more() is left over"), "{}", problems[0].message);
}

#[tokio::test]
async fn a_way_back_that_fails_on_rows_is_found_only_with_rows() {
    let (folder, db) = (Folder::of_three(), TestDatabase::empty().await);
    folder.write(
        "20260104000000_null",
        "alter table public.books alter title drop not null",
        "alter table public.books alter title set not null",
    );
    let migrator = folder.migrator(&db).await;
    assert_eq!(migrator.rehearse(None).await.expect("a rehearsal"), []);
    let fill = "insert into public.books (id) values (1)";
    let problems = migrator.rehearse(Some(fill)).await.expect("a rehearsal");
    assert_eq!(problems[0].code, "not-reversible", "{problems:#?}");
    assert!(problems[0].message.contains("23502"), "{}", problems[0].message);
}

#[tokio::test]
async fn a_file_that_is_gone_or_late_and_one_without_a_way_back_are_told() {
    let (folder, db) = (Folder::of_three(), TestDatabase::empty().await);
    folder.migrator(&db).await.up(|_| {}).await.expect("up");
    std::fs::remove_file(folder.path().join("migrations/20260103000000_author.sql")).expect("gone");
    std::fs::remove_file(folder.path().join("rollbacks/20260103000000_author.sql")).expect("gone");
    std::fs::remove_file(folder.path().join("rollbacks/20260102000000_pages.sql")).expect("gone");
    folder.write("20260101120000_late", "select 1", "select 1");
    let problems = folder.migrator(&db).await.validate().await.expect("problems");
    let codes: Vec<_> = problems.iter().map(|p| p.code).collect();
    assert_eq!(codes, ["out-of-order", "no-way-back", "missing-file"], "{problems:#?}");
}

#[test]
fn files_that_contradict_each_other_are_refused() {
    let folder = Folder::of_three();
    assert!(validate_files(&folder.read()).is_empty());
    std::fs::write(folder.path().join("rollbacks/20260109000000_nobody.sql"), "select 1").expect("a file");
    let error = colophon_migrate::read_folder(&folder.path()).expect_err("nobody's way back").to_string();
    assert!(error.contains("20260109000000_nobody"), "{error}");
    std::fs::remove_file(folder.path().join("rollbacks/20260109000000_nobody.sql")).expect("gone");
    folder.write("20260101000000_twice", "select 1", "select 1");
    let error = colophon_migrate::read_folder(&folder.path()).expect_err("two of one version").to_string();
    assert!(error.contains("same version"), "{error}");
}

#[test]
fn a_new_pair_of_files_comes_after_all_others() {
    let folder = Folder::of_three();
    folder.write("29990101000000_far", "select 1", "select 1");
    let made = colophon_migrate::new(&folder.path(), "next_thing").expect("a pair");
    assert!(made[0].ends_with("migrations/29990101000001_next_thing.sql"), "{made:?}");
    assert_eq!(folder.read().last().map(|m| (m.name, m.down.is_some())), Some(("next_thing", true)));
    assert!(colophon_migrate::new(&folder.path(), "../evil").is_err());
}
