//! Requests that make no sense: each is refused as a problem that names what is wrong, and none is an error of ours.

use serde_json::{Value, json};

use crate::api::{Form, id};
use crate::pdf::numbered;
use crate::server::Server;

const NOBODY: &str = "01999999-9999-7999-8999-999999999999";

#[test]
fn a_form_that_cannot_be_read_is_refused_and_leaves_nothing() {
    let server = Server::shared();
    let person = server.person();
    let file = numbered("form", 1);
    let whole = Form::default().file("a.pdf", &file);
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200));
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20));
    let with = |metadata: &str| Form::default().file("a.pdf", &file).metadata(metadata).bytes();
    let before = |metadata: &str| Form::default().metadata(metadata).file("a.pdf", &file).bytes();
    let cases: [(&str, Vec<u8>, u16, &str); 16] = [
        ("no end", whole.begun(), 400, "upload_interrupted"),
        ("no form", b"no form at all".to_vec(), 400, "invalid_multipart"),
        ("no body", Vec::new(), 400, "invalid_multipart"),
        ("no file", Form::default().metadata("{}").bytes(), 400, "file_needed"),
        ("nothing", Form::default().bytes(), 400, "file_needed"),
        (
            "another field",
            Form::default().file("a.pdf", &file).part("name=\"x\"", b"").bytes(),
            400,
            "invalid_multipart",
        ),
        ("a part without name", Form::default().part("size=1", &file).bytes(), 400, "invalid_multipart"),
        (
            "two files",
            Form::default().file("a.pdf", &file).file("b.pdf", &file).bytes(),
            400,
            "invalid_multipart",
        ),
        ("metadata not JSON", with("{nonsense"), 400, "invalid_json"),
        ("metadata not JSON, first", before("{nonsense"), 400, "invalid_json"),
        (
            "metadata not UTF-8",
            Form::default().part("name=\"metadata\"", b"{\"a\":\"\xFF\"}").bytes(),
            400,
            "invalid_json",
        ),
        ("metadata no object", with("[1]"), 422, "invalid"),
        ("metadata with NUL", with("{\"a\":[{\"b\":\"x\\u0000y\"}]}"), 422, "invalid"),
        ("metadata with NUL in a name", with("{\"\\u0000\":1}"), 422, "invalid"),
        ("metadata too deep", with(&deep), 400, "invalid_json"),
        ("metadata too large", with(&large), 413, "too_large"),
    ];
    for (what, body, status, code) in cases {
        let headers = [("content-type", Form::CONTENT_TYPE)];
        let answer = person.api.insist("/v1/documents", &headers, Some(&body));
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (status, &json!(code)),
            "{what}: {}",
            answer.json()
        );
        server.assert_nothing_of(person.id, what);
    }
    let headers = [("content-type", "multipart/form-data")];
    let answer = person.api.insist("/v1/documents", &headers, Some(&whole.bytes()));
    answer.refused(400, "invalid_multipart");
    person.api.upload("filename=a.pdf&process=perhaps", &file).refused(400, "invalid_query");
    let unknown = person.api.upload("filename=a.pdf&process=true&strategy=guess", &file);
    assert!([400, 422].contains(&unknown.status), "{unknown:?}");
    server.assert_nothing_of(person.id, "bad parameters");
}

#[test]
fn parameters_that_make_no_sense_are_refused_by_every_list() {
    let server = Server::shared();
    let api = server.person().api;
    let document = api.process("lists.pdf", &numbered("lists", 2));
    let of_document = |what: &str| format!("/v1/documents/{}/{what}", id(&document));
    let lists = [
        "/v1/documents".to_owned(),
        "/v1/jobs".to_owned(),
        "/v1/search?q=page".to_owned(),
        of_document("zones"),
        of_document("pages"),
        of_document("exports"),
    ];
    for list in lists {
        let with = if list.contains('?') { '&' } else { '?' };
        for bad in [
            "limit=0",
            "limit=1001",
            "limit=-1",
            "limit=ten",
            "limit=99999999999999999999",
            "limit=1&limit=2",
            "cursor=nonsense",
            "cursor=%00",
            "cursor=99999999999999999999",
            "cursor=ffffffffffffffff.0",
        ] {
            let answer = api.get(&format!("{list}{with}{bad}"));
            assert_eq!(
                (answer.status, &answer.json()["code"]),
                (400, &json!("invalid_query")),
                "{list} {bad}"
            );
        }
        let most = api.read(&format!("{list}{with}limit=1000"));
        assert_eq!(most["next_cursor"], Value::Null, "{list}");
    }
    for bad in [
        "/v1/documents?status=happy".to_owned(),
        "/v1/jobs?status=happy".to_owned(),
        "/v1/jobs?document_id=nonsense".to_owned(),
        "/v1/search".to_owned(),
        "/v1/search?q=%00".to_owned(),
        of_document("zones?page=one"),
        of_document("zones?page=99999999999"),
        of_document("content?version=first"),
    ] {
        api.get(&bad).refused(400, "invalid_query");
    }
    // U+0000 is in no stored text: refused, or simply not found, but never an error of ours.
    for nul in ["/v1/documents?q=a%00b", "/v1/documents?uploaded_by=%00", "/v1/documents?status=%00"] {
        assert!([200, 400, 422].contains(&api.get(nul).status), "{nul}");
    }
    for nul in ["zones?type=%00", "zones?status=%00"] {
        assert!([200, 400, 422].contains(&api.get(&of_document(nul)).status), "{nul}");
    }
    for far in
        ["pages?cursor=2147483647", "zones?cursor=2147483647", "zones?page=-1", "zones?page=2147483647"]
    {
        assert!(api.list(&of_document(far), 5).is_empty(), "{far}");
    }
}

