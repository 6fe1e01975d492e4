//! Zones of any tool go in many at once and come out in any frame; what a person said stays.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::{Answer, Api, id};
use crate::pdf::{Pdf, numbered};
use crate::server::{Person, Server, change};

const NDJSON: &str = "application/x-ndjson";

fn service(server: &Server) -> Api {
    let now = jiff::Timestamp::now().as_second();
    server.with_token(&server.sign(&json!({ "role": "service_role", "iat": now, "exp": now + 3_600 })))
}

fn document(person: &Person) -> String {
    let document = person.api.upload("filename=birds.pdf", &numbered("heron", 3)).expect(201);
    id(&document).to_owned()
}

fn deliver(api: &Api, document: &str, query: &str, zones: &Value) -> Answer {
    api.post_json(&format!("/v1/documents/{document}/zones?{query}"), zones)
}

fn zone(index: u32, text: &str) -> Value {
    json!({
        "zone_index": index, "page_number": 1, "zone_type": "text", "content": text, "confidence": 0.5,
        "coordinates": {"x0": 10, "y0": 20 + index % 700, "x1": 110, "y1": 30 + index % 700}
    })
}

fn outcomes(answer: &Value) -> Vec<&str> {
    answer["items"].as_array().unwrap().iter().map(|item| item["outcome"].as_str().unwrap()).collect()
}

fn lines(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.header("content-type"), NDJSON);
    let body = String::from_utf8(answer.body.clone()).unwrap();
    body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn zones_are_inserted_changed_or_left_by_their_place_in_the_order() {
    let server = Server::shared();
    let (person, tool) = (server.person(), service(&server));
    let document = document(&person);
    let put = |zones: Value| deliver(&tool, &document, "tool=reader&model=r2", &zones).expect(200);
    let first = put(json!([zone(0, "heron"), zone(1, "stork"), zone(7, "ibis")]));
    assert_eq!(outcomes(&first), ["inserted"; 3]);
    assert_eq!((&first["revision"], &first["version"]), (&json!(1), &json!(1)));
    let again = put(json!([zone(0, "heron"), zone(1, "black stork"), zone(8, "egret")]));
    assert_eq!(outcomes(&again), ["unchanged", "updated", "inserted"]);
    assert_eq!(again["items"][1]["id"], first["items"][1]["id"], "it is the same zone");
    let nothing = put(json!([zone(0, "heron")]));
    assert_eq!((&nothing["revision"], &nothing["unchanged"]), (&Value::Null, &json!(1)));

    let zones = person.api.list(&format!("/v1/documents/{document}/zones"), 2);
    let texts: Vec<_> = zones.iter().map(|zone| zone["content"].as_str().unwrap()).collect();
    assert_eq!(texts, ["heron", "black stork", "ibis", "egret"]);
    assert_eq!(
        (&zones[0]["processing_tool"], &zones[0]["processing_model"]),
        (&json!("reader"), &json!("r2"))
    );
    let changes = format!(
        "select string_agg(kind || zones_revision, ' ') from public.document_changes c
        join public.documents d on d.id = c.document_id where d.id = '{document}'"
    );
    assert_eq!(server.ask(&changes), "import2 import2", "what changes nothing is no change");
}

#[test]
fn a_zone_without_a_place_in_the_order_gets_the_next_one_of_its_page() {
    let server = Server::shared();
    let person = server.person();
    let document = document(&person);
    let plain = |page: u32| json!({ "page_number": page, "zone_type": "text" });
    let first = deliver(&person.api, &document, "tool=x", &json!([plain(1), plain(2), plain(1)])).expect(200);
    let indexes = |answer: &Value| -> Vec<i64> {
        answer["items"].as_array().unwrap().iter().map(|item| item["zone_index"].as_i64().unwrap()).collect()
    };
    assert_eq!(indexes(&first), [0, 10_000, 1]);
    let named = json!({ "page_number": 1, "zone_type": "text", "zone_index": 3 });
    let second = deliver(&person.api, &document, "tool=x", &json!([plain(1), plain(1), named])).expect(200);
    assert_eq!(indexes(&second), [2, 4, 3]);
}

