//! What each format says, and what becomes of it.

use colophon_domain::Page;
use colophon_formats::import::{Format, ImportReport, Level, OnInvalid, Options, RemarkKind};
use serde_json::{Value, json};

use crate::corpus::{Taken, take};

/// A page of the document, 600 × 800 points.
fn page(page_number: i32) -> Page {
    let sides = [0.0, 0.0, 600.0, 800.0];
    Page {
        page_number,
        width: 600.0,
        height: 800.0,
        rotation: 0,
        mediabox: sides,
        cropbox: sides,
        user_unit: 1.0,
    }
}

fn taken(text: &str, format: Format) -> Taken {
    taken_with(text, format, &Options::default(), OnInvalid::Clamp)
}

fn taken_with(text: &str, format: Format, options: &Options, on_invalid: OnInvalid) -> Taken {
    let taken = take(text.as_bytes(), format, options, &[page(1), page(2)], on_invalid);
    taken.result.as_ref().unwrap();
    taken
}

fn coordinates(taken: &Taken, index: usize) -> Value {
    json!(taken.zones[index].zone.coordinates)
}

fn count(report: &ImportReport, kind: RemarkKind) -> u64 {
    report.count(kind)
}

const PAGE_XML: &str = r#"<?xml version="1.0"?>
<pc:PcGts xmlns:pc="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15">
 <pc:Metadata><pc:Creator>someone &amp; co</pc:Creator></pc:Metadata>
 <pc:Page imageFilename="a.tif" imageWidth="1200" imageHeight="1600" primaryLanguage="German">
  <pc:ReadingOrder><pc:OrderedGroup id="ro" caption="columns">
    <pc:RegionRefIndexed index="1" regionRef="r1"/><pc:RegionRefIndexed index="0" regionRef="r2"/>
  </pc:OrderedGroup></pc:ReadingOrder>
  <pc:TextRegion id="r1" type="heading" orientation="-90.5" custom="x">
   <pc:Coords points="0,0 200,0 200,100 0,100" conf="0.5"/>
   <pc:TextLine id="l1" primaryLanguage="Latin"><pc:Coords points="0,0 200,0 200,50"/><pc:Baseline points="0,40 200,40"/>
     <pc:Word id="w1"><pc:Coords points="0,0 9,0 9,9"/><pc:TextEquiv conf="0.25"><pc:Unicode>Alpha</pc:Unicode></pc:TextEquiv></pc:Word>
     <pc:Word id="w2"><pc:Coords points="9,0 19,0 19,9"/><pc:TextEquiv><pc:Unicode>&lt;b&#x0062;</pc:Unicode></pc:TextEquiv></pc:Word>
   </pc:TextLine>
   <pc:TextRegion id="r1a"><pc:Coords points="1300,10 1400,10 1400,20"/></pc:TextRegion>
  </pc:TextRegion>
  <pc:TextRegion id="r2"><pc:Coords points="0,200 200,200 200,300"/>
    <pc:TextEquiv index="2" conf="0.1"><pc:Unicode>second</pc:Unicode></pc:TextEquiv>
    <pc:TextEquiv index="1" conf="88"><pc:PlainText>fi</pc:PlainText><pc:Unicode>ﬁrst</pc:Unicode></pc:TextEquiv></pc:TextRegion>
  <pc:DoodleRegion id="d"><pc:Coords points="1,1 2,2"/></pc:DoodleRegion>
 </pc:Page></pc:PcGts>"#;

