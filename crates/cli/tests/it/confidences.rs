//! How sure tools were, and how far they can be relied on.

use serde_json::{Value, json};

use crate::api::id;
use crate::folder::Folder;
use crate::pdf::numbered;
use crate::server::{Person, Server, change};

/// What a person does with zones, as the Data API does it.
fn act(server: &Server, person: &Person, statement: &str) {
    let claims = json!({ "role": "authenticated", "sub": person.id });
    let scope =
        format!("select set_config('request.jwt.claims', '{claims}', false); set role authenticated;");
    change(&server.ready.database_url, &format!("{scope} {statement}"));
}

fn service(server: &Server, statement: &str) {
    change(&server.ready.database_url, &format!("set role service_role; {statement}"));
}

#[test]
fn every_confidence_of_a_zone_is_read_page_by_page() {
    let server = Server::shared();
    let person = server.person();
    let document = person.api.process("sure.pdf", &numbered("sure", 1));
    let zones = format!("/v1/documents/{}/zones", id(&document));
    let zone = person.api.list(&zones, 10).remove(0);
    let ledger = format!("{zones}/{}/confidences", id(&zone));
    let begin = person.api.list(&ledger, 10).len();
    for (confidence, model) in [("0.5", "m1"), ("0.75", "m1"), ("0.75", "m2")] {
        let set = format!("confidence = {confidence}, processing_tool = 'ocr', processing_model = '{model}'");
        service(&server, &format!("update public.zones set {set} where id = '{}'", id(&zone)));
    }
    let told: Vec<_> = person.api.list(&ledger, 1);
    let told: Vec<_> =
        told.iter().map(|c| (&c["confidence"], &c["processing_model"], &c["stands"])).collect();
    let expected = [
        (&json!(0.75), &json!("m2"), &json!(true)),
        (&json!(0.75), &json!("m1"), &json!(false)),
        (&json!(0.5), &json!("m1"), &json!(false)),
    ];
    assert_eq!(told[..3], expected);
    assert_eq!(told.len(), begin + 3);
    act(&server, &person, &format!("delete from public.zones where id = '{}'", id(&zone)));
    let left = person.api.list(&ledger, 10);
    assert!(left.len() == begin + 3 && left.iter().all(|c| c["stands"] == false), "it outlives the zone");
    assert!(person.api.list(&format!("/v1/documents/{}/confidences", id(&document)), 2).len() >= left.len());
    person.api.get(&format!("{ledger}?cursor=nonsense")).refused(400, "invalid_query");
    person.api.get(&format!("{zones}/{}/confidences", id(&document))).refused(404, "not_found");
}

#[test]
fn of_the_zones_a_tool_was_sure_of_it_is_told_how_many_people_changed() {
    let server = Server::start_on(Folder::private(), &[]);
    let (person, stranger) = (server.person(), server.person());
    let document = person.api.process("sure.pdf", &numbered("sure", 20));
    let zones: Vec<Value> = person.api.list(&format!("/v1/documents/{}/zones", id(&document)), 100);
    assert!(zones.len() >= 20);
    service(
        &server,
        "update public.zones set confidence = 0.95, processing_tool = 'ocr', zone_type = 'text'",
    );
    for (place, zone) in zones.iter().take(20).enumerate() {
        let verdict = if place < 5 { "content = 'better'" } else { "status = 'verified'" };
        act(&server, &person, &format!("update public.zones set {verdict} where id = '{}'", id(zone)));
    }
    let found = person.api.read("/v1/calibration");
    let all = &found["items"][0];
    assert_eq!((&all["processing_tool"], &all["zone_type"]), (&json!("ocr"), &Value::Null));
    let text = person.api.read("/v1/calibration?tool=ocr&type=text&since=2026-01-01T00:00:00Z");
    let text = &text["items"][1];
    assert_eq!((&text["verdicts"], &text["changed"], &text["share"]), (&json!(20), &json!(5), &json!(0.25)));
    let bucket = &text["buckets"][0];
    assert_eq!((&bucket["from"], &bucket["to"], &bucket["changed"]), (&json!(0.9), &json!(1.0), &json!(5)));
    let (low, high) = (bucket["low"].as_f64().unwrap(), bucket["high"].as_f64().unwrap());
    assert!((0.11..0.12).contains(&low) && (0.46..0.48).contains(&high), "{bucket}");
    assert!((text["expected_calibration_error"].as_f64().unwrap() - 0.2).abs() < 1e-9, "{text}");
    assert_eq!(text["review_below"], Value::Null);
    assert_eq!(stranger.api.read("/v1/calibration")["items"], json!([]), "of what the caller may see");
    assert_eq!(person.api.read("/v1/calibration?tool=another")["items"], json!([]));
    person.api.get("/v1/calibration?since=yesterday").refused(400, "invalid_query");
    person.api.get("/v1/calibration?tool=%00").refused(400, "invalid_query");

    let table = server.folder.done(&["zones", "calibration", "--tool", "ocr", "--since", "1h"]);
    assert!(table.contains("11.2–46.9 %") && table.contains("error 0.200"), "{table}");
    let told: Value = serde_json::from_str(&server.folder.done(&["zones", "calibration", "--json"])).unwrap();
    assert_eq!(&told["items"][1], text);
}
