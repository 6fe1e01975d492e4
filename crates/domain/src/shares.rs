//! Who else may see a document, and what they did with it.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::{DocumentId, Invalid, ShareId, UserId};

/// People that a link may let in at most, where it says a number.
pub const MAX_USES: i32 = 1_000_000;
/// Shares of one document that may be in force at once.
pub const SHARES_PER_DOCUMENT: i64 = 1_000;
/// The furthest end of a share that has one.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 3_660);

/// What a share allows. Stored as text and checked by `document_shares_role_check`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ShareRole {
    /// To read.
    #[default]
    Viewer,
    /// To change what hangs on the document, and neither to delete nor to share it.
    Editor,
}

impl ShareRole {
    /// The name in the database and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
        }
    }
}

impl fmt::Display for ShareRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for ShareRole {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        [Self::Viewer, Self::Editor]
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| Invalid::new("role", format!("{text:?} is none of viewer, editor")))
    }
}

/// A share as it stands now.
#[derive(Debug, Clone)]
pub struct Share {
    /// The document.
    pub document_id: DocumentId,
    /// Its identifier.
    pub id: ShareId,
    /// `viewer` or `editor`.
    pub role: String,
    /// Whom it names; absent for a link.
    pub user_id: Option<UserId>,
    /// Its end, if it has one.
    pub expires_at: Option<Timestamp>,
    /// How many people a link lets in, if that is bounded.
    pub max_uses: Option<i32>,
    /// Who made it.
    pub created_by: Option<String>,
    /// When.
    pub created_at: Timestamp,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
    /// `active`, `used_up` (it lets nobody new in; who came by it still sees the document), `expired` or `revoked`.
    pub state: String,
    /// People who came by the link.
    pub uses: i64,
}

/// A share to be made.
#[derive(Debug, Clone)]
pub struct NewShare {
    /// Its identifier.
    pub id: ShareId,
    /// What it allows.
    pub role: ShareRole,
    /// Whom it names; nobody for a link.
    pub user_id: Option<UserId>,
    /// Its end, if it has one.
    pub expires_at: Option<Timestamp>,
    /// How many people a link lets in, if that is bounded.
    pub max_uses: Option<i32>,
}

impl NewShare {
    /// Whether its numbers and times make sense at `now`.
    ///
    /// # Errors
    /// An end that has passed or is absurdly far, a bound on uses for a person, or one that is no sensible number.
    pub fn check(&self, now: Timestamp) -> Result<(), Invalid> {
        if let Some(end) = self.expires_at {
            if end <= now {
                return Err(Invalid::new("expires_at", format!("{end} has passed; say a time to come")));
            }
            if end.duration_since(now) > LONGEST {
                let reason =
                    format!("{end} is more than ten years ahead; leave it out for a share without end");
                return Err(Invalid::new("expires_at", reason));
            }
        }
        match (self.max_uses, self.user_id) {
            (Some(_), Some(_)) => {
                let reason = "is for links: a share with a person is that person's; leave one of the two out";
                Err(Invalid::new("max_uses", reason))
            }
            (Some(uses), None) if !(1..=MAX_USES).contains(&uses) => {
                Err(Invalid::new("max_uses", format!("{uses} is not between 1 and {MAX_USES}")))
            }
            _ => Ok(()),
        }
    }
}

/// The secret of a link: 244 random bits, so that guessing needs no other bound. Shown once; only its SHA-256 is stored.
#[derive(Clone)]
pub struct LinkToken(String);

impl LinkToken {
    /// A new one.
    #[allow(clippy::new_without_default, reason = "a default secret would be none")]
    pub fn new() -> Self {
        Self(format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()))
    }

    /// The text that is the link.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for LinkToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkToken(redacted)")
    }
}

/// A person who came by a link.
#[derive(Debug, Clone)]
pub struct ShareUse {
    /// Who.
    pub user_id: UserId,
    /// When first.
    pub used_at: Timestamp,
}

/// What is noted in a document's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A share link was opened.
    Opened,
    /// The file was read.
    Downloaded,
    /// A signed URL was made.
    SignedUrl,
    /// The file was read by a signed URL.
    SignedUrlUsed,
}

impl Action {
    /// The name in the database and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Downloaded => "downloaded",
            Self::SignedUrl => "signed_url",
            Self::SignedUrlUsed => "signed_url_used",
        }
    }
}

/// A line of a document's log: what somebody who is not the owner did.
#[derive(Debug, Clone)]
pub struct Access {
    /// The document.
    pub document_id: DocumentId,
    /// Its identifier.
    pub id: Uuid,
    /// The share that let them.
    pub share_id: Option<ShareId>,
    /// In whose name; absent for the platform.
    pub user_id: Option<UserId>,
    /// `opened`, `downloaded`, `signed_url` or `signed_url_used`.
    pub action: String,
    /// When.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> NewShare {
        let id = ShareId::new();
        NewShare { id, role: ShareRole::Viewer, user_id: None, expires_at: None, max_uses: None }
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_its_field() {
        let now = Timestamp::now();
        let hour = SignedDuration::from_hours(1);
        let person = Some(UserId::new());
        for (share, field) in [
            (NewShare { expires_at: Some(now), ..link() }, "expires_at"),
            (NewShare { expires_at: Some(now - hour), ..link() }, "expires_at"),
            (NewShare { expires_at: Some(now + LONGEST + hour), ..link() }, "expires_at"),
            (NewShare { max_uses: Some(0), ..link() }, "max_uses"),
            (NewShare { max_uses: Some(-1), ..link() }, "max_uses"),
            (NewShare { max_uses: Some(MAX_USES + 1), ..link() }, "max_uses"),
            (NewShare { max_uses: Some(1), user_id: person, ..link() }, "max_uses"),
        ] {
            assert_eq!(share.check(now).unwrap_err().field, field, "{share:?}");
        }
        link().check(now).unwrap();
        NewShare { max_uses: Some(1), expires_at: Some(now + hour), ..link() }.check(now).unwrap();
        assert_eq!("owner".parse::<ShareRole>().unwrap_err().field, "role");
    }

    #[test]
    fn a_token_shows_itself_only_when_asked() {
        let token = LinkToken::new();
        assert_eq!(token.expose().len(), 64);
        assert!(!format!("{token:?}").contains(token.expose()));
        assert_ne!(token.expose(), LinkToken::new().expose());
    }
}
