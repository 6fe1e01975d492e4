//! What belongs to somebody else is not there.

use serde_json::json;

use crate::api::id;
use crate::pdf::numbered;
use crate::server::Server;

/// Every route that takes an identifier.
pub const ROUTES: [&str; 26] = [
    "/v1/documents/{document}",
    "/v1/documents/{document}/content",
    "/v1/documents/{document}/content?version=1",
    "/v1/documents/{document}/versions",
    "/v1/documents/{document}/pages",
    "/v1/documents/{document}/zones",
    "/v1/documents/{document}/zones/{zone}",
    "/v1/documents/{document}/zones?as_of=1",
    "/v1/documents/{document}/zones/{zone}?as_of=1",
    "/v1/documents/{document}/zones/{zone}/history",
    "/v1/documents/{document}/changes",
    "/v1/documents/{document}/changes/1",
    "/v1/documents/{document}/diff?from=0&to=1",
    "/v1/documents/{document}/correction-outcomes",
    "/v1/documents/{document}/zones/{zone}/confidences",
    "/v1/documents/{document}/confidences",
    "/v1/documents/{document}/reading-orders",
    "/v1/documents/{document}/exports",
    "/v1/documents/{document}/schedules",
    "/v1/documents/{document}/schedules/{schedule}",
    "/v1/jobs/{job}",
    "/v1/jobs/{job}/attempts",
    "/v1/jobs/{job}/history",
    "/v1/jobs/{job}/events",
    "/v1/exports/{export}",
    "/v1/exports/{export}/files/document.json",
];

#[test]
fn a_stranger_finds_nothing_on_any_route_and_can_begin_nothing() {
    let server = Server::shared();
    let (owner, stranger) = (server.person(), server.person());
    let document = owner.api.process("mine.pdf", &numbered("narwhal", 2));
    let of_document = |what: &str| format!("/v1/documents/{}/{what}", id(&document));
    let zone = owner.api.list(&of_document("zones"), 10).remove(0);
    let job = owner.api.list("/v1/jobs", 10).remove(0);
    let export = owner.api.post_json(&of_document("exports"), &json!({ "formats": ["json"] })).expect(202);
    let schedule = owner.api.post_json(&of_document("schedules"), &json!({ "cron": "@monthly" })).expect(201);
    for route in ROUTES {
        let path = route.replace("{document}", id(&document)).replace("{zone}", id(&zone));
        let path = path.replace("{job}", id(&job)).replace("{export}", id(&export));
        let path = path.replace("{schedule}", id(&schedule));
        assert_eq!(owner.api.get(&path).status, 200, "the owner sees {path}");
        let detail = stranger.api.get(&path).refused(404, "not_found");
        assert!(!detail.contains("mine.pdf"), "{detail}");
    }
    let events = format!("/v1/events?document_id={}", id(&document));
    stranger.api.get(&events).refused(404, "not_found");
    stranger.api.post_json(&of_document("jobs"), &json!({})).refused(404, "not_found");
    for word in ["cancel", "retry", "pause", "resume"] {
        let path = format!("/v1/jobs/{}/{word}", id(&job));
        stranger.api.post_json(&path, &json!({})).refused(404, "not_found");
    }
    stranger
        .api
        .post_json(&of_document("exports"), &json!({ "formats": ["json"] }))
        .refused(404, "not_found");
    stranger.api.post_json(&of_document("schedules"), &json!({ "cron": "@daily" })).refused(404, "not_found");
    let path = format!("{}/{}", of_document("schedules"), id(&schedule));
    let headers = [("content-type", "application/json")];
    for (method, body) in [("PATCH", Some(&b"{}"[..])), ("DELETE", None)] {
        stranger.api.send(method, &path, &headers, body).unwrap().refused(404, "not_found");
    }
    assert!(stranger.api.list("/v1/documents", 10).is_empty());
    assert!(stranger.api.list(&format!("/v1/documents?uploaded_by={}", owner.id), 10).is_empty());
    assert!(stranger.api.list("/v1/jobs", 10).is_empty());
    assert!(stranger.api.list(&format!("/v1/jobs?document_id={}", id(&document)), 10).is_empty());
    assert!(stranger.api.list("/v1/search?q=narwhal", 10).is_empty());
    assert!(!owner.api.list("/v1/search?q=narwhal", 10).is_empty());
    assert_eq!(owner.api.list("/v1/jobs", 10).len(), 1, "the stranger's job was not begun");
    assert_eq!(owner.api.list(&of_document("exports"), 10).len(), 1);
}

#[test]
fn a_zone_is_found_only_in_its_own_document() {
    let server = Server::shared();
    let api = server.person().api;
    let (one, other) =
        (api.process("one.pdf", &numbered("one", 1)), api.process("other.pdf", &numbered("other", 1)));
    let zone = api.list(&format!("/v1/documents/{}/zones", id(&one)), 10).remove(0);
    api.read(&format!("/v1/documents/{}/zones/{}", id(&one), id(&zone)));
    api.get(&format!("/v1/documents/{}/zones/{}", id(&other), id(&zone))).refused(404, "not_found");
}
