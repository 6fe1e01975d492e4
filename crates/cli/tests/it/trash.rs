//! Deleted, restored, purged, held; and how much there may be.

use serde_json::{Value, json};

use crate::api::{Answer, Api, id};
use crate::pdf::numbered;
use crate::server::{Server, claims};

fn delete(api: &Api, document: &Value, query: &str) -> Answer {
    api.send("DELETE", &format!("/v1/documents/{}{query}", id(document)), &[], None).unwrap()
}

/// The platform itself.
fn service(server: &Server) -> Api {
    let mut claims = claims(uuid::Uuid::new_v4());
    claims["role"] = json!("service_role");
    server.with_token(&server.sign(&claims))
}

#[test]
fn what_is_deleted_is_in_the_trash_and_comes_back_whole() {
    let server = Server::shared();
    let person = server.person();
    let api = &person.api;
    let file = numbered("pelican", 2);
    let document = api.process("birds.pdf", &file);
    let zones = api.read(&format!("/v1/documents/{}/zones", id(&document)));
    let trashed = delete(api, &document, "").expect(200);
    assert!(trashed["deleted_at"].is_string());
    assert_eq!(trashed["deleted_by"], json!(person.id));
    assert!(api.list("/v1/documents", 10).is_empty(), "lists show what is not in the trash");
    assert!(api.list("/v1/search?q=pelican", 10).is_empty());
    delete(api, &document, "").expect(200);
    let jobs = format!("/v1/documents/{}/jobs", id(&document));
    api.post_json(&jobs, &json!({})).refused(409, "in_trash");
    let versions = format!("/v1/documents/{}/versions", id(&document));
    api.send("POST", &versions, &[], Some(&numbered("new", 1))).unwrap().refused(409, "in_trash");

    let restore = format!("/v1/documents/{}/restore", id(&document));
    server.person().api.post_json(&restore, &json!({})).refused(404, "not_found");
    let restored = api.post_json(&restore, &json!({})).expect(200);
    assert_eq!((&restored["deleted_at"], &restored["status"]), (&json!(null), &json!("processed")));
    assert_eq!(api.read(&format!("/v1/documents/{}/zones", id(&document))), zones);
    assert_eq!(api.get(&format!("/v1/documents/{}/content", id(&document))).body, file);
    assert_eq!(api.list("/v1/documents", 10).len(), 1);
    assert!(!api.list("/v1/search?q=pelican", 10).is_empty());
}

#[test]
fn what_is_purged_is_gone_with_all_that_hung_on_it() {
    let server = Server::shared();
    let (person, stranger) = (server.person(), server.person());
    let document = person.api.process("a.pdf", &numbered("a", 1));
    let exports = format!("/v1/documents/{}/exports", id(&document));
    person.api.post_json(&exports, &json!({ "formats": ["json"] })).expect(202);
    delete(&stranger.api, &document, "?purge=true").refused(404, "not_found");
    delete(&stranger.api, &document, "").refused(404, "not_found");
    assert_eq!(delete(&person.api, &document, "?purge=true").status, 204);
    person.api.get(&format!("/v1/documents/{}", id(&document))).refused(404, "not_found");
    delete(&person.api, &document, "?purge=true").refused(404, "not_found");
    let left = format!(
        "select (select count(*) from public.zones where document_id = '{0}')
              + (select count(*) from public.job_queue where document_id = '{0}')
              + (select count(*) from public.export_records where document_id = '{0}')
              + (select count(*) from colophon.objects where document_id = '{0}' and state <> 'released')",
        id(&document)
    );
    assert_eq!(server.ask(&left), "0");
    let usage = person.api.read("/v1/me/usage");
    assert_eq!((&usage["documents"], &usage["bytes"]), (&json!(0), &json!(0)));
}

#[test]
fn a_legal_hold_is_the_platforms_and_refuses_both_ways_of_deleting() {
    let server = Server::shared();
    let (person, service) = (server.person(), service(&server));
    let document = person.api.upload("filename=a.pdf", &numbered("a", 1)).expect(201);
    let hold = format!("/v1/documents/{}/legal-hold", id(&document));
    let put = |api: &Api, body: &Value| {
        let body = body.to_string();
        api.send("PUT", &hold, &[("content-type", "application/json")], Some(body.as_bytes())).unwrap()
    };
    put(&person.api, &json!({ "reason": "mine" })).refused(403, "forbidden");
    put(&service, &json!({ "reason": "" })).refused(422, "invalid");
    put(&service, &json!({})).refused(400, "invalid_json");
    assert_eq!(put(&service, &json!({ "reason": "case 17" })).expect(200)["legal_hold"], "case 17");
    for query in ["", "?purge=true"] {
        let detail = delete(&person.api, &document, query).refused(409, "legal_hold");
        assert!(detail.contains("case 17"), "{detail}");
        delete(&service, &document, query).refused(409, "legal_hold");
    }
    person.api.send("DELETE", &hold, &[], None).unwrap().refused(403, "forbidden");
    service.send("DELETE", &hold, &[], None).unwrap().expect(200);
    assert_eq!(delete(&person.api, &document, "?purge=true").status, 204);
}

