//! What a signed token claims, and whether that lets its holder in.

use colophon_db::{CallerScope, SystemScope, UserScope};
use colophon_domain::UserId;
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

/// Whom a token names. Its signature and its times were verified before; `by_secret`: with the shared secret.
pub fn judge(claims: Map<String, Value>, issuer: &Issuer, by_secret: bool) -> Result<Caller, Refusal> {
    let claim = |name| claims.get(name).filter(|value| !value.is_null());
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
    match (role, user) {
        (Role::Authenticated, Some(user)) => {
            let claims = Value::Object(claims);
            // PostgreSQL's jsonb cannot hold U+0000, and would fail at every statement.
            if holds_nul(&claims) {
                return Err(Refusal::TokenClaims);
            }
            let scope = CallerScope::User(UserScope::from_verified_claims(user, &claims));
            Ok(Caller { scope, user: Some(user) })
        }
        (Role::Authenticated, None) => Err(Refusal::TokenSubject),
        (Role::ServiceRole, user) => Ok(Caller { scope: CallerScope::Service(SystemScope::new()), user }),
    }
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
