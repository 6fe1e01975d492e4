//! How a document is encrypted, found without decrypting anything.

use hayro_syntax::DecryptionError;
use hayro_syntax::object::{Dict, FromBytes, MaybeRef, Name};

use crate::types::Encryption;

/// The encryption a trailer names, if any. The dictionary itself is never encrypted nor packed into a stream, so it can
/// be found by its object number alone, even where the cross-reference table is broken.
pub(super) fn find(bytes: &[u8], trailer: Option<&Dict<'_>>) -> Option<Encryption> {
    let entry = match trailer {
        Some(trailer) => trailer.get_raw::<Dict<'_>>("Encrypt")?,
        None => MaybeRef::<Dict<'_>>::from_bytes(after_last(bytes, b"/Encrypt")?.trim_ascii_start())?,
    };
    let dict = match entry {
        MaybeRef::NotRef(dict) => dict,
        MaybeRef::Ref(id) => {
            let name = format!("{} {} obj", id.obj_number, id.gen_number);
            Dict::from_bytes(after_object_header(bytes, name.as_bytes())?.trim_ascii_start())?
        }
    };
    Some(describe(&dict))
}

fn describe(dict: &Dict<'_>) -> Encryption {
    let handler =
        dict.get::<Name<'_>>("Filter").map_or_else(|| "unknown".into(), |name| name.as_str().to_owned());
    let bits = dict.get::<u32>("Length");
    let method = match dict.get::<u32>("V") {
        Some(1) => "RC4-40".into(),
        Some(2 | 3) => format!("RC4-{}", bits.unwrap_or(40)),
        Some(4 | 5) => match stream_cipher(dict).as_deref() {
            Some("V2") => format!("RC4-{}", bits.unwrap_or(128)),
            Some("AESV2") => "AES-128".into(),
            Some("AESV3") => "AES-256".into(),
            Some("None") | None => "none".into(),
            Some(_) => "unknown".into(),
        },
        _ => "unknown".into(),
    };
    Encryption { method, handler, revision: dict.get::<u32>("R"), needs_password: false }
}

/// The method of the crypt filter used for streams.
fn stream_cipher(dict: &Dict<'_>) -> Option<String> {
    let filter = dict.get::<Name<'_>>("StmF")?;
    let method = dict.get::<Dict<'_>>("CF")?.get::<Dict<'_>>(filter.as_ref())?.get::<Name<'_>>("CFM")?;
    Some(method.as_str().to_owned())
}

/// Why a document cannot be decrypted at all, with or without a password.
pub(super) fn unreadable(error: DecryptionError) -> String {
    let why = match error {
        DecryptionError::MissingIDEntry => "the file identifier that the key depends on is missing",
        DecryptionError::PasswordProtected => "it needs a password",
        DecryptionError::InvalidEncryption => "its encryption dictionary is broken",
        DecryptionError::UnsupportedAlgorithm => "its method of encryption is not known to us",
    };
    format!("it is encrypted, and {why}")
}

fn after_last<'a>(bytes: &'a [u8], needle: &[u8]) -> Option<&'a [u8]> {
    let at = bytes.windows(needle.len()).rposition(|window| window == needle)?;
    Some(&bytes[at + needle.len()..])
}

/// What follows the last `12 0 obj` that is not the end of `112 0 obj`.
fn after_object_header<'a>(bytes: &'a [u8], header: &[u8]) -> Option<&'a [u8]> {
    let mut end = bytes.len();
    loop {
        let at = bytes[..end].windows(header.len()).rposition(|window| window == header)?;
        if at == 0 || !bytes[at - 1].is_ascii_digit() {
            return Some(&bytes[at + header.len()..]);
        }
        end = at + header.len() - 1;
    }
}
