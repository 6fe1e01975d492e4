//! The store: a folder so far.

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::{BoxStream, StreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt};
use uuid::Uuid;

use crate::{Error, Key, Writer};

/// What a probe holds.
const PROBE: &[u8] = b"colophon";

/// Where the objects are.
#[derive(Debug, Clone)]
pub struct Store {
    objects: Arc<dyn ObjectStore>,
    root: PathBuf,
}

/// An object's bytes as they come.
pub struct Reader {
    /// Bytes of the whole object.
    pub object_size: u64,
    /// The part of the object that is read.
    pub range: Range<u64>,
    /// The bytes.
    pub bytes: BoxStream<'static, Result<Bytes, Error>>,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("range", &self.range).finish_non_exhaustive()
    }
}

impl Store {
    /// A store in a folder, which is made if it is absent and closed to other users. Every object is flushed to the
    /// disk before it counts as written.
    ///
    /// # Errors
    /// The folder cannot be made or read.
    pub fn folder(root: &Path) -> Result<Self, Error> {
        let name = root.display().to_string();
        make_private(root).map_err(|e| Error::new("open the folder", &name, &e))?;
        let root = root.canonicalize().map_err(|e| Error::new("open the folder", &name, &e))?;
        let folder = LocalFileSystem::new_with_prefix(&root)
            .map_err(|e| Error::store("open the folder", &name, &e))?;
        Ok(Self { objects: Arc::new(folder.with_fsync(true)), root })
    }

    /// Begins to write an object. Nothing is visible under the key until [`Writer::finish`].
    ///
    /// # Errors
    /// The store refuses.
    pub async fn write(&self, key: Key) -> Result<Writer, Error> {
        let path = key.to_string();
        let upload = self
            .objects
            .put_multipart(&ObjectPath::from(path.as_str()))
            .await
            .map_err(|e| Error::store("write", &path, &e))?;
        Ok(Writer::new(self.clone(), path, upload))
    }

    /// Reads an object, or the part of it that `range` asks for.
    ///
    /// # Errors
    /// [`Error::NotFound`], or the store fails.
    pub async fn read(&self, path: &str, range: Option<GetRange>) -> Result<Reader, Error> {
        let options = GetOptions { range, ..GetOptions::default() };
        let key = path.to_owned();
        let found = self
            .objects
            .get_opts(&ObjectPath::from(path), options)
            .await
            .map_err(|e| Error::store("read", &key, &e))?;
        let (object_size, range) = (found.meta.size, found.range.clone());
        let bytes =
            found.into_stream().map(move |part| part.map_err(|e| Error::store("read", &key, &e))).boxed();
        Ok(Reader { object_size, range, bytes })
    }

    /// The object as an open file, for a child process to read from.
    ///
    /// # Errors
    /// [`Error::NotFound`], or the file cannot be opened.
    pub fn open(&self, path: &str) -> Result<File, Error> {
        File::open(self.root.join(path)).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => Error::NotFound { key: path.to_owned() },
            _ => Error::new("open", path, &e),
        })
    }

    /// Deletes an object. One that is not there is no error.
    ///
    /// # Errors
    /// The store fails.
    pub async fn delete(&self, path: &str) -> Result<(), Error> {
        match self.objects.delete(&ObjectPath::from(path)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {
                self.forget_folder(path);
                Ok(())
            }
            Err(e) => Err(Error::store("delete", path, &e)),
        }
    }

    /// Writes an object, reads it and deletes it again.
    ///
    /// # Errors
    /// The store refuses one of the three, or gives back something else.
    pub async fn probe(&self) -> Result<(), Error> {
        let key = Key::Probe { object: Uuid::now_v7() };
        let mut writer = self.write(key).await?;
        writer.write(Bytes::from_static(PROBE)).await?;
        let path = writer.finish().await?.path;
        let read = self.read_whole(&path).await;
        self.delete(&path).await?;
        if read? == PROBE {
            return Ok(());
        }
        Err(Error::Store {
            verb: "read",
            key: path,
            reason: "it holds something else than was written".into(),
        })
    }

    async fn read_whole(&self, path: &str) -> Result<Vec<u8>, Error> {
        let mut reader = self.read(path, None).await?;
        let mut bytes = Vec::new();
        while let Some(part) = reader.bytes.next().await {
            bytes.extend_from_slice(&part?);
        }
        Ok(bytes)
    }

    /// A document's folder holds nothing but its objects, so it goes with the last of them.
    pub(crate) fn forget_folder(&self, path: &str) {
        if let Some(folder) = Path::new(path).parent() {
            // Fails while anything is in it, as it should.
            let _ = std::fs::remove_dir(self.root.join(folder));
        }
    }
}

#[cfg(unix)]
fn make_private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)
}
