//! `colophon doctor`: what is in order is told as such, and each breakage, really made, is found by its check, with
//! what to do.

use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use colophon_testkit::{Bucket, TestDatabase, skip};
use serde_json::Value;
use tokio::net::{TcpListener, UnixStream};

use crate::folder::{Folder, Ran, only_with_a_private_instance, ran};
use crate::server::{Server, change};

const JWT_SECRET: (&str, &str) = ("SUPABASE_JWT_SECRET", "a secret of more than thirty-two bytes");

/// What a run of the doctor found.
struct Findings {
    ran: Ran,
    checks: Vec<Value>,
}

impl Findings {
    fn of(folder: &Folder, environment: &[(&str, &str)]) -> Self {
        let mut command = folder.command(&["doctor", "--json"]);
        let ran = ran(command.envs(environment.iter().copied()).output().unwrap());
        let report: Value =
            serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
        let checks = report["checks"].as_array().unwrap().clone();
        assert!(checks.iter().zip(1..).all(|(check, number)| check["number"] == number), "{ran:?}");
        let failed = checks.iter().any(|check| check["status"] == "failed");
        assert_eq!(
            (report["healthy"].as_bool(), ran.code),
            (Some(!failed), Some(i32::from(failed))),
            "{ran:?}"
        );
        // Whether it is installed is this machine's affair (see `strategies`).
        let checks = checks.into_iter().filter(|check| check["name"] != "tesseract").collect();
        Self { ran, checks }
    }

    fn shared(folder: &Folder, database_url: &str) -> Self {
        Self::of(folder, &[("COLOPHON_DATABASE_URL", database_url), JWT_SECRET])
    }

    /// What stands at a check; panics where it did not end so.
    #[track_caller]
    fn told(&self, name: &str, status: &str) -> String {
        let check = self.checks.iter().find(|check| check["name"] == name);
        let check = check.unwrap_or_else(|| panic!("no check {name}: {:?}", self.ran));
        assert_eq!(check["status"], status, "{name}: {:#?}", self.checks);
        assert_eq!(check["remedy"].is_string(), ["warning", "failed"].contains(&status), "{check}");
        format!("{} → {}", check["found"].as_str().unwrap(), check["remedy"].as_str().unwrap_or_default())
    }

    /// Names of the checks that ended so.
    fn all(&self, status: &str) -> Vec<&str> {
        let of_it = self.checks.iter().filter(|check| check["status"] == status);
        of_it.map(|check| check["name"].as_str().unwrap()).collect()
    }
}

#[test]
fn a_private_instance_is_healthy_from_its_first_minute() {
    let folder = Folder::private();
    let findings = Findings::of(&folder, &[]);
    assert_eq!(findings.all("ok").len(), findings.checks.len(), "{:#?}", findings.checks);
    assert!(findings.checks.len() >= 20, "{:#?}", findings.checks);
    folder.assert_postgres_stopped();
    assert!(!folder.data().join("objects/probes").exists(), "the probe left nothing");
    let table = folder.done(&["doctor"]);
    assert!(table.contains("row-level-security") && table.contains("0 failed"), "{table}");
    assert!(!table.contains('\u{1B}'), "no colours where nobody looks: {table}");

    let secret = folder.data().join("token-secret");
    fs::write(&secret, "0123456789abcdef0123456789abcdef").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).unwrap();
    let told = Findings::of(&folder, &[]).told("data-folder", "failed");
    assert!(told.contains("others may read") && told.contains("chmod 600"), "{told}");
}

#[test]
fn a_private_instance_that_cannot_start_is_told_and_the_rest_looked_at() {
    let folder = Folder::private();
    fs::create_dir_all(folder.data()).unwrap();
    fs::write(folder.data().join("postgres"), "a file in the place of the cluster").unwrap();
    let findings = Findings::of(&folder, &[]);
    let told = findings.told("reachable", "failed");
    assert!(
        told.contains("the private PostgreSQL cannot be started") && told.contains("postgres.log"),
        "{told}"
    );
    assert_eq!(findings.all("failed"), ["reachable"]);
    assert_eq!(findings.all("ok"), ["configuration", "storage", "data-folder", "tokens"]);
}

#[tokio::test]
async fn a_shared_database_is_healthy_by_its_login_role() {
    let db = TestDatabase::migrated().await;
    let findings = Findings::shared(&Folder::private(), &db.url("authenticator"));
    assert_eq!(findings.all("failed"), Vec::<&str>::new(), "{:#?}", findings.checks);
    assert_eq!(findings.all("warning"), Vec::<&str>::new(), "{:#?}", findings.checks);
    assert!(findings.told("tokens", "ok").contains("HS256"));
}

