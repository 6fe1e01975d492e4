//! Lines of text as OCR finds them: some 75 characters, common words and rare ones, fifty to a page.

use std::fmt::Write as _;

use colophon_domain::{BoundingBox, NewZone, ZoneId, ZoneStatus};
use serde_json::{Map, json};

const COMMON: &str = "the of and to in a is that for it as was with be by on not he his but at are this have from or \
    had an they which one you were her all she there would their we him been has when who will more no if out so said \
    what up its about into than them can only other new some could time these two may then do first any my now such";

pub fn zones(count: usize) -> Vec<NewZone> {
    let common: Vec<&str> = COMMON.split_whitespace().collect();
    let mut random = fastrand::Rng::with_seed(7);
    (0..count).map(|index| zone(index, &common, &mut random)).collect()
}

fn zone(index: usize, common: &[&str], random: &mut fastrand::Rng) -> NewZone {
    let mut content = String::new();
    while content.len() < 70 {
        // The commoner a word, the more often.
        let word = common[random.usize(..common.len()).min(random.usize(..common.len()))];
        content.push_str(word);
        content.push(' ');
        let length = random.usize(4..11);
        content.extend((0..length).map(|_| random.lowercase()));
        content.push(' ');
    }
    let (page, row) = (i32::try_from(index / 50 + 1).unwrap(), f64::from(u32::try_from(index % 50).unwrap()));
    let (x1, y0) = (300.0 + f64::from(random.u16(0..2_300)) / 10.0, 60.0 + row * 14.2);
    NewZone {
        id: ZoneId::new(),
        zone_index: i32::try_from(index).unwrap(),
        page_number: page,
        zone_type: "text".into(),
        coordinates: Some(BoundingBox { x0: 72.0, y0, x1, y1: y0 + 12.4 }.into()),
        content: Some(content.trim_end().to_owned()),
        confidence: Some(f64::from(random.u16(5_000..10_000)) / 10_000.0),
        status: ZoneStatus::Completed,
        label: None,
        external_id: None,
        parent_id: None,
        language: None,
        source: None,
        metadata: Map::new(),
    }
}

/// As they are sent.
pub fn ndjson(zones: &[NewZone]) -> Vec<u8> {
    let mut body = String::new();
    for zone in zones {
        let line = json!({
            "zone_index": zone.zone_index, "page_number": zone.page_number, "zone_type": zone.zone_type,
            "coordinates": zone.coordinates, "content": zone.content, "confidence": zone.confidence,
        });
        writeln!(body, "{line}").unwrap();
    }
    body.into_bytes()
}
