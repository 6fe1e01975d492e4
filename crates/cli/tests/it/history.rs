//! The history of zones by API and command line: who did what, how it was, what differs, and undoing it.

use serde_json::{Value, json};

use crate::api::id;
use crate::pdf::numbered;
use crate::server::{Person, Server, change};

/// A person edits zones by the Data API, as any client of the database may.
fn edit(server: &Server, person: &Person, sql: &str) {
    let claims = json!({ "sub": person.id, "role": "authenticated" });
    let in_their_name = format!(
        "begin; set local role authenticated; set local request.jwt.claims = '{claims}'; {sql}; commit"
    );
    change(&server.ready.database_url, &in_their_name);
}

fn texts(zones: &[Value]) -> Vec<&str> {
    zones.iter().map(|zone| zone["content"].as_str().unwrap_or_default()).collect()
}

#[test]
fn an_edit_is_on_record_is_told_in_words_and_is_undone() {
    let server = Server::shared();
    let person = server.person();
    let api = &person.api;
    let document = api.process("heron.pdf", &numbered("heron", 2));
    let path = |what: &str| format!("/v1/documents/{}/{what}", id(&document));
    let before = api.list(&path("zones"), 100);
    let zone = id(&before[0]);
    let found: Vec<i64> =
        api.list(&path("changes"), 100).iter().map(|change| change["revision"].as_i64().unwrap()).collect();
    let newest = found[0];

    let sql = format!(
        "update public.zones set content = 'a stork' || content, zone_type = 'title' where id = '{zone}'"
    );
    edit(&server, &person, &sql);
    let edited = newest + 1;
    let history = api.list(&path(&format!("zones/{zone}/history")), 1);
    assert_eq!(history.len(), 2);
    let told = &history[0];
    assert_eq!(
        (&told["revision"], &told["action"], &told["kind"]),
        (&json!(edited), &json!("changed"), &json!("edit"))
    );
    assert_eq!((&told["changed_by"], &told["undone"]), (&json!(person.id), &json!(false)));
    assert_eq!(told["fields"]["zone_type"]["after"], "title");
    assert_eq!(told["fields"]["content"]["before"], before[0]["content"]);
    assert_eq!((&history[1]["action"], &history[1]["changed_by"]), (&json!("created"), &Value::Null));
    let changed = api.read(&path(&format!("changes/{edited}")));
    assert_eq!(changed["zones"]["items"][0]["zone_id"], zone);
    assert_eq!(changed["zones"]["counts"]["retexted"], 1);

    // As it was, and as it is.
    let then = |point: &str| api.list(&path(&format!("zones?as_of={point}")), 1);
    assert_eq!(texts(&then(&newest.to_string())), texts(&before));
    assert_ne!(texts(&then(&edited.to_string())), texts(&before));
    assert_eq!(then("2020-01-01T00:00:00Z"), Vec::<Value>::new());
    assert_eq!(then(told["created_at"].as_str().unwrap()).len(), before.len());
    let lines = api.get_with(
        &path(&format!("zones?as_of={newest}&frame=percent")),
        &[("accept", "application/x-ndjson")],
    );
    assert_eq!(lines.body.split(|byte| *byte == b'\n').count(), before.len() + 1, "in any form and frame");
    let was = api.read(&path(&format!("zones/{zone}?as_of={newest}")));
    assert_eq!(was["content"], before[0]["content"]);
    let words = path(&format!("diff?from={newest}&to={edited}"));
    let answer = api.get_with(&words, &[("accept", "text/plain")]);
    let line = String::from_utf8(answer.body.clone()).unwrap();
    assert!(answer.header("content-type").starts_with("text/plain"), "{line}");
    assert!(line.starts_with("page 1, zone 0 \"a stork") && line.contains("; type "), "{line}");
    let diff = api.read(&words);
    assert_eq!(
        (&diff["items"][0]["kinds"], &diff["counts"]["changed"]),
        (&json!(["retexted", "retyped"]), &json!(1))
    );
    let run = diff["items"][0]["fields"]["content"]["words"].as_array().unwrap().clone();
    assert!(run.iter().any(|run| run["op"] == "insert"), "{run:?}");
    let backwards = api.read(&path(&format!("diff?from={edited}&to={newest}")));
    assert_eq!(backwards["items"][0]["fields"]["zone_type"]["before"], "title");

    // Undone, and that undone.
    let undo = |body: &Value| api.post_json(&path("undo"), body);
    let looked = undo(&json!({ "revisions": [edited], "dry_run": true })).expect(200);
    assert_eq!((&looked["changed"], &looked["revision"]), (&json!(1), &Value::Null));
    let undone = undo(&json!({ "revisions": [edited], "reason": "it is no stork" })).expect(200);
    assert_eq!((&undone["revision"], &undone["kept"]), (&json!(edited + 1), &json!([])));
    let now = api.list(&path("zones"), 100);
    assert_eq!((texts(&now), &now[0]["original"]), (texts(&before), &Value::Null));
    let listed = api.list(&path("changes"), 1);
    assert_eq!((&listed[0]["reason"], &listed[1]["undone"]), (&json!("it is no stork"), &json!(true)));
    undo(&json!({ "changed_by": person.id, "since": listed[0]["created_at"] })).expect(200);
    assert_eq!(api.read(&path(&format!("zones/{zone}")))["zone_type"], "title");
    assert_eq!(
        undo(&json!({ "revisions": [edited + 1] })).expect(200)["revision"],
        Value::Null,
        "it is undone"
    );
    // What the platform found, but for what the person made of one zone.
    let undone = undo(&json!({ "revisions": found })).expect(200);
    assert_eq!(undone["removed"], json!(before.len() - 1));
    let kept: Vec<_> = undone["kept"].as_array().unwrap().iter().map(|kept| kept["field"].clone()).collect();
    assert_eq!(kept, ["content", "zone_type"]);
    assert_eq!(undone["kept"][0]["changed_by"], json!(person.id));
    let gone = api.list(&path(&format!("zones/{}/history", id(&before[1]))), 10);
    assert_eq!((gone.len(), &gone[0]["action"]), (2, &json!("deleted")), "of a zone that is gone, too");
}

