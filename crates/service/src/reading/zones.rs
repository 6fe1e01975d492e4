//! Single zones are read again, each within its box: by OCR of that part of the page, or by what the text layer has there.
//!
//! The zone stays the zone that it is, with its place and type; its text, confidence and tool change, and what people made
//! of it stays (`run::store_reread`). Page by page, each a transaction that holds the lease.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::time::Instant;

use colophon_db::SystemScope;
use colophon_db::queue::Failure;
use colophon_domain::{
    BoundingBox, Coordinates, ErrorClass, JobStatus, JobZone, NewZone, Strategy, UnitFailure, Zone, ZoneId,
    ZoneStatus,
};
use colophon_ocr::Installed;
use colophon_pdf::{Image, PageFailure, PageImage, PageSelection, PageText};
use colophon_worker::Ended;
use serde_json::{Map, Value, json};
use tracing::Instrument as _;

use super::found::{Stages, class, crop, millis, read_of_crop};
use super::run::{Run, goes_on};
use super::{auto, ocr, stage};
use crate::upload::without_nul;
use crate::{Error, run};

/// What was read of one zone.
struct Reread {
    tool: Strategy,
    content: Option<String>,
    confidence: Option<f64>,
    metadata: Map<String, Value>,
    stages: Stages,
}

/// A zone with its box, as it shall be read.
struct Target {
    zone: Zone,
    bounding_box: BoundingBox,
}

type Outcome = Result<Reread, UnitFailure>;

/// Reads the zones that the job names and no earlier attempt has read.
pub(super) async fn read(run: &mut Run<'_>, file: File, ids: &[ZoneId]) -> Result<(), Error> {
    let (targets, refused) = targets(run, ids).await?;
    if !refused.is_empty() {
        store(run, Vec::new(), refused).await?;
    }
    let pages: Vec<u32> = targets.keys().copied().collect();
    if pages.is_empty() {
        return Ok(());
    }
    let texts = match run.strategy {
        Strategy::Ocr => BTreeMap::new(),
        Strategy::TextLayer | Strategy::Auto => {
            let file = file.try_clone().map_err(colophon_pdf::Error::Io)?;
            texts(run, file, &pages).instrument(stage("read")).await?
        }
    };
    let needs_ocr = |page: &u32| match run.strategy {
        Strategy::Ocr => true,
        Strategy::TextLayer => false,
        Strategy::Auto => {
            texts.get(page).is_none_or(|text| text.outcome.is_ok() && auto::why_ocr(text.layer).is_some())
        }
    };
    let (drawn, plain): (Vec<u32>, Vec<u32>) = pages.into_iter().partition(needs_ocr);
    for page in plain {
        let Some(text) = texts.get(&page) else { continue };
        let read = targets[&page].iter().map(|target| of_text(text, target)).collect();
        store_page(run, &targets[&page], read).await?;
    }
    if drawn.is_empty() { Ok(()) } else { by_ocr(run, file, drawn, &targets).await }
}

/// The zones by page, and those that cannot be read.
async fn targets(
    run: &Run<'_>,
    ids: &[ZoneId],
) -> Result<(BTreeMap<u32, Vec<Target>>, Vec<(ZoneId, UnitFailure)>), Error> {
    let job = run.job;
    let tx = run.platform.database.session(&SystemScope::new()).begin().await?;
    let done = tx.jobs().zones(job.document_id, job.lease.job_id).await?;
    let goes_on = goes_on(&tx, job).await?;
    let stands = |zone: &&JobZone| {
        zone.failure.as_ref().is_none_or(|failure| goes_on && failure.class != ErrorClass::Transient)
    };
    let done: HashSet<ZoneId> = done.iter().filter(stands).map(|zone| zone.zone_id).collect();
    let mut wanted: Vec<ZoneId> = ids.iter().copied().filter(|id| !done.contains(id)).collect();
    wanted.sort_unstable_by_key(|id| id.0);
    wanted.dedup();
    let found = tx.corrections().zones(job.document_id, &wanted).await?;
    tx.commit().await?;
    let mut refused: Vec<(ZoneId, UnitFailure)> = wanted
        .iter()
        .filter(|id| !found.iter().any(|zone| zone.id == **id))
        .map(|id| (*id, failure("no_such_zone", "the zone is gone")))
        .collect();
    let mut targets: BTreeMap<u32, Vec<Target>> = BTreeMap::new();
    for zone in found {
        let place = serde_json::from_value::<Coordinates>(zone.coordinates.clone()).ok();
        match (place.and_then(|place| place.bounding_box.checked().ok()), u32::try_from(zone.page_number)) {
            _ if zone.version != job.version => {
                let reason = format!(
                    "the zone is on version {}, and the job reads version {}",
                    zone.version, job.version
                );
                refused.push((zone.id, failure("other_version", &reason)));
            }
            (Some(bounding_box), Ok(page)) => {
                targets.entry(page).or_default().push(Target { zone, bounding_box });
            }
            _ => refused.push((zone.id, failure("no_place", "the zone has no place on its page"))),
        }
    }
    Ok((targets, refused))
}

