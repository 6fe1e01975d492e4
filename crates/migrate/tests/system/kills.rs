//! Killed at any moment of the way forward or back, the next `up` ends in the same catalog.

use std::process::{Command, Stdio};
use std::time::Duration;

use colophon_migrate::{Migrator, read_folder};
use colophon_testkit::TestDatabase;
use tokio_postgres::Client;

use crate::folder::{Folder, ask};

const FINGERPRINT: &str = include_str!("../fingerprint.sql");

/// What a killed process was about: `<url> <folder> up|down`.
const ORDER: &str = "COLOPHON_TEST_MIGRATE";

/// Files that take some time each, with and without a transaction, on rows that are there.
fn files() -> Folder {
    let folder = Folder::of_three();
    let rows = "insert into public.books (id, title) select n, md5(n::text) from generate_series(1, 20000) n;
        insert into public.pages select n, 1 from generate_series(1, 20000) n;";
    folder.write("20260104000000_rows", rows, "delete from public.pages; delete from public.books;");
    folder.write(
        "20260105000000_title",
        "create index concurrently books_title_idx on public.books (title)",
        "drop index concurrently public.books_title_idx",
    );
    folder.write(
        "20260106000000_length",
        "alter table public.books add column length int; update public.books set length = char_length(title);
         alter table public.books alter length set not null; create index books_length_idx on public.books (length);",
        "drop index public.books_length_idx; alter table public.books drop column length;",
    );
    folder.write(
        "20260107000000_unique",
        "create unique index concurrently books_unique_idx on public.books (title, id)",
        "drop index concurrently public.books_unique_idx",
    );
    folder.write(
        "20260108000000_copy",
        "create table public.copies as select * from public.books; alter table public.copies add primary key (id);",
        "drop table public.copies;",
    );
    folder
}

/// Run only as the process that is to be killed.
#[tokio::test]
#[ignore = "the process that the other test kills"]
async fn the_one_who_is_killed() {
    let Ok(order) = std::env::var(ORDER) else { return };
    let [url, folder, deed] = order.splitn(3, '\n').collect::<Vec<_>>()[..] else { panic!("{order}") };
    let files = read_folder(folder.as_ref()).expect("files");
    let migrator = Migrator::connect(url).await.expect("it connects").with_files(files);
    if deed == "up" {
        migrator.up(|_| {}).await.expect("up");
    } else {
        migrator.down(Some("20260103000000"), |_| {}).await.expect("down");
    }
}

#[tokio::test]
async fn after_a_kill_at_any_moment_up_ends_in_the_same_catalog() {
    let kills: u32 = std::env::var("COLOPHON_MIGRATE_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(20);
    let (folder, db) = (files(), TestDatabase::empty().await);
    let (migrator, client) = (folder.migrator(&db).await, db.client("postgres").await);
    let begun = std::time::Instant::now();
    migrator.up(|_| {}).await.expect("up");
    let whole = begun.elapsed();
    let expected = state(&client).await;
    let (mut in_the_middle, mut invalid) = (0, 0);
    for number in 0..kills {
        let deed = if number % 2 == 0 { "down" } else { "up" };
        if deed == "up" {
            migrator.down(Some("20260103000000"), |_| {}).await.expect("down");
        }
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--ignored", "--exact", "kills::the_one_who_is_killed"])
            .env(ORDER, format!("{}\n{}\n{deed}", db.url("postgres"), folder.path().display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a process");
        // The moment is the point here: it is drawn, not waited for.
        let moment = fastrand::u64(0..u64::try_from(whole.as_millis()).expect("short") + 60);
        tokio::time::sleep(Duration::from_millis(moment)).await;
        in_the_middle += u32::from(child.try_wait().expect("a look").is_none());
        child.kill().expect("SIGKILL");
        child.wait().expect("it is dead");
        invalid += u32::from(
            ask(&client, "select exists (select from pg_index where not indisvalid)").await == "true",
        );
        migrator
            .up(|_| {})
            .await
            .unwrap_or_else(|error| panic!("kill {number} of {deed} at {moment} ms: {error}"));
        assert_eq!(state(&client).await, expected, "kill {number} of {deed} at {moment} ms");
    }
    println!(
        "{kills} kills, {in_the_middle} before the end, {invalid} seen with an invalid index; up takes {whole:?}"
    );
}

async fn state(client: &Client) -> Vec<String> {
    let rows = client.query(FINGERPRINT, &[]).await.expect("a fingerprint");
    // Columns that were dropped and made again have other numbers.
    let mut all: Vec<String> = rows
        .iter()
        .map(|row| row.get::<_, String>(0))
        .map(|line| {
            line.split(' ').filter(|word| !word.contains("public.books.")).collect::<Vec<_>>().join(" ")
        })
        .collect();
    all.sort();
    all.push(ask(client, "select count(*) from public.books").await);
    all.push(
        ask(
            client,
            "select string_agg(version, ',' order by version) from supabase_migrations.schema_migrations",
        )
        .await,
    );
    all
}
