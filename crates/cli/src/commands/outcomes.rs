//! `colophon zones outcomes|resolve`.

use colophon_db::SystemScope;
use colophon_domain::OutcomeFilter;
use colophon_formats::views::{CorrectionOutcomeView, ListView};
use colophon_service::run::resolve;
use serde_json::Value;

use crate::args::Outcomes;
use crate::config::Config;
use crate::instance::{Instance, Wish};
use crate::output::{self, excerpt, time};

const WISH: Wish = Wish { program: "colophon zones", workers: 0, database_listen: None };

pub async fn run(config: &Config, asked: Outcomes) -> anyhow::Result<()> {
    match asked {
        Outcomes::Outcomes { document, open, outcome, list } => {
            let instance = Instance::open(config, WISH).await?;
            let tx = instance.platform.database.session(&SystemScope::new()).begin().await?;
            tx.documents().require(document).await?;
            let filter = OutcomeFilter { outcome, open: open.then_some(true), ..OutcomeFilter::default() };
            let limit = i64::from(list.limit);
            let outcomes = tx.correction_outcomes().list(document, &filter, None, limit).await?;
            tx.commit().await?;
            instance.close().await?;
            let views: Vec<_> = outcomes.into_iter().map(CorrectionOutcomeView::from).collect();
            if list.json {
                let full = views.len() == usize::from(list.limit);
                let next_cursor = views.last().filter(|_| full).map(|outcome| outcome.id.to_string());
                return output::json(&ListView { items: views, next_cursor });
            }
            let rows = views.into_iter().map(|o| {
                let told = o.theirs.as_ref().map(said).unwrap_or_default();
                let settled = o.resolution.unwrap_or_default();
                [o.id.to_string(), o.outcome, o.zone_id.to_string(), time(o.created_at), settled, told]
            });
            output::table(["OUTCOME", "WHAT", "ZONE", "WHEN", "SETTLED", "THE RUN SAYS"], rows)
        }
        Outcomes::Resolve { document, outcome, keep, reason, show } => {
            let instance = Instance::open(config, WISH).await?;
            let scope = SystemScope::new();
            let settled = resolve(&instance.platform, &scope, document, outcome, keep, reason).await;
            instance.close().await?;
            let settled = settled?;
            if show.json {
                return output::json(&CorrectionOutcomeView::from(settled.outcome));
            }
            match settled.revision {
                Some(revision) => output::line(&format!("settled: {} (change {revision})", keep.as_str())),
                None => output::line(&format!("settled: {}; no zone was changed", keep.as_str())),
            }
        }
    }
}

/// The fields of one side, short.
fn said(side: &Value) -> String {
    let fields = side.as_object().into_iter().flatten();
    let told = fields.map(|(name, value)| match value {
        Value::String(text) => format!("{name} {text:?}"),
        value => format!("{name} {value}"),
    });
    excerpt(&told.collect::<Vec<_>>().join(", "), 80)
}
