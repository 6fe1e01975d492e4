//! `colophon serve`, and what memory it takes.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

pub struct Server {
    process: Child,
    pub url: String,
    pub token: String,
    /// For the platform's own programs.
    pub service_token: String,
    /// For the database's owner.
    pub database_url: String,
}

impl Server {
    pub fn start(program: &str, data: &Path) -> Self {
        let mut process = Command::new(program)
            .args(["serve", "--ready-json", "--workers", "0", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
        let text = |name: &str| ready[name].as_str().unwrap().to_owned();
        let token = Command::new(program)
            .args(["token", "--role", "service_role", "--ttl", "12h", "--data-dir"])
            .arg(data)
            .output()
            .unwrap();
        let service_token = String::from_utf8(token.stdout).unwrap().trim().to_owned();
        let (url, token, database_url) = (text("url"), text("token"), text("database_url"));
        Self { process, url, token, service_token, database_url }
    }

    /// Bytes.
    pub fn memory(&self) -> usize {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap_or(0) * 1_024
    }

    /// The most meanwhile, looked at a thousand times a second.
    pub fn watch(&self, work: impl FnOnce()) -> usize {
        let (done, most) = (AtomicBool::new(false), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    most.fetch_max(self.memory(), Ordering::Relaxed);
                    std::thread::sleep(Duration::from_millis(1));
                }
            });
            work();
            done.store(true, Ordering::Relaxed);
        });
        most.into_inner()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let id = rustix::process::Pid::from_child(&self.process);
        let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
        let _ = self.process.wait();
    }
}
