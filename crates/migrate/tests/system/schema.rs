//! `supabase/schema.sql`: what all migrations make together, for reading, and for seeing in a diff what a new one changes.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use colophon_testkit::{TestDatabase, skip};

use crate::folder::ask;

const HEADER: &str = "-- What all migrations make together: generated, for reading only. `supabase db push` and `colophon migrate up` run the
-- files in migrations/. After a new one: UPDATE_SCHEMA=1 cargo test -p colophon-migrate --test system schema_sql
";

/// What `pg_dump` leaves out here, since the tables are the platform's.
const IN_STORAGE: &str = "
    select format(E'CREATE POLICY %I ON %I.%I FOR %s TO %s%s%s;', policyname, schemaname, tablename, cmd,
        array_to_string(roles, ', '), E'\\n    USING (' || qual || ')', E'\\n    WITH CHECK (' || with_check || ')')
    from pg_policies where schemaname = 'storage' order by policyname";

/// `pg_dump`'s text without what differs between its releases and between servers, and without the platform's own.
fn normalised(dump: &str) -> String {
    let noise = ["--", "SET ", "\\restrict", "\\unrestrict", "SELECT pg_catalog.set_config"];
    let ours =
        |line: &&str| !line.contains("SCHEMA public") && !noise.iter().any(|start| line.starts_with(start));
    let mut text = String::new();
    let mut blank = true;
    for line in dump.lines().map(str::trim_end).filter(ours) {
        if !(blank && line.is_empty()) {
            text.push_str(line);
            text.push('\n');
        }
        blank = line.is_empty();
    }
    text.truncate(text.trim_end().len() + 1);
    text
}

#[tokio::test]
async fn schema_sql_is_what_the_migrations_make() {
    let db = TestDatabase::migrated().await;
    let client = db.client("postgres").await;
    let dump = Command::new("pg_dump")
        .args([
            "--schema-only",
            "--no-owner",
            "--schema=public",
            "--schema=colophon",
            "-d",
            &db.url("postgres"),
        ])
        .output();
    let Ok(dump) = dump else { skip!("no pg_dump") };
    let error = String::from_utf8_lossy(&dump.stderr);
    if error.contains("server version mismatch") {
        skip!("pg_dump is older than the server")
    }
    assert!(dump.status.success(), "{error}");

    let mut text = format!("{HEADER}\n{}", normalised(&String::from_utf8_lossy(&dump.stdout)));
    for row in client.query(IN_STORAGE, &[]).await.expect("policies") {
        let _ = writeln!(text, "\n{}", row.get::<_, &str>(0));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../supabase/schema.sql");
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &text).expect("it is written");
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    let server = ask(&client, "current_setting('server_version_num')::int / 10000").await;
    if stored != text && server != "15" {
        skip!("schema.sql is a dump of PostgreSQL 15, and this is {server}")
    }
    let differing = stored.lines().zip(text.lines()).find(|(stored, made)| stored != made);
    assert!(
        stored == text,
        "supabase/schema.sql is not what the migrations make, first at {differing:?}; UPDATE_SCHEMA=1 writes it anew"
    );
}
