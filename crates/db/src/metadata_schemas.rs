//! What an owner's metadata must look like.

use colophon_domain::{DocumentId, MetadataSchema};
use serde_json::Value;
use tokio_postgres::Row;

use crate::session::column;
use crate::statement::statement;
use crate::{Result, Scope, Tx};

/// Schemas that the scope may see.
pub struct MetadataSchemas<'t, S>(&'t Tx<S>);

impl<S: Scope> Tx<S> {
    /// Schemas of metadata.
    pub fn metadata_schemas(&self) -> MetadataSchemas<'_, S> {
        MetadataSchemas(self)
    }
}

impl<S: Scope> MetadataSchemas<'_, S> {
    /// An owner's schema, if there is one for this scope.
    pub async fn get(&self, owner: &str) -> Result<Option<MetadataSchema>> {
        self.0
            .query_opt(statement!("metadata_schemas/get"), &[&owner])
            .await?
            .as_ref()
            .map(decode)
            .transpose()
    }

    /// As [`MetadataSchemas::get`], and it stays as it is until the transaction ends.
    pub async fn lock(&self, owner: &str) -> Result<Option<MetadataSchema>> {
        self.0
            .query_opt(statement!("metadata_schemas/lock"), &[&owner])
            .await?
            .as_ref()
            .map(decode)
            .transpose()
    }

    /// The schema that holds for a document, whoever of its editors asks.
    pub async fn of_document(&self, document: DocumentId) -> Result<Option<MetadataSchema>> {
        self.0
            .query_opt(statement!("metadata_schemas/of_document"), &[&document.0])
            .await?
            .as_ref()
            .map(decode)
            .transpose()
    }

    /// Makes or replaces an owner's schema.
    pub async fn put(&self, owner: &str, schema: &Value) -> Result<MetadataSchema> {
        decode(&self.0.query_one(statement!("metadata_schemas/put"), &[&owner, schema]).await?)
    }

    /// Takes an owner's schema away; whether there was one.
    pub async fn delete(&self, owner: &str) -> Result<bool> {
        Ok(self.0.execute(statement!("metadata_schemas/delete"), &[&owner]).await? > 0)
    }
}

fn decode(row: &Row) -> Result<MetadataSchema> {
    Ok(MetadataSchema {
        owner: column(row, "owner")?,
        schema: column(row, "schema")?,
        created_at: column(row, "created_at")?,
        updated_at: column(row, "updated_at")?,
        revision: column(row, "revision")?,
    })
}
