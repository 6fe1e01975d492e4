//! Files of zones go into a document, by the API and by the command line.

use std::fs;

use serde_json::{Value, json};

use crate::api::id;
use crate::folder::Folder;
use crate::pdf::numbered;
use crate::server::Server;

/// A page twice as large as those of [`numbered`], with a region of two lines.
const PAGE_XML: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15">
 <Page imageFilename="a.tif" imageWidth="1200" imageHeight="1600">
  <ReadingOrder><OrderedGroup id="ro"><RegionRefIndexed index="0" regionRef="r"/></OrderedGroup></ReadingOrder>
  <TextRegion id="r" type="heading" primaryLanguage="German"><Coords points="100,100 300,100 300,200 100,200"/>
   <TextLine id="l1"><Coords points="100,100 300,100 300,150 100,150"/><TextEquiv conf="0.9"><Unicode>Zebrafink</Unicode></TextEquiv></TextLine>
   <TextLine id="l2"><Coords points="100,150 1900,150 1900,200 100,200"/><TextEquiv><Unicode>im Nest</Unicode></TextEquiv></TextLine>
  </TextRegion></Page></PcGts>"#;

#[test]
fn a_file_of_zones_becomes_a_documents_zones_once_however_often_it_is_sent() {
    let server = Server::shared();
    let (api, stranger) = (server.person().api, server.person().api);
    let document = api.upload("filename=zones.pdf", &numbered("zones", 2)).expect(201);
    let path = format!("/v1/documents/{}/zones/import", id(&document));
    stranger.insist(&path, &[], Some(PAGE_XML.as_bytes())).refused(404, "not_found");

    let answer = api.insist(&path, &[], Some(PAGE_XML.as_bytes())).expect(200);
    assert_eq!((&answer["inserted"], &answer["revision"]), (&json!(3), &json!(1)), "{answer}");
    assert_eq!(answer["report"]["format"], "page-xml");
    assert_eq!(answer["report"]["remarks"]["outside_page"]["examples"], json!(["l2"]));
    let zones = api.list(&format!("/v1/documents/{}/zones", id(&document)), 10);
    let shown: Vec<Value> = zones
        .iter()
        .map(|zone| {
            json!([
                zone["external_id"],
                zone["zone_type"],
                zone["label"],
                zone["language"],
                zone["processing_tool"]
            ])
        })
        .collect();
    assert_eq!(
        shown,
        [
            json!(["r", "section_header", "TextRegion:heading", "de", "page-xml"]),
            json!(["l1", "line", "TextLine", "de", "page-xml"]),
            json!(["l2", "line", "TextLine", "de", "page-xml"]),
        ]
    );
    assert_eq!(zones[0]["content"], "Zebrafink\nim Nest");
    assert_eq!(zones[0]["created_by"], Value::Null, "a tool's finding, whoever delivers it");
    assert_eq!(zones[1]["parent_id"], zones[0]["id"]);
    let corner = |zone: &Value, name: &str| zone["coordinates"][name].as_f64().unwrap();
    assert_eq!((corner(&zones[0], "x0"), corner(&zones[0], "y1")), (50.0, 100.0));
    assert_eq!(zones[2]["coordinates"]["x1"], 600.0, "cut off at the page's edge");

    let again = api.insist(&path, &[], Some(PAGE_XML.as_bytes())).expect(200);
    assert_eq!(
        (&again["inserted"], &again["unchanged"], &again["revision"]),
        (&json!(0), &json!(3), &Value::Null)
    );
    let changed = PAGE_XML.replace("Zebrafink", "Buchfink");
    let changed = api.insist(&format!("{path}?reason=better"), &[], Some(changed.as_bytes())).expect(200);
    assert_eq!(
        (&changed["updated"], &changed["revision"]),
        (&json!(2), &json!(2)),
        "the line, and the region's text"
    );
    let after = api.list(&format!("/v1/documents/{}/zones", id(&document)), 10);
    assert_eq!(after.iter().map(id).collect::<Vec<_>>(), zones.iter().map(id).collect::<Vec<_>>());
}

