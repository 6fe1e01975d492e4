//! A document goes out: as JSON so far.
//!
//! The file is written first, streamed from one snapshot of the database with flat memory; its record second. A crash
//! between the two leaves an object that no row names, and no export that is forever running.

use bytes::Bytes;
use colophon_blobs::{Key, Writer};
use colophon_db::{ErrorKind, Scope, Tx};
use colophon_domain::{
    Document, DocumentId, ExportFile, ExportId, ExportRecord, Invalid, ZoneFilter, ZoneId,
};
use colophon_formats::views::{DocumentView, PageView, ZoneView};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::announced::{Announced, Belonging};
use crate::upload::owner_of;
use crate::{Error, Platform};

/// Rows read at a time.
const CHUNK: i64 = 1_000;

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Formats; `json` is the only one so far.
    pub formats: Vec<String>,
    /// Only these pages, as inclusive ranges from 1; all where empty.
    pub pages: Vec<(i32, i32)>,
    /// Only these zones; all where empty.
    pub zones: Vec<ZoneId>,
    /// Who asks.
    pub created_by: Option<String>,
}

/// Makes an export of a document's current version.
///
/// # Errors
/// The document is not there for this scope; an unknown format; a range that names no pages; the store or the database fails.
pub async fn run<S: Scope>(
    platform: &Platform,
    scope: &S,
    document: DocumentId,
    request: Request,
) -> Result<ExportRecord, Error> {
    if request.formats.is_empty() || request.formats.iter().any(|format| format != "json") {
        return Err(Invalid::new("formats", format!("{:?}: the formats are: json", request.formats)).into());
    }
    if let Some((first, last)) = request.pages.iter().find(|(first, last)| *first < 1 || first > last) {
        let reason = format!("[{first}, {last}] names no pages; say the first and the last, from 1");
        return Err(Invalid::new("selection.pages", reason).into());
    }
    let started_at = Timestamp::now();
    let snapshot = platform.database.session(scope).begin_snapshot().await?;
    let found = snapshot.documents().require(document).await?;
    let belonging = Belonging { owner: owner_of(&found), document, exists: true };
    let id = ExportId::new();
    let key = Key::Export { owner: belonging.owner, document, export: id, extension: "json" };
    // Until its record is there, a failure of any kind takes the file with it.
    let (mut announced, _) = Announced::intend(platform, belonging, key.to_string(), None).await?;
    let mut writer = platform.store.write(key).await?;
    let zone_count = write_json(&mut writer, &snapshot, found, &request).await?;
    snapshot.commit().await?;
    let stored = writer.finish().await?;

    let selection = selection_of(&request);
    let size_bytes = i64::try_from(stored.size).unwrap_or(i64::MAX);
    let record = ExportRecord {
        document_id: document,
        id,
        export_type: if selection.is_some() { "partial" } else { "full" }.to_owned(),
        formats: request.formats,
        status: "completed".to_owned(),
        files: vec![ExportFile {
            name: "document.json".to_owned(),
            format: "json".to_owned(),
            storage_path: stored.path.clone(),
            sha256: stored.sha256,
            size_bytes,
        }],
        validation_results: Some(json!({ "zones": zone_count })),
        selection,
        started_at: Some(started_at),
        completed_at: None,
        file_size_bytes: Some(size_bytes),
        created_by: request.created_by,
        created_at: started_at,
    };
    let recorded = async {
        let tx = platform.database.session(scope).begin().await?;
        let record = tx.exports().insert(&record).await?;
        announced.keep(true);
        tx.commit().await?;
        Ok(record)
    };
    let recorded: Result<_, colophon_db::Error> = recorded.await;
    // A commit whose outcome is unknown may have taken effect.
    announced.keep(recorded.as_ref().err().is_none_or(|error| *error.kind() == ErrorKind::Unavailable));
    Ok(recorded?)
}

fn selection_of(request: &Request) -> Option<Value> {
    let mut selection = serde_json::Map::new();
    if !request.pages.is_empty() {
        selection.insert("pages".to_owned(), json!(request.pages));
    }
    if !request.zones.is_empty() {
        selection.insert("zones".to_owned(), json!(request.zones));
    }
    (!selection.is_empty()).then_some(Value::Object(selection))
}

async fn write_json<S: Scope>(
    writer: &mut Writer,
    tx: &Tx<S>,
    document: Document,
    request: &Request,
) -> Result<u64, Error> {
    let (id, version) = (document.id, document.version);
    let wanted_page = |page: i32| {
        request.pages.is_empty() || request.pages.iter().any(|&(first, last)| (first..=last).contains(&page))
    };
    let mut json = Json { writer, first: true };
    json.raw("{\"format\":\"colophon-document\",\"format_version\":1,\"document\":").await?;
    json.value(&DocumentView::from(document)).await?;
    json.raw(",\"pages\":[").await?;
    let mut after = 0;
    loop {
        let pages = tx.pages().list(id, version, after, CHUNK).await?;
        let Some(last) = pages.last() else { break };
        after = last.page_number;
        for page in pages.into_iter().filter(|page| wanted_page(page.page_number)) {
            json.item(&PageView::from(page)).await?;
        }
    }
    json.raw("],\"zones\":[").await?;
    json.first = true;
    let of_version = ZoneFilter { version: Some(version), ..ZoneFilter::default() };
    let (mut after, mut count) = (-1, 0);
    loop {
        let zones = tx.zones().list(id, &of_version, after, CHUNK).await?;
        let Some(last) = zones.last() else { break };
        after = last.zone_index;
        let wanted = |zone: &colophon_domain::Zone| {
            wanted_page(zone.page_number) && (request.zones.is_empty() || request.zones.contains(&zone.id))
        };
        for zone in zones.into_iter().filter(wanted) {
            json.item(&ZoneView::from(zone)).await?;
            count += 1;
        }
    }
    json.raw("]}\n").await?;
    Ok(count)
}

/// JSON written piece by piece.
struct Json<'w> {
    writer: &'w mut Writer,
    first: bool,
}

impl Json<'_> {
    async fn raw(&mut self, text: &'static str) -> Result<(), Error> {
        Ok(self.writer.write(Bytes::from_static(text.as_bytes())).await?)
    }

    async fn value(&mut self, value: &impl serde::Serialize) -> Result<(), Error> {
        let bytes = serde_json::to_vec(value).map_err(|e| Invalid::new("export", e.to_string()))?;
        Ok(self.writer.write(bytes.into()).await?)
    }

    async fn item(&mut self, value: &impl serde::Serialize) -> Result<(), Error> {
        if !std::mem::take(&mut self.first) {
            self.raw(",\n").await?;
        }
        self.value(value).await
    }
}
