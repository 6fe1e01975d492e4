//! Who is let in, and as whom.

use colophon_db::{CallerScope, Scope as _};
use colophon_http::auth::{Issuer, Keys, Role, Verifier};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::signers::{ISSUER, SECRET, Signer, claims, now, project, show, with};

#[tokio::test]
async fn a_person_is_known_by_a_token_of_any_kind_of_key() {
    let public = Signer::public();
    let verifier = project(&public.each_ref()).await;
    let legacy = Signer::hs256(SECRET);
    // A project that has moved to signing keys gives its shared secret an id too.
    let with_kid = Signer { kid: Some(Uuid::new_v4().to_string()), ..Signer::hs256(SECRET) };
    for signer in public.iter().chain([&legacy, &with_kid]) {
        let person = Uuid::new_v4();
        let claims = claims(person);
        let caller = show(&verifier, &signer.sign_as_usual(&claims)).await.unwrap();
        assert_eq!(caller.user.map(|user| user.0), Some(person), "{:?}", signer.algorithm);
        assert_eq!(caller.scope.role(), "authenticated");
        let seen: Value = serde_json::from_str(caller.scope.claims()).unwrap();
        assert_eq!(seen, claims, "the database gets the claims as they were signed");
    }
}

#[tokio::test]
async fn what_may_differ_is_let_in() {
    let signer = Signer::es256("k");
    let verifier = project(&[&signer]).await;
    let person = Uuid::new_v4();
    let shouted = person.to_string().to_uppercase();
    for changes in [
        json!({ "aud": ["somebody else", "authenticated"] }),
        json!({ "exp": now() - 30 }),
        json!({ "nbf": now() + 30 }),
        json!({ "exp": 1e11 }),
        json!({ "iat": null, "email": null, "session_id": null }),
        json!({ "sub": shouted }),
        json!({ "user_metadata": { "name": "文 \\u0000 \"' \u{1F600}", "null": null } }),
    ] {
        let caller = show(&verifier, &signer.sign(&with(&claims(person), &changes))).await;
        assert_eq!(caller.unwrap().user.map(|user| user.0), Some(person), "{changes}");
    }
}

#[tokio::test]
async fn the_platform_is_known_by_its_role_and_by_its_legacy_key_signed_with_the_secret_alone() {
    let signer = Signer::es256("k");
    let verifier = project(&[&signer]).await;
    let person = Uuid::new_v4();
    let own = with(&claims(person), &json!({ "role": "service_role" }));
    let caller = show(&verifier, &signer.sign(&own)).await.unwrap();
    assert!(matches!(caller.scope, CallerScope::Service(_)));
    assert_eq!(caller.user.map(|user| user.0), Some(person));
    for iss in ["supabase", "supabase-demo"] {
        let key =
            json!({ "iss": iss, "ref": "abcdefgh", "role": "service_role", "iat": 1, "exp": now() + 9 });
        let caller = show(&verifier, &Signer::hs256(SECRET).sign(&key)).await.unwrap();
        assert!(matches!(caller.scope, CallerScope::Service(_)));
        assert_eq!(caller.user, None);
        assert_eq!(show(&verifier, &signer.sign(&key)).await.unwrap_err().code(), "token_issuer");
        let anon = with(&key, &json!({ "role": "anon" }));
        assert_eq!(
            show(&verifier, &Signer::hs256(SECRET).sign(&anon)).await.unwrap_err().code(),
            "token_role"
        );
        let person = with(&key, &json!({ "role": "authenticated", "sub": person, "aud": "authenticated" }));
        let refused = show(&verifier, &Signer::hs256(SECRET).sign(&person)).await.unwrap_err();
        assert_eq!(refused.code(), "token_issuer");
    }
}

#[tokio::test]
async fn the_private_instance_takes_what_it_mints_and_claims_without_issuer_and_audience() {
    let verifier = Verifier::new(Keys::private(SECRET.to_vec())).unwrap();
    let person = Uuid::new_v4();
    for role in [Role::Authenticated, Role::ServiceRole] {
        let token = verifier.mint(person.into(), role, 60).unwrap();
        let caller = show(&verifier, &token).await.unwrap();
        assert_eq!(caller.user.map(|user| user.0), Some(person));
        assert_eq!(serde_json::to_value(role).unwrap(), caller.scope.role());
    }
    let short = json!({ "sub": person, "role": "authenticated", "exp": now() + 60 });
    let signer = Signer::hs256(SECRET);
    assert!(show(&verifier, &signer.sign(&short)).await.is_ok());
    for iss in [json!(ISSUER), json!("supabase"), json!(""), json!(["colophon"]), json!(7)] {
        let refused = show(&verifier, &signer.sign(&with(&short, &json!({ "iss": iss })))).await;
        assert_eq!(refused.unwrap_err().code(), "token_issuer", "{iss}");
    }
    let elsewhere = signer.sign(&with(&short, &json!({ "aud": "elsewhere" })));
    assert_eq!(show(&verifier, &elsewhere).await.unwrap_err().code(), "token_audience");
    // It has no public keys, whatever a token names.
    let public = Signer::es256("k").sign(&short);
    assert_eq!(show(&verifier, &public).await.unwrap_err().code(), "token_algorithm");
}

#[tokio::test]
async fn a_secret_alone_lets_in_whoever_it_signed_for() {
    let keys = Keys { secret: Some(SECRET.to_vec()), issuer: Issuer::Any, ..Keys::default() };
    let verifier = Verifier::new(keys).unwrap();
    let claims = claims(Uuid::new_v4());
    for changes in [json!({}), json!({ "iss": null, "aud": null }), json!({ "iss": "http://localhost:8000" })]
    {
        let token = Signer::hs256(SECRET).sign(&with(&claims, &changes));
        assert!(show(&verifier, &token).await.is_ok(), "{changes}");
    }
}

#[test]
fn a_secret_that_anybody_could_guess_is_refused_at_the_start() {
    for secret in ["", "short", "31 bytes are one too few, sorry"] {
        let refused = Verifier::new(Keys { secret: Some(secret.into()), ..Keys::default() }).unwrap_err();
        assert!(refused.to_string().contains("HS256 needs 32"), "{refused}");
        assert!(secret.is_empty() || !refused.to_string().contains(secret));
    }
    for url in ["", "abcdefgh", "abcdefgh.supabase.co", "postgres://abcdefgh.supabase.co"] {
        assert!(Keys::project(url).is_err(), "{url}");
    }
    let keys = Keys::project("https://abcdefgh.supabase.co/").unwrap();
    assert_eq!(keys.issuer, Issuer::Project(ISSUER.into()));
    let place = keys.jwks.unwrap().source.to_string();
    assert_eq!(place, format!("{ISSUER}/.well-known/jwks.json"));
}
