//! Real documents, many damaged or protected. Skipped by name where they are not at hand; with `CI=true` that fails.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use colophon_pdf::{FailureCode, Inspection, Limits, Outcome, PageSelection, PageText};

use crate::child;

/// The folder of PDFs, or `None` after saying that this test is skipped.
fn corpus(test: &str) -> Option<PathBuf> {
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

fn files(folder: &Path) -> Vec<PathBuf> {
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
