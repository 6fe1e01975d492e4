//! What was read from a file, and what could not be represented.

use std::collections::BTreeMap;

use serde::Serialize;

/// Examples that are kept of each kind of remark.
const EXAMPLES: usize = 5;
/// Characters of an example.
const EXAMPLE_CHARACTERS: usize = 120;

/// What an import found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ImportReport {
    /// What the file was read as.
    pub format: Option<&'static str>,
    /// The version of the format, as the file says it.
    pub version: Option<String>,
    /// The program that made the file, as it says.
    pub creator: Option<String>,
    /// Pages in the file.
    pub pages: u64,
    /// Zones in the file, of the levels that were asked for.
    pub zones: u64,
    /// Of these, zones that are not taken; the remarks say why.
    pub refused: u64,
    /// Zones that are taken, by canonical type.
    pub zone_types: BTreeMap<&'static str, u64>,
    /// Reading orders in the file.
    pub reading_orders: u64,
    /// What could not be represented as it was, or was changed, or is worth knowing.
    pub remarks: BTreeMap<RemarkKind, Remark>,
}

/// How often something was met.
#[derive(Debug, Clone, Serialize)]
pub struct Remark {
    /// What became of it.
    pub effect: Effect,
    /// How often.
    pub count: u64,
    /// Identifiers, or what else names it, of the first few.
    pub examples: Vec<String>,
}

/// What became of something that could not be represented as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// The zone is not taken.
    Refused,
    /// The zone is taken without it.
    Dropped,
    /// The zone is taken with another value.
    Changed,
    /// Nothing is lost.
    Kept,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $effect:ident),* $(,)?) => {
        /// What may be remarked on a file.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum RemarkKind { $($(#[$doc])* $name),* }

        impl RemarkKind {
            /// What became of the zone or the part of it.
            pub const fn effect(self) -> Effect {
                match self { $(Self::$name => Effect::$effect),* }
            }
        }
    };
}

kinds! {
    /// A line of a JSON-lines file is no zone.
    InvalidLine = Refused,
    /// The document has pages, and not this one; or no file has so many.
    NoSuchPage = Refused,
    /// The geometry is none, and `on_invalid=refuse`.
    InvalidGeometryRefused = Refused,
    /// The zone's own identifier belongs to a zone of another version, or stands in the file twice.
    IdTaken = Refused,
    /// A person deleted, split or merged the zone since it was imported; that stands.
    DeletedByPerson = Refused,
    /// A box without width or height; it stands in `source`.
    ZeroArea = Dropped,
    /// A polygon of fewer than three points; it stands in `source`.
    PolygonTooShort = Dropped,
    /// A baseline of fewer than two points; it stands in `source`.
    BaselineTooShort = Dropped,
    /// A number that is not finite, or no number.
    InvalidNumber = Dropped,
    /// A box from the bottom left of a page whose height is unknown; it stands in `source`.
    OriginWithoutPageSize = Dropped,
    /// A confidence below 0, or above 100.
    InvalidConfidence = Dropped,
    /// The zone that it is said to be a part of is not in the file, or was refused.
    ParentUnknown = Dropped,
    /// An embedded image, or the name of one.
    ImageDropped = Dropped,
    /// A mask that is no polygon.
    MaskDropped = Dropped,
    /// An outline that is no polygon: an ellipse, a circle.
    ShapeDropped = Dropped,
    /// A part of the page that is no zone: border, print space, relations, layers.
    PagePartDropped = Dropped,
    /// An element or a property that there is no place for.
    ElementDropped = Dropped,
    /// Lines, words or letters below the levels that were asked for; their text stands in what holds them.
    BelowLevels = Dropped,
    /// A reading order that could not be stored.
    ReadingOrderDropped = Dropped,
    /// What a reading order names is no zone of the file, or was refused.
    ReadingOrderItemDropped = Dropped,
    /// A further region of a zone, on a page that the document has not; it stands in `source`.
    RegionOnMissingPage = Dropped,
    /// A part outside the page was cut off.
    OutsidePage = Changed,
    /// An identifier or a label longer than can be stored was cut off.
    TooLong = Changed,
    /// A text held U+0000, which no stored text can.
    NulRemoved = Changed,
    /// The same identifier twice on a page: the second is told apart by its place.
    DuplicateId = Changed,
    /// No identifier: one was made from the place in the file.
    WithoutId = Changed,
    /// A box whose corners were in another order.
    InvertedBox = Changed,
    /// The page's sides are in another proportion than the document's.
    ProportionsDiffer = Kept,
    /// A page of no size: the unit says how long things are.
    PageWithoutSize = Kept,
    /// A page that is turned; the coordinates are those of the image as it is.
    PageTurned = Kept,
    /// The document's pages are not known: the unit says how long things are.
    DocumentPagesUnknown = Kept,
    /// A zone without a place on its page.
    WithoutGeometry = Kept,
    /// A label that its vocabulary does not know.
    UnknownLabel = Kept,
    /// A language that is no known name or code; it stands in `metadata`.
    UnknownLanguage = Kept,
    /// Other readings of the same text; they stand in `metadata.alternatives`.
    Alternatives = Kept,
    /// A zone of several regions.
    SeveralRegions = Kept,
    /// Boxes counted from the top and from the bottom in one file.
    MixedOrigins = Kept,
    /// Confidences out of 100 were divided; the scale stands in `source`.
    ConfidenceScaled = Kept,
}

impl ImportReport {
    /// Counts something, with what names it.
    pub fn remark(&mut self, kind: RemarkKind, example: &str) {
        self.remark_many(kind, 1, example);
    }

    /// Counts something that was met `count` times.
    pub fn remark_many(&mut self, kind: RemarkKind, count: u64, example: &str) {
        let remark = self.remarks.entry(kind).or_insert_with(|| Remark {
            effect: kind.effect(),
            count: 0,
            examples: Vec::new(),
        });
        remark.count += count;
        if remark.examples.len() < EXAMPLES {
            let example: String = example.chars().take(EXAMPLE_CHARACTERS).collect();
            if !remark.examples.contains(&example) {
                remark.examples.push(example);
            }
        }
    }

    /// A zone that is not taken.
    pub fn refuse(&mut self, kind: RemarkKind, example: &str) {
        self.refused += 1;
        self.remark(kind, example);
    }

    /// How often something was met.
    pub fn count(&self, kind: RemarkKind) -> u64 {
        self.remarks.get(&kind).map_or(0, |remark| remark.count)
    }
}
