//! Who calls: a bearer token with Supabase's claims, verified here and nowhere else.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use colophon_db::{CallerScope, SystemScope, UserScope};
use colophon_domain::UserId;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{App, Problem};

/// Seconds by which clocks may differ.
const LEEWAY: u64 = 60;

/// Supabase's `aud` for people.
const AUDIENCE: &str = "authenticated";

/// What a token may let its holder do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A person.
    Authenticated,
    /// The platform itself.
    ServiceRole,
}

/// Verifies tokens, and mints them for the private instance.
pub struct Verifier {
    decoding: DecodingKey,
    encoding: EncodingKey,
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Verifier(redacted)")
    }
}

impl Verifier {
    /// For tokens signed with HS256 by this secret.
    pub fn new(secret: &[u8]) -> Self {
        Self { decoding: DecodingKey::from_secret(secret), encoding: EncodingKey::from_secret(secret) }
    }

    /// A token for a person, or for the platform, that lasts `seconds`.
    ///
    /// # Errors
    /// The claims cannot be signed.
    pub fn mint(
        &self,
        user: UserId,
        role: Role,
        seconds: i64,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let now = Timestamp::now().as_second();
        let claims = json!({
            "sub": user, "role": role, "aud": AUDIENCE, "iss": "colophon", "iat": now, "exp": now.saturating_add(seconds),
        });
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
    }

    fn verify(&self, token: &str) -> Result<Caller, Problem> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.set_audience(&[AUDIENCE]);
        let claims = jsonwebtoken::decode::<Value>(token, &self.decoding, &validation)
            .map_err(|error| refuse(code_of(&error)))?
            .claims;
        let user = match claims.get("sub").and_then(Value::as_str) {
            Some(sub) => Some(sub.parse::<UserId>().map_err(|_| refuse("token_subject"))?),
            None => None,
        };
        let role = claims.get("role").cloned().and_then(|role| serde_json::from_value::<Role>(role).ok());
        let scope = match (role, user) {
            (Some(Role::Authenticated), Some(user)) => {
                CallerScope::User(UserScope::from_verified_claims(user, &claims))
            }
            (Some(Role::Authenticated), None) => return Err(refuse("token_subject")),
            (Some(Role::ServiceRole), _) => CallerScope::Service(SystemScope::new()),
            (None, _) => return Err(refuse("token_role")),
        };
        Ok(Caller { scope, user })
    }
}

fn code_of(error: &jsonwebtoken::errors::Error) -> &'static str {
    use jsonwebtoken::errors::ErrorKind;
    match error.kind() {
        ErrorKind::ExpiredSignature => "token_expired",
        ErrorKind::ImmatureSignature => "token_not_yet_valid",
        ErrorKind::InvalidAudience => "token_audience",
        ErrorKind::InvalidSignature => "token_signature",
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => "token_algorithm",
        ErrorKind::MissingRequiredClaim(_) => "token_claims",
        _ => "token_malformed",
    }
}

/// Says which check failed, and nothing more.
fn refuse(code: &'static str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, code, "the bearer token is not accepted; get a new one")
}

/// Whoever calls, their token verified. A handler that names it cannot be reached without.
#[derive(Debug, Clone)]
pub struct Caller {
    /// What they may see.
    pub scope: CallerScope,
    /// Who they are; absent for a token of the platform that names nobody.
    pub user: Option<UserId>,
}

impl Caller {
    /// The person to whom something new will belong.
    ///
    /// # Errors
    /// The token names nobody.
    pub fn owner(&self) -> Result<UserId, Problem> {
        let detail =
            "the token names nobody (no `sub`) to whom the document could belong; use a person's token";
        self.user.ok_or_else(|| Problem::bad_request("owner_needed", detail))
    }

    /// The person, as rows name them.
    pub fn name(&self) -> Option<String> {
        self.user.map(|user| user.to_string())
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let missing = || {
            Problem::new(StatusCode::UNAUTHORIZED, "token_missing", "send a bearer token in Authorization")
        };
        let header = parts.headers.get(header::AUTHORIZATION).ok_or_else(missing)?;
        let token = header
            .to_str()
            .ok()
            .and_then(|text| text.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let (_, token) = token.ok_or_else(missing)?;
        app.verifier.verify(token.trim())
    }
}