#[test]
fn zones_come_out_in_any_frame_and_go_in_by_it() {
    let server = Server::shared();
    let person = server.person();
    // Turned, cropped, with a unit of its own: 400 × 600 units are shown, 1,200 × 800 points.
    let entries = "/MediaBox [100 100 600 800] /CropBox [150 150 550 750] /Rotate 90 /UserUnit 2";
    let file = Pdf::new().lines(&[(12, 700, "a line")], entries).bytes();
    let document = person.api.upload("filename=turned.pdf", &file).expect(201);
    let path = format!("/v1/documents/{}/zones", id(&document));
    let place = json!({"x0": 120.0, "y0": 80.0, "x1": 600.0, "y1": 160.0});
    let given = json!([{
        "page_number": 1, "zone_type": "text", "coordinates": {"x0": 0.1, "y0": 0.1, "x1": 0.5, "y1": 0.2}
    }]);
    deliver(&person.api, id(&document), "tool=x&frame=normalised", &given).expect(200);
    let in_frame = |frame: &str| person.api.read(&format!("{path}?frame={frame}"))["items"][0].clone();
    assert_eq!(in_frame("points")["coordinates"], place);
    assert_eq!(in_frame("points")["source"]["frame"], "normalised");
    assert_eq!(
        in_frame("points-bl")["coordinates"],
        json!({"x0": 120.0, "y0": 640.0, "x1": 600.0, "y1": 720.0})
    );
    assert_eq!(in_frame("percent")["coordinates"], json!({"x0": 10.0, "y0": 10.0, "x1": 50.0, "y1": 20.0}));
    assert_eq!(
        in_frame("px@144")["coordinates"],
        json!({"x0": 240.0, "y0": 160.0, "x1": 1200.0, "y1": 320.0})
    );
    assert_eq!(in_frame("pdf")["coordinates"], json!({"x0": 190.0, "y0": 210.0, "x1": 230.0, "y1": 450.0}));
    for frame in ["points", "points-bl", "pdf", "percent", "px@300"] {
        let mut zone = in_frame(frame);
        zone["content"] = frame.into();
        let back = deliver(&person.api, id(&document), &format!("tool=x&frame={frame}"), &json!([zone]));
        assert_eq!(back.expect(200)["updated"], 1, "{frame}");
        let now = in_frame("points")["coordinates"].clone();
        for corner in ["x0", "y0", "x1", "y1"] {
            let away = now[corner].as_f64().unwrap() - place[corner].as_f64().unwrap();
            assert!(away.abs() < 1e-6, "{frame}: {now}");
        }
    }
    person.api.get(&format!("{path}?frame=inch")).refused(400, "invalid_query");
}

#[test]
fn what_cannot_be_taken_is_told_by_its_place_and_nothing_is_stored_unless_asked() {
    let server = Server::shared();
    let person = server.person();
    let document = document(&person);
    let beyond = json!({
        "zone_index": 3, "page_number": 1, "zone_type": "text",
        "coordinates": {"x0": 500, "y0": 20, "x1": 900, "y1": 30}
    });
    let zones = json!([
        zone(0, "fine"),
        {"page_number": 9, "zone_type": "text"},
        zone(0, "again"),
        beyond,
        {"page_number": 1, "zone_type": "text", "coordinates": {"polygon": [[1, 1], [2, 2]]}},
        {"page_number": 1, "zone_type": "text", "parent_index": 55},
        {"page_number": 1, "zone_type": "text", "status": "done"},
        "a zone"
    ]);
    let refused = deliver(&person.api, &document, "tool=x", &zones).expect(422);
    assert_eq!(refused["code"], "zones_refused");
    let told: Vec<_> =
        refused["refused"].as_array().unwrap().iter().map(|item| item["index"].clone()).collect();
    assert_eq!(told, [1, 2, 3, 4, 5, 6, 7]);
    assert!(person.api.list(&format!("/v1/documents/{document}/zones"), 10).is_empty(), "none was stored");

    let skipped = deliver(&person.api, &document, "tool=x&on_error=skip&clamp=true", &zones).expect(200);
    assert_eq!(
        (&skipped["inserted"], &skipped["refused"], &skipped["clamped"]),
        (&json!(2), &json!(6), &json!(1))
    );
    let reason = |index: usize| skipped["items"][index]["reason"].as_str().unwrap();
    assert!(reason(1).contains("the pages are 1 to 3"), "{}", reason(1));
    assert!(reason(2).contains("given twice"), "{}", reason(2));
    assert!(reason(4).contains("three at least"), "{}", reason(4));
    assert!(reason(5).contains("parent_index"), "{}", reason(5));
    let stored = person.api.read(&format!("/v1/documents/{document}/zones?page=1"));
    assert_eq!(stored["items"][1]["coordinates"]["x1"], 600.0, "cut at the edge");

    for (body, code) in [("[{]", "invalid"), ("[", "invalid"), ("{\"page_number\":", "zones_refused")] {
        let path = format!("/v1/documents/{document}/zones");
        let answer = person.api.send("POST", &path, &[], Some(body.as_bytes())).unwrap();
        answer.refused(422, code);
    }
    for query in ["frame=inch", "vocabulary=latin", "on_error=maybe", "clamp=perhaps", "tool=", "colour=red"]
    {
        let path = format!("/v1/documents/{document}/zones?{query}");
        let answer = person.api.insist(&path, &[("content-type", "application/json")], Some(b"[]"));
        assert!(matches!(answer.status, 400 | 422), "{query}: {}", answer.status);
    }
}

