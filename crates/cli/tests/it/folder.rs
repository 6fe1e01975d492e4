//! A data folder, the commands run on it, and what lies in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::wait;

/// The program under test.
pub const COLOPHON: &str = env!("CARGO_BIN_EXE_colophon");

/// A data folder. Dropped, it ends the PostgreSQL that works on it, also while a test panics.
pub struct Folder(TempDir);

/// How a command ended.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::Builder::new().prefix("colophon-it-").tempdir().unwrap())
    }

    /// The data folder itself.
    pub fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    /// A place for a test's own files, outside of the data folder.
    pub fn scratch(&self) -> PathBuf {
        let scratch = self.0.path().join("scratch");
        fs::create_dir_all(&scratch).unwrap();
        scratch
    }

    /// The program, with nothing of this process's surroundings that could lead it astray.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(COLOPHON);
        command.args(args).env_clear().stdin(Stdio::null());
        for kept in ["PATH", "COLOPHON_POSTGRES_DIR", "LLVM_PROFILE_FILE"] {
            if let Some(value) = std::env::var_os(kept) {
                command.env(kept, value);
            }
        }
        command.env("HOME", self.0.path()).env("COLOPHON_DATA_DIR", self.data());
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, args: &[&str]) -> Ran {
        ran(self.command(args).output().unwrap())
    }

    /// Runs a command that has to succeed, and gives its output.
    pub fn done(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, Some(0), "{args:?}: {ran:?}");
        ran.stdout
    }

    /// Runs a command that has to succeed, and reads its output.
    pub fn json(&self, args: &[&str]) -> Value {
        let text = self.done(args);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{args:?}: {error}: {text}"))
    }

    /// Every file of the store, its parts in the making included, as `<owner>/<document>/…`.
    pub fn objects(&self) -> Vec<String> {
        let root = self.data().join("objects");
        let mut files = Vec::new();
        walk(&root, &mut files);
        files.iter().map(|file| file.strip_prefix(&root).unwrap().display().to_string()).collect()
    }

    /// Every living process of the PostgreSQL on this folder: each of them works in the cluster's folder.
    pub fn postgres(&self) -> Vec<Pid> {
        let Ok(cluster) = fs::canonicalize(self.data().join("postgres")) else { return Vec::new() };
        let works_there = |pid: &Pid| {
            fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|folder| folder == cluster) && is_alive(*pid)
        };
        processes().filter(works_there).collect()
    }

    /// No process of PostgreSQL is left. Its files are the first to go, the process follows in a moment.
    pub fn assert_postgres_stopped(&self) {
        let limit = Duration::from_secs(5);
        wait::until_within(limit, "PostgreSQL is stopped", || self.postgres().is_empty());
    }

    /// Kills every process of PostgreSQL at once, as a machine that runs out of memory might.
    pub fn kill_postgres(&self) {
        wait::until("PostgreSQL is dead", || {
            let pids = self.postgres();
            kill_all(&pids);
            pids.is_empty()
        });
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        for _ in 0..1_000 {
            let pids = self.postgres();
            if pids.is_empty() {
                return;
            }
            kill_all(&pids);
            std::thread::yield_now();
        }
    }
}

pub fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("output is UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("complaints are UTF-8"),
    }
}

fn kill_all(pids: &[Pid]) {
    for pid in pids {
        // It may be gone already.
        let _ = kill_process(*pid, Signal::KILL);
    }
}

/// A zombie is dead; in a container without an init, nobody may ever collect it.
pub fn is_alive(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    test_kill_process(pid).is_ok() && !stat.contains(") Z ")
}

/// The most memory that a process ever had, in MiB.
pub fn peak_memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

fn processes() -> impl Iterator<Item = Pid> {
    let entries = fs::read_dir("/proc").expect("the processes of this machine");
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).filter_map(Pid::from_raw)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    // A folder that goes away meanwhile holds nothing.
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { walk(&path, files) } else { files.push(path) }
    }
}
