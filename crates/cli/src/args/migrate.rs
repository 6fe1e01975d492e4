//! `colophon migrate …`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Subcommand, ValueEnum};

use super::{ShowOptions, parse_seconds};

/// Which files.
#[derive(Debug, Clone, clap::Args)]
pub struct FileSet {
    /// Folder with `migrations/` and `rollbacks/` [default: the files that this program carries]
    #[arg(long, env = "COLOPHON_MIGRATIONS", value_name = "FOLDER")]
    pub migrations: Option<PathBuf>,
}

/// How gently.
#[derive(Debug, Clone, clap::Args)]
pub struct Manners {
    /// How long a statement waits for a table before it gives way and tries again
    #[arg(long, default_value = "3s", value_parser = parse_seconds, value_name = "TIME")]
    pub lock_timeout: Duration,
    /// How often a file is tried when a table is not to be had
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub attempts: u32,
    /// How long a statement may take [default: as long as it needs]
    #[arg(long, value_parser = parse_seconds, value_name = "TIME")]
    pub statement_timeout: Option<Duration>,
    /// How long to wait for another migrator
    #[arg(long, default_value = "1m", value_parser = parse_seconds, value_name = "TIME")]
    pub wait: Duration,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What `repair` says of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RepairStatus {
    /// It is in the database
    Applied,
    /// It is not
    Reverted,
}

#[derive(Debug, Subcommand)]
pub enum Migrate {
    /// List migrations and whether the database has them
    Status {
        #[command(flatten)]
        show: ShowOptions,
        #[command(flatten)]
        files: FileSet,
        /// End with exit code 4 unless everything is applied and nothing was edited
        #[arg(long)]
        check: bool,
    },
    /// Show the newest applied migration
    Current {
        #[command(flatten)]
        show: ShowOptions,
        #[command(flatten)]
        files: FileSet,
    },
    /// Show what `up` would do: locks, sizes of the tables, findings of the lint
    Plan {
        #[command(flatten)]
        show: ShowOptions,
        #[command(flatten)]
        files: FileSet,
    },
    /// Apply what is pending
    Up {
        #[command(flatten)]
        files: FileSet,
        /// Apply nothing after this version
        #[arg(long, value_name = "VERSION")]
        to: Option<String>,
        /// Apply also what is older than the newest applied migration
        #[arg(long)]
        include_all: bool,
        #[command(flatten)]
        manners: Manners,
    },
    /// Undo the last migration, or all after a version
    Down {
        #[command(flatten)]
        files: FileSet,
        /// Undo everything after this version; 0 for everything
        #[arg(long, value_name = "VERSION")]
        to: Option<String>,
        #[command(flatten)]
        manners: Manners,
    },
    /// Undo the last migration and apply it again
    Redo {
        #[command(flatten)]
        files: FileSet,
        #[command(flatten)]
        manners: Manners,
    },
    /// Print the migrations as a script for psql, without touching a database
    Sql {
        #[command(flatten)]
        files: FileSet,
        /// Only what comes after this version
        #[arg(long, value_name = "VERSION")]
        from: Option<String>,
        /// Nothing after this version
        #[arg(long, value_name = "VERSION")]
        to: Option<String>,
        /// The way back, newest first
        #[arg(long)]
        down: bool,
        /// Instead: what a server of one's own needs once before the first migration, for a superuser
        #[arg(long, conflicts_with_all = ["from", "to", "down"])]
        plain: bool,
    },
    /// Show what this program has done to the database's schema, when and for whom
    History {
        #[command(flatten)]
        show: ShowOptions,
    },
    /// Adopt a database made by hand: say that everything up to a version is applied, without running it
    Baseline {
        #[command(flatten)]
        show: ShowOptions,
        #[command(flatten)]
        files: FileSet,
        /// The version
        #[arg(id = "baseline", value_name = "VERSION")]
        version: String,
    },
    /// Correct the history without running anything
    Repair {
        #[command(flatten)]
        show: ShowOptions,
        #[command(flatten)]
        files: FileSet,
        /// What is true of these versions
        #[arg(long, value_enum)]
        status: RepairStatus,
        /// The versions
        #[arg(required = true, value_name = "VERSION")]
        versions: Vec<String>,
    },
    /// Make a pair of files for a new migration
    New {
        /// Its name: small letters, digits and _
        name: String,
        /// Folder with `migrations/` and `rollbacks/`
        #[arg(long, env = "COLOPHON_MIGRATIONS", default_value = "supabase", value_name = "FOLDER")]
        migrations: PathBuf,
    },
    /// Check files against the database, every way back in a scratch database, and the live catalog
    Validate {
        #[command(flatten)]
        show: ShowOptions,
        #[command(flatten)]
        files: FileSet,
        /// Make no scratch database: only files and history are compared
        #[arg(long)]
        no_scratch: bool,
        /// SQL that fills the tables before the way back is tried [default: FOLDER/seed.sql if it is there]
        #[arg(long, value_name = "FILE")]
        fill: Option<PathBuf>,
    },
    /// Compare the live catalog with the one that the applied files make
    Drift {
        #[command(flatten)]
        show: ShowOptions,
        #[command(flatten)]
        files: FileSet,
    },
    /// Look for what is dangerous in the files, with its safer form
    Lint {
        #[command(flatten)]
        files: FileSet,
        /// Only files after this version
        #[arg(long, value_name = "VERSION")]
        from: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

impl Migrate {
    /// Whether a database is needed, and not files alone.
    pub fn needs_database(&self) -> bool {
        !matches!(self, Self::Sql { .. } | Self::New { .. } | Self::Lint { .. })
    }

    /// The folder of files, where one was named.
    pub fn folder(&self) -> Option<&PathBuf> {
        match self {
            Self::Status { files, .. }
            | Self::Current { files, .. }
            | Self::Plan { files, .. }
            | Self::Up { files, .. }
            | Self::Down { files, .. }
            | Self::Redo { files, .. }
            | Self::Sql { files, .. }
            | Self::Baseline { files, .. }
            | Self::Repair { files, .. }
            | Self::Validate { files, .. }
            | Self::Drift { files, .. }
            | Self::Lint { files, .. } => files.migrations.as_ref(),
            Self::New { migrations, .. } => Some(migrations),
            Self::History { .. } => None,
        }
    }
}
