//! Edits made offline are sent as lines, and each is answered, however often they are sent.

use std::fs;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::{Answer, id};
use crate::corrections::{Page, page, send};
use crate::folder::peak_memory;
use crate::raw::Raw;
use crate::server::{Person, Server};
use crate::wait;

fn lines(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    parsed(&String::from_utf8_lossy(&answer.body))
}

fn parsed(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn replay(person: &Person, page: &Page, body: &str) -> Vec<Value> {
    let path = format!("{}/corrections/replay", page.path);
    lines(&person.api.send("POST", &path, &[], Some(body.as_bytes())).unwrap())
}

fn results(answers: &[Value]) -> Vec<&str> {
    answers.iter().map(|answer| answer["result"].as_str().unwrap()).collect()
}

#[test]
fn every_line_is_answered_in_its_turn_whatever_the_one_before_it_was() {
    let server = Server::shared();
    let owner = server.person();
    let page = page(&owner, 3);
    let zone = |at: usize| id(&page.zones[at]);
    send(&owner.api, "PATCH", &page.zone(1), &[], &json!({ "content": "theirs" })).expect(200);
    let ops: Vec<Uuid> = (0..8).map(|_| Uuid::now_v7()).collect();
    let body = [
        json!({ "op_id": ops[0], "zone_id": zone(0), "revision": 1, "correction_type": "text", "content": "offline" }).to_string(),
        json!({ "op_id": ops[1], "zone_id": zone(0), "after": ops[0], "correction_type": "text", "content": "offline, twice" }).to_string(),
        json!({ "op_id": ops[2], "zone_id": zone(1), "revision": 1, "correction_type": "text", "content": "mine" }).to_string(),
        json!({ "op_id": ops[3], "zone_id": zone(1), "revision": 1, "correction_type": "type", "zone_type": "title" }).to_string(),
        "{ this is no JSON".to_owned(),
        String::new(),
        json!({ "op_id": ops[4], "zone_id": Uuid::now_v7(), "revision": 1, "correction_type": "accept" }).to_string(),
        json!({ "op_id": ops[5], "zone_id": zone(0), "after": ops[2], "correction_type": "accept" }).to_string(),
        json!({ "op_id": ops[6], "zone_id": zone(2), "revision": 1, "content": 7 }).to_string(),
        "x".repeat(2 << 20),
        json!({ "op_id": ops[7], "zone_id": zone(2), "revision": 1, "correction_type": "delete" }).to_string(),
    ]
    .join("\n");
    let answers = replay(&owner, &page, &body);
    let expected = [
        "applied",
        "applied",
        "conflict",
        "merged",
        "invalid",
        "not_found",
        "invalid",
        "invalid",
        "invalid",
        "applied",
    ];
    assert_eq!(results(&answers), expected, "{answers:#?}");
    let numbers: Vec<u64> = answers.iter().map(|answer| answer["line"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 7, 8, 9, 10, 11]);
    assert_eq!(answers[0]["op_id"], ops[0].to_string());
    assert_eq!(answers[1]["zone"]["content"], "offline, twice");
    let sides = &answers[2];
    assert_eq!(
        (&sides["base"]["content"], &sides["theirs"]["content"]),
        (&json!("line 1"), &json!("theirs"))
    );
    assert_eq!((&sides["yours"]["content"], &sides["fields"]), (&json!("mine"), &json!(["content"])));
    assert_eq!((&answers[6]["code"], &answers[8]["code"]), (&json!("nothing_before"), &json!("too_large")));
    assert_eq!(answers[7]["op_id"], ops[6].to_string());

    let again = replay(&owner, &page, &body);
    let expected = [
        "duplicate",
        "duplicate",
        "conflict",
        "duplicate",
        "invalid",
        "not_found",
        "invalid",
        "invalid",
        "invalid",
        "duplicate",
    ];
    assert_eq!(results(&again), expected);
    assert_eq!(again[0]["zone"], answers[0]["zone"], "as it stood when it was done");
    let log = owner.api.list(&format!("{}/corrections", page.path), 100);
    assert_eq!(log.len(), 5, "one before, and four of the replay, each once: {log:#?}");
}

#[test]
fn a_replay_that_is_cut_off_is_sent_again_and_everything_is_done_once() {
    let server = Server::shared();
    let owner = server.person();
    let page = page(&owner, 1);
    let ops: Vec<Uuid> = (0..200).map(|_| Uuid::now_v7()).collect();
    let line = |at: usize| {
        let mut line =
            json!({ "op_id": ops[at], "zone_id": id(&page.zones[0]), "content": format!("edit {at}") });
        match at {
            0 => line["revision"] = json!(1),
            _ => line["after"] = json!(ops[at - 1]),
        }
        format!("{line}\n")
    };
    let path = format!("{}/corrections/replay", page.path);
    let mut raw = Raw::post(&server, &server.token(owner.id), &path, &["Transfer-Encoding: chunked"]);
    for at in 0..100 {
        raw.send_chunk(line(at).as_bytes());
    }
    // In the middle of a line.
    raw.send_chunk(&line(100).as_bytes()[..40]);
    wait::until("some of it is done", || owner.api.read(&page.zone(0))["revision"].as_i64() > Some(20));
    drop(raw);
    let body: String = (0..200).map(line).collect();
    let answers = replay(&owner, &page, &body);
    let done = answers.iter().filter(|answer| answer["result"] == "duplicate").count();
    assert!(done >= 20 && answers.len() == 200, "{done}");
    assert!(
        answers.iter().all(|answer| ["duplicate", "applied"].contains(&answer["result"].as_str().unwrap()))
    );
    let zone = owner.api.read(&page.zone(0));
    assert_eq!((&zone["content"], &zone["revision"]), (&json!("edit 199"), &json!(201)));
    assert_eq!(owner.api.list(&format!("{}/corrections?type=text", page.path), 1000).len(), 200);
}

#[test]
fn who_sends_everything_before_reading_anything_is_answered_all_the_same() {
    let server = Server::start();
    let owner = server.person();
    let page = page(&owner, 1);
    let before = peak_memory(server.pid());
    // Answers of some 700 bytes each, and lines that come to nothing.
    let padding = "x".repeat(600);
    let line = |_| format!("{{\"op_id\":\"{}\",\"zone_id\":\"{padding}\",\"revision\":1}}\n", Uuid::now_v7());
    let body = (0..6_000).map(line).collect::<Vec<_>>().concat();
    let answers = replay(&owner, &page, &body);
    assert_eq!(answers.len(), 6_000);
    let after = peak_memory(server.pid());
    println!(
        "memory of the server: {before} MiB before a replay of {} MiB, {after} MiB after it",
        body.len() >> 20
    );
    assert!(after < before + 60, "{before} MiB became {after} MiB");
}

#[test]
fn commands_correct_and_replay_in_a_persons_name() {
    let server = Server::shared();
    let owner = server.owner();
    let page = page(&owner, 2);
    let document = page.path.rsplit('/').next().unwrap();
    let (first, second) = (id(&page.zones[0]), id(&page.zones[1]));
    let command =
        ["zones", "correct", document, first, "--content", "by command", "--accept", "--revision", "1"];
    let done = server.folder.done(&command);
    assert!(done.contains("revision 2"), "{done}");
    let zone = owner.api.read(&page.zone(0));
    assert_eq!((&zone["content"], &zone["status"]), (&json!("by command"), &json!("verified")));
    let log = owner.api.list(&format!("{}/corrections", page.path), 10);
    assert!(log.len() == 2 && log.iter().all(|line| line["corrected_by"] == owner.id.to_string()), "{log:?}");
    let stale = ["zones", "correct", document, first, "--content", "other", "--revision", "1", "--json"];
    let ran = server.folder.run(&stale);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(parsed(&ran.stdout.replace('\n', " "))[0]["theirs"]["content"], "by command");
    let nobody = server.folder.run(&[
        "zones",
        "correct",
        document,
        first,
        "--accept",
        "--user",
        &Uuid::new_v4().to_string(),
    ]);
    assert!(nobody.code == Some(1) && nobody.stderr.contains(document), "{nobody:?}");
    assert_eq!(server.folder.run(&["zones", "correct", document, first]).code, Some(2));

    let file = server.folder.scratch().join(format!("{second}.ndjson"));
    let line =
        json!({ "op_id": Uuid::now_v7(), "zone_id": second, "revision": 1, "correction_type": "accept" });
    fs::write(&file, format!("{line}\nnonsense")).unwrap();
    for result in ["applied", "duplicate"] {
        let ran = server.folder.run(&["zones", "replay", document, file.to_str().unwrap()]);
        assert_eq!(ran.code, Some(3), "{ran:?}");
        assert_eq!(results(&parsed(&ran.stdout)), [result, "invalid"]);
    }
}
