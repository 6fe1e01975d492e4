//! Whatever is killed, cut or frozen, no job is lost and none ends twice: an account kept outside of the database agrees
//! with it in the end. `COLOPHON_FAULTS` says how many faults (12 if it does not), `COLOPHON_CRASH_SEED` which.

mod account;
mod ledger;
mod processes;
mod way;
mod worker;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use self::account::{Account, Document};
use self::ledger::{Ledger, Word};
use self::processes::Worker;
use self::way::{Cut, On, Way};
use crate::api::{Api, id};
use crate::crashes::chance;
use crate::folder::only_with_a_private_instance;
use crate::server::{Server, try_ask};
use crate::wait;

/// Processes that work on jobs which do nothing, and such as read documents.
const RECORDERS: usize = 3;
const READERS: usize = 2;
/// Longer than the leases of the recorders.
const FROZEN: Duration = Duration::from_secs(4);

/// What happens to the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Fault {
    WorkerKilled,
    WorkerFrozen,
    PostgresKilled,
    PostgresRestarted,
    BackendsTerminated,
    CutBeforeCommit,
    CutAfterCommit,
    CutAnywhere,
}

impl Fault {
    /// Each as often as it stands here.
    const OFTEN: [Self; 14] = [
        Self::WorkerKilled,
        Self::WorkerKilled,
        Self::WorkerKilled,
        Self::WorkerKilled,
        Self::WorkerFrozen,
        Self::PostgresKilled,
        Self::PostgresRestarted,
        Self::BackendsTerminated,
        Self::BackendsTerminated,
        Self::CutBeforeCommit,
        Self::CutBeforeCommit,
        Self::CutAfterCommit,
        Self::CutAfterCommit,
        Self::CutAnywhere,
    ];
}

fn faults() -> usize {
    std::env::var("COLOPHON_FAULTS").map_or(12, |faults| faults.parse().expect("a number of faults"))
}

/// Everything that runs.
struct Harness {
    recorders: Vec<Worker>,
    readers: Vec<Worker>,
    /// After those that work on it.
    server: Server,
    way: Way,
    ledger: Ledger,
    account: Account,
}

#[test]
fn no_fault_loses_a_job_or_ends_it_twice() {
    only_with_a_private_instance!();
    let mut chance = chance();
    let mut harness = Harness::start();
    let api = harness.server.with_token(&harness.server.token(harness.account.person));
    let documents = account::documents(&api);
    let over = AtomicBool::new(false);
    let (url, ledger) = (harness.server.ready.database_url.clone(), harness.ledger.clone());
    let way_url = harness.url("authenticator");
    let seed = chance.u64(..);
    let document = documents[0].id;
    thread::scope(|scope| {
        // Also where an assertion ends the scope.
        let _ended = wait::Ended(&over);
        scope.spawn(|| worker::enqueue(&way_url, &ledger, document, &over));
        scope.spawn(|| ask_for_reading(&api, &url, &ledger, &documents, seed, &over));
        for number in 1..=faults() {
            harness.fault(number, &mut chance);
        }
    });
    harness.settle();
    harness.check(&documents);
}

impl Harness {
    fn start() -> Self {
        let server = Server::start_on(crate::folder::Folder::private(), &["--workers", "0"]);
        let way = Way::to(&socket(&server));
        let ledger = Ledger::at(&server.folder.scratch().join("ledger"));
        let person = server.person().id;
        let mut harness = Self {
            recorders: Vec::new(),
            readers: Vec::new(),
            server,
            way,
            ledger,
            account: Account { person, recoveries: Vec::new(), held: Vec::new() },
        };
        harness.recorders = (0..RECORDERS).map(|_| harness.recorder()).collect();
        harness.readers = (0..READERS).map(|_| harness.reader()).collect();
        harness
    }

    /// The way to the database for a role that needs no password.
    fn url(&self, role: &str) -> String {
        let address = self.way.address;
        format!("postgresql://{role}@{}:{}/colophon?sslmode=disable", address.ip(), address.port())
    }

    /// This test program again, as a worker on the crates.
    fn recorder(&self) -> Worker {
        let (url, ledger) = (self.url("authenticator"), self.ledger.path().to_owned());
        Worker::start(self.server.folder.scratch().join("recorders.log"), move || {
            worker::command(&url, &ledger)
        })
    }

    /// The program's own workers, against a shared database.
    fn reader(&self) -> Worker {
        let data = self.server.folder.data();
        let environment = [
            ("COLOPHON_DATABASE_URL", self.url("authenticator")),
            ("COLOPHON_POOLER", "none".to_owned()),
            ("COLOPHON_STORAGE_URL", format!("file://{}", data.join("objects").display())),
            ("COLOPHON_DATA_DIR", self.server.folder.scratch().join("readers").display().to_string()),
            ("SUPABASE_JWT_SECRET", "nobody asks a worker for a token".to_owned()),
        ];
        let program = crate::folder::COLOPHON;
        Worker::start(self.server.folder.scratch().join("readers.log"), move || {
            let mut command = std::process::Command::new(program);
            command.args(["worker", "--workers", "2"]).env_clear();
            command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
            command.envs(environment.iter().map(|(name, value)| (name, value)));
            command
        })
    }

