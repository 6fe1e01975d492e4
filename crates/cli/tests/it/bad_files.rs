//! Files that are no PDF, or not a good one: each gets a clear refusal or an honest status.

use serde_json::{Value, json};

use crate::api::{Form, id};
use crate::folder::peak_memory;
use crate::pdf::{Pdf, bomb, many_pages, numbered, protected};
use crate::server::Server;

#[test]
fn what_is_no_pdf_is_refused_and_leaves_nothing() {
    let server = Server::shared();
    let person = server.person();
    let late = [vec![b' '; 2_000], numbered("late", 1)].concat();
    let files: [(&str, &[u8]); 6] = [
        ("empty", b""),
        ("text", b"just some text"),
        ("zip", b"PK\x03\x04 and more of it"),
        ("almost", b"%PD"),
        ("too late", &late),
        ("zeros", &[0; 5_000]),
    ];
    for (what, file) in files {
        let detail = person.api.upload("filename=a.pdf&process=true", file).refused(415, "not_a_pdf");
        assert!(!detail.is_empty(), "{what}");
        person.api.upload_form("", &Form::default().file("a.pdf", file)).refused(415, "not_a_pdf");
        let keyed = person.api.upload_with("filename=a.pdf", &[("idempotency-key", what)], file);
        keyed.refused(415, "not_a_pdf");
        server.assert_nothing_of(person.id, what);
    }
}

#[test]
fn a_file_that_only_begins_like_a_pdf_is_stored_and_called_damaged() {
    let server = Server::shared();
    let api = server.person().api;
    let whole = numbered("truncated", 4);
    for file in [&b"%PDF-1.7\n"[..], &whole[..60], b"%PDF-1.7\nnothing of a PDF follows\n%%EOF\n"] {
        let document = api.upload("filename=stump.pdf&process=true", file).expect(201);
        assert_eq!(document["status"], "damaged", "{document}");
        assert!(document["status_detail"].as_str().is_some_and(|reason| !reason.is_empty()), "{document}");
        assert_eq!(document["page_count"], Value::Null);
        let content = api.get(&format!("/v1/documents/{}/content", id(&document)));
        assert_eq!(content.body, file, "it is kept as it came");
        let job = api.post_json(&format!("/v1/documents/{}/jobs", id(&document)), &json!({}));
        job.refused(409, "document_not_readable");
    }
    assert!(api.list("/v1/jobs", 10).is_empty(), "nothing was queued that no job can read");
}

#[test]
fn a_truncated_file_gives_what_is_left_of_it_and_says_that_it_was_repaired() {
    let server = Server::shared();
    let api = server.person().api;
    let whole = numbered("truncated", 10);
    let document = api.process("half.pdf", &whole[..whole.len() / 2]);
    let versions = api.read(&format!("/v1/documents/{}/versions", id(&document)));
    match document["status"].as_str().unwrap() {
        "damaged" => assert!(document["status_detail"].as_str().is_some_and(|reason| !reason.is_empty())),
        "processed" | "partially_processed" => {
            assert_eq!(versions["items"][0]["repaired"], true, "{versions}");
            assert_ne!(versions["items"][0]["warnings"], json!([]), "{versions}");
            let zones = api.list(&format!("/v1/documents/{}/zones", id(&document)), 100);
            assert!(!zones.is_empty(), "readable, and yet nothing was read");
        }
        other => panic!("{other} is not honest: {document}"),
    }
}

#[test]
fn a_file_with_a_password_is_stored_and_says_that_it_needs_one() {
    let server = Server::shared();
    let api = server.person().api;
    let file = protected();
    let document = api.upload("filename=secret.pdf&process=true", &file).expect(201);
    assert_eq!(document["status"], "password_required", "{document}");
    assert!(document["status_detail"].as_str().unwrap().contains("password"));
    let versions = api.read(&format!("/v1/documents/{}/versions", id(&document)));
    assert!(versions["items"][0]["encryption"].is_string(), "{versions}");
    assert_eq!(api.get(&format!("/v1/documents/{}/content", id(&document))).body, file);
    let job = api.post_json(&format!("/v1/documents/{}/jobs", id(&document)), &json!({}));
    job.refused(409, "document_not_readable");
    assert_eq!(api.list("/v1/documents?status=password_required", 10).len(), 1);
}

#[test]
fn a_file_without_pages_is_stored_and_called_damaged() {
    let server = Server::shared();
    let document = server.person().api.upload("filename=none.pdf", &Pdf::new().bytes()).expect(201);
    assert_eq!(document["status"], "damaged");
    assert!(document["status_detail"].as_str().unwrap().contains("page"), "{document}");
}

#[test]
fn ten_thousand_pages_are_processed_and_counted() {
    let server = Server::shared();
    let api = server.person().api;
    let document = api.process("long.pdf", &many_pages(10_000));
    assert_eq!((&document["status"], &document["page_count"]), (&json!("processed"), &json!(10_000)));
    let pages = api.list(&format!("/v1/documents/{}/pages", id(&document)), 1_000);
    let numbers: Vec<_> = pages.iter().map(|page| page["page_number"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (1..=10_000).collect::<Vec<_>>());
    let zones = api.list(&format!("/v1/documents/{}/zones", id(&document)), 1_000);
    let numbers: Vec<_> = zones.iter().map(|zone| zone["page_number"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (1..=10_000).collect::<Vec<_>>(), "each page has its one zone");
}

#[test]
fn more_pages_than_are_read_is_said_so() {
    let server = Server::shared();
    let document = server.person().api.upload("filename=endless.pdf", &many_pages(20_001)).expect(201);
    assert_eq!(document["status"], "damaged");
    assert!(document["status_detail"].as_str().unwrap().contains("more than 20000 pages"), "{document}");
}

#[test]
fn a_bomb_ends_with_an_honest_status_and_the_server_stays_small() {
    let server = Server::start();
    let api = server.person().api;
    let before = peak_memory(server.pid());
    let document = api.process("bomb.pdf", &bomb(1_100));
    let status = document["status"].as_str().unwrap();
    assert!(["failed", "partially_processed", "damaged"].contains(&status), "{document}");
    assert!(document["status_detail"].as_str().is_some_and(|reason| reason.contains("memory")), "{document}");
    let after = peak_memory(server.pid());
    println!("memory of the server: {before} MiB before the bomb, {after} MiB after it");
    assert!(after < before + 50, "{before} MiB became {after} MiB");
    assert_eq!(api.process("next.pdf", &numbered("next", 1))["status"], "processed", "the server goes on");
}