fn failure(code: &str, message: &str) -> UnitFailure {
    UnitFailure { class: class(code), code: code.to_owned(), message: message.to_owned() }
}

fn of_page(page: &PageFailure) -> UnitFailure {
    failure(page.code.as_str(), &without_nul(&page.reason))
}

async fn texts(run: &Run<'_>, file: File, pages: &[u32]) -> Result<BTreeMap<u32, PageText>, Error> {
    let selection = PageSelection::List(pages.to_vec());
    let mut reader =
        colophon_pdf::read_text(&run.platform.pdf, file, &run.platform.pdf_limits, selection).await?;
    let mut texts = BTreeMap::new();
    while let Some(page) = reader.next().await? {
        texts.insert(page.page_number, page);
    }
    Ok(texts)
}

/// What stands in the box: the blocks whose middle lies in it, since a block is not told apart any further.
fn of_text(text: &PageText, target: &Target) -> Outcome {
    let b = target.bounding_box;
    let within = |x: f64, y: f64| (b.x0..=b.x1).contains(&x) && (b.y0..=b.y1).contains(&y);
    let zones = text.outcome.as_ref().map_err(of_page)?;
    let inside = zones.iter().filter(|zone| {
        within(f64::midpoint(zone.bbox.x0, zone.bbox.x1), f64::midpoint(zone.bbox.y0, zone.bbox.y1))
    });
    let contents: Vec<&str> =
        inside.map(|zone| zone.content.as_str()).filter(|text| !text.is_empty()).collect();
    Ok(Reread {
        tool: Strategy::TextLayer,
        content: (!contents.is_empty()).then(|| without_nul(&contents.join("\n"))),
        confidence: None,
        metadata: Map::new(),
        stages: Stages { read: text.duration, ..Stages::default() },
    })
}

async fn by_ocr(
    run: &mut Run<'_>,
    file: File,
    pages: Vec<u32>,
    targets: &BTreeMap<u32, Vec<Target>>,
) -> Result<(), Error> {
    let installed = match ocr::installed(run).await {
        Ok(installed) => installed,
        Err(error) => {
            let missing = failure(ocr::code(&error)?, &error.to_string());
            let refused =
                pages.iter().flat_map(|page| &targets[page]).map(|target| (target.zone.id, missing.clone()));
            return store(run, Vec::new(), refused.collect()).await;
        }
    };
    let mut reader = ocr::draw(run, file, PageSelection::List(pages), &installed).await?;
    while let Some(PageImage { page_number, outcome, duration }) = ocr::next(&mut reader).await? {
        let Some(targets) = targets.get(&page_number) else { continue };
        let mut read = Vec::with_capacity(targets.len());
        for target in targets {
            read.push(match &outcome {
                Err(failure) => Err(of_page(failure)),
                Ok(image) => {
                    let mut read = of_image(run, image, target, &installed).await?;
                    if let Ok(read) = &mut read {
                        read.stages.render = duration;
                    }
                    read
                }
            });
        }
        store_page(run, targets, read).await?;
    }
    Ok(())
}

async fn of_image(
    run: &Run<'_>,
    image: &Image,
    target: &Target,
    installed: &Installed,
) -> Result<Outcome, Error> {
    let started = Instant::now();
    let Some(cut) = crop(image, target.bounding_box) else {
        return Ok(Err(failure("no_place", "the zone lies outside its page")));
    };
    let page = u32::try_from(target.zone.page_number).unwrap_or_default();
    let read = match ocr::recognise(run, cut.picture(), page, installed).await? {
        Ok(read) => read,
        Err(why) => return Ok(Err(failure(why.code, &without_nul(&why.reason)))),
    };
    let (content, confidence, metadata) = read_of_crop(&read, image, &cut);
    let stages = Stages { recognise: started.elapsed(), ..Stages::default() };
    Ok(Ok(Reread { tool: Strategy::Ocr, content, confidence, metadata, stages }))
}

/// The zones of one page, each with what was read of it.
async fn store_page(run: &mut Run<'_>, targets: &[Target], read: Vec<Outcome>) -> Result<(), Error> {
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for (target, read) in targets.iter().zip(read) {
        match read {
            Ok(read) => done.push((&target.zone, read)),
            Err(failure) => failed.push((target.zone.id, failure)),
        }
    }
    store(run, done, failed).instrument(stage("store")).await
}

