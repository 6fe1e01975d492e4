//! Writing an object in several goes, by several processes: what one has made durable, the next goes on from.

use std::fs::OpenOptions;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::folder::{Appender, Folder, blocking};
use crate::hash::Hash;
use crate::s3::{self, Parts, Sender};
use crate::store::Place;
use crate::{About, Error, Key, Store, Stored};

/// Where a resumable upload stands: to be kept by the caller, who sees to it that only one goes on from it at a time.
/// Once a newer one is kept, older ones mean nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resumption {
    path: String,
    size: u64,
    /// What SHA-256 has seen so far.
    sha256: String,
    /// What a bucket has of it; a folder has the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    s3: Option<Parts>,
}

impl Resumption {
    /// The key that the object will have.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Bytes that are durable.
    pub fn size(&self) -> u64 {
        self.size
    }
}

/// An object in the making that outlives its writer.
pub struct ResumableWriter {
    path: String,
    sink: Sink,
}

enum Sink {
    Folder(Appender),
    S3(Box<Sender>),
}

impl std::fmt::Debug for ResumableWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResumableWriter")
            .field("path", &self.path)
            .field("size", &self.size())
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Begins an object that may be written in several goes. In a folder it is visible from now on under its key; whether
    /// it counts is for the caller to know.
    ///
    /// # Errors
    /// [`Error::Exists`], or the store fails.
    pub async fn begin_resumable(&self, key: Key, about: About) -> Result<Resumption, Error> {
        let path = key.to_string();
        let s3 = match self.place() {
            Place::Folder(folder) => {
                let (folder, target) = (folder.clone(), path.clone());
                let created = blocking(move || folder.create(&target)).await;
                created.map_err(|e| Error::writing("begin", &path, &e))?;
                None
            }
            Place::S3(_) => Some(Parts::new(about)),
        };
        Ok(Resumption { path, size: 0, sha256: Hash::default().state(), s3 })
    }

    /// Goes on from a state: what was written after it is forgotten. Not after [`ResumableWriter::finish`] was
    /// acknowledged, for then it would be the object that is forgotten.
    ///
    /// # Errors
    /// [`Error::NotResumable`] where the store has less than the state says; or the store fails.
    pub async fn resume(&self, state: Resumption) -> Result<ResumableWriter, Error> {
        let Resumption { path, size, sha256, s3 } = state;
        let hash = Hash::resume(&sha256)
            .ok_or_else(|| Error::not_resumable(&path, "its checksum so far cannot be read"))?;
        let sink = match (self.place(), s3) {
            (Place::Folder(folder), None) => {
                let (folder, target) = (folder.clone(), path.clone());
                let opened = blocking(move || cut_back(&folder, &target, size)).await;
                let file = opened.map_err(|e| match e.kind() {
                    io::ErrorKind::NotFound => Error::not_resumable(&path, "its file is gone"),
                    io::ErrorKind::UnexpectedEof => Error::not_resumable(&path, "its file has lost bytes"),
                    _ => Error::writing("go on with", &path, &e),
                })?;
                Sink::Folder(Appender::new(Arc::new(file), size, hash))
            }
            (Place::S3(s3), Some(parts)) => {
                Sink::S3(Box::new(Sender::resume(s3.clone(), path.clone(), size, hash, parts).await?))
            }
            _ => return Err(Error::not_resumable(&path, "it was begun in another store")),
        };
        Ok(ResumableWriter { path, sink })
    }

    /// Gives up an upload: everything that is kept of it goes. What is gone already is no error.
    ///
    /// # Errors
    /// The store fails.
    pub async fn discard(&self, state: Resumption) -> Result<(), Error> {
        match (self.place(), state.s3) {
            (Place::S3(s3), Some(parts)) => s3::discard(s3, &state.path, parts).await,
            _ => self.delete(&state.path).await,
        }
    }
}

/// Opens a file with at least so many bytes, and cuts off what is more.
fn cut_back(folder: &Folder, path: &str, size: u64) -> io::Result<std::fs::File> {
    let file = OpenOptions::new().write(true).open(folder.place(path)?)?;
    let found = file.metadata()?.len();
    if found < size {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if found > size {
        file.set_len(size)?;
    }
    Ok(file)
}

impl ResumableWriter {
    /// The key that the object will have.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Bytes taken so far, durable or not.
    pub fn size(&self) -> u64 {
        match &self.sink {
            Sink::Folder(appender) => appender.size(),
            Sink::S3(sender) => sender.size(),
        }
    }

    /// Takes the next bytes. Memory stays flat.
    ///
    /// # Errors
    /// The store fails; go on from the last state.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        match &mut self.sink {
            Sink::Folder(appender) => {
                appender.write(&bytes).await.map_err(|e| Error::writing("write", &self.path, &e))
            }
            Sink::S3(sender) => sender.write(&bytes).await,
        }
    }

    /// Makes durable what was written so far.
    ///
    /// # Errors
    /// The store fails; go on from the last state.
    pub async fn checkpoint(&mut self) -> Result<Resumption, Error> {
        let (sha256, s3) = match &mut self.sink {
            Sink::Folder(appender) => {
                let hash = appender.sync().await.map_err(|e| Error::writing("flush", &self.path, &e))?;
                (hash.state(), None)
            }
            Sink::S3(sender) => {
                let (sha256, parts) = sender.checkpoint().await?;
                (sha256, Some(parts))
            }
        };
        Ok(Resumption { path: self.path.clone(), size: self.size(), sha256, s3 })
    }

    /// Makes the object whole and durable. If the answer is lost, go on from the last state and finish again.
    ///
    /// # Errors
    /// The store fails; go on from the last state.
    pub async fn finish(self) -> Result<Stored, Error> {
        let Self { path, sink } = self;
        match sink {
            Sink::Folder(mut appender) => {
                let hash = appender.sync().await.map_err(|e| Error::writing("finish", &path, &e))?;
                let sha256 = hash.clone().finish();
                Ok(Stored { size: appender.size(), path, sha256 })
            }
            Sink::S3(sender) => sender.finish().await,
        }
    }
}
