//! `DoclingDocument` 1.x: items with labels and places, in a tree.
//!
//! The sizes of the pages, from whose bottom most boxes are counted, stand last, and the order of reading stands apart
//! from the items. So the file is read twice: first its outline ([`outline`], a few bytes an item), then the items,
//! one by one.

mod outline;

use std::io::{BufRead, Seek, SeekFrom};

use colophon_domain::{ReadingOrder, ReadingOrderItem, Vocabulary};
use serde_json::{Map, Value, json};

use self::outline::{BODY, Collection, FURNITURE, Outline, Reference};
use super::json::{Json, take_string, without_empty};
use super::{
    Event, ImportError, ImportReport, ImportedZone, Options, Origin, RemarkKind, Sink, SourcePage,
    SourceRegion, Unit, order,
};

pub(super) const NAME: &str = "DoclingDocument";

/// Zones that a reading order may name; the places of all are in `zone_index` anyway.
const READING_ORDER_ZONES: usize = 100_000;

pub fn read<R: BufRead + Seek>(
    mut input: R,
    options: &Options,
    report: &mut ImportReport,
    sink: &mut Sink<'_>,
) -> Result<(), ImportError> {
    let start = input.stream_position()?;
    let outline = Outline::read(&mut input, options, report)?;
    input.seek(SeekFrom::Start(start))?;
    for (page_number, size) in &outline.pages {
        report.pages += 1;
        if size.is_none() {
            report.remark(RemarkKind::PageWithoutSize, &format!("page {page_number}"));
        }
        sink(Event::Page(SourcePage { page_number: *page_number, size: *size, unit: Unit::Point }), report)?;
    }
    let mut items = Items { outline: &outline, origins: (false, false) };
    let mut json = Json::new(input, NAME, options.limits);
    json.object(|json, name| match Collection::named(name) {
        Some(collection) => {
            json.array(|json, index| items.read(json, Reference::new(collection, index), report, sink))
        }
        None => json.skip(),
    })?;
    json.end()?;
    if items.origins == (true, true) {
        report.remark(RemarkKind::MixedOrigins, "boxes");
    }
    reading_order("body", &outline, BODY, report, sink)?;
    reading_order("furniture", &outline, FURNITURE, report, sink)
}

fn reading_order(
    name: &str,
    outline: &Outline,
    root: Reference,
    report: &mut ImportReport,
    sink: &mut Sink<'_>,
) -> Result<(), ImportError> {
    let children = outline.children(root);
    if children.is_empty() {
        return Ok(());
    }
    report.reading_orders += 1;
    if children.len() > READING_ORDER_ZONES {
        report.remark(RemarkKind::ReadingOrderDropped, name);
        return Ok(());
    }
    let items = children.iter().map(|child| ReadingOrderItem::Zone(child.to_string())).collect();
    sink(Event::ReadingOrder(ReadingOrder { name: format!("docling {name}"), items }), report)
}

struct Items<'o> {
    outline: &'o Outline,
    /// Whether boxes were counted from the top, and from the bottom.
    origins: (bool, bool),
}

