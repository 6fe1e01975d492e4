//! Who asks. A scope is set on a transaction in the same round trip as its first statement.

use colophon_domain::UserId;

use crate::statement::{Statement, statement};

pub(crate) const ENTER: Statement = statement!("scope/enter");

/// Who asks, and for how long the database may work on it.
pub trait Scope: Clone + Send + Sync + 'static + sealed::Sealed {
    /// The database role.
    fn role(&self) -> &str;
    /// The verified claims, as JSON, for `auth.uid()` and the policies.
    fn claims(&self) -> &str;
    /// The claims' `sub`; empty for none. What the policies go by.
    fn subject(&self) -> &str;
    /// `statement_timeout` of the transaction.
    fn statement_timeout(&self) -> &'static str;
    /// The person who asks; `None` for the platform, which sees everything. Lists begin with what is theirs: a policy
    /// alone would have the server walk everybody's rows in search of them.
    fn person(&self) -> Option<UserId>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::UserScope {}
    impl Sealed for super::SystemScope {}
    impl Sealed for super::CallerScope {}
    impl Sealed for super::LoginScope {}
}

/// A person, known by a verified token. Made in one place: where the token is verified.
#[derive(Debug, Clone)]
pub struct UserScope {
    user: UserId,
    claims: String,
    subject: String,
}

impl UserScope {
    /// A scope for the person whose token was verified. `claims` is the token's payload.
    pub fn from_verified_claims(user: UserId, claims: &serde_json::Value) -> Self {
        let subject = claims.get("sub").and_then(serde_json::Value::as_str).unwrap_or_default();
        Self { user, claims: claims.to_string(), subject: subject.to_owned() }
    }

    /// The person.
    pub fn user(&self) -> UserId {
        self.user
    }
}

impl Scope for UserScope {
    fn role(&self) -> &'static str {
        "authenticated"
    }
    fn claims(&self) -> &str {
        &self.claims
    }
    fn subject(&self) -> &str {
        &self.subject
    }
    fn statement_timeout(&self) -> &'static str {
        "30s"
    }
    fn person(&self) -> Option<UserId> {
        Some(self.user)
    }
}

/// The platform itself: workers, the command line, and callers with the role `service_role`. Sees everything.
#[derive(Debug, Clone)]
pub struct SystemScope(());

impl SystemScope {
    /// A scope that bypasses ownership. Only for workers, the command line and verified `service_role` tokens.
    #[allow(clippy::new_without_default, reason = "a scope that sees everything is never made by default")]
    pub fn new() -> Self {
        Self(())
    }
}

impl Scope for SystemScope {
    fn role(&self) -> &'static str {
        "service_role"
    }
    fn claims(&self) -> &'static str {
        r#"{"role":"service_role"}"#
    }
    fn subject(&self) -> &'static str {
        ""
    }
    fn statement_timeout(&self) -> &'static str {
        "5min"
    }
    fn person(&self) -> Option<UserId> {
        None
    }
}

/// The login role itself, which takes no other role and has no rights of its own: it sees the catalogs and no row. For
/// `colophon doctor`, which looks whether that is so.
#[derive(Debug, Clone)]
pub struct LoginScope(());

impl LoginScope {
    /// A scope that reaches nothing, as long as the login role is what it should be.
    #[allow(clippy::new_without_default, reason = "as SystemScope: a scope is always asked for by name")]
    pub fn new() -> Self {
        Self(())
    }
}

impl Scope for LoginScope {
    fn role(&self) -> &'static str {
        // SQL's word for the role that logged in.
        "none"
    }
    fn claims(&self) -> &'static str {
        "{}"
    }
    fn subject(&self) -> &'static str {
        ""
    }
    fn statement_timeout(&self) -> &'static str {
        "10s"
    }
    fn person(&self) -> Option<UserId> {
        None
    }
}

/// Whoever a verified token names: a person, or the platform itself. What only the platform may do (the queue) hangs
/// on [`SystemScope`] alone.
#[derive(Debug, Clone)]
pub enum CallerScope {
    /// A token of the role `authenticated`.
    User(UserScope),
    /// A token of the role `service_role`.
    Service(SystemScope),
}

impl Scope for CallerScope {
    fn role(&self) -> &str {
        match self {
            Self::User(scope) => scope.role(),
            Self::Service(scope) => scope.role(),
        }
    }
    fn claims(&self) -> &str {
        match self {
            Self::User(scope) => scope.claims(),
            Self::Service(scope) => scope.claims(),
        }
    }
    fn subject(&self) -> &str {
        match self {
            Self::User(scope) => scope.subject(),
            Self::Service(scope) => scope.subject(),
        }
    }
    fn statement_timeout(&self) -> &'static str {
        match self {
            Self::User(scope) => scope.statement_timeout(),
            Self::Service(scope) => scope.statement_timeout(),
        }
    }
    fn person(&self) -> Option<UserId> {
        match self {
            Self::User(scope) => scope.person(),
            Self::Service(scope) => scope.person(),
        }
    }
}
