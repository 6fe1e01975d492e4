//! Documents that mean harm, and children that cannot work. None may crash, hang or bloat the parent.

use std::time::Duration;

use colophon_pdf::{Child, Error, FailureCode, Limits, Outcome, PageSelection, PageText};

use crate::build::{Build, deflated_zeros, lines};
use crate::{contents, file, inspect, inspect_within, read, read_within};

fn small() -> Limits {
    Limits { memory_bytes: 192 << 20, ..Limits::default() }
}

fn code(page: &PageText) -> Option<FailureCode> {
    page.outcome.as_ref().err().map(|failure| failure.code)
}

#[tokio::test]
async fn a_bomb_is_damaged_not_a_crash() {
    // The page tree hides in an object stream that inflates beyond the limit.
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let at = bytes.len();
    bytes.extend(b"1 0 obj\n");
    bytes.extend(crate::build::stream(
        "/Type /ObjStm /N 2 /First 10 /Filter /FlateDecode",
        &deflated_zeros(400),
    ));
    bytes.extend(b"\nendobj\n");
    let start = bytes.len();
    let rows =
        [[0, 0, 0, 0, 0], [1, 0, 0, u8::try_from(at).unwrap(), 0], [2, 0, 0, 1, 0], [2, 0, 0, 1, 1]].concat();
    bytes.extend(b"4 0 obj\n");
    bytes.extend(crate::build::stream("/Type /XRef /Size 4 /W [1 3 1] /Root 2 0 R", &rows));
    bytes.extend(format!("\nendobj\nstartxref\n{start}\n%%EOF\n").bytes());
    let found = inspect_within(&bytes, &small()).await;
    let Outcome::Damaged { reason } = found.outcome else { panic!("it cannot be read") };
    assert!(reason.contains("memory"), "{reason}");
}

