//! What is read from pages.

use colophon_pdf::{FailureCode, PageSelection, ZoneType};

use crate::build::{Build, lines};
use crate::{contents, inspect, read, zones};

fn page(content: &str) -> Vec<u8> {
    Build::new().page(content, "").bytes()
}

#[tokio::test]
async fn words_lines_and_places_are_kept() {
    let text = [
        ("F", 10.0, 50.0, 700.0, "The first line of a"),
        ("F", 10.0, 50.0, 688.0, "paragraph and the second."),
    ];
    let zones = zones(&page(&lines(&text))).await;
    assert_eq!(contents(&zones), ["The first line of a\nparagraph and the second."]);
    let zone = &zones[0];
    assert_eq!((zone.zone_type, zone.rotation, zone.font_size), (ZoneType::Text, 0, Some(10.0)));
    assert!((zone.bbox.x0 - 50.0).abs() < 0.5, "{:?}", zone.bbox);
    assert!(zone.bbox.y0 < 100.0 && zone.bbox.y0 > 88.0 && zone.bbox.y1 > 112.0 && zone.bbox.y1 < 118.0);
}

#[tokio::test]
async fn spaces_made_by_moving_count_and_kerning_does_not() {
    let zones = zones(&page("BT /F 10 Tf 50 700 Td [(Two)-300(words)10( k)-20(ern)30(ed)] TJ ET")).await;
    assert_eq!(contents(&zones), ["Two words kerned"]);
}

#[tokio::test]
async fn each_rotation_of_the_page_keeps_boxes_on_it() {
    for rotation in [0, 90, 180, 270, -90] {
        let text = lines(&[("F", 10.0, 60.0, 110.0, "Near a corner")]);
        let bytes = Build::new().tree("/MediaBox [0 0 600 800] /CropBox [50 100 550 700]");
        let bytes = bytes.page(&text, &format!("/Rotate {rotation}")).bytes();
        let size = inspect(&bytes).await.pages[0].clone();
        let zones = zones(&bytes).await;
        assert_eq!(contents(&zones), ["Near a corner"], "{rotation}");
        assert_eq!(i32::from(zones[0].rotation), i32::rem_euclid(rotation, 360));
        let b = zones[0].bbox;
        assert!(b.x0 >= 0.0 && b.y0 >= 0.0 && b.x1 <= size.width && b.y1 <= size.height, "{rotation}: {b:?}");
        // Bottom-left before turning: the corner moves clockwise.
        let near = match rotation {
            0 => (b.x0 < 15.0, size.height - b.y1 < 15.0),
            90 => (b.x0 < 15.0, b.y0 < 15.0),
            180 => (size.width - b.x1 < 15.0, b.y0 < 15.0),
            _ => (size.width - b.x1 < 15.0, size.height - b.y1 < 15.0),
        };
        assert_eq!(near, (true, true), "{rotation}: {b:?} on {}x{}", size.width, size.height);
    }
}

#[tokio::test]
async fn text_outside_the_crop_box_is_left_out_and_boxes_are_cut() {
    let text = lines(&[("F", 10.0, 60.0, 750.0, "Cropped away"), ("F", 10.0, 440.0, 400.0, "Half inside")]);
    let bytes = Build::new().page(&text, "/CropBox [50 100 470 700]").bytes();
    let zones = zones(&bytes).await;
    assert_eq!(contents(&zones).len(), 1);
    assert!(zones[0].content.starts_with("Half"));
    assert!((zones[0].bbox.x1 - 420.0).abs() < 0.01);
}

#[tokio::test]
async fn text_drawn_invisibly_counts() {
    assert_eq!(
        contents(&zones(&page("BT 3 Tr /F 10 Tf 50 700 Td (From a scan) Tj ET")).await),
        ["From a scan"]
    );
}

