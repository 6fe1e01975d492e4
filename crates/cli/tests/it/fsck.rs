//! Whether rows and objects agree: each check finds what was broken for it, exactly that, and mends it if it can.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use colophon_testkit::Bucket;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::{Api, id, sha256};
use crate::folder::Folder;
use crate::pdf::numbered;
use crate::server::{Person, Server, change};

/// What a run of `colophon fsck` said.
pub struct Checked {
    pub code: Option<i32>,
    pub said: Value,
}

impl Checked {
    /// Codes and keys of what was found; `-` before a code: it was repaired, `n`: a note.
    pub fn found(&self) -> BTreeSet<String> {
        let name = |finding: &Value| {
            let mark = match (&finding["repaired"], &finding["severity"]) {
                (_, severity) if severity == "note" => "n",
                (repaired, _) if *repaired == json!(true) => "-",
                _ => "",
            };
            format!("{mark}{} {}", finding["code"].as_str().unwrap(), finding["key"].as_str().unwrap())
        };
        self.said["findings"].as_array().unwrap().iter().map(name).collect()
    }
}

/// Runs it, with nothing too young to be looked at.
pub fn fsck(folder: &Folder, args: &[&str]) -> Checked {
    let ran = folder.run(&[&["fsck", "--json", "--min-age", "0s"], args].concat());
    let said = serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    assert!(ran.stderr.is_empty(), "{ran:?}");
    Checked { code: ran.code, said }
}

pub fn assert_clean(folder: &Folder, args: &[&str], after: &str) -> Value {
    let checked = fsck(folder, args);
    assert_eq!(checked.found(), BTreeSet::new(), "after {after}: {}", checked.said);
    assert_eq!(checked.code, Some(0), "after {after}");
    checked.said["summary"].clone()
}

/// A folder on which nobody sweeps but who is asked to.
pub fn without_sweeper() -> Folder {
    let folder = Folder::private();
    configure(&folder, "sweep_interval = 0\n");
    folder
}

pub fn configure(folder: &Folder, text: &str) {
    let place = folder.data().with_file_name(".config").join("colophon");
    fs::create_dir_all(&place).unwrap();
    fs::write(place.join("colophon.toml"), text).unwrap();
}

/// An instance with something of everything.
pub struct Instance {
    pub server: Server,
    pub person: Person,
    document: Value,
    bytes: Vec<u8>,
    export: Value,
}

impl Instance {
    pub fn start() -> Self {
        let server = Server::start_on(without_sweeper(), &[]);
        let person = server.person();
        let bytes = numbered("whole", 3);
        let document = person.api.process("whole.pdf", &bytes);
        let path = format!("/v1/documents/{}/exports", id(&document));
        let export = person.api.post_json(&path, &json!({ "formats": ["json"] })).expect(202);
        Self { server, person, document, bytes, export }
    }

    pub fn id(&self) -> &str {
        id(&self.document)
    }

    fn path(&self) -> &str {
        self.document["storage_path"].as_str().unwrap()
    }

    fn file(&self, path: &str) -> PathBuf {
        self.server.folder.data().join("objects").join(path)
    }

    fn put(&self, path: &str, bytes: &[u8]) {
        fs::create_dir_all(self.file(path).parent().unwrap()).unwrap();
        fs::write(self.file(path), bytes).unwrap();
    }

    pub fn change(&self, statement: &str) {
        change(&self.server.ready.database_url, statement);
    }

    /// As a restore without foreign keys does: no trigger, no constraint between tables.
    pub fn change_unchecked(&self, statement: &str) {
        let url = self.server.ready.database_url.replacen("//postgres", "//supabase_admin", 1);
        change(&url, &format!("set session_replication_role = replica; {statement}"));
    }

    pub fn check(&self, args: &[&str]) -> Checked {
        fsck(&self.server.folder, args)
    }

    /// Finds exactly this, with exit code 1; repairs it, and then nothing is left.
    pub fn finds_and_repairs(&self, code: &str, key: &str) {
        self.finds(code, key);
        let repaired = self.check(&["--repair", "--full"]);
        assert_eq!(repaired.found(), [format!("-{code} {key}")].into(), "{}", repaired.said);
        assert_eq!(repaired.code, Some(0));
        self.is_clean(code);
    }

    /// Finds exactly this, which cannot be repaired.
    pub fn finds_for_good(&self, code: &str, key: &str) {
        self.finds(code, key);
        let tried = self.check(&["--repair", "--full"]);
        assert_eq!(tried.found(), [format!("{code} {key}")].into(), "{}", tried.said);
        assert_eq!(tried.code, Some(1));
    }

