//! Colophon's job engine side by side with graphile-worker, pgqueuer and procrastinate, in one run on one machine: a job
//! that does nothing, with some 230 bytes of JSON.
//!
//! ```sh
//! python3 -m venv target/ci-engines && target/ci-engines/bin/pip install pgqueuer asyncpg uvloop procrastinate 'psycopg[binary,pool]'
//! npm install --prefix target/ci-engines --no-save node@22 graphile-worker@latest
//! cargo run --release -p colophon --example job_engines -- --python target/ci-engines/bin/python \
//!     --node target/ci-engines/node_modules/.bin/node --node-modules target/ci-engines/node_modules --json target/job_engines.json
//! ```
//!
//! Each engine has a database of its own on a private PostgreSQL with `fsync` on; never two run at once. In each round,
//! for each engine, in turn: jobs are enqueued in bulk (batches of 1,000, by its own best way), worked (enough for
//! `--seconds`; from the first one's start until all is written), and started one each 20 ms by its own wake-up
//! (latency: from the call that enqueues to the start; producer and worker in one process). After the rounds: bursts of
//! three seconds, again and again, while another session holds a snapshot for `--hold` seconds. A peer whose packages are
//! missing is skipped by name.

#![allow(clippy::print_stdout, reason = "what it finds is what it prints")]

mod colophon;
mod engines;
mod report;
mod server;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::Parser;
use serde_json::{Value, json};

use engines::{Engine, Programs, Worked};
use report::{Measured, Open, Round, percentile};
use server::Server;

/// No burn-down outlasts it.
const LIMIT: Duration = Duration::from_mins(2);
/// Jobs by which an engine's speed is guessed.
const GUESS: usize = 2_000;
/// No burn-down has more.
const MOST: usize = 500_000;
/// The part of the hold at its beginning and end that is compared, seconds; a third of it where it is short.
const EDGE: f64 = 30.0;

/// Job engines side by side.
#[derive(Debug, Parser)]
struct Args {
    /// How often each engine is measured
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long a burn-down shall last at least, seconds
    #[arg(long, default_value_t = 6.0)]
    seconds: f64,
    /// Jobs whose latency is measured
    #[arg(long, default_value_t = 300)]
    latency_jobs: usize,
    /// How long a transaction is held open meanwhile, seconds; 0 leaves that out
    #[arg(long, default_value_t = 300.0)]
    hold: f64,
    /// How often that is measured
    #[arg(long, default_value_t = 1)]
    hold_rounds: usize,
    /// Only these
    #[arg(long, value_enum, value_delimiter = ',')]
    engines: Vec<Engine>,
    /// The folder in which the server's folder is made; it should lie on the disk that counts
    #[arg(long, default_value_os_t = std::env::temp_dir())]
    folder: PathBuf,
    /// Where all figures are written
    #[arg(long)]
    json: Option<PathBuf>,
    #[command(flatten)]
    programs: Programs,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let server = Server::start(&args.folder).await?;
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let measured = tokio::select! {
        measured = measure(&server, &args) => measured,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("broken off")),
        _ = terminate.recv() => Err(anyhow::anyhow!("broken off")),
    };
    server.stop().await?;
    measured
}

