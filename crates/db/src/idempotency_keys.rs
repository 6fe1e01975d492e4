//! Keys that make a repeated write harmless.

use uuid::Uuid;

use crate::session::column;
use crate::statement::statement;
use crate::{Result, Scope, Tx};

/// Idempotency keys of the scope.
pub struct IdempotencyKeys<'t, S>(&'t Tx<S>);

/// What was written under a key before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierWrite {
    /// The request, as the writer described it.
    pub request: String,
    /// What it made.
    pub resource_id: Uuid,
}

impl<S: Scope> Tx<S> {
    /// Idempotency keys.
    pub fn idempotency_keys(&self) -> IdempotencyKeys<'_, S> {
        IdempotencyKeys(self)
    }
}

impl<S: Scope> IdempotencyKeys<'_, S> {
    /// Takes a key for the resource this transaction makes. Where another write has it, gives that write instead.
    pub async fn take(
        &self,
        owner: &str,
        key: &str,
        request: &str,
        resource_id: Uuid,
    ) -> Result<Option<EarlierWrite>> {
        let taken = self
            .0
            .execute(statement!("idempotency_keys/insert"), &[&owner, &key, &request, &resource_id])
            .await?;
        if taken == 1 { Ok(None) } else { self.get(owner, key).await }
    }

    /// What was written under this key, if anything was.
    pub async fn get(&self, owner: &str, key: &str) -> Result<Option<EarlierWrite>> {
        let row = self.0.query_opt(statement!("idempotency_keys/get"), &[&owner, &key]).await?;
        row.map(|row| {
            Ok(EarlierWrite { request: column(&row, "request")?, resource_id: column(&row, "resource_id")? })
        })
        .transpose()
    }
}