#[tokio::test]
async fn every_breakage_of_the_schema_is_found_by_its_check() {
    let breakages = [
        (
            "alter table public.zones disable row level security",
            "row-level-security",
            "off on public.zones",
            "ALTER TABLE public.zones ENABLE ROW LEVEL SECURITY;",
        ),
        (
            "grant select on public.documents to anon",
            "grants",
            "anon may select public.documents",
            "REVOKE ALL ON public.documents FROM PUBLIC, anon;",
        ),
        (
            "grant insert (id) on public.documents to public",
            "grants",
            "anon may insert public.documents",
            "REVOKE ALL ON public.documents FROM PUBLIC, anon;",
        ),
        (
            "grant all on public.zones to authenticated",
            "grants",
            "authenticated may truncate, references, trigger public.zones",
            "REVOKE TRUNCATE, REFERENCES, TRIGGER ON public.zones",
        ),
        (
            "revoke insert on public.job_queue from service_role",
            "grants",
            "service_role may not insert public.job_queue",
            "GRANT INSERT ON public.job_queue TO service_role;",
        ),
        (
            "grant execute on function colophon.uuid_v7() to public",
            "grants",
            "anybody may call colophon.uuid_v7()",
            "REVOKE EXECUTE ON FUNCTION colophon.uuid_v7() FROM PUBLIC, anon;",
        ),
        (
            "drop policy idempotency_keys_owner_select on colophon.idempotency_keys;
             drop policy idempotency_keys_owner_insert on colophon.idempotency_keys",
            "policies",
            "none on colophon.idempotency_keys",
            "colophon migrate drift",
        ),
        (
            "drop table public.export_records",
            "row-level-security",
            "absent: public.export_records",
            "colophon migrate drift",
        ),
        ("drop function auth.uid() cascade", "auth-functions", "there is no auth.uid()", "supabase/plain"),
        (
            "delete from supabase_migrations.schema_migrations
             where version = (select max(version) from supabase_migrations.schema_migrations)",
            "migrations",
            "1 are pending",
            "colophon migrate up",
        ),
        (
            "insert into supabase_migrations.schema_migrations (version, name) values ('29991231235959', 'later')",
            "migrations",
            "29991231235959",
            "use the program that applied it, or a newer one",
        ),
    ];
    let folder = Folder::private();
    for (breakage, check, found, remedy) in breakages {
        let db = TestDatabase::migrated().await;
        db.client("supabase_admin").await.batch_execute(breakage).await.expect(breakage);
        let findings = Findings::shared(&folder, &db.url("authenticator"));
        let told = findings.told(check, "failed");
        assert!(told.contains(found) && told.contains(remedy), "{breakage}: {told}");
        let others = ["connection-string", "pooler", "connections", "clock", "storage", "server"];
        assert!(
            others.iter().all(|name| findings.all("ok").contains(name)),
            "it goes on: {:#?}",
            findings.checks
        );
    }
    let db = TestDatabase::migrated().await;
    let client = db.client("supabase_admin").await;
    client.batch_execute("create table public.of_somebody_else (id int)").await.expect("a table");
    let told = Findings::shared(&folder, &db.url("authenticator")).told("row-level-security", "warning");
    assert!(told.contains("not Colophon's: public.of_somebody_else"), "{told}");
}

#[tokio::test]
async fn a_login_role_with_nothing_of_its_own_is_all_that_a_program_needs() {
    let folder = Folder::private();
    let db = TestDatabase::migrated().await;
    let list = |url: &str| folder.run(&["documents", "list", "--database-url", url]);
    let ran = list(&db.url("authenticator"));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    // Before the migration that lets it ask.
    let client = db.client("postgres").await;
    client.batch_execute("drop function colophon.applied_migrations()").await.expect("a database of before");
    let ran = list(&db.url("authenticator"));
    assert_eq!((ran.code, ran.stderr.lines().count()), (Some(4), 1), "{ran:?}");
    assert!(ran.stderr.contains("authenticator may not read the migrations' history"), "{ran:?}");
    let told = Findings::shared(&folder, &db.url("authenticator")).told("migrations", "failed");
    assert!(told.contains("COLOPHON_DIRECT_URL"), "{told}");
}