    /// Lets something go wrong, and waits until a job is finished after it.
    fn fault(&mut self, number: usize, chance: &mut fastrand::Rng) {
        thread::sleep(Duration::from_millis(chance.u64(..400)));
        let fault = chance.choice(Fault::OFTEN).unwrap();
        let mut follower = self.ledger.follow();
        match fault {
            Fault::WorkerKilled => self.kill_a_worker(chance),
            Fault::WorkerFrozen => chance.choice(&self.recorders).unwrap().freeze(FROZEN),
            Fault::PostgresKilled => self.server.folder.kill_postgres(),
            Fault::PostgresRestarted => self.restart_postgres(),
            Fault::BackendsTerminated => self.terminate_backends(chance),
            Fault::CutBeforeCommit => self.way.cut(Cut::Request, On::Commit),
            Fault::CutAfterCommit => self.way.cut(Cut::Answer, On::Commit),
            Fault::CutAnywhere => {
                let cut = if chance.bool() { Cut::Request } else { Cut::Answer };
                self.way.cut(cut, On::Anything);
            }
        }
        let at = Timestamp::now();
        let next = wait::some(&format!("a job is finished after fault {number}, {fault:?}"), || {
            self.keep_workers();
            follower.more().into_iter().find(|line| line.word == Word::Finished && line.at > at)
        });
        let took = Duration::try_from(next.at.duration_since(at)).unwrap();
        println!("{number:>3}. {fault:?}: the next job was finished after {} ms", took.as_millis());
        self.account.recoveries.push((fault, took));
    }

    fn keep_workers(&mut self) {
        self.recorders.iter_mut().chain(&mut self.readers).for_each(Worker::keep);
    }

    fn kill_a_worker(&mut self, chance: &mut fastrand::Rng) {
        let workers = self.recorders.iter_mut().chain(&mut self.readers);
        let worker = chance.choice(workers.collect::<Vec<_>>()).unwrap();
        let held = format!(
            "select string_agg(job_id::text, ' ') from public.job_queue where worker like '%-{}-%'",
            worker.pid()
        );
        let held = try_ask(&self.server.ready.database_url, &held).unwrap_or_default();
        worker.kill();
        let at = Timestamp::now();
        self.account.held.extend(held.split_whitespace().map(|job| (job.parse().unwrap(), at)));
    }

    /// As an administrator does: sessions are ended, what was committed is on the disk.
    fn restart_postgres(&self) {
        let file = std::fs::read_to_string(self.server.folder.data().join("postgres/postmaster.pid"));
        // It may be on its way up again.
        let Some(pid) = file.ok().and_then(|file| file.lines().next()?.trim().parse().ok()) else { return };
        let _ = kill_process(Pid::from_raw(pid).unwrap(), Signal::INT);
        wait::until("PostgreSQL has stopped", || {
            self.server.folder.postgres().iter().all(|one| one.as_raw_nonzero().get() != pid)
        });
    }

    fn terminate_backends(&self, chance: &mut fastrand::Rng) {
        let most = chance.u8(1..=8);
        let terminated = format!(
            "select count(pg_terminate_backend(pid)) from (select pid from pg_stat_activity
             where datname = 'colophon' and pid <> pg_backend_pid() order by random() limit {most}) some"
        );
        // A server that is away has no backends.
        try_ask(&self.server.ready.database_url, &terminated);
    }

    /// Nothing goes wrong any more: every job comes to an end.
    fn settle(&mut self) {
        let url = self.server.ready.database_url.clone();
        wait::until_within(Duration::from_mins(5), "every job has ended", || {
            self.keep_workers();
            try_ask(&url, "select count(*) from public.job_queue").is_some_and(|live| live == "0")
        });
    }

    fn check(&self, documents: &[Document]) {
        self.account.check(&self.server, &self.ledger, documents);
    }
}

/// The Unix socket on which PostgreSQL listens.
fn socket(server: &Server) -> PathBuf {
    let config: tokio_postgres::Config = server.ready.database_url.parse().unwrap();
    let tokio_postgres::config::Host::Unix(folder) = &config.get_hosts()[0] else { panic!("no Unix socket") };
    folder.join(format!(".s.PGSQL.{}", config.get_ports()[0]))
}

/// Keeps some documents being read again by the program's own strategies.
fn ask_for_reading(
    api: &Api,
    url: &str,
    ledger: &Ledger,
    documents: &[Document],
    seed: u64,
    over: &AtomicBool,
) {
    const AT_ONCE: usize = 4;
    let mut chance = fastrand::Rng::with_seed(seed);
    while !over.load(Ordering::Relaxed) {
        let live =
            try_ask(url, "select count(*) from public.job_queue where strategy in ('text-layer', 'ocr')");
        if live.and_then(|live| live.parse::<usize>().ok()).is_some_and(|live| live < AT_ONCE) {
            let document = chance.choice(documents).unwrap();
            let body = json!({ "strategy": document.strategy }).to_string();
            let path = format!("/v1/documents/{}/jobs", document.id);
            let answer =
                api.send("POST", &path, &[("content-type", "application/json")], Some(body.as_bytes()));
            if let Ok(answer) = answer
                && answer.status / 100 == 2
            {
                ledger.write(Word::Enqueued, id(&answer.json()).parse().unwrap(), 0);
            }
        }
        thread::sleep(Duration::from_millis(50));
    }
}
