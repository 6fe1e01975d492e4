//! One history with the real Supabase CLI: each sees what the other did.
//!
//! `COLOPHON_SUPABASE_CLI` may name its binary; else the one of `npm install supabase` in `target/ci-npm` is taken.

use std::path::PathBuf;

use colophon_migrate::Migrator;
use colophon_testkit::{TestDatabase, skip};
use tokio::process::Command;

use crate::folder::{Folder, versions};
use crate::pooler::{bridge, socket_of};

pub fn binary() -> Option<PathBuf> {
    let named = std::env::var_os("COLOPHON_SUPABASE_CLI").map(PathBuf::from);
    let installed =
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/ci-npm/node_modules/.bin/supabase"));
    named.or(Some(installed)).filter(|path| path.exists())
}

/// The CLI speaks TCP; the tests' server has only its socket.
async fn tcp_url(db: &TestDatabase) -> String {
    let (socket, name) = socket_of(&db.url("postgres"));
    let port = bridge(socket).await;
    format!("postgresql://postgres:unused@127.0.0.1:{port}/{name}?sslmode=disable")
}

struct Cli<'a> {
    binary: PathBuf,
    folder: &'a Folder,
    url: String,
}

impl<'a> Cli<'a> {
    async fn new(binary: PathBuf, folder: &'a Folder, db: &TestDatabase) -> Self {
        let config = "project_id = \"test\"\n\n[db]\nmajor_version = 15\n";
        std::fs::write(folder.path().join("config.toml"), config).expect("a file");
        Self { binary, folder, url: tcp_url(db).await }
    }

    async fn run(&self, args: &[&str]) -> String {
        let ran = Command::new(&self.binary)
            .args(args)
            .args(["--db-url", &self.url])
            .current_dir(self.folder.root())
            .env("DO_NOT_TRACK", "1")
            .env("SUPABASE_TELEMETRY_DISABLED", "1")
            .env("HOME", self.folder.root())
            .stdin(std::process::Stdio::null())
            .output()
            .await
            .expect("the CLI runs");
        let text =
            format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        assert!(ran.status.success(), "supabase {args:?}: {text}");
        text
    }

    /// Versions that it lists as local and as in the database.
    async fn list(&self) -> (Vec<String>, Vec<String>) {
        let text = self.run(&["migration", "list"]).await;
        let (mut local, mut remote) = (Vec::new(), Vec::new());
        for line in text.lines() {
            let cells: Vec<&str> = line.split(['|', '│']).map(|cell| cell.trim().trim_matches('`')).collect();
            let cells =
                if cells.first().is_some_and(|cell| cell.is_empty()) { &cells[1..] } else { &cells[..] };
            let version = |cell: Option<&&str>| {
                cell.filter(|cell| cell.len() == 14 && cell.bytes().all(|b| b.is_ascii_digit()))
                    .map(|cell| (*cell).to_owned())
            };
            local.extend(version(cells.first()));
            remote.extend(version(cells.get(1)));
        }
        assert!(!local.is_empty(), "its list has another form now: {text}");
        (local, remote)
    }
}

/// Files that put the splitting to the proof.
fn hard_files() -> Folder {
    let folder = Folder::of_three();
    folder.write(
        "20260104000000_hard",
        "-- A comment; with a semicolon.\n\n  create function public.f() returns trigger language plpgsql set search_path = '' as $body$\nbegin\n  perform 'a;b'; -- c;\n  return new;\nend\n$body$ ;\n/* block; /* nested; */ */\ncreate trigger books_f before update on public.books for each row execute function public.f();\ncomment on table public.books is 'it''s; a \"table\"' ;;\ninsert into public.books (id, title) values (1, E'back\\\\slash;'), (2, U&'\\0041;');\ndo $$ begin perform 1; end $$;\n-- the end;\n",
        "delete from public.books; drop trigger books_f on public.books; drop function public.f();",
    );
    folder
}

#[tokio::test]
async fn it_pushes_and_we_verify() {
    let Some(binary) = binary() else {
        skip!("no Supabase CLI; npm install supabase, or COLOPHON_SUPABASE_CLI")
    };
    let (folder, db) = (hard_files(), TestDatabase::empty().await);
    let cli = Cli::new(binary, &folder, &db).await;
    cli.run(&["db", "push", "--yes"]).await;
    let migrator = folder.migrator(&db).await;
    let status = migrator.status().await.expect("a status");
    assert!(status.iter().all(|s| s.applied && !s.edited), "{status:#?}");
    assert!(migrator.validate().await.expect("problems").is_empty());
    assert_eq!(migrator.drift().await.expect("a comparison"), []);
    // What it stored is, statement for statement, what we would have stored.
    let client = db.client("postgres").await;
    let sql = "select version, name, statements from supabase_migrations.schema_migrations order by version";
    for (row, m) in client.query(sql, &[]).await.expect("rows").iter().zip(folder.read()) {
        let ours: Vec<String> = colophon_migrate::statements(m.up).into_iter().map(|s| s.text).collect();
        assert_eq!(row.get::<_, Vec<String>>(2), ours, "{}", m.name);
        assert_eq!(row.get::<_, String>(1), m.name);
    }
    // An edit of a file that only the CLI has applied does not go unnoticed.
    folder.write("20260103000000_author", "alter table public.books add column author varchar", "select 1");
    let problems = folder.migrator(&db).await.validate().await.expect("problems");
    assert_eq!(problems.iter().map(|p| p.code).collect::<Vec<_>>(), ["edited"], "{problems:#?}");
}

#[tokio::test]
async fn we_push_and_it_lists_them_and_sees_what_we_took_back_as_pending() {
    let Some(binary) = binary() else {
        skip!("no Supabase CLI; npm install supabase, or COLOPHON_SUPABASE_CLI")
    };
    let (folder, db) = (hard_files(), TestDatabase::empty().await);
    let cli = Cli::new(binary, &folder, &db).await;
    let migrator = folder.migrator(&db).await;
    migrator.up(|_| {}).await.expect("up");
    let (local, remote) = cli.list().await;
    assert_eq!((local.len(), &local), (4, &remote), "it lists ours as applied");
    let nothing = cli.run(&["db", "push", "--yes"]).await;
    assert!(nothing.contains("up to date"), "{nothing}");

    migrator.down(Some("20260102000000"), |_| {}).await.expect("down");
    let (local, remote) = cli.list().await;
    assert_eq!((local.len(), remote.len()), (4, 2), "it sees what we took back as pending");
    cli.run(&["db", "push", "--yes"]).await;
    assert_eq!(versions(&db.client("postgres").await).await.len(), 4);
    assert_eq!(migrator.up(|_| {}).await.expect("nothing is left to do"), 0);
}

#[tokio::test]
async fn it_applies_our_own_files_and_we_find_them_in_order() {
    let Some(binary) = binary() else {
        skip!("no Supabase CLI; npm install supabase, or COLOPHON_SUPABASE_CLI")
    };
    let (folder, db) = (Folder::new(), TestDatabase::empty().await);
    for m in colophon_migrate::migrations() {
        folder.write(&m.stem(), m.up, m.down.unwrap_or_default());
    }
    let cli = Cli::new(binary, &folder, &db).await;
    cli.run(&["db", "push", "--yes"]).await;
    let migrator = Migrator::connect(&db.url("postgres")).await.expect("it connects");
    assert!(migrator.validate().await.expect("problems").is_empty());
    assert_eq!(migrator.drift().await.expect("a comparison"), []);
    assert_eq!(migrator.down(Some("0"), |_| {}).await.expect("down"), folder.read().len());
}
