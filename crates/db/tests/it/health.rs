//! What `colophon doctor` asks the catalogs.

use colophon_db::{Database, LoginScope, SystemScope};
use colophon_testkit::TestDatabase;

async fn look(database: &Database) -> colophon_db::Tx<LoginScope> {
    database.session(&LoginScope::new()).begin().await.expect("a transaction")
}

fn tables() -> Vec<String> {
    vec!["public.documents".to_owned(), "colophon.idempotency_keys".to_owned(), "public.nothing".to_owned()]
}

#[tokio::test]
async fn the_login_role_sees_the_catalogs_and_no_row() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let tx = look(&database).await;
    let server = tx.health().server().await.expect("the server");
    assert!((15..=18).contains(&(server.version_number / 10_000)), "{server:?}");
    assert_eq!((server.database.as_str(), server.encrypted, server.in_recovery), (db.name(), false, false));
    assert!(server.max_connections >= 100 && server.database_id > 0, "{server:?}");
    assert_eq!(server.statement_timeout_ms, 8_000, "authenticator's own");
    let skew = tx.health().clock().await.expect("a time").duration_since(jiff::Timestamp::now());
    assert!(skew.abs().as_secs() < 5, "{skew}");
    let login = tx.health().login(&tables()).await.expect("the role");
    assert_eq!((login.name.as_str(), login.superuser, login.bypasses_rls), ("authenticator", false, false));
    assert!(login.reaches.is_empty() && login.enters_colophon, "{login:?}");
    tx.commit().await.expect("a commit");
    let tx = look(&database).await;
    assert!(tx.documents().get(colophon_domain::DocumentId::new()).await.is_err(), "no rights of its own");
}

#[tokio::test]
async fn a_healthy_schema_is_told_as_such() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let tx = look(&database).await;
    let health = tx.health();
    let uid = health.auth_uid().await.expect("a look");
    assert!(uid.there && uid.is_uuid && uid.callable, "{uid:?}");
    let roles = health.roles(&["authenticated", "service_role", "nobody"]).await.expect("roles");
    let told: Vec<_> = roles.iter().map(|r| (r.name.as_str(), r.there, r.takeable, r.bypasses_rls)).collect();
    assert_eq!(
        told,
        [
            ("authenticated", true, true, false),
            ("service_role", true, true, true),
            ("nobody", false, false, false)
        ]
    );
    assert!(roles.iter().all(|role| !role.superuser));
    let relations = health.relations().await.expect("relations");
    let documents = relations.iter().find(|r| r.name == "public.documents").expect("it is there");
    assert!(
        documents.is_table && documents.row_security && documents.has_policies && documents.anon.is_empty()
    );
    assert_eq!(documents.service_role, ["delete", "insert", "select", "update"]);
    assert_eq!(documents.authenticated, ["delete", "insert", "select", "update"]);
    assert!(relations.iter().any(|r| r.name == "colophon.idempotency_keys"));
    assert_eq!(health.open_functions().await.expect("functions"), Vec::<String>::new());
    let extensions = health.extensions().await.expect("extensions");
    assert!(extensions.iter().any(|name| name.starts_with("plpgsql ")), "{extensions:?}");
    tx.commit().await.expect("a commit");
    let tx = database.session(&SystemScope::new()).begin().await.expect("a transaction");
    assert_eq!(tx.runs_as().await.expect("a look"), ("service_role".to_owned(), "5min".to_owned()));
    tx.commit().await.expect("a commit");
}

#[tokio::test]
async fn what_is_wrong_is_seen() {
    let db = TestDatabase::migrated().await;
    let breakages = "
        alter table public.documents disable row level security;
        grant select (id) on public.zones to anon;
        grant truncate on public.zones to authenticated;
        grant execute on function colophon.uuid_v7() to public;
        create view public.everything as select * from public.documents;
        create table public.foreign_to_us (id int);
        grant select on public.documents to authenticator";
    db.client("postgres").await.batch_execute(breakages).await.expect("breakages");
    let database = db.database().await;
    let tx = look(&database).await;
    let health = tx.health();
    let relations = health.relations().await.expect("relations");
    let of = |name: &str| relations.iter().find(|r| r.name == name).unwrap_or_else(|| panic!("{name}"));
    assert!(!of("public.documents").row_security);
    assert_eq!(of("public.zones").anon, ["select"]);
    assert!(of("public.zones").authenticated.contains(&"truncate".to_owned()));
    assert!(!of("public.everything").is_table && !of("public.foreign_to_us").has_policies);
    assert_eq!(health.open_functions().await.expect("functions"), ["colophon.uuid_v7()"]);
    assert_eq!(health.login(&tables()).await.expect("the role").reaches, ["public.documents"]);
    tx.commit().await.expect("a commit");
}
