//! `colophon exports list|show`.

use colophon_db::SystemScope;
use colophon_formats::views::{ExportView, ListView};

use crate::args::Exports;
use crate::config::Config;
use crate::instance::{Instance, Wish};
use crate::output::{self, bytes, optional, time};

const WISH: Wish = Wish { program: "colophon exports", workers: 0, database_listen: None };

pub async fn run(config: &Config, exports: Exports) -> anyhow::Result<()> {
    match exports {
        Exports::List { document, list } => {
            let instance = Instance::open(config, WISH).await?;
            let tx = instance.platform.database.session(&SystemScope::new()).begin().await?;
            let found = tx.exports().list(document, None, list.limit).await?;
            tx.commit().await?;
            instance.close().await?;
            let views = ListView::<ExportView>::from(found);
            if list.json {
                return output::json(&views);
            }
            let rows = views.items.into_iter().map(|e| {
                let size = e.file_size_bytes.map(bytes).unwrap_or_default();
                [
                    e.id.to_string(),
                    e.document_id.to_string(),
                    e.formats.join(","),
                    e.status,
                    size,
                    time(e.created_at),
                ]
            });
            output::table(["ID", "DOCUMENT", "FORMATS", "STATUS", "SIZE", "MADE (UTC)"], rows)
        }
        Exports::Show { export, show } => {
            let instance = Instance::open(config, WISH).await?;
            let tx = instance.platform.database.session(&SystemScope::new()).begin().await?;
            let e = ExportView::from(tx.exports().require(export).await?);
            tx.commit().await?;
            instance.close().await?;
            if show.json {
                return output::json(&e);
            }
            output::fields(&[
                ("id", e.id.to_string()),
                ("document", e.document_id.to_string()),
                ("formats", e.formats.join(", ")),
                ("status", e.status.clone()),
                ("selection", optional(e.selection.clone())),
                ("made (UTC)", time(e.created_at)),
            ])?;
            output::line("")?;
            let rows =
                e.files.into_iter().map(|file| [file.name, file.format, bytes(file.size_bytes), file.sha256]);
            output::table(["FILE", "FORMAT", "SIZE", "SHA256"], rows)
        }
    }
}
