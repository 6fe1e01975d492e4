//! The data folder: which file lies where, and how files are made in it without following anybody's links.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::{
        ffi::OsStrExt as _,
        fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    },
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;
use sha2::{Digest as _, Sha256};

use crate::error::{At as _, Error};

/// The file inside the cluster that says: Colophon made this.
pub(crate) const MARKER: &str = "colophon.cluster";
const MARKER_TEXT: &str =
    "This PostgreSQL cluster belongs to Colophon, which starts and stops it. Format 1.\n";

/// The data folder, made and resolved to its real path.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    root: PathBuf,
    /// Who owns it, so that what root makes in an ordinary user's folder stays that user's.
    owner: (u32, u32),
}

impl Folder {
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path).at("make the data folder", path)?;
        let root = fs::canonicalize(path).at("resolve the data folder", path)?;
        if root.join("PG_VERSION").exists() {
            return Err(Error::NotOurs {
                path: root,
                problem: "the data folder is itself a PostgreSQL cluster".into(),
                remedy: "name another data folder".into(),
            });
        }
        let metadata = fs::metadata(&root).at("look at the data folder", &root)?;
        Ok(Self { owner: (metadata.uid(), metadata.gid()), root })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn owner(&self) -> (u32, u32) {
        self.owner
    }

    /// A short name of this folder's place, the same for every program and every build.
    pub(crate) fn hash(&self) -> String {
        hex(&Sha256::digest(self.root.as_os_str().as_bytes())[..8])
    }

    /// The cluster, PostgreSQL's own "data directory".
    pub(crate) fn cluster(&self) -> PathBuf {
        self.root.join("postgres")
    }

    /// The link to the socket's folder.
    pub(crate) fn run(&self) -> PathBuf {
        self.root.join("run")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.root.join("log").join("postgres.log")
    }

    pub(crate) fn start_lock(&self) -> PathBuf {
        self.root.join("start.lock")
    }

    pub(crate) fn holders(&self) -> PathBuf {
        self.root.join("holders")
    }

    pub(crate) fn password(&self) -> PathBuf {
        self.root.join("postgres.password")
    }

    /// Downloaded binaries, a folder for each version.
    pub(crate) fn binaries(&self) -> PathBuf {
        self.root.join("postgresql")
    }

    /// Makes a private folder of the data folder's owner, if absent.
    pub(crate) fn make_dir(&self, path: &Path) -> Result<(), Error> {
        private_dir(path, self.owner)
    }

    /// Opens a file of the data folder's owner for reading and writing, made if absent, never through a link.
    pub(crate) fn open_file(&self, path: &Path, options: &mut OpenOptions) -> Result<File, Error> {
        let file = options.create(true).mode(0o600).custom_flags(nofollow()).open(path).at("open", path)?;
        give(&file, path, self.owner)?;
        Ok(file)
    }
}

/// Makes a folder with mode 0700 that belongs to `owner`; one that is there already is put right, unless it is a link.
pub(crate) fn private_dir(path: &Path, owner: (u32, u32)) -> Result<(), Error> {
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error).at("make", path),
        _ => {}
    }
    let directory = open_dir(path)?;
    give(&directory, path, owner)?;
    directory.set_permissions(fs::Permissions::from_mode(0o700)).at("set the mode of", path)
}

/// A handle on a folder that is really one, not a link to one.
pub(crate) fn open_dir(path: &Path) -> Result<File, Error> {
    let flags = nofollow() | OFlags::DIRECTORY.bits().cast_signed();
    OpenOptions::new().read(true).custom_flags(flags).open(path).at("open the folder", path)
}

/// Replaces a file at once and as a whole: whoever reads it sees the old text or the new one.
pub(crate) fn replace_file(path: &Path, text: &str, owner: (u32, u32)) -> Result<(), Error> {
    let new = path.with_extension("new");
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error).at("remove", &new),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new).at("make", &new)?;
    file.write_all(text.as_bytes()).at("write", &new)?;
    give(&file, &new, owner)?;
    fs::rename(&new, path).at("replace", path)
}

/// Is there a cluster, and is it ours? An absent or empty folder is none; one without our marker is refused.
pub(crate) fn has_cluster(cluster: &Path) -> Result<bool, Error> {
    let metadata = match fs::symlink_metadata(cluster) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        other => other.at("look at", cluster)?,
    };
    let refuse = |problem: &str| Error::NotOurs {
        path: cluster.to_owned(),
        problem: problem.into(),
        remedy: "move it away, or name another data folder; nothing in it was changed".into(),
    };
    if !metadata.is_dir() {
        return Err(refuse("here the cluster would lie, but this is no folder"));
    }
    match fs::read_to_string(cluster.join(MARKER)) {
        Ok(text) if text == MARKER_TEXT => Ok(true),
        Ok(_) => Err(refuse("this cluster was made by another version of Colophon")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut entries = fs::read_dir(cluster).at("list", cluster)?;
            if entries.next().is_none() {
                Ok(false)
            } else {
                Err(refuse("this folder was not made by Colophon"))
            }
        }
        Err(error) => Err(error).at("read the marker of", cluster),
    }
}

/// Marks a cluster as ours.
pub(crate) fn mark(cluster: &Path, owner: (u32, u32)) -> Result<(), Error> {
    replace_file(&cluster.join(MARKER), MARKER_TEXT, owner)
}

/// Gives a whole tree to `owner`, following no link. Only for a tree that nobody but root can change meanwhile.
pub(crate) fn give_tree(path: &Path, owner: (u32, u32)) -> Result<(), Error> {
    if fs::symlink_metadata(path).at("look at", path)?.is_dir() {
        for entry in fs::read_dir(path).at("list", path)? {
            give_tree(&entry.at("list", path)?.path(), owner)?;
        }
    }
    std::os::unix::fs::lchown(path, Some(owner.0), Some(owner.1)).at("change the owner of", path)
}

/// So many random bytes, in hexadecimal.
pub(crate) fn random_hex(bytes: usize) -> Result<String, Error> {
    let source = Path::new("/dev/urandom");
    let mut random = vec![0; bytes];
    File::open(source).and_then(|mut file| file.read_exact(&mut random)).at("read", source)?;
    Ok(hex(&random))
}

/// The last part of a path, for comparing.
pub(crate) fn name(path: &Path) -> std::borrow::Cow<'_, str> {
    path.file_name().unwrap_or_default().to_string_lossy()
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Only root can give, and only root has to.
fn give(file: &File, path: &Path, owner: (u32, u32)) -> Result<(), Error> {
    let metadata = file.metadata().at("look at", path)?;
    if rustix::process::geteuid().is_root() && (metadata.uid(), metadata.gid()) != owner {
        std::os::unix::fs::fchown(file, Some(owner.0), Some(owner.1)).at("change the owner of", path)?;
    }
    Ok(())
}

/// For `OpenOptions`: fail where the last part of the path is a link.
pub(crate) fn nofollow() -> i32 {
    OFlags::NOFOLLOW.bits().cast_signed()
}