#[test]
fn page_xml_keeps_regions_lines_order_and_readings() {
    let taken = taken(PAGE_XML, Format::PageXml);
    let ids: Vec<&str> = taken.zones.iter().map(|zone| zone.key.as_str()).collect();
    assert_eq!(ids, ["r1", "l1", "r1a", "r2", "d"], "regions and lines");
    assert_eq!(count(&taken.report, RemarkKind::BelowLevels), 2, "words");
    assert_eq!(taken.report.version.as_deref(), Some("2019-07-15"));
    assert_eq!(taken.report.creator.as_deref(), Some("someone & co"));
    let [heading, line, nested, second, doodle] = &taken.zones[..] else { panic!("five zones") };
    assert_eq!(heading.zone.zone_type, "section_header");
    assert_eq!(heading.zone.label.as_deref(), Some("TextRegion:heading"));
    assert_eq!(heading.zone.content.as_deref(), Some("Alpha <bb"), "from its words, by way of its line");
    assert_eq!(heading.zone.confidence, Some(0.5));
    assert_eq!(heading.zone.language.as_deref(), Some("de"));
    assert_eq!(heading.zone.metadata["custom"], "x");
    assert_eq!(line.zone.language.as_deref(), Some("la"));
    assert_eq!((line.parent.as_deref(), nested.parent.as_deref()), (Some("r1"), Some("r1")));
    assert!(second.order < heading.order && heading.order < line.order, "the reading order counts");
    assert_eq!(
        coordinates(&taken, 0),
        json!({ "x0": 0.0, "y0": 0.0, "x1": 100.0, "y1": 50.0, "rotation": 90.5,
            "polygon": [[0.0, 0.0], [100.0, 0.0], [100.0, 50.0], [0.0, 50.0]] })
    );
    assert_eq!(coordinates(&taken, 1)["baseline"], json!([[0.0, 20.0], [100.0, 20.0]]));
    let source = heading.zone.source.as_ref().unwrap();
    assert_eq!(source["page"], json!([1200.0, 1600.0]));
    assert_eq!(source["regions"][0]["polygon"][2], json!([200.0, 100.0]));
    assert_eq!(second.zone.content.as_deref(), Some("ﬁrst"));
    assert_eq!(second.zone.confidence, Some(0.88));
    assert_eq!(second.zone.metadata["alternatives"][0]["content"], "second");
    assert_eq!(doodle.zone.zone_type, "unspecified");
    assert_eq!(doodle.zone.label.as_deref(), Some("DoodleRegion"));
    for (kind, times) in [
        (RemarkKind::UnknownLabel, 1),
        (RemarkKind::ConfidenceScaled, 1),
        (RemarkKind::OutsidePage, 1),
        (RemarkKind::PolygonTooShort, 1),
        (RemarkKind::ZeroArea, 1),
        (RemarkKind::Alternatives, 1),
    ] {
        assert_eq!(count(&taken.report, kind), times, "{kind:?}");
    }
    assert_eq!(taken.orders, 1);
}

#[test]
fn levels_say_how_deep_zones_are_made() {
    for (levels, zones) in [(Level::Region, 4), (Level::Line, 5), (Level::Word, 7)] {
        let options = Options { levels, ..Options::default() };
        let taken = taken_with(PAGE_XML, Format::PageXml, &options, OnInvalid::Clamp);
        assert_eq!(taken.zones.len(), zones, "{levels:?}");
        assert_eq!(
            taken.zones[0].zone.content.as_deref(),
            Some("Alpha <bb"),
            "the text is there at every level"
        );
    }
}

#[test]
fn what_is_no_geometry_is_refused_where_that_is_asked_for() {
    let taken = taken_with(PAGE_XML, Format::PageXml, &Options::default(), OnInvalid::Refuse);
    assert_eq!(taken.report.refused, 2, "outside the page, and a polygon of two points");
    assert_eq!(count(&taken.report, RemarkKind::InvalidGeometryRefused), 2);
}

#[test]
fn alto_knows_units_tags_and_lines_without_blocks() {
    let alto = r#"<alto xmlns="http://www.loc.gov/standards/alto/ns-v3#">
     <Description><MeasurementUnit>mm10</MeasurementUnit></Description>
     <Tags><OtherTag ID="T1" LABEL="MarginTextZone:note"/><OtherTag ID="T2" LABEL="Whatnot"/></Tags>
     <Layout><Page ID="p" WIDTH="1200" HEIGHT="1600"><PrintSpace>
      <TextBlock ID="dummy"><TextLine ID="l0" HPOS="0" VPOS="10" WIDTH="100" HEIGHT="10" BASELINE="18">
        <String CONTENT="Hal" HPOS="0" VPOS="10" WIDTH="50" HEIGHT="10" WC="0.5"><ALTERNATIVE>HaI</ALTERNATIVE></String><HYP CONTENT="-"/>
      </TextLine></TextBlock>
      <ComposedBlock ID="c" HPOS="0" VPOS="0" WIDTH="9" HEIGHT="9" TAGREFS="T2">
       <TextBlock ID="b" HPOS="200" VPOS="200" WIDTH="100" HEIGHT="100" ROTATION="90" TAGREFS="T1" LANG="deu">
        <Shape><Polygon POINTS="200 200 300,200 300 300"/></Shape>
        <TextLine ID="l1" HPOS="200" VPOS="200" WIDTH="100" HEIGHT="50">
         <String ID="s" CONTENT="lo" HPOS="200" VPOS="200" WIDTH="1" HEIGHT="1"/><SP/><String CONTENT="Welt" HPOS="1" VPOS="1" WIDTH="1" HEIGHT="1"/>
        </TextLine></TextBlock></ComposedBlock>
     </PrintSpace></Page><Page ID="p2" WIDTH="0" HEIGHT="0"><PrintSpace><Illustration ID="i" HPOS="0" VPOS="0" WIDTH="254" HEIGHT="254"/></PrintSpace></Page></Layout></alto>"#;
    let taken = taken(alto, Format::Alto);
    let ids: Vec<&str> = taken.zones.iter().map(|zone| zone.key.as_str()).collect();
    assert_eq!(ids, ["dummy", "l0", "c", "b", "l1", "i"]);
    let zone = |index: usize| &taken.zones[index].zone;
    assert!(zone(0).coordinates.is_none());
    assert_eq!(count(&taken.report, RemarkKind::WithoutGeometry), 1);
    assert_eq!(zone(0).content.as_deref(), Some("Hal-"));
    assert_eq!(coordinates(&taken, 1)["baseline"], json!([[0.0, 9.0], [50.0, 9.0]]));
    assert_eq!((zone(2).zone_type.as_str(), zone(2).label.as_deref()), ("unspecified", Some("Whatnot")));
    assert_eq!(count(&taken.report, RemarkKind::UnknownLabel), 1);
    assert_eq!((zone(3).zone_type.as_str(), zone(3).label.as_deref()), ("text", Some("MarginTextZone:note")));
    assert_eq!(zone(3).coordinates.as_ref().unwrap().rotation, Some(-90.0), "ALTO counts counter-clockwise");
    assert_eq!(zone(3).language.as_deref(), Some("de"));
    assert_eq!(zone(4).content.as_deref(), Some("lo Welt"));
    assert_eq!(zone(4).language.as_deref(), Some("de"), "inherited");
    assert_eq!(coordinates(&taken, 5)["x1"], json!(72.0), "no size: 254 tenths of a millimetre are an inch");
    assert_eq!((zone(5).page_number, count(&taken.report, RemarkKind::PageWithoutSize)), (2, 1));
}