#[tokio::test]
async fn a_page_that_kills_its_child_does_not_lose_the_others() {
    let text = |text: &str| lines(&[("F", 12.0, 50.0, 700.0, text)]);
    let mut build = Build::new().page(&text("First page"), "").page(&text("Second page"), "");
    let bomb = build.stream("/Filter /FlateDecode", &deflated_zeros(400));
    build.page_of(bomb, "");
    let bytes = build.page(&text("Fourth page"), "").bytes();
    assert_eq!(inspect_within(&bytes, &small()).await.page_count, 4);
    let pages = read_within(&bytes, PageSelection::All, &small()).await;
    assert_eq!(pages.iter().map(|page| page.page_number).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(
        pages.iter().map(code).collect::<Vec<_>>(),
        [None, None, Some(FailureCode::OutOfMemory), None]
    );
    assert_eq!(contents(pages[3].outcome.as_ref().unwrap()), ["Fourth page"]);
    let reason = &pages[2].outcome.as_ref().unwrap_err().reason;
    assert!(reason.contains("192 MiB"), "{reason}");
}

#[tokio::test]
async fn a_page_that_takes_too_long_does_not_lose_the_others() {
    let mut build = Build::new().page(&lines(&[("F", 12.0, 50.0, 700.0, "Quick")]), "");
    // Each form draws the one before it ten times: ten to the twelfth in all.
    let mut inner = build.stream("/Subtype /Form /BBox [0 0 9 9]", b"");
    for _ in 0..12 {
        let entries =
            format!("/Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X {inner} 0 R >> >>");
        inner = build.stream(&entries, b"/X Do ".repeat(10).as_slice());
    }
    let content = build.stream("", b"/X Do");
    build.page_of(content, &format!("/Resources << /XObject << /X {inner} 0 R >> >>"));
    let limits = Limits { page_time: Duration::from_secs(2), ..Limits::default() };
    let pages = read_within(&build.bytes(), PageSelection::All, &limits).await;
    assert_eq!(pages.iter().map(code).collect::<Vec<_>>(), [None, Some(FailureCode::TimedOut)]);
}

#[tokio::test]
async fn computing_without_end_is_stopped_by_the_limit_on_computing() {
    let mut build = Build::new();
    let mut inner = build.stream("/Subtype /Form /BBox [0 0 9 9]", b"");
    for _ in 0..12 {
        let entries =
            format!("/Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X {inner} 0 R >> >>");
        inner = build.stream(&entries, b"/X Do ".repeat(10).as_slice());
    }
    let content = build.stream("", b"/X Do");
    build.page_of(content, &format!("/Resources << /XObject << /X {inner} 0 R >> >>"));
    let limits = Limits { cpu_time: Duration::from_secs(1), ..Limits::default() };
    let pages = read_within(&build.bytes(), PageSelection::All, &limits).await;
    assert_eq!(pages.iter().map(code).collect::<Vec<_>>(), [Some(FailureCode::TimedOut)]);
}

#[tokio::test]
async fn a_form_that_draws_itself_ends() {
    let mut build = Build::new();
    let form =
        "/Subtype /Form /BBox [0 0 600 800] /Resources << /Font << /F 3 0 R >> /XObject << /X 5 0 R >> >>";
    assert_eq!(build.stream(form, b"BT /F 12 Tf 50 700 Td (Once) Tj ET /X Do"), 5);
    let content = build.stream("", b"/X Do");
    build.page_of(content, "/Resources << /XObject << /X 5 0 R >> >>");
    let pages = read(&build.bytes(), PageSelection::All).await;
    assert_eq!(contents(pages[0].outcome.as_ref().unwrap()), ["Once"]);
}

#[tokio::test]
async fn a_page_tree_that_contains_itself_ends() {
    let mut build = Build::new().page("", "");
    build.list(2);
    let found = inspect(&build.bytes()).await;
    assert_eq!((found.outcome, found.page_count, found.repaired), (Outcome::Readable, 1, true));
}

#[tokio::test]
async fn a_page_tree_that_doubles_at_each_level_is_refused() {
    let mut build = Build::new();
    let mut branch = build.object("<< /Type /Page /Parent 2 0 R >>");
    for _ in 0..40 {
        branch = build.object(format!("<< /Type /Pages /Kids [{branch} 0 R {branch} 0 R] /Count 2 >>"));
    }
    build.list(branch);
    let Outcome::Damaged { reason } = inspect(&build.bytes()).await.outcome else {
        panic!("that is 2^40 pages")
    };
    assert!(reason.contains("more than 20000 pages"), "{reason}");
}

#[tokio::test]
async fn deep_nesting_is_survived() {
    let deep = "[".repeat(2_000_000);
    let mut build = Build::new().page(&format!("{deep} {}", lines(&[("F", 12.0, 50.0, 700.0, "After")])), "");
    build.object(&deep);
    build.object(format!("<< /A {}", "<< /A ".repeat(500_000)));
    let bytes = build.bytes();
    assert_eq!(inspect(&bytes).await.page_count, 1);
    assert_eq!(read(&bytes, PageSelection::All).await.len(), 1);
    // The same where the parser has to look at everything.
    let found = inspect(&bytes[..bytes.len() - 40]).await;
    assert!(matches!(found.outcome, Outcome::Readable | Outcome::Damaged { .. }));
}

#[tokio::test]
async fn a_document_that_says_more_than_allowed_is_cut_short() {
    let line = lines(&[("F", 12.0, 50.0, 700.0, &"word ".repeat(2000))]);
    let bytes = Build::new().tree("/MediaBox [0 0 90000 800]").page(&line, "").page(&line, "").bytes();
    let pages =
        read_within(&bytes, PageSelection::All, &Limits { output_bytes: 5000, ..Limits::default() }).await;
    assert_eq!(pages.iter().map(code).collect::<Vec<_>>(), [Some(FailureCode::TooMuchOutput); 2]);
}

#[tokio::test]
async fn a_document_that_does_not_open_fails_its_pages_not_the_reader() {
    let pages = read(b"%PDF-1.7\nnothing", PageSelection::List(vec![3, 1])).await;
    assert_eq!(pages.iter().map(|page| page.page_number).collect::<Vec<_>>(), [1, 3]);
    assert!(pages.iter().all(|page| code(page) == Some(FailureCode::Damaged)));
    let pages = read(b"no pdf", PageSelection::All).await;
    assert_eq!((pages.len(), code(&pages[0])), (1, Some(FailureCode::Damaged)));
}

#[tokio::test]
async fn a_child_that_cannot_be_started_is_our_fault_not_the_documents() {
    let missing = Child { program: "/nonexistent/program".into(), args: Vec::new() };
    let error = colophon_pdf::inspect(&missing, file(b"%PDF-1.7"), &Limits::default()).await.unwrap_err();
    assert!(matches!(error, Error::Spawn { .. }), "{error}");
    let wrong = Child { program: "/bin/false".into(), args: Vec::new() };
    let error = colophon_pdf::inspect(&wrong, file(b"%PDF-1.7"), &Limits::default()).await.unwrap_err();
    assert!(matches!(error, Error::NotReady { .. }), "{error}");
}

#[tokio::test]
async fn a_child_started_by_hand_explains_itself() {
    let output = tokio::process::Command::new(crate::child().program).output().await.unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("not by hand"));
}
