//! PAGE-XML, schemas of 2009 to 2024: a page a file, regions in regions, lines, words, glyphs.

use std::collections::HashMap;
use std::io::BufRead;

use colophon_domain::{ReadingOrder, Vocabulary};
use serde_json::{Map, json};

use super::groups::Orders;
use super::region::{Reading, Region, normalised_degrees, points};
use super::xml::{Element, Node, Xml};
use super::{
    Event, ImportError, ImportReport, Level, Options, RemarkKind, Sink, SourcePage, Unit, languages,
};

const NAMESPACE: &str = "/PAGE/gts/pagecontent/";

/// Elements that are no zones and hold none: their content is left alone.
const PARTS: [&str; 9] =
    ["Border", "PrintSpace", "Relations", "Layers", "UserDefined", "Roles", "Grid", "TextStyle", "Labels"];

pub fn read<R: BufRead>(
    input: R,
    options: &Options,
    report: &mut ImportReport,
    sink: &mut Sink<'_>,
) -> Result<(), ImportError> {
    let xml = Xml::new(input, "PAGE-XML", options.limits);
    let region = Region::new(Vocabulary::Page, options.levels);
    let page = Page { xml, region, orders: Orders::default(), ranks: HashMap::new(), options, text: None };
    page.read(report, sink)
}

struct Page<'o, R> {
    xml: Xml<R>,
    region: Region,
    orders: Orders,
    ranks: HashMap<String, i64>,
    options: &'o Options,
    /// The text that is being read, where one is wanted.
    text: Option<String>,
}

