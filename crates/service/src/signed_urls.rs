//! Signed URLs of ours: whoever holds one reads one version of one document until a time, with no token.
//!
//! What a URL says is signed, not secret, and is no right by itself: when it is used, the database is asked again in the
//! name of whoever made it ([`SignedUrl::scope`]). So it ends at once with their share or the document.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use colophon_db::signing_keys::SigningKey;
use colophon_db::{CallerScope, Database, SystemScope, UserScope};
use colophon_domain::{DocumentId, Invalid, UserId};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use serde_json::json;
use sha2::Sha256;
use tokio::sync::Mutex;
use uuid::Uuid;

/// Seconds that a signed URL lasts at most: a week, as at the stores.
pub const LONGEST_SECONDS: i64 = 7 * 86_400;
/// Seconds that it lasts unless said.
pub const DEFAULT_SECONDS: i64 = 3_600;

/// How long keys are believed: a deleted one signs and verifies no longer than this.
const BELIEVED: Duration = Duration::from_secs(30);
/// How often an unknown key may have the keys read again, whoever sends what.
const PATIENCE: Duration = Duration::from_secs(1);

const FORMAT: u8 = 1;
const ATTACHMENT: u8 = 1;
const PLATFORM: u8 = 2;
/// Format, flags, key, document, version, maker, end.
const PAYLOAD: usize = 1 + 1 + 16 + 16 + 4 + 16 + 8;
const MAC: usize = 32;

/// What a signed URL says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedUrl {
    /// The document.
    pub document: DocumentId,
    /// The version of its file.
    pub version: i32,
    /// Who made it: in their name it is looked at. Absent for the platform.
    pub maker: Option<UserId>,
    /// When it ends; whole seconds.
    pub expires_at: Timestamp,
    /// Whether browsers are to save the file rather than to show it.
    pub attachment: bool,
}

/// Why a signed URL is not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It is cut, changed, or signed with a key that is gone.
    #[error("the link is not one that this server signed, or a part of it is missing; ask for a new one")]
    Invalid,
    /// Its time has passed.
    #[error("the link ended at {0}; ask for a new one")]
    Expired(Timestamp),
    /// The keys cannot be read.
    #[error(transparent)]
    Database(#[from] colophon_db::Error),
}

/// Signs and verifies with the database's keys, which all of its servers share.
#[derive(Clone)]
pub struct Signer {
    database: Database,
    known: Arc<Mutex<Option<Known>>>,
}

/// The keys as they were read, the one that signs first.
struct Known {
    at: Instant,
    keys: Vec<SigningKey>,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(redacted)")
    }
}

impl SignedUrl {
    /// What `maker` may give away for `seconds` from now on.
    ///
    /// # Errors
    /// No time at all, or more than a week.
    pub fn new(
        document: DocumentId,
        version: i32,
        maker: Option<UserId>,
        seconds: i64,
        attachment: bool,
    ) -> Result<Self, Invalid> {
        let refuse = || {
            let reason = format!("{seconds} is not between 1 and {LONGEST_SECONDS} seconds");
            Invalid::new("expires_in", reason)
        };
        if !(1..=LONGEST_SECONDS).contains(&seconds) {
            return Err(refuse());
        }
        let end = Timestamp::now().as_second() + seconds;
        let expires_at = Timestamp::from_second(end).map_err(|_| refuse())?;
        Ok(Self { document, version, maker, expires_at, attachment })
    }

    /// In whose name the database is asked when it is used. A verified signature stands for the maker's token.
    pub fn scope(&self) -> CallerScope {
        match self.maker {
            None => CallerScope::Service(SystemScope::new()),
            Some(user) => {
                let claims = json!({ "sub": user, "role": "authenticated" });
                CallerScope::User(UserScope::from_verified_claims(user, &claims))
            }
        }
    }

    fn payload(&self, key: Uuid) -> Vec<u8> {
        let flags =
            if self.attachment { ATTACHMENT } else { 0 } | if self.maker.is_none() { PLATFORM } else { 0 };
        let maker = self.maker.map_or(Uuid::nil(), |user| user.0);
        let mut bytes = Vec::with_capacity(PAYLOAD + MAC);
        bytes.extend_from_slice(&[FORMAT, flags]);
        bytes.extend_from_slice(key.as_bytes());
        bytes.extend_from_slice(self.document.0.as_bytes());
        bytes.extend_from_slice(&self.version.to_be_bytes());
        bytes.extend_from_slice(maker.as_bytes());
        bytes.extend_from_slice(&self.expires_at.as_second().to_be_bytes());
        bytes
    }

