//! `colophon zones list|show` and `colophon search`.

use colophon_db::SystemScope;
use colophon_domain::{Frame, ZoneFilter};
use colophon_formats::views::{ListView, SearchHitView, ZoneView};
use colophon_service::delivery::pages_of;
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

pub async fn search(config: &Config, query: &str, list: &ListOptions) -> anyhow::Result<()> {
    if query.contains('\0') {
        return Err(Usage("the query holds U+0000, which no stored text can".into()).into());
    }
    let instance = Instance::open(config, Wish { program: "colophon search", ..WISH }).await?;
    let tx = instance.platform.database.session(&SystemScope::new()).begin().await?;
    let hits = tx.zones().search(query, None, list.limit).await?;
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
