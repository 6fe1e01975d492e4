//! What is found in a PDF, in the words that the rest of Colophon uses.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a PDF is, before any of its text is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inspection {
    /// Whether and how the document can be used.
    pub outcome: Outcome,
    /// The version the document declares, such as `1.7` (its catalog wins over its header); `None` if neither says.
    pub pdf_version: Option<String>,
    /// Number of pages; equals `pages.len()`. Zero unless the outcome is [`Outcome::Readable`].
    pub page_count: u32,
    /// The pages in order.
    pub pages: Vec<Page>,
    /// The title from the document information dictionary, if it has one that is not blank.
    pub title: Option<String>,
    /// How the document is encrypted, if it is. A document that opens with the empty password is readable.
    pub encryption: Option<Encryption>,
    /// Whether the structure was broken and had to be rebuilt.
    pub repaired: bool,
    /// What was broken, in words, one entry for each kind of damage.
    pub repairs: Vec<String>,
    /// Oddities that did not need repair, in words.
    pub warnings: Vec<String>,
}

/// What can be done with a document. Decided in this order: no header → `NotPdf`; a password is needed →
/// `PasswordRequired`; nothing usable → `Damaged`; otherwise `Readable`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// The pages could be read, perhaps after repair (see [`Inspection::repaired`]).
    Readable,
    /// The document is encrypted and does not open with the empty password.
    PasswordRequired,
    /// It says it is a PDF, but it has no pages we can use: broken beyond repair, no pages, more pages than
    /// allowed, or reading it met one of the [`Limits`](crate::Limits).
    Damaged {
        /// What is wrong, in words for a person.
        reason: String,
    },
    /// There is no `%PDF-` header within the first 1024 bytes.
    NotPdf {
        /// What it seems to be instead, in words for a person.
        reason: String,
    },
}

/// How a document is encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encryption {
    /// The cipher and key length, such as `RC4-40`, `AES-128`, `AES-256`, or `unknown`.
    pub method: String,
    /// The security handler, nearly always `Standard`.
    pub handler: String,
    /// The revision of the security handler, if it is stated.
    pub revision: Option<u32>,
    /// Whether the empty password does not open the document.
    pub needs_password: bool,
}

/// One page as displayed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// From 1.
    pub page_number: u32,
    /// Width in points as displayed: crop box within media box, after rotation, user unit applied.
    pub width: f64,
    /// Height in points as displayed.
    pub height: f64,
    /// Clockwise rotation for display: 0, 90, 180 or 270.
    pub rotation: u16,
    /// The media box `[x0, y0, x1, y1]` in the PDF's own units, normalised so that `x0 < x1` and `y0 < y1`.
    pub mediabox: [f64; 4],
    /// The crop box `[x0, y0, x1, y1]` in the PDF's own units, normalised; the media box if the page names none.
    pub cropbox: [f64; 4],
    /// The size of one PDF unit in points (1/72 inch); 1.0 unless the page says otherwise.
    pub user_unit: f64,
}

/// A box in the canonical frame: points, origin top-left of the page as displayed, `x0 < x1` and `y0 < y1`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BBox {
    /// Left edge.
    pub x0: f64,
    /// Top edge.
    pub y0: f64,
    /// Right edge.
    pub x1: f64,
    /// Bottom edge.
    pub y1: f64,
}

/// What was read from one page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageText {
    /// From 1.
    pub page_number: u32,
    /// The zones in reading order, or why this page could not be read.
    pub outcome: Result<Vec<TextZone>, PageFailure>,
    /// What the page's text is like; nothing of a page that could not be read.
    pub layer: TextLayer,
    /// How long the child worked on this page; for a page that failed, how long it was waited for.
    pub duration: Duration,
}

/// What the text that a page carries is like, so that one may judge whether it is what one sees.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct TextLayer {
    /// Characters on the page, without white space.
    pub characters: u32,
    /// How many of them stand for nothing that can be read: no Unicode is known of them, or it is a control character, a
    /// replacement character or of private use.
    pub unreadable: u32,
    /// The share of the page that images cover, 0 to 1.
    pub image_share: f64,
}

