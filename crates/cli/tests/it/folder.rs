//! A data folder, the commands run on it, and what lies in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use colophon_testkit::{Bucket, TestDatabase, through_a_pooler};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::wait;

/// The program under test.
pub const COLOPHON: &str = env!("CARGO_BIN_EXE_colophon");

/// A data folder. Dropped, it ends the PostgreSQL that works on it, also while a test panics.
///
/// With `COLOPHON_TEST_POOLER=transaction` its commands work on a shared database instead, through `PgBouncer`.
pub struct Folder {
    place: TempDir,
    shared: Option<Shared>,
    environment: Vec<(&'static str, String)>,
}

/// A shared database behind `PgBouncer`.
struct Shared {
    database: TestDatabase,
    /// Is the way past the pooler known?
    direct: bool,
}

/// What tokens of a shared database are signed with.
const SHARED_SECRET: &str = "the secret of a platform that a test plays";

/// How a command ended.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Folder {
    pub fn new() -> Self {
        Self::on(through_a_pooler().then(|| Shared { database: migrated(), direct: true }))
    }

    /// Whatever the run, with nothing shared: for tests that say themselves which database they mean.
    pub fn private() -> Self {
        Self::on(None)
    }

    /// Whatever the run, with a shared database of which only the pooler is known; `None` where there is no pooler.
    pub fn behind_a_pooler_alone() -> Option<Self> {
        let shared = Shared { database: migrated(), direct: false };
        shared.database.pooled_url("postgres")?;
        Some(Self::on(Some(shared)))
    }

    fn on(shared: Option<Shared>) -> Self {
        let folder = tempfile::Builder::new().prefix("colophon-it-").tempdir().unwrap();
        Self { place: folder, shared, environment: Vec::new() }
    }

    /// The same with its objects in a bucket.
    pub fn with_bucket(mut self, bucket: &Bucket) -> Self {
        let url = format!("s3://{}?endpoint={}&region={}", Bucket::NAME, bucket.endpoint(), Bucket::REGION);
        self.environment.push(("COLOPHON_STORAGE_URL", url));
        self.with_keys()
    }

    /// The same with this program for its OCR.
    pub fn with_tesseract(mut self, program: &str) -> Self {
        self.environment.push(("COLOPHON_TESSERACT", program.to_owned()));
        self
    }

    /// The same with its objects in a Supabase project that a bucket plays.
    pub fn with_project(mut self, bucket: &Bucket) -> Self {
        self.environment.push(("COLOPHON_STORAGE_URL", "supabase://documents".to_owned()));
        self.environment.push(("COLOPHON_STORAGE_REGION", Bucket::REGION.to_owned()));
        self.environment.push(("SUPABASE_URL", bucket.endpoint()));
        self.with_keys()
    }

    /// The same with one more thing said to its commands.
    pub fn with_environment(mut self, name: &'static str, value: &str) -> Self {
        self.environment.push((name, value.to_owned()));
        self
    }

    fn with_keys(mut self) -> Self {
        self.environment.push(("AWS_ACCESS_KEY_ID", Bucket::ACCESS_KEY_ID.to_owned()));
        self.environment.push(("AWS_SECRET_ACCESS_KEY", Bucket::SECRET_ACCESS_KEY.to_owned()));
        self
    }

    /// What tokens are signed with. A shared database's secret is the platform's; `colophon token` signs with the
    /// folder's, so it is put there.
    pub fn token_secret(&self) -> String {
        let file = self.data().join("token-secret");
        if self.shared.is_some() {
            fs::create_dir_all(self.data()).unwrap();
            fs::write(&file, SHARED_SECRET).unwrap();
        }
        fs::read_to_string(file).unwrap().trim().to_owned()
    }

    /// Past the pooler to the shared database, as the owner of its tables; `None` where the instance is private.
    pub fn shared_url(&self) -> Option<String> {
        self.shared.as_ref().map(|shared| shared.database.url("postgres"))
    }

    /// The data folder itself.
    pub fn data(&self) -> PathBuf {
        self.place.path().join("data")
    }

    /// A place for a test's own files, outside of the data folder.
    pub fn scratch(&self) -> PathBuf {
        let scratch = self.place.path().join("scratch");
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
        command.env("HOME", self.place.path()).env("COLOPHON_DATA_DIR", self.data());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        if let Some(shared) = &self.shared {
            let pooled = shared.database.pooled_url("authenticator");
            command.env("COLOPHON_DATABASE_URL", pooled.expect("COLOPHON_TEST_POOLER needs PgBouncer"));
            command.env("SUPABASE_JWT_SECRET", SHARED_SECRET);
            if shared.direct {
                command.env("COLOPHON_DIRECT_URL", shared.database.url("postgres"));
            }
        }
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

    /// Every file of the store, as `<owner>/<document>/…`.
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

/// Leaves the test to the ordinary run, where it is about the private PostgreSQL itself, and says so by name.
macro_rules! only_with_a_private_instance {
    () => {
        if colophon_testkit::through_a_pooler() {
            fn here() {}
            let test = std::any::type_name_of_val(&here).trim_end_matches("::here");
            // Past the test runner's capture, as `skip!` does.
            let said = format!("left to the ordinary run: {test} (it is about the private PostgreSQL)\n");
            let _ = std::io::Write::write_all(&mut std::io::stderr(), said.as_bytes());
            return;
        }
    };
}
pub(crate) use only_with_a_private_instance;

fn migrated() -> TestDatabase {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(TestDatabase::migrated())
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
