//! How long a large file takes up and down, and what memory it takes, against `cp` and `sha256sum` of the same file.
//!
//! ```sh
//! cargo build --release && cargo run --release -p colophon --example large_files -- target/release/colophon [FOLDER] [MEGABYTES]
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement may panic, and tells what it found"
)]
#![allow(clippy::cast_precision_loss, reason = "figures are rounded anyway")]

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const ROUNDS: usize = 3;
const PARALLEL: usize = 100;
const SMALL: u64 = 10_000_000;

fn main() {
    let mut args = std::env::args().skip(1);
    let program = args.next().unwrap_or_else(|| "target/release/colophon".to_owned());
    let folder = args.next().map_or_else(|| std::env::temp_dir().join("colophon-large-files"), PathBuf::from);
    let size = args.next().map_or(1_000, |text| text.parse::<u64>().unwrap()) * 1_000_000;
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("large.pdf");
    write_pdf(&file, size);
    let server = Server::start(&program, &folder.join("data"));

    println!("{} bytes; seconds, the best of {ROUNDS} rounds", fs::metadata(&file).unwrap().len());
    let mut best = [f64::MAX; 5];
    let (mut peak_up, mut peak_down) = (Peak::default(), Peak::default());
    let idle = server.memory();
    for _ in 0..ROUNDS {
        let copy = folder.join("copy.pdf");
        let cp = seconds(|| run("cp", &[&file, &copy]));
        let flush = seconds(|| File::open(&copy).unwrap().sync_all().unwrap());
        let sum = seconds(|| run("sha256sum", &[&copy]));
        fs::remove_file(&copy).unwrap();
        let mut id = String::new();
        let mut up = 0.0;
        peak_up = peak_up.max(server.watch(|| up = seconds(|| id = server.upload(&file))));
        let mut down = 0.0;
        peak_down = peak_down
            .max(server.watch(|| down = seconds(|| assert_eq!(server.download(&id), size_of(&file)))));
        for (best, now) in best.iter_mut().zip([cp, flush, sum, up, down]) {
            *best = best.min(now);
        }
    }
    let [cp, flush, sum, up, down] = best;
    println!(
        "cp {cp:.2}   flushing the copy {flush:.2}   sha256sum {sum:.2}   cp + sha256sum {:.2}",
        cp + sum
    );
    println!("upload {up:.2}, {:.2} of cp + sha256sum", up / (cp + sum));
    println!("download {down:.2}, {:.2} of cp + sha256sum", down / (cp + sum));
    println!("memory, MB (VmRSS): idle {:.1}", mega(idle.resident));
    idle.compare("upload of the large file", peak_up);
    idle.compare("download of the large file", peak_down);

    let small = folder.join("small.pdf");
    write_pdf(&small, SMALL);
    let mut took = 0.0;
    let peak = server.watch(|| {
        took = seconds(|| {
            std::thread::scope(|scope| {
                for _ in 0..PARALLEL {
                    scope.spawn(|| server.upload(&small));
                }
            });
        });
    });
    println!("{PARALLEL} uploads of {} bytes at once: {took:.2} s", size_of(&small));
    idle.compare("parallel uploads", peak);
    drop(server);
    fs::remove_dir_all(&folder).unwrap();
}

fn size_of(file: &Path) -> u64 {
    fs::metadata(file).unwrap().len()
}

fn mega(kilobytes: u64) -> f64 {
    kilobytes as f64 * 1024.0 / 1e6
}

fn seconds(work: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    work();
    begun.elapsed().as_secs_f64()
}

fn run(program: &str, args: &[&PathBuf]) {
    assert!(Command::new(program).args(args).stdout(Stdio::null()).status().unwrap().success(), "{program}");
}

