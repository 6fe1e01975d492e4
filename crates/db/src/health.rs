//! What stands between a program and its work, as the database tells it: for `colophon doctor`.
//!
//! Seen by the login role itself, which has no rights of its own: all of this stands in the catalogs, which everybody
//! may read. Nothing here changes anything.

use jiff::Timestamp;

use crate::session::column;
use crate::statement::{Statement, statement};
use crate::{LoginScope, Result, SystemScope, Tx};

/// What the catalogs tell.
pub struct Health<'t>(&'t Tx<LoginScope>);

impl Tx<LoginScope> {
    /// What the catalogs tell.
    pub fn health(&self) -> Health<'_> {
        Health(self)
    }
}

impl Tx<SystemScope> {
    /// What a transaction of the platform runs as: the role, and its `statement_timeout`.
    pub async fn runs_as(&self) -> Result<(String, String)> {
        let row = self.query_one(statement!("health/platform"), &[]).await?;
        Ok((column(&row, "role")?, column(&row, "statement_timeout")?))
    }
}

/// The server, and the session that a connection gets.
#[derive(Debug, Clone)]
pub struct Server {
    /// As `server_version_num`: 150018.
    pub version_number: i32,
    /// In words.
    pub version: String,
    /// Connections it takes, of all programs.
    pub max_connections: i32,
    /// When it was started. Together with `database_id` this tells one database from another.
    pub started_at: Timestamp,
    /// It only follows another server, and takes no writes.
    pub in_recovery: bool,
    /// The database's name.
    pub database: String,
    /// The database's number.
    pub database_id: i64,
    /// TLS on the last part of the way: from the pooler where there is one.
    pub encrypted: bool,
    /// `TLSv1.3`, ….
    pub tls_version: Option<String>,
    /// What a session begins with; 0 for none.
    pub statement_timeout_ms: i64,
}

/// The role that logs in.
#[derive(Debug, Clone)]
pub struct Login {
    /// Its name.
    pub name: String,
    /// It may do everything.
    pub superuser: bool,
    /// It sees every row.
    pub bypasses_rls: bool,
    /// It may look into the schema `colophon`: statements are parsed before a role is taken.
    pub enters_colophon: bool,
    /// Relations it reaches without taking another role.
    pub reaches: Vec<String>,
}

/// A role that transactions take.
#[derive(Debug, Clone)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// It exists.
    pub there: bool,
    /// It may do everything.
    pub superuser: bool,
    /// It sees every row.
    pub bypasses_rls: bool,
    /// The login role may take it.
    pub takeable: bool,
}

/// `auth.uid()`, by which policies know who asks.
#[derive(Debug, Clone, Copy)]
pub struct AuthUid {
    /// It exists.
    pub there: bool,
    /// It gives a UUID.
    pub is_uuid: bool,
    /// The role `authenticated` may call it.
    pub callable: bool,
}

/// A table or view.
#[derive(Debug, Clone)]
pub struct Relation {
    /// `schema.name`.
    pub name: String,
    /// A table, and no view.
    pub is_table: bool,
    /// Row-level security is enabled.
    pub row_security: bool,
    /// There is a policy.
    pub has_policies: bool,
    /// What the role `anon` may do, with some column at least.
    pub anon: Vec<String>,
    /// What the role `authenticated` may do, likewise.
    pub authenticated: Vec<String>,
    /// What the role `service_role` may do, likewise.
    pub service_role: Vec<String>,
}

impl Health<'_> {
    /// The server, and the session that a connection gets.
    pub async fn server(&self) -> Result<Server> {
        let row = self.0.query_one(statement!("health/server"), &[]).await?;
        Ok(Server {
            version_number: column(&row, "version_number")?,
            version: column(&row, "version")?,
            max_connections: column(&row, "max_connections")?,
            started_at: column(&row, "started_at")?,
            in_recovery: column(&row, "in_recovery")?,
            database: column(&row, "database")?,
            database_id: column(&row, "database_id")?,
            encrypted: column(&row, "encrypted")?,
            tls_version: column(&row, "tls_version")?,
            statement_timeout_ms: column(&row, "statement_timeout_ms")?,
        })
    }

    /// The server's time.
    pub async fn clock(&self) -> Result<Timestamp> {
        column(&self.0.query_one(statement!("health/clock"), &[]).await?, "now")
    }

    /// The role that logs in, and which of `relations` (`schema.name`) it reaches by itself.
    pub async fn login(&self, relations: &[String]) -> Result<Login> {
        let row = self.0.query_one(statement!("health/login"), &[&relations]).await?;
        Ok(Login {
            name: column(&row, "name")?,
            superuser: column(&row, "superuser")?,
            bypasses_rls: column(&row, "bypasses_rls")?,
            enters_colophon: column(&row, "enters_colophon")?,
            reaches: column(&row, "reaches")?,
        })
    }

    /// These roles, there or not, in this order or another.
    pub async fn roles(&self, names: &[&str]) -> Result<Vec<Role>> {
        let rows = self.0.query(statement!("health/roles"), &[&names]).await?;
        rows.iter()
            .map(|row| {
                Ok(Role {
                    name: column(row, "name")?,
                    there: column(row, "there")?,
                    superuser: column(row, "superuser")?,
                    bypasses_rls: column(row, "bypasses_rls")?,
                    takeable: column(row, "takeable")?,
                })
            })
            .collect()
    }

    /// `auth.uid()`.
    pub async fn auth_uid(&self) -> Result<AuthUid> {
        let row = self.0.query_one(statement!("health/auth"), &[]).await?;
        Ok(AuthUid {
            there: column(&row, "there")?,
            is_uuid: column(&row, "is_uuid")?,
            callable: column(&row, "callable")?,
        })
    }

    /// Tables and views of the schemas `public` and `colophon`, but those that extensions bring.
    pub async fn relations(&self) -> Result<Vec<Relation>> {
        let rows = self.0.query(statement!("health/relations"), &[]).await?;
        rows.iter()
            .map(|row| {
                Ok(Relation {
                    name: column(row, "name")?,
                    is_table: column(row, "is_table")?,
                    row_security: column(row, "row_security")?,
                    has_policies: column(row, "has_policies")?,
                    anon: column(row, "anon")?,
                    authenticated: column(row, "authenticated")?,
                    service_role: column(row, "service_role")?,
                })
            })
            .collect()
    }

    /// Functions of the schema `colophon` that anybody may call.
    pub async fn open_functions(&self) -> Result<Vec<String>> {
        self.names(statement!("health/open_functions")).await
    }

    /// Extensions with their versions.
    pub async fn extensions(&self) -> Result<Vec<String>> {
        self.names(statement!("health/extensions")).await
    }

    async fn names(&self, statement: Statement) -> Result<Vec<String>> {
        self.0.query(statement, &[]).await?.iter().map(|row| column(row, "name")).collect()
    }
}
