//! The same request again is the same document.

use std::thread;

use crate::api::{Form, id};
use crate::pdf::numbered;
use crate::server::Server;

const KEY: [(&str, &str); 1] = [("idempotency-key", "a key of ours")];

#[test]
fn the_same_key_twice_gives_the_first_document_again() {
    let server = Server::shared();
    let person = server.person();
    let file = numbered("twice", 1);
    let upload = || person.api.upload_with("filename=twice.pdf&process=true", &KEY, &file);
    let first = upload().expect(201);
    let again = upload();
    assert_eq!(again.header("location"), format!("/v1/documents/{}", id(&first)));
    assert_eq!(id(&again.expect(200)), id(&first));
    person.api.wait_for(id(&first));
    assert_eq!(id(&upload().expect(200)), id(&first), "also after it was processed");
    assert_eq!(person.api.list("/v1/documents", 10).len(), 1);
    assert_eq!(person.api.list("/v1/jobs", 10).len(), 1);
    crate::wait::until("one object is left", || server.belongings(person.id).1.len() == 1);
}

#[test]
fn the_same_key_for_another_request_is_refused() {
    let server = Server::shared();
    let person = server.person();
    let (file, other) = (numbered("first", 1), numbered("other", 1));
    let first = person.api.upload_with("filename=first.pdf", &KEY, &file).expect(201);
    person.api.upload_with("filename=first.pdf", &KEY, &other).refused(422, "idempotency_key_reused");
    person.api.upload_with("filename=renamed.pdf", &KEY, &file).refused(422, "idempotency_key_reused");
    assert_eq!(person.api.list("/v1/documents", 10), [first]);
    crate::wait::until("one object is left", || server.belongings(person.id).1.len() == 1);
}

#[test]
fn a_key_belongs_to_the_person_who_used_it() {
    let server = Server::shared();
    let (one, other) = (server.person(), server.person());
    let file = numbered("keys", 1);
    let upload = |api: &crate::api::Api| api.upload_with("filename=a.pdf", &KEY, &file).expect(201);
    assert_ne!(id(&upload(&one.api)), id(&upload(&other.api)));
}

#[test]
fn eight_uploads_at_once_with_one_key_make_one_document() {
    let server = Server::shared();
    let person = server.person();
    let file = numbered("eight", 2);
    let upload = || person.api.upload_with("filename=eight.pdf&process=true", &KEY, &file);
    let answers: Vec<_> = thread::scope(|scope| {
        let uploads: Vec<_> = (0..8).map(|_| scope.spawn(upload)).collect();
        uploads.into_iter().map(|upload| upload.join().unwrap()).collect()
    });
    let document = id(&answers[0].json()).to_owned();
    assert!(answers.iter().all(|answer| id(&answer.json()) == document), "{answers:?}");
    let created = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!((created, answers.iter().filter(|answer| answer.status == 200).count()), (1, 7));
    person.api.wait_for(&document);
    assert_eq!(person.api.list("/v1/documents", 10).len(), 1);
    assert_eq!(person.api.list("/v1/jobs", 10).len(), 1);
    crate::wait::until("one object is left", || server.belongings(person.id).1.len() == 1);
}

#[test]
fn a_key_that_is_none_is_refused_and_leaves_nothing() {
    let server = Server::shared();
    let person = server.person();
    let file = numbered("none", 1);
    for key in ["", &"k".repeat(256), "schlüssel"] {
        let answer = person.api.upload_with("filename=a.pdf", &[("idempotency-key", key)], &file);
        answer.refused(400, "invalid_idempotency_key");
        let headers = [("content-type", Form::CONTENT_TYPE), ("idempotency-key", key)];
        let form = Form::default().file("a.pdf", &file).bytes();
        let answer = person.api.send("POST", "/v1/documents", &headers, Some(&form)).unwrap();
        answer.refused(400, "invalid_idempotency_key");
    }
    server.assert_nothing_of(person.id, "a bad key");
}
