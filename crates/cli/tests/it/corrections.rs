//! Corrections by the API: nothing that anybody said of a zone is lost, whoever else says something at the same time.

use std::thread;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::{Answer, Api, id};
use crate::pdf::Pdf;
use crate::server::{Person, Server, change};

/// A document of one page, with its zones.
pub struct Page {
    pub path: String,
    pub zones: Vec<Value>,
}

pub fn page(owner: &Person, lines: u32) -> Page {
    let texts: Vec<String> = (0..lines).map(|line| format!("line {line}")).collect();
    let placed: Vec<(u32, u32, &str)> =
        (0..).zip(&texts).map(|(line, text)| (12, 760 - 60 * line, text.as_str())).collect();
    let document = owner.api.process("page.pdf", &Pdf::new().lines(&placed, "").bytes());
    let path = format!("/v1/documents/{}", id(&document));
    let zones = owner.api.list(&format!("{path}/zones"), 100);
    assert!(zones.len() >= lines as usize, "{zones:?}");
    Page { path, zones }
}

impl Page {
    pub fn zone(&self, at: usize) -> String {
        format!("{}/zones/{}", self.path, id(&self.zones[at]))
    }
}

pub fn send(api: &Api, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
    let headers = [&[("content-type", "application/json")], headers].concat();
    api.send(method, path, &headers, Some(body.to_string().as_bytes())).unwrap()
}

fn patch(api: &Api, zone: &str, revision: i64, body: &Value) -> Answer {
    send(api, "PATCH", zone, &[("if-match", &format!("\"{revision}\""))], body)
}

fn correct(api: &Api, zone: &str, body: &Value) -> Answer {
    api.post_json(&format!("{zone}/corrections"), body)
}

fn platform(server: &Server) -> Api {
    let now = jiff::Timestamp::now().as_second();
    server.with_token(&server.sign(&json!({ "role": "service_role", "iat": now, "exp": now + 3_600 })))
}

fn share(owner: &Person, path: &str, with: &Person, role: &str) {
    let asked = json!({ "user_id": with.id, "role": role });
    owner.api.post_json(&format!("{path}/shares"), &asked).expect(201);
}

#[test]
fn edits_that_do_not_touch_are_both_kept_and_those_that_do_get_three_sides() {
    let server = Server::shared();
    let (owner, editor) = (server.person(), server.person());
    let page = page(&owner, 2);
    share(&owner, &page.path, &editor, "editor");
    let zone = page.zone(0);
    let first = patch(&owner.api, &zone, 1, &json!({ "content": "a heron", "reason": "misread" }));
    assert_eq!(first.header("etag"), "\"2\"");
    let first = first.expect(200);
    assert_eq!((&first["content"], &first["merged"]), (&json!("a heron"), &json!(false)));
    assert_eq!(first["original"]["content"], "line 0", "what the tool said stays known");

    let merged = patch(&editor.api, &zone, 1, &json!({ "zone_type": "title" })).expect(200);
    assert_eq!(
        (&merged["content"], &merged["zone_type"], &merged["merged"]),
        (&json!("a heron"), &json!("title"), &json!(true))
    );
    let same = patch(&editor.api, &zone, 1, &json!({ "content": "a heron" })).expect(200);
    assert_eq!(
        (&same["revision"], &same["merged"]),
        (&merged["revision"], &json!(true)),
        "twice the same is one"
    );

    let refused = patch(&editor.api, &zone, 1, &json!({ "content": "a stork", "language": "en" }));
    refused.refused(412, "stale");
    let sides = refused.json();
    assert_eq!(sides["fields"], json!(["content"]));
    assert_eq!(sides["base"]["content"], "line 0");
    assert_eq!(
        (&sides["theirs"]["content"], &sides["theirs"]["zone_type"]),
        (&json!("a heron"), &json!("title"))
    );
    assert_eq!(sides["yours"], json!({ "content": "a stork", "language": "en" }));
    assert_eq!(owner.api.read(&zone)["language"], Value::Null, "nothing of it was done");
    patch(&editor.api, &zone, 99, &json!({ "content": "x" })).refused(412, "stale");
    let revision = sides["theirs"]["revision"].as_i64().unwrap();
    patch(&editor.api, &zone, revision, &json!({ "content": "a stork" })).expect(200);

    let log = owner.api.list(&format!("{zone}/corrections"), 2);
    let told: Vec<_> = log
        .iter()
        .map(|c| (c["correction_type"].as_str().unwrap(), c["corrected_by"].as_str().unwrap().to_owned()))
        .collect();
    let (owner_id, editor_id) = (owner.id.to_string(), editor.id.to_string());
    assert_eq!(told, [("text", editor_id.clone()), ("type", editor_id.clone()), ("text", owner_id)]);
    assert_eq!((&log[2]["reason"], &log[2]["before"]), (&json!("misread"), &json!({ "content": "line 0" })));
    let list = |query: &str| owner.api.list(&format!("{}/corrections?{query}", page.path), 1).len();
    assert_eq!(list(&format!("corrected_by={editor_id}")), 2);
    assert_eq!((list("type=type"), list("type=split"), list("since=2999-01-01T00:00:00Z")), (1, 0, 0));
    owner.api.get(&format!("{}/corrections?type=nonsense", page.path)).refused(400, "invalid_query");
}