    fn finds(&self, code: &str, key: &str) {
        let checked = self.check(&["--full"]);
        assert_eq!(checked.found(), [format!("{code} {key}")].into(), "{}", checked.said);
        assert_eq!(checked.code, Some(1));
    }

    pub fn is_clean(&self, after: &str) {
        assert_clean(&self.server.folder, &["--full"], after);
    }
}

#[test]
fn a_file_that_is_lost_cut_off_or_altered_is_found_until_it_is_whole_again() {
    let instance = Instance::start();
    instance.is_clean("nothing");
    let (path, file) = (instance.path(), instance.file(instance.path()));
    fs::remove_file(&file).unwrap();
    instance.finds_for_good("F01", path);
    instance.put(path, &instance.bytes[..100]);
    instance.finds_for_good("F02", path);
    let mut altered = instance.bytes.clone();
    let middle = altered.len() / 2;
    altered[middle] ^= 1;
    instance.put(path, &altered);
    instance.finds_for_good("F03", path);
    let few = instance.check(&["--budget", "1"]);
    assert_eq!(few.found(), [format!("F03 {path}")].into(), "what was wrong is looked at first");
    instance.put(path, &instance.bytes);
    instance.is_clean("F03");

    let exported = instance.export["files"][0]["storage_path"].as_str();
    let exported = exported.map_or_else(
        || instance.server.ask("select file_paths -> 0 ->> 'storage_path' from public.export_records"),
        str::to_owned,
    );
    let kept = fs::read(instance.file(&exported)).unwrap();
    fs::remove_file(instance.file(&exported)).unwrap();
    instance.finds_for_good("F17", &exported);
    instance.put(&exported, &kept);
    instance.is_clean("F17");
}

#[test]
fn a_lost_file_is_taken_from_the_same_bytes_of_the_same_owner() {
    let instance = Instance::start();
    let (path, file) = (instance.path(), instance.file(instance.path()));
    // The same file is stored once more only while the first is lost.
    fs::remove_file(&file).unwrap();
    let again = instance.person.api.upload("filename=again.pdf", &instance.bytes).expect(201);
    assert_ne!(again["storage_path"], path);
    for (code, damage) in [("F01", None), ("F02", Some(&b"%PDF-"[..])), ("F03", Some(&b"%PDF-1.7"[..]))] {
        let victim = instance.person.api.read(&format!("/v1/documents/{}", instance.id()));
        let victim = victim["storage_path"].as_str().unwrap();
        let damaged = damage.map(|head| {
            let size = if code == "F03" { instance.bytes.len() } else { head.len() };
            let mut bytes = head.to_vec();
            bytes.resize(size, b'x');
            bytes
        });
        match &damaged {
            None => assert!(!instance.file(victim).exists()),
            Some(bytes) => instance.put(victim, bytes),
        }
        instance.finds_and_repairs(code, victim);
        let content = instance.person.api.get(&format!("/v1/documents/{}/content", instance.id()));
        assert_eq!(sha256(&content.body), sha256(&instance.bytes));
        // Its own object again, for the next round.
        instance.put(path, &instance.bytes);
        let again = again["storage_path"].as_str().unwrap();
        instance.change(&format!(
            "update colophon.objects set state = 'stored' where storage_path = '{path}';
             update public.document_versions set storage_path = '{path}' where document_id = '{0}';
             update public.documents set storage_path = '{path}' where id = '{0}';
             delete from colophon.objects where document_id = '{0}' and storage_path = '{again}'",
            instance.id()
        ));
        instance.is_clean("the same bytes");
    }
}

#[test]
fn what_no_row_knows_is_deleted_and_what_is_not_ours_is_left_alone() {
    let instance = Instance::start();
    let orphan = format!("{}/{}/{}.pdf", instance.person.id, Uuid::now_v7(), Uuid::now_v7());
    instance.put(&orphan, b"%PDF-");
    let young = instance.server.folder.run(&["fsck", "--json"]);
    assert_eq!(young.code, Some(0), "an upload may be under way: {young:?}");
    instance.finds_and_repairs("F04", &orphan);
    assert!(!instance.file(&orphan).exists());

    for junk in [".DS_Store", "lost+found/#1", "probes/x"] {
        instance.put(junk, b"x");
    }
    instance.is_clean("junk");
    instance.put("notes/Ünïcode — \"it's\" mine.txt", b"x");
    let noted = instance.check(&["--repair"]);
    assert_eq!(noted.found(), ["nF90 notes/Ünïcode — \"it's\" mine.txt".to_owned()].into());
    assert_eq!(noted.code, Some(0));
    assert!(instance.file("notes/Ünïcode — \"it's\" mine.txt").exists());
}

