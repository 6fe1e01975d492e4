//! The configuration as it is shown, without its secrets, and the file that documents it.

use std::fmt::Write as _;

use colophon_connection::{ConnectionUrl, SslMode};
use serde_json::json;

use super::keys::{Fallback, KEYS, Key, Secrecy};
use super::sources::Raw;
use super::{Config, Setting};
use crate::output;

/// What may be shown of a value.
pub fn shown(key: &Key, raw: &Raw) -> String {
    if key.value_name == "FOLDER" {
        return raw.path().display().to_string();
    }
    let text = raw.value.to_string_lossy();
    match key.secrecy {
        Secrecy::Open => text.into_owned(),
        Secrecy::Url => without_password(&text),
        Secrecy::Connection => match ConnectionUrl::parse(&text) {
            Ok(url) => format!("{url}, sslmode {}", sslmode_name(url.sslmode())),
            Err(_) => "(set)".to_owned(),
        },
        Secrecy::Secret => "(set)".to_owned(),
    }
}

/// Prints every key with what holds and who said it.
///
/// # Errors
/// The output cannot be written.
pub fn print(config: &Config) -> anyhow::Result<()> {
    let rows = config
        .settings
        .iter()
        .map(|setting| [setting.key.name.to_owned(), value_or_words(setting), setting.origin.to_string()]);
    output::table(["KEY", "VALUE", "FROM"], rows)
}

/// As [`print()`], for programs.
///
/// # Errors
/// The output cannot be written.
pub fn print_json(config: &Config) -> anyhow::Result<()> {
    let settings: Vec<_> = config
        .settings
        .iter()
        .map(|s| json!({ "key": s.key.name, "value": s.shown, "origin": s.origin }))
        .collect();
    output::json(&json!({ "settings": settings, "warnings": config.warnings }))
}

fn value_or_words(setting: &Setting) -> String {
    setting.shown.clone().unwrap_or_else(|| format!("({})", setting.key.fallback.words()))
}

/// A file with every key, what it means and its default. What has no value by default stands there as a comment.
pub fn default_file() -> String {
    let mut file = String::from(
        "# The configuration of Colophon: --config FILE, else ./colophon.toml, else colophon/colophon.toml in the\n\
         # platform's configuration folder. Flags and environment variables are stronger than this file.\n\
         # Paths count from the folder of this file. What holds at the moment: colophon config\n",
    );
    let mut table = "";
    for key in KEYS {
        let (of_table, name) = key.name.split_once('.').unwrap_or(("", key.name));
        if of_table != table {
            table = of_table;
            let _ = write!(file, "\n[{table}]\n");
        }
        let _ = write!(file, "\n# {}\n# Else {}", key.help, key.environment.join(", else "));
        if let Some(flag) = key.flag {
            let _ = write!(file, "; {}", flag.name);
        }
        let _ = match key.fallback {
            Fallback::Value(value) => write!(file, ".\n{name} = {}\n", literal(value)),
            Fallback::Words(words) => {
                write!(file, ". Default: {words}.\n# {name} = {}\n", literal(key.example))
            }
        };
    }
    file
}

/// A value of the file.
fn literal(value: &str) -> String {
    if value.bytes().all(|byte| byte.is_ascii_digit()) { value.to_owned() } else { format!("{value:?}") }
}

/// As it is written in a connection string.
pub fn sslmode_name(mode: SslMode) -> &'static str {
    match mode {
        SslMode::Disable => "disable",
        SslMode::Allow => "allow",
        SslMode::Prefer => "prefer",
        SslMode::Require => "require",
        SslMode::VerifyCa => "verify-ca",
        SslMode::VerifyFull => "verify-full",
    }
}

/// A URL without what could be a password. Where it is in doubt, more is left out.
fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    match rest.rsplit_once('@') {
        Some((_, place)) => format!("{scheme}://…@{place}"),
        None => format!("{scheme}://{rest}"),
    }
}
