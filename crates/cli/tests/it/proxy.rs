//! What stands between a client and the server, and does harm.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::thread;

/// Forwards connections to wherever the server is now. Ends with the test process.
pub struct Proxy {
    pub url: String,
    to: Arc<Harm>,
}

#[derive(Default)]
struct Harm {
    listen: RwLock<String>,
    /// Every connection that is open is cut when this rises.
    cuts: AtomicU64,
    /// So many answers that tell of a document do not get through.
    losses: AtomicU64,
}

impl Proxy {
    /// A proxy to the server at this address.
    pub fn to(listen: &str) -> Self {
        let to = Arc::new(Harm::default());
        listen.clone_into(&mut to.listen.write().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let harm = Arc::clone(&to);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let harm = Arc::clone(&harm);
                thread::spawn(move || harm.connect(client));
            }
        });
        Self { url, to }
    }

    /// The server has moved.
    pub fn goes_to(&self, listen: &str) {
        listen.clone_into(&mut self.to.listen.write().unwrap());
    }

    /// Cuts every connection.
    pub fn cut(&self) {
        self.to.cuts.fetch_add(1, Ordering::SeqCst);
    }

    /// Cuts a connection where an answer would come that tells of a document, so many times.
    pub fn lose_answers(&self, count: u64) {
        self.to.losses.store(count, Ordering::SeqCst);
    }

    /// Answers that are still to be lost.
    pub fn losses(&self) -> u64 {
        self.to.losses.load(Ordering::SeqCst)
    }
}

impl Harm {
    fn connect(self: Arc<Self>, client: TcpStream) {
        let listen = self.listen.read().unwrap().clone();
        let Ok(server) = TcpStream::connect(listen) else { return };
        let cuts = self.cuts.load(Ordering::SeqCst);
        let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        let other = Arc::clone(&self);
        thread::spawn(move || other.copy(from, to, cuts, false));
        self.copy(server, client, cuts, true);
    }

    fn loses(&self, answer: &[u8]) -> bool {
        String::from_utf8_lossy(answer).contains("content-location: /v1/documents/")
            && self
                .losses
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
                .is_ok()
    }

    fn copy(&self, mut from: TcpStream, mut to: TcpStream, cuts: u64, answers: bool) {
        let mut bytes = vec![0; 64 << 10];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            let cut = self.cuts.load(Ordering::SeqCst) != cuts;
            let lost = answers && self.loses(&bytes[..count]);
            if cut || lost || to.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        // The other direction may be closed already.
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    }
}
