//! Objects as files of a folder.
//!
//! A file is written without a name and gets it at the end, so nobody sees half of it and a crash leaves nothing. A
//! resumable one stands under its name from the beginning, since the next process must find it.

mod appender;
mod list;
mod reading;
mod staged;

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

pub(crate) use appender::Appender;
pub(crate) use list::{Entry, list};
pub(crate) use reading::read;
pub(crate) use staged::{Staged, scratch};

/// Others than the program's own user may not read the files.
const PRIVATE: u32 = 0o600;
const PRIVATE_FOLDER: u32 = 0o700;

/// A folder and the files below it.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    root: PathBuf,
    /// Whether a file can be written before it has a name.
    nameless: bool,
}

impl Folder {
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        let made = std::fs::DirBuilder::new().recursive(true).mode(PRIVATE_FOLDER).create(root);
        // A file of this name is "there already" only to the system.
        made.map_err(|e| if root.is_file() { io::ErrorKind::NotADirectory.into() } else { e })?;
        let root = root.canonicalize()?;
        // Fails now rather than at the first upload where it cannot be read.
        std::fs::read_dir(&root)?;
        let nameless = staged::can_be_nameless(&root);
        Ok(Self { root, nameless })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where an object lies. A path that leads out of the folder leads nowhere.
    pub(crate) fn place(&self, path: &str) -> io::Result<PathBuf> {
        let leads_out = |name: &str| matches!(name, "" | "." | "..") || name.contains('\0');
        if path.split('/').any(leads_out) {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(self.root.join(path))
    }

    /// Makes an empty file that is there from now on.
    pub(crate) fn create(&self, path: &str) -> io::Result<File> {
        let place = self.place(path)?;
        self.with_parents(&place, || {
            OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(&place)
        })
    }

    /// Deletes a file, and the folders that are empty without it.
    pub(crate) fn delete(&self, path: &str) -> io::Result<()> {
        let place = self.place(path)?;
        std::fs::remove_file(&place)?;
        for folder in place.ancestors().skip(1).take_while(|folder| *folder != self.root) {
            // Fails while anything is in it, as it should.
            if std::fs::remove_dir(folder).is_err() {
                return sync_folder(folder).or_else(ignore_absent);
            }
        }
        sync_folder(&self.root)
    }

    /// Does something in the file's folder, which is made where it is absent; then flushes the folder, so that the name
    /// outlives a power cut.
    fn with_parents<T>(&self, place: &Path, mut act: impl FnMut() -> io::Result<T>) -> io::Result<T> {
        let parent = place.parent().unwrap_or(&self.root);
        // Whoever deletes the last object of a folder takes the folder too, perhaps between our two steps.
        let mut attempts = 0..8;
        loop {
            match self.make(parent).and_then(|()| act()) {
                Err(error) if error.kind() == io::ErrorKind::NotFound && attempts.next().is_some() => {}
                Err(error) => return Err(error),
                Ok(done) => return sync_folder(parent).map(|()| done),
            }
        }
    }

    fn make(&self, folder: &Path) -> io::Result<()> {
        if folder == self.root || folder.is_dir() {
            return Ok(());
        }
        let parent = folder.parent().unwrap_or(&self.root);
        self.make(parent)?;
        match std::fs::DirBuilder::new().mode(PRIVATE_FOLDER).create(folder) {
            Ok(()) => sync_folder(parent),
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            Err(_) if folder.is_dir() => Ok(()),
            Err(_) => Err(io::ErrorKind::NotADirectory.into()),
        }
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn ignore_absent(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// Runs what waits for the disk where it may.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
