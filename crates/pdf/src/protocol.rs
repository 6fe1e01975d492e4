//! What parent and child say to each other: one request as the child's only argument, then lines of JSON.

use serde::{Deserialize, Serialize};

use crate::types::{FailureCode, Inspection, Page, PageFailure, TextLayer, TextZone};

/// The order the parent gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) task: Task,
    pub(crate) memory_bytes: u64,
    pub(crate) cpu_seconds: u64,
    pub(crate) pages: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Task {
    Inspect,
    /// Read the text of these pages, inclusive ranges in ascending order; `None` means all. Pages to `avoid` killed
    /// an earlier child and are not even looked at as neighbours.
    Text {
        ranges: Option<Vec<(u32, u32)>>,
        avoid: Vec<u32>,
    },
    /// Draw the first `most` of these pages, each with about so many dots per inch and no more pixels than that.
    Draw {
        ranges: Option<Vec<(u32, u32)>>,
        most: usize,
        dpi: f64,
        pixels: u64,
    },
}

/// What the child says, in this order: `Ready`, then either `Head`, `Pages`…, `End`, or `Opened`,
/// (`Begin` | `Text` | `Image`)…, `End`, or `Refused` alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Message {
    /// The limits are in force; what follows is the document's doing, not the machine's.
    Ready,
    /// The inspection without its pages.
    Head(Box<Inspection>),
    Pages(Vec<Page>),
    Opened {
        page_count: u32,
    },
    /// The document cannot be opened, so it has no text.
    Refused {
        code: FailureCode,
        reason: String,
    },
    /// Work on this page begins: if the child dies next, this page did it.
    Begin {
        page: u32,
    },
    Text {
        page: u32,
        micros: u64,
        zones: Result<Vec<TextZone>, PageFailure>,
        layer: TextLayer,
    },
    /// The pixels follow as they are, `width` × `height` bytes.
    Image {
        page: u32,
        micros: u64,
        image: Result<ImageHead, PageFailure>,
    },
    End,
}

/// An image without its pixels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct ImageHead {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) dpi: f64,
    pub(crate) page_width: f64,
    pub(crate) page_height: f64,
}