/// One page, and an image of noise that nothing compresses.
fn write_pdf(path: &Path, size: u64) {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path).unwrap());
    let mut at = 0;
    let mut offsets = Vec::new();
    let mut put = |bytes: &[u8], at: &mut u64| {
        file.write_all(bytes).unwrap();
        *at += bytes.len() as u64;
    };
    put(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", &mut at);
    let page =
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /XObject << /I 4 0 R >> >> >>";
    for body in ["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>", page] {
        offsets.push(at);
        put(format!("{} 0 obj\n{body}\nendobj\n", offsets.len()).as_bytes(), &mut at);
    }
    offsets.push(at);
    let image = "/Type /XObject /Subtype /Image /Width 1000 /ColorSpace /DeviceGray /BitsPerComponent 8";
    let rows = size / 1_000;
    let head = format!("4 0 obj\n<< {image} /Height {rows} /Length {} >>\nstream\n", rows * 1_000);
    put(head.as_bytes(), &mut at);
    let mut noise = fastrand::Rng::with_seed(7);
    let mut row = [0; 1_000];
    for _ in 0..rows {
        noise.fill(&mut row);
        put(&row, &mut at);
    }
    put(b"\nendstream\nendobj\n", &mut at);
    let start = at;
    let entries: Vec<String> = offsets.iter().map(|offset| format!("{offset:010} 00000 n \n")).collect();
    let entries = entries.concat();
    let end = format!(
        "xref\n0 5\n0000000000 65535 f \n{entries}trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    );
    put(end.as_bytes(), &mut at);
    file.into_inner().unwrap().sync_all().unwrap();
}

/// `colophon serve`.
struct Server {
    process: Child,
    address: String,
    token: String,
}

/// Kilobytes.
#[derive(Debug, Clone, Copy, Default)]
struct Peak {
    resident: u64,
    anonymous: u64,
}

impl Peak {
    fn max(self, other: Self) -> Self {
        Self { resident: self.resident.max(other.resident), anonymous: self.anonymous.max(other.anonymous) }
    }

    /// What another adds to this one.
    fn compare(self, what: &str, other: Self) {
        let more = |now: u64, idle: u64| mega(now.saturating_sub(idle));
        println!(
            "{what}: {:.1} MB above idle (VmRSS), {:.1} MB (RssAnon)",
            more(other.resident, self.resident),
            more(other.anonymous, self.anonymous)
        );
    }
}

impl Server {
    fn start(program: &str, data: &Path) -> Self {
        let mut process = Command::new(program)
            .args(["serve", "--ready-json", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(data)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
        let text = |name: &str| ready[name].as_str().unwrap().to_owned();
        Self { process, address: text("listen"), token: text("token") }
    }

    fn upload(&self, file: &Path) -> String {
        let mut file = File::open(file).unwrap();
        let length = file.metadata().unwrap().len();
        let head = format!("Content-Type: application/pdf\r\nContent-Length: {length}\r\n");
        let mut stream = self.request("POST", "/v1/documents?filename=large.pdf", &head);
        let mut buffer = vec![0; 1 << 20];
        loop {
            let read = file.read(&mut buffer).unwrap();
            if read == 0 {
                break;
            }
            stream.write_all(&buffer[..read]).unwrap();
        }
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 201 "), "{answer}");
        let document: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(document["status"], "uploaded", "{document}");
        document["id"].as_str().unwrap().to_owned()
    }

    /// Gives the bytes that came.
    fn download(&self, id: &str) -> u64 {
        let mut stream = BufReader::new(self.request("GET", &format!("/v1/documents/{id}/content"), ""));
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        assert!(line.starts_with("HTTP/1.1 200 "), "{line}");
        while line != "\r\n" {
            line.clear();
            stream.read_line(&mut line).unwrap();
        }
        let mut buffer = vec![0; 1 << 20];
        let mut size = 0;
        loop {
            match stream.read(&mut buffer).unwrap() {
                0 => return size,
                read => size += read as u64,
            }
        }
    }

    fn request(&self, method: &str, path: &str, head: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let token = &self.token;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: colophon\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n{head}\r\n"
        )
        .unwrap();
        stream
    }

    fn memory(&self) -> Peak {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or(" 0 kB");
            line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().unwrap_or(0)
        };
        Peak { resident: field("VmRSS"), anonymous: field("RssAnon") }
    }

    /// The most memory that the server takes meanwhile: looked at a thousand times a second.
    fn watch(&self, work: impl FnOnce()) -> Peak {
        let (done, resident, anonymous) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let now = self.memory();
                    resident.fetch_max(now.resident, Ordering::Relaxed);
                    anonymous.fetch_max(now.anonymous, Ordering::Relaxed);
                    std::thread::sleep(Duration::from_millis(1));
                }
            });
            work();
            done.store(true, Ordering::Relaxed);
        });
        Peak { resident: resident.into_inner(), anonymous: anonymous.into_inner() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let id = rustix::process::Pid::from_child(&self.process);
        let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
        let _ = self.process.wait();
        let _ = io::stdout().flush();
    }
}
