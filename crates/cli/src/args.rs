//! What may be typed. One place defines a flag; help, environment variables and completions follow from it.

mod documents;
mod flags;
mod history;
mod import_zones;
mod job_reports;
mod job_requests;
mod jobs;
mod migrate;
mod outcomes;
mod queues;
mod schedules;
pub mod zones;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use colophon_domain::{
    DocumentId, ExportId, Frame, OnDuplicate, ShareId, ShareRole, Strategy, UserId, ZoneId, ZoneStatus,
};

pub use documents::{EditDocument, FindDocuments};
pub use flags::Flags;
pub use history::History;
pub use import_zones::ImportZones;
pub use job_reports::JobReports;
pub use job_requests::{EnqueueJob, JobRequests};
pub use jobs::Jobs;
pub use migrate::{Manners, Migrate, RepairStatus};
pub use outcomes::Outcomes;
pub use queues::Queues;
pub use schedules::{CreateSchedule, ScheduleNamed, Schedules};

use crate::config::{self, Given, INSTANCE, Purpose, SERVE, WORK};

/// The persistence layer of a document platform: PDFs go in; their zones, the history of the work on them and the
/// people's corrections are kept safe and come out again.
#[derive(Debug, Parser)]
#[command(name = "colophon", version, propagate_version = true)]
pub struct Args {
    /// Which instance: a data folder with a private PostgreSQL, or a shared database and store.
    #[command(flatten)]
    pub instance: Flags<INSTANCE>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the whole platform: a private PostgreSQL (unless --database-url), files, API and workers
    Serve(Serve),
    /// Run workers only
    Worker {
        #[command(flatten)]
        work: Flags<WORK>,
    },
    /// Upload and process PDF files, or folders of them; with --zones, put zones from files into a document
    Import(Import),
    /// Make an export of a document and write it to a file
    Export(Export),
    /// Look at documents; delete and restore them
    #[command(subcommand)]
    Documents(Documents),
    /// How much each owner may keep
    #[command(subcommand)]
    Quotas(Quotas),
    /// Look at zones, and correct them
    #[command(subcommand)]
    Zones(Zones),
    /// Look at jobs; ask for them, and cancel, retry, pause and resume them
    #[command(subcommand)]
    Jobs(Jobs),
    /// What waits in the queues; pause and resume them, and limit what runs at once
    #[command(subcommand)]
    Queues(Queues),
    /// Jobs that recur, by cron expressions: list, make, pause, resume and delete schedules
    #[command(subcommand)]
    Schedules(Schedules),
    /// Look at exports
    #[command(subcommand)]
    Exports(Exports),
    /// Search the text of all zones: words, "phrases", OR, -not
    Search {
        /// What to look for
        query: String,
        /// Only text of this language, a BCP 47 tag such as de
        #[arg(long)]
        language: Option<String>,
        /// Only this document
        #[arg(long)]
        document: Option<DocumentId>,
        /// Only this page
        #[arg(long)]
        page: Option<i32>,
        #[command(flatten)]
        list: ListOptions,
    },
    /// The migrations of the database's schema
    #[command(subcommand)]
    Migrate(Migrate),
    /// Show the configuration in force, and who said what
    Config(Show),
    /// Check configuration, connection, roles, grants, migrations, storage and clock, each with a remedy
    Doctor {
        #[command(flatten)]
        flags: Flags<{ WORK | SERVE }>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Check that rows and objects agree; exit code 0 if nothing wrong is left, 1 if something is
    Fsck(Fsck),
    /// Make a token for the API
    Token {
        /// Whom it names; the instance's owner unless said
        #[arg(long)]
        user: Option<UserId>,
        /// What it allows
        #[arg(long, value_enum, default_value_t = Role::Authenticated)]
        role: Role,
        /// How long it lasts: a number with s, m, h or d
        #[arg(long, default_value = "1h", value_parser = parse_ttl)]
        ttl: i64,
    },
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Read a PDF from standard input (how this program reads PDFs: in a process of its own, with limits)
    #[command(hide = true)]
    PdfChild {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

impl Args {
    /// What was given of the configuration.
    pub fn given(&self) -> Given {
        let more: &[_] = match &self.command {
            Command::Serve(serve) => &serve.flags.0,
            Command::Worker { work } => &work.0,
            Command::Import(import) => &import.work.0,
            Command::Config(show) => &show.flags.0,
            Command::Doctor { flags, .. } => &flags.0,
            _ => &[],
        };
        [&self.instance.0, more].concat()
    }
}

impl Command {
    /// What the configuration is read for; `None` for what needs none.
    pub fn purpose(&self) -> Option<Purpose> {
        match self {
            Self::Serve(_) => Some(Purpose::Serve),
            Self::Worker { .. } => Some(Purpose::Worker),
            Self::Import(_) => Some(Purpose::Import),
            Self::Config(show) if show.default => None,
            Self::Config(_) | Self::Doctor { .. } => Some(Purpose::Inspect),
            Self::Migrate(migrate) if !migrate.needs_database() => None,
            Self::Completions { .. } | Self::PdfChild { .. } => None,
            _ => Some(Purpose::Other),
        }
    }

    /// What is logged unless `COLOPHON_LOG` says otherwise. The pool's own words on a broken connection ("db error")
    /// say less than the error that its user gets.
    pub fn log_filter(&self) -> &'static str {
        match self {
            Self::Serve(_) | Self::Worker { .. } => "info,deadpool=off",
            _ => "warn,deadpool=off",
        }
    }
}

#[derive(Debug, clap::Args)]
pub struct Serve {
    #[command(flatten)]
    pub flags: Flags<{ WORK | SERVE }>,
    /// Print one line of JSON on standard output when ready
    #[arg(long)]
    pub ready_json: bool,
}

#[derive(Debug, clap::Args)]
pub struct Import {
    /// PDF files, or folders to search for them; with --zones, files of zones
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub zones: ImportZones,
    /// How to read them
    #[arg(long, default_value = "text-layer", value_parser = parse_strategy, conflicts_with = "zones")]
    pub strategy: Strategy,
    /// Only store them
    #[arg(long, conflicts_with = "zones")]
    pub no_process: bool,
    /// What to do with a file that is stored already: allow, reject or link (answer with the document that has it)
    #[arg(long, default_value = "allow")]
    pub on_duplicate: OnDuplicate,
    #[command(flatten)]
    pub work: Flags<WORK>,
    /// Print one line of JSON for each file
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, clap::Args)]
pub struct Export {
    /// The document
    pub document: DocumentId,
    /// Format: json
    #[arg(long = "format", required = true, value_name = "FORMAT")]
    pub formats: Vec<String>,
    /// Only these pages: 3, 1-3 or 1-3,7
    #[arg(long, value_parser = parse_pages, value_name = "PAGES")]
    pub pages: Option<Pages>,
    /// Only these zones
    #[arg(long, num_args = 1.., value_name = "ID")]
    pub zones: Vec<ZoneId>,
    /// File to write; - for standard output
    #[arg(short, long, value_name = "PATH")]
    pub output: PathBuf,
}

#[derive(Debug, clap::Args)]
pub struct Fsck {
    /// Mend what can be mended without losing anything
    #[arg(long)]
    pub repair: bool,
    /// Bytes of content to verify, of the files not looked at for longest: bytes, or a number with a unit; 0 for none
    #[arg(long, default_value = "1GiB", value_parser = parse_size, value_name = "SIZE")]
    pub budget: u64,
    /// Verify the content of every file
    #[arg(long, visible_alias = "checksums", conflicts_with = "budget")]
    pub full: bool,
    /// What is younger may be under way, or wait for the sweeper: a number with s, m, h or d
    #[arg(long, default_value = "1h", value_parser = parse_age, value_name = "TIME")]
    pub min_age: std::time::Duration,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, clap::Args)]
