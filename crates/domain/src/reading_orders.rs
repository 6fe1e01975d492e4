//! Named orders in which the zones of a document are read: a list of zones, and of groups of them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{DocumentId, Invalid, ZoneId};

/// How deep groups may lie in groups.
pub const MAX_DEPTH: usize = 32;

/// An order in which the zones of a version are read. `Id` is what zones are named by: [`ZoneId`] where it is stored,
/// the file's own identifiers while it is read from one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadingOrder<Id = ZoneId> {
    /// What it is called; unique within a version.
    pub name: String,
    /// What is read, one after the other.
    pub items: Vec<ReadingOrderItem<Id>>,
}

/// One step of a reading order. As JSON: a zone's id, or an object with `ordered` and `items`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ReadingOrderItem<Id = ZoneId> {
    /// A zone, with all that it holds.
    Zone(Id),
    /// Zones that belong together.
    Group(ReadingOrderGroup<Id>),
}

/// Zones that belong together: an article, a column, what is read in no order of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadingOrderGroup<Id = ZoneId> {
    /// Whether its items are read in the order in which they stand.
    pub ordered: bool,
    /// The zone whose parts these are, where there is one.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub zone_id: Option<Id>,
    /// What is in it.
    pub items: Vec<ReadingOrderItem<Id>>,
}

fn none<Id>() -> Option<Id> {
    None
}

/// A reading order as it is stored.
#[derive(Debug, Clone)]
pub struct StoredReadingOrder {
    /// The document.
    pub document_id: DocumentId,
    /// The version whose zones it orders.
    pub version: i32,
    /// The order itself.
    pub order: ReadingOrder,
    /// Raised by every edit, from 1.
    pub revision: i64,
    /// The person who made it; absent: a tool or the platform.
    pub created_by: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Zones that it names and that are gone; they may come back.
    pub gone: Vec<ZoneId>,
}

impl<Id> ReadingOrder<Id> {
    /// Checks the name (1 to 200 characters) and that groups lie at most [`MAX_DEPTH`] deep.
    ///
    /// # Errors
    /// Names the field and the rule.
    pub fn checked(self) -> Result<Self, Invalid> {
        if !(1..=200).contains(&self.name.chars().count()) || self.name.contains('\0') {
            return Err(Invalid::new("name", "a reading order has a name of 1 to 200 characters"));
        }
        if depth(&self.items) > MAX_DEPTH {
            return Err(Invalid::new("items", format!("groups may lie {MAX_DEPTH} deep")));
        }
        Ok(self)
    }

    /// Every zone it names, in order.
    pub fn zones(&self) -> Vec<&Id> {
        let mut found = Vec::new();
        collect(&self.items, &mut found);
        found
    }

    /// The same order with other names for the zones; those that `rename` knows nothing of are left out.
    pub fn rename<To>(self, rename: &impl Fn(&Id) -> Option<To>) -> ReadingOrder<To> {
        ReadingOrder { name: self.name, items: rename_items(self.items, rename) }
    }
}

fn depth<Id>(items: &[ReadingOrderItem<Id>]) -> usize {
    let of = |item: &ReadingOrderItem<Id>| match item {
        ReadingOrderItem::Zone(_) => 0,
        ReadingOrderItem::Group(group) => 1 + depth(&group.items),
    };
    items.iter().map(of).max().unwrap_or(0)
}

fn collect<'o, Id>(items: &'o [ReadingOrderItem<Id>], found: &mut Vec<&'o Id>) {
    for item in items {
        match item {
            ReadingOrderItem::Zone(id) => found.push(id),
            ReadingOrderItem::Group(group) => {
                found.extend(&group.zone_id);
                collect(&group.items, found);
            }
        }
    }
}

fn rename_items<Id, To>(
    items: Vec<ReadingOrderItem<Id>>,
    rename: &impl Fn(&Id) -> Option<To>,
) -> Vec<ReadingOrderItem<To>> {
    let one = |item| match item {
        ReadingOrderItem::Zone(id) => rename(&id).map(ReadingOrderItem::Zone),
        ReadingOrderItem::Group(group) => Some(ReadingOrderItem::Group(ReadingOrderGroup {
            ordered: group.ordered,
            zone_id: group.zone_id.as_ref().and_then(rename),
            items: rename_items(group.items, rename),
        })),
    };
    items.into_iter().filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_order_is_a_list_of_ids_and_groups() {
        let value = json!({ "name": "columns", "items": ["a", { "ordered": true, "zone_id": "b", "items": ["c", "d"] }] });
        let order: ReadingOrder<String> = serde_json::from_value(value.clone()).expect("an order");
        assert_eq!(order.zones(), ["a", "b", "c", "d"]);
        assert_eq!(serde_json::to_value(&order).expect("JSON"), value);
        let known = order.rename(&|id| (id != "c").then(|| id.to_uppercase()));
        assert_eq!(known.zones(), ["A", "B", "D"]);
    }

    #[test]
    fn what_is_too_deep_or_has_no_name_is_refused() {
        let nested = (0..40).fold(Vec::new(), |items, _| {
            vec![ReadingOrderItem::Group(ReadingOrderGroup { ordered: true, zone_id: None, items })]
        });
        let order = ReadingOrder::<String> { name: "deep".into(), items: nested };
        assert_eq!(order.checked().unwrap_err().field, "items");
        let order = ReadingOrder::<String> { name: String::new(), items: Vec::new() };
        assert_eq!(order.checked().unwrap_err().field, "name");
    }
}
