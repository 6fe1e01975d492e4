//! One region of a page with its lines, words and letters, while it is read.
//!
//! A region's own text stands behind its lines in the file, and the zone goes out before theirs: so a region is kept
//! until it ends, and no more than that.

use colophon_domain::vocabularies::Vocabulary;
use serde_json::{Value, json};

use super::xml::Element;
use super::{Event, ImportError, ImportReport, ImportedZone, Level, Origin, RemarkKind, Sink, SourceRegion};
use super::{UNRANKED, languages, order};

/// A zone while its element is open, or its region.
#[derive(Debug)]
pub struct Pending {
    pub zone: ImportedZone,
    pub level: Level,
    pub rank: i64,
    /// What the file says is its text, the preferred one first.
    pub readings: Vec<Reading>,
    /// The texts of its parts so far, where it has none of its own.
    pub text_of_parts: String,
    language: Option<String>,
}

/// A text of a zone.
#[derive(Debug, Default)]
pub struct Reading {
    pub index: Option<i64>,
    pub confidence: Option<f64>,
    pub text: Option<String>,
}

/// The zones of the region that is open, each before its parts; and what the page has seen so far.
pub struct Region {
    format: Vocabulary,
    deepest: Level,
    pub pending: Vec<Pending>,
    /// Indexes into `pending` of the zones that are open.
    open: Vec<usize>,
    ordinal: u64,
    page_number: i32,
    page_language: Option<String>,
}

impl Region {
    pub fn new(format: Vocabulary, deepest: Level) -> Self {
        let (pending, open) = (Vec::new(), Vec::new());
        Self { format, deepest, pending, open, ordinal: 0, page_number: 1, page_language: None }
    }

    /// A page begins.
    pub fn page(&mut self, page_number: i32, language: Option<String>) {
        self.page_number = page_number;
        self.page_language = language;
        self.ordinal = 0;
    }

    /// The zone that is open.
    pub fn current(&mut self) -> Option<&mut Pending> {
        let index = *self.open.last()?;
        self.pending.get_mut(index)
    }

    /// A zone begins. `rank` is its place in the reading order, where that names it.
    pub fn open(
        &mut self,
        level: Level,
        label: String,
        external_id: Option<&str>,
        rank: Option<i64>,
        report: &mut ImportReport,
    ) -> &mut ImportedZone {
        self.ordinal += 1;
        let parent = self.open.last().and_then(|index| self.pending.get(*index));
        let rank = rank.or_else(|| parent.map(|parent| parent.rank)).unwrap_or(UNRANKED);
        let external_id = if let Some(id) = external_id.filter(|id| !id.is_empty()) {
            id.to_owned()
        } else {
            let made = format!("{label}[{}]", self.ordinal);
            if level <= self.deepest {
                report.remark(RemarkKind::WithoutId, &made);
            }
            made
        };
        let mut zone = ImportedZone::new(external_id, self.page_number, order(rank, self.ordinal));
        zone.parent = parent.map(|parent| parent.zone.external_id.clone());
        let mapped = self.format.map_or_fallback(&label);
        if !mapped.known && level <= self.deepest {
            report.remark(RemarkKind::UnknownLabel, &label);
        }
        zone.zone_type = mapped.zone_type;
        zone.label = label;
        let language = parent.map_or_else(|| self.page_language.clone(), |parent| parent.language.clone());
        self.open.push(self.pending.len());
        self.pending.push(Pending {
            zone,
            level,
            rank,
            readings: Vec::new(),
            text_of_parts: String::new(),
            language,
        });
        let last = self.pending.len() - 1;
        &mut self.pending[last].zone
    }

    /// The language that the open zone says it is in; its parts inherit it.
    pub fn language(&mut self, name: &str, report: &mut ImportReport) {
        let Some(pending) = self.current() else { return };
        if let Some(tag) = languages::tag(name) {
            pending.language = Some(tag);
        } else {
            pending.zone.metadata.insert("language".to_owned(), json!(name));
            report.remark(RemarkKind::UnknownLanguage, name);
        }
    }

