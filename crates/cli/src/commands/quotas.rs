//! `colophon quotas`.

use colophon_db::SystemScope;
use colophon_domain::Quota;
use colophon_formats::views::{ListView, QuotaView};

use crate::args::Quotas;
use crate::config::Config;
use crate::instance::{Instance, Wish};
use crate::output::{self, bytes};

const WISH: Wish = Wish { program: "colophon quotas", workers: 0, database_listen: None };

pub async fn run(config: &Config, quotas: Quotas) -> anyhow::Result<()> {
    let instance = Instance::open(config, WISH).await?;
    let tx = instance.platform.database.session(&SystemScope::new()).begin().await?;
    let (found, json) = match quotas {
        Quotas::List { json } => (Some(tx.quotas().list().await?), json),
        Quotas::Set { owner, documents, bytes } => {
            let bytes = bytes.map(i64::try_from).transpose()?;
            tx.quotas().set(stored_name(&owner), documents.map(i64::from), bytes).await?;
            (None, false)
        }
        Quotas::Remove { owner } => {
            anyhow::ensure!(
                tx.quotas().remove(stored_name(&owner)).await?,
                "{owner} has no quota of their own; `colophon quotas list` shows all"
            );
            (None, false)
        }
    };
    tx.commit().await?;
    instance.close().await?;
    match found {
        Some(quotas) if json => {
            let items = quotas.into_iter().map(QuotaView::from).collect();
            output::json(&ListView { items, next_cursor: None })
        }
        Some(quotas) => print(quotas),
        None => Ok(()),
    }
}

/// Rows call everybody who has no quota of their own `*`.
fn stored_name(owner: &str) -> &str {
    if owner == "default" { "*" } else { owner }
}

fn print(quotas: Vec<Quota>) -> anyhow::Result<()> {
    let rows = quotas.into_iter().map(|quota| {
        let usage = quota.usage;
        let is_default = quota.owner == "*";
        let used = |text: String| if is_default { "–".to_owned() } else { text };
        [
            if is_default { "default".to_owned() } else { quota.owner },
            used(usage.documents.to_string()),
            usage.max_documents.map_or_else(|| "any".to_owned(), |most| most.to_string()),
            used(bytes(usage.bytes)),
            usage.max_bytes.map_or_else(|| "any".to_owned(), bytes),
        ]
    });
    output::table(["OWNER", "DOCUMENTS", "AT MOST", "SIZE", "AT MOST"], rows)
}
