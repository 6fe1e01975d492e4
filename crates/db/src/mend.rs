//! What `colophon fsck --repair` mends: what can be mended without losing anything.

use colophon_domain::{DocumentId, Page};
use uuid::Uuid;

use crate::Result;
use crate::fsck::{Fsck, RowCheck, RowFinding};
use crate::session::column;
use crate::statement::statement;

impl Fsck<'_> {
    /// Mends what a row check found, where rows alone suffice for it. Whether it helped, the check itself tells.
    pub async fn mend(&self, check: RowCheck, found: &RowFinding) -> Result<()> {
        let (tx, document, key) = (self.0, found.document_id.0, found.key.as_str());
        match check {
            RowCheck::UnledgeredVersions => {
                tx.query(statement!("fsck/take_version"), &[&document, &key]).await?;
            }
            RowCheck::UnledgeredExports => {
                tx.query(statement!("fsck/take_export"), &[&document, &key]).await?;
            }
            RowCheck::Unnamed => {
                tx.execute(statement!("fsck/release_unnamed"), &[&document, &key]).await?;
            }
            RowCheck::Documents => {
                tx.execute(statement!("fsck/mend_document"), &[&document]).await?;
            }
            RowCheck::CurrentVersions => {
                tx.execute(statement!("fsck/mend_current_version"), &[&document]).await?;
            }
            RowCheck::Shares => {
                tx.execute(statement!("fsck/delete_shares"), &[&document]).await?;
            }
            RowCheck::Queue | RowCheck::Jobs => {
                let Ok(job) = key.parse::<Uuid>() else { return Ok(()) };
                if check == RowCheck::Queue {
                    tx.execute(statement!("fsck/delete_live"), &[&job]).await?;
                } else {
                    tx.execute(statement!("fsck/enqueue"), &[&job]).await?;
                }
            }
            RowCheck::Usage => {
                tx.query(statement!("fsck/lock_usage"), &[&key]).await?;
                tx.execute(statement!("fsck/mend_usage"), &[&key]).await?;
            }
            RowCheck::Intents
            | RowCheck::Released
            | RowCheck::Trash
            | RowCheck::Uploads
            | RowCheck::Pages
            | RowCheck::Rows => {}
        }
        Ok(())
    }

    /// Other objects of the same owner that are said to hold the same bytes.
    pub async fn twins(&self, path: &str) -> Result<Vec<String>> {
        let rows = self.0.query(statement!("fsck/twins"), &[&path]).await?;
        rows.iter().map(|row| column(row, "storage_path")).collect()
    }

    /// Versions and documents that had their file from `path` have it from `twin` from now on, which holds the same
    /// bytes. Gives how many documents.
    pub async fn relink(&self, path: &str, twin: &str) -> Result<usize> {
        let users = self.0.query(statement!("fsck/users_of"), &[&path]).await?;
        for user in &users {
            let document: Uuid = column(user, "document_id")?;
            let (bytes, sha256): (i64, String) = (column(user, "file_size_bytes")?, column(user, "sha256")?);
            self.0.query(statement!("fsck/take"), &[&document, &twin, &bytes, &sha256]).await?;
            self.0.execute(statement!("fsck/relink_versions"), &[&document, &path, &twin]).await?;
            self.0.execute(statement!("fsck/relink_document"), &[&document, &path, &twin]).await?;
            self.0.query(statement!("fsck/release"), &[&document, &path]).await?;
        }
        Ok(users.len())
    }

    /// Writes the pages of a version anew, as its file has them.
    pub async fn rewrite_pages(&self, document: DocumentId, version: i32, pages: &[Page]) -> Result<()> {
        let count = i32::try_from(pages.len()).unwrap_or(i32::MAX);
        self.0.execute(statement!("fsck/delete_pages"), &[&document.0, &version]).await?;
        self.0.pages().insert(document, version, pages).await?;
        self.0.execute(statement!("fsck/mend_page_count"), &[&document.0, &version, &count]).await?;
        Ok(())
    }

    /// Keeps uploads from taking up an object until this transaction ends. `false`: one is about to.
    pub async fn try_lock(&self, path: &str) -> Result<bool> {
        column(&self.0.query_one(statement!("fsck/try_lock"), &[&path]).await?, "locked")
    }
}
