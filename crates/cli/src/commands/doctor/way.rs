//! The way to the database: the connection string, who stands between, and what protects it.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use colophon_connection::{ConnectionUrl, Connector, Error, Form, Pooler, SslMode};
use colophon_db::health::Server;
use colophon_db::{Config as DatabaseConfig, Database, LoginScope};

use super::PROGRAM;
use super::report::Report;
use crate::config::{self, Config};
use crate::instance::ForDoctor;

/// What follows `reachable`, in order.
pub const CHECKS_AFTER_REACHABLE: &[&str] = &["pooler", "server", "tls", "direct-connection"];

/// Connections that the looks take at once.
const POOL: usize = 2;

/// How long a name may take to be looked up.
const LOOKUP: Duration = Duration::from_secs(5);

/// The versions that the migrations are tested on.
const SUPPORTED: std::ops::RangeInclusive<i32> = 15..=18;

const IPV6_REMEDY: &str = "machines without IPv6 use the session pooler (aws-N-REGION.pooler.supabase.com:5432, role postgres.REF), or the project's IPv4 add-on";

/// The way to a database.
pub struct Way {
    pub url: ConnectionUrl,
    pub direct_url: Option<ConnectionUrl>,
    /// For the migrations' history.
    pub migrations_url: ConnectionUrl,
    /// What an attempt to bring a private database up to date came to.
    pub migrated: Option<Result<(), String>>,
}

impl Way {
    /// To the shared database of a configuration, which has one.
    pub fn shared(config: &Config) -> Option<Self> {
        let database = &config.database;
        Some(Self {
            url: database.url.clone()?,
            direct_url: database.direct_url.clone(),
            migrations_url: database.for_migrations()?.clone(),
            migrated: None,
        })
    }

    /// To the private one.
    pub fn private(private: &ForDoctor) -> anyhow::Result<Self> {
        Ok(Self {
            url: ConnectionUrl::parse(&private.login_url)?,
            direct_url: None,
            migrations_url: ConnectionUrl::parse(&private.owner_url)?,
            migrated: Some(private.migrated.as_ref().copied().map_err(|error| format!("{error:#}"))),
        })
    }
}

/// Walks the way, and tells what stands on it. `None` where it does not lead to the database.
pub async fn examine(way: &Way, config: &Config, report: &mut Report) -> Option<(Database, Pooler)> {
    connection_string(&way.url, report).await;
    let Some(connector) = reachable(&way.url, report).await else {
        super::database::skip_all(report, CHECKS_AFTER_REACHABLE);
        return None;
    };
    let pooler = pooler(&connector, config, report).await;
    let database = open(&way.url, way.direct_url.as_ref(), pooler);
    let looked = match &database {
        Ok(database) => look(database).await,
        Err(error) => Err(error.clone()),
    };
    match (database, looked) {
        (Ok(database), Ok(server)) => {
            version(&server, report);
            tls(&way.url, pooler, &server, report);
            direct_connection(way, pooler, &server, report).await;
            Some((database, pooler))
        }
        (_, Err(error)) | (Err(error), _) => {
            report.fail("server", error, "the first statement failed; is the right server meant?");
            super::database::skip_all(report, &CHECKS_AFTER_REACHABLE[2..]);
            None
        }
    }
}

async fn connection_string(url: &ConnectionUrl, report: &mut Report) {
    let name = "connection-string";
    let form = match url.form() {
        Form::UnixSocket => "a socket of this machine",
        Form::Direct => "a server, or a pooler, of one's own",
        Form::SupabaseDirect => "a Supabase project's server itself",
        Form::SupabaseSessionPooler => "Supabase's pooler in session mode",
        Form::SupabaseTransactionPooler { dedicated: false } => "Supabase's pooler in transaction mode",
        Form::SupabaseTransactionPooler { dedicated: true } => {
            "the project's own pooler, in transaction mode"
        }
    };
    let found = format!("{url}: {form}");
    if url.form().is_supabase() && has_ipv6_alone(url).await {
        report.warn(name, format!("{found}; its name has IPv6 addresses only"), IPV6_REMEDY);
    } else {
        report.ok(name, found);
    }
}

