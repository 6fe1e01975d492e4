//! The cluster's configuration, written anew at each start.

use std::{collections::BTreeSet, fmt::Write as _, net::SocketAddr};

use crate::{account::Account, error::Error};

/// The superuser that made the cluster, named as on Supabase, where `postgres` is none.
pub const SUPERUSER: &str = "supabase_admin";

/// The database roles that the mapped users of this machine may take on the Unix socket.
pub const SOCKET_ROLES: [&str; 4] = [SUPERUSER, "postgres", "authenticator", "colophon"];

/// The file included from `postgresql.conf`.
pub(crate) const FILE: &str = "colophon.conf";

const BASE: &str = "\
# Written by Colophon at each start; changes here are lost. Put your own values at the end of postgresql.conf.
# The address, port and socket are set on the server's command line, so that nothing else can open a door.

# Modest: a private instance shares its machine with the program that uses it; the page cache does the rest.
shared_buffers = '128MB'
# Room for a pool of 20 in several programs and a few people with psql; each idle connection costs some MB.
max_connections = 100
# Sorts of one document's zones and index builds stay in memory; 100 connections cannot exhaust a small machine.
work_mem = '8MB'
maintenance_work_mem = '128MB'
# Large pages where the system has them set aside, ordinary ones otherwise.
huge_pages = try
# What was acknowledged is on disk.
fsync = on
full_page_writes = on
synchronous_commit = on
# Full page images are most of the WAL; compressing them saves more disk time than it costs CPU.
wal_compression = on
# Bulk imports should not force a checkpoint each 1 GB; after a crash 2 GB replay in seconds.
max_wal_size = '2GB'
# Most data folders lie on SSDs, where the default of 4 keeps the planner from indexes.
random_page_cost = 1.1
# Statements here are short; compiling them costs more than it gives.
jit = off
# I/O times for EXPLAIN and pg_stat_*; measurable cost only where clocks are slow.
track_io_timing = on
# One clock and one language in data, log and messages, whatever the machine's locale.
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
# The log is rotated at start only, so routine stays out of it and trouble goes in.
logging_collector = off
log_destination = 'stderr'
log_line_prefix = '%m [%p] %q%u@%d %a '
log_checkpoints = off
log_lock_waits = on
log_temp_files = '64MB'
log_min_duration_statement = '5s'
log_autovacuum_min_duration = '60s'
# Passwords exist for TCP only, and only so.
password_encryption = 'scram-sha-256'
";

/// `colophon.conf`: the base, then the caller's own settings.
pub(crate) fn settings(extra: &[(String, String)]) -> Result<String, Error> {
    let mut text = BASE.to_owned();
    if !extra.is_empty() {
        text.push_str("\n# Asked for by the program that started the server.\n");
    }
    for (name, value) in extra {
        let refuse = |problem| Error::Setting { name: name.clone(), problem };
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        if name.is_empty() || !name.chars().all(allowed) {
            return Err(refuse("a name has letters, digits, '_' and '.' only"));
        }
        if value.contains(['\n', '\r', '\0']) {
            return Err(refuse("a value is one line"));
        }
        let value = value.replace('\\', "\\\\").replace('\'', "''");
        let _ = writeln!(text, "{name} = '{value}'");
    }
    Ok(text)
}

/// `pg_hba.conf`: who may connect how. Nothing may replicate, and the superuser comes by the socket only.
pub(crate) fn access(listen: Option<SocketAddr>) -> String {
    let mut text = String::from(
        "# Written by Colophon at each start; changes here are lost.\n\
         # The socket: no password, the kernel says who you are, and pg_ident.conf which roles you may take.\n\
         local all all peer map=colophon\n",
    );
    if listen.is_some() {
        text.push_str("# TCP was asked for: by password, never as the superuser.\n");
        let _ = writeln!(text, "host all {SUPERUSER} all reject");
        text.push_str("host all all all scram-sha-256\n");
    }
    text
}

/// `pg_ident.conf`: root, the server's own user and the one who starts it may take each of our roles.
pub(crate) fn users(account: &Account) -> String {
    let users: BTreeSet<&str> = ["root", &account.name, &account.caller].into();
    let mut text =
        String::from("# Written by Colophon at each start; changes here are lost.\n# map user role\n");
    for user in users {
        for role in SOCKET_ROLES {
            let _ = writeln!(text, "colophon \"{user}\" {role}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_setting_cannot_smuggle_in_another() {
        let text = |name: &str, value: &str| super::settings(&[(name.into(), value.into())]);
        let quoted = text("application_name", r"it's \ odd").expect("fits");
        assert!(quoted.ends_with("application_name = 'it''s \\\\ odd'\n"));
        assert!(text("fsync", "off'\nlisten_addresses='*").is_err());
        assert!(text("fsync = off #", "on").is_err());
    }

    #[test]
    fn tcp_lines_appear_only_when_asked_for() {
        assert!(!super::access(None).contains("host"));
        assert!(super::access(Some("127.0.0.1:1".parse().expect("an address"))).contains("scram-sha-256"));
    }
}
