//! A file for each command.

mod documents;
mod export;
mod exports;
mod import;
mod jobs;
mod migrate;
mod serve;
mod worker;
mod zones;

use std::process::ExitCode;

use clap::CommandFactory as _;
use colophon_http::auth;

use crate::args::{Args, Command, Role};
use crate::{instance, output};

/// Does what was asked.
pub async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve(serve) => serve::run(serve).await?,
        Command::Worker { place, workers } => worker::run(&place, workers).await?,
        Command::Import(import) => return import::run(import).await,
        Command::Export(export) => export::run(export).await?,
        Command::Documents(documents) => documents::run(documents).await?,
        Command::Zones(zones) => zones::run(zones).await?,
        Command::Search { query, list } => zones::search(&query, &list).await?,
        Command::Jobs(jobs) => jobs::run(jobs).await?,
        Command::Exports(exports) => exports::run(exports).await?,
        Command::Migrate(migrate) => return migrate::run(migrate).await,
        Command::Token { place, user, role, ttl } => {
            let (verifier, owner) = instance::identity(&place)?;
            let role = match role {
                Role::Authenticated => auth::Role::Authenticated,
                Role::ServiceRole => auth::Role::ServiceRole,
            };
            output::line(&verifier.mint(user.unwrap_or(owner), role, ttl)?)?;
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "colophon", &mut script);
            output::raw(&script)?;
        }
        Command::PdfChild { .. } => unreachable!("main has dealt with it before any runtime was made"),
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