#[test]
fn docling_counts_from_the_bottom_and_has_its_sizes_last() {
    let docling = json!({
        "schema_name": "DoclingDocument", "version": "1.3.0", "name": "d",
        "body": { "self_ref": "#/body", "children": [{ "$ref": "#/groups/0" }, { "$ref": "#/tables/0" }] },
        "groups": [{ "self_ref": "#/groups/0", "parent": { "$ref": "#/body" }, "label": "list",
            "children": [{ "$ref": "#/texts/1" }, { "$ref": "#/texts/0" }] }],
        "texts": [
            { "self_ref": "#/texts/0", "parent": { "$ref": "#/groups/0" }, "children": [], "label": "list_item",
              "text": "two", "orig": "two", "content_layer": "body",
              "prov": [
                { "page_no": 2, "bbox": { "l": 60, "t": 800, "r": 120, "b": 700, "coord_origin": "BOTTOMLEFT" }, "charspan": [0, 2] },
                { "page_no": 1, "bbox": { "l": 0, "t": 10, "r": 10, "b": 20, "coord_origin": "TOPLEFT" }, "charspan": [2, 3] }] },
            { "self_ref": "#/texts/1", "parent": { "$ref": "#/groups/0" }, "children": [], "label": "handwriting?",
              "text": "one", "orig": "0ne", "prov": [] }],
        "pictures": [{ "self_ref": "#/pictures/0", "label": "picture", "parent": { "$ref": "#/body" }, "children": [],
            "image": { "uri": "data:…" }, "prov": [{ "page_no": 1, "bbox": { "l": 5, "t": 5, "r": 5, "b": 5 } }] }],
        "tables": [{ "self_ref": "#/tables/0", "label": "table", "parent": { "$ref": "#/body" }, "children": [], "prov": [],
            "data": { "num_rows": 1, "num_cols": 2, "table_cells": [
                { "text": "b", "start_row_offset_idx": 0, "start_col_offset_idx": 1 },
                { "text": "a", "start_row_offset_idx": 0, "start_col_offset_idx": 0 }] } }],
        "pages": { "1": { "page_no": 1, "size": { "width": 1200.0, "height": 1600.0 } },
                   "2": { "page_no": 2, "size": { "width": 1200.0, "height": 1600.0 } } }
    });
    let taken = taken(&docling.to_string(), Format::Docling);
    let mut zones: Vec<_> = taken.zones.iter().collect();
    zones.sort_by_key(|zone| (zone.zone.page_number, zone.order));
    let ids: Vec<&str> = zones.iter().map(|zone| zone.key.as_str()).collect();
    assert_eq!(ids, ["#/pictures/0", "#/groups/0", "#/texts/1", "#/texts/0", "#/tables/0"]);
    let text = zones.iter().find(|zone| zone.key == "#/texts/0").unwrap();
    assert_eq!(
        json!(text.zone.coordinates),
        json!({ "x0": 30.0, "y0": 400.0, "x1": 60.0, "y1": 450.0,
            "regions": [{ "page_number": 1, "x0": 0.0, "y0": 5.0, "x1": 5.0, "y1": 10.0 }] })
    );
    assert_eq!(text.parent.as_deref(), Some("#/groups/0"));
    assert_eq!(text.zone.source.as_ref().unwrap()["regions"][0]["origin"], "bottom-left");
    let table = zones.iter().find(|zone| zone.key == "#/tables/0").unwrap();
    assert_eq!(table.zone.content.as_deref(), Some("a\tb"));
    assert_eq!(table.zone.metadata["table"]["num_cols"], 2);
    for (kind, times) in [
        (RemarkKind::MixedOrigins, 1),
        (RemarkKind::ImageDropped, 1),
        (RemarkKind::ZeroArea, 1),
        (RemarkKind::UnknownLabel, 1),
        (RemarkKind::SeveralRegions, 1),
    ] {
        assert_eq!(count(&taken.report, kind), times, "{kind:?}");
    }
}

