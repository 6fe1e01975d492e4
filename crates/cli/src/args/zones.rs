//! `colophon zones correct` and `colophon zones replay`.

use std::path::PathBuf;

use clap::Args;
use colophon_domain::{DocumentId, UserId, ZoneId};

#[derive(Debug, Args)]
pub struct CorrectZone {
    /// The document
    pub document: DocumentId,
    /// The zone
    pub zone: ZoneId,
    /// What stands there
    #[arg(long)]
    pub content: Option<String>,
    /// What it is
    #[arg(long = "type")]
    pub zone_type: Option<String>,
    /// It is right
    #[arg(long)]
    pub accept: bool,
    /// It is no zone
    #[arg(long, conflicts_with_all = ["content", "zone_type", "accept"])]
    pub delete: bool,
    /// The revision that was seen; what others did since is then kept, or told
    #[arg(long)]
    pub revision: Option<i64>,
    /// Why
    #[arg(long)]
    pub reason: Option<String>,
    /// In whose name; the instance's owner unless said
    #[arg(long)]
    pub user: Option<UserId>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Replay {
    /// The document
    pub document: DocumentId,
    /// The file; - is the standard input
    pub file: PathBuf,
    /// In whose name; the instance's owner unless said
    #[arg(long)]
    pub user: Option<UserId>,
}