#[test]
fn what_the_sweeper_should_have_taken_is_found_and_swept() {
    let instance = Instance::start();
    let path = |name: &str| format!("{}/{}/{name}.pdf", instance.person.id, instance.id());
    let intent = path(&Uuid::now_v7().to_string());
    instance.put(&intent, b"%PDF-");
    let row = |path: &str, state: &str, until: &str| {
        instance.change(&format!(
            "insert into colophon.objects (document_id, storage_path, owner, state, intended_until, changed_at)
             values ('{}', '{path}', '{}', '{state}', {until}, now() - interval '2 hours')",
            instance.id(),
            instance.person.id
        ));
    };
    row(&intent, "intended", "now() + interval '1 hour'");
    instance.is_clean("an upload that is under way");
    let past =
        "update colophon.objects set intended_until = now() - interval '1 second' where state = 'intended'";
    instance.change(past);
    let young = instance.server.folder.run(&["fsck", "--json"]);
    assert_eq!(young.code, Some(0), "the sweeper has an hour: {young:?}");
    instance.finds_and_repairs("F05", &intent);
    assert!(!instance.file(&intent).exists());

    let begun = instance.person.api.send(
        "POST",
        "/v1/uploads",
        &[("tus-resumable", "1.0.0"), ("upload-length", "1000000"), ("content-length", "0")],
        Some(b""),
    );
    let begun = begun.unwrap();
    assert_eq!(begun.status, 201);
    let upload = begun.header("location").rsplit('/').next().unwrap().to_owned();
    instance.is_clean("a resumable upload that is under way");
    let over = "update colophon.uploads set expires_at = now() - interval '1 second';
        update colophon.objects set intended_until = now() + interval '1 hour' where state = 'intended'";
    instance.change(over);
    instance.finds_and_repairs("F21", &upload);
    assert_eq!(instance.server.ask("select count(*) from colophon.objects where state = 'intended'"), "0");

    let released = path(&Uuid::now_v7().to_string());
    instance.put(&released, b"%PDF-");
    row(&released, "released", "null");
    instance.finds_and_repairs("F06", &released);
    assert!(!instance.file(&released).exists());

    let trash = instance.person.api.upload("filename=trash.pdf", &numbered("trash", 1)).expect(201);
    let path = format!("/v1/documents/{}", id(&trash));
    instance.person.api.send("DELETE", &path, &[], None).unwrap().expect(200);
    instance.is_clean("a document in the trash");
    let old = format!(
        "update public.documents set deleted_at = now() - interval '40 days' where id = '{}'",
        id(&trash)
    );
    instance.change_unchecked(&format!(
        "{old}; update public.documents set legal_hold = 'a case' where id = '{}'",
        id(&trash)
    ));
    instance.is_clean("a legal hold");
    instance.change_unchecked(&format!(
        "update public.documents set legal_hold = null where id = '{}'",
        id(&trash)
    ));
    instance.finds_and_repairs("F19", id(&trash));
    assert_eq!(instance.person.api.get(&path).status, 404);
}

