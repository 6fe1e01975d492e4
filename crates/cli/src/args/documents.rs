//! What is typed to find and to edit documents.

use colophon_domain::{DocumentFilter, DocumentId, DocumentOrder, DocumentStatus, FieldFilter, Tags};
use serde_json::{Map, Value, json};

use super::ListOptions;

/// Which documents to list.
#[derive(Debug, clap::Args)]
pub struct FindDocuments {
    /// Only this status
    #[arg(long)]
    status: Option<DocumentStatus>,
    /// Only names that contain this
    #[arg(long)]
    q: Option<String>,
    /// Only with this tag; several times for all of them
    #[arg(long, value_name = "TAG", value_parser = parse_tag)]
    tag: Vec<FieldFilter>,
    /// Only with this value at this key of the metadata
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_value)]
    metadata: Vec<FieldFilter>,
    #[arg(
        long,
        value_name = "ORDER",
        allow_hyphen_values = true,
        conflicts_with = "trash",
        help = "Order: created_at or metadata.KEY, with - before it the other way round [default: -created_at]"
    )]
    sort: Option<DocumentOrder>,
    /// What is in the trash instead, put there last first
    #[arg(long)]
    trash: bool,
    #[command(flatten)]
    pub list: ListOptions,
}

impl FindDocuments {
    /// As the database is asked.
    pub fn filter(&self) -> DocumentFilter {
        let sort = self.sort.clone().unwrap_or_default();
        DocumentFilter {
            status: self.status,
            uploaded_by: None,
            q: self.q.clone(),
            fields: self.tag.iter().chain(&self.metadata).cloned().collect(),
            order: if self.trash { DocumentOrder::Trash } else { sort },
        }
    }
}

/// What to change of a document.
#[derive(Debug, clap::Args)]
pub struct EditDocument {
    /// The document
    pub document: DocumentId,
    /// A new name to show
    #[arg(long)]
    pub name: Option<String>,
    /// +TAG adds a tag, -TAG takes one away; several times for more
    #[arg(long, value_name = "+TAG|-TAG", allow_hyphen_values = true, value_parser = parse_tag_change)]
    pub tag: Vec<(bool, String)>,
    /// KEY=VALUE sets a key (a number, true, false, JSON or a text), KEY= takes it away; or a whole JSON merge patch
    #[arg(long, value_name = "KEY=VALUE|JSON", value_parser = parse_metadata)]
    pub metadata: Vec<Patch>,
}

/// A part of a merge patch.
#[derive(Debug, Clone)]
pub struct Patch(pub Map<String, Value>);

fn parse_tag(tag: &str) -> Result<FieldFilter, String> {
    FieldFilter::tag(tag).map_err(|invalid| invalid.reason)
}

fn parse_value(text: &str) -> Result<FieldFilter, String> {
    let (key, value) =
        text.split_once('=').ok_or_else(|| format!("{text:?} is not of the form KEY=VALUE"))?;
    FieldFilter::metadata(key, value).map_err(|invalid| invalid.reason)
}

fn parse_tag_change(text: &str) -> Result<(bool, String), String> {
    let (add, tag) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(tag), _) => (true, tag),
        (_, Some(tag)) => (false, tag),
        _ => return Err(format!("{text:?} begins with neither + (to add it) nor - (to take it away)")),
    };
    Tags::new([tag]).map_err(|invalid| invalid.reason)?;
    Ok((add, tag.to_owned()))
}

fn parse_metadata(text: &str) -> Result<Patch, String> {
    if text.trim_start().starts_with('{') {
        let patch = serde_json::from_str(text).map_err(|error| format!("it is no JSON object: {error}"))?;
        return Ok(Patch(patch));
    }
    let (key, value) = text
        .split_once('=')
        .filter(|(key, _)| !key.is_empty())
        .ok_or_else(|| format!("{text:?} is neither KEY=VALUE nor a JSON object"))?;
    let value = match value {
        "" => Value::Null,
        value => serde_json::from_str(value).unwrap_or_else(|_| json!(value)),
    };
    Ok(Patch(Map::from_iter([(key.to_owned(), value)])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_is_read_as_json_where_it_is_json_and_as_a_text_elsewhere() {
        for (text, patch) in [
            ("year=2020", json!({ "year": 2020 })),
            ("name=a=b", json!({ "name": "a=b" })),
            ("done=true", json!({ "done": true })),
            ("zip=01234", json!({ "zip": "01234" })),
            ("gone=", json!({ "gone": null })),
            ("text=\"2020\"", json!({ "text": "2020" })),
            (r#"{"a": {"b": null}}"#, json!({ "a": { "b": null } })),
        ] {
            assert_eq!(Value::Object(parse_metadata(text).unwrap().0), patch, "{text}");
        }
        for nonsense in ["", "=", "=1", "year", "{", "[1]"] {
            assert!(parse_metadata(nonsense).is_err(), "{nonsense:?}");
        }
        assert!(parse_tag_change("x").is_err() && parse_tag_change("+").is_err());
    }
}
