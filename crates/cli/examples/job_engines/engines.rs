//! The engines that are compared, and the process that a peer runs in.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::colophon::Colophon;
use crate::server::Server;

/// How many jobs are enqueued at once.
pub const BATCH: usize = 1_000;
/// How often a job comes while latency is measured.
pub const EVERY: Duration = Duration::from_millis(20);
/// Jobs before latency is measured.
pub const WARM_UP: usize = 25;

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Engine {
    Colophon,
    GraphileBatched,
    GraphileHistory,
    Graphile,
    Pgqueuer,
    Procrastinate,
}

/// Where the peers' programs and packages are.
#[derive(Debug, Clone, clap::Args)]
pub struct Programs {
    /// A Python with pgqueuer, asyncpg, procrastinate and psycopg[binary,pool]
    #[arg(long, env = "COLOPHON_PYTHON", default_value = "python3")]
    pub python: PathBuf,
    /// A Node that graphile-worker runs on; 22.18 or newer for 0.18
    #[arg(long, env = "COLOPHON_NODE", default_value = "node")]
    pub node: PathBuf,
    /// The folder `node_modules` that graphile-worker is in
    #[arg(long, default_value = "target/ci-npm/node_modules")]
    pub node_modules: PathBuf,
}

impl Engine {
    pub const ALL: [Self; 6] = [
        Self::Colophon,
        Self::GraphileBatched,
        Self::GraphileHistory,
        Self::Graphile,
        Self::Pgqueuer,
        Self::Procrastinate,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Colophon => "Colophon",
            Self::GraphileBatched => "graphile-worker, batched",
            Self::GraphileHistory => "graphile-worker, batched, with a history",
            Self::Graphile => "graphile-worker, default",
            Self::Pgqueuer => "pgqueuer",
            Self::Procrastinate => "procrastinate",
        }
    }

    /// Its database here.
    pub fn database(self) -> &'static str {
        match self {
            Self::Colophon => "colophon",
            Self::GraphileBatched => "graphile_batched",
            Self::GraphileHistory => "graphile_history",
            Self::Graphile => "graphile",
            Self::Pgqueuer => "pgqueuer",
            Self::Procrastinate => "procrastinate",
        }
    }

    /// How it is run.
    pub fn setting(self) -> &'static str {
        match self {
            Self::Colophon => crate::colophon::SETTING,
            Self::GraphileBatched => {
                "24 at once, localQueue of 500 (refetchDelay 10 ms), completeJobBatchDelay and failJobBatchDelay 0; addJobs"
            }
            Self::GraphileHistory => {
                "the same, and triggers of ours, one call a statement, that write its history"
            }
            Self::Graphile => "10 at once, each fetched and completed alone; addJobs",
            Self::Pgqueuer => "batches of 50, asyncpg, uvloop; enqueue with lists; the payload is bytes",
            Self::Procrastinate => "10 at once, each fetched and finished alone; batch_defer_async",
        }
    }

    /// What remains of a job that has ended.
    pub fn history(self) -> &'static str {
        match self {
            Self::Colophon => "job, attempt, each transition",
            Self::GraphileBatched | Self::Graphile => "none: the row is deleted",
            Self::GraphileHistory => {
                "a line for each transition, without keys to anything; the row is deleted"
            }
            Self::Pgqueuer => "a log line for each status; the row is deleted",
            Self::Procrastinate => "job, an event for each status",
        }
    }

    /// Jobs that have not ended.
    pub fn live(self) -> &'static str {
        match self {
            Self::Colophon => "select count(*) from public.job_queue",
            Self::GraphileBatched | Self::GraphileHistory | Self::Graphile => {
                "select count(*) from graphile_worker.jobs"
            }
            Self::Pgqueuer => "select count(*) from pgqueuer",
            Self::Procrastinate => {
                "select count(*) from procrastinate_jobs where status in ('todo', 'doing')"
            }
        }
    }

    /// Starts it on an empty database of its own.
    ///
    /// # Errors
    /// What it needs is not there.
    pub async fn start(self, server: &Server, programs: &Programs, payload: &Value) -> Result<Running> {
        let database = self.database();
        server.drop(database).await?;
        server.make(database).await?;
        let url = server.url("postgres", database);
        let text = payload.to_string();
        let peer = match self {
            Self::Colophon => return Ok(Running::Colophon(Colophon::start(server, payload).await?)),
            Self::GraphileBatched | Self::GraphileHistory | Self::Graphile => {
                let mode = match self {
                    Self::GraphileBatched => "batched",
                    Self::GraphileHistory => "history",
                    _ => "default",
                };
                let folder = std::path::absolute(&programs.node_modules)?;
                let mut node = Command::new(&programs.node);
                node.arg(beside("peer_graphile.mjs")).arg(folder).args([&url, &text, mode]);
                node
            }
            Self::Pgqueuer => python(programs, "peer_pgqueuer.py", &url, &text),
            Self::Procrastinate => python(programs, "peer_procrastinate.py", &url, &text),
        };
        let mut peer = Box::new(Peer::start(peer)?);
        let about = peer.ask(&json!({ "do": "setup" })).await?;
        Ok(Running::Peer { version: about["version"].as_str().unwrap_or_default().to_owned(), peer })
    }
}

