//! A document goes for good.

use std::time::Duration;

use colophon_db::{ErrorKind, Scope};
use colophon_domain::DocumentId;

use crate::{Error, Platform};

/// A worker that writes to the document at this moment holds rows that go with it, and waits for the document: one of the
/// two is broken off by PostgreSQL. The worker begins anew by itself, and so does this.
const ATTEMPTS: u32 = 5;

/// Deletes a document and all that hangs on it. Its objects are released, and go with the sweeper.
///
/// # Errors
/// [`ErrorKind::NotFound`], [`ErrorKind::Forbidden`] for whoever is not its owner, [`ErrorKind::LegalHold`], or the
/// database fails.
pub async fn purge<S: Scope>(platform: &Platform, scope: &S, document: DocumentId) -> Result<(), Error> {
    let mut attempt = 1;
    loop {
        let purged = async {
            let tx = platform.database.session(scope).begin().await?;
            tx.documents().purge(document).await?;
            tx.commit().await
        };
        match purged.await {
            Err(error) if *error.kind() == ErrorKind::Retry && attempt < ATTEMPTS => {
                tracing::debug!(%document, %error, attempt, "purging once more");
                tokio::time::sleep(Duration::from_millis(20) * attempt).await;
                attempt += 1;
            }
            purged => return Ok(purged?),
        }
    }
}
