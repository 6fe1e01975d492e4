//! Public keys come and go.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use colophon_http::auth::{Caller, Jwks, JwksSource, Keys, Refusal, Verifier};
use futures_util::future::{join, join_all};
use uuid::Uuid;

use crate::key_server::KeyServer;
use crate::signers::{SECRET, Signer, claims, jwk_set, show};

const NEVER: Duration = Duration::ZERO;
const LONG: Duration = Duration::from_hours(1);

async fn try_as(verifier: &Verifier, signer: &Signer) -> Result<Caller, Refusal> {
    show(verifier, &signer.sign(&claims(Uuid::new_v4()))).await
}

#[tokio::test]
async fn keys_are_fetched_once_and_believed() {
    let signer = Signer::es256("a");
    let server = KeyServer::of(&[&signer]);
    let verifier = server.verifier(LONG, NEVER);
    assert_eq!(server.requests(), 0, "nothing is fetched before it is needed");
    for _ in 0..20 {
        try_as(&verifier, &signer).await.unwrap();
    }
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn a_server_that_starts_fetches_ahead_of_the_first_token() {
    let signer = Signer::es256("a");
    let server = KeyServer::of(&[&signer]);
    let verifier = server.verifier(LONG, LONG);
    verifier.prepare().await;
    verifier.prepare().await;
    try_as(&verifier, &signer).await.unwrap();
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn a_source_that_hangs_is_given_up() {
    // Before it says anything, and in the middle of its answer.
    for said in ["", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"keys\":"] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let source = JwksSource::Url(format!("http://{}/", listener.local_addr().unwrap()));
        std::thread::spawn(move || {
            let mut held = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                stream.write_all(said.as_bytes()).unwrap();
                held.push(stream);
            }
        });
        let jwks = Some(Jwks { timeout: Duration::from_millis(50), ..Jwks::new(source) });
        let verifier = Verifier::new(Keys { jwks, ..Keys::default() }).unwrap();
        assert_eq!(try_as(&verifier, &Signer::es256("a")).await.unwrap_err(), Refusal::KeysUnavailable);
    }
}

#[tokio::test]
async fn a_new_key_is_known_at_once_and_the_old_one_as_long_as_it_is_published() {
    let (old, new) = (Signer::es256("old"), Signer::eddsa("new"));
    let server = KeyServer::of(&[&old]);
    let verifier = server.verifier(LONG, NEVER);
    try_as(&verifier, &old).await.unwrap();
    server.publish(&[&old, &new]);
    try_as(&verifier, &new).await.unwrap();
    assert_eq!(server.requests(), 2);
    try_as(&verifier, &old).await.unwrap();
    server.publish(&[&new]);
    try_as(&verifier, &old).await.expect("what was fetched is believed for a while");
    // Any fetch shows that it is gone.
    assert_eq!(try_as(&verifier, &Signer::es256("other")).await.unwrap_err(), Refusal::TokenKey);
    assert_eq!(try_as(&verifier, &old).await.unwrap_err(), Refusal::TokenKey);
    try_as(&verifier, &new).await.unwrap();
}

