//! Who uses the server, and who may start or stop it at the moment.
//!
//! Every program that uses the server keeps a file `holders/<pid>-<n>` locked for as long as it lives; the kernel
//! releases the lock of one that was killed. The files are made, counted and removed only under the start lock, so
//! that "am I the last?" has one answer.

use std::{
    fmt,
    fs::{self, File, OpenOptions, TryLockError},
    io::{Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use crate::{
    error::{At as _, Error},
    folder::Folder,
    settings::{OnProgress, Progress},
};

/// Long enough for a download over a slow line.
const PATIENCE: Duration = Duration::from_mins(15);
const LOOK_AGAIN: Duration = Duration::from_millis(15);

/// A program that uses the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// What it calls itself.
    pub program: String,
    /// Its process id.
    pub pid: u32,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (pid {})", self.program, self.pid)
    }
}

/// The right to make, start and stop the server: held by one program at a time.
pub(crate) struct StartLock(#[expect(dead_code, reason = "held for its lock")] File);

impl StartLock {
    pub(crate) async fn wait(folder: &Folder, program: &str, progress: &OnProgress) -> Result<Self, Error> {
        let begin = Instant::now();
        let mut told = false;
        loop {
            if let Some(lock) = Self::try_now(folder, program)? {
                return Ok(lock);
            }
            if !told || begin.elapsed() > PATIENCE {
                let lock = folder.start_lock();
                let holder = fs::read_to_string(&lock).at("read", &lock)?;
                if told {
                    return Err(Error::Busy { lock, holder, seconds: PATIENCE.as_secs() });
                }
                progress.tell(&Progress::Waiting { holder });
                told = true;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    pub(crate) fn try_now(folder: &Folder, program: &str) -> Result<Option<Self>, Error> {
        let path = folder.start_lock();
        let mut file = folder.open_file(&path, OpenOptions::new().read(true).write(true))?;
        if !try_lock(&file, &path)? {
            return Ok(None);
        }
        let holder = Holder { program: program.into(), pid: std::process::id() };
        file.set_len(0).and_then(|()| file.write_all(holder.to_string().as_bytes())).at("write", &path)?;
        Ok(Some(Self(file)))
    }
}

/// This program's own entry among the holders.
#[derive(Debug)]
pub(crate) struct Held {
    path: PathBuf,
    _file: File,
}

impl Held {
    pub(crate) fn enter(_under: &StartLock, folder: &Folder, program: &str) -> Result<Self, Error> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        folder.make_dir(&folder.holders())?;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = folder.holders().join(format!("{}-{number}", std::process::id()));
        let mut file = folder.open_file(&path, OpenOptions::new().read(true).write(true))?;
        try_lock(&file, &path)?;
        file.set_len(0).and_then(|()| file.write_all(program.as_bytes())).at("write", &path)?;
        Ok(Self { path, _file: file })
    }

    /// Takes the entry away. The lock goes with the handle, whether or not the file can be removed.
    pub(crate) fn leave(self, _under: &StartLock) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::debug!(path = %self.path.display(), %error, "left a holder's file behind");
        }
    }
}

/// The living holders; entries of the dead are removed.
pub(crate) fn living(_under: &StartLock, folder: &Folder) -> Result<Vec<Holder>, Error> {
    let directory = folder.holders();
    folder.make_dir(&directory)?;
    let mut living = Vec::new();
    for entry in fs::read_dir(&directory).at("list", &directory)? {
        let path = entry.at("list", &directory)?.path();
        match look(&path)? {
            Some(holder) => living.push(holder),
            None => fs::remove_file(&path).at("remove", &path)?,
        }
    }
    living.sort_by_key(|holder| holder.pid);
    Ok(living)
}

fn look(path: &Path) -> Result<Option<Holder>, Error> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let Some(pid) = name.split('-').next().and_then(|pid| pid.parse().ok()) else { return Ok(None) };
    let mut file = File::open(path).at("open", path)?;
    if try_lock(&file, path)? {
        return Ok(None);
    }
    let mut program = String::new();
    file.rewind().and_then(|()| file.read_to_string(&mut program)).at("read", path)?;
    Ok(Some(Holder { program, pid }))
}

fn try_lock(file: &File, path: &Path) -> Result<bool, Error> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error).at("lock", path),
    }
}
