//! From a text to a value, or to what is wrong with it and what to do.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use colophon_connection::ConnectionUrl;
use colophon_http::auth::JwksSource;

use super::sources::Raw;

/// Bytes that the secret of HS256 has at least (RFC 7518 §3.2).
const SECRET_BYTES: usize = 32;

/// Why a value is refused, and what to say instead. Names no value: that is for whoever knows if it is a secret.
#[derive(Debug)]
pub struct Refusal {
    pub what: String,
    pub remedy: String,
}

impl Refusal {
    pub fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into() }
    }
}

/// What stands before a shared database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pooler {
    /// To be found out.
    #[default]
    Auto,
    /// Nothing.
    None,
    /// A pooler that gives each client a session of its own.
    Session,
    /// A pooler that gives each transaction any session.
    Transaction,
}

/// A text that is shown to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself, for whoever needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(set)")
    }
}

pub fn text(raw: &Raw) -> Result<&str, Refusal> {
    raw.value.to_str().ok_or_else(|| Refusal::new("is no text in UTF-8", "write it anew"))
}

pub fn path(raw: &Raw) -> Result<PathBuf, Refusal> {
    std::path::absolute(raw.path())
        .map_err(|error| Refusal::new(format!("cannot be found: {error}"), "say where the folder is"))
}

pub fn address(raw: &Raw) -> Result<SocketAddr, Refusal> {
    text(raw)?
        .parse()
        .map_err(|_| Refusal::new("is no address", "say it as 127.0.0.1:8787, with numbers and a port"))
}

/// A whole number of a range.
pub fn number<T: FromStr + PartialOrd + std::fmt::Display>(
    range: RangeInclusive<T>,
) -> impl FnOnce(&Raw) -> Result<T, Refusal> {
    move |raw| {
        text(raw)?.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
            let (least, most) = (range.start(), range.end());
            Refusal::new(format!("is no number from {least} to {most}"), "say such a number")
        })
    }
}

pub fn size(raw: &Raw) -> Result<u64, Refusal> {
    let refuse =
        || Refusal::new("is no size of at least one byte", "say bytes, or a number with a unit: 50MB, 5GiB");
    parse_size(text(raw)?).filter(|bytes| *bytes >= 1).ok_or_else(refuse)
}

/// Bytes, as people write them: `1048576`, `50MB`, `5GiB`.
pub fn parse_size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.trim() {
        "" | "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
    // The column that keeps a file's size is a signed integer.
    bytes.filter(|bytes| i64::try_from(*bytes).is_ok())
}

/// A time of at least a second.
pub fn time(raw: &Raw) -> Result<Duration, Refusal> {
    duration(text(raw)?)
        .filter(|time| !time.is_zero())
        .ok_or_else(|| Refusal::new("is no time", "say a number with a unit: 90s, 30min, 24h, 7d"))
}

/// As [`time()`]; 0, with or without a unit, is none.
pub fn time_or_none(raw: &Raw) -> Result<Duration, Refusal> {
    duration(text(raw)?)
        .ok_or_else(|| Refusal::new("is no time", "say 0, or a number with a unit: 90s, 30min, 24h, 7d"))
}

/// A number with its unit, a century at most; 0 needs none.
pub fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.trim() {
        "" if text == "0" => 1,
        "s" => 1,
        "min" | "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    let seconds = number.parse::<u64>().ok()?.checked_mul(factor)?;
    (seconds <= 100 * 365 * 86_400).then(|| Duration::from_secs(seconds))
}

pub fn log_filter(raw: &Raw) -> Result<String, Refusal> {
    let text = text(raw)?;
    match tracing_subscriber::EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => {
            Err(Refusal::new(format!("is no filter: {error}"), "say info, or info,colophon_db=debug"))
        }
    }
}