#[test]
fn rows_that_do_not_agree_are_found_and_mended() {
    let instance = Instance::start();
    let (document, path) = (instance.id(), instance.path());
    let exported =
        instance.server.ask("select file_paths -> 0 ->> 'storage_path' from public.export_records");
    instance.change(&format!("delete from colophon.objects where storage_path = '{path}'"));
    instance.finds_and_repairs("F07", path);
    instance.change(&format!("delete from colophon.objects where storage_path = '{exported}'"));
    instance.finds_and_repairs("F18", &exported);

    let unnamed = format!("{}/{document}/{}.pdf", instance.person.id, Uuid::now_v7());
    instance.put(&unnamed, &instance.bytes);
    instance.change(&format!(
        "insert into colophon.objects (document_id, storage_path, owner, state, file_size_bytes, sha256)
         values ('{document}', '{unnamed}', '{}', 'stored', {}, '{}')",
        instance.person.id,
        instance.bytes.len(),
        sha256(&instance.bytes)
    ));
    instance.finds_and_repairs("F08", &unnamed);

    instance
        .change(&format!("update public.documents set sha256 = repeat('ab', 32) where id = '{document}'"));
    instance.finds_and_repairs("F09", document);
    instance.change_unchecked(&format!("update public.documents set version = 7 where id = '{document}'"));
    instance.finds_and_repairs("F10", document);

    let pages = instance
        .server
        .ask("select jsonb_agg(to_jsonb(p) order by page_number) from public.document_pages p");
    instance.change("delete from public.document_pages where page_number = 2");
    instance.finds_and_repairs("F11", &format!("{document}/1"));
    instance.change_unchecked(
        "insert into public.document_pages
           select document_id, version, 4, width, height, rotation, mediabox, cropbox, user_unit
           from public.document_pages where page_number = 1;
         update public.document_versions set page_count = 4; update public.documents set page_count = 4",
    );
    instance.finds_and_repairs("F12", &format!("{document}/1"));
    let again = instance
        .server
        .ask("select jsonb_agg(to_jsonb(p) order by page_number) from public.document_pages p");
    assert_eq!(again, pages);

    instance.change(&format!(
        "update public.documents set tags = '{{a,b}}', metadata = '{{\"year\": 2020}}' where id = '{document}'"
    ));
    instance.is_clean("tags");
    instance.change("delete from colophon.document_fields where field = 'tags' and value = '=a'");
    instance.finds_and_repairs("F22", document);

    let usage =
        "update colophon.owner_usage set stored_bytes = stored_bytes + 1, document_count = 9 where owner = ";
    instance.change(&format!("{usage}'{}'", instance.person.id));
    instance.finds_and_repairs("F20", &instance.person.id.to_string());
    assert_eq!(instance.person.api.read(&format!("/v1/documents/{document}"))["page_count"], 3);
}

#[test]
fn what_is_left_of_a_purged_document_and_of_jobs_is_found() {
    let instance = Instance::start();
    let (gone, share, user) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    instance.change_unchecked(&format!(
        "insert into public.document_shares (document_id, id, role, created_by) values ('{gone}', '{share}', 'viewer', '{user}');
         insert into colophon.document_share_tokens (document_id, share_id, token_hash) values ('{gone}', '{share}', sha256('a'));
         insert into public.document_share_uses (document_id, share_id, user_id) values ('{gone}', '{share}', '{user}')"
    ));
    let checked = instance.check(&[]);
    let key = format!("F13 document_shares/{gone}/{share}");
    assert!(checked.found().contains(&key), "{}", checked.said);
    instance.change_unchecked(&format!("delete from public.document_shares where document_id = '{gone}'"));
    let left = [
        format!("F13 document_share_tokens/{gone}/{share}"),
        format!("F13 document_share_uses/{gone}/{share}/{user}"),
    ];
    assert_eq!(instance.check(&[]).found(), left.clone().into());
    let repaired = instance.check(&["--repair"]);
    assert_eq!(repaired.found(), left.map(|key| format!("-{key}")).into());
    instance.is_clean("F13");

    instance.change_unchecked(&format!(
        "insert into public.zones (document_id, version, zones_revision, zone_index, page_number, zone_type, coordinates)
         values ('{gone}', 1, 1, 0, 1, 'text', '{{}}')"
    ));
    instance.finds_for_good("F14", &format!("zones/{gone}"));
    instance.change_unchecked(&format!("delete from public.zones where document_id = '{gone}'"));

    instance.change(&format!(
        "insert into public.job_queue (job_id, document_id, queue, strategy, run_at)
         values ('{share}', '{gone}', 'other', 'other', now() - interval '1 day')"
    ));
    instance.finds_and_repairs("F15", &share.to_string());
    instance.change(&format!(
        "insert into public.processing_jobs (document_id, id, strategy, queue) values ('{}', '{share}', 'other', 'other')",
        instance.id()
    ));
    instance.finds_and_repairs("F16", &share.to_string());
    assert_eq!(instance.server.ask("select state from public.job_queue"), "queued");
}

