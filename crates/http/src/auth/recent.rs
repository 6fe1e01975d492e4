//! Tokens of one public key that were found good lately.
//!
//! Verifying ES256 takes many times as long as HS256, and longer than the database takes for most answers; clients send
//! the same token for an hour. What was found good belongs to its key: when the key goes, so does this.

use std::collections::HashMap;
use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use super::Refusal;
use super::claims::Holder;

/// Tokens kept at least; at most twice as many.
const KEPT: usize = 1_024;

/// By the SHA-256 of the whole token, so that no token is kept.
type Generation = HashMap<[u8; 32], Arc<Holder>>;

#[derive(Default)]
pub struct Recent(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    young: Generation,
    old: Generation,
}

impl fmt::Debug for Recent {
    // The claims are nobody's business.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recent")
    }
}

impl Recent {
    /// Whom this very token names; looks into it with `verify` unless that was done before. Its times are not judged here.
    pub fn holder(
        &self,
        token: &str,
        verify: impl FnOnce() -> Result<Holder, Refusal>,
    ) -> Result<Arc<Holder>, Refusal> {
        let digest: [u8; 32] = Sha256::digest(token).into();
        if let Some(holder) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&digest) {
            return Ok(holder);
        }
        let holder = Arc::new(verify()?);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(digest, Arc::clone(&holder));
        Ok(holder)
    }
}

impl Generations {
    fn get(&mut self, digest: &[u8; 32]) -> Option<Arc<Holder>> {
        if let Some(holder) = self.young.get(digest) {
            return Some(Arc::clone(holder));
        }
        let holder = self.old.remove(digest)?;
        self.put(*digest, Arc::clone(&holder));
        Some(holder)
    }

    /// What nobody asked for while a whole generation came is forgotten.
    fn put(&mut self, digest: [u8; 32], holder: Arc<Holder>) {
        if self.young.len() >= KEPT {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(digest, holder);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::auth::{Issuer, claims};

    fn verified() -> Holder {
        let serde_json::Value::Object(claims) = json!({ "role": "service_role", "exp": 9e9 }) else {
            panic!("claims are an object")
        };
        claims::judge(claims, &Issuer::Any, true).expect("good claims")
    }

    #[test]
    fn what_is_asked_for_stays_and_the_number_is_bounded() {
        let recent = Recent::default();
        let mut verified_favourite = 0;
        for n in 0..10 * KEPT {
            let token = n.to_string();
            recent.holder(&token, || Ok(verified())).unwrap();
            let favourite = recent.holder("favourite", || {
                verified_favourite += 1;
                Ok(verified())
            });
            favourite.unwrap();
        }
        assert_eq!(verified_favourite, 1);
        let kept = recent.0.lock().unwrap();
        assert!(kept.young.len() + kept.old.len() <= 2 * KEPT);
    }

    #[test]
    fn a_refused_token_is_not_remembered() {
        let recent = Recent::default();
        for _ in 0..2 {
            let refused = recent.holder("a", || Err(Refusal::TokenSignature));
            assert_eq!(refused.map(drop), Err(Refusal::TokenSignature));
        }
        assert!(recent.holder("a", || Ok(verified())).is_ok());
    }
}