/// A page as it looks.
#[derive(Debug, Clone, PartialEq)]
pub struct PageImage {
    /// From 1.
    pub page_number: u32,
    /// The picture, or why this page could not be drawn.
    pub outcome: Result<Image, PageFailure>,
    /// How long the child worked on this page; for a page that failed, how long it was waited for.
    pub duration: Duration,
}

/// A picture in shades of grey.
#[derive(Clone, PartialEq)]
pub struct Image {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Dots per inch of the page as displayed: fewer than asked for where the page is large.
    pub dpi: f64,
    /// Width of the page in points as displayed.
    pub page_width: f64,
    /// Height of the page in points as displayed.
    pub page_height: f64,
    /// A byte each, row by row from the top; 0 is black.
    pub pixels: Vec<u8>,
}

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Image({} × {} at {} dpi)", self.width, self.height, self.dpi)
    }
}

/// Why one page could not be read. The other pages are not affected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageFailure {
    /// The kind of failure, for programs.
    pub code: FailureCode,
    /// What happened, in words for a person.
    pub reason: String,
}

/// The kinds of failure of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCode {
    /// The document or the page is broken beyond reading.
    Damaged,
    /// The document needs a password.
    PasswordRequired,
    /// The document has no such page.
    NoSuchPage,
    /// The child met its memory limit.
    OutOfMemory,
    /// The child met its limit of CPU or wall-clock time.
    TimedOut,
    /// The content nests deeper than the child's stack.
    TooDeep,
    /// The page yields more than the output limit allows.
    TooMuchOutput,
    /// The child crashed or broke off for another reason.
    Crashed,
}

impl FailureCode {
    /// The code as programs store it, such as `out_of_memory`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Damaged => "damaged",
            Self::PasswordRequired => "password_required",
            Self::NoSuchPage => "no_such_page",
            Self::OutOfMemory => "out_of_memory",
            Self::TimedOut => "timed_out",
            Self::TooDeep => "too_deep",
            Self::TooMuchOutput => "too_much_output",
            Self::Crashed => "crashed",
        }
    }
}

/// A block of text or a picture on a page. Its place in the list is its place in the reading order. It carries no
/// confidence: a text layer gives nothing to measure one by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TextZone {
    /// What kind of block it is, as far as a text layer tells.
    pub zone_type: ZoneType,
    /// Where it is, clipped to the page.
    pub bbox: BBox,
    /// The text in Unicode (NFC), in logical order: words separated by spaces, lines by `\n`, hyphens at line ends
    /// kept, ligatures expanded. Empty for a picture.
    pub content: String,
    /// Direction of the writing on the page as displayed, in degrees clockwise from left-to-right: 0, 90, 180, 270.
    pub rotation: u16,
    /// The most frequent font size in points, as displayed; `None` for a picture.
    pub font_size: Option<f64>,
}

/// The kinds of zone that a text layer can tell. The names are those of `DocLayNet`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZoneType {
    /// The title of the document.
    Title,
    /// The heading of a section.
    SectionHeader,
    /// An item of a bulleted or numbered list.
    ListItem,
    /// A table: rows as lines, cells separated by tabs.
    Table,
    /// An image drawn on the page.
    Picture,
    /// A running head.
    PageHeader,
    /// A running foot, or a page number.
    PageFooter,
    /// The caption of a picture or a table.
    Caption,
    /// A note at the foot of the page.
    Footnote,
    /// Anything else.
    Text,
}

impl ZoneType {
    /// The name as it is stored, such as `section_header`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::SectionHeader => "section_header",
            Self::ListItem => "list_item",
            Self::Table => "table",
            Self::Picture => "picture",
            Self::PageHeader => "page_header",
            Self::PageFooter => "page_footer",
            Self::Caption => "caption",
            Self::Footnote => "footnote",
            Self::Text => "text",
        }
    }
}

impl Inspection {
    /// An inspection that found nothing but its outcome.
    pub(crate) fn without_pages(outcome: Outcome) -> Self {
        Self {
            outcome,
            pdf_version: None,
            page_count: 0,
            pages: Vec::new(),
            title: None,
            encryption: None,
            repaired: false,
            repairs: Vec::new(),
            warnings: Vec::new(),
        }
    }
}
