//! The public keys of a project: where they are, and how long what was fetched is believed.
//!
//! A set is believed for `max_age`. A key id that it lacks has it fetched again, once in `cooldown` whatever comes, so
//! that a flood of made-up ids is no flood of fetches. Requests that need a fetch share one. A fetch that fails changes
//! nothing but the log: the last good set stays, however old it gets.

mod fetch;
mod set;

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::Refusal;
use super::verifier::Key;

/// While there is no set at all, a failed fetch is tried again this soon.
const WHILE_THERE_IS_NONE: Duration = Duration::from_secs(2);

/// Where the public keys are, and how long they are believed.
#[derive(Debug, Clone)]
pub struct Jwks {
    /// Where they are.
    pub source: JwksSource,
    /// How long a set is believed: as long as Supabase's own edge keeps one.
    pub max_age: Duration,
    /// How long no second fetch is made for a key id that is not in the set, or after a fetch that failed.
    pub cooldown: Duration,
    /// How long one fetch may take: a request may have to wait for it.
    pub timeout: Duration,
}

impl Jwks {
    /// Believed for 10 minutes, fetched for unknown key ids every 30 seconds at most, given up after 5 seconds.
    pub fn new(source: JwksSource) -> Self {
        let [max_age, cooldown, timeout] = [600, 30, 5].map(Duration::from_secs);
        Self { source, max_age, cooldown, timeout }
    }

    /// Fetches the keys once, for whoever only looks, and counts those that tokens can be verified with.
    ///
    /// # Errors
    /// They cannot be fetched or read; the reason.
    pub async fn count(&self) -> Result<usize, String> {
        let Self { source, timeout, .. } = self.clone();
        let fetching = move || fetch::fetch(&source, timeout).and_then(|bytes| set::read(&bytes));
        let fetched = tokio::task::spawn_blocking(fetching).await;
        Ok(fetched.map_err(|error| error.to_string())??.len())
    }
}

/// Where a JSON Web Key Set is (RFC 7517 §5).
#[derive(Clone, PartialEq, Eq)]
pub enum JwksSource {
    /// At an address, `http` or `https`.
    Url(String),
    /// In a file, for servers that reach no network. It may be replaced while the server runs.
    File(PathBuf),
}

impl From<&str> for JwksSource {
    /// An address, or else the path of a file.
    fn from(text: &str) -> Self {
        if text.starts_with("https://") || text.starts_with("http://") {
            return Self::Url(text.to_owned());
        }
        Self::File(text.strip_prefix("file://").unwrap_or(text).into())
    }
}

impl fmt::Display for JwksSource {
    // Without what may be secret in an address: the name before the host, and the query.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Url(url) => {
                let url = url.split(['?', '#']).next().unwrap_or_default();
                match (url.split_once("://"), url.rsplit_once('@')) {
                    (Some((scheme, _)), Some((_, place))) => write!(f, "{scheme}://{place}"),
                    _ => f.write_str(url),
                }
            }
        }
    }
}

impl fmt::Debug for JwksSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JwksSource({self})")
    }
}

/// The keys of a source, as last seen.
#[derive(Debug)]
pub struct KeySet {
    jwks: Jwks,
    seen: Arc<RwLock<Seen>>,
    /// Before when nothing is fetched. Whoever holds it is the one who fetches.
    not_before: Arc<Mutex<Option<Instant>>>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Absent until there was a first set.
    keys: Option<HashMap<String, Arc<Key>>>,
    believed_until: Option<Instant>,
}

impl KeySet {
    pub fn new(jwks: Jwks) -> Self {
        Self { jwks, seen: Arc::default(), not_before: Arc::default() }
    }

    /// Fetches the first set, if there is none, so that the first request need not wait and the log tells at once
    /// where that fails.
    pub async fn prepare(&self) {
        self.fetch_for("").await;
    }

    /// The key of this id; fetches where that may help.
    pub async fn key(&self, kid: &str) -> Result<Arc<Key>, Refusal> {
        if let Some(key) = self.believed(kid) {
            return Ok(key);
        }
        self.fetch_for(kid).await;
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        let keys = seen.keys.as_ref().ok_or(Refusal::KeysUnavailable)?;
        keys.get(kid).cloned().ok_or(Refusal::TokenKey)
    }

    /// The key of this id as last seen, however long ago. Never waits.
    pub fn cached(&self, kid: &str) -> Option<Arc<Key>> {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        seen.keys.as_ref()?.get(kid).cloned()
    }

    fn believed(&self, kid: &str) -> Option<Arc<Key>> {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        seen.believed_until.filter(|until| Instant::now() < *until)?;
        seen.keys.as_ref()?.get(kid).cloned()
    }

    /// Fetches, unless another request has just done it. The work goes on if the request that began it goes away, so
    /// that nobody can cause a second fetch by hanging up.
    async fn fetch_for(&self, kid: &str) {
        let mut not_before = Arc::clone(&self.not_before).lock_owned().await;
        if self.believed(kid).is_some() || not_before.is_some_and(|then| Instant::now() < then) {
            return;
        }
        let (jwks, seen) = (self.jwks.clone(), Arc::clone(&self.seen));
        *not_before = Some(Instant::now() + jwks.cooldown);
        let fetching = tokio::task::spawn_blocking(move || {
            let fetched = fetch::fetch(&jwks.source, jwks.timeout).and_then(|bytes| set::read(&bytes));
            let mut seen = seen.write().unwrap_or_else(PoisonError::into_inner);
            let wait = match fetched {
                Ok(keys) => {
                    tracing::debug!(source = %jwks.source, keys = keys.len(), "fetched the keys of tokens");
                    *seen = Seen { keys: Some(keys), believed_until: Some(Instant::now() + jwks.max_age) };
                    jwks.cooldown
                }
                Err(reason) if seen.keys.is_some() => {
                    tracing::warn!(source = %jwks.source, reason, "the keys of tokens cannot be fetched; the last ones stay");
                    let until = Instant::now() + jwks.cooldown;
                    seen.believed_until = seen.believed_until.max(Some(until));
                    jwks.cooldown
                }
                Err(reason) => {
                    tracing::warn!(source = %jwks.source, reason, "the keys of tokens cannot be fetched; tokens that need them are answered 503");
                    jwks.cooldown.min(WHILE_THERE_IS_NONE)
                }
            };
            *not_before = Some(Instant::now() + wait);
        });
        if let Err(error) = fetching.await {
            tracing::error!(%error, "fetching the keys of tokens broke off");
        }
    }
}
