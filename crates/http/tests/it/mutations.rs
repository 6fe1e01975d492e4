//! A token with anything changed is no token.

use axum::http::{HeaderMap, HeaderValue, header};
use uuid::Uuid;

use crate::signers::{SECRET, Signer, claims, project};

/// What a token is written with, and what is near to it.
const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=.+/";

/// One to three changes of the kinds that people and accidents make.
fn mutate(token: &str, other: &str, random: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = token.as_bytes().to_vec();
    for _ in 0..random.usize(1..=3) {
        let at = random.usize(..bytes.len());
        match random.u8(..8) {
            0 => bytes[at] ^= 1 << random.u8(..7),
            1 => bytes[at] = random.u8(..),
            2 => bytes[at] = *random.choice(ALPHABET).unwrap(),
            3 if bytes.len() > 1 => drop(bytes.remove(at)),
            4 => bytes.insert(at, random.u8(..)),
            5 => bytes.truncate(at.max(1)),
            6 => bytes.splice(at.., other.bytes().skip(at)).for_each(drop),
            _ => {
                let with = random.usize(..bytes.len());
                bytes.swap(at, with);
            }
        }
    }
    bytes
}

#[tokio::test]
async fn no_mutation_of_a_token_verifies_and_none_makes_the_verifier_panic() {
    let public = Signer::public();
    let verifier = project(&public.each_ref()).await;
    let secret = Signer::hs256(SECRET);
    let seed = fastrand::u64(..);
    let mut random = fastrand::Rng::with_seed(seed);
    let mut tried = 0;
    for (signer, rounds) in [(&secret, 8_000), (&public[0], 1_000), (&public[1], 1_000), (&public[2], 1_000)]
    {
        let good = signer.sign(&claims(Uuid::new_v4()));
        let other = signer.sign(&claims(Uuid::new_v4()));
        for _ in 0..rounds {
            let bytes = mutate(&good, &other, &mut random);
            let same = |token: &str| bytes.trim_ascii() == token.as_bytes();
            // What a header cannot hold, nobody can send.
            let Ok(value) = HeaderValue::from_bytes(&[b"Bearer ", &bytes[..]].concat()) else { continue };
            if same(&good) || same(&other) {
                continue;
            }
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value)]);
            let shown = verifier.verify(&headers).await;
            assert!(shown.is_err(), "seed {seed}: {}", String::from_utf8_lossy(&bytes));
            tried += 1;
        }
    }
    assert!(tried > 5_500, "{tried} of 11000 could be sent");
}
