//! Five hundred migrations.

use std::time::Instant;

use colophon_testkit::TestDatabase;

use crate::folder::Folder;

#[tokio::test]
async fn status_with_five_hundred_migrations_asks_as_few_questions_as_with_one() {
    let (folder, db) = (Folder::new(), TestDatabase::empty().await);
    for n in 0..500 {
        let up = format!("create table public.t{n} (id bigint primary key, a text)");
        folder.write(
            &format!("2026010100{:02}{:02}_t{n}", n / 60, n % 60),
            &up,
            &format!("drop table public.t{n}"),
        );
    }
    let migrator = folder.migrator(&db).await;
    let begun = Instant::now();
    assert_eq!(migrator.up(|_| {}).await.expect("up"), 500);
    let up = begun.elapsed();
    let begun = Instant::now();
    let status = migrator.status().await.expect("a status");
    assert!(status.len() == 500 && status.iter().all(|s| s.applied && !s.edited));
    let took = begun.elapsed();
    let begun = Instant::now();
    migrator.standing().await.expect("a standing");
    println!("500 migrations: up {up:?}, status {took:?}, standing {:?}", begun.elapsed());
}
