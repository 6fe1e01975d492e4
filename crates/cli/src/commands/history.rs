//! `colophon zones history|changes|diff|undo`.

use std::collections::BTreeMap;

use colophon_db::SystemScope;
use colophon_domain::{ChangeFilter, DocumentId, ZoneId};
use colophon_formats::history::{ChangeView, DiffView, UndoneView, ZoneEventView};
use colophon_formats::views::ListView;
use colophon_formats::words::Words;
use colophon_service::history;
use colophon_service::undo::{self, Selection};
use serde_json::Value;

use crate::args::{History, ListOptions};
use crate::config::Config;
use crate::failure::Usage;
use crate::instance::{Instance, Wish};
use crate::output::{self, excerpt, optional, time};

pub async fn run(config: &Config, wish: Wish, asked: History) -> anyhow::Result<()> {
    let instance = Instance::open(config, wish).await?;
    let platform = &instance.platform;
    let scope = SystemScope::new();
    match asked {
        History::OfZone { document, zone, list } => {
            let events = history::of_zone(platform, &scope, document, zone, None, list.limit).await?;
            instance.close().await?;
            of_zone(document, zone, events, &list)
        }
        History::Changes { document, job, person, kind, since, list } => {
            let filter = ChangeFilter { job_id: job, changed_by: person, kind, since };
            let tx = platform.database.session(&scope).begin().await?;
            tx.documents().require(document).await?;
            let found = tx.changes().list(document, &filter, None, list.limit).await?;
            tx.commit().await?;
            instance.close().await?;
            changes(found.into(), &list)
        }
        History::Diff { document, from, to, list } => {
            let span = (from, to);
            let difference = history::diff(platform, &scope, document, span, None, list.limit).await?;
            instance.close().await?;
            diff(&difference, &list)
        }
        History::Undo { document, revision, job, person, since, reason, dry_run, show } => {
            let selection = match (job, person, since) {
                (Some(job), _, _) => Selection::Job(job),
                (_, Some(changed_by), Some(since)) => Selection::Person { changed_by, since },
                _ => Selection::Revisions(revision),
            };
            let undone = undo::undo(platform, &scope, document, &selection, reason, dry_run).await?;
            instance.close().await?;
            let view = UndoneView::new(
                (undone.revision, undone.revisions, dry_run),
                (undone.restored, undone.removed, undone.changed),
                (undone.kept, &undone.kept_by),
                undone.reindexed,
            );
            if show.json { output::json(&view) } else { told(&view) }
        }
    }
}

fn of_zone(
    document: DocumentId,
    zone: ZoneId,
    events: colophon_domain::List<history::ZoneEvent, i64>,
    list: &ListOptions,
) -> anyhow::Result<()> {
    if events.items.is_empty() {
        return Err(Usage(format!("there never was a zone {zone} in document {document}")).into());
    }
    let mut words = Words::default();
    let view = |event: history::ZoneEvent| {
        ZoneEventView::new(event.revision, &event.diff, event.change.as_ref(), &mut words)
    };
    let items: Vec<ZoneEventView> = events.items.into_iter().map(view).collect();
    if list.json {
        let next_cursor = events.next_cursor.map(|cursor| cursor.to_string());
        return output::json(&ListView { items, next_cursor });
    }
    let rows = items.into_iter().flat_map(|event| {
        let who = who(event.changed_by.as_deref(), event.processing_tool.as_deref());
        let head = [
            event.revision.to_string(),
            event.created_at.map(time).unwrap_or_default(),
            event.action.to_owned(),
            who,
        ];
        // Whoever comes and goes does so whole.
        let fields = if event.action == "changed" { event.fields } else { BTreeMap::new() };
        let mut rows: Vec<[String; 7]> = Vec::new();
        for (field, values) in fields {
            let [revision, when, action, who] = head.clone();
            let (before, after) = (cell(&values.before), cell(&values.after));
            rows.push([revision, when, action, who, field.to_owned(), before, after]);
        }
        if rows.is_empty() {
            let [revision, when, action, who] = head;
            let reason = optional(event.reason);
            rows.push([revision, when, action, who, String::new(), String::new(), reason]);
        }
        rows
    });
    output::table(["REVISION", "WHEN (UTC)", "WHAT", "BY", "FIELD", "BEFORE", "AFTER"], rows)
}

fn changes(view: ListView<ChangeView>, list: &ListOptions) -> anyhow::Result<()> {
    if list.json {
        return output::json(&view);
    }
    let rows = view.items.into_iter().map(|change| {
        [
            change.revision.to_string(),
            time(change.created_at),
            change.kind,
            who(change.changed_by.as_deref(), change.processing_tool.as_deref()),
            optional(change.job_id),
            change.undoes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            if change.undone { "yes".to_owned() } else { String::new() },
            excerpt(&change.reason.unwrap_or_default(), 60),
        ]
    });
    output::table(["REVISION", "WHEN (UTC)", "KIND", "BY", "RUN", "UNDOES", "UNDONE", "WHY"], rows)
}

fn diff(difference: &history::Difference, list: &ListOptions) -> anyhow::Result<()> {
    let mut words = Words::default();
    let (from, to) = (difference.from.revision, difference.to.revision);
    let more = difference.zones.next_cursor.is_some();
    if list.json {
        let view = DiffView::new((from, to), difference.counts, &difference.zones, &mut words);
        return output::json(&view);
    }
    for zone in &difference.zones.items {
        output::line(&words.line(zone))?;
    }
    if more {
        output::line("… and more: say a higher --limit")?;
    }
    let counts = difference.counts.unwrap_or_default();
    output::line(&format!(
        "{} added, {} removed, {} changed from revision {from} to {to}",
        counts.added, counts.removed, counts.changed
    ))
}

fn told(view: &UndoneView) -> anyhow::Result<()> {
    let rows = view.kept.iter().map(|kept| {
        [
            kept.zone_id.to_string(),
            kept.field.to_owned(),
            cell(&kept.value),
            optional(kept.revision),
            kept.changed_by.clone().or_else(|| kept.kind.clone()).unwrap_or_default(),
            optional(kept.created_at.map(time)),
        ]
    });
    if !view.kept.is_empty() {
        output::line("these stay, since somebody came later:")?;
        output::table(["ZONE", "FIELD", "STAYS", "REVISION", "BY", "WHEN (UTC)"], rows)?;
    }
    for moved in &view.reindexed {
        output::line(&format!(
            "zone {} comes to place {}, since its own, {}, is taken",
            moved.zone_id, moved.zone_index, moved.wanted
        ))?;
    }
    let counts =
        format!("{} restored, {} removed, {} changed back", view.restored, view.removed, view.changed);
    output::line(&match (view.revision, view.dry_run) {
        (Some(revision), _) => format!("{counts}: revision {revision}, which can be undone itself"),
        (None, true) => format!("{counts}, if it were done"),
        (None, false) => "nothing is to be undone".to_owned(),
    })
}

fn who(person: Option<&str>, tool: Option<&str>) -> String {
    person.or(tool).unwrap_or("the platform").to_owned()
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => excerpt(text, 40),
        other => excerpt(&other.to_string(), 40),
    }
}
