//! Nothing that was acknowledged is lost, whatever is killed whenever.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, RwLock};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::api::{Api, id, sha256};
use crate::pdf::{numbered, sentence};
use crate::server::Server;
use crate::wait;

const FILES: usize = 60;
const UPLOADERS: usize = 3;

/// Rounds of killing.
pub fn rounds() -> usize {
    std::env::var("COLOPHON_CRASH_ROUNDS").map_or(3, |rounds| rounds.parse().expect("a number of rounds"))
}

/// Chance, told so that a failure can be repeated.
pub fn chance() -> fastrand::Rng {
    let seed =
        std::env::var("COLOPHON_CRASH_SEED").map_or_else(|_| fastrand::u64(..), |seed| seed.parse().unwrap());
    println!("COLOPHON_CRASH_SEED={seed}");
    fastrand::Rng::with_seed(seed)
}

/// Kills the server, its PostgreSQL or both, and starts what does not start itself.
pub fn kill_something(server: &mut Server, chance: &mut fastrand::Rng) -> &'static str {
    thread::sleep(Duration::from_millis(chance.u64(..300)));
    match chance.u8(..3) {
        0 => {
            server.kill();
            server.restart();
            "the server"
        }
        1 => {
            server.folder.kill_postgres();
            "PostgreSQL"
        }
        _ => {
            server.kill();
            server.folder.kill_postgres();
            server.restart();
            "both"
        }
    }
}

/// Waits until no job is live, however often its worker was killed.
pub fn wait_for_jobs(api: impl Fn() -> Api) {
    wait::until_within(Duration::from_mins(3), "every job has ended", || {
        ["queued", "running", "retrying", "paused"].iter().all(|status| {
            let answer = api().send("GET", &format!("/v1/jobs?status={status}&limit=1"), &[], None);
            answer.is_ok_and(|answer| {
                answer.status == 200 && answer.json()["items"] == Value::Array(Vec::new())
            })
        })
    });
}

struct File {
    name: String,
    pages: usize,
    bytes: Vec<u8>,
}

#[test]
fn nothing_acknowledged_is_lost_when_everything_is_killed() {
    let mut chance = chance();
    let files: Vec<File> = (0..FILES)
        .map(|number| {
            let (name, pages) = (format!("crash-{number}"), chance.usize(1..=60));
            File { bytes: numbered(&name, pages), name, pages }
        })
        .collect();
    let mut server = Server::start();
    let person = server.person().id;
    let url = RwLock::new(server.ready.url.clone());
    let token = server.token(person);
    let api = || Api::new(&url.read().unwrap(), &token);
    let next = AtomicUsize::new(0);
    let acknowledged = Mutex::new(HashMap::new());
    let count = || acknowledged.lock().unwrap().len();

    thread::scope(|scope| {
        for _ in 0..UPLOADERS {
            scope.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let document = wait::some("an upload goes through", || upload(&api(), file));
                    acknowledged.lock().unwrap().insert(&file.name, document);
                }
            });
        }
        let rounds = rounds();
        for round in 0..rounds {
            let moment = FILES * round / rounds + chance.usize(..FILES / rounds);
            wait::until("enough is acknowledged for the next kill", || count() >= moment);
            let killed = kill_something(&mut server, &mut chance);
            url.write().unwrap().clone_from(&server.ready.url);
            println!("round {round}: killed {killed} when {moment} of {FILES} were acknowledged");
        }
    });
    wait_for_jobs(api);

    let (api, acknowledged) = (api(), acknowledged.into_inner().unwrap());
    assert_eq!(acknowledged.len(), FILES);
    let stored = api.list("/v1/documents", 100);
    assert_eq!(stored.len(), FILES, "nothing is there twice");
    for file in &files {
        let document = api.read(&format!("/v1/documents/{}", acknowledged[&file.name]));
        check(&api, file, &document);
    }
    assert_eq!(server.ask("select count(*) from public.job_queue"), "0");
    let orphans = server.belongings(person).1.len() - FILES;
    println!("{orphans} objects without a row were left by {} rounds, for the sweeper", rounds());
    assert!(server.stop().success());
    server.folder.assert_postgres_stopped();
}

/// `None`: not acknowledged, so to be sent again.
fn upload(api: &Api, file: &File) -> Option<String> {
    let path = format!("/v1/documents?filename={}.pdf&process=true", file.name);
    let headers = [("content-type", "application/pdf"), ("idempotency-key", file.name.as_str())];
    let answer = api.send("POST", &path, &headers, Some(&file.bytes)).ok()?;
    match answer.status {
        200 | 201 => Some(id(&answer.json()).to_owned()),
        503 => None,
        other => panic!("{other}: {}", answer.json()),
    }
}

fn check(api: &Api, file: &File, document: &Value) {
    let name = &file.name;
    assert_eq!(document["status"], "processed", "{document}");
    let path = format!("/v1/documents/{}", id(document));
    let content = api.get(&format!("{path}/content"));
    assert_eq!(sha256(&content.body), sha256(&file.bytes), "{name} is whole");
    let jobs = api.list(&format!("/v1/jobs?document_id={}", id(document)), 10);
    assert_eq!(jobs.len(), 1, "{name} was queued once");
    assert_eq!(jobs[0]["status"], "completed", "{}", jobs[0]);
    let zones = api.list(&format!("{path}/zones"), 1_000);
    assert_eq!(zones.len(), 2 * file.pages, "every zone of {name} is there once");
    for page in 1..=file.pages {
        let here = |zone: &&Value| zone["page_number"] == page && zone["content"] == sentence(name, page);
        assert_eq!(zones.iter().filter(here).count(), 1, "page {page} of {name}");
    }
}