#[tokio::test]
async fn a_login_that_could_do_more_than_it_should_is_told() {
    let folder = Folder::private();
    let db = TestDatabase::migrated().await;
    let told = Findings::shared(&folder, &db.url("postgres")).told("login-role", "warning");
    assert!(
        told.contains("postgres bypasses row-level security") && told.contains("authenticator"),
        "{told}"
    );
    let findings = Findings::shared(&folder, &db.url("supabase_admin"));
    assert!(findings.told("login-role", "failed").contains("supabase_admin is a superuser"));
    let client = db.client("postgres").await;
    client.batch_execute("revoke usage on schema colophon from authenticator").await.expect("no way in");
    let told = Findings::shared(&folder, &db.url("authenticator")).told("login-role", "failed");
    assert!(told.contains("GRANT USAGE ON SCHEMA colophon TO authenticator"), "{told}");
    client.batch_execute("grant usage on schema colophon to authenticator").await.expect("a way in");
    let grant = "grant select on public.documents, public.zones to authenticator";
    client.batch_execute(grant).await.expect("a grant");
    let told = Findings::shared(&folder, &db.url("authenticator")).told("login-role", "warning");
    assert!(told.contains("authenticator reaches public.documents, public.zones by itself"), "{told}");
}

#[test]
fn a_database_that_cannot_be_reached_leaves_the_other_checks_standing() {
    let folder = Folder::private();
    let url = "postgresql://authenticator:hunter2@127.0.0.1:1/postgres";
    let findings = Findings::shared(&folder, url);
    let told = findings.told("reachable", "failed");
    assert!(
        told.contains("127.0.0.1:1") && told.contains("is the server running, and is the port right?"),
        "{told}"
    );
    assert!(findings.all("skipped").contains(&"grants") && findings.all("skipped").contains(&"clock"));
    findings.told("storage", "ok");
    findings.told("tokens", "ok");
    assert!(!format!("{:?}", findings.ran).contains("hunter2"), "{:?}", findings.ran);
    // A project's direct host: this name is nobody's.
    let direct =
        "postgresql://postgres:hunter2@db.nobodys-project.supabase.co:5432/postgres?connect_timeout=3";
    let findings = Findings::shared(&folder, direct);
    assert!(findings.told("connection-string", "ok").contains("a Supabase project's server itself"));
    assert!(findings.told("reachable", "failed").contains("session pooler"), "{:#?}", findings.checks);
    assert!(!folder.data().join("postgres").exists(), "no private server was started");
}

#[test]
fn a_store_that_cannot_be_written_to_is_told() {
    let folder = Folder::private();
    let file = folder.scratch().join("objects");
    fs::write(&file, "a file in the place of the folder").unwrap();
    let findings = Findings::of(&folder, &[("COLOPHON_STORAGE_URL", &format!("file://{}", file.display()))]);
    let told = findings.told("storage", "failed");
    assert!(told.contains(file.to_str().unwrap()) && told.contains("--storage-url"), "{told}");
    assert_eq!(findings.all("failed"), ["storage"]);
}

#[test]
fn a_bucket_is_probed_and_what_is_amiss_is_told_with_what_to_do() {
    let (bucket, open) = (Bucket::start(), Bucket::start_public());
    let folder = Folder::private().with_bucket(&bucket);
    let told =
        |environment: &[(&str, &str)], status| Findings::of(&folder, environment).told("storage", status);
    assert!(told(&[], "ok").contains("strangers may not read it"));
    assert_eq!(bucket.objects(), Vec::<String>::new(), "the probe left nothing");
    let url = |bucket: &Bucket, name: &str| format!("s3://{name}?endpoint={}", bucket.endpoint());
    for (variable, value, remedy) in [
        ("AWS_ACCESS_KEY_ID", "somebody", "AWS_ACCESS_KEY_ID"),
        ("AWS_SECRET_ACCESS_KEY", "guessed", "AWS_SECRET_ACCESS_KEY"),
        ("COLOPHON_STORAGE_URL", url(&bucket, "nowhere").as_str(), "make the bucket"),
        ("COLOPHON_STORAGE_URL", "s3://objects?endpoint=http://127.0.0.1:1", "reachable"),
        ("COLOPHON_STORAGE_URL", url(&open, Bucket::NAME).as_str(), "make the bucket private"),
    ] {
        let told = told(&[(variable, value)], "failed");
        assert!(told.contains(remedy) && !told.contains("guessed"), "{variable}: {told}");
    }
}

