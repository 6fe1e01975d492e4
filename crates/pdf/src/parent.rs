//! The parent's side: start a child, listen, and say what became of it.

mod image;
mod inspect;
mod pages;
mod session;
mod text;

use std::ffi::OsString;
use std::path::PathBuf;

pub use image::{Drawing, ImageReader, draw_pages};
pub use inspect::inspect;
pub use pages::PageSelection;
pub use text::{TextReader, read_text};

/// How to start a child: a program whose `main` calls [`child::main`](crate::child::main).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// The program, best as an absolute path; often `std::env::current_exe()`.
    pub program: PathBuf,
    /// Arguments before the one that this crate adds, such as a hidden subcommand.
    pub args: Vec<OsString>,
}

/// What is our own machine's fault. A document can cause none of these.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The child could not be started.
    #[error("cannot start the PDF reader {program}: {source}", program = program.display())]
    Spawn {
        /// The program that was tried.
        program: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The child ended before it was ready to look at the document: the wrong program, an unusable limit.
    #[error("the PDF reader {program} did not get ready ({status}): {stderr}", program = program.display())]
    NotReady {
        /// The program that was tried.
        program: PathBuf,
        /// How it ended.
        status: String,
        /// What it wrote on standard error, cut short.
        stderr: String,
    },
    /// The child said something that this version does not understand.
    #[error("the PDF reader gave an answer that is not understood: {line}")]
    Protocol {
        /// The beginning of what it said.
        line: String,
    },
    /// Talking to the child failed.
    #[error("talking to the PDF reader: {0}")]
    Io(#[from] std::io::Error),
}
