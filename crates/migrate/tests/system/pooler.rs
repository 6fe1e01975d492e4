//! A pooler in transaction mode, as far as the migrator can see it: many clients, one server process.

use colophon_migrate::{Error, Migrator};
use colophon_testkit::{TestDatabase, skip};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::Mutex;

use crate::folder::ask;

/// The socket that a test's database is reached by, and its name.
pub fn socket_of(url: &str) -> (std::path::PathBuf, String) {
    let config: tokio_postgres::Config = url.parse().expect("a URL");
    let Some(tokio_postgres::config::Host::Unix(folder)) = config.get_hosts().first() else {
        panic!("{url} names no socket")
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    (folder.join(format!(".s.PGSQL.{port}")), config.get_dbname().expect("a database").to_owned())
}

#[tokio::test]
async fn a_pooler_in_transaction_mode_is_recognised_and_refused() {
    let db = TestDatabase::empty().await;
    let (socket, name) = socket_of(&db.url("postgres"));
    let mut server = UnixStream::connect(socket).await.expect("the server");
    start(&mut server, &name).await;
    let server = Arc::new(Mutex::new(server));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("a port").port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(serve(client, Arc::clone(&server)));
        }
    });
    let url = format!("postgresql://postgres@127.0.0.1:{port}/{name}?sslmode=disable");
    let migrator = Migrator::connect(&url).await.expect("a pooler answers");
    let error = migrator.up(|_| {}).await.expect_err("a session lock would belong to nobody");
    assert!(matches!(error, Error::Pooler { .. }), "{error}");
    assert!(error.to_string().contains("COLOPHON_DIRECT_URL"), "{error}");
    assert_eq!(ask(&db.client("postgres").await, "to_regnamespace('supabase_migrations')").await, "");
}

#[tokio::test]
async fn supabases_transaction_port_is_refused_by_its_number() {
    // Nobody is asked: the name of the host and its port are enough, once a connection is there.
    let db = TestDatabase::empty().await;
    let (socket, name) = socket_of(&db.url("postgres"));
    let listener = TcpListener::bind("127.0.0.1:6543").await;
    let Ok(listener) = listener else { skip!("port 6543 is taken") };
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut server = UnixStream::connect(&socket).await.expect("the server");
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut server).await });
        }
    });
    let url = format!(
        "postgresql://postgres@aws-0-eu.pooler.supabase.com:6543/{name}?hostaddr=127.0.0.1&sslmode=disable"
    );
    let error = Migrator::connect(&url).await.expect("it connects").up(|_| {}).await.expect_err("6543");
    assert!(error.to_string().contains("6543"), "{error}");
}

/// A real `PgBouncer` before a test's database, ended with this value.
struct PgBouncer {
    child: std::process::Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl PgBouncer {
    /// `None` where there is no such program.
    async fn start(db: &TestDatabase, mode: &str) -> Option<Self> {
        let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"]
            .into_iter()
            .find(|path| std::path::Path::new(path).exists())?;
        let (socket, name) = socket_of(&db.url("postgres"));
        let behind = bridge(socket).await;
        let port =
            TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("a port").port();
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("pgbouncer.ini");
        let text = format!(
            "[databases]\n{name} = host=127.0.0.1 port={behind} user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = {mode}\n"
        );
        std::fs::write(&file, text).expect("a file");
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).expect("it may be read");
        // It refuses to run as root; then it runs as nobody.
        let root =
            std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
        let mut command = std::process::Command::new(if root { "setpriv" } else { program });
        if root {
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups", program]);
        }
        let quiet = std::process::Stdio::null;
        let child = command.arg(&file).stdout(quiet()).stderr(quiet()).spawn().expect("it starts");
        let begun = std::time::Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(begun.elapsed().as_secs() < 10, "PgBouncer does not listen");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let url = format!("postgresql://postgres@127.0.0.1:{port}/{name}?sslmode=disable");
        Some(Self { child, url, _folder: folder })
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn pgbouncer_is_refused_in_transaction_mode_and_served_in_session_mode() {
    let db = TestDatabase::empty().await;
    for mode in ["transaction", "session"] {
        let Some(pooler) = PgBouncer::start(&db, mode).await else { skip!("no pgbouncer") };
        let up = Migrator::connect(&pooler.url).await.expect("it answers").up(|_| {}).await;
        match mode {
            "transaction" => assert!(matches!(up, Err(Error::Pooler { .. })), "{up:?}"),
            _ => assert_eq!(up.expect("a session is a session"), colophon_migrate::migrations().len()),
        }
    }
}

/// A TCP port that leads to a socket.
pub async fn bridge(socket: std::path::PathBuf) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("a port").port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let Ok(mut server) = UnixStream::connect(&socket).await else { continue };
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut server).await });
        }
    });
    port
}

/// Logs in to the server, once for everybody.
async fn start(server: &mut UnixStream, database: &str) {
    let mut body = 196_608_i32.to_be_bytes().to_vec();
    body.extend(format!("user\0postgres\0database\0{database}\0\0").bytes());
    let length = i32::try_from(body.len() + 4).expect("it fits");
    server.write_all(&[&length.to_be_bytes()[..], &body].concat()).await.expect("a start");
    while message(server).await.expect("an answer").0 != b'Z' {}
}

/// Answers one client: each message goes to the one server process, when nobody else is in a transaction there.
async fn serve(mut client: TcpStream, server: Arc<Mutex<UnixStream>>) -> Option<()> {
    let mut length = [0; 4];
    client.read_exact(&mut length).await.ok()?;
    let mut start = vec![0; usize::try_from(i32::from_be_bytes(length)).ok()? - 4];
    client.read_exact(&mut start).await.ok()?;
    client.write_all(b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I").await.ok()?;
    loop {
        let mut asked = message(&mut client).await?;
        let mut server = server.lock().await;
        loop {
            send(&mut *server, &asked).await?;
            let idle = loop {
                let answer = message(&mut *server).await?;
                send(&mut client, &answer).await?;
                if answer.0 == b'Z' {
                    break answer.1 == b"I";
                }
            };
            if idle {
                break;
            }
            asked = message(&mut client).await?;
        }
    }
}

async fn message(from: &mut (impl AsyncRead + Unpin)) -> Option<(u8, Vec<u8>)> {
    let kind = from.read_u8().await.ok()?;
    let length = from.read_i32().await.ok()?;
    let mut body = vec![0; usize::try_from(length).ok()? - 4];
    from.read_exact(&mut body).await.ok()?;
    Some((kind, body))
}

async fn send(to: &mut (impl AsyncWrite + Unpin), (kind, body): &(u8, Vec<u8>)) -> Option<()> {
    let length = i32::try_from(body.len() + 4).ok()?;
    to.write_all(&[&[*kind][..], &length.to_be_bytes(), body].concat()).await.ok()
}
