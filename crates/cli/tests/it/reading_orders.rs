//! Named reading orders: put, read, replaced by whoever saw them last, and honest about zones that are gone.

use serde_json::{Value, json};

use crate::api::{Answer, Api, id};
use crate::pdf::numbered;
use crate::server::{Server, change};

fn put(api: &Api, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
    let headers = [&[("content-type", "application/json")], headers].concat();
    api.send("PUT", path, &headers, Some(body.to_string().as_bytes())).unwrap()
}

#[test]
fn an_order_is_put_read_replaced_and_deleted_by_its_editors() {
    let server = Server::shared();
    let (owner, viewer, stranger) = (server.person(), server.person(), server.person());
    let api = &owner.api;
    let document = api.process("order.pdf", &numbered("order", 3));
    let share = json!({ "user_id": viewer.id, "role": "viewer" });
    api.post_json(&format!("/v1/documents/{}/shares", id(&document)), &share).expect(201);
    let zones = api.list(&format!("/v1/documents/{}/zones", id(&document)), 10);
    let ids: Vec<&str> = zones.iter().map(id).collect();
    let orders = format!("/v1/documents/{}/reading-orders", id(&document));
    let path = format!("{orders}/left%20to%20right");
    assert!(api.list(&orders, 10).is_empty());
    api.get(&path).refused(404, "not_found");

    let items = json!([ids[2], { "ordered": false, "items": [ids[0], ids[1]] }]);
    let first = put(api, &path, &[], &json!({ "items": items }));
    assert_eq!(first.header("etag"), "\"1\"");
    let first = first.expect(200);
    assert_eq!(
        (&first["name"], &first["items"], &first["gone"]),
        (&json!("left to right"), &items, &json!([]))
    );
    assert_eq!((&first["version"], &first["created_by"]), (&json!(1), &json!(owner.id)));
    let second = put(api, &path, &[("if-match", "\"1\"")], &json!({ "items": [ids[0]] })).expect(200);
    assert_eq!(second["revision"], 2);
    let stale = put(api, &path, &[("if-match", "\"1\"")], &json!({ "items": [] }));
    stale.refused(412, "stale");
    assert_eq!((&stale.json()["theirs"]["items"], &stale.json()["yours"]), (&json!([ids[0]]), &json!([])));
    assert_eq!(viewer.api.read(&path), second);
    put(&viewer.api, &path, &[], &json!({ "items": [] })).refused(403, "forbidden");
    viewer.api.send("DELETE", &path, &[], None).unwrap().refused(403, "forbidden");
    put(&stranger.api, &path, &[], &json!({ "items": [] })).refused(404, "not_found");
    stranger.api.send("DELETE", &path, &[], None).unwrap().refused(404, "not_found");

    change(&server.ready.database_url, &format!("delete from public.zones where id = '{}'", ids[0]));
    assert_eq!(api.list(&orders, 10)[0]["gone"], json!([ids[0]]));
    let refused = put(api, &path, &[], &json!({ "items": [ids[0], ids[1]] })).refused(422, "invalid");
    assert!(refused.contains(ids[0]) && !refused.contains(ids[1]), "{refused}");
    api.send("DELETE", &path, &[("if-match", "\"1\"")], None).unwrap().refused(412, "stale");
    assert_eq!(api.send("DELETE", &path, &[("if-match", "\"2\"")], None).unwrap().status, 204);
    api.send("DELETE", &path, &[], None).unwrap().refused(404, "not_found");
}

#[test]
fn what_is_no_order_is_refused_with_the_reason() {
    let server = Server::shared();
    let api = server.person().api;
    let document = api.process("order.pdf", &numbered("order", 1));
    let zone = api.list(&format!("/v1/documents/{}/zones", id(&document)), 10).remove(0);
    let orders = format!("/v1/documents/{}/reading-orders", id(&document));
    let deep = (0..40).fold(json!([]), |items, _| json!([{ "ordered": true, "items": items }]));
    for (items, reason) in [
        (json!("x"), "an array is needed"),
        (json!([1]), "item 0 is neither"),
        (json!([id(&zone), { "items": [] }]), "item 1 is neither"),
        (json!([id(&zone), id(&zone)]), "named twice"),
        (json!([id(&document)]), "1 of the ids are no zones of version 1"),
        (deep, "deep"),
    ] {
        let refused =
            put(&api, &format!("{orders}/x"), &[], &json!({ "items": items })).refused(422, "invalid");
        assert!(refused.contains(reason), "{refused}");
    }
    put(&api, &format!("{orders}/x"), &[], &json!({})).refused(400, "invalid_json");
    put(&api, &format!("{orders}/x?version=9"), &[], &json!({ "items": [] })).refused(404, "not_found");
    put(&api, &format!("{orders}/%00"), &[], &json!({ "items": [] })).refused(422, "invalid");
    put(&api, &format!("{orders}/{}", "x".repeat(201)), &[], &json!({ "items": [] })).refused(422, "invalid");
}
