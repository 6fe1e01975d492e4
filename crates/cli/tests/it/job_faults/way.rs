//! The way to PostgreSQL, on which connections are cut at the worst moment.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::wait;

/// When a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// What was sent does not reach the server.
    Request,
    /// The server has done it, and its answer does not come back.
    Answer,
}

/// On what a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// A COMMIT of its own.
    Commit,
    /// Whatever is sent next.
    Anything,
}

/// Forwards TCP connections to the Unix socket of a server. Ends with the test process.
pub struct Way {
    pub address: SocketAddr,
    armed: Arc<Mutex<Option<(Cut, On)>>>,
}

impl Way {
    pub fn to(socket: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let armed = Arc::new(Mutex::new(None));
        let (socket, of_connections) = (socket.to_owned(), Arc::clone(&armed));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (socket, armed) = (socket.clone(), Arc::clone(&of_connections));
                thread::spawn(move || pass(&client, &socket, &armed));
            }
        });
        Self { address, armed }
    }

    /// Cuts the connection on which the next such thing is sent, and waits until it was.
    pub fn cut(&self, cut: Cut, on: On) {
        *self.armed.lock().unwrap() = Some((cut, on));
        wait::until("a connection is cut", || self.armed.lock().unwrap().is_none());
    }
}

fn pass(client: &TcpStream, socket: &PathBuf, armed: &Mutex<Option<(Cut, On)>>) {
    // While the server is away, the client is refused too.
    let Ok(server) = UnixStream::connect(socket) else { return };
    // Requests and answers are small, and the next one waits for them.
    let _ = client.set_nodelay(true);
    let loses_answer = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let _ = answers(&server, client, &loses_answer);
            let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
        });
        let _ = requests(client, &server, armed, &loses_answer);
        // An answer that is to be lost has been given once the server has sent it.
        if !loses_answer.load(Ordering::SeqCst) {
            let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
        }
    });
}

fn requests(
    mut client: &TcpStream,
    mut server: &UnixStream,
    armed: &Mutex<Option<(Cut, On)>>,
    loses_answer: &AtomicBool,
) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 16];
    let mut begun = false;
    loop {
        let read = client.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        let sent = &buffer[..read];
        // Not while it says who it is: a connection that never came about is nothing new.
        match if begun { take(armed, sent) } else { None } {
            Some(Cut::Request) => return Ok(()),
            Some(Cut::Answer) => {
                loses_answer.store(true, Ordering::SeqCst);
                return server.write_all(sent);
            }
            None => server.write_all(sent)?,
        }
        // The first byte of a message is its name; the two that open a connection have none of these.
        begun |= matches!(sent[0], b'Q' | b'P' | b'B');
    }
}

fn answers(mut server: &UnixStream, mut client: &TcpStream, loses_answer: &AtomicBool) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = server.read(&mut buffer)?;
        if read == 0 || loses_answer.load(Ordering::SeqCst) {
            return Ok(());
        }
        client.write_all(&buffer[..read])?;
    }
}

/// What is to happen to what is sent here, if it is this that was waited for.
fn take(armed: &Mutex<Option<(Cut, On)>>, sent: &[u8]) -> Option<Cut> {
    let mut armed = armed.lock().unwrap();
    let (cut, on) = (*armed)?;
    let is_it = on == On::Anything || sent.windows(7).any(|seven| seven.eq_ignore_ascii_case(b"commit\0"));
    is_it.then(|| {
        *armed = None;
        cut
    })
}
