//! The whole way of a document with its objects in a bucket.

use std::fs;

use colophon_testkit::Bucket;
use serde_json::{Value, json};

use crate::api::id;
use crate::corpus;
use crate::folder::Folder;
use crate::pdf::numbered;
use crate::server::{Person, Server};

/// Uploads a file and lets it be processed, reads it whole and in part, and exports what was found.
fn all_the_way(person: &Person, name: &str, file: &[u8]) -> Value {
    let document = person.api.process(name, file);
    assert_eq!(document["status"], "processed", "{document:#}");
    let path = format!("/v1/documents/{}/content", id(&document));
    let whole = person.api.get(&path);
    assert_eq!(whole.status, 200);
    assert!(whole.body == file, "{name} came back as something else");
    let middle = file.len() / 2;
    let part = person.api.get_with(&path, &[("range", &format!("bytes={middle}-{}", middle + 99))]);
    assert_eq!(part.status, 206);
    assert!(part.body == file[middle..middle + 100]);
    let behind = person.api.get_with(&path, &[("range", &format!("bytes={}-", file.len()))]);
    assert_eq!(
        (behind.status, behind.header("content-range")),
        (416, format!("bytes */{}", file.len()).as_str())
    );
    let exports = format!("/v1/documents/{}/exports", id(&document));
    let export = person.api.post_json(&exports, &json!({ "formats": ["json"] })).expect(202);
    let exported = person.api.get(&format!("/v1/exports/{}/files/document.json", id(&export)));
    let exported: Value = serde_json::from_slice(&exported.body).unwrap();
    let zones = person.api.list(&format!("/v1/documents/{}/zones", id(&document)), 1_000).len();
    assert_eq!(exported["zones"].as_array().unwrap().len(), zones);
    document
}

/// The server never tells what opens the bucket.
fn assert_discreet(server: &Server) {
    let shown = server.folder.done(&["config"]) + &server.folder.done(&["config", "--json"]) + &server.log();
    assert!(!shown.contains(Bucket::SECRET_ACCESS_KEY) && !shown.contains(Bucket::ACCESS_KEY_ID), "{shown}");
}

#[test]
fn a_document_goes_all_the_way_with_its_objects_in_a_bucket() {
    let bucket = Bucket::start();
    let server = Server::start_on(Folder::new().with_bucket(&bucket), &[]);
    let person = server.person();
    let document = all_the_way(&person, "numbered.pdf", &numbered("page", 3));
    let key = document["storage_path"].as_str().unwrap();
    assert!(bucket.objects().iter().any(|object| object == key), "{:?}", bucket.objects());
    assert_eq!(bucket.objects().len(), 2, "the file and its export");
    // Of more than one part.
    let mut large = numbered("page", 1);
    large.resize(12_000_000, b'\n');
    all_the_way(&person, "large.pdf", &large);
    assert_eq!((bucket.objects().len(), bucket.parts()), (4, 0));
    assert!(!server.folder.data().join("objects").exists());
    assert_eq!(fs::read_dir(server.folder.data().join("tmp")).unwrap().count(), 0);
    assert_discreet(&server);
}

#[test]
fn real_documents_go_all_the_way_with_their_objects_in_a_bucket() {
    let Some(folder) = corpus::folder("real_documents_go_all_the_way_with_their_objects_in_a_bucket", "pdf")
    else {
        return;
    };
    let bucket = Bucket::start();
    let server = Server::start_on(Folder::new().with_bucket(&bucket), &[]);
    let person = server.person();
    let mut files = corpus::pdfs(&folder);
    files.sort_by_key(|file| fs::metadata(file).unwrap().len());
    let mut readable = 0;
    for file in files.iter().rev().step_by(files.len().div_ceil(12)) {
        let bytes = fs::read(file).unwrap();
        let document = person.api.process("real.pdf", &bytes);
        let path = format!("/v1/documents/{}/content", id(&document));
        assert!(person.api.get(&path).body == bytes, "{}", file.display());
        readable += usize::from(document["status"] == "processed");
    }
    assert!(readable >= 5, "{readable}");
    assert_eq!(bucket.parts(), 0);
}

#[test]
fn a_document_goes_all_the_way_with_its_objects_in_a_supabase_project() {
    let bucket = Bucket::start();
    // The server of others has no folder before its buckets: so this is one, and what follows belongs to the keys.
    bucket.beside("storage");
    let server = Server::start_on(Folder::private().with_project(&bucket), &[]);
    all_the_way(&server.person(), "numbered.pdf", &numbered("page", 2));
    assert_eq!(bucket.objects(), Vec::<String>::new());
    let kept = bucket.folder().parent().unwrap().join("storage/v1/s3/documents");
    assert_eq!(fs::read_dir(kept).unwrap().count(), 1, "one owner");
    assert_discreet(&server);
}

#[test]
fn an_upload_that_is_refused_or_cut_off_leaves_nothing_in_the_bucket() {
    let bucket = Bucket::start();
    let server = Server::start_on(Folder::new().with_bucket(&bucket), &[]);
    let person = server.person();
    person.api.upload("filename=no.pdf", &[b'x'; 2_000]).expect(415);
    let mut raw = crate::raw::Raw::post(
        &server,
        &server.token(person.id),
        "/v1/documents?filename=cut.pdf",
        &["Content-Length: 100000000"],
    );
    let mut megabytes = vec![b'%'; 12 << 20];
    megabytes[..9].copy_from_slice(b"%PDF-1.7\n");
    raw.send(&megabytes);
    crate::wait::until("a part has arrived", || bucket.parts() > 0);
    drop(raw);
    crate::wait::until("nothing is left", || bucket.parts() == 0 && bucket.objects().is_empty());
}

#[test]
fn a_store_that_is_away_is_told_and_what_comes_later_is_stored() {
    let bucket = Bucket::start();
    let folder = Folder::new().with_bucket(&bucket);
    let server = Server::start_on(folder, &[]);
    let person = server.person();
    let root = bucket.folder();
    let away = root.with_file_name("away");
    fs::rename(&root, &away).unwrap();
    let refused = person.api.upload("filename=a.pdf", &numbered("page", 1));
    let problem = refused.expect(503);
    assert_eq!(problem["code"], "store_refused", "{problem:#}");
    assert!(problem["detail"].as_str().unwrap().contains("make the bucket"), "{problem:#}");
    // The server of others makes a bucket that it does not find.
    let _ = fs::remove_dir_all(&root);
    fs::rename(&away, &root).unwrap();
    person.api.upload("filename=a.pdf", &numbered("page", 1)).expect(201);
}
