//! A server prepared like a hosted Supabase project: what it forbids, and that our files need nothing of it.

use std::path::Path;

use colophon_migrate::{Migrator, migrations};
use colophon_testkit::{A_ROW_IN_EVERY_TABLE, OwnServer, TestDatabase, skip};
use tokio::process::Command;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::folder::{ask, versions};
use crate::supabase_cli;

const HOSTED: &str = include_str!("hosted.sql");
const SINCE_2026: &str = include_str!("hosted_since_2026.sql");
const SUPABASE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../supabase");

/// A project's database, on a server of its own.
pub struct Project {
    server: OwnServer,
    database: &'static str,
}

/// How a run of a program ended, and all that it said.
pub struct Ran {
    pub succeeded: bool,
    pub out: String,
    pub err: String,
}

impl Project {
    /// As the platform hands it over, with the default privileges of old projects.
    pub async fn new() -> Self {
        let project = Self { server: OwnServer::start().await, database: "old" };
        project.prepare(HOSTED).await;
        project
    }

    /// With our schema.
    pub async fn migrated() -> Self {
        let project = Self::new().await;
        project.migrator().await.up(|_| {}).await.expect("up");
        project
    }

    /// The same server with a project made since 2026 on it.
    pub async fn newer(self) -> Self {
        let newer = Self { database: "since_2026", ..self };
        newer.prepare(&format!("{HOSTED}{SINCE_2026}")).await;
        newer
    }

    async fn prepare(&self, sql: &str) {
        let admin = self.server.client("supabase_admin", "postgres").await;
        admin.batch_execute(&format!("create database {}", self.database)).await.expect("a database");
        self.client("supabase_admin").await.batch_execute(sql).await.expect("the platform's part");
    }

    /// A connection to it, as a role that logs in.
    pub async fn client(&self, role: &str) -> Client {
        self.server.client(role, self.database).await
    }

    pub async fn url(&self) -> String {
        format!("{}?sslmode=disable", self.server.tcp_url("postgres", self.database).await)
    }

    pub async fn stop(self) {
        self.server.stop().await;
    }

    async fn migrator(&self) -> Migrator {
        Migrator::connect(&self.server.url("postgres", self.database)).await.expect("it connects")
    }

