//! Those who sign tokens, rightly or not, and the verifier they meet.

use std::io::Write as _;
use std::sync::OnceLock;

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use colophon_http::auth::{Caller, Issuer, Jwks, JwksSource, Keys, Refusal, Verifier};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rsa::pkcs1::EncodeRsaPrivateKey as _;
use serde_json::{Value, json};
use uuid::Uuid;

pub const ISSUER: &str = "https://abcdefgh.supabase.co/auth/v1";
pub const SECRET: &[u8] = b"a secret that is long enough to sign with";
pub const SECRET_KEY: &str = "sb_secret_N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz";

/// Somebody with a key to sign with.
pub struct Signer {
    pub algorithm: Algorithm,
    pub kid: Option<String>,
    pub key: EncodingKey,
}

impl Signer {
    pub fn hs256(secret: &[u8]) -> Self {
        Self { algorithm: Algorithm::HS256, kid: None, key: EncodingKey::from_secret(secret) }
    }

    pub fn es256(kid: &str) -> Self {
        // PKCS#8 of a key on P-256, up to the 32 bytes of the key.
        let head =
            b"\x30\x41\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\
            \x03\x01\x07\x04\x27\x30\x25\x02\x01\x01\x04\x20";
        let key = EncodingKey::from_ec_der(&[&head[..], &random()].concat());
        Self { algorithm: Algorithm::ES256, kid: Some(kid.into()), key }
    }

    pub fn eddsa(kid: &str) -> Self {
        let head = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
        let key = EncodingKey::from_ed_der(&[&head[..], &random()].concat());
        Self { algorithm: Algorithm::EdDSA, kid: Some(kid.into()), key }
    }

    /// One key for all tests of the process: primes take their time.
    pub fn rs256(kid: &str) -> Self {
        static KEY: OnceLock<Vec<u8>> = OnceLock::new();
        let der = KEY.get_or_init(|| {
            let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap();
            key.to_pkcs1_der().unwrap().as_bytes().to_vec()
        });
        Self { algorithm: Algorithm::RS256, kid: Some(kid.into()), key: EncodingKey::from_rsa_der(der) }
    }

    /// One of each kind of public key.
    pub fn public() -> [Self; 3] {
        [Self::es256("of-ec"), Self::eddsa("of-ed"), Self::rs256("of-rsa")]
    }

    /// The public half, as a project publishes it.
    pub fn jwk(&self) -> Value {
        let mut jwk =
            serde_json::to_value(Jwk::from_encoding_key(&self.key, self.algorithm).unwrap()).unwrap();
        jwk["kid"] = json!(self.kid);
        jwk["use"] = json!("sig");
        jwk
    }

    pub fn header(&self) -> Value {
        let mut header = json!({ "alg": self.algorithm, "typ": "JWT" });
        if let Some(kid) = &self.kid {
            header["kid"] = json!(kid);
        }
        header
    }

    pub fn sign(&self, claims: &Value) -> String {
        self.sign_under(&self.header(), claims)
    }

    /// Signs what no library would.
    pub fn sign_under(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", encode(header), encode(claims));
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &self.key, self.algorithm).unwrap();
        format!("{message}.{signature}")
    }

    /// What this signer would say in the usual way, through the library.
    pub fn sign_as_usual(&self, claims: &Value) -> String {
        let header = Header { kid: self.kid.clone(), ..Header::new(self.algorithm) };
        jsonwebtoken::encode(&header, claims, &self.key).unwrap()
    }
}

pub fn encode(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

pub fn jwk_set(signers: &[&Signer]) -> String {
    json!({ "keys": signers.iter().map(|signer| signer.jwk()).collect::<Vec<_>>() }).to_string()
}

/// A source that needs no network. The file goes with the value.
pub fn jwks_file(signers: &[&Signer]) -> (tempfile::NamedTempFile, JwksSource) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(jwk_set(signers).as_bytes()).unwrap();
    let source = JwksSource::File(file.path().to_owned());
    (file, source)
}

/// The verifier of a project with a shared secret, these public keys, and a secret key.
pub async fn project(public: &[&Signer]) -> Verifier {
    let (_file, source) = jwks_file(public);
    let jwks = Some(Jwks::new(source));
    let verifier = Verifier::new(Keys {
        secret: Some(SECRET.to_vec()),
        jwks,
        issuer: Issuer::Project(ISSUER.into()),
        secret_key: Some(SECRET_KEY.into()),
    });
    let verifier = verifier.unwrap();
    // Has the file read while it is there.
    if let Some(signer) = public.first() {
        show(&verifier, &signer.sign(&claims(Uuid::new_v4()))).await.unwrap();
    }
    verifier
}

/// A project's claims of an ordinary person, good for an hour.
pub fn claims(person: Uuid) -> Value {
    let now = now();
    json!({
        "iss": ISSUER, "aud": "authenticated", "sub": person, "role": "authenticated", "iat": now, "exp": now + 3_600,
        "email": "somebody@example.com", "app_metadata": { "provider": "email" }, "user_metadata": {},
        "aal": "aal1", "amr": [{ "method": "password", "timestamp": now }], "session_id": Uuid::new_v4(),
        "is_anonymous": false,
    })
}

/// Other claims; `null` takes one away.
pub fn with(claims: &Value, changes: &Value) -> Value {
    let mut claims = claims.clone();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}

pub fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// Shows a token as a request does.
pub async fn show(verifier: &Verifier, token: &str) -> Result<Caller, Refusal> {
    verifier.verify(&bearer(token)).await
}

pub fn bearer(token: &str) -> HeaderMap {
    let value = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
    HeaderMap::from_iter([(header::AUTHORIZATION, value)])
}

fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(Uuid::new_v4().as_bytes());
    bytes[16..].copy_from_slice(Uuid::new_v4().as_bytes());
    bytes
}
