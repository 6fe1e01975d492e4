//! The bytes of a key set, with limits on time and size.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use super::JwksSource;

/// A project has a handful of keys of less than 1 kB each.
const LARGEST: u64 = 256 * 1024;

/// Blocks. The error is for the log.
pub fn fetch(source: &JwksSource, timeout: Duration) -> Result<Vec<u8>, String> {
    match source {
        JwksSource::Url(url) => from_url(url, timeout).map_err(|error| error.to_string()),
        JwksSource::File(path) => from_file(path).map_err(|error| error.to_string()),
    }
}

fn from_url(url: &str, timeout: Duration) -> Result<Vec<u8>, ureq::Error> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .user_agent(concat!("colophon/", env!("CARGO_PKG_VERSION")))
        .timeout_global(Some(timeout))
        .max_redirects(3)
        // Nobody may lead us from a safe address to an unsafe one.
        .https_only(url.starts_with("https://"))
        .build()
        .into();
    let response = agent.get(url).header("accept", "application/json").call()?;
    response.into_body().into_with_config().limit(LARGEST).read_to_vec()
}

fn from_file(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}
