//! `examples/worker.py` at work: real PDFs, installed tools, and whatever befalls workers.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use colophon_testkit::skip;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use uuid::Uuid;

use crate::api::{Api, id};
use crate::corpus;
use crate::folder::Folder;
use crate::pdf::numbered;
use crate::server::{Server, claims};
use crate::wait;
use crate::workers::enqueue_for;

/// A worker at work. Dropped, it is killed.
struct Outside {
    process: Child,
    log: PathBuf,
}

impl Outside {
    /// A worker for one tool and one queue; `folder` goes before the others in its `PATH`.
    fn start(server: &Server, tool: &str, queue: &str, folder: Option<&Path>, more: &[&str]) -> Self {
        let mut platform = claims(Uuid::new_v4());
        platform["role"] = "service_role".into();
        let log = server.folder.scratch().join(format!("worker-{}.log", Uuid::new_v4().simple()));
        let mut path: OsString =
            folder.map(|folder| format!("{}:", folder.display())).unwrap_or_default().into();
        path.push(std::env::var_os("PATH").unwrap());
        let process = Command::new(python())
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/worker.py"))
            .args(["--url", &server.ready.url, "--token", &server.sign(&platform)])
            .args(["--tool", tool, "--queue", queue, "--lease", "4"])
            .args(more)
            .env("PATH", path)
            .stdin(Stdio::null())
            .stderr(fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Self { process, log }
    }

    fn ended(mut self) -> (ExitStatus, String) {
        let mut status = None;
        wait::until("the worker has ended", || {
            status = self.process.try_wait().unwrap();
            status.is_some()
        });
        (status.unwrap(), self.told())
    }

    fn told(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.process.id().cast_signed()).unwrap(), signal).unwrap();
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            eprintln!("the worker's log:\n{}", self.told());
        }
    }
}

fn python() -> String {
    std::env::var("COLOPHON_PYTHON").unwrap_or_else(|_| "python3".into())
}