    /// Keeps what an element says of the open zone beyond what has a place of its own.
    pub fn keep(&mut self, element: &Element, known: &[&str]) {
        let Some(pending) = self.current() else { return };
        for (name, value) in element.attributes().filter(|(name, _)| !known.contains(name)) {
            pending.zone.metadata.insert(name.to_owned(), json!(value));
        }
    }

    /// An outline or a box of the open zone: the first stands for the zone, the others are further regions.
    pub fn place(&mut self, bounding_box: Option<[f64; 4]>, polygon: Option<Vec<[f64; 2]>>) {
        let page_number = self.page_number;
        if let Some(pending) = self.current() {
            pending.zone.regions.push(SourceRegion {
                page_number,
                origin: Origin::TopLeft,
                bounding_box,
                polygon,
            });
        }
    }

    /// The open zone ends; with the outermost one, all of them go out.
    pub fn close(&mut self, report: &mut ImportReport, sink: &mut Sink<'_>) -> Result<(), ImportError> {
        let Some(index) = self.open.pop() else { return Ok(()) };
        let Some(pending) = self.pending.get_mut(index) else { return Ok(()) };
        pending.settle(report, pending.level <= self.deepest);
        let text = pending.zone.content.clone().unwrap_or_default();
        let (level, id) = (pending.level, pending.zone.external_id.clone());
        if level > self.deepest {
            report.remark(RemarkKind::BelowLevels, &id);
            self.pending.truncate(index);
        }
        if let Some(parent) = self.current() {
            parent.add(level, &text);
        }
        if self.open.is_empty() {
            for pending in self.pending.drain(..) {
                report.zones += 1;
                sink(Event::Zone(Box::new(pending.zone)), report)?;
            }
        }
        Ok(())
    }

    /// How many zones the open region has.
    pub fn len(&self) -> usize {
        self.pending.len()
    }
}

impl Pending {
    /// Adds the text of a part, with what stands between such parts.
    pub fn add(&mut self, level: Level, text: &str) {
        if text.is_empty() {
            return;
        }
        let between = match level {
            Level::Region | Level::Line => "\n",
            Level::Word => " ",
            Level::Glyph => "",
        };
        if !self.text_of_parts.is_empty() && !self.text_of_parts.ends_with([' ', '\n']) {
            self.text_of_parts.push_str(between);
        }
        self.text_of_parts.push_str(text);
    }

    /// Chooses among the readings; the others are kept beside it.
    fn settle(&mut self, report: &mut ImportReport, wanted: bool) {
        self.zone.language = self.language.clone();
        // Without an index the first is the preferred one.
        self.readings.sort_by_key(|reading| reading.index.unwrap_or(i64::MAX));
        let mut readings = self.readings.drain(..);
        if let Some(preferred) = readings.next() {
            self.zone.confidence = preferred.confidence.or(self.zone.confidence);
            self.zone.content = preferred.text;
        }
        let others: Vec<Value> = readings
            .map(|other| json!({ "content": other.text, "confidence": other.confidence, "index": other.index }))
            .collect();
        if !others.is_empty() {
            if wanted {
                report.remark_many(RemarkKind::Alternatives, others.len() as u64, &self.zone.external_id);
            }
            self.zone.metadata.insert("alternatives".to_owned(), Value::Array(others));
        }
        if self.zone.content.is_none() && !self.text_of_parts.is_empty() {
            self.zone.content = Some(std::mem::take(&mut self.text_of_parts));
        }
    }
}

/// Pairs of numbers as PAGE-XML and ALTO write them, separated by spaces and commas. `None` where one is no number, or
/// one is left over.
pub fn points(text: &str) -> Option<Vec<[f64; 2]>> {
    let numbers: Option<Vec<f64>> = text
        .split(|c: char| c.is_whitespace() || c == ',')
        .filter(|number| !number.is_empty())
        .map(|number| number.parse().ok().filter(|number: &f64| number.is_finite()))
        .collect();
    let numbers = numbers?;
    if numbers.len() % 2 != 0 {
        return None;
    }
    Some(numbers.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect())
}

/// Degrees between −180 (exclusive) and 180.
pub fn normalised_degrees(degrees: f64) -> Option<f64> {
    let turned = degrees.rem_euclid(360.0);
    let turned = if turned > 180.0 { turned - 360.0 } else { turned };
    (turned.is_finite() && turned != 0.0).then_some(turned)
}
