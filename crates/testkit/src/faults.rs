//! A way to a server of HTTP on which things go wrong when a test says so.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection is closed before anything was passed on.
    Refuse,
    /// Nothing is passed on, and no answer comes.
    Stall,
    /// The answer is this status, and nothing was passed on.
    Answer(u16),
    /// The connection is closed when so many bytes of the request's body were passed on.
    CutRequest(usize),
    /// The connection is closed after so many bytes of the answer's body.
    CutAnswer(usize),
    /// The answer says that it has so many bytes more than it has, or fewer.
    LieAboutLength(isize),
    /// Everything was passed on and done, and the answer does not come.
    LoseAnswer,
}

/// The way. Each connection carries one request.
#[derive(Debug, Clone)]
pub struct Faults {
    address: SocketAddr,
    plan: Arc<Mutex<Plan>>,
}

#[derive(Debug, Default)]
struct Plan {
    /// What is to go wrong, on requests whose first line contains this, how many times yet.
    faults: Vec<(Fault, String, usize)>,
    /// The first lines of all requests.
    seen: Vec<String>,
}

impl Faults {
    /// Leads to a server.
    pub fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let plan = Arc::new(Mutex::new(Plan::default()));
        let faults = Self { address, plan };
        let of_connections = faults.clone();
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let faults = of_connections.clone();
                // Either side may break off; that is what this is for.
                std::thread::spawn(move || drop(faults.pass(connection, server)));
            }
        });
        faults
    }

    /// Where the way begins.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on the next `times` requests whose first line contains `on` go wrong.
    pub fn plan(&self, fault: Fault, on: &str, times: usize) {
        self.locked().faults.push((fault, on.to_owned(), times));
    }

    /// From now on nothing goes wrong.
    pub fn mend(&self) {
        self.locked().faults.clear();
    }

    /// The first lines of the requests that came since the last call.
    pub fn seen(&self) -> Vec<String> {
        std::mem::take(&mut self.locked().seen)
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fault(&self, line: &str) -> Option<Fault> {
        let mut plan = self.locked();
        plan.seen.push(line.to_owned());
        let planned =
            plan.faults.iter_mut().find(|(_, on, times)| *times > 0 && line.contains(on.as_str()))?;
        planned.2 -= 1;
        Some(planned.0)
    }

    fn pass(&self, mut client: TcpStream, server: SocketAddr) -> io::Result<()> {
        let (head, begun) = head(&mut client)?;
        let line = head.lines().next().unwrap_or_default();
        let length = length(&head).unwrap_or(0);
        let fault = self.fault(line);
        match fault {
            Some(Fault::Refuse) => return client.shutdown(Shutdown::Both),
            Some(Fault::Stall) => {
                // Until the client loses patience.
                while client.read(&mut [0; 4096])? > 0 {}
                return Ok(());
            }
            Some(Fault::Answer(status)) => {
                copy(&mut client, &mut io::sink(), &begun, length)?;
                let body = "<Error><Code>Planned</Code><Message>by the test</Message></Error>";
                let answer = "Content-Type: application/xml\r\nConnection: close\r\nContent-Length";
                write!(client, "HTTP/1.1 {status} Planned\r\n{answer}: {}\r\n\r\n{body}", body.len())?;
                return client.shutdown(Shutdown::Write);
            }
            _ => {}
        }
        let mut server = TcpStream::connect(server)?;
        // One request on each connection, so that nobody waits for another.
        server.write_all(head.replacen("\r\n", "\r\nConnection: close\r\n", 1).as_bytes())?;
        if let Some(Fault::CutRequest(after)) = fault {
            copy(&mut client, &mut server, &begun, length.min(after))?;
            server.shutdown(Shutdown::Both)?;
            return client.shutdown(Shutdown::Both);
        }
        copy(&mut client, &mut server, &begun, length)?;
        let (mut head, begun) = self::head(&mut server)?;
        if let Some(Fault::LieAboutLength(by)) = fault
            && let Some(length) = self::length(&head)
        {
            let (true_length, told) = (format!(": {length}\r\n"), length.saturating_add_signed(by));
            head = head.replacen(&true_length, &format!(": {told}\r\n"), 1);
        }
        match fault {
            Some(Fault::LoseAnswer) => {
                // What the server does until its answer's end is done.
                copy(&mut server, &mut io::sink(), &begun, usize::MAX)?;
            }
            Some(Fault::CutAnswer(after)) => {
                client.write_all(head.as_bytes())?;
                copy(&mut server, &mut client, &begun, after)?;
            }
            _ => {
                client.write_all(head.as_bytes())?;
                copy(&mut server, &mut client, &begun, usize::MAX)?;
            }
        }
        client.shutdown(Shutdown::Both)
    }
}

/// The head of a request or an answer, and what came of the body with it.
fn head(from: &mut TcpStream) -> io::Result<(String, Vec<u8>)> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 8192]);
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&buffer[..read]);
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let body = bytes.split_off(end + 4);
            return Ok((String::from_utf8_lossy(&bytes).into_owned(), body));
        }
    }
}

fn length(head: &str) -> Option<usize> {
    head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    })
}

/// Copies what has come already and then more, so many bytes at most.
fn copy(from: &mut TcpStream, to: &mut impl io::Write, begun: &[u8], most: usize) -> io::Result<()> {
    let now = begun.len().min(most);
    to.write_all(&begun[..now])?;
    io::copy(&mut from.take((most - now) as u64), to).map(drop)
}
