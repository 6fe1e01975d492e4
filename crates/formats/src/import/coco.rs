//! COCO: images are pages, categories are labels, annotations are zones. Read twice: annotations may stand before what
//! they refer to.

use std::collections::HashMap;
use std::io::{BufRead, Read, Seek, SeekFrom};

use colophon_domain::vocabularies::{Mapped, map_any};
use serde_json::{Map, Value};

use super::json::{Json, numbers, take_string, without_empty};
use super::{
    Event, ImportError, ImportReport, ImportedZone, Options, Origin, RemarkKind, Sink, SourcePage,
    SourceRegion, UNRANKED, Unit, order,
};

const NAME: &str = "COCO";

pub fn read<R: BufRead + Seek>(
    mut input: R,
    options: &Options,
    report: &mut ImportReport,
    sink: &mut Sink<'_>,
) -> Result<(), ImportError> {
    let start = input.stream_position()?;
    let head = Head::read(&mut input, options, report)?;
    input.seek(SeekFrom::Start(start))?;
    for page in &head.pages {
        report.pages += 1;
        if page.size.is_none() {
            report.remark(RemarkKind::PageWithoutSize, &format!("page {}", page.page_number));
        }
        sink(Event::Page(page.clone()), report)?;
    }
    let mut json = Json::new(input, NAME, options.limits);
    json.object(|json, name| match name {
        "annotations" => json.array(|json, index| annotation(json, index, &head, options, report, sink)),
        _ => json.skip(),
    })?;
    json.end()
}

/// What annotations refer to.
#[derive(Default)]
struct Head {
    pages: Vec<SourcePage>,
    /// Page numbers by the ids of images.
    images: HashMap<String, i32>,
    /// Names by the ids of categories.
    categories: HashMap<String, String>,
}

impl Head {
    fn read<R: Read>(input: R, options: &Options, report: &mut ImportReport) -> Result<Self, ImportError> {
        let mut head = Self::default();
        let mut json = Json::new(input, NAME, options.limits);
        let mut has_annotations = false;
        json.object(|json, name| match name {
            "images" => json.array(|json, index| head.image(json, index, options)),
            "categories" => json.array(|json, _| head.category(json)),
            "info" => {
                let info = json.value()?;
                let made_by = info["contributor"].as_str().filter(|name| !name.is_empty());
                report.creator = made_by.map(|name| name.chars().take(200).collect());
                report.version = info["version"].as_str().map(|version| version.chars().take(40).collect());
                Ok(())
            }
            "annotations" => {
                has_annotations = json.is_array()?;
                json.skip()
            }
            _ => json.skip(),
        })?;
        if !has_annotations {
            return Err(json.malformed("there is no list `annotations`".to_owned()));
        }
        json.end()?;
        Ok(head)
    }

    /// The page of an image: its own `page_number` or `page_no` where it has one, else its place in the list.
    fn image<R: Read>(
        &mut self,
        json: &mut Json<R>,
        index: u64,
        options: &Options,
    ) -> Result<(), ImportError> {
        let image = json.value()?;
        let Some(id) = id(&image["id"]) else {
            return Err(json.malformed(format!("image {index} has no id")));
        };
        let numbered = image["page_number"].as_i64().or_else(|| image["page_no"].as_i64());
        let place = i64::try_from(index).unwrap_or(i64::MAX).saturating_add(i64::from(options.first_page));
        let page = i32::try_from(numbered.unwrap_or(place)).unwrap_or(i32::MAX);
        if !(1..=options.limits.pages).contains(&page) {
            return Err(
                json.too_large(format!("page {page} of image {id}: not from 1 to {}", options.limits.pages))
            );
        }
        let length_of = |name: &str| image[name].as_f64().filter(|side| *side > 0.0);
        let size = length_of("width").zip(length_of("height")).map(|(width, height)| [width, height]);
        self.pages.push(SourcePage { page_number: page, size, unit: Unit::Pixel(None) });
        self.images.insert(id, page);
        Ok(())
    }

