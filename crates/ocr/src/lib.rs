//! What tesseract reads on a picture of a page: paragraphs, lines and words with their confidences.
//!
//! Tesseract is a program that may or may not be installed; nothing of it is linked. Each page is a process of its own: it
//! gets the picture on its standard input and answers with a table ([`parse`]). The process is limited in time, memory
//! and output, and ends when whoever waits for it is dropped. What a page does to it is an ordinary outcome with a
//! reason ([`PageFailure`]); [`Error`] is for what is wrong with the machine: no such program, no such language.
//!
//! What is absent: PDFs, points and zones. Places are pixels of the picture.

mod options;
mod tesseract;
mod tsv;

pub use options::{Options, OptionsError};
pub use tesseract::{Error, Installed, Limits, PageFailure, Picture, Tesseract};
pub use tsv::{ImageArea, Line, Paragraph, PixelBox, Recognised, Word, parse};
