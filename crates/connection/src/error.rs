//! What may go wrong on the way to a connection, and what to do about it.

use std::io::ErrorKind;
use std::path::PathBuf;

use rustls::CertificateError;
use tokio_postgres::error::SqlState;

use crate::{ConnectionUrl, Form};

/// What went wrong on the way to a connection. None tells a password.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The connection string cannot be read.
    #[error("the connection string cannot be read: {problem}")]
    Url {
        /// What is wrong and what to do.
        problem: String,
    },
    /// The file of `sslrootcert` cannot be read.
    #[error("sslrootcert: {} cannot be used: {problem}; give a PEM file with the authority's certificate, or sslrootcert=system", path.display())]
    Roots {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// TLS cannot be prepared.
    #[error("TLS cannot be prepared: {problem}")]
    Tls {
        /// What is wrong.
        problem: String,
    },
    /// The server cannot be reached, or refuses us.
    #[error("cannot connect to {target}: {}{}{advice}", words(source), if advice.is_empty() { "" } else { "; " })]
    Connect {
        /// Where to.
        target: String,
        /// What to do; may be empty.
        advice: String,
        /// The driver's error.
        source: Box<tokio_postgres::Error>,
    },
    /// No answer in time.
    #[error(
        "cannot connect to {target}: no answer within {seconds} s; {advice} A longer wait is connect_timeout=SECONDS in the connection string"
    )]
    Slow {
        /// Where to.
        target: String,
        /// How long was waited.
        seconds: u64,
        /// What to do.
        advice: &'static str,
    },
    /// A question to the server failed.
    #[error("the database does not answer: {}", words(.0))]
    Asking(#[source] Box<tokio_postgres::Error>),
}

impl Error {
    /// Is it a mistake in the connection string, rather than a failure of a server?
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Url { .. } | Self::Roots { .. })
    }

    /// Does the server, or a pooler before it, take no more connections just now?
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Connect { source, .. } if is_full(source))
    }
}

/// The server's words with their code; else all that is known of the cause.
fn words(error: &tokio_postgres::Error) -> String {
    if let Some(db) = error.as_db_error() {
        return format!("{} (SQLSTATE {})", db.message(), db.code().code());
    }
    match std::error::Error::source(error) {
        Some(source) => source.to_string(),
        None => error.to_string(),
    }
}

/// Is every place taken, in the server or in a pooler before it? Poolers say so in words of their own, under codes
/// that mean something else.
pub fn is_full(error: &tokio_postgres::Error) -> bool {
    let Some(db) = error.as_db_error() else { return false };
    let said = ["EMAXCONN", "max clients reached", "Max client connections", "max_client_conn", "MaxClients"];
    db.code() == &SqlState::TOO_MANY_CONNECTIONS || said.iter().any(|words| db.message().contains(words))
}

/// Why there is no TLS.
#[derive(Clone, Copy)]
pub(crate) enum Handshake<'e> {
    /// The server has none.
    Absent,
    /// The library's word.
    Failed(&'e rustls::Error),
}

/// Whether it is TLS that went wrong.
pub(crate) fn of_tls(error: &tokio_postgres::Error) -> Option<Handshake<'_>> {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if let Some(tls) = error.downcast_ref() {
            return Some(Handshake::Failed(tls));
        }
        // An I/O error passes its own cause over when it is asked for it.
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if let Some(tls) = inner.and_then(|inner| inner.downcast_ref()) {
            return Some(Handshake::Failed(tls));
        }
        cause = error.source();
    }
    (!error.is_closed() && error.to_string().contains("TLS")).then_some(Handshake::Absent)
}

fn of_network(error: &tokio_postgres::Error) -> Option<&std::io::Error> {
    std::error::Error::source(error).and_then(|source| source.downcast_ref())
}

const IPV6_ONLY: &str = "this host has an IPv6 address only, and this machine cannot reach it: use the session pooler (aws-N-REGION.pooler.supabase.com:5432, role postgres.REF), or the project's IPv4 add-on";

pub(crate) fn slow(url: &ConnectionUrl) -> Error {
    let advice = match url.form() {
        Form::SupabaseDirect | Form::SupabaseTransactionPooler { dedicated: true } => {
            "this host has an IPv6 address only; can this machine reach it? If not, use the session pooler (aws-N-REGION.pooler.supabase.com:5432, role postgres.REF), or the project's IPv4 add-on."
        }
        _ => "is a firewall in the way?",
    };
    Error::Slow { target: url.to_string(), seconds: url.patience().as_secs(), advice }
}

pub(crate) fn advice(url: &ConnectionUrl, error: &tokio_postgres::Error) -> String {
    if is_full(error) {
        return "every connection there is taken: make the pools of the programs that use it smaller, or its own larger"
            .to_owned();
    }
    if let Some(db) = error.as_db_error() {
        return of_server(url, db.code(), db.message()).to_owned();
    }
    if let Some(tls) = of_tls(error) {
        return of_handshake(tls).to_owned();
    }
    let Some(network) = of_network(error) else { return String::new() };
    let unnamed = network.to_string().contains("lookup");
    let unreachable = matches!(
        network.kind(),
        ErrorKind::NetworkUnreachable
            | ErrorKind::HostUnreachable
            | ErrorKind::AddrNotAvailable
            | ErrorKind::TimedOut
    );
    match url.form() {
        Form::SupabaseDirect | Form::SupabaseTransactionPooler { dedicated: true }
            if unnamed || unreachable =>
        {
            IPV6_ONLY
        }
        _ if unnamed => "is the host's name right?",
        _ if network.kind() == ErrorKind::ConnectionRefused => {
            "is the server running, and is the port right?"
        }
        _ if network.kind() == ErrorKind::NotFound => "no server has its socket there; is it running?",
        _ if unreachable => "is there a way to that host, and no firewall in it?",
        _ => "",
    }
    .to_owned()
}

fn of_server(url: &ConnectionUrl, code: &SqlState, message: &str) -> &'static str {
    if code == &SqlState::INVALID_PASSWORD {
        return "are the role and its password right? Characters such as @ : / ? # % in a URL's password are written as %40 and so on";
    }
    if code == &SqlState::INVALID_AUTHORIZATION_SPECIFICATION && message.contains("no encryption") {
        return "the server wants TLS: say sslmode=require, or better verify-full with sslrootcert=FILE";
    }
    if message.contains("Tenant or user not found") || message.contains("ENOTFOUND") {
        return "behind Supabase's pooler the role is written ROLE.PROJECT-REF, and the host must be of the project's region";
    }
    if code == &SqlState::INVALID_CATALOG_NAME {
        return "is the database's name right?";
    }
    if url.form().is_supabase() && code == &SqlState::CANNOT_CONNECT_NOW {
        return "is the project paused?";
    }
    ""
}

fn of_handshake(handshake: Handshake<'_>) -> &'static str {
    let Handshake::Failed(error) = handshake else {
        return "where nobody can listen on the way, say sslmode=disable; else switch TLS on in the server";
    };
    match error {
        rustls::Error::InvalidCertificate(problem) => match problem {
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "the certificate is another host's: connect by a name that stands in it, or say sslmode=verify-ca to leave the name unchecked"
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "the server's certificate is past its time: renew it"
            }
            CertificateError::UnknownIssuer => {
                "nobody known signed the server's certificate: give the authority's own with sslrootcert=FILE (Supabase: Database settings, SSL certificate), or say sslmode=require to encrypt without looking at it"
            }
            _ => "the server's certificate is not accepted: give the right authority with sslrootcert=FILE",
        },
        _ => "server and program have no TLS in common: version 1.2 or 1.3 is needed",
    }
}
