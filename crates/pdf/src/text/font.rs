//! Fonts as far as text needs them: widths, Unicode, weight. Outlines are never drawn.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use hayro_cmap::{BfString, CMap, CMapName, CidFamily};
use hayro_font::{CMapResolverFn, Font, FontCache, FontGlyph, FontQuery, FontResolverFn, StandardFont};
use hayro_syntax::object::{Array, Dict, Name, Number, Object, Stream, String as PdfString};
use kurbo::Vec2;
use skrifa::{FontRef, MetadataProvider};

/// The fonts of one document, each read once.
pub(super) struct Fonts<'a> {
    cache: FontCache<'a>,
    programs: FontResolverFn,
    cmaps: CMapResolverFn,
}

impl<'a> Fonts<'a> {
    pub(super) fn new() -> Self {
        Self {
            cache: FontCache::new(),
            programs: Arc::new(|query| {
                Some(match query {
                    FontQuery::Standard(font) => font.get_font_data(),
                    FontQuery::Fallback(query) => query.pick_standard_font().get_font_data(),
                })
            }),
            cmaps: Arc::new(hayro_cmap::load_embedded),
        }
    }

    /// The font a dictionary describes; text in a font beyond understanding is read as Helvetica.
    pub(super) fn font(&self, dict: &Dict<'a>) -> Option<Rc<TextFont<'a>>> {
        let font = self.cache.font(dict, &self.programs, &self.cmaps);
        let font = font.or_else(|| self.cache.standard_font(StandardFont::Helvetica, &self.programs))?;
        Some(Rc::new(TextFont::new(font, dict)))
    }
}

/// What one character code stands for.
#[derive(Clone)]
pub(super) struct Code {
    pub(super) text: Rc<str>,
    /// Advance in text space for size 1.
    pub(super) advance: Vec2,
    /// From the origin of the code to the origin of the glyph, for vertical writing.
    pub(super) displacement: Vec2,
}

pub(super) struct TextFont<'a> {
    font: Font<'a>,
    cids: Option<Cids>,
    /// `ToUnicode` says by name that codes are Unicode already.
    identity: bool,
    /// The way back from glyphs of an embedded font to characters, made when it is first needed.
    characters: OnceCell<HashMap<u32, char>>,
    codes: RefCell<HashMap<u32, Code>>,
    pub(super) bold: bool,
    pub(super) ascent: f64,
    pub(super) descent: f64,
    /// Height of a line for size 1: 1.0, except for Type 3 fonts with a matrix of their own.
    pub(super) em: f64,
}

impl<'a> TextFont<'a> {
    fn new(font: Font<'a>, dict: &Dict<'a>) -> Self {
        let kind = dict.get::<Name<'_>>("Subtype");
        let kind = kind.as_ref().map_or(&b""[..], |name| name.as_ref());
        let descendant =
            dict.get::<Array<'_>>("DescendantFonts").and_then(|fonts| fonts.iter::<Dict<'_>>().next());
        let descriptor =
            descendant.as_ref().unwrap_or(dict).get::<Dict<'_>>("FontDescriptor").unwrap_or_default();
        let (ascent, descent, em) = match kind {
            b"Type3" => type3_metrics(dict),
            _ => (
                vertical(&descriptor, "Ascent", 0.8, 0.5, 1.1),
                -vertical(&descriptor, "Descent", 0.2, 0.05, 0.5),
                1.0,
            ),
        };
        Self {
            font,
            cids: descendant.and_then(|descendant| Cids::new(dict, &descendant)),
            codes: RefCell::default(),
            identity: kind == b"Type0"
                && dict.get::<Name<'_>>("ToUnicode").is_some_and(|name| name.starts_with(b"Identity")),
            characters: OnceCell::new(),
            bold: is_bold(dict, &descriptor),
            ascent,
            descent,
            em,
        }
    }

    pub(super) fn is_horizontal(&self) -> bool {
        self.font.is_horizontal()
    }

    /// The next code of a string and how many bytes it takes.
    pub(super) fn next(&self, bytes: &[u8], at: usize) -> (u32, usize) {
        self.font.read_code(bytes, at)
    }

    pub(super) fn code(&self, code: u32) -> Code {
        if let Some(known) = self.codes.borrow().get(&code) {
            return known.clone();
        }
        let found = Code {
            text: self.unicode(code).into(),
            advance: self.font.code_advance(code) / 1000.0,
            displacement: self.font.origin_displacement(code) / 1000.0,
        };
        self.codes.borrow_mut().insert(code, found.clone());
        found
    }

    fn unicode(&self, code: u32) -> String {
        let glyph = self.font.glyph(self.font.map_code(code), code);
        let found = match &glyph {
            FontGlyph::Outline(glyph) => glyph.as_unicode(),
            FontGlyph::Type3(glyph) => glyph.as_unicode(),
        };
        let found = found.filter(|found| !matches!(found, BfString::Char('\0')));
        let named = || char::from_u32(code).filter(|_| self.identity).map(BfString::Char);
        let found = found.or_else(named).or_else(|| self.cids.as_ref()?.unicode(code));
        match found.or_else(|| self.character(&glyph)) {
            Some(BfString::Char(char)) => char.to_string(),
            Some(BfString::String(text)) => text,
            None => String::new(),
        }
    }

    /// The character for which an embedded font has this glyph: the last resort for a font that keeps its encoding
    /// to itself.
    fn character(&self, glyph: &FontGlyph<'_>) -> Option<BfString> {
        let FontGlyph::Outline(glyph) = glyph else { return None };
        let characters = self.characters.get_or_init(|| {
            let program = glyph.font_data();
            let program = program.as_ref().and_then(|font| FontRef::new(font.data.as_ref().as_ref()).ok());
            let mut characters = HashMap::new();
            for (char, id) in program.iter().flat_map(|program| program.charmap().mappings()) {
                if let Some(char) = char::from_u32(char).filter(|char| !is_private(*char)) {
                    characters.entry(id.to_u32()).or_insert(char);
                }
            }
            characters
        });
        characters.get(&glyph.glyph_id().to_u32()).copied().map(BfString::Char)
    }
}

