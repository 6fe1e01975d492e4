//! What `colophon fsck` and the sweeper cost at scale: `fsck_scale PROGRAM [ROWS] [FILES]`, with PROGRAM a release build
//! of `colophon`. Makes a private instance in a temporary folder, fills its ledger and its store, and prints figures.
#![allow(clippy::expect_used, missing_docs, reason = "an example that cannot go on should say where")]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio_postgres::{Client, NoTls};

/// A document for each row, of a thousand owners, and its version; every file holds the same four kilobytes.
const ROWS: &str = "
set session_replication_role = replica;
create temp table made as
  select n, ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid as id,
         '00000000-0000-7000-9000-' || lpad(to_hex(n % 1000), 12, '0') as owner
  from generate_series(1, $rows) n;
insert into public.documents (id, filename, original_filename, file_size_bytes, mime_type, uploaded_by, storage_path, sha256)
  select id, 'a.pdf', 'a.pdf', 4096, 'application/pdf', owner, owner || '/' || id || '/' || id || '.pdf', '$sha256' from made;
insert into public.document_versions (document_id, version, storage_path, sha256, file_size_bytes, mime_type, original_filename)
  select id, 1, owner || '/' || id || '/' || id || '.pdf', '$sha256', 4096, 'application/pdf', 'a.pdf' from made;
insert into colophon.objects (document_id, storage_path, owner, state, file_size_bytes, sha256)
  select id, owner || '/' || id || '/' || id || '.pdf', owner, 'stored', 4096, '$sha256' from made;
insert into colophon.owner_usage (owner, document_count, stored_bytes)
  select owner, count(*), count(*) * 4096 from made group by owner;
set session_replication_role = origin;
vacuum analyze;
";

/// A document in the trash with many zones.
const MANY_ZONES: &str = "
insert into public.documents (id, filename, original_filename, file_size_bytes, uploaded_by)
  values ('00000000-0000-7000-8000-ffffffffffff', 'a.pdf', 'a.pdf', 1, '00000000-0000-7000-9000-000000000001');
insert into public.zones (document_id, version, zone_index, page_number, zone_type, coordinates, content, confidence)
  select '00000000-0000-7000-8000-ffffffffffff', 1, n, 1 + n / 100, 'text', '{\"x0\":1,\"y0\":1,\"x1\":2,\"y1\":2}', 'line ' || n, 0.5
  from generate_series(1, 100000) n;