#[test]
fn what_is_asked_again_under_the_same_key_is_answered_and_not_done_again() {
    let server = Server::shared();
    let owner = server.person();
    let page = page(&owner, 3);
    let zone = page.zone(0);
    let key = [("idempotency-key", "the first"), ("if-match", "\"1\"")];
    let asked = json!({ "correction_type": "text", "content": "once" });
    let path = format!("{zone}/corrections");
    let first = send(&owner.api, "POST", &path, &key, &asked).expect(201);
    patch(&owner.api, &zone, 2, &json!({ "content": "later" })).expect(200);
    let again = send(&owner.api, "POST", &path, &key, &asked).expect(200);
    assert_eq!(again, first, "as it stood when it was done");
    assert_eq!(owner.api.read(&zone)["content"], "later");
    let other = json!({ "correction_type": "text", "content": "other" });
    send(&owner.api, "POST", &path, &key, &other).refused(422, "idempotency_key_reused");
    let elsewhere = format!("{}/corrections", page.zone(1));
    send(&owner.api, "POST", &elsewhere, &key, &asked).refused(422, "idempotency_key_reused");

    let headers = [("idempotency-key", "eight at once")];
    let delete = || owner.api.send("DELETE", &page.zone(2), &headers, None).unwrap();
    let answers: Vec<Answer> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(delete)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|answer| answer.status == 204), "{answers:?}");
    assert_eq!(owner.api.list(&format!("{}/corrections?type=delete", page.path), 10).len(), 1);
}