#[test]
fn the_reading_orders_of_a_file_are_stored_with_its_zones_once_however_often_it_is_sent() {
    const ORDER: &str = r#"<RegionRefIndexed index="0" regionRef="r"/>"#;
    const SECOND: &str = r#"<RegionRefIndexed index="0" regionRef="s"/><UnorderedGroupIndexed id="g" index="2">
        <RegionRef regionRef="t"/></UnorderedGroupIndexed><RegionRefIndexed index="1" regionRef="r"/>"#;
    const REGIONS: &str = r#"<TextRegion id="s"><Coords points="100,300 300,300 300,400 100,400"/></TextRegion>
        <TextRegion id="t"><Coords points="100,500 300,500 300,600 100,600"/></TextRegion></Page>"#;
    let server = Server::shared();
    let api = server.person().api;
    let document = api.upload("filename=orders.pdf", &numbered("orders", 2)).expect(201);
    let path = format!("/v1/documents/{}/zones/import", id(&document));
    let send = |query: &str, body: &str| {
        api.insist(&format!("{path}{query}"), &[], Some(body.as_bytes())).expect(200)
    };
    let orders = || api.list(&format!("/v1/documents/{}/reading-orders", id(&document)), 10);
    let zone = |page: i32, external_id: &str| -> Value {
        let zones = api.list(&format!("/v1/documents/{}/zones?page={page}", id(&document)), 10);
        zones.iter().find(|zone| zone["external_id"] == external_id).unwrap()["id"].clone()
    };
    let file = PAGE_XML.replace("</Page>", REGIONS);
    let both = file.replace(ORDER, SECOND);

    let answer = send("", &both);
    assert_eq!((&answer["inserted"], &answer["report"]["reading_orders"]), (&json!(5), &json!(1)));
    assert_eq!(answer["report"]["remarks"]["reading_order_dropped"], Value::Null, "{answer}");
    let first = orders();
    let items = json!([zone(1, "s"), zone(1, "r"), { "ordered": false, "items": [zone(1, "t")] }]);
    assert_eq!(first.len(), 1, "{first:?}");
    assert_eq!((&first[0]["name"], &first[0]["items"]), (&json!("ro (page 1)"), &items));
    assert_eq!(first[0]["gone"], json!([]));

    assert_eq!(send("", &both)["revision"], Value::Null);
    assert_eq!(orders(), first, "sent again");
    send("?page=2", &both);
    let names: Vec<Value> = orders().iter().map(|order| order["name"].clone()).collect();
    assert_eq!(names, ["ro (page 1)", "ro (page 2)"]);

    // Another order of the same zones is no change of them, and stored.
    assert_eq!(send("", &file)["revision"], Value::Null);
    assert_eq!((&orders()[0]["items"], &orders()[0]["revision"]), (&json!([zone(1, "r")]), &json!(2)));

    let answer = send("", &both.replace("regionRef=\"t\"", "regionRef=\"nobody\""));
    let remarks = &answer["report"]["remarks"];
    assert_eq!(remarks["reading_order_item_dropped"]["examples"], json!(["nobody"]), "{answer}");
    assert_eq!(remarks["reading_order_dropped"], Value::Null, "{answer}");
    let answer = send("", &file.replace(ORDER, r#"<RegionRefIndexed index="0" regionRef="nobody"/>"#));
    assert_eq!(answer["report"]["remarks"]["reading_order_dropped"]["count"], 1, "{answer}");
    assert_eq!(orders().len(), 2, "what is stored stays");
}

#[test]
fn what_is_no_file_of_zones_is_refused_and_leaves_nothing() {
    let server = Server::shared();
    let api = server.person().api;
    let document = api.upload("filename=refused.pdf", &numbered("refused", 1)).expect(201);
    let path = format!("/v1/documents/{}/zones/import", id(&document));
    let send = |query: &str, body: &str| api.insist(&format!("{path}{query}"), &[], Some(body.as_bytes()));
    send("", "hello").refused(415, "unknown_format");
    send("", "").refused(415, "unknown_format");
    send("?format=xyz", PAGE_XML).refused(400, "invalid_query");
    send("?page=0", PAGE_XML).refused(422, "invalid");
    send("?tool=", PAGE_XML).refused(422, "invalid");
    send("?format=alto", "{}").refused(422, "malformed_file");
    let cut = &PAGE_XML[..PAGE_XML.len() - 60];
    let detail = send("", cut).refused(422, "malformed_file");
    assert!(detail.contains("line"), "{detail}");
    send("", "<!DOCTYPE a [<!ENTITY x 'y'>]><PcGts>&x;</PcGts>").refused(422, "malformed_file");
    assert!(api.list(&format!("/v1/documents/{}/zones", id(&document)), 10).is_empty());

    let elsewhere = send("?page=7", PAGE_XML).expect(200);
    assert_eq!(elsewhere["report"]["remarks"]["no_such_page"]["count"], 3, "{elsewhere}");
    assert_eq!(elsewhere["revision"], Value::Null);
}

#[test]
fn the_command_takes_files_and_folders_and_says_what_was_refused() {
    let folder = Folder::new();
    let pdf = folder.scratch().join("two.pdf");
    fs::write(&pdf, numbered("two", 2)).unwrap();
    folder.done(&["import", "--no-process", pdf.to_str().unwrap()]);
    let document =
        folder.json(&["documents", "list", "--json"])["items"][0]["id"].as_str().unwrap().to_owned();
    let pages = folder.scratch().join("pages");
    fs::create_dir_all(&pages).unwrap();
    fs::write(pages.join("1.xml"), PAGE_XML).unwrap();
    fs::write(pages.join("2.xml"), PAGE_XML.replace("Zebrafink", "Amsel")).unwrap();
    let all = ["import", "--zones", "--document", &document, "--tool", "scribe", pages.to_str().unwrap()];

    let ran = folder.run(&all);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.contains("2 of 2 files: 6 zones, 6 new"), "{}", ran.stdout);
    let zones = folder.json(&["zones", "list", &document, "--json"]);
    let page_numbers: Vec<_> =
        zones["items"].as_array().unwrap().iter().map(|zone| &zone["page_number"]).collect();
    assert_eq!(page_numbers, [1, 1, 1, 2, 2, 2], "each file is the next page");

    fs::write(pages.join("3.xml"), "<PcGts>").unwrap();
    let ran = folder.run(&[&all[..], &["--json"]].concat());
    assert_eq!(ran.code, Some(3), "{ran:?}");
    let lines: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), &lines[0]["unchanged"]), (3, &json!(3)));
    assert!(lines[2]["refused"].as_str().unwrap().contains("PcGts"), "{}", lines[2]);
    let ran = folder.run(&["import", "--zones", pages.to_str().unwrap()]);
    assert_eq!(ran.code, Some(2), "a document has to be named: {ran:?}");
}
