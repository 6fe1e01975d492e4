//! A word about a job: cancel, pause, resume, retry, by who may say it and where it can be done.

use serde_json::json;

use crate::api::{Answer, Api, id};
use crate::pdf::{Pdf, numbered};
use crate::requesting::{ask, document, platform};
use crate::server::Server;
use crate::wait;

fn say(api: &Api, job: &str, word: &str) -> Answer {
    api.post_json(&format!("/v1/jobs/{job}/{word}"), &json!({}))
}

#[test]
fn a_job_is_put_aside_taken_up_called_off_and_asked_for_again() {
    let server = Server::shared();
    let owner = server.person();
    let document = document(&owner);
    let job = ask(&owner.api, &document, &json!({})).expect(202);
    let job = id(&job);
    let refused = |word: &str, status: &str| {
        let answer = say(&owner.api, job, word);
        let detail = answer.refused(409, "job_state");
        assert!(detail.contains(status), "{word}: {detail}");
        assert_eq!(answer.json()["job_status"], status);
    };
    let status = || owner.api.read(&format!("/v1/documents/{document}"))["status"].clone();
    refused("resume", "queued");
    refused("retry", "queued");
    assert_eq!(say(&owner.api, job, "pause").expect(200)["status"], "paused");
    assert_eq!(say(&owner.api, job, "pause").expect(200)["status"], "paused", "said twice is done once");
    refused("retry", "paused");
    assert_eq!(say(&owner.api, job, "resume").expect(200)["status"], "queued");
    assert_eq!(status(), "queued");
    assert_eq!(say(&owner.api, job, "cancel").expect(200)["status"], "cancelled");
    assert_eq!(say(&owner.api, job, "cancel").expect(200)["status"], "cancelled");
    assert_eq!(status(), "processed", "what the job before made of it");
    refused("pause", "cancelled");
    refused("resume", "cancelled");
    assert_eq!(say(&platform(&server), job, "retry").expect(200)["status"], "queued");
    say(&owner.api, job, "cancel").expect(200);
    let history = owner.api.read(&format!("/v1/jobs/{job}/history"));
    let statuses: Vec<_> =
        history["items"].as_array().unwrap().iter().map(|line| line["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["queued", "paused", "queued", "cancelled", "queued", "cancelled"]);

    let read = owner.api.list("/v1/jobs?status=completed", 10).remove(0);
    for word in ["cancel", "retry", "pause", "resume"] {
        let detail = say(&owner.api, id(&read), word).refused(409, "job_state");
        assert!(detail.contains("completed"), "{detail}");
    }
    owner.api.send("DELETE", &format!("/v1/documents/{document}"), &[], None).unwrap();
    say(&owner.api, job, "retry").refused(409, "in_trash");
}

#[test]
fn who_may_only_look_steers_nothing_and_a_stranger_finds_nothing() {
    let server = Server::shared();
    let (owner, viewer, editor, stranger) =
        (server.person(), server.person(), server.person(), server.person());
    let document = document(&owner);
    for (person, role) in [(&viewer, "viewer"), (&editor, "editor")] {
        let share = json!({ "user_id": person.id, "role": role });
        owner.api.post_json(&format!("/v1/documents/{document}/shares"), &share).expect(201);
    }
    let job = ask(&editor.api, &document, &json!({})).expect(202);
    let many = json!([{ "document_id": document, "strategy": "somebody-elses" }]);
    ask(&viewer.api, &document, &json!({})).refused(403, "forbidden");
    viewer.api.post_json("/v1/jobs", &many).refused(403, "forbidden");
    ask(&stranger.api, &document, &json!({})).refused(404, "not_found");
    stranger.api.post_json("/v1/jobs", &many).refused(422, "jobs_refused");
    for word in ["cancel", "retry", "pause", "resume"] {
        say(&viewer.api, id(&job), word).refused(403, "forbidden");
        say(&stranger.api, id(&job), word).refused(404, "not_found");
        say(&owner.api, "nonsense", word).refused(404, "not_found");
    }
    assert_eq!(owner.api.read(&format!("/v1/jobs/{}", id(&job)))["status"], "queued");
    assert_eq!(say(&editor.api, id(&job), "pause").expect(200)["status"], "paused");
    say(&owner.api, id(&job), "cancel").expect(200);
}

/// A file whose second page cannot be read.
fn torn() -> Vec<u8> {
    let mut pdf = Pdf::new().line("The first page");
    let nothing = crate::pdf::blanks(1_100);
    let content = pdf.stream("/Filter /FlateDecode", &nothing);
    pdf.page(content, "");
    pdf.line("The third page").bytes()
}

#[test]
fn a_retry_does_only_what_failed() {
    let server = Server::shared();
    let owner = server.person();
    let document = owner.api.process("torn.pdf", &torn());
    assert_eq!(document["status"], "partially_processed", "{document}");
    let job = owner.api.list("/v1/jobs?status=partially_completed", 10).remove(0);
    let path = format!("/v1/jobs/{}", id(&job));
    let attempts = || -> Vec<_> {
        let pages = owner.api.read(&path)["pages"].clone();
        let of = |page: &serde_json::Value| {
            (page["outcome"].as_str().unwrap().to_owned(), page["attempt"].as_i64().unwrap())
        };
        pages.as_array().unwrap().iter().map(of).collect()
    };
    let (done, failed) = (("completed".to_owned(), 1), ("failed".to_owned(), 1));
    assert_eq!(attempts(), [done.clone(), failed, done.clone()]);
    assert_eq!(say(&owner.api, id(&job), "retry").expect(200)["status"], "queued");
    wait::until("it has ended again", || owner.api.read(&path)["status"] == "partially_completed");
    assert_eq!(attempts(), [done.clone(), ("failed".to_owned(), 2), done]);
    assert_eq!(owner.api.list(&format!("{path}/attempts"), 10).len(), 2);
    assert_eq!(owner.api.read(&format!("/v1/documents/{}", id(&document)))["status"], "partially_processed");
}

#[test]
fn the_command_line_asks_and_steers_as_the_api_does() {
    let server = Server::shared();
    let owner = server.person();
    let document = id(&owner.api.process("commanded.pdf", &numbered("commanded", 3))).to_owned();
    let enqueue = |more: &[&str]| {
        server.folder.run(&[&["jobs", "enqueue", &document, "--strategy", "somebody-elses"], more].concat())
    };
    let asked =
        enqueue(&["--pages", "1-2", "--priority", "3", "--job-key", "k", "--options", "{\"a\":1}", "--json"]);
    let job: serde_json::Value = serde_json::from_str(&asked.stdout).unwrap();
    assert_eq!(
        (&job["page_numbers"], &job["priority"], &job["options"]["a"]),
        (&json!([1, 2]), &json!(3), &json!(1))
    );
    let job = id(&job);
    let again = enqueue(&["--job-key", "k"]);
    assert!(
        again.code == Some(0) && again.stdout.contains(job) && again.stdout.contains("already"),
        "{again:?}"
    );
    for (wrong, reason) in [
        (&["--pages", "9"][..], "has no page 9"),
        (&["--pages", "x"], "no list of pages"),
        (&["--options", "[]"], "no object"),
        (&["--zones", "01999999-9999-7999-8999-999999999999"], "has no zone"),
        (&["--pages", "1", "--zones", job], "--zones"),
    ] {
        let ran = enqueue(wrong);
        assert!(matches!(ran.code, Some(1 | 2)) && ran.stderr.contains(reason), "{wrong:?}: {ran:?}");
    }
    let slip = server.folder.run(&["jobs", "enqueue", &document, "--strategy", "textlayer"]);
    assert!(slip.code == Some(2) && slip.stderr.contains("did you mean"), "{slip:?}");

    let nobody = "01999999-9999-7999-8999-999999999999";
    let told = server.folder.done(&["jobs", "pause", job]);
    assert!(told.contains(job) && told.contains("paused"), "{told}");
    let ran = server.folder.run(&["jobs", "resume", job, nobody]);
    assert!(ran.code == Some(3) && ran.stdout.contains("queued") && ran.stderr.contains(nobody), "{ran:?}");
    let ran = server.folder.run(&["jobs", "retry", job]);
    assert!(ran.code == Some(1) && ran.stderr.contains("it has not ended yet"), "{ran:?}");
    let listed = server.folder.done(&["jobs", "list", "--document", &document]);
    assert!(listed.contains("commanded.pdf") && listed.contains("FILE"), "{listed}");
    let done = server.folder.json(&["jobs", "cancel", job, "--json"]);
    assert_eq!(done["items"][0]["status"], "cancelled");
}
