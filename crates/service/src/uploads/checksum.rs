//! What a sender says that the bytes of one request come to.

use sha1::Sha1;
use sha2::{Digest as _, Sha256};

/// A checksum of the bytes of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksum {
    algorithm: Algorithm,
    digest: Vec<u8>,
}

/// How a checksum is made. SHA-1 is what tus demands of every server and what its clients send; it is asked for
/// accidents, not for attackers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Self; 2] = [Self::Sha1, Self::Sha256];

    /// Its name in `Upload-Checksum`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
        }
    }

    const fn bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }
}

impl Checksum {
    /// A checksum; `None` where it has not as many bytes as one of this algorithm.
    pub fn new(algorithm: Algorithm, digest: Vec<u8>) -> Option<Self> {
        (digest.len() == algorithm.bytes()).then_some(Self { algorithm, digest })
    }

    pub(super) fn begin(&self) -> Running {
        match self.algorithm {
            Algorithm::Sha1 => Running::Sha1(Sha1::new()),
            Algorithm::Sha256 => Running::Sha256(Sha256::new()),
        }
    }

    pub(super) fn fits(&self, running: Running) -> bool {
        match running {
            Running::Sha1(hash) => hash.finalize()[..] == self.digest,
            Running::Sha256(hash) => hash.finalize()[..] == self.digest,
        }
    }
}

/// A checksum in the making.
#[derive(Debug)]
pub(super) enum Running {
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Running {
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(hash) => hash.update(bytes),
            Self::Sha256(hash) => hash.update(bytes),
        }
    }
}
