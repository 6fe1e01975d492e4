//! Names, tags and metadata: edited, held against a schema, filtered and sorted by.

use serde_json::{Value, json};

use crate::api::{Answer, Api, Form, encode, id};
use crate::pdf::numbered;
use crate::server::{Server, claims};
use crate::wait;

fn patch(api: &Api, document: &Value, headers: &[(&str, &str)], body: &Value) -> Answer {
    let headers = [&[("content-type", "application/json")], headers].concat();
    let path = format!("/v1/documents/{}", id(document));
    // A server that refuses before it has read all may cut the sender off.
    let send = || api.send("PATCH", &path, &headers, Some(body.to_string().as_bytes())).ok();
    wait::some("there is an answer", send)
}

fn put_schema(api: &Api, query: &str, headers: &[(&str, &str)], schema: &Value) -> Answer {
    let headers = [&[("content-type", "application/json")], headers].concat();
    let path = format!("/v1/me/metadata-schema{query}");
    api.send("PUT", &path, &headers, Some(schema.to_string().as_bytes())).unwrap()
}

fn upload(api: &Api, name: &str, tags: &Value, metadata: &Value) -> Answer {
    let form = Form::default().file(name, &numbered(name, 1)).metadata(&metadata.to_string());
    api.upload_form("", &form.part("name=\"tags\"", tags.to_string().as_bytes()))
}

fn share(owner: &Api, document: &Value, with: uuid::Uuid, role: &str) {
    let path = format!("/v1/documents/{}/shares", id(document));
    owner.post_json(&path, &json!({ "user_id": with, "role": role })).expect(201);
}

