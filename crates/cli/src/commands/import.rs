//! `colophon import`: files and folders go in.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use colophon_db::SystemScope;
use colophon_domain::{DocumentId, FileName, JobId, Tags};
use colophon_service::upload::{self, Details, Target, Uploaded};
use colophon_service::{Error, Platform};
use futures_util::{StreamExt as _, stream};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, json};
use sha2::{Digest as _, Sha256};
use tokio_util::io::ReaderStream;
use tokio_util::sync::CancellationToken;

use super::asked_to_stop;
use super::worker::start_workers;
use crate::args::Import;
use crate::config::Config;
use crate::failure::{IN_PART, Usage};
use crate::instance::{Instance, Wish};
use crate::output;

/// Files taken in at once.
const AT_ONCE: usize = 4;

/// How long a file is tried again while the database cannot be reached.
const PATIENCE: Duration = Duration::from_mins(1);

pub async fn run(config: &Config, import: Import) -> anyhow::Result<ExitCode> {
    let files = find(&import.paths)?;
    let wish = Wish { program: "colophon import", workers: config.workers, ..Wish::default() };
    // Opened before anything is started, so that no signal is missed.
    let mut asked = pin!(asked_to_stop());
    let instance = tokio::select! {
        biased;
        () = &mut asked => anyhow::bail!("stopped before anything went in"),
        instance = Instance::open(config, wish) => instance?,
    };
    let stop = CancellationToken::new();
    let workers = if import.no_process { 0 } else { config.workers };
    let working = start_workers(&instance.platform, workers, &stop);
    let outcome = tokio::select! {
        outcome = import_all(&import, &instance, files) => outcome,
        () = asked => Err(anyhow::anyhow!(
            "stopped; what went in is kept, and the same command goes on where it stopped"
        )),
    };
    stop.cancel();
    working.await?;
    instance.close().await?;
    outcome
}

async fn import_all(import: &Import, instance: &Instance, files: Vec<PathBuf>) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let total = files.len();
    let bar = bar(total, "stored   ");
    let mut taken: HashMap<DocumentId, PathBuf> = HashMap::with_capacity(total);
    let mut jobs: Vec<JobId> = Vec::with_capacity(total);
    let (mut refused, mut known) = (0_usize, 0_usize);
    let mut results = stream::iter(files)
        .map(|path| async move {
            let result = take_in(import, instance, &path).await;
            (path, result)
        })
        .buffer_unordered(AT_ONCE);
    while let Some((path, result)) = results.next().await {
        bar.inc(1);
        match result {
            Ok(uploaded) => {
                known += usize::from(uploaded.replayed);
                jobs.extend(uploaded.job);
                taken.insert(uploaded.document.id, path);
            }
            Err(error) => {
                refused += 1;
                refuse(import, &bar, &path, &error)?;
            }
        }
    }
    bar.finish_and_clear();
    wait_for(&instance.platform, &jobs).await?;
    summarise(import, instance, &taken, begun).await?;
    if !import.json {
        let known = if known > 0 { format!(" ({known} of them were there before)") } else { String::new() };
        output::line(&format!("{} of {total} files went in{known}, {refused} were refused", taken.len()))?;
    }
    Ok(if refused > 0 { ExitCode::from(IN_PART) } else { ExitCode::SUCCESS })
}

/// A file given by name is taken whatever its name; folders are searched for `.pdf`.
fn find(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        let kind =
            std::fs::metadata(path).map_err(|e| Usage(format!("cannot read {}: {e}", path.display())))?;
        if kind.is_dir() { walk(path, &mut files)? } else { files.push(path.clone()) }
    }
    if files.is_empty() {
        let named = paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
        return Err(Usage(format!("there is no .pdf file in {named}")).into());
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
        // Links are not followed into folders: they may lead in circles.
        if entry.file_type().with_context(cannot)?.is_dir() {
            walk(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("pdf")) {
            files.push(path);
        }
    }
    Ok(())
}

/// Takes a file in, again while the database is away. The key makes that harmless, also across runs: the same file at
/// the same place gives the document it gave before.
async fn take_in(import: &Import, instance: &Instance, path: &Path) -> anyhow::Result<Uploaded> {
    let give_up = Instant::now() + PATIENCE;
    loop {
        match take_in_once(import, instance, path).await {
            Err(error) if is_transient(&error) && Instant::now() < give_up => {
                tracing::debug!(%error, path = %path.display(), "trying again");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            result => return result,
        }
    }
}

fn is_transient(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref::<Error>(), Some(Error::Database(error)) if error.is_transient())
}

