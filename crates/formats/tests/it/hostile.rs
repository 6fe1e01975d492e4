//! Files that mean harm, or were damaged on their way: an error that says where, never a panic, never without bounds.

use colophon_formats::import::{Format, ImportError, Level, Limits, OnInvalid, Options, detect};

use crate::corpus::{files, folder, take};

fn error(text: &str, format: Format) -> String {
    take(text.as_bytes(), format, &Options::default(), &[], OnInvalid::Clamp).result.unwrap_err().to_string()
}

#[test]
fn entities_are_not_expanded() {
    let bomb = r#"<!DOCTYPE lolz [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><PcGts>&b;</PcGts>"#;
    assert!(error(bomb, Format::PageXml).contains("document type"));
    assert!(error("<PcGts>&b;</PcGts>", Format::PageXml).contains("&b;"));
}

#[test]
fn an_error_says_in_which_line() {
    assert!(error("<alto>\n<Layout>\n</alto>", Format::Alto).contains("line 3"));
    assert!(error("<alto>\n<Layout>", Format::Alto).contains("<Layout>"));
    let json = error("{\"schema_name\": \"DoclingDocument\",\n \"texts\": [{]}", Format::Docling);
    assert!(json.contains("line 1") || json.contains("line 2"), "{json}");
    assert!(error("{\"schema_name\": \"Other\"}", Format::Docling).contains("schema_name"));
    assert!(error("{\"images\": []}", Format::Coco).contains("annotations"));
    assert!(error("<?xml version='1.0' encoding='UTF-16'?><alto/>", Format::Alto).contains("UTF-16"));
}

#[test]
fn what_is_too_deep_or_too_long_is_refused() {
    let deep = format!("<PcGts>{}", "<TextRegion>".repeat(1_000));
    assert!(error(&deep, Format::PageXml).contains("deeper"));
    let deep =
        format!("{{\"schema_name\": \"DoclingDocument\", \"texts\": [{{\"a\": {}", "[".repeat(100_000));
    assert!(error(&deep, Format::Docling).contains("deep"), "{}", error(&deep, Format::Docling));
    let small = Limits { element_bytes: 100_000, ..Limits::default() };
    let options = Options { limits: small, ..Options::default() };
    let long = "x".repeat(1_000_000);
    for (text, format) in [
        (format!("<PcGts a='{long}'>"), Format::PageXml),
        (format!("<alto>{long}"), Format::Alto),
        (
            format!(
                "{{\"schema_name\": \"DoclingDocument\", \"texts\": [], \"name\": 1, \"version\": \"{long}\"}}"
            ),
            Format::Docling,
        ),
        (format!("{{\"images\": [{{\"id\": \"{long}\"}}], \"annotations\": []}}"), Format::Coco),
        (long.clone(), Format::Jsonl),
    ] {
        let taken = take(text.as_bytes(), format, &options, &[], OnInvalid::Clamp);
        assert!(matches!(taken.result, Err(ImportError::TooLarge { .. })), "{format}: {:?}", taken.result);
    }
}

#[test]
fn an_embedded_image_may_be_as_long_as_it_likes() {
    let image = "A".repeat(2_000_000);
    let text = format!(
        "{{\"schema_name\": \"DoclingDocument\", \"version\": \"1.0.0\", \"pictures\": [{{\"label\": \"picture\", \"image\": \
         {{\"uri\": \"{image}\"}}, \"prov\": []}}]}}"
    );
    let limits = Limits { element_bytes: 100_000, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let taken = take(text.as_bytes(), Format::Docling, &options, &[], OnInvalid::Clamp);
    taken.result.unwrap();
    assert_eq!(taken.zones.len(), 1);
}

#[test]
fn references_in_a_circle_end() {
    let text = r##"{"schema_name": "DoclingDocument", "version": "1.0.0",
        "body": {"children": [{"$ref": "#/groups/0"}, {"$ref": "#/body"}, {"$ref": "#/texts/999"}]},
        "groups": [{"label": "list", "parent": {"$ref": "#/groups/0"}, "children": [{"$ref": "#/groups/0"}]}]}"##;
    let taken = take(text.as_bytes(), Format::Docling, &Options::default(), &[], OnInvalid::Clamp);
    taken.result.unwrap();
    assert_eq!(taken.zones.len(), 1);
}

/// Bytes changed, cut out, doubled: every file of the corpus, and never a panic. The seed is fixed.
#[test]
fn a_damaged_file_is_an_error_or_fewer_zones() {
    let Some(folder) = folder("a_damaged_file_is_an_error_or_fewer_zones") else { return };
    let mut chance = fastrand::Rng::with_seed(6);
    let (mut errors, mut read) = (0, 0);
    let coco = br#"{"images": [{"id": 1, "width": 10, "height": 10}], "annotations": [{"id": 1, "image_id": 1, "category_id": 1,
        "bbox": [0, 0, 5, 5], "segmentation": [[0, 0, 5, 0, 5, 5]]}], "categories": [{"id": 1, "name": "text"}]}"#;
    let lines = br#"{"page": 1, "type": "text", "coordinates": {"x0": 1, "y0": 2, "x1": 3, "y1": 4, "polygon": [[1, 2], [3, 4], [5, 6]]}}"#;
    let mut originals = vec![(Format::Coco, coco.to_vec()), (Format::Jsonl, lines.to_vec())];
    for path in ["alto", "page", "docling", "docling-core"].iter().flat_map(|name| files(&folder.join(name)))
    {
        let bytes = std::fs::read(&path).unwrap();
        if bytes.len() < 60_000
            && let Ok(format) = detect(&bytes)
        {
            originals.push((format, bytes));
        }
    }
    for (format, original) in &originals {
        for round in 0..8 {
            let mut bytes = original.clone();
            for _ in 0..=round {
                let at = chance.usize(..bytes.len());
                let until = (at + chance.usize(1..64)).min(bytes.len());
                match chance.u8(..5) {
                    0 => bytes[at] = chance.u8(..),
                    1 => drop(bytes.drain(at..until)),
                    2 => {
                        let piece = bytes[at..until].to_vec();
                        let place = chance.usize(..bytes.len());
                        bytes.splice(place..place, piece);
                    }
                    3 => bytes[at] = *chance.choice(b"<>&\"{}[],:0-.eE/").unwrap(),
                    _ => bytes.truncate(bytes.len() - (bytes.len() - at).min(2_000)),
                }
                if bytes.is_empty() {
                    bytes.push(b'{');
                }
            }
            let options = Options { levels: chance.choice(Level::ALL).unwrap(), ..Options::default() };
            let on_invalid = if round % 2 == 0 { OnInvalid::Clamp } else { OnInvalid::Refuse };
            match take(&bytes, *format, &options, &[], on_invalid).result {
                Ok(()) => read += 1,
                Err(error) => {
                    assert!(!error.to_string().is_empty());
                    errors += 1;
                }
            }
        }
    }
    println!("{errors} errors, {read} read");
    assert!(errors > 50 && read > 50, "{errors} errors, {read} read");
}