fn names(api: &Api, query: &str) -> Vec<String> {
    let rows = api.list(&format!("/v1/documents?{query}"), 2);
    rows.iter().map(|row| row["filename"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_edit_names_the_revision_it_saw_and_a_stale_one_gets_both_sides() {
    let server = Server::shared();
    let api = server.person().api;
    let document =
        upload(&api, "a.pdf", &json!([" x", "y", "x"]), &json!({ "a": { "b": 1 }, "c": 2 })).expect(201);
    assert_eq!((&document["tags"], &document["revision"]), (&json!(["x", "y"]), &json!(1)));
    let path = format!("/v1/documents/{}", id(&document));
    assert_eq!(api.get(&path).header("etag"), "\"1\"");

    let change = json!({ "filename": "../b.pdf", "metadata": { "a": { "b": null, "d": 3 }, "c": null }, "tags": ["z"] });
    let edited = patch(&api, &document, &[("if-match", "\"1\"")], &change);
    assert_eq!(edited.header("etag"), "\"2\"");
    let edited = edited.expect(200);
    assert_eq!((&edited["filename"], &edited["original_filename"]), (&json!("b.pdf"), &json!("a.pdf")));
    assert_eq!((&edited["metadata"], &edited["tags"]), (&json!({ "a": { "d": 3 } }), &json!(["z"])));
    // The same once more is no new revision, nor a new time.
    let again = patch(&api, &document, &[], &change).expect(200);
    assert_eq!(again, edited);

    for stale in ["\"1\"", "\"nonsense\"", "W/\"9\", \"8\""] {
        let answer = patch(&api, &document, &[("if-match", stale)], &json!({ "tags": ["mine"] }));
        answer.refused(412, "stale");
        let problem = answer.json();
        assert_eq!(
            (&problem["theirs"]["tags"], &problem["yours"]["tags"]),
            (&json!(["z"]), &json!(["mine"]))
        );
        assert_eq!(problem["theirs"]["revision"], json!(2));
    }
    assert_eq!(api.read(&path), edited, "what is refused changes nothing");
    patch(&api, &document, &[("if-match", "*")], &json!({ "tags": [] })).expect(200);
}

#[test]
fn editors_edit_viewers_are_forbidden_and_strangers_find_nothing() {
    let server = Server::shared();
    let (owner, editor, viewer, stranger) =
        (server.person(), server.person(), server.person(), server.person());
    let document = upload(&owner.api, "a.pdf", &json!(["secret"]), &json!({})).expect(201);
    share(&owner.api, &document, editor.id, "editor");
    share(&owner.api, &document, viewer.id, "viewer");
    let change = json!({ "tags": ["edited"] });
    assert_eq!(patch(&editor.api, &document, &[], &change).expect(200)["tags"], json!(["edited"]));
    patch(&viewer.api, &document, &[], &change).refused(403, "forbidden");
    patch(&viewer.api, &document, &[], &json!({ "tags": ["other"] })).refused(403, "forbidden");
    patch(&stranger.api, &document, &[], &change).refused(404, "not_found");
    assert_eq!(names(&viewer.api, "tag=edited"), ["a.pdf"]);
    assert!(names(&stranger.api, "tag=edited").is_empty());
    owner.api.send("DELETE", &format!("/v1/documents/{}", id(&document)), &[], None).unwrap().expect(200);
    patch(&owner.api, &document, &[], &change).refused(409, "in_trash");
    patch(&editor.api, &document, &[], &change).refused(404, "not_found");
    assert!(names(&owner.api, "tag=edited").is_empty());
    assert_eq!(names(&owner.api, "trash=true&tag=edited"), ["a.pdf"]);
    assert!(names(&editor.api, "trash=true").is_empty());
}

#[test]
fn what_cannot_be_kept_is_refused_and_nothing_is_changed() {
    let server = Server::shared();
    let api = server.person().api;
    let document = upload(&api, "a.pdf", &json!([]), &json!({ "a": 1 })).expect(201);
    let deep = (0..100).fold(json!(1), |inner, _| json!({ "a": inner }));
    for (body, status, code) in [
        (json!({}), 400, "invalid_json"),
        (json!([]), 400, "invalid_json"),
        (json!({ "status": "processed" }), 400, "invalid_json"),
        (json!({ "filename": 1 }), 422, "invalid"),
        (json!({ "filename": "" }), 422, "invalid"),
        (json!({ "metadata": null }), 422, "invalid"),
        (json!({ "metadata": [1] }), 422, "invalid"),
        (json!({ "metadata": { "a": "\u{0}" } }), 422, "invalid"),
        (json!({ "metadata": deep }), 422, "invalid"),
        (json!({ "metadata": { "a": "x".repeat(2 << 20) } }), 413, "too_large"),
        (json!({ "tags": "a" }), 422, "invalid"),
        (json!({ "tags": [1] }), 422, "invalid"),
        (json!({ "tags": [""] }), 422, "invalid"),
        (json!({ "tags": ["a\nb"] }), 422, "invalid"),
        (json!({ "tags": vec!["x".repeat(101)] }), 422, "invalid"),
    ] {
        patch(&api, &document, &[], &body).refused(status, code);
    }
    let raw = |body: String| {
        let path = format!("/v1/documents/{}", id(&document));
        api.send("PATCH", &path, &[("content-type", "application/json")], Some(body.as_bytes())).unwrap()
    };
    raw(format!("{{\"metadata\":{}1{}}}", "{\"a\":".repeat(50_000), "}".repeat(50_000)))
        .refused(400, "invalid_json");
    raw("{\"metadata\":{\"a\":1e999}}".to_owned()).refused(400, "invalid_json");
    // Patches of half a MiB each, until together they would be more than is kept.
    let half = |key: &str| patch(&api, &document, &[], &json!({ "metadata": { key: "x".repeat(600_000) } }));
    half("a").expect(200);
    half("b").refused(422, "invalid");
    let kept =
        raw("{\"metadata\":{\"a\":1,\"a\":2,\"__proto__\":{\"x\":1},\"n\":1e300}}".to_owned()).expect(200);
    assert_eq!(kept["metadata"], json!({ "a": 2, "__proto__": { "x": 1 }, "n": 1e300 }));
}

#[test]
fn metadata_are_held_against_their_owners_schema_whoever_writes_them() {
    let server = Server::shared();
    let (owner, editor) = (server.person(), server.person());
    let before = upload(&owner.api, "before.pdf", &json!([]), &json!({ "year": "old" })).expect(201);
    share(&owner.api, &before, editor.id, "editor");
    owner.api.get("/v1/me/metadata-schema").refused(404, "not_found");
    let schema = json!({
        "type": "object", "required": ["year"], "additionalProperties": false,
        "properties": { "year": { "type": "integer" }, "day": { "type": "string", "format": "date" } },
    });
    let put = put_schema(&owner.api, "", &[], &schema);
    assert_eq!(put.header("etag"), "\"1\"");
    assert_eq!(put.expect(200)["schema"], schema);

    let refused =
        upload(&owner.api, "a.pdf", &json!([]), &json!({ "year": "2020", "day": "now", "other": 1 }));
    refused.refused(422, "metadata_invalid");
    let problem = refused.json();
    let mut places: Vec<_> =
        problem["violations"].as_array().unwrap().iter().map(|v| v["pointer"].as_str().unwrap()).collect();
    places.sort_unstable();
    assert_eq!(places, ["", "/day", "/year"], "{problem}");
    upload(&owner.api, "a.pdf", &json!([]), &json!({ "year": 2020, "day": "2026-11-22" })).expect(201);
    owner.api.upload("filename=b.pdf", &numbered("b", 1)).refused(422, "metadata_invalid");
    // What another person stores is another's affair; what they edit of this owner's is not.
    upload(&editor.api, "c.pdf", &json!([]), &json!({ "year": "any" })).expect(201);
    patch(&editor.api, &before, &[], &json!({ "metadata": { "day": "2026-02-30" } }))
        .refused(422, "metadata_invalid");
    patch(&editor.api, &before, &[], &json!({ "metadata": { "year": 1999 } })).expect(200);
    // What was there before stays, and may be edited elsewhere.
    patch(&editor.api, &before, &[], &json!({ "tags": ["t"], "metadata": { "year": 1999 } })).expect(200);

    put_schema(&owner.api, "", &[("if-match", "\"7\"")], &json!({})).refused(412, "stale");
    put_schema(&owner.api, "", &[], &json!({ "type": "objekt" })).refused(422, "metadata_schema_invalid");
    put_schema(&owner.api, "", &[], &json!({ "$ref": "https://example.org/" }))
        .refused(422, "metadata_schema_invalid");
    put_schema(&owner.api, "", &[], &json!({ "pattern": "(" })).refused(422, "metadata_schema_invalid");
    let changed =
        put_schema(&owner.api, "", &[("if-match", "\"1\"")], &json!({ "required": ["k"] })).expect(200);
    assert_eq!(changed["revision"], json!(2));
    owner.api.upload("filename=b.pdf", &numbered("b", 1)).refused(422, "metadata_invalid");
    // Made anew it begins at revision 1 again, and is not taken for the first one.
    assert_eq!(owner.api.send("DELETE", "/v1/me/metadata-schema", &[], None).unwrap().status, 204);
    owner.api.send("DELETE", "/v1/me/metadata-schema", &[], None).unwrap().refused(404, "not_found");
    owner.api.upload("filename=b.pdf", &numbered("b", 1)).expect(201);
    put_schema(&owner.api, "", &[], &json!({ "maxProperties": 0 })).expect(200);
    upload(&owner.api, "d.pdf", &json!([]), &json!({ "year": 2020 })).refused(422, "metadata_invalid");
    upload(&owner.api, "d.pdf", &json!([]), &json!({})).expect(201);

    // The platform names whose; a person only their own.
    let whose = format!("?owner={}", owner.id);
    put_schema(&editor.api, &whose, &[], &json!({})).refused(403, "forbidden");
    let mut service = claims(uuid::Uuid::new_v4());
    service["role"] = json!("service_role");
    let service = server.with_token(&server.sign(&service));
    service.get("/v1/me/metadata-schema").refused(400, "owner_needed");
    assert_eq!(service.read(&format!("/v1/me/metadata-schema{whose}"))["owner"], json!(owner.id));
}

#[test]
fn documents_are_filtered_and_sorted_by_tags_and_metadata() {
    let server = Server::shared();
    let api = server.person().api;
    for (name, tags, metadata) in [
        ("a.pdf", json!(["t", "u"]), json!({ "year": 2020, "n": 10 })),
        ("b.pdf", json!(["t"]), json!({ "year": "2020", "n": 9, "a b&=é": "ü=1" })),
        ("c.pdf", json!(["u"]), json!({ "year": 2021, "n": -1 })),
        ("d.pdf", json!([]), json!({ "year": true })),
    ] {
        upload(&api, name, &tags, &metadata).expect(201);
    }
    let odd = format!("metadata.{}={}", encode("a b&=é"), encode("ü=1"));
    for (query, found) in [
        ("", vec!["d.pdf", "c.pdf", "b.pdf", "a.pdf"]),
        ("tag=t", vec!["b.pdf", "a.pdf"]),
        ("tag=t&tag=u", vec!["a.pdf"]),
        ("tag=t&sort=created_at", vec!["a.pdf", "b.pdf"]),
        ("tag=t&sort=%2Bcreated_at&status=uploaded", vec!["a.pdf", "b.pdf"]),
        ("tag=none", vec![]),
        ("metadata.year=2020", vec!["b.pdf", "a.pdf"]),
        ("metadata.year=true", vec!["d.pdf"]),
        ("metadata.year=2020&tag=u&q=A", vec!["a.pdf"]),
        ("sort=metadata.n", vec!["c.pdf", "b.pdf", "a.pdf"]),
        ("sort=-metadata.n", vec!["a.pdf", "b.pdf", "c.pdf"]),
        ("sort=-metadata.n&tag=u", vec!["a.pdf", "c.pdf"]),
        ("sort=created_at", vec!["a.pdf", "b.pdf", "c.pdf", "d.pdf"]),
        (odd.as_str(), vec!["b.pdf"]),
    ] {
        assert_eq!(names(&api, query), found, "{query}");
    }
    let cursor = |query: &str| {
        let part = api.read(&format!("/v1/documents?limit=1&{query}"));
        part["next_cursor"].as_str().unwrap().to_owned()
    };
    let queries = ["", "sort=created_at", "sort=metadata.n", "sort=-metadata.n", "sort=metadata.year"];
    for given in queries {
        let cursor = cursor(given);
        for taken in queries {
            let answer = api.get(&format!("/v1/documents?{taken}&cursor={cursor}"));
            if given == taken {
                answer.expect(200);
            } else {
                answer.refused(400, "invalid_query");
            }
        }
        for tampered in
            [cursor.to_uppercase() + ".", format!("{cursor}0"), cursor.replace('.', ""), "%00".into()]
        {
            api.get(&format!("/v1/documents?{given}&cursor={tampered}")).refused(400, "invalid_query");
        }
    }
    for nonsense in [
        "sort=filename",
        "sort=metadata.",
        "sort=",
        "trash=perhaps",
        "trash=true&sort=created_at",
        "status=a",
        "limit=0",
        "limit=x",
        "tag=",
        "tag=%00",
        "metadata.=1",
        "metadata.a=%00",
        "q=a&q=b",
        &format!("metadata.a={}", "x".repeat(201)),
        &"tag=a&".repeat(21),
    ] {
        api.get(&format!("/v1/documents?{nonsense}")).refused(400, "invalid_query");
    }
}

#[test]
fn the_command_line_edits_lists_and_shows_tags() {
    let server = Server::shared();
    let api = server.person().api;
    let mark = uuid::Uuid::new_v4().to_string();
    let document = upload(&api, "a.pdf", &json!(["old", mark]), &json!({ "gone": 1 })).expect(201);
    let run = |args: &[&str]| server.folder.done(&[&["documents"], args].concat());
    let told = run(&[
        "edit",
        id(&document),
        "--tag",
        "+new",
        "--tag",
        "-old",
        "--metadata",
        "year=2020",
        "--metadata",
        "gone=",
        "--name",
        "b.pdf",
    ]);
    assert!(told.contains("revision 2"), "{told}");
    let edited = api.read(&format!("/v1/documents/{}", id(&document)));
    assert_eq!((&edited["tags"], &edited["metadata"]), (&json!([mark, "new"]), &json!({ "year": 2020 })));
    for query in [
        vec!["--tag", mark.as_str(), "--tag", "new"],
        vec!["--tag", mark.as_str(), "--metadata", "year=2020", "--sort", "-metadata.year"],
        vec!["--tag", mark.as_str(), "--status", "uploaded", "--q", "B.pdf"],
    ] {
        let table = run(&[&["list"], query.as_slice()].concat());
        assert!(table.contains(id(&document)) && table.contains("new"), "{query:?}: {table}");
    }
    assert!(!run(&["list", "--tag", &mark, "--trash"]).contains(id(&document)));
    let shown = run(&["show", id(&document)]);
    assert!(shown.contains("new") && shown.contains("2020"), "{shown}");
    assert_eq!(server.folder.run(&["documents", "edit", id(&document)]).code, Some(1));
    assert_eq!(server.folder.run(&["documents", "edit", id(&document), "--tag", "new"]).code, Some(2));
}
