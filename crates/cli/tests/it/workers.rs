//! Workers outside borrow jobs over HTTP, and what they deliver counts as long as the lease is theirs.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::{Api, id};
use crate::pdf::numbered;
use crate::raw::Raw;
use crate::server::{Server, change, claims};
use crate::wait;

/// The platform, as a worker has its token.
pub fn platform(server: &Server) -> Api {
    let mut platform = claims(Uuid::new_v4());
    platform["role"] = "service_role".into();
    server.with_token(&server.sign(&platform))
}

/// A job of a strategy that no worker of the server's own knows, in a queue of this test alone.
pub fn enqueue(server: &Server, document: &Value, queue: &str) -> String {
    enqueue_for(server, document, "theirs", queue, "null")
}

/// As [`enqueue`], for a strategy and an array of zones in SQL.
pub fn enqueue_for(server: &Server, document: &Value, strategy: &str, queue: &str, zones: &str) -> String {
    let (job, document) = (Uuid::now_v7().to_string(), id(document));
    change(
        &server.ready.database_url,
        &format!(
            "insert into public.processing_jobs (document_id, id, strategy, queue, version, total_pages, zone_ids)
             select d.id, '{job}', '{strategy}', '{queue}', d.version, d.page_count, {zones}
             from public.documents d where d.id = '{document}';
             insert into public.job_queue (job_id, document_id, strategy) values ('{job}', '{document}', '{strategy}');
             notify colophon_jobs"
        ),
    );
    job
}

fn queue() -> String {
    format!("queue-{}", Uuid::new_v4().simple())
}

fn claim(api: &Api, queue: &str, more: &Value) -> Vec<Value> {
    let mut wanted = json!({ "worker": queue, "queues": [queue], "limit": 10 });
    wanted.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = api.post_json("/v1/worker/claim", &wanted).expect(200);
    answer["jobs"].as_array().unwrap().clone()
}

/// The one job there is.
fn claim_one(api: &Api, queue: &str) -> Value {
    let mut jobs = claim(api, queue, &json!({ "wait_seconds": 10 }));
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    jobs.remove(0)
}

/// Says something of one job. Gives the answer.
fn say(api: &Api, what: &str, job: &Value, more: &Value) -> Value {
    let mut item = json!({ "job_id": job["job_id"], "lease_seq": job["lease_seq"] });
    item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = api.post_json(&format!("/v1/worker/{what}"), &json!({ "jobs": [item] })).expect(200);
    let results = answer["results"].as_array().unwrap();
    assert_eq!(results.len(), 1, "{answer}");
    assert_eq!((&results[0]["job_id"], &results[0]["lease_seq"]), (&job["job_id"], &job["lease_seq"]));
    results[0].clone()
}

fn zone(page: u32, text: &str) -> Value {
    let coordinates = json!({ "x0": 50, "y0": 50, "x1": 200, "y1": 70 });
    json!({ "page_number": page, "zone_type": "text", "content": text, "coordinates": coordinates })
}

fn ask_for(server: &Server, function: &str, job: &str) {
    let ask = format!("set role service_role; select * from colophon.{function}('{job}')");
    change(&server.ready.database_url, &ask);
}