#[test]
fn a_bucket_is_checked_as_a_folder_is() {
    let bucket = Bucket::start();
    let folder = Folder::private().with_bucket(&bucket);
    configure(&folder, "sweep_interval = 0\n");
    let server = Server::start_on(folder, &[]);
    let person = server.person();
    let document = person.api.process("whole.pdf", &numbered("whole", 3));
    let summary = assert_clean(&server.folder, &["--full"], "nothing");
    assert_eq!((&summary["objects"], &summary["verified_files"]), (&json!(1), &json!(1)));
    let orphan = format!("{}/{}/{}.pdf", person.id, Uuid::now_v7(), Uuid::now_v7());
    let place = |path: &str| bucket.folder().join(path);
    fs::create_dir_all(place(&orphan).parent().unwrap()).unwrap();
    fs::write(place(&orphan), b"%PDF-").unwrap();
    let repaired = fsck(&server.folder, &["--repair"]);
    assert_eq!(repaired.found(), [format!("-F04 {orphan}")].into(), "{}", repaired.said);
    assert!(!place(&orphan).exists());
    let path = document["storage_path"].as_str().unwrap();
    let bytes = fs::read(place(path)).unwrap();
    fs::write(place(path), &bytes[1..]).unwrap();
    assert_eq!(fsck(&server.folder, &[]).found(), [format!("F02 {path}")].into());
    fs::remove_file(place(path)).unwrap();
    assert_eq!(fsck(&server.folder, &["--repair", "--full"]).found(), [format!("F01 {path}")].into());
}

#[test]
fn people_read_what_it_means_and_a_healthy_instance_says_so() {
    let instance = Instance::start();
    let well = instance.server.folder.done(&["fsck"]);
    assert!(well.starts_with("Everything agrees: 2 objects in the store, 2 in the ledger; "), "{well}");
    fs::remove_file(instance.file(instance.path())).unwrap();
    let ran = instance.server.folder.run(&["fsck", "--budget", "0"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let line = format!("F01 object-missing (wrong) {}\n", instance.path());
    assert!(ran.stdout.starts_with(&line), "{}", ran.stdout);
    assert!(ran.stdout.contains("put it back from a backup"), "{}", ran.stdout);
    assert!(ran.stdout.ends_with("the content of 0 files (0 B) verified\n"), "{}", ran.stdout);
    let refused = instance.server.folder.run(&["fsck", "--budget", "much"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
}

#[test]
fn a_busy_instance_of_many_owners_gives_no_false_alarm() {
    let mut server = Server::start_on(Folder::private(), &[]);
    let stop = std::sync::atomic::AtomicBool::new(false);
    let people: Vec<Person> = (0..3).map(|_| server.person()).collect();
    std::thread::scope(|scope| {
        for (number, person) in people.iter().enumerate() {
            let stop = &stop;
            scope.spawn(move || {
                let mut round = 0;
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    live(&person.api, number, round);
                    round += 1;
                }
            });
        }
        let _ended = crate::wait::Ended(&stop);
        for round in 0..8_u32 {
            let repair = if round.is_multiple_of(2) { "--full" } else { "--repair" };
            assert_clean(&server.folder, &[repair], &format!("round {round} beside uploads and purges"));
        }
    });
    let summary = assert_clean(&server.folder, &["--full"], "the end");
    assert!(summary["objects"].as_u64().unwrap() > 0, "{summary}");
    assert!(server.stop().success());
    assert_clean(&server.folder, &["--full"], "the server has gone");
}

pub fn purge(api: &Api, document: &Value) {
    let path = format!("/v1/documents/{}?purge=true", id(document));
    assert_eq!(api.send("DELETE", &path, &[], None).unwrap().status, 204);
}

/// What a person does all day: uploads, the same file twice, versions, exports, the trash and back, purges.
fn live(api: &Api, number: usize, round: usize) {
    let file = numbered(&format!("live-{number}-{round}"), 2);
    let one = api.upload("filename=one.pdf&process=true", &file).expect(201);
    let two = api.upload("filename=two.pdf", &file).expect(201);
    let path = format!("/v1/documents/{}", id(&one));
    api.post_json(&format!("{path}/exports"), &json!({ "formats": ["json"] })).expect(202);
    let headers = [("content-type", "application/pdf")];
    let version = numbered(&format!("version-{number}-{round}"), 1);
    let added =
        api.send("POST", &format!("{path}/versions?filename=new.pdf"), &headers, Some(&version)).unwrap();
    assert!(added.status < 300, "{}", added.json());
    let path = format!("/v1/documents/{}", id(&two));
    api.send("DELETE", &path, &[], None).unwrap().expect(200);
    if round.is_multiple_of(3) {
        api.send("POST", &format!("{path}/restore"), &[], None).unwrap().expect(200);
    }
    if round.is_multiple_of(2) {
        for document in [&one, &two] {
            purge(api, document);
        }
    }
}
