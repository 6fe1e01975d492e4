//! `colophon import --zones`: files of zones go into a document.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context as _;
use colophon_db::SystemScope;
use colophon_domain::DocumentId;
use colophon_formats::import::{Effect, Format, ImportReport};
use colophon_service::import_zones::{self, Imported, Request};
use indicatif::ProgressBar;
use serde_json::json;

use super::asked_to_stop;
use super::import::bar;
use crate::args::{Import, ImportZones};
use crate::config::Config;
use crate::failure::{IN_PART, Usage};
use crate::instance::{Instance, Wish};
use crate::output;

/// What files of zones end in, where folders are searched for them.
const EXTENSIONS: [&str; 4] = ["xml", "json", "jsonl", "ndjson"];

pub async fn run(config: &Config, import: Import) -> anyhow::Result<ExitCode> {
    let Some(document) = import.zones.document else {
        return Err(
            Usage("--zones needs --document ID, the document that the zones are of".to_owned()).into()
        );
    };
    let files = find(&import.paths)?;
    let wish = Wish { program: "colophon import", ..Wish::default() };
    let mut asked = pin!(asked_to_stop());
    let instance = tokio::select! {
        biased;
        () = &mut asked => anyhow::bail!("stopped before anything went in"),
        instance = Instance::open(config, wish) => instance?,
    };
    let outcome = tokio::select! {
        outcome = import_all(&import, &instance, document, files) => outcome,
        () = asked => Err(anyhow::anyhow!(
            "stopped; the files that went in are kept, and the same command goes on: what is there already is not doubled"
        )),
    };
    instance.close().await?;
    outcome
}

/// What all files came to.
#[derive(Default)]
struct Totals {
    files: usize,
    refused_files: usize,
    zones: u64,
    refused_zones: u64,
    inserted: i64,
    updated: i64,
    unchanged: i64,
}

async fn import_all(
    import: &Import,
    instance: &Instance,
    document: DocumentId,
    files: Vec<PathBuf>,
) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let total = files.len();
    let bar = bar(total, "imported ");
    let mut totals = Totals::default();
    let mut page = import.zones.page;
    for path in files {
        let result = take_in(&import.zones, instance, document, &path, page).await;
        bar.inc(1);
        match result {
            Ok(imported) => {
                page += pages_of(&imported.report);
                totals.add(&imported);
                tell(import.json, &bar, &path, &imported)?;
            }
            Err(error) => {
                // A page that could not be read keeps its number free.
                page += 1;
                totals.refused_files += 1;
                refuse(import.json, &bar, &path, &error)?;
            }
        }
    }
    bar.finish_and_clear();
    if !import.json {
        output::line(&format!(
            "{} of {total} files: {} zones, {} new, {} changed, {} as they were, {} refused; {:.1} s",
            totals.files,
            totals.zones,
            totals.inserted,
            totals.updated,
            totals.unchanged,
            totals.refused_zones,
            begun.elapsed().as_secs_f64()
        ))?;
    }
    let in_part = totals.refused_files > 0 || totals.refused_zones > 0;
    Ok(if in_part { ExitCode::from(IN_PART) } else { ExitCode::SUCCESS })
}

impl Totals {
    fn add(&mut self, imported: &Imported) {
        self.files += 1;
        self.zones += imported.report.zones;
        self.refused_zones += imported.report.refused;
        self.inserted += imported.inserted;
        self.updated += imported.updated;
        self.unchanged += imported.unchanged;
    }
}

/// By how many pages the next file stands behind this one: those formats number their pages that are files of pages.
fn pages_of(report: &ImportReport) -> i32 {
    let is_pages =
        [Format::PageXml, Format::Alto].iter().any(|format| report.format == Some(format.as_str()));
    if is_pages { i32::try_from(report.pages).unwrap_or(0) } else { 0 }
}

async fn take_in(
    how: &ImportZones,
    instance: &Instance,
    document: DocumentId,
    path: &Path,
    page: i32,
) -> anyhow::Result<Imported> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let request = Request {
        format: how.format.0,
        levels: Some(how.levels),
        first_page: Some(page),
        vocabulary: how.vocabulary,
        on_invalid: how.on_invalid,
        tool: how.tool.clone(),
        model: how.model.clone(),
        reason: how.reason.clone(),
    };
    Ok(import_zones::run(&instance.platform, &SystemScope::new(), document, file, request).await?)
}

/// A line for each file; for people, another for each kind of loss.
fn tell(json: bool, bar: &ProgressBar, path: &Path, imported: &Imported) -> anyhow::Result<()> {
    let Imported { revision, inserted, updated, unchanged, report } = imported;
    if json {
        let line = json!({
            "path": path, "revision": revision, "inserted": inserted, "updated": updated, "unchanged": unchanged,
            "report": report,
        });
        return output::line(&line.to_string());
    }
    bar.suspend(|| {
        let name = output::one_line(&path.display().to_string());
        output::line(&format!(
            "{name}: {}, {} zones, {inserted} new, {updated} changed, {unchanged} as they were",
            report.format.unwrap_or_default(),
            report.zones
        ))?;
        for (kind, remark) in report.remarks.iter().filter(|(_, remark)| remark.effect != Effect::Kept) {
            let (kind, effect) = (json!(kind), json!(remark.effect));
            let examples = output::one_line(&remark.examples.join(", "));
            output::line(&format!(
                "  {} × {} ({}): {examples}",
                remark.count,
                kind.as_str().unwrap_or_default(),
                effect.as_str().unwrap_or_default()
            ))?;
        }
        Ok(())
    })
}

fn refuse(json: bool, bar: &ProgressBar, path: &Path, error: &anyhow::Error) -> anyhow::Result<()> {
    if json {
        return output::line(&json!({ "path": path, "refused": error.to_string() }).to_string());
    }
    bar.suspend(|| {
        let name = output::one_line(&path.display().to_string());
        eprintln!("refused {name}: {}", output::one_line(&error.to_string()));
    });
    Ok(())
}

/// Files by name, and in folders what ends like a file of zones; each folder in the order of names.
fn find(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        let kind =
            std::fs::metadata(path).map_err(|e| Usage(format!("cannot read {}: {e}", path.display())))?;
        if kind.is_dir() { walk(path, &mut files)? } else { files.push(path.clone()) }
    }
    if files.is_empty() {
        let endings = EXTENSIONS.map(|extension| format!(".{extension}")).join(", ");
        return Err(Usage(format!("there is no file that ends in {endings}")).into());
    }
    Ok(files)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let cannot = || format!("cannot read the folder {}", folder.display());
    let mut entries = std::fs::read_dir(folder)
        .with_context(cannot)?
        .collect::<Result<Vec<_>, _>>()
        .with_context(cannot)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let is_zones = path
            .extension()
            .is_some_and(|extension| EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known)));
        // Links are not followed into folders: they may lead in circles.
        if entry.file_type().with_context(cannot)?.is_dir() {
            walk(&path, files)?;
        } else if is_zones {
            files.push(path);
        }
    }
    Ok(())
}
