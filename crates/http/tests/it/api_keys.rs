//! Supabase's API keys, which are no tokens.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use colophon_db::CallerScope;
use colophon_http::auth::{Keys, Refusal, Verifier};
use uuid::Uuid;

use crate::signers::{SECRET, SECRET_KEY, Signer, claims, project};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";

fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
    let value = |text: &str| HeaderValue::from_str(text).unwrap();
    all.iter().map(|(name, text)| (HeaderName::from_static(name), value(text))).collect()
}

#[tokio::test]
async fn the_secret_key_is_the_platform() {
    let verifier = project(&[]).await;
    let bearer = format!("Bearer {SECRET_KEY}");
    for shown in [
        &[("apikey", SECRET_KEY)][..],
        &[("authorization", &bearer)],
        &[("authorization", &bearer), ("apikey", SECRET_KEY), ("user-agent", "supabase-py/2.34")],
    ] {
        let caller = verifier.verify(&headers(shown)).await.unwrap();
        assert!(matches!(caller.scope, CallerScope::Service(_)));
        assert_eq!(caller.user, None);
    }
}

#[tokio::test]
async fn a_key_that_is_not_ours_or_comes_from_a_browser_is_nobody() {
    let verifier = project(&[]).await;
    let almost = &SECRET_KEY[..SECRET_KEY.len() - 1];
    let more = format!("{SECRET_KEY}x");
    for unknown in ["sb_secret_", "sb_secret_another", almost, &more] {
        let refused = verifier.verify(&headers(&[("apikey", unknown)])).await.unwrap_err();
        assert_eq!(refused, Refusal::SecretKeyUnknown, "{unknown}");
    }
    // Whether it is the right one is not told.
    for key in [SECRET_KEY, "sb_secret_another"] {
        let refused =
            verifier.verify(&headers(&[("apikey", key), ("user-agent", FIREFOX)])).await.unwrap_err();
        assert_eq!(refused, Refusal::SecretKeyInBrowser);
    }
    let refused = verifier.verify(&headers(&[("apikey", "sb_publishable_a")])).await.unwrap_err();
    assert_eq!(refused, Refusal::PublishableKeyAlone);
    // A private instance has no such key, and an empty one is none.
    for secret_key in [None, Some(String::new()), Some("sb_secret_".to_owned())] {
        let verifier = Verifier::new(Keys { secret_key, ..Keys::private(SECRET.to_vec()) }).unwrap();
        for key in [SECRET_KEY, "sb_secret_"] {
            let refused = verifier.verify(&headers(&[("apikey", key)])).await.unwrap_err();
            assert_eq!(refused, Refusal::SecretKeyUnknown);
        }
    }
}

#[tokio::test]
async fn beside_a_persons_token_the_api_key_says_nothing() {
    let verifier = project(&[]).await;
    let person = Uuid::new_v4();
    let bearer = format!("Bearer {}", Signer::hs256(SECRET).sign(&claims(person)));
    let anon = Signer::hs256(SECRET).sign(&serde_json::json!({ "iss": "supabase", "role": "anon" }));
    for apikey in [SECRET_KEY, "sb_publishable_a", "sb_secret_another", &anon] {
        let shown = [("authorization", bearer.as_str()), ("apikey", apikey), ("user-agent", FIREFOX)];
        let caller = verifier.verify(&headers(&shown)).await.unwrap();
        assert!(matches!(caller.scope, CallerScope::User(_)), "a person never gets the platform's rights");
        assert_eq!(caller.user.map(|user| user.0), Some(person));
    }
}

#[test]
fn no_secret_shows_in_debug_output() {
    let keys = Keys { secret_key: Some(SECRET_KEY.into()), ..Keys::private(SECRET.to_vec()) };
    let text = format!("{keys:?} {:?}", Verifier::new(keys.clone()).unwrap());
    assert!(
        !text.contains(SECRET_KEY) && !text.contains("115, 101") && !text.contains("long enough"),
        "{text}"
    );
    let source = colophon_http::auth::JwksSource::from("https://me:word@host/jwks.json?apikey=word");
    assert_eq!(format!("{source:?} {source}").matches("word").count(), 0);
    assert_eq!(source.to_string(), "https://host/jwks.json");
}
