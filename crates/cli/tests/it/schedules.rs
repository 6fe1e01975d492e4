//! Jobs that recur: what is taken, what is refused, and that they come.

use serde_json::{Value, json};

use crate::api::{Answer, Api, id};
use crate::requesting::{NOBODYS, document, platform};
use crate::server::{Server, change};
use crate::wait;

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

fn patch(api: &Api, path: &str, fields: &Value) -> Answer {
    api.send("PATCH", path, &JSON, Some(fields.to_string().as_bytes())).unwrap()
}

/// Its time has come.
fn come(server: &Server, schedule: &Value) {
    let set = "update public.job_schedules set next_run_at = now() - interval '1 second' where id = ";
    change(&server.ready.database_url, &format!("{set}'{}'", id(schedule)));
}

#[test]
fn a_schedule_is_made_shown_changed_and_taken_away() {
    let server = Server::shared();
    let owner = server.person();
    let document = document(&owner);
    let schedules = format!("/v1/documents/{document}/schedules");
    let body = json!({
        "cron": "30 2  * * 1-5", "time_zone": "europe/berlin", "name": "nights", "strategy": NOBODYS, "pages": "2-3",
        "options": { "dpi": 300 }, "priority": 4, "max_attempts": 2, "timeout_seconds": 60, "queue": "night",
    });
    let answer = owner.api.post_json(&schedules, &body);
    let made = answer.expect(201);
    let path = format!("{schedules}/{}", id(&made));
    assert_eq!(answer.header("location"), path);
    for (field, is) in [
        ("cron", json!("30 2 * * 1-5")),
        ("time_zone", json!("Europe/Berlin")),
        ("page_numbers", json!([2, 3])),
        ("options", json!({ "dpi": 300 })),
        ("enabled", json!(true)),
        ("created_by", json!(owner.id)),
        ("last_job_id", Value::Null),
    ] {
        assert_eq!(made[field], is, "{field}: {made}");
    }
    let next = made["next_runs"].as_array().unwrap();
    assert!(next.len() == 3 && next[0] == made["next_run_at"], "{made}");
    assert_eq!(owner.api.list(&schedules, 100), [owner.api.read(&path)]);

    let changed =
        patch(&owner.api, &path, &json!({ "cron": "@hourly", "pages": null, "name": null })).expect(200);
    let told = [&changed["cron"], &changed["page_numbers"], &changed["name"], &changed["priority"]];
    assert_eq!(told, [&json!("@hourly"), &Value::Null, &Value::Null, &json!(4)]);
    assert_ne!(changed["next_run_at"], made["next_run_at"]);
    let paused = patch(&owner.api, &path, &json!({ "enabled": false })).expect(200);
    assert_eq!((&paused["next_run_at"], &paused["next_runs"]), (&Value::Null, &json!([])));
    patch(&owner.api, &path, &json!({ "cron": "* * *" })).refused(422, "invalid");
    patch(&owner.api, &path, &json!({ "cron": null })).refused(400, "invalid_json");
    patch(&owner.api, &path, &json!({ "next_run_at": "2999-01-01T00:00:00Z" })).refused(400, "invalid_json");
    assert_eq!(owner.api.read(&path)["cron"], "@hourly");
    assert_eq!(owner.api.send("DELETE", &path, &[], None).unwrap().status, 204);
    owner.api.get(&path).refused(404, "not_found");
    patch(&owner.api, &path, &json!({})).refused(404, "not_found");
    owner.api.send("DELETE", &path, &[], None).unwrap().refused(404, "not_found");
    assert!(owner.api.list(&schedules, 10).is_empty());
}

#[test]
fn what_no_schedule_could_be_is_refused_by_its_field() {
    let server = Server::shared();
    let owner = server.person();
    let document = document(&owner);
    let schedules = format!("/v1/documents/{document}/schedules");
    for (fields, reason) in [
        (json!({ "cron": "every day" }), "it has 2 fields"),
        (json!({ "cron": "61 * * * *" }), "such as \"30 2 * * 1-5\""),
        (json!({ "cron": "0 0 31 2 *" }), "comes to no time"),
        (json!({ "time_zone": "Berlin" }), "\"Europe/Berlin\""),
        (json!({ "strategy": "text_layer" }), "did you mean \"text-layer\"?"),
        (json!({ "strategy": "ocr", "options": { "dpi": "many" } }), "dpi"),
        (json!({ "options": { "long": "x".repeat(40_000) }, "strategy": NOBODYS }), "32768 at most"),
        (json!({ "pages": "1-9" }), "has no page 4"),
        (json!({ "pages": [] }), "leave it out"),
        (json!({ "queue": "A queue" }), "is no name"),
        (json!({ "priority": 9 }), "1 to 4"),
        (json!({ "timeout_seconds": 0 }), "1 to 604800"),
        (json!({ "max_attempts": 0 }), "1 to 100"),
        (json!({ "name": "" }), "1 to 200 characters"),
    ] {
        let mut body = json!({ "cron": "@daily" });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let detail = owner.api.post_json(&schedules, &body).refused(422, "invalid");
        assert!(detail.contains(reason), "{fields}: {detail}");
    }
    for body in
        [json!({}), json!({ "cron": 5 }), json!({ "cron": "@daily", "run_at": "2999-01-01T00:00:00Z" })]
    {
        owner.api.post_json(&schedules, &body).refused(400, "invalid_json");
    }
    for _ in 0..20 {
        owner.api.post_json(&schedules, &json!({ "cron": "@daily", "enabled": false })).expect(201);
    }
    let detail =
        owner.api.post_json(&schedules, &json!({ "cron": "@daily" })).refused(409, "too_many_schedules");
    assert!(detail.contains("20 schedules"), "{detail}");
    let trashed = self::document(&owner);
    owner.api.send("DELETE", &format!("/v1/documents/{trashed}"), &[], None).unwrap();
    let schedules = format!("/v1/documents/{trashed}/schedules");
    owner.api.post_json(&schedules, &json!({ "cron": "@daily" })).refused(409, "in_trash");
}