fn is_private(char: char) -> bool {
    matches!(char, '\u{E000}'..='\u{F8FF}')
}

/// The way from a code to Unicode through the character collections of Chinese, Japanese and Korean.
struct Cids {
    encoding: CMap,
    to_unicode: CMap,
}

impl Cids {
    fn new(dict: &Dict<'_>, descendant: &Dict<'_>) -> Option<Self> {
        let encoding = match dict.get::<Object<'_>>("Encoding")? {
            Object::Name(name) => load(CMapName::from_bytes(name.as_ref()))?,
            Object::Stream(stream) => CMap::parse(&stream.decoded_data().ok()?, hayro_cmap::load_embedded)?,
            _ => return None,
        };
        let named =
            encoding.metadata().character_collection.as_ref().map(|collection| collection.family.clone());
        let family =
            named.filter(|family| *family != CidFamily::AdobeIdentity).or_else(|| family(descendant))?;
        Some(Self { encoding, to_unicode: load(family.ucs2_cmap()?)? })
    }

    fn unicode(&self, code: u32) -> Option<BfString> {
        let cid = (1..=4).find_map(|length| self.encoding.lookup_cid_code(code, length))?;
        self.to_unicode.lookup_bf_string(cid)
    }
}

fn load(name: CMapName<'_>) -> Option<CMap> {
    match name {
        CMapName::IdentityH => Some(CMap::identity_h()),
        CMapName::IdentityV => Some(CMap::identity_v()),
        _ => CMap::parse(hayro_cmap::load_embedded(name)?, hayro_cmap::load_embedded),
    }
}

fn family(descendant: &Dict<'_>) -> Option<CidFamily> {
    let info = descendant.get::<Dict<'_>>("CIDSystemInfo")?;
    let registry = info.get::<PdfString<'_>>("Registry")?;
    let ordering = info.get::<PdfString<'_>>("Ordering")?;
    Some(CidFamily::from_registry_ordering(registry.as_bytes(), ordering.as_bytes()))
}

fn is_bold(dict: &Dict<'_>, descriptor: &Dict<'_>) -> bool {
    let name =
        dict.get::<Name<'_>>("BaseFont").map(|name| name.as_str().to_ascii_lowercase()).unwrap_or_default();
    ["bold", "black", "heavy", "demi", "cmbx"].iter().any(|word| name.contains(word))
        || ["-medi", "-medita"].iter().any(|end| name.ends_with(end))
        || descriptor.get::<f64>("FontWeight").is_some_and(|weight| weight >= 600.0)
        || descriptor.get::<u32>("Flags").is_some_and(|flags| flags & (1 << 18) != 0)
}

/// A vertical measure from a descriptor, in em, kept within what fonts really have.
fn vertical(descriptor: &Dict<'_>, key: &str, default: f64, least: f64, most: f64) -> f64 {
    let given = descriptor.get::<f64>(key).map(|value| value.abs() / 1000.0);
    given.filter(|value| (least..=most).contains(value)).unwrap_or(default)
}

/// Ascent, descent and line height of a Type 3 font, whose units are its own.
fn type3_metrics(dict: &Dict<'_>) -> (f64, f64, f64) {
    let matrix = dict.get::<[f64; 6]>("FontMatrix").unwrap_or([0.001, 0.0, 0.0, 0.001, 0.0, 0.0]);
    let bbox = dict.get::<[f64; 4]>("FontBBox").unwrap_or_default();
    let (low, high) = (bbox[1] * matrix[3], bbox[3] * matrix[3]);
    let (low, high) = (low.min(high), low.max(high));
    let height = high - low;
    if height.is_finite() && height > 1e-6 {
        (high.max(height * 0.5), low.min(0.0), height)
    } else {
        let em = (matrix[3] * 1000.0).abs();
        let em = if em.is_finite() && em > 1e-6 { em } else { 1.0 };
        (0.8 * em, -0.2 * em, em)
    }
}

/// Whether a stream is what its `Subtype` should say.
pub(super) fn is_subtype(stream: &Stream<'_>, name: &[u8]) -> bool {
    stream.dict().get::<Name<'_>>("Subtype").is_some_and(|found| found.as_ref() == name)
}

/// The numbers of an operator as they are wanted for geometry.
pub(super) fn numbers<const N: usize>(numbers: [Number; N]) -> [f64; N] {
    numbers.map(|number| number.as_f64())
}
