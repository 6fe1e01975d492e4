//! Names and codes of languages, as files have them, in BCP 47.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The tag for a name of PAGE-XML (`German`), a code of three letters (`deu`, `ger`), or a tag; `None` for what is none of
/// these.
pub fn tag(name: &str) -> Option<String> {
    static TAGS: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
        let mut tags = HashMap::new();
        for line in include_str!("languages.tsv").lines().filter(|line| !line.starts_with('#')) {
            let mut fields = line.split('\t');
            let (Some(name), Some(tag)) = (fields.next(), fields.next()) else { continue };
            tags.insert(name.to_lowercase(), tag);
            for code in fields.next().unwrap_or_default().split_whitespace() {
                tags.insert(code.to_owned(), tag);
            }
        }
        tags
    });
    let name = name.trim();
    let (language, rest) = match name.split_once(['-', '_']) {
        Some((language, rest)) => (language, Some(rest)),
        None => (name, None),
    };
    if let Some(tag) = TAGS.get(&name.to_lowercase()) {
        return Some((*tag).to_owned());
    }
    let letters = (2..=3).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_alphabetic());
    let rest_fits = rest.is_none_or(|rest| {
        rest.len() <= 29
            && rest
                .split(['-', '_'])
                .all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
    });
    if !letters || !rest_fits {
        return None;
    }
    let language = language.to_ascii_lowercase();
    let language = TAGS.get(&language).map_or(language.as_str(), |tag| *tag).to_owned();
    Some(match rest {
        Some(rest) => format!("{language}-{}", rest.replace('_', "-")),
        None => language,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_codes_become_tags() {
        for (name, expected) in
            [("German", "de"), ("ger", "de"), ("deu", "de"), ("de", "de"), ("Norwegian Bokmål", "nb")]
        {
            assert_eq!(tag(name).as_deref(), Some(expected), "{name}");
        }
        assert_eq!(tag("deu_AT").as_deref(), Some("de-AT"));
        assert_eq!(tag("grc").as_deref(), Some("grc"));
        for nonsense in ["", "other", "Deutsch!", "x", "de-", "de-ünited"] {
            assert_eq!(tag(nonsense), None, "{nonsense}");
        }
    }
}