#[test]
fn a_worker_borrows_a_job_reads_its_file_and_delivers_its_zones() {
    let (server, queue) = (Server::shared(), queue());
    let (owner, api) = (server.person(), platform(&server));
    let file = numbered("walrus", 2);
    let document = owner.api.upload("filename=a.pdf", &file).expect(201);
    let id = id(&document).to_owned();
    let job = enqueue(&server, &document, &queue);
    let lent = claim_one(&api, &queue);
    assert_eq!((lent["job_id"].as_str(), lent["document_id"].as_str()), (Some(&*job), Some(&*id)));
    assert_eq!(
        (&lent["strategy"], &lent["version"], &lent["page_count"]),
        (&json!("theirs"), &json!(1), &json!(2))
    );
    assert_eq!(
        (&lent["attempt"], &lent["done_pages"], &lent["page_numbers"]),
        (&json!(1), &json!([]), &Value::Null)
    );
    assert_eq!(owner.api.read(&format!("/v1/documents/{id}"))["status"], "processing");
    // The address of the file needs no token.
    let url = lent["content_url"].as_str().unwrap().strip_prefix(&server.ready.url).unwrap();
    let nobody = Api::with_authorization(&server.ready.url, None);
    assert_eq!(nobody.get(url).body, file);

    let held = say(&api, "heartbeat", &lent, &json!({ "progress": 12.5 }));
    assert_eq!(held["result"], "held");
    assert!(held["lease_until"].as_str().is_some());
    assert_eq!(owner.api.read(&format!("/v1/jobs/{job}"))["progress"], 12.5);

    let pages =
        json!([{ "page_number": 1, "duration_ms": 7, "stages": { "recognise": 5 } }, { "page_number": 2 }]);
    let found = json!({ "pages": pages, "zones": [zone(1, "one"), zone(2, "two"), zone(2, "three")],
        "model": "m1", "metrics": { "gpu": "none" } });
    let ended = say(&api, "complete", &lent, &found);
    assert_eq!((&ended["result"], &ended["repeated"]), (&json!("completed"), &json!(false)), "{ended}");
    assert_eq!(ended["zones"]["inserted"], 3);
    assert_eq!(owner.api.read(&format!("/v1/documents/{id}"))["status"], "processed");
    let zones = owner.api.list(&format!("/v1/documents/{id}/zones"), 10);
    let texts: Vec<_> = zones.iter().map(|zone| zone["content"].as_str().unwrap()).collect();
    assert_eq!(texts, ["one", "two", "three"]);
    assert!(zones.iter().all(|zone| zone["processing_tool"] == "theirs" && zone["processing_model"] == "m1"));
    assert!(zones.iter().all(|zone| zone["job_id"] == job));
    let record = owner.api.read(&format!("/v1/jobs/{job}"));
    assert_eq!(
        (&record["status"], &record["completed_pages"], &record["completed_zones"]),
        (&json!("completed"), &json!(2), &json!(3))
    );
    assert_eq!(
        (&record["metrics"]["gpu"], &record["pages"][0]["stages"]["recognise"]),
        (&json!("none"), &json!(5))
    );

    // The answer was lost, and it is said again: nothing happens twice.
    let again = say(&api, "complete", &lent, &found);
    assert_eq!((&again["result"], &again["repeated"]), (&json!("completed"), &json!(true)));
    assert_eq!(owner.api.list(&format!("/v1/documents/{id}/zones"), 10).len(), 3);
    assert!(claim(&api, &queue, &json!({})).is_empty());
}

#[test]
fn jobs_are_given_to_the_platforms_workers_alone() {
    let server = Server::shared();
    let person = server.person().api;
    let nobody = Api::with_authorization(&server.ready.url, None);
    let api = platform(&server);
    let item = json!({ "jobs": [{ "job_id": Uuid::nil(), "lease_seq": 1 }] });
    for what in ["claim", "heartbeat", "deliver", "complete", "fail", "release"] {
        let (path, body) = (
            format!("/v1/worker/{what}"),
            if what == "claim" { json!({ "worker": "w" }) } else { item.clone() },
        );
        person.post_json(&path, &body).refused(403, "forbidden");
        assert_eq!(nobody.post_json(&path, &body).status, 401);
        if what != "claim" {
            let told = api.post_json(&path, &body).expect(200);
            assert_eq!(told["results"][0]["result"], "not_found", "{what}: {told}");
        }
    }
}

