//! A real `PgBouncer` in transaction mode before the tests' server, one for each test process.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::server::{Server, folder};

/// Server processes for each database and role: fewer than any test has connections, so that they are shared.
const POOL: u8 = 3;

/// Does `COLOPHON_TEST_POOLER=transaction` ask that everything goes through a pooler?
pub fn through_a_pooler() -> bool {
    match std::env::var("COLOPHON_TEST_POOLER").as_deref() {
        Ok("transaction") => true,
        Ok("") | Err(_) => false,
        Ok(other) => panic!("COLOPHON_TEST_POOLER is transaction or unset, not {other:?}"),
    }
}

/// The port where `PgBouncer` listens; `None` where there is no such program. It ends with this process.
pub(crate) fn port() -> Option<u16> {
    static PORT: OnceLock<Option<u16>> = OnceLock::new();
    *PORT.get_or_init(|| {
        let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"];
        let program = program.into_iter().find(|path| fs::exists(path).unwrap_or(false))?;
        Some(start(program))
    })
}

fn start(program: &str) -> u16 {
    let (socket_dir, server_port) = Server::get().socket();
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = free.local_addr().expect("a port").port();
    drop(free);
    let folder = std::env::temp_dir().join(format!("colophon-pgbouncer-{}", Server::get().token));
    fs::create_dir(&folder).expect("a folder");
    let users = folder.join("users");
    fs::write(&users, "\"authenticator\" \"\"\n\"postgres\" \"\"\n").expect("a file");
    let file = folder.join("pgbouncer.ini");
    let text = format!(
        "[databases]\n* = host=/proc/self/cwd port={server_port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
         unix_socket_dir =\nauth_type = trust\nauth_file = {}\npool_mode = transaction\ndefault_pool_size = {POOL}\n\
         max_client_conn = 2000\n",
        users.display(),
    );
    fs::write(&file, text).expect("a file");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("it may be read");
    let mut command = command(program);
    // Only root may go the way to the socket's folder; who stands in it needs none.
    command
        .arg(&file)
        .current_dir(socket_dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    // It is ended with its parent, and for that its parent is the thread: so one that stays.
    std::thread::spawn(move || command.spawn().expect("PgBouncer starts").wait());
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(10), "PgBouncer does not listen");
        std::thread::sleep(Duration::from_millis(20));
    }
    // It has read its files.
    let _ = fs::remove_dir_all(&folder);
    port
}

/// `PgBouncer` refuses to run as root. As the server's own user it is known at the server's socket.
fn command(program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]);
    if rustix::process::getuid().is_root() {
        let owner = fs::metadata(folder().join("postgres")).expect("the tests' cluster");
        let (user, group) = (owner.uid(), owner.gid());
        command.args([format!("--reuid={user}"), format!("--regid={group}"), "--clear-groups".to_owned()]);
    }
    command.arg(program);
    command
}
