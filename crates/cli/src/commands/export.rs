//! `colophon export`: a document goes out.

use std::path::Path;

use anyhow::Context as _;
use colophon_db::SystemScope;
use colophon_service::export::{self, Request};
use futures_util::StreamExt as _;
use tokio::io::AsyncWriteExt as _;

use crate::args::Export;
use crate::config::Config;
use crate::failure::Usage;
use crate::instance::{Instance, Wish};
use crate::output::ReaderGone;

pub async fn run(config: &Config, export: Export) -> anyhow::Result<()> {
    if export.formats.len() > 1 {
        return Err(Usage("one --format for one file; run it again for another".into()).into());
    }
    let instance = Instance::open(config, Wish { program: "colophon export", ..Wish::default() }).await?;
    let outcome = write(&export, &instance).await;
    instance.close().await?;
    outcome
}

async fn write(export: &Export, instance: &Instance) -> anyhow::Result<()> {
    let request = Request {
        formats: export.formats.clone(),
        pages: export.pages.clone().map(|pages| pages.0).unwrap_or_default(),
        zones: export.zones.clone(),
        created_by: Some(instance.owner.to_string()),
    };
    let record = export::run(&instance.platform, &SystemScope::new(), export.document, request).await?;
    let file = record.files.first().context("the export has no file")?;
    let mut bytes = instance.platform.store.read(&file.storage_path, None).await?.bytes;
    if export.output == Path::new("-") {
        let mut stdout = tokio::io::stdout();
        while let Some(part) = bytes.next().await {
            stdout.write_all(&part?).await.map_err(ReaderGone::or)?;
        }
        return stdout.flush().await.map_err(ReaderGone::or);
    }
    // Written aside and moved into place: nobody finds half a file under the name.
    let mut aside = export.output.clone().into_os_string();
    aside.push(format!(".{}.part", record.id));
    let written = async {
        let mut out = tokio::fs::File::create(&aside).await?;
        while let Some(part) = bytes.next().await {
            out.write_all(&part?).await?;
        }
        out.sync_all().await?;
        tokio::fs::rename(&aside, &export.output).await?;
        anyhow::Ok(())
    };
    let outcome = written.await.with_context(|| format!("cannot write {}", export.output.display()));
    if outcome.is_err() {
        // The first error is the one worth telling.
        let _ = tokio::fs::remove_file(&aside).await;
    }
    outcome
}
