//! From the frame of a file into the canonical frame of a document's pages.
//!
//! - Both sizes of a page known: the file's page is laid over the document's, each side scaled for itself.
//! - The file's size unknown: its unit says how long things are; a pixel of unknown size counts as a point.
//! - The document has pages, and not this one: the zone is refused.
//! - The document's pages are not known (an image, a damaged file): the unit says how long things are, and only the file's
//!   own page bounds them.
//!
//! What was delivered stays in `source` wherever it differs from what is stored.

use std::collections::HashMap;

use colophon_domain::{BoundingBox, Coordinates, NewZone, Page, Point, Region, ZoneId, ZoneStatus};
use serde_json::{Map, Value, json};

use super::{Format, ImportReport, ImportedZone, Origin, RemarkKind, SourcePage, SourceRegion};

/// By how much of its width a page may be higher or lower than the document's before that is remarked.
const PROPORTION: f64 = 0.02;
/// Characters of an identifier and of a label: the database's own bounds.
const EXTERNAL_ID: usize = 500;
const LABEL: usize = 200;
/// Pages of a document whose own are not known.
const PAGES: i32 = 100_000;
/// What is so near to the page's edge, in points, is on it.
const EDGE: f64 = 1e-6;

/// What becomes of a zone whose geometry is none, or goes beyond its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnInvalid {
    /// What lies outside is cut off; what cannot be mended is left out, and the zone is taken without it.
    #[default]
    Clamp,
    /// The zone is refused.
    Refuse,
}

impl OnInvalid {
    /// Its name in options.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clamp => "clamp",
            Self::Refuse => "refuse",
        }
    }
}

impl std::str::FromStr for OnInvalid {
    type Err = colophon_domain::Invalid;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "clamp" => Ok(Self::Clamp),
            "refuse" => Ok(Self::Refuse),
            other => {
                let reason = format!("must be one of clamp, refuse; got {other:?}");
                Err(colophon_domain::Invalid::new("on_invalid", reason))
            }
        }
    }
}

/// A zone to be stored, but for its place among the document's zones.
#[derive(Debug)]
pub struct PreparedZone {
    /// `zone_index` is 0 and `parent_id` is none: both are known when all zones are.
    pub zone: NewZone,
    /// The identifier in the file, which `parent` of others names.
    pub key: String,
    /// The key of the zone that it is a part of.
    pub parent: Option<String>,
    /// Its place on its page: the less the earlier.
    pub order: i64,
    /// Whether the zone's id is the file's.
    pub id_given: bool,
}

/// Puts zones into the frame of a document.
#[derive(Debug)]
pub struct Converter {
    format: Format,
    on_invalid: OnInvalid,
    document: HashMap<i32, [f64; 2]>,
    source: HashMap<i32, SourcePage>,
}

/// How a page of the file lies on one of the document.
#[derive(Debug, Clone, Copy)]
struct Frame {
    scale: [f64; 2],
    /// Height in the file's unit.
    source_height: Option<f64>,
    /// In points.
    bounds: Option<[f64; 2]>,
}

/// Why a place is none.
enum Fault {
    Refuse(RemarkKind),
    Drop(RemarkKind),
}

impl Converter {
    /// For a document with these pages; none where they are not known.
    pub fn new(format: Format, pages: &[Page], on_invalid: OnInvalid) -> Self {
        let document = pages.iter().map(|page| (page.page_number, [page.width, page.height])).collect();
        Self { format, on_invalid, document, source: HashMap::new() }
    }

    /// A page of the file.
    pub fn page(&mut self, page: SourcePage, report: &mut ImportReport) {
        let name = format!("page {}", page.page_number);
        if self.document.is_empty() {
            report.remark(RemarkKind::DocumentPagesUnknown, &name);
        }
        if let (Some(source), Some(document)) = (page.size, self.document.get(&page.page_number)) {
            let (here, there) = (source[1] / source[0], document[1] / document[0]);
            if (here / there - 1.0).abs() > PROPORTION {
                let both = format!("{name}: {}×{} on {}×{}", source[0], source[1], document[0], document[1]);
                report.remark(RemarkKind::ProportionsDiffer, &both);
            }
        }
        self.source.insert(page.page_number, page);
    }

