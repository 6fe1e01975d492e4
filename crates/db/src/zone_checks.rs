//! Whether zones, their history and their corrections agree: what `colophon fsck` asks, some documents at a time.

use colophon_domain::{ChangeKind, DocumentId, NewChange};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::fsck::RowFinding;
use crate::session::column;
use crate::statement::statement;
use crate::{Result, SystemScope, Tx};

/// Questions about the zones of some documents.
pub struct ZoneChecks<'t>(&'t Tx<SystemScope>);

impl Tx<SystemScope> {
    /// Whether zones agree.
    pub fn zone_checks(&self) -> ZoneChecks<'_> {
        ZoneChecks(self)
    }
}

/// What the zones of a document can say by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ZoneCheck {
    /// The document is behind its zones.
    Revisions,
    /// Parts of zones that are not there, or of another version.
    Parents,
    /// Zones that are a part of themselves.
    Cycles,
    /// Zones without a page, without a box, or beside their page.
    Places,
    /// States that do not follow one another.
    History,
    /// A tool's word of something that people cannot change.
    Originals,
    /// Corrections of changes that are not there.
    Corrections,
    /// Reading orders with zones that are gone.
    ReadingOrders,
}

impl ZoneChecks<'_> {
    /// Documents after one, by id; `limit` at most.
    pub async fn documents(&self, after: DocumentId, limit: i64) -> Result<Vec<DocumentId>> {
        let rows = self.0.query(statement!("zone_checks/documents"), &[&after.0, &limit]).await?;
        rows.iter().map(|row| Ok(DocumentId(column(row, "id")?))).collect()
    }

    /// What does not agree in these documents, by key.
    pub async fn find(&self, check: ZoneCheck, documents: &[DocumentId]) -> Result<Vec<RowFinding>> {
        let statement = match check {
            ZoneCheck::Revisions => statement!("zone_checks/revisions"),
            ZoneCheck::Parents => statement!("zone_checks/parents"),
            ZoneCheck::Cycles => statement!("zone_checks/cycles"),
            ZoneCheck::Places => statement!("zone_checks/places"),
            ZoneCheck::History => statement!("zone_checks/history"),
            ZoneCheck::Originals => statement!("zone_checks/originals"),
            ZoneCheck::Corrections => statement!("zone_checks/corrections"),
            ZoneCheck::ReadingOrders => statement!("zone_checks/reading_orders"),
        };
        let ids: Vec<Uuid> = documents.iter().map(|document| document.0).collect();
        self.0.query(statement, &[&ids]).await?.iter().map(decode).collect()
    }

    /// Mends what was found, where that loses nothing: what zones were before is in their history. Whether it helped,
    /// the check itself tells.
    pub async fn mend(&self, check: ZoneCheck, found: &RowFinding) -> Result<()> {
        let document = found.document_id;
        if check == ZoneCheck::Revisions {
            self.0.execute(statement!("zone_checks/mend_revision"), &[&document.0]).await?;
            return Ok(());
        }
        let statement = match check {
            ZoneCheck::Parents | ZoneCheck::Cycles => statement!("zone_checks/mend_parent"),
            ZoneCheck::Originals => statement!("zone_checks/mend_original"),
            _ => return Ok(()),
        };
        let Some(zone) = found.key.rsplit('/').next().and_then(|id| id.parse::<Uuid>().ok()) else {
            return Ok(());
        };
        let reason = Some(format!("colophon fsck --repair: {}", found.detail));
        let change = NewChange { reason, ..NewChange::of(ChangeKind::Edit) };
        self.0.changes().begin(document, &change).await?;
        self.0.execute(statement, &[&document.0, &zone]).await?;
        Ok(())
    }
}

fn decode(row: &Row) -> Result<RowFinding> {
    Ok(RowFinding {
        document_id: DocumentId(column(row, "document_id")?),
        key: column(row, "key")?,
        detail: column(row, "detail")?,
    })
}
