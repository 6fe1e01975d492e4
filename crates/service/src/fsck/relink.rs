//! A file that is lost or damaged, while the same owner has the same bytes in another object.

use super::Run;
use super::contents::hashed;
use crate::Error;

impl Run<'_> {
    /// Gives whoever uses an object the same bytes from another one, which are read first. `false`: there are none.
    pub(super) async fn relink(&self, path: &str) -> Result<bool, Error> {
        let tx = self.begin().await?;
        let twins = tx.fsck().twins(path).await?;
        tx.commit().await?;
        for twin in twins {
            if !self.holds_the_same(path, &twin).await? {
                continue;
            }
            let tx = self.begin().await?;
            if tx.fsck().relink(path, &twin).await? > 0 {
                tx.commit().await?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn holds_the_same(&self, path: &str, twin: &str) -> Result<bool, Error> {
        let tx = self.begin().await?;
        let said = tx.fsck().checksum(path).await?;
        tx.commit().await?;
        match self.platform.store.local_file(twin).await {
            Ok(file) => Ok(hashed(file).await.is_ok_and(|(_, _, found)| Some(found) == said)),
            Err(colophon_blobs::Error::NotFound { .. } | colophon_blobs::Error::Truncated { .. }) => {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }
}
