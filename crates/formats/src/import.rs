//! Reading zones from files of other programs: PAGE-XML, ALTO, `DoclingDocument`, COCO, JSON lines.
//!
//! A reader goes through its file once (twice where what is needed first stands last) and hands out pages, zones and
//! reading orders one by one: what it holds in memory is one region of a page with its lines, one item, one line.
//! [`Converter`] puts the zones into the canonical frame of a document's pages. What could not be represented is in the
//! [`ImportReport`]; nothing is dropped without a word there.

mod alto;
mod bounded;
mod coco;
mod convert;
mod detect;
mod docling;
mod error;
mod groups;
mod json;
mod jsonl;
mod languages;
mod page_xml;
mod region;
mod report;
mod xml;

use std::io::{BufRead, Seek};

use colophon_domain::{Invalid, Point, ReadingOrder, Vocabulary, ZoneId};
use serde_json::{Map, Value};

pub use convert::{Converter, OnInvalid, PreparedZone};
pub use detect::detect;
pub use error::ImportError;
pub use languages::tag as language_tag;
pub use report::{Effect, ImportReport, Remark, RemarkKind};

/// What a file of zones is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// PAGE-XML, one page a file.
    PageXml,
    /// ALTO 2 to 4.
    Alto,
    /// `DoclingDocument` 1.x as JSON.
    Docling,
    /// COCO: images, categories, annotations.
    Coco,
    /// Zones as JSON, one a line: our own, or simpler ones.
    Jsonl,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 5] = [Self::PageXml, Self::Alto, Self::Docling, Self::Coco, Self::Jsonl];

    /// Its name in options.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PageXml => "page-xml",
            Self::Alto => "alto",
            Self::Docling => "docling",
            Self::Coco => "coco",
            Self::Jsonl => "jsonl",
        }
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Format {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        Self::ALL.into_iter().find(|format| format.as_str() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str).join(", ");
            Invalid::new("format", format!("must be one of {names}; got {name:?}"))
        })
    }
}

/// How deep into a region zones are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Regions, blocks, items.
    Region,
    /// Lines of text.
    Line,
    /// Words of lines.
    Word,
    /// Letters of words.
    Glyph,
}

impl Level {
    /// Every level, from the outside in.
    pub const ALL: [Self; 4] = [Self::Region, Self::Line, Self::Word, Self::Glyph];

    /// Its name in options: the deepest level that is taken.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Region => "region",
            Self::Line => "line",
            Self::Word => "word",
            Self::Glyph => "glyph",
        }
    }
}

impl std::str::FromStr for Level {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        Self::ALL.into_iter().find(|level| level.as_str() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str).join(", ");
            Invalid::new("levels", format!("must be one of {names}; got {name:?}"))
        })
    }
}

/// How a file is read.
#[derive(Debug, Clone)]
pub struct Options {
    /// The deepest level that becomes zones; what lies deeper is counted, and its text stands in what holds it.
    pub levels: Level,
    /// The page of the document that the file's first page is (PAGE-XML, ALTO).
    pub first_page: i32,
    /// What labels mean, where the format does not say (COCO, JSON lines); every vocabulary is tried otherwise.
    pub vocabulary: Option<Vocabulary>,
    /// What a file may ask for.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Self {
        Self { levels: Level::Line, first_page: 1, vocabulary: None, limits: Limits::default() }
    }
}

/// What a file may ask for before it is refused.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of one element, item or line.
    pub element_bytes: u64,
    /// Elements within elements.
    pub depth: usize,
    /// Zones within one region of a page.
    pub region_zones: usize,
    /// Pages.
    pub pages: i32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { element_bytes: 16 << 20, depth: 100, region_zones: 500_000, pages: 100_000 }
    }
}

/// What a reader hands out. A page comes before its zones, a zone of PAGE-XML or ALTO before its parts.
#[derive(Debug)]
pub enum Event {
    /// A page begins.
    Page(SourcePage),
    /// A zone.
    Zone(Box<ImportedZone>),
    /// An order in which zones are read, by their identifiers in the file.
    ReadingOrder(ReadingOrder<String>),
}

/// What a reader hands things to; its error ends the reading.
pub type Sink<'s> = dyn FnMut(Event, &mut ImportReport) -> Result<(), ImportError> + 's;

