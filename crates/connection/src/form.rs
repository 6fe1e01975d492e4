//! What a connection string leads to, as far as its host and port tell.

use tokio_postgres::config::Host;

/// What a connection string leads to. Only the names of a platform's hosts are known; any other host is direct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// A socket of this machine: never TLS.
    UnixSocket,
    /// A host of one's own.
    Direct,
    /// `db.REF.supabase.co:5432`: the server itself, by IPv6 alone unless the project has the IPv4 add-on.
    SupabaseDirect,
    /// `*.pooler.supabase.com:5432`: each connection has a session of its own.
    SupabaseSessionPooler,
    /// Port 6543: each transaction has a server process, and nothing outlives it. Shared, or dedicated to the project
    /// (`db.REF.supabase.co:6543`).
    SupabaseTransactionPooler {
        /// The project's own `PgBouncer`.
        dedicated: bool,
    },
}

/// The port of the platform's poolers in transaction mode.
pub(crate) const TRANSACTION_PORT: u16 = 6543;

impl Form {
    pub(crate) fn of(host: &Host, port: u16) -> Self {
        let Host::Tcp(name) = host else { return Self::UnixSocket };
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let shared = name.ends_with(".pooler.supabase.com");
        let dedicated = name.starts_with("db.") && name.ends_with(".supabase.co");
        match (shared, dedicated) {
            (false, false) => Self::Direct,
            _ if port == TRANSACTION_PORT => Self::SupabaseTransactionPooler { dedicated },
            (true, _) => Self::SupabaseSessionPooler,
            _ => Self::SupabaseDirect,
        }
    }

    /// Does it lead to the Supabase platform?
    pub fn is_supabase(&self) -> bool {
        !matches!(self, Self::UnixSocket | Self::Direct)
    }
}