#[test]
fn what_is_not_there_is_not_found() {
    let server = Server::shared();
    let api = server.person().api;
    let document = api.upload("filename=there.pdf", &numbered("there", 1)).expect(201);
    let there = id(&document);
    for what in [NOBODY, "nonsense", "%FF", "..", "0", "%00", &"9".repeat(5_000)] {
        let mut paths = vec![format!("/v1/documents/{there}/zones/{what}")];
        for tail in ["", "/content", "/versions", "/pages", "/zones", "/exports"] {
            paths.push(format!("/v1/documents/{what}{tail}"));
        }
        for tail in ["", "/attempts", "/history"] {
            paths.push(format!("/v1/jobs/{what}{tail}"));
        }
        paths.extend([format!("/v1/exports/{what}"), format!("/v1/exports/{what}/files/document.json")]);
        for path in paths {
            let answer = api.get(&path);
            assert_eq!(answer.status, 404, "{path}");
        }
    }
    api.get(&format!("/v1/documents/{there}/content?version=2")).refused(404, "not_found");
    api.get(&format!("/v1/documents/{there}/content?version=-1")).refused(404, "not_found");
    let nobody = |tail: &str, body: &Value| api.post_json(&format!("/v1/documents/{NOBODY}/{tail}"), body);
    nobody("jobs", &json!({})).refused(404, "not_found");
    nobody("exports", &json!({ "formats": ["json"] })).refused(404, "not_found");
    let export = api.post_json(&format!("/v1/documents/{there}/exports"), &json!({ "formats": ["json"] }));
    let export = export.expect(202);
    for name in ["document.xml", "..%2F..%2Fowner", "%00", "."] {
        assert_eq!(api.get(&format!("/v1/exports/{}/files/{name}", id(&export))).status, 404, "{name}");
    }
}

#[test]
fn unknown_routes_and_methods_are_problems_too() {
    let server = Server::shared();
    let api = server.person().api;
    for path in ["/v2/documents", "/v1", "/v1/documents/", "/v1/jobs/a/b/c", "/%00", "/..%2f..%2fetc/passwd"]
    {
        let answer = api.get(path);
        assert_eq!(answer.status, 404, "{path}");
    }
    api.get("/v1/nothing").refused(404, "no_such_route");
    let there = format!("/v1/documents/{NOBODY}");
    for (method, path) in
        [("PUT", "/v1/documents"), ("PROPFIND", "/v1/jobs"), ("DELETE", "/v1/search"), ("POST", &*there)]
    {
        let answer = api.send(method, path, &[], None).unwrap();
        answer.refused(405, "method_not_allowed");
        assert!(answer.header("allow").contains("GET"), "{method} {path}");
    }
    for path in ["/healthz", "/readyz"] {
        assert_eq!(api.get(path).status, 200);
    }
}

#[test]
fn bodies_that_make_no_sense_are_refused() {
    let server = Server::shared();
    let person = server.person();
    let document = person.api.upload("filename=bodies.pdf", &numbered("bodies", 1)).expect(201);
    let huge = format!("{{\"options\":{{\"a\":\"{}\"}}}}", "x".repeat(2 << 20));
    let deep = format!("{{\"options\":{{\"a\":{}{}}}}}", "[".repeat(500), "]".repeat(500));
    let jobs: [(&str, u16); 14] = [
        ("", 400),
        ("nonsense", 400),
        ("[]", 400),
        ("{\"strategy\":7}", 400),
        // Workers of one's own may know any strategy; a slip of the pen is none.
        ("{\"strategy\":\"text_layer\"}", 422),
        ("{\"strategy\":\"No Name\"}", 422),
        ("{\"priority\":0}", 422),
        ("{\"priority\":5}", 422),
        ("{\"priority\":99999}", 400),
        ("{\"options\":[]}", 400),
        ("{\"surprise\":true}", 400),
        ("{\"options\":{\"a\":\"\\u0000\"}}", 422),
        (&huge, 413),
        (&deep, 400),
    ];
    let exports: [(&str, u16); 9] = [
        ("{}", 400),
        ("{\"formats\":[]}", 422),
        ("{\"formats\":[\"docx\"]}", 422),
        ("{\"formats\":\"json\"}", 400),
        ("{\"formats\":[\"json\"],\"selection\":{\"pages\":[[3,1]]}}", 422),
        ("{\"formats\":[\"json\"],\"selection\":{\"pages\":[[0,1]]}}", 422),
        ("{\"formats\":[\"json\"],\"selection\":{\"pages\":[[1]]}}", 400),
        ("{\"formats\":[\"json\"],\"selection\":{\"zones\":[\"nonsense\"]}}", 400),
        ("{\"formats\":[\"json\"],\"selection\":{\"surprise\":1}}", 400),
    ];
    let headers = [("content-type", "application/json")];
    for (tail, cases) in [("jobs", &jobs[..]), ("exports", &exports[..])] {
        for (body, status) in cases {
            let path = format!("/v1/documents/{}/{tail}", id(&document));
            let answer = person.api.insist(&path, &headers, Some(body.as_bytes()));
            let shown: String = body.chars().take(80).collect();
            assert_eq!(answer.status, *status, "{tail} {shown}: {}", answer.json());
        }
    }
    assert!(person.api.list("/v1/jobs", 10).is_empty());
    assert_eq!(server.belongings(person.id).1.len(), 1, "no export was left half-way");
}
