//! Identifiers: a type for each noun, so that a zone's id is never taken for a document's.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new identifier, UUIDv7 (RFC 9562 §5.7): made before the insert, ordered by time.
            #[allow(clippy::new_without_default, reason = "a default identifier would be a different one each time")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }
    };
}

id!(
    /// A document: one thing that a person uploaded, whatever its versions.
    DocumentId
);
id!(
    /// A zone: a region of a page and what stands in it.
    ZoneId
);
id!(
    /// A processing job.
    JobId
);
id!(
    /// A schedule of recurring jobs.
    ScheduleId
);
id!(
    /// An export of a document.
    ExportId
);
id!(
    /// A share of a document, with a person or by link.
    ShareId
);
id!(
    /// A resumable upload.
    UploadId
);
id!(
    /// A person, as the token's `sub` names them.
    UserId
);
