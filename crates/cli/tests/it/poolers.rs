//! Behind a pooler in transaction mode. With `COLOPHON_TEST_POOLER=transaction` the whole suite is.

use colophon_testkit::skip;
use serde_json::json;

use crate::folder::Folder;
use crate::pdf::numbered;
use crate::server::{Server, change};

#[test]
fn a_server_that_knows_only_the_pooler_starts_and_its_workers_poll() {
    let Some(folder) = Folder::behind_a_pooler_alone() else { skip!("no pgbouncer") };
    let server = Server::start_on(folder, &["--workers", "1"]);
    let person = server.person();
    for round in 0..3 {
        let document = person.api.process(&format!("polled-{round}.pdf"), &numbered("polled", 2));
        assert_eq!(document["status"], "processed");
    }
    assert_eq!(person.api.list("/v1/documents", 10).len(), 3);
    let log = server.log();
    assert_eq!(log.matches("workers poll").count(), 1, "{log}");
    assert!(log.contains("COLOPHON_DIRECT_URL"), "{log}");
}

#[test]
fn migrations_through_a_pooler_are_refused_and_told_where_to_go() {
    let Some(folder) = Folder::behind_a_pooler_alone() else { skip!("no pgbouncer") };
    let ran = folder.run(&["migrate", "up"]);
    assert_eq!((ran.code, ran.stderr.lines().count()), (Some(2), 1), "{ran:?}");
    assert!(ran.stderr.contains("COLOPHON_DIRECT_URL"), "{ran:?}");
    assert_eq!(folder.json(&["documents", "list", "--json"])["items"], json!([]));
}

#[test]
fn a_role_that_may_not_see_the_schemas_version_is_told_what_to_do() {
    let Some(folder) = Folder::behind_a_pooler_alone() else { skip!("no pgbouncer") };
    // A database of before the migration that lets it ask.
    change(&folder.shared_url().unwrap(), "drop function colophon.applied_migrations()");
    let ran = folder.run(&["documents", "list"]);
    assert_eq!((ran.code, ran.stderr.lines().count()), (Some(4), 1), "{ran:?}");
    assert!(
        ran.stderr.contains("COLOPHON_DIRECT_URL") && ran.stderr.contains("colophon migrate up"),
        "{ran:?}"
    );
}

#[test]
fn a_way_to_the_database_that_makes_no_sense_is_a_mistake_of_usage() {
    let folder = Folder::new();
    let url = "postgresql://u:hunter2@localhost/d";
    for (name, value, says) in [
        ("COLOPHON_POOLER", "maybe", "auto, none, session or transaction"),
        ("COLOPHON_DIRECT_URL", "postgresql://u:hunter2@h/d?ssl=on", "unknown parameter `ssl`"),
        ("COLOPHON_DATABASE_URL", "postgresql://u:hunter2@h/d?sslmode=on", "sslmode is one of"),
        (
            "COLOPHON_DATABASE_URL",
            "postgresql://u:hunter2@h/d?sslrootcert=/no/file&sslmode=require",
            "/no/file",
        ),
    ] {
        let mut command = folder.command(&["documents", "list"]);
        command.env("COLOPHON_DATABASE_URL", url).env_remove("COLOPHON_DIRECT_URL").env(name, value);
        let ran = crate::folder::ran(command.output().unwrap());
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{name}={value}: {ran:?}");
        assert!(ran.stderr.contains(says) && !ran.stderr.contains("hunter2"), "{name}={value}: {ran:?}");
    }
}
