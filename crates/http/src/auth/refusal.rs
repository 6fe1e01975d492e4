//! Why nobody is let in: a stable code that says which check failed, and what to do. Never anything of the credential.

use axum::http::StatusCode;

use crate::Problem;

/// Why a credential is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is described once, in `words`")]
pub enum Refusal {
    TokenMissing,
    TokenTooLong,
    TokenMalformed,
    TokenAlgorithm,
    TokenKey,
    TokenSignature,
    TokenClaims,
    TokenExpired,
    TokenNotYetValid,
    TokenIssuer,
    TokenAudience,
    TokenRole,
    TokenSubject,
    ApiKeyMismatch,
    PublishableKeyAlone,
    SecretKeyUnknown,
    SecretKeyInBrowser,
    KeysUnavailable,
}

impl Refusal {
    /// Every refusal there is.
    pub const ALL: [Self; 18] = [
        Self::TokenMissing,
        Self::TokenTooLong,
        Self::TokenMalformed,
        Self::TokenAlgorithm,
        Self::TokenKey,
        Self::TokenSignature,
        Self::TokenClaims,
        Self::TokenExpired,
        Self::TokenNotYetValid,
        Self::TokenIssuer,
        Self::TokenAudience,
        Self::TokenRole,
        Self::TokenSubject,
        Self::ApiKeyMismatch,
        Self::PublishableKeyAlone,
        Self::SecretKeyUnknown,
        Self::SecretKeyInBrowser,
        Self::KeysUnavailable,
    ];

    /// The stable name of the check that failed.
    pub fn code(self) -> &'static str {
        self.words().0
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::TokenMissing => {
                ("token_missing", "no token came with the request; send Authorization: Bearer TOKEN")
            }
            Self::TokenTooLong => {
                ("token_too_long", "the token is longer than 8192 bytes; get one with fewer claims")
            }
            Self::TokenMalformed => ("token_malformed", "what was sent is no JSON Web Token; get a new one"),
            Self::TokenAlgorithm => (
                "token_algorithm",
                "the token's algorithm is not the one of its key; get a token from this project",
            ),
            Self::TokenKey => (
                "token_key",
                "the token names no key that this project signs with today; get a new token by signing in again",
            ),
            Self::TokenSignature => {
                ("token_signature", "the token's signature is wrong; get a token from this project")
            }
            Self::TokenClaims => {
                ("token_claims", "the token lacks `exp`, or a claim cannot be read; get a new one")
            }
            Self::TokenExpired => ("token_expired", "the token has expired; get a new one"),
            Self::TokenNotYetValid => {
                ("token_not_yet_valid", "the token is not valid yet; look at the clocks, or try later")
            }
            Self::TokenIssuer => {
                ("token_issuer", "the token was issued by another project; get one from this project")
            }
            Self::TokenAudience => ("token_audience", "the token is not meant for people's access; sign in"),
            Self::TokenRole => {
                ("token_role", "the token's role is neither authenticated nor service_role; sign in")
            }
            Self::TokenSubject => ("token_subject", "the token's `sub` is no UUID; sign in"),
            Self::ApiKeyMismatch => (
                "api_key_mismatch",
                "Authorization holds an API key other than the one in apikey; send a token, or the same key",
            ),
            Self::PublishableKeyAlone => (
                "publishable_key_alone",
                "a publishable key names nobody; sign in, and send the token as Authorization: Bearer TOKEN",
            ),
            Self::SecretKeyUnknown => (
                "secret_key_unknown",
                "the secret key is not the one this server knows; look at SUPABASE_SECRET_KEY",
            ),
            Self::SecretKeyInBrowser => (
                "secret_key_in_browser",
                "a secret key must never be in a browser; replace the key, and send a person's token instead",
            ),
            Self::KeysUnavailable => (
                "keys_unavailable",
                "the keys that tokens are verified with cannot be fetched right now; try again",
            ),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (code, detail) = refusal.words();
        let status = match refusal {
            Refusal::KeysUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::UNAUTHORIZED,
        };
        Self::new(status, code, detail)
    }
}

#[cfg(test)]
mod tests {
    use super::Refusal;

    #[test]
    fn every_refusal_is_documented_by_its_code() {
        let page = include_str!("../../../../docs/security.md");
        for refusal in Refusal::ALL {
            assert!(page.contains(&format!("| `{}` |", refusal.code())), "{}", refusal.code());
        }
    }
}
