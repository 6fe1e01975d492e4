//! Queues as a whole: what waits in them, whether they rest, and how many jobs may run at once.

use serde_json::{Value, json};

use crate::api::id;
use crate::pdf::numbered;
use crate::requesting::{NOBODYS, ask, document, platform};
use crate::server::Server;
use crate::wait;

#[test]
fn a_paused_queue_rests_until_it_is_resumed() {
    let server = Server::start();
    let (owner, platform) = (server.person(), platform(&server));
    let document = document(&owner);
    let pause = json!({ "reason": "the disk is full" });
    let paused = platform.post_json("/v1/queues/default/pause", &pause).expect(200);
    assert_eq!((&paused["paused"], &paused["reason"]), (&json!(true), &json!("the disk is full")));
    let again = platform.send("POST", "/v1/queues/default/pause", &[], None).unwrap().expect(200);
    assert_eq!(again["reason"], "the disk is full", "as it was paused first");
    let job = owner.api.post_json(&format!("/v1/documents/{document}/jobs"), &json!({})).expect(202);
    let later = json!({ "run_at": "2999-01-01T00:00:00Z", "queue": "night" });
    ask(&owner.api, &document, &later).expect(202);
    let queues = platform.read("/v1/queues");
    let of = |name: &str| {
        let queues = queues["items"].as_array().unwrap();
        queues.iter().find(|queue| queue["queue"] == name).cloned().unwrap_or(Value::Null)
    };
    assert_eq!(of("default")["strategies"][0]["queued"], 1, "{queues}");
    assert!(of("default")["strategies"][0]["oldest_seconds"].as_f64().is_some_and(|age| age >= 0.0));
    let night = &of("night")["strategies"][0];
    assert_eq!((&night["strategy"], &night["scheduled"]), (&json!(NOBODYS), &json!(1)), "{queues}");
    assert_eq!((&night["oldest_seconds"], &of("night")["paused"]), (&Value::Null, &json!(false)));
    let table = server.folder.done(&["queues", "list"]);
    assert!(table.contains("the disk is full") && table.contains("night"), "{table}");

    assert_eq!(owner.api.read(&format!("/v1/jobs/{}", id(&job)))["status"], "queued");
    let told = server.folder.done(&["queues", "resume", "default"]);
    assert!(told.contains("worked on"), "{told}");
    let path = format!("/v1/jobs/{}", id(&job));
    wait::until("it is worked on", || owner.api.read(&path)["status"] == "completed");
    let told = server.folder.done(&["queues", "pause", "default", "--reason", "again"]);
    assert!(told.contains("paused"), "{told}");
    assert_eq!(platform.post_json("/v1/queues/default/resume", &json!({})).expect(200)["paused"], false);

    for path in ["/v1/queues", "/v1/job-limits", "/v1/job-limits/strategy/ocr"] {
        owner.api.get(path).refused(403, "forbidden");
    }
    owner.api.post_json("/v1/queues/default/pause", &json!({})).refused(403, "forbidden");
    owner.api.post_json("/v1/queues/default/resume", &json!({})).refused(403, "forbidden");
    platform.post_json("/v1/queues/A%20B/pause", &json!({})).refused(422, "invalid");
    platform.post_json("/v1/queues/default/pause", &json!({ "why": 1 })).refused(400, "invalid_json");
    platform.post_json("/v1/queues/default/pause", &json!({ "reason": "" })).refused(422, "invalid");
}

#[test]
fn no_more_jobs_run_at_once_than_the_limit_allows() {
    let server = Server::start();
    let (owner, platform) = (server.person(), platform(&server));
    let put = |path: &str, body: &Value| {
        let headers = [("content-type", "application/json")];
        platform.send("PUT", path, &headers, Some(body.to_string().as_bytes())).unwrap()
    };
    let none = "/v1/job-limits/strategy/text-layer";
    let limit = put(none, &json!({ "max_running": 0 })).expect(200);
    assert_eq!(limit, json!({ "kind": "strategy", "name": "text-layer", "max_running": 0 }));
    put("/v1/job-limits/owner/default", &json!({ "max_running": 4 })).expect(200);
    assert_eq!(platform.read("/v1/job-limits/owner/default")["max_running"], 4);
    let names: Vec<_> =
        platform.list("/v1/job-limits", 10).iter().map(|limit| limit["name"].clone()).collect();
    assert_eq!(names, ["default", "text-layer"]);
    let document = owner.api.upload("filename=l.pdf&process=true", &numbered("limited", 1)).expect(201);
    let job = owner.api.list("/v1/jobs", 10).remove(0);
    let night = json!({ "strategy": "text-layer", "pages": "1", "queue": "default" });
    ask(&owner.api, id(&document), &night).expect(202);
    let queued = || {
        let queues = platform.read("/v1/queues");
        queues["items"][0]["strategies"][0]["queued"].clone()
    };
    assert_eq!(queued(), 2, "nothing runs where none may");
    let told = server.folder.done(&["queues", "limits"]);
    assert!(told.contains("text-layer") && told.contains("default"), "{told}");
    let told = server.folder.done(&["queues", "limit", "strategy", "text-layer", "1"]);
    assert!(told.contains("1 jobs at once"), "{told}");
    let path = format!("/v1/jobs/{}", id(&job));
    wait::until("it is worked on", || owner.api.read(&path)["status"] == "completed");
    assert_eq!(platform.send("DELETE", none, &[], None).unwrap().status, 204);
    platform.send("DELETE", none, &[], None).unwrap().refused(404, "not_found");
    platform.get(none).refused(404, "not_found");
    let ran = server.folder.run(&["queues", "unlimit", "strategy", "text-layer"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("no limit of its own"), "{ran:?}");
    server.folder.done(&["queues", "unlimit", "owner", "default"]);

    put(none, &json!({ "max_running": -1 })).refused(422, "invalid");
    put(none, &json!({})).refused(400, "invalid_json");
    put("/v1/job-limits/colour/red", &json!({ "max_running": 1 })).refused(404, "not_found");
    let headers = [("content-type", "application/json")];
    let body = json!({ "max_running": 1 }).to_string();
    owner.api.send("PUT", none, &headers, Some(body.as_bytes())).unwrap().refused(403, "forbidden");
    owner.api.send("DELETE", none, &[], None).unwrap().refused(403, "forbidden");
}