pub fn pooler(raw: &Raw) -> Result<Pooler, Refusal> {
    match text(raw)? {
        "auto" => Ok(Pooler::Auto),
        "none" => Ok(Pooler::None),
        "session" => Ok(Pooler::Session),
        "transaction" => Ok(Pooler::Transaction),
        _ => Err(Refusal::new("is no mode of a pooler", "say auto, none, session or transaction")),
    }
}

pub fn web_url(raw: &Raw) -> Result<String, Refusal> {
    let text = text(raw)?.trim_end_matches('/');
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest.map(|rest| rest.split('/').next().unwrap_or_default());
    match host {
        Some(host) if !host.is_empty() && !host.contains('@') && !text.contains(char::is_whitespace) => {
            Ok(text.to_owned())
        }
        _ => Err(Refusal::new("is no URL of a web server", "say it as https://project.supabase.co")),
    }
}

pub fn jwks(raw: &Raw) -> Result<JwksSource, Refusal> {
    let file = text(raw)?.strip_prefix("file://");
    if file.is_none() && text(raw)?.contains("://") {
        return web_url(raw).map(JwksSource::Url);
    }
    let path = file.map_or_else(|| path(raw), |file| Ok(PathBuf::from(file)))?;
    if path.is_file() {
        Ok(JwksSource::File(path))
    } else {
        Err(Refusal::new("is neither a URL nor a file that is there", "say https://… or name the file"))
    }
}

pub fn jwt_secret(raw: &Raw) -> Result<Secret, Refusal> {
    secret(raw).and_then(|secret| match secret.expose().len() {
        SECRET_BYTES.. => Ok(secret),
        bytes => Err(Refusal::new(
            format!("has {bytes} bytes, and might be found by trying"),
            format!("HS256 needs {SECRET_BYTES} or more"),
        )),
    })
}

/// Bytes that a token has at least which opens something by itself.
const TOKEN_BYTES: usize = 16;

pub fn metrics_token(raw: &Raw) -> Result<Secret, Refusal> {
    let secret = secret(raw)?;
    if secret.expose().len() < TOKEN_BYTES {
        return Err(Refusal::new(
            "might be found by trying",
            format!("make it {TOKEN_BYTES} characters or more"),
        ));
    }
    Ok(secret)
}

pub fn headers(raw: &Raw) -> Result<colophon_traces::Headers, Refusal> {
    colophon_traces::Headers::parse(text(raw)?)
        .ok_or_else(|| Refusal::new("is no list of headers", "say it as key=value,key=value"))
}

/// A share of something, 0 to 1.
pub fn share(raw: &Raw) -> Result<f64, Refusal> {
    let share = text(raw)?.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| Refusal::new("is no share", "say a number from 0 to 1, such as 0.1"))
}

pub fn secret(raw: &Raw) -> Result<Secret, Refusal> {
    text(raw).map(|text| Secret(text.trim().to_owned()))
}

pub fn connection(raw: &Raw) -> Result<ConnectionUrl, Refusal> {
    let text = secret(raw)?;
    let url = ConnectionUrl::parse(text.expose()).map_err(|error| {
        let remedy = "say it as postgresql://role:password@host:5432/database?sslmode=verify-full";
        Refusal::new(error.to_string(), remedy)
    })?;
    // Reads the authorities' certificates that it names.
    url.connector("colophon")
        .map_err(|error| Refusal::new(error.to_string(), "mend the connection string"))?;
    Ok(url)
}

pub fn secret_key(raw: &Raw) -> Result<Secret, Refusal> {
    if text(raw)?.starts_with("sb_publishable_") {
        return Err(Refusal::new("is the publishable key", "give the one that begins with sb_secret_"));
    }
    secret(raw)
}

pub fn publishable_key(raw: &Raw) -> Result<Secret, Refusal> {
    if text(raw)?.starts_with("sb_secret_") {
        return Err(Refusal::new(
            "is the secret key, which no browser may see",
            "give the one that begins with sb_publishable_",
        ));
    }
    secret(raw)
}