    fn category<R: Read>(&mut self, json: &mut Json<R>) -> Result<(), ImportError> {
        let category = json.value()?;
        if let (Some(id), Some(name)) = (id(&category["id"]), category["name"].as_str()) {
            self.categories.insert(id, name.to_owned());
        }
        Ok(())
    }
}

fn annotation<R: Read>(
    json: &mut Json<R>,
    index: u64,
    head: &Head,
    options: &Options,
    report: &mut ImportReport,
    sink: &mut Sink<'_>,
) -> Result<(), ImportError> {
    if !json.is_object()? {
        return Err(json.malformed(format!("annotation {index} is no object")));
    }
    let (mut members, _) = json.members_without(&[])?;
    report.zones += 1;
    let external_id = take_string(&mut members, "id").unwrap_or_else(|| {
        let made = format!("annotations[{index}]");
        report.remark(RemarkKind::WithoutId, &made);
        made
    });
    let image = members.remove("image_id").as_ref().and_then(id).unwrap_or_default();
    let Some(page_number) = head.images.get(&image).copied() else {
        report.refuse(RemarkKind::NoSuchPage, &format!("{external_id}: image {image:?}"));
        return Ok(());
    };
    let mut zone = ImportedZone::new(external_id, page_number, order(UNRANKED, index));
    let category = members.remove("category_id").as_ref().and_then(id).unwrap_or_default();
    zone.label = head.categories.get(&category).cloned().unwrap_or(category);
    let mapped: Mapped = match options.vocabulary {
        Some(vocabulary) => vocabulary.map_or_fallback(&zone.label),
        None => map_any(&zone.label),
    };
    if !mapped.known {
        report.remark(RemarkKind::UnknownLabel, &zone.label);
    }
    zone.zone_type = mapped.zone_type;
    zone.confidence = members.remove("score").as_ref().and_then(Value::as_f64);
    zone.content = take_string(&mut members, "text").or_else(|| take_string(&mut members, "caption"));
    places(&mut zone, &mut members, report);
    zone.metadata = without_empty(members);
    sink(Event::Zone(Box::new(zone)), report)
}

/// One polygon is the outline of the box; several are regions of their own.
fn places(zone: &mut ImportedZone, members: &mut Map<String, Value>, report: &mut ImportReport) {
    let bounding_box = match members.remove("bbox") {
        None | Some(Value::Null) => None,
        Some(value) => {
            let sides: Option<[f64; 4]> = numbers(&value).and_then(|sides| sides.try_into().ok());
            if sides.is_none() {
                report.remark(RemarkKind::InvalidNumber, &zone.external_id);
            }
            sides.map(|[x, y, width, height]| [x, y, x + width, y + height])
        }
    };
    let mut polygons = Vec::new();
    match members.remove("segmentation") {
        Some(Value::Array(list)) => {
            for polygon in &list {
                match numbers(polygon).filter(|numbers| numbers.len() % 2 == 0) {
                    Some(numbers) => {
                        polygons
                            .push(numbers.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect::<Vec<_>>());
                    }
                    None => report.remark(RemarkKind::InvalidNumber, &zone.external_id),
                }
            }
        }
        Some(Value::Object(_)) => report.remark(RemarkKind::MaskDropped, &zone.external_id),
        _ => {}
    }
    let page_number = zone.page_number;
    let region =
        |bounding_box, polygon| SourceRegion { page_number, origin: Origin::TopLeft, bounding_box, polygon };
    zone.regions = match polygons.len() {
        0 => bounding_box.map(|sides| region(Some(sides), None)).into_iter().collect(),
        1 => vec![region(bounding_box, polygons.pop())],
        _ => polygons.into_iter().map(|polygon| region(None, Some(polygon))).collect(),
    };
}

/// Ids are numbers, and words in some files.
fn id(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
