//! A connection string, read.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::Host;

use crate::parameters::Parameters;
use crate::{Connector, Error, Form};

/// Parameters that libpq, or other programs on the same string, know and `tokio-postgres` does not.
const OURS: [&str; 3] = ["sslmode", "sslrootcert", "pgbouncer"];

/// How long a connection may take to come, with its TLS, where the string does not say `connect_timeout`.
const PATIENCE: Duration = Duration::from_secs(10);

/// libpq's `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SslMode {
    /// Never TLS.
    Disable,
    /// TLS where the server does not let us in without.
    Allow,
    /// TLS where the server has it; its certificate is not looked at.
    Prefer,
    /// Always TLS; the certificate is looked at where `sslrootcert` is given.
    Require,
    /// Always TLS; a known authority signed the certificate.
    VerifyCa,
    /// Always TLS; a known authority signed the certificate, and it is the host's own.
    VerifyFull,
}

/// Whom a certificate must be signed by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Roots {
    /// Those that browsers trust.
    System,
    /// Those in a file.
    File(PathBuf),
}

/// A connection string that can be read. Neither its `Debug` nor its `Display` tells the password.
#[derive(Clone)]
pub struct ConnectionUrl {
    pub(crate) config: Config,
    pub(crate) sslmode: SslMode,
    pub(crate) roots: Roots,
    pub(crate) says_pgbouncer: bool,
}

impl ConnectionUrl {
    /// Reads a URL (`postgresql://user@host/database?sslmode=…`) or libpq's `name=value` form.
    ///
    /// # Errors
    /// It cannot be read, or holds a parameter that is not known. The error repeats no value.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let refused = |problem: &str| Error::Url { problem: problem.to_owned() };
        let parameters = Parameters::take(text.trim(), &OURS).map_err(refused)?;
        let mut config: Config = parameters.rest.parse().map_err(|e| refused(&problem_of(&e)))?;
        if config.get_hosts().is_empty() {
            // What is verified is a name; an address is one.
            let addresses: Vec<_> = config.get_hostaddrs().iter().map(ToString::to_string).collect();
            for address in addresses {
                config.host(address);
            }
        }
        let first = config.get_hosts().first().ok_or_else(|| refused("it names no host"))?;
        let form = Form::of(first, port_of(&config));
        let roots = match parameters.get("sslrootcert") {
            None | Some("" | "system") => Roots::System,
            Some(path) => Roots::File(PathBuf::from(path)),
        };
        let system = parameters.get("sslrootcert") == Some("system");
        let sslmode = match parameters.get("sslmode") {
            _ if form == Form::UnixSocket => SslMode::Disable,
            None if system => SslMode::VerifyFull,
            // The platform always has TLS, and the way there is never one's own.
            None if form.is_supabase() => SslMode::Require,
            None => SslMode::Prefer,
            Some(mode) => read_sslmode(mode).ok_or_else(|| {
                refused("sslmode is one of disable, allow, prefer, require, verify-ca, verify-full")
            })?,
        };
        if system && form != Form::UnixSocket && sslmode != SslMode::VerifyFull {
            // As in libpq: anybody can have a certificate that browsers trust, for a name of his own.
            return Err(refused("sslrootcert=system goes with sslmode=verify-full only"));
        }
        // As in libpq: who gives an authority wants it asked.
        let sslmode = match (&roots, sslmode) {
            (Roots::File(_), SslMode::Require) => SslMode::VerifyCa,
            _ => sslmode,
        };
        let says_pgbouncer = match parameters.get("pgbouncer") {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(refused("pgbouncer is true or false")),
        };
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(PATIENCE);
        }
        Ok(Self { config, sslmode, roots, says_pgbouncer })
    }

    /// What it leads to, as far as host and port of its first host tell.
    pub fn form(&self) -> Form {
        self.config.get_hosts().first().map_or(Form::Direct, |host| Form::of(host, port_of(&self.config)))
    }

    /// The first host's name and port; `None` for a socket.
    pub fn host(&self) -> Option<(&str, u16)> {
        match self.config.get_hosts().first()? {
            Host::Tcp(name) => Some((name, port_of(&self.config))),
            Host::Unix(_) => None,
        }
    }

    /// How the way is protected.
    pub fn sslmode(&self) -> SslMode {
        self.sslmode
    }

    /// The role that logs in, if it is given.
    pub fn user(&self) -> Option<&str> {
        self.config.get_user()
    }

    /// The same server, another database.
    #[must_use]
    pub fn with_database(mut self, name: &str) -> Self {
        self.config.dbname(name);
        self
    }

    /// Prepares connecting: reads the authorities' certificates, once. `pg_stat_activity` will show
    /// `application_name`.
    ///
    /// # Errors
    /// The file of `sslrootcert` cannot be read.
    pub fn connector(&self, application_name: &str) -> Result<Connector, Error> {
        Connector::new(self, application_name)
    }

    /// How long connecting may take in all.
    pub(crate) fn patience(&self) -> Duration {
        let hosts = u32::try_from(self.config.get_hosts().len()).unwrap_or(1);
        self.config.get_connect_timeout().copied().unwrap_or(PATIENCE) * hosts
    }
}

impl fmt::Display for ConnectionUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts = self.config.get_hosts().iter().enumerate().map(|(number, host)| {
            let ports = self.config.get_ports();
            let port = ports.get(number).or(ports.first()).copied().unwrap_or(5432);
            match host {
                Host::Tcp(name) if name.contains(':') => format!("[{name}]:{port}"),
                Host::Tcp(name) => format!("{name}:{port}"),
                Host::Unix(folder) => format!("{}/.s.PGSQL.{port}", folder.display()),
            }
        });
        f.write_str(&hosts.collect::<Vec<_>>().join(","))?;
        self.config.get_dbname().map_or(Ok(()), |name| write!(f, ", database {name}"))?;
        self.config.get_user().map_or(Ok(()), |user| write!(f, ", role {user}"))
    }
}

impl fmt::Debug for ConnectionUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConnectionUrl({self}, {:?})", self.sslmode)
    }
}

impl std::str::FromStr for ConnectionUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

fn port_of(config: &Config) -> u16 {
    config.get_ports().first().copied().unwrap_or(5432)
}

fn read_sslmode(text: &str) -> Option<SslMode> {
    Some(match text {
        "disable" => SslMode::Disable,
        "allow" => SslMode::Allow,
        "prefer" => SslMode::Prefer,
        "require" => SslMode::Require,
        "verify-ca" => SslMode::VerifyCa,
        "verify-full" => SslMode::VerifyFull,
        _ => return None,
    })
}

/// What `tokio-postgres` says names parameters, never values; of the rest only the kind is told.
fn problem_of(error: &tokio_postgres::Error) -> String {
    let source = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    match source.as_str() {
        known if known.starts_with("unknown option") => {
            format!("{}; this program does not know it, leave it out", known.replace("option", "parameter"))
        }
        known if known.starts_with("invalid value for option") => known.replace("option", "parameter"),
        _ => "its form is broken".to_owned(),
    }
}
