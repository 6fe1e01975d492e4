//! Revisions as entity tags: `ETag` on answers, `If-Match` on changes (RFC 9110 §13.1.1).

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use colophon_domain::Document;
use colophon_formats::views::DocumentView;
use colophon_service::edit::Seen;
use serde::Serialize;

/// A row that people edit, with its revision as `ETag`.
pub fn tagged<T: Serialize>(revision: i64, view: T) -> Response {
    let mut response = Json(view).into_response();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{revision}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// A document, with its revision as `ETag`.
pub fn document(document: Document) -> Response {
    tagged(document.revision, DocumentView::from(document))
}

/// Which revisions `If-Match` names. A tag that this server never gave matches none.
pub fn seen(headers: &HeaderMap) -> Seen {
    let mut tags = headers.get_all(header::IF_MATCH).iter().peekable();
    if tags.peek().is_none() {
        return Seen::Any;
    }
    let mut revisions = Vec::new();
    for tag in tags.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')) {
        let tag = tag.trim();
        if tag == "*" {
            return Seen::Any;
        }
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        revisions.extend(tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')?.parse::<i64>().ok()));
    }
    Seen::Revisions(revisions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn if_match_names_revisions_and_what_is_none_matches_nothing() {
        let seen_of = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::IF_MATCH, HeaderValue::from_static(value));
            }
            seen(&headers)
        };
        assert_eq!(seen_of(&[]), Seen::Any);
        assert_eq!(seen_of(&["*"]), Seen::Any);
        assert_eq!(seen_of(&["\"3\", W/\"4\"", "\"5\""]), Seen::Revisions(vec![3, 4, 5]));
        for nothing in ["", "3", "\"three\"", "\"", "\"99999999999999999999\""] {
            assert_eq!(seen_of(&[nothing]), Seen::Revisions(Vec::new()), "{nothing:?}");
        }
    }
}