async fn measure(server: &Server, args: &Args) -> Result<()> {
    let payload = payload();
    println!(
        "PostgreSQL {}, payload of {} bytes",
        server.version(),
        payload.to_string().len() + r#""n":100000,"#.len()
    );
    let chosen = Engine::ALL.into_iter().filter(|e| args.engines.is_empty() || args.engines.contains(e));
    let mut all = Vec::new();
    for engine in chosen {
        match guess(engine, server, args, &payload).await {
            Ok(measured) => all.push((engine, measured)),
            Err(error) => println!("skipped: {} ({error:#})", engine.name()),
        }
    }
    let mut failures = Vec::new();
    for round in 0..args.rounds {
        // Another one begins each time.
        for turn in 0..all.len() {
            let at = (round + turn) % all.len();
            let (engine, measured) = &mut all[at];
            match one_round(*engine, measured.jobs, server, args, &payload).await {
                Ok(figures) => {
                    eprintln!("{}, round {}: {figures:.1?}", engine.name(), round + 1);
                    measured.jobs = measured.jobs.max(longer(&figures, args.seconds));
                    measured.rounds.push(figures);
                }
                Err(error) => failures.push(format!("{}, round {}: {error:#}", engine.name(), round + 1)),
            }
        }
    }
    for _ in 0..if args.hold > 0.0 { args.hold_rounds } else { 0 } {
        for (engine, measured) in &mut all {
            let rate = measured.median(|round| round.worked_per_second);
            match held(*engine, rate, server, args, &payload).await {
                Ok(figures) => {
                    let (first, last) = (figures.first_per_second, figures.last_per_second);
                    eprintln!(
                        "{}, with an open transaction: {first:.0} a second, then {last:.0}",
                        engine.name()
                    );
                    measured.open.push(figures);
                }
                Err(error) => {
                    failures.push(format!("{}, with an open transaction: {error:#}", engine.name()));
                }
            }
        }
    }
    let all: Vec<Measured> = all.into_iter().map(|(_, measured)| measured).collect();
    report::print(&all);
    if let Some(path) = &args.json {
        let text = serde_json::to_string_pretty(&json!({ "postgresql": server.version(), "engines": all }))?;
        std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))?;
    }
    anyhow::ensure!(failures.is_empty(), "could not be measured:\n{}", failures.join("\n"));
    Ok(())
}

/// What a job carries besides its number.
fn payload() -> Value {
    json!({
        "pages": [1], "tool": "noop", "languages": ["deu", "eng"], "dpi": 300, "deskew": true,
        "requested_by": "01993f0e-6c1a-7d43-9b0a-5d1c6f0b2a77", "note": "a job that does nothing, as large as others",
        "callback": "https://example.org/done",
    })
}

/// How many jobs it takes for a burn-down of `--seconds`.
async fn guess(engine: Engine, server: &Server, args: &Args, payload: &Value) -> Result<Measured> {
    let mut running = engine.start(server, &args.programs, payload).await?;
    let mut jobs = GUESS;
    // Twice, since the first one is over before the engine is warm.
    for seconds in [2.0, args.seconds * 1.2] {
        running.enqueue(jobs).await?;
        analyze(engine, server).await?;
        let rate = running.work(jobs, LIMIT).await?.rate();
        jobs = (whole((rate * seconds / 1e3).ceil().max(1.0)) * 1_000).min(MOST);
    }
    Ok(Measured::new(engine, running.version(), jobs))
}

/// Jobs of the next rounds: more where a burn-down was over too soon, since its guess was made when the machine had other
/// work.
fn longer(round: &Round, seconds: f64) -> usize {
    (whole((count(round.jobs) * seconds / round.work_seconds / 1e3).ceil()) * 1_000).min(MOST)
}

async fn one_round(
    engine: Engine,
    jobs: usize,
    server: &Server,
    args: &Args,
    payload: &Value,
) -> Result<Round> {
    let busy_before = busy().await;
    let mut running = engine.start(server, &args.programs, payload).await?;
    let before = server.wal().await?;
    let enqueued = running.enqueue(jobs).await?;
    let between = server.wal().await?;
    analyze(engine, server).await?;
    let analyzed = server.wal().await?;
    let worked = running.work(jobs, LIMIT).await?;
    let after = server.wal().await?;
    let left = left(engine, server).await?;
    anyhow::ensure!(worked.done == jobs && left == 0, "{} of {jobs} started, {left} are left", worked.done);
    let waits = running.latency(args.latency_jobs, LIMIT).await?;
    drop(running);
    server.drop(engine.database()).await?;
    Ok(Round {
        jobs,
        busy_before,
        enqueued_per_second: count(jobs) / enqueued,
        worked_per_second: worked.rate(),
        work_seconds: worked.seconds,
        latency_p50: percentile(waits.clone(), 50),
        latency_p99: percentile(waits, 99),
        wal_enqueue_bytes_per_job: (between - before) / count(jobs),
        wal_work_bytes_per_job: (after - analyzed) / count(jobs),
    })
}

