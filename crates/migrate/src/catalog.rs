//! What a database holds, object by object, as far as migrations may make it.

use std::collections::BTreeMap;

use tokio_postgres::Client;

use crate::Error;
use crate::error::doing;

/// Every object with all that a migration may say about it.
pub(crate) type Catalog = BTreeMap<Object, String>;

/// An object, as people name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Object {
    /// What it belongs to; itself where it stands alone.
    pub(crate) owner: String,
    /// `table`, `column`, `index`, …
    pub(crate) kind: String,
    /// Its name with everything that tells it from others.
    pub(crate) name: String,
}

/// How two catalogs differ in one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) object: Object,
    /// As the files make it.
    pub(crate) expected: Option<String>,
    /// As it is.
    pub(crate) found: Option<String>,
}

impl Difference {
    /// What a step back left wrong.
    pub(crate) fn after_rollback(&self) -> String {
        let Object { kind, name, .. } = &self.object;
        match (&self.expected, &self.found) {
            (None, _) => format!("{kind} {name} is left over"),
            (_, None) => format!("{kind} {name} is gone, though it was there before"),
            (Some(expected), Some(found)) => format!("{kind} {name} was {expected} and is {found}"),
        }
    }
}

/// Reads the catalog. Schemas of the platform and of the histories are not ours and not in it, except for policies and
/// triggers, which migrations may put on tables of the platform.
pub(crate) async fn read(client: &Client) -> Result<Catalog, Error> {
    let failed = |source| doing("reading the catalog")(source);
    // Names are written in full only where the search path does not find them.
    client.batch_execute("set search_path = ''").await.map_err(failed)?;
    let rows = client.query(include_str!("catalog.sql"), &[]).await.map_err(failed)?;
    client.batch_execute("reset search_path").await.map_err(failed)?;
    Ok(rows
        .iter()
        .map(|row| (Object { owner: row.get(0), kind: row.get(1), name: row.get(2) }, row.get(3)))
        .collect())
}

/// Where they differ. What belongs to an object that is missing or too much is not told besides.
pub(crate) fn differences(expected: &Catalog, found: &Catalog) -> Vec<Difference> {
    let mut all = Vec::new();
    let objects: std::collections::BTreeSet<&Object> = expected.keys().chain(found.keys()).collect();
    for object in objects {
        let (wanted, is) = (expected.get(object), found.get(object));
        if wanted != is {
            let (expected, found) = (wanted.cloned(), is.cloned());
            all.push(Difference { object: object.clone(), expected, found });
        }
    }
    let whole: Vec<(String, bool)> = all
        .iter()
        .filter(|d| d.object.owner == d.object.name && (d.expected.is_none() || d.found.is_none()))
        .map(|d| (d.object.name.clone(), d.found.is_some()))
        .collect();
    all.retain(|d| {
        d.object.owner == d.object.name
            || !whole.iter().any(|(name, there)| *name == d.object.owner && *there == d.found.is_some())
    });
    all
}