/// A page as the file has it.
#[derive(Debug, Clone, PartialEq)]
pub struct SourcePage {
    /// Of the document, from 1.
    pub page_number: i32,
    /// Width and height in the file's unit; `None` where it has none, or zero.
    pub size: Option<[f64; 2]>,
    /// What that unit is.
    pub unit: Unit,
}

/// Units of coordinates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Unit {
    /// 1/72 inch.
    Point,
    /// Of an image, with its dots per inch where they are known.
    Pixel(Option<f64>),
    /// A tenth of a millimetre.
    Mm10,
    /// 1/1200 inch.
    Inch1200,
}

impl Unit {
    /// Its length in points. A pixel of unknown size counts as a point.
    pub fn in_points(self) -> f64 {
        match self {
            Self::Point | Self::Pixel(None) => 1.0,
            Self::Pixel(Some(dpi)) => 72.0 / dpi,
            Self::Mm10 => 72.0 / 254.0,
            Self::Inch1200 => 72.0 / 1200.0,
        }
    }

    /// Its name in `source`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Point => "point",
            Self::Pixel(_) => "pixel",
            Self::Mm10 => "mm10",
            Self::Inch1200 => "inch1200",
        }
    }
}

/// Where a page's coordinates begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// At the top left, y downwards.
    TopLeft,
    /// At the bottom left, y upwards.
    BottomLeft,
}

/// A zone as the file has it.
#[derive(Debug, Clone)]
pub struct ImportedZone {
    /// Our own identifier, where the file has one (JSON lines).
    pub id: Option<ZoneId>,
    /// The file's identifier; made from its place in the file where there is none.
    pub external_id: String,
    /// The `external_id` of the zone that it is a part of.
    pub parent: Option<String>,
    /// Of the document, from 1.
    pub page_number: i32,
    /// Its place in the reading order of its page: the less the earlier.
    pub order: i64,
    /// What the file calls its type.
    pub label: String,
    /// What that is in the canon.
    pub zone_type: &'static str,
    /// Where it is; empty where the file does not say.
    pub regions: Vec<SourceRegion>,
    /// The line its writing stands on, in the frame of the first region.
    pub baseline: Option<Vec<Point>>,
    /// How its writing is turned, degrees clockwise.
    pub rotation: Option<f64>,
    /// Text.
    pub content: Option<String>,
    /// As the file has it.
    pub confidence: Option<f64>,
    /// Language as a BCP 47 tag.
    pub language: Option<String>,
    /// What else the file says of it.
    pub metadata: Map<String, Value>,
}

impl ImportedZone {
    /// A zone of which no more is known.
    pub fn new(external_id: impl Into<String>, page_number: i32, order: i64) -> Self {
        Self {
            id: None,
            external_id: external_id.into(),
            parent: None,
            page_number,
            order,
            label: String::new(),
            zone_type: colophon_domain::vocabularies::FALLBACK,
            regions: Vec::new(),
            baseline: None,
            rotation: None,
            content: None,
            confidence: None,
            language: None,
            metadata: Map::new(),
        }
    }
}

/// One of the places of a zone, in the frame of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceRegion {
    /// Of the document, from 1.
    pub page_number: i32,
    /// Where that page's coordinates begin.
    pub origin: Origin,
    /// Left, top, right, bottom.
    pub bounding_box: Option<[f64; 4]>,
    /// Its outline.
    pub polygon: Option<Vec<Point>>,
}

/// Reads `input` as `format`, and hands what it finds to `sink`. What could not be represented is added to `report`.
///
/// # Errors
/// What was wrong with the file, and where in it; or what the sink said.
pub fn read<R: BufRead + Seek>(
    input: R,
    format: Format,
    options: &Options,
    report: &mut ImportReport,
    sink: &mut Sink<'_>,
) -> Result<(), ImportError> {
    report.format = Some(format.as_str());
    match format {
        Format::PageXml => page_xml::read(input, options, report, sink),
        Format::Alto => alto::read(input, options, report, sink),
        Format::Docling => docling::read(input, options, report, sink),
        Format::Coco => coco::read(input, options, report, sink),
        Format::Jsonl => jsonl::read(input, options, report, sink),
    }
}

/// Puts a number of pages and of zones where `order` is compared: by rank first, then by the place in the file.
fn order(rank: i64, ordinal: u64) -> i64 {
    (rank.clamp(0, i64::from(i32::MAX)) << 32) | i64::try_from(ordinal & 0xffff_ffff).unwrap_or(0)
}

/// The rank of what no reading order names: after all that one names.
const UNRANKED: i64 = i32::MAX as i64;