pub fn is_installed(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// A folder with a tool of this name that does `first` and then what the real one does.
fn tool_that(folder: &Folder, name: &str, first: &str) -> PathBuf {
    let real = std::env::split_paths(&std::env::var_os("PATH").unwrap())
        .map(|at| at.join(name))
        .find(|at| at.is_file());
    let place = folder.scratch().join(Uuid::new_v4().simple().to_string());
    fs::create_dir(&place).unwrap();
    let file = place.join(name);
    fs::write(&file, format!("#!/bin/sh\n{first}\nexec {} \"$@\"\n", real.unwrap().display())).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    place
}

fn queue() -> String {
    format!("queue-{}", Uuid::new_v4().simple())
}

fn texts(api: &Api, document: &Value) -> Vec<String> {
    let zones = api.list(&format!("/v1/documents/{}/zones", id(document)), 500);
    zones.iter().map(|zone| zone["content"].as_str().unwrap_or_default().to_owned()).collect()
}

fn attempts(api: &Api, job: &str) -> Vec<(u64, String)> {
    let attempts = api.list(&format!("/v1/jobs/{job}/attempts"), 100);
    let told = attempts.iter().map(|attempt| {
        (attempt["attempt"].as_u64().unwrap(), attempt["outcome"].as_str().unwrap().to_owned())
    });
    told.collect()
}

fn job_once(api: &Api, job: &str, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    wait::some(what, || Some(api.read(&format!("/v1/jobs/{job}"))).filter(&is_so))
}

#[test]
fn real_pdfs_are_read_by_an_installed_pdftotext() {
    if !is_installed(&python()) || !is_installed("pdftotext") {
        skip!("Python or pdftotext is not installed");
    }
    let Some(folder) = corpus::folder("real_pdfs_are_read_by_an_installed_pdftotext", "pdf/py-pdf") else {
        return;
    };
    let (server, queue) = (Server::shared(), queue());
    let owner = server.person();
    let mut jobs = Vec::new();
    for path in corpus::pdfs(&folder) {
        let file = fs::read(&path).unwrap();
        if file.len() > 500_000 {
            continue;
        }
        let document = owner.api.upload("filename=a.pdf&on_duplicate=allow", &file).expect(201);
        if document["status"] == "uploaded" {
            let job = enqueue_for(&server, &document, "pdftotext", &queue, "null");
            jobs.push((path, document, job));
        }
    }
    assert!(jobs.len() >= 10, "{} documents", jobs.len());
    let (status, log) = Outside::start(&server, "pdftotext", &queue, None, &["--until-idle"]).ended();
    assert!(status.success(), "{log}");
    let mut with_text = 0;
    for (path, document, job) in &jobs {
        let record = owner.api.read(&format!("/v1/jobs/{job}"));
        assert_eq!(record["status"], "completed", "{}: {record}", path.display());
        assert_eq!(record["completed_pages"], record["total_pages"]);
        let pages = owner.api.list(&format!("/v1/documents/{}/pages", id(document)), 500);
        let zones = owner.api.list(&format!("/v1/documents/{}/zones", id(document)), 500);
        with_text += usize::from(!zones.is_empty());
        for zone in &zones {
            assert_eq!(zone["processing_tool"], "pdftotext");
            let number = usize::try_from(zone["page_number"].as_u64().unwrap()).unwrap();
            let (page, at) = (&pages[number - 1], &zone["coordinates"]);
            let within = |low: &str, high: &str, most: &str| {
                let of = |field: &str| at[field].as_f64().unwrap();
                of(low) >= 0.0 && of(low) < of(high) && of(high) <= page[most].as_f64().unwrap() + 1e-6
            };
            assert!(
                within("x0", "x1", "width") && within("y0", "y1", "height"),
                "{}: {zone}",
                path.display()
            );
        }
    }
    assert!(with_text >= 8, "{with_text} of {} have text", jobs.len());
}

#[test]
fn a_page_is_recognised_by_an_installed_tesseract() {
    if !is_installed(&python()) || !is_installed("tesseract") || !is_installed("pdftoppm") {
        skip!("Python, tesseract or pdftoppm is not installed");
    }
    let (server, queue) = (Server::shared(), queue());
    let owner = server.person();
    let document = owner.api.upload("filename=a.pdf", &numbered("Narwhals sing", 2)).expect(201);
    let job = enqueue_for(&server, &document, "ours", &queue, "null");
    let more = ["--until-idle", "--strategy", "ours"];
    let (status, log) = Outside::start(&server, "tesseract", &queue, None, &more).ended();
    assert!(status.success(), "{log}");
    let record = owner.api.read(&format!("/v1/jobs/{job}"));
    assert_eq!(record["status"], "completed", "{record}\n{log}");
    assert!(record["pages"][0]["stages"]["recognise"].as_u64().is_some_and(|time| time > 0), "{record}");
    let zones = owner.api.list(&format!("/v1/documents/{}/zones", id(&document)), 10);
    assert!(zones.iter().any(|zone| zone["content"].as_str().unwrap().contains("Narwhals")), "{zones:?}");
    assert!(zones.iter().all(|zone| zone["confidence"].as_f64().is_some_and(|sure| sure > 0.3)), "{zones:?}");
}

#[test]
fn single_zones_are_read_again_within_their_boxes() {
    for program in [&python(), "pdftotext", "tesseract", "pdftoppm"] {
        if !is_installed(program) {
            skip!("{program} is not installed");
        }
    }
    let (server, queue) = (Server::shared(), queue());
    let owner = server.person();
    let document = owner.api.upload("filename=a.pdf", &numbered("Narwhals sing", 2)).expect(201);
    enqueue_for(&server, &document, "pdftotext", &queue, "null");
    let (status, log) = Outside::start(&server, "pdftotext", &queue, None, &["--until-idle"]).ended();
    assert!(status.success(), "{log}");
    let of_zones = format!("/v1/documents/{}/zones", id(&document));
    let before = owner.api.list(&of_zones, 10);
    // Of each page one of its blocks, and one that is not there.
    let (first, second) = (&before[0], &before[3]);
    assert_eq!((&first["page_number"], &second["page_number"]), (&1.into(), &2.into()), "{before:?}");
    let named = format!("array['{}', '{}', '{}']::uuid[]", id(first), id(second), Uuid::nil());
    for (tool, strategy) in [("pdftotext", "again"), ("tesseract", "ours")] {
        let job = enqueue_for(&server, &document, strategy, &queue, &named);
        let more = ["--until-idle", "--strategy", strategy];
        let (status, log) = Outside::start(&server, tool, &queue, None, &more).ended();
        assert!(status.success(), "{log}");
        let record = owner.api.read(&format!("/v1/jobs/{job}"));
        assert_eq!(record["status"], "partially_completed", "{record}\n{log}");
        let zones = record["zones"].as_array().unwrap();
        let failed: Vec<_> = zones.iter().filter(|zone| zone["outcome"] == "failed").collect();
        assert_eq!((zones.len(), failed.len(), &failed[0]["error_code"]), (3, 1, &"no_such_zone".into()));
        let after = owner.api.list(&of_zones, 10);
        for (zone, was) in after.iter().zip(&before) {
            let is_named = [first, second].iter().any(|named| named["id"] == was["id"]);
            assert_eq!((&zone["id"], &zone["coordinates"]), (&was["id"], &was["coordinates"]), "{tool}");
            assert_eq!(zone["processing_tool"], if is_named { strategy } else { "pdftotext" }, "{zone}");
            // Nothing of the other block on its page, and all of its own.
            assert_eq!(zone["content"], was["content"], "{tool}");
            assert_eq!(zone["confidence"].is_number(), is_named && tool == "tesseract", "{zone}");
        }
    }
}

#[test]
fn what_a_killed_worker_left_is_finished_by_another() {
    if !is_installed(&python()) || !is_installed("pdftotext") {
        skip!("Python or pdftotext is not installed");
    }
    let (server, queue) = (Server::shared(), queue());
    let owner = server.person();
    let document = owner.api.upload("filename=a.pdf", &numbered("walrus", 6)).expect(201);
    let job = enqueue_for(&server, &document, "pdftotext", &queue, "null");
    // Each page takes it a while, so that it is killed in the middle, with some pages delivered.
    let slow = tool_that(&server.folder, "pdftotext", "[ \"$1\" = -bbox-layout ] && sleep 1");
    let first = Outside::start(&server, "pdftotext", &queue, Some(&slow), &["--concurrency", "1"]);
    let delivered =
        job_once(&owner.api, &job, "pages are delivered", |job| job["completed_pages"].as_u64() > Some(0));
    assert_eq!(delivered["status"], "running");
    first.signal(Signal::KILL);
    drop(first);
    let _second = Outside::start(&server, "pdftotext", &queue, None, &[]);
    let record = job_once(&owner.api, &job, "it is finished", |job| job["status"] == "completed");
    assert_eq!((record["attempt"].as_u64(), record["completed_pages"].as_u64()), (Some(2), Some(6)));
    let of = |attempt: u64| {
        record["pages"].as_array().unwrap().iter().filter(|page| page["attempt"] == attempt).count()
    };
    assert!(of(1) > 0 && of(2) > 0, "what was done is not done again: {record}");
    assert_eq!(attempts(&owner.api, &job), [(1, "lease_lost".to_owned()), (2, "completed".to_owned())]);
    let texts = texts(&owner.api, &document);
    assert_eq!(texts.len(), 2 * 6, "the two blocks of each page, once: {texts:?}");
    assert_eq!(owner.api.read(&format!("/v1/documents/{}", id(&document)))["status"], "processed");
}

#[test]
fn a_worker_that_is_asked_to_stop_hands_back_what_it_has() {
    if !is_installed(&python()) || !is_installed("pdftotext") {
        skip!("Python or pdftotext is not installed");
    }
    let (server, queue) = (Server::shared(), queue());
    let owner = server.person();
    let document = owner.api.upload("filename=a.pdf", &numbered("walrus", 20)).expect(201);
    let job = enqueue_for(&server, &document, "pdftotext", &queue, "null");
    let slow = tool_that(&server.folder, "pdftotext", "[ \"$1\" = -bbox-layout ] && sleep 0.5");
    let first = Outside::start(&server, "pdftotext", &queue, Some(&slow), &[]);
    job_once(&owner.api, &job, "it is at work", |job| job["status"] == "running");
    first.signal(Signal::TERM);
    let (status, log) = first.ended();
    assert!(status.success() && log.contains("released"), "{log}");
    let record = owner.api.read(&format!("/v1/jobs/{job}"));
    assert_eq!((&record["status"], record["attempt"].as_u64()), (&"queued".into(), Some(0)), "{record}");
    // One that waits for work ends at once, too.
    let second = Outside::start(&server, "pdftotext", "nothing-here", None, &[]);
    wait::until("it waits", || second.told().contains("waits for jobs"));
    second.signal(Signal::TERM);
    assert!(second.ended().0.success());
    let (status, log) = Outside::start(&server, "pdftotext", &queue, None, &["--until-idle"]).ended();
    assert!(status.success(), "{log}");
    assert_eq!(owner.api.read(&format!("/v1/jobs/{job}"))["status"], "completed");
    assert_eq!(texts(&owner.api, &document).len(), 2 * 20);
}

#[test]
fn a_server_that_starts_again_costs_a_worker_nothing() {
    if !is_installed(&python()) || !is_installed("pdftotext") {
        skip!("Python or pdftotext is not installed");
    }
    // Its address has to stay the same for the worker.
    let listen = free_address();
    let at = ["--workers", "0", "--listen", &listen];
    let mut server = Server::start_on(Folder::new(), &at);
    let owner = server.owner();
    let document = owner.api.upload("filename=a.pdf", &numbered("walrus", 8)).expect(201);
    let job = enqueue_for(&server, &document, "pdftotext", "default", "null");
    let slow = tool_that(&server.folder, "pdftotext", "[ \"$1\" = -bbox-layout ] && sleep 0.5");
    let worker = Outside::start(&server, "pdftotext", "default", Some(&slow), &["--lease", "30"]);
    // Before that, the answer to its claim may still be on its way.
    job_once(&owner.api, &job, "pages are delivered", |job| job["completed_pages"].as_u64() > Some(0));
    server.kill();
    server.restart_with(&at);
    let owner = server.owner();
    job_once(&owner.api, &job, "it is finished", |job| job["status"] == "completed");
    assert_eq!(attempts(&owner.api, &job), [(1, "completed".to_owned())]);
    assert_eq!(texts(&owner.api, &document).len(), 2 * 8);
    drop(worker);
}

#[test]
fn a_tool_that_crashes_is_an_attempt_that_failed_and_the_file_is_put_aside() {
    if !is_installed(&python()) || !is_installed("pdftotext") {
        skip!("Python or pdftotext is not installed");
    }
    let (server, queue) = (Server::shared(), queue());
    let owner = server.person();
    let document = owner.api.upload("filename=a.pdf", &numbered("walrus", 1)).expect(201);
    let job = enqueue_for(&server, &document, "pdftotext", &queue, "null");
    let crashing = tool_that(&server.folder, "pdftotext", "[ \"$1\" = -bbox-layout ] && kill -SEGV $$");
    let _worker = Outside::start(&server, "pdftotext", &queue, Some(&crashing), &[]);
    let failed = job_once(&owner.api, &job, "its attempt failed", |job| job["status"] == "retrying");
    assert_eq!((&failed["error_code"], &failed["error_class"]), (&"tool_crashed".into(), &"poison".into()));
    let given_up = job_once(&owner.api, &job, "it is given up", |job| job["status"] == "failed");
    assert_eq!(given_up["error_code"], "quarantined");
    assert_eq!(given_up["attempt"], 3);
    let detail = owner.api.read(&format!("/v1/documents/{}", id(&document)))["status_detail"].clone();
    assert!(detail.as_str().unwrap().contains("SIGSEGV"), "{detail}");
}

/// An address where nobody listens.
fn free_address() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

#[test]
fn the_worker_in_the_documentation_works_as_it_stands_there() {
    for program in ["bash", "curl", "jq", "pdftotext"] {
        if !is_installed(program) {
            skip!("{program} is not installed");
        }
    }
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/workers.md")).unwrap();
    let script = text.split("```bash\n").nth(1).unwrap().split("```").next().unwrap();
    let server = Server::shared();
    let owner = server.person();
    let document = owner.api.upload("filename=a.pdf", &numbered("walrus", 3)).expect(201);
    let job = enqueue_for(&server, &document, "bash", "default", "null");
    let mut platform = claims(Uuid::new_v4());
    platform["role"] = "service_role".into();
    let ran = Command::new("bash")
        .args(["-euc", script])
        .env("URL", &server.ready.url)
        .env("TOKEN", server.sign(&platform))
        .current_dir(server.folder.scratch())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&ran.stdout).trim(), "completed", "{ran:?}");
    assert_eq!(owner.api.read(&format!("/v1/jobs/{job}"))["status"], "completed");
    assert!(texts(&owner.api, &document)[2].contains("walrus"));
}
