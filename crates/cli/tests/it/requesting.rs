//! Jobs are asked for: what is taken, what is refused, and what is the same job again.

use std::thread;

use serde_json::{Value, json};

use crate::api::{Answer, Api, id};
use crate::pdf::numbered;
use crate::server::{Person, Server};
use crate::wait;

/// A strategy that nobody here works on: its jobs stay where they are put.
pub const NOBODYS: &str = "somebody-elses";

pub fn platform(server: &Server) -> Api {
    let now = jiff::Timestamp::now().as_second();
    server.with_token(&server.sign(&json!({ "role": "service_role", "iat": now, "exp": now + 3_600 })))
}

/// A document of three pages that was read. Gives its identifier.
pub fn document(owner: &Person) -> String {
    id(&owner.api.process("asked.pdf", &numbered("asked", 3))).to_owned()
}

/// Asks for a job that nobody works on, with these fields.
pub fn ask(api: &Api, document: &str, fields: &Value) -> Answer {
    let mut body = json!({ "strategy": NOBODYS });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    api.post_json(&format!("/v1/documents/{document}/jobs"), &body)
}

#[test]
fn a_job_names_pages_or_zones_that_are_there_or_neither() {
    let server = Server::shared();
    let owner = server.person();
    let document = document(&owner);
    let zones = owner.api.list(&format!("/v1/documents/{document}/zones"), 100);
    let zone = id(&zones[0]);
    let before = owner.api.read(&format!("/v1/documents/{document}"));
    let asked = [
        (json!({ "pages": "1-2,2" }), json!([1, 2])),
        (json!({ "pages": [3, 1] }), json!([1, 3])),
        (json!({ "pages": [3, "1-2"] }), json!([1, 2, 3])),
    ];
    for (fields, pages) in asked {
        let job = ask(&owner.api, &document, &fields).expect(202);
        assert_eq!((&job["page_numbers"], &job["zone_ids"]), (&pages, &Value::Null), "{job}");
        assert_eq!(job["total_pages"], json!(pages.as_array().unwrap().len()));
    }
    let job = ask(&owner.api, &document, &json!({ "zones": [zone, zone] })).expect(202);
    assert_eq!((&job["zone_ids"], &job["page_numbers"]), (&json!([zone]), &Value::Null));
    let now = owner.api.read(&format!("/v1/documents/{document}"));
    assert_eq!(now["status"], before["status"], "only a job for the whole document says where it stands");
    let stranger = server.person();
    let theirs = self::document(&stranger);
    let not_mine = stranger.api.list(&format!("/v1/documents/{theirs}/zones"), 100);
    let refused = [
        (json!({ "pages": [1, 4] }), "has no page 4"),
        (json!({ "pages": "0" }), "no list of pages"),
        (json!({ "pages": [] }), "leave it out"),
        (json!({ "pages": { "from": 1 } }), "neither"),
        (json!({ "pages": [1.5] }), "neither"),
        (json!({ "pages": [1], "zones": [zone] }), "not both"),
        (json!({ "zones": [] }), "leave it out"),
        (json!({ "zones": [id(&not_mine[0])] }), "has no zone"),
        (json!({ "strategy": "text_layer" }), "did you mean \"text-layer\"?"),
        (json!({ "strategy": "No Such Thing" }), "is no name"),
        (json!({ "queue": "" }), "is no name"),
        (json!({ "priority": 0 }), "1 to 4"),
        (json!({ "timeout_seconds": 0 }), "1 to 604800"),
        (json!({ "max_attempts": 101 }), "1 to 100"),
        (json!({ "job_key": "" }), "1 to 200 characters"),
    ];
    for (fields, reason) in refused {
        let detail = ask(&owner.api, &document, &fields).refused(422, "invalid");
        assert!(detail.contains(reason), "{fields}: {detail}");
    }
    ask(&owner.api, &document, &json!({ "page": 1 })).refused(400, "invalid_json");
    ask(&owner.api, &document, &json!({ "run_at": "soon" })).refused(400, "invalid_json");
}

