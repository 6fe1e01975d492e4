//! ALTO 2 to 4: pages, blocks in blocks, lines, strings, glyphs; labels by tags.

use std::collections::HashMap;
use std::io::BufRead;

use colophon_domain::{ReadingOrder, Vocabulary};
use serde_json::json;

use super::groups::Orders;
use super::region::{Region, normalised_degrees, points};
use super::xml::{Element, Node, Xml};
use super::{
    Event, ImportError, ImportReport, Level, Options, RemarkKind, Sink, SourcePage, Unit, languages,
};

/// Elements whose content is left alone.
const PARTS: [&str; 7] = [
    "Styles",
    "OCRProcessing",
    "Processing",
    "preProcessingStep",
    "postProcessingStep",
    "XmlData",
    "documentIdentifier",
];

/// What is known of the place and of the kind of an element.
const KNOWN: [&str; 12] = [
    "ID", "HPOS", "VPOS", "WIDTH", "HEIGHT", "BASELINE", "ROTATION", "LANG", "language", "CONTENT", "WC",
    "TAGREFS",
];

pub fn read<R: BufRead>(
    input: R,
    options: &Options,
    report: &mut ImportReport,
    sink: &mut Sink<'_>,
) -> Result<(), ImportError> {
    let alto = Alto {
        xml: Xml::new(input, "ALTO", options.limits),
        region: Region::new(Vocabulary::Alto, options.levels),
        orders: Orders::default(),
        ranks: HashMap::new(),
        tags: HashMap::new(),
        unit: Unit::Pixel(None),
        options,
        text: None,
    };
    alto.read(report, sink)
}

struct Alto<'o, R> {
    xml: Xml<R>,
    region: Region,
    orders: Orders,
    ranks: HashMap<String, i64>,
    /// Labels by the identifiers of tags.
    tags: HashMap<String, String>,
    unit: Unit,
    options: &'o Options,
    text: Option<String>,
}