async fn has_ipv6_alone(url: &ConnectionUrl) -> bool {
    let Some(host) = url.host() else { return false };
    match tokio::time::timeout(LOOKUP, tokio::net::lookup_host(host)).await {
        Ok(Ok(addresses)) => {
            let addresses: Vec<_> = addresses.collect();
            !addresses.is_empty() && addresses.iter().all(std::net::SocketAddr::is_ipv6)
        }
        // A name that is not known is told when it is connected to.
        _ => false,
    }
}

async fn reachable(url: &ConnectionUrl, report: &mut Report) -> Option<Connector> {
    let begun = Instant::now();
    let connected = match url.connector(PROGRAM) {
        Ok(connector) => connector.connect().await.map(|_| connector),
        Err(error) => Err(error),
    };
    match connected {
        Ok(connector) => {
            report.ok("reachable", format!("connected in {} ms", begun.elapsed().as_millis()));
            Some(connector)
        }
        Err(error) => {
            let (found, remedy) = apart(&error);
            report.fail("reachable", found, remedy);
            None
        }
    }
}

/// What happened, and what to do about it.
fn apart(error: &Error) -> (String, String) {
    let text = error.to_string();
    if let (Error::Slow { .. }, Some((found, advice))) = (error, text.split_once("; ")) {
        return (found.to_owned(), advice.to_owned());
    }
    if let Error::Connect { advice, .. } = error
        && !advice.is_empty()
    {
        let found = text.strip_suffix(advice.as_str()).unwrap_or(&text);
        return (found.trim_end_matches("; ").to_owned(), advice.clone());
    }
    (text, "is the connection string right (`colophon config`), and is the server running?".to_owned())
}

async fn pooler(connector: &Connector, config: &Config, report: &mut Report) -> Pooler {
    let name = "pooler";
    let found = match connector.pooler().await {
        Ok(found) => found,
        Err(error) => {
            let (found, remedy) = apart(&error);
            report.fail(name, format!("cannot be found out: {found}"), remedy);
            return Pooler::None;
        }
    };
    let said = match config.database.pooler {
        config::Pooler::Auto => found,
        config::Pooler::None => Pooler::None,
        config::Pooler::Session => Pooler::Session,
        config::Pooler::Transaction => Pooler::Transaction,
    };
    match (said, found) {
        (Pooler::None | Pooler::Session, Pooler::Transaction) => {
            let told = "COLOPHON_POOLER says otherwise, and a pooler in transaction mode stands between";
            report.fail(name, told, "say COLOPHON_POOLER=auto or transaction");
        }
        (Pooler::Transaction, _) => report.ok(name, "transaction mode: every statement goes unnamed"),
        (Pooler::Session, _) => report.ok(name, "session mode"),
        (Pooler::None, _) => report.ok(name, "none, or none that can be told from none"),
    }
    // What works, whatever was said.
    if found == Pooler::Transaction { found } else { said }
}

fn open(url: &ConnectionUrl, direct: Option<&ConnectionUrl>, pooler: Pooler) -> Result<Database, String> {
    let config = DatabaseConfig {
        url: url.clone(),
        direct_url: direct.cloned(),
        pooler,
        pool_size: POOL,
        application_name: PROGRAM.to_owned(),
    };
    Database::new(config).map_err(|error| error.to_string())
}

async fn look(database: &Database) -> Result<Server, String> {
    let looked = async {
        let tx = database.session(&LoginScope::new()).begin().await?;
        let server = tx.health().server().await?;
        tx.commit().await.map(|()| server)
    };
    looked.await.map_err(|error| error.to_string())
}

