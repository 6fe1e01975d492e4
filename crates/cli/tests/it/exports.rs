//! A document goes out again.

use serde_json::{Value, json};

use crate::api::{Api, id, sha256};
use crate::pdf::numbered;
use crate::server::{Person, Server};

/// Asks for an export and gives its record and its file.
fn export(api: &Api, document: &Value, request: &Value) -> (Value, Value) {
    let answer = api.post_json(&format!("/v1/documents/{}/exports", id(document)), request);
    let record = answer.expect(202);
    assert_eq!(answer.header("location"), format!("/v1/exports/{}", id(&record)));
    assert_eq!(api.read(answer.header("location")), record);
    assert_eq!(record["status"], "completed");
    let file = &record["files"][0];
    let answer = api.get(&format!("/v1/exports/{}/files/{}", id(&record), file["name"].as_str().unwrap()));
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(
        (&json!(sha256(&answer.body)), &json!(answer.body.len())),
        (&file["sha256"], &file["size_bytes"])
    );
    (record, answer.expect(200))
}

fn processed(person: &Person) -> Value {
    person.api.process("export.pdf", &numbered("export", 5))
}

#[test]
fn an_export_holds_the_document_its_pages_and_every_zone() {
    let server = Server::shared();
    let person = server.person();
    let (api, document) = (&person.api, processed(&person));
    let (record, exported) = export(api, &document, &json!({ "formats": ["json"] }));
    assert_eq!((&record["export_type"], &record["selection"]), (&json!("full"), &Value::Null));
    assert_eq!(exported["document"], document);
    let path = format!("/v1/documents/{}", id(&document));
    assert_eq!(exported["pages"], Value::from(api.list(&format!("{path}/pages"), 10)));
    assert_eq!(exported["zones"], Value::from(api.list(&format!("{path}/zones"), 100)));
    let exports = api.list(&format!("{path}/exports"), 1);
    assert_eq!(exports, [record]);
}

#[test]
fn an_export_of_a_selection_holds_only_that() {
    let server = Server::shared();
    let person = server.person();
    let (api, document) = (&person.api, processed(&person));
    let selection = json!({ "pages": [[2, 3], [5, 5]] });
    let (record, exported) = export(api, &document, &json!({ "formats": ["json"], "selection": selection }));
    assert_eq!((&record["export_type"], &record["selection"]), (&json!("partial"), &selection));
    let pages = |what: &Value| {
        what.as_array().unwrap().iter().map(|row| row["page_number"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(pages(&exported["pages"]), [2, 3, 5]);
    assert_eq!(pages(&exported["zones"]), [2, 2, 3, 3, 5, 5]);
    let zone = exported["zones"][3].clone();
    let request = json!({ "formats": ["json"], "selection": { "zones": [id(&zone)] } });
    assert_eq!(export(api, &document, &request).1["zones"], json!([zone]));
    let path = format!("/v1/documents/{}/exports", id(&document));
    assert_eq!(api.list(&path, 1).len(), 2);
}

#[test]
fn the_command_writes_what_the_api_gives_to_a_file_and_to_standard_output() {
    let server = Server::shared();
    let person = server.person();
    let document = processed(&person);
    let (_, by_api) = export(&person.api, &document, &json!({ "formats": ["json"] }));
    let folder = &server.folder;
    let path = folder.scratch().join(format!("{}.json", id(&document)));
    let path = path.to_str().unwrap();
    assert_eq!(folder.done(&["export", id(&document), "--format", "json", "-o", path]), "");
    let file = std::fs::read(path).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&file).unwrap(), by_api);
    let printed = folder.done(&["export", id(&document), "--format", "json", "-o", "-"]);
    assert_eq!(printed.as_bytes(), file);
    let some = folder.json(&["export", id(&document), "--format", "json", "--pages", "2-3,5", "-o", "-"]);
    assert_eq!(some["zones"].as_array().unwrap().len(), 6);
    let zone = id(&by_api["zones"][4]);
    let one = folder.json(&["export", id(&document), "--format", "json", "--zones", zone, "-o", "-"]);
    assert_eq!(one["zones"], json!([by_api["zones"][4]]));
    let no_place = folder.run(&["export", id(&document), "--format", "json", "-o", "/nowhere/at/all.json"]);
    assert_eq!((no_place.code, no_place.stderr.lines().count()), (Some(1), 1), "{no_place:?}");
}