#[test]
fn one_zone_becomes_several_and_several_become_one_in_their_place() {
    let server = Server::shared();
    let owner = server.person();
    let page = page(&owner, 4);
    let (document, zone) = (page.path.rsplit('/').next().unwrap(), page.zone(1));
    // Without a gap, so that room has to be made; and a part of the zone, which is not to be lost.
    let sql = format!(
        "with z as (select id, row_number() over (order by zone_index) as n from public.zones where document_id = '{document}')
         update public.zones set zone_index = z.n + 100 from z where zones.id = z.id and document_id = '{document}';
         update public.zones set parent_id = '{}' where id = '{}'",
        id(&page.zones[1]),
        id(&page.zones[3])
    );
    change(&server.ready.database_url, &sql);
    let coordinates = json!({ "x0": 10.0, "y0": 10.0, "x1": 20.0, "y1": 20.0 });
    let parts = json!([{ "content": "one", "coordinates": coordinates }, { "content": "two", "zone_type": "caption" }, { "content": "three" }]);
    let done = correct(
        &owner.api,
        &zone,
        &json!({ "correction_type": "split", "zones": parts, "reason": "two columns" }),
    );
    let done = done.expect(201);
    let texts = |zones: &[Value]| -> Vec<String> {
        zones.iter().map(|zone| zone["content"].as_str().unwrap().to_owned()).collect()
    };
    let zones = owner.api.list(&format!("{}/zones", page.path), 100);
    assert_eq!(texts(&zones), ["line 0", "one", "two", "three", "line 2", "line 3"]);
    assert_eq!(done["zones"].as_array().unwrap(), &zones[1..4]);
    assert_eq!((&zones[1]["coordinates"], &zones[2]["zone_type"]), (&coordinates, &json!("caption")));
    assert_eq!(
        zones[3]["coordinates"], page.zones[1]["coordinates"],
        "where nothing is said, where the whole was"
    );
    assert_eq!((&zones[1]["created_by"], &zones[1]["original"]), (&json!(owner.id), &Value::Null));
    assert_eq!(zones[5]["parent_id"], zones[1]["id"], "its part is a part of the first");
    let record = &done["corrections"][0];
    assert_eq!((&record["correction_type"], &record["reason"]), (&json!("split"), &json!("two columns")));
    assert_eq!(
        (&record["before"]["content"], &record["after"][2]["content"]),
        (&json!("line 1"), &json!("three"))
    );
    assert_eq!(record["zone_ids"], json!([zones[1]["id"], zones[2]["id"], zones[3]["id"]]));
    assert_eq!(
        owner.api.list(&format!("{zone}/corrections"), 10),
        std::slice::from_ref(record),
        "also once it is gone"
    );
    owner.api.get(&zone).refused(404, "not_found");

    let first = format!("{}/zones/{}", page.path, id(&zones[1]));
    let (two, three) = (id(&zones[2]), id(&zones[3]));
    let stale = json!({ "correction_type": "merge", "zone_ids": [two], "revisions": { two: 99 } });
    correct(&owner.api, &first, &stale).refused(412, "stale");
    let asked = json!({ "correction_type": "merge", "zone_ids": [three, two] });
    let done = correct(&owner.api, &first, &asked).expect(201);
    let zones = owner.api.list(&format!("{}/zones", page.path), 100);
    assert_eq!(texts(&zones), ["line 0", "one\ntwo\nthree", "line 2", "line 3"]);
    assert_eq!(done["zone"], zones[1]);
    assert_eq!(zones[3]["parent_id"], zones[1]["id"]);
    let whole = &page.zones[1]["coordinates"];
    assert_eq!(zones[1]["coordinates"]["x0"], json!(10.0));
    assert_eq!(zones[1]["coordinates"]["x1"], whole["x1"], "the box around all");
    let record = &done["corrections"][0];
    assert_eq!((record["before"].as_array().unwrap().len(), &record["zone_id"]), (3, &zones[1]["id"]));
    correct(&owner.api, &first, &asked).refused(404, "not_found");
    for (body, code) in [
        (json!({ "correction_type": "split", "zones": [{}] }), 422),
        (json!({ "correction_type": "merge", "zone_ids": [Uuid::now_v7()] }), 404),
        (json!({ "correction_type": "create" }), 422),
    ] {
        let zone = format!("{}/zones/{}", page.path, id(&zones[0]));
        assert_eq!(correct(&owner.api, &zone, &body).status, code, "{body}");
    }
}

#[test]
fn a_zone_that_is_deleted_leaves_its_parts_and_its_history() {
    let server = Server::shared();
    let owner = server.person();
    let page = page(&owner, 3);
    let part = page.zone(1);
    patch(&owner.api, &part, 1, &json!({ "parent_id": id(&page.zones[0]) })).expect(200);
    let refused = patch(&owner.api, &page.zone(0), 1, &json!({ "parent_id": id(&page.zones[1]) }));
    assert!(refused.refused(422, "invalid").contains("part of it"));
    patch(&owner.api, &part, 2, &json!({ "parent_id": Uuid::now_v7() })).refused(422, "invalid");

    patch(&owner.api, &page.zone(0), 1, &json!({ "content": "changed" })).expect(200);
    let stale = owner.api.send("DELETE", &page.zone(0), &[("if-match", "\"1\"")], None).unwrap();
    stale.refused(412, "stale");
    assert_eq!((&stale.json()["fields"], &stale.json()["yours"]), (&json!(["content"]), &Value::Null));
    let gone =
        owner.api.send("DELETE", &format!("{}?reason=noise", page.zone(0)), &[("if-match", "\"2\"")], None);
    assert_eq!(gone.unwrap().status, 204);
    assert_eq!(owner.api.read(&part)["parent_id"], Value::Null);
    let conflict = patch(&owner.api, &page.zone(0), 2, &json!({ "content": "mine" }));
    conflict.refused(412, "stale");
    let sides = conflict.json();
    assert_eq!((&sides["theirs"], &sides["base"]["content"]), (&Value::Null, &json!("changed")));
    assert_eq!(sides["yours"]["content"], "mine");
    let again = owner.api.send("DELETE", &page.zone(0), &[("if-match", "\"2\"")], None).unwrap();
    again.refused(412, "stale");
    owner.api.send("DELETE", &page.zone(0), &[], None).unwrap().refused(404, "not_found");
    let log = owner.api.list(&format!("{}/corrections?type=delete", page.path), 10);
    assert_eq!(
        (log.len(), &log[0]["reason"], &log[0]["before"]["content"]),
        (1, &json!("noise"), &json!("changed"))
    );

    // A place in the reading order that another one has: the others move up.
    let taken = page.zones[2]["zone_index"].as_i64().unwrap();
    let moved = patch(&owner.api, &part, 3, &json!({ "zone_index": taken })).expect(200);
    assert_eq!(moved["zone_index"], taken);
    assert!(owner.api.read(&page.zone(2))["zone_index"].as_i64().unwrap() > taken);
}

