//! How the program ends when it cannot do what was asked: one line on standard error, and the right exit code.

use std::process::ExitCode;

use crate::config::Problem;
use crate::output::{self, ReaderGone};

/// Some went in, some were refused.
pub const IN_PART: u8 = 3;
/// Usage or configuration.
const USAGE: u8 = 2;
/// The database's state forbids it.
pub const REFUSED: u8 = 4;

/// A mistake in what was asked or configured.
#[derive(Debug)]
pub struct Usage(pub String);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// The database's schema is not the one this program was made for.
#[derive(Debug)]
pub struct WrongSchema(pub String);

impl std::fmt::Display for WrongSchema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WrongSchema {}

/// Says what happened and gives the exit code.
pub fn report(error: &anyhow::Error) -> ExitCode {
    if error.is::<ReaderGone>() {
        return ExitCode::SUCCESS;
    }
    // Causes that only repeat what is already said are left out.
    let mut line = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !line.contains(&cause) {
            line = format!("{line}: {cause}");
        }
    }
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    eprintln!("colophon: {line}");
    ExitCode::from(code_of(error))
}

/// Says everything that is wrong with the configuration, a line each.
pub fn report_all(problems: &[Problem]) -> ExitCode {
    for problem in problems {
        eprintln!("colophon: {}", output::one_line(&problem.to_string()));
    }
    ExitCode::from(USAGE)
}

fn code_of(error: &anyhow::Error) -> u8 {
    for cause in error.chain() {
        let pooler = matches!(cause.downcast_ref(), Some(colophon_migrate::Error::Pooler { .. }));
        if pooler || cause.is::<Usage>() || cause.is::<colophon_domain::Invalid>() {
            return USAGE;
        }
        if cause.is::<WrongSchema>()
            || cause.downcast_ref::<colophon_migrate::Error>().is_some_and(colophon_migrate::Error::refused)
        {
            return REFUSED;
        }
        if cause
            .downcast_ref::<colophon_connection::Error>()
            .is_some_and(colophon_connection::Error::is_usage)
        {
            return USAGE;
        }
    }
    1
}
