//! A new file of the same document keeps the old one, whole.

use serde_json::{Value, json};

use crate::api::{Api, id, sha256};
use crate::pdf::{numbered, protected};
use crate::server::Server;
use crate::wait;

fn add(api: &Api, document: &Value, query: &str, file: &[u8]) -> crate::api::Answer {
    let path = format!("/v1/documents/{}/versions?{query}", id(document));
    api.send("POST", &path, &[("content-type", "application/pdf")], Some(file)).unwrap()
}

fn texts(api: &Api, document: &Value, query: &str) -> Vec<Value> {
    let zones = api.list(&format!("/v1/documents/{}/zones{query}", id(document)), 100);
    zones.into_iter().map(|zone| zone["content"].clone()).collect()
}

#[test]
fn any_version_is_read_compared_and_made_current_again_with_its_zones() {
    let server = Server::shared();
    let person = server.person();
    let api = &person.api;
    let (first_file, second_file) = (numbered("heron", 2), numbered("ibis", 3));
    let first = api.process("birds.pdf", &first_file);
    let old_texts = texts(api, &first, "");
    let answer = add(api, &first, "filename=scan.pdf&reason=scanned%20again&process=true", &second_file);
    let second = answer.expect(201);
    assert_eq!(answer.header("location"), format!("/v1/documents/{}/versions/2", id(&first)));
    assert_eq!(
        (&second["id"], &second["version"], &second["filename"]),
        (&first["id"], &json!(2), &json!("birds.pdf"))
    );
    assert_eq!((&second["sha256"], &second["page_count"]), (&json!(sha256(&second_file)), &json!(3)));
    assert_eq!(second["status"], "queued");
    assert_eq!(api.wait_for(id(&first))["status"], "processed");

    let path = |rest: &str| format!("/v1/documents/{}{rest}", id(&first));
    let versions = api.read(&path("/versions"));
    let made: Vec<_> = ["version", "reason", "created_by", "original_filename"]
        .iter()
        .map(|field| versions["items"][0][*field].clone())
        .collect();
    assert_eq!(made, [json!(2), json!("scanned again"), json!(person.id), json!("scan.pdf")]);
    for (version, file) in [(1, &first_file), (2, &second_file)] {
        assert_eq!(api.read(&path(&format!("/versions/{version}")))["sha256"], sha256(file));
        assert_eq!(&api.get(&path(&format!("/content?version={version}"))).body, file);
    }
    let compared = api.read(&path("/versions/compare?from=1&to=2"));
    assert_eq!((&compared["same_file"], &compared["page_count_change"]), (&json!(false), &json!(1)));

    assert_eq!(texts(api, &first, "?version=1"), old_texts);
    assert_ne!(texts(api, &first, ""), old_texts);
    assert!(api.list("/v1/search?q=heron", 10).is_empty(), "what was replaced is not found");
    assert!(!api.list("/v1/search?q=ibis", 10).is_empty());

    let current = api.post_json(&path("/versions/1/make-current"), &json!({})).expect(200);
    assert_eq!((&current["version"], &current["sha256"]), (&json!(1), &json!(sha256(&first_file))));
    assert_eq!((&current["status"], &current["page_count"]), (&json!("processed"), &json!(2)));
    assert_eq!(texts(api, &first, ""), old_texts);
    assert!(!api.list("/v1/search?q=heron", 10).is_empty());
    assert_eq!(api.get(&path("/content")).body, first_file);
    // The next one is the third, whatever is current.
    assert_eq!(add(api, &first, "", &numbered("crane", 1)).expect(201)["version"], 3);
    api.post_json(&path("/versions/9/make-current"), &json!({})).refused(404, "not_found");
    api.get(&path("/versions/compare?from=1&to=9")).refused(404, "not_found");
    assert_eq!(api.list("/v1/jobs", 10).len(), 2);
}

#[test]
fn a_version_that_cannot_be_read_says_so_and_the_one_before_can_come_back() {
    let server = Server::shared();
    let api = server.person().api;
    let document = api.process("open.pdf", &numbered("open", 1));
    let locked = add(&api, &document, "process=true", &protected()).expect(201);
    assert_eq!((&locked["status"], &locked["page_count"]), (&json!("password_required"), &json!(null)));
    let make_current = format!("/v1/documents/{}/versions/1/make-current", id(&document));
    let back = api.post_json(&make_current, &json!({})).expect(200);
    assert_eq!((&back["status"], &back["status_detail"]), (&json!("processed"), &json!(null)));
}

#[test]
fn what_is_no_version_leaves_nothing() {
    let server = Server::shared();
    let (owner, stranger) = (server.person(), server.person());
    let document = owner.api.upload("filename=a.pdf", &numbered("a", 1)).expect(201);
    add(&owner.api, &document, "", b"no PDF").refused(415, "not_a_pdf");
    add(&owner.api, &document, &format!("reason={}", "x".repeat(1001)), &numbered("b", 1))
        .refused(422, "invalid");
    add(&stranger.api, &document, "", &numbered("b", 1)).refused(404, "not_found");
    let share = |role: &str, person| {
        let sql = format!(
            "insert into public.document_shares (document_id, role, user_id, created_by)
             values ('{}', '{role}', '{person}', '{}')",
            id(&document),
            owner.id
        );
        crate::server::change(&server.ready.database_url, &sql);
    };
    share("viewer", stranger.id);
    add(&stranger.api, &document, "", &numbered("b", 1)).refused(403, "forbidden");
    wait::until("refused objects are gone", || server.belongings(owner.id).1.len() == 1);
    // An editor makes one, for the owner.
    share("editor", stranger.id);
    let file = numbered("edited", 1);
    let edited = add(&stranger.api, &document, "", &file).expect(201);
    assert_eq!((&edited["version"], &edited["uploaded_by"]), (&json!(2), &json!(owner.id)));
    assert_eq!(
        owner.api.read(&format!("/v1/documents/{}/versions/2", id(&document)))["created_by"],
        json!(stranger.id)
    );
    assert_eq!(owner.api.get(&format!("/v1/documents/{}/content", id(&document))).body, file);
}

#[test]
fn versions_made_at_once_are_numbered_one_after_the_other() {
    let server = Server::shared();
    let api = server.person().api;
    let document = api.upload("filename=a.pdf", &numbered("a", 1)).expect(201);
    let mut numbers: Vec<i64> = std::thread::scope(|scope| {
        let made: Vec<_> = (0..6)
            .map(|n| {
                let (api, document) = (&api, &document);
                scope.spawn(move || {
                    add(api, document, "", &numbered(&format!("v{n}"), 1)).expect(201)["version"]
                        .as_i64()
                        .unwrap()
                })
            })
            .collect();
        made.into_iter().map(|made| made.join().unwrap()).collect()
    });
    numbers.sort_unstable();
    assert_eq!(numbers, [2, 3, 4, 5, 6, 7]);
}
