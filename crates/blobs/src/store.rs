//! The store: a folder or a bucket.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::stream::{BoxStream, StreamExt as _, TryStreamExt as _, iter, try_unfold, unfold};
use object_store::GetRange;
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::folder::{self, Folder, Staged, blocking};
use crate::s3::{S3, S3Settings, Sender};
use crate::{About, Error, Key, Writer};

/// What a probe holds.
const PROBE: &[u8] = b"colophon";

/// Where the objects are.
#[derive(Debug, Clone)]
pub struct Store {
    place: Place,
}

#[derive(Debug, Clone)]
pub(crate) enum Place {
    Folder(Folder),
    S3(S3),
}

/// An object's bytes as they come. They end with [`Error::Truncated`] where there are fewer than were promised.
pub struct Reader {
    /// Bytes of the whole object.
    pub object_size: u64,
    /// The part of the object that is read.
    pub range: Range<u64>,
    /// The bytes.
    pub bytes: BoxStream<'static, Result<Bytes, Error>>,
}

/// What a probe found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probed {
    /// Whether anybody may read the objects of a bucket; None where it cannot be told.
    pub is_public: Option<bool>,
}

/// An object as the store lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// When it was written, by the store's clock.
    pub last_modified: SystemTime,
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
        let folder = Folder::open(root)
            .map_err(|e| Error::writing("open the folder", &root.display().to_string(), &e))?;
        Ok(Self { place: Place::Folder(folder) })
    }

    /// A store in a bucket. Nothing is asked of it yet.
    ///
    /// # Errors
    /// The folder for what waits cannot be made, or the settings make no address.
    pub fn s3(settings: S3Settings) -> Result<Self, Error> {
        Ok(Self { place: Place::S3(S3::open(settings)?) })
    }

    /// The same store as a person with this token sees it, where the store knows persons: then its own policies decide.
    /// Any other store is the same for everybody.
    ///
    /// # Errors
    /// The token cannot be sent.
    pub fn as_caller(&self, token: &str) -> Result<Self, Error> {
        match &self.place {
            Place::S3(s3) => match s3.as_caller(token) {
                Some(s3) => Ok(Self { place: Place::S3(s3?) }),
                None => Ok(self.clone()),
            },
            Place::Folder(_) => Ok(self.clone()),
        }
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Begins to write an object. Nothing is visible under the key until [`Writer::finish`].
    ///
    /// # Errors
    /// The store refuses.
    pub async fn write(&self, key: Key) -> Result<Writer, Error> {
        self.write_as(key, About::default()).await
    }

    /// As [`Store::write`], with what a store tells those who get the object from it.
    ///
    /// # Errors
    /// The store refuses.
    pub async fn write_as(&self, key: Key, about: About) -> Result<Writer, Error> {
        let path = key.to_string();
        match &self.place {
            Place::Folder(folder) => {
                let (folder, own, target) = (folder.clone(), folder.clone(), path.clone());
                let staged = blocking(move || Staged::create(&folder, &target)).await;
                let staged = staged.map_err(|e| Error::writing("write", &path, &e))?;
                Ok(Writer::folder(own, path, staged))
            }
            Place::S3(s3) => {
                let sender = Sender::create(s3.clone(), path.clone(), about).await?;
                Ok(Writer::s3(path, sender))
            }
        }
    }

    /// Reads an object, or the part of it that `range` asks for.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::OutOfRange`], or the store fails.
    pub async fn read(&self, path: &str, range: Option<GetRange>) -> Result<Reader, Error> {
        let folder = match &self.place {
            Place::Folder(folder) => folder,
            Place::S3(s3) => return Ok(s3.read(path, range).await?.whole(path)),
        };
        let file = open(folder, path).await?;
        let object_size = file.metadata().map_err(|e| Error::reading("read", path, &e))?.len();
        let range = match range {
            None => 0..object_size,
            Some(range) => range
                .as_range(object_size)
                .map_err(|_| Error::OutOfRange { key: path.to_owned(), size: object_size })?,
        };
        let key = path.to_owned();
        let bytes =
            folder::read(file, range.clone()).map_err(move |e| Error::reading("read", &key, &e)).boxed();
        Ok(Reader { object_size, range, bytes }.whole(path))
    }

    /// The object as an open file, for a child process to read from.
    ///
    /// # Errors
    /// [`Error::NotFound`], or the store fails.
    pub async fn local_file(&self, path: &str) -> Result<File, Error> {
        match &self.place {
            Place::Folder(folder) => open(folder, path).await,
            Place::S3(s3) => s3.local_file(path).await,
        }
    }

    /// What the store says of an object, without reading it.
    ///
    /// # Errors
    /// [`Error::NotFound`], or the store fails.
    pub async fn head(&self, path: &str) -> Result<Listed, Error> {
        let folder = match &self.place {
            Place::Folder(folder) => folder,
            Place::S3(s3) => return s3.head(path).await,
        };
        let file = open(folder, path).await?;
        let found = file.metadata().and_then(|found| Ok((found.len(), found.modified()?)));
        let (size, last_modified) = found.map_err(|e| Error::reading("look at", path, &e))?;
        Ok(Listed { path: path.to_owned(), size, last_modified })
    }

    /// The store's own link to an object, for whoever has it, until it expires; with the name that the file is to have.
    /// None where the store has no links of its own.
    ///
    /// # Errors
    /// The store's keys make no signature.
    pub async fn signed_url(
        &self,
        path: &str,
        filename: Option<&str>,
        expires_in: Duration,
    ) -> Result<Option<String>, Error> {
        match &self.place {
            Place::Folder(_) => Ok(None),
            Place::S3(s3) => s3.signed_url(path, filename, expires_in).await.map(Some),
        }
    }

    /// Every object whose key comes after `after`, in the order of the keys, with flat memory; also what others have put
    /// there. What is written or deleted meanwhile may or may not be among them.
    pub fn list(&self, after: Option<&str>) -> BoxStream<'static, Result<Listed, Error>> {
        let folder = match &self.place {
            Place::Folder(folder) => folder,
            Place::S3(s3) => return s3.list(after),
        };
        let (send, receive) = mpsc::channel(1);
        let (root, after) = (folder.root().to_owned(), after.map(str::to_owned));
        let name = root.display().to_string();
        tokio::task::spawn_blocking(move || folder::list(&root, after.as_deref(), &send));
        let batches = unfold(receive, async |mut receive: mpsc::Receiver<_>| {
            receive.recv().await.map(|batch| (batch, receive))
        });
        let listed = |entry: folder::Entry| Listed {
            path: entry.path,
            size: entry.size,
            last_modified: entry.modified,
        };
        batches
            .map_err(move |e| Error::reading("list", &name, &e))
            .map_ok(move |batch| iter(batch.into_iter().map(listed).map(Ok)))
            .try_flatten()
            .boxed()
    }

    /// Deletes an object. One that is not there is no error.
    ///
    /// # Errors
    /// The store fails.
    pub async fn delete(&self, path: &str) -> Result<(), Error> {
        let folder = match &self.place {
            Place::Folder(folder) => folder.clone(),
            Place::S3(s3) => return s3.delete(path).await,
        };
        let target = path.to_owned();
        match blocking(move || folder.delete(&target)).await.map_err(|e| Error::reading("delete", path, &e)) {
            Err(Error::NotFound { .. }) => Ok(()),
            deleted => deleted,
        }
    }

    /// Writes an object, reads it and deletes it again; and looks whether a stranger may read it.
    ///
    /// # Errors
    /// The store refuses one of the three, or gives back something else.
    pub async fn probe(&self) -> Result<Probed, Error> {
        let key = Key::Probe { object: Uuid::now_v7() };
        let mut writer = self.write(key).await?;
        writer.write(Bytes::from_static(PROBE)).await?;
        let path = writer.finish().await?.path;
        let read = self.read_whole(&path).await;
        let is_public = match &self.place {
            Place::Folder(_) => None,
            Place::S3(s3) => s3.is_public(&path).await,
        };
        self.delete(&path).await?;
        if read? == PROBE {
            return Ok(Probed { is_public });
        }
        Err(Error::Store {
            verb: "read",
            key: path,
            reason: "it holds something else than was written".into(),
        })
    }

    async fn read_whole(&self, path: &str) -> Result<Vec<u8>, Error> {
        let bytes = self.read(path, None).await?.bytes;
        bytes
            .try_fold(Vec::new(), async |mut all, part| {
                all.extend_from_slice(&part);
                Ok(all)
            })
            .await
    }
}