#[tokio::test]
async fn a_removed_key_is_out_once_what_was_fetched_is_too_old() {
    let (old, new) = (Signer::es256("old"), Signer::es256("new"));
    let server = KeyServer::of(&[&old]);
    let verifier = server.verifier(NEVER, NEVER);
    let token = old.sign(&claims(Uuid::new_v4()));
    show(&verifier, &token).await.unwrap();
    server.publish(&[&new]);
    assert_eq!(
        show(&verifier, &token).await.unwrap_err(),
        Refusal::TokenKey,
        "not even one that was good before"
    );
    assert_eq!(try_as(&verifier, &old).await.unwrap_err(), Refusal::TokenKey);
    // The same token is nothing to another key of the old one's name.
    server.publish(&[&Signer::es256("old"), &new]);
    assert_eq!(show(&verifier, &token).await.unwrap_err(), Refusal::TokenSignature);
    // Nor does the same name help another key.
    let impostor = Signer::es256("new");
    assert_eq!(try_as(&verifier, &impostor).await.unwrap_err(), Refusal::TokenSignature);
    server.answer("200 OK", r#"{"keys":[]}"#);
    assert_eq!(try_as(&verifier, &new).await.unwrap_err(), Refusal::TokenKey);
}

#[tokio::test]
async fn a_source_that_fails_changes_nothing_for_the_keys_it_gave() {
    let (old, new) = (Signer::es256("old"), Signer::es256("new"));
    let server = KeyServer::of(&[&old]);
    let verifier = server.verifier(NEVER, NEVER);
    try_as(&verifier, &old).await.unwrap();
    let endless = format!("{{\"keys\":[],\"x\":\"{}\"}}", "a".repeat(300_000));
    for (status, body) in [
        ("500 Internal Server Error", ""),
        ("404 Not Found", "{}"),
        ("200 OK", "<html>"),
        ("200 OK", "{}"),
        ("200 OK", &endless),
    ] {
        server.answer(status, body);
        let before = server.requests();
        try_as(&verifier, &old).await.unwrap_or_else(|refusal| panic!("{refusal:?} after {status}"));
        assert_eq!(try_as(&verifier, &new).await.unwrap_err(), Refusal::TokenKey, "{status}");
        assert!(server.requests() > before, "it was asked again");
    }
    server.publish(&[&old, &new]);
    try_as(&verifier, &new).await.unwrap();
}

#[tokio::test]
async fn before_the_first_keys_only_tokens_that_need_them_have_to_wait() {
    let signer = Signer::es256("a");
    let server = KeyServer::of(&[]);
    server.answer("503 Service Unavailable", "");
    let verifier = server.verifier(LONG, NEVER);
    assert_eq!(try_as(&verifier, &signer).await.unwrap_err(), Refusal::KeysUnavailable);
    try_as(&verifier, &Signer::hs256(SECRET)).await.expect("the secret needs no fetch");
    let before = server.requests();
    assert_eq!(show(&verifier, "nonsense").await.unwrap_err(), Refusal::TokenMalformed);
    assert_eq!(server.requests(), before);
    server.publish(&[&signer]);
    try_as(&verifier, &signer).await.unwrap();

    // Nobody there at all, and no such file.
    let gone = JwksSource::Url("http://127.0.0.1:1/jwks.json".into());
    for source in [gone, JwksSource::File("/nowhere/jwks.json".into())] {
        let verifier = Verifier::new(Keys { jwks: Some(Jwks::new(source)), ..Keys::default() }).unwrap();
        assert_eq!(try_as(&verifier, &signer).await.unwrap_err(), Refusal::KeysUnavailable);
    }
}

#[tokio::test]
async fn a_flood_of_unknown_keys_is_no_flood_of_fetches() {
    let signer = Signer::es256("a");
    let server = KeyServer::of(&[&signer]);
    let verifier = server.verifier(LONG, LONG);
    let stranger = Signer::es256("b");
    let token = stranger.sign(&claims(Uuid::new_v4()));
    let (_, rest) = token.split_once('.').unwrap();
    let flood = (0..500).map(|n| {
        let header =
            crate::signers::encode(&serde_json::json!({ "alg": "ES256", "kid": format!("unknown-{n}") }));
        let (verifier, token) = (&verifier, format!("{header}.{rest}"));
        async move { show(verifier, &token).await.unwrap_err() }
    });
    assert!(join_all(flood).await.into_iter().all(|refused| refused == Refusal::TokenKey));
    assert_eq!(server.requests(), 1);
    try_as(&verifier, &signer).await.unwrap();
    assert_eq!(server.requests(), 1);

    // While the source is down, the same holds.
    let server = KeyServer::of(&[]);
    server.answer("500 Internal Server Error", "");
    let verifier = server.verifier(LONG, LONG);
    for _ in 0..200 {
        assert_eq!(try_as(&verifier, &stranger).await.unwrap_err(), Refusal::KeysUnavailable);
    }
    assert!(server.requests() <= 2, "{} requests", server.requests());
}

#[tokio::test]
async fn requests_that_wait_share_one_fetch() {
    let signer = Signer::es256("a");
    let server = KeyServer::of(&[]);
    server.hold();
    let verifier = server.verifier(LONG, NEVER);
    // Each of them has begun to wait before the first is given the processor again.
    let waiting = join_all((0..20).map(|_| try_as(&verifier, &signer)));
    let released = async {
        while server.requests() == 0 {
            tokio::task::yield_now().await;
        }
        server.publish(&[&signer]);
    };
    let (callers, ()) = join(waiting, released).await;
    assert!(callers.iter().all(Result::is_ok));
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn whoever_hangs_up_leaves_the_fetch_to_the_others() {
    let signer = Signer::es256("a");
    let server = KeyServer::of(&[]);
    server.hold();
    let verifier = Arc::new(server.verifier(LONG, LONG));
    let impatient = tokio::spawn({
        let (verifier, token) = (Arc::clone(&verifier), signer.sign(&claims(Uuid::new_v4())));
        async move { show(&verifier, &token).await.map(drop) }
    });
    while server.requests() == 0 {
        tokio::task::yield_now().await;
    }
    impatient.abort();
    assert!(impatient.await.unwrap_err().is_cancelled());
    server.publish(&[&signer]);
    try_as(&verifier, &signer).await.unwrap();
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn a_file_that_is_replaced_is_read_again() {
    let (old, new) = (Signer::es256("old"), Signer::rs256("new"));
    let (file, source) = crate::signers::jwks_file(&[&old]);
    let jwks = Some(Jwks { cooldown: NEVER, ..Jwks::new(source) });
    let verifier = Verifier::new(Keys { jwks, ..Keys::default() }).unwrap();
    try_as(&verifier, &old).await.unwrap();
    std::fs::write(file.path(), jwk_set(&[&new])).unwrap();
    try_as(&verifier, &new).await.unwrap();
    assert_eq!(try_as(&verifier, &old).await.unwrap_err(), Refusal::TokenKey);
}
