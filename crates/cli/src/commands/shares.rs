//! `colophon documents share|shares|unshare|link|accesses`.

use anyhow::Context as _;
use colophon_db::{SystemScope, Tx};
use colophon_domain::{Action, Document, DocumentId, Invalid, NewShare, ShareId};
use colophon_formats::views::{AccessView, ListView, MadeShareView, ShareView, SignedUrlView};
use colophon_service::Error;
use colophon_service::signed_urls::SignedUrl;
use jiff::{SignedDuration, Timestamp};

use super::serve::console_url;
use crate::args::{Documents, ListOptions};
use crate::config::Config;
use crate::instance::{Instance, Wish};
use crate::output::{self, optional, time};

const WISH: Wish = Wish { program: "colophon documents", workers: 0, database_listen: None };

pub async fn run(config: &Config, asked: Documents) -> anyhow::Result<()> {
    let instance = Instance::open(config, WISH).await?;
    let tx = instance.platform.database.session(&SystemScope::new()).begin().await?;
    match asked {
        Documents::Share { document, user, link: _, role, expires, max_uses, show } => {
            let now = Timestamp::now();
            let end = expires.map(|seconds| now.checked_add(SignedDuration::from_secs(seconds)));
            let expires_at = end.transpose().context("--expires: that is beyond all time")?;
            let new = NewShare { id: ShareId::new(), role, user_id: user, expires_at, max_uses };
            new.check(now)?;
            let found = live(&tx, document).await?;
            if user.is_some() && found.uploaded_by == user.map(|user| user.to_string()) {
                return Err(Invalid::new("user", "owns the document and needs no share").into());
            }
            let made = tx.shares().insert(document, &new, Some(&instance.owner.to_string())).await?;
            tx.commit().await?;
            instance.close().await?;
            let token = made.1.map(|token| token.expose().to_owned());
            let url = token.as_ref().map(|token| address(config, &format!("#share={token}")));
            if show.json {
                return output::json(&MadeShareView { share: made.0.into(), token, url });
            }
            output::line(&format!("share {} is made", made.0.id))?;
            match url {
                Some(url) => output::line(&format!(
                    "{url}\n(shown this once; whoever is signed in and opens it is let in)"
                )),
                None => Ok(()),
            }
        }
        Documents::Shares { document, list } => {
            tx.documents().require(document).await?;
            let found = tx.shares().list(document, None, list.limit).await?;
            tx.commit().await?;
            instance.close().await?;
            print_shares(found.into(), &list)
        }
        Documents::Unshare { document, share } => {
            let revoked = tx.shares().revoke(document, share).await?;
            tx.commit().await?;
            instance.close().await?;
            let told = if revoked { "is revoked" } else { "was revoked already" };
            output::line(&format!("share {share} {told}"))
        }
        Documents::Link { document, expires, version, attachment, show } => {
            let found = live(&tx, document).await?;
            let number = version.unwrap_or(found.version);
            let there = tx.versions().get(document, number).await?;
            there.with_context(|| format!("document {document} has no version {number}"))?;
            let url = SignedUrl::new(document, number, None, expires, attachment)?;
            tx.accesses().record(document, Action::SignedUrl, false).await?;
            tx.commit().await?;
            let token = instance.platform.signer.sign(&url).await?;
            instance.close().await?;
            let view = SignedUrlView {
                url: address(config, &format!("v1/content/{token}")),
                expires_at: url.expires_at,
            };
            if show.json { output::json(&view) } else { output::line(&view.url) }
        }
        Documents::Accesses { document, list } => {
            tx.documents().require(document).await?;
            let found = tx.accesses().list(document, None, list.limit).await?;
            tx.commit().await?;
            instance.close().await?;
            print_accesses(found.into(), &list)
        }
        other => anyhow::bail!("{other:?} is no command about shares; this is a mistake of the program"),
    }
}

/// A document that is not in the trash.
async fn live(tx: &Tx<SystemScope>, document: DocumentId) -> anyhow::Result<Document> {
    let found = tx.documents().require(document).await?;
    if found.deleted_at.is_some() {
        return Err(Error::InTrash { document }.into());
    }
    Ok(found)
}

/// Where others reach what `serve` answers to.
fn address(config: &Config, path: &str) -> String {
    match &config.public_url {
        Some(public) => format!("{public}/{path}"),
        None => format!("{}{path}", console_url(config.listen)),
    }
}

fn print_shares(views: ListView<ShareView>, list: &ListOptions) -> anyhow::Result<()> {
    if list.json {
        return output::json(&views);
    }
    let rows = views.items.into_iter().map(|s| {
        let uses = match (s.user_id, s.max_uses) {
            (Some(_), _) => String::new(),
            (None, None) => s.uses.to_string(),
            (None, Some(most)) => format!("{} of {most}", s.uses),
        };
        let with = s.user_id.map_or_else(|| "link".to_owned(), |user| user.to_string());
        [
            s.id.to_string(),
            with,
            s.role,
            s.state,
            uses,
            s.expires_at.map(time).unwrap_or_default(),
            time(s.created_at),
        ]
    });
    output::table(["ID", "WITH", "ROLE", "STATE", "USES", "UNTIL (UTC)", "MADE (UTC)"], rows)
}

fn print_accesses(views: ListView<AccessView>, list: &ListOptions) -> anyhow::Result<()> {
    if list.json {
        return output::json(&views);
    }
    let rows = views.items.into_iter().map(|a| {
        let who = a.user_id.map_or_else(|| "the platform".to_owned(), |user| user.to_string());
        [time(a.created_at), a.action, who, optional(a.share_id)]
    });
    output::table(["WHEN (UTC)", "ACTION", "WHO", "SHARE"], rows)
}
