//! Ctrl-C and SIGTERM end the server soon, and lose nothing.

use std::fs::File;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::api::id;
use crate::folder::{Folder, only_with_a_private_instance};
use crate::pdf::many_pages;
use crate::raw::Raw;
use crate::server::Server;
use crate::wait;

#[test]
fn a_server_that_is_asked_to_stop_hands_its_jobs_back_and_leaves_no_process() {
    let mut server = Server::start();
    let mut person = server.person();
    let document = person.api.upload("filename=long.pdf&process=true", &many_pages(8_000)).expect(201);
    let job = person.api.list("/v1/jobs", 10).remove(0);
    let path = format!("/v1/jobs/{}", id(&job));
    wait::until("some of its pages are done", || {
        person.api.read(&path)["completed_pages"].as_i64() > Some(0)
    });
    let begun = Instant::now();
    assert_eq!(server.stop().code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(15), "it took {:?}", begun.elapsed());
    server.folder.assert_postgres_stopped();

    server.restart();
    person.api = server.with_token(&server.token(person.id));
    let handed_back = person.api.read(&path);
    assert!(["queued", "running"].contains(&handed_back["status"].as_str().unwrap()), "{handed_back}");
    let attempts = person.api.read(&format!("{path}/attempts"));
    assert_eq!(attempts["items"][0]["outcome"], "released", "{attempts}");
    assert_eq!(person.api.wait_for(id(&document))["status"], "processed");
    let job = person.api.read(&path);
    assert_eq!(
        (&job["attempt"], &job["completed_pages"]),
        (&json!(1), &json!(8_000)),
        "it does not count: {job}"
    );
    let zones = person.api.list(&format!("/v1/documents/{}/zones", id(&document)), 1_000);
    let pages: Vec<_> = zones.iter().map(|zone| zone["page_number"].as_i64().unwrap()).collect();
    assert_eq!(pages, (1..=8_000).collect::<Vec<_>>(), "each page exactly once");
}

#[test]
fn a_server_that_is_asked_to_stop_while_it_starts_leaves_no_process() {
    only_with_a_private_instance!();
    let folder = Folder::new();
    let mut command = folder.command(&["serve", "--listen", "127.0.0.1:0"]);
    let mut process = command.spawn().unwrap();
    wait::until("the cluster is being made", || folder.data().join("start.lock").exists());
    assert_eq!(terminate(&mut process).code(), Some(0));
    folder.assert_postgres_stopped();
    // And the folder is good for another try.
    drop(Server::start_on(folder, &[]));
}

#[test]
fn an_upload_that_never_ends_does_not_hold_up_a_stop_and_leaves_nothing() {
    let mut server = Server::start();
    let person = server.person();
    let headers = ["Content-Type: application/pdf", "Content-Length: 1000000"];
    let mut raw = Raw::post(&server, &server.token(person.id), "/v1/documents?filename=slow.pdf", &headers);
    raw.send(b"%PDF-1.7\n and then nothing more");
    wait::until("the upload has begun", || server.writes_an_object());
    assert_eq!(server.stop().code(), Some(0));
    server.folder.assert_postgres_stopped();
    assert_eq!(server.folder.objects(), Vec::<String>::new());
    drop(raw);
}

#[test]
fn a_worker_beside_a_server_without_any_does_its_jobs_and_stops_when_asked() {
    let server = Server::start_on(Folder::new(), &["--workers", "0"]);
    let api = server.person().api;
    let document = api.upload("filename=waits.pdf&process=true", &many_pages(3)).expect(201);
    assert_eq!(document["status"], "queued");
    let log = File::create(server.folder.scratch().join("worker.log")).unwrap();
    let mut worker = server.folder.command(&["worker", "--workers", "1"]).stderr(log).spawn().unwrap();
    assert_eq!(api.wait_for(id(&document))["status"], "processed");
    assert_eq!(terminate(&mut worker).code(), Some(0));
    only_with_a_private_instance!();
    assert!(!server.folder.postgres().is_empty(), "PostgreSQL goes on for the server");
}

/// Asks a process to end, and waits until it has.
pub fn terminate(process: &mut Child) -> ExitStatus {
    kill_process(Pid::from_child(process), Signal::TERM).unwrap();
    let mut status = None;
    wait::until("the process has ended", || {
        status = process.try_wait().unwrap();
        status.is_some()
    });
    status.unwrap()
}
