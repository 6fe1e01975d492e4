//! What was measured, as tables and as JSON.

use comfy_table::{Table, presets::ASCII_MARKDOWN};
use serde::Serialize;

use crate::engines::Engine;

/// One round of one engine.
#[derive(Debug, Clone, Serialize)]
pub struct Round {
    pub jobs: usize,
    pub busy_before: f64,
    pub enqueued_per_second: f64,
    pub worked_per_second: f64,
    pub work_seconds: f64,
    /// From the call that enqueues to the start, milliseconds.
    pub latency_p50: f64,
    pub latency_p99: f64,
    pub wal_enqueue_bytes_per_job: f64,
    pub wal_work_bytes_per_job: f64,
}

/// The same while another session holds an old snapshot.
#[derive(Debug, Clone, Serialize)]
pub struct Open {
    pub busy_before: f64,
    pub seconds: f64,
    pub worked: usize,
    pub first_per_second: f64,
    pub last_per_second: f64,
    pub latency_p50: f64,
    pub latency_p99: f64,
    pub dead_rows: i64,
    /// How long after its beginning each burst began, its jobs, and what it took.
    pub bursts: Vec<(f64, usize, f64)>,
}

#[derive(Debug, Serialize)]
pub struct Measured {
    pub name: &'static str,
    pub version: String,
    pub setting: &'static str,
    pub history: &'static str,
    pub jobs: usize,
    pub rounds: Vec<Round>,
    pub open: Vec<Open>,
}

impl Measured {
    pub fn new(engine: Engine, version: &str, jobs: usize) -> Self {
        Self {
            name: engine.name(),
            version: version.to_owned(),
            setting: engine.setting(),
            history: engine.history(),
            jobs,
            rounds: Vec::new(),
            open: Vec::new(),
        }
    }

    /// The median of all rounds.
    pub fn median(&self, of: fn(&Round) -> f64) -> f64 {
        percentile(self.rounds.iter().map(of).collect(), 50)
    }

    fn spread(&self, of: fn(&Round) -> f64) -> String {
        let values = || self.rounds.iter().map(of).collect();
        let [least, median, most] = [0, 50, 100].map(|share| figure(percentile(values(), share)));
        if self.rounds.len() < 2 { median } else { format!("{median} ({least}–{most})") }
    }

    fn opened(&self, of: fn(&Open) -> f64) -> f64 {
        percentile(self.open.iter().map(of).collect(), 50)
    }
}

/// The value that so many in a hundred do not exceed; NaN of nothing.
pub fn percentile(mut values: Vec<f64>, share: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values.get((last * share).div_ceil(100)).copied().unwrap_or(f64::NAN)
}

fn figure(value: f64) -> String {
    if value.is_nan() {
        "–".to_owned()
    } else if value < 100.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.0}")
    }
}

pub fn print(all: &[Measured]) {
    for engine in all {
        println!("{} {}: {}; kept: {}", engine.name, engine.version, engine.setting, engine.history);
    }
    let busy = || all.iter().flat_map(|engine| engine.rounds.iter().map(|round| round.busy_before)).collect();
    let [least, median, most] = [0, 50, 100].map(|share| percentile(busy(), share) * 100.0);
    println!(
        "\nothers used {median:.0} % of the machine ({least:.0}–{most:.0} %) in the second before each measurement"
    );
    println!("\nmedian (least–most) of the rounds; latency in milliseconds, WAL in bytes for each job");
    println!("{}", rounds(all));
    if all.iter().any(|engine| !engine.open.is_empty()) {
        println!("\nwhile another session holds a REPEATABLE READ transaction");
        println!("{}", opened(all));
    }
    if let Some((colophon, peers)) =
        all.split_first().filter(|(first, _)| first.name == Engine::Colophon.name())
    {
        println!(
            "\nColophon to each, more than 1 being better: rates as ours/theirs, latency and WAL as theirs/ours"
        );
        println!("{}", ratios(colophon, peers));
    }
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(header.to_vec());
    table
}

fn rounds(all: &[Measured]) -> Table {
    let mut table =
        table(&["", "enqueued/s", "worked/s", "of jobs", "p50", "p99", "WAL enqueue", "WAL work"]);
    for engine in all {
        table.add_row([
            engine.name.to_owned(),
            engine.spread(|round| round.enqueued_per_second),
            engine.spread(|round| round.worked_per_second),
            engine.jobs.to_string(),
            engine.spread(|round| round.latency_p50),
            engine.spread(|round| round.latency_p99),
            engine.spread(|round| round.wal_enqueue_bytes_per_job),
            engine.spread(|round| round.wal_work_bytes_per_job),
        ]);
    }
    table
}

fn opened(all: &[Measured]) -> Table {
    let header = [
        "",
        "before, worked/s",
        "first 30 s",
        "last 30 s",
        "last/first",
        "p50",
        "p99",
        "worked",
        "dead rows",
    ];
    let mut table = table(&header);
    for engine in all.iter().filter(|engine| !engine.open.is_empty()) {
        let (first, last) =
            (engine.opened(|open| open.first_per_second), engine.opened(|open| open.last_per_second));
        let count = |of: fn(&Open) -> String| engine.open.last().map(of).unwrap_or_default();
        table.add_row([
            engine.name.to_owned(),
            figure(engine.median(|round| round.worked_per_second)),
            figure(first),
            figure(last),
            figure(last / first),
            figure(engine.opened(|open| open.latency_p50)),
            figure(engine.opened(|open| open.latency_p99)),
            count(|open| open.worked.to_string()),
            count(|open| open.dead_rows.to_string()),
        ]);
    }
    table
}

fn ratios(colophon: &Measured, peers: &[Measured]) -> Table {
    let header =
        ["", "enqueued/s", "worked/s", "p50", "p99", "WAL in all", "open: worked/s, last 30 s", "open: p50"];
    let mut table = table(&header);
    for peer in peers {
        let rate = |of: fn(&Round) -> f64| figure(colophon.median(of) / peer.median(of));
        let cost = |of: fn(&Round) -> f64| figure(peer.median(of) / colophon.median(of));
        table.add_row([
            peer.name.to_owned(),
            rate(|round| round.enqueued_per_second),
            rate(|round| round.worked_per_second),
            cost(|round| round.latency_p50),
            cost(|round| round.latency_p99),
            cost(|round| round.wal_enqueue_bytes_per_job + round.wal_work_bytes_per_job),
            figure(colophon.opened(|open| open.last_per_second) / peer.opened(|open| open.last_per_second)),
            figure(peer.opened(|open| open.latency_p50) / colophon.opened(|open| open.latency_p50)),
        ]);
    }
    table
}
