//! Every file of a folder, in the order of their paths, with flat memory.

use std::collections::BinaryHeap;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use tokio::sync::mpsc;

/// Names of one folder that are held at a time.
const NAMES: usize = 4_096;
/// Objects that are handed on at a time.
const BATCH: usize = 256;

/// A file.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) path: String,
    pub(crate) size: u64,
    pub(crate) modified: SystemTime,
}

/// Lists the files whose paths come after `after`. Blocks; ends when nobody listens any more.
pub(crate) fn list(root: &Path, after: Option<&str>, to: &mpsc::Sender<io::Result<Vec<Entry>>>) {
    let mut walk = Walk { root, after: after.unwrap_or_default(), to, batch: Vec::new() };
    let ended = walk.folder("").and_then(|()| walk.hand_on());
    if let Err(Ended::Failed(error)) = ended {
        let _ = to.blocking_send(Err(error));
    }
}

struct Walk<'a> {
    root: &'a Path,
    after: &'a str,
    to: &'a mpsc::Sender<io::Result<Vec<Entry>>>,
    batch: Vec<Entry>,
}

enum Ended {
    /// Nobody listens any more.
    Unheard,
    Failed(io::Error),
}

impl From<io::Error> for Ended {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

impl Walk<'_> {
    /// `prefix`: the folder's path with its slash, or nothing for the root.
    fn folder(&mut self, prefix: &str) -> Result<(), Ended> {
        let mut last: Option<String> = None;
        loop {
            let names = self.names(prefix, last.as_deref())?;
            let complete = names.len() < NAMES;
            for name in &names {
                let path = format!("{prefix}{name}");
                if name.ends_with('/') {
                    self.folder(&path)?;
                } else if path.as_str() > self.after {
                    self.file(path)?;
                }
            }
            if complete {
                return Ok(());
            }
            last = names.into_iter().next_back();
        }
    }

    /// The next names of a folder, those of folders with a slash, as they have it in the paths below them.
    fn names(&self, prefix: &str, last: Option<&str>) -> Result<Vec<String>, Ended> {
        let mut next = BinaryHeap::with_capacity(NAMES + 1);
        let entries = match std::fs::read_dir(self.root.join(prefix)) {
            Ok(entries) => entries,
            // Deleted since its name was read.
            Err(error) if error.kind() == io::ErrorKind::NotFound && !prefix.is_empty() => {
                return Ok(Vec::new());
            }
            Err(error) => return Err(error.into()),
        };
        for entry in entries {
            let entry = entry?;
            let mut name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type()?.is_dir() {
                name.push('/');
            }
            if last.is_some_and(|last| name.as_str() <= last) || self.is_before(prefix, &name) {
                continue;
            }
            next.push(name);
            if next.len() > NAMES {
                next.pop();
            }
        }
        Ok(next.into_sorted_vec())
    }

    /// Whether everything of this name comes before what is wanted.
    fn is_before(&self, prefix: &str, name: &str) -> bool {
        let path = format!("{prefix}{name}");
        path.as_str() <= self.after && !(name.ends_with('/') && self.after.starts_with(&path))
    }

    fn file(&mut self, path: String) -> Result<(), Ended> {
        match std::fs::symlink_metadata(self.root.join(&path)) {
            Ok(found) => self.batch.push(Entry { path, size: found.len(), modified: found.modified()? }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        if self.batch.len() < BATCH { Ok(()) } else { self.hand_on() }
    }

    fn hand_on(&mut self) -> Result<(), Ended> {
        let batch = std::mem::take(&mut self.batch);
        if batch.is_empty() {
            return Ok(());
        }
        self.to.blocking_send(Ok(batch)).map_err(|_| Ended::Unheard)
    }
}