    /// The zone in the document's frame; `None` where it was refused, and counted.
    pub fn zone(&self, mut zone: ImportedZone, report: &mut ImportReport) -> Option<PreparedZone> {
        let name = zone.external_id.clone();
        let Some(frame) = self.frame(zone.page_number) else {
            report.refuse(RemarkKind::NoSuchPage, &format!("{name}: page {}", zone.page_number));
            return None;
        };
        let mut source = Map::new();
        let Ok(coordinates) = self.coordinates(&zone, frame, &mut source, report) else {
            report.refuse(RemarkKind::InvalidGeometryRefused, &name);
            return None;
        };
        if zone.regions.is_empty() {
            report.remark(RemarkKind::WithoutGeometry, &name);
        }
        let confidence = confidence(zone.confidence, &name, &mut source, report);
        let mut nul = false;
        for text in
            [Some(&mut zone.external_id), Some(&mut zone.label), zone.content.as_mut(), zone.parent.as_mut()]
        {
            nul |= text.is_some_and(without_nul);
        }
        let mut metadata = Value::Object(std::mem::take(&mut zone.metadata));
        nul |= without_nul_within(&mut metadata);
        let Value::Object(metadata) = metadata else { return None };
        if nul {
            report.remark(RemarkKind::NulRemoved, &zone.external_id);
        }
        // Parents are named by what is cut off alike.
        let cut = cut_off(&mut zone.external_id, EXTERNAL_ID) | cut_off(&mut zone.label, LABEL);
        if cut {
            report.remark(RemarkKind::TooLong, &zone.external_id);
        }
        if let Some(parent) = &mut zone.parent {
            cut_off(parent, EXTERNAL_ID);
        }
        if !source.is_empty() {
            source.insert("format".to_owned(), json!(self.format.as_str()));
        }
        *report.zone_types.entry(zone.zone_type).or_default() += 1;
        Some(PreparedZone {
            key: zone.id.map_or_else(|| zone.external_id.clone(), |id| id.to_string()),
            parent: zone.parent,
            order: zone.order,
            id_given: zone.id.is_some(),
            zone: NewZone {
                id: zone.id.unwrap_or_else(ZoneId::new),
                zone_index: 0,
                page_number: zone.page_number,
                zone_type: zone.zone_type.to_owned(),
                coordinates,
                content: zone.content,
                confidence,
                status: ZoneStatus::Completed,
                label: Some(zone.label).filter(|label| !label.is_empty() && label != zone.zone_type),
                external_id: Some(zone.external_id).filter(|id| !id.is_empty()),
                parent_id: None,
                language: zone.language,
                source: (!source.is_empty()).then_some(Value::Object(source)),
                metadata,
            },
        })
    }

    fn frame(&self, page_number: i32) -> Option<Frame> {
        if !(1..=PAGES).contains(&page_number) {
            return None;
        }
        let document = self.document.get(&page_number).copied();
        if document.is_none() && !self.document.is_empty() {
            return None;
        }
        let source = self.source.get(&page_number);
        let size = source.and_then(|page| page.size);
        let unit = source.map_or(1.0, |page| page.unit.in_points());
        Some(match (document, size) {
            (Some(document), Some(size)) => Frame {
                scale: [document[0] / size[0], document[1] / size[1]],
                source_height: Some(size[1]),
                bounds: Some(document),
            },
            (Some(document), None) => {
                Frame { scale: [unit, unit], source_height: Some(document[1] / unit), bounds: Some(document) }
            }
            (None, size) => Frame {
                scale: [unit, unit],
                source_height: size.map(|size| size[1]),
                bounds: size.map(|size| size.map(|side| side * unit)),
            },
        })
    }

