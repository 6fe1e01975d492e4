//! What callers see of each noun: its columns. An id or a path among them is never proof of a right.

use std::fmt::Display;

use colophon_domain::calibration::Bucket;
use colophon_domain::geometry::{Frame, Pages, coordinates_in};
use colophon_domain::{
    Access, Calibration, Confidence, Coordinates, Correction, CorrectionOutcome, Document, ExportFile,
    ExportRecord, List, MetadataSchema, Page, Quota, ReadingOrderItem, SearchHit, Share, ShareUse,
    StoredReadingOrder, Upload, Usage, Version, Zone,
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

/// A part of a list.
#[derive(Debug, Serialize)]
pub struct ListView<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Give it back as `cursor` for the next part; null at the end.
    pub next_cursor: Option<String>,
}

impl<T, C: Display, U: From<T>> From<List<T, C>> for ListView<U> {
    fn from(list: List<T, C>) -> Self {
        let next_cursor = list.next_cursor.map(|cursor| cursor.to_string());
        Self { items: list.items.into_iter().map(U::from).collect(), next_cursor }
    }
}

macro_rules! view {
    ($(#[$doc:meta])* $name:ident of $entity:ty { $($field:ident: $type:ty = $value:expr),* $(,)? } as $e:ident) => {
        $(#[$doc])*
        #[derive(Debug, Serialize)]
        #[allow(missing_docs, reason = "each field is the column of the same name; the domain documents it")]
        pub struct $name { $(pub $field: $type),* }

        impl From<$entity> for $name {
            fn from($e: $entity) -> Self {
                Self { $($field: $value),* }
            }
        }
    };
}

mod jobs;
mod schedules;
pub use jobs::*;
pub use schedules::*;

view!(
    /// How a correction came through a run.
    CorrectionOutcomeView of CorrectionOutcome {
        id: Uuid = e.id,
        document_id: Uuid = e.document_id.0,
        correction_id: Option<Uuid> = e.correction_id,
        zone_id: Uuid = e.zone_id.0,
        revision: i64 = e.revision,
        outcome: String = e.outcome,
        zone_ids: Vec<Uuid> = e.zone_ids.into_iter().map(|zone| zone.0).collect(),
        candidates: Value = e.candidates,
        base: Option<Value> = e.base,
        theirs: Option<Value> = e.theirs,
        yours: Option<Value> = e.yours,
        created_at: Timestamp = e.created_at,
        resolved_at: Option<Timestamp> = e.resolved_at,
        resolved_by: Option<String> = e.resolved_by,
        resolution: Option<String> = e.resolution,
    } as e
);

view!(
    /// A document.
    DocumentView of Document {
        id: Uuid = e.id.0,
        filename: String = e.filename,
        original_filename: String = e.original_filename,
        file_size_bytes: i64 = e.file_size_bytes,
        page_count: Option<i32> = e.page_count,
        mime_type: Option<String> = e.mime_type,
        storage_path: Option<String> = e.storage_path,
        status: String = e.status,
        status_detail: Option<String> = e.status_detail,
        uploaded_by: Option<String> = e.uploaded_by,
        created_at: Timestamp = e.created_at,
        updated_at: Timestamp = e.updated_at,
        metadata: Value = e.metadata,
        tags: Vec<String> = e.tags,
        sha256: Option<String> = e.sha256,
        version: i32 = e.version,
        revision: i64 = e.revision,
        deleted_at: Option<Timestamp> = e.deleted_at,
        deleted_by: Option<String> = e.deleted_by,
        legal_hold: Option<String> = e.legal_hold,
    } as e
);

view!(
    /// What an owner's metadata must look like.
    MetadataSchemaView of MetadataSchema {
        owner: String = e.owner,
        schema: Value = e.schema,
        created_at: Timestamp = e.created_at,
        updated_at: Timestamp = e.updated_at,
        revision: i64 = e.revision,
    } as e
);

view!(
    /// A version of a document's file.
    VersionView of Version {
        version: i32 = e.version,
        sha256: String = e.sha256,
        file_size_bytes: i64 = e.file_size_bytes,
        mime_type: String = e.mime_type,
        original_filename: String = e.original_filename,
        page_count: Option<i32> = e.page_count,
        title: Option<String> = e.title,
        pdf_version: Option<String> = e.pdf_version,
        encryption: Option<String> = e.encryption,
        repaired: bool = e.repaired,
        warnings: Vec<String> = e.warnings,
        reason: Option<String> = e.reason,
        status_detail: Option<String> = e.status_detail,
        created_by: Option<String> = e.created_by,
        created_at: Option<Timestamp> = e.created_at,
    } as e
);

view!(
    /// What an owner keeps and may keep.
    UsageView of Usage {
        documents: i64 = e.documents,
        bytes: i64 = e.bytes,
        max_documents: Option<i64> = e.max_documents,
        max_bytes: Option<i64> = e.max_bytes,
    } as e
);

view!(
    /// An owner's quota; `default` is everybody who has none of his own.
    QuotaView of Quota {
        owner: String = if e.owner == "*" { "default".to_owned() } else { e.owner },
        usage: UsageView = e.usage.into(),
    } as e
);

view!(
    /// A share: with a person, or a link, which names nobody. Never its token.
    ShareView of Share {
        id: Uuid = e.id.0,
        document_id: Uuid = e.document_id.0,
        role: String = e.role,
        user_id: Option<Uuid> = e.user_id.map(|user| user.0),
        expires_at: Option<Timestamp> = e.expires_at,
        max_uses: Option<i32> = e.max_uses,
        uses: i64 = e.uses,
        state: String = e.state,
        created_by: Option<String> = e.created_by,
        created_at: Timestamp = e.created_at,
        revoked_at: Option<Timestamp> = e.revoked_at,
    } as e
);

/// A share that was just made; a link with its token, this once.
#[derive(Serialize)]
pub struct MadeShareView {
    /// The share.
    #[serde(flatten)]
    pub share: ShareView,
    /// What opens a link: `POST /v1/share-links/open`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The same for people: the console opens it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

view!(
    /// A person who came by a link.
    ShareUseView of ShareUse {
        user_id: Uuid = e.user_id.0,
        used_at: Timestamp = e.used_at,
    } as e
);

view!(
    /// What somebody who is not the owner did with a document.
    AccessView of Access {
        id: Uuid = e.id,
        document_id: Uuid = e.document_id.0,
        share_id: Option<Uuid> = e.share_id.map(|share| share.0),
        user_id: Option<Uuid> = e.user_id.map(|user| user.0),
        action: String = e.action,
        created_at: Timestamp = e.created_at,
    } as e
);

/// An address of a file that needs no token.
#[derive(Serialize)]
pub struct SignedUrlView {
    /// Whoever has it reads the file.
    pub url: String,
    /// Until then.
    pub expires_at: Timestamp,
}

view!(
    /// A page.
    PageView of Page {
        page_number: i32 = e.page_number,
        width: f64 = e.width,
        height: f64 = e.height,
        rotation: i16 = e.rotation,
        mediabox: [f64; 4] = e.mediabox,
        cropbox: [f64; 4] = e.cropbox,
        user_unit: f64 = e.user_unit,
    } as e
);

impl ZoneView {
    /// A zone with its place in the numbers of a frame; what has no place that can be named in it is shown without one.
    pub fn in_frame(zone: Zone, frame: Frame, pages: &Pages) -> Self {
        let mut view = Self::from(zone);
        if frame != Frame::Points {
            let there = serde_json::from_value::<Coordinates>(view.coordinates.take());
            let there =
                there.ok().and_then(|there| coordinates_in(frame, &there, view.page_number, pages).ok());
            view.coordinates = there.map_or_else(|| json!({}), |there| json!(there));
        }
        view
    }
}

view!(
    /// A zone.
    ZoneView of Zone {
        id: Uuid = e.id.0,
        document_id: Uuid = e.document_id.0,
        zone_index: i32 = e.zone_index,
        page_number: i32 = e.page_number,
        zone_type: String = e.zone_type,
        coordinates: Value = e.coordinates,
        content: Option<String> = e.content,
        confidence: Option<f64> = e.confidence,
        processing_tool: Option<String> = e.processing_tool,
        status: String = e.status,
        created_at: Timestamp = e.created_at,
        updated_at: Timestamp = e.updated_at,
        metadata: Value = e.metadata,
        version: i32 = e.version,
        revision: i64 = e.revision,
        zones_revision: i64 = e.zones_revision,
        label: Option<String> = e.label,
        external_id: Option<String> = e.external_id,
        parent_id: Option<Uuid> = e.parent_id.map(|id| id.0),
        language: Option<String> = e.language,
        processing_model: Option<String> = e.processing_model,
        job_id: Option<Uuid> = e.job_id.map(|id| id.0),
        source: Option<Value> = e.source,
        original: Option<Value> = e.original,
        created_by: Option<String> = e.created_by,
    } as e
);

view!(
    /// A correction.
    CorrectionView of Correction {
        id: Uuid = e.id,
        document_id: Uuid = e.document_id.0,
        zone_id: Uuid = e.zone_id.0,
        correction_type: Option<String> = e.correction_type,
        original_content: Option<String> = e.original_content,
        corrected_content: Option<String> = e.corrected_content,
        confidence_before: Option<f64> = e.confidence_before,
        confidence_after: Option<f64> = e.confidence_after,
        corrected_by: Option<String> = e.corrected_by,
        created_at: Option<Timestamp> = e.created_at,
        zones_revision: Option<i64> = e.zones_revision,
        before: Option<Value> = e.before,
        after: Option<Value> = e.after,
        zone_ids: Vec<Uuid> = e.zone_ids.into_iter().map(|id| id.0).collect(),
        page_number: Option<i32> = e.page_number,
        zone_type: Option<String> = e.zone_type,
        processing_tool: Option<String> = e.processing_tool,
        processing_model: Option<String> = e.processing_model,
        reason: Option<String> = e.reason,
    } as e
);

view!(
    /// A zone that fits a search.
    SearchHitView of SearchHit {
        document_id: Uuid = e.document_id.0,
        filename: String = e.filename,
        zone_id: Uuid = e.zone_id.0,
        page_number: i32 = e.page_number,
        zone_index: i32 = e.zone_index,
        zone_type: String = e.zone_type,
        coordinates: Value = e.coordinates,
        excerpt: String = e.excerpt,
        rank: f32 = e.rank,
        language: Option<String> = e.language,
    } as e
);

view!(
    /// A confidence of a zone.
    ConfidenceView of Confidence {
        id: Uuid = e.id,
        document_id: Uuid = e.document_id.0,
        zone_id: Uuid = e.zone_id.0,
        confidence: f64 = e.confidence,
        processing_tool: Option<String> = e.processing_tool,
        processing_model: Option<String> = e.processing_model,
        job_id: Option<Uuid> = e.job_id.map(|id| id.0),
        zone_type: Option<String> = e.zone_type,
        page_number: Option<i32> = e.page_number,
        recorded_at: Timestamp = e.recorded_at,
        until_at: Option<Timestamp> = e.until_at,
        stands: bool = e.stands,
    } as e
);

view!(
    /// How a tool's confidence agrees with people.
    CalibrationView of Calibration {
        processing_tool: Option<String> = e.processing_tool,
        processing_model: Option<String> = e.processing_model,
        zone_type: Option<String> = e.zone_type,
        verdicts: u64 = e.all.verdicts,
        changed: u64 = e.all.changed,
        share: f64 = e.all.share,
        low: f64 = e.all.interval.0,
        high: f64 = e.all.interval.1,
        mean_confidence: f64 = e.all.mean_confidence,
        expected_calibration_error: f64 = e.expected_calibration_error,
        review_below: Option<f64> = e.review_below,
        buckets: Vec<BucketView> = e.buckets.into_iter().map(BucketView::from).collect(),
    } as e
);

view!(
    /// Zones of one tenth of confidence.
    BucketView of Bucket {
        from: f64 = e.from,
        to: f64 = e.to,
        verdicts: u64 = e.verdicts,
        changed: u64 = e.changed,
        share: f64 = e.share,
        low: f64 = e.interval.0,
        high: f64 = e.interval.1,
        mean_confidence: f64 = e.mean_confidence,
    } as e
);

view!(
    /// A named order of zones.
    ReadingOrderView of StoredReadingOrder {
        document_id: Uuid = e.document_id.0,
        version: i32 = e.version,
        name: String = e.order.name,
        items: Vec<ReadingOrderItem> = e.order.items,
        revision: i64 = e.revision,
        created_by: Option<String> = e.created_by,
        created_at: Timestamp = e.created_at,
        updated_at: Timestamp = e.updated_at,
        gone: Vec<Uuid> = e.gone.into_iter().map(|id| id.0).collect(),
    } as e
);

view!(
    /// A file of an export.
    ExportFileView of ExportFile {
        name: String = e.name,
        format: String = e.format,
        sha256: String = e.sha256,
        size_bytes: i64 = e.size_bytes,
    } as e
);

view!(
    /// The record of an export.
    ExportView of ExportRecord {
        id: Uuid = e.id.0,
        document_id: Uuid = e.document_id.0,
        export_type: String = e.export_type,
        formats: Vec<String> = e.formats,
        status: String = e.status,
        files: Vec<ExportFileView> = e.files.into_iter().map(ExportFileView::from).collect(),
        validation_results: Option<Value> = e.validation_results,
        selection: Option<Value> = e.selection,
        started_at: Option<Timestamp> = e.started_at,
        completed_at: Option<Timestamp> = e.completed_at,
        file_size_bytes: Option<i64> = e.file_size_bytes,
        created_by: Option<String> = e.created_by,
        created_at: Timestamp = e.created_at,
    } as e
);

/// A resumable upload: `open`, `finished` with the document that came of it, `refused` with the problem, or `expired`.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "each field is the column of the same name; the domain documents it")]
pub struct UploadView {
    pub id: Uuid,
    pub status: &'static str,
    pub filename: Option<String>,
    pub upload_length: i64,
    pub upload_offset: i64,
    pub document_id: Option<Uuid>,
    pub version: Option<i32>,
    pub job_id: Option<Uuid>,
    pub problem: Option<Value>,
    pub expires_at: Timestamp,
    pub created_at: Timestamp,
}

impl From<Upload> for UploadView {
    fn from(e: Upload) -> Self {
        let status = match (&e.refusal, e.version) {
            (Some(_), _) => "refused",
            (None, Some(_)) => "finished",
            (None, None) if e.expired => "expired",
            (None, None) => "open",
        };
        Self {
            id: e.id.0,
            status,
            filename: e.details["filename"].as_str().map(ToOwned::to_owned),
            upload_length: e.upload_length,
            upload_offset: e.upload_offset,
            document_id: e.version.map(|_| e.document_id.0),
            version: e.version,
            job_id: e.job_id.map(|job| job.0),
            problem: e.refusal,
            expires_at: e.expires_at,
            created_at: e.created_at,
        }
    }
}