#[test]
fn a_live_job_with_the_key_is_the_job_however_many_ask_at_once() {
    let server = Server::shared();
    let owner = server.person();
    let document = document(&owner);
    let fields = json!({ "job_key": "nightly" });
    let first = ask(&owner.api, &document, &fields).expect(202);
    assert_eq!(id(&ask(&owner.api, &document, &fields).expect(200)), id(&first));
    assert_eq!(
        id(&ask(&platform(&server), &document, &fields).expect(200)),
        id(&first),
        "for the platform, too"
    );
    // A key is of an owner's jobs: another's is another.
    let other = server.person();
    let theirs = self::document(&other);
    ask(&other.api, &theirs, &fields).expect(202);
    owner.api.post_json(&format!("/v1/jobs/{}/cancel", id(&first)), &json!({})).expect(200);
    let answers: Vec<Answer> = thread::scope(|scope| {
        let ask = || scope.spawn(|| ask(&owner.api, &document, &fields));
        let asked: Vec<_> = (0..8).map(|_| ask()).collect();
        asked.into_iter().map(|asked| asked.join().unwrap()).collect()
    });
    let made = answers.iter().filter(|answer| answer.status == 202).count();
    let mut ids: Vec<String> = answers.iter().map(|answer| id(&answer.json()).to_owned()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((made, ids.len()), (1, 1), "{ids:?}");
    assert_ne!(ids[0], id(&first), "what has ended has no key any more");
}

#[test]
fn asked_again_under_its_idempotency_key_it_is_the_same_job() {
    let server = Server::shared();
    let owner = server.person();
    let document = document(&owner);
    let path = format!("/v1/documents/{document}/jobs");
    let headers = [("content-type", "application/json"), ("idempotency-key", "once")];
    let send = |path: &str, body: &Value| {
        owner.api.send("POST", path, &headers, Some(body.to_string().as_bytes())).unwrap()
    };
    let body = json!({ "strategy": NOBODYS, "pages": "1" });
    let first = send(&path, &body).expect(202);
    assert_eq!(id(&send(&path, &body).expect(200)), id(&first));
    send(&path, &json!({ "strategy": NOBODYS, "pages": "2" })).refused(422, "idempotency_key_reused");
    let many = json!([{ "document_id": document, "strategy": NOBODYS, "pages": "1" }]);
    send("/v1/jobs", &many).refused(422, "idempotency_key_reused");
    let headers = [("content-type", "application/json"), ("idempotency-key", "many")];
    let send = || owner.api.send("POST", "/v1/jobs", &headers, Some(many.to_string().as_bytes())).unwrap();
    let made = send().expect(202);
    let again = send().expect(200);
    assert_eq!(id(&again["items"][0]), id(&made["items"][0]));
    assert_eq!((&made["items"][0]["created"], &again["items"][0]["created"]), (&json!(true), &json!(false)));
}

#[test]
fn a_job_waits_for_those_it_depends_on_and_fails_with_them() {
    let server = Server::shared();
    let (owner, other) = (server.person(), server.person());
    let (document, theirs) = (document(&owner), document(&other));
    let first = ask(&owner.api, &document, &json!({})).expect(202);
    let not_mine = ask(&other.api, &theirs, &json!({})).expect(202);
    let detail =
        ask(&owner.api, &document, &json!({ "depends_on": [id(&not_mine)] })).refused(422, "invalid");
    assert!(detail.contains("there is no job"), "{detail}");
    let read = json!({ "strategy": "text-layer", "pages": "1", "depends_on": [id(&first)] });
    let second = ask(&owner.api, &document, &read).expect(202);
    assert_eq!(second["depends_on"], json!([id(&first)]));
    let queues = platform(&server).read("/v1/queues");
    let waiting =
        |strategies: &Value| strategies.as_array().unwrap().iter().any(|s| s["waiting"] != json!(0));
    let queues = queues["items"].as_array().unwrap();
    assert!(queues.iter().any(|queue| waiting(&queue["strategies"])), "{queues:?}");
    owner.api.post_json(&format!("/v1/jobs/{}/cancel", id(&first)), &json!({})).expect(200);
    let path = format!("/v1/jobs/{}", id(&second));
    let failed = wait::some("it fails with the other", || {
        let job = owner.api.read(&path);
        (job["status"] == "failed").then_some(job)
    });
    assert_eq!(failed["error_code"], "dependency_failed");
    assert!(failed["error_message"].as_str().unwrap().contains(id(&first)), "{failed}");
}

#[test]
fn many_jobs_are_asked_for_at_once_and_one_that_cannot_be_stops_them_all() {
    let server = Server::shared();
    let (owner, other) = (server.person(), server.person());
    let (document, theirs) = (document(&owner), document(&other));
    let job = |document: &str, key: &str| json!({ "document_id": document, "strategy": NOBODYS, "pages": "1-2", "job_key": key });
    for (api, of_platform) in [(owner.api.clone(), false), (platform(&server), true)] {
        let key = |n: usize| format!("many {of_platform} {n}");
        let asked = json!([job(&document, &key(1)), job(&document, &key(2)), job(&document, &key(1))]);
        let made = api.post_json("/v1/jobs", &asked).expect(202);
        let made = made["items"].as_array().unwrap();
        assert_eq!(made.len(), 3);
        assert_eq!(id(&made[0]), id(&made[2]), "one live job has a key, also among those asked for");
        assert_ne!(id(&made[0]), id(&made[1]));
        assert_eq!(made[1]["filename"], "asked.pdf");
        let created: Vec<_> = made.iter().map(|job| job["created"].as_bool().unwrap()).collect();
        assert_eq!(created, [true, true, false]);
        assert_eq!(api.post_json("/v1/jobs", &asked).expect(200)["items"][1]["created"], false);

        let count = || owner.api.list(&format!("/v1/jobs?document_id={document}"), 100).len();
        let before = count();
        let mut wrong = vec![job(&document, &key(8)), job(&document, &key(9))];
        wrong[1]["pages"] = json!("1-9");
        let refused = api.post_json("/v1/jobs", &json!(wrong));
        refused.refused(422, "jobs_refused");
        assert_eq!(refused.json()["items"][0]["index"], 1);
        wrong[1]["pages"] = json!("1");
        wrong[1]["depends_on"] = json!([theirs]);
        api.post_json("/v1/jobs", &json!(wrong)).refused(422, "jobs_refused");
        wrong[1]["depends_on"] = json!([]);
        wrong[1]["document_id"] = json!(uuid::Uuid::new_v4());
        api.post_json("/v1/jobs", &json!(wrong)).refused(422, "jobs_refused");
        wrong[1].as_object_mut().unwrap().remove("document_id");
        api.post_json("/v1/jobs", &json!(wrong)).refused(422, "jobs_refused");
        assert_eq!(count(), before, "all or none");
    }
    let refused = owner.api.post_json("/v1/jobs", &json!([job(&document, "a"), job(&theirs, "b")]));
    assert!(refused.refused(422, "jobs_refused").contains("item 1: there is no document"));
    owner.api.post_json("/v1/jobs", &json!([])).refused(422, "invalid");
    let pages = json!({ "document_id": document, "strategy": NOBODYS, "pages": "1" });
    owner.api.post_json("/v1/jobs", &json!(vec![pages.clone(); 1_001])).refused(422, "invalid");
    let made = platform(&server).post_json("/v1/jobs", &json!(vec![pages; 1_000])).expect(202);
    assert_eq!(made["items"].as_array().unwrap().len(), 1_000);
}
