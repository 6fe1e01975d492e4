//! Every file of zones in the corpus: read, put into the frame of pages, counted.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use colophon_domain::Page;
use colophon_formats::import::{
    Converter, Event, Format, ImportError, ImportReport, Level, OnInvalid, Options, PreparedZone, detect,
    read,
};

/// The folder of zone files, or `None` after saying that this test is skipped.
pub fn folder(test: &str) -> Option<PathBuf> {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let folder = std::env::var_os("COLOPHON_CORPUS").map_or_else(default, PathBuf::from).join("zones");
    if folder.is_dir() {
        return Some(folder);
    }
    let why = "the corpus is not at hand (COLOPHON_CORPUS)";
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{test} cannot be skipped here: {why}");
    println!("skipped: {test}: {why}");
    None
}

pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// What came of a file.
pub struct Taken {
    pub report: ImportReport,
    pub zones: Vec<PreparedZone>,
    pub orders: usize,
    pub result: Result<(), ImportError>,
}

/// Reads bytes as a format, onto these pages.
pub fn take(bytes: &[u8], format: Format, options: &Options, pages: &[Page], on_invalid: OnInvalid) -> Taken {
    let mut report = ImportReport::default();
    let mut converter = Converter::new(format, pages, on_invalid);
    let (mut zones, mut orders) = (Vec::new(), 0);
    let result = read(std::io::Cursor::new(bytes), format, options, &mut report, &mut |event, report| {
        match event {
            Event::Page(page) => converter.page(page, report),
            Event::Zone(zone) => zones.extend(converter.zone(*zone, report)),
            Event::ReadingOrder(_) => orders += 1,
        }
        Ok(())
    });
    Taken { report, zones, orders, result }
}

/// Every zone that was given lies on its page and within it, and refers to what came before it or to nothing.
fn check(taken: &Taken, file: &Path) {
    let file = file.display();
    assert_eq!(taken.report.zones, taken.zones.len() as u64 + taken.report.refused, "{file}: none is lost");
    for prepared in &taken.zones {
        let zone = &prepared.zone;
        assert!(zone.page_number >= 1, "{file}");
        if let Some(coordinates) = &zone.coordinates {
            coordinates.bounding_box.checked().unwrap();
            assert!(coordinates.polygon.as_ref().is_none_or(|polygon| polygon.len() >= 3), "{file}");
        }
        assert!(zone.confidence.is_none_or(|confidence| (0.0..=1.0).contains(&confidence)), "{file}");
    }
}

#[test]
fn the_whole_corpus_is_read_and_counted() {
    let Some(folder) = folder("the_whole_corpus_is_read_and_counted") else { return };
    let mut summary = String::new();
    for name in ["alto", "page", "docling", "docling-core"] {
        let depths: &[Level] =
            if name.starts_with("docling") { &[Level::Line] } else { &[Level::Line, Level::Glyph] };
        for levels in depths.iter().copied() {
            let mut totals: BTreeMap<String, u64> = BTreeMap::new();
            let mut add = |key: String, count: u64| *totals.entry(key).or_default() += count;
            for path in files(&folder.join(name)) {
                let bytes = std::fs::read(&path).unwrap();
                add("files".to_owned(), 1);
                let Ok(format) = detect(&bytes) else {
                    add("files that are no format of zones".to_owned(), 1);
                    continue;
                };
                let options = Options { levels, ..Options::default() };
                let taken = take(&bytes, format, &options, &[], OnInvalid::Clamp);
                taken.result.as_ref().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                check(&taken, &path);
                add(format!("files of {format}"), 1);
                add("pages".to_owned(), taken.report.pages);
                add("zones".to_owned(), taken.report.zones);
                add("zones refused".to_owned(), taken.report.refused);
                add("reading orders".to_owned(), taken.orders as u64);
                add("with confidence".to_owned(), count(&taken, |z| z.zone.confidence.is_some()));
                add("with text".to_owned(), count(&taken, |z| z.zone.content.is_some()));
                add("with parent".to_owned(), count(&taken, |z| z.parent.is_some()));
                add("with polygon".to_owned(), count(&taken, |z| shape(z, |c| c.polygon.is_some())));
                add("with baseline".to_owned(), count(&taken, |z| shape(z, |c| c.baseline.is_some())));
                add("with rotation".to_owned(), count(&taken, |z| shape(z, |c| c.rotation.is_some())));
                add("with language".to_owned(), count(&taken, |z| z.zone.language.is_some()));
                for (zone_type, count) in &taken.report.zone_types {
                    add(format!("type {zone_type}"), *count);
                }
                for (kind, remark) in &taken.report.remarks {
                    add(format!("remark {kind:?} ({:?})", remark.effect), remark.count);
                }
            }
            writeln!(summary, "{name}, levels to {}", levels.as_str()).unwrap();
            for (key, count) in totals.iter().filter(|(_, count)| **count > 0) {
                writeln!(summary, "  {count:>6} {key}").unwrap();
            }
        }
    }
    let expected = include_str!("corpus_totals.txt");
    if summary != expected {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/corpus_totals.txt");
        if std::env::var_os("UPDATE_TOTALS").is_some() {
            std::fs::write(path, &summary).unwrap();
        } else {
            panic!("the totals changed (UPDATE_TOTALS=1 writes them anew):\n{summary}");
        }
    }
}

fn count(taken: &Taken, holds: impl Fn(&PreparedZone) -> bool) -> u64 {
    taken.zones.iter().filter(|zone| holds(zone)).count() as u64
}

fn shape(zone: &PreparedZone, holds: impl Fn(&colophon_domain::Coordinates) -> bool) -> bool {
    zone.zone.coordinates.as_ref().is_some_and(holds)
}

#[test]
fn parents_come_before_their_parts_in_xml() {
    let Some(folder) = folder("parents_come_before_their_parts_in_xml") else { return };
    for path in ["alto", "page"].iter().flat_map(|name| files(&folder.join(name))) {
        let bytes = std::fs::read(&path).unwrap();
        let options = Options { levels: Level::Glyph, ..Options::default() };
        let format = detect(&bytes).unwrap();
        let taken = take(&bytes, format, &options, &[], OnInvalid::Clamp);
        let mut seen = std::collections::HashSet::new();
        for zone in &taken.zones {
            assert!(zone.parent.as_ref().is_none_or(|parent| seen.contains(parent)), "{}", path.display());
            seen.insert(zone.key.clone());
        }
    }
}

#[test]
fn a_file_is_read_the_same_from_the_disk() {
    let Some(folder) = folder("a_file_is_read_the_same_from_the_disk") else { return };
    let path = folder.join("docling/normal_4pages.json");
    let file = BufReader::new(File::open(path).unwrap());
    let mut report = ImportReport::default();
    let mut zones = 0;
    read(file, Format::Docling, &Options::default(), &mut report, &mut |event, _| {
        zones += u64::from(matches!(event, Event::Zone(_)));
        Ok(())
    })
    .unwrap();
    assert_eq!(zones, report.zones);
    assert_eq!(report.pages, 4);
}
