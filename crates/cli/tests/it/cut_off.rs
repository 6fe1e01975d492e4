//! Senders that go away in the middle leave nothing behind.

use crate::api::{Form, id};
use crate::folder::peak_memory;
use crate::pdf::numbered;
use crate::raw::Raw;
use crate::server::Server;
use crate::wait;

const UPLOAD: &str = "/v1/documents?filename=cut.pdf&process=true";

/// Waits until the store takes something, so that the sender goes away in the middle and not before.
fn wait_until_begun(server: &Server) {
    wait::until("the upload has begun", || server.writes_an_object());
}

/// So many megabytes that begin like a PDF.
fn megabytes(count: usize) -> Vec<u8> {
    let mut bytes = vec![b'%'; count << 20];
    bytes[..9].copy_from_slice(b"%PDF-1.7\n");
    bytes
}

#[test]
fn a_stream_of_four_gigabytes_that_is_cut_off_half_way_leaves_nothing() {
    let server = Server::start();
    let person = server.person();
    let before = peak_memory(server.pid());
    let length = format!("Content-Length: {}", 4_u64 << 30);
    let mut raw =
        Raw::post(&server, &server.token(person.id), UPLOAD, &["Content-Type: application/pdf", &length]);
    raw.send(&megabytes(200));
    wait_until_begun(&server);
    drop(raw);
    server.assert_nothing_of(person.id, "a stream that was cut off");
    let after = peak_memory(server.pid());
    println!("memory of the server: {before} MiB before 200 MiB of an upload, {after} MiB after it");
    assert!(after < before + 80, "{before} MiB became {after} MiB");
}

#[test]
fn a_chunked_stream_that_is_cut_off_leaves_nothing() {
    let server = Server::shared();
    let person = server.person();
    let mut raw = Raw::post(&server, &server.token(person.id), UPLOAD, &["Transfer-Encoding: chunked"]);
    raw.send_chunk(&megabytes(10));
    wait_until_begun(&server);
    drop(raw);
    server.assert_nothing_of(person.id, "a chunked stream that was cut off");
}

#[test]
fn a_sender_that_stops_but_listens_is_told_so() {
    let server = Server::shared();
    let person = server.person();
    let mut raw = Raw::post(&server, &server.token(person.id), UPLOAD, &["Content-Length: 1000000"]);
    raw.send(&megabytes(0x1)[..1_000]);
    wait_until_begun(&server);
    raw.end();
    let answer = raw.answer();
    // A server may also just close: what matters is that it never says the upload went well.
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{answer}");
    server.assert_nothing_of(person.id, "a sender that stopped");
}

#[test]
fn a_form_that_is_cut_off_leaves_nothing() {
    let server = Server::shared();
    let person = server.person();
    let form = Form::default().file("cut.pdf", &megabytes(9)).begun();
    let length = format!("Content-Length: {}", form.len() + (1 << 30));
    let kind = format!("Content-Type: {}", Form::CONTENT_TYPE);
    let mut raw = Raw::post(&server, &server.token(person.id), "/v1/documents", &[&kind, &length]);
    raw.send(&form);
    wait_until_begun(&server);
    drop(raw);
    server.assert_nothing_of(person.id, "a form that was cut off");
}

#[test]
fn a_sender_that_misses_the_answer_can_send_again_and_has_one_document() {
    let server = Server::shared();
    let person = server.person();
    let file = numbered("gone", 1);
    let length = format!("Content-Length: {}", file.len());
    let headers = ["Content-Type: application/pdf", "Idempotency-Key: gone", &length];
    let mut raw = Raw::post(&server, &server.token(person.id), UPLOAD, &headers);
    raw.send(&file);
    drop(raw);
    // Nobody knows whether the first one was stored; both are honest, twice would not be.
    let query = UPLOAD.split_once('?').unwrap().1;
    let answer = person.api.upload_with(query, &[("idempotency-key", "gone")], &file);
    assert!([200, 201].contains(&answer.status), "{answer:?}");
    assert_eq!(person.api.wait_for(id(&answer.json()))["status"], "processed");
    wait::until("one document with one object is left", || {
        person.api.list("/v1/documents", 10).len() == 1 && server.belongings(person.id).1.len() == 1
    });
}
