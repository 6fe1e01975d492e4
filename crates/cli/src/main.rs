//! The one binary: it parses and wires, nothing else.

mod args;
mod commands;
mod config;
mod failure;
mod instance;
mod output;
mod secrets;
mod storage;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::Parser as _;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use args::{Args, Command};
use config::Config;

fn main() -> ExitCode {
    let args = Args::parse();
    if let Command::PdfChild { arguments } = args.command {
        // Before any thread or socket: the child that reads PDFs needs none of what follows.
        return colophon_pdf::child::main(arguments);
    }
    let config = match args.command.purpose().map(|purpose| Config::load(args.given(), purpose)) {
        Some(Ok(config)) => Some(config),
        Some(Err(problems)) => return failure::report_all(&problems),
        None => None,
    };
    let filter = config.as_ref().and_then(|config| config.log.as_deref());
    let filter = filter.unwrap_or_else(|| args.command.log_filter());
    let log = tracing_subscriber::fmt::layer()
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .with_filter(tracing_subscriber::EnvFilter::new(filter));
    // Only programs that go on; the others are done before anybody looks.
    let runs_on = matches!(args.command, Command::Serve(_) | Command::Worker { .. });
    let traces = config.as_ref().filter(|_| runs_on).and_then(Config::traces);
    let (spans, traces) = match traces.map(colophon_traces::start).transpose() {
        Ok(started) => started.unzip(),
        Err(error) => return failure::report(&error.into()),
    };
    tracing_subscriber::registry().with(log).with(spans).init();
    let Some(config) = config else {
        return commands::run_alone(args.command).unwrap_or_else(|error| failure::report(&error));
    };
    // The doctor tells them itself.
    if !matches!(args.command, Command::Doctor { .. }) {
        config.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failure::report(&anyhow::Error::new(error).context("cannot start the runtime")),
    };
    let ran = runtime.block_on(commands::run(&config, args.command));
    if let Some(traces) = traces {
        traces.close();
    }
    ran.unwrap_or_else(|error| failure::report(&error))
}
