//! How much each owner keeps and may keep.

use colophon_domain::{Quota, Usage};
use tokio_postgres::Row;

use crate::session::column;
use crate::statement::statement;
use crate::{Result, Scope, SystemScope, Tx};

/// Usage and quotas that the scope may see: one's own, or all.
pub struct Quotas<'t, S>(&'t Tx<S>);

impl<S: Scope> Tx<S> {
    /// Usage and quotas.
    pub fn quotas(&self) -> Quotas<'_, S> {
        Quotas(self)
    }
}

impl<S: Scope> Quotas<'_, S> {
    /// What an owner has and may have. Of somebody else a person sees nothing.
    pub async fn usage(&self, owner: &str) -> Result<Usage> {
        decode(&self.0.query_one(statement!("quotas/usage"), &[&owner]).await?)
    }
}

impl Quotas<'_, SystemScope> {
    /// Every quota; the owner `*` stands for everybody who has none of his own.
    pub async fn list(&self) -> Result<Vec<Quota>> {
        let rows = self.0.query(statement!("quotas/list"), &[]).await?;
        rows.iter().map(|row| Ok(Quota { owner: column(row, "owner")?, usage: decode(row)? })).collect()
    }

    /// Sets an owner's quota; `None` is no limit. What is there already stays.
    pub async fn set(&self, owner: &str, max_documents: Option<i64>, max_bytes: Option<i64>) -> Result<()> {
        self.0.execute(statement!("quotas/set"), &[&owner, &max_documents, &max_bytes]).await?;
        Ok(())
    }

    /// Removes an owner's own quota; `false` where there was none.
    pub async fn remove(&self, owner: &str) -> Result<bool> {
        Ok(self.0.execute(statement!("quotas/remove"), &[&owner]).await? > 0)
    }
}

pub(crate) fn decode(row: &Row) -> Result<Usage> {
    Ok(Usage {
        documents: column(row, "documents")?,
        bytes: column(row, "bytes")?,
        max_documents: column(row, "max_documents")?,
        max_bytes: column(row, "max_bytes")?,
    })
}
