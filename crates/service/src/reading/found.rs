//! What was read of a page, as zones.

use std::time::Duration;

use colophon_domain::zones::ZONES_PER_PAGE;
use colophon_domain::{BoundingBox, Coordinates, ErrorClass, Frame, NewZone, Strategy, ZoneId, ZoneStatus};
use colophon_formats::import::language_tag;
use colophon_ocr::{Line, Paragraph, Picture, PixelBox, Recognised};
use colophon_pdf::{Image, PageFailure, TextZone};
use serde_json::{Map, Value, json};

use crate::upload::without_nul;

/// An image that is smaller than this on either side, in inches, is a smudge or a line.
const IMAGE_SIDE: f64 = 0.5;

/// A page that was read, or given up.
#[derive(Debug)]
pub(super) struct Found {
    /// From 1.
    pub(super) page_number: u32,
    /// The strategy that read it: never `auto`.
    pub(super) tool: Strategy,
    /// Why that one, where there was a choice.
    pub(super) why: Option<&'static str>,
    pub(super) outcome: Result<Vec<NewZone>, Failed>,
    pub(super) stages: Stages,
}

/// Why a page was given up.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) class: ErrorClass,
    pub(super) code: String,
    pub(super) reason: String,
}

/// How long each stage took.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stages {
    pub(super) read: Duration,
    pub(super) render: Duration,
    pub(super) recognise: Duration,
}

impl Stages {
    pub(super) fn sum(&self) -> Duration {
        self.read + self.render + self.recognise
    }

    /// Milliseconds of those that took place.
    pub(super) fn by_name(&self) -> colophon_domain::Stages {
        let stages = [("read", self.read), ("render", self.render), ("recognise", self.recognise)];
        let took = stages.into_iter().filter(|(_, time)| !time.is_zero());
        took.map(|(name, time)| (name.to_owned(), millis(time))).collect()
    }
}

/// What may be done about a page that failed so. What took too long may have met a busy machine, and what was killed one
/// short of memory: both are called `timed_out`. The other limits are met again whoever tries.
pub(super) fn class(code: &str) -> ErrorClass {
    if code == "timed_out" { ErrorClass::Transient } else { ErrorClass::Permanent }
}

impl From<PageFailure> for Failed {
    fn from(failure: PageFailure) -> Self {
        let code = failure.code.as_str();
        Self { class: class(code), code: code.to_owned(), reason: failure.reason }
    }
}

impl From<colophon_ocr::PageFailure> for Failed {
    fn from(failure: colophon_ocr::PageFailure) -> Self {
        Self { class: class(failure.code), code: failure.code.to_owned(), reason: failure.reason }
    }
}

/// The zones of a text layer.
pub(super) fn of_text_layer(zones: &[TextZone], page_number: u32) -> Vec<NewZone> {
    let zones = zones.iter().filter_map(|zone| {
        let bbox = zone.bbox;
        let bbox = BoundingBox { x0: bbox.x0, y0: bbox.y0, x1: bbox.x1, y1: bbox.y1 };
        let mut metadata = Map::new();
        if let Some(size) = zone.font_size {
            metadata.insert("font_size".to_owned(), json!(size));
        }
        let content = (!zone.content.is_empty()).then(|| without_nul(&zone.content));
        // A text layer gives nothing to measure a confidence by, and "unknown" is not 1.0.
        Some(NewZone { content, metadata, ..blank(zone.zone_type.as_str(), bbox, zone.rotation)? })
    });
    numbered(zones, page_number)
}

