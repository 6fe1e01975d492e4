//! `storage.url`: a folder, a bucket, or a bucket of the Supabase project.

use std::path::PathBuf;

use super::sources::Raw;
use super::values::{Refusal, text};

/// Where the objects are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StorageUrl {
    /// `file:///folder`
    Folder(PathBuf),
    /// `s3://bucket?endpoint=…&region=…&path_style=…`
    S3 { bucket: String, endpoint: Option<String>, region: Option<String>, path_style: Option<bool> },
    /// `supabase://bucket?project=…`
    Supabase {
        bucket: String,
        /// The project's reference, where its URL does not tell it.
        project: Option<String>,
    },
}

/// Whose rights decide what may be done in a bucket of a Supabase project.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Identity {
    /// The platform's.
    #[default]
    Service,
    /// Those of whoever calls, by the project's own policies.
    Caller,
}

const FORMS: &str = "say file:///folder, s3://bucket?endpoint=https://…&region=… or supabase://bucket";

pub fn storage_url(raw: &Raw) -> Result<StorageUrl, Refusal> {
    let text = text(raw)?;
    let unknown = || Refusal::new("is no place for objects", FORMS);
    let (scheme, rest) = text.split_once("://").ok_or_else(unknown)?;
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut parameters = parameters(query)?;
    let mut take =
        |name: &str| parameters.iter().position(|(n, _)| n == name).map(|at| parameters.remove(at).1);
    let url = match scheme {
        // A folder's name may hold anything.
        "file" if rest.starts_with('/') => return Ok(StorageUrl::Folder(PathBuf::from(rest))),
        "s3" => StorageUrl::S3 {
            bucket: bucket(place)?,
            endpoint: take("endpoint").map(|text| endpoint(&text)).transpose()?,
            region: take("region").map(|region| name_of_region(&region)).transpose()?,
            path_style: take("path_style").map(|value| yes_or_no(&value)).transpose()?,
        },
        "supabase" => StorageUrl::Supabase { bucket: bucket(place)?, project: take("project") },
        _ => return Err(unknown()),
    };
    match parameters.first() {
        None => Ok(url),
        // Its value may be a secret that somebody thought belonged there.
        Some((name, _)) => {
            let remedy = "s3:// knows endpoint, region and path_style, supabase:// knows project; keys are said \
                          with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
            Err(Refusal::new(format!("has a parameter {name:?} that means nothing"), remedy))
        }
    }
}

pub fn region(raw: &Raw) -> Result<String, Refusal> {
    name_of_region(text(raw)?)
}

pub fn identity(raw: &Raw) -> Result<Identity, Refusal> {
    match text(raw)? {
        "service" => Ok(Identity::Service),
        "caller" => Ok(Identity::Caller),
        _ => Err(Refusal::new("is nobody", "say service or caller")),
    }
}

fn bucket(name: &str) -> Result<String, Refusal> {
    let name = name.trim_end_matches('/');
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.contains('@') {
        let remedy = "keys are said with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
        return Err(Refusal::new("holds something before an @", remedy));
    }
    if (1..=99).contains(&name.len()) && name.chars().all(allowed) {
        return Ok(name.to_owned());
    }
    Err(Refusal::new(
        "names no bucket",
        "a bucket has a name of letters, digits, - . and _, and no folder in it",
    ))
}

fn endpoint(text: &str) -> Result<String, Refusal> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let sound = |host: &str| {
        !host.is_empty() && !host.contains(['@', '?', '#']) && !host.contains(char::is_whitespace)
    };
    if host.is_some_and(sound) {
        return Ok(text.trim_end_matches('/').to_owned());
    }
    Err(Refusal::new("has an endpoint that is no URL of a web server", "say endpoint=https://s3.example.org"))
}

fn name_of_region(name: &str) -> Result<String, Refusal> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if !name.is_empty() && name.chars().all(allowed) {
        return Ok(name.to_owned());
    }
    Err(Refusal::new("names no region", "say it as eu-central-1"))
}

fn yes_or_no(text: &str) -> Result<bool, Refusal> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Refusal::new("says neither true nor false of path_style", "say path_style=true")),
    }
}

fn parameters(query: &str) -> Result<Vec<(String, String)>, Refusal> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let parameters = pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((decoded(name)?, decoded(value)?))
    });
    let broken = || Refusal::new("has a % that stands for nothing", "write it as %25");
    parameters.collect::<Option<_>>().ok_or_else(broken)
}

/// Percent-encoding undone (RFC 3986 §2.1).
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &rest[2..];
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::super::sources::Origin;
    use super::*;

    fn read(text: &str) -> Result<StorageUrl, String> {
        let raw = Raw { value: text.into(), origin: Origin::Default };
        storage_url(&raw).map_err(|refusal| format!("{} {}", refusal.what, refusal.remedy))
    }

    #[test]
    fn every_kind_of_place_is_read() {
        assert_eq!(read("file:///srv/a?b"), Ok(StorageUrl::Folder("/srv/a?b".into())));
        let bucket = |endpoint: Option<&str>, region: Option<&str>, path_style| StorageUrl::S3 {
            bucket: "docs".to_owned(),
            endpoint: endpoint.map(str::to_owned),
            region: region.map(str::to_owned),
            path_style,
        };
        assert_eq!(read("s3://docs"), Ok(bucket(None, None, None)));
        let own = "s3://docs?endpoint=http%3A%2F%2F127.0.0.1:9000/&region=eu-1&path_style=false";
        assert_eq!(read(own), Ok(bucket(Some("http://127.0.0.1:9000"), Some("eu-1"), Some(false))));
        let project = Some("stub".to_owned());
        let supabase = StorageUrl::Supabase { bucket: "documents".to_owned(), project };
        assert_eq!(read("supabase://documents?project=stub"), Ok(supabase));
    }

    #[test]
    fn what_is_no_place_is_refused_without_repeating_secrets() {
        for text in [
            "",
            "/srv",
            "file://srv",
            "gs://docs",
            "s3://",
            "s3://a/b",
            "s3://docs?endpoint=minio:9000",
            "s3://docs?region=",
            "s3://docs?path_style=1",
            "s3://docs?endpoint=%",
            "s3://docs?endpoint=https://a@b",
            "supabase://documents?region=eu-1",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        for text in ["s3://key:hunter2@docs", "s3://docs?secret_access_key=hunter2"] {
            let told = read(text).unwrap_err();
            assert!(told.contains("AWS_SECRET_ACCESS_KEY") && !told.contains("hunter2"), "{told}");
        }
    }
}
