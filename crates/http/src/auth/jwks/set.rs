//! From a JSON Web Key Set to keys, each with the one algorithm that it is for.

use std::collections::HashMap;
use std::sync::Arc;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};
use serde::Deserialize;
use serde_json::Value;

use crate::auth::verifier::Key;

/// Bytes of an RSA modulus at least: 2048 bits (RFC 7518 §3.3), and at most what the verification takes.
const RSA_MODULUS: std::ops::RangeInclusive<usize> = 256..=512;

/// Bytes of a public key of Ed25519.
const ED25519: usize = 32;

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

/// Reads a set. A key that cannot be used is left out, with a line in the log: the others are needed all the same.
pub fn read(bytes: &[u8]) -> Result<HashMap<String, Arc<Key>>, String> {
    let set: Set = serde_json::from_slice(bytes).map_err(|error| format!("it is no JWK set: {error}"))?;
    let mut keys = HashMap::new();
    for jwk in set.keys {
        match key(jwk) {
            Ok((kid, key)) if !keys.contains_key(&kid) => drop(keys.insert(kid, Arc::new(key))),
            Ok((kid, _)) => tracing::warn!(kid, "a second key of the same id is left out"),
            Err(reason) => tracing::warn!(reason, "a key that tokens could be signed with is left out"),
        }
    }
    Ok(keys)
}

