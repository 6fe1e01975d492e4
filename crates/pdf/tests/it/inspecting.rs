//! What a file is.

use colophon_pdf::{Encryption, Limits, Outcome};

use crate::build::Build;
use crate::{inspect, inspect_within};

fn document(pages: usize) -> Vec<u8> {
    let mut build = Build::new();
    let content = build.stream("", b"");
    for _ in 0..pages {
        build.page_of(content, "");
    }
    build.bytes()
}

#[tokio::test]
async fn an_empty_file_is_not_a_pdf() {
    let found = inspect(b"").await;
    assert_eq!(found.outcome, Outcome::NotPdf { reason: "the file is empty".into() });
}

#[tokio::test]
async fn what_is_not_a_pdf_is_named() {
    let Outcome::NotPdf { reason } = inspect(b"\x89PNG\r\n\x1a\n").await.outcome else {
        panic!("a PNG is no PDF")
    };
    assert!(reason.contains("PNG"), "{reason}");
}

#[tokio::test]
async fn a_plain_document_is_readable() {
    let mut build = Build::new().page("", "");
    let info = build.object("<< /Title (A \\(short\\) title) >>");
    let found = inspect(&build.trailer(&format!("/Info {info} 0 R")).bytes()).await;
    assert_eq!(found.outcome, Outcome::Readable);
    assert_eq!(
        (found.pdf_version.as_deref(), found.title.as_deref()),
        (Some("1.7"), Some("A (short) title"))
    );
    assert_eq!((found.page_count, found.repaired, found.encryption), (1, false, None));
    assert!(
        found.repairs.is_empty() && found.warnings.is_empty(),
        "{:?} {:?}",
        found.repairs,
        found.warnings
    );
    assert_eq!((found.pages[0].width, found.pages[0].height, found.pages[0].rotation), (600.0, 800.0, 0));
}

#[tokio::test]
async fn boxes_and_rotation_are_inherited_and_can_be_overruled() {
    let bytes = Build::new()
        .tree("/MediaBox [600 800 0 0] /CropBox [50 100 550 700] /Rotate -90")
        .page("", "")
        .page("", "/Rotate 180 /UserUnit 2 /CropBox [-100 -100 300 400]")
        .bytes();
    let pages = inspect(&bytes).await.pages;
    assert_eq!((pages[0].width, pages[0].height, pages[0].rotation), (600.0, 500.0, 270));
    assert_eq!(pages[0].mediabox.as_slice(), [0.0, 0.0, 600.0, 800.0]);
    assert_eq!(pages[0].cropbox.as_slice(), [50.0, 100.0, 550.0, 700.0]);
    assert_eq!((pages[1].width, pages[1].height, pages[1].rotation), (600.0, 800.0, 180));
    assert_eq!((pages[1].page_number, pages[1].user_unit), (2, 2.0));
}

#[tokio::test]
async fn a_document_without_pages_is_damaged() {
    let found = inspect(&Build::new().bytes()).await;
    assert_eq!(found.outcome, Outcome::Damaged { reason: "the document has no pages".into() });
}

#[tokio::test]
async fn a_wrong_cross_reference_table_is_repaired_and_said() {
    let bytes = document(3);
    let text = String::from_utf8(bytes.clone()).unwrap();
    let shifted = text.replacen("%PDF-1.7\n", "%PDF-1.7\n% pushes everything along\n", 1);
    let pointer = text.rfind("startxref").unwrap();
    for (damaged, word) in
        [(shifted.as_bytes(), "elsewhere"), (&bytes[..pointer], "missing"), (b"%PDF-1.7\n1 0 obj", "missing")]
    {
        let found = inspect(damaged).await;
        if matches!(found.outcome, Outcome::Readable) {
            assert_eq!((found.page_count, found.repaired), (3, true));
        } else {
            assert!(damaged.len() < 100, "{:?}", found.outcome);
        }
        assert!(found.repairs.iter().any(|repair| repair.contains(word)), "{:?}", found.repairs);
    }
}

#[tokio::test]
async fn a_file_cut_off_anywhere_gets_an_honest_outcome() {
    let bytes = document(20);
    for part in 1..20 {
        let found = inspect(&bytes[..bytes.len() * part / 20]).await;
        match found.outcome {
            Outcome::Readable => assert!(found.repaired && found.page_count > 0),
            Outcome::Damaged { reason } => assert!(!reason.is_empty() && found.page_count == 0),
            other => panic!("{part}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_page_listed_twice_counts_twice() {
    let mut build = Build::new();
    let content = build.stream("", b"");
    let page = build.page_of(content, "");
    build.list(page);
    assert_eq!(inspect(&build.bytes()).await.page_count, 2);
}

#[tokio::test]
async fn ten_thousand_pages_are_read_and_more_than_allowed_are_refused() {
    let bytes = document(10_000);
    let found = inspect(&bytes).await;
    assert_eq!((found.outcome, found.page_count, found.pages.len()), (Outcome::Readable, 10_000, 10_000));
    assert_eq!(found.pages[9_999].page_number, 10_000);
    let found = inspect_within(&bytes, &Limits { pages: 9_999, ..Limits::default() }).await;
    let Outcome::Damaged { reason } = found.outcome else { panic!("10,000 pages are more than 9,999") };
    assert!(reason.contains("more than 9999 pages"), "{reason}");
}

#[tokio::test]
async fn a_document_that_wants_a_password_says_so() {
    let mut build = Build::new().page("", "");
    let key = format!("<{}>", "41".repeat(32));
    let encrypt =
        build.object(format!("<< /Filter /Standard /V 2 /R 3 /Length 128 /P -4 /O {key} /U {key} >>"));
    let found = inspect(&build.trailer(&format!("/Encrypt {encrypt} 0 R /ID [<41> <41>]")).bytes()).await;
    assert_eq!(found.outcome, Outcome::PasswordRequired);
    let expected = Encryption {
        method: "RC4-128".into(),
        handler: "Standard".into(),
        revision: Some(3),
        needs_password: true,
    };
    assert_eq!((found.encryption, found.page_count), (Some(expected), 0));
}

#[tokio::test]
async fn a_file_larger_than_the_memory_limit_is_refused_with_the_reason() {
    let mut bytes = document(1);
    bytes.resize(129 << 20, b' ');
    let found = inspect_within(&bytes, &Limits { memory_bytes: 128 << 20, ..Limits::default() }).await;
    let Outcome::Damaged { reason } = found.outcome else { panic!("it does not fit") };
    assert!(reason.contains("does not fit") || reason.contains("more than 128 MiB"), "{reason}");
}

#[tokio::test]
async fn a_file_larger_than_the_memory_limit_is_read_where_most_of_it_is_pictures() {
    let pixels = 400 << 20;
    let mut bytes =
        format!("%PDF-1.7\n9 0 obj\n<< /Subtype /Image /Length {pixels} >>\nstream\n").into_bytes();
    bytes.resize(bytes.len() + pixels, 7);
    bytes.extend(b"\nendstream\nendobj\n");
    bytes.extend(&document(1)[b"%PDF-1.7\n".len()..]);
    let found = inspect_within(&bytes, &Limits { memory_bytes: 256 << 20, ..Limits::default() }).await;
    assert_eq!((found.outcome, found.page_count), (Outcome::Readable, 1));
}
