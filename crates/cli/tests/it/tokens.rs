//! Who is not let in, and why.

use jsonwebtoken::Algorithm;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::{Api, id};
use crate::pdf::numbered;
use crate::server::{Server, claims, sign_with};

#[test]
fn a_token_that_is_not_ours_is_refused_and_told_why() {
    let server = Server::shared();
    let person = Uuid::new_v4();
    let with = |changes: Value| {
        let mut claims = claims(person);
        for (name, value) in changes.as_object().unwrap() {
            match value {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
                value => claims[name] = value.clone(),
            }
        }
        server.sign(&claims)
    };
    let now = jiff::Timestamp::now().as_second();
    let good = server.token(person);
    let (head, rest) = good.split_once('.').unwrap();
    let (body, signature) = rest.split_once('.').unwrap();
    // {"alg":"none","typ":"JWT"}
    let none = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}.");
    let other_body = server.token(Uuid::new_v4());
    let swapped = format!("{head}.{}.{signature}", other_body.split('.').nth(1).unwrap());
    let secret = server.folder.token_secret();
    let cases = [
        ("not a token", "nonsense".to_owned(), "token_malformed"),
        ("two dots", "..".to_owned(), "token_malformed"),
        ("cut short", good[..good.len() - 3].to_owned(), "token_signature"),
        (
            "signed by another",
            sign_with("another secret", Algorithm::HS256, &claims(person)),
            "token_signature",
        ),
        ("another's claims", swapped, "token_signature"),
        ("alg none", none, "token_malformed"),
        ("another algorithm", sign_with(&secret, Algorithm::HS512, &claims(person)), "token_algorithm"),
        ("expired", with(json!({ "exp": now - 3_600 })), "token_expired"),
        ("no end", with(json!({ "exp": null })), "token_claims"),
        ("not yet", with(json!({ "nbf": now + 3_600 })), "token_not_yet_valid"),
        ("another audience", with(json!({ "aud": "another" })), "token_audience"),
        ("no role", with(json!({ "role": null })), "token_role"),
        ("unknown role", with(json!({ "role": "postgres" })), "token_role"),
        ("anon", with(json!({ "role": "anon" })), "token_role"),
        ("nobody", with(json!({ "sub": null })), "token_subject"),
        ("no UUID", with(json!({ "sub": "me" })), "token_subject"),
    ];
    for (what, token, code) in cases {
        let api = server.with_token(&token);
        for path in ["/v1/documents", "/v1/jobs", "/v1/search?q=a"] {
            let answer = api.get(path);
            assert_eq!((answer.status, &answer.json()["code"]), (401, &json!(code)), "{what}");
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
        api.upload("filename=a.pdf", &numbered("a", 1)).refused(401, code);
    }
    assert_eq!(server.with_token(&good).get("/v1/documents").status, 200);
}

#[test]
fn no_route_of_the_api_is_open_without_a_token() {
    let server = Server::shared();
    let some = "01999999-9999-7999-8999-999999999999";
    for authorization in
        [None, Some("Basic dXNlcjpwYXNz".to_owned()), Some("Bearer".to_owned()), Some(String::new())]
    {
        let api = Api::with_authorization(&server.ready.url, authorization);
        for path in crate::strangers::ROUTES {
            let path = path.replace("{document}", some).replace("{zone}", some);
            let path = path.replace("{job}", some).replace("{export}", some);
            api.get(&path).refused(401, "token_missing");
        }
        api.get("/v1/documents").refused(401, "token_missing");
        api.get("/v1/jobs").refused(401, "token_missing");
        api.get("/v1/search?q=a").refused(401, "token_missing");
        api.upload("filename=a.pdf", &numbered("a", 1)).refused(401, "token_missing");
        api.post_json(&format!("/v1/documents/{some}/jobs"), &json!({})).refused(401, "token_missing");
        assert_eq!(api.get("/healthz").status, 200, "whether it lives is no secret");
    }
}

#[test]
fn a_token_of_the_command_line_opens_what_it_says() {
    let server = Server::shared();
    let person = server.person();
    let document = person.api.upload("filename=a.pdf", &numbered("a", 1)).expect(201);
    let path = format!("/v1/documents/{}", id(&document));
    let mint = |args: &[&str]| {
        let token = server.folder.done(&[&["token"], args].concat());
        assert_eq!(token.lines().count(), 1);
        server.with_token(token.trim())
    };
    let user = person.id.to_string();
    assert_eq!(mint(&["--user", &user]).read(&path), document);
    assert_eq!(mint(&["--role", "service_role"]).read(&path), document);
    mint(&[]).get(&path).refused(404, "not_found");
    mint(&["--user", &user, "--ttl", "1h", "--role", "authenticated"]).read(&path);
    // Whoever is nobody can own nothing.
    let mut platform = claims(person.id);
    platform["role"] = "service_role".into();
    platform.as_object_mut().unwrap().remove("sub");
    let platform = server.with_token(&server.sign(&platform));
    platform.upload("filename=a.pdf", &numbered("a", 1)).refused(400, "owner_needed");
    platform.read(&path);
}
