//! What was killed comes back, with what it had acknowledged.

use std::{
    fs,
    os::unix::{fs::MetadataExt as _, process::CommandExt as _},
    process::{Command, Stdio},
};

use colophon_embedded::{Error, Postgres};
use rustix::process::{Pid, Signal};

use crate::{
    program::{Options, Program},
    support::{Data, ask, is_alive, kill_and_wait, superuser},
};

#[tokio::test]
async fn killed_postmaster_recovers() {
    let data = Data::new();
    let postgres = Postgres::open(data.settings()).await.expect("opens");
    let client = superuser(&postgres).await;
    client.batch_execute("create table kept as select 42 as answer").await.expect("acknowledged");
    // A session that is at work keeps the dead server's shared memory for a moment.
    let busy = superuser(&postgres).await;
    let work =
        tokio::spawn(
            async move { busy.simple_query("select count(*) from generate_series(1, 3000000)").await },
        );
    assert!(!postgres.ensure_running().await.expect("it runs"), "nothing to do");

    kill_and_wait(data.postmaster().expect("it runs"), Signal::KILL);
    assert!(postgres.ensure_running().await.expect("it comes back"), "it had to be started");
    assert_eq!(ask(&superuser(&postgres).await, "select answer from kept").await, "42");
    assert!(!postgres.ensure_running().await.expect("it runs"));
    let _ = work.await.expect("no panic");
    postgres.close().await.expect("closes");
    assert_eq!(data.postmaster(), None);
}

#[tokio::test]
async fn a_killed_session_does_not_take_the_server_along() {
    let data = Data::new();
    let postgres = Postgres::open(data.settings()).await.expect("opens");
    let client = superuser(&postgres).await;
    let session = ask(&client, "pg_backend_pid()").await.parse().expect("a pid");
    let server = data.postmaster();
    kill_and_wait(Pid::from_raw(session).expect("a pid"), Signal::KILL);
    postgres.ensure_running().await.expect("it recovers by itself");
    ask(&superuser(&postgres).await, "1").await;
    assert_eq!(data.postmaster(), server);
    postgres.close().await.expect("closes");
}

#[tokio::test]
async fn a_killed_program_leaves_its_server_to_the_next() {
    let data = Data::new();
    let program = Program::open(&data, Options { name: "killed", ..Options::default() });
    let server = data.postmaster();
    program.kill();
    assert_eq!(data.postmaster(), server, "it outlives the program that started it");
    let next = Postgres::open(data.settings()).await.expect("opens");
    assert_eq!(data.postmaster(), server, "and is adopted");
    next.close().await.expect("closes");
    assert_eq!(data.postmaster(), None, "and stopped by the last");
}

#[tokio::test]
async fn program_and_server_killed_at_once_recover() {
    let data = Data::new();
    let mut program = Program::start(&data, Options { name: "killed", ..Options::default() });
    for _ in 0..3 {
        program.opened().expect("opens");
        let server = data.postmaster().expect("it runs");
        program.kill();
        kill_and_wait(server, Signal::KILL);
        program = Program::start(&data, Options { name: "next", ..Options::default() });
    }
    program.opened().expect("opens");
    program.close();
    assert_eq!(data.postmaster(), None);
}

#[tokio::test]
async fn a_killed_first_start_is_made_good() {
    for step in ["Initialising", "Starting"] {
        let data = Data::new();
        let mut program = Program::start(&data, Options { name: "killed", ..Options::default() });
        program.wait_for(step);
        program.kill();
        let postgres = Postgres::open(data.settings()).await.expect("the next start makes it good");
        ask(&superuser(&postgres).await, "1").await;
        postgres.close().await.expect("closes");
        // An initdb that outlived its program may have been at work at the second start; at the third it is not.
        Postgres::open(data.settings()).await.expect("opens").close().await.expect("closes");
        let names =
            fs::read_dir(data.path()).expect("a folder").map(|entry| entry.expect("an entry").file_name());
        let left: Vec<_> = names.filter(|name| name.to_string_lossy().contains("unfinished")).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[tokio::test]
async fn a_reused_process_number_is_no_obstacle() {
    let data = Data::new();
    let program = Program::open(&data, Options { name: "killed", ..Options::default() });
    let server = data.postmaster().expect("it runs");
    program.kill();
    kill_and_wait(server, Signal::KILL);
    // As after a restart of the machine: the number in the file is that of somebody else, of the same user.
    let owner = fs::metadata(data.cluster()).expect("a cluster").uid();
    let mut other = Command::new("sleep");
    other.arg("600");
    if rustix::process::geteuid().is_root() {
        other.uid(owner);
    }
    let mut other = other.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let path = data.cluster().join("postmaster.pid");
    let text = fs::read_to_string(&path).expect("it was left behind");
    let rest = text.split_once('\n').expect("lines").1;
    fs::write(&path, format!("{}\n{rest}", other.id())).expect("written");

    let postgres = Postgres::open(data.settings()).await.expect("opens");
    postgres.close().await.expect("closes");
    assert!(is_alive(Pid::from_child(&other)), "the other process was left alone");
    other.kill().and_then(|()| other.wait()).expect("it ends");
}

#[tokio::test]
async fn a_failed_start_shows_the_servers_own_words() {
    let data = Data::new();
    let mut settings = data.settings();
    settings.server_settings.push(("shared_buffers".into(), "many".into()));
    let Err(error) = Postgres::open(settings).await else { panic!("it cannot start so") };
    assert!(matches!(error, Error::Server { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("shared_buffers") && text.contains("postgres.log"), "{text}");
    Postgres::open(data.settings()).await.expect("put right, it starts").close().await.expect("closes");
}
