//! Zones in bulk: how many a second go in by each way, as a ratio to psql's `\copy` of the same rows into the same table
//! and to asyncpg's `executemany` into the original table; a page of 500 out, beside the bare SELECT; and what memory
//! 100,000 in one request take.
//!
//! ```sh
//! cargo build --release -p colophon && cargo run --release -p colophon --example zones_bulk -- target/release/colophon [FOLDER]
//! ```
//! `ROUNDS` says how often (7), `SIZES` how many at once (1,50,500,50000); `COLOPHON_PYTHON` names a Python with asyncpg, `COLOPHON_SPECIFICATION` the original
//! specification. What is missing is skipped by name.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::cast_precision_loss, reason = "a measurement")]

mod lines;
mod server;
mod ways;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use server::Server;
use ways::{Way, Ways};

const SIZES: [usize; 4] = [1, 50, 500, 50_000];

fn main() {
    let mut args = std::env::args().skip(1);
    let program = args.next().unwrap_or_else(|| "target/release/colophon".to_owned());
    let folder = args.next().map_or_else(|| std::env::temp_dir().join("colophon-zones-bulk"), PathBuf::from);
    let rounds = std::env::var("ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(7);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let server = Server::start(&program, &folder.join("data"));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut ways = runtime.block_on(Ways::new(&server, &folder));
    let sizes = std::env::var("SIZES").ok();
    let sizes =
        sizes.map_or(SIZES.to_vec(), |sizes| sizes.split(',').map(|size| size.parse().unwrap()).collect());
    for size in sizes {
        let repeat = if size < 1_000 { rounds * 5 } else { rounds };
        measure_in(&runtime, &mut ways, size, repeat);
    }
    measure_out(&runtime, &ways);
    measure_memory(&server, &mut ways);
    drop(server);
    let _ = std::fs::remove_dir_all(&folder);
}

/// Every way in turn, the first another one each time.
fn measure_in(runtime: &tokio::runtime::Runtime, ways: &mut Ways, size: usize, rounds: usize) {
    let mut all: Vec<(Way, Vec<f64>)> = Way::ALL.iter().map(|way| (*way, Vec::new())).collect();
    let zones = lines::zones(size);
    ways.prepare(&zones);
    for round in 0..rounds {
        all.rotate_left(round % 3 + 1);
        for (way, seconds) in &mut all {
            let took = runtime.block_on(ways.run(*way, &zones));
            seconds.extend(took);
        }
    }
    all.sort_by_key(|(way, _)| *way as usize);
    let rate_of = |way: Way| {
        let (_, seconds) = all.iter().find(|(other, _)| *other == way).unwrap();
        (!seconds.is_empty()).then(|| size as f64 / median(seconds.clone()))
    };
    println!("\n{size} zones, medians of {rounds} rounds");
    for (way, _) in &all {
        let Some(rate) = rate_of(*way) else { continue };
        let to = |other: Way| ratio(rate, all.iter().find(|(way, _)| *way == other), size);
        println!(
            "  {:44} {rate:9.0} a second   to \\copy {}   to executemany {}",
            way.name(),
            to(Way::Copy),
            to(Way::ExecuteMany)
        );
    }
}

fn ratio(rate: f64, other: Option<&(Way, Vec<f64>)>, size: usize) -> String {
    match other {
        Some((_, seconds)) if !seconds.is_empty() => {
            format!("{:.2}", rate / (size as f64 / median(seconds.clone())))
        }
        _ => "–".to_owned(),
    }
}

fn measure_out(runtime: &tokio::runtime::Runtime, ways: &Ways) {
    let document = ways.stored(500);
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for round in 0..420 {
        let (http, select) = (ways.get_page(&document), runtime.block_on(ways.select_page(&document)));
        // The first ones warm up.
        if round >= 20 {
            ours.push(http);
            bare.push(select);
        }
    }
    let p99 = |mut seconds: Vec<f64>| {
        seconds.sort_by(f64::total_cmp);
        seconds[seconds.len() * 99 / 100]
    };
    let (m_ours, m_bare) = (median(ours.clone()), median(bare.clone()));
    let (p_ours, p_bare) = (p99(ours), p99(bare));
    println!("\na page of 500 zones out, over HTTP and by the bare SELECT, milliseconds, 400 each in turn");
    println!("  median {:.2} and {:.2}: {:.2}", m_ours * 1e3, m_bare * 1e3, m_ours / m_bare);
    println!("  p99    {:.2} and {:.2}: {:.2}", p_ours * 1e3, p_bare * 1e3, p_ours / p_bare);
}

fn measure_memory(server: &Server, ways: &mut Ways) {
    let body = lines::ndjson(&lines::zones(100_000));
    println!(
        "\nmemory for 100,000 zones in one request of {:.1} MB (VmRSS of the server, MB)",
        mega(body.len())
    );
    for answer in ["application/json", "application/x-ndjson"] {
        let document = ways.document();
        let idle = server.memory();
        let (mut took, mut size) = (0.0, 0);
        let peak = server.watch(|| {
            let begun = Instant::now();
            size = ways.post(&document, &body, answer);
            took = begun.elapsed().as_secs_f64();
        });
        println!(
            "  in, answer as {answer} ({:.1} MB): idle {:.1}, peak {:.1}, {:.1} more; {took:.1} s",
            mega(size),
            mega(idle),
            mega(peak),
            mega(peak.saturating_sub(idle))
        );
        let idle = server.memory();
        let peak = server.watch(|| size = ways.get_all(&document));
        println!(
            "  out whole ({:.1} MB): idle {:.1}, peak {:.1}, {:.1} more",
            mega(size),
            mega(idle),
            mega(peak),
            mega(peak.saturating_sub(idle))
        );
    }
}

fn mega(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

/// How long something takes.
pub async fn seconds<T>(work: impl Future<Output = T>) -> (f64, T) {
    let begun = Instant::now();
    let done = work.await;
    (begun.elapsed().as_secs_f64().max(Duration::from_nanos(1).as_secs_f64()), done)
}
