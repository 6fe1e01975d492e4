//! Pages as they look.

use std::fs::File;

use colophon_pdf::{BBox, Drawing, FailureCode, Image, Limits, PageImage, PageSelection};

use crate::build::{Build, deflated_zeros, lines};
use crate::corpus::{corpus, files};
use crate::{child, file, read};

async fn draw_file(file: File, drawing: Drawing, limits: &Limits, pages: PageSelection) -> Vec<PageImage> {
    let mut reader = colophon_pdf::draw_pages(&child(), file, limits, pages, drawing).await.unwrap();
    let mut drawn = Vec::new();
    while let Some(page) = reader.next().await.unwrap() {
        drawn.push(page);
    }
    drawn
}

async fn draw(bytes: &[u8], dpi: f64) -> Vec<PageImage> {
    let drawing = Drawing { dpi, ..Drawing::default() };
    draw_file(file(bytes), drawing, &Limits::default(), PageSelection::All).await
}

/// The box around everything dark, in points.
#[allow(clippy::cast_precision_loss, reason = "pages of the tests are small")]
fn ink(image: &Image) -> Option<BBox> {
    let width = image.width as usize;
    let dark = image
        .pixels
        .iter()
        .enumerate()
        .filter(|(_, grey)| **grey < 128)
        .map(|(at, _)| (at % width, at / width));
    let scale = 72.0 / image.dpi;
    dark.fold(None, |found: Option<BBox>, (x, y)| {
        let (x, y) = (x as f64 * scale, y as f64 * scale);
        let b = found.unwrap_or(BBox { x0: x, y0: y, x1: x, y1: y });
        Some(BBox { x0: b.x0.min(x), y0: b.y0.min(y), x1: b.x1.max(x + scale), y1: b.y1.max(y + scale) })
    })
}

#[tokio::test]
async fn ink_lies_where_the_text_layer_says_whatever_the_frame_of_the_page() {
    let text = lines(&[("F", 24.0, 150.0, 300.0, "Here it stands")]);
    let bytes = Build::new()
        .page(&text, "")
        .page(&text, "/Rotate 90")
        .page(&text, "/Rotate 180 /CropBox [100 200 500 700]")
        .page(&text, "/MediaBox [-50 -20 450 600] /Rotate -90 /UserUnit 1.5")
        .bytes();
    let zones = read(&bytes, PageSelection::All).await;
    for (page, text) in draw(&bytes, 144.0).await.into_iter().zip(zones) {
        let image = page.outcome.unwrap();
        let sides = (f64::from(image.width) * 72.0 / image.dpi, f64::from(image.height) * 72.0 / image.dpi);
        assert!(
            (sides.0 - image.page_width).abs() < 0.5 && (sides.1 - image.page_height).abs() < 0.5,
            "{image:?}"
        );
        let ink = ink(&image).unwrap();
        let zone = text.outcome.unwrap()[0].bbox;
        let within = zone.x0 - 1.0 <= ink.x0
            && zone.y0 - 1.0 <= ink.y0
            && ink.x1 <= zone.x1 + 1.0
            && ink.y1 <= zone.y1 + 1.0;
        assert!(within, "page {}: ink {ink:?}, zone {zone:?}", page.page_number);
        let share = (ink.x1 - ink.x0) * (ink.y1 - ink.y0) / ((zone.x1 - zone.x0) * (zone.y1 - zone.y0));
        assert!(share > 0.5, "page {}: ink {ink:?}, zone {zone:?}", page.page_number);
    }
}

#[tokio::test]
async fn a_page_that_is_too_large_is_drawn_coarser() {
    let bytes =
        Build::new().page("", "/MediaBox [0 0 14400 14400]").page("", "/MediaBox [0 0 5000000 10]").bytes();
    for page in draw(&bytes, 600.0).await {
        let image = page.outcome.unwrap();
        assert!(
            u64::from(image.width) * u64::from(image.height) < 41_000_000 && image.dpi < 600.0,
            "{image:?}"
        );
        assert_eq!(image.pixels.len(), image.width as usize * image.height as usize);
    }
}

#[tokio::test]
async fn a_page_that_cannot_be_drawn_does_not_lose_the_others() {
    let mut build = Build::new().page(&lines(&[("F", 12.0, 50.0, 700.0, "First")]), "");
    let bomb = build.stream("/Filter /FlateDecode", &deflated_zeros(400));
    build.page_of(bomb, "");
    let bytes = build.page(&lines(&[("F", 12.0, 50.0, 700.0, "Third")]), "").bytes();
    let limits = Limits { memory_bytes: 256 << 20, ..Limits::default() };
    let drawing = Drawing { dpi: 72.0, ..Drawing::default() };
    let pages = draw_file(file(&bytes), drawing, &limits, PageSelection::List(vec![1, 2, 3, 9])).await;
    let codes: Vec<_> =
        pages.iter().map(|page| page.outcome.as_ref().err().map(|failure| failure.code)).collect();
    assert_eq!(codes[0], None);
    assert_eq!(codes[1], Some(FailureCode::OutOfMemory));
    assert_eq!((codes[2], codes[3]), (None, Some(FailureCode::NoSuchPage)));
}

#[tokio::test]
async fn a_document_longer_than_one_child_draws_is_drawn_to_its_end() {
    let mut build = Build::new();
    for _ in 0..70 {
        build = build.page("", "/MediaBox [0 0 10 10]");
    }
    let pages = draw(&build.bytes(), 72.0).await;
    let numbers: Vec<u32> = pages.iter().map(|page| page.page_number).collect();
    assert_eq!(numbers, (1..=70).collect::<Vec<u32>>());
    assert!(pages.iter().all(|page| page.outcome.is_ok()));
}

/// What is protected or damaged says so; every page that text is read of is drawn.
#[tokio::test]
async fn every_page_of_the_corpus_is_drawn_or_says_why_not() {
    let Some(folder) = corpus("every_page_of_the_corpus_is_drawn_or_says_why_not") else { return };
    let (mut drawn, mut failed) = (0, Vec::new());
    for path in files(&folder) {
        let drawing = Drawing { dpi: 72.0, ..Drawing::default() };
        let pages =
            draw_file(File::open(&path).unwrap(), drawing, &Limits::default(), PageSelection::Range(1, 3))
                .await;
        for page in pages {
            match page.outcome {
                Ok(image) => {
                    assert_eq!(image.pixels.len(), image.width as usize * image.height as usize);
                    drawn += 1;
                }
                Err(failure)
                    if matches!(failure.code, FailureCode::NoSuchPage | FailureCode::PasswordRequired) => {}
                Err(failure) => failed.push((path.clone(), page.page_number, failure)),
            }
        }
    }
    println!("{drawn} pages drawn; {failed:#?}");
    let broken: Vec<_> = failed.iter().filter(|(.., failure)| failure.code != FailureCode::Damaged).collect();
    assert!(drawn > 300 && broken.is_empty(), "{drawn} pages drawn; {broken:#?}");
}
