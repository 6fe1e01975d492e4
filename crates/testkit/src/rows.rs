//! Rows to begin with. Alter what matters to the test: `NewDocument { status, ..a_document(owner) }`.

use colophon_db::{Database, SystemScope, UserScope};
use colophon_domain::{
    BoundingBox, Document, DocumentId, DocumentStatus, FileName, JobId, NewDocument, NewJob, NewZone, Page,
    Strategy, Tags, UserId, Version, ZoneId, ZoneStatus,
};
use serde_json::{Map, json};
use uuid::Uuid;

/// SQL that puts a row into every table, for the owner `…000a`, the document `…0001`, the zone `…0002` and the job
/// `…0003` (`00000000-0000-7000-8000-…`), shared with a viewer `…000b`, an editor `…000c` and, by a link, with `…000d`;
/// the shares of `…000e` and `…000f` have ended.
pub const A_ROW_IN_EVERY_TABLE: &str = include_str!("a_row_in_every_table.sql");

/// A document of three pages whose file is said to be in the store.
pub fn a_document(owner: UserId) -> NewDocument {
    let id = DocumentId::new();
    NewDocument {
        id,
        filename: FileName::new("report.pdf").expect("a name"),
        uploaded_by: owner.to_string(),
        metadata: Map::new(),
        tags: Tags::default(),
        status: DocumentStatus::Uploaded,
        status_detail: None,
        version: Version {
            version: 1,
            storage_path: format!("{owner}/{id}/{}", Uuid::new_v4().simple()),
            sha256: "ab".repeat(32),
            file_size_bytes: 1234,
            mime_type: "application/pdf".into(),
            original_filename: "report.pdf".into(),
            page_count: Some(3),
            title: None,
            pdf_version: Some("1.7".into()),
            encryption: None,
            repaired: false,
            warnings: Vec::new(),
            reason: None,
            status_detail: None,
            created_by: Some(owner.to_string()),
            created_at: None,
        },
    }
}

/// An upright page of A4.
pub fn a_page(page_number: i32) -> Page {
    let whole = [0.0, 0.0, 595.0, 842.0];
    Page {
        page_number,
        width: 595.0,
        height: 842.0,
        rotation: 0,
        mediabox: whole,
        cropbox: whole,
        user_unit: 1.0,
    }
}

/// A line of text on a page; its place in the reading order is `zone_index`.
pub fn a_zone(page_number: i32, zone_index: i32) -> NewZone {
    NewZone {
        id: ZoneId::new(),
        zone_index,
        page_number,
        zone_type: "text".into(),
        coordinates: Some(BoundingBox { x0: 72.0, y0: 72.0, x1: 300.0, y1: 84.5 }.into()),
        content: Some(format!("line {zone_index} of page {page_number}")),
        confidence: None,
        status: ZoneStatus::Completed,
        label: None,
        external_id: None,
        parent_id: None,
        language: None,
        source: None,
        metadata: Map::new(),
    }
}

/// A job on the first version of a document.
pub fn a_job(document_id: DocumentId) -> NewJob {
    NewJob { total_pages: Some(3), ..NewJob::new(document_id, 1, Strategy::TextLayer.as_str()) }
}

/// The scope of a person whose token was verified.
pub fn as_user(user: UserId) -> UserScope {
    UserScope::from_verified_claims(user, &json!({ "sub": user, "role": "authenticated" }))
}

/// A committed document of this owner.
pub async fn store_document(database: &Database, owner: UserId) -> Document {
    let tx = database.session(&SystemScope::new()).begin().await.expect("a transaction");
    let document = tx.documents().insert(&a_document(owner)).await.expect("a document");
    tx.commit().await.expect("it commits");
    document
}

/// A committed, live job on a document.
pub async fn store_job(database: &Database, document_id: DocumentId) -> JobId {
    let job = a_job(document_id);
    let tx = database.session(&SystemScope::new()).begin().await.expect("a transaction");
    tx.jobs().enqueue(&job).await.expect("a job");
    tx.commit().await.expect("it commits");
    job.id
}
