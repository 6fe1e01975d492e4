//! Real documents, many damaged or protected. Skipped by name where they are not at hand; with `CI=true` that fails.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use colophon_domain::geometry::{Frame, OutsideThePage, Pages, Shape, coordinates_in};
use colophon_domain::{BoundingBox, PageFrame};
use colophon_pdf::{FailureCode, Inspection, Limits, Outcome, PageSelection, PageText};

use crate::child;

/// The folder of PDFs, or `None` after saying that this test is skipped.
pub fn corpus(test: &str) -> Option<PathBuf> {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let folder = std::env::var_os("COLOPHON_CORPUS").map_or_else(default, PathBuf::from).join("pdf");
    if folder.is_dir() {
        return Some(folder);
    }
    skip(test, "the corpus is not at hand (COLOPHON_CORPUS)");
    None
}

fn skip(test: &str, why: &str) {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{test} cannot be skipped here: {why}");
    println!("skipped: {test}: {why}");
}

pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in folder.read_dir().unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            files.extend(self::files(&entry));
        } else if entry.extension().is_some_and(|extension| extension == "pdf") {
            files.push(entry);
        }
    }
    files.sort();
    files
}

async fn read(path: &Path) -> (Inspection, Vec<PageText>) {
    let limits = Limits::default();
    let found = colophon_pdf::inspect(&child(), File::open(path).unwrap(), &limits).await.unwrap();
    let mut pages = Vec::new();
    if found.outcome == Outcome::Readable {
        let file = File::open(path).unwrap();
        let mut reader = colophon_pdf::read_text(&child(), file, &limits, PageSelection::All).await.unwrap();
        while let Some(page) = reader.next().await.unwrap() {
            pages.push(page);
        }
    }
    (found, pages)
}

