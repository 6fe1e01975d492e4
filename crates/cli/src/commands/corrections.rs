//! `colophon zones correct` and `colophon zones replay`.

use std::io;
use std::process::ExitCode;

use anyhow::Context as _;
use colophon_db::UserScope;
use colophon_domain::UserId;
use colophon_domain::geometry::Frame;
use colophon_formats::corrections::{Edit, change};
use colophon_formats::views::ZoneView;
use colophon_service::Error;
use colophon_service::corrections::replay::{Replay, sides};
use colophon_service::corrections::{Asked, Sight, correct};
use colophon_service::edit::Seen;
use serde_json::{Map, Value, json};
use tokio::io::AsyncRead;
use tokio_util::io::ReaderStream;

use crate::args::zones::{CorrectZone, Replay as Args};
use crate::config::Config;
use crate::failure::{IN_PART, Usage};
use crate::instance::{Instance, Wish};
use crate::output;

const WISH: Wish = Wish { program: "colophon zones", workers: 0, database_listen: None };

/// A correction is a person's word, also by the command line.
pub async fn one(config: &Config, args: CorrectZone) -> anyhow::Result<()> {
    let (document, zone, as_json) = (args.document, args.zone, args.json);
    let user = args.user;
    let asked = asked(args)?;
    let instance = Instance::open(config, WISH).await?;
    let scope = scope(user.unwrap_or(instance.owner));
    let done = correct(&instance.platform, &scope, document, &asked).await;
    instance.close().await?;
    let done = match done {
        Err(Error::ZoneConflict(conflict)) if as_json => {
            let told = Error::ZoneConflict(conflict.clone()).to_string();
            output::json(&sides(*conflict))?;
            return Err(anyhow::anyhow!(told));
        }
        done => done?,
    };
    let zone_view = done.zone.map(ZoneView::from);
    if as_json {
        let ids: Vec<_> = done.corrections.iter().map(|correction| correction.id).collect();
        return output::json(&json!({ "zone": zone_view, "merged": done.merged, "correction_ids": ids }));
    }
    let merged = if done.merged { ", with what others did since" } else { "" };
    output::line(&match zone_view {
        Some(view) => format!("zone {zone} is at revision {}{merged}", view.revision),
        None => format!("zone {zone} is deleted; its history is kept"),
    })
}

/// Each line of the file is answered by a line on standard output.
pub async fn replay(config: &Config, args: Args) -> anyhow::Result<ExitCode> {
    let lines: Box<dyn AsyncRead + Send + Unpin> = if args.file.as_os_str() == "-" {
        Box::new(tokio::io::stdin())
    } else {
        let file = tokio::fs::File::open(&args.file).await;
        let told = |error: io::Error| Usage(format!("cannot read {}: {error}", args.file.display()));
        Box::new(file.map_err(told)?)
    };
    let instance = Instance::open(config, WISH).await?;
    let scope = scope(args.user.unwrap_or(instance.owner));
    let platform = instance.platform.as_ref().clone();
    let mut replay = Replay::new(platform, scope, args.document, ReaderStream::new(lines));
    let mut left = 0_u64;
    while let Some(answer) = replay.next().await.context("the lines cannot be read")? {
        let done = matches!(answer["result"].as_str(), Some("applied" | "merged" | "duplicate"));
        left += u64::from(!done);
        output::line(&answer.to_string())?;
    }
    drop(replay);
    instance.close().await?;
    Ok(if left == 0 { ExitCode::SUCCESS } else { ExitCode::from(IN_PART) })
}

fn asked(args: CorrectZone) -> anyhow::Result<Asked> {
    let edit = if args.delete {
        Edit { edit: colophon_domain::ZoneEdit::Delete, reason: args.reason, frame: Frame::default() }
    } else {
        let mut body = Map::<String, Value>::new();
        let status = args.accept.then(|| "verified".to_owned());
        let said = [("content", args.content), ("zone_type", args.zone_type), ("status", status)];
        body.extend(said.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into()))));
        if body.is_empty() {
            return Err(Usage("say --content, --type, --accept or --delete".to_owned()).into());
        }
        body.extend(args.reason.map(|reason| ("reason".to_owned(), reason.into())));
        change(body)?
    };
    let seen = args.revision.map_or(Seen::Any, |revision| Seen::Revisions(vec![revision]));
    let Edit { edit, reason, frame } = edit;
    Ok(Asked { zone: args.zone, seen: Sight::Seen(seen), edit, frame, reason, key: None })
}

/// Whoever may run commands on the instance may speak for its people.
fn scope(user: UserId) -> UserScope {
    UserScope::from_verified_claims(user, &json!({ "sub": user, "role": "authenticated" }))
}