#[tokio::test]
async fn a_pooler_in_transaction_mode_is_recognised_and_asks_for_a_direct_connection() {
    let db = TestDatabase::migrated().await;
    let other = TestDatabase::migrated().await;
    let Some(pooled) = db.pooled_url("authenticator") else { skip!("no pgbouncer") };
    let folder = Folder::private();
    let shared = |more: &[(&str, &str)]| {
        Findings::of(&folder, &[&[("COLOPHON_DATABASE_URL", pooled.as_str()), JWT_SECRET], more].concat())
    };
    let findings = shared(&[]);
    assert!(findings.told("pooler", "ok").contains("transaction mode"));
    assert!(findings.told("direct-connection", "warning").contains("set COLOPHON_DIRECT_URL"));
    assert_eq!(findings.all("failed"), Vec::<&str>::new(), "{:#?}", findings.checks);

    let findings = shared(&[("COLOPHON_DIRECT_URL", &db.url("authenticator"))]);
    assert!(findings.told("direct-connection", "ok").contains("the same database"));
    let findings = shared(&[("COLOPHON_DIRECT_URL", &other.url("authenticator"))]);
    assert!(
        findings.told("direct-connection", "failed").contains("another database"),
        "{:#?}",
        findings.checks
    );
    let findings = shared(&[("COLOPHON_DIRECT_URL", &pooled)]);
    let told = findings.told("direct-connection", "failed");
    assert!(told.contains("a pooler in transaction mode too") && told.contains("port 5432"), "{told}");
    let findings = shared(&[("COLOPHON_DIRECT_URL", "postgresql://authenticator@127.0.0.1:1/x")]);
    findings.told("direct-connection", "failed");
    let findings = shared(&[("COLOPHON_POOLER", "none")]);
    assert!(findings.told("pooler", "failed").contains("COLOPHON_POOLER=auto"), "{:#?}", findings.checks);
}

#[tokio::test]
async fn what_is_configured_is_looked_at_too() {
    let db = TestDatabase::migrated().await;
    let folder = Folder::private();
    let url = db.url("authenticator");
    let findings = Findings::of(&folder, &[("DATABASE_URL", &url), ("COLOPHON_POOL_SIZE", "900")]);
    assert!(findings.told("configuration", "warning").contains("nothing says how tokens are verified"));
    let told = findings.told("connections", "warning");
    assert!(
        told.contains("takes 900 at most, the server 300") && told.contains("COLOPHON_POOL_SIZE to 120"),
        "{told}"
    );

    let jwks = folder.scratch().join("jwks.json");
    let with_keys = |keys: &str| {
        fs::write(&jwks, keys).unwrap();
        Findings::of(&folder, &[("DATABASE_URL", &url), ("SUPABASE_JWKS", jwks.to_str().unwrap())])
    };
    assert!(with_keys("{\"keys\":[]}").told("tokens", "failed").contains("set SUPABASE_JWT_SECRET"));
    assert!(with_keys("nonsense").told("tokens", "failed").contains("it is no JWK set"));
    let unreachable = [("DATABASE_URL", url.as_str()), ("SUPABASE_URL", "http://127.0.0.1:1")];
    let told = Findings::of(&folder, &unreachable).told("tokens", "failed");
    assert!(
        told.contains("http://127.0.0.1:1/auth/v1/.well-known/jwks.json") && told.contains("503"),
        "{told}"
    );

    let wrong = folder.command(&["doctor"]).env("COLOPHON_LISTEN", "here").output().unwrap();
    assert_eq!(ran(wrong).code, Some(2), "configuration ends as everywhere");
}

#[test]
fn a_running_private_instance_that_was_tampered_with_is_told_as_any_other() {
    only_with_a_private_instance!();
    let server = Server::start();
    change(&server.ready.database_url, "grant select on public.documents to anon");
    let told = Findings::of(&server.folder, &[]).told("grants", "failed");
    assert!(told.contains("anon may select public.documents"), "{told}");
}

#[tokio::test]
async fn a_way_that_others_can_read_along_is_told() {
    let db = TestDatabase::migrated().await;
    let Some(here) = address_of_this_machine() else { skip!("this machine has no address but its loopback") };
    let listener = TcpListener::bind((here, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (socket, name) = (socket_of(&db.url("authenticator")), db.name());
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut server = UnixStream::connect(&socket).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut server).await });
        }
    });
    let url = format!("postgresql://authenticator@{here}:{port}/{name}?sslmode=disable");
    let findings =
        tokio::task::spawn_blocking(move || Findings::shared(&Folder::private(), &url)).await.unwrap();
    let told = findings.told("tls", "warning");
    assert!(told.contains("not encrypted") && told.contains("sslmode=verify-full"), "{told}");
    assert_eq!(findings.all("failed"), Vec::<&str>::new(), "{:#?}", findings.checks);
}

fn socket_of(url: &str) -> PathBuf {
    let config: tokio_postgres::Config = url.parse().unwrap();
    let [tokio_postgres::config::Host::Unix(folder)] = config.get_hosts() else {
        panic!("{url} is no socket")
    };
    folder.join(format!(".s.PGSQL.{}", config.get_ports()[0]))
}

/// As others would reach it. Nothing is sent.
fn address_of_this_machine() -> Option<IpAddr> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    Some(socket.local_addr().ok()?.ip()).filter(|address| !address.is_loopback())
}
