//! The worker processes that are killed, and killed again.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// A worker process, and how another is started in its place.
pub struct Worker {
    make: Box<dyn Fn() -> Command + Send + Sync>,
    log: PathBuf,
    process: Child,
}

impl Worker {
    pub fn start(log: PathBuf, make: impl Fn() -> Command + Send + Sync + 'static) -> Self {
        let process = launch(&make, &log);
        Self { make: Box::new(make), log, process }
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Starts it again where it gave up by itself, as whoever looks after processes does: a program that finds no database
    /// when it starts says so and ends.
    pub fn keep(&mut self) {
        if self.process.try_wait().unwrap().is_some() {
            self.process = launch(&self.make, &self.log);
        }
    }

    /// As a machine does that loses its power; another machine takes its place.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.process.wait().unwrap();
        self.process = launch(&self.make, &self.log);
    }

    /// As a machine does that swaps, or is moved: for so long it does nothing, and knows nothing of it.
    pub fn freeze(&self, how_long: Duration) {
        self.signal(Signal::STOP);
        thread::sleep(how_long);
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.process.id().cast_signed()).unwrap();
        kill_process(pid, signal).unwrap();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.process.kill();
        let _ = self.process.wait();
        if thread::panicking() {
            let log = std::fs::read_to_string(&self.log).unwrap_or_default();
            let end: Vec<&str> = log.lines().rev().take(30).collect();
            eprintln!("the end of {}, newest first:\n{}", self.log.display(), end.join("\n"));
        }
    }
}

fn launch(make: &dyn Fn() -> Command, log: &PathBuf) -> Child {
    let log = File::options().create(true).append(true).open(log).unwrap();
    make().stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap()
}
