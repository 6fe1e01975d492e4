//! Who is not let in, and the code that says why.

use std::time::{Duration, Instant};

use colophon_http::auth::{Jwks, Keys, Verifier};
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::signers::{ISSUER, SECRET, Signer, claims, encode, jwk_set, jwks_file, now, project, show, with};

/// What is wrong, a token of which that is true, and the code.
type Case = (String, String, &'static str);

/// What each kind of key has in common.
pub fn bad_tokens(signer: &Signer, person: Uuid) -> Vec<Case> {
    [bad_claims(signer, person), bad_signatures(signer, person)].concat()
}

/// Claims spoilt, then signed rightly.
fn bad_claims(signer: &Signer, person: Uuid) -> Vec<Case> {
    let cases = [
        (json!({ "exp": now() - 3_600 }), "token_expired"),
        (json!({ "exp": now() - 70 }), "token_expired"),
        (json!({ "exp": 0 }), "token_expired"),
        (json!({ "exp": null }), "token_claims"),
        (json!({ "exp": "tomorrow" }), "token_claims"),
        (json!({ "exp": -1 }), "token_expired"),
        (json!({ "exp": [9e9] }), "token_claims"),
        (json!({ "exp": { "in": 3600 } }), "token_claims"),
        (json!({ "nbf": now() + 3_600 }), "token_not_yet_valid"),
        (json!({ "nbf": now() + 70 }), "token_not_yet_valid"),
        (json!({ "nbf": "yesterday" }), "token_claims"),
        (json!({ "user_metadata": { "name": "a\0b" } }), "token_claims"),
        (json!({ "user_metadata": [{ "a\0b": 1 }] }), "token_claims"),
        (json!({ "iss": null }), "token_issuer"),
        (json!({ "iss": "" }), "token_issuer"),
        (json!({ "iss": "https://ijklmnop.supabase.co/auth/v1" }), "token_issuer"),
        (json!({ "iss": format!("{ISSUER}/") }), "token_issuer"),
        (json!({ "iss": [ISSUER] }), "token_issuer"),
        (json!({ "iss": "supabase" }), "token_issuer"),
        (json!({ "iss": "colophon" }), "token_issuer"),
        (json!({ "aud": null }), "token_audience"),
        (json!({ "aud": "another" }), "token_audience"),
        (json!({ "aud": "" }), "token_audience"),
        (json!({ "aud": [] }), "token_audience"),
        (json!({ "aud": ["another"] }), "token_audience"),
        (json!({ "aud": true }), "token_audience"),
        (json!({ "aud": { "authenticated": true } }), "token_audience"),
        (json!({ "role": null }), "token_role"),
        (json!({ "role": "" }), "token_role"),
        (json!({ "role": "anon" }), "token_role"),
        (json!({ "role": "postgres" }), "token_role"),
        (json!({ "role": "supabase_admin" }), "token_role"),
        (json!({ "role": "authenticator" }), "token_role"),
        (json!({ "role": "Service_Role" }), "token_role"),
        (json!({ "role": ["service_role"] }), "token_role"),
        (json!({ "role": "service_role", "sub": "me" }), "token_subject"),
        (json!({ "sub": null }), "token_subject"),
        (json!({ "sub": "" }), "token_subject"),
        (json!({ "sub": "me" }), "token_subject"),
        (json!({ "sub": 7 }), "token_subject"),
        (json!({ "sub": format!("{person}'; drop table documents; --") }), "token_subject"),
        // PostgreSQL reads these otherwise than we do, or not at all.
        (json!({ "sub": person.urn() }), "token_subject"),
        (json!({ "sub": person.braced() }), "token_subject"),
        (json!({ "sub": person.simple() }), "token_subject"),
        (json!({ "user_metadata": "a".repeat(16_000) }), "token_too_long"),
    ];
    let case = |(changes, code): (Value, _)| {
        (changes.to_string(), signer.sign(&with(&claims(person), &changes)), code)
    };
    cases.into_iter().map(case).collect()
}

/// Signed rightly, then spoilt.
fn bad_signatures(signer: &Signer, person: Uuid) -> Vec<Case> {
    let good = claims(person);
    let mut cases = Vec::new();
    let token = signer.sign(&good);
    let [head, body, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    let other = signer.sign(&claims(Uuid::new_v4()));
    let other = other.split('.').nth(1).unwrap();
    let stranger = match signer.algorithm {
        Algorithm::HS256 => Signer::hs256(b"another secret, as long as the right one"),
        Algorithm::EdDSA => Signer::eddsa(signer.kid.as_deref().unwrap()),
        _ => Signer::es256(signer.kid.as_deref().unwrap()),
    };
    let header = signer.header();
    let under = |changes: Value| encode(&with(&header, &changes));
    let none = under(json!({ "alg": "none" }));
    for (what, token, code) in [
        ("garbage", "nonsense".to_owned(), "token_malformed"),
        ("two dots", "..".to_owned(), "token_malformed"),
        ("many dots", ".".repeat(8_000), "token_malformed"),
        ("noise", "4pyTIMOg.bGEgbW9kZQ.w6AgbGEgbW9kZQ".to_owned(), "token_malformed"),
        ("no JSON", format!("{}.{body}.{signature}", encode(&json!("alg"))), "token_malformed"),
        ("not base64", format!("{head}.{body}.{}", "!".repeat(86)), "token_malformed"),
        ("four parts", format!("{token}.{signature}"), "token_malformed"),
        ("one part less", format!("{head}.{body}"), "token_malformed"),
        (
            "a critical extension",
            format!("{}.{body}.{signature}", under(json!({ "crit": ["b64"], "b64": false }))),
            "token_malformed",
        ),
        ("16 kB", "a".repeat(16_384), "token_too_long"),
        ("no signature", format!("{head}.{body}."), "token_signature"),
        (
            "cut short",
            format!("{head}.{body}.{}", &signature[..signature.len() / 4 * 4 - 4]),
            "token_signature",
        ),
        (
            "zeros as signature",
            format!("{head}.{body}.{}", "A".repeat(signature.len() / 4 * 4)),
            "token_signature",
        ),
        ("another's claims", format!("{head}.{other}.{signature}"), "token_signature"),
        ("alg none, unsigned", format!("{none}.{body}."), "token_algorithm"),
        ("alg none, signed", format!("{none}.{body}.{signature}"), "token_algorithm"),
        ("alg None", format!("{}.{body}.", under(json!({ "alg": "None" }))), "token_algorithm"),
        ("alg HS512", format!("{}.{body}.{signature}", under(json!({ "alg": "HS512" }))), "token_algorithm"),
        ("alg PS256", format!("{}.{body}.{signature}", under(json!({ "alg": "PS256" }))), "token_algorithm"),
        ("alg empty", format!("{}.{body}.{signature}", under(json!({ "alg": "" }))), "token_algorithm"),
        ("alg missing", format!("{}.{body}.{signature}", under(json!({ "alg": null }))), "token_malformed"),
        ("x5c a number", format!("{}.{body}.{signature}", under(json!({ "x5c": 7 }))), "token_malformed"),
        ("kid a number", format!("{}.{body}.{signature}", under(json!({ "kid": 7 }))), "token_malformed"),
    ] {
        cases.push((what.into(), token, code));
    }
    if signer.algorithm != Algorithm::RS256 {
        cases.push(("signed by a stranger".into(), stranger.sign(&good), "token_signature"));
    }
    cases
}

/// What only tokens of public keys can get wrong.
fn confused(signer: &Signer, public: &[&Signer], person: Uuid) -> Vec<Case> {
    let good = claims(person);
    let kid = signer.kid.as_deref().unwrap();
    let mut cases = Vec::new();
    let mut add = |what: String, token: String, code| cases.push((what, token, code));
    add("no kid".into(), signer.sign_under(&json!({ "alg": signer.algorithm }), &good), "token_key");
    for unknown in ["", "unknown", "of-ec ", "../of-ec", "of-ec\0"] {
        let header = json!({ "alg": signer.algorithm, "kid": unknown });
        add(format!("kid {unknown:?}"), signer.sign_under(&header, &good), "token_key");
    }
    // A key that the token brings along is not looked at.
    let own = Signer::es256(kid);
    let header = json!({ "alg": "ES256", "kid": "brought", "jwk": own.jwk(), "jku": "https://example.com" });
    add("a key of its own".into(), own.sign_under(&header, &good), "token_key");
    for other in public.iter().filter(|other| other.algorithm != signer.algorithm) {
        let header = json!({ "alg": other.algorithm, "kid": kid });
        add(format!("{:?} for {kid}", other.algorithm), other.sign_under(&header, &good), "token_algorithm");
    }
    // The public key, which everybody has, as if it were a secret.
    let jwk = signer.jwk();
    for text in [jwk.to_string(), jwk["x"].to_string(), jwk["n"].to_string(), jwk_set(public)] {
        let forger = Signer::hs256(text.as_bytes());
        let named = forger.sign_under(&json!({ "alg": "HS256", "kid": kid }), &good);
        add("HMAC with the public key, named".into(), named, "token_algorithm");
        add("HMAC with the public key".into(), forger.sign(&good), "token_signature");
    }
    let shared = Signer::hs256(SECRET).sign_under(&json!({ "alg": "HS256", "kid": kid }), &good);
    add("the secret under the name of a public key".into(), shared, "token_algorithm");
    cases
}

#[tokio::test]
async fn every_bad_token_is_refused_with_the_code_of_the_check_that_failed() {
    let public = Signer::public();
    let public = public.each_ref();
    let verifier = project(&public).await;
    let secret = Signer::hs256(SECRET);
    let person = Uuid::new_v4();
    let mut count = 0;
    for signer in [&secret].into_iter().chain(public) {
        let mut cases = bad_tokens(signer, person);
        if signer.kid.is_some() {
            cases.extend(confused(signer, &public, person));
        }
        for (what, token, code) in cases {
            let refused = show(&verifier, &token).await.expect_err(&what);
            assert_eq!(refused.code(), code, "{:?}: {what}", signer.algorithm);
            count += 1;
        }
        assert!(show(&verifier, &signer.sign(&claims(person))).await.is_ok());
    }
    assert!(count > 250, "{count} bad tokens");
}

#[tokio::test]
async fn without_a_shared_secret_no_hs256_token_is_taken() {
    let signer = Signer::es256("k");
    let (_file, source) = jwks_file(&[&signer]);
    let jwks = Some(Jwks::new(source));
    let verifier = Verifier::new(Keys { jwks, ..Keys::default() }).unwrap();
    let claims = claims(Uuid::new_v4());
    assert!(show(&verifier, &signer.sign(&claims)).await.is_ok());
    for secret in [SECRET, b"", signer.jwk().to_string().as_bytes()] {
        let forged = Signer::hs256(secret);
        for token in
            [forged.sign(&claims), forged.sign_under(&json!({ "alg": "HS256", "kid": "k" }), &claims)]
        {
            assert_eq!(show(&verifier, &token).await.unwrap_err().code(), "token_algorithm");
        }
    }
}

#[tokio::test]
async fn a_token_that_was_good_before_is_refused_once_it_has_expired() {
    let signer = Signer::es256("k");
    let verifier = project(&[&signer]).await;
    // Has a second or two left, of the minute by which clocks may differ.
    let token = signer.sign(&with(&claims(Uuid::new_v4()), &json!({ "exp": now() - 58 })));
    show(&verifier, &token).await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    let refused = loop {
        match show(&verifier, &token).await {
            Err(refused) => break refused,
            Ok(_) => assert!(Instant::now() < deadline, "it never expires"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(refused.code(), "token_expired");
}