    /// The Supabase CLI on this project, with this repository's own `supabase/`; `None` where there is no CLI.
    pub async fn cli(&self, args: &[&str]) -> Option<Ran> {
        let folder = tempfile::tempdir().expect("a folder");
        copy(Path::new(SUPABASE), &folder.path().join("supabase"));
        let ran = Command::new(supabase_cli::binary()?)
            .args(args)
            .arg(format!("--remote={}", self.url().await))
            .current_dir(folder.path())
            .env("DO_NOT_TRACK", "1")
            .env("SUPABASE_TELEMETRY_DISABLED", "1")
            .env("HOME", folder.path())
            .stdin(std::process::Stdio::null())
            .output()
            .await
            .expect("the CLI runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Some(Ran { succeeded: ran.status.success(), out: text(&ran.stdout), err: text(&ran.stderr) })
    }

    /// As [`Project::cli`], and it must succeed.
    pub async fn cli_does(&self, args: &[&str]) -> Option<Ran> {
        let ran = self.cli(args).await?;
        assert!(ran.succeeded, "supabase {args:?}: {}{}", ran.out, ran.err);
        Some(ran)
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("files") {
        let (entry, name) = entry.map(|entry| (entry.path(), entry.file_name())).expect("a file");
        if entry.is_dir() {
            copy(&entry, &to.join(name));
        } else {
            std::fs::copy(&entry, to.join(name)).expect("a copy");
        }
    }
}

/// Everything of ours in the catalog, grants and policies included.
async fn fingerprint(client: &Client) -> Vec<String> {
    let sql = include_str!("../fingerprint.sql");
    client.query(sql, &[]).await.expect("a fingerprint").iter().map(|row| row.get(0)).collect()
}

/// The SQLSTATE with which a statement is refused, or what it did.
async fn outcome(client: &Client, sql: &str) -> String {
    match client.execute(sql, &[]).await {
        Ok(rows) => format!("{rows} rows"),
        Err(error) => error.code().expect("the server refuses it").code().to_owned(),
    }
}

#[tokio::test]
async fn what_a_hosted_project_forbids_is_forbidden_here() {
    let project = Project::new().await;
    let postgres = project.client("postgres").await;
    for sql in [
        "alter table storage.objects add column mine text",
        "alter table storage.objects enable row level security",
        "create index mine on storage.objects (name)",
        "comment on table storage.objects is 'mine'",
        "create function storage.mine() returns int language sql as 'select 1'",
        "create table auth.mine (a int)",
        "drop table auth.users",
        "delete from storage.objects",
        "delete from storage.buckets",
        "insert into storage.migrations values (1, 'mine', '')",
        "create policy mine on storage.migrations using (false); alter table storage.objects disable row level security",
        "alter role supabase_admin nosuperuser",
        "set role supabase_storage_admin",
    ] {
        let refused = postgres.batch_execute(sql).await.expect_err(sql);
        assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{sql}: {refused:?}");
    }
    for sql in [
        "create policy mine on storage.objects using (false)",
        "alter policy mine on storage.objects using (true)",
        "drop policy mine on storage.objects",
        "insert into storage.buckets (id, name) values ('mine', 'mine')",
        "create table public.mine (u uuid references auth.users (id))",
    ] {
        postgres.batch_execute(sql).await.expect(sql);
    }
    project.stop().await;
}

#[tokio::test]
async fn the_cli_pushes_everything_onto_old_and_new_projects_and_their_grants_are_equal() {
    let mut project = Project::new().await;
    let plain = TestDatabase::migrated().await;
    let expected = fingerprint(&plain.client("postgres").await).await;
    for newer in [false, true] {
        if newer {
            project = project.newer().await;
        }
        let Some(push) = project.cli_does(&["db", "push", "--yes"]).await else {
            skip!("no Supabase CLI; npm install supabase, or COLOPHON_SUPABASE_CLI")
        };
        assert!(!push.err.contains("WARN") && !push.out.contains("WARN"), "{}{}", push.out, push.err);
        let client = project.client("postgres").await;
        assert_eq!(versions(&client).await.len(), migrations().len());
        // A plain server ends with the same, too.
        let found = fingerprint(&client).await;
        let other: Vec<_> = found.iter().filter(|line| !expected.contains(line)).collect();
        assert_eq!((other, found.len()), (vec![], expected.len()), "{}", project.database);
    }
    project.stop().await;
}

#[tokio::test]
async fn our_own_migrator_goes_up_and_down_and_compares_on_a_hosted_project() {
    let project = Project::new().await;
    let (migrator, client) = (project.migrator().await, project.client("postgres").await);
    assert_eq!(migrator.up(|_| {}).await.expect("up"), migrations().len());
    assert_eq!(migrator.validate().await.expect("problems"), []);
    assert_eq!(migrator.drift().await.expect("a comparison"), []);
    assert_eq!(migrator.rehearse(Some(A_ROW_IN_EVERY_TABLE)).await.expect("a rehearsal"), []);
    client.batch_execute(A_ROW_IN_EVERY_TABLE).await.expect("rows");
    let object = "insert into storage.objects (bucket_id, name) values ('documents', 'a/b/c.pdf')";
    client.batch_execute(object).await.expect("an object");
    assert_eq!(migrator.down(Some("0"), |_| {}).await.expect("down"), migrations().len());
    assert_eq!(
        ask(&client, "select count(*) from storage.objects").await,
        "1",
        "a way back leaves the files"
    );
    assert_eq!(migrator.up(|_| {}).await.expect("up again"), migrations().len());
    assert_eq!(ask(&client, "select public from storage.buckets where id = 'documents'").await, "false");
    project.stop().await;
}

const OWNER: &str = "00000000-0000-7000-8000-00000000000a";
const STRANGER: &str = "00000000-0000-7000-8000-0000000000ff";

/// As the Data API does it: the login role takes the role of the token, with its claims, for one transaction.
async fn as_the_data_api<const N: usize>(
    login: &Client,
    role: &str,
    user: &str,
    statements: [&str; N],
) -> [String; N] {
    let claims = format!(r#"{{"role":"{role}","sub":"{user}"}}"#);
    let mut outcomes = [const { String::new() }; N];
    for (outcome_of, sql) in outcomes.iter_mut().zip(statements) {
        login.batch_execute(&format!("begin; set local role {role}")).await.expect("the role");
        let set = "select set_config('request.jwt.claims', $1, true)";
        login.query_one(set, &[&claims]).await.expect("the claims");
        *outcome_of = outcome(login, sql).await;
        login.batch_execute("commit").await.expect("an end");
    }
    outcomes
}

#[tokio::test]
async fn the_data_api_shows_a_person_his_own_documents_and_objects_and_a_stranger_nothing() {
    let project = Project::migrated().await;
    project.client("postgres").await.batch_execute(A_ROW_IN_EVERY_TABLE).await.expect("rows");
    let login = project.client("authenticator").await;
    let all = ["select from public.documents", "select from public.zones", "select from storage.objects"];
    let own =
        format!("insert into storage.objects (bucket_id, name) values ('documents', '{OWNER}/d/x.pdf')");

    assert_eq!(outcome(&login, all[0]).await, "42501", "without a role the login sees nothing");
    assert_eq!(as_the_data_api(&login, "authenticated", OWNER, [&own]).await, ["1 rows"]);
    assert_eq!(as_the_data_api(&login, "authenticated", OWNER, all).await, ["1 rows", "1 rows", "1 rows"]);
    assert_eq!(as_the_data_api(&login, "authenticated", STRANGER, all).await, ["0 rows", "0 rows", "0 rows"]);
    assert_eq!(as_the_data_api(&login, "anon", STRANGER, all).await, ["42501", "42501", "0 rows"]);
    assert_eq!(as_the_data_api(&login, "service_role", STRANGER, all).await, ["1 rows", "1 rows", "1 rows"]);

    let forbidden = [
        own.replace("/d/x", "/d/y"),
        own.replace("'documents'", "'another'"),
        format!("insert into storage.objects (bucket_id, name) values ('documents', '{STRANGER}')"),
        "update storage.objects set name = 'taken'".to_owned(),
        "delete from storage.objects".to_owned(),
        format!(
            "insert into public.documents (filename, original_filename, file_size_bytes, uploaded_by)
             values ('a', 'a', 1, '{OWNER}')"
        ),
    ];
    let forbidden = forbidden.each_ref().map(String::as_str);
    assert_eq!(
        as_the_data_api(&login, "authenticated", STRANGER, forbidden).await,
        ["42501", "42501", "42501", "0 rows", "42501", "42501"]
    );
    // Nor may the owner himself change or delete what the platform's rows speak of.
    let change = ["update storage.objects set name = name || 'x'", "delete from storage.objects"];
    assert_eq!(as_the_data_api(&login, "authenticated", OWNER, change).await, ["0 rows", "42501"]);
    project.stop().await;
}
