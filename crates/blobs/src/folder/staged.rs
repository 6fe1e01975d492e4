//! A file that is being written and that nobody sees yet.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, CWD};

use super::{Folder, PRIVATE};

/// A file without its name. Dropped, it is gone; after a crash too, where the system has files without a name.
pub(crate) struct Staged {
    pub(crate) file: Arc<File>,
    /// The name it has meanwhile, where the system insists on one.
    provisional: Option<PathBuf>,
}

/// What a file is called meanwhile where it must have a name: `<key>.part`.
const PROVISIONAL: &str = ".part";

impl Staged {
    pub(crate) fn create(folder: &Folder, path: &str) -> io::Result<Self> {
        let place = folder.place(path)?;
        if folder.nameless {
            return Ok(Self { file: Arc::new(nameless(folder.root())?), provisional: None });
        }
        let mut provisional = place.into_os_string();
        provisional.push(PROVISIONAL);
        let provisional = PathBuf::from(provisional);
        let file = folder.with_parents(&provisional, || {
            OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(&provisional)
        })?;
        Ok(Self { file: Arc::new(file), provisional: Some(provisional) })
    }

    /// Flushes the file and gives it its name, unless another file has it.
    pub(crate) fn publish(self, folder: &Folder, path: &str) -> io::Result<()> {
        let place = folder.place(path)?;
        self.file.sync_all()?;
        folder.with_parents(&place, || {
            if let Some(provisional) = &self.provisional {
                return std::fs::hard_link(provisional, &place);
            }
            let own = format!("/proc/self/fd/{}", self.file.as_raw_fd());
            Ok(rustix::fs::linkat(CWD, own, CWD, &place, AtFlags::SYMLINK_FOLLOW)?)
        })
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Some(provisional) = &self.provisional {
            let _ = std::fs::remove_file(provisional);
        }
    }
}

/// A file without a name, to be written and read by this program alone.
pub(crate) fn scratch(folder: &Path) -> io::Result<File> {
    if let Ok(file) = nameless(folder) {
        return Ok(file);
    }
    let name = folder.join(uuid::Uuid::new_v4().to_string());
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(PRIVATE).open(&name)?;
    std::fs::remove_file(&name)?;
    Ok(file)
}

/// Whether this system and this disk have files without a name. Linux has, NFS and some others have not.
pub(super) fn can_be_nameless(root: &Path) -> bool {
    nameless(root).is_ok_and(|file| Path::new(&format!("/proc/self/fd/{}", file.as_raw_fd())).exists())
}

#[cfg(target_os = "linux")]
fn nameless(root: &Path) -> io::Result<File> {
    use rustix::fs::OFlags;
    let tmpfile = OFlags::TMPFILE.bits().cast_signed();
    OpenOptions::new().read(true).write(true).custom_flags(tmpfile).mode(PRIVATE).open(root)
}

#[cfg(not(target_os = "linux"))]
fn nameless(_: &Path) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}
