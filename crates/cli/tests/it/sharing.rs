//! What is shared is there for those it is shared with, on every route; what they may change, the database decides.
//!
//! Shares are made in the database, as a Supabase client makes them.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::id;
use crate::pdf::numbered;
use crate::server::{Person, Server, change};
use crate::strangers::ROUTES;

fn share(server: &Server, document: &Value, role: &str, person: Uuid) {
    let sql = format!(
        "insert into public.document_shares (document_id, role, user_id, created_by)
         values ('{}', '{role}', '{person}', 'a test')",
        id(document)
    );
    change(&server.ready.database_url, &sql);
}

/// Every route of a document, read by a person.
fn statuses(person: &Person, paths: &[String]) -> Vec<u16> {
    paths.iter().map(|path| person.api.get(path).status).collect()
}

#[test]
fn a_viewer_reads_every_route_and_changes_nothing() {
    let server = Server::shared();
    let (owner, viewer) = (server.person(), server.person());
    let document = owner.api.process("shared.pdf", &numbered("pelican", 2));
    let of_document = |what: &str| format!("/v1/documents/{}/{what}", id(&document));
    let zone = owner.api.list(&of_document("zones"), 10).remove(0);
    let job = owner.api.list("/v1/jobs", 10).remove(0);
    let export = owner.api.post_json(&of_document("exports"), &json!({ "formats": ["json"] })).expect(202);
    let schedule = owner.api.post_json(&of_document("schedules"), &json!({ "cron": "@monthly" })).expect(201);
    let paths: Vec<String> = ROUTES
        .iter()
        .map(|route| {
            let path = route.replace("{document}", id(&document)).replace("{zone}", id(&zone));
            let path = path.replace("{job}", id(&job)).replace("{export}", id(&export));
            path.replace("{schedule}", id(&schedule))
        })
        .collect();
    assert_eq!(statuses(&viewer, &paths), [404; ROUTES.len()], "before it is shared");

    share(&server, &document, "viewer", viewer.id);
    assert_eq!(statuses(&viewer, &paths), [200; ROUTES.len()], "once it is shared");
    assert_eq!(viewer.api.list("/v1/documents", 10).len(), 1);
    assert_eq!(viewer.api.list("/v1/jobs", 10).len(), 1);
    assert!(!viewer.api.list("/v1/search?q=pelican", 10).is_empty());
    viewer.api.post_json(&of_document("jobs"), &json!({})).refused(403, "forbidden");
    viewer.api.post_json(&of_document("schedules"), &json!({ "cron": "@daily" })).refused(403, "forbidden");
    let path = format!("{}/{}", of_document("schedules"), id(&schedule));
    let headers = [("content-type", "application/json")];
    for (method, body) in [("PATCH", Some(&br#"{"enabled":false}"#[..])), ("DELETE", None)] {
        viewer.api.send(method, &path, &headers, body).unwrap().refused(403, "forbidden");
    }
    assert_eq!(owner.api.read(&path)["enabled"], true);
    viewer.api.post_json(&of_document("exports"), &json!({ "formats": ["json"] })).refused(403, "forbidden");

    let revoke = format!(
        "update public.document_shares set revoked_at = now() where document_id = '{}'",
        id(&document)
    );
    change(&server.ready.database_url, &revoke);
    assert_eq!(statuses(&viewer, &paths), [404; ROUTES.len()], "once it is revoked");
    assert!(viewer.api.list("/v1/documents", 10).is_empty());
    assert!(viewer.api.list("/v1/jobs", 10).is_empty());
    assert!(viewer.api.list("/v1/search?q=pelican", 10).is_empty());
}

#[test]
fn an_editor_works_on_what_is_anothers_in_their_own_name() {
    let server = Server::shared();
    let (owner, editor) = (server.person(), server.person());
    let document = owner.api.process("ours.pdf", &numbered("ostrich", 1));
    share(&server, &document, "editor", editor.id);
    let of_document = |what: &str| format!("/v1/documents/{}/{what}", id(&document));
    let job = editor.api.post_json(&of_document("jobs"), &json!({})).expect(202);
    assert_eq!(job["created_by"], editor.id.to_string());
    let export = editor.api.post_json(&of_document("exports"), &json!({ "formats": ["json"] })).expect(202);
    assert_eq!(export["created_by"], editor.id.to_string());
    owner.api.wait_for(id(&document));
    // The owner sees what the editor did.
    assert!(owner.api.list("/v1/jobs", 10).iter().any(|seen| id(seen) == id(&job)));
    assert!(owner.api.list(&of_document("exports"), 10).iter().any(|seen| id(seen) == id(&export)));
}

#[test]
fn own_and_shared_documents_are_one_list_whatever_its_parts() {
    let server = Server::shared();
    let (one, other) = (server.person(), server.person());
    let mut expected = Vec::new();
    for number in 0..7 {
        let by = if number % 2 == 0 { &one } else { &other };
        let document = by.api.upload(&format!("filename={number}.pdf"), &numbered("list", 1)).expect(201);
        if number % 2 == 1 {
            share(&server, &document, "viewer", one.id);
        }
        expected.push(id(&document).to_owned());
    }
    expected.reverse();
    let (mut seen, mut path) = (Vec::new(), "/v1/documents?limit=2".to_owned());
    loop {
        let part = one.api.read(&path);
        seen.extend(part["items"].as_array().unwrap().iter().map(|row| id(row).to_owned()));
        let Some(cursor) = part["next_cursor"].as_str() else { break };
        path = format!("/v1/documents?limit=2&cursor={cursor}");
    }
    assert_eq!(seen, expected, "newest first, each once");
    let theirs = one.api.list(&format!("/v1/documents?uploaded_by={}", other.id), 10);
    assert_eq!(theirs.len(), 3, "of the other, what is shared");
}
