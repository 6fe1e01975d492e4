//! Writing an object: streamed, hashed on the way, visible at the end.

use std::fmt::Write as _;

use bytes::{Bytes, BytesMut};
use object_store::MultipartUpload;
use sha2::{Digest, Sha256};

use crate::{Error, Store};

/// Bytes sent to the store at a time. S3 takes no less than 5 MiB but for the last part.
const PART: usize = 8 * 1024 * 1024;

/// An object in the making. Dropped without [`Writer::finish`], it leaves nothing behind.
pub struct Writer {
    store: Store,
    path: String,
    upload: Option<Box<dyn MultipartUpload>>,
    part: BytesMut,
    hash: Sha256,
    size: u64,
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
        f.debug_struct("Writer").field("path", &self.path).field("size", &self.size).finish_non_exhaustive()
    }
}

impl Writer {
    pub(crate) fn new(store: Store, path: String, upload: Box<dyn MultipartUpload>) -> Self {
        Self { store, path, upload: Some(upload), part: BytesMut::new(), hash: Sha256::new(), size: 0 }
    }

    /// Bytes taken so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Takes the next bytes. Memory stays flat: one part is held, and it is stored before the next is begun.
    ///
    /// # Errors
    /// The store fails.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        self.hash.update(&bytes);
        self.size += bytes.len() as u64;
        self.part.extend_from_slice(&bytes);
        while self.part.len() >= PART {
            let part = self.part.split_to(PART).freeze();
            self.put(part).await?;
        }
        Ok(())
    }

    /// Stores what is left and makes the object visible under its key.
    ///
    /// # Errors
    /// The store fails; then nothing is left behind.
    pub async fn finish(mut self) -> Result<Stored, Error> {
        if !self.part.is_empty() {
            let part = self.part.split().freeze();
            self.put(part).await?;
        }
        if let Some(upload) = &mut self.upload {
            upload.complete().await.map_err(|e| Error::store("finish", &self.path, &e))?;
        }
        self.upload = None;
        let sha256 = hexadecimal(&self.hash.finalize_reset());
        Ok(Stored { path: std::mem::take(&mut self.path), size: self.size, sha256 })
    }

    /// Gives up; nothing is left behind.
    ///
    /// # Errors
    /// The store fails to forget the parts.
    pub async fn abort(mut self) -> Result<(), Error> {
        if let Some(mut upload) = self.upload.take() {
            upload.abort().await.map_err(|e| Error::store("give up", &self.path, &e))?;
            self.store.forget_folder(&self.path);
        }
        Ok(())
    }

    async fn put(&mut self, part: Bytes) -> Result<(), Error> {
        if let Some(upload) = &mut self.upload {
            upload.put_part(part.into()).await.map_err(|e| Error::store("write", &self.path, &e))?;
        }
        Ok(())
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl Drop for Writer {
    fn drop(&mut self) {
        let Some(mut upload) = self.upload.take() else { return };
        let (store, path) = (self.store.clone(), std::mem::take(&mut self.path));
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if upload.abort().await.is_ok() {
                    store.forget_folder(&path);
                }
            });
        }
    }
}