#[tokio::test]
async fn text_drawn_twice_to_look_bold_counts_once() {
    let text = lines(&[("F", 10.0, 50.0, 700.0, "Shadow"), ("F", 10.0, 50.4, 700.0, "Shadow")]);
    assert_eq!(contents(&zones(&page(&text)).await), ["Shadow"]);
}

#[tokio::test]
async fn replacement_text_stands_for_what_is_drawn() {
    let text = "BT /F 10 Tf 50 700 Td /Span << /ActualText <FEFF00660066> >> BDC (@) Tj EMC (ice) Tj ET";
    assert_eq!(contents(&zones(&page(text)).await), ["ffice"]);
}

#[tokio::test]
async fn a_layer_switched_off_is_not_read() {
    let mut build = Build::new();
    let layer = build.object("<< /Type /OCG /Name (Draft) >>");
    let text = "/OC /L BDC BT /F 10 Tf 50 700 Td (Hidden) Tj ET EMC BT /F 10 Tf 50 600 Td (Shown) Tj ET";
    let resources = format!("/Resources << /Font << /F 3 0 R >> /Properties << /L {layer} 0 R >> >>");
    let catalog = format!("/OCProperties << /OCGs [{layer} 0 R] /D << /OFF [{layer} 0 R] >> >>");
    assert_eq!(contents(&zones(&build.page(text, &resources).catalog(&catalog).bytes()).await), ["Shown"]);
}

#[tokio::test]
async fn the_value_of_a_form_field_is_read_even_without_an_appearance() {
    let mut build = Build::new();
    let field = build.object("<< /Subtype /Widget /FT /Tx /V (Ada Lovelace) /Rect [50 690 250 710] /F 4 >>");
    let secret = build.object("<< /Subtype /Widget /FT /Tx /Ff 8192 /V (secret) /Rect [50 590 250 610] >>");
    let bytes = build.page("", &format!("/Annots [{field} 0 R {secret} 0 R]")).bytes();
    assert_eq!(contents(&zones(&bytes).await), ["Ada Lovelace"]);
}

#[tokio::test]
async fn columns_are_read_one_after_the_other() {
    let mut text = vec![("B", 18.0, 50.0, 750.0, "A heading over both columns of text")];
    for row in 0..12 {
        let y = 700.0 - 12.0 * f64::from(row);
        text.push(("F", 10.0, 50.0, y, "left words fill this column with text here"));
        text.push(("F", 10.0, 262.0, y, "right words fill the other column of text"));
    }
    let found = zones(&page(&lines(&text))).await;
    let all = contents(&found).join("\n");
    assert_eq!(all.matches("left").count(), 12);
    assert!(all.rfind("left").unwrap() < all.find("right").unwrap(), "{all}");
    assert_eq!(found[0].zone_type, ZoneType::Title);
}