impl Items<'_> {
    fn read<R: std::io::Read>(
        &mut self,
        json: &mut Json<R>,
        reference: Reference,
        report: &mut ImportReport,
        sink: &mut Sink<'_>,
    ) -> Result<(), ImportError> {
        if !json.is_object()? {
            return Err(json.malformed(format!("{reference} is no object")));
        }
        // The children are in the outline.
        let (mut members, skipped) = json.members_without(&["image", "children"])?;
        if skipped.iter().any(|name| name == "image") {
            report.remark(RemarkKind::ImageDropped, &reference.to_string());
        }
        let name = take_string(&mut members, "self_ref").unwrap_or_else(|| reference.to_string());
        if name != reference.to_string() {
            report.remark(RemarkKind::DuplicateId, &name);
        }
        let (rank, page_number) = self.outline.place(reference);
        let mut zone =
            ImportedZone::new(reference.to_string(), page_number, order(rank, reference.ordinal()));
        zone.parent = members
            .remove("parent")
            .and_then(|parent| parent["$ref"].as_str().and_then(Reference::parse))
            .filter(|parent| !parent.is_root())
            .map(|parent| parent.to_string());
        zone.label = take_string(&mut members, "label").unwrap_or_default();
        let mapped = Vocabulary::Docling.map_or_fallback(&zone.label);
        if !mapped.known {
            report.remark(RemarkKind::UnknownLabel, &zone.label);
        }
        zone.zone_type = mapped.zone_type;
        self.places(&mut zone, members.remove("prov").unwrap_or_default(), report);
        zone.content = take_string(&mut members, "text").filter(|text| !text.is_empty());
        if members.get("orig").and_then(Value::as_str) == Some(zone.content.as_deref().unwrap_or_default()) {
            members.remove("orig");
        }
        if members.get("content_layer").and_then(Value::as_str) == Some("body") {
            members.remove("content_layer");
        }
        if let Some(data) = members.remove("data") {
            table(&mut zone, data);
        }
        for list in ["captions", "footnotes", "references"] {
            references(&mut members, list);
        }
        zone.metadata.extend(without_empty(members));
        report.zones += 1;
        sink(Event::Zone(Box::new(zone)), report)
    }

    fn places(&mut self, zone: &mut ImportedZone, places: Value, report: &mut ImportReport) {
        let Value::Array(places) = places else { return };
        let mut spans = Vec::new();
        for place in &places {
            let page_number =
                place["page_no"].as_i64().and_then(|page| i32::try_from(page).ok()).unwrap_or(0);
            let bounding_box = &place["bbox"];
            let side = |name: &str| bounding_box[name].as_f64();
            let (Some(l), Some(t), Some(r), Some(b)) = (side("l"), side("t"), side("r"), side("b")) else {
                report.remark(RemarkKind::InvalidNumber, &zone.external_id);
                continue;
            };
            let origin = match bounding_box["coord_origin"].as_str() {
                Some("BOTTOMLEFT") => Origin::BottomLeft,
                _ => Origin::TopLeft,
            };
            self.origins.0 |= origin == Origin::TopLeft;
            self.origins.1 |= origin == Origin::BottomLeft;
            zone.regions.push(SourceRegion {
                page_number,
                origin,
                bounding_box: Some([l, t, r, b]),
                polygon: None,
            });
            spans.push(place["charspan"].clone());
        }
        if let Some(first) = zone.regions.first() {
            zone.page_number = first.page_number;
        }
        if spans.len() > 1 {
            zone.metadata.insert("charspans".to_owned(), Value::Array(spans));
        }
    }
}

/// The cells of a table are its text, rows by lines and columns by tabulators; the whole is kept in `metadata.table`.
fn table(zone: &mut ImportedZone, data: Value) {
    let Some(cells) = data["table_cells"].as_array() else {
        zone.metadata.insert("data".to_owned(), data);
        return;
    };
    let mut texts: Vec<(u64, u64, &str)> = cells
        .iter()
        .map(|cell| {
            let at = |name: &str| cell[name].as_u64().unwrap_or(0);
            (
                at("start_row_offset_idx"),
                at("start_col_offset_idx"),
                cell["text"].as_str().unwrap_or_default(),
            )
        })
        .collect();
    texts.sort_by_key(|(row, column, _)| (*row, *column));
    let mut content = String::new();
    let mut row_before = None;
    for (row, _, text) in texts {
        if let Some(before) = row_before {
            content.push(if before == row { '\t' } else { '\n' });
        }
        content.push_str(text);
        row_before = Some(row);
    }
    if zone.content.is_none() && !content.trim().is_empty() {
        zone.content = Some(content);
    }
    let mut table = Map::new();
    for name in ["num_rows", "num_cols", "orientation"] {
        if let Some(value) = data.get(name).filter(|value| !value.is_null()) {
            table.insert(name.to_owned(), value.clone());
        }
    }
    table.insert("cells".to_owned(), data["table_cells"].clone());
    zone.metadata.insert("table".to_owned(), Value::Object(table));
}

/// `[{"$ref": "#/texts/3"}]` becomes `["#/texts/3"]`.
fn references(members: &mut Map<String, Value>, name: &str) {
    if let Some(Value::Array(list)) = members.get_mut(name) {
        for item in list.iter_mut() {
            if let Some(reference) = item["$ref"].as_str() {
                *item = json!(reference);
            }
        }
    }
}