async fn take_in_once(import: &Import, instance: &Instance, path: &Path) -> anyhow::Result<Uploaded> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let filename = FileName::new(name)?;
    let file =
        tokio::fs::File::open(path).await.with_context(|| format!("cannot open {}", path.display()))?;
    let length = file.metadata().await?.len();
    let place = std::path::absolute(path)?;
    let target = Target::document(instance.owner);
    let platform = &instance.platform;
    let received =
        upload::receive(platform, target, Some(length), ReaderStream::with_capacity(file, 256 * 1024))
            .await?;
    let mut key = Sha256::new();
    key.update(place.as_os_str().as_encoded_bytes());
    key.update(received.sha256());
    let key: String = key.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    let details = Details {
        filename,
        metadata: Map::new(),
        tags: Tags::default(),
        process: (!import.no_process).then_some(import.strategy),
        on_duplicate: import.on_duplicate,
        reason: None,
        created_by: Some(instance.owner.to_string()),
        idempotency_key: Some(format!("import {key}")),
    };
    Ok(received.store(platform, &SystemScope::new(), details).await?)
}

fn refuse(import: &Import, bar: &ProgressBar, path: &Path, error: &anyhow::Error) -> anyhow::Result<()> {
    if import.json {
        return output::line(&json!({ "path": path, "refused": error.to_string() }).to_string());
    }
    bar.suspend(|| {
        eprintln!(
            "refused {}: {}",
            output::one_line(&path.display().to_string()),
            output::one_line(&error.to_string())
        );
    });
    Ok(())
}

async fn wait_for(platform: &Arc<Platform>, jobs: &[JobId]) -> anyhow::Result<()> {
    let bar = bar(jobs.len(), "processed");
    let begun = Instant::now();
    let mut seen = Instant::now();
    loop {
        match live(platform, jobs).await {
            Ok(0) => break,
            Ok(live) => {
                seen = Instant::now();
                bar.set_position(jobs.len() as u64 - u64::try_from(live).unwrap_or(0));
            }
            Err(error) if error.is_transient() && seen.elapsed() < PATIENCE => {}
            Err(error) => return Err(error.into()),
        }
        // Rarely at the beginning of long work, often at the end of short work.
        tokio::time::sleep(
            (begun.elapsed() / 20).clamp(Duration::from_millis(20), Duration::from_millis(500)),
        )
        .await;
    }
    bar.finish_and_clear();
    Ok(())
}

async fn live(platform: &Platform, jobs: &[JobId]) -> colophon_db::Result<i64> {
    let tx = platform.database.session(&SystemScope::new()).begin().await?;
    let live = tx.jobs().live(jobs).await?;
    tx.commit().await?;
    Ok(live)
}

/// How it went: a line for each file that was stored but cannot be read, and the numbers.
async fn summarise(
    import: &Import,
    instance: &Instance,
    taken: &HashMap<DocumentId, PathBuf>,
    begun: Instant,
) -> anyhow::Result<()> {
    let ids: Vec<DocumentId> = taken.keys().copied().collect();
    let tx = instance.platform.database.session(&SystemScope::new()).begin().await?;
    let mut documents = tx.documents().get_many(&ids).await?;
    tx.commit().await?;
    documents.sort_by(|a, b| taken.get(&a.id).cmp(&taken.get(&b.id)));
    let mut counts: Vec<(String, usize)> = Vec::new();
    let mut pages = 0_i64;
    for document in &documents {
        pages += i64::from(document.page_count.unwrap_or(0));
        match counts.iter_mut().find(|(status, _)| *status == document.status) {
            Some((_, count)) => *count += 1,
            None => counts.push((document.status.clone(), 1)),
        }
        let path = taken.get(&document.id).map(|path| path.display().to_string()).unwrap_or_default();
        if import.json {
            let line = json!({
                "path": path, "document_id": document.id, "status": document.status,
                "status_detail": document.status_detail, "page_count": document.page_count,
            });
            output::line(&line.to_string())?;
        } else if let Some(detail) = &document.status_detail {
            output::line(&output::one_line(&format!("{} {path}: {detail}", document.status)))?;
        }
    }
    if !import.json {
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let counts: Vec<String> = counts.iter().map(|(status, count)| format!("{count} {status}")).collect();
        output::line(&format!(
            "{}; {pages} pages in {:.1} s",
            counts.join(", "),
            begun.elapsed().as_secs_f64()
        ))?;
    }
    Ok(())
}

/// A bar on a terminal, nothing elsewhere.
pub(super) fn bar(total: usize, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(total as u64);
    let style = "{msg} {wide_bar} {pos}/{len} {eta}";
    bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(what);
    bar
}
