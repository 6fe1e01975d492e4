//! What may be typed of an import of zones.

use colophon_domain::{DocumentId, Invalid, Vocabulary};
use colophon_formats::import::{Format, Level, OnInvalid};

/// How files of zones are taken.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub struct ImportZones {
    /// The files hold zones: PAGE-XML, ALTO, docling, COCO, JSON lines
    #[arg(long, requires = "document")]
    pub zones: bool,
    /// The document that the zones are of
    #[arg(long, requires = "zones", value_name = "ID")]
    pub document: Option<DocumentId>,
    /// What the files are: auto, page-xml, alto, docling, coco or jsonl
    #[arg(long, requires = "zones", default_value = "auto", value_parser = parse_import_format)]
    pub format: ImportFormat,
    /// The deepest level that becomes zones: region, line, word or glyph
    #[arg(long, requires = "zones", default_value = "line", value_parser = parse_level)]
    pub levels: Level,
    /// The page that the first file's first page is; files of PAGE-XML and ALTO follow each other, in the order of their names
    #[arg(long, requires = "zones", default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(i32).range(1..=100_000))]
    pub page: i32,
    /// What labels mean where the format does not say: doclaynet, publaynet, docling, page, alto, segmonto, textract, azure,
    /// surya, marker or unstructured
    #[arg(long, requires = "zones", value_parser = parse_vocabulary)]
    pub vocabulary: Option<Vocabulary>,
    /// What becomes of what lies outside its page or is no box: clamp or refuse
    #[arg(long, requires = "zones", default_value = "clamp", value_parser = parse_on_invalid)]
    pub on_invalid: OnInvalid,
    /// Whose findings they are; the format's name unless said
    #[arg(long, requires = "zones")]
    pub tool: Option<String>,
    /// The model that the tool used
    #[arg(long, requires = "zones")]
    pub model: Option<String>,
    /// Why, for the document's history
    #[arg(long, requires = "zones")]
    pub reason: Option<String>,
}

/// A format, or whichever it is by its content.
#[derive(Debug, Clone, Copy)]
pub struct ImportFormat(pub Option<Format>);

fn parse_import_format(text: &str) -> Result<ImportFormat, String> {
    match text {
        "auto" => Ok(ImportFormat(None)),
        name => name.parse().map(|format| ImportFormat(Some(format))).map_err(reason),
    }
}

fn parse_level(text: &str) -> Result<Level, String> {
    text.parse().map_err(reason)
}

fn parse_vocabulary(text: &str) -> Result<Vocabulary, String> {
    text.parse().map_err(reason)
}

fn parse_on_invalid(text: &str) -> Result<OnInvalid, String> {
    text.parse().map_err(reason)
}

fn reason(invalid: Invalid) -> String {
    invalid.reason
}
