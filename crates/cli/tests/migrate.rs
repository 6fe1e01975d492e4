//! `colophon migrate …` as it is typed: output for people and programs, and exit codes.

#![allow(clippy::expect_used, reason = "in a test a panic is the report")]

use std::path::PathBuf;
use std::process::{Command, Stdio};

use colophon_testkit::TestDatabase;
use serde_json::Value;

/// A folder of migrations of a test's own, and a database.
struct Desk {
    folder: tempfile::TempDir,
    db: TestDatabase,
}

#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Desk {
    async fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().expect("a folder"), db: TestDatabase::empty().await };
        desk.write(
            "20260101000000_books",
            "create table public.books (id bigint primary key);
             revoke all on public.books from public, anon, authenticated; grant all on public.books to service_role;",
            "drop table public.books;",
        );
        desk.write(
            "20260102000000_title",
            "alter table public.books add column title text;",
            "alter table public.books drop column title;",
        );
        desk
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("supabase")
    }

    fn write(&self, stem: &str, up: &str, down: &str) {
        for (sub, text) in [("migrations", up), ("rollbacks", down)] {
            let folder = self.path().join(sub);
            std::fs::create_dir_all(&folder).expect("a folder");
            std::fs::write(folder.join(format!("{stem}.sql")), text).expect("a file");
        }
    }

    fn run(&self, args: &[&str]) -> Ran {
        self.colophon(&[&["migrate"], args].concat())
    }

    fn colophon(&self, args: &[&str]) -> Ran {
        let ran = Command::new(env!("CARGO_BIN_EXE_colophon"))
            .args(args)
            .env_clear()
            .env("HOME", self.folder.path())
            .env("COLOPHON_MIGRATIONS", self.path())
            .env("COLOPHON_DATABASE_URL", self.db.url("postgres"))
            // `serve` wants to know how tokens are verified before it looks at a shared database.
            .env("SUPABASE_JWT_SECRET", "a secret of more than thirty-two bytes")
            .stdin(Stdio::null())
            .output()
            .expect("it runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        Ran { code: ran.status.code(), out: text(ran.stdout), err: text(ran.stderr) }
    }

    #[track_caller]
    fn done(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, Some(0), "{args:?}: {ran:?}");
        ran.out
    }

    #[track_caller]
    fn json(&self, args: &[&str]) -> Value {
        let out = self.done(args);
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{args:?}: {error}: {out}"))
    }
}

#[tokio::test]
async fn a_day_of_an_operator() {
    let desk = Desk::new().await;
    assert_eq!(desk.run(&["status", "--check"]).code, Some(4), "pending where it is checked");
    let plan = desk.json(&["plan", "--json"]);
    assert_eq!(plan.as_array().map(Vec::len), Some(2));
    let up = desk.run(&["up", "--to", "20260101000000"]);
    assert!(up.out.starts_with("applied 20260101000000_books in "), "{up:?}");
    assert!(up.err.contains("20260101000000_books 1/3 at "), "progress is told on standard error: {up:?}");

    let plan = desk.done(&["plan"]);
    assert!(plan.contains("locks public.books (") && plan.contains("ACCESS EXCLUSIVE"), "{plan}");
    let up = desk.json(&["up", "--json"]);
    assert_eq!(up["done"][0]["version"], "20260102000000");
    assert!(desk.done(&["up"]).contains("nothing is pending"));
    assert!(desk.done(&["current"]).contains("20260102000000_title"));
    desk.done(&["status", "--check"]);
    assert!(desk.done(&["validate"]).contains("everything is in order"));

    assert!(desk.done(&["redo"]).contains("undid 20260102000000_title"));
    assert!(desk.done(&["down"]).starts_with("undid 20260102000000_title in "));
    assert!(desk.done(&["down", "--to", "0"]).starts_with("undid 20260101000000_books in "));
    assert!(desk.done(&["down"]).contains("nothing to undo"));
    let history = desk.json(&["history", "--json"]);
    assert_eq!(history.as_array().map(Vec::len), Some(6));
    assert!(history[0]["host"].as_str().is_some_and(|host| !host.is_empty()), "{history}");
}

#[tokio::test]
async fn a_server_that_was_not_prepared_ends_with_4_and_the_remedy_works() {
    let desk = Desk::new().await;
    let admin = desk.db.client("supabase_admin").await;
    admin.batch_execute("drop schema auth cascade; drop schema storage cascade").await.expect("gone");
    desk.write(
        "20260103000000_policy",
        "create policy mine on storage.objects for select to authenticated using (owner = (select auth.uid()));",
        "drop policy mine on storage.objects;",
    );
    let up = desk.run(&["up"]);
    assert_eq!((up.code, up.err.lines().count()), (Some(4), 1), "{up:?}");
    assert!(
        up.err.contains("function auth.uid") && up.err.contains("colophon migrate sql --plain"),
        "{up:?}"
    );
    let script = desk.done(&["sql", "--plain"]).replace("\\set ON_ERROR_STOP on", "");
    admin.batch_execute(&script).await.expect("the script");
    desk.done(&["up"]);
}

