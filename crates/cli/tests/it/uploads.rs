//! A document goes in, by form or as a body.

use serde_json::json;

use crate::api::{Form, encode, id, sha256};
use crate::pdf::{Pdf, numbered};
use crate::server::Server;
use crate::wait;

#[test]
fn a_body_with_a_name_becomes_a_document_with_all_its_fields() {
    let server = Server::shared();
    let person = server.person();
    let file = numbered("body", 2);
    let answer = person.api.upload(&format!("filename={}", encode("a report.pdf")), &file);
    let document = answer.expect(201);
    assert_eq!(answer.header("location"), format!("/v1/documents/{}", id(&document)));
    let expected = json!({
        "filename": "a report.pdf", "original_filename": "a report.pdf", "file_size_bytes": file.len(),
        "page_count": 2, "mime_type": "application/pdf", "status": "uploaded", "status_detail": null,
        "uploaded_by": person.id, "metadata": {}, "sha256": sha256(&file), "version": 1, "revision": 1,
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(document[field], *value, "{field}");
    }
    for time in ["created_at", "updated_at"] {
        assert!(document[time].as_str().unwrap().parse::<jiff::Timestamp>().is_ok(), "{document}");
    }
    assert_eq!(person.api.read(answer.header("location")), document);
    let owned_by_its_document = format!("{}/{}/", person.id, id(&document));
    assert!(document["storage_path"].as_str().unwrap().starts_with(&owned_by_its_document));
    assert_eq!(server.belongings(person.id).1, [document["storage_path"].as_str().unwrap()]);
}

#[test]
fn a_form_takes_its_metadata_before_the_file_or_after_it() {
    let server = Server::shared();
    let person = server.person();
    let metadata = json!({ "case": "Ä-17", "tags": ["a", "b"], "deep": { "number": 1.5, "none": null } });
    let text = metadata.to_string();
    let file = numbered("form", 1);
    let forms = [
        Form::default().file("after.pdf", &file).metadata(&text),
        Form::default().metadata(&text).file("before.pdf", &file),
    ];
    for form in &forms {
        let document = person.api.upload_form("", form).expect(201);
        assert_eq!(document["metadata"], metadata);
        assert_eq!(document["sha256"], sha256(&file));
    }
    let alone = person.api.upload_form("", &Form::default().file("alone.pdf", &file)).expect(201);
    assert_eq!((&alone["metadata"], &alone["filename"]), (&json!({}), &json!("alone.pdf")));
    // What the query says is meant, whatever the form calls the file.
    let named = person.api.upload_form("filename=query.pdf", &forms[0]).expect(201);
    assert_eq!(named["filename"], "query.pdf");
    assert_eq!(person.api.list("/v1/documents", 2).len(), 4);
}

#[test]
fn a_document_that_is_to_be_processed_ends_as_processed_with_a_job_that_tells_its_story() {
    let server = Server::shared();
    let api = server.person().api;
    let document = api.process("story.pdf", &numbered("story", 3));
    assert_eq!((&document["status"], &document["page_count"]), (&json!("processed"), &json!(3)));

    let jobs = api.list(&format!("/v1/jobs?document_id={}", id(&document)), 10);
    assert_eq!(jobs.len(), 1);
    let job = api.read(&format!("/v1/jobs/{}", id(&jobs[0])));
    assert_eq!(job["status"], "completed");
    assert_eq!((&job["total_pages"], &job["completed_pages"]), (&json!(3), &json!(3)));
    assert_eq!((&job["progress"], &job["attempt"]), (&json!(100.0), &json!(1)));
    assert_eq!((&job["strategy"], &job["error_code"]), (&json!("text-layer"), &json!(null)));
    let pages = job["pages"].as_array().unwrap();
    assert_eq!(pages.iter().map(|page| &page["page_number"]).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(pages.iter().all(|page| page["outcome"] == "completed" && page["zone_count"] == 2), "{job}");

    let attempts = api.read(&format!("/v1/jobs/{}/attempts", id(&job)));
    assert_eq!(attempts["items"].as_array().unwrap().len(), 1, "{attempts}");
    assert_eq!(attempts["items"][0]["outcome"], "completed");
    let history = api.read(&format!("/v1/jobs/{}/history", id(&job)));
    let actions: Vec<_> = history["items"].as_array().unwrap().iter().map(|entry| &entry["action"]).collect();
    assert_eq!(actions, ["enqueued", "claimed", "completed"]);
}

#[test]
fn a_job_can_be_asked_for_later_and_again_without_doubling_zones() {
    let server = Server::shared();
    let api = server.person().api;
    let document = api.upload("filename=later.pdf", &numbered("later", 2)).expect(201);
    let jobs = format!("/v1/documents/{}/jobs", id(&document));
    for _ in 0..2 {
        let answer = api.post_json(&jobs, &json!({ "strategy": "text-layer", "priority": 1 }));
        let job = answer.expect(202);
        assert_eq!((&job["status"], &job["priority"]), (&json!("queued"), &json!(1)));
        assert_eq!(answer.header("location"), format!("/v1/jobs/{}", id(&job)));
        wait::until("the job has ended", || api.read(answer.header("location"))["status"] == "completed");
        assert_eq!(api.wait_for(id(&document))["status"], "processed");
    }
    assert_eq!(api.list(&format!("/v1/documents/{}/zones", id(&document)), 10).len(), 4);
    assert_eq!(api.list("/v1/jobs?status=completed", 1).len(), 2);
    assert_eq!(api.list("/v1/jobs?status=failed", 1).len(), 0);
}

#[test]
fn a_document_without_any_text_is_processed_and_has_no_zones() {
    let server = Server::shared();
    let api = server.person().api;
    let document = api.process("blank.pdf", &Pdf::new().lines(&[], "").bytes());
    assert_eq!(document["status"], "processed");
    assert!(api.list(&format!("/v1/documents/{}/zones", id(&document)), 10).is_empty());
}
