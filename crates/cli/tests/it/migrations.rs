//! `colophon migrate` on a private instance, and what a database from the future does to the commands.

use serde_json::Value;

use crate::folder::{Folder, only_with_a_private_instance};
use crate::server::{Server, ask, change};

fn states(folder: &Folder) -> Vec<(String, bool)> {
    let of = |row: &Value| (row["version"].as_str().unwrap().to_owned(), row["applied"].as_bool().unwrap());
    folder.json(&["migrate", "status", "--json"]).as_array().unwrap().iter().map(of).collect()
}

#[test]
fn migrations_go_up_and_down_and_up_again() {
    only_with_a_private_instance!();
    let folder = Folder::new();
    let pending = states(&folder);
    assert!(!pending.is_empty() && pending.iter().all(|(_, applied)| !applied), "{pending:?}");
    let up = folder.done(&["migrate", "up"]);
    assert_eq!(up.lines().filter(|line| line.starts_with("applied ")).count(), pending.len(), "{up}");
    assert!(states(&folder).iter().all(|(_, applied)| *applied));
    assert!(folder.done(&["migrate", "up"]).contains("nothing is pending"));
    let table = folder.done(&["migrate", "status"]);
    assert!(
        table.contains("VERSION") && table.contains(&pending[0].0) && !table.contains("pending"),
        "{table}"
    );

    let down = folder.done(&["migrate", "down"]);
    let (last, others) = pending.split_last().unwrap();
    assert!(down.starts_with(&format!("undid {}", last.0)), "{down}");
    assert_eq!(states(&folder).iter().filter(|(_, applied)| *applied).count(), others.len());
    let down = folder.done(&["migrate", "down", "--to", "0"]);
    assert_eq!(down.lines().count(), others.len(), "{down}");
    assert_eq!(states(&folder), pending);
    assert!(folder.done(&["migrate", "down"]).contains("nothing to undo"));
    let unknown = folder.run(&["migrate", "down", "--to", "20000101000000"]);
    assert_eq!((unknown.code, unknown.stderr.lines().count()), (Some(1), 1), "{unknown:?}");
    // Whoever uses the instance brings it up to date.
    assert_eq!(folder.json(&["documents", "list", "--json"])["items"], Value::Array(Vec::new()));
    assert!(states(&folder).iter().all(|(_, applied)| *applied));
    folder.assert_postgres_stopped();
}

#[test]
fn a_database_from_the_future_is_refused_with_exit_code_4() {
    let server = Server::start();
    let url = &server.ready.database_url;
    let newer = "insert into supabase_migrations.schema_migrations (version, name)
                 values ('29991231235959', 'from_the_future')";
    change(url, newer);
    for args in [&["documents", "list"][..], &["serve", "--listen", "127.0.0.1:0"], &["migrate", "up"]] {
        let ran = server.folder.run(args);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(4), ""), "{args:?}: {ran:?}");
        assert_eq!(ran.stderr.lines().count(), 1, "{args:?}: {ran:?}");
        assert!(ran.stderr.contains("29991231235959"), "{args:?}: {ran:?}");
    }
    let status = server.folder.done(&["migrate", "status"]);
    assert!(status.contains("29991231235959") && status.contains("unknown"), "{status}");
    let shared = server.folder.run(&["documents", "list", "--database-url", url]);
    assert_eq!(shared.code, Some(4), "{shared:?}");
}

#[test]
fn a_shared_database_that_lacks_migrations_is_refused_with_exit_code_4_and_never_changed() {
    let server = Server::start();
    let url = &server.ready.database_url;
    let last = server.folder.json(&["migrate", "status", "--json"]);
    let last = last.as_array().unwrap().last().unwrap()["version"].as_str().unwrap().to_owned();
    server.folder.done(&["migrate", "down"]);
    let ran = server.folder.run(&["documents", "list", "--database-url", url]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.stderr.contains("colophon migrate up"), "{ran:?}");
    let applied =
        format!("select count(*) from supabase_migrations.schema_migrations where version = '{last}'");
    assert_eq!(ask(url, &applied), "0");
    server.folder.done(&["migrate", "up", "--database-url", url]);
    server.folder.done(&["documents", "list", "--database-url", url]);
    let nobody = server.folder.run(&["documents", "list", "--database-url", "not a url"]);
    assert_eq!((nobody.code, nobody.stderr.lines().count()), (Some(2), 1), "{nobody:?}");
}
