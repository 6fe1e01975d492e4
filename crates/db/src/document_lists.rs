//! Lists of documents. Each order has its statement, for the platform and for a person: a direction cannot be a
//! parameter, and a person's list begins with what is theirs.

use colophon_domain::{
    Document, DocumentCursor, DocumentFilter, DocumentOrder, DocumentStatus, FieldFilter, List,
};
use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::documents::{Documents, decode};
use crate::parameter::{Parameter, Params};
use crate::session::column;
use crate::statement::{Statement, statement};
use crate::{Result, Scope};

impl<S: Scope> Documents<'_, S> {
    /// Documents in the filter's order; `limit` at most. `after` is a cursor of this order.
    pub async fn list(
        &self,
        filter: &DocumentFilter,
        after: Option<DocumentCursor>,
        limit: u16,
    ) -> Result<List<Document, DocumentCursor>> {
        let (time, id) = (after.as_ref().map(|cursor| cursor.time), after.as_ref().map(|cursor| cursor.id));
        let most = i64::from(limit) + 1;
        let person = self.0.person();
        if let Some(person) = person.as_ref().filter(|_| filter.is_empty()) {
            let (time, id) = (time.unwrap_or(Timestamp::MAX), id.unwrap_or(Uuid::max()));
            let params: Params<'_> = &[person, &time, &id, &most];
            let rows = self.0.query(statement!("documents/list_for_person"), params).await?;
            return part_of(&rows, limit, &filter.order);
        }
        let status = filter.status.map(DocumentStatus::as_str);
        let mut params: Vec<&dyn Parameter> =
            vec![&status, &filter.uploaded_by, &filter.q, &time, &id, &most];
        let (fields, few) = self.rarest_first(filter, person.as_deref()).await?;
        let mut rest = fields.as_slice();
        let (field, value, first);
        match &filter.order {
            DocumentOrder::Trash => {}
            DocumentOrder::Metadata { field: by, .. } => {
                (field, value) = (by, after.as_ref().and_then(|cursor| cursor.value.as_ref()));
                params.extend([&field as &dyn Parameter, &value]);
                if few && let Some((rarest, others)) = rest.split_first() {
                    (first, rest) = (rarest, others);
                    params.extend([&first.field as &dyn Parameter, &first.value]);
                }
            }
            DocumentOrder::Newest | DocumentOrder::Oldest => {
                if let Some((rarest, others)) = rest.split_first() {
                    (first, rest) = (rarest, others);
                    params.extend([&first.field as &dyn Parameter, &first.value]);
                }
            }
        }
        let names: Vec<&str> = rest.iter().map(|field| field.field.as_str()).collect();
        let values: Vec<&str> = rest.iter().map(|field| field.value.as_str()).collect();
        let newest_or_oldest = matches!(filter.order, DocumentOrder::Newest | DocumentOrder::Oldest);
        if !(newest_or_oldest && fields.is_empty()) {
            params.extend([&names as &dyn Parameter, &values]);
        }
        if let Some(person) = &person {
            params.push(person);
        }
        let statement = match (newest_or_oldest, fields.is_empty()) {
            (true, true) => by_time(&filter.order, person.is_some()),
            (true, false) => by_field(&filter.order, person.is_some()),
            (false, _) => other(&filter.order, few, person.is_some()),
        };
        let rows = self.0.query_planned(statement, &params).await?;
        part_of(&rows, limit, &filter.order)
    }

    /// The fields to filter by, the rarest first, and whether it lets few documents through. The planner cannot know:
    /// its statistics are of all owners together.
    async fn rarest_first<'f>(
        &self,
        filter: &'f DocumentFilter,
        person: Option<&str>,
    ) -> Result<(Vec<&'f FieldFilter>, bool)> {
        let by_value = matches!(filter.order, DocumentOrder::Metadata { .. });
        let least = if by_value { 1 } else { 2 };
        let mut fields: Vec<&FieldFilter> = filter.fields.iter().collect();
        if filter.order == DocumentOrder::Trash || fields.len() < least {
            return Ok((fields, false));
        }
        let owner = person.or(filter.uploaded_by.as_deref());
        let mut counted = Vec::with_capacity(fields.len());
        for field in fields {
            let params: Params<'_> = &[&field.field, &field.value, &owner];
            let rows = self.0.query_planned(statement!("documents/count_of_field"), params).await?;
            let count: i64 = rows.first().map_or(Ok(0), |row| column(row, "count"))?;
            counted.push((count, field));
        }
        counted.sort_by_key(|(count, _)| *count);
        let few = by_value && counted.first().is_some_and(|(count, _)| *count <= FEW);
        fields = counted.into_iter().map(|(_, field)| field).collect();
        Ok((fields, few))
    }
}

/// So many documents are sorted in less time than their order is walked.
const FEW: i64 = 1_000;

fn by_time(order: &DocumentOrder, for_person: bool) -> Statement {
    match (order, for_person) {
        (DocumentOrder::Oldest, false) => statement!("documents/list_oldest"),
        (DocumentOrder::Oldest, true) => statement!("documents/find_for_person_oldest"),
        (_, false) => statement!("documents/list"),
        (_, true) => statement!("documents/find_for_person"),
    }
}

fn by_field(order: &DocumentOrder, for_person: bool) -> Statement {
    match (order, for_person) {
        (DocumentOrder::Oldest, false) => statement!("documents/find_by_field_oldest"),
        (DocumentOrder::Oldest, true) => statement!("documents/find_by_field_for_person_oldest"),
        (_, false) => statement!("documents/find_by_field"),
        (_, true) => statement!("documents/find_by_field_for_person"),
    }
}

fn other(order: &DocumentOrder, few: bool, for_person: bool) -> Statement {
    let descending = matches!(order, DocumentOrder::Metadata { descending: true, .. });
    match (order, few, descending, for_person) {
        (DocumentOrder::Trash, _, _, false) => statement!("documents/list_trash"),
        (DocumentOrder::Trash, _, _, true) => statement!("documents/list_trash_for_person"),
        (_, false, false, false) => statement!("documents/list_by_value"),
        (_, false, true, false) => statement!("documents/list_by_value_descending"),
        (_, false, false, true) => statement!("documents/list_by_value_for_person"),
        (_, false, true, true) => statement!("documents/list_by_value_for_person_descending"),
        (_, true, false, false) => statement!("documents/list_few_by_value"),
        (_, true, true, false) => statement!("documents/list_few_by_value_descending"),
        (_, true, false, true) => statement!("documents/list_few_by_value_for_person"),
        (_, true, true, true) => statement!("documents/list_few_by_value_for_person_descending"),
    }
}

/// One row more than asked for was read: if it came, there is a next part.
fn part_of(rows: &[Row], limit: u16, order: &DocumentOrder) -> Result<List<Document, DocumentCursor>> {
    let limit = usize::from(limit);
    let items = rows.iter().take(limit).map(decode).collect::<Result<Vec<_>>>()?;
    let next_cursor = match (rows.len() > limit, items.last(), rows.get(items.len().saturating_sub(1))) {
        (true, Some(last), Some(row)) => Some(DocumentCursor {
            order: order.clone(),
            time: match order {
                DocumentOrder::Trash => last.deleted_at.unwrap_or(last.created_at),
                _ => last.created_at,
            },
            id: last.id.0,
            value: match order {
                DocumentOrder::Metadata { .. } => Some(column(row, "sort_value")?),
                _ => None,
            },
        }),
        _ => None,
    };
    Ok(List { items, next_cursor })
}
