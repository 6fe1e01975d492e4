//! What went in is found again: pages, zones, search, lists.

use serde_json::{Value, json};

use crate::api::{Api, encode, id};
use crate::pdf::{Pdf, numbered, sentence};
use crate::server::Server;

#[test]
fn pages_tell_their_size_as_displayed_and_keep_their_own_boxes() {
    let server = Server::shared();
    let api = server.person().api;
    let file = Pdf::new()
        .lines(&[(12, 700, "upright")], "")
        .lines(&[(12, 700, "turned")], "/Rotate 90")
        .lines(&[(12, 300, "cropped")], "/CropBox [10 20 410 620]")
        .lines(&[(12, 700, "magnified")], "/UserUnit 2 /Rotate -90")
        .bytes();
    let document = api.upload("filename=pages.pdf", &file).expect(201);
    let pages = api.list(&format!("/v1/documents/{}/pages", id(&document)), 3);
    let of = |page: &Value| {
        json!([page["page_number"], page["width"], page["height"], page["rotation"], page["user_unit"]])
    };
    let expected = [
        json!([1, 600.0, 800.0, 0, 1.0]),
        json!([2, 800.0, 600.0, 90, 1.0]),
        json!([3, 400.0, 600.0, 0, 1.0]),
        json!([4, 1600.0, 1200.0, 270, 2.0]),
    ];
    assert_eq!(pages.iter().map(of).collect::<Vec<_>>(), expected);
    assert_eq!(pages[2]["mediabox"], json!([0.0, 0.0, 600.0, 800.0]));
    assert_eq!(pages[2]["cropbox"], json!([10.0, 20.0, 410.0, 620.0]));
}

#[test]
fn zones_lie_on_their_page_as_displayed_measured_from_the_top_left() {
    let server = Server::shared();
    let api = server.person().api;
    let file = Pdf::new()
        .lines(&[(12, 700, "upright")], "")
        .lines(&[(12, 700, "turned")], "/Rotate 90")
        .lines(&[(12, 300, "cropped")], "/CropBox [10 20 410 620]")
        .lines(&[(12, 700, "magnified")], "/UserUnit 2")
        .bytes();
    let document = api.process("boxes.pdf", &file);
    // Each line begins 50 to the right; its baseline is at 700 (300 on the cropped page) from the bottom.
    let expected = [(50.0, 100.0), (700.0, 50.0), (40.0, 320.0), (100.0, 200.0)];
    let zones = api.list(&format!("/v1/documents/{}/zones", id(&document)), 10);
    assert_eq!(zones.len(), 4, "{zones:?}");
    for (zone, (x, baseline)) in zones.iter().zip(expected) {
        let corner = |name: &str| zone["coordinates"][name].as_f64().unwrap();
        let (x0, y0, x1, y1) = (corner("x0"), corner("y0"), corner("x1"), corner("y1"));
        assert!(x0 < x1 && y0 < y1, "{zone}");
        assert!((x0 - 1.0..=x1 + 1.0).contains(&x) && (y0 - 1.0..=y1 + 1.0).contains(&baseline), "{zone}");
        let upright = x1 - x0 > y1 - y0;
        assert_eq!(upright, zone["page_number"] != 2, "{zone}");
        assert_eq!((&zone["confidence"], &zone["revision"]), (&Value::Null, &json!(1)), "{zone}");
        assert_eq!(zone["processing_tool"], "text-layer");
    }
}

#[test]
fn zones_are_listed_by_page_and_type_and_in_parts_of_any_size() {
    let server = Server::shared();
    let api = server.person().api;
    let document = api.process("list.pdf", &numbered("list", 7));
    let zones = format!("/v1/documents/{}/zones", id(&document));
    let all = api.list(&zones, 1_000);
    assert_eq!(all.len(), 14);
    for limit in [1, 2, 7, 13, 14] {
        assert_eq!(api.list(&zones, limit), all, "in parts of {limit}");
    }
    let indices: Vec<_> = all.iter().map(|zone| zone["zone_index"].as_i64().unwrap()).collect();
    assert!(indices.is_sorted_by(|a, b| a < b), "{indices:?}");
    for page in 1..=7 {
        let of_page = api.list(&format!("{zones}?page={page}"), 1);
        assert!(of_page.iter().all(|zone| zone["page_number"] == page) && of_page.len() == 2);
        assert!(of_page.iter().any(|zone| zone["content"] == sentence("list", page)), "{of_page:?}");
    }
    let kind = all[0]["zone_type"].as_str().unwrap();
    let of_kind = all.iter().filter(|zone| zone["zone_type"] == kind).count();
    assert_eq!(api.list(&format!("{zones}?type={kind}"), 3).len(), of_kind);
    assert!(api.list(&format!("{zones}?type=formula"), 3).is_empty());
    assert!(api.list(&format!("{zones}?page=8"), 3).is_empty());
    let answer = api.get(&format!("{zones}/{}", id(&all[3])));
    assert_eq!(answer.expect(200), all[3]);
    assert_eq!(answer.header("etag"), "\"1\"");
}

