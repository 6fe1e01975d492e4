//! What a request shows for itself, by its headers alone.

use axum::http::{HeaderMap, HeaderName, header};

use super::Refusal;

const APIKEY: HeaderName = HeaderName::from_static("apikey");
pub const SECRET_KEY_PREFIX: &str = "sb_secret_";
const PUBLISHABLE_KEY_PREFIX: &str = "sb_publishable_";

/// Bytes that a token may have. Claims go to the database with each transaction, so they are kept small.
const LONGEST: usize = 8 * 1024;

#[derive(Debug, PartialEq, Eq)]
pub enum Credential<'a> {
    /// What should be a JSON Web Token.
    Token(&'a str),
    /// A Supabase secret key: `sb_secret_…`.
    SecretKey(&'a str),
}

impl<'a> Credential<'a> {
    /// Supabase's clients send `apikey` with every request. Beside a person's token it says nothing; alone, or equal to
    /// what `Authorization` holds, a new-style key is the credential itself.
    pub fn of(headers: &'a HeaderMap) -> Result<Self, Refusal> {
        let apikey = || Ok(single(headers, APIKEY)?.filter(|key| is_api_key(key)));
        let shown = match single(headers, header::AUTHORIZATION)? {
            Some(authorization) => bearer(authorization).ok_or(Refusal::TokenMissing)?,
            None => apikey()?.ok_or(Refusal::TokenMissing)?,
        };
        if shown.len() > LONGEST {
            return Err(Refusal::TokenTooLong);
        }
        if !is_api_key(shown) {
            return Ok(Self::Token(shown));
        }
        if apikey()?.is_some_and(|apikey| apikey != shown) {
            return Err(Refusal::ApiKeyMismatch);
        }
        if shown.starts_with(PUBLISHABLE_KEY_PREFIX) {
            return Err(Refusal::PublishableKeyAlone);
        }
        Ok(Self::SecretKey(shown))
    }
}

/// A header that must not come twice: whoever stands before this server may have looked at the other one.
fn single(headers: &HeaderMap, name: HeaderName) -> Result<Option<&str>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    match (value.to_str(), values.next()) {
        (Ok(text), None) => Ok(Some(text.trim())),
        _ => Err(Refusal::TokenMalformed),
    }
}

fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn is_api_key(text: &str) -> bool {
    text.starts_with(SECRET_KEY_PREFIX) || text.starts_with(PUBLISHABLE_KEY_PREFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(headers: &[(&'static str, &str)]) -> Result<String, Refusal> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        Credential::of(&map).map(|credential| format!("{credential:?}"))
    }

    #[test]
    fn an_api_key_counts_alone_or_twice_the_same_and_never_beside_a_token() {
        let secret = Ok(r#"SecretKey("sb_secret_a")"#.to_owned());
        let token = Ok(r#"Token("a.b.c")"#.to_owned());
        assert_eq!(of(&[("apikey", "sb_secret_a")]), secret);
        assert_eq!(of(&[("authorization", "Bearer sb_secret_a")]), secret);
        assert_eq!(of(&[("authorization", "bearer sb_secret_a"), ("apikey", "sb_secret_a")]), secret);
        assert_eq!(of(&[("authorization", "Bearer a.b.c"), ("apikey", "sb_secret_a")]), token);
        assert_eq!(of(&[("authorization", "Bearer a.b.c"), ("apikey", "sb_publishable_a")]), token);
        assert_eq!(of(&[("authorization", "Bearer a.b.c"), ("apikey", "an.anon.token")]), token);
        for other in ["sb_secret_b", "sb_publishable_a"] {
            let both = [("authorization", "Bearer sb_secret_a"), ("apikey", other)];
            assert_eq!(of(&both), Err(Refusal::ApiKeyMismatch));
        }
        assert_eq!(of(&[("apikey", "sb_publishable_a")]), Err(Refusal::PublishableKeyAlone));
        assert_eq!(of(&[("authorization", "Bearer sb_publishable_a")]), Err(Refusal::PublishableKeyAlone));
    }

    #[test]
    fn what_is_no_credential_is_none() {
        assert_eq!(of(&[]), Err(Refusal::TokenMissing));
        for none in ["", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "a.b.c"] {
            assert_eq!(of(&[("authorization", none)]), Err(Refusal::TokenMissing), "{none:?}");
            let beside_key = [("authorization", none), ("apikey", "sb_secret_a")];
            assert_eq!(of(&beside_key), Err(Refusal::TokenMissing), "{none:?}");
        }
        // A legacy key is a token, and counts only where tokens are sent.
        assert_eq!(of(&[("apikey", "an.anon.token")]), Err(Refusal::TokenMissing));
        let twice = [("authorization", "Bearer a.b.c"), ("authorization", "Bearer a.b.c")];
        assert_eq!(of(&twice), Err(Refusal::TokenMalformed));
        // Beside a token nothing of `apikey` is looked at.
        let beside = [("authorization", "Bearer a.b.c"), ("apikey", "sb_secret_a"), ("apikey", "é")];
        assert!(of(&beside).is_ok());
        assert_eq!(of(&beside[1..]), Err(Refusal::TokenMalformed));
        let longest = format!("Bearer {}", "a".repeat(LONGEST));
        assert!(of(&[("authorization", &longest)]).is_ok());
        assert_eq!(of(&[("authorization", &format!("{longest}a"))]), Err(Refusal::TokenTooLong));
    }
}