pub struct Show {
    #[command(flatten)]
    pub flags: Flags<{ WORK | SERVE }>,
    /// Print a file with every key, what it means and its default, instead
    #[arg(long, conflicts_with = "json")]
    pub default: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Inclusive ranges of pages, from 1.
#[derive(Debug, Clone)]
pub struct Pages(pub Vec<(i32, i32)>);

#[derive(Debug, clap::Args)]
pub struct ListOptions {
    /// Rows at most
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub limit: u16,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, clap::Args)]
pub struct ShowOptions {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum Documents {
    /// List documents, newest first
    List(FindDocuments),
    /// Change a document's name, tags and metadata
    Edit(EditDocument),
    /// Show one document, its versions and pages
    Show {
        /// The document
        document: DocumentId,
        #[command(flatten)]
        show: ShowOptions,
    },
    /// Put a document into the trash, or delete it for good
    Delete {
        /// The document
        document: DocumentId,
        /// At once and for good, with its versions, zones, jobs, corrections, exports and files
        #[arg(long)]
        purge: bool,
    },
    /// Take a document out of the trash
    Restore {
        /// The document
        document: DocumentId,
    },
    /// Make a version of a document the current one
    #[command(disable_version_flag = true)]
    MakeCurrent {
        /// The document
        document: DocumentId,
        /// The version
        #[arg(value_name = "VERSION")]
        number: i32,
    },
    /// Put a document under legal hold: until it is lifted, nobody can delete it
    Hold {
        /// The document
        document: DocumentId,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// End the legal hold of a document
    EndHold {
        /// The document
        document: DocumentId,
    },
    /// Share a document with a person, or make a link that people open in the console
    #[command(group = clap::ArgGroup::new("with").required(true))]
    Share {
        /// The document
        document: DocumentId,
        /// With this person
        #[arg(long, group = "with", value_name = "UUID")]
        user: Option<UserId>,
        /// With whoever opens the link that is made
        #[arg(long, group = "with")]
        link: bool,
        /// What it allows: viewer or editor
        #[arg(long, default_value = "viewer", value_parser = parse_role)]
        role: ShareRole,
        /// How long it lasts: a number with s, m, h or d; without end unless said
        #[arg(long, value_parser = parse_ttl)]
        expires: Option<i64>,
        /// How many people the link lets in
        #[arg(long, value_name = "N", conflicts_with = "user")]
        max_uses: Option<i32>,
        #[command(flatten)]
        show: ShowOptions,
    },
    /// List the shares of a document, newest first
    Shares {
        /// The document
        document: DocumentId,
        #[command(flatten)]
        list: ListOptions,
    },
    /// Revoke a share: whoever came by it sees the document no more
    Unshare {
        /// The document
        document: DocumentId,
        /// The share
        share: ShareId,
    },
    /// Make an address of a document's file that needs no token, and ends
    #[command(disable_version_flag = true)]
    Link {
        /// The document
        document: DocumentId,
        /// How long it lasts: a number with s, m, h or d, a week at most
        #[arg(long, default_value = "1h", value_parser = parse_ttl)]
        expires: i64,
        /// The version of the file; the current one unless said
        #[arg(long)]
        version: Option<i32>,
        /// Browsers are to save the file rather than to show it
        #[arg(long)]
        attachment: bool,
        #[command(flatten)]
        show: ShowOptions,
    },
    /// List what others did with a document: opened, downloaded, signed
    Accesses {
        /// The document
        document: DocumentId,
        #[command(flatten)]
        list: ListOptions,
    },
}

#[derive(Debug, Subcommand)]
pub enum Quotas {
    /// List every quota with what of it is used
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Set what an owner may keep; what is left out is without limit
    Set {
        /// A person's UUID, or `default` for everybody who has no quota of their own
        owner: String,
        /// Documents at most, those in the trash included
        #[arg(long)]
        documents: Option<u32>,
        /// Bytes at most: a number, or one with kB, MB, GB, KiB, MiB or GiB
        #[arg(long, value_parser = parse_size)]
        bytes: Option<u64>,
    },
    /// Remove an owner's own quota
    Remove {
        /// A person's UUID, or `default`
        owner: String,
    },
}

/// Which zones of a document.
#[derive(Debug, clap::Args)]
pub struct ZoneOptions {
    /// On this version instead of the current one
    #[arg(long)]
    pub version: Option<i32>,
    /// Only this type
    #[arg(long = "type")]
    pub zone_type: Option<String>,
    /// Only this status
    #[arg(long)]
    pub status: Option<ZoneStatus>,
    /// Only what its tool is at least so sure of, 0 to 1
    #[arg(long)]
    pub min_confidence: Option<f64>,
    /// Only what its tool is at most so sure of, 0 to 1
    #[arg(long)]
    pub max_confidence: Option<f64>,
    /// Only what this tool found
    #[arg(long)]
    pub tool: Option<String>,
    /// Only parts of this zone
    #[arg(long)]
    pub parent: Option<ZoneId>,
    /// Behind the zone with this index
    #[arg(long, default_value_t = -1, allow_negative_numbers = true)]
    pub after: i32,
}

#[derive(Debug, Subcommand)]
pub enum Zones {
    /// List the zones of a document in reading order
    #[command(disable_version_flag = true)]
    List {
        /// The document
        document: DocumentId,
        /// Only this page
        #[arg(long)]
        page: Option<i32>,
        #[command(flatten)]
        filter: ZoneOptions,
        /// In which numbers places are told: points, points-bl, pdf, normalised, percent, px@300
        #[arg(long, default_value_t)]
        frame: Frame,
        #[command(flatten)]
        list: ListOptions,
    },
    /// Show one zone
    Show {
        /// The document
        document: DocumentId,
        /// The zone
        zone: ZoneId,
        #[command(flatten)]
        show: ShowOptions,
    },
    #[command(flatten)]
    Past(History),
    #[command(flatten)]
    Rerun(Outcomes),
    /// Correct one zone: its text, its type; accept or delete it
    Correct(zones::CorrectZone),
    /// Send edits that were made offline: a file of JSON lines, each answered by one
    Replay(zones::Replay),
    /// Of the zones a tool was so sure of, how many did people change?
    Calibration {
        /// Only of this tool
        #[arg(long)]
        tool: Option<String>,
        /// Only of this model
        #[arg(long)]
        model: Option<String>,
        /// Only of zones that the tool gave this type
        #[arg(long = "type")]
        zone_type: Option<String>,
        /// Only what people said in this time: a number with s, m, h or d
        #[arg(long, value_parser = parse_age, value_name = "TIME")]
        since: Option<std::time::Duration>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum Exports {
    /// List exports, newest first
    List {
        /// Only of this document
        #[arg(long)]
        document: Option<DocumentId>,
        #[command(flatten)]
        list: ListOptions,
    },
    /// Show one export
    Show {
        /// The export
        export: ExportId,
        #[command(flatten)]
        show: ShowOptions,
    },
}

/// What a token allows.
#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Role {
    /// What its person may see
    Authenticated,
    /// Everything
    ServiceRole,
}

fn parse_strategy(text: &str) -> Result<Strategy, String> {
    text.parse().map_err(|invalid: colophon_domain::Invalid| invalid.reason)
}

fn parse_role(text: &str) -> Result<ShareRole, String> {
    text.parse().map_err(|invalid: colophon_domain::Invalid| invalid.reason)
}

pub(super) fn parse_seconds(text: &str) -> Result<std::time::Duration, String> {
    let seconds = parse_ttl(text)?;
    Ok(std::time::Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

fn parse_age(text: &str) -> Result<std::time::Duration, String> {
    config::duration(text).ok_or_else(|| format!("{text:?} is no time; say 30m, 1h or 7d"))
}

fn parse_ttl(text: &str) -> Result<i64, String> {
    let refuse = || format!("{text:?} is no duration; say 30m, 1h or 7d");
    let unit = text.chars().last().ok_or_else(refuse)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(refuse()),
    };
    let number: i64 = text[..text.len() - 1].parse().map_err(|_| refuse())?;
    number.checked_mul(seconds).filter(|ttl| (1..=10 * 365 * 86_400).contains(ttl)).ok_or_else(refuse)
}

fn parse_size(text: &str) -> Result<u64, String> {
    config::parse_size(text).ok_or_else(|| format!("{text:?} is no size; say bytes, 50MB or 5GiB"))
}

fn parse_pages(text: &str) -> Result<Pages, String> {
    let refuse = || format!("{text:?} names no pages; say 3, 1-3 or 1-3,7");
    let page = |text: &str| text.trim().parse::<i32>().ok().filter(|page| *page >= 1).ok_or_else(refuse);
    let range = |part: &str| match part.split_once('-') {
        Some((first, last)) => Ok((page(first)?, page(last)?)),
        None => page(part).map(|page| (page, page)),
    };
    let ranges = text.split(',').map(range).collect::<Result<Vec<_>, _>>()?;
    if ranges.iter().any(|(first, last)| first > last) { Err(refuse()) } else { Ok(Pages(ranges)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory as _;
        Args::command().debug_assert();
    }

    #[test]
    fn durations_and_pages_are_read_or_refused() {
        assert_eq!(parse_ttl("90m"), Ok(5_400));
        for nonsense in ["", "h", "1", "1x", "-1h", "0s", "99999999999999d", "1é"] {
            assert!(parse_ttl(nonsense).is_err(), "{nonsense:?}");
        }
        assert_eq!(parse_pages("1-3,7").unwrap().0, [(1, 3), (7, 7)]);
        for nonsense in ["", "0", "3-1", "a", "1-", "1,,2"] {
            assert!(parse_pages(nonsense).is_err(), "{nonsense:?}");
        }
    }
}
