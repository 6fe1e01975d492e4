//! PostgreSQL's main process: is it there, is it ours, start it, stop it.

use std::{
    fs,
    io::{Read as _, Seek as _, SeekFrom},
    net::SocketAddr,
    path::Path,
    process::{Child, Command},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal};
use tokio::sync::watch;

use crate::{error::Error, folder::Folder};

const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// What `postmaster.pid` says, once it is known that the process is alive and ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Running {
    pid: i32,
    /// Does it say that it takes connections?
    pub(crate) ready: bool,
    pub(crate) port: u16,
    /// The TCP address it listens on.
    pub(crate) listen: Option<SocketAddr>,
}

/// What is known of the main process from the files and the process table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Postmaster {
    /// None, or the trace of one that died.
    Absent {
        /// A living process that got the dead one's number, and would be taken for it.
        impostor: Option<i32>,
    },
    Running(Running),
}

/// The name that tells our processes from those of other clusters, in the process table too.
pub(crate) fn cluster_name(folder: &Folder) -> String {
    format!("colophon-{}", folder.hash())
}

/// Reads `postmaster.pid` and asks the process table whether its process is really this cluster's server.
pub(crate) fn inspect(folder: &Folder) -> Postmaster {
    let absent = Postmaster::Absent { impostor: None };
    let Ok(text) = fs::read_to_string(folder.cluster().join("postmaster.pid")) else { return absent };
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let line = |number: usize| lines.get(number - 1).copied().unwrap_or_default();
    let Some(pid) = line(1).parse().ok().filter(|pid: &i32| *pid > 0) else { return absent };
    if !is_alive(pid) {
        return absent;
    }
    if !serves(pid, &cluster_name(folder)) {
        return Postmaster::Absent { impostor: Some(pid) };
    }
    let port = line(4).parse().unwrap_or(0);
    let listen = line(6).parse().ok().map(|ip| SocketAddr::new(ip, port));
    Postmaster::Running(Running { pid, ready: line(8) == "ready", port, listen })
}

/// A started server whose end is noticed at once, and whose remains are collected.
pub(crate) struct Started {
    pub(crate) ended: watch::Receiver<Option<String>>,
}

/// Starts the server and a thread that waits for its end, so that it never stays a zombie.
pub(crate) fn spawn(mut command: Command) -> std::io::Result<Started> {
    let mut child: Child = command.spawn()?;
    let (tell, ended) = watch::channel(None);
    std::thread::Builder::new().name("postgresql-reaper".into()).stack_size(64 * 1024).spawn(move || {
        let how = child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
        tell.send_replace(Some(how));
    })?;
    Ok(Started { ended })
}

/// Fast shutdown: sessions are ended, what is committed is kept.
pub(crate) fn ask_to_stop(running: Running) {
    if let Some(pid) = Pid::from_raw(running.pid) {
        // The one possible failure is that it is gone already.
        let _ = rustix::process::kill_process(pid, Signal::INT);
    }
}

/// Waits until the process is gone; `false` when it takes longer than that.
pub(crate) async fn wait_for_end(running: Running, folder: &Folder, patience: Duration) -> bool {
    let begin = Instant::now();
    while matches!(inspect(folder), Postmaster::Running(now) if now.pid == running.pid) {
        if begin.elapsed() > patience {
            return false;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    true
}

/// Processes of this cluster that have lost their main process.
#[cfg(target_os = "linux")]
pub(crate) fn orphans(folder: &Folder) -> Vec<i32> {
    let title = format!("postgres: {}: ", cluster_name(folder));
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter(|pid| arguments(*pid).is_some_and(|text| text.starts_with(&title))).collect()
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn orphans(_folder: &Folder) -> Vec<i32> {
    Vec::new()
}

/// The last lines of the log, from the byte `from` on.
pub(crate) fn tail(log: &Path, from: u64) -> String {
    const LINES: usize = 12;
    const BYTES: u64 = 16 * 1024;
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = fs::File::open(log)?;
        let start = from.max(file.metadata()?.len().saturating_sub(BYTES));
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.take(BYTES).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

/// The server's failure with the end of its log.
pub(crate) fn failure(folder: &Folder, from: u64, problem: impl Into<String>) -> Error {
    let log = folder.log();
    let tail = tail(&log, from);
    Error::Server { cluster: folder.cluster(), problem: problem.into(), log, tail }
}

fn is_alive(pid: i32) -> bool {
    let Some(pid) = Pid::from_raw(pid) else { return false };
    // "Not permitted" means: alive, and somebody else's.
    !matches!(rustix::process::test_kill_process(pid), Err(rustix::io::Errno::SRCH))
}

/// The server's command line carries its cluster's name; a zombie has none, and counts as gone.
fn serves(pid: i32, cluster_name: &str) -> bool {
    arguments(pid).is_some_and(|text| text.contains(&format!("cluster_name={cluster_name}")))
}

#[cfg(target_os = "linux")]
fn arguments(pid: i32) -> Option<String> {
    fs::read(format!("/proc/{pid}/cmdline")).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(not(target_os = "linux"))]
fn arguments(pid: i32) -> Option<String> {
    let output = Command::new("ps").args(["-ww", "-o", "args=", "-p", &pid.to_string()]).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