fn version(server: &Server, report: &mut Report) {
    let (name, found) = ("server", format!("PostgreSQL {}, database {}", server.version, server.database));
    if !SUPPORTED.contains(&(server.version_number / 10_000)) {
        let (least, most) = (SUPPORTED.start(), SUPPORTED.end());
        report.fail(name, found, format!("this program is made for {least} to {most}; move to one of them"));
    } else if server.in_recovery {
        report.fail(
            name,
            format!("{found}: a standby, which takes no writes"),
            "connect to the primary server",
        );
    } else {
        report.ok(name, found);
    }
}

fn tls(url: &ConnectionUrl, pooler: Pooler, server: &Server, report: &mut Report) {
    let name = "tls";
    let Some((host, _)) = url.host() else {
        return report.ok(name, "a socket of this machine needs none");
    };
    let here = host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    let always = !matches!(url.sslmode(), SslMode::Disable | SslMode::Allow | SslMode::Prefer);
    let remedy =
        "say sslmode=verify-full and sslrootcert=FILE (the authority's certificate) in the connection string";
    // A pooler's server tells of the pooler's own connection.
    let encrypted = always || (pooler == Pooler::None && server.encrypted);
    let version = server.tls_version.as_deref().filter(|_| pooler == Pooler::None).unwrap_or("TLS");
    match (encrypted, url.sslmode()) {
        (true, SslMode::VerifyFull) => {
            report.ok(name, format!("{version}; certificate and name are verified"));
        }
        (true, SslMode::VerifyCa) => {
            report.ok(name, format!("{version}; the certificate is verified, not its name"));
        }
        (true, _) if here => report.ok(name, format!("{version}, on this machine")),
        (true, mode) => {
            let mode = config::sslmode_name(mode);
            let found = format!("{version}, but with sslmode={mode} anybody can stand between");
            report.warn(name, found, remedy);
        }
        (false, _) if here => report.ok(name, "not encrypted, on this machine"),
        (false, _) if pooler == Pooler::None => {
            report.warn(name, "not encrypted: whoever is on the way reads passwords and documents", remedy);
        }
        (false, mode) => {
            let mode = config::sslmode_name(mode);
            let found = format!("with sslmode={mode} the way to the pooler may be without encryption");
            report.warn(name, found, remedy);
        }
    }
}

async fn direct_connection(way: &Way, pooler: Pooler, server: &Server, report: &mut Report) {
    let name = "direct-connection";
    let Some(url) = &way.direct_url else {
        return if pooler == Pooler::Transaction {
            let found = "none: workers are not woken but poll, and `colophon migrate` is refused";
            let remedy = "set COLOPHON_DIRECT_URL to the direct connection or the session pooler (port 5432)";
            report.warn(name, found, remedy);
        } else {
            report.ok(name, "database.url gives sessions; no other is needed");
        };
    };
    let remedy = "mend COLOPHON_DIRECT_URL, or leave it out";
    let reached = async {
        let connector = url.connector(PROGRAM)?;
        connector.pooler().await
    };
    match reached.await {
        Ok(Pooler::Transaction) => {
            let remedy =
                "give the direct connection or the session pooler (port 5432) as COLOPHON_DIRECT_URL";
            return report.fail(name, format!("{url}: a pooler in transaction mode too"), remedy);
        }
        Ok(_) => {}
        Err(error) => {
            let (found, advice) = apart(&error);
            return report.fail(name, found, format!("{advice}; {remedy}"));
        }
    }
    let there = match open(url, None, Pooler::None) {
        Ok(database) => {
            let looked = look(&database).await;
            database.close();
            looked
        }
        Err(error) => Err(error),
    };
    match there {
        Ok(there) if (there.database_id, there.started_at) == (server.database_id, server.started_at) => {
            report.ok(name, format!("{url}: the same database, with sessions"));
        }
        Ok(there) => {
            let found = format!("{url} is another database ({}) than database.url", there.database);
            report.fail(name, found, remedy);
        }
        Err(error) => report.fail(name, error, remedy),
    }
}
