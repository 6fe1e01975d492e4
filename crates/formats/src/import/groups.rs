//! The groups of a reading order while they are read, of PAGE-XML and of ALTO.

use colophon_domain::{ReadingOrder, ReadingOrderGroup, ReadingOrderItem};

use crate::import::xml::Element;

/// Groups that are open, the outermost first.
#[derive(Default)]
pub struct Orders {
    open: Vec<Group>,
}

struct Group {
    name: Option<String>,
    index: Option<i64>,
    ordered: bool,
    zone_id: Option<String>,
    items: Vec<(Option<i64>, ReadingOrderItem<String>)>,
}

impl Orders {
    pub fn open(&mut self, element: &Element) {
        let name = element
            .get("caption")
            .filter(|name| !name.is_empty())
            .or_else(|| element.get("id"))
            .or_else(|| element.get("ID"));
        self.open.push(Group {
            name: name.map(ToOwned::to_owned),
            index: index(element),
            ordered: element.name.starts_with("Ordered"),
            zone_id: element.get("regionRef").or_else(|| element.get("REF")).map(ToOwned::to_owned),
            items: Vec::new(),
        });
    }

    pub fn reference(&mut self, element: &Element) {
        let ids = element.get("regionRef").or_else(|| element.get("REF")).unwrap_or_default();
        if let Some(group) = self.open.last_mut() {
            // ALTO may name several in one reference.
            let items =
                ids.split_whitespace().map(|id| (index(element), ReadingOrderItem::Zone(id.to_owned())));
            group.items.extend(items);
        }
    }

    /// The innermost group ends; the order, if it was the outermost too.
    pub fn close(&mut self) -> Option<ReadingOrder<String>> {
        if self.open.len() <= 1 {
            return self.finish();
        }
        let group = self.open.pop()?;
        let outer = self.open.last_mut()?;
        outer.items.push((group.index, ReadingOrderItem::Group(group.into())));
        None
    }

    fn finish(&mut self) -> Option<ReadingOrder<String>> {
        let root = self.open.pop()?;
        let name = root.name.clone().unwrap_or_else(|| "reading order".to_owned());
        let ordered = root.ordered;
        let group = ReadingOrderGroup::from(root);
        let items = if ordered { group.items } else { vec![ReadingOrderItem::Group(group)] };
        Some(ReadingOrder { name: name.chars().take(150).collect(), items })
    }
}

impl From<Group> for ReadingOrderGroup<String> {
    fn from(mut group: Group) -> Self {
        group.items.sort_by_key(|(index, _)| index.unwrap_or(i64::MAX));
        let items = group.items.into_iter().map(|(_, item)| item).collect();
        Self { ordered: group.ordered, zone_id: group.zone_id, items }
    }
}

fn index(element: &Element) -> Option<i64> {
    element.get("index")?.trim().parse().ok()
}
