//! Real documents, where they are at hand.

use std::fs;
use std::path::{Path, PathBuf};

/// A folder of the corpus, or `None` after saying that this test is skipped.
pub fn folder(test: &str, name: &str) -> Option<PathBuf> {
    let beside_the_checkout = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let corpus = std::env::var_os("COLOPHON_CORPUS").map_or_else(beside_the_checkout, PathBuf::from);
    let folder = corpus.join(name);
    if folder.is_dir() {
        return Some(fs::canonicalize(folder).unwrap());
    }
    let reason = "the corpus is not at hand; COLOPHON_CORPUS says where it is";
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{test} must not be skipped here: {reason}");
    println!("skipped: {test} ({reason})");
    None
}

/// Every PDF below a folder.
pub fn pdfs(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(pdfs(&path));
        } else if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("pdf")) {
            found.push(path);
        }
    }
    found
}
