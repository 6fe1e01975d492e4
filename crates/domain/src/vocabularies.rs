//! What tools call the types of zones, and what they are called here.
//!
//! The canon is DocLayNet ∪ docling in snake case, with three levels below a region (`line`, `word`, `glyph`); it and the
//! vocabularies are the tables in `vocabularies/`, one label a line. A tool's own label is always kept beside
//! the canonical one. A label that a vocabulary does not know becomes what the caller knows otherwise, else
//! [`FALLBACK`].

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::Invalid;

/// The type of a zone of which nothing is known but that it is there.
pub const FALLBACK: &str = "unspecified";

/// The names that one tool or format has for types of zones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Vocabulary {
    /// DocLayNet's eleven classes.
    DocLayNet,
    /// `PubLayNet`'s five classes.
    PubLayNet,
    /// docling's labels of items and groups, which are the canon's.
    Docling,
    /// PAGE-XML: the elements, `TextRegion:<type>` for a text region with a type.
    Page,
    /// ALTO: the elements, and common tags of blocks.
    Alto,
    /// `SegmOnto`'s zones and lines.
    SegmOnto,
    /// AWS Textract.
    Textract,
    /// Azure Document Intelligence.
    Azure,
    /// Surya.
    Surya,
    /// marker.
    Marker,
    /// unstructured.
    Unstructured,
}

/// A label in the canon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mapped {
    /// The canonical name.
    pub zone_type: &'static str,
    /// False where the vocabulary does not know the label, and the type is the fallback.
    pub known: bool,
}

/// A name of the canon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZoneType {
    /// As it stands in `zone_type`.
    pub name: &'static str,
    /// `item`, `group` (holds others, often without a place of its own) or `level` (a part of a region's text).
    pub kind: &'static str,
    /// What it is, in words.
    pub description: &'static str,
}

/// Every type of the canon.
pub fn canon() -> &'static [ZoneType] {
    static CANON: LazyLock<Vec<ZoneType>> = LazyLock::new(|| {
        let line = |fields: Vec<&'static str>| match fields[..] {
            [name, kind, description] => Some(ZoneType { name, kind, description }),
            _ => None,
        };
        rows(include_str!("vocabularies/canon.tsv")).filter_map(line).collect()
    });
    &CANON
}

impl Vocabulary {
    /// Every vocabulary.
    pub const ALL: [Self; 11] = [
        Self::DocLayNet,
        Self::PubLayNet,
        Self::Docling,
        Self::Page,
        Self::Alto,
        Self::SegmOnto,
        Self::Textract,
        Self::Azure,
        Self::Surya,
        Self::Marker,
        Self::Unstructured,
    ];

    /// Its name in options.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DocLayNet => "doclaynet",
            Self::PubLayNet => "publaynet",
            Self::Docling => "docling",
            Self::Page => "page",
            Self::Alto => "alto",
            Self::SegmOnto => "segmonto",
            Self::Textract => "textract",
            Self::Azure => "azure",
            Self::Surya => "surya",
            Self::Marker => "marker",
            Self::Unstructured => "unstructured",
        }
    }

    /// What `label` is in the canon. Case, hyphens and underscores do not matter; what refines a label (`MainZone:column`,
    /// `MainZone#2`, `Col_3`) is left aside where the whole is not known.
    pub fn map(self, label: &str) -> Option<&'static str> {
        let tables = tables();
        let table = tables.get(&self)?;
        let get = |name: &str| table.by_label.get(normalised(name).as_str()).copied();
        get(label).or_else(|| get(without_refinement(label)))
    }

    /// As [`Self::map`], with [`FALLBACK`] for what is not known.
    pub fn map_or_fallback(self, label: &str) -> Mapped {
        let found = self.map(label);
        Mapped { zone_type: found.unwrap_or(FALLBACK), known: found.is_some() }
    }

    /// The one label of this vocabulary for a canonical type; `None` where there is none or several.
    pub fn label_of(self, zone_type: &str) -> Option<&'static str> {
        let mut labels = self.labels().filter(|(_, target)| *target == zone_type).map(|(label, _)| label);
        labels.next().filter(|_| labels.next().is_none())
    }

    /// Every label with the canonical type it stands for.
    pub fn labels(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        tables().get(&self).into_iter().flat_map(|table| table.labels.iter().copied())
    }

    const fn data(self) -> &'static str {
        match self {
            Self::DocLayNet => include_str!("vocabularies/doclaynet.tsv"),
            Self::PubLayNet => include_str!("vocabularies/publaynet.tsv"),
            Self::Docling => include_str!("vocabularies/docling.tsv"),
            Self::Page => include_str!("vocabularies/page.tsv"),
            Self::Alto => include_str!("vocabularies/alto.tsv"),
            Self::SegmOnto => include_str!("vocabularies/segmonto.tsv"),
            Self::Textract => include_str!("vocabularies/textract.tsv"),
            Self::Azure => include_str!("vocabularies/azure.tsv"),
            Self::Surya => include_str!("vocabularies/surya.tsv"),
            Self::Marker => include_str!("vocabularies/marker.tsv"),
            Self::Unstructured => include_str!("vocabularies/unstructured.tsv"),
        }
    }
}

