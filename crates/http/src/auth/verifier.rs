//! From the headers of a request to its caller.

use std::fmt;
use std::sync::Arc;

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use colophon_db::{CallerScope, SystemScope};
use colophon_domain::{Invalid, UserId};
use jiff::Timestamp;
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Validation};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use subtle::ConstantTimeEq as _;

use super::claims::{self, AUDIENCE, OWN_ISSUER};
use super::credential::{Credential, SECRET_KEY_PREFIX};
use super::jwks::KeySet;
use super::recent::Recent;
use super::{Caller, Issuer, Keys, Refusal, Role};

/// Bytes that the secret of HS256 has at least (RFC 7518 §3.2).
const SHORTEST_SECRET: usize = 32;

/// Verifies what requests show for themselves, and mints tokens for the private instance.
pub struct Verifier {
    secret: Option<Secret>,
    jwks: Option<KeySet>,
    issuer: Issuer,
    secret_key: Option<String>,
}

struct Secret {
    verifying: Arc<Key>,
    signing: EncodingKey,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier(redacted)")
    }
}

impl Verifier {
    /// Fetches nothing: public keys are looked for by [`Verifier::prepare`], or when a token needs one.
    ///
    /// # Errors
    /// The secret is too short to sign with.
    pub fn new(keys: Keys) -> Result<Self, Invalid> {
        if let Some(secret) = &keys.secret
            && secret.len() < SHORTEST_SECRET
        {
            let reason = format!("has {} bytes, and HS256 needs {SHORTEST_SECRET} or more", secret.len());
            return Err(Invalid::new("SUPABASE_JWT_SECRET (or token-secret in the data folder)", reason));
        }
        let secret = keys.secret.map(|secret| Secret {
            verifying: Arc::new(Key::new(DecodingKey::from_secret(&secret), Algorithm::HS256)),
            signing: EncodingKey::from_secret(&secret),
        });
        let secret_key = keys.secret_key.filter(|key| key.len() > SECRET_KEY_PREFIX.len());
        Ok(Self { secret, jwks: keys.jwks.map(KeySet::new), issuer: keys.issuer, secret_key })
    }

    /// Fetches public keys ahead of the first token. A failure is in the log, and tried again when a token needs them.
    pub async fn prepare(&self) {
        if let Some(jwks) = &self.jwks {
            jwks.prepare().await;
        }
    }

    /// A token for a person, or for the platform, that lasts `seconds`.
    ///
    /// # Errors
    /// There is no secret to sign with, or the claims cannot be signed.
    pub fn mint(&self, user: UserId, role: Role, seconds: i64) -> Result<String, Error> {
        let secret = self.secret.as_ref().ok_or(ErrorKind::InvalidKeyFormat)?;
        let now = Timestamp::now().as_second();
        let claims = json!({
            "sub": user, "role": role, "aud": AUDIENCE, "iss": OWN_ISSUER, "iat": now,
            "exp": now.saturating_add(seconds),
        });
        jsonwebtoken::encode(&jsonwebtoken::Header::new(Algorithm::HS256), &claims, &secret.signing)
    }

    /// Who calls, by `Authorization` or `apikey`.
    ///
    /// # Errors
    /// Which check failed.
    pub async fn verify(&self, headers: &HeaderMap) -> Result<Caller, Refusal> {
        match Credential::of(headers)? {
            Credential::Token(token) => self.holder(token).await,
            Credential::SecretKey(key) => self.platform(key, headers),
        }
    }

    async fn holder(&self, token: &str) -> Result<Caller, Refusal> {
        let header = Header::read(token)?;
        let key = self.key_of(&header).await?;
        if header.algorithm != Some(key.algorithm) {
            return Err(Refusal::TokenAlgorithm);
        }
        let verify = || claims::judge(key.open(token)?, &self.issuer, key.algorithm == Algorithm::HS256);
        match &key.recent {
            None => verify()?.now(),
            Some(recent) => recent.holder(token, verify)?.now(),
        }
    }