#[test]
fn a_search_finds_words_on_their_page_and_in_their_box() {
    let server = Server::shared();
    let api = server.person().api;
    let words = Pdf::new().line("the quick brown aardvark").line("a slow white buffalo").bytes();
    let document = api.process("words.pdf", &words);
    let hits = search(&api, "aardvark");
    assert_eq!(hits.len(), 1, "{hits:?}");
    let zones = api.list(&format!("/v1/documents/{}/zones?page=1", id(&document)), 10);
    assert_eq!(hits[0]["document_id"], document["id"]);
    assert_eq!((&hits[0]["filename"], &hits[0]["page_number"]), (&json!("words.pdf"), &json!(1)));
    assert_eq!((&hits[0]["zone_id"], &hits[0]["coordinates"]), (&zones[0]["id"], &zones[0]["coordinates"]));
    assert!(hits[0]["excerpt"].as_str().unwrap().contains("aardvark"));
    assert_eq!(search(&api, "\"white buffalo\"").len(), 1);
    assert_eq!(search(&api, "\"buffalo white\"").len(), 0);
    assert_eq!(search(&api, "aardvark OR buffalo").len(), 2);
    assert_eq!(search(&api, "the -aardvark").len(), 0);
    // Nothing to look for, or nothing but signs: no hits, no complaint.
    for nothing in ["", " ", "\"", "-", "'); drop table zones; --", "&|!():*", "🦀", &"a".repeat(5_000)] {
        assert_eq!(search(&api, nothing).len(), 0, "{nothing}");
    }
    assert_eq!(search(&api, "BUFFALO").len(), 1);
}

#[test]
fn search_results_come_in_parts_without_gaps_or_repetitions() {
    let server = Server::shared();
    let api = server.person().api;
    let file = (0..25).fold(Pdf::new(), |pdf, n| pdf.line(&format!("platypus number {n}"))).bytes();
    api.process("many.pdf", &file);
    let hits = api.list("/v1/search?q=platypus", 4);
    let mut pages: Vec<_> = hits.iter().map(|hit| hit["page_number"].as_i64().unwrap()).collect();
    pages.sort_unstable();
    assert_eq!(pages, (1..=25).collect::<Vec<_>>());
}

#[test]
fn documents_are_listed_newest_first_by_status_name_and_owner() {
    let server = Server::shared();
    let person = server.person();
    let api = &person.api;
    let one = numbered("one", 1);
    let upload = |name: &str| api.upload(&format!("filename={}", encode(name)), &one).expect(201);
    let stored: Vec<Value> = ["Alpha.pdf", "beta.pdf", "100%_sure.pdf"].into_iter().map(upload).collect();
    let newest_first: Vec<Value> = stored.iter().rev().cloned().collect();
    for limit in [1, 2, 3] {
        assert_eq!(api.list("/v1/documents", limit), newest_first);
    }
    let named = |q: &str| {
        let found = api.list(&format!("/v1/documents?q={}", encode(q)), 10);
        found.iter().map(|row| row["filename"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(named("ALPHA"), ["Alpha.pdf"]);
    assert_eq!(named("%_"), ["100%_sure.pdf"]);
    assert_eq!(named("a%f"), Vec::<String>::new());
    assert_eq!(api.list("/v1/documents?status=uploaded", 10).len(), 3);
    assert_eq!(api.list("/v1/documents?status=damaged", 10).len(), 0);
    assert_eq!(api.list(&format!("/v1/documents?uploaded_by={}", person.id), 10).len(), 3);
    assert_eq!(api.list("/v1/documents?uploaded_by=somebody", 10).len(), 0);
}

#[test]
fn a_version_tells_what_the_file_says_of_itself() {
    let server = Server::shared();
    let api = server.person().api;
    let mut pdf = Pdf::new().line("titled");
    let info = pdf.object("<< /Title (A title \\(with brackets\\)) >>");
    let file = pdf.trailer(&format!("/Info {info} 0 R")).bytes();
    let document = api.upload("filename=titled.pdf", &file).expect(201);
    let versions = api.read(&format!("/v1/documents/{}/versions", id(&document)));
    let versions = versions["items"].as_array().unwrap();
    assert_eq!(versions.len(), 1);
    let expected = json!({
        "version": 1, "sha256": document["sha256"], "file_size_bytes": file.len(), "page_count": 1,
        "title": "A title (with brackets)", "pdf_version": "1.7", "encryption": null, "repaired": false,
        "original_filename": "titled.pdf", "mime_type": "application/pdf",
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(versions[0][field], *value, "{field}");
    }
}

fn search(api: &Api, query: &str) -> Vec<Value> {
    api.list(&format!("/v1/search?q={}", encode(query)), 10)
}