impl std::str::FromStr for Vocabulary {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        Self::ALL.into_iter().find(|vocabulary| vocabulary.as_str() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str).join(", ");
            Invalid::new("vocabulary", format!("must be one of {names}; got {name:?}"))
        })
    }
}

/// A label that may be of any vocabulary: the canon first, then the others in the order of [`Vocabulary::ALL`].
pub fn map_any(label: &str) -> Mapped {
    let found = Vocabulary::ALL
        .into_iter()
        .find_map(|vocabulary| vocabulary.map(label))
        .or_else(|| canon().iter().find(|zone_type| zone_type.name == label).map(|zone_type| zone_type.name));
    Mapped { zone_type: found.unwrap_or(FALLBACK), known: found.is_some() }
}

struct Table {
    labels: Vec<(&'static str, &'static str)>,
    by_label: HashMap<String, &'static str>,
}

fn tables() -> &'static HashMap<Vocabulary, Table> {
    static TABLES: LazyLock<HashMap<Vocabulary, Table>> = LazyLock::new(|| {
        let table = |vocabulary: Vocabulary| {
            let pair = |fields: Vec<&'static str>| match fields[..] {
                [label, zone_type] => Some((label, zone_type)),
                _ => None,
            };
            let labels: Vec<_> = rows(vocabulary.data()).filter_map(pair).collect();
            let by_label = labels.iter().map(|(label, zone_type)| (normalised(label), *zone_type)).collect();
            (vocabulary, Table { labels, by_label })
        };
        Vocabulary::ALL.into_iter().map(table).collect()
    });
    &TABLES
}

fn rows(data: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    data.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split('\t').collect())
}

/// Labels are compared without case, spaces, hyphens and underscores: `List-item`, `ListItem` and `list_item` are one.
fn normalised(label: &str) -> String {
    label.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).flat_map(char::to_lowercase).collect()
}

