//! Zones beside their history and their corrections, some documents at a time, so that no statement takes long however
//! many zones there are.

use colophon_db::fsck::RowFinding;
use colophon_db::zone_checks::ZoneCheck;
use colophon_domain::DocumentId;
use uuid::Uuid;

use super::checks::{self, Check};
use super::{Finding, MOMENT, Phase, Run};
use crate::Error;

/// Documents that are looked at together.
const TOGETHER: i64 = 500;

/// The revisions first: what mends the others makes changes.
const ZONE_CHECKS: [(ZoneCheck, &Check); 8] = [
    (ZoneCheck::Revisions, &checks::ZONES_REVISION),
    (ZoneCheck::Parents, &checks::ZONE_PARENT),
    (ZoneCheck::Cycles, &checks::ZONE_CYCLE),
    (ZoneCheck::Places, &checks::ZONE_PLACE),
    (ZoneCheck::History, &checks::ZONE_HISTORY),
    (ZoneCheck::Originals, &checks::ZONE_ORIGINAL),
    (ZoneCheck::Corrections, &checks::CORRECTION_REVISION),
    (ZoneCheck::ReadingOrders, &checks::READING_ORDER),
];

impl Run<'_> {
    pub(super) async fn zones(&mut self, total: u64) -> Result<(), Error> {
        let (mut after, mut done) = (DocumentId(Uuid::nil()), 0);
        loop {
            self.progress(Phase::Zones, done, total.max(done));
            let tx = self.begin().await?;
            let documents = tx.zone_checks().documents(after, TOGETHER).await?;
            tx.commit().await?;
            let Some(last) = documents.last() else { return Ok(()) };
            after = *last;
            for (zone_check, check) in ZONE_CHECKS {
                let found = self.find_zones(zone_check, &documents).await?;
                if !found.is_empty() {
                    self.deal_with_zones(zone_check, check, found).await?;
                }
            }
            done += documents.len() as u64;
        }
    }

    async fn find_zones(&self, check: ZoneCheck, documents: &[DocumentId]) -> Result<Vec<RowFinding>, Error> {
        let tx = self.begin().await?;
        let found = tx.zone_checks().find(check, documents).await?;
        tx.commit().await?;
        Ok(found)
    }

    async fn deal_with_zones(
        &mut self,
        zone_check: ZoneCheck,
        check: &'static Check,
        mut found: Vec<RowFinding>,
    ) -> Result<(), Error> {
        tokio::time::sleep(MOMENT).await;
        let mut documents: Vec<DocumentId> = found.iter().map(|finding| finding.document_id).collect();
        documents.dedup();
        let keys = |found: &[RowFinding]| -> std::collections::HashSet<String> {
            found.iter().map(|finding| finding.key.clone()).collect()
        };
        let mut left = keys(&self.find_zones(zone_check, &documents).await?);
        found.retain(|finding| left.contains(&finding.key));
        let mut reasons = vec![String::new(); found.len()];
        if self.options.repair && !check.repair.is_empty() && !found.is_empty() {
            for (finding, reason) in found.iter().zip(&mut reasons) {
                let tx = self.begin().await?;
                let mended = async {
                    tx.zone_checks().mend(zone_check, finding).await?;
                    tx.commit().await
                };
                if let Err(error) = mended.await {
                    *reason = format!("; it could not be repaired: {error}");
                }
            }
            left = keys(&self.find_zones(zone_check, &documents).await?);
        }
        for (finding, reason) in found.into_iter().zip(reasons) {
            let repaired = !left.contains(&finding.key);
            let (key, detail) = (finding.key, finding.detail + &reason);
            self.found(Finding { check, key, document_id: Some(finding.document_id), detail, repaired });
        }
        Ok(())
    }
}