#[test]
fn what_a_person_said_stays_when_a_tool_delivers_again() {
    let server = Server::shared();
    let (person, tool) = (server.person(), service(&server));
    let document = document(&person);
    deliver(&tool, &document, "tool=x", &json!([zone(0, "hcron"), zone(1, "stork"), zone(2, "ibis")]))
        .expect(200);
    let own_word = |sql: &str| {
        change(
            &server.ready.database_url,
            &format!(
                "begin; set local role authenticated;
                 set local request.jwt.claims = '{{\"role\":\"authenticated\",\"sub\":\"{}\"}}'; {sql}; commit",
                person.id
            ),
        );
    };
    own_word(&format!(
        "update public.zones set content = 'heron' where document_id = '{document}' and zone_index = 0"
    ));
    own_word(&format!(
        "update public.zones set status = 'verified' where document_id = '{document}' and zone_index = 1"
    ));
    own_word(&format!(
        "insert into public.zones (document_id, id, zone_index, page_number, zone_type, coordinates, content)
         values ('{document}', '{}', 5, 1, 'note', '{{}}', 'drawn')",
        Uuid::new_v4()
    ));
    let mut moved = zone(0, "heren");
    moved["coordinates"]["x1"] = json!(200);
    let again = json!([moved, zone(1, "stark"), zone(2, "ibis")]);
    let answer = deliver(&tool, &document, "tool=x", &again).expect(200);
    assert_eq!(outcomes(&answer), ["updated", "updated", "unchanged"]);
    assert_eq!(answer["items"][0]["kept_human"], json!(["content"]));
    assert_eq!(answer["items"][1]["kept_human"], json!(["content", "status"]));
    assert_eq!(answer["kept_human"], 2);
    let zones = person.api.list(&format!("/v1/documents/{document}/zones"), 10);
    assert_eq!((&zones[0]["content"], &zones[0]["original"]["content"]), (&json!("heron"), &json!("heren")));
    assert_eq!(zones[0]["coordinates"]["x1"], 200.0, "what no person changed is the tool's");
    assert_eq!((&zones[1]["content"], &zones[1]["original"]["content"]), (&json!("stork"), &json!("stark")));
    assert_eq!(zones[1]["status"], "verified");
    let same = deliver(&tool, &document, "tool=x", &again).expect(200);
    assert_eq!(outcomes(&same), ["unchanged"; 3]);

    let over_drawn = deliver(&tool, &document, "tool=x", &json!([zone(5, "mine")])).expect(422);
    assert!(over_drawn["detail"].as_str().unwrap().contains("a person drew zone 5"), "{over_drawn}");
    let own = deliver(&person.api, &document, "", &json!([zone(0, "a heron")])).expect(200);
    assert_eq!(outcomes(&own), ["updated"]);
    let zone = &person.api.list(&format!("/v1/documents/{document}/zones"), 10)[0];
    assert_eq!((&zone["content"], &zone["original"]["content"]), (&json!("a heron"), &json!("heren")));
}

