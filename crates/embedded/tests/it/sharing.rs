//! Several programs, one server.

use colophon_embedded::{Error, Postgres, SUPERUSER};

use crate::{
    program::{Options, Program},
    support::{Data, ask, connect, superuser, try_connect},
};

#[tokio::test]
async fn the_last_holder_stops_the_server() {
    let data = Data::new();
    let first = Program::open(&data, Options { name: "first", ..Options::default() });
    let second = Postgres::open(data.settings()).await.expect("the second opens");
    let server = data.postmaster();
    first.close();
    assert_eq!(data.postmaster(), server, "the second still needs it");
    ask(&superuser(&second).await, "1").await;
    second.close().await.expect("closes");
    assert_eq!(data.postmaster(), None, "nobody needs it any more");
}

#[tokio::test]
async fn a_second_program_shares_the_server() {
    let data = Data::new();
    let names = ["one", "two", "three"];
    let mut programs = names.map(|name| Program::start(&data, Options { name, ..Options::default() }));
    let urls = programs.each_mut().map(|program| program.opened().expect("it opens"));
    assert_eq!(urls[0], urls[1]);
    assert_eq!(urls[1], urls[2]);
    let log = std::fs::read_to_string(data.path().join("log/postgres.log")).expect("a log");
    assert_eq!(log.matches("starting PostgreSQL").count(), 1, "one start for all three:\n{log}");
    programs.into_iter().for_each(Program::close);
    assert_eq!(data.postmaster(), None);
}

#[tokio::test]
async fn one_program_may_open_it_twice() {
    let data = Data::new();
    let first = Postgres::open(data.settings()).await.expect("opens");
    let second = Postgres::open(data.settings()).await.expect("opens again");
    first.close().await.expect("closes");
    ask(&superuser(&second).await, "1").await;
    drop(second);
    Postgres::open(data.settings())
        .await
        .expect("a dropped one does not bar the way")
        .close()
        .await
        .expect("closes");
    assert_eq!(data.postmaster(), None);
}

#[tokio::test]
async fn a_program_with_other_needs_is_told_who_holds_the_server() {
    let data = Data::new();
    let holder = Program::open(&data, Options { name: "colophon serve", ..Options::default() });
    let mut settings = data.settings();
    settings.listen = Some("127.0.0.1:0".parse().expect("an address"));
    let Err(error) = Postgres::open(settings.clone()).await else {
        panic!("it cannot listen for one and not for the other")
    };
    assert!(matches!(error, Error::Held { .. }), "{error}");
    let who = format!("colophon serve (pid {})", holder.pid().as_raw_nonzero());
    assert!(error.to_string().contains(&who), "{error}");

    // A holder that is dead holds nothing, and its server may be started anew as needed.
    holder.kill();
    let postgres = Postgres::open(settings).await.expect("nobody else needs it now");
    assert!(postgres.tcp_url("postgres", "postgres").is_some());
    postgres.close().await.expect("closes");
}

#[tokio::test]
async fn tcp_is_there_only_when_asked_for() {
    let data = Data::new();
    let postgres = Postgres::open(data.settings()).await.expect("opens");
    assert_eq!(postgres.tcp_url("postgres", "postgres"), None);
    assert_eq!(ask(&superuser(&postgres).await, "current_setting('listen_addresses')").await, "");
    postgres.close().await.expect("closes");

    let mut settings = data.settings();
    settings.listen = Some("127.0.0.1:0".parse().expect("an address"));
    let postgres = Postgres::open(settings).await.expect("opens");
    superuser(&postgres).await.batch_execute("create role someone login").await.expect("a role");
    let url = postgres.tcp_url("someone", "postgres").expect("it listens");
    assert!(try_connect(&url).await.is_err(), "no password was set yet");
    postgres.set_password("someone").await.expect("sets it");
    assert_eq!(ask(&connect(&url).await, "current_user").await, "someone");
    postgres.set_password(SUPERUSER).await.expect("sets it");
    let url = postgres.tcp_url(SUPERUSER, "postgres").expect("it listens");
    assert!(try_connect(&url).await.is_err(), "the superuser comes by the socket only");
    postgres.close().await.expect("closes");
}
