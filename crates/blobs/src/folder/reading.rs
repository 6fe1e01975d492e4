//! Bytes on their way out of a file: the next ones are read while these are sent.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::try_unfold;
use tokio::task::JoinHandle;

/// Bytes that are read at a time.
const CHUNK: u64 = 128 * 1024;

/// The bytes of a part of a file. Where the file is shorter, the stream ends early.
pub(crate) fn read(file: File, range: Range<u64>) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let first = Ahead { file: Arc::new(file), range, next: None };
    try_unfold(first, |mut ahead| async move {
        let Some(next) = ahead.next.take().or_else(|| ahead.begin()) else { return Ok(None) };
        let bytes = next.await.map_err(io::Error::other)??;
        if bytes.is_empty() {
            return Ok(None);
        }
        ahead.next = ahead.begin();
        Ok(Some((bytes, ahead)))
    })
}

struct Ahead {
    file: Arc<File>,
    range: Range<u64>,
    next: Option<JoinHandle<io::Result<Bytes>>>,
}

impl Ahead {
    fn begin(&mut self) -> Option<JoinHandle<io::Result<Bytes>>> {
        let (offset, end) = (self.range.start, self.range.end.min(self.range.start + CHUNK));
        if offset >= end {
            return None;
        }
        self.range.start = end;
        let file = Arc::clone(&self.file);
        let length = usize::try_from(end - offset).ok()?;
        Some(tokio::task::spawn_blocking(move || {
            let mut bytes = vec![0; length];
            let mut filled = 0;
            while filled < length {
                match file.read_at(&mut bytes[filled..], offset + filled as u64) {
                    Ok(0) => break,
                    Ok(read) => filled += read,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            bytes.truncate(filled);
            Ok(bytes.into())
        }))
    }
}