#[test]
fn a_claim_waits_until_there_is_work() {
    let (server, queue) = (Server::shared(), queue());
    let (owner, api) = (server.person(), platform(&server));
    let document = owner.api.upload("filename=a.pdf", &numbered("a", 1)).expect(201);
    let begun = Instant::now();
    assert!(claim(&api, &queue, &json!({ "wait_seconds": 1 })).is_empty());
    assert!(begun.elapsed() >= Duration::from_secs(1), "it waited");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| claim(&api, &queue, &json!({ "wait_seconds": 30 })));
        let others =
            scope.spawn(|| claim(&api, &queue, &json!({ "wait_seconds": 2, "strategies": ["another"] })));
        let job = enqueue(&server, &document, &queue);
        assert_eq!(waiting.join().unwrap()[0]["job_id"], job);
        assert!(others.join().unwrap().is_empty(), "whoever knows other strategies is given nothing");
    });
}

#[test]
fn a_worker_that_went_away_is_given_nothing() {
    let (server, queue) = (Server::shared(), queue());
    let (owner, api) = (server.person(), platform(&server));
    let document = owner.api.upload("filename=a.pdf", &numbered("a", 1)).expect(201);
    let mut claims = claims(Uuid::new_v4());
    claims["role"] = "service_role".into();
    let wanted = json!({ "worker": "gone", "queues": [&queue], "wait_seconds": 30 }).to_string();
    let length = format!("Content-Length: {}", wanted.len());
    let headers = ["Content-Type: application/json", &length];
    let mut waiting = Raw::post(&server, &server.sign(&claims), "/v1/worker/claim", &headers);
    waiting.send(wanted.as_bytes());
    // Whoever asked later has waited in vain for a second: the first has been heard.
    assert!(claim(&api, &queue, &json!({ "wait_seconds": 1 })).is_empty());
    drop(waiting);
    let job = enqueue(&server, &document, &queue);
    let lent = claim_one(&api, &queue);
    assert_eq!((lent["job_id"].as_str(), &lent["attempt"]), (Some(&*job), &json!(1)));

    // The answer of a claim was lost: what the worker knows nothing of goes back, and is no attempt.
    let other = enqueue(&server, &document, &queue);
    assert_eq!(claim_one(&api, &queue)["job_id"], other);
    let in_hand = json!([{ "job_id": lent["job_id"], "lease_seq": lent["lease_seq"] }]);
    let again = claim(&api, &queue, &json!({ "in_hand": in_hand }));
    assert_eq!((again.len(), &again[0]["job_id"], &again[0]["attempt"]), (1, &json!(other), &json!(1)));
    assert_eq!(say(&api, "heartbeat", &lent, &json!({}))["result"], "held");
}

