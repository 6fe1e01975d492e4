//! A database for one test.

use std::sync::atomic::{AtomicU32, Ordering};

use colophon_db::{Config, ConnectionUrl, Database, Pooler};
use colophon_domain::UserId;
use colophon_embedded::SOCKET_ROLES;
use tokio_postgres::{Client, NoTls};

use crate::pooler::{self, through_a_pooler};
use crate::server::{Order, Server, words};
use crate::templates::Template;

/// A database of its own on the tests' server; dropped with this value.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
}

impl TestDatabase {
    /// With the newest schema and no rows.
    pub async fn migrated() -> Self {
        Self::of(Template::Migrated).await
    }

    /// As a new Supabase project: its roles and functions, nothing of ours.
    pub async fn empty() -> Self {
        Self::of(Template::Plain).await
    }

    async fn of(template: Template) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let clone = move || {
            let server = Server::get();
            let name = format!("test_{}_{}", server.token, NEXT.fetch_add(1, Ordering::Relaxed));
            server.order(Order::Make(template, name.clone())).map(|()| Self { name })
        };
        let made = tokio::task::spawn_blocking(clone).await.expect("the tests' PostgreSQL");
        made.unwrap_or_else(|error| panic!("the tests' PostgreSQL: {error}"))
    }

    /// What the server calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A connection string by the Unix socket, for `supabase_admin`, `postgres` or `authenticator`.
    pub fn url(&self, role: &str) -> String {
        assert!(SOCKET_ROLES.contains(&role), "{role} does not log in; see TestDatabase::client");
        Server::get().url(role, &self.name)
    }

    /// A connection as any role. One that does not log in is taken by `authenticator`.
    pub async fn client(&self, role: &str) -> Client {
        if SOCKET_ROLES.contains(&role) {
            return connect(&self.url(role)).await;
        }
        let client = connect(&self.url("authenticator")).await;
        let sql = format!("set role {role}; set request.jwt.claims = '{{\"role\":\"{role}\"}}'");
        client.batch_execute(&sql).await.unwrap_or_else(|error| panic!("{sql}: {}", words(&error)));
        client
    }

    /// A connection as a person, the way the Data API of a Supabase project makes one.
    pub async fn client_of(&self, user: UserId) -> Client {
        let client = self.client("authenticated").await;
        let claims = format!("set request.jwt.claims = '{{\"role\":\"authenticated\",\"sub\":\"{user}\"}}'");
        client.batch_execute(&claims).await.expect("claims are set");
        client
    }

    /// A connection string through `PgBouncer` in transaction mode, for `postgres` or `authenticator`; `None` where
    /// there is no such program.
    pub fn pooled_url(&self, role: &str) -> Option<String> {
        let port = pooler::port()?;
        Some(format!("postgresql://{role}@127.0.0.1:{port}/{}?sslmode=disable", self.name))
    }

    /// The database as the program sees it, with a pool of ten connections.
    pub async fn database(&self) -> Database {
        self.database_of(10).await
    }

    /// As [`TestDatabase::database`], with a pool of `pool_size` connections.
    pub async fn database_of(&self, pool_size: usize) -> Database {
        if through_a_pooler() {
            return self.pooled_database_of(pool_size).await.expect("COLOPHON_TEST_POOLER needs PgBouncer");
        }
        open(&self.url("authenticator"), None, Pooler::None, pool_size).await
    }

    /// As [`TestDatabase::database_of`], through `PgBouncer` whatever the run; `None` where there is no such program.
    pub async fn pooled_database_of(&self, pool_size: usize) -> Option<Database> {
        let url = self.pooled_url("authenticator")?;
        Some(open(&url, Some(&self.url("authenticator")), Pooler::Transaction, pool_size).await)
    }
}

async fn open(url: &str, direct_url: Option<&str>, pooler: Pooler, pool_size: usize) -> Database {
    let parse = |url: &str| ConnectionUrl::parse(url).expect("a URL");
    let database = Database::new(Config {
        url: parse(url),
        direct_url: direct_url.map(parse),
        pooler,
        pool_size,
        application_name: "a test".to_owned(),
    });
    let database = database.expect("nothing has to be read");
    database.ping().await.expect("it answers");
    database
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // What fails here is dropped by the next process. A second panic would hide the first.
        let _ = Server::get().order(Order::Drop(self.name.clone()));
    }
}

pub(crate) async fn connect(url: &str) -> Client {
    let (client, connection) =
        tokio_postgres::connect(url, NoTls).await.unwrap_or_else(|error| panic!("{url}: {}", words(&error)));
    tokio::spawn(connection);
    client
}
