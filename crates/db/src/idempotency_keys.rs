//! Keys that make a repeated write harmless.

use serde_json::Value;
use uuid::Uuid;

use crate::parameter::Params;
use crate::session::column;
use crate::statement::statement;
use crate::{Result, Scope, Tx};

/// Idempotency keys of the scope.
pub struct IdempotencyKeys<'t, S>(&'t Tx<S>);

/// What was written under a key before.
#[derive(Debug, Clone, PartialEq)]
pub struct EarlierWrite {
    /// The request, as the writer described it.
    pub request: String,
    /// What it made.
    pub resource_id: Uuid,
    /// What else is needed to answer again.
    pub answer: Option<Value>,
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
        self.take_with(owner, key, request, resource_id, None).await
    }

    /// As [`IdempotencyKeys::take`], once the write is done: with what is needed to answer again.
    pub async fn take_with(
        &self,
        owner: &str,
        key: &str,
        request: &str,
        resource_id: Uuid,
        answer: Option<&Value>,
    ) -> Result<Option<EarlierWrite>> {
        let answer = answer.cloned();
        let params: Params<'_> = &[&owner, &key, &request, &resource_id, &answer];
        let taken = self.0.execute(statement!("idempotency_keys/insert"), params).await?;
        if taken == 1 { Ok(None) } else { self.get(owner, key).await }
    }

    /// What was written under this key, if anything was.
    pub async fn get(&self, owner: &str, key: &str) -> Result<Option<EarlierWrite>> {
        let row = self.0.query_opt(statement!("idempotency_keys/get"), &[&owner, &key]).await?;
        row.map(|row| {
            Ok(EarlierWrite {
                request: column(&row, "request")?,
                resource_id: column(&row, "resource_id")?,
                answer: column(&row, "answer")?,
            })
        })
        .transpose()
    }
}
