//! The offline script does what the runner does.

use std::process::Command;

use colophon_migrate::script;
use colophon_testkit::{TestDatabase, skip};

use crate::folder::{Folder, versions};

fn psql(db: &TestDatabase, folder: &Folder, text: &str) -> bool {
    let file = folder.root().join("script.sql");
    std::fs::write(&file, text).expect("a file");
    let ran = Command::new("psql").args(["-X", "-q", "-d", &db.url("postgres"), "-f"]).arg(&file).output();
    let ran = ran.expect("psql runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    true
}

#[tokio::test]
async fn the_script_makes_what_up_makes_and_its_way_back_unmakes_it() {
    if Command::new("psql").arg("--version").output().is_err() {
        skip!("no psql");
    }
    let (folder, db) = (Folder::of_three(), TestDatabase::empty().await);
    folder.write(
        "20260104000000_title",
        "create index concurrently books_title_idx on public.books (title) -- ends with a comment",
        "drop index concurrently public.books_title_idx",
    );
    folder.write(
        "20260105000000_quotes",
        "insert into public.books values (1, 'it''s; \\ $$'); select $x$ ; 'a' $x$",
        "delete from public.books",
    );
    psql(&db, &folder, &script(&folder.read(), false).expect("a script"));
    let migrator = folder.migrator(&db).await;
    assert!(migrator.status().await.expect("a status").iter().all(|s| s.applied && !s.edited));
    assert!(migrator.validate().await.expect("problems").is_empty());
    assert!(migrator.drift().await.expect("a comparison").is_empty());
    assert_eq!(migrator.up(|_| {}).await.expect("nothing to do"), 0);

    psql(&db, &folder, &script(&folder.read()[2..], true).expect("a script"));
    assert_eq!(versions(&db.client("postgres").await).await, ["20260101000000", "20260102000000"]);
    assert_eq!(migrator.up(|_| {}).await.expect("up again"), 3);
}
