//! Sharing by the API: with a person, by link, until a time, so often; each use on record; over at once.

use std::thread;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::{Api, id};
use crate::pdf::numbered;
use crate::server::{Person, Server, change};

/// A document of somebody's.
fn document(owner: &Person) -> (Value, String) {
    let document = owner.api.upload("filename=shared.pdf", &numbered("shared", 2)).expect(201);
    let path = format!("/v1/documents/{}", id(&document));
    (document, path)
}

fn share(owner: &Person, path: &str, asked: &Value) -> Value {
    owner.api.post_json(&format!("{path}/shares"), asked).expect(201)
}

fn open(person: &Person, token: &str) -> crate::api::Answer {
    person.api.post_json("/v1/share-links/open", &json!({ "token": token }))
}

fn platform(server: &Server) -> Api {
    let now = jiff::Timestamp::now().as_second();
    server.with_token(&server.sign(&json!({ "role": "service_role", "iat": now, "exp": now + 3_600 })))
}

#[test]
fn a_person_is_let_in_as_what_the_share_says_and_out_at_once() {
    let server = Server::shared();
    let (owner, person) = (server.person(), server.person());
    let (_, path) = document(&owner);
    let made = share(&owner, &path, &json!({ "user_id": person.id }));
    assert_eq!(
        (&made["role"], &made["state"], &made["uses"]),
        (&json!("viewer"), &json!("active"), &json!(0))
    );
    assert_eq!(made["created_by"], owner.id.to_string());
    assert!(made.get("token").is_none() && made.get("url").is_none(), "there is nothing to open: {made}");
    assert_eq!(person.api.get(&format!("{path}/content")).status, 200);
    let jobs = format!("{path}/jobs");
    person.api.post_json(&jobs, &json!({})).refused(403, "forbidden");

    // Sharing anew takes the place of what was shared before.
    let editor =
        share(&owner, &path, &json!({ "user_id": person.id, "role": "editor", "expires_in": 3_600 }));
    person.api.post_json(&jobs, &json!({})).expect(202);
    owner.api.wait_for(path.rsplit('/').next().unwrap());
    let list = owner.api.list(&format!("{path}/shares"), 1);
    let states: Vec<_> = list.iter().map(|share| (id(share), share["state"].as_str().unwrap())).collect();
    assert_eq!(states, [(id(&editor), "active"), (id(&made), "revoked")], "newest first");

    let editing = format!("{path}/shares/{}", id(&editor));
    let revoke = || owner.api.send("DELETE", &editing, &[], None).unwrap();
    assert_eq!(revoke().status, 204);
    assert_eq!(revoke().status, 204, "once more is no error");
    person.api.get(&path).refused(404, "not_found");
    assert!(list.iter().all(|share| share["expires_at"].is_null() == (id(share) == id(&made))));
}

