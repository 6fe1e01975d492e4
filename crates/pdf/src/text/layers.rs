//! Optional content: which layers of a page are switched off.

use std::collections::HashSet;

use hayro_syntax::Pdf;
use hayro_syntax::object::{Array, Dict, MaybeRef, Name, Object, ObjectIdentifier};

/// The layers that the default configuration hides.
#[derive(Default)]
pub(super) struct Layers {
    hidden: HashSet<ObjectIdentifier>,
}

impl Layers {
    pub(super) fn of(pdf: &Pdf) -> Self {
        let catalog = pdf.xref().get::<Dict<'_>>(pdf.xref().root_id()).unwrap_or_default();
        let Some(properties) = catalog.get::<Dict<'_>>("OCProperties") else {
            return Self::default();
        };
        let config = properties.get::<Dict<'_>>("D").unwrap_or_default();
        let mut hidden = HashSet::new();
        if config.get::<Name<'_>>("BaseState").is_some_and(|state| state.as_ref() == b"OFF") {
            hidden.extend(ids(&properties, "OCGs"));
            for shown in ids(&config, "ON") {
                hidden.remove(&shown);
            }
        }
        hidden.extend(ids(&config, "OFF"));
        Self { hidden }
    }

    /// Whether content marked with this entry of a dictionary is shown.
    pub(super) fn shows(&self, owner: &Dict<'_>, key: &[u8]) -> bool {
        if self.hidden.is_empty() {
            return true;
        }
        if let Some(id) = owner.get_ref(key)
            && self.hidden.contains(&id.into())
        {
            return false;
        }
        let Some(dict) = owner.get::<Dict<'_>>(key) else {
            return true;
        };
        let mut members: Vec<ObjectIdentifier> = ids(&dict, "OCGs");
        members.extend(dict.get_ref("OCGs").map(ObjectIdentifier::from));
        if members.is_empty() {
            return true;
        }
        let mut hidden = members.iter().map(|id| self.hidden.contains(id));
        let policy = dict.get::<Name<'_>>("P");
        match policy.as_ref().map_or(&b"AnyOn"[..], |policy| policy.as_ref()) {
            b"AllOn" => !hidden.any(|hidden| hidden),
            b"AnyOff" => hidden.any(|hidden| hidden),
            b"AllOff" => hidden.all(|hidden| hidden),
            _ => hidden.any(|hidden| !hidden),
        }
    }
}

fn ids(dict: &Dict<'_>, key: &str) -> Vec<ObjectIdentifier> {
    let array = dict.get::<Array<'_>>(key).unwrap_or_default();
    let reference = |item: MaybeRef<Object<'_>>| item.as_obj_ref().map(ObjectIdentifier::from);
    array.raw_iter().filter_map(reference).collect()
}