#[test]
fn a_quota_refuses_with_its_numbers_and_leaves_nothing() {
    let server = Server::shared();
    let (person, service) = (server.person(), service(&server));
    let file = numbered("a", 1);
    let quota = format!("/v1/quotas/{}", person.id);
    let put = |api: &Api, body: &Value| {
        let body = body.to_string();
        api.send("PUT", &quota, &[("content-type", "application/json")], Some(body.as_bytes())).unwrap()
    };
    put(&person.api, &json!({ "max_documents": 1 })).refused(403, "forbidden");
    put(&service, &json!({ "max_documents": -1 })).refused(422, "invalid");
    put(&service, &json!({ "max_documents": 2, "max_bytes": file.len() + 10 })).expect(200);
    person.api.upload("filename=a.pdf", &file).expect(201);
    // The length is told by a body and found out of a form.
    for answer in [
        person.api.upload("filename=b.pdf", &numbered("b", 1)),
        person.api.upload_form("", &crate::api::Form::default().file("b.pdf", &numbered("b", 1))),
    ] {
        answer.refused(403, "quota_exceeded");
        let usage =
            json!({ "documents": 1, "bytes": file.len(), "max_documents": 2, "max_bytes": file.len() + 10 });
        assert_eq!(answer.json()["usage"], usage);
    }
    assert_eq!(server.belongings(person.id), (1, server.belongings(person.id).1));
    put(&service, &json!({ "max_documents": 1 })).expect(200);
    person.api.upload("filename=b.pdf", &numbered("b", 1)).refused(403, "quota_exceeded");
    assert_eq!(person.api.read("/v1/me/usage")["max_documents"], 1);
    person.api.get("/v1/quotas").refused(403, "forbidden");
    assert!(
        service.read("/v1/quotas")["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|q| q["owner"] == json!(person.id))
    );
    assert_eq!(service.send("DELETE", &quota, &[], None).unwrap().status, 204);
    person.api.upload("filename=b.pdf", &numbered("b", 1)).expect(201);
}

#[test]
fn the_command_line_deletes_restores_holds_and_sets_quotas() {
    let server = Server::start();
    let person = server.owner();
    let document = person.api.upload("filename=a.pdf", &numbered("a", 1)).expect(201);
    let run = |args: &[&str]| server.folder.done(args);
    assert!(run(&["documents", "delete", id(&document)]).contains("restore"));
    assert!(person.api.list("/v1/documents", 5).is_empty());
    run(&["documents", "restore", id(&document)]);
    run(&["documents", "hold", id(&document), "--reason", "case 17"]);
    let refused = server.folder.run(&["documents", "delete", id(&document), "--purge"]);
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    assert!(refused.stderr.contains("case 17"), "{}", refused.stderr);
    run(&["documents", "end-hold", id(&document)]);
    run(&["quotas", "set", "default", "--documents", "1", "--bytes", "1GiB"]);
    person.api.upload("filename=b.pdf", &numbered("b", 1)).refused(403, "quota_exceeded");
    let quotas = server.folder.json(&["quotas", "list", "--json"]);
    assert_eq!(quotas["items"][0]["owner"], "default");
    assert!(run(&["quotas", "list"]).contains("default"));
    run(&["quotas", "remove", "default"]);
    run(&["documents", "delete", id(&document), "--purge"]);
    assert!(person.api.list("/v1/documents", 5).is_empty());
}

#[test]
fn a_download_under_way_ends_whole_when_the_document_is_purged() {
    let server = Server::shared();
    let person = server.person();
    let mut pdf = crate::pdf::Pdf::new().line("large");
    pdf.stream("", &vec![b'x'; 24 << 20]);
    let file = pdf.bytes();
    let document = person.api.upload("filename=large.pdf", &file).expect(201);
    let path = format!("/v1/documents/{}/content", id(&document));
    let mut download = crate::raw::Raw::get(&server, &server.token(person.id), &path);
    let begun = download.read(1024);
    assert_eq!(delete(&person.api, &document, "?purge=true").status, 204);
    // As the sweeper does.
    let object = server.folder.data().join("objects").join(document["storage_path"].as_str().unwrap());
    std::fs::remove_file(object).unwrap();
    person.api.get(&path).refused(404, "not_found");
    let answer = [begun, download.rest()].concat();
    let body = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
    assert_eq!(crate::api::sha256(&answer[body..]), document["sha256"].as_str().unwrap());
}