#[test]
fn coco_knows_its_images_and_categories_wherever_they_stand() {
    let coco = json!({
        "annotations": [
            { "id": 7, "image_id": 2, "category_id": 1, "bbox": [0, 0, 100, 50], "segmentation": [[0, 0, 100, 0, 100, 50]],
              "score": 0.75, "iscrowd": 0 },
            { "id": 8, "image_id": 1, "category_id": 9, "bbox": [0, 0, 10, 10],
              "segmentation": { "counts": [1], "size": [1, 1] } },
            { "id": 9, "image_id": 3, "category_id": 1, "bbox": [0, 0, 10, 10] },
            { "image_id": 1, "category_id": 1, "bbox": [0, "a", 10, 10],
              "segmentation": [[0, 0, 10, 0, 10, 10], [20, 20, 40, 20, 40, 40]] }],
        "images": [{ "id": 1, "width": 600, "height": 800 }, { "id": 2, "width": 1200, "height": 1600 }],
        "categories": [{ "id": 1, "name": "List-item" }],
    });
    let taken = taken(&coco.to_string(), Format::Coco);
    assert_eq!(taken.report.refused, 1, "an image that is not there");
    assert_eq!(taken.zones.len(), 3);
    assert_eq!(taken.zones[0].zone.page_number, 2);
    assert_eq!(taken.zones[0].zone.zone_type, "list_item");
    assert_eq!(taken.zones[0].zone.confidence, Some(0.75));
    assert_eq!(coordinates(&taken, 0)["x1"], json!(50.0));
    assert_eq!(taken.zones[2].key, "annotations[3]");
    assert_eq!(coordinates(&taken, 2)["regions"].as_array().unwrap().len(), 1);
    for kind in
        [RemarkKind::MaskDropped, RemarkKind::UnknownLabel, RemarkKind::InvalidNumber, RemarkKind::WithoutId]
    {
        assert_eq!(count(&taken.report, kind), 1, "{kind:?}");
    }
}

#[test]
fn json_lines_are_our_own_zones_or_less() {
    let id = "01890000-0000-7000-8000-000000000001";
    let lines = format!(
        "{}\n\n{}\nnonsense\n{}\n{}\n",
        json!({ "id": id, "document_id": id, "zone_index": 5, "page_number": 1, "zone_type": "title", "label": "H1",
            "coordinates": { "x0": 1.0, "y0": 2.0, "x1": 3.0, "y1": 4.0, "rotation": 270.0 }, "content": "a\u{0}b",
            "confidence": 0.5, "status": "verified", "revision": 3, "metadata": { "k": 1 } }),
        json!({ "page": 1, "type": "LAYOUT_FIGURE", "bbox": [10, 20, 30, 40], "parent": id, "extra": true }),
        json!({ "page": 99, "type": "text" }),
        json!({ "page": 1, "type": "text", "confidence": -1, "coordinates": { "x0": "a" } }),
    );
    let taken = taken(&lines, Format::Jsonl);
    assert_eq!((taken.report.zones, taken.report.refused), (5, 2));
    let [own, minimal, third] = &taken.zones[..] else { panic!("three zones") };
    assert_eq!((own.key.as_str(), own.id_given, own.zone.id.to_string()), (id, true, id.to_owned()));
    assert_eq!(own.zone.content.as_deref(), Some("ab"));
    assert_eq!(own.zone.coordinates.as_ref().unwrap().rotation, Some(-90.0));
    assert_eq!((own.zone.zone_type.as_str(), own.zone.label.as_deref()), ("title", Some("H1")));
    assert!(own.zone.source.is_none(), "what is in the frame already needs no source");
    assert_eq!((minimal.zone.zone_type.as_str(), minimal.parent.as_deref()), ("picture", Some(id)));
    assert_eq!(minimal.zone.metadata["extra"], true);
    assert_eq!(third.zone.confidence, None);
    for kind in [
        RemarkKind::InvalidLine,
        RemarkKind::NoSuchPage,
        RemarkKind::NulRemoved,
        RemarkKind::ElementDropped,
        RemarkKind::InvalidConfidence,
        RemarkKind::InvalidNumber,
    ] {
        assert_eq!(count(&taken.report, kind), 1, "{kind:?}");
    }
}
