//! The reading orders of a file are stored with its zones.

use std::collections::{BTreeSet, HashMap};

use colophon_db::{Scope, Tx};
use colophon_domain::{DocumentId, ReadingOrder, ZoneId};
use colophon_formats::import::{Format, ImportReport, RemarkKind};

use crate::Error;

/// Characters of an order's name.
const NAME_CHARACTERS: usize = 200;

/// The orders with the zones that the file's identifiers became, under names of their own; what names no zone is left out
/// and reported. Before the zones cease to wait.
pub async fn resolve<S: Scope>(
    tx: &Tx<S>,
    orders: Vec<ReadingOrder<String>>,
    page: Option<i32>,
    report: &mut ImportReport,
) -> Result<Vec<ReadingOrder>, Error> {
    let keys: BTreeSet<&str> = orders.iter().flat_map(ReadingOrder::zones).map(String::as_str).collect();
    let keys: Vec<&str> = keys.into_iter().collect();
    let zones: HashMap<String, ZoneId> = if keys.is_empty() {
        HashMap::new()
    } else {
        tx.imported_zones().find(&keys).await?.into_iter().collect()
    };
    let mut names = BTreeSet::new();
    let mut resolved = Vec::new();
    for order in orders {
        for key in order.zones().into_iter().filter(|key| !zones.contains_key(*key)) {
            report.remark(RemarkKind::ReadingOrderItemDropped, key);
        }
        let order = order.rename(&|key| zones.get(key).copied());
        if order.zones().is_empty() {
            report.remark(RemarkKind::ReadingOrderDropped, &order.name);
            continue;
        }
        let name = name(&order.name, page, &mut names);
        match (ReadingOrder { name, ..order }).checked() {
            Ok(order) => resolved.push(order),
            Err(refused) => report.remark(RemarkKind::ReadingOrderDropped, refused.reason.as_ref()),
        }
    }
    Ok(resolved)
}

/// The page by which the orders of a file are told from those of other files of the document: each file of these formats is
/// about pages, not about the document.
pub fn page_of(format: Format, first_page: Option<i32>) -> Option<i32> {
    matches!(format, Format::PageXml | Format::Alto).then(|| first_page.unwrap_or(1))
}

/// Makes or replaces the orders.
pub async fn put<S: Scope>(
    tx: &Tx<S>,
    document: DocumentId,
    version: i32,
    orders: &[ReadingOrder],
) -> Result<(), Error> {
    for order in orders {
        tx.reading_orders().put(document, version, order).await?;
    }
    Ok(())
}

/// A name that no order of the file has yet, and none of another page's file.
fn name(name: &str, page: Option<i32>, taken: &mut BTreeSet<String>) -> String {
    let name = name.replace('\0', "");
    let page = page.map(|page| format!(" (page {page})")).unwrap_or_default();
    let mut numbers = std::iter::once(String::new()).chain((2..).map(|n: usize| format!(" {n}")));
    loop {
        let end = format!("{}{page}", numbers.next().unwrap_or_default());
        let start: String = name.chars().take(NAME_CHARACTERS - end.chars().count()).collect();
        let unique = format!("{start}{end}");
        if taken.insert(unique.clone()) {
            return unique;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_has_a_name_of_its_own() {
        let mut taken = BTreeSet::new();
        let mut named = |text: &str, page| name(text, page, &mut taken);
        assert_eq!(named("columns", Some(3)), "columns (page 3)");
        assert_eq!(named("columns", Some(3)), "columns 2 (page 3)");
        assert_eq!(named("columns", None), "columns");
        let long = named(&"ä".repeat(300), Some(100_000));
        assert!(long.chars().count() == 200 && long.ends_with("ä (page 100000)"), "{long}");
    }
}
