//! The console: hand-written files under `src/console`, compiled in. They need no token, since they hold nothing of
//! anybody's; what they show, they ask of `/v1` with the token of whoever opened them.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use axum::Router;
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::{operation, serve};
use crate::{App, Problem};

/// A file of the console.
struct Asset {
    name: &'static str,
    content_type: &'static str,
    text: &'static str,
}

macro_rules! assets {
    ($($content_type:literal: $($name:literal)+;)+) => {
        &[$($(Asset {
            name: $name,
            content_type: $content_type,
            text: include_str!(concat!("../console/", $name)),
        }),+),+]
    };
}

const INDEX: Asset =
    Asset { name: "", content_type: "text/html; charset=utf-8", text: include_str!("../console/index.html") };

const ASSETS: &[Asset] = assets! {
    "text/css; charset=utf-8": "console.css";
    "image/svg+xml": "icon.svg";
    "text/javascript; charset=utf-8": "api.js" "document.js" "documents.js" "dom.js" "drawing.js" "events.js" "jobs.js" "main.js"
        "pages.js" "search.js" "shares.js" "token.js" "trash.js" "uploads.js";
};

/// Nothing comes from elsewhere, nothing goes elsewhere, nothing inline runs, and no text becomes HTML: whatever a
/// document holds, the browser refuses it too.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob:; \
                      frame-ancestors 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; \
                      trusted-types 'none'";

/// Asked again each time, so that a new version of the program never meets old files.
const HEADERS: [(HeaderName, &str); 4] = [
    (header::CACHE_CONTROL, "no-cache"),
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
];

pub fn router() -> Router<App> {
    Router::new().route("/", get(index)).route("/console/{file}", get(file))
}

async fn index(headers: HeaderMap) -> Response {
    answer(&INDEX, &headers)
}

async fn file(uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    match ASSETS.iter().find(|asset| uri.path().strip_prefix("/console/") == Some(asset.name)) {
        Some(asset) => Ok(answer(asset, &headers)),
        None => Err(operation::not_found(uri).await),
    }
}

fn answer(asset: &Asset, headers: &HeaderMap) -> Response {
    let etag = etag(asset.text);
    let tag = [(header::ETAG, etag.clone())];
    if serve::names(headers, header::IF_NONE_MATCH, &etag) {
        return (StatusCode::NOT_MODIFIED, HEADERS, tag).into_response();
    }
    ([(header::CONTENT_TYPE, asset.content_type)], HEADERS, tag, asset.text).into_response()
}

/// Tells versions of a file apart; no secret depends on it.
fn etag(text: &str) -> String {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!("\"{:016x}\"", hasher.finish())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    fn sources() -> Vec<(String, String)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/console");
        let read = |path: &Path| fs::read_to_string(path).expect("a text");
        let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
        let paths = fs::read_dir(folder).expect("the console").map(|entry| entry.expect("a file").path());
        paths.map(|path| (name(&path), read(&path))).collect()
    }

    #[test]
    fn every_file_of_the_console_is_served() {
        let sources = sources();
        let there: BTreeSet<_> = sources.iter().map(|(name, _)| name.as_str()).collect();
        let served: BTreeSet<_> = ASSETS.iter().map(|asset| asset.name).chain(["index.html"]).collect();
        assert_eq!(there, served);
    }

    #[test]
    fn no_text_ever_becomes_html_or_code() {
        let banned = [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "srcdoc",
            "parseFromString",
            "createContextualFragment",
            "javascript:",
        ];
        for (name, text) in sources() {
            for word in banned {
                assert!(!text.contains(word), "{name} says {word}");
            }
        }
    }

    #[test]
    fn nothing_is_inline_and_nothing_comes_from_elsewhere() {
        for (name, text) in sources() {
            let text = text.replace("http://www.w3.org/", "");
            for word in
                ["http://", "https://", "url(", "@import", "<style", " style=", " onclick=", " onload="]
            {
                assert!(!text.contains(word), "{name} says {word}");
            }
        }
        assert_eq!(
            INDEX.text.matches("<script").count(),
            INDEX.text.matches("<script type=\"module\" src=").count()
        );
    }

    #[test]
    fn a_module_stays_small() {
        for asset in ASSETS.iter().filter(|asset| asset.content_type.starts_with("text/javascript")) {
            let lines = asset.text.lines().count();
            assert!(lines < 300, "{} has {lines} lines", asset.name);
        }
    }
}
