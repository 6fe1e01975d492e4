//! Which documents to list, and in which order.

use std::fmt;
use std::fmt::Write as _;
use std::str::FromStr;

use jiff::Timestamp;
use uuid::Uuid;

use crate::metadata::{KEY_MAX_CHARS, VALUE_MAX_CHARS};
use crate::{Cursor, DocumentStatus, Invalid, tags};

/// What a parameter or a sort by the metadata begins with.
const METADATA: &str = "metadata.";

/// Which documents to list. Every one of its conditions must hold.
#[derive(Debug, Clone, Default)]
pub struct DocumentFilter {
    /// Only this status.
    pub status: Option<DocumentStatus>,
    /// Only this owner.
    pub uploaded_by: Option<String>,
    /// Only names that contain this, upper and lower case alike.
    pub q: Option<String>,
    /// Only with this tag, or with this plain value in the metadata.
    pub fields: Vec<FieldFilter>,
    /// In which order; the trash is one of its own.
    pub order: DocumentOrder,
}

impl DocumentFilter {
    /// Whether it lets every document through that is not in the trash, newest first.
    pub fn is_empty(&self) -> bool {
        self.status.is_none()
            && self.uploaded_by.is_none()
            && self.q.is_none()
            && self.fields.is_empty()
            && self.order == DocumentOrder::Newest
    }
}

/// Only documents with a tag, or with a plain value at a key of the metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFilter {
    /// `tags`, or `metadata.` and a key of the first level.
    pub field: String,
    /// The tag, or the value: a number, a truth value and a text are the same where they are written alike.
    pub value: String,
}

impl FieldFilter {
    /// Documents with this tag.
    ///
    /// # Errors
    /// No document can have it.
    pub fn tag(tag: &str) -> Result<Self, Invalid> {
        Ok(Self { field: "tags".to_owned(), value: tags::one(tag)?.to_owned() })
    }

    /// Documents whose metadata have this value at this key.
    ///
    /// # Errors
    /// Key or value is longer than what can be filtered by, or holds U+0000.
    pub fn metadata(key: &str, value: &str) -> Result<Self, Invalid> {
        if value.chars().count() > VALUE_MAX_CHARS || value.contains('\0') {
            let reason =
                format!("can be filtered by values of at most {VALUE_MAX_CHARS} characters without U+0000");
            return Err(Invalid::new("metadata", reason));
        }
        Ok(Self { field: field_of(key)?, value: value.to_owned() })
    }
}

/// The name under which a key of the metadata is filtered and sorted by.
fn field_of(key: &str) -> Result<String, Invalid> {
    if key.is_empty() || key.chars().count() > KEY_MAX_CHARS || key.contains('\0') {
        let reason =
            format!("can be filtered and sorted by keys of 1 to {KEY_MAX_CHARS} characters without U+0000");
        return Err(Invalid::new("metadata", reason));
    }
    Ok(format!("{METADATA}{key}"))
}

/// The order of a list of documents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum DocumentOrder {
    /// By `created_at`, newest first.
    #[default]
    Newest,
    /// By `created_at`, oldest first.
    Oldest,
    /// What is in the trash instead of what is not, put there last first.
    Trash,
    /// By a plain value in the metadata, numbers before texts; documents without it are left out.
    Metadata {
        /// `metadata.` and the key.
        field: String,
        /// The largest first.
        descending: bool,
    },
}

impl FromStr for DocumentOrder {
    type Err = Invalid;

    /// `created_at` or `metadata.KEY`, ascending; with `-` before it descending.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (descending, by) = match text.strip_prefix('-') {
            Some(by) => (true, by),
            // A plus sign in a query is a space.
            None => (false, text.trim_start_matches(['+', ' '])),
        };
        match (by.strip_prefix(METADATA), descending) {
            (Some(key), descending) => Ok(Self::Metadata { field: field_of(key)?, descending }),
            (None, true) if by == "created_at" => Ok(Self::Newest),
            (None, false) if by == "created_at" => Ok(Self::Oldest),
            _ => Err(Invalid::new(
                "sort",
                format!("{text:?} is neither created_at nor metadata.KEY, nor one of them with - before it"),
            )),
        }
    }
}

/// A place in a list of documents, of one order. Its text is opaque to callers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentCursor {
    /// The order that it belongs to.
    pub order: DocumentOrder,
    /// `created_at` of the last row seen; in the trash, `deleted_at`.
    pub time: Timestamp,
    /// `id` of the last row seen.
    pub id: Uuid,
    /// The value of the last row seen, as the database sorts it, where the order is by one.
    pub value: Option<String>,
}