    /// The zone's shape; an error where that makes the zone refused. What was delivered goes into `source` where it is not
    /// what is stored.
    fn coordinates(
        &self,
        zone: &ImportedZone,
        frame: Frame,
        source: &mut Map<String, Value>,
        report: &mut ImportReport,
    ) -> Result<Option<Coordinates>, ()> {
        let name = &zone.external_id;
        let mut outside = false;
        let mut faulty = false;
        let mut found: Vec<Region> = Vec::new();
        for region in &zone.regions {
            let placed = match self.frame(region.page_number) {
                Some(frame) => self.region(region, frame, name, &mut outside, report),
                None => Err(Fault::Drop(RemarkKind::RegionOnMissingPage)),
            };
            match placed {
                Ok(region) => found.push(region),
                Err(Fault::Drop(kind)) => {
                    faulty = true;
                    report.remark(kind, name);
                }
                Err(Fault::Refuse(kind)) => {
                    report.remark(kind, name);
                    return Err(());
                }
            }
        }
        if outside {
            if self.on_invalid == OnInvalid::Refuse {
                return Err(());
            }
            report.remark(RemarkKind::OutsidePage, name);
        }
        let baseline = self.baseline(zone, frame, name, report)?;
        let same = frame.scale.iter().all(|scale| (scale - 1.0).abs() < f64::EPSILON)
            && zone.regions.iter().all(|region| region.origin == Origin::TopLeft);
        if (!same || faulty || outside) && !zone.regions.is_empty() {
            self.keep_source(zone, source);
        }
        // What goes on elsewhere stands in `regions`; the first that is on the zone's own page is the zone's place.
        let Some(own) = found.iter().position(|region| region.page_number == zone.page_number) else {
            return Ok(None);
        };
        let own = found.remove(own);
        if !found.is_empty() {
            report.remark(RemarkKind::SeveralRegions, name);
        }
        Ok(Some(Coordinates {
            bounding_box: own.bounding_box,
            polygon: own.polygon,
            baseline,
            rotation: zone.rotation,
            regions: found,
        }))
    }

    fn region(
        &self,
        region: &SourceRegion,
        frame: Frame,
        name: &str,
        outside: &mut bool,
        report: &mut ImportReport,
    ) -> Result<Region, Fault> {
        let fault = |kind| match self.on_invalid {
            OnInvalid::Clamp => Fault::Drop(kind),
            OnInvalid::Refuse => Fault::Refuse(kind),
        };
        let height = match (region.origin, frame.source_height) {
            (Origin::TopLeft, _) => None,
            (Origin::BottomLeft, Some(height)) => Some(height),
            (Origin::BottomLeft, None) => return Err(fault(RemarkKind::OriginWithoutPageSize)),
        };
        let mut place = |point: Point| -> Option<Point> {
            let y = height.map_or(point[1], |height| height - point[1]);
            let point = [point[0] * frame.scale[0], y * frame.scale[1]];
            point.iter().all(|v| v.is_finite()).then(|| bounded(point, frame.bounds, outside))
        };
        let corners = match region.bounding_box {
            Some([x0, y0, x1, y1]) => {
                let upright = if height.is_some() { y1 <= y0 } else { y0 <= y1 };
                if !(x0 <= x1 && upright) && [x0, y0, x1, y1].iter().all(|side| side.is_finite()) {
                    if self.on_invalid == OnInvalid::Refuse {
                        return Err(Fault::Refuse(RemarkKind::InvertedBox));
                    }
                    report.remark(RemarkKind::InvertedBox, name);
                }
                let corners = [place([x0, y0]), place([x1, y1])];
                let corners: Option<Vec<Point>> = corners.into_iter().collect();
                Some(corners.ok_or_else(|| fault(RemarkKind::InvalidNumber))?)
            }
            None => None,
        };
        let mut polygon = match &region.polygon {
            Some(points) => {
                let points: Option<Vec<Point>> = points.iter().map(|point| place(*point)).collect();
                Some(points.ok_or_else(|| fault(RemarkKind::InvalidNumber))?)
            }
            None => None,
        };
        let around = corners.as_deref().or(polygon.as_deref()).and_then(BoundingBox::around);
        if polygon.as_ref().is_some_and(|points| points.len() < 3) {
            polygon = None;
            match fault(RemarkKind::PolygonTooShort) {
                Fault::Drop(kind) => report.remark(kind, name),
                refused @ Fault::Refuse(_) => return Err(refused),
            }
        }
        let bounding_box =
            around.and_then(|sides| sides.checked().ok()).ok_or_else(|| fault(RemarkKind::ZeroArea))?;
        Ok(Region { page_number: region.page_number, bounding_box, polygon })
    }

