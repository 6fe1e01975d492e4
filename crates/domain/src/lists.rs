//! Lists that are read page by page.

use jiff::Timestamp;
use uuid::Uuid;

use crate::Invalid;

/// A part of a list, and where the next part begins.
#[derive(Debug, Clone)]
pub struct List<T, C = Cursor> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next part begins; absent at the end.
    pub next_cursor: Option<C>,
}

/// A place in a list that is ordered by time and identifier, newest first. Its text is opaque to callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// `created_at` of the last row seen.
    pub created_at: Timestamp,
    /// `id` of the last row seen.
    pub id: Uuid,
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:x}.{}", self.created_at.as_microsecond(), self.id.simple())
    }
}

impl std::str::FromStr for Cursor {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let refuse = || Invalid::new("cursor", "is not one that this server gave; begin without a cursor");
        let (micros, id) = text.split_once('.').ok_or_else(refuse)?;
        let micros = i64::from_str_radix(micros, 16).map_err(|_| refuse())?;
        let created_at = Timestamp::from_microsecond(micros).map_err(|_| refuse())?;
        Ok(Self { created_at, id: Uuid::parse_str(id).map_err(|_| refuse())? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_the_journey_and_nonsense_is_refused() {
        let cursor =
            Cursor { created_at: "2026-11-22T10:00:00.123456Z".parse().unwrap(), id: Uuid::now_v7() };
        assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor);
        for nonsense in ["", ".", "zz.zz", "10", "ffffffffffffffff.0", "1.2"] {
            assert_eq!(nonsense.parse::<Cursor>().unwrap_err().field, "cursor", "{nonsense:?}");
        }
    }
}