    /// The key is chosen by `kid`, and knows its algorithm; what the token says of `alg` can only fail against it. HS256
    /// with a `kid` that no public key has is left to the secret, which is never published.
    async fn key_of(&self, header: &Header) -> Result<Arc<Key>, Refusal> {
        let public = matches!(header.algorithm, Some(Algorithm::ES256 | Algorithm::RS256 | Algorithm::EdDSA));
        if let (Some(jwks), Some(kid)) = (&self.jwks, &header.kid) {
            if public {
                return jwks.key(kid).await;
            }
            if let Some(key) = jwks.cached(kid) {
                return Ok(key);
            }
        }
        match (&self.secret, header.algorithm) {
            (Some(secret), Some(Algorithm::HS256)) => Ok(Arc::clone(&secret.verifying)),
            // Without `kid` a token could be meant for any key, and would stop to work at the next rotation.
            _ if public && self.jwks.is_some() => Err(Refusal::TokenKey),
            _ => Err(Refusal::TokenAlgorithm),
        }
    }

    /// A secret key is the platform's. As at Supabase's gateway, one that comes from a browser has leaked.
    fn platform(&self, key: &str, headers: &HeaderMap) -> Result<Caller, Refusal> {
        let agent = headers.get(header::USER_AGENT).map_or(&[][..], |agent| agent.as_bytes());
        if agent.windows(8).any(|part| part == b"Mozilla/") {
            return Err(Refusal::SecretKeyInBrowser);
        }
        let known = self.secret_key.as_ref().ok_or(Refusal::SecretKeyUnknown)?;
        if !bool::from(known.as_bytes().ct_eq(key.as_bytes())) {
            return Err(Refusal::SecretKeyUnknown);
        }
        Ok(Caller::new(CallerScope::Service(SystemScope::new()), None))
    }
}

/// What tokens of one key are verified with. The algorithm belongs to the key.
#[derive(Debug)]
pub struct Key {
    pub algorithm: Algorithm,
    decoding: DecodingKey,
    validation: Validation,
    /// Of public keys alone: HS256 is quick, and goes without a lock.
    recent: Option<Recent>,
}

impl Key {
    pub fn new(decoding: DecodingKey, algorithm: Algorithm) -> Self {
        let mut validation = Validation::new(algorithm);
        // The signature is all that depends on the key: see `claims` for the rest.
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        let recent = (algorithm != Algorithm::HS256).then(Recent::default);
        Self { algorithm, decoding, validation, recent }
    }

    /// The claims of a token that this key signed.
    fn open(&self, token: &str) -> Result<Map<String, Value>, Refusal> {
        jsonwebtoken::decode_header(token).map_err(|_| Refusal::TokenMalformed)?;
        let opened = jsonwebtoken::decode(token, &self.decoding, &self.validation);
        opened.map(|token| token.claims).map_err(|error| match error.kind() {
            ErrorKind::InvalidAlgorithm => Refusal::TokenAlgorithm,
            ErrorKind::InvalidSignature => Refusal::TokenSignature,
            // The header was read before by the same library, so this is JSON of the claims.
            ErrorKind::Json(_) => Refusal::TokenClaims,
            _ => Refusal::TokenMalformed,
        })
    }
}

/// What a token says of itself, before anything of it is believed.
struct Header {
    /// Absent where it is none that anybody here knows, as `none` is.
    algorithm: Option<Algorithm>,
    kid: Option<String>,
}

impl Header {
    fn read(token: &str) -> Result<Self, Refusal> {
        #[derive(Deserialize)]
        struct Text {
            alg: String,
            kid: Option<String>,
            crit: Option<Value>,
        }
        let part = token.split('.').next().unwrap_or_default();
        let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| Refusal::TokenMalformed)?;
        let text: Text = serde_json::from_slice(&json).map_err(|_| Refusal::TokenMalformed)?;
        // Whoever does not know an extension that is critical has to refuse it (RFC 7515 §4.1.11). We know none.
        if text.crit.is_some() {
            return Err(Refusal::TokenMalformed);
        }
        Ok(Self { algorithm: text.alg.parse().ok(), kid: text.kid })
    }
}
