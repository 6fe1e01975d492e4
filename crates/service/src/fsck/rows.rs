//! Rows beside rows.

use std::collections::HashSet;

use colophon_db::fsck::{RowCheck, RowFinding};

use super::checks::{self, Check};
use super::{Finding, MOMENT, Phase, Run};
use crate::{Error, sweep};

/// Findings that are dealt with at a time.
const PAGE: i64 = 1_000;

/// In this order: what one mends, a later one need not find. The usage comes last, since the others change it.
const ROW_CHECKS: [(RowCheck, &Check); 15] = [
    (RowCheck::Uploads, &checks::UPLOAD_EXPIRED),
    (RowCheck::Intents, &checks::INTENT_STUCK),
    (RowCheck::Released, &checks::RELEASE_STUCK),
    (RowCheck::Trash, &checks::TRASH_OVERDUE),
    (RowCheck::UnledgeredVersions, &checks::VERSION_UNLEDGERED),
    (RowCheck::UnledgeredExports, &checks::EXPORT_UNLEDGERED),
    (RowCheck::Unnamed, &checks::OBJECT_UNNAMED),
    (RowCheck::CurrentVersions, &checks::CURRENT_VERSION_MISSING),
    (RowCheck::Pages, &checks::PAGES_DIFFER),
    (RowCheck::Documents, &checks::DOCUMENT_DIFFERS),
    (RowCheck::Shares, &checks::SHARE_ORPHAN),
    (RowCheck::Rows, &checks::ROW_ORPHAN),
    (RowCheck::Queue, &checks::QUEUE_ORPHAN),
    (RowCheck::Jobs, &checks::JOB_STRANDED),
    (RowCheck::Usage, &checks::USAGE_DIFFERS),
];

impl Run<'_> {
    pub(super) async fn rows(&mut self) -> Result<(), Error> {
        for (done, (row_check, check)) in (0..).zip(ROW_CHECKS) {
            self.progress(Phase::Rows, done, ROW_CHECKS.len() as u64);
            let mut after: Option<RowFinding> = None;
            loop {
                let page = self.find(row_check, after.as_ref()).await?;
                let Some(last) = page.last().cloned() else { break };
                self.deal_with(row_check, check, page, after.as_ref()).await?;
                after = Some(last);
            }
        }
        self.progress(Phase::Rows, ROW_CHECKS.len() as u64, ROW_CHECKS.len() as u64);
        Ok(())
    }

    async fn find(&self, check: RowCheck, after: Option<&RowFinding>) -> Result<Vec<RowFinding>, Error> {
        let tx = self.begin().await?;
        let found = tx.fsck().find(check, self.ages(), after, PAGE).await?;
        tx.commit().await?;
        Ok(found)
    }

    async fn deal_with(
        &mut self,
        row_check: RowCheck,
        check: &'static Check,
        page: Vec<RowFinding>,
        after: Option<&RowFinding>,
    ) -> Result<(), Error> {
        tokio::time::sleep(MOMENT).await;
        let still = self.names(row_check, after).await?;
        let mut page = page;
        page.retain(|found| still.contains(&name(found)));
        let mut reasons = vec![String::new(); page.len()];
        let mut left = still;
        if self.options.repair && !page.is_empty() && !check.repair.is_empty() {
            if matches!(
                row_check,
                RowCheck::Uploads | RowCheck::Intents | RowCheck::Released | RowCheck::Trash
            ) {
                sweep::once(self.platform, self.sweep).await;
            } else {
                for (found, reason) in page.iter().zip(&mut reasons) {
                    if let Err(error) = self.mend(row_check, found).await {
                        *reason = format!("; it could not be repaired: {error}");
                    }
                }
            }
            left = self.names(row_check, after).await?;
        }
        for (found, reason) in page.into_iter().zip(reasons) {
            let repaired = !left.contains(&name(&found));
            let document_id = Some(found.document_id).filter(|id| !id.0.is_nil());
            let detail = found.detail + &reason;
            self.found(Finding { check, key: found.key, document_id, detail, repaired });
        }
        Ok(())
    }

    async fn names(
        &self,
        check: RowCheck,
        after: Option<&RowFinding>,
    ) -> Result<HashSet<(String, colophon_domain::DocumentId)>, Error> {
        Ok(self.find(check, after).await?.iter().map(name).collect())
    }

    async fn mend(&self, check: RowCheck, found: &RowFinding) -> Result<(), Error> {
        if check == RowCheck::Pages {
            let version = found.key.rsplit('/').next().and_then(|version| version.parse().ok());
            return match version {
                Some(version) => self.mend_pages(found.document_id, version).await,
                None => Ok(()),
            };
        }
        let tx = self.begin().await?;
        tx.fsck().mend(check, found).await?;
        // A job that is live again is for a worker.
        if check == RowCheck::Jobs {
            tx.commit_and_wake().await?;
        } else {
            tx.commit().await?;
        }
        Ok(())
    }
}

fn name(found: &RowFinding) -> (String, colophon_domain::DocumentId) {
    (found.key.clone(), found.document_id)
}