fn key(jwk: Value) -> Result<(String, Key), &'static str> {
    let jwk: Jwk = serde_json::from_value(jwk).map_err(|_| "it is no JWK")?;
    let kid = jwk.common.key_id.clone().ok_or("it has no kid")?;
    let for_signatures = jwk.common.public_key_use.as_ref().is_none_or(|u| *u == PublicKeyUse::Signature);
    let operations = jwk.common.key_operations.as_ref();
    if !for_signatures || operations.is_some_and(|all| !all.contains(&KeyOperations::Verify)) {
        return Err("it is not for verifying signatures");
    }
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => Algorithm::ES256,
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        AlgorithmParameters::OctetKey(_) => return Err("it is a shared secret, which nobody may publish"),
        _ => return Err("it is of no kind that is known here (EC P-256, OKP Ed25519, RSA)"),
    };
    if jwk.common.key_algorithm.is_some_and(|said| said != KeyAlgorithm::from(algorithm)) {
        return Err("its alg is none of ES256, EdDSA, RS256, or not one of its kind");
    }
    let decoding = DecodingKey::from_jwk(&jwk).map_err(|_| "its numbers cannot be read")?;
    let whole = match decoding.kind() {
        DecodingKeyKind::RsaModulusExponent { n, .. } => RSA_MODULUS.contains(&n.len()),
        DecodingKeyKind::SecretOrDer(bytes) => algorithm != Algorithm::EdDSA || bytes.len() == ED25519,
    };
    // Verifying anything tells whether the point lies on its curve.
    if !whole || jsonwebtoken::crypto::verify("", b"", &decoding, algorithm).is_err() {
        return Err("its numbers are no public key, or one of less than 2048 bits");
    }
    Ok((kid, Key::new(decoding, algorithm)))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    use super::*;

    // Public keys that the RFCs print (7517 A.1, 8037 A.2), and a modulus that nobody has the factors of.
    const X: &str = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4";
    const Y: &str = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM";
    const ED: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    fn modulus(bytes: usize) -> String {
        URL_SAFE_NO_PAD.encode(vec![0xff; bytes])
    }

    fn ec(changes: Value) -> Value {
        with(json!({ "kid": "k", "kty": "EC", "crv": "P-256", "x": X, "y": Y }), changes)
    }

    fn ed(changes: Value) -> Value {
        with(json!({ "kid": "k", "kty": "OKP", "crv": "Ed25519", "x": ED }), changes)
    }

    fn rsa(changes: Value) -> Value {
        with(json!({ "kid": "k", "kty": "RSA", "n": modulus(256), "e": "AQAB" }), changes)
    }

    fn with(mut jwk: Value, changes: Value) -> Value {
        let Value::Object(changes) = changes else { panic!("changes are an object") };
        jwk.as_object_mut().unwrap().extend(changes);
        jwk
    }

    fn algorithm(jwk: &Value) -> Option<Algorithm> {
        let keys = read(json!({ "keys": [jwk] }).to_string().as_bytes()).expect("a set");
        keys.get("k").map(|key| key.algorithm)
    }

    #[test]
    fn every_key_has_the_one_algorithm_of_its_kind() {
        for (jwk, expected) in [
            (ec(json!({})), Algorithm::ES256),
            (
                ec(json!({ "alg": "ES256", "use": "sig", "key_ops": ["verify"], "ext": true })),
                Algorithm::ES256,
            ),
            (ed(json!({})), Algorithm::EdDSA),
            (ed(json!({ "alg": "EdDSA" })), Algorithm::EdDSA),
            (rsa(json!({})), Algorithm::RS256),
            (rsa(json!({ "alg": "RS256" })), Algorithm::RS256),
            (rsa(json!({ "n": modulus(512) })), Algorithm::RS256),
        ] {
            assert_eq!(algorithm(&jwk), Some(expected), "{jwk}");
        }
    }

    #[test]
    fn a_key_that_cannot_be_used_is_left_out_and_the_others_stay() {
        let unusable = [
            json!({ "kid": "k", "kty": "oct", "k": "c2VjcmV0" }),
            json!({ "kid": "k", "kty": "oct", "k": "c2VjcmV0", "alg": "HS256" }),
            ec(json!({ "kid": null })),
            ec(json!({ "alg": "HS256" })),
            ec(json!({ "alg": "ES384" })),
            ec(json!({ "alg": "none" })),
            ec(json!({ "use": "enc" })),
            ec(json!({ "key_ops": ["sign"] })),
            ec(json!({ "crv": "P-384" })),
            ec(json!({ "crv": "secp256k1" })),
            ec(json!({ "x": Y, "y": X })),
            ec(json!({ "x": "" })),
            ec(json!({ "x": "not base64!" })),
            ed(json!({ "x": "" })),
            ed(json!({ "x": "AQAB" })),
            ed(json!({ "crv": "Ed448" })),
            rsa(json!({ "n": modulus(128) })),
            rsa(json!({ "n": modulus(1024) })),
            rsa(json!({ "alg": "PS256" })),
            rsa(json!({ "alg": "HS256" })),
            json!({}),
            json!("k"),
            Value::Null,
        ];
        for jwk in &unusable {
            assert_eq!(algorithm(jwk), None, "{jwk}");
        }
        let mut all = unusable.to_vec();
        all.push(ed(json!({ "kid": "good" })));
        let keys = read(json!({ "keys": all }).to_string().as_bytes()).expect("a set");
        assert_eq!(keys.keys().collect::<Vec<_>>(), ["good"]);
    }

    #[test]
    fn of_two_keys_with_one_id_the_first_counts() {
        let set = json!({ "keys": [ec(json!({})), ed(json!({}))] }).to_string();
        assert_eq!(read(set.as_bytes()).expect("a set")["k"].algorithm, Algorithm::ES256);
    }

    #[test]
    fn what_is_no_set_is_refused_and_an_empty_one_is_one() {
        for text in ["", "null", "[]", "{}", "<html>", r#"{"keys":{}}"#, r#"{"keys":"#] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
        assert!(read(br#"{"keys":[]}"#).expect("a set").is_empty());
    }

    #[test]
    fn no_set_whatever_makes_the_reader_panic() {
        let set =
            json!({ "keys": [ec(json!({})), ed(json!({})), rsa(json!({ "alg": "RS256" }))] }).to_string();
        for seed in 0..3_000 {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut bytes = set.clone().into_bytes();
            for _ in 0..random.usize(1..4) {
                let at = random.usize(..bytes.len());
                match random.u8(..3) {
                    0 => bytes[at] = random.u8(0x20..0x7f),
                    1 => drop(bytes.remove(at)),
                    _ => drop(bytes.drain(at..(at + 40).min(bytes.len()))),
                }
            }
            // Whatever comes of it: it ends.
            drop(read(&bytes));
        }
    }
}
