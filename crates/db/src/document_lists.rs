//! Lists of documents. Each order has its statement, for the platform and for a person: a direction cannot be a
//! parameter, and a person's list begins with what is theirs.

use colophon_domain::{
    Document, DocumentCursor, DocumentFilter, DocumentOrder, DocumentStatus, FieldFilter, List,
};
use tokio_postgres::Row;

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
            let params: Params<'_> = &[person, &time, &id, &most];
            let rows = self.0.query(statement!("documents/list_for_person"), params).await?;
            return part_of(&rows, limit, &filter.order);
        }
        let status = filter.status.map(DocumentStatus::as_str);
        let mut params: Vec<&dyn Parameter> =
            vec![&status, &filter.uploaded_by, &filter.q, &time, &id, &most];
        let (walked, rest) = walked(filter, after.as_ref());
        if let Some(Walked { field, value, second_field, second_value }) = &walked {
            params.extend([field as &dyn Parameter, value, second_field, second_value]);
        }
        let fields: Vec<&str> = rest.iter().map(|filter| filter.field.as_str()).collect();
        let values: Vec<&str> = rest.iter().map(|filter| filter.value.as_str()).collect();
        if walked.is_some() || filter.order == DocumentOrder::Trash {
            params.extend([&fields as &dyn Parameter, &values]);
        }
        if let Some(person) = &person {
            params.push(person);
        }
        let statement = statement_for(&filter.order, walked.is_some(), person.is_some());
        let rows = self.0.query_planned(statement, &params).await?;
        part_of(&rows, limit, &filter.order)
    }
}

/// What a list by a field joins: the field whose rows are in the list's order, and a second one, since either may be
/// the rarer. Where there is no second one it is the first again.
struct Walked<'f> {
    field: &'f str,
    /// The value asked for; where the list is in the order of the values, the last one seen.
    value: Option<&'f str>,
    second_field: &'f str,
    /// Absent for any.
    second_value: Option<&'f str>,
}

/// What is walked of a filter's fields, and the rest.
fn walked<'f>(
    filter: &'f DocumentFilter,
    after: Option<&'f DocumentCursor>,
) -> (Option<Walked<'f>>, &'f [FieldFilter]) {
    match (&filter.order, filter.fields.as_slice()) {
        (DocumentOrder::Trash, all) => (None, all),
        (DocumentOrder::Metadata { field, .. }, all) => {
            let value = after.and_then(|cursor| cursor.value.as_deref());
            let (second, rest) = all.split_first().map_or((None, all), |(second, rest)| (Some(second), rest));
            let (second_field, second_value) = second.map_or((field.as_str(), None), plain);
            (Some(Walked { field, value, second_field, second_value }), rest)
        }
        (DocumentOrder::Newest | DocumentOrder::Oldest, []) => (None, &[]),
        (DocumentOrder::Newest | DocumentOrder::Oldest, [first, rest @ ..]) => {
            let (second, rest) = rest.split_first().unwrap_or((first, rest));
            let ((field, value), (second_field, second_value)) = (plain(first), plain(second));
            (Some(Walked { field, value, second_field, second_value }), rest)
        }
    }
}

fn plain(filter: &FieldFilter) -> (&str, Option<&str>) {
    (&filter.field, Some(&filter.value))
}

fn statement_for(order: &DocumentOrder, by_field: bool, for_person: bool) -> Statement {
    use DocumentOrder::{Metadata, Newest, Oldest, Trash};
    match (order, by_field, for_person) {
        (Newest, false, false) => statement!("documents/list"),
        (Newest, false, true) => statement!("documents/find_for_person"),
        (Oldest, false, false) => statement!("documents/list_oldest"),
        (Oldest, false, true) => statement!("documents/find_for_person_oldest"),
        (Newest, true, false) => statement!("documents/find_by_field"),
        (Newest, true, true) => statement!("documents/find_by_field_for_person"),
        (Oldest, true, false) => statement!("documents/find_by_field_oldest"),
        (Oldest, true, true) => statement!("documents/find_by_field_for_person_oldest"),
        (Metadata { descending: false, .. }, _, false) => statement!("documents/list_by_value"),
        (Metadata { descending: false, .. }, _, true) => statement!("documents/list_by_value_for_person"),
        (Metadata { descending: true, .. }, _, false) => statement!("documents/list_by_value_descending"),
        (Metadata { descending: true, .. }, _, true) => {
            statement!("documents/list_by_value_for_person_descending")
        }
        (Trash, _, false) => statement!("documents/list_trash"),
        (Trash, _, true) => statement!("documents/list_trash_for_person"),
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
