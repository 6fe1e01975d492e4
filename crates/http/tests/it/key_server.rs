//! A project's address for public keys: a real server that counts, changes, fails, and lets itself be waited for.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use colophon_http::auth::{Issuer, Jwks, JwksSource, Keys, Verifier};

use crate::signers::{ISSUER, SECRET, Signer, jwk_set};

#[derive(Clone)]
pub struct KeyServer {
    pub url: String,
    shared: Arc<Shared>,
}

struct Shared {
    requests: AtomicUsize,
    /// What is answered; `None`: nothing until there is something.
    answer: Mutex<Option<(&'static str, String)>>,
    changed: Condvar,
}

impl KeyServer {
    pub fn of(signers: &[&Signer]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/auth/v1/.well-known/jwks.json", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            requests: AtomicUsize::new(0),
            answer: Mutex::new(Some(("200 OK", jwk_set(signers)))),
            changed: Condvar::new(),
        });
        let server = Self { url, shared };
        let serving = Arc::clone(&server.shared);
        // Ends with the process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let serving = Arc::clone(&serving);
                std::thread::spawn(move || {
                    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                    while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
                    serving.requests.fetch_add(1, Ordering::SeqCst);
                    let waiting = serving.answer.lock().unwrap();
                    let answer = serving.changed.wait_while(waiting, |answer| answer.is_none()).unwrap();
                    let (status, body) = answer.clone().unwrap();
                    drop(answer);
                    let head = format!(
                        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                        body.len()
                    );
                    // Who asked may have gone.
                    let _ =
                        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
                });
            }
        });
        server
    }

    /// How often it was asked.
    pub fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::SeqCst)
    }

    pub fn publish(&self, signers: &[&Signer]) {
        self.answer("200 OK", &jwk_set(signers));
    }

    pub fn answer(&self, status: &'static str, body: &str) {
        *self.shared.answer.lock().unwrap() = Some((status, body.to_owned()));
        self.shared.changed.notify_all();
    }

    /// From now on who asks has to wait.
    pub fn hold(&self) {
        *self.shared.answer.lock().unwrap() = None;
    }

    /// A verifier that fetches here, and nothing of which is kept or held back unless said.
    pub fn verifier(&self, max_age: Duration, cooldown: Duration) -> Verifier {
        let jwks = Jwks { max_age, cooldown, ..Jwks::new(JwksSource::Url(self.url.clone())) };
        let issuer = Issuer::Project(ISSUER.into());
        Verifier::new(Keys { secret: Some(SECRET.into()), jwks: Some(jwks), issuer, secret_key: None })
            .unwrap()
    }
}