#[tokio::test]
async fn no_file_of_the_corpus_crashes_or_hangs_and_every_box_lies_on_its_page() {
    let Some(folder) = corpus("no_file_of_the_corpus_crashes") else { return };
    for path in files(&folder) {
        let (found, pages) = read(&path).await;
        let name = path.display();
        match &found.outcome {
            Outcome::Readable => assert_eq!(pages.len(), found.pages.len(), "{name}"),
            Outcome::Damaged { reason } | Outcome::NotPdf { reason } => {
                assert!(!reason.contains("broke off") && !reason.contains("longer than"), "{name}: {reason}");
            }
            Outcome::PasswordRequired => {
                assert!(found.encryption.is_some_and(|e| e.needs_password), "{name}");
            }
        }
        for (page, size) in pages.iter().zip(&found.pages) {
            match &page.outcome {
                Err(failure) => assert_eq!(failure.code, FailureCode::Damaged, "{name}: {failure:?}"),
                Ok(zones) => {
                    for b in zones.iter().map(|zone| zone.bbox) {
                        let ordered = 0.0 <= b.x0 && b.x0 < b.x1 && 0.0 <= b.y0 && b.y0 < b.y1;
                        assert!(
                            ordered && b.x1 <= size.width && b.y1 <= size.height,
                            "{name}: {b:?} {size:?}"
                        );
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn pages_and_encryption_are_what_the_makers_of_the_files_say() {
    let Some(folder) = corpus("pages_and_encryption") else { return };
    let expected = std::fs::read(folder.join("py-pdf/files.json")).unwrap();
    let expected: serde_json::Value = serde_json::from_slice(&expected).unwrap();
    let mut seen = 0;
    for entry in expected["data"].as_array().unwrap() {
        let path = folder.join("py-pdf").join(entry["path"].as_str().unwrap().replace('/', "__"));
        if !path.exists() {
            continue;
        }
        seen += 1;
        let (found, _) = read(&path).await;
        assert_eq!(found.encryption.is_some(), entry["encrypted"].as_bool().unwrap(), "{}", path.display());
        if let Some(pages) = entry["pages"].as_u64().filter(|_| found.outcome != Outcome::PasswordRequired) {
            assert_eq!(u64::from(found.page_count), pages, "{}: {:?}", path.display(), found.outcome);
        }
    }
    assert!(seen > 20);
}

#[tokio::test]
async fn what_pdftotext_finds_is_found() {
    let Some(folder) = corpus("what_pdftotext_finds_is_found") else { return };
    if Command::new("pdftotext").arg("-v").output().is_err() {
        return skip("what_pdftotext_finds_is_found", "pdftotext is not installed (package poppler-utils)");
    }
    let mut shares = Vec::new();
    for path in files(&folder) {
        let (_, pages) = read(&path).await;
        let zones = pages.iter().filter_map(|page| page.outcome.as_ref().ok()).flatten();
        let ours: Vec<&str> = zones.map(|zone| zone.content.as_str()).collect();
        // With this option it keeps hyphens at line ends, as zones do.
        let theirs = Command::new("pdftotext").args(["-q", "-layout"]).arg(&path).arg("-").output().unwrap();
        let wanted = words(&String::from_utf8_lossy(&theirs.stdout));
        let found = words(&ours.join("\n"));
        let total: usize = wanted.values().sum();
        let both: usize = wanted.iter().map(|(word, times)| times.min(found.get(word).unwrap_or(&0))).sum();
        shares.extend((1000 * both).checked_div(total));
    }
    shares.sort_unstable();
    assert!(shares.len() > 100);
    assert!(shares[shares.len() / 2] >= 990, "median {} of 1000", shares[shares.len() / 2]);
    assert!(shares[shares.len() / 10] >= 950, "tenth percentile {} of 1000", shares[shares.len() / 10]);
}

fn words(text: &str) -> HashMap<String, usize> {
    use unicode_normalization::UnicodeNormalization;
    let mut words = HashMap::new();
    for word in text.nfkc().collect::<String>().split_whitespace() {
        *words.entry(word.to_owned()).or_default() += 1;
    }
    words
}

/// Every frame leads there and back on every page of the corpus, the turned, cropped, shifted and scaled ones with it.
#[tokio::test]
#[allow(clippy::float_cmp, reason = "what the file says is compared as it says it")]
async fn a_place_on_a_real_page_is_the_same_in_every_frame() {
    let Some(folder) = corpus("a_place_on_a_real_page_is_the_same_in_every_frame") else { return };
    let frames = ["points", "points-bl", "pdf", "normalised", "percent", "px@300", "px@72"];
    let frames = frames.map(|frame| frame.parse::<Frame>().unwrap());
    let (mut pages, mut odd, mut worst) = (0, 0, 0.0_f64);
    for path in files(&folder) {
        let found =
            colophon_pdf::inspect(&child(), File::open(&path).unwrap(), &Limits::default()).await.unwrap();
        for page in &found.pages {
            let domain_page = colophon_domain::Page {
                page_number: 1,
                width: page.width,
                height: page.height,
                rotation: i16::try_from(page.rotation).unwrap(),
                mediabox: page.mediabox,
                cropbox: page.cropbox,
                user_unit: page.user_unit,
            };
            let made = PageFrame::new(page.mediabox, page.cropbox, page.rotation, page.user_unit);
            let (across, down) = (made.width() - page.width, made.height() - page.height);
            assert!(across.abs() <= 1e-9 && down.abs() <= 1e-9, "{}: {made:?} {page:?}", path.display());
            pages += 1;
            let plain = page.rotation == 0 && page.user_unit == 1.0 && page.mediabox[..2] == [0.0, 0.0];
            odd += usize::from(!plain || page.cropbox != page.mediabox);
            let (w, h) = (page.width, page.height);
            let b = BoundingBox { x0: w * 0.1, y0: h * 0.2, x1: w * 0.7, y1: h * 0.9 };
            let polygon = vec![[b.x0, b.y0], [b.x1, b.y0], [b.x1, b.y1], [b.x0 + w / 7.0, b.y1]];
            let shape = Shape { bounding_box: Some(b), polygon: Some(polygon), ..Shape::default() };
            let known: Pages = [&domain_page].into_iter().collect();
            let placed = shape.place(1, Frame::Points, &known, OutsideThePage::Refuse).unwrap();
            let there = placed.coordinates.unwrap();
            for frame in frames {
                let sent = coordinates_in(frame, &there, 1, &known).unwrap();
                let sent = Shape {
                    bounding_box: Some(sent.bounding_box),
                    polygon: sent.polygon,
                    ..Shape::default()
                };
                let back = sent.place(1, frame, &known, OutsideThePage::Refuse).unwrap().coordinates.unwrap();
                let (a, b) = (there.bounding_box, back.bounding_box);
                let corners = [a.x0 - b.x0, a.y0 - b.y0, a.x1 - b.x1, a.y1 - b.y1];
                let outline = there.polygon.iter().flatten().zip(back.polygon.iter().flatten());
                let outline = outline.flat_map(|(a, b)| [a[0] - b[0], a[1] - b[1]]);
                worst = corners.into_iter().chain(outline).fold(worst, |worst, by| worst.max(by.abs()));
            }
        }
    }
    println!(
        "{pages} pages, {odd} of them turned, cropped, shifted or scaled; at most {worst:e} points away"
    );
    assert!(pages > 0 && worst <= 1e-6, "{worst}");
}
