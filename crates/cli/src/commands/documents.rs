//! `colophon documents`.

use colophon_db::SystemScope;
use colophon_domain::{DocumentCursor, DocumentId, FileName, List, Tags};
use colophon_formats::views::{DocumentView, ListView, PageView, VersionView};
use colophon_service::edit::{self, Change, Seen, TagsChange};
use colophon_service::purge::purge;
use serde_json::json;

use super::shares;
use crate::args::{Documents, EditDocument, ShowOptions};
use crate::config::Config;
use crate::instance::{Instance, Wish};
use crate::output::{self, bytes, optional, time};

const WISH: Wish = Wish { program: "colophon documents", workers: 0, database_listen: None };

pub async fn run(config: &Config, documents: Documents) -> anyhow::Result<()> {
    match documents {
        Documents::List(find) => {
            let instance = Instance::open(config, WISH).await?;
            let tx = instance.platform.database.session(&SystemScope::new()).begin().await?;
            let list = &find.list;
            let found = tx.documents().list(&find.filter(), None, list.limit).await?;
            tx.commit().await?;
            instance.close().await?;
            if list.json { output::json(&ListView::<DocumentView>::from(found)) } else { print(found) }
        }
        Documents::Show { document, show } => show_one(config, document, &show).await,
        Documents::Edit(edit) => {
            let instance = Instance::open(config, WISH).await?;
            let (id, scope) = (edit.document, SystemScope::new());
            let edited = edit::document(&instance.platform, &scope, id, change_of(edit)?, &Seen::Any).await?;
            instance.close().await?;
            output::line(&format!("document {id} is at revision {}", edited.revision))
        }
        Documents::Share { .. }
        | Documents::Shares { .. }
        | Documents::Unshare { .. }
        | Documents::Link { .. }
        | Documents::Accesses { .. } => shares::run(config, documents).await,
        change => {
            let instance = Instance::open(config, WISH).await?;
            let said = make(&instance, change).await?;
            instance.close().await?;
            output::line(&said)
        }
    }
}

/// Makes a change, and tells what became of it.
async fn make(instance: &Instance, change: Documents) -> anyhow::Result<String> {
    let scope = SystemScope::new();
    if let Documents::Delete { document, purge: true } = change {
        purge(&instance.platform, &scope, document).await?;
        return Ok(format!("document {document} is deleted; the sweeper takes its files"));
    }
    let tx = instance.platform.database.session(&scope).begin().await?;
    let documents = tx.documents();
    let said = match change {
        Documents::Delete { document, .. } => {
            documents.trash(document).await?;
            format!(
                "document {document} is in the trash; `colophon documents restore {document}` takes it back"
            )
        }
        Documents::Restore { document } => {
            documents.restore(document).await?;
            format!("document {document} is restored")
        }
        Documents::MakeCurrent { document, number } => {
            let made = documents.make_current(document, number).await?;
            format!("version {} of document {document} is the current one", made.version)
        }
        Documents::Hold { document, reason } => {
            documents.hold(document, Some(&reason)).await?;
            format!("document {document} is under legal hold")
        }
        Documents::EndHold { document } => {
            documents.hold(document, None).await?;
            format!("document {document} is under no legal hold")
        }
        _ => String::new(),
    };
    tx.commit().await?;
    Ok(said)
}

fn change_of(edit: EditDocument) -> anyhow::Result<Change> {
    anyhow::ensure!(
        edit.name.is_some() || !edit.tag.is_empty() || !edit.metadata.is_empty(),
        "nothing to change: say --name, --tag or --metadata"
    );
    let tags =
        |adding: bool| Tags::new(edit.tag.iter().filter(|(add, _)| *add == adding).map(|(_, tag)| tag));
    let (add, remove) = (tags(true)?, tags(false)?);
    Ok(Change {
        filename: edit.name.map(FileName::new).transpose()?,
        metadata: (!edit.metadata.is_empty())
            .then(|| edit.metadata.into_iter().flat_map(|patch| patch.0).collect()),
        tags: (!edit.tag.is_empty()).then_some(TagsChange::Alter { add, remove }),
    })
}

fn print(list: List<colophon_domain::Document, DocumentCursor>) -> anyhow::Result<()> {
    let rows = list.items.into_iter().map(|d| {
        [
            d.id.to_string(),
            d.filename,
            d.status,
            optional(d.page_count),
            bytes(d.file_size_bytes),
            time(d.created_at),
            d.tags.join(", "),
        ]
    });
    output::table(["ID", "NAME", "STATUS", "PAGES", "SIZE", "STORED (UTC)", "TAGS"], rows)
}

async fn show_one(config: &Config, id: DocumentId, show: &ShowOptions) -> anyhow::Result<()> {
    let instance = Instance::open(config, WISH).await?;
    let tx = instance.platform.database.session(&SystemScope::new()).begin().await?;
    let document = tx.documents().require(id).await?;
    let versions = tx.versions().list(id).await?;
    let pages = tx.pages().list(id, document.version, 0, 1_000).await?;
    tx.commit().await?;
    instance.close().await?;
    if show.json {
        let versions: Vec<VersionView> = versions.into_iter().map(VersionView::from).collect();
        let pages: Vec<PageView> = pages.into_iter().map(PageView::from).collect();
        let mut value = serde_json::to_value(DocumentView::from(document))?;
        value["versions"] = json!(versions);
        value["pages"] = json!(pages);
        return output::json(&value);
    }
    let current = versions.iter().find(|version| version.version == document.version);
    output::fields(&[
        ("id", document.id.to_string()),
        ("name", document.filename.clone()),
        ("status", document.status.clone()),
        ("reason", optional(document.status_detail.clone())),
        ("title", optional(current.and_then(|v| v.title.clone()))),
        ("pages", optional(document.page_count)),
        ("size", bytes(document.file_size_bytes)),
        ("sha256", optional(document.sha256.clone())),
        ("version", document.version.to_string()),
        ("PDF version", optional(current.and_then(|v| v.pdf_version.clone()))),
        ("encryption", optional(current.and_then(|v| v.encryption.clone()))),
        ("repaired", if current.is_some_and(|v| v.repaired) { "yes".to_owned() } else { String::new() }),
        ("tags", document.tags.join(", ")),
        ("metadata", document.metadata.to_string()),
        ("owner", optional(document.uploaded_by.clone())),
        ("stored (UTC)", time(document.created_at)),
    ])?;
    if pages.is_empty() {
        return Ok(());
    }
    output::line("")?;
    let rows = pages.iter().map(|p| {
        let size = format!("{:.1} × {:.1} pt", p.width, p.height);
        [p.page_number.to_string(), size, p.rotation.to_string(), format!("{:?}", p.cropbox)]
    });
    output::table(["PAGE", "SIZE", "ROTATION", "CROPBOX"], rows)
}