impl fmt::Display for DocumentCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.order {
            DocumentOrder::Newest => {}
            DocumentOrder::Oldest => f.write_str("oldest.")?,
            DocumentOrder::Trash => f.write_str("trash.")?,
            DocumentOrder::Metadata { field, descending } => {
                let way = if *descending { "descending" } else { "ascending" };
                write!(f, "{way}.{}.{}.", hex(field), hex(self.value.as_deref().unwrap_or_default()))?;
            }
        }
        write!(f, "{}", Cursor { created_at: self.time, id: self.id })
    }
}

impl DocumentOrder {
    /// Reads a cursor of a list in this order.
    ///
    /// # Errors
    /// It is none that this server gave, or one of a list in another order.
    pub fn cursor(&self, text: &str) -> Result<DocumentCursor, Invalid> {
        let refuse = || {
            Invalid::new("cursor", "is not one that this server gave for this order; begin without a cursor")
        };
        let (rest, value) = match self {
            Self::Newest => (text, None),
            Self::Oldest => (text.strip_prefix("oldest.").ok_or_else(refuse)?, None),
            Self::Trash => (text.strip_prefix("trash.").ok_or_else(refuse)?, None),
            Self::Metadata { field, descending } => {
                let way = if *descending { "descending." } else { "ascending." };
                let rest = text.strip_prefix(way).and_then(|rest| rest.split_once('.'));
                let (of, rest) = rest.ok_or_else(refuse)?;
                let (value, rest) = rest.split_once('.').ok_or_else(refuse)?;
                let value = unhex(value).filter(|value| !value.contains('\0')).ok_or_else(refuse)?;
                if of != hex(field) || value.chars().count() > 2 * VALUE_MAX_CHARS {
                    return Err(refuse());
                }
                (rest, Some(value))
            }
        };
        let place: Cursor = rest.parse().map_err(|_| refuse())?;
        Ok(DocumentCursor { order: self.clone(), time: place.created_at, id: place.id, value })
    }
}

fn hex(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len() * 2), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn unhex(hex: &str) -> Option<String> {
    if !hex.len().is_multiple_of(2) || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let bytes = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok());
    String::from_utf8(bytes.collect::<Option<Vec<u8>>>()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orders() -> Vec<DocumentOrder> {
        let mut orders: Vec<DocumentOrder> =
            ["-created_at", "created_at", "metadata.é.x", "-metadata.é.x", "metadata.y"]
                .map(|order| order.parse().unwrap())
                .into();
        orders.push(DocumentOrder::Trash);
        orders
    }

    #[test]
    fn a_cursor_survives_the_journey_and_is_refused_by_every_other_order() {
        for order in orders() {
            let value = matches!(order, DocumentOrder::Metadata { .. }).then(|| "=zwölf.".to_owned());
            let time = "2026-11-22T10:00:00.123456Z".parse().unwrap();
            let cursor = DocumentCursor { order: order.clone(), time, id: Uuid::now_v7(), value };
            let text = cursor.to_string();
            assert_eq!(order.cursor(&text).unwrap(), cursor);
            for other in orders().into_iter().filter(|other| *other != order) {
                assert_eq!(other.cursor(&text).unwrap_err().field, "cursor", "{text} for {other:?}");
            }
            // Whatever is done to it, it is read or refused.
            for at in 0..text.len() {
                let _ = order.cursor(&text[..at]);
                let _ = order.cursor(&format!("{}é{}", &text[..at], &text[at..]));
            }
        }
    }

    #[test]
    fn an_order_is_known_or_refused() {
        assert_eq!("+created_at".parse(), Ok(DocumentOrder::Oldest));
        assert_eq!(" created_at".parse(), Ok(DocumentOrder::Oldest));
        let field = "metadata.year".to_owned();
        assert_eq!("-metadata.year".parse(), Ok(DocumentOrder::Metadata { field, descending: true }));
        for nonsense in ["", "-", "--created_at", "filename", "metadata.", "metadata", "metadata.\0"] {
            assert!(nonsense.parse::<DocumentOrder>().is_err(), "{nonsense:?}");
        }
        assert!(FieldFilter::metadata("k", &"x".repeat(201)).is_err());
        assert!(FieldFilter::metadata(&"k".repeat(101), "x").is_err());
    }
}