update public.documents set deleted_at = now() where id = '00000000-0000-7000-8000-ffffffffffff';
";

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let program = args.next().expect("fsck_scale PROGRAM [ROWS] [FILES]");
    let mut number = |otherwise: u64| args.next().map_or(otherwise, |text| text.parse().expect("a number"));
    let (rows, files) = (number(1_000_000), number(100_000));
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let content = vec![b'x'; 4096];
    let sha256 = hexadecimal(&content);

    let (mut serve, database) = serve(&program, &data, &["COLOPHON_SWEEP_INTERVAL=0"]);
    let client = connect(&database.replacen("//postgres", "//supabase_admin", 1)).await;
    let begun = Instant::now();
    for statement in ROWS.replace("$rows", &rows.to_string()).replace("$sha256", &sha256).split(";\n") {
        client.batch_execute(statement).await.expect(statement);
    }
    println!("{rows} documents and their objects in the ledger: {:.1?}", begun.elapsed());
    let begun = Instant::now();
    let objects = data.join("objects");
    for n in 1..=files {
        let id = format!("00000000-0000-7000-8000-{n:012x}");
        let place = objects.join(format!("00000000-0000-7000-9000-{:012x}/{id}", n % 1000));
        std::fs::create_dir_all(&place).expect("a folder");
        std::fs::write(place.join(format!("{id}.pdf")), &content).expect("a file");
    }
    println!("{files} files of 4096 bytes: {:.1?}", begun.elapsed());
    if rows > files {
        measure("fsck --budget 0, every other file missing", &program, &data, &["--budget", "0"], rows);
        client
            .batch_execute(&format!(
                "set session_replication_role = replica;
                 delete from colophon.objects where document_id > '00000000-0000-7000-8000-{files:012x}';
                 delete from public.document_versions where document_id > '00000000-0000-7000-8000-{files:012x}';
                 delete from public.documents where id > '00000000-0000-7000-8000-{files:012x}';
                 update colophon.owner_usage u set document_count = n, stored_bytes = n * 4096
                   from (select owner, count(*) as n from colophon.objects group by owner) o where o.owner = u.owner;
                 set session_replication_role = origin"
            ))
            .await
            .expect("fewer rows");
    }
    measure("fsck --budget 0, healthy", &program, &data, &["--budget", "0"], files);
    measure("fsck --full, healthy", &program, &data, &["--full"], files);

    client.batch_execute(MANY_ZONES).await.expect("zones");
    let begun = Instant::now();
    client
        .batch_execute(
            "begin; delete from public.zones where document_id = '00000000-0000-7000-8000-ffffffffffff'",
        )
        .await
        .expect("gone");
    let zones = begun.elapsed();
    let locked = Instant::now();
    client
        .batch_execute(
            "delete from public.documents where id = '00000000-0000-7000-8000-ffffffffffff'; commit",
        )
        .await
        .expect("gone");
    println!(
        "purge of a document with 100,000 zones: {zones:.1?} for the zones, then {:.1?} with the owner's usage locked",
        locked.elapsed()
    );

    client
        .batch_execute("update public.documents set deleted_at = now() - interval '1 day'")
        .await
        .expect("trash");
    drop(client);
    stop(&mut serve);
    let swift = ["COLOPHON_SWEEP_INTERVAL=1s", "COLOPHON_TRASH_RETENTION=1s", "COLOPHON_RELEASE_GRACE=0"];
    let (mut serve, database) = self::serve(&program, &data, &swift);
    let client = connect(&database).await;
    let begun = Instant::now();
    let mut purged = None;
    loop {
        let left = |table: &'static str| {
            let query = format!("select count(*) from {table}");
            let client = &client;
            async move { client.query_one(&query, &[]).await.expect("a count").get::<_, i64>(0) }
        };
        if purged.is_none() && left("public.documents").await == 0 {
            purged = Some(begun.elapsed());
        }
        if left("colophon.objects").await == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let (purged, all) = (purged.unwrap_or_default().as_secs_f64(), begun.elapsed().as_secs_f64());
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let rate = |seconds: f64| files as f64 / seconds;
    println!(
        "sweeper: {files} documents purged in {purged:.1} s ({:.0}/s), their files gone after {all:.1} s ({:.0}/s)",
        rate(purged),
        rate(all)
    );
    stop(&mut serve);
}

/// Runs `fsck` and prints its time and the most memory it had.
fn measure(what: &str, program: &str, data: &Path, args: &[&str], rows: u64) {
    let begun = Instant::now();
    let mut child = Command::new(program)
        .args(["fsck", "--data-dir"])
        .arg(data)
        .args(args)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program");
    let output = BufReader::new(child.stdout.take().expect("its output"));
    let reading = std::thread::spawn(move || output.lines().map_while(Result::ok).last().unwrap_or_default());
    let mut peak = 0;
    while child.try_wait().expect("its end").is_none() {
        peak = peak.max(peak_memory(child.id()).unwrap_or(0));
        std::thread::sleep(Duration::from_millis(20));
    }
    let (seconds, last) = (begun.elapsed().as_secs_f64(), reading.join().expect("its output"));
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let rate = rows as f64 / seconds;
    println!("{what}: {seconds:.1} s, {rate:.0} rows/s, VmHWM {} MiB: {last}", peak / 1024);
}

fn peak_memory(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

fn serve(program: &str, data: &Path, environment: &[&str]) -> (Child, String) {
    let mut command = Command::new(program);
    command
        .args(["serve", "--workers", "0", "--listen", "127.0.0.1:0", "--ready-json", "--data-dir"])
        .arg(data);
    command.env("COLOPHON_LOG", "warn").envs(environment.iter().filter_map(|pair| pair.split_once('=')));
    let mut child = command.stdout(Stdio::piped()).spawn().expect("the program");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
    let ready: Value = serde_json::from_str(&line).expect("it is ready");
    (child, ready["database_url"].as_str().expect("a private database").to_owned())
}

fn stop(child: &mut Child) {
    let pid = rustix::process::Pid::from_raw(child.id().cast_signed()).expect("a process");
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it lives");
    child.wait().expect("its end");
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a connection");
    tokio::spawn(connection);
    client
}

fn hexadecimal(content: &[u8]) -> String {
    use sha2::Digest as _;
    let hash = sha2::Sha256::digest(content);
    hash.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
