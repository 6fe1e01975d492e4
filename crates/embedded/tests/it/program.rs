//! A second program: this test binary, run again as a process of its own that opens the server and obeys.

use std::{
    fs,
    io::{BufRead as _, BufReader, Lines, Write as _},
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use colophon_embedded::{OnProgress, Postgres, SUPERUSER, Settings};
use rustix::process::Pid;

use crate::support::Data;

/// Before each line that is meant for the test, among what the test harness prints.
const MARK: &str = "program: ";

/// A program that uses the server of a data folder.
pub struct Program {
    child: Child,
    orders: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    /// Holds the copy of the binary that another user can reach.
    _binary: tempfile::TempDir,
}

/// How the program is to be run.
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    pub name: &'a str,
    pub user: Option<u32>,
    pub listen: Option<&'a str>,
}

impl Program {
    /// Starts it; it opens the server at once, and [`opened`](Self::opened) waits for that.
    pub fn start(data: &Data, options: Options) -> Self {
        let binary = tempfile::tempdir().expect("a folder");
        fs::set_permissions(binary.path(), fs::Permissions::from_mode(0o755)).expect("our folder");
        let copy = binary.path().join("program");
        // By another process: a handle for writing, caught by a fork in another test, would make it "text file busy".
        let copied =
            Command::new("cp").arg(std::env::current_exe().expect("this binary")).arg(&copy).status();
        assert!(copied.expect("cp").success());
        let mut command = Command::new(copy);
        command
            .args(["--exact", "program::process", "--ignored", "--nocapture"])
            .env("PROGRAM_DATA", data.path())
            .env("PROGRAM_NAME", options.name)
            .env("PROGRAM_LISTEN", options.listen.unwrap_or_default())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        if let Some(user) = options.user {
            command.uid(user).gid(user);
        }
        let mut child = command.spawn().expect("it starts");
        let orders = child.stdin.take().expect("piped");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        Self { child, orders, lines, _binary: binary }
    }

    /// Starts it and waits for the server's URL.
    pub fn open(data: &Data, options: Options) -> Self {
        let mut program = Self::start(data, options);
        program.opened().unwrap_or_else(|error| panic!("{}: {error}", options.name));
        program
    }

    /// Waits until it has opened the server: the URL, or the error's text.
    pub fn opened(&mut self) -> Result<String, String> {
        loop {
            let line = self.line();
            if let Some(url) = line.strip_prefix("open ") {
                return Ok(url.into());
            }
            if let Some(error) = line.strip_prefix("error ") {
                return Err(error.into());
            }
        }
    }

    /// Waits for a step of its progress.
    pub fn wait_for(&mut self, step: &str) {
        while self.line() != format!("step {step}") {}
    }

    pub fn close(mut self) {
        writeln!(self.orders, "close").expect("it listens");
        while self.line() != "closed" {}
        assert!(self.child.wait().expect("it ends").success());
    }

    /// As `kill -9` does it.
    pub fn kill(mut self) {
        self.child.kill().expect("it lives");
        self.child.wait().expect("it ends");
    }

    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    fn line(&mut self) -> String {
        loop {
            let line = self.lines.next().expect("it speaks on").expect("text");
            if let Some((_, line)) = line.split_once(MARK) {
                return line.into();
            }
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Not a test: what [`Program`] runs.
#[tokio::test]
#[ignore = "only run by other tests, as a second program"]
async fn process() {
    let Some(data) = std::env::var_os("PROGRAM_DATA") else { return };
    let variable = |name| std::env::var(name).unwrap_or_default();
    let mut settings = Settings::new(data, variable("PROGRAM_NAME"));
    settings.server_settings = vec![("fsync".into(), "off".into())];
    settings.listen = variable("PROGRAM_LISTEN").parse().ok();
    settings.progress = OnProgress::new(|step| println!("{MARK}step {step:?}"));
    match Postgres::open(settings).await {
        Ok(postgres) => {
            println!("{MARK}open {}", postgres.url(SUPERUSER, "postgres"));
            let order = tokio::task::spawn_blocking(|| std::io::stdin().lines().next());
            order.await.expect("no panic");
            postgres.close().await.expect("it closes");
            println!("{MARK}closed");
        }
        Err(error) => println!("{MARK}error {}", error.to_string().replace('\n', " ")),
    }
}
