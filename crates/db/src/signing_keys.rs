//! The keys that signed URLs are signed with: the platform's alone.

use std::fmt;

use uuid::Uuid;

use crate::session::column;
use crate::statement::statement;
use crate::{Result, SystemScope, Tx};

/// Signing keys.
pub struct SigningKeys<'t>(&'t Tx<SystemScope>);

/// A key.
#[derive(Clone)]
pub struct SigningKey {
    /// Which one it is.
    pub id: Uuid,
    /// The secret, 32 bytes.
    pub secret: Vec<u8>,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Tx<SystemScope> {
    /// Signing keys.
    pub fn signing_keys(&self) -> SigningKeys<'_> {
        SigningKeys(self)
    }
}

impl SigningKeys<'_> {
    /// All of them, the one that signs first. Where there is none, one is made.
    pub async fn all(&self) -> Result<Vec<SigningKey>> {
        let keys = self.list().await?;
        if !keys.is_empty() {
            return Ok(keys);
        }
        self.0.execute(statement!("signing_keys/insert"), &[]).await?;
        self.list().await
    }

    async fn list(&self) -> Result<Vec<SigningKey>> {
        let rows = self.0.query(statement!("signing_keys/list"), &[]).await?;
        rows.iter()
            .map(|row| Ok(SigningKey { id: column(row, "id")?, secret: column(row, "secret")? }))
            .collect()
    }
}