#[test]
fn whoever_lost_the_lease_is_told_why_and_changes_nothing() {
    let (server, queue) = (Server::shared(), queue());
    let (owner, api) = (server.person(), platform(&server));
    let document = owner.api.upload("filename=a.pdf", &numbered("a", 1)).expect(201);
    let found = json!({ "pages": [{ "page_number": 1 }], "zones": [zone(1, "too late")] });
    for (function, status) in [("cancel_job", "cancelled"), ("pause_job", "paused")] {
        let job = enqueue(&server, &document, &queue);
        let lent = claim_one(&api, &queue);
        ask_for(&server, function, &job);
        for (what, more) in [
            ("heartbeat", json!({})),
            ("deliver", found.clone()),
            ("complete", found.clone()),
            ("complete", json!({})),
            ("fail", json!({ "error_code": "x" })),
        ] {
            let told = say(&api, what, &lent, &more);
            assert_eq!(
                (&told["result"], &told["status"]),
                (&json!("stale"), &json!(status)),
                "{what}: {told}"
            );
        }
    }
    // Another one has it now.
    enqueue(&server, &document, &queue);
    let first = claim(&api, &queue, &json!({ "lease_seconds": 1, "wait_seconds": 10 })).remove(0);
    let second = wait::some("the lease has run out", || {
        claim(&api, &queue, &json!({ "worker": "x", "wait_seconds": 1 })).pop()
    });
    assert!(second["lease_seq"].as_i64() > first["lease_seq"].as_i64());
    assert_eq!((&second["job_id"], &second["attempt"]), (&first["job_id"], &json!(2)));
    let told = say(&api, "complete", &first, &found);
    assert_eq!((&told["result"], &told["status"]), (&json!("stale"), &json!("running")), "{told}");
    assert!(owner.api.list(&format!("/v1/documents/{}/zones", id(&document)), 10).is_empty());
    assert_eq!(say(&api, "complete", &second, &found)["result"], "completed");
    let attempts = owner.api.list(&format!("/v1/jobs/{}/attempts", first["job_id"].as_str().unwrap()), 10);
    let outcomes: Vec<_> = attempts.iter().map(|attempt| attempt["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["lease_lost", "completed"]);
}

#[test]
fn the_next_attempt_does_only_what_is_missing() {
    let (server, queue) = (Server::shared(), queue());
    let (owner, api) = (server.person(), platform(&server));
    let document = owner.api.upload("filename=a.pdf", &numbered("a", 3)).expect(201);
    let job = enqueue(&server, &document, &queue);
    let first = claim_one(&api, &queue);
    let told =
        say(&api, "deliver", &first, &json!({ "pages": [{ "page_number": 1 }], "zones": [zone(1, "one")] }));
    assert_eq!((&told["result"], &told["zones"]["inserted"]), (&json!("delivered"), &json!(1)), "{told}");
    let record = owner.api.read(&format!("/v1/jobs/{job}"));
    assert_eq!((&record["status"], &record["completed_pages"]), (&json!("running"), &json!(1)));
    let failure = json!({ "error_class": "transient", "error_code": "tool_timeout", "error_message": "too slow",
        "retry_after_seconds": 0, "metrics": { "seconds": 3 } });
    let told = say(&api, "fail", &first, &failure);
    assert_eq!((&told["result"], &told["retry_in_seconds"]), (&json!("retrying"), &json!(0.0)), "{told}");
    assert_eq!(say(&api, "fail", &first, &failure)["result"], "retrying", "and is told so again");

    let second = claim_one(&api, &queue);
    assert_eq!((&second["attempt"], &second["done_pages"]), (&json!(2), &json!([1])));
    // Handed back: the attempt does not count.
    assert_eq!(say(&api, "release", &second, &json!({}))["result"], "released");
    assert_eq!(say(&api, "release", &second, &json!({}))["result"], "released", "and is told so again");
    let third = claim_one(&api, &queue);
    assert_eq!((&third["attempt"], &third["done_pages"]), (&json!(2), &json!([1])));

    let pages = json!([{ "page_number": 2 },
        { "page_number": 3, "outcome": "failed", "error_class": "permanent", "error_code": "blank", "error_message": "nothing on it" }]);
    let told = say(&api, "complete", &third, &json!({ "pages": pages, "zones": [zone(2, "two")] }));
    assert_eq!(told["result"], "partially_completed", "{told}");
    let record = owner.api.read(&format!("/v1/jobs/{job}"));
    assert_eq!((&record["status"], &record["error_code"]), (&json!("partially_completed"), &json!("blank")));
    assert_eq!(record["error_message"], "1 of 3 pages (3) failed: nothing on it");
    let document = owner.api.read(&format!("/v1/documents/{}", id(&document)));
    assert_eq!(document["status"], "partially_processed");
    assert_eq!(owner.api.list(&format!("/v1/documents/{}/zones", id(&document)), 10).len(), 2);
}

#[test]
fn one_bad_item_keeps_no_other_from_being_taken() {
    let (server, queue) = (Server::shared(), queue());
    let (owner, api) = (server.person(), platform(&server));
    let document = owner.api.upload("filename=a.pdf", &numbered("a", 1)).expect(201);
    for _ in 0..6 {
        enqueue(&server, &document, &queue);
    }
    let lent = claim(&api, &queue, &json!({ "wait_seconds": 10 }));
    assert_eq!(lent.len(), 6);
    let item = |at: usize, more: Value| {
        let mut item = json!({ "job_id": lent[at]["job_id"], "lease_seq": lent[at]["lease_seq"] });
        item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        item
    };
    let page = json!([{ "page_number": 1 }]);
    let jobs = json!([
        item(0, json!({})),
        item(1, json!({ "pages": page, "zones": [zone(1, "fine"), zone(7, "on no page")] })),
        item(2, json!({ "pages": [{ "page_number": 9 }] })),
        { "job_id": "no id", "lease_seq": 1 },
        17,
        item(0, json!({})),
        item(3, json!({ "pages": page, "zones": [zone(1, "fine")] })),
        item(4, json!({ "status": "running" })),
        item(5, json!({ "zones": [{ "page_number": 1, "zone_type": "text", "txt": "" }] })),
    ]);
    let answer = api.post_json("/v1/worker/complete", &json!({ "jobs": jobs })).expect(200);
    let results = answer["results"].as_array().unwrap();
    let told: Vec<_> = results.iter().map(|result| result["result"].as_str().unwrap()).collect();
    assert_eq!(
        told,
        [
            "completed",
            "invalid",
            "invalid",
            "invalid",
            "invalid",
            "invalid",
            "completed",
            "invalid",
            "invalid"
        ],
        "{answer}"
    );
    for (at, words) in [
        (1, "page 7"),
        (2, "9 is none"),
        (3, "UUID"),
        (4, "integer"),
        (5, "twice"),
        (7, "no way to end"),
        (8, "txt"),
    ] {
        let detail = results[at]["problem"]["detail"].as_str().unwrap();
        assert!(detail.contains(words), "{detail}");
    }
    assert_eq!(results[8]["problem"]["code"], "zones_refused");
    let zones = owner.api.list(&format!("/v1/documents/{}/zones", id(&document)), 10);
    assert_eq!(zones.len(), 1, "nothing is half written");
    // Those are still held, and may yet be ended.
    for at in [1, 2, 4, 5] {
        assert_eq!(say(&api, "heartbeat", &lent[at], &json!({}))["result"], "held");
        let failure = json!({ "error_class": "permanent", "error_message": "a\u{0}b" });
        assert_eq!(say(&api, "fail", &lent[at], &failure)["result"], "failed");
    }
    for (body, status) in [
        (json!({}), 400),
        (json!([]), 400),
        (json!({ "jobs": [] }), 422),
        (json!({ "jobs": [], "job": 1 }), 400),
    ] {
        assert_eq!(api.post_json("/v1/worker/complete", &body).status, status);
    }
    for wanted in [
        json!({ "worker": "" }),
        json!({ "worker": "w", "limit": 0 }),
        json!({ "worker": "w", "wait_seconds": 31 }),
        json!({ "worker": "w", "lease_seconds": 0 }),
        json!({ "worker": "w", "queues": [] }),
        json!({ "worker": "a\u{0}b" }),
        json!({ "worker": "w", "strategies": ["x".repeat(51)] }),
    ] {
        api.post_json("/v1/worker/claim", &wanted).refused(422, "invalid");
    }
}

#[test]
fn a_body_larger_than_is_taken_is_refused() {
    let server = Server::shared();
    let body = vec![b' '; (64 << 20) + 1];
    let headers = [("content-type", "application/json")];
    platform(&server).insist("/v1/worker/complete", &headers, Some(&body)).refused(413, "too_large");
}

#[test]
fn a_file_that_kills_three_workers_goes_no_further() {
    let (server, queue) = (Server::shared(), queue());
    let (owner, api) = (server.person(), platform(&server));
    let document = owner.api.upload("filename=a.pdf", &numbered("a", 1)).expect(201);
    let job = enqueue(&server, &document, &queue);
    for attempt in 1..=3 {
        // Takes it, and is never heard of again.
        let lent = wait::some("it can be had", || {
            claim(&api, &queue, &json!({ "lease_seconds": 1, "wait_seconds": 1 })).pop()
        });
        assert_eq!(lent["attempt"], attempt);
    }
    let record = wait::some("it is given up", || {
        let record = owner.api.read(&format!("/v1/jobs/{job}"));
        (record["status"] == "failed").then_some(record)
    });
    assert_eq!((&record["error_code"], &record["error_class"]), (&json!("quarantined"), &json!("poison")));
    assert!(claim(&api, &queue, &json!({})).is_empty());
    let document = owner.api.read(&format!("/v1/documents/{}", id(&document)));
    assert_eq!(document["status"], "failed");
    let detail = document["status_detail"].as_str().unwrap();
    assert!(detail.contains("three workers stopped without a word"), "{detail}");

    // The same where the workers live to tell.
    let job = enqueue(&server, &document, &queue);
    for attempt in 1..=3 {
        let lent = claim_one(&api, &queue);
        let failure = json!({ "error_class": "poison", "error_code": "tool_crashed", "error_message": "SIGSEGV", "retry_after_seconds": 0 });
        let told = say(&api, "fail", &lent, &failure);
        assert_eq!(told["result"], if attempt < 3 { "retrying" } else { "failed" });
        assert_eq!(told["quarantined"], if attempt < 3 { Value::Null } else { json!(true) });
    }
    let record = owner.api.read(&format!("/v1/jobs/{job}"));
    assert_eq!(record["error_code"], "quarantined");
    // Until somebody asks again.
    ask_for(&server, "retry_job", &job);
    let lent = claim_one(&api, &queue);
    assert_eq!(say(&api, "complete", &lent, &json!({ "zones": [] }))["result"], "completed");
    assert_eq!(owner.api.read(&format!("/v1/documents/{}", id(&document)))["status"], "processed");
}

#[test]
fn a_zone_is_read_again_and_a_persons_word_stays() {
    let (server, queue) = (Server::shared(), queue());
    let (owner, api) = (server.person(), platform(&server));
    let document = owner.api.upload("filename=a.pdf", &numbered("a", 1)).expect(201);
    let of_zones = format!("/v1/documents/{}/zones", id(&document));
    enqueue(&server, &document, &queue);
    let lent = claim_one(&api, &queue);
    let mut other = zone(1, "teh other");
    other["coordinates"] = json!({ "x0": 50, "y0": 150, "x1": 200, "y1": 170 });
    say(&api, "complete", &lent, &json!({ "zones": [zone(1, "teh one"), other] }));
    let zones = owner.api.list(&of_zones, 10);
    assert_eq!(zones.len(), 2);
    let path = format!("{of_zones}/{}", id(&zones[1]));
    let edit = json!({ "content": "the other, says a person" });
    owner
        .api
        .send("PATCH", &path, &[("content-type", "application/json")], Some(edit.to_string().as_bytes()))
        .unwrap()
        .expect(200);

    let named = format!("array['{}', '{}', '{}']::uuid[]", id(&zones[0]), id(&zones[1]), Uuid::nil());
    let job = enqueue_for(&server, &document, "theirs", &queue, &named);
    let lent = claim_one(&api, &queue);
    assert_eq!(lent["zone_ids"].as_array().unwrap().len(), 3);
    let found = json!({ "tool": "better", "zones": [
        { "id": id(&zones[0]), "content": "the one", "confidence": 0.9 }, { "id": id(&zones[1]), "content": "the other" }],
        "zone_outcomes": [{ "zone_id": Uuid::nil(), "outcome": "failed", "error_code": "zone_gone", "error_message": "it is gone" }] });
    let told = say(&api, "complete", &lent, &found);
    assert_eq!(told["result"], "partially_completed", "{told}");
    let again = owner.api.list(&of_zones, 10);
    assert_eq!((&again[0]["content"], &again[0]["processing_tool"]), (&json!("the one"), &json!("better")));
    assert_eq!((&again[0]["id"], &again[0]["coordinates"]), (&zones[0]["id"], &zones[0]["coordinates"]));
    assert_eq!(again[1]["content"], "the other, says a person");
    let record = owner.api.read(&format!("/v1/jobs/{job}"));
    assert_eq!(record["zones"].as_array().unwrap().len(), 3);
    assert_eq!(record["error_code"], "zone_gone");
    assert_eq!(
        owner.api.read(&format!("/v1/documents/{}", id(&document)))["status"],
        "processed",
        "not the document's business"
    );
}
