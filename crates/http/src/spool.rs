//! A body that is wanted whole, without being held in memory: the first megabyte is, and the rest waits in a file that
//! has no name.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek as _};

use axum::body::Body;
use axum::http::StatusCode;
use futures_util::StreamExt as _;
use tokio::io::AsyncWriteExt as _;

use crate::Problem;

/// What is held in memory.
const IN_MEMORY: usize = 1 << 20;

/// A whole body, to be read once.
#[derive(Debug)]
pub enum Spooled {
    /// A small one.
    Memory(Cursor<Vec<u8>>),
    /// A large one.
    File(BufReader<File>),
}

/// Takes a body of `limit` bytes at most.
///
/// # Errors
/// It is larger, or it breaks off, or there is no room for it.
pub async fn spool(body: Body, limit: u64) -> Result<Spooled, Problem> {
    spool_seen(body, limit, |_| ()).await
}

/// As [`spool`], and shows each part as it comes.
///
/// # Errors
/// As [`spool`].
pub async fn spool_seen(body: Body, limit: u64, mut seen: impl FnMut(&[u8])) -> Result<Spooled, Problem> {
    let mut stream = body.into_data_stream();
    let (mut memory, mut file) = (Vec::new(), None::<tokio::fs::File>);
    let mut length = 0_u64;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|e| {
            let detail = format!("the body broke off ({e}); nothing was stored, send it again");
            Problem::bad_request("body_interrupted", detail)
        })?;
        seen(&chunk);
        length += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        if length > limit {
            let detail = format!("the body is larger than {limit} bytes, the most that is taken");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail));
        }
        if file.is_none() && memory.len() + chunk.len() > IN_MEMORY {
            let mut made = tokio::fs::File::from_std(tempfile::tempfile().map_err(no_room)?);
            made.write_all(&std::mem::take(&mut memory)).await.map_err(no_room)?;
            file = Some(made);
        }
        match &mut file {
            Some(file) => file.write_all(&chunk).await.map_err(no_room)?,
            None => memory.extend_from_slice(&chunk),
        }
    }
    let Some(mut file) = file else { return Ok(Spooled::Memory(Cursor::new(memory))) };
    file.flush().await.map_err(no_room)?;
    let mut file = file.into_std().await;
    file.rewind().map_err(no_room)?;
    Ok(Spooled::File(BufReader::with_capacity(1 << 16, file)))
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn no_room(error: io::Error) -> Problem {
    tracing::error!(%error, "a body cannot be kept in the folder for temporary files");
    let detail = "the server has no room for the body right now; try again, or send it in smaller parts";
    Problem::new(StatusCode::INSUFFICIENT_STORAGE, "no_space", detail)
}

impl Read for Spooled {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Memory(memory) => memory.read(buffer),
            Self::File(file) => file.read(buffer),
        }
    }
}

impl BufRead for Spooled {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self {
            Self::Memory(memory) => memory.fill_buf(),
            Self::File(file) => file.fill_buf(),
        }
    }

    fn consume(&mut self, amount: usize) {
        match self {
            Self::Memory(memory) => memory.consume(amount),
            Self::File(file) => file.consume(amount),
        }
    }
}
