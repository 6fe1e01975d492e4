//! What a signed token claims, and whether that lets its holder in.

use colophon_db::{CallerScope, SystemScope, UserScope};
use colophon_domain::UserId;
use jiff::Timestamp;
use serde::Deserialize as _;
use serde_json::{Map, Value};

use super::{Caller, Issuer, Refusal, Role};

/// The `iss` of the private instance's tokens.
pub const OWN_ISSUER: &str = "colophon";

/// Supabase's `aud` for people.
pub const AUDIENCE: &str = "authenticated";

/// The `iss` of Supabase's legacy API keys: of a hosted project's, and of those that the CLI and the self-hosted stack
/// begin with.
const LEGACY_KEY_ISSUERS: [&str; 2] = ["supabase", "supabase-demo"];

/// Seconds by which clocks may differ.
const LEEWAY: f64 = 60.0;

/// Whom a token names, and when.
pub struct Holder {
    caller: Caller,
    not_before: Option<f64>,
    expires: f64,
}

impl Holder {
    /// The caller, if the token is valid at this moment.
    pub fn now(&self) -> Result<Caller, Refusal> {
        let now = Timestamp::now().as_duration().as_secs_f64();
        if now > self.expires + LEEWAY {
            return Err(Refusal::TokenExpired);
        }
        if self.not_before.is_some_and(|not_before| now < not_before - LEEWAY) {
            return Err(Refusal::TokenNotYetValid);
        }
        Ok(self.caller.clone())
    }
}

/// Whom a token names. Its signature was verified before; `by_secret`: with the shared secret. Everything but the times,
/// which are judged anew with each request.
pub fn judge(claims: Map<String, Value>, issuer: &Issuer, by_secret: bool) -> Result<Holder, Refusal> {
    let claim = |name| claims.get(name).filter(|value| !value.is_null());
    let time = |name| claim(name).map(|time| time.as_f64().ok_or(Refusal::TokenClaims)).transpose();
    let expires = time("exp")?.ok_or(Refusal::TokenClaims)?;
    let not_before = time("nbf")?;

    let role = claim("role").and_then(|role| Role::deserialize(role).ok()).ok_or(Refusal::TokenRole)?;

    let legacy_keys = by_secret && role == Role::ServiceRole;
    if !issued_by(issuer, claim("iss"), legacy_keys) {
        return Err(Refusal::TokenIssuer);
    }
    let audience_needed = role == Role::Authenticated && matches!(issuer, Issuer::Project(_));
    if !claim("aud").map_or(!audience_needed, names_the_audience) {
        return Err(Refusal::TokenAudience);
    }
    let user = claim("sub").map(|sub| user(sub).ok_or(Refusal::TokenSubject)).transpose()?;
    let scope = match (role, user) {
        (Role::ServiceRole, _) => CallerScope::Service(SystemScope::new()),
        (Role::Authenticated, None) => return Err(Refusal::TokenSubject),
        (Role::Authenticated, Some(user)) => {
            let claims = Value::Object(claims);
            // PostgreSQL's jsonb cannot hold U+0000, and would fail at every statement.
            if holds_nul(&claims) {
                return Err(Refusal::TokenClaims);
            }
            CallerScope::User(UserScope::from_verified_claims(user, &claims))
        }
    };
    let caller = Caller { expires: Some(expires + LEEWAY), ..Caller::new(scope, user) };
    Ok(Holder { caller, not_before, expires })
}

fn issued_by(issuer: &Issuer, iss: Option<&Value>, legacy_keys: bool) -> bool {
    match (issuer, iss) {
        (Issuer::Any, _) | (Issuer::Own, None) => true,
        (Issuer::Project(_), None) => false,
        (Issuer::Own, Some(iss)) => iss == OWN_ISSUER,
        (Issuer::Project(project), Some(iss)) => {
            iss == project || (legacy_keys && LEGACY_KEY_ISSUERS.iter().any(|legacy| iss == legacy))
        }
    }
}

/// `aud` is one text, or several (RFC 7519 §4.1.3).
fn names_the_audience(aud: &Value) -> bool {
    aud == AUDIENCE || aud.as_array().is_some_and(|several| several.iter().any(|aud| aud == AUDIENCE))
}

/// Only in the form that PostgreSQL and everybody else reads alike: hyphens, no braces, no `urn:`.
fn user(sub: &Value) -> Option<UserId> {
    let sub = sub.as_str()?;
    sub.parse::<UserId>().ok().filter(|user| user.to_string().eq_ignore_ascii_case(sub))
}

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(holds_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || holds_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
