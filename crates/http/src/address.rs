//! Addresses of this server, as others reach it.

use axum::http::{HeaderMap, header};

use crate::App;

/// An absolute address of `path`: below the configured public address, else below the one by which this request came.
/// It is given to whoever asked alone, so that a forged `Host` deceives nobody but its sender.
pub fn address(app: &App, headers: &HeaderMap, path: &str) -> String {
    if let Some(public) = &app.public_url {
        return format!("{}/{path}", public.trim_end_matches('/'));
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let host = text(header::HOST.as_str()).filter(|host| is_host(host));
    let scheme =
        text("x-forwarded-proto").filter(|scheme| ["http", "https"].contains(scheme)).unwrap_or("http");
    match host {
        Some(host) => format!("{scheme}://{host}/{path}"),
        // HTTP/1.0 has none; relative to what was asked, it still leads here.
        None => format!("/{path}"),
    }
}

fn is_host(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    !text.is_empty() && text.len() <= 255 && text.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::is_host;

    #[test]
    fn what_is_no_host_does_not_get_into_an_address() {
        for host in ["localhost:8787", "[::1]:80", "example.org"] {
            assert!(is_host(host), "{host}");
        }
        for other in ["", "a/b", "a b", "a@b", "<script>", "a?b", "é"] {
            assert!(!is_host(other), "{other}");
        }
    }
}
