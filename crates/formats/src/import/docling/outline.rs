//! What is needed before the items can be read: pages with their sizes, and which item is read when.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io::Read;

use crate::import::json::Json;
use crate::import::{ImportError, ImportReport, Options, UNRANKED};

use super::NAME;

/// Lists of items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Collection {
    Groups,
    Texts,
    Pictures,
    Tables,
    KeyValueItems,
    FormItems,
    FieldRegions,
    FieldItems,
    /// Not a list: the roots of the tree.
    Root,
}

impl Collection {
    const LISTS: [(Self, &'static str); 8] = [
        (Self::Groups, "groups"),
        (Self::Texts, "texts"),
        (Self::Pictures, "pictures"),
        (Self::Tables, "tables"),
        (Self::KeyValueItems, "key_value_items"),
        (Self::FormItems, "form_items"),
        (Self::FieldRegions, "field_regions"),
        (Self::FieldItems, "field_items"),
    ];

    pub fn named(name: &str) -> Option<Self> {
        Self::LISTS.into_iter().find(|(_, list)| *list == name).map(|(collection, _)| collection)
    }
}

/// An item, as `#/texts/12` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference(Collection, u32);

pub const BODY: Reference = Reference(Collection::Root, 0);
pub const FURNITURE: Reference = Reference(Collection::Root, 1);

impl Reference {
    pub fn new(collection: Collection, index: u64) -> Self {
        Self(collection, u32::try_from(index).unwrap_or(u32::MAX))
    }

    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "#/body" => return Some(BODY),
            "#/furniture" => return Some(FURNITURE),
            _ => {}
        }
        let (collection, index) = text.strip_prefix("#/")?.split_once('/')?;
        Some(Self(Collection::named(collection)?, index.parse().ok()?))
    }

    pub fn ordinal(self) -> u64 {
        u64::from(self.1)
    }

    pub fn is_root(self) -> bool {
        self.0 == Collection::Root
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0, self.1) {
            (Collection::Root, 0) => f.write_str("#/body"),
            (Collection::Root, _) => f.write_str("#/furniture"),
            (collection, index) => {
                let name = Collection::LISTS
                    .iter()
                    .find(|(list, _)| *list == collection)
                    .map_or("", |(_, name)| *name);
                write!(f, "#/{name}/{index}")
            }
        }
    }
}

/// Pages, and of each item when and on which page it is read.
#[derive(Debug, Default)]
pub struct Outline {
    pub pages: BTreeMap<i32, Option<[f64; 2]>>,
    children: HashMap<Reference, Vec<Reference>>,
    items: HashMap<Collection, Vec<Place>>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    /// From 0; `UNRANKED` before it is known, and where nothing names the item.
    rank: i64,
    /// 0 where it has none of its own.
    page: i32,
}

impl Outline {
    pub fn read<R: Read>(
        input: R,
        options: &Options,
        report: &mut ImportReport,
    ) -> Result<Self, ImportError> {
        let mut outline = Self::default();
        let mut json = Json::new(input, NAME, options.limits);
        let mut schema = None;
        json.object(|json, name| match name {
            "schema_name" => {
                schema = json.value()?.as_str().map(ToOwned::to_owned);
                Ok(())
            }
            "version" => {
                report.version = json.value()?.as_str().map(|version| version.chars().take(40).collect());
                Ok(())
            }
            "pages" => outline.read_pages(json, options),
            "body" => outline.read_item(json, BODY),
            "furniture" => outline.read_item(json, FURNITURE),
            name => match Collection::named(name) {
                Some(collection) => {
                    json.array(|json, index| outline.read_item(json, Reference::new(collection, index)))
                }
                None => json.skip(),
            },
        })?;
        if schema.as_deref() != Some("DoclingDocument") {
            return Err(json.malformed("schema_name is not \"DoclingDocument\"".to_owned()));
        }
        if report.version.as_deref().is_some_and(|version| !version.starts_with("1.")) {
            let version = report.version.clone().unwrap_or_default();
            return Err(json.malformed(format!("version {version:?} is not known here; 1.x is")));
        }
        json.end()?;
        report.creator = Some("docling".to_owned());
        outline.rank();
        Ok(outline)
    }