#[tokio::test]
async fn kinds_are_told_where_the_page_shows_them() {
    let body = "Body text runs on and on so that its size is the most frequent one";
    let sheet = |number: u32| {
        let foot = format!("Page {number} of 3");
        let head = format!("Annual report, part {number}");
        let mut text = vec![("F", 8.0, 50.0, 780.0, head.as_str()), ("F", 8.0, 280.0, 20.0, foot.as_str())];
        if number == 1 {
            text.push(("B", 24.0, 50.0, 700.0, "The Title"));
        }
        text.extend([
            ("B", 13.0, 50.0, 640.0, "1 Introduction"),
            ("F", 10.0, 50.0, 610.0, body),
            ("F", 10.0, 50.0, 598.0, body),
        ]);
        text.extend([
            ("F", 10.0, 60.0, 560.0, "\\225 the first item"),
            ("F", 10.0, 60.0, 548.0, "\\225 the second item"),
        ]);
        for (row, y) in [(1, 500.0), (2, 488.0), (3, 476.0), (4, 464.0)] {
            let cells = ["alpha", "beta", "gamma", "delta"];
            text.extend([
                ("F", 10.0, 50.0, y, cells[row - 1]),
                ("F", 10.0, 200.0, y, "12.5"),
                ("F", 10.0, 350.0, y, "99"),
            ]);
        }
        text.push(("F", 10.0, 50.0, 430.0, "Table 1: What was counted"));
        lines(&text)
    };
    let bytes = (1..=3).fold(Build::new(), |build, number| build.page(&sheet(number), "")).bytes();
    let pages = read(&bytes, PageSelection::All).await;
    let kinds = |page: usize| {
        let zones = pages[page].outcome.as_ref().unwrap();
        zones.iter().map(|zone| (zone.zone_type, zone.content.lines().next().unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(
        kinds(0),
        [
            (ZoneType::PageHeader, "Annual report, part 1"),
            (ZoneType::Title, "The Title"),
            (ZoneType::SectionHeader, "1 Introduction"),
            (ZoneType::Text, body),
            (ZoneType::ListItem, "• the first item"),
            (ZoneType::ListItem, "• the second item"),
            (ZoneType::Table, "alpha\t12.5\t99"),
            (ZoneType::Caption, "Table 1: What was counted"),
            (ZoneType::PageFooter, "Page 1 of 3"),
        ]
    );
    // The same page alone is told the same: its neighbours are looked at even when they are not asked for.
    let alone = read(&bytes, PageSelection::Range(2, 2)).await;
    assert_eq!(alone[0].outcome, pages[1].outcome);
}

#[tokio::test]
async fn images_are_pictures_cut_to_what_is_shown() {
    let mut build = Build::new();
    let entries = "/Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray";
    let image = build.stream(entries, b"0");
    let content = "q 0 0 300 400 re W n 200 0 0 200 200 300 cm /I Do Q";
    let bytes = build.page(content, &format!("/Resources << /XObject << /I {image} 0 R >> >>")).bytes();
    let found = zones(&bytes).await;
    assert_eq!(found.len(), 1);
    let b = found[0].bbox;
    assert_eq!(found[0].zone_type, ZoneType::Picture);
    assert_eq!((b.x0, b.y0, b.x1, b.y1), (200.0, 400.0, 300.0, 500.0));
    assert_eq!((found[0].content.as_str(), found[0].font_size), ("", None));
}

#[tokio::test]
async fn pages_come_in_order_each_once_and_missing_ones_say_so() {
    let text = |text: &str| lines(&[("F", 10.0, 50.0, 700.0, text)]);
    let bytes = Build::new().page(&text("one"), "").page(&text("two"), "").page(&text("three"), "").bytes();
    let pages = read(&bytes, PageSelection::List(vec![9, 3, 1, 3])).await;
    assert_eq!(pages.iter().map(|page| page.page_number).collect::<Vec<_>>(), [1, 3, 9]);
    assert_eq!(contents(pages[1].outcome.as_ref().unwrap()), ["three"]);
    assert_eq!(pages[2].outcome.as_ref().unwrap_err().code, FailureCode::NoSuchPage);
}

#[tokio::test]
async fn a_reader_that_is_interrupted_loses_no_page() {
    let text = lines(&[("F", 10.0, 50.0, 700.0, &"many words ".repeat(400))]);
    let build = Build::new().tree("/MediaBox [0 0 90000 800]");
    let bytes = (0..40).fold(build, |build, _| build.page(&text, "")).bytes();
    let limits = colophon_pdf::Limits::default();
    let file = crate::file(&bytes);
    let mut reader =
        colophon_pdf::read_text(&crate::child(), file, &limits, PageSelection::All).await.unwrap();
    let mut seen = Vec::new();
    loop {
        match tokio::time::timeout(std::time::Duration::from_micros(50), reader.next()).await {
            Err(_interrupted) => {}
            Ok(Ok(Some(page))) => seen.push((page.page_number, page.outcome.is_ok())),
            Ok(end) => break assert!(end.unwrap().is_none()),
        }
    }
    assert_eq!(seen, (1..=40).map(|page| (page, true)).collect::<Vec<_>>());
}
