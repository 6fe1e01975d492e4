//! The one binary: it parses and wires, nothing else.

mod args;
mod commands;
mod failure;
mod instance;
mod output;
mod secrets;
mod shared;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::Parser as _;

use args::{Args, Command};

fn main() -> ExitCode {
    let args = Args::parse();
    if let Command::PdfChild { arguments } = args.command {
        // Before any thread or socket: the child that reads PDFs needs none of what follows.
        return colophon_pdf::child::main(arguments);
    }
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("COLOPHON_LOG")
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(args.command.log_filter())),
        )
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failure::report(&anyhow::Error::new(error).context("cannot start the runtime")),
    };
    match runtime.block_on(commands::run(args.command)) {
        Ok(code) => code,
        Err(error) => failure::report(&error),
    }
}