#[test]
fn only_who_may_edit_delivers() {
    let server = Server::shared();
    let (owner, stranger) = (server.person(), server.person());
    let document = document(&owner);
    deliver(&stranger.api, &document, "tool=x", &json!([zone(0, "x")])).refused(404, "not_found");
    let share = json!({ "role": "viewer", "user_id": stranger.id });
    owner.api.post_json(&format!("/v1/documents/{document}/shares"), &share).expect(201);
    deliver(&stranger.api, &document, "tool=x", &json!([zone(0, "x")])).refused(403, "forbidden");
    let share = json!({ "role": "editor", "user_id": stranger.id });
    owner.api.post_json(&format!("/v1/documents/{document}/shares"), &share).expect(201);
    assert_eq!(
        deliver(&stranger.api, &document, "tool=x", &json!([zone(0, "x")])).expect(200)["inserted"],
        1
    );
}

#[test]
fn ten_thousands_go_in_as_lines_and_come_out_whole_and_filtered() {
    let server = Server::shared();
    let (person, tool) = (server.person(), service(&server));
    let document = document(&person);
    let path = format!("/v1/documents/{document}/zones");
    let mut body = String::new();
    for index in 0..20_000 {
        let mut zone = zone(index, "heron");
        zone["page_number"] = json!(1 + index / 10_000);
        zone["confidence"] = json!(f64::from(index % 100) / 100.0);
        zone["zone_type"] = json!(if index == 7 { "Section-header" } else { "Text" });
        if index == 8 {
            zone["parent_index"] = json!(7);
        }
        body = body + &zone.to_string() + "\n";
    }
    let query = format!("{path}?tool=x&vocabulary=doclaynet");
    let headers = [("content-type", NDJSON), ("accept", NDJSON)];
    let answer = tool.send("POST", &query, &headers, Some(body.as_bytes())).unwrap();
    let told = lines(&answer);
    assert_eq!(told.len(), 20_001);
    assert_eq!(told[20_000]["inserted"], 20_000);

    let whole = lines(&person.api.get_with(&path, &[("accept", NDJSON)]));
    assert_eq!(whole.len(), 20_000);
    assert!(whole.iter().zip(0..).all(|(zone, index)| zone["zone_index"] == index), "in order, each once");
    assert_eq!(
        (&whole[7]["zone_type"], &whole[7]["label"]),
        (&json!("section_header"), &json!("Section-header"))
    );
    let count =
        |query: &str| lines(&person.api.get_with(&format!("{path}?{query}"), &[("accept", NDJSON)])).len();
    assert_eq!(count("page=2"), 10_000);
    assert_eq!(count("type=section_header"), 1);
    assert_eq!(count("min_confidence=0.9&max_confidence=0.95&page=1"), 600);
    assert_eq!(count("tool=y"), 0);
    assert_eq!(count(&format!("parent={}", id(&whole[7]))), 1);
    person.api.get(&format!("{path}?min_confidence=2")).refused(400, "invalid_query");
}

/// The answer was lost, and the sender sends again: zones without a place of their own are there once.
#[test]
fn what_is_sent_twice_under_one_key_is_stored_once() {
    let server = Server::shared();
    let (person, tool) = (server.person(), service(&server));
    let document = document(&person);
    let mut zones = json!([zone(0, "heron"), zone(1, "stork")]);
    for zone in zones.as_array_mut().unwrap() {
        zone.as_object_mut().unwrap().remove("zone_index");
    }
    let key = Uuid::now_v7().to_string();
    let send = |api: &Api, zones: &Value| {
        let headers = [("content-type", "application/json"), ("idempotency-key", key.as_str())];
        let path = format!("/v1/documents/{document}/zones?tool=reader");
        api.insist(&path, &headers, Some(zones.to_string().as_bytes()))
    };
    let first = send(&tool, &zones).expect(200);
    assert_eq!((&first["inserted"], &first["repeated"]), (&json!(2), &Value::Null));
    let again = send(&tool, &zones).expect(200);
    assert_eq!((&again["repeated"], &again["revision"]), (&json!(true), &first["revision"]));
    assert_eq!(again["items"], first["items"]);
    assert_eq!(person.api.list(&format!("/v1/documents/{document}/zones"), 10).len(), 2);

    send(&tool, &json!([zone(5, "ibis")])).refused(422, "idempotency_key_reused");
    assert_eq!(send(&person.api, &zones).expect(200)["inserted"], 2, "another's key is another key");
}
