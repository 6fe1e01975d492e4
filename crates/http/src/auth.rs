//! Who calls: verified here and nowhere else.
//!
//! A request shows a bearer token with Supabase's claims, or the platform's own secret key. [`Verifier`] makes a
//! [`Caller`] of it, or says which check failed ([`Refusal`]) and nothing more. docs/security.md tells the rules.

mod claims;
mod credential;
mod jwks;
mod keys;
mod recent;
mod refusal;
mod verifier;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use colophon_db::CallerScope;
use colophon_domain::UserId;
use colophon_service::Platform;
use serde::{Deserialize, Serialize};

pub use jwks::{Jwks, JwksSource};
pub use keys::{Issuer, Keys};
pub use refusal::Refusal;
pub use verifier::Verifier;

use crate::{App, Problem};

/// What a token may let its holder do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A person.
    Authenticated,
    /// The platform itself.
    ServiceRole,
}

/// Whoever calls, verified. A handler that names it cannot be reached without.
#[derive(Debug, Clone)]
pub struct Caller {
    /// What they may see.
    pub scope: CallerScope,
    /// Who they are; absent for a token of the platform that names nobody.
    pub user: Option<UserId>,
    /// Until when they may be let in, in seconds since 1970; absent for a key that does not expire.
    expires: Option<f64>,
    token: Option<Token>,
}

/// The token of a person, as it came. Shown to nobody.
#[derive(Clone)]
struct Token(String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(set)")
    }
}

impl Caller {
    pub(crate) fn new(scope: CallerScope, user: Option<UserId>) -> Self {
        Self { scope, user, expires: None, token: None }
    }

    /// The platform with the store as this caller sees it: where the store has policies of its own and is to ask them,
    /// it gets their token.
    ///
    /// # Errors
    /// The token cannot be sent.
    pub fn platform(&self, app: &App) -> Result<Platform, Problem> {
        let mut platform = Platform::clone(&app.platform);
        if let (Some(Token(token)), CallerScope::User(_)) = (&self.token, &self.scope) {
            platform.store = platform.store.as_caller(token)?;
        }
        Ok(platform)
    }

    /// The person to whom something new will belong.
    ///
    /// # Errors
    /// The token names nobody.
    pub fn owner(&self) -> Result<UserId, Problem> {
        let detail =
            "the token names nobody (no `sub`) to whom the document could belong; use a person's token";
        self.user.ok_or_else(|| Problem::bad_request("owner_needed", detail))
    }

    /// For how long they may be let in from now on; `None` for ever.
    pub fn remaining(&self) -> Option<std::time::Duration> {
        let now = jiff::Timestamp::now().as_duration().as_secs_f64();
        self.expires.map(|expires| std::time::Duration::try_from_secs_f64(expires - now).unwrap_or_default())
    }

    /// The person, as rows name them.
    pub fn name(&self) -> Option<String> {
        self.user.map(|user| user.to_string())
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = app.verifier.verify(&parts.headers).await?;
        let bearer = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token =
            bearer.and_then(|bearer| bearer.split_once(' ')).map(|(_, token)| Token(token.trim().to_owned()));
        Ok(Self { token, ..caller })
    }
}
