//! How soon many who watch jobs are told of a change, and what watching takes: 1,000 watch 20 jobs, 1,000 all jobs.
//!
//! ```sh
//! cargo build --release && cargo run --release -p colophon --example watching -- target/release/colophon [VIEWERS]
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement may panic, and tells what it found"
)]

use std::io::{BufRead as _, BufReader as LineReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

const JOBS: usize = 20;
const ROUNDS: usize = 40;

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let program = args.next().unwrap_or_else(|| "target/release/colophon".to_owned());
    let viewers: usize = args.next().map_or(2_000, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let (mut server, ready) = start(&program, folder.path());
    let text = |field: &str| ready[field].as_str().unwrap().to_owned();
    let (listen, url, token) = (text("listen"), text("url"), text("token"));

    let mut jobs = Vec::new();
    for number in 0..JOBS {
        let path = format!("{url}/v1/documents?process=true&filename={number}.pdf");
        let document = post(&path, &token, "application/pdf", PDF.as_bytes());
        let job = get(&format!("{url}/v1/jobs?document_id={}", document["id"].as_str().unwrap()), &token);
        jobs.push(job["items"][0]["id"].as_str().unwrap().to_owned());
    }
    let idle = memory(server.id());
    let open = Arc::new(AtomicUsize::new(0));
    let (told, mut heard) = unbounded_channel();
    let begun = Instant::now();
    for viewer in 0..viewers {
        let path = match viewer % 2 {
            0 => format!("/v1/jobs/{}/events", jobs[viewer / 2 % JOBS]),
            _ => "/v1/events".to_owned(),
        };
        tokio::spawn(watch(listen.clone(), token.clone(), path, Arc::clone(&open), told.clone()));
        if viewer % 100 == 99 {
            while open.load(Ordering::Relaxed) < viewer + 1 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }
    let (opening, watching) = (begun.elapsed(), memory(server.id()));
    tokio::time::sleep(Duration::from_secs(3)).await;
    while heard.try_recv().is_ok() {}

    let mut latencies = Vec::new();
    for round in 0..ROUNDS {
        let job = &jobs[round % JOBS];
        let (action, status) =
            if (round / JOBS).is_multiple_of(2) { ("pause", "paused") } else { ("resume", "queued") };
        let path = format!("{url}/v1/jobs/{job}/{action}");
        let bearer = token.clone();
        let answered = tokio::task::spawn_blocking(move || {
            post(&path, &bearer, "application/json", b"{}");
            Instant::now()
        });
        let expected = viewers / 2 + viewers / 2 / JOBS;
        let answered = answered.await.unwrap();
        let mut seen = 0;
        while seen < expected {
            let (line, when): (String, Instant) =
                tokio::time::timeout(Duration::from_secs(20), heard.recv()).await.unwrap().unwrap();
            if line.contains(job.as_str()) && line.contains(&format!("\"status\":\"{status}\"")) {
                latencies.push(when.saturating_duration_since(answered));
                seen += 1;
            }
        }
    }
    latencies.sort();
    let at = |part: f64| {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index"
        )]
        let index = ((latencies.len() - 1) as f64 * part) as usize;
        latencies[index].as_millis()
    };
    let listening = listening(&text("database_url")).await;
    println!(
        "{viewers} viewers opened in {:.1} s; connections that listen: {listening}",
        opening.as_secs_f64()
    );
    println!(
        "memory of the server: {idle} kB idle, {watching} kB with them ({} kB each)",
        watching.saturating_sub(idle) / viewers as u64
    );
    println!(
        "from the answer to a change to whoever is told of it, {} deliveries: p50 {} ms, p99 {} ms, last {} ms",
        latencies.len(),
        at(0.5),
        at(0.99),
        at(1.0)
    );
    let begun = Instant::now();
    Command::new("kill").arg(server.id().to_string()).status().unwrap();
    server.wait().unwrap();
    println!("the server stopped after {:.1} s", begun.elapsed().as_secs_f64());
}

async fn watch(
    listen: String,
    token: String,
    path: String,
    open: Arc<AtomicUsize>,
    told: UnboundedSender<(String, Instant)>,
) {
    let mut stream = TcpStream::connect(&listen).await.unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nHost: colophon\r\nAuthorization: Bearer {token}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut lines = BufReader::new(stream).lines();
    let (mut is_open, mut is_state) = (false, false);
    while let Ok(Some(line)) = lines.next_line().await {
        if line.starts_with("retry:") && !std::mem::replace(&mut is_open, true) {
            open.fetch_add(1, Ordering::Relaxed);
        }
        if is_state && line.starts_with("data:") && told.send((line.clone(), Instant::now())).is_err() {
            return;
        }
        is_state = line == "event: state" || (is_state && line.starts_with("id:"));
    }
}

fn start(program: &str, folder: &std::path::Path) -> (Child, Value) {
    let mut command = Command::new(program);
    command
        .args(["serve", "--ready-json", "--listen", "127.0.0.1:0", "--workers", "0", "--data-dir"])
        .arg(folder);
    let mut server = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    LineReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (server, serde_json::from_str(&line).unwrap())
}

fn post(url: &str, token: &str, content_type: &str, body: &[u8]) -> Value {
    let request = ureq::post(url).header("authorization", format!("Bearer {token}"));
    let mut answer = request.header("content-type", content_type).send(body).unwrap();
    serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap_or_else(|_| json!({}))
}

fn get(url: &str, token: &str) -> Value {
    let mut answer = ureq::get(url).header("authorization", format!("Bearer {token}")).call().unwrap();
    serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap()
}

/// Resident memory, in kB.
fn memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

async fn listening(url: &str) -> i64 {
    // Whoever owns the tables does not see what others ask.
    let url = &url.replacen("postgres@", "supabase_admin@", 1);
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let sql = "select count(*) from pg_stat_activity where query like 'listen %'";
    client.query_one(sql, &[]).await.unwrap().get(0)
}

const PDF: &str = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n";
