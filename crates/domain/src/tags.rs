//! Tags: short texts that a person files documents under.

use crate::Invalid;

/// The most tags of one document.
pub const MAX_TAGS: usize = 100;
/// The longest tag, in characters.
pub const TAG_MAX_CHARS: usize = 100;

/// The tags of a document: each once, in the order given. Upper and lower case differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags(Vec<String>);

impl Tags {
    /// Takes tags as given. White space around a tag is taken off, and a tag that comes twice is kept once.
    ///
    /// # Errors
    /// More than 100 tags; one that is empty, longer than 100 characters, or holds a control character.
    pub fn new<T: AsRef<str>>(given: impl IntoIterator<Item = T>) -> Result<Self, Invalid> {
        let mut tags: Vec<String> = Vec::new();
        for tag in given {
            let tag = one(tag.as_ref())?;
            if !tags.iter().any(|other| other == tag) {
                tags.push(tag.to_owned());
            }
            if tags.len() > MAX_TAGS {
                return Err(Invalid::new(
                    "tags",
                    format!("are more than {MAX_TAGS}; keep the most useful ones"),
                ));
            }
        }
        Ok(Self(tags))
    }

    /// The tags.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
}

/// One tag, as it is kept.
///
/// # Errors
/// It is empty, longer than 100 characters, or holds a control character.
pub fn one(tag: &str) -> Result<&str, Invalid> {
    let tag = tag.trim();
    let chars = tag.chars().count();
    if chars == 0 {
        return Err(Invalid::new("tags", "hold an empty one; leave it out"));
    }
    if chars > TAG_MAX_CHARS {
        let reason =
            format!("hold one of {chars} characters; at most {TAG_MAX_CHARS} are kept, give a shorter one");
        return Err(Invalid::new("tags", reason));
    }
    if tag.chars().any(char::is_control) {
        return Err(Invalid::new("tags", format!("hold {tag:?}, which contains a control character")));
    }
    Ok(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_trimmed_and_kept_once_in_their_order() {
        let tags = Tags::new([" b", "a", "b ", "\u{3000}Ä\u{a0}", "B"]).unwrap();
        assert_eq!(tags.as_slice(), ["b", "a", "Ä", "B"]);
        assert!(Tags::new(["same"; 500]).is_ok());
    }

    #[test]
    fn a_tag_that_cannot_be_kept_is_refused_with_the_limit() {
        for (tag, reason) in [("", "empty"), (" \n", "empty"), ("a\0b", "control"), ("a\u{85}b", "control")] {
            assert!(Tags::new([tag]).unwrap_err().reason.contains(reason), "{tag:?}");
        }
        assert!(Tags::new(["文".repeat(100)]).is_ok());
        assert!(Tags::new(["文".repeat(101)]).unwrap_err().reason.contains("101 characters"));
        assert!(Tags::new((0..101).map(|n| n.to_string())).unwrap_err().reason.contains("100"));
    }
}
