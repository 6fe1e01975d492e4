//! `colophon.toml`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{KEYS, Key};
use super::sources::{Origin, Raw};
use super::{Problem, keys};

/// The file, read.
pub struct File {
    /// Where it lies.
    pub path: PathBuf,
    values: HashMap<&'static str, Raw>,
}

impl File {
    /// Reads a file. Every mistake in it is added to `problems`: of its syntax, and each key that means nothing.
    pub fn read(path: &Path, problems: &mut Vec<Problem>) -> Option<Self> {
        match std::fs::read_to_string(path) {
            Ok(text) => Some(Self::parse(path, &text, problems)),
            Err(error) => {
                let what = format!("cannot read {}: {error}", path.display());
                problems.push(Problem::about("config", what, "make it readable, or leave it out"));
                None
            }
        }
    }

    /// Reads a file's text.
    pub fn parse(path: &Path, text: &str, problems: &mut Vec<Problem>) -> Self {
        let (table, errors) = DeTable::parse_recoverable(text);
        let origin = |at: usize| Origin::File { path: path.to_owned(), line: line_of(text, at) };
        // After a mistake of syntax, what follows may have lost its table.
        let sound = errors.iter().filter_map(toml::de::Error::span).map(|span| span.start).min();
        for error in &errors {
            // The message alone: what an error shows besides is the line itself, and that may hold a secret.
            let at = error.span().map_or(0, |span| span.start);
            problems.push(Problem {
                key: "config".to_owned(),
                what: error.message().to_owned(),
                origin: Some(origin(at)),
                remedy: "`colophon config --default` shows how a file looks".to_owned(),
            });
        }
        let mut values = HashMap::new();
        let mut leaves = Vec::new();
        flatten("", table.get_ref(), &mut leaves);
        for (name, at, value) in leaves {
            let (origin, sound) = (origin(at), sound.is_none_or(|end| at < end));
            match KEYS.iter().find(|key| key.name == name) {
                Some(key) => match scalar(value) {
                    Ok(value) => drop(values.insert(key.name, Raw { value: value.into(), origin })),
                    Err(what) => problems.push(Problem::new(key, what, &origin, "give one value, in quotes")),
                },
                None if sound => problems.push(Problem {
                    what: "there is no such key".to_owned(),
                    remedy: meant(&name),
                    key: name,
                    origin: Some(origin),
                }),
                None => {}
            }
        }
        Self { path: path.to_owned(), values }
    }

    /// The file's value for a key.
    pub fn get(&self, key: &Key) -> Option<Raw> {
        self.values.get(key.name).cloned()
    }

    /// Whether it holds a value that others must not read.
    pub fn holds_secrets(&self) -> bool {
        KEYS.iter().any(|key| key.secrecy != keys::Secrecy::Open && self.values.contains_key(key.name))
    }
}

/// Every value with its dotted name and its place in the text.
fn flatten<'a>(table_name: &str, table: &'a DeTable<'a>, leaves: &mut Vec<(String, usize, &'a DeValue<'a>)>) {
    for (key, value) in table {
        let name = if table_name.is_empty() {
            key.get_ref().to_string()
        } else {
            format!("{table_name}.{}", key.get_ref())
        };
        match value.get_ref() {
            DeValue::Table(inner) if !inner.is_empty() => flatten(&name, inner, leaves),
            // An empty table of ours says nothing.
            DeValue::Table(_) if KEYS.iter().any(|key| key.name.starts_with(&format!("{name}."))) => {}
            other => leaves.push((name, Spanned::span(key).start, other)),
        }
    }
}

fn scalar(value: &DeValue<'_>) -> Result<String, String> {
    match value {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Integer(number) => Ok(number.to_string()),
        DeValue::Float(_) => Err("is a number with a fraction".to_owned()),
        DeValue::Boolean(_) => Err("is true or false".to_owned()),
        DeValue::Datetime(_) => Err("is a date".to_owned()),
        DeValue::Array(_) => Err("is a list".to_owned()),
        DeValue::Table(_) => Err("is a table".to_owned()),
    }
}

/// The key that was probably meant.
fn meant(name: &str) -> String {
    let likeness = |key: &Key| strsim::normalized_damerau_levenshtein(key.name, &name.to_lowercase());
    let nearest = KEYS.iter().map(|key| (likeness(key), key.name)).max_by(|a, b| a.0.total_cmp(&b.0));
    match nearest {
        Some((likeness, nearest)) if likeness > 0.6 => format!("did you mean {nearest}?"),
        _ => "`colophon config --default` lists them all".to_owned(),
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}
