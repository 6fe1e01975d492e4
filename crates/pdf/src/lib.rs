//! What Colophon reads from PDFs: pages, boxes, metadata and text zones.
//!
//! A PDF is a hostile program until proven otherwise, so nothing is parsed in the caller's process. Each document
//! is read by a child process that first limits itself (memory, CPU, files) and then speaks newline-delimited JSON
//! on its standard output; the parent limits wall-clock time and the amount of output. A child that dies of any of
//! these is an ordinary outcome with a reason, never an error that loses the document:
//!
//! - [`inspect`] tells what a file is: readable, protected by a password, damaged, or no PDF at all; its pages with
//!   their boxes, its title, its encryption, whether it had to be repaired.
//! - [`read_text`] streams the text layer, one page at a time, as zones in the canonical frame: points, origin
//!   top-left of the page as displayed (crop box, after rotation, user unit applied).
//! - [`draw_pages`] streams the pages as they look, one at a time, in shades of grey.
//!
//! What is absent: no OCR, no network, no writing, and no native library. Images are decoded for drawing alone. The
//! [`Error`] type is only for what is our own machine's fault (a child that cannot be started, a pipe that breaks).
//!
//! The program that hosts the child calls [`child::main`]; see [`Child`] for how the parent finds it.

pub mod child;
mod draw;
mod layout;
mod limits;
mod parent;
mod protocol;
mod read;
mod text;
mod types;

pub use limits::Limits;
pub use parent::{
    Child, Drawing, Error, ImageReader, PageSelection, TextReader, draw_pages, inspect, read_text,
};
pub use read::looks_like_pdf;
pub use types::{
    BBox, Encryption, FailureCode, Image, Inspection, Outcome, Page, PageFailure, PageImage, PageText,
    TextLayer, TextZone, ZoneType,
};
