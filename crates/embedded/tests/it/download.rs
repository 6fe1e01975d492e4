//! Fetching the binaries, from a stand-in that serves the installed ones as a release.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
};

use colophon_embedded::{Error, OnProgress, Postgres, Progress, Settings};
use sha2::{Digest as _, Sha256};

use crate::support::{Data, ask, superuser};

/// What the stand-in does to the archive.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    WrongChecksum,
    CutHalfWay,
    NotFound,
}

/// Answers every request for `….sha256` and `….tar.gz`.
fn mirror(archive: Vec<u8>, fault: Fault) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/releases/download", listener.local_addr().expect("bound"));
    let digest = Sha256::digest(&archive);
    let mut sum = digest.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    if fault == Fault::WrongChecksum {
        sum = "0".repeat(64);
    }
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut lines = BufReader::new(stream.try_clone().expect("a handle")).lines();
            let request = lines.next().expect("a request").expect("text");
            while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
            let name = path.rsplit('/').next().unwrap_or_default();
            let checksum = format!("{sum}  {}\n", name.trim_end_matches(".sha256"));
            let is_checksum = Path::new(name).extension().is_some_and(|extension| extension == "sha256");
            let body = if is_checksum { checksum.as_bytes() } else { &archive[..] };
            let status = if fault == Fault::NotFound { "404 Not Found" } else { "200 OK" };
            let sent =
                if fault == Fault::CutHalfWay && !is_checksum { &body[..body.len() / 2] } else { body };
            let head =
                format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(sent));
        }
    });
    url
}

/// The installed binaries, laid out and packed as a release is.
fn release() -> Vec<u8> {
    let installed = fs::read_dir("/usr/lib/postgresql").expect("an installed PostgreSQL");
    let home = installed.map(|entry| entry.expect("an entry").path()).max().expect("a version");
    let packed = Command::new("tar")
        .args(["-cz", "--transform", "s,^,postgresql-of-this-test/,", "-C"])
        .arg(home)
        .args(["bin", "lib"])
        .env("GZIP", "-1")
        .output()
        .expect("tar");
    assert!(packed.status.success());
    packed.stdout
}

fn settings(data: &Data, mirror: String) -> (Settings, PathBuf) {
    // Where the server's user can reach it, and no other program will find it.
    let place = data.path().with_file_name("binaries");
    let mut settings = data.settings();
    settings.installed = false;
    settings.mirror = Some(mirror);
    settings.download_dir = Some(place.clone());
    (settings, place)
}

/// Nothing of a failed download is left, but the lock.
fn assert_nothing_is_left(place: &Path) {
    let names = fs::read_dir(place).expect("the place").map(|entry| entry.expect("an entry").file_name());
    assert_eq!(names.filter(|name| name != ".lock").count(), 0);
}

async fn failure(fault: Fault) -> String {
    let data = Data::new();
    let (settings, place) =
        settings(&data, mirror(b"not an archive, but long enough to be cut".to_vec(), fault));
    let Err(error) = Postgres::open(settings).await else { panic!("nothing usable was served") };
    assert!(matches!(error, Error::NoPostgres { .. }), "{error}");
    assert_nothing_is_left(&place);
    assert!(!data.cluster().exists());
    let text = error.to_string();
    assert!(text.contains("http://127.0.0.1") && text.contains("apt-get install postgresql"), "{text}");
    text
}

#[tokio::test]
async fn a_download_serves_from_then_on() {
    let data = Data::new();
    fs::set_permissions(data.path().parent().expect("a folder"), fs::Permissions::from_mode(0o755))
        .expect("ours");
    let (mut settings, place) = settings(&data, mirror(release(), Fault::None));
    let steps = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&steps);
    settings.progress = OnProgress::new(move |step| told.lock().expect("no panic").push(step.clone()));
    let postgres = Postgres::open(settings.clone()).await.expect("opens");
    ask(&superuser(&postgres).await, "1").await;
    postgres.close().await.expect("closes");
    let steps = std::mem::take(&mut *steps.lock().expect("no panic"));
    let whole = |step: &Progress| matches!(step, Progress::Downloading { received, total, .. } if Some(*received) == *total);
    assert!(steps.iter().any(whole) && steps.contains(&Progress::Unpacking), "{steps:?}");

    settings.mirror = Some("http://127.0.0.1:1/nobody-is-there".into());
    Postgres::open(settings).await.expect("needs no second download").close().await.expect("closes");
    assert!(place.exists());
}

#[tokio::test]
async fn a_wrong_checksum_is_refused() {
    let text = failure(Fault::WrongChecksum).await;
    assert!(text.contains("SHA-256") && text.contains(&"0".repeat(64)), "{text}");
}

#[tokio::test]
async fn a_connection_cut_half_way_is_reported() {
    let text = failure(Fault::CutHalfWay).await;
    assert!(text.contains("the connection broke after"), "{text}");
}

#[tokio::test]
async fn a_missing_release_is_reported() {
    let text = failure(Fault::NotFound).await;
    assert!(text.contains("answers 404"), "{text}");
}

#[tokio::test]
async fn an_archive_without_binaries_is_refused() {
    let text = failure(Fault::None).await;
    assert!(text.contains("cannot be unpacked"), "{text}");
}