fn without_refinement(label: &str) -> &str {
    let name = label.split(['#', ':']).next().unwrap_or(label);
    match name.rsplit_once('_') {
        Some((stem, number)) if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => stem,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_leads_into_the_canon() {
        let names: Vec<_> = canon().iter().map(|zone_type| zone_type.name).collect();
        assert_eq!(names.len(), 30 + 12 + 3, "docling's items and groups, and our levels");
        for vocabulary in Vocabulary::ALL {
            let data_lines = rows(vocabulary.data()).count();
            assert_eq!(vocabulary.labels().count(), data_lines, "{vocabulary:?}: every line is a pair");
            for (label, zone_type) in vocabulary.labels() {
                assert!(names.contains(&zone_type), "{vocabulary:?}: {label} → {zone_type}");
                assert_eq!(vocabulary.map(label), Some(zone_type), "{vocabulary:?}: {label} is there twice");
            }
        }
    }

    #[test]
    fn every_label_that_the_tools_document_is_known() {
        let documented: [(Vocabulary, &str); 9] = [
            (
                Vocabulary::DocLayNet,
                "Caption Footnote Formula List-item Page-footer Page-header Picture Section-header Table Text Title",
            ),
            (Vocabulary::PubLayNet, "text title list table figure"),
            (
                Vocabulary::Docling,
                "caption chart footnote formula list_item page_footer page_header picture section_header table text title \
                 document_index code checkbox_selected checkbox_unselected form key_value_region grading_scale \
                 handwritten_text empty_value paragraph reference field_region field_heading field_item field_key \
                 field_value field_hint marker unspecified list ordered_list chapter section sheet slide form_area \
                 key_value_area comment_section inline picture_area",
            ),
            (
                Vocabulary::Page,
                "TextRegion ImageRegion LineDrawingRegion GraphicRegion TableRegion ChartRegion MapRegion SeparatorRegion \
                 MathsRegion ChemRegion MusicRegion AdvertRegion NoiseRegion UnknownRegion CustomRegion FormRegion \
                 TextRegion:paragraph TextRegion:heading TextRegion:caption TextRegion:header TextRegion:footer \
                 TextRegion:page-number TextRegion:drop-capital TextRegion:credit TextRegion:floating \
                 TextRegion:signature-mark TextRegion:catch-word TextRegion:marginalia TextRegion:footnote \
                 TextRegion:footnote-continued TextRegion:endnote TextRegion:TOC-entry TextRegion:list-label \
                 TextRegion:other",
            ),
            (Vocabulary::Alto, "TextBlock Illustration GraphicalElement ComposedBlock"),
            (
                Vocabulary::Surya,
                "Blank Text TextInlineMath Code SectionHeader Caption Footnote Equation ListItem PageFooter PageHeader \
                 Picture Figure Table Form TableOfContents Handwriting",
            ),
            (
                Vocabulary::Azure,
                "pageHeader pageFooter pageNumber title sectionHeading footnote formulaBlock",
            ),
            (
                Vocabulary::Textract,
                "LAYOUT_TITLE LAYOUT_SECTION_HEADER LAYOUT_TEXT LAYOUT_LIST LAYOUT_TABLE LAYOUT_FIGURE LAYOUT_KEY_VALUE \
                 LAYOUT_HEADER LAYOUT_FOOTER LAYOUT_PAGE_NUMBER",
            ),
            (
                Vocabulary::SegmOnto,
                "MainZone MarginTextZone NumberingZone RunningTitleZone DropCapitalZone GraphicZone TableZone StampZone \
                 QuireMarksZone TitlePageZone DigitizationArtefactZone",
            ),
        ];
        for (vocabulary, labels) in documented {
            for label in labels.split_whitespace() {
                assert!(vocabulary.map(label).is_some(), "{vocabulary:?}: {label}");
            }
        }
    }

    #[test]
    fn spelling_and_refinements_do_not_matter() {
        assert_eq!(Vocabulary::DocLayNet.map("list_item"), Some("list_item"));
        assert_eq!(Vocabulary::SegmOnto.map("MainZone:column#2"), Some("text"));
        assert_eq!(Vocabulary::Alto.map("Col_7"), Some("text"));
        assert_eq!(map_any("LAYOUT_FIGURE").zone_type, "picture");
        assert_eq!(map_any("line").zone_type, "line");
    }

    #[test]
    fn what_is_not_known_says_so() {
        assert_eq!(Vocabulary::Page.map_or_fallback("Doodle"), Mapped { zone_type: FALLBACK, known: false });
        assert_eq!(map_any("").zone_type, FALLBACK);
    }

    #[test]
    fn the_way_back_is_given_where_it_is_the_only_one() {
        assert_eq!(Vocabulary::Page.label_of("section_header"), Some("TextRegion:heading"));
        assert_eq!(Vocabulary::Page.label_of("footnote"), None, "three labels lead there");
        for zone_type in canon().iter().filter(|zone_type| zone_type.kind != "level") {
            assert_eq!(Vocabulary::Docling.label_of(zone_type.name), Some(zone_type.name));
        }
    }
}