#[tokio::test]
async fn what_the_state_of_the_database_forbids_ends_with_4_and_one_line() {
    let desk = Desk::new().await;
    desk.done(&["up"]);
    desk.write("20260101000000_books", "create table public.other (id int);", "drop table public.books;");
    let up = desk.run(&["up"]);
    assert_eq!((up.code, up.err.lines().count()), (Some(4), 1), "{up:?}");
    assert!(up.err.contains("edited") && up.err.contains("colophon migrate repair"), "{up:?}");
    assert_eq!(desk.run(&["validate"]).code, Some(4));
    assert!(desk.done(&["status"]).contains("edited since"));
    desk.done(&["repair", "--status", "applied", "20260101000000"]);
    desk.done(&["status", "--check"]);
    let drift = desk.run(&["drift"]);
    assert_eq!(drift.code, Some(1), "the edited file no longer makes what the next one needs: {drift:?}");

    desk.write("20260101120000_late", "select 1", "select 1");
    assert_eq!(desk.run(&["up"]).code, Some(4));
    desk.done(&["up", "--include-all"]);
    std::fs::remove_file(desk.path().join("migrations/20260101120000_late.sql")).expect("gone");
    std::fs::remove_file(desk.path().join("rollbacks/20260101120000_late.sql")).expect("gone");
    let newer = desk.run(&["up"]);
    assert_eq!(newer.code, Some(4), "{newer:?}");
    desk.done(&["repair", "--status", "reverted", "20260101120000"]);
    assert!(desk.done(&["up"]).contains("nothing is pending"));
}

#[tokio::test]
async fn drift_is_told_in_words_and_ends_with_4() {
    let desk = Desk::new().await;
    desk.done(&["up"]);
    assert!(desk.done(&["drift"]).contains("everything is in order"));
    let client = desk.db.client("postgres").await;
    client.batch_execute("alter table public.books add column foo text").await.expect("by hand");
    let drift = desk.run(&["drift"]);
    assert_eq!(drift.code, Some(4), "{drift:?}");
    assert_eq!(drift.out, "drift: column public.books.foo exists and no migration made it\n");
}

#[tokio::test]
async fn files_are_made_linted_and_scripted_without_a_database() {
    let desk = Desk::new().await;
    let made = desk.done(&["new", "colours"]);
    assert_eq!(made.lines().filter(|line| line.ends_with("_colours.sql")).count(), 2, "{made}");
    assert!(desk.done(&["lint", "--from", "20260101000000"]).contains("nothing was found"));
    desk.write("29990101000000_bad", "alter table public.books drop column title;", "select 1");
    let lint = desk.run(&["lint"]);
    assert_eq!(lint.code, Some(1), "{lint:?}");
    assert!(lint.out.contains("ban-drop-column") && lint.out.contains("safer: expand first"), "{lint:?}");
    let script = desk.done(&["sql", "--to", "20260102000000"]);
    assert!(script.contains("\\set ON_ERROR_STOP on") && script.contains("array['alter table"), "{script}");
    let back = desk.done(&["sql", "--down", "--from", "20260101000000", "--to", "20260102000000"]);
    assert!(back.contains("drop column title") && !back.contains("drop table"), "{back}");
    assert_eq!(desk.run(&["new", "Not Good"]).code, Some(1));
    assert_eq!(desk.run(&["no-such-thing"]).code, Some(2));
}

#[tokio::test]
async fn a_database_made_by_hand_is_adopted() {
    let desk = Desk::new().await;
    let client = desk.db.client("postgres").await;
    client.batch_execute("create table public.books (id bigint primary key)").await.expect("by hand");
    assert!(desk.done(&["baseline", "20260101000000"]).starts_with("1 said to be applied"));
    assert!(desk.done(&["up"]).starts_with("applied 20260102000000_title"));
}

#[tokio::test]
async fn serve_and_worker_only_look_and_say_what_to_do() {
    let desk = Desk::new().await;
    let client = desk.db.client("postgres").await;
    for args in [&["worker"][..], &["serve", "--listen", "127.0.0.1:0"]] {
        let ran = desk.colophon(args);
        assert_eq!((ran.code, ran.err.lines().count()), (Some(4), 1), "{args:?}: {ran:?}");
        assert!(ran.err.contains("colophon migrate up"), "{ran:?}");
    }
    let made =
        "select to_regnamespace('supabase_migrations') is null and to_regclass('public.documents') is null";
    assert!(client.query_one(made, &[]).await.expect("a look").get::<_, bool>(0), "nothing was changed");
    desk.done(&["up"]);
    for args in [&["worker"][..], &["serve", "--listen", "127.0.0.1:0"]] {
        let ran = desk.colophon(args);
        assert_eq!(ran.code, Some(4), "{args:?}: {ran:?}");
        assert!(ran.err.contains("20260101000000") && ran.err.contains("newer"), "it is told which: {ran:?}");
    }
}
