//! Names that others choose, as labels.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock};

/// Names of one kind that get a series of their own.
pub const MOST: usize = 100;
const OTHER: &str = "other";

/// Names seen so far.
#[derive(Debug, Default)]
pub struct Names(RwLock<BTreeSet<String>>);

impl Names {
    /// The name, if it is one of the first [`MOST`]; else `other`.
    pub fn label(&self, name: &str) -> Cow<'static, str> {
        let label = || Cow::Owned(name.to_owned());
        if self.0.read().unwrap_or_else(PoisonError::into_inner).contains(name) {
            return label();
        }
        let mut names = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if names.len() < MOST || names.contains(name) {
            names.insert(name.to_owned());
            return label();
        }
        Cow::Borrowed(OTHER)
    }
}