    /// When an item is read, and the page it is on: its own; else that of the next item in the order that has one (for
    /// a group, its first member's), else of the last before it, else 1.
    pub fn place(&self, reference: Reference) -> (i64, i32) {
        let items = self.items.get(&reference.0);
        let place = items.and_then(|items| items.get(usize::try_from(reference.1).ok()?));
        place.map_or((UNRANKED, 1), |place| (place.rank, place.page.max(1)))
    }

    pub fn children(&self, reference: Reference) -> &[Reference] {
        self.children.get(&reference).map_or(&[], Vec::as_slice)
    }

    fn read_pages<R: Read>(&mut self, json: &mut Json<R>, options: &Options) -> Result<(), ImportError> {
        // An early list of pages was one; it held no sizes that could be told apart.
        if !json.is_object()? {
            return json.skip();
        }
        json.object(|json, key| {
            let (page, _) = json.members_without(&["image"])?;
            let number = page.get("page_no").and_then(serde_json::Value::as_i64);
            let number = number.or_else(|| key.parse().ok()).and_then(|number| i32::try_from(number).ok());
            let Some(number) = number.filter(|number| *number >= 1) else {
                return Err(json.malformed(format!("page {key:?} has no number from 1")));
            };
            let side = |name: &str| page.get("size")?[name].as_f64().filter(|side| *side > 0.0);
            self.pages
                .insert(number, side("width").zip(side("height")).map(|(width, height)| [width, height]));
            match i32::try_from(self.pages.len()) {
                Ok(count) if count <= options.limits.pages => Ok(()),
                _ => Err(json.too_large(format!("more than {} pages", options.limits.pages))),
            }
        })
    }

    fn read_item<R: Read>(&mut self, json: &mut Json<R>, reference: Reference) -> Result<(), ImportError> {
        let mut page = 0;
        if !json.is_object()? {
            return Err(json.malformed(format!("{reference} is no object")));
        }
        json.object(|json, name| match name {
            "children" => {
                let mut children = Vec::new();
                json.array(|json, _| {
                    let child = json.value()?;
                    match child["$ref"].as_str().and_then(Reference::parse) {
                        Some(child) => children.push(child),
                        None => return Err(json.malformed(format!("a child of {reference} is no reference"))),
                    }
                    Ok(())
                })?;
                if !children.is_empty() {
                    self.children.insert(reference, children);
                }
                Ok(())
            }
            "prov" => json.array(|json, index| {
                let place = json.value()?;
                if index == 0 {
                    page = place["page_no"].as_i64().and_then(|page| i32::try_from(page).ok()).unwrap_or(0);
                }
                Ok(())
            }),
            _ => json.skip(),
        })?;
        if !reference.is_root() {
            self.items.entry(reference.0).or_default().push(Place { rank: UNRANKED, page });
        }
        Ok(())
    }

    fn place_mut(&mut self, reference: Reference) -> Option<&mut Place> {
        self.items.get_mut(&reference.0)?.get_mut(usize::try_from(reference.1).ok()?)
    }

    /// Goes through the tree, each item before its children, each once.
    fn rank(&mut self) {
        let mut order = Vec::new();
        let mut waiting = vec![FURNITURE, BODY];
        let mut rank = 0;
        while let Some(reference) = waiting.pop() {
            if let Some(place) = self.place_mut(reference) {
                if place.rank != UNRANKED {
                    continue;
                }
                place.rank = rank;
                rank += 1;
                order.push(reference);
            } else if !reference.is_root() {
                continue;
            }
            // Roots that name each other, as only a damaged file's do, are not gone through again.
            waiting.extend(self.children(reference).iter().rev().filter(|child| !child.is_root()));
        }
        let mut page = 0;
        for reference in order.iter().rev() {
            if let Some(place) = self.place_mut(*reference) {
                if place.page == 0 {
                    place.page = page;
                }
                page = place.page;
            }
        }
        page = 0;
        for reference in order {
            if let Some(place) = self.place_mut(reference) {
                if place.page == 0 {
                    place.page = page;
                }
                page = place.page;
            }
        }
    }
}
