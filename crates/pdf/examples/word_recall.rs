//! How much of what `pdftotext` finds is also in our zones, and whether our boxes lie on the page.
//!
//! `cargo run --release -p colophon-pdf --example word_recall [folder or file …]`, by default the PDFs of the corpus
//! (`COLOPHON_CORPUS`, else `../shared/corpus`). Both sides are put into NFKC, without marks of direction, and cut at white
//! space; a word counts as often as it occurs. `pdftotext` joins words hyphenated at line ends, zones keep the hyphen,
//! so hyphens at line ends are joined before comparing; `pdftotext -layout` keeps them, and so does that comparison. An
//! ideograph counts as a word. `-v` adds the words that are missing.

use std::collections::HashMap;
use std::error::Error;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use colophon_pdf::{Child, Limits, Outcome, Page, PageSelection, TextZone, child, inspect, read_text};
use unicode_normalization::UnicodeNormalization;

/// The hidden subcommand by which this program is its own child.
const CHILD: &str = "pdf-child";

type Words = HashMap<String, usize>;

#[derive(Default)]
struct Found {
    verdict: String,
    pages: usize,
    failed: usize,
    zones: usize,
    on_page: usize,
    /// Words with hyphens at line ends joined, and as they stand.
    words: Words,
    lines: Words,
    seconds: f64,
}

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1).peekable();
    if args.peek().is_some_and(|arg| arg == CHILD) {
        return child::main(args.skip(1));
    }
    let (flags, paths): (Vec<_>, Vec<_>) = args.partition(|arg| arg == "-v");
    let paths =
        if paths.is_empty() { vec![corpus()] } else { paths.into_iter().map(PathBuf::from).collect() };
    let run = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match run.map_err(Into::into).and_then(|runtime| runtime.block_on(compare(&paths, !flags.is_empty()))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn corpus() -> PathBuf {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    std::env::var_os("COLOPHON_CORPUS").map_or_else(default, PathBuf::from).join("pdf")
}

async fn compare(paths: &[PathBuf], verbose: bool) -> Result<(), Box<dyn Error>> {
    let mut files = Vec::new();
    for path in paths {
        collect(path, &mut files);
    }
    files.sort();
    let child = Child { program: std::env::current_exe()?, args: vec![CHILD.into()] };
    let (mut recalls, mut layouts) = (Vec::new(), Vec::new());
    let (mut zones, mut on_page, mut seconds) = (0, 0, 0.0);
    println!("recall  -layout  words  pages failed zones on-page seconds  file");
    for file in &files {
        let found = read(&child, file).await?;
        let plain = pdftotext(file, true, &[])?;
        let layout = pdftotext(file, false, &["-layout"])?;
        let recall = share(&plain, &found.words);
        let kept = share(&layout, &found.lines);
        let show = |share: Option<f64>| share.map_or_else(|| "     -".into(), |share| format!("{share:.4}"));
        println!(
            "{}  {} {:7} {:6} {:6} {:5} {:7} {:7.2}  {} {}",
            show(recall),
            show(kept),
            plain.values().sum::<usize>(),
            found.pages,
            found.failed,
            found.zones,
            found.on_page,
            found.seconds,
            file.file_name().unwrap_or_default().to_string_lossy(),
            found.verdict
        );
        if verbose {
            print_missing(&layout, &found.lines);
        }
        recalls.extend(recall);
        layouts.extend(kept);
        (zones, on_page, seconds) = (zones + found.zones, on_page + found.on_page, seconds + found.seconds);
    }
    println!("\n{} files, {zones} zones, {on_page} on the page, {seconds:.1} s", files.len());
    summary("against pdftotext        ", &mut recalls);
    summary("against pdftotext -layout", &mut layouts);
    Ok(())
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if let Ok(entries) = path.read_dir() {
        entries.filter_map(Result::ok).for_each(|entry| collect(&entry.path(), files));
    } else if path.extension().is_some_and(|extension| extension == "pdf") {
        files.push(path.into());
    }
}

async fn read(child: &Child, path: &Path) -> Result<Found, Box<dyn Error>> {
    let started = Instant::now();
    let limits = Limits::default();
    let inspection = inspect(child, File::open(path)?, &limits).await?;
    let mut found = Found { pages: inspection.pages.len(), ..Found::default() };
    match &inspection.outcome {
        Outcome::Readable => {
            let mut reader = read_text(child, File::open(path)?, &limits, PageSelection::All).await?;
            while let Some(page) = reader.next().await? {
                let number = usize::try_from(page.page_number)?;
                match page.outcome {
                    Ok(zones) => zones.iter().for_each(|zone| found.add(zone, &inspection.pages[number - 1])),
                    Err(failure) => {
                        found.failed += 1;
                        found.verdict = failure.reason;
                    }
                }
            }
            if inspection.repaired {
                found.verdict = format!("repaired: {}", inspection.repairs.join("; "));
            }
        }
        other => found.verdict = format!("{other:?}"),
    }
    found.seconds = started.elapsed().as_secs_f64();
    Ok(found)
}

impl Found {
    fn add(&mut self, zone: &TextZone, page: &Page) {
        let b = zone.bbox;
        self.zones += 1;
        self.on_page += usize::from(
            b.x0 >= 0.0
                && b.y0 >= 0.0
                && b.x0 < b.x1
                && b.y0 < b.y1
                && b.x1 <= page.width
                && b.y1 <= page.height,
        );
        count(&zone.content, true, &mut self.words);
        count(&zone.content, false, &mut self.lines);
    }
}

/// Chinese and Japanese are written without spaces: each character counts as a word.
fn is_ideograph(char: char) -> bool {
    matches!(char, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}')
}

fn count(text: &str, join_hyphens: bool, words: &mut Words) {
    let unmarked = |char: &char| !matches!(char, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}');
    let text: String = text.nfkc().filter(unmarked).collect();
    let text = if join_hyphens { text.replace("-\n", "") } else { text };
    let apart = |char: char| if is_ideograph(char) { [' ', char, ' '] } else { ['\0', char, '\0'] };
    let text: String = text.chars().flat_map(apart).filter(|char| *char != '\0').collect();
    for word in text.split_whitespace() {
        *words.entry(word.to_owned()).or_default() += 1;
    }
}

fn pdftotext(path: &Path, join_hyphens: bool, options: &[&str]) -> Result<Words, Box<dyn Error>> {
    let output = Command::new("pdftotext").arg("-q").args(options).arg(path).arg("-").output();
    let output = output.map_err(|error| format!("pdftotext (package poppler-utils): {error}"))?;
    let mut words = Words::new();
    count(&String::from_utf8_lossy(&output.stdout), join_hyphens, &mut words);
    Ok(words)
}

/// The share of the words of one side that the other has too; `None` if there are none.
fn share(wanted: &Words, found: &Words) -> Option<f64> {
    let all: usize = wanted.values().sum();
    let both: usize = wanted.iter().map(|(word, times)| times.min(found.get(word).unwrap_or(&0))).sum();
    #[allow(clippy::cast_precision_loss)]
    (all > 0).then(|| both as f64 / all as f64)
}

fn print_missing(wanted: &Words, found: &Words) {
    let lacks = |(word, times): &(&String, &usize)| found.get(*word).unwrap_or(&0) < *times;
    let missing: Vec<&String> = wanted.iter().filter(lacks).map(|(word, _)| word).take(40).collect();
    let extra = found.iter().filter(|(word, times)| wanted.get(*word).unwrap_or(&0) < *times);
    let extra: Vec<&String> = extra.map(|(word, _)| word).take(40).collect();
    println!("    missing {missing:?}\n    extra   {extra:?}");
}

fn summary(what: &str, shares: &mut [f64]) {
    shares.sort_by(f64::total_cmp);
    let at = |part: usize| shares.get(shares.len() * part / 100).copied().unwrap_or(f64::NAN);
    let full = shares.iter().filter(|share| **share >= 0.98).count();
    println!(
        "{what} {} files with words: median {:.4}, tenth percentile {:.4}, worst {:.4}; {full} at 0.98 or more",
        shares.len(),
        at(50),
        at(10),
        at(0)
    );
}
