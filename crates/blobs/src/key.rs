//! Names of objects.

use colophon_domain::{DocumentId, ExportId, UserId};
use uuid::Uuid;

/// The name of an object to be written. ASCII, opaque, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// The file of a version: `<owner>/<document>/<object>.pdf`. The database refuses a version whose key names
    /// another document.
    Version {
        /// Owner of the document.
        owner: UserId,
        /// The document.
        document: DocumentId,
        /// Made for this write alone.
        object: Uuid,
    },
    /// A file of an export: `<owner>/<document>/exports/<export>.<extension>`.
    Export {
        /// Owner of the document.
        owner: UserId,
        /// The document.
        document: DocumentId,
        /// The export.
        export: ExportId,
        /// `json`, ….
        extension: &'static str,
    },
    /// What is written to see whether the store takes objects, and deleted at once: `probes/<object>`.
    Probe {
        /// Made for this write alone.
        object: Uuid,
    },
}

impl Key {
    /// A key for a new file of a document.
    pub fn version(owner: UserId, document: DocumentId) -> Self {
        Self::Version { owner, document, object: Uuid::now_v7() }
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Version { owner, document, object } => write!(f, "{owner}/{document}/{object}.pdf"),
            Self::Export { owner, document, export, extension } => {
                write!(f, "{owner}/{document}/exports/{export}.{extension}")
            }
            Self::Probe { object } => write!(f, "probes/{object}"),
        }
    }
}

/// What an object's name tells of it. Nothing is deleted but what has the form of our own keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// A key of ours: the file of a version or of an export.
    Object,
    /// A part of an object in the making.
    Part {
        /// The object's key.
        of: String,
    },
    /// What every system leaves about: previews, lost and found, probes.
    Junk,
    /// Somebody else's.
    Foreign,
}

impl Form {
    /// What `path` is.
    pub fn of(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        let is_junk =
            matches!(name, ".DS_Store" | "Thumbs.db" | "desktop.ini" | ".emptyFolderPlaceholder" | ".keep")
                || name.starts_with("._")
                || path.starts_with("lost+found/")
                || path.starts_with("probes/");
        if is_junk {
            return Self::Junk;
        }
        if is_key(path) {
            return Self::Object;
        }
        let part_of = path.strip_suffix(".part").or_else(|| {
            let (of, offset) = path.strip_suffix(".rest")?.rsplit_once('.')?;
            (!offset.is_empty() && offset.bytes().all(|byte| byte.is_ascii_digit())).then_some(of)
        });
        match part_of {
            Some(of) if is_key(of) => Self::Part { of: of.to_owned() },
            _ => Self::Foreign,
        }
    }
}

fn is_key(path: &str) -> bool {
    let is_id = |text: &str| text.len() == 36 && Uuid::try_parse(text).is_ok();
    let extension_of = |name: &str| {
        let (id, extension) = name.split_once('.')?;
        let is_extension = (1..=10).contains(&extension.len())
            && extension.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        (is_id(id) && is_extension).then(|| extension.to_owned())
    };
    let parts: Vec<&str> = path.split('/').collect();
    match parts[..] {
        [owner, document, file] => {
            is_id(owner) && is_id(document) && extension_of(file).as_deref() == Some("pdf")
        }
        [owner, document, "exports", file] => is_id(owner) && is_id(document) && extension_of(file).is_some(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_keys_are_known_by_their_form_and_nothing_else_is() {
        let (owner, document) = (UserId::new(), DocumentId::new());
        let version = Key::version(owner, document).to_string();
        let export = Key::Export { owner, document, export: ExportId::new(), extension: "json" }.to_string();
        for key in [&version, &export] {
            assert_eq!(Form::of(key), Form::Object);
            for part in [format!("{key}.part"), format!("{key}.5242880.rest")] {
                assert_eq!(Form::of(&part), Form::Part { of: key.clone() });
            }
        }
        let probe = Key::Probe { object: Uuid::now_v7() }.to_string();
        for junk in [&probe, ".DS_Store", "a/b/Thumbs.db", "lost+found/#12", "a/._b"] {
            assert_eq!(Form::of(junk), Form::Junk, "{junk}");
        }
        let upper = version.to_uppercase();
        for foreign in [
            "",
            "a",
            "notes.txt",
            "a/b/c.pdf",
            &format!("{version}x"),
            &format!("x/{version}"),
            &upper,
            &version.replace(".pdf", ".exe"),
            &format!("{version}..rest"),
            &format!("{version}.x.rest"),
        ] {
            assert_eq!(Form::of(foreign), Form::Foreign, "{foreign}");
        }
    }
}