    /// What a payload says, and the key that it names. Nothing of it is believed yet.
    fn read(payload: &[u8]) -> Option<(Uuid, Self)> {
        let (head, rest) = payload.split_at_checked(2)?;
        let (&[FORMAT, flags], true) = (<&[u8; 2]>::try_from(head).ok()?, payload.len() == PAYLOAD) else {
            return None;
        };
        let uuid = |at: usize| Uuid::from_slice(rest.get(at..at + 16)?).ok();
        let version = i32::from_be_bytes(rest.get(32..36)?.try_into().ok()?);
        let end = i64::from_be_bytes(rest.get(52..60)?.try_into().ok()?);
        let says = Self {
            document: DocumentId(uuid(16)?),
            version,
            maker: if flags & PLATFORM == 0 { Some(UserId(uuid(36)?)) } else { None },
            expires_at: Timestamp::from_second(end).ok()?,
            attachment: flags & ATTACHMENT != 0,
        };
        Some((uuid(0)?, says))
    }
}

impl Signer {
    /// For one database. Its keys are read when they are first needed.
    pub fn new(database: Database) -> Self {
        Self { database, known: Arc::default() }
    }

    /// The token that stands for it in an address: 128 characters of `A-Z a-z 0-9 - _` at most.
    ///
    /// # Errors
    /// The keys cannot be read.
    pub async fn sign(&self, url: &SignedUrl) -> Result<String, colophon_db::Error> {
        let key = self.newest().await?;
        let mut bytes = url.payload(key.id);
        let mac = mac(&key.secret, &bytes).finalize().into_bytes();
        bytes.extend_from_slice(&mac);
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// What a token says, once its signature and its end are found good.
    ///
    /// # Errors
    /// Which of them is not; or the keys cannot be read.
    pub async fn open(&self, token: &str) -> Result<SignedUrl, Refusal> {
        // Looked at before anything is decoded: a token of ours has one length.
        if token.len() != ((PAYLOAD + MAC) * 4).div_ceil(3) {
            return Err(Refusal::Invalid);
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| Refusal::Invalid)?;
        let (payload, signature) = bytes.split_at_checked(PAYLOAD).ok_or(Refusal::Invalid)?;
        let (key, says) = SignedUrl::read(payload).ok_or(Refusal::Invalid)?;
        let key = self.by_id(key).await?.ok_or(Refusal::Invalid)?;
        // In constant time.
        mac(&key.secret, payload).verify_slice(signature).map_err(|_| Refusal::Invalid)?;
        if says.expires_at <= Timestamp::now() {
            return Err(Refusal::Expired(says.expires_at));
        }
        Ok(says)
    }

    async fn newest(&self) -> Result<SigningKey, colophon_db::Error> {
        let keys = self.keys(|known| known.at.elapsed() < BELIEVED).await?;
        let key = keys.into_iter().next();
        // There is always one: an empty table is given one when it is read.
        key.map_or_else(|| Err(colophon_db::Error::no_signing_key()), Ok)
    }

    async fn by_id(&self, id: Uuid) -> Result<Option<SigningKey>, colophon_db::Error> {
        let keys = self
            .keys(|known| {
                let age = known.at.elapsed();
                age < PATIENCE || (age < BELIEVED && known.keys.iter().any(|key| key.id == id))
            })
            .await?;
        Ok(keys.into_iter().find(|key| key.id == id))
    }

    /// The keys, read anew unless those that are known will do. Whoever comes meanwhile waits for the one reading.
    async fn keys(&self, do_these: impl Fn(&Known) -> bool) -> Result<Vec<SigningKey>, colophon_db::Error> {
        let mut known = self.known.lock().await;
        if let Some(known) = known.as_ref().filter(|known| do_these(known)) {
            return Ok(known.keys.clone());
        }
        let tx = self.database.session(&SystemScope::new()).begin().await?;
        let keys = tx.signing_keys().all().await?;
        tx.commit().await?;
        *known = Some(Known { at: Instant::now(), keys: keys.clone() });
        Ok(keys)
    }
}

fn mac(secret: &[u8], payload: &[u8]) -> Hmac<Sha256> {
    #[allow(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key of any length");
    mac.update(payload);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url() -> SignedUrl {
        SignedUrl::new(DocumentId::new(), 3, Some(UserId::new()), 60, true).unwrap()
    }

    #[test]
    fn what_a_url_says_survives_the_journey() {
        let key = Uuid::new_v4();
        for url in [url(), SignedUrl { maker: None, attachment: false, ..url() }] {
            let payload = url.payload(key);
            assert_eq!(payload.len(), PAYLOAD);
            assert_eq!(SignedUrl::read(&payload), Some((key, url)));
        }
        for length in [0, 1, PAYLOAD - 1, PAYLOAD + 1] {
            assert_eq!(SignedUrl::read(&vec![FORMAT; length]), None);
        }
        let mut other = url().payload(key);
        other[0] = 2;
        assert_eq!(SignedUrl::read(&other), None, "a format of another version");
    }

    #[test]
    fn no_url_lasts_for_no_time_or_for_ever() {
        for seconds in [i64::MIN, -1, 0, LONGEST_SECONDS + 1, i64::MAX] {
            let refused = SignedUrl::new(DocumentId::new(), 1, None, seconds, false).unwrap_err();
            assert_eq!(refused.field, "expires_in");
        }
    }
}