#[test]
fn the_same_request_twice_is_one_schedule() {
    let server = Server::shared();
    let owner = server.person();
    let document = document(&owner);
    let schedules = format!("/v1/documents/{document}/schedules");
    let ask = |body: &Value| {
        let headers = [JSON[0], ("idempotency-key", "a schedule of ours")];
        owner.api.send("POST", &schedules, &headers, Some(body.to_string().as_bytes())).unwrap()
    };
    let first = ask(&json!({ "cron": "@daily" })).expect(201);
    assert_eq!(id(&ask(&json!({ "cron": "@daily" })).expect(200)), id(&first));
    ask(&json!({ "cron": "@hourly" })).refused(422, "idempotency_key_reused");
    assert_eq!(owner.api.list(&schedules, 10).len(), 1);
}

#[test]
fn a_job_comes_at_its_time_without_anybodys_doing() {
    let server = Server::shared();
    let owner = server.person();
    let document = document(&owner);
    let schedules = format!("/v1/documents/{document}/schedules");
    let made = owner.api.post_json(&schedules, &json!({ "cron": "@monthly", "pages": "1" })).expect(201);
    let path = format!("{schedules}/{}", id(&made));
    for round in 1..=2 {
        let before = owner.api.read(&path)["last_job_id"].clone();
        come(&server, &made);
        let last = wait::some("it makes a job", || {
            let last = owner.api.read(&path)["last_job_id"].clone();
            (last != before).then(|| last.as_str().unwrap().to_owned())
        });
        let job = format!("/v1/jobs/{last}");
        wait::until("its job is done", || owner.api.read(&job)["status"] == "completed");
        let job = owner.api.read(&job);
        assert_eq!((&job["created_by"], &job["page_numbers"]), (&json!(owner.id), &json!([1])), "{job}");
        assert_eq!(owner.api.list("/v1/jobs", 10).len(), 1 + round);
        let told = owner.api.read(&path);
        assert_eq!((&told["next_run_at"], &told["last_skip_reason"]), (&made["next_run_at"], &Value::Null));
    }
}

#[test]
fn the_command_line_makes_pauses_resumes_and_deletes_schedules() {
    let server = Server::start();
    let owner = server.person();
    let document = document(&owner);
    let folder = &server.folder;
    let create = [
        "schedules",
        "create",
        &document,
        "0 6 * * MON",
        "--time-zone",
        "Europe/Berlin",
        "--name",
        "weekly",
        "--json",
    ];
    let made = folder.json(&create);
    // The platform's own, whoever the document belongs to.
    assert_eq!((&made["created_by"], &made["time_zone"]), (&Value::Null, &json!("Europe/Berlin")));
    let schedule = id(&made);
    let table = folder.done(&["schedules", "list", &document]);
    assert!(
        ["weekly", "0 6 * * MON Europe/Berlin", "runs"].iter().all(|told| table.contains(told)),
        "{table}"
    );
    let told = folder.done(&["schedules", "pause", &document, schedule]);
    assert!(told.contains("is paused"), "{told}");
    assert!(folder.done(&["schedules", "list", &document]).contains("paused"));
    let told = folder.done(&["schedules", "resume", &document, schedule]);
    assert!(told.contains("runs next at"), "{told}");
    come(&server, &made);
    wait::until("it makes a job", || {
        folder.json(&["schedules", "list", &document, "--json"])["items"][0]["last_job_id"].is_string()
    });
    let told = folder.done(&["schedules", "delete", &document, schedule]);
    assert!(told.contains("is deleted"), "{told}");
    let ran = folder.run(&["schedules", "delete", &document, schedule]);
    assert!(ran.code == Some(1) && ran.stderr.contains("no schedule"), "{ran:?}");
    let ran = folder.run(&["schedules", "create", &document, "often"]);
    assert!(ran.code == Some(2) && ran.stderr.contains("@daily"), "{ran:?}");
    let platform = platform(&server);
    assert!(platform.list(&format!("/v1/documents/{document}/schedules"), 10).is_empty());
}
