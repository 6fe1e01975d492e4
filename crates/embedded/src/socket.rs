//! Where the Unix socket lies. Its path has to fit into 107 bytes, and only the server's user may enter its folder.

use std::{
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use crate::{
    account::Account,
    error::{At as _, Error},
    folder::{self, Folder},
};

/// `sun_path` without its final zero: 108 bytes on Linux, 104 on macOS and the BSDs.
const LONGEST: usize = if cfg!(target_os = "linux") { 107 } else { 103 };
const FILE: &str = "/.s.PGSQL.65535";

/// The socket's folder, as clients name it and as the server does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SocketDir {
    pub(crate) for_clients: PathBuf,
    pub(crate) for_server: PathBuf,
}

impl SocketDir {
    /// `<data folder>/run` if that is short enough, else a private folder under `/tmp`. Every program that comes to
    /// the same data folder has to find the same place, so nothing of a session (`XDG_RUNTIME_DIR`) has a say.
    pub(crate) fn of(data: &Folder) -> Self {
        let run = data.run();
        if run.as_os_str().len() + FILE.len() <= LONGEST {
            // Relative to the cluster: the server's user need not be able to walk the path to it.
            return Self { for_clients: run, for_server: "run".into() };
        }
        let short = Path::new("/tmp").join(format!("colophon-{}", data.hash()));
        Self { for_clients: short.clone(), for_server: short }
    }

    /// Makes the folder, empties it of a dead server's traces, and makes the link `<data folder>/run` to it. Only for
    /// a server that is known to be gone.
    pub(crate) fn make(&self, data: &Folder, account: &Account) -> Result<(), Error> {
        let (place, target) = if self.for_server.is_absolute() {
            (self.for_server.clone(), self.for_server.clone())
        } else {
            (data.cluster().join(&self.for_server), Path::new("postgres").join(&self.for_server))
        };
        if self.for_server.is_absolute() {
            refuse_planted(&place, account)?;
        }
        folder::private_dir(&place, account.owner())?;
        clear(&place)?;
        link(&data.run(), &target)
    }

    /// Takes a folder under `/tmp` away again once the server is gone.
    pub(crate) fn remove(&self) {
        if self.for_server.is_absolute() {
            // Not empty or gone already: then it is not ours to care about.
            let _ = fs::remove_dir(&self.for_server);
        }
    }
}

/// In `/tmp` anybody could have been there before us.
fn refuse_planted(place: &Path, account: &Account) -> Result<(), Error> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = match fs::symlink_metadata(place) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other.at("look at", place)?,
    };
    if metadata.is_dir() && metadata.uid() == account.owner().0 {
        return Ok(());
    }
    Err(Error::NotOurs {
        path: place.to_owned(),
        problem: format!("here the socket would lie, but this is no folder of the user {}", account.name),
        remedy: "remove it, or name a data folder with a shorter path".into(),
    })
}

/// The lock beside a socket names a process, whose number may be another's by now. What guards the cluster is its own
/// `postmaster.pid` and shared memory; this folder has one user, so its locks guard nothing more.
fn clear(place: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(place).at("list", place)? {
        let path = entry.at("list", place)?.path();
        if folder::name(&path).starts_with(".s.PGSQL.") {
            fs::remove_file(&path).at("remove", &path)?;
        }
    }
    Ok(())
}

fn link(link: &Path, target: &Path) -> Result<(), Error> {
    match fs::read_link(link) {
        Ok(now) if now == target => return Ok(()),
        Ok(_) => fs::remove_file(link).at("replace", link)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(_) => {
            return Err(Error::NotOurs {
                path: link.to_owned(),
                problem: "here the link to the socket would lie, but this is no link".into(),
                remedy: "remove it, or name another data folder".into(),
            });
        }
    }
    symlink(target, link).at("make the link", link)
}