/// The zones of a picture that was read. `language` is the one that was asked for, if it was one.
pub(super) fn of_ocr(
    read: &Recognised,
    image: &Image,
    page_number: u32,
    language: Option<&str>,
) -> Vec<NewZone> {
    let language = language.and_then(language_tag);
    let place = Place::of(image);
    let mut zones = Vec::with_capacity(read.paragraphs.len() + read.images.len());
    let mut images = read.images.iter().filter(|area| place.is_image(area.bbox)).peekable();
    for (before, paragraph) in read.paragraphs.iter().enumerate() {
        while let Some(area) = images.next_if(|area| area.after <= before) {
            zones.extend(place.picture(area.bbox));
        }
        zones.extend(place.text(paragraph).map(|zone| NewZone { language: language.clone(), ..zone }));
    }
    zones.extend(images.filter_map(|area| place.picture(area.bbox)));
    numbered(zones, page_number)
}

/// A part of a page.
pub(super) struct Cut {
    left: u32,
    top: u32,
    width: u32,
    height: u32,
    dpi: f64,
    pixels: Vec<u8>,
}

/// White around a part of a page, in pixels: what stands at the very edge is read worse.
const MARGIN: u32 = 20;

impl Cut {
    pub(super) fn picture(&self) -> Picture<'_> {
        Picture { width: self.width, height: self.height, dpi: self.dpi, pixels: &self.pixels }
    }
}

/// The part of a page that a box names; `None` where nothing of it is on the page.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the picture, whose sides are numbers of 32 bits"
)]
pub(super) fn crop(image: &Image, b: BoundingBox) -> Option<Cut> {
    let pixel = |points: f64, most: u32| (points * image.dpi / 72.0).clamp(0.0, f64::from(most));
    let (left, top) = (pixel(b.x0, image.width).floor() as u32, pixel(b.y0, image.height).floor() as u32);
    let (right, bottom) = (pixel(b.x1, image.width).ceil() as u32, pixel(b.y1, image.height).ceil() as u32);
    if left >= right || top >= bottom {
        return None;
    }
    let (width, height) = (right - left + 2 * MARGIN, bottom - top + 2 * MARGIN);
    let mut pixels = vec![255; width as usize * height as usize];
    for row in top..bottom {
        let from = row as usize * image.width as usize;
        let to = (row - top + MARGIN) as usize * width as usize + MARGIN as usize;
        let line = image.pixels.get(from + left as usize..from + right as usize)?;
        pixels[to..to + line.len()].copy_from_slice(line);
    }
    Some(Cut { left, top, width, height, dpi: image.dpi, pixels })
}

/// Text, confidence and metadata of a part that was read.
pub(super) fn read_of_crop(
    read: &Recognised,
    image: &Image,
    cut: &Cut,
) -> (Option<String>, Option<f64>, Map<String, Value>) {
    let mut place = Place::of(image);
    place.offset = (i64::from(cut.left) - i64::from(MARGIN), i64::from(cut.top) - i64::from(MARGIN));
    let contents: Vec<String> = read.paragraphs.iter().map(Paragraph::content).collect();
    let lines = read.paragraphs.iter().flat_map(|paragraph| &paragraph.lines);
    let lines: Vec<Value> = lines.map(|line| place.line(line)).collect();
    let content = (!contents.is_empty()).then(|| without_nul(&contents.join("\n")));
    (content, read.confidence().map(rounded), Map::from_iter([("lines".to_owned(), Value::Array(lines))]))
}

/// From pixels to the canonical frame.
struct Place {
    /// Where the picture begins on the page.
    offset: (i64, i64),
    dpi: f64,
    width: f64,
    height: f64,
    frame: String,
}

impl Place {
    fn of(image: &Image) -> Self {
        let frame = Frame::Pixels(image.dpi).to_string();
        let (width, height) = (image.page_width, image.page_height);
        Self { offset: (0, 0), dpi: image.dpi, width, height, frame }
    }

