//! `colophon zones list|show|calibration` and `colophon search`.

use colophon_db::SystemScope;
use colophon_domain::calibration::{Bucket, calibrate};
use colophon_domain::{Calibration, CalibrationFilter, Frame, SearchFilter, ZoneFilter};
use colophon_formats::views::{CalibrationView, ListView, SearchHitView, ZoneView};
use colophon_service::delivery::pages_of;
use jiff::Timestamp;
use serde_json::Value;

use super::history;
use crate::args::{ListOptions, ZoneOptions, Zones};
use crate::config::Config;
use crate::failure::Usage;
use crate::instance::{Instance, Wish};
use crate::output::{self, excerpt, optional};

const WISH: Wish = Wish { program: "colophon zones", workers: 0, database_listen: None };

pub async fn run(config: &Config, zones: Zones) -> anyhow::Result<()> {
    match zones {
        Zones::Past(asked) => history::run(config, WISH, asked).await,
        Zones::Rerun(asked) => super::outcomes::run(config, asked).await,
        Zones::List { document, page, filter, frame, list } => {
            let instance = Instance::open(config, WISH).await?;
            let tx = instance.platform.database.session(&SystemScope::new()).begin().await?;
            let current = tx.documents().require(document).await?.version;
            let after = filter.after;
            let pages = pages_of(&tx, document, filter.version.unwrap_or(current)).await?;
            let zones =
                tx.zones().list(document, &filter_of(page, filter), after, i64::from(list.limit)).await?;
            tx.commit().await?;
            instance.close().await?;
            if pages.is_empty() && !frame.needs_no_page() {
                let why = "the pages of this version are not known; ask for points";
                return Err(Usage(format!("--frame {frame}: {why}")).into());
            }
            let views: Vec<ZoneView> =
                zones.into_iter().map(|zone| ZoneView::in_frame(zone, frame, &pages)).collect();
            if list.json {
                let full = views.len() == usize::from(list.limit);
                let next_cursor = views.last().filter(|_| full).map(|zone| zone.zone_index.to_string());
                return output::json(&ListView { items: views, next_cursor });
            }
            let decimals = if frame == Frame::Normalised { 3 } else { 0 };
            let rows = views.into_iter().map(|z| {
                let text = excerpt(&z.content.unwrap_or_default(), 80);
                [
                    z.zone_index.to_string(),
                    z.page_number.to_string(),
                    z.zone_type,
                    corners(&z.coordinates, decimals),
                    text,
                ]
            });
            let place = if frame == Frame::Points { "BOX (pt from top left)" } else { "BOX" };
            output::table(["INDEX", "PAGE", "TYPE", place, "TEXT"], rows)
        }
        Zones::Calibration { tool, model, zone_type, since, json } => {
            let since = since.map(|age| Timestamp::now() - age);
            let filter =
                CalibrationFilter { processing_tool: tool, processing_model: model, zone_type, since };
            calibration(config, filter, json).await
        }
        Zones::Show { document, zone, show } => {
            let instance = Instance::open(config, WISH).await?;
            let tx = instance.platform.database.session(&SystemScope::new()).begin().await?;
            let found = tx.zones().get(document, zone).await?;
            tx.commit().await?;
            instance.close().await?;
            let z = ZoneView::from(
                found.ok_or_else(|| Usage(format!("there is no zone {zone} in document {document}")))?,
            );
            if show.json {
                return output::json(&z);
            }
            output::fields(&[
                ("id", z.id.to_string()),
                ("document", z.document_id.to_string()),
                ("index", z.zone_index.to_string()),
                ("page", z.page_number.to_string()),
                ("type", z.zone_type.clone()),
                ("box", corners(&z.coordinates, 0)),
                ("tool", optional(z.processing_tool.clone())),
                ("confidence", optional(z.confidence)),
                ("status", z.status.clone()),
                ("revision", z.revision.to_string()),
            ])?;
            output::line(&format!("\n{}", output::plain(&z.content.unwrap_or_default())))
        }
        other => anyhow::bail!("{other:?} changes zones; this is a mistake of the program"),
    }
}

