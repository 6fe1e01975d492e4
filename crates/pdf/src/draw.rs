//! Pages as they look. Runs in the child.

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use hayro::hayro_interpret::InterpreterSettings;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::vello_cpu::{Pixmap, RasterizerSettings, RenderContext, Resources, TargetInit};
use hayro::{RenderCache, RenderSettings, render_into};
use hayro_syntax::page::{Page, Pages};
use kurbo::Affine;

use crate::child::Answer;
use crate::protocol::{ImageHead, Message};
use crate::read::{PageNode, PageTree, open_for_text};
use crate::types::{FailureCode, Image, PageFailure};

/// No picture is longer on a side: more than this is beyond what programs that read pictures take.
const MAX_SIDE: f64 = 32_000.0;

/// Points in an inch.
const POINTS: f64 = 72.0;

/// How pages are wanted.
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) most: usize,
    pub(crate) dpi: f64,
    pub(crate) pixels: u64,
}

/// Answers with the first of the wanted pages.
pub(crate) fn draw(
    bytes: Vec<u8>,
    max_pages: u32,
    ranges: Option<&[(u32, u32)]>,
    wanted: Wanted,
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
    let mut cache = RenderCache::new();
    let everything = [(1, page_count)];
    let pages = ranges.unwrap_or(&everything).iter().flat_map(|(first, last)| *first..=*last);
    for page in pages.take(wanted.most) {
        out.say_now(&Message::Begin { page })?;
        let started = Instant::now();
        let index = usize::try_from(page).unwrap_or(usize::MAX).wrapping_sub(1);
        let drawn = match tree.pages.get(index) {
            None => {
                Err(failure(FailureCode::NoSuchPage, format!("the document has {} pages", tree.pages.len())))
            }
            Some(node) => catch_unwind(AssertUnwindSafe(|| {
                let drawable = drawable(node, index, &tree, pdf.pages())?;
                Ok(image(node, drawable, &cache, wanted))
            }))
            .unwrap_or_else(|_panic| {
                // What it left behind is not to be relied on.
                cache = RenderCache::new();
                Err(failure(FailureCode::Crashed, "drawing this page broke off".into()))
            }),
        };
        let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        let head = drawn.as_ref().map_err(Clone::clone).map(|image| ImageHead {
            width: image.width,
            height: image.height,
            dpi: image.dpi,
            page_width: image.page_width,
            page_height: image.page_height,
        });
        out.say_now(&Message::Image { page, micros, image: head })?;
        if let Ok(image) = drawn {
            out.bytes(&image.pixels)?;
        }
    }
    out.say(&Message::End)
}

fn failure(code: FailureCode, reason: String) -> PageFailure {
    PageFailure { code, reason }
}

/// The library's own idea of this page. It lists a page once that the tree names twice, so that places may differ.
fn drawable<'p, 'a>(
    node: &PageNode<'a>,
    index: usize,
    tree: &PageTree<'a>,
    pages: &'p Pages<'a>,
) -> Result<&'p Page<'a>, PageFailure> {
    let same = |page: &&Page<'_>| page.raw().obj_id() == node.dict.obj_id();
    let by_name = node.dict.obj_id().and_then(|_| pages.iter().find(same));
    let by_place = || if pages.len() == tree.pages.len() { pages.get(index) } else { None };
    by_name.or_else(by_place).ok_or_else(|| {
        failure(
            FailureCode::Damaged,
            "the page lies in the damaged page tree where it cannot be drawn".into(),
        )
    })
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "sides are between 1 and MAX_SIDE"
)]
fn image<'a>(node: &PageNode<'a>, page: &'a Page<'a>, cache: &RenderCache<'a>, wanted: Wanted) -> Image {
    let (width, height) = node.frame.size();
    let dpi = wanted
        .dpi
        .min(POINTS * (wanted.pixels as f64 / (width * height)).sqrt())
        .min(POINTS * MAX_SIDE / width.max(height));
    let scale = dpi / POINTS;
    let side = |points: f64| (points * scale).round().clamp(1.0, MAX_SIDE) as u16;
    let mut context = RenderContext::new(side(width), side(height));
    let transform = Affine::scale(scale) * node.frame.transform();
    let settings = InterpreterSettings::default();
    render_into(page, cache, &settings, &RenderSettings::default(), &mut context, transform);
    context.flush();
    let mut pixmap = Pixmap::new(context.width(), context.height());
    let white = RasterizerSettings { target_init: TargetInit::Clear(WHITE), ..RasterizerSettings::default() };
    context.render_with(&mut pixmap, &mut Resources::default(), white);
    let grey = |[red, green, blue]: [u8; 3]| {
        ((u32::from(red) * 77 + u32::from(green) * 150 + u32::from(blue) * 29) >> 8) as u8
    };
    let pixels = pixmap.data().iter().map(|pixel| grey([pixel.r, pixel.g, pixel.b])).collect();
    Image {
        width: u32::from(pixmap.width()),
        height: u32::from(pixmap.height()),
        dpi,
        page_width: width,
        page_height: height,
        pixels,
    }
}