#[test]
fn a_link_opens_for_so_many_people_and_each_opening_is_on_record() {
    let server = Server::shared();
    let owner = server.person();
    let (document, path) = document(&owner);
    let made = share(&owner, &path, &json!({ "max_uses": 5 }));
    let token = made["token"].as_str().unwrap();
    assert_eq!(made["url"], format!("{}/#share={token}", server.ready.url));
    let people: Vec<Person> = (0..20).map(|_| server.person()).collect();
    let statuses: Vec<u16> = thread::scope(|scope| {
        let opening: Vec<_> =
            people.iter().map(|person| scope.spawn(|| open(person, token).status)).collect();
        opening.into_iter().map(|opened| opened.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 5, "{statuses:?}");
    for (person, status) in people.iter().zip(statuses) {
        assert_eq!(person.api.get(&path).status, status, "who was let in sees it, and nobody else");
        let again = open(person, token);
        if status == 200 {
            assert_eq!(id(&again.expect(200)), id(&document), "and may open it again");
        } else {
            again.refused(404, "share_link_invalid");
        }
    }
    assert_eq!(open(&owner, token).status, 200, "its owner needs none");
    let list = owner.api.list(&format!("{path}/shares"), 10);
    assert_eq!((&list[0]["state"], &list[0]["uses"]), (&json!("used_up"), &json!(5)));
    assert!(!list[0].to_string().contains(token), "the token is shown once");
    let uses = owner.api.list(&format!("{path}/shares/{}/uses", id(&made)), 2);
    assert_eq!(uses.len(), 5);
    let log = owner.api.list(&format!("{path}/accesses"), 3);
    assert_eq!(log.len(), 10, "five who opened it twice");
    assert!(log.iter().all(|line| line["action"] == "opened" && line["share_id"] == made["id"]));
    assert!(!server.log().contains(token), "no token gets into the log");
}

#[test]
fn what_others_do_with_the_file_is_noted_once_for_each_download() {
    let server = Server::shared();
    let (owner, person) = (server.person(), server.person());
    let (_, path) = document(&owner);
    share(&owner, &path, &json!({ "user_id": person.id }));
    let content = format!("{path}/content");
    let etag = owner.api.get(&content).header("etag").to_owned();
    let log = || -> Vec<String> {
        let lines = owner.api.list(&format!("{path}/accesses"), 10);
        assert!(lines.iter().all(|line| line["user_id"] == person.id.to_string()), "{lines:?}");
        lines.iter().rev().map(|line| line["action"].as_str().unwrap().to_owned()).collect()
    };
    assert!(log().is_empty(), "the owner's own reading is not noted");
    // Nothing of the file is given away by these.
    person.api.send("HEAD", &content, &[], None).unwrap();
    assert_eq!(person.api.get_with(&content, &[("if-none-match", &etag)]).status, 304);
    assert_eq!(person.api.get_with(&content, &[("range", "bytes=999999999-")]).status, 416);
    assert_eq!(person.api.get_with(&content, &[("if-match", "\"other\"")]).status, 412);
    assert!(log().is_empty());
    for _ in 0..2 {
        assert_eq!(person.api.get(&content).status, 200);
    }
    person.api.post_json(&format!("{path}/signed-url"), &json!({})).expect(200);
    for part in 0..5 {
        assert_eq!(person.api.get_with(&content, &[("range", &format!("bytes={part}-{part}"))]).status, 206);
    }
    assert_eq!(log(), ["downloaded", "downloaded", "signed_url"]);
    let _ = server.person().api.get(&content).refused(404, "not_found");
    assert_eq!(log().len(), 3, "who was refused has done nothing");
}

#[test]
fn a_share_that_is_over_and_a_link_that_is_revoked_let_nobody_in() {
    let server = Server::shared();
    let (owner, person) = (server.person(), server.person());
    let (_, path) = document(&owner);
    let link = share(&owner, &path, &json!({ "expires_in": 3_600 }));
    let token = link["token"].as_str().unwrap();
    assert_eq!(open(&person, token).status, 200);
    let end = format!(
        "update public.document_shares set expires_at = now() - interval '1 second' where id = '{}'",
        id(&link)
    );
    change(&server.ready.database_url, &end);
    person.api.get(&path).refused(404, "not_found");
    open(&person, token).refused(404, "share_link_invalid");
    let state = |share: &Value| {
        let list = owner.api.list(&format!("{path}/shares"), 10);
        list.iter().find(|other| id(other) == id(share)).unwrap()["state"].clone()
    };
    assert_eq!(state(&link), "expired");

    let link = share(&owner, &path, &json!({ "role": "editor" }));
    let token = link["token"].as_str().unwrap();
    let revoke = format!("{path}/shares/{}", id(&link));
    assert_eq!(owner.api.send("DELETE", &revoke, &[], None).unwrap().status, 204);
    open(&person, token).refused(404, "share_link_invalid");
    assert_eq!(state(&link), "revoked");
    for nonsense in ["", "x", "a\0b", &"f".repeat(64), &"f".repeat(100_000), "文"] {
        open(&person, nonsense).refused(404, "share_link_invalid");
    }
    platform(&server)
        .post_json("/v1/share-links/open", &json!({ "token": token }))
        .refused(400, "person_needed");
}

#[test]
fn a_share_that_makes_no_sense_is_refused_with_its_reason() {
    let server = Server::shared();
    let (owner, person) = (server.person(), server.person());
    let (_, path) = document(&owner);
    let shares = format!("{path}/shares");
    for (asked, field) in [
        (json!({ "expires_at": "2020-01-01T00:00:00Z" }), "expires_at"),
        (json!({ "expires_at": "2100-01-01T00:00:00Z" }), "expires_at"),
        (json!({ "expires_in": 0 }), "expires_in"),
        (json!({ "expires_in": -5 }), "expires_in"),
        (json!({ "expires_in": i64::MIN }), "expires_in"),
        (json!({ "expires_in": i64::MAX }), "expires_at"),
        (json!({ "expires_in": 60, "expires_at": "2027-01-01T00:00:00Z" }), "expires_in"),
        (json!({ "user_id": person.id, "max_uses": 1 }), "max_uses"),
        (json!({ "max_uses": 0 }), "max_uses"),
        (json!({ "max_uses": 9_999_999_999_i64 }), "max_uses"),
        (json!({ "user_id": owner.id }), "user_id"),
        (json!({ "role": "owner" }), "role"),
    ] {
        let detail = owner.api.post_json(&shares, &asked).refused(422, "invalid");
        assert!(detail.starts_with(field), "{asked}: {detail}");
    }
    for asked in
        [json!({ "user_id": "somebody" }), json!({ "until": 1 }), json!([]), json!({ "expires_at": "soon" })]
    {
        owner.api.post_json(&shares, &asked).refused(400, "invalid_json");
    }
    assert!(owner.api.list(&shares, 10).is_empty());
    owner.api.get(&format!("{shares}?cursor=x")).refused(400, "invalid_query");
    let none = format!("{shares}/{}", Uuid::new_v4());
    owner.api.send("DELETE", &none, &[], None).unwrap().refused(404, "not_found");
    owner.api.get(&format!("{none}/uses")).refused(404, "not_found");
}

#[test]
fn sharing_is_the_owners_and_the_platforms_whoever_else_may_read() {
    let server = Server::shared();
    let (owner, viewer, editor, stranger) =
        (server.person(), server.person(), server.person(), server.person());
    let (_, path) = document(&owner);
    let made = share(&owner, &path, &json!({ "user_id": viewer.id }));
    share(&owner, &path, &json!({ "user_id": editor.id, "role": "editor" }));
    let (shares, one) = (format!("{path}/shares"), format!("{path}/shares/{}", id(&made)));
    for (person, status, code) in
        [(&viewer, 403, "forbidden"), (&editor, 403, "forbidden"), (&stranger, 404, "not_found")]
    {
        for read in [&shares, &format!("{one}/uses"), &format!("{path}/accesses")] {
            person.api.get(read).refused(status, code);
        }
        person.api.post_json(&shares, &json!({})).refused(status, code);
        person.api.post_json(&shares, &json!({ "user_id": stranger.id })).refused(status, code);
        person.api.send("DELETE", &one, &[], None).unwrap().refused(status, code);
    }
    stranger.api.get(&path).refused(404, "not_found");
    assert_eq!(owner.api.list(&shares, 10).len(), 2);
    // A share of another document is none of this one.
    let (_, other) = document(&stranger);
    let crossed = format!("{other}/shares/{}", id(&made));
    stranger.api.send("DELETE", &crossed, &[], None).unwrap().refused(404, "not_found");

    let platform = platform(&server);
    let link = platform.post_json(&shares, &json!({})).expect(201);
    assert_eq!(open(&stranger, link["token"].as_str().unwrap()).status, 200);
    assert_eq!(platform.list(&shares, 10).len(), 3);
    assert_eq!(platform.list(&format!("{path}/accesses"), 10).len(), 1);
    let revoke = format!("{shares}/{}", id(&link));
    assert_eq!(platform.send("DELETE", &revoke, &[], None).unwrap().status, 204);
    stranger.api.get(&path).refused(404, "not_found");
}

#[test]
fn the_same_share_twice_under_one_key_is_made_once() {
    let server = Server::shared();
    let owner = server.person();
    let (_, path) = document(&owner);
    let shares = format!("{path}/shares");
    let post = |key: &str, asked: &Value| {
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        owner.api.send("POST", &shares, &headers, Some(asked.to_string().as_bytes())).unwrap()
    };
    let made = post("one", &json!({ "max_uses": 2 })).expect(201);
    let again = post("one", &json!({ "max_uses": 2 })).expect(200);
    assert_eq!(id(&made), id(&again));
    assert!(again.get("token").is_none(), "a token is shown once: {again}");
    post("one", &json!({ "max_uses": 3 })).refused(422, "idempotency_key_reused");
    assert_eq!(owner.api.list(&shares, 10).len(), 1);
    assert_ne!(id(&post("two", &json!({ "max_uses": 2 })).expect(201)), id(&made));
}