#[test]
fn what_cannot_be_asked_of_the_history_is_refused_with_its_reason() {
    let server = Server::shared();
    let (person, stranger) = (server.person(), server.person());
    let document = person.api.process("a.pdf", &numbered("egret", 1));
    let path = |what: &str| format!("/v1/documents/{}/{what}", id(&document));
    for query in [
        "zones?as_of=yesterday",
        "zones?as_of=-1",
        "zones?as_of=99",
        "diff?from=0",
        "diff?from=0&to=99",
        "diff?from=x&to=1",
        "diff?from=0&to=1&cursor=x",
        "changes?kind=nothing",
        "changes?since=now",
        "changes?cursor=x",
        "changes?changed_by=%00",
    ] {
        person.api.get(&path(query)).refused(400, "invalid_query");
    }
    let nobody = "01999999-9999-7999-8999-999999999999";
    for what in
        ["changes/99", "changes/x", &format!("zones/{nobody}/history"), &format!("zones/{nobody}?as_of=1")]
    {
        person.api.get(&path(what)).refused(404, "not_found");
    }
    let undo = |body: &Value| person.api.post_json(&path("undo"), body);
    for nonsense in [
        json!({}),
        json!({ "revisions": [] }),
        json!({ "revisions": [1], "job_id": nobody }),
        json!({ "changed_by": "x" }),
        json!({ "since": "2026-01-01T00:00:00Z" }),
        json!({ "revisions": [99] }),
        json!({ "revisions": [1], "reason": "" }),
        json!({ "changed_by": "\u{0}", "since": "2026-01-01T00:00:00Z" }),
    ] {
        undo(&nonsense).refused(422, "invalid");
    }
    undo(&json!({ "revision": 1 })).refused(400, "invalid_json");
    stranger.api.post_json(&path("undo"), &json!({ "revisions": [1] })).refused(404, "not_found");
    assert_eq!(
        undo(&json!({ "job_id": nobody })).expect(200)["revision"],
        Value::Null,
        "a run that did nothing"
    );
}

#[test]
fn the_command_line_shows_the_history_and_undoes() {
    let server = Server::shared();
    let person = server.person();
    let document = person.api.process("a.pdf", &numbered("bittern", 1));
    let document = id(&document);
    let zones = person.api.list(&format!("/v1/documents/{document}/zones"), 10);
    let zone = id(&zones[0]);
    edit(&server, &person, &format!("update public.zones set content = 'a word' where id = '{zone}'"));
    let zones_of = |args: &[&str]| server.folder.done(&[&["zones"], args].concat());
    let newest = server.folder.json(&["zones", "changes", document, "--limit", "1", "--json"]);
    let newest = newest["items"][0]["revision"].to_string();
    let before = (newest.parse::<i64>().unwrap() - 1).to_string();
    let table = zones_of(&["changes", document, "--kind", "edit", "--person", &person.id.to_string()]);
    assert!(table.contains("REVISION") && table.contains(&person.id.to_string()), "{table}");
    let table = zones_of(&["history", document, zone]);
    assert!(table.contains("content") && table.contains("a word") && table.contains("created"), "{table}");
    let words = zones_of(&["diff", document, &before, &newest]);
    assert!(words.contains("→ \"a word\"") && words.contains("0 added, 0 removed, 1 changed"), "{words}");
    let looked = zones_of(&["undo", document, "--revision", &newest, "--dry-run"]);
    assert!(looked.contains("1 changed back, if it were done"), "{looked}");
    let undone = zones_of(&["undo", document, "--revision", &newest, "--reason", "a test"]);
    assert!(undone.contains("which can be undone itself"), "{undone}");
    let again =
        zones_of(&["undo", document, "--person", &person.id.to_string(), "--since", "2020-01-01T00:00:00Z"]);
    assert!(again.contains("nothing is to be undone"), "{again}");
    let json = server.folder.json(&["zones", "diff", document, &before, &newest, "--json"]);
    assert_eq!(json["counts"]["retexted"], 1);
    for nonsense in [
        vec!["undo", document],
        vec!["undo", document, "--person", "x"],
        vec!["undo", document, "--revision", "1", "--since", "2020-01-01T00:00:00Z"],
        vec!["diff", document, "x", "1"],
    ] {
        let ran = server.folder.run(&[&["zones"], nonsense.as_slice()].concat());
        assert_eq!(ran.code, Some(2), "{nonsense:?}");
    }
}
