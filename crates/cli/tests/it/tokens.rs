//! Who is not let in, and why.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Stdio};

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::{Api, id};
use crate::folder::{Folder, only_with_a_private_instance, ran};
use crate::pdf::numbered;
use crate::server::{Server, claims, sign_with};

#[test]
fn a_token_that_is_not_ours_is_refused_and_told_why() {
    only_with_a_private_instance!();
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
        ("alg none", none, "token_algorithm"),
        ("another algorithm", sign_with(&secret, Algorithm::HS512, &claims(person)), "token_algorithm"),
        ("expired", with(json!({ "exp": now - 3_600 })), "token_expired"),
        ("no end", with(json!({ "exp": null })), "token_claims"),
        ("not yet", with(json!({ "nbf": now + 3_600 })), "token_not_yet_valid"),
        ("another audience", with(json!({ "aud": "another" })), "token_audience"),
        ("no role", with(json!({ "role": null })), "token_role"),
        ("another issuer", with(json!({ "iss": "https://abcdefgh.supabase.co/auth/v1" })), "token_issuer"),
        ("16 kB", "a".repeat(16_384), "token_too_long"),
        ("a publishable key", "sb_publishable_a".to_owned(), "publishable_key_alone"),
        ("a secret key", "sb_secret_a".to_owned(), "secret_key_unknown"),
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
            assert_eq!(answer.header("www-authenticate"), r#"Bearer error="invalid_token""#);
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
            let path = path.replace("{job}", some).replace("{export}", some).replace("{schedule}", some);
            api.get(&path).refused(401, "token_missing");
        }
        let answer = api.get("/v1/documents");
        answer.refused(401, "token_missing");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
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

#[test]
fn tokens_of_a_project_are_the_projects_own_business() {
    let folder = Folder::new();
    let mut command = folder.command(&["token"]);
    command.env("COLOPHON_DATABASE_URL", "postgresql://somebody@localhost/d").env("SUPABASE_URL", PROJECT);
    let ran = ran(command.output().unwrap());
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
    assert!(ran.stderr.contains("made by its platform"), "{ran:?}");
}

#[test]
fn the_secret_of_an_instance_is_for_its_user_alone() {
    only_with_a_private_instance!();
    let server = Server::shared();
    let secret = server.folder.data().join("token-secret");
    assert_eq!(fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
    let secret = fs::read_to_string(secret).unwrap();
    assert!(secret.trim().len() >= 32, "long enough for HS256");
    assert!(!server.log().contains(secret.trim()));
}

const PROJECT: &str = "https://abcdefgh.supabase.co";
const SECRET_KEY: &str = "sb_secret_N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz";

/// `serve` on a database that another program keeps, as a Supabase project does.
struct Shared {
    process: Child,
    folder: Folder,
    url: String,
}

impl Shared {
    /// With the project's address, its public keys in a file, and its secret key.
    fn start(database_url: &str, jwks: &Value) -> Self {
        let folder = Folder::private();
        let file = folder.scratch().join("jwks.json");
        fs::write(&file, jwks.to_string()).unwrap();
        let args = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--ready-json",
            "--workers",
            "0",
            "--database-url",
            database_url,
        ];
        let mut command = folder.command(&args);
        command
            .env("SUPABASE_URL", PROJECT)
            .env("SUPABASE_JWKS", file)
            .env("SUPABASE_SECRET_KEY", SECRET_KEY);
        let log = File::create(folder.scratch().join("serve.log")).unwrap();
        let mut process = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let mut shared = Self { process, folder, url: String::new() };
        let ready: Value =
            serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line:?}: {}", shared.log()));
        assert_eq!(ready["token"], Value::Null, "a project hands out its tokens itself");
        ready["url"].as_str().unwrap().clone_into(&mut shared.url);
        shared
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.scratch().join("serve.log")).unwrap()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A new key on P-256: what signs with it, and what the project publishes.
fn signing_key(kid: &str) -> (EncodingKey, Value) {
    // PKCS#8, up to the 32 bytes of the key.
    let head =
        b"\x30\x41\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\
        \x03\x01\x07\x04\x27\x30\x25\x02\x01\x01\x04\x20";
    let secret = [*Uuid::new_v4().as_bytes(), *Uuid::new_v4().as_bytes()].concat();
    let key = EncodingKey::from_ec_der(&[&head[..], &secret].concat());
    let mut jwk = serde_json::to_value(Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap()).unwrap();
    jwk["kid"] = kid.into();
    (key, json!({ "keys": [jwk] }))
}

#[test]
fn a_projects_tokens_are_taken_on_a_shared_database_and_no_others() {
    let private = Server::shared();
    let (key, jwks) = signing_key("today");
    let shared = Shared::start(&private.ready.database_url, &jwks);
    let sign = |person: Uuid, kid: &str| {
        let mut claims = claims(person);
        claims["iss"] = format!("{PROJECT}/auth/v1").into();
        let header = Header { kid: Some(kid.into()), ..Header::new(Algorithm::ES256) };
        jsonwebtoken::encode(&header, &claims, &key).unwrap()
    };
    let person = Uuid::new_v4();
    let api = Api::new(&shared.url, &sign(person, "today"));
    let document = api.upload("filename=a.pdf", &numbered("a", 1)).expect(201);
    assert_eq!(document["uploaded_by"], person.to_string());
    let path = format!("/v1/documents/{}", id(&document));
    Api::new(&shared.url, &sign(Uuid::new_v4(), "today")).get(&path).refused(404, "not_found");
    Api::new(&shared.url, &sign(person, "tomorrow")).get(&path).refused(401, "token_key");

    // The private instance's tokens are no tokens of the project, nor the other way round.
    let own = private.token(person);
    Api::new(&shared.url, &own).get(&path).refused(401, "token_algorithm");
    assert_eq!(private.with_token(&own).read(&path), document);
    private.with_token(&sign(person, "today")).get(&path).refused(401, "token_algorithm");

    let nobody = Api::with_authorization(&shared.url, None);
    let with_key = |key: &str, agent: &str| nobody.get_with(&path, &[("apikey", key), ("user-agent", agent)]);
    assert_eq!(with_key(SECRET_KEY, "python-httpx/0.28").expect(200), document);
    with_key(SECRET_KEY, "Mozilla/5.0 (X11; Linux x86_64)").refused(401, "secret_key_in_browser");
    with_key("sb_secret_another", "python-httpx/0.28").refused(401, "secret_key_unknown");
    with_key("sb_publishable_a", "python-httpx/0.28").refused(401, "publishable_key_alone");
    private.with_token("nonsense").get_with(&path, &[("apikey", SECRET_KEY)]).refused(401, "token_malformed");

    let log = shared.log();
    assert!(!log.contains(SECRET_KEY) && !log.contains("eyJ") && !log.contains("panicked"), "{log}");
}

#[test]
fn a_shared_database_without_keys_is_a_mistake_of_usage() {
    let private = Server::shared();
    let url = &private.ready.database_url;
    let folder = Folder::private();
    for (variables, words) in [
        (&[][..], &["SUPABASE_URL", "SUPABASE_JWKS", "SUPABASE_JWT_SECRET"][..]),
        (&[("SUPABASE_URL", ""), ("SUPABASE_JWT_SECRET", " ")], &["SUPABASE_URL", "SUPABASE_JWT_SECRET"]),
        (&[("SUPABASE_SECRET_KEY", SECRET_KEY)], &["SUPABASE_URL"]),
        (&[("SUPABASE_JWT_SECRET", "hunter2")], &["SUPABASE_JWT_SECRET", "32"]),
        (&[("SUPABASE_URL", "abcdefgh")], &["SUPABASE_URL", "https://"]),
    ] {
        let mut command = folder.command(&["serve", "--listen", "127.0.0.1:0", "--database-url", url]);
        let ran = ran(command.envs(variables.iter().copied()).output().unwrap());
        assert_eq!((ran.code, ran.stderr.lines().count()), (Some(2), 1), "{variables:?}: {ran:?}");
        assert!(words.iter().all(|word| ran.stderr.contains(word)), "{variables:?}: {ran:?}");
        assert!(!ran.stderr.contains("hunter2") && !ran.stderr.contains(SECRET_KEY), "{ran:?}");
    }
}
