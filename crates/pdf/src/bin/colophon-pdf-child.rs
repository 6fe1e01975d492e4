//! The child process alone, for this crate's own tests and examples. The `colophon` binary hosts the same code.

use std::process::ExitCode;

fn main() -> ExitCode {
    colophon_pdf::child::main(std::env::args_os().skip(1))
}