fn filter_of(page: Option<i32>, asked: ZoneOptions) -> ZoneFilter {
    ZoneFilter {
        version: asked.version,
        page_number: page,
        zone_type: asked.zone_type,
        status: asked.status.map(|status| status.to_string()),
        min_confidence: asked.min_confidence,
        max_confidence: asked.max_confidence,
        processing_tool: asked.tool,
        parent_id: asked.parent,
    }
}

async fn calibration(config: &Config, filter: CalibrationFilter, json: bool) -> anyhow::Result<()> {
    let instance = Instance::open(config, WISH).await?;
    let tx = instance.platform.database.session(&SystemScope::new()).begin().await?;
    let verdicts = tx.calibration().verdicts(&filter).await?;
    tx.commit().await?;
    instance.close().await?;
    let calibrations = calibrate(&verdicts);
    if json {
        let items = calibrations.into_iter().map(CalibrationView::from).collect();
        return output::json(&ListView { items, next_cursor: None });
    }
    output::table(
        ["TOOL", "MODEL", "TYPE", "CONFIDENCE", "MEAN", "VERDICTS", "CHANGED", "SHARE", "95 % INTERVAL"],
        calibrations.iter().flat_map(rows_of),
    )
}

/// A row for all of a tool and type, and one for each tenth of confidence.
fn rows_of(c: &Calibration) -> impl Iterator<Item = [String; 9]> + '_ {
    let row = move |range: String, b: &Bucket| {
        [
            optional(c.processing_tool.clone()),
            optional(c.processing_model.clone()),
            c.zone_type.clone().unwrap_or_else(|| "(all)".to_owned()),
            range,
            format!("{:.2}", b.mean_confidence),
            b.verdicts.to_string(),
            b.changed.to_string(),
            format!("{:.1} %", 100.0 * b.share),
            format!("{:.1}–{:.1} %", 100.0 * b.interval.0, 100.0 * b.interval.1),
        ]
    };
    let below = c.review_below.map_or_else(String::new, |below| format!(", review below {below:.1}"));
    let all = row(format!("all, error {:.3}{below}", c.expected_calibration_error), &c.all);
    let tenths = c.buckets.iter().map(move |b| row(format!("{:.1}–{:.1}", b.from, b.to), b));
    std::iter::once(all).chain(tenths)
}

pub async fn search(
    config: &Config,
    query: &str,
    filter: SearchFilter,
    list: &ListOptions,
) -> anyhow::Result<()> {
    let filter = filter.checked().map_err(|invalid| Usage(invalid.to_string()))?;
    if query.contains('\0') {
        return Err(Usage("the query holds U+0000, which no stored text can".into()).into());
    }
    let instance = Instance::open(config, Wish { program: "colophon search", ..WISH }).await?;
    let tx = instance.platform.database.session(&SystemScope::new()).begin().await?;
    let hits = tx.zones().search(query, &filter, None, list.limit).await?;
    tx.commit().await?;
    instance.close().await?;
    let views: Vec<SearchHitView> = hits.into_iter().map(SearchHitView::from).collect();
    if list.json {
        return output::json(&ListView { items: views, next_cursor: None });
    }
    let rows = views.into_iter().map(|hit| {
        [
            hit.document_id.to_string(),
            hit.filename,
            hit.page_number.to_string(),
            hit.zone_type,
            excerpt(&hit.excerpt, 100),
        ]
    });
    output::table(["DOCUMENT", "NAME", "PAGE", "TYPE", "TEXT"], rows)
}

fn corners(coordinates: &Value, decimals: usize) -> String {
    let corner =
        |name: &str| coordinates[name].as_f64().map_or_else(String::new, |v| format!("{v:.decimals$}"));
    format!("{},{} – {},{}", corner("x0"), corner("y0"), corner("x1"), corner("y1"))
}