/// Bursts of some three seconds, as fast as they come, while another session has a snapshot from before the first.
async fn held(engine: Engine, rate: f64, server: &Server, args: &Args, payload: &Value) -> Result<Open> {
    let busy_before = busy().await;
    let mut running = engine.start(server, &args.programs, payload).await?;
    let mut burst = if rate.is_finite() { whole((rate * 3.0).max(100.0)) } else { GUESS };
    running.enqueue(burst).await?;
    analyze(engine, server).await?;
    let other = server.client(engine.database()).await?;
    other.batch_execute("begin isolation level repeatable read; select count(*) from pg_class").await?;
    let begun = Instant::now();
    let (mut queued, mut bursts) = (burst, Vec::<(f64, Worked)>::new());
    while begun.elapsed().as_secs_f64() < args.hold {
        running.enqueue(burst.saturating_sub(queued)).await?;
        queued = queued.max(burst);
        let at = begun.elapsed().as_secs_f64();
        let worked = running.work(queued, Duration::from_secs(6)).await?;
        queued = queued.saturating_sub(worked.done);
        bursts.push((at, worked));
        // Of what it can do by now, or an engine that slows down would be left with a backlog of minutes.
        burst = whole((worked.rate() * 3.0).max(100.0));
    }
    let seconds = begun.elapsed().as_secs_f64();
    // What is left would stand before the jobs whose latency is measured.
    while begun.elapsed().as_secs_f64() < seconds + 60.0 {
        let left: usize = left(engine, server).await?.try_into()?;
        if left == 0 {
            break;
        }
        running.work(left, Duration::from_secs(20)).await?;
    }
    let waits = running.latency(args.latency_jobs, Duration::from_mins(1)).await?;
    let dead = "select coalesce(max(n_dead_tup), 0) from pg_stat_user_tables";
    let dead_rows = other.query_one(dead, &[]).await?.try_get(0)?;
    other.batch_execute("commit").await?;
    drop(running);
    server.drop(engine.database()).await?;
    let edge = EDGE.min(args.hold / 3.0);
    let rate_of = |of: &dyn Fn(f64) -> bool| {
        let (done, took) = bursts
            .iter()
            .filter(|(at, _)| of(*at))
            .fold((0, 0.0), |(done, took), (_, w)| (done + w.done, took + w.seconds));
        count(done) / took
    };
    Ok(Open {
        busy_before,
        seconds,
        worked: bursts.iter().map(|(_, worked)| worked.done).sum(),
        first_per_second: rate_of(&|at| at < edge),
        last_per_second: rate_of(&|at| at >= seconds - edge),
        latency_p50: percentile(waits.clone(), 50),
        latency_p99: percentile(waits, 99),
        dead_rows,
        bursts: bursts.into_iter().map(|(at, worked)| (at, worked.done, worked.seconds)).collect(),
    })
}

/// The share of the machine that others use just now, which no figure should be believed without; NaN where Linux does not
/// tell.
async fn busy() -> f64 {
    let look = || {
        let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
        let line = text.lines().next().unwrap_or_default().to_owned();
        let ticks: Vec<f64> = line.split_whitespace().skip(1).filter_map(|n| n.parse().ok()).collect();
        // Idle, and waiting for a disk.
        (ticks.iter().sum::<f64>(), ticks.iter().skip(3).take(2).sum::<f64>())
    };
    let (all_before, idle_before) = look();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (all, idle) = look();
    1.0 - (idle - idle_before) / (all - all_before)
}

/// Jobs that have not ended.
async fn left(engine: Engine, server: &Server) -> Result<i64> {
    Ok(server.client(engine.database()).await?.query_one(engine.live(), &[]).await?.try_get(0)?)
}

/// So that every engine's statements are planned for what is there.
async fn analyze(engine: Engine, server: &Server) -> Result<()> {
    server.client(engine.database()).await?.batch_execute("analyze").await.context("analyze")
}

#[expect(clippy::cast_precision_loss, reason = "a count of jobs")]
fn count(jobs: usize) -> f64 {
    jobs as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of jobs")]
fn whole(jobs: f64) -> usize {
    jobs as usize
}
