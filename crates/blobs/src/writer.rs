//! Writing an object: streamed, hashed on the way, visible at the end.

use bytes::Bytes;

use crate::Error;
use crate::folder::{Appender, Folder, Staged, blocking};
use crate::hash::Hash;
use crate::s3::Sender;

/// An object in the making. Dropped without [`Writer::finish`], it leaves nothing behind.
pub struct Writer {
    path: String,
    sink: Sink,
}

enum Sink {
    Folder(Box<InFolder>),
    S3(Box<Sender>),
}

struct InFolder {
    folder: Folder,
    staged: Staged,
    appender: Appender,
}

/// An object that is safely stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its key.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256, 64 lower-case hexadecimal digits.
    pub sha256: String,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("path", &self.path).field("size", &self.size()).finish_non_exhaustive()
    }
}

impl Writer {
    pub(crate) fn folder(folder: Folder, path: String, staged: Staged) -> Self {
        let appender = Appender::new(staged.file.clone(), 0, Hash::default());
        Self { path, sink: Sink::Folder(Box::new(InFolder { folder, staged, appender })) }
    }

    pub(crate) fn s3(path: String, sender: Sender) -> Self {
        Self { path, sink: Sink::S3(Box::new(sender)) }
    }

    /// The key it will be found under.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Bytes taken so far.
    pub fn size(&self) -> u64 {
        match &self.sink {
            Sink::Folder(it) => it.appender.size(),
            Sink::S3(sender) => sender.size(),
        }
    }

    /// Takes the next bytes. Memory stays flat: they go to the store part by part.
    ///
    /// # Errors
    /// The store fails.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        match &mut self.sink {
            Sink::Folder(it) => {
                it.appender.write(&bytes).await.map_err(|e| Error::writing("write", &self.path, &e))
            }
            Sink::S3(sender) => sender.write(&bytes).await,
        }
    }

    /// Stores what is left and makes the object visible under its key.
    ///
    /// # Errors
    /// [`Error::Exists`], or the store fails; then nothing is left behind.
    pub async fn finish(self) -> Result<Stored, Error> {
        let Self { path, sink } = self;
        match sink {
            Sink::Folder(it) => {
                let InFolder { folder, staged, mut appender } = *it;
                let failed = |e| Error::writing("finish", &path, &e);
                let sha256 = appender.settle().await.map_err(failed)?.clone().finish();
                let target = path.clone();
                blocking(move || staged.publish(&folder, &target)).await.map_err(failed)?;
                Ok(Stored { size: appender.size(), path, sha256 })
            }
            Sink::S3(sender) => sender.finish().await,
        }
    }

    /// Gives up; nothing is left behind.
    ///
    /// # Errors
    /// The store fails to forget the parts.
    pub async fn abort(self) -> Result<(), Error> {
        match self.sink {
            // A file without a name is gone when it is closed.
            Sink::Folder(_) => Ok(()),
            Sink::S3(sender) => sender.abort().await,
        }
    }
}
