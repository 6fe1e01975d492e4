//! As root, as an ordinary user, and both on one folder.

use std::fs;

use colophon_embedded::{Postgres, SUPERUSER};

use crate::{
    program::{Options, Program},
    support::{Data, NOBODY, ask, connect, is_root, owners, superuser, try_connect},
};

#[tokio::test]
async fn works_as_root_under_a_closed_folder() {
    if !is_root("works_as_root_under_a_closed_folder") {
        return;
    }
    // The temporary folder's mode is 0700, and so is the data folder's: the server's user can enter neither.
    let data = Data::new();
    for _ in 0..2 {
        let postgres = Postgres::open(data.settings()).await.expect("opens");
        let server = data.postmaster().expect("it runs").as_raw_nonzero();
        let status = fs::read_to_string(format!("/proc/{server}/status")).expect("a process");
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a field");
            line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
        };
        assert!(field("Uid:").iter().all(|uid| uid != "0") && field("Groups:").is_empty(), "{status}");

        // The open handle carries what a path would: configuration, reload, temporary files, new databases.
        let client = superuser(&postgres).await;
        client
            .batch_execute("alter system set work_mem = '9MB'")
            .await
            .expect("writes its own configuration");
        client.batch_execute("select pg_reload_conf()").await.expect("reloads");
        client.batch_execute("set temp_buffers = '1MB'; create temp table wide as select g, repeat('x', 99) from generate_series(1, 20000) g").await.expect("temporary files");
        let fresh = superuser(&postgres).await;
        assert_eq!(ask(&fresh, "current_setting('work_mem')").await, "9MB", "new sessions read it too");
        fresh.batch_execute("drop database if exists another").await.expect("drops");
        fresh.batch_execute("create database another").await.expect("creates");
        connect(&postgres.url(SUPERUSER, "another")).await;
        postgres.close().await.expect("closes");
    }
    let foreign: Vec<_> = owners(&data.cluster()).into_iter().filter(|(_, owner)| *owner == 0).collect();
    assert!(foreign.is_empty(), "all of the cluster is the server's own: {foreign:?}");
    let outside: Vec<_> = owners(&data.path())
        .into_iter()
        .filter(|(path, owner)| !path.starts_with(data.cluster()) && *owner != 0)
        .collect();
    assert!(outside.is_empty(), "and nothing else is: {outside:?}");
}

#[tokio::test]
async fn a_cluster_that_root_copied_works() {
    if !is_root("a_cluster_that_root_copied_works") {
        return;
    }
    let (data, copy) = (Data::new(), Data::new());
    Postgres::open(data.settings()).await.expect("opens").close().await.expect("closes");
    // Without -p all becomes root's.
    let copied = std::process::Command::new("cp").arg("-r").args([data.path(), copy.path()]).status();
    assert!(copied.expect("cp").success());
    let outside = data.path().join("log");
    std::os::unix::fs::symlink(&outside, copy.cluster().join("a_link")).expect("a link");
    let postgres = Postgres::open(copy.settings()).await.expect("opens");
    ask(&superuser(&postgres).await, "1").await;
    postgres.close().await.expect("closes");
    assert!(owners(&outside).iter().all(|(_, owner)| *owner == 0), "no link was followed");
}

#[tokio::test]
async fn works_as_an_ordinary_user() {
    let data = Data::new();
    let mut options = Options { name: "ordinary", ..Options::default() };
    if rustix::process::geteuid().is_root() {
        data.give_to(NOBODY);
        options.user = Some(NOBODY);
    }
    for _ in 0..2 {
        Program::open(&data, options).close();
    }
    let owner = owners(&data.path())[0].1;
    assert_ne!(owner, 0);
    let foreign: Vec<_> = owners(&data.path()).into_iter().filter(|(_, other)| *other != owner).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
}

#[tokio::test]
async fn root_may_visit_an_ordinary_users_server() {
    if !is_root("root_may_visit_an_ordinary_users_server") {
        return;
    }
    let data = Data::new();
    data.give_to(NOBODY);
    let options = Options { name: "ordinary", user: Some(NOBODY), ..Options::default() };
    let ordinary = Program::open(&data, options);
    let root = Postgres::open(data.settings()).await.expect("root joins");
    ask(&superuser(&root).await, "1").await;
    ordinary.close();
    root.close().await.expect("closes");
    assert_eq!(data.postmaster(), None);
    // Started by root it still runs as its owner, and leaves nothing that the owner cannot use.
    Postgres::open(data.settings()).await.expect("root starts it").close().await.expect("closes");
    Program::open(&data, options).close();
    assert!(owners(&data.path()).iter().all(|(_, owner)| *owner == NOBODY), "{:?}", owners(&data.path()));
}

#[tokio::test]
async fn a_strangers_cluster_is_refused_by_name() {
    if !is_root("a_strangers_cluster_is_refused_by_name") {
        return;
    }
    let data = Data::new();
    Postgres::open(data.settings()).await.expect("opens").close().await.expect("closes");
    data.give_to(NOBODY);
    std::os::unix::fs::chown(data.path(), Some(NOBODY), Some(NOBODY)).expect("given");
    for file in ["start.lock", "holders"] {
        std::os::unix::fs::chown(data.path().join(file), Some(NOBODY), Some(NOBODY)).expect("given");
    }
    let mut program =
        Program::start(&data, Options { name: "stranger", user: Some(NOBODY), ..Options::default() });
    let error = program.opened().expect_err("it is not theirs");
    assert!(error.contains("belongs to colophon") && error.contains("as root"), "{error}");
}

#[tokio::test]
async fn the_socket_lets_in_by_user_not_by_password() {
    let data = Data::new();
    let postgres = Postgres::open(data.settings()).await.expect("opens");
    let client = superuser(&postgres).await;
    client.batch_execute("create role postgres login; create role outsider login").await.expect("roles");
    assert_eq!(ask(&connect(&postgres.url("postgres", "postgres")).await, "current_user").await, "postgres");
    assert!(try_connect(&postgres.url("outsider", "postgres")).await.is_err(), "not one of the mapped roles");
    assert_eq!(ask(&client, "select count(*) from pg_authid where rolpassword is not null").await, "0");
    postgres.close().await.expect("closes");
}
