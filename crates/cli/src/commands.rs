//! A file for each command.

mod corrections;
mod doctor;
mod documents;
mod export;
mod exports;
mod fsck;
mod history;
mod import;
mod import_zones;
mod job_reports;
mod job_requests;
mod jobs;
mod metrics;
mod migrate;
mod outcomes;
mod queues;
mod quotas;
mod schedules;
mod serve;
mod shares;
mod watch;
mod worker;
mod zones;

use std::process::ExitCode;

use clap::CommandFactory as _;
use colophon_domain::SearchFilter;
use colophon_http::auth;

use crate::args::{Args, Command, Jobs, Role, Show, Zones};
use crate::config::{self, Config};
use crate::{instance, output};

/// Does what was asked of an instance.
pub async fn run(config: &Config, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve(serve) => serve::run(config, serve).await?,
        Command::Worker { .. } => worker::run(config).await?,
        Command::Import(import) if import.zones.zones => return import_zones::run(config, import).await,
        Command::Import(import) => return import::run(config, import).await,
        Command::Export(export) => export::run(config, export).await?,
        Command::Documents(documents) => documents::run(config, documents).await?,
        Command::Quotas(quotas) => quotas::run(config, quotas).await?,
        Command::Zones(Zones::Correct(correct)) => corrections::one(config, correct).await?,
        Command::Zones(Zones::Replay(replay)) => return corrections::replay(config, replay).await,
        Command::Zones(zones) => zones::run(config, zones).await?,
        Command::Search { query, language, document, page, list } => {
            let filter = SearchFilter { language, document_id: document, page_number: page };
            zones::search(config, &query, filter, &list).await?;
        }
        Command::Jobs(Jobs::Ask(asked)) => return job_requests::run(config, asked).await,
        Command::Jobs(Jobs::Watch { job, json }) => return watch::run(config, job, json).await,
        Command::Jobs(jobs) => jobs::run(config, jobs).await?,
        Command::Queues(queues) => queues::run(config, queues).await?,
        Command::Schedules(asked) => schedules::run(config, asked).await?,
        Command::Exports(exports) => exports::run(config, exports).await?,
        Command::Migrate(migrate) => return migrate::run(config, migrate).await,
        Command::Config(Show { json: true, .. }) => config::print_json(config)?,
        Command::Config(_) => config::print(config)?,
        Command::Fsck(fsck) => return Box::pin(fsck::run(config, &fsck)).await,
        Command::Doctor { json, .. } => return doctor::run(config, json).await,
        Command::Token { user, role, ttl } => {
            let (verifier, owner) = instance::identity(config)?;
            let role = match role {
                Role::Authenticated => auth::Role::Authenticated,
                Role::ServiceRole => auth::Role::ServiceRole,
            };
            output::line(&verifier.mint(user.unwrap_or(owner), role, ttl)?)?;
        }
        other => return run_alone(other),
    }
    Ok(ExitCode::SUCCESS)
}

/// Does what needs no instance and no configuration.
pub fn run_alone(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Config(_) => output::raw(config::default_file().as_bytes())?,
        Command::Migrate(migrate) => return migrate::run_alone(&migrate),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "colophon", &mut script);
            output::raw(&script)?;
        }
        Command::PdfChild { .. } => unreachable!("main has dealt with it before any runtime was made"),
        other => anyhow::bail!("{other:?} needs a configuration; this is a mistake of the program"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Resolves when the program is asked to stop: Ctrl-C or SIGTERM.
async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
