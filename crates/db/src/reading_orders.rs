//! Named orders in which zones are read.

use colophon_domain::reading_orders::{ReadingOrder, StoredReadingOrder};
use colophon_domain::{DocumentId, ZoneId};
use serde_json::{Value, json};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::session::column;
use crate::statement::statement;
use crate::{Error, ErrorKind, Result, Scope, Tx};

/// Reading orders that the scope may see.
pub struct ReadingOrders<'t, S>(&'t Tx<S>);

impl<S: Scope> Tx<S> {
    /// Reading orders.
    pub fn reading_orders(&self) -> ReadingOrders<'_, S> {
        ReadingOrders(self)
    }
}

impl<S: Scope> ReadingOrders<'_, S> {
    /// The orders of a version of a document, by default of the current one, by name.
    pub async fn list(&self, document: DocumentId, version: Option<i32>) -> Result<Vec<StoredReadingOrder>> {
        let rows = self
            .0
            .reading(document)
            .query(statement!("reading_orders/list"), &[&document.0, &version])
            .await?;
        let mut orders = Vec::new();
        for row in &rows {
            orders.push(self.with_gone(decode(row)?).await?);
        }
        Ok(orders)
    }

    /// One order, if the scope may see it.
    pub async fn get(
        &self,
        document: DocumentId,
        version: Option<i32>,
        name: &str,
    ) -> Result<Option<StoredReadingOrder>> {
        let params: crate::parameter::Params<'_> = &[&document.0, &version, &name];
        match self.0.reading(document).query_opt(statement!("reading_orders/get"), params).await? {
            Some(row) => self.with_gone(decode(&row)?).await.map(Some),
            None => Ok(None),
        }
    }

    /// As [`ReadingOrders::get`], and it stays as it is until the transaction ends; only for whoever may change it.
    pub async fn lock(
        &self,
        document: DocumentId,
        version: i32,
        name: &str,
    ) -> Result<Option<StoredReadingOrder>> {
        let row =
            self.0.query_opt(statement!("reading_orders/lock"), &[&document.0, &version, &name]).await?;
        match row {
            Some(row) => self.with_gone(decode(&row)?).await.map(Some),
            None => Ok(None),
        }
    }

    /// Makes or replaces an order. Whether its zones are there, [`ReadingOrders::gone`] tells.
    pub async fn put(
        &self,
        document: DocumentId,
        version: i32,
        order: &ReadingOrder,
    ) -> Result<StoredReadingOrder> {
        let items = json!(order.items);
        let row = self
            .0
            .query_one(statement!("reading_orders/put"), &[&document.0, &version, &order.name, &items])
            .await?;
        decode(&row)
    }

    /// Takes an order away; whether there was one that the scope may take.
    pub async fn delete(&self, document: DocumentId, version: i32, name: &str) -> Result<bool> {
        let deleted =
            self.0.execute(statement!("reading_orders/delete"), &[&document.0, &version, &name]).await?;
        Ok(deleted > 0)
    }

    /// Those of these ids that are no zones of this version, in their order.
    pub async fn gone(&self, document: DocumentId, version: i32, zones: &[&ZoneId]) -> Result<Vec<ZoneId>> {
        let ids: Vec<Uuid> = zones.iter().map(|zone| zone.0).collect();
        let rows = self.0.query(statement!("reading_orders/gone"), &[&document.0, &version, &ids]).await?;
        rows.iter().map(|row| Ok(ZoneId(column(row, "id")?))).collect()
    }

    async fn with_gone(&self, mut stored: StoredReadingOrder) -> Result<StoredReadingOrder> {
        stored.gone = self.gone(stored.document_id, stored.version, &stored.order.zones()).await?;
        Ok(stored)
    }
}

fn decode(row: &Row) -> Result<StoredReadingOrder> {
    let (name, items): (String, Value) = (column(row, "name")?, column(row, "items")?);
    let unreadable = |error: serde_json::Error| {
        Error::new(ErrorKind::Corrupt, "decode", format!("items of reading order {name:?}: {error}"))
    };
    let items = serde_json::from_value(items).map_err(unreadable)?;
    Ok(StoredReadingOrder {
        document_id: DocumentId(column(row, "document_id")?),
        version: column(row, "version")?,
        order: ReadingOrder { name, items },
        revision: column(row, "revision")?,
        created_by: column(row, "created_by")?,
        created_at: column(row, "created_at")?,
        updated_at: column(row, "updated_at")?,
        gone: Vec::new(),
    })
}
