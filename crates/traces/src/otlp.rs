//! The way to the collector: the program's one HTTP client, on the thread that sends batches.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use opentelemetry_http::{HttpClient, HttpError};

/// A batch that a collector does not take within this time is lost.
const PATIENCE: Duration = Duration::from_secs(10);
/// A collector answers with a few bytes.
const LARGEST_ANSWER: u64 = 64 * 1024;

/// Headers that go with each batch. Shown to nobody.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// As `OTEL_EXPORTER_OTLP_HEADERS` has them: `key=value,key=value`, with values in percent-encoding where need be.
    /// `None`: that is no such list.
    pub fn parse(text: &str) -> Option<Self> {
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=')?;
            let (name, value) = (name.trim().to_owned(), percent_decoded(value.trim())?);
            let sound = http::HeaderName::from_bytes(name.as_bytes()).is_ok()
                && http::HeaderValue::from_str(&value).is_ok();
            sound.then_some((name, value))
        };
        text.split(',').filter(|part| !part.trim().is_empty()).map(pair).collect::<Option<_>>().map(Self)
    }

    pub(crate) fn into_pairs(self) -> HashMap<String, String> {
        self.0.into_iter().collect()
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(set)")
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(if byte == b'%' {
            let mut digit = || char::from(bytes.next()?).to_digit(16);
            u8::try_from(digit()? * 16 + digit()?).ok()?
        } else {
            byte
        });
    }
    String::from_utf8(decoded).ok()
}

/// Sends batches, and says in the log when that begins to fail and when it works again.
#[derive(Debug)]
pub struct Client {
    agent: ureq::Agent,
    endpoint: String,
    fails: AtomicBool,
}

impl Client {
    pub fn new(endpoint: &str) -> Self {
        let agent = ureq::Agent::config_builder()
            .user_agent(concat!("colophon/", env!("CARGO_PKG_VERSION")))
            .timeout_global(Some(PATIENCE))
            .max_redirects(0)
            // The exporter judges it.
            .http_status_as_error(false)
            .build()
            .into();
        Self { agent, endpoint: endpoint.to_owned(), fails: AtomicBool::new(false) }
    }

    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ureq::Error> {
        let (parts, body) = request.into_parts();
        let response = self.agent.run(Request::from_parts(parts, &body[..]))?;
        let (parts, body) = response.into_parts();
        let answer = body.into_with_config().limit(LARGEST_ANSWER).read_to_vec()?;
        Ok(Response::from_parts(parts, answer.into()))
    }

    fn tell(&self, failure: Option<&dyn fmt::Display>) {
        let (failed, endpoint) = (self.fails.swap(failure.is_some(), Ordering::Relaxed), &self.endpoint);
        match failure {
            Some(error) if !failed => {
                tracing::warn!(%error, endpoint, "traces cannot be sent, and are lost until they can");
            }
            None if failed => tracing::info!(endpoint, "traces are sent again"),
            _ => {}
        }
    }
}

#[async_trait]
impl HttpClient for Client {
    /// Blocks: it is called on the batches' own thread, which has nothing else to do.
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sent = self.send(request);
        match &sent {
            Ok(answer) if answer.status().is_success() => self.tell(None),
            Ok(answer) => self.tell(Some(&format_args!("the collector answers {}", answer.status()))),
            Err(error) => self.tell(Some(error)),
        }
        Ok(sent?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_the_standard_has_them_and_shown_to_nobody() {
        let headers = Headers::parse("api-key=s3cret, x-scope=a%20b%3D,").expect("headers");
        assert_eq!(format!("{headers:?}"), "(set)");
        let pairs = headers.into_pairs();
        assert_eq!((pairs["api-key"].as_str(), pairs["x-scope"].as_str()), ("s3cret", "a b="));
        for nonsense in ["key", "=v", "k y=v", "k=%zz", "k=%4", "k=a%0ab"] {
            assert_eq!(Headers::parse(nonsense), None, "{nonsense}");
        }
    }
}