async fn open(folder: &Folder, path: &str) -> Result<File, Error> {
    let (folder, target) = (folder.clone(), path.to_owned());
    let opened = blocking(move || {
        let file = File::open(folder.place(&target)?)?;
        if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::NotFound.into()) }
    });
    opened.await.map_err(|e| Error::reading("open", path, &e))
}

impl Reader {
    /// With an error in the place of an end that comes too early or too late.
    pub(crate) fn whole(self, path: &str) -> Self {
        let Self { object_size, range, bytes } = self;
        let expected = range.end - range.start;
        let bytes = try_unfold((bytes, 0, path.to_owned()), move |(mut bytes, found, key)| async move {
            let Some(part) = bytes.try_next().await? else {
                return if found == expected {
                    Ok(None)
                } else {
                    Err(Error::Truncated { key, expected, found })
                };
            };
            let found = found + part.len() as u64;
            if found > expected {
                return Err(Error::Truncated { key, expected, found });
            }
            Ok(Some((part, (bytes, found, key))))
        });
        Self { object_size, range, bytes: bytes.boxed() }
    }

    /// Refuses an object that has another size than its row says.
    ///
    /// # Errors
    /// [`Error::Truncated`].
    pub fn expect(self, path: &str, size: u64) -> Result<Self, Error> {
        if self.object_size == size {
            return Ok(self);
        }
        Err(Error::Truncated { key: path.to_owned(), expected: size, found: self.object_size })
    }
}