    fn baseline(
        &self,
        zone: &ImportedZone,
        frame: Frame,
        name: &str,
        report: &mut ImportReport,
    ) -> Result<Option<Vec<Point>>, ()> {
        let Some(line) = &zone.baseline else { return Ok(None) };
        let mut outside = false;
        let line: Vec<Point> = line
            .iter()
            .filter(|point| point.iter().all(|v| v.is_finite()))
            .map(|[x, y]| bounded([x * frame.scale[0], y * frame.scale[1]], frame.bounds, &mut outside))
            .collect();
        if line.len() >= 2 {
            return Ok(Some(line));
        }
        report.remark(RemarkKind::BaselineTooShort, name);
        if self.on_invalid == OnInvalid::Refuse { Err(()) } else { Ok(None) }
    }

    fn keep_source(&self, zone: &ImportedZone, source: &mut Map<String, Value>) {
        if let Some(page) = self.source.get(&zone.page_number) {
            source.insert("unit".to_owned(), json!(page.unit.as_str()));
            source.insert("page".to_owned(), json!(page.size));
        }
        let regions: Vec<Value> = zone.regions.iter().map(|region| raw(region, zone.page_number)).collect();
        source.insert("regions".to_owned(), Value::Array(regions));
        if let Some(baseline) = &zone.baseline {
            source.insert("baseline".to_owned(), json!(baseline));
        }
    }
}

fn raw(region: &SourceRegion, page_number: i32) -> Value {
    let mut raw = Map::new();
    if region.page_number != page_number {
        raw.insert("page_number".to_owned(), json!(region.page_number));
    }
    if region.origin == Origin::BottomLeft {
        raw.insert("origin".to_owned(), json!("bottom-left"));
    }
    if let Some(sides) = region.bounding_box {
        raw.insert("box".to_owned(), json!(sides));
    }
    if let Some(polygon) = &region.polygon {
        raw.insert("polygon".to_owned(), json!(polygon));
    }
    Value::Object(raw)
}

/// The point on its page, to a millionth of a point; `outside` is set where it was moved by more than that.
fn bounded(point: Point, bounds: Option<[f64; 2]>, outside: &mut bool) -> Point {
    let mut at = |value: f64, bound: Option<f64>| {
        let rounded = (value * 1e6).round() / 1e6;
        let Some(bound) = bound else { return rounded };
        let inside = rounded.clamp(0.0, bound);
        *outside |= (inside - rounded).abs() > EDGE;
        inside
    };
    [at(point[0], bounds.map(|sides| sides[0])), at(point[1], bounds.map(|sides| sides[1]))]
}

/// 0..1; what is greater is out of 100.
fn confidence(
    value: Option<f64>,
    name: &str,
    source: &mut Map<String, Value>,
    report: &mut ImportReport,
) -> Option<f64> {
    let value = value?;
    if (0.0..=1.0).contains(&value) {
        return Some(value);
    }
    if value > 1.0 && value <= 100.0 {
        report.remark(RemarkKind::ConfidenceScaled, name);
        source.insert("confidence".to_owned(), json!(value));
        source.insert("confidence_scale".to_owned(), json!(100));
        return Some(value / 100.0);
    }
    report.remark(RemarkKind::InvalidConfidence, name);
    source.insert("confidence".to_owned(), json!(value));
    None
}

fn cut_off(text: &mut String, characters: usize) -> bool {
    match text.char_indices().nth(characters) {
        Some((at, _)) => {
            text.truncate(at);
            true
        }
        None => false,
    }
}

fn without_nul(text: &mut String) -> bool {
    let found = text.contains('\0');
    if found {
        text.retain(|c| c != '\0');
    }
    found
}

fn without_nul_within(value: &mut Value) -> bool {
    match value {
        Value::String(text) => without_nul(text),
        Value::Array(items) => items.iter_mut().fold(false, |found, item| without_nul_within(item) | found),
        Value::Object(members) => {
            let mut found = members.values_mut().fold(false, |found, item| without_nul_within(item) | found);
            if members.keys().any(|key| key.contains('\0')) {
                found = true;
                *members = std::mem::take(members)
                    .into_iter()
                    .map(|(key, value)| (key.replace('\0', ""), value))
                    .collect();
            }
            found
        }
        _ => false,
    }
}