    /// Half a pixel of rounding may lie beyond the page.
    fn points(&self, pixels: PixelBox) -> BoundingBox {
        // To a thousandth of a point: a pixel is no finer, and a box of words is short.
        #[allow(clippy::cast_precision_loss, reason = "pictures have fewer pixels than 2^52 on a side")]
        let point = |pixel: u32, offset: i64, most: f64| {
            let pixel = (i64::from(pixel) + offset) as f64;
            ((pixel * 72_000.0 / self.dpi).round() / 1000.0).clamp(0.0, most)
        };
        let (across, down) = self.offset;
        BoundingBox {
            x0: point(pixels.x0, across, self.width),
            y0: point(pixels.y0, down, self.height),
            x1: point(pixels.x1, across, self.width),
            y1: point(pixels.y1, down, self.height),
        }
    }

    fn is_image(&self, pixels: PixelBox) -> bool {
        let least = IMAGE_SIDE * self.dpi;
        f64::from(pixels.x1 - pixels.x0) >= least && f64::from(pixels.y1 - pixels.y0) >= least
    }

    fn picture(&self, pixels: PixelBox) -> Option<NewZone> {
        Some(NewZone { source: Some(self.source(pixels)), ..blank("picture", self.points(pixels), 0)? })
    }

    fn text(&self, paragraph: &Paragraph) -> Option<NewZone> {
        let lines: Vec<Value> = paragraph.lines.iter().map(|line| self.line(line)).collect();
        let zone = blank("text", self.points(paragraph.bbox), paragraph.rotation())?;
        Some(NewZone {
            content: Some(without_nul(&paragraph.content())),
            confidence: Some(rounded(paragraph.confidence())),
            source: Some(self.source(paragraph.bbox)),
            metadata: Map::from_iter([("lines".to_owned(), Value::Array(lines))]),
            ..zone
        })
    }

    fn line(&self, line: &Line) -> Value {
        let words = line.words.iter().map(|word| {
            let confidence = rounded(word.confidence / 100.0);
            json!({ "text": without_nul(&word.text), "box": self.corners(word.bbox), "confidence": confidence })
        });
        json!({
            "box": self.corners(line.bbox), "confidence": rounded(line.confidence()),
            "words": words.collect::<Vec<_>>(),
        })
    }

    fn corners(&self, pixels: PixelBox) -> [f64; 4] {
        let b = self.points(pixels);
        [b.x0, b.y0, b.x1, b.y1]
    }

    fn source(&self, pixels: PixelBox) -> Value {
        let PixelBox { x0, y0, x1, y1 } = pixels;
        json!({ "frame": self.frame, "coordinates": { "x0": x0, "y0": y0, "x1": x1, "y1": y1 } })
    }
}

/// Whole milliseconds.
pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// What is more exact than that is no confidence.
fn rounded(confidence: f64) -> f64 {
    (confidence * 10_000.0).round() / 10_000.0
}

/// A finding of a tool at this place, on no page yet.
fn blank(zone_type: &str, bounding_box: BoundingBox, rotation: u16) -> Option<NewZone> {
    let rotation = match rotation {
        0 => None,
        270 => Some(-90.0),
        turned => Some(f64::from(turned)),
    };
    let coordinates = Coordinates { rotation, ..Coordinates::from(bounding_box.checked().ok()?) };
    Some(NewZone {
        id: ZoneId::new(),
        zone_index: 0,
        page_number: 1,
        zone_type: zone_type.to_owned(),
        coordinates: Some(coordinates),
        content: None,
        confidence: None,
        status: ZoneStatus::Completed,
        label: None,
        external_id: None,
        parent_id: None,
        language: None,
        source: None,
        metadata: Map::new(),
    })
}

/// What is more than a page may hold is left out.
fn numbered(zones: impl IntoIterator<Item = NewZone>, page_number: u32) -> Vec<NewZone> {
    let page_number = i32::try_from(page_number).unwrap_or(i32::MAX);
    let first = i64::from(page_number - 1) * i64::from(ZONES_PER_PAGE);
    let indexes = (first..first + i64::from(ZONES_PER_PAGE)).map_while(|index| i32::try_from(index).ok());
    zones
        .into_iter()
        .zip(indexes)
        .map(|(zone, zone_index)| NewZone { zone_index, page_number, ..zone })
        .collect()
}
