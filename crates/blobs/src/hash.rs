//! SHA-256 on the way, which another process can go on with.

use std::fmt::Write as _;

use sha2::digest::common::hazmat::{SerializableState as _, SerializedState};
use sha2::{Digest as _, Sha256};

/// A checksum in the making.
#[derive(Clone, Default)]
pub(crate) struct Hash(Sha256);

impl Hash {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// 64 lower-case hexadecimal digits.
    pub(crate) fn finish(self) -> String {
        hexadecimal(&self.0.finalize())
    }

    /// Where it stands, for [`Hash::resume`].
    pub(crate) fn state(&self) -> String {
        hexadecimal(&self.0.serialize())
    }

    /// Goes on from a state. None where the text is no state.
    pub(crate) fn resume(state: &str) -> Option<Self> {
        let mut bytes = SerializedState::<Sha256>::default();
        if !state.is_ascii() || state.len() != bytes.len() * 2 {
            return None;
        }
        for (byte, digits) in bytes.iter_mut().zip(state.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        }
        Sha256::deserialize(&bytes).ok().map(Self)
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_goes_on_where_it_stood() {
        let bytes: Vec<u8> = (0..1_000_u16).map(|n| u8::try_from(n % 251).unwrap()).collect();
        let mut whole = Hash::default();
        whole.update(&bytes);
        let whole = whole.finish();
        for cut in [0, 1, 63, 64, 65, 500, 1_000] {
            let mut first = Hash::default();
            first.update(&bytes[..cut]);
            let mut second = Hash::resume(&first.state()).unwrap();
            second.update(&bytes[cut..]);
            assert_eq!(second.finish(), whole, "{cut}");
        }
        for nonsense in ["", "zz", &"f".repeat(210), &"ä".repeat(105)] {
            assert!(Hash::resume(nonsense).is_none(), "{nonsense}");
        }
    }
}
