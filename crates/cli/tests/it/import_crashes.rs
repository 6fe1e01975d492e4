//! An import goes on, or can be repeated, whatever is killed beside it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::Value;

use crate::api::{Api, id, sha256};
use crate::corpus;
use crate::crashes::{chance, kill_something, rounds, wait_for_jobs};
use crate::folder::ran;
use crate::server::Server;
use crate::wait;

#[test]
fn an_import_of_the_corpus_loses_nothing_when_everything_is_killed() {
    let test = "an_import_of_the_corpus_loses_nothing_when_everything_is_killed";
    let Some(folder) = corpus::folder(test, "pdf/pdfminer") else { return };
    let files: HashMap<PathBuf, Vec<u8>> =
        corpus::pdfs(&folder).into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
    let mut chance = chance();
    let mut server = Server::start();
    let rows = "select count(*) from public.documents";

    let mut import = server.folder.command(&["import", "--json", "--workers", "1"]);
    let import = import.arg(&folder).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    for round in 0..rounds() {
        let moment = files.len() * round / rounds() + 1;
        wait::until("enough is stored for the next kill", || {
            crate::server::try_ask(&server.ready.database_url, rows)
                .is_some_and(|rows| rows.parse::<usize>().unwrap() >= moment)
        });
        let killed = kill_something(&mut server, &mut chance);
        println!("round {round}: killed {killed} when {moment} documents were stored");
    }
    let ran = ran(import.wait_with_output().unwrap());
    assert!(matches!(ran.code, Some(0 | 3)), "{ran:?}");
    let lines: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), files.len(), "every file is accounted for");

    let owner = server.owner().api;
    wait_for_jobs(|| owner.clone());
    let stored = owner.list("/v1/documents", 100);
    let taken: Vec<&Value> = lines.iter().filter(|line| line["refused"].is_null()).collect();
    assert_eq!(stored.len(), taken.len(), "nothing is there twice");
    for line in taken {
        let file = &files[&PathBuf::from(line["path"].as_str().unwrap())];
        check(&owner, line["document_id"].as_str().unwrap(), file);
    }
    for line in lines.iter().filter(|line| !line["refused"].is_null()) {
        assert!(line["refused"].as_str().unwrap().contains("not a PDF"), "{line}");
    }
}

#[test]
fn an_import_that_was_killed_is_finished_by_the_next_one() {
    let server = Server::start_on(crate::folder::Folder::new(), &["--workers", "0"]);
    let folder = server.folder.scratch().join("many");
    std::fs::create_dir_all(&folder).unwrap();
    for number in 0..20 {
        let name = format!("many-{number}");
        std::fs::write(folder.join(format!("{name}.pdf")), crate::pdf::numbered(&name, 30)).unwrap();
    }
    let mut import = server.folder.command(&["import", "--workers", "1"]);
    let mut first = import.arg(&folder).stdout(Stdio::null()).spawn().unwrap();
    let owner = server.owner().api;
    wait::until("some are stored", || owner.list("/v1/documents", 100).len() >= 5);
    first.kill().unwrap();
    first.wait().unwrap();

    let again = server.folder.run(&["import", folder.to_str().unwrap()]);
    assert_eq!(again.code, Some(0), "{again:?}");
    let documents = owner.list("/v1/documents", 100);
    assert_eq!(documents.len(), 20, "nothing is there twice");
    assert!(
        documents.iter().all(|document| document["status"] == "processed"),
        "nothing is left undone: {again:?}"
    );
}

fn check(api: &Api, document: &str, file: &[u8]) {
    let path = format!("/v1/documents/{document}");
    let document = api.read(&path);
    assert_eq!(sha256(&api.get(&format!("{path}/content")).body), sha256(file), "{document}");
    let jobs = api.list(&format!("/v1/jobs?document_id={}", id(&document)), 10);
    if ["password_required", "damaged"].contains(&document["status"].as_str().unwrap()) {
        assert!(jobs.is_empty(), "{document}");
        return;
    }
    assert_eq!(jobs.len(), 1, "{document}");
    let job = api.read(&format!("/v1/jobs/{}", id(&jobs[0])));
    assert!(["completed", "partially_completed"].contains(&job["status"].as_str().unwrap()), "{job}");
    let mut expected = HashMap::new();
    for page in job["pages"].as_array().unwrap() {
        expected.insert(page["page_number"].as_i64().unwrap(), page["zone_count"].as_i64().unwrap());
    }
    assert_eq!(
        Some(expected.len()),
        document["page_count"].as_u64().map(|pages| usize::try_from(pages).unwrap())
    );
    for zone in api.list(&format!("{path}/zones"), 1_000) {
        *expected.get_mut(&zone["page_number"].as_i64().unwrap()).unwrap() -= 1;
    }
    assert!(expected.values().all(|left| *left == 0), "the zones of each page exactly once: {job}");
}
