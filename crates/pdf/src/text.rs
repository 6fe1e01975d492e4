//! Reading the text layer, page by page. Runs in the child.

mod annotations;
mod content;
mod font;
mod interpret;
mod layers;
mod marked;
mod path;
mod show;
mod state;

use std::collections::HashMap;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use hayro_syntax::object::{Array, Dict, Object, Stream};
use hayro_syntax::page::Resources;
use kurbo::Rect;

pub(crate) use content::{Content, Glyph};

use crate::child::Answer;
use crate::layout::{self, Sheet};
use crate::protocol::Message;
use crate::read::{PageNode, PageTree, open_for_text};
use crate::types::{FailureCode, PageFailure, TextLayer, TextZone};

/// How many pages before and after are looked at to tell running heads and feet.
const NEIGHBOURS: u32 = 2;

/// Text of one page beyond this is not a page.
const MAX_PAGE_BYTES: usize = 32 << 20;

/// Answers with the text of the wanted pages.
pub(crate) fn read(
    bytes: Vec<u8>,
    max_pages: u32,
    ranges: Option<&[(u32, u32)]>,
    avoid: &[u32],
    out: &mut Answer<impl Write>,
) -> io::Result<()> {
    let pdf = match open_for_text(bytes) {
        Ok(pdf) => pdf,
        Err((code, reason)) => return out.say_now(&Message::Refused { code, reason }),
    };
    let tree = match PageTree::walk(&pdf, max_pages) {
        Ok(tree) => tree,
        Err(reason) => return out.say_now(&Message::Refused { code: FailureCode::Damaged, reason }),
    };
    let page_count = u32::try_from(tree.pages.len()).unwrap_or(u32::MAX);
    out.say_now(&Message::Opened { page_count })?;
    let shared = interpret::Shared {
        fonts: font::Fonts::new(),
        layers: layers::Layers::of(&pdf),
        known: HashMap::new(),
    };
    let mut window = Window { pages: &tree.pages, shared, sheets: HashMap::new(), avoid };
    let everything = [(1, page_count)];
    for page in ranges.unwrap_or(&everything).iter().flat_map(|(first, last)| *first..=*last) {
        let started = Instant::now();
        let zones = window.zones(page, out)?;
        let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        let layer = window.layer(page);
        out.say_now(&Message::Text { page, micros, zones, layer })?;
    }
    out.say(&Message::End)
}

/// The pages around the one being read.
struct Window<'a, 't> {
    pages: &'t [PageNode<'a>],
    shared: interpret::Shared<'a>,
    sheets: HashMap<u32, Result<Sheet, PageFailure>>,
    avoid: &'t [u32],
}

impl Window<'_, '_> {
    fn zones(
        &mut self,
        page: u32,
        out: &mut Answer<impl Write>,
    ) -> io::Result<Result<Vec<TextZone>, PageFailure>> {
        let near = page.saturating_sub(NEIGHBOURS).max(1)..=page.saturating_add(NEIGHBOURS);
        self.sheets.retain(|number, _| near.contains(number));
        for number in std::iter::once(page).chain(near.clone()) {
            self.lay_out(number, out)?;
        }
        let sheet = match self.sheets.get(&page) {
            Some(Ok(sheet)) => sheet,
            Some(Err(failure)) => return Ok(Err(failure.clone())),
            None => {
                let reason = format!("the document has {} pages", self.pages.len());
                return Ok(Err(PageFailure { code: FailureCode::NoSuchPage, reason }));
            }
        };
        let others = near.filter(|number| *number != page);
        let others: Vec<&Sheet> =
            others.filter_map(|number| self.sheets.get(&number)?.as_ref().ok()).collect();
        let zones = layout::zones(sheet, &others, page == 1);
        let bytes: usize = zones.iter().map(|zone| zone.content.len()).sum();
        Ok(if bytes > MAX_PAGE_BYTES { Err(too_much()) } else { Ok(zones) })
    }

    /// What the text of a page is like that was read already.
    fn layer(&self, page: u32) -> TextLayer {
        let sheet = self.sheets.get(&page).and_then(|sheet| sheet.as_ref().ok());
        sheet.map(Sheet::layer).unwrap_or_default()
    }

    /// Reads a page once, if there is one. The parent hears of it first, so that it knows whom to blame.
    fn lay_out(&mut self, number: u32, out: &mut Answer<impl Write>) -> io::Result<()> {
        let index = usize::try_from(number).unwrap_or(usize::MAX).wrapping_sub(1);
        let Some(page) = self.pages.get(index) else { return Ok(()) };
        if self.sheets.contains_key(&number) || self.avoid.contains(&number) {
            return Ok(());
        }
        out.say_now(&Message::Begin { page: number })?;
        let shared = &mut self.shared;
        let sheet = catch_unwind(AssertUnwindSafe(|| sheet(page, shared))).unwrap_or_else(|_panic| {
            Err(PageFailure {
                code: FailureCode::Crashed,
                reason: "the reader broke off on this page".into(),
            })
        });
        self.sheets.insert(number, sheet);
        Ok(())
    }
}

fn sheet<'a>(page: &PageNode<'a>, shared: &mut interpret::Shared<'a>) -> Result<Sheet, PageFailure> {
    let resources = Resources::new(page.resources.clone());
    let (width, height) = page.frame.size();
    let whole = Rect::new(0.0, 0.0, width, height);
    let mut interpreter = interpret::Interpreter::new(shared, page.frame.transform(), whole);
    let bytes = contents(&page.dict);
    interpreter.run(&bytes, &resources);
    annotations::run(&page.dict, &resources, &mut interpreter);
    let content = std::mem::take(&mut interpreter.content);
    if content.overflow { Err(too_much()) } else { Ok(Sheet::new(content, whole)) }
}

/// The page's content streams as one. A stream that cannot be decoded is left out, as other readers do.
fn contents(page: &Dict<'_>) -> Vec<u8> {
    let streams: Vec<Stream<'_>> = match page.get::<Object<'_>>("Contents") {
        Some(Object::Stream(stream)) => vec![stream],
        Some(Object::Array(array)) => streams(&array),
        _ => Vec::new(),
    };
    let mut whole = Vec::new();
    for stream in streams {
        if let Ok(bytes) = stream.decoded_data() {
            whole.extend_from_slice(&bytes);
            whole.push(b'\n');
        }
    }
    whole
}

fn streams<'a>(array: &Array<'a>) -> Vec<Stream<'a>> {
    array.iter::<Object<'_>>().filter_map(Object::into_stream).collect()
}

fn too_much() -> PageFailure {
    PageFailure {
        code: FailureCode::TooMuchOutput,
        reason: "the page holds more than is read from one page".into(),
    }
}