impl<R: BufRead> Page<'_, R> {
    fn read(mut self, report: &mut ImportReport, sink: &mut Sink<'_>) -> Result<(), ImportError> {
        // Whether each open element is a zone.
        let mut zones: Vec<bool> = Vec::new();
        // How many elements are open of a part that is left alone.
        let mut left_alone = 0_usize;
        loop {
            match self.xml.next()? {
                Node::Open(_) if left_alone > 0 => left_alone += 1,
                Node::Close(_) if left_alone > 0 => left_alone -= 1,
                Node::Open(element) => {
                    if PARTS.contains(&element.name.as_str()) {
                        self.leave(&element, report);
                        left_alone = 1;
                        continue;
                    }
                    zones.push(self.open(&element, report, sink)?);
                }
                Node::Close(name) => match zones.pop() {
                    Some(true) => self.region.close(report, sink)?,
                    Some(false) => self.close(&name, report, sink)?,
                    None => {}
                },
                Node::Text(text) => {
                    let limit = self.limit();
                    if let Some(kept) = &mut self.text {
                        if kept.len() + text.len() > limit {
                            return Err(self.xml.too_large("a text is too long".to_owned()));
                        }
                        kept.push_str(&text);
                    }
                }
                Node::End => return Ok(()),
            }
        }
    }

    fn limit(&self) -> usize {
        usize::try_from(self.options.limits.element_bytes).unwrap_or(usize::MAX)
    }

    /// Whether the element is a zone.
    fn open(
        &mut self,
        element: &Element,
        report: &mut ImportReport,
        sink: &mut Sink<'_>,
    ) -> Result<bool, ImportError> {
        match element.name.as_str() {
            "PcGts" => self.root(element, report)?,
            "Creator" | "Unicode" | "PlainText" => self.text = Some(String::new()),
            "Page" => self.page(element, report, sink)?,
            "TextLine" => return self.zone(Level::Line, element, report),
            "Word" => return self.zone(Level::Word, element, report),
            "Glyph" => return self.zone(Level::Glyph, element, report),
            "Coords" => self.coords(element, report),
            "Point" => self.point(element),
            "Baseline" => self.baseline(element, report),
            "TextEquiv" => self.text_equiv(element, report),
            "AlternativeImage" | "ImageFilename" => {
                report
                    .remark(RemarkKind::ImageDropped, element.get("filename").unwrap_or("AlternativeImage"));
            }
            "ReadingOrder" | "Metadata" | "MetadataItem" | "Created" | "LastChange" | "Comments" => {}
            "OrderedGroup" | "OrderedGroupIndexed" | "UnorderedGroup" | "UnorderedGroupIndexed" => {
                self.orders.open(element);
            }
            "RegionRef" | "RegionRefIndexed" => self.orders.reference(element),
            name if name.ends_with("Region") => return self.zone(Level::Region, element, report),
            name => report.remark(RemarkKind::ElementDropped, name),
        }
        Ok(false)
    }

    fn root(&self, element: &Element, report: &mut ImportReport) -> Result<(), ImportError> {
        let namespace = element.get("xmlns").unwrap_or_default();
        if let Some((_, version)) = namespace.split_once(NAMESPACE) {
            let version = version.split([' ', '/']).next().unwrap_or_default();
            report.version = Some(version.chars().take(40).collect());
        } else if !namespace.is_empty() {
            return Err(self.xml.malformed(format!("the namespace {namespace:?} is not that of PAGE-XML")));
        }
        Ok(())
    }

    fn page(
        &mut self,
        element: &Element,
        report: &mut ImportReport,
        sink: &mut Sink<'_>,
    ) -> Result<(), ImportError> {
        let ordinal = i32::try_from(report.pages).unwrap_or(i32::MAX);
        let page_number = self.options.first_page.saturating_add(ordinal);
        report.pages += 1;
        let language = element.get("primaryLanguage").or_else(|| element.get("language"));
        self.region.page(page_number, language.and_then(languages::tag));
        let name = element.get("imageFilename").unwrap_or("Page");
        if element.number("orientation").is_some_and(|degrees| degrees != 0.0) {
            report.remark(RemarkKind::PageTurned, name);
        }
        let dpi =
            element.number("imageXResolution").map(|resolution| match element.get("imageResolutionUnit") {
                Some("PPCM") => resolution * 2.54,
                _ => resolution,
            });
        let size = match (element.number("imageWidth"), element.number("imageHeight")) {
            (Some(width), Some(height)) if width > 0.0 && height > 0.0 => Some([width, height]),
            _ => None,
        };
        if size.is_none() {
            report.remark(RemarkKind::PageWithoutSize, name);
        }
        let unit = Unit::Pixel(dpi.filter(|dpi| dpi.is_finite() && *dpi > 1.0));
        sink(Event::Page(SourcePage { page_number, size, unit }), report)
    }

    fn zone(
        &mut self,
        level: Level,
        element: &Element,
        report: &mut ImportReport,
    ) -> Result<bool, ImportError> {
        if self.region.len() >= self.options.limits.region_zones {
            let reason = format!("a region has more than {} parts", self.options.limits.region_zones);
            return Err(self.xml.too_large(reason));
        }
        let label = match element.get("type") {
            Some(kind) if element.name == "TextRegion" => format!("TextRegion:{kind}"),
            _ => element.name.clone(),
        };
        let id = element.get("id");
        let rank = id.and_then(|id| self.ranks.get(id)).copied();
        let zone = self.region.open(level, label, id, rank, report);
        // PAGE says by how much it has to be turned clockwise to stand upright.
        zone.rotation = element.number("orientation").and_then(|degrees| normalised_degrees(-degrees));
        if let Some(language) = element.get("primaryLanguage").or_else(|| element.get("language")) {
            self.region.language(language, report);
        }
        let known: &[&str] = match element.name.as_str() {
            "TextRegion" => &["id", "type", "orientation", "primaryLanguage", "language"],
            _ => &["id", "orientation", "primaryLanguage", "language"],
        };
        self.region.keep(element, known);
        Ok(true)
    }

    /// Whether the element that holds the one just opened is the zone that is open.
    fn within_a_zone(&self) -> bool {
        let path = self.xml.path();
        path.len().checked_sub(2).and_then(|index| path.get(index)).is_some_and(|name| {
            name.ends_with("Region") || matches!(name.as_str(), "TextLine" | "Word" | "Glyph")
        })
    }

    fn coords(&mut self, element: &Element, report: &mut ImportReport) {
        if !self.within_a_zone() {
            return;
        }
        let confidence = element.number("conf");
        let Some(pending) = self.region.current() else { return };
        if let Some(confidence) = confidence {
            pending.zone.confidence.get_or_insert(confidence);
        }
        match element.get("points") {
            // Of 2009 and 2010: the points are elements.
            None => self.region.place(None, Some(Vec::new())),
            Some(text) => match points(text) {
                Some(polygon) => self.region.place(None, Some(polygon)),
                None => report.remark(RemarkKind::InvalidNumber, &pending.zone.external_id),
            },
        }
    }

    fn point(&mut self, element: &Element) {
        let (Some(x), Some(y)) = (element.number("x"), element.number("y")) else { return };
        let polygon = self
            .region
            .current()
            .and_then(|pending| pending.zone.regions.last_mut())
            .and_then(|region| region.polygon.as_mut());
        if let Some(polygon) = polygon {
            polygon.push([x, y]);
        }
    }

    fn baseline(&mut self, element: &Element, report: &mut ImportReport) {
        let Some(pending) = self.region.current() else { return };
        match element.get("points").and_then(points) {
            Some(line) => pending.zone.baseline = Some(line),
            None => report.remark(RemarkKind::InvalidNumber, &pending.zone.external_id),
        }
    }

    fn text_equiv(&mut self, element: &Element, report: &mut ImportReport) {
        let index = element.get("index").and_then(|index| index.trim().parse().ok());
        let confidence = element.number("conf");
        if let Some(pending) = self.region.current() {
            if element.get("conf").is_some() && confidence.is_none() {
                report.remark(RemarkKind::InvalidConfidence, &pending.zone.external_id);
            }
            pending.readings.push(Reading { index, confidence, text: None });
        }
    }

    /// An element that was no zone ends.
    fn close(
        &mut self,
        name: &str,
        report: &mut ImportReport,
        sink: &mut Sink<'_>,
    ) -> Result<(), ImportError> {
        match name {
            "Creator" => {
                report.creator = self.text.take().map(|text| text.trim().chars().take(200).collect());
            }
            "Unicode" | "PlainText" => {
                let text = self.text.take();
                let reading = self.region.current().and_then(|pending| pending.readings.last_mut());
                // Of the two, Unicode comes last and counts.
                if let (Some(text), Some(reading)) = (text, reading) {
                    reading.text = Some(text);
                }
            }
            "OrderedGroup" | "OrderedGroupIndexed" | "UnorderedGroup" | "UnorderedGroupIndexed" => {
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

    /// A part that becomes no zone.
    fn leave(&mut self, element: &Element, report: &mut ImportReport) {
        match (element.name.as_str(), self.region.current()) {
            ("TextStyle", Some(pending)) => {
                let style: Map<_, _> =
                    element.attributes().map(|(name, value)| (name.to_owned(), json!(value))).collect();
                pending.zone.metadata.insert("text_style".to_owned(), style.into());
            }
            ("Labels", None) => {}
            (name, Some(pending)) => {
                let what = format!("{name} of {}", pending.zone.external_id);
                report.remark(RemarkKind::ElementDropped, &what);
            }
            (name, None) => report.remark(RemarkKind::PagePartDropped, name),
        }
    }
}
