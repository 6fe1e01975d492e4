//! Whatever is killed whenever: the sweeper and `fsck --repair` leave every acknowledged upload whole and nothing else.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, RwLock};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::api::{Api, id, sha256};
use crate::crashes::{chance, rounds, wait_for_jobs};
use crate::folder::Folder;
use crate::fsck::{assert_clean, configure, fsck};
use crate::pdf::numbered;
use crate::server::{Server, change};
use crate::wait;

const CLIENTS: usize = 4;

/// What a client was told of a document.
#[derive(Clone)]
struct Told {
    sha256: String,
    /// It asked for the document to be purged, and perhaps was not answered.
    purging: bool,
    purged: bool,
}

#[test]
fn uploads_deletes_purges_and_exports_that_are_killed_leave_nothing_wrong() {
    let mut chance = chance();
    let folder = Folder::private();
    configure(
        &folder,
        "sweep_interval = \"1s\"\n[storage]\nrelease_grace = 0\n[trash]\nretention = \"1s\"\n",
    );
    let mut server = Server::start_on(folder, &[]);
    let person = server.person().id;
    let (token, url) = (server.token(person), RwLock::new(server.ready.url.clone()));
    let api = || Api::new(&url.read().unwrap(), &token);
    let told: Mutex<HashMap<String, Told>> = Mutex::new(HashMap::new());
    let (stop, done) = (AtomicBool::new(false), AtomicUsize::new(0));

    let kills = rounds();
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (api, told, stop, done) = (&api, &told, &stop, &done);
            scope.spawn(move || {
                for round in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let _ = work(&api(), told, client, round, done);
                }
            });
        }
        let _ended = wait::Ended(&stop);
        for kill in 0..kills {
            let enough = done.load(Ordering::Relaxed) + chance.usize(1..12);
            wait::until("the clients are answered", || done.load(Ordering::Relaxed) >= enough);
            thread::sleep(Duration::from_millis(chance.u64(..60)));
            server.kill();
            if chance.u8(..4) == 0 {
                server.folder.kill_postgres();
            }
            server.restart();
            url.write().unwrap().clone_from(&server.ready.url);
            if kill % 10 == 9 {
                println!("{} kills, {} documents acknowledged", kill + 1, told.lock().unwrap().len());
            }
        }
    });
    wait_for_jobs(api);

    // The trash is emptied by itself; what was announced and broken off has had its hour.
    let over = "update colophon.objects set intended_until = now() where state = 'intended'";
    change(&server.ready.database_url, over);
    wait::until("all is swept", || {
        server.ask("select count(*) from colophon.objects where state <> 'stored'") == "0"
            && server.ask("select count(*) from public.documents where deleted_at is not null") == "0"
    });
    let first = fsck(&server.folder, &["--repair", "--full"]);
    println!("fsck after {kills} kills: {:?}", first.found());
    assert!(
        first.found().iter().all(|found| found.starts_with("-F04")),
        "only orphans are left: {}",
        first.said
    );
    let summary = assert_clean(&server.folder, &["--full"], "the repair");

    let api = api();
    let told = told.into_inner().unwrap();
    let (mut kept, mut purged) = (0, 0);
    for (document, told) in &told {
        let content = api.get(&format!("/v1/documents/{document}/content"));
        if told.purged {
            assert_eq!(content.status, 404, "{document} was purged");
            purged += 1;
        } else if !(told.purging && content.status == 404) {
            assert_eq!(sha256(&content.body), told.sha256, "{document} is whole");
            kept += 1;
        }
    }
    println!("{kills} kills: {kept} documents whole, {purged} purged, {summary}");
    let known = server.ask("select string_agg(storage_path, ' ') from colophon.objects");
    let known: BTreeSet<String> = known.split_whitespace().map(str::to_owned).collect();
    assert_eq!(server.folder.objects().into_iter().collect::<BTreeSet<_>>(), known);
    assert!(server.stop().success());
}

/// `None`: broken off somewhere.
/// Adds to `done` with each answer.
fn work(
    api: &Api,
    told: &Mutex<HashMap<String, Told>>,
    client: usize,
    round: usize,
    done: &AtomicUsize,
) -> Option<()> {
    let answered = || done.fetch_add(1, Ordering::Relaxed);
    let file = numbered(&format!("kill-{client}-{}", round / 2), 1 + round % 30);
    let headers = [("content-type", "application/pdf")];
    let path = format!("/v1/documents?filename={client}-{round}.pdf&process=true");
    let answer = api.send("POST", &path, &headers, Some(&file)).ok().filter(|answer| answer.status == 201)?;
    let document = id(&answer.json()).to_owned();
    let entry = Told { sha256: sha256(&file), purging: false, purged: false };
    told.lock().unwrap().insert(document.clone(), entry);
    answered();
    let path = format!("/v1/documents/{document}");
    let export = json!({ "formats": ["json"] }).to_string();
    let json = [("content-type", "application/json")];
    api.send("POST", &format!("{path}/exports"), &json, Some(export.as_bytes())).ok()?;
    answered();
    if round.is_multiple_of(3) {
        return Some(());
    }
    told.lock().unwrap().get_mut(&document)?.purging = true;
    let query = if round % 3 == 1 { "?purge=true" } else { "" };
    let answer = api.send("DELETE", &format!("{path}{query}"), &[], None).ok()?;
    answered();
    let gone = answer.status == 204;
    told.lock().unwrap().get_mut(&document)?.purged = gone;
    Some(())
}