fn beside(script: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/job_engines").join(script)
}

fn python(programs: &Programs, script: &str, url: &str, payload: &str) -> Command {
    let mut python = Command::new(&programs.python);
    python.arg("-B").arg(beside(script)).args([url, payload]);
    python
}

/// An engine at work on its database.
pub enum Running {
    Colophon(Colophon),
    Peer { version: String, peer: Box<Peer> },
}

/// What became of a burn-down.
#[derive(Debug, Clone, Copy)]
pub struct Worked {
    pub done: usize,
    /// From the first job's start until all is written.
    pub seconds: f64,
}

impl Worked {
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    pub fn rate(self) -> f64 {
        self.done as f64 / self.seconds
    }
}

impl Running {
    pub fn version(&self) -> &str {
        match self {
            Self::Colophon(_) => env!("CARGO_PKG_VERSION"),
            Self::Peer { version, .. } => version,
        }
    }

    /// Enqueues jobs in bulk; seconds it took.
    pub async fn enqueue(&mut self, jobs: usize) -> Result<f64> {
        match self {
            Self::Colophon(colophon) => colophon.enqueue(jobs).await,
            Self::Peer { peer, .. } => {
                number(&peer.ask(&json!({ "do": "enqueue", "jobs": jobs })).await?, "seconds")
            }
        }
    }

    /// Starts a worker, lets it work until so many jobs have started or the time is up, and stops it.
    pub async fn work(&mut self, jobs: usize, limit: Duration) -> Result<Worked> {
        match self {
            Self::Colophon(colophon) => colophon.work(jobs, limit).await,
            Self::Peer { peer, .. } => {
                let order = json!({ "do": "work", "jobs": jobs, "seconds": limit.as_secs_f64() });
                let answer = peer.ask(&order).await?;
                let done = answer["done"].as_u64().and_then(|done| usize::try_from(done).ok());
                Ok(Worked { done: done.context("it counts")?, seconds: number(&answer, "seconds")? })
            }
        }
    }

    /// Milliseconds from the call that enqueues a job to its start, for each of so many jobs, one each 20 ms; fewer where
    /// the time is up.
    pub async fn latency(&mut self, jobs: usize, limit: Duration) -> Result<Vec<f64>> {
        match self {
            Self::Colophon(colophon) => colophon.latency(jobs, limit).await,
            Self::Peer { peer, .. } => {
                let (seconds, every) = (limit.as_secs_f64(), EVERY.as_millis());
                let order = json!({ "do": "latency", "jobs": jobs, "seconds": seconds, "every_ms": every });
                let answer = peer.ask(&order).await?;
                let waits = answer["milliseconds"].as_array().context("it measures")?;
                Ok(waits.iter().filter_map(Value::as_f64).collect())
            }
        }
    }
}

fn number(answer: &Value, name: &str) -> Result<f64> {
    answer[name].as_f64().with_context(|| format!("{name} is missing in {answer}"))
}

/// A peer's program: takes lines of JSON, and answers each with one.
pub struct Peer {
    _process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Peer {
    fn start(mut command: Command) -> Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let program = command.as_std().get_program().to_owned();
        let mut process = command.spawn().with_context(|| format!("starting {}", program.display()))?;
        let input = process.stdin.take().context("it has a stdin")?;
        let output = process.stdout.take().context("it has a stdout")?;
        Ok(Self { _process: process, input, output: BufReader::new(output).lines() })
    }

    async fn ask(&mut self, order: &Value) -> Result<Value> {
        let sent = self.input.write_all(format!("{order}\n").as_bytes()).await;
        let answer = self.output.next_line().await?.filter(|_| sent.is_ok());
        let answer = answer.context("it ended; what it needs may be missing (see above)")?;
        let answer: Value = serde_json::from_str(&answer).with_context(|| format!("it said {answer}"))?;
        if let Some(error) = answer["error"].as_str() {
            bail!("{error}");
        }
        Ok(answer)
    }
}