async fn store(
    run: &mut Run<'_>,
    done: Vec<(&Zone, Reread)>,
    failed: Vec<(ZoneId, UnitFailure)>,
) -> Result<(), Error> {
    let job = run.job;
    let tx = run.platform.database.session(&SystemScope::new()).begin().await?;
    tx.queue().hold(&job.lease, run.lease.as_secs_f64()).await?;
    let outcome = |zone_id, failure, stages: Option<Stages>| JobZone {
        zone_id,
        failure,
        attempt: job.attempt,
        duration_ms: stages.and_then(|stages| i32::try_from(millis(stages.sum())).ok()),
        stages: stages.map(|stages| stages.by_name()).unwrap_or_default(),
    };
    let mut outcomes: Vec<JobZone> =
        failed.into_iter().map(|(id, why)| outcome(id, Some(why), None)).collect();
    if let Some((first, read)) = done.first() {
        // All zones of one page are read by the same tool.
        let (tool, ocr) = (read.tool.as_str().to_owned(), read.tool == Strategy::Ocr);
        let change = run::Run {
            document: job.document_id,
            version: Some(job.version),
            pages: vec![first.page_number],
            tool: Some(tool),
            model: run.model.clone().filter(|_| ocr),
            job: Some(job.lease.job_id),
            reason: None,
            replaces: run.options.replaces,
        };
        // They may have changed since they were looked up.
        let ids: Vec<ZoneId> = done.iter().map(|(zone, _)| zone.id).collect();
        tx.corrections().lock(job.document_id).await?;
        let standing = tx.corrections().zones(job.document_id, &ids).await?;
        let mut found = Vec::with_capacity(standing.len());
        for (zone, read) in done {
            outcomes.push(outcome(zone.id, None, Some(read.stages)));
            run.measured_zone(read.stages, read.tool);
            if let Some(now) = standing.iter().find(|now| now.id == zone.id) {
                found.push(new_zone(now, read));
            }
        }
        // In the order of what stands.
        found.sort_by_key(|zone| standing.iter().position(|now| now.zone_index == zone.zone_index));
        run::store_reread(&tx, &change, &standing, found).await?;
    }
    tx.jobs().record_zones(job.document_id, job.lease.job_id, &outcomes).await?;
    tx.commit().await?;
    Ok(())
}

/// What the tool says now: of the text what was read, of everything else what it said before.
fn new_zone(zone: &Zone, read: Reread) -> NewZone {
    let said = |field: &str| zone.original.as_ref().and_then(|original| original.get(field));
    let mut metadata = zone.metadata.as_object().cloned().unwrap_or_default();
    metadata.remove("lines");
    metadata.extend(read.metadata);
    NewZone {
        id: ZoneId::new(),
        zone_index: zone.zone_index,
        page_number: zone.page_number,
        zone_type: said("zone_type").and_then(Value::as_str).unwrap_or(&zone.zone_type).to_owned(),
        coordinates: serde_json::from_value(said("coordinates").unwrap_or(&zone.coordinates).clone()).ok(),
        content: read.content,
        confidence: read.confidence,
        status: ZoneStatus::Completed,
        label: zone.label.clone(),
        external_id: zone.external_id.clone(),
        parent_id: zone.parent_id,
        language: zone.language.clone(),
        source: zone.source.clone(),
        metadata,
    }
}

/// How a job ended that names zones.
pub(super) async fn conclude(run: &Run<'_>) -> Result<Ended, Error> {
    let job = run.job;
    let tx = run.platform.database.session(&SystemScope::new()).begin().await?;
    let zones = tx.jobs().zones(job.document_id, job.lease.job_id).await?;
    tx.commit().await?;
    let mut failed: Vec<(ZoneId, &UnitFailure)> =
        zones.iter().filter_map(|zone| Some((zone.zone_id, zone.failure.as_ref()?))).collect();
    failed.sort_by_key(|(_, why)| why.class != ErrorClass::Transient);
    let mut metrics = run.metrics();
    metrics["zones"] = json!(zones.len());
    metrics["zones_failed"] = json!(failed.len());
    let Some((first, why)) = failed.first() else {
        return Ok(Ended { status: JobStatus::Completed, failure: None, metrics });
    };
    let status = if failed.len() == zones.len() { JobStatus::Failed } else { JobStatus::PartiallyCompleted };
    let message = format!(
        "{} of {} zones could not be read (zone {first}): {}",
        failed.len(),
        zones.len(),
        why.message
    );
    let failure = Failure { class: why.class, code: why.code.clone(), message };
    Ok(Ended { status, failure: Some(failure), metrics })
}
