//! A backup as docs/operations.md tells it, brought back into a new data folder, also by a newer version of the program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::api::{Api, id, sha256};
use crate::corpus;
use crate::folder::Folder;
use crate::fsck::{configure, purge};
use crate::pdf::numbered;
use crate::server::{Person, Server};
use crate::wait;

/// The last version before objects had a ledger.
const OLDER: &str = "20261122110400";

/// Runs a program of PostgreSQL's on the private server of a data folder.
fn postgres(data: &Path, program: &str, args: &[&str]) {
    let mut command = Command::new(program);
    command.arg("-h").arg(data.join("run")).args(["-U", "supabase_admin"]).args(args);
    let ran = command.output().unwrap();
    assert!(ran.status.success(), "{command:?}: {}", String::from_utf8_lossy(&ran.stderr));
}

fn is_there(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|ran| ran.status.success())
}

fn dump(server: &Server) -> PathBuf {
    let file = server.folder.scratch().join("colophon.dump");
    let name = file.to_str().unwrap();
    postgres(&server.folder.data(), "pg_dump", &["--format=custom", "--file", name, "colophon"]);
    file
}

/// As `rsync -a`: what is deleted meanwhile is passed over.
fn copy_objects(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).into_iter().flatten().flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy_objects(&from, &to);
        } else if let Err(error) = fs::copy(&from, &to) {
            assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{error}");
        }
    }
}

/// A new data folder with what was in the backup.
fn restored(dump: &Path, objects: &Path) -> Server {
    let folder = Folder::private();
    configure(&folder, "sweep_interval = 0\n");
    let mut holder = Server::start_on(folder, &["--workers", "0"]);
    let data = holder.folder.data();
    postgres(&data, "dropdb", &["--force", "colophon"]);
    postgres(
        &data,
        "pg_restore",
        &["--exit-on-error", "--create", "--dbname=postgres", dump.to_str().unwrap()],
    );
    holder.stop();
    copy_objects(objects, &data.join("objects"));
    holder.folder.done(&["migrate", "up"]);
    holder.restart();
    holder
}

/// Every document there is, by its file.
fn assert_whole(server: &Server) -> usize {
    let service = server.with_token(&server.sign(&json!({
        "role": "service_role", "exp": jiff::Timestamp::now().as_second() + 3_600
    })));
    let documents = service.list("/v1/documents", 200);
    for document in &documents {
        let content = service.get(&format!("/v1/documents/{}/content", id(document)));
        assert_eq!(document["sha256"], sha256(&content.body), "{document}");
    }
    documents.len()
}

fn assert_clean(server: &Server) -> Value {
    let ran = server.folder.run(&["fsck", "--full", "--json"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let said: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(said["findings"], json!([]));
    said["summary"].clone()
}

/// Real files with their zones, an export, a document in the trash.
fn fill(person: &Person, test: &str) {
    let mut files: Vec<Vec<u8>> = (0..5).map(|n| numbered(&format!("kept-{n}"), 3)).collect();
    if let Some(folder) = corpus::folder(test, "pdf/pdfminer") {
        files.extend(corpus::pdfs(&folder).iter().take(25).map(|path| fs::read(path).unwrap()));
    }
    for (number, file) in files.iter().enumerate() {
        let answer = person.api.upload(&format!("filename={number}.pdf&process=true"), file);
        if answer.status == 415 {
            continue;
        }
        let path = format!("/v1/documents/{}", id(&answer.expect(201)));
        person.api.wait_for(path.rsplit('/').next().unwrap());
        if number % 4 == 0 {
            let export = person.api.post_json(&format!("{path}/exports"), &json!({ "formats": ["json"] }));
            export.expect(202);
        }
        if number == 1 {
            person.api.send("DELETE", &path, &[], None).unwrap().expect(200);
        }
    }
}

#[test]
fn a_backup_taken_while_people_work_comes_back_whole() {
    if !["pg_dump", "pg_restore", "dropdb"].into_iter().all(is_there) {
        colophon_testkit::skip!("no pg_dump; apt-get install postgresql-client");
    }
    let folder = Folder::private();
    configure(&folder, "sweep_interval = \"1s\"\n[trash]\nretention = \"2s\"\n");
    let server = Server::start_on(folder, &[]);
    let person = server.person();
    fill(&person, "a_backup_taken_while_people_work_comes_back_whole");
    let (stop, done) = (AtomicBool::new(false), AtomicUsize::new(0));
    let copy = server.folder.scratch().join("objects");
    let dumped = std::thread::scope(|scope| {
        for client in 0..3 {
            let (api, stop, done) = (&person.api, &stop, &done);
            scope.spawn(move || {
                for round in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    work(api, client, round);
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let _ended = wait::Ended(&stop);
        let more = |much: usize| {
            let before = done.load(Ordering::Relaxed);
            wait::until("people work", || done.load(Ordering::Relaxed) > before + much);
        };
        more(10);
        let dumped = dump(&server);
        more(10);
        copy_objects(&server.folder.data().join("objects"), &copy);
        more(5);
        dumped
    });
    let restored = restored(&dumped, &copy);
    let summary = assert_clean(&restored);
    let documents = assert_whole(&restored);
    assert!(documents >= 5, "{documents}");
    println!("{documents} documents came back whole; {summary}");
}

/// Uploads, and purges every other document.
fn work(api: &Api, client: usize, round: usize) {
    let file = numbered(&format!("busy-{client}-{round}"), 1 + round % 20);
    let document = api.upload("filename=busy.pdf&process=true", &file).expect(201);
    if round.is_multiple_of(2) {
        purge(api, &document);
    }
}

#[test]
fn a_backup_of_an_older_version_is_brought_up_to_date() {
    if !["pg_dump", "pg_restore", "dropdb"].into_iter().all(is_there) {
        colophon_testkit::skip!("no pg_dump; apt-get install postgresql-client");
    }
    let mut server = Server::start_on(crate::fsck::without_sweeper(), &[]);
    fill(&server.person(), "a_backup_of_an_older_version_is_brought_up_to_date");
    let count = server.ask("select count(*) from public.documents");
    let zones = server.ask("select count(*) from public.zones");
    server.folder.done(&["migrate", "down", "--to", OLDER]);
    assert_eq!(server.ask("select to_regclass('colophon.objects')"), "", "as it was before the ledger");
    let dumped = dump(&server);
    server.stop();
    let restored = restored(&dumped, &server.folder.data().join("objects"));
    let summary = assert_clean(&restored);
    assert_eq!(assert_whole(&restored).to_string(), count);
    assert_eq!(restored.ask("select count(*) from public.zones"), zones);
    println!("{count} documents with {zones} zones came back from {OLDER}; {summary}");
}
