//! What tokens are verified with: filled in by whoever starts the server, read by [`super::Verifier`].

use std::fmt;

use colophon_domain::Invalid;

use super::jwks::{Jwks, JwksSource};

/// What this server accepts. Whatever is absent is not accepted.
#[derive(Clone, Default)]
pub struct Keys {
    /// The secret that HS256 tokens are signed with: the private instance's own, or a project's `JWT secret`.
    pub secret: Option<Vec<u8>>,
    /// Where the public keys are that ES256, RS256 and `EdDSA` tokens are verified with.
    pub jwks: Option<Jwks>,
    /// Who must have issued a token.
    pub issuer: Issuer,
    /// The platform's own API key, `sb_secret_…`. A legacy `service_role` key is a token and needs no place here.
    pub secret_key: Option<String>,
}

/// Who must have issued a token: its `iss`, and with it whether `aud` is needed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Issuer {
    /// Whoever has the key: the project's address is not known.
    #[default]
    Any,
    /// This private instance. A token without `iss` is one of its own too.
    Own,
    /// The Supabase project whose `iss` this is. People's tokens need `iss` and `aud`.
    Project(String),
}

impl Keys {
    /// Those of a private instance, which signs its tokens itself.
    pub fn private(secret: Vec<u8>) -> Self {
        Self { secret: Some(secret), issuer: Issuer::Own, ..Self::default() }
    }

    /// Those that a Supabase project publishes at its address, `https://….supabase.co`.
    ///
    /// # Errors
    /// The address is no URL.
    pub fn project(url: &str) -> Result<Self, Invalid> {
        let url = url.trim().trim_end_matches('/');
        if !(url.starts_with("https://") || url.starts_with("http://")) {
            let reason = "is no address of a project; it looks like https://abcdefgh.supabase.co";
            return Err(Invalid::new("SUPABASE_URL", reason));
        }
        let issuer = format!("{url}/auth/v1");
        let jwks = Jwks::new(JwksSource::Url(format!("{issuer}/.well-known/jwks.json")));
        Ok(Self { jwks: Some(jwks), issuer: Issuer::Project(issuer), ..Self::default() })
    }
}

impl fmt::Debug for Keys {
    // Says what is there, and no secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("secret", &self.secret.as_ref().map(|_| "redacted"))
            .field("jwks", &self.jwks)
            .field("issuer", &self.issuer)
            .field("secret_key", &self.secret_key.as_ref().map(|_| "redacted"))
            .finish()
    }
}
