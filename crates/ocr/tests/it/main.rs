//! Promises of `colophon-ocr`, kept against the real program and against programs that behave badly.

#![allow(clippy::unwrap_used, reason = "all of this is a test")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use colophon_ocr::{Error, Installed, Limits, Options, Picture, Tesseract};

fn tesseract() -> Tesseract {
    let environment =
        std::env::vars_os().filter(|(name, _)| name == "PATH" || name == "TESSDATA_PREFIX").collect();
    Tesseract { program: "tesseract".into(), environment, limits: Limits::default() }
}

/// What is installed, or `None` after saying that this test is skipped.
async fn installed(test: &str) -> Option<Installed> {
    match tesseract().installed().await {
        Ok(installed) => Some(installed),
        Err(error) => {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "{test} cannot be skipped here: {error}");
            println!("skipped: {test}: {error}");
            None
        }
    }
}

fn white(width: u32, height: u32) -> Vec<u8> {
    vec![255; (width * height) as usize]
}

/// A program of this text in the place of tesseract.
fn pretender(folder: &Path, text: &str) -> Tesseract {
    let program = folder.join("tesseract");
    std::fs::write(&program, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    Tesseract { program, ..tesseract() }
}

fn nothing_installed() -> Installed {
    Installed { version: "0".into(), languages: vec!["eng".into()] }
}

#[tokio::test]
async fn an_empty_page_is_read_and_has_nothing() {
    let Some(installed) = installed("an_empty_page_is_read_and_has_nothing").await else { return };
    installed.require(&Options::default()).unwrap();
    let pixels = white(600, 800);
    let picture = Picture { width: 600, height: 800, dpi: 72.0, pixels: &pixels };
    let read = tesseract().recognise(picture, &Options::default(), &installed).await.unwrap().unwrap();
    assert!(read.paragraphs.is_empty(), "{read:?}");
}

#[tokio::test]
async fn a_program_that_is_not_there_is_missing_and_the_error_says_what_to_install() {
    let gone = Tesseract { program: "/nowhere/tesseract".into(), ..tesseract() };
    let error = gone.installed().await.unwrap_err();
    assert!(matches!(error, Error::Missing { .. }));
    assert!(error.to_string().contains("apt install tesseract-ocr"), "{error}");
}

#[tokio::test]
async fn a_language_that_is_not_there_is_named_with_its_package() {
    let options = Options { languages: vec!["eng".into(), "chi_sim".into()], ..Options::default() };
    let error = nothing_installed().require(&options).unwrap_err().to_string();
    assert!(error.contains("no model for chi_sim") && error.contains("tesseract-ocr-chi-sim"), "{error}");
}

#[tokio::test]
async fn a_program_that_hangs_floods_or_dies_fails_the_page_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let pixels = white(100, 100);
    let picture = Picture { width: 100, height: 100, dpi: 300.0, pixels: &pixels };
    for (text, code) in [
        ("exec sleep 60", "timed_out"),
        ("exec yes 'a row'", "too_much_output"),
        ("echo 'terminate called: std::bad_alloc' >&2; exit 3", "out_of_memory"),
        ("kill -SEGV $$", "crashed"),
        ("echo 'Error: cannot' >&2; exit 1", "crashed"),
        ("cat > /dev/null; echo 'plain text'", "crashed"),
    ] {
        let mut bad = pretender(folder.path(), text);
        bad.limits = Limits { page_time: Duration::from_secs(1), output_bytes: 1 << 20, ..Limits::default() };
        let begun = Instant::now();
        let failure =
            bad.recognise(picture, &Options::default(), &nothing_installed()).await.unwrap().unwrap_err();
        assert_eq!(failure.code, code, "{text}: {failure}");
        assert!(begun.elapsed() < Duration::from_secs(20), "{text}");
    }
}

/// The process writes its id, so that one can see that it ends.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn whoever_stops_waiting_ends_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let id = folder.path().join("id");
    let slow = pretender(folder.path(), &format!("echo $$ > {}; exec sleep 600", id.display()));
    let pixels = white(100, 100);
    let picture = Picture { width: 100, height: 100, dpi: 300.0, pixels: &pixels };
    let process = {
        let (options, installed) = (Options::default(), nothing_installed());
        let reading = slow.recognise(picture, &options, &installed);
        let begun = async {
            loop {
                match std::fs::read_to_string(&id) {
                    Ok(text) if text.ends_with('\n') => return text.trim().to_owned(),
                    _ => tokio::time::sleep(Duration::from_millis(5)).await,
                }
            }
        };
        tokio::select! { process = begun => process, _ = reading => unreachable!("it sleeps") }
    };
    let lives = || {
        let status = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        !status.is_empty() && !status.contains(") Z ")
    };
    let give_up = Instant::now() + Duration::from_secs(20);
    while lives() {
        assert!(Instant::now() < give_up, "process {process} goes on");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_program_is_told_nothing_of_our_environment() {
    let folder = tempfile::tempdir().unwrap();
    let told = folder.path().join("told");
    let curious = pretender(folder.path(), &format!("cat > /dev/null; env > {}", told.display()));
    let pixels = white(10, 10);
    let picture = Picture { width: 10, height: 10, dpi: 300.0, pixels: &pixels };
    curious.recognise(picture, &Options::default(), &nothing_installed()).await.unwrap().unwrap_err();
    let told = std::fs::read_to_string(told).unwrap();
    assert!(told.contains("OMP_THREAD_LIMIT=1") && !told.contains("CARGO"), "{told}");
}
