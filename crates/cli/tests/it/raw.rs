//! Requests by hand, for what no client would send.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use crate::server::Server;

/// A connection on which an upload has begun.
pub struct Raw(TcpStream);

impl Raw {
    /// Sends the head of a `POST` with these headers besides the token.
    pub fn post(server: &Server, token: &str, path: &str, headers: &[&str]) -> Self {
        Self::begin(server, "POST", token, path, headers)
    }

    /// As [`Raw::post`], by any method.
    pub fn begin(server: &Server, method: &str, token: &str, path: &str, headers: &[&str]) -> Self {
        let stream = TcpStream::connect(&server.ready.listen).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let mut raw = Self(stream);
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: colophon\r\nAuthorization: Bearer {token}\r\n{}\r\n\r\n",
            headers.join("\r\n")
        );
        raw.send(head.as_bytes());
        raw
    }

    /// Asks for a path, and leaves the answer where it is.
    pub fn get(server: &Server, token: &str, path: &str) -> Self {
        let stream = TcpStream::connect(&server.ready.listen).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let mut raw = Self(stream);
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: colophon\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        );
        raw.send(head.as_bytes());
        raw
    }

    /// The next so many bytes of the answer.
    pub fn read(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.0.read_exact(&mut bytes).unwrap();
        bytes
    }

    /// All other bytes of the answer.
    pub fn rest(mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.0.read_to_end(&mut bytes).unwrap();
        bytes
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }

    /// Sends what the server still takes.
    pub fn try_send(&mut self, bytes: &[u8]) {
        // A server that does not want it may have hung up.
        let _ = self.0.write_all(bytes);
    }

    /// Sends a chunk of a body whose length was not declared.
    pub fn send_chunk(&mut self, bytes: &[u8]) {
        self.send(format!("{:x}\r\n", bytes.len()).as_bytes());
        self.send(bytes);
        self.send(b"\r\n");
    }

    /// Says that nothing more will come, and listens on.
    pub fn end(&mut self) {
        self.0.shutdown(Shutdown::Write).unwrap();
    }

    /// Everything the server still says, if anything.
    pub fn answer(mut self) -> String {
        let mut answer = Vec::new();
        // A connection that the server resets has said what it had to say.
        let _ = self.0.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }
}
