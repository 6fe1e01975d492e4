//! What a store says when it does not do what it was asked, in words that help.

use crate::Error;

/// Sorts an error of the client.
pub(super) fn error(verb: &'static str, path: &str, error: &object_store::Error) -> Error {
    let chain = chain(error);
    let key = path.to_owned();
    let (code, message) = (tag(&chain, "Code"), tag(&chain, "Message"));
    match (code, error) {
        (Some("NoSuchKey" | "NoSuchUpload"), _) => Error::NotFound { key },
        (Some(code), _) if remedy(code).is_some() => {
            let reason = message.unwrap_or("it says no more").to_owned();
            Error::Refused { verb, key, code: code.to_owned(), reason }
        }
        (_, object_store::Error::NotFound { .. }) => Error::NotFound { key },
        (_, object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => {
            Error::Exists { key }
        }
        (_, object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. }) => {
            let reason = message.unwrap_or("it says no more").to_owned();
            Error::Refused { verb, key, code: code.unwrap_or("AccessDenied").to_owned(), reason }
        }
        (Some(code), _) => {
            let reason = format!("{code}: {}", message.unwrap_or_default());
            Error::Store { verb, key, reason }
        }
        (None, other) => Error::Store { verb, key, reason: innermost(other) },
    }
}

/// What to do about a refusal.
pub(crate) fn remedy(code: &str) -> Option<&'static str> {
    Some(match code {
        "InvalidAccessKeyId" | "InvalidAccessKey" | "NotSignedUp" => {
            "the store does not know the access key: look at AWS_ACCESS_KEY_ID"
        }
        "SignatureDoesNotMatch" => {
            "the secret does not belong to the access key, or the region is another: look at \
             AWS_SECRET_ACCESS_KEY and storage.region"
        }
        "ExpiredToken" | "InvalidToken" | "TokenRefreshRequired" => {
            "get a new session token (AWS_SESSION_TOKEN)"
        }
        "RequestTimeTooSkewed" | "RequestExpired" => {
            "this machine's clock is wrong: let it keep time by NTP (timedatectl set-ntp true)"
        }
        "NoSuchBucket" => "make the bucket, or name another with --storage-url",
        "AuthorizationHeaderMalformed" | "PermanentRedirect" | "IllegalLocationConstraintException" => {
            "the bucket is in another region: say it with storage.region"
        }
        "AccessDenied" | "AllAccessDisabled" | "AccountProblem" => {
            "let the access key read, write, list and delete the bucket's objects"
        }
        "EntityTooLarge" => "raise the bucket's limit for the size of a file, or lower upload_limit",
        "InvalidMimeType" => "let the bucket take this type of file",
        "QuotaExceeded" | "XMinioStorageFull" | "InsufficientStorage" => "make room in the store",
        _ => return None,
    })
}

/// An element of the XML that stores answer errors with.
fn tag<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(content, _)| content)
}

fn causes<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |e| e.source())
}

fn chain(error: &object_store::Error) -> String {
    causes(error).map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The operating system's own words rather than five wrappers around them.
fn innermost(error: &object_store::Error) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_by_its_code_and_with_a_remedy() {
        let body = "<?xml version=\"1.0\"?><Error><Code>RequestTimeTooSkewed</Code><Message>too \
                    large</Message></Error>";
        let refused = object_store::Error::Generic { store: "S3", source: body.into() };
        let told = error("write", "a/b", &refused).to_string();
        assert!(
            told.starts_with("cannot write a/b: the store refuses (RequestTimeTooSkewed: too large)"),
            "{told}"
        );
        assert!(told.contains("clock"), "{told}");
        let other = object_store::Error::Generic { store: "S3", source: "connection reset".into() };
        assert!(matches!(error("write", "a/b", &other), Error::Store { .. }));
    }
}
