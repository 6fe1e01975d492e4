//! Bytes on their way into a file: hashed and written by one thread while the next ones come in.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use tokio::task::JoinHandle;

use super::blocking;
use crate::hash::Hash;

/// Bytes that are handed to the disk at a time. An upload holds two such buffers, a hundred of them 25 MiB.
const PART: usize = 128 * 1024;

/// The end of a file that grows.
pub(crate) struct Appender {
    file: Arc<File>,
    /// Bytes taken so far, those in the buffer too.
    size: u64,
    buffer: Vec<u8>,
    /// Where the file begins anew.
    ring: Option<u64>,
    at_rest: Option<AtRest>,
    at_work: Option<JoinHandle<io::Result<AtRest>>>,
}

/// What a thread takes along and brings back.
struct AtRest {
    hash: Hash,
    spare: Vec<u8>,
}

impl Appender {
    /// Goes on after `size` bytes, which `hash` has seen.
    pub(crate) fn new(file: Arc<File>, size: u64, hash: Hash) -> Self {
        let at_rest = Some(AtRest { hash, spare: Vec::new() });
        Self { file, size, buffer: Vec::new(), ring: None, at_rest, at_work: None }
    }

    /// In a file that is written over and over again, and read by somebody meanwhile. No buffer may be across its end:
    /// whoever writes settles there.
    pub(crate) fn in_ring(file: Arc<File>, size: u64, hash: Hash, ring: u64) -> Self {
        Self { ring: Some(ring), ..Self::new(file, size, hash) }
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    pub(crate) async fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            if self.buffer.capacity() == 0 {
                self.buffer.reserve_exact(PART);
            }
            let (now, later) = bytes.split_at(bytes.len().min(PART - self.buffer.len()));
            self.buffer.extend_from_slice(now);
            self.size += now.len() as u64;
            bytes = later;
            if self.buffer.len() == PART {
                self.send().await?;
            }
        }
        Ok(())
    }

    /// Waits until all bytes are in the file, and gives their checksum so far.
    pub(crate) async fn settle(&mut self) -> io::Result<&Hash> {
        if !self.buffer.is_empty() {
            self.send().await?;
        }
        let rest = self.rest().await?;
        Ok(&self.at_rest.insert(rest).hash)
    }

    /// As [`Appender::settle`]; then they are on the disk, too.
    pub(crate) async fn sync(&mut self) -> io::Result<&Hash> {
        self.settle().await?;
        let file = Arc::clone(&self.file);
        blocking(move || file.sync_data()).await?;
        self.settle().await
    }

    /// Gives the buffer to a thread, once the one before has ended.
    async fn send(&mut self) -> io::Result<()> {
        let AtRest { mut hash, spare } = self.rest().await?;
        let mut full = std::mem::replace(&mut self.buffer, spare);
        let offset = self.size - full.len() as u64;
        let (file, offset) = (Arc::clone(&self.file), self.ring.map_or(offset, |ring| offset % ring));
        self.at_work = Some(tokio::task::spawn_blocking(move || {
            file.write_all_at(&full, offset)?;
            hash.update(&full);
            full.clear();
            Ok(AtRest { hash, spare: full })
        }));
        Ok(())
    }

    async fn rest(&mut self) -> io::Result<AtRest> {
        if let Some(work) = self.at_work.take() {
            return work.await.map_err(io::Error::other)?;
        }
        self.at_rest.take().ok_or_else(|| io::Error::other("an earlier write has failed"))
    }
}
