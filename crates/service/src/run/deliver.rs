//! A run that comes as a body of zones: read and checked whole before the document is locked.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::BufRead;

use colophon_db::Scope;
use colophon_domain::zones::ZONES_PER_PAGE;
use colophon_domain::{Invalid, NewZone, ZoneId};
use colophon_formats::given::{ReadZone, Reading, read};
use colophon_formats::items::Items;

use super::{Report, Run, store};
use crate::delivery::{MAX_ZONES, RefusedItem, pages_of};
use crate::{Error, Platform};

/// Refused zones that are told of.
const TOLD: usize = 100;

/// Stores a run whose zones are a JSON array or NDJSON. `reading` says how they are to be read; its pages are found
/// here. Without pages in `run` the run is of those that its zones are on.
///
/// # Errors
/// There is no such document or version, or the scope may not change it ([`Error::Database`]); [`Error::InTrash`];
/// [`Error::ZonesRefused`] where a zone cannot be taken; [`Error::Invalid`] where the body or a page cannot.
pub async fn deliver<S: Scope>(
    platform: &Platform,
    scope: &S,
    mut run: Run,
    mut reading: Reading,
    body: impl BufRead + Send + 'static,
) -> Result<Report, Error> {
    let tx = platform.database.session(scope).begin().await?;
    let document = tx.documents().require(run.document).await?;
    if document.deleted_at.is_some() {
        return Err(Error::InTrash { document: run.document });
    }
    let version = run.version.unwrap_or(document.version);
    if version != document.version && tx.versions().get(run.document, version).await?.is_none() {
        return Err(Invalid::new("version", format!("there is no version {version}")).into());
    }
    reading.pages = pages_of(&tx, run.document, version).await?;
    tx.commit().await?;

    let parsed = tokio::task::spawn_blocking(move || parse(body, &reading));
    let zones = parsed.await.map_err(|e| Invalid::new("body", format!("cannot be read: {e}")))??;
    let mut zones = numbered(zones)?;
    run.version = Some(version);
    if run.pages.is_empty() {
        let pages: BTreeSet<i32> = zones.iter().map(|zone| zone.page_number).collect();
        run.pages = pages.into_iter().collect();
    }

    let tx = platform.database.session(scope).begin().await?;
    // An identifier that is taken already says nothing of which zone it is; the matching does.
    let ids: Vec<ZoneId> = zones.iter().map(|zone| zone.id).collect();
    let taken = tx.runs().taken(run.document, &ids).await?;
    rename(&mut zones, &taken);
    let report = store(&tx, &run, zones).await?;
    tx.commit().await?;
    Ok(report)
}

fn parse(body: impl BufRead, reading: &Reading) -> Result<Vec<ReadZone>, Error> {
    let unreadable = |error: colophon_formats::items::Error| Invalid::new("body", error.to_string());
    let mut items = Items::new(body);
    let (mut zones, mut refused, mut index) = (Vec::new(), Vec::new(), 0);
    while let Some((item, _)) = items.next_item().map_err(unreadable)? {
        if index == MAX_ZONES {
            return Err(Invalid::new("body", "more than 1,000,000 zones; send the pages in parts").into());
        }
        match read(item, reading) {
            Ok(zone) => zones.push(zone),
            Err(reason) if refused.len() < TOLD => refused.push(RefusedItem {
                index,
                zone_index: None,
                reason: reason.to_string().into_boxed_str(),
            }),
            Err(_) => {}
        }
        index += 1;
    }
    if refused.is_empty() { Ok(zones) } else { Err(Error::ZonesRefused { items: refused }) }
}

/// The zones with a number and a parent each. Where one has no number, they count by their order within the page.
pub(crate) fn numbered(zones: Vec<ReadZone>) -> Result<Vec<NewZone>, Invalid> {
    let all_numbered = zones.iter().all(|zone| zone.zone_index.is_some());
    let mut next: HashMap<i32, i32> = HashMap::new();
    let mut by_index: HashMap<i32, ZoneId> = HashMap::new();
    let mut ids = HashSet::new();
    let mut read = Vec::with_capacity(zones.len());
    for (at, mut given) in zones.into_iter().enumerate() {
        if let Some(index) = given.zone_index
            && by_index.insert(index, given.zone.id).is_some()
        {
            let reason = format!("zone {at} has the number {index} that another zone of the run has");
            return Err(Invalid::new("zone_index", reason));
        }
        if !ids.insert(given.zone.id) {
            let reason = format!("zone {at} has the identifier {} of another zone of the run", given.zone.id);
            return Err(Invalid::new("id", reason));
        }
        if !all_numbered {
            let page = given.zone.page_number;
            let first = (page - 1).saturating_mul(ZONES_PER_PAGE);
            let place = next.entry(page).or_insert(first);
            given.zone.zone_index = *place;
            *place = place.saturating_add(1);
        }
        read.push(given);
    }
    let parent = |given: &ReadZone| match given.parent_index {
        None => Ok(given.zone.parent_id),
        Some(index) => by_index.get(&index).copied().map(Some).ok_or_else(|| {
            Invalid::new("parent_index", format!("no zone of the run has the number {index}"))
        }),
    };
    let parents = read.iter().map(parent).collect::<Result<Vec<_>, _>>()?;
    let zones = read.into_iter().zip(parents);
    Ok(zones.map(|(given, parent_id)| NewZone { parent_id, ..given.zone }).collect())
}

/// New identifiers for those that are taken, also where a zone is a part of such a one.
pub(crate) fn rename(zones: &mut [NewZone], taken: &HashSet<ZoneId>) {
    let names: HashMap<ZoneId, ZoneId> =
        zones.iter().filter(|zone| taken.contains(&zone.id)).map(|zone| (zone.id, ZoneId::new())).collect();
    for zone in zones {
        zone.id = names.get(&zone.id).copied().unwrap_or(zone.id);
        zone.parent_id = zone.parent_id.map(|parent| names.get(&parent).copied().unwrap_or(parent));
    }
}
