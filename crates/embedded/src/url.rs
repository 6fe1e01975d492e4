//! Connection strings that libpq, asyncpg and tokio-postgres all understand.

use std::{
    fmt::Write as _,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
};

/// `postgresql://role@/database?host=<socket folder>&port=<port>`.
pub(crate) fn socket(role: &str, database: &str, socket_dir: &Path, port: u16) -> String {
    let host = encode(socket_dir.as_os_str().as_encoded_bytes());
    format!(
        "postgresql://{}@/{}?host={host}&port={port}",
        encode(role.as_bytes()),
        encode(database.as_bytes())
    )
}

/// `postgresql://role:password@address:port/database`; an address that means "all" becomes the loopback.
pub(crate) fn tcp(role: &str, password: &str, database: &str, listen: SocketAddr) -> String {
    let ip = match listen.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    let address = SocketAddr::new(ip, listen.port());
    let [role, password, database] = [role, password, database].map(|part| encode(part.as_bytes()));
    format!("postgresql://{role}:{password}@{address}/{database}")
}

fn encode(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, &byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn odd_paths_and_names_survive_a_url() {
        let url = super::socket("a@b", "my db", Path::new("/tmp/ü ?&%/run"), 5432);
        assert_eq!(url, "postgresql://a%40b@/my%20db?host=%2Ftmp%2F%C3%BC%20%3F%26%25%2Frun&port=5432");
        let config: tokio_postgres::Config = url.parse().expect("tokio-postgres reads it");
        assert_eq!(config.get_hosts(), [tokio_postgres::config::Host::Unix("/tmp/ü ?&%/run".into())]);
        assert_eq!((config.get_user(), config.get_dbname()), (Some("a@b"), Some("my db")));
    }

    #[test]
    fn a_tcp_url_names_an_address_one_can_reach() {
        let url = |listen: &str| super::tcp("postgres", "p", "postgres", listen.parse().expect("an address"));
        assert_eq!(url("0.0.0.0:5433"), "postgresql://postgres:p@127.0.0.1:5433/postgres");
        assert_eq!(url("[::]:5433"), "postgresql://postgres:p@[::1]:5433/postgres");
    }
}
