//! The same file twice: stored once, and told.

use serde_json::json;

use crate::api::id;
use crate::pdf::numbered;
use crate::server::Server;
use crate::wait;

#[test]
fn the_same_file_is_stored_once_for_an_owner_and_apart_for_another() {
    let server = Server::shared();
    let (person, other) = (server.person(), server.person());
    let file = numbered("twice", 1);
    let first = person.api.upload("filename=a.pdf", &file).expect(201);
    let second = person.api.upload("filename=b.pdf", &file).expect(201);
    assert_ne!(first["id"], second["id"]);
    assert_eq!(first["storage_path"], second["storage_path"]);
    let theirs = other.api.upload("filename=c.pdf", &file).expect(201);
    assert_ne!(theirs["storage_path"], first["storage_path"]);
    wait::until("one object is left", || server.belongings(person.id).1.len() == 1);
    // The second lives on when the first is gone for good.
    let path = format!("/v1/documents/{}?purge=true", id(&first));
    assert_eq!(person.api.send("DELETE", &path, &[], None).unwrap().status, 204);
    assert_eq!(person.api.get(&format!("/v1/documents/{}/content", id(&second))).body, file);
    assert_eq!(person.api.read("/v1/me/usage")["bytes"], file.len());
}

#[test]
fn whoever_wants_no_duplicate_is_told_of_the_document_and_whether_it_is_in_the_trash() {
    let server = Server::shared();
    let person = server.person();
    let file = numbered("once", 1);
    let first = person.api.upload("filename=first.pdf", &file).expect(201);
    let reject = || {
        let answer = person.api.upload("filename=again.pdf&on_duplicate=reject", &file);
        answer.refused(409, "duplicate");
        answer.json()["existing"].clone()
    };
    let existing = json!({ "id": first["id"], "filename": "first.pdf", "version": 1, "in_trash": false });
    assert_eq!(reject(), existing);
    let linked = person.api.upload("filename=again.pdf&on_duplicate=link", &file).expect(200);
    assert_eq!(linked["id"], first["id"]);
    person.api.send("DELETE", &format!("/v1/documents/{}", id(&first)), &[], None).unwrap().expect(200);
    assert_eq!(reject()["in_trash"], true);
    let linked = person.api.upload("filename=again.pdf&on_duplicate=link", &file).expect(200);
    assert!(linked["deleted_at"].is_string(), "{linked}");
    person.api.upload("filename=x.pdf&on_duplicate=maybe", &file).refused(400, "invalid_query");
    // Nobody learns from it what others have.
    server.person().api.upload("filename=mine.pdf&on_duplicate=reject", &file).expect(201);
    wait::until("refused objects are gone", || server.belongings(person.id).1.len() == 1);
}

#[test]
fn twenty_uploads_of_one_file_at_once_leave_one_object() {
    let server = Server::shared();
    let person = server.person();
    let file = numbered("at once", 2);
    let ids: std::collections::BTreeSet<String> = std::thread::scope(|scope| {
        let sent: Vec<_> = (0..20)
            .map(|_| scope.spawn(|| id(&person.api.upload("filename=a.pdf", &file).expect(201)).to_owned()))
            .collect();
        sent.into_iter().map(|sent| sent.join().unwrap()).collect()
    });
    assert_eq!(ids.len(), 20);
    wait::until("one object is left", || server.belongings(person.id).1.len() == 1);
    for document in &ids {
        assert_eq!(person.api.get(&format!("/v1/documents/{document}/content")).body, file);
    }
}

#[test]
fn an_object_that_was_lost_is_not_linked_to() {
    let server = Server::shared();
    let person = server.person();
    let file = numbered("lost", 1);
    let first = person.api.upload("filename=a.pdf", &file).expect(201);
    let object = server.folder.data().join("objects").join(first["storage_path"].as_str().unwrap());
    std::fs::remove_file(object).unwrap();
    let second = person.api.upload("filename=b.pdf", &file).expect(201);
    assert_ne!(second["storage_path"], first["storage_path"]);
    assert_eq!(person.api.get(&format!("/v1/documents/{}/content", id(&second))).body, file);
}

#[test]
fn a_link_under_an_idempotency_key_is_repeated() {
    let server = Server::shared();
    let person = server.person();
    let file = numbered("keyed", 1);
    let first = person.api.upload("filename=a.pdf", &file).expect(201);
    for _ in 0..2 {
        let answer =
            person.api.upload_with("filename=b.pdf&on_duplicate=link", &[("idempotency-key", "k")], &file);
        assert_eq!(answer.expect(200)["id"], first["id"]);
    }
}