#[test]
fn a_verdict_goes_where_it_may_and_stands_over_what_tools_say() {
    let server = Server::shared();
    let owner = server.person();
    let page = page(&owner, 2);
    let zone = page.zone(0);
    let accepted = correct(&owner.api, &zone, &json!({ "correction_type": "accept" })).expect(201);
    assert_eq!(accepted["zone"]["status"], "verified");
    assert_eq!(accepted["corrections"][0]["correction_type"], "accept");
    let again = correct(&owner.api, &zone, &json!({ "correction_type": "accept" })).expect(200);
    assert_eq!(
        (&again["corrections"], &again["zone"]["revision"]),
        (&json!([]), &accepted["zone"]["revision"])
    );
    let refused = patch(&owner.api, &zone, 2, &json!({ "status": "failed" })).refused(422, "invalid");
    assert!(refused.contains("verified") && refused.contains("completed"), "{refused}");

    let tool = platform(&server);
    let said = |body: &Value| send(&tool, "PATCH", &zone, &[], body);
    said(&json!({ "status": "completed" })).refused(409, "of_people");
    said(&json!({ "content": "a tool's" })).expect(200);
    correct(&owner.api, &zone, &json!({ "correction_type": "text", "content": "mine" })).expect(201);
    said(&json!({ "content": "a tool's again" })).refused(409, "of_people");
    said(&json!({ "metadata": { "engine": "x" } })).expect(200);
    tool.send("DELETE", &zone, &[], None).unwrap().refused(409, "of_people");
    correct(&tool, &page.zone(1), &json!({ "correction_type": "accept" })).refused(403, "person_needed");
    let zone = owner.api.read(&zone);
    assert_eq!((&zone["content"], &zone["original"]["content"]), (&json!("mine"), &json!("a tool's")));
}

#[test]
fn who_may_not_edit_is_told_so_and_the_trash_is_left_alone() {
    let server = Server::shared();
    let (owner, viewer, stranger) = (server.person(), server.person(), server.person());
    let page = page(&owner, 1);
    share(&owner, &page.path, &viewer, "viewer");
    let zone = page.zone(0);
    let ways = |api: &Api, status: u16, code: &str| {
        patch(api, &zone, 1, &json!({ "content": "x" })).refused(status, code);
        api.send("DELETE", &zone, &[], None).unwrap().refused(status, code);
        correct(api, &zone, &json!({ "correction_type": "accept" })).refused(status, code);
        api.post_json(&format!("{}/corrections/replay", page.path), &json!({})).refused(status, code);
    };
    ways(&viewer.api, 403, "forbidden");
    ways(&stranger.api, 404, "not_found");
    assert!(viewer.api.list(&format!("{zone}/corrections"), 10).is_empty());
    stranger.api.get(&format!("{zone}/corrections")).refused(404, "not_found");
    stranger.api.get(&format!("{}/corrections", page.path)).refused(404, "not_found");
    let nobody = format!("{}/zones/{}", page.path, Uuid::now_v7());
    owner.api.get(&format!("{nobody}/corrections")).refused(404, "not_found");
    patch(&owner.api, &nobody, 1, &json!({ "content": "x" })).refused(404, "not_found");
    for body in
        [json!({}), json!({ "revision": 3 }), json!({ "content": 7 }), json!({ "coordinates": { "x0": 3 } })]
    {
        patch(&owner.api, &zone, 1, &body).refused(422, "invalid");
    }
    assert_eq!(owner.api.send("DELETE", &page.path, &[], None).unwrap().status, 200);
    ways(&owner.api, 409, "in_trash");
    owner.api.send("POST", &format!("{}/restore", page.path), &[], None).unwrap().expect(200);
    assert_eq!(owner.api.read(&zone)["revision"], 1);
}