impl<R: BufRead> Alto<'_, R> {
    fn read(mut self, report: &mut ImportReport, sink: &mut Sink<'_>) -> Result<(), ImportError> {
        let mut zones: Vec<bool> = Vec::new();
        let mut left_alone = 0_usize;
        loop {
            match self.xml.next()? {
                Node::Open(_) if left_alone > 0 => left_alone += 1,
                Node::Close(_) if left_alone > 0 => left_alone -= 1,
                Node::Open(element) if PARTS.contains(&element.name.as_str()) => left_alone = 1,
                Node::Open(element) => zones.push(self.open(&element, report, sink)?),
                Node::Close(name) => match zones.pop() {
                    Some(true) => self.region.close(report, sink)?,
                    Some(false) => self.close(&name, report, sink)?,
                    None => {}
                },
                Node::Text(text) => {
                    if let Some(kept) = self.text.as_mut().filter(|kept| kept.len() < 1_000) {
                        kept.push_str(&text);
                    }
                }
                Node::End => return Ok(()),
            }
        }
    }

    /// Whether the element is a zone.
    fn open(
        &mut self,
        element: &Element,
        report: &mut ImportReport,
        sink: &mut Sink<'_>,
    ) -> Result<bool, ImportError> {
        match element.name.as_str() {
            "alto" => {
                let namespace = element.get("xmlns").unwrap_or_default();
                let version = namespace.rsplit_once("/ns-").map(|(_, version)| version.trim_end_matches('#'));
                let version = element.get("SCHEMAVERSION").or(version);
                report.version = version.map(|version| version.chars().take(40).collect());
            }
            "MeasurementUnit" | "softwareName" | "ALTERNATIVE" => self.text = Some(String::new()),
            "Page" => self.page(element, report, sink)?,
            "TextBlock" | "Illustration" | "GraphicalElement" | "ComposedBlock" => {
                return self.zone(Level::Region, element, report);
            }
            "TextLine" => return self.zone(Level::Line, element, report),
            "String" => return self.zone(Level::Word, element, report),
            "Glyph" => return self.zone(Level::Glyph, element, report),
            "SP" => self.between(" "),
            "HYP" => self.between(element.get("CONTENT").unwrap_or("-")),
            "Polygon" => self.polygon(element, report),
            "Ellipse" | "Circle" => report.remark(RemarkKind::ShapeDropped, &self.name_of_zone()),
            "Variant" => self.alternative(element.get("CONTENT"), element.number("VC")),
            "OrderedGroup" | "UnorderedGroup" => self.orders.open(element),
            "ElementRef" => self.orders.reference(element),
            name if name.ends_with("Tag") => self.tag(element),
            "Description"
            | "sourceImageInformation"
            | "fileName"
            | "fileIdentifier"
            | "processingSoftware"
            | "Tags"
            | "Layout"
            | "PrintSpace"
            | "Shape"
            | "ReadingOrder"
            | "softwareCreator"
            | "softwareVersion"
            | "applicationDescription" => {}
            "TopMargin" | "LeftMargin" | "RightMargin" | "BottomMargin" => {
                report.remark(RemarkKind::PagePartDropped, &element.name);
            }
            name => report.remark(RemarkKind::ElementDropped, name),
        }
        Ok(false)
    }

    fn page(
        &mut self,
        element: &Element,
        report: &mut ImportReport,
        sink: &mut Sink<'_>,
    ) -> Result<(), ImportError> {
        let ordinal = i32::try_from(report.pages).unwrap_or(i32::MAX);
        if ordinal >= self.options.limits.pages {
            return Err(self.xml.too_large(format!("more than {ordinal} pages")));
        }
        report.pages += 1;
        let page_number = self.options.first_page.saturating_add(ordinal);
        let name = element.get("ID").unwrap_or("Page");
        let size = match (element.number("WIDTH"), element.number("HEIGHT")) {
            (Some(width), Some(height)) if width > 0.0 && height > 0.0 => Some([width, height]),
            _ => None,
        };
        if size.is_none() {
            report.remark(RemarkKind::PageWithoutSize, name);
        }
        if element.number("ROTATION").is_some_and(|degrees| degrees != 0.0) {
            report.remark(RemarkKind::PageTurned, name);
        }
        self.region.page(page_number, element.get("LANG").and_then(languages::tag));
        sink(Event::Page(SourcePage { page_number, size, unit: self.unit }), report)
    }

    fn zone(
        &mut self,
        level: Level,
        element: &Element,
        report: &mut ImportReport,
    ) -> Result<bool, ImportError> {
        if self.region.len() >= self.options.limits.region_zones {
            let reason = format!("a block has more than {} parts", self.options.limits.region_zones);
            return Err(self.xml.too_large(reason));
        }
        let id = element.get("ID");
        let rank = id.and_then(|id| self.ranks.get(id)).copied();
        let zone = self.region.open(level, element.name.clone(), id, rank, report);
        // ALTO counts counter-clockwise.
        zone.rotation = element.number("ROTATION").and_then(|degrees| normalised_degrees(-degrees));
        zone.content = element.get("CONTENT").map(ToOwned::to_owned);
        zone.confidence = element.number("WC").or_else(|| element.number("GC"));
        if let Some(language) = element.get("LANG").or_else(|| element.get("language")) {
            self.region.language(language, report);
        }
        self.region.keep(element, &KNOWN);
        self.labels(element, report);
        if let (Some(x), Some(y), Some(width), Some(height)) = (
            element.number("HPOS"),
            element.number("VPOS"),
            element.number("WIDTH"),
            element.number("HEIGHT"),
        ) {
            self.region.place(Some([x, y, x + width, y + height]), None);
        }
        if let Some(baseline) = element.get("BASELINE") {
            self.baseline(baseline, element, report);
        }
        Ok(true)
    }

    /// The tags of a block: the first is its label, and its type where a vocabulary knows it. Tags of lines and words say
    /// no more than that they are one.
    fn labels(&mut self, element: &Element, report: &mut ImportReport) {
        let Some(references) = element.get("TAGREFS") else { return };
        let labels: Vec<String> =
            references.split_whitespace().filter_map(|id| self.tags.get(id)).cloned().collect();
        let Some(pending) = self.region.current() else { return };
        let Some(first) = labels.first() else {
            pending.zone.metadata.insert("tagrefs".to_owned(), json!(references));
            return;
        };
        if labels.len() > 1 {
            pending.zone.metadata.insert("tags".to_owned(), json!(labels));
        }
        pending.zone.label.clone_from(first);
        if pending.level == Level::Region {
            let known =
                |label: &String| Vocabulary::SegmOnto.map(label).or_else(|| Vocabulary::Alto.map(label));
            match labels.iter().find_map(known) {
                Some(zone_type) => pending.zone.zone_type = zone_type,
                // What it is by its element stays.
                None => report.remark(RemarkKind::UnknownLabel, first),
            }
        }
    }

    fn tag(&mut self, element: &Element) {
        if let Some(id) = element.get("ID") {
            let label = element.get("LABEL").or_else(|| element.get("TYPE")).unwrap_or(id);
            self.tags.insert(id.to_owned(), label.to_owned());
        }
    }

    /// Points, since ALTO 4; before, the height at which the line lies.
    fn baseline(&mut self, text: &str, element: &Element, report: &mut ImportReport) {
        let Some(pending) = self.region.current() else { return };
        let line = match (text.trim().parse::<f64>(), element.number("HPOS"), element.number("WIDTH")) {
            (Ok(y), Some(x), Some(width)) => Some(vec![[x, y], [x + width, y]]),
            (Ok(_), ..) => None,
            _ => points(text),
        };
        match line {
            Some(line) => pending.zone.baseline = Some(line),
            None => report.remark(RemarkKind::InvalidNumber, &pending.zone.external_id),
        }
    }

    fn polygon(&mut self, element: &Element, report: &mut ImportReport) {
        let Some(pending) = self.region.current() else { return };
        let Some(polygon) = element.get("POINTS").and_then(points) else {
            return report.remark(RemarkKind::InvalidNumber, &pending.zone.external_id);
        };
        match pending.zone.regions.last_mut().filter(|region| region.polygon.is_none()) {
            Some(region) => region.polygon = Some(polygon),
            None => self.region.place(None, Some(polygon)),
        }
    }

    fn between(&mut self, text: &str) {
        if let Some(line) = self.region.current() {
            line.text_of_parts.push_str(text);
        }
    }

    fn alternative(&mut self, content: Option<&str>, confidence: Option<f64>) {
        if let (Some(pending), Some(content)) = (self.region.current(), content) {
            let alternatives = pending.zone.metadata.entry("alternatives").or_insert_with(|| json!([]));
            if let Some(alternatives) = alternatives.as_array_mut() {
                alternatives.push(json!({ "content": content, "confidence": confidence }));
            }
        }
    }

    fn name_of_zone(&mut self) -> String {
        self.region.current().map(|pending| pending.zone.external_id.clone()).unwrap_or_default()
    }

    fn close(
        &mut self,
        name: &str,
        report: &mut ImportReport,
        sink: &mut Sink<'_>,
    ) -> Result<(), ImportError> {
        match name {
            "MeasurementUnit" => {
                let text = self.text.take().unwrap_or_default();
                self.unit = match text.trim() {
                    "pixel" => Unit::Pixel(None),
                    "mm10" => Unit::Mm10,
                    "inch1200" => Unit::Inch1200,
                    other => {
                        return Err(self.xml.malformed(format!(
                            "the unit is {other:?}; ALTO knows pixel, mm10 and inch1200"
                        )));
                    }
                };
            }
            "softwareName" => report.creator = self.text.take(),
            "ALTERNATIVE" => {
                let text = self.text.take();
                report.remark(RemarkKind::Alternatives, &self.name_of_zone());
                self.alternative(text.as_deref(), None);
            }
            "OrderedGroup" | "UnorderedGroup" => {
                if let Some(order) = self.orders.close() {
                    return self.reading_order(order, report, sink);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn reading_order(
        &mut self,
        order: ReadingOrder<String>,
        report: &mut ImportReport,
        sink: &mut Sink<'_>,
    ) -> Result<(), ImportError> {
        report.reading_orders += 1;
        let name = order.name.clone();
        let Ok(order) = order.checked() else {
            report.remark(RemarkKind::ReadingOrderDropped, &name);
            return Ok(());
        };
        let first = i64::try_from(self.ranks.len()).unwrap_or(0);
        for (rank, id) in (first..).zip(order.zones()) {
            self.ranks.entry(id.clone()).or_insert(rank);
        }
        sink(Event::ReadingOrder(order), report)
    }
}
