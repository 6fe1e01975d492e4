//! What was acknowledged, written down outside of the database by whoever was told.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use uuid::Uuid;

/// What somebody was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Word {
    /// A job was asked for, and its commit was answered.
    Enqueued,
    /// A worker was given the job under this lease.
    Claimed,
    /// A worker said how it ended, and that was accepted.
    Finished,
    /// A worker said how it ended, and was told that the lease is lost.
    Refused,
    /// A worker said how it ended, and heard nothing.
    Unanswered,
}

impl Word {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Enqueued, "enqueued"),
        (Self::Claimed, "claimed"),
        (Self::Finished, "finished"),
        (Self::Refused, "refused"),
        (Self::Unanswered, "unanswered"),
    ];
}

/// A line of the ledger.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    pub at: Timestamp,
    pub word: Word,
    pub job: Uuid,
    /// 0 where there is none.
    pub lease_seq: i64,
}

/// A file to which several processes append. One write of one line: a process that is killed leaves whole lines.
#[derive(Clone)]
pub struct Ledger(PathBuf);

impl Ledger {
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn write(&self, word: Word, job: Uuid, lease_seq: i64) {
        let name = Word::ALL.iter().find(|(known, _)| *known == word).unwrap().1;
        let line = format!("{} {name} {job} {lease_seq}\n", Timestamp::now());
        File::options().create(true).append(true).open(&self.0).unwrap().write_all(line.as_bytes()).unwrap();
    }

    /// Everything that stands in it.
    pub fn read(&self) -> Vec<Line> {
        let mut follower = self.follow();
        follower.read = 0;
        follower.more()
    }

    /// What will be written from now on.
    pub fn follow(&self) -> Follower {
        let read = fs::metadata(&self.0).map_or(0, |file| file.len());
        Follower { path: self.0.clone(), read }
    }
}

/// Reads on where it stopped.
pub struct Follower {
    path: PathBuf,
    read: u64,
}

impl Follower {
    /// The lines that came since the last look.
    pub fn more(&mut self) -> Vec<Line> {
        let Ok(mut file) = File::open(&self.path) else { return Vec::new() };
        let mut text = String::new();
        file.seek(SeekFrom::Start(self.read)).unwrap();
        file.read_to_string(&mut text).unwrap();
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        self.read += whole as u64;
        text[..whole].lines().map(line).collect()
    }
}

fn line(text: &str) -> Line {
    let mut parts = text.split(' ');
    let mut part = || parts.next().unwrap();
    let at = part().parse().unwrap();
    let name = part();
    let word = Word::ALL.iter().find(|(_, known)| *known == name).unwrap().0;
    Line { at, word, job: part().parse().unwrap(), lease_seq: part().parse().unwrap() }
}
