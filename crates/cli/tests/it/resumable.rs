//! Resumable uploads: the protocol tus 1.0, request by request.

use serde_json::json;

use crate::api::{Api, id, sha256};
use crate::pdf::numbered;
use crate::raw::Raw;
use crate::server::{Person, Server, change};
use crate::tus::{OCTETS, TUS, base64, checksum, metadata};
use crate::wait;

const UPLOADS: &str = "/v1/uploads";
const NOBODY: &str = "/v1/uploads/00000000-0000-7000-8000-000000000000";

/// A PDF of at least so many kilobytes.
fn kilobytes(count: usize) -> Vec<u8> {
    let mut file = numbered("resumable", 2);
    let comment = [b"\n%".as_slice(), &vec![b'.'; count << 10], b"\n"].concat();
    // Between the header and the first object; readers find the rest all the same.
    file.splice(8..8, comment);
    file
}

/// A PATCH that has begun and sends no more than these bytes of all that it announces.
fn begun(server: &Server, person: &Person, upload: &str, announced: usize, bytes: &[u8]) -> Raw {
    begun_at(0, server, person, upload, announced, bytes)
}

fn begun_at(
    offset: usize,
    server: &Server,
    person: &Person,
    upload: &str,
    announced: usize,
    bytes: &[u8],
) -> Raw {
    let length = format!("Content-Length: {announced}");
    let offset = format!("Upload-Offset: {offset}");
    let headers = [
        "Tus-Resumable: 1.0.0",
        "Content-Type: application/offset+octet-stream",
        &offset,
        "Connection: close",
        &length,
    ];
    let mut raw = Raw::begin(server, "PATCH", &server.token(person.id), upload, &headers);
    raw.send(bytes);
    raw
}

/// A request, and the status and code it is refused with.
type Refused<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], u16, &'a str);

/// Waits until so many bytes of an upload are safe, while its sender makes a pause.
fn wait_for(person: &Person, upload: &str, bytes: usize) {
    wait::until("the bytes are safe", || person.api.read(upload)["upload_offset"] == bytes);
}

#[test]
fn what_the_server_can_do_is_told_to_anybody() {
    let server = Server::shared();
    for path in [UPLOADS, NOBODY] {
        let answer =
            Api::with_authorization(&server.ready.url, None).send("OPTIONS", path, &[], None).unwrap();
        assert_eq!(answer.status, 204);
        let told = |name: &str| answer.header(name).to_owned();
        assert_eq!((told("tus-version"), told("tus-resumable")), ("1.0.0".into(), "1.0.0".into()));
        assert_eq!(told("tus-extension"), "creation,creation-with-upload,checksum,termination,expiration");
        assert_eq!(told("tus-checksum-algorithm"), "sha1,sha256");
        assert_eq!(told("tus-max-size"), (5_u64 << 30).to_string());
    }
}

#[test]
fn what_does_not_keep_to_the_protocol_is_refused_by_name() {
    let server = Server::shared();
    let person = server.person();
    let upload = person.api.begin_upload(100, &[]);
    let length = ("upload-length", "100");
    let at = ("upload-offset", "0");
    let too_long = "x ".to_owned() + &"A".repeat(64 << 10);
    let not_an_object = metadata(&[("metadata", "[1]")]);
    let bad_name = metadata(&[("filename", &"x".repeat(1_025))]);
    let bad_id = metadata(&[("document_id", "one")]);
    let no_document = metadata(&[("document_id", "00000000-0000-7000-8000-000000000000")]);
    let on_duplicate = metadata(&[("on_duplicate", "perhaps")]);
    let said = |value: &'static str| ("upload-metadata", value);
    let table: &[Refused<'_>] = &[
        ("POST", UPLOADS, &[length], 412, "tus_version"),
        ("POST", UPLOADS, &[("tus-resumable", "0.2.2"), length], 412, "tus_version"),
        ("PATCH", &upload, &[OCTETS, at], 412, "tus_version"),
        ("DELETE", &upload, &[], 412, "tus_version"),
        ("POST", UPLOADS, &[TUS], 400, "upload_length_needed"),
        ("POST", UPLOADS, &[TUS, ("upload-length", "-1")], 400, "upload_length_needed"),
        ("POST", UPLOADS, &[TUS, ("upload-length", "1e3")], 400, "upload_length_needed"),
        ("POST", UPLOADS, &[TUS, ("upload-defer-length", "1")], 400, "deferred_length_not_supported"),
        ("POST", UPLOADS, &[TUS, length, ("upload-concat", "partial")], 400, "concatenation_not_supported"),
        ("POST", UPLOADS, &[TUS, ("upload-length", "0")], 415, "not_a_pdf"),
        ("POST", UPLOADS, &[TUS, ("upload-length", "5368709121")], 413, "too_large"),
        ("POST", UPLOADS, &[TUS, ("upload-length", "99999999999999999999999")], 413, "too_large"),
        (
            "POST",
            UPLOADS,
            &[TUS, length, ("content-type", "application/pdf")],
            415,
            "offset_octet_stream_needed",
        ),
        ("POST", UPLOADS, &[TUS, length, said("filename !")], 400, "invalid_upload_metadata"),
        ("POST", UPLOADS, &[TUS, length, said("a YQ==,a YQ==")], 400, "invalid_upload_metadata"),
        ("POST", UPLOADS, &[TUS, length, said("process bWF5YmU=")], 400, "invalid_upload_metadata"),
        ("POST", UPLOADS, &[TUS, length, ("upload-metadata", &bad_id)], 400, "invalid_upload_metadata"),
        ("POST", UPLOADS, &[TUS, length, ("upload-metadata", &too_long)], 413, "too_large"),
        ("POST", UPLOADS, &[TUS, length, ("upload-metadata", &not_an_object)], 422, "invalid"),
        ("POST", UPLOADS, &[TUS, length, ("upload-metadata", &bad_name)], 422, "invalid"),
        ("POST", UPLOADS, &[TUS, length, ("upload-metadata", &on_duplicate)], 422, "invalid"),
        ("POST", UPLOADS, &[TUS, length, ("upload-metadata", &no_document)], 404, "not_found"),
        ("PATCH", &upload, &[TUS, at], 415, "offset_octet_stream_needed"),
        (
            "PATCH",
            &upload,
            &[TUS, ("content-type", "application/pdf"), at],
            415,
            "offset_octet_stream_needed",
        ),
        ("PATCH", &upload, &[TUS, OCTETS], 400, "upload_offset_needed"),
        ("PATCH", &upload, &[TUS, OCTETS, ("upload-offset", "x")], 400, "upload_offset_needed"),
        ("PATCH", &upload, &[TUS, OCTETS, ("upload-offset", "5")], 409, "wrong_offset"),
        (
            "PATCH",
            &upload,
            &[TUS, OCTETS, at, ("upload-checksum", "md5 YQ==")],
            400,
            "invalid_upload_checksum",
        ),
        (
            "PATCH",
            &upload,
            &[TUS, OCTETS, at, ("upload-checksum", "sha256 YQ==")],
            400,
            "invalid_upload_checksum",
        ),
        ("PATCH", NOBODY, &[TUS, OCTETS, at], 404, "not_found"),
        ("PATCH", "/v1/uploads/x", &[TUS, OCTETS, at], 404, "not_found"),
        ("DELETE", NOBODY, &[TUS], 404, "not_found"),
        ("GET", NOBODY, &[], 404, "not_found"),
        ("POST", &upload, &[TUS], 405, "method_not_allowed"),
        ("PUT", &upload, &[TUS], 405, "method_not_allowed"),
    ];
    for (method, path, headers, status, code) in table {
        // A connection that was refused something may have been closed meanwhile.
        let answer = wait::some("there is an answer", || person.api.send(method, path, headers, None).ok());
        assert_eq!(answer.status, *status, "{method} {path} {headers:?}: {:?}", answer.json());
        answer.refused(*status, code);
        if *status == 412 {
            assert_eq!(answer.header("tus-version"), "1.0.0");
        }
        if *code == "wrong_offset" {
            assert_eq!(answer.header("upload-offset"), "0");
        }
    }
    assert_eq!(person.api.offset(&upload), 0, "nothing of all that counts");
    assert_eq!(person.api.tus("HEAD", NOBODY, &[], None).status, 404);
    assert_eq!(person.api.tus("DELETE", &upload, &[], None).status, 204);
    server.assert_nothing_of(person.id, "refusals");
}

#[test]
fn a_file_in_several_requests_becomes_the_document_that_was_meant() {
    let server = Server::shared();
    let api = server.person().api;
    let file = kilobytes(100);
    let pairs = [
        ("filename", "Bericht Ä 文.pdf"),
        ("filetype", "application/pdf"),
        ("metadata", r#"{"case":"A-17"}"#),
        ("tags", r#"["signed"]"#),
        ("process", "true"),
    ];
    let upload = api.begin_upload(file.len(), &pairs);
    let head = api.tus("HEAD", &upload, &[], None);
    assert_eq!((head.header("upload-length"), head.header("upload-offset")), (&*file.len().to_string(), "0"));
    assert_eq!(head.header("upload-metadata"), metadata(&pairs));
    assert_eq!(head.header("cache-control"), "no-store");
    assert!(head.header("upload-expires").ends_with(" GMT"), "{head:?}");

    let mut offset = 0;
    for part in file.chunks(40_000) {
        assert_eq!(api.read(&upload)["status"], "open");
        let answer = api.patch(&upload, offset, part);
        offset += part.len();
        assert_eq!((answer.status, answer.header("upload-offset")), (204, &*offset.to_string()));
        assert_eq!(answer.headers.contains_key("content-location"), offset == file.len());
    }
    let head = api.tus("HEAD", &upload, &[], None);
    assert_eq!(head.header("upload-offset"), file.len().to_string());
    let path = head.header("content-location").to_owned();
    let shown = api.read(&upload);
    assert_eq!((&shown["status"], &shown["version"]), (&json!("finished"), &json!(1)), "{shown}");
    assert_eq!(path, format!("/v1/documents/{}", shown["document_id"].as_str().unwrap()));
    let document = api.wait_for(shown["document_id"].as_str().unwrap());
    assert_eq!(document["filename"], "Bericht Ä 文.pdf");
    assert_eq!((&document["metadata"], &document["tags"]), (&json!({ "case": "A-17" }), &json!(["signed"])));
    assert_eq!((&document["status"], &document["sha256"]), (&json!("processed"), &json!(sha256(&file))));
    assert_eq!(sha256(&api.get(&format!("{path}/content")).body), sha256(&file));
    assert_eq!(api.read(&format!("/v1/jobs/{}", shown["job_id"].as_str().unwrap()))["status"], "completed");

    // Whoever sends on after the end is told where the end is; and nothing is what there is.
    let late = api.patch(&upload, 40_000, b"more");
    late.refused(409, "wrong_offset");
    assert_eq!(late.header("upload-offset"), file.len().to_string());
    assert_eq!(api.patch(&upload, file.len(), b"").status, 204);
    let ended = api.tus("DELETE", &upload, &[], None);
    ended.refused(409, "upload_finished");
    assert_eq!(ended.header("content-location"), path);
}

#[test]
fn an_upload_can_be_begun_with_its_first_bytes_or_with_all_of_them() {
    let server = Server::shared();
    let api = server.person().api;
    let file = kilobytes(10);
    for sent in [file.len(), 5_000] {
        let answer = api.create(file.len(), &[("filename", "with.pdf")], &[OCTETS], Some(&file[..sent]));
        assert_eq!((answer.status, answer.header("upload-offset")), (201, &*sent.to_string()));
        let upload = answer.header("location");
        assert_eq!(answer.headers.contains_key("content-location"), sent == file.len());
        if sent < file.len() {
            assert_eq!(api.patch(upload, sent, &file[sent..]).status, 204);
        }
        assert_eq!(api.offset(upload), file.len());
    }
    assert_eq!(api.list("/v1/documents", 10).len(), 2);
    // The upload is there even where its first bytes were not taken.
    let wrong = checksum(b"something else");
    let answer = api.create(file.len(), &[], &[OCTETS, ("upload-checksum", &wrong)], Some(&file[..100]));
    answer.refused(460, "checksum_mismatch");
    assert_eq!(api.offset(answer.header("location")), 0);
}

#[test]
fn of_bytes_with_a_wrong_checksum_none_counts() {
    let server = Server::shared();
    let api = server.person().api;
    let file = kilobytes(50);
    let upload = api.begin_upload(file.len(), &[]);
    let (first, rest) = file.split_at(30_000);
    let wrong = checksum(rest);
    for checksum in [wrong.as_str(), "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0="] {
        let refused = api.patch_with(&upload, 0, &[("upload-checksum", checksum)], first);
        refused.refused(460, "checksum_mismatch");
        assert_eq!(api.offset(&upload), 0);
    }
    let right = checksum(first);
    assert_eq!(api.patch_with(&upload, 0, &[("upload-checksum", &right)], first).status, 204);
    // Nor of the last ones: the document is not there yet.
    api.patch_with(&upload, first.len(), &[("upload-checksum", &right)], rest)
        .refused(460, "checksum_mismatch");
    assert_eq!((api.offset(&upload), api.list("/v1/documents", 10).len()), (first.len(), 0));
    let right = checksum(rest);
    assert_eq!(api.patch_with(&upload, first.len(), &[("upload-checksum", &right)], rest).status, 204);
    assert_eq!(api.list("/v1/documents", 10)[0]["sha256"], sha256(&file));
}

#[test]
fn bytes_behind_the_announced_length_are_refused_however_they_come() {
    let server = Server::shared();
    let person = server.person();
    let file = kilobytes(10);
    let upload = person.api.begin_upload(file.len(), &[]);
    assert_eq!(person.api.patch(&upload, 0, &file[..5_000]).status, 204);
    let more = [&file[5_000..], b"!"].concat();
    person.api.patch(&upload, 5_000, &more).refused(413, "beyond_upload_length");
    let headers = [
        "Tus-Resumable: 1.0.0",
        "Content-Type: application/offset+octet-stream",
        "Upload-Offset: 5000",
        "Transfer-Encoding: chunked",
    ];
    let mut raw = Raw::begin(&server, "PATCH", &server.token(person.id), &upload, &headers);
    raw.send_chunk(&more);
    raw.end();
    let answer = raw.answer();
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert_eq!(person.api.offset(&upload), 5_000);
    assert_eq!(person.api.patch(&upload, 5_000, &file[5_000..]).status, 204);
}

#[test]
fn what_is_no_pdf_ends_the_upload_and_is_told_again() {
    let server = Server::shared();
    let person = server.person();
    let api = &person.api;
    // Seen in the first bytes of many; and in the end of few.
    for (length, sent) in [(1_000_000, 2_000), (20, 20)] {
        let upload = api.begin_upload(length, &[]);
        let words = api.patch(&upload, 0, &vec![b'x'; sent]).refused(415, "not_a_pdf");
        assert_eq!(api.patch(&upload, 0, b"%PDF").refused(410, "not_a_pdf"), words);
        assert_eq!(api.tus("HEAD", &upload, &[], None).status, 410);
        let shown = api.read(&upload);
        assert_eq!((&shown["status"], &shown["problem"]["status"]), (&json!("refused"), &json!(415)));
        server.assert_nothing_of(person.id, "a file that was no PDF");
    }
}

#[test]
fn a_quota_is_looked_at_first_and_holds_in_the_end() {
    let server = Server::shared();
    let person = server.person();
    let file = kilobytes(10);
    let quota = |bytes: usize| {
        let statement = format!(
            "insert into colophon.quotas (owner, max_bytes) values ('{}', {bytes})
             on conflict (owner) do update set max_bytes = excluded.max_bytes",
            person.id
        );
        change(&server.ready.database_url, &statement);
    };
    quota(file.len() - 1);
    let answer = person.api.create(file.len(), &[], &[], None);
    let detail = answer.refused(403, "quota_exceeded");
    assert!(detail.contains(&file.len().to_string()), "{detail}");
    quota(file.len());
    let upload = person.api.begin_upload(file.len(), &[]);
    assert_eq!(person.api.patch(&upload, 0, &file[..100]).status, 204);
    quota(5);
    person.api.patch(&upload, 100, &file[100..]).refused(403, "quota_exceeded");
    person.api.patch(&upload, 100, &file[100..]).refused(410, "quota_exceeded");
    server.assert_nothing_of(person.id, "an upload over the quota");
}

#[test]
fn the_same_file_again_is_what_was_asked_for_that_case() {
    let server = Server::shared();
    let api = server.person().api;
    let file = kilobytes(10);
    let send = |on_duplicate| {
        let upload = api.begin_upload(file.len(), &[("on_duplicate", on_duplicate)]);
        (api.patch(&upload, 0, &file), upload)
    };
    assert_eq!(send("reject").0.status, 204);
    let first = api.list("/v1/documents", 10).remove(0);
    let (refused, upload) = send("reject");
    refused.refused(409, "duplicate");
    assert_eq!(refused.json()["existing"]["id"], first["id"]);
    let again = api.patch(&upload, 0, &file);
    again.refused(410, "duplicate");
    assert_eq!(again.json()["existing"]["id"], first["id"]);
    let (linked, upload) = send("link");
    let location = format!("/v1/documents/{}", id(&first));
    assert_eq!((linked.status, linked.header("content-location")), (204, location.as_str()));
    assert_eq!(api.read(&upload)["document_id"], first["id"]);
    let (allowed, _) = send("allow");
    let other = api.read(allowed.header("content-location"));
    assert_ne!(other["id"], first["id"]);
    assert_eq!(other["storage_path"], first["storage_path"], "stored once");
    wait::until("the other copies are gone", || {
        server.ask(&format!(
            "select count(*) from colophon.objects where state = 'intended' and owner = '{}'",
            first["uploaded_by"].as_str().unwrap()
        )) == "0"
    });
    assert_eq!(sha256(&api.get(&format!("/v1/documents/{}/content", id(&other))).body), sha256(&file));
}

#[test]
fn a_new_version_is_for_those_who_may_edit_the_document() {
    let server = Server::shared();
    let (owner, stranger) = (server.person(), server.person());
    let document = owner.api.upload("filename=contract.pdf", &numbered("first", 1)).expect(201);
    let file = kilobytes(10);
    let pairs = [("document_id", id(&document)), ("reason", "signed"), ("filename", "signed.pdf")];
    let refused = stranger.api.create(file.len(), &pairs, &[], None);
    refused.refused(404, "not_found");
    let with_metadata = [pairs[0], ("metadata", r#"{"a":1}"#)];
    owner.api.create(file.len(), &with_metadata, &[], None).refused(422, "invalid");

    let upload = owner.api.begin_upload(file.len(), &pairs);
    let answer = owner.api.patch(&upload, 0, &file);
    assert_eq!((answer.status, owner.api.read(&upload)["version"].clone()), (204, json!(2)));
    let path = answer.header("content-location").to_owned();
    let now = owner.api.read(&path);
    assert_eq!((&now["version"], &now["sha256"]), (&json!(2), &json!(sha256(&file))));
    let versions = owner.api.list(&format!("{path}/versions"), 10);
    let version = versions.iter().find(|version| version["version"] == 2).unwrap();
    assert_eq!((&version["reason"], &version["created_by"]), (&json!("signed"), &json!(owner.id)));

    // What was allowed in the beginning may not be any more in the end.
    let upload = owner.api.begin_upload(file.len(), &pairs);
    owner.api.send("DELETE", &path, &[], None).unwrap();
    owner.api.patch(&upload, 0, &file).refused(409, "in_trash");
    owner.api.create(file.len(), &pairs, &[], None).refused(409, "in_trash");
}

#[test]
fn a_strangers_hand_neither_sees_nor_stops_an_upload() {
    let server = Server::shared();
    let (owner, stranger) = (server.person(), server.person());
    let file = kilobytes(100);
    let upload = owner.api.begin_upload(file.len(), &[("filename", "secret.pdf")]);
    let mut raw = begun(&server, &owner, &upload, file.len(), &file[..50_000]);
    wait_for(&owner, &upload, 50_000);
    for method in ["HEAD", "PATCH", "DELETE", "GET"] {
        let headers: &[(&str, &str)] = &[OCTETS, ("upload-offset", "0")];
        let answer = stranger.api.tus(method, &upload, headers, (method == "PATCH").then_some(b"%PDF"));
        assert_eq!(answer.status, 404, "{method}");
        assert!(!String::from_utf8_lossy(&answer.body).contains("secret"));
    }
    // The owner's own request has not been disturbed.
    raw.send(&file[50_000..]);
    let answer = raw.answer();
    assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
    assert_eq!(owner.api.list("/v1/documents", 10).len(), 1);
}

#[test]
fn the_newest_request_goes_on_where_the_older_one_was_broken_off() {
    let server = Server::shared();
    let person = server.person();
    let file = kilobytes(100);
    let upload = person.api.begin_upload(file.len(), &[]);
    let older = begun(&server, &person, &upload, file.len(), &file[..50_000]);
    wait_for(&person, &upload, 50_000);
    // A client that thinks nothing has come learns better, and all that came counts.
    let newer = person.api.patch(&upload, 0, &file);
    newer.refused(409, "wrong_offset");
    assert_eq!(newer.header("upload-offset"), "50000");
    let answer = older.answer();
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("upload-offset: 50000"), "{answer}");

    // Whoever asks how far it is means to go on.
    let older = begun(&server, &person, &upload, 10, b"");
    let answer = older.answer();
    assert!(answer.starts_with("HTTP/1.1 409 "), "{answer}");
    assert_eq!(person.api.offset(&upload), 50_000);
    assert_eq!(person.api.patch(&upload, 50_000, &file[50_000..]).status, 204);
    assert_eq!(person.api.list("/v1/documents", 10)[0]["sha256"], sha256(&file));
}

#[test]
fn a_sender_that_goes_away_finds_again_what_had_arrived() {
    let server = Server::shared();
    let person = server.person();
    let file = kilobytes(300);
    let upload = person.api.begin_upload(file.len(), &[]);
    drop(begun(&server, &person, &upload, file.len(), &file[..200_000]));
    wait::until("what arrived counts", || person.api.read(&upload)["upload_offset"] == 200_000);
    assert_eq!(person.api.patch(&upload, 200_000, &file[200_000..]).status, 204);
    assert_eq!(person.api.list("/v1/documents", 10)[0]["sha256"], sha256(&file));
}

#[test]
fn a_sender_that_misses_the_last_answer_finds_its_document() {
    let server = Server::shared();
    let person = server.person();
    let file = kilobytes(100);
    let upload = person.api.begin_upload(file.len(), &[]);
    // Each time what is not safe yet: HEAD may have broken the sending off in the middle.
    let mut offset = 0;
    let path = wait::some("the upload is a document", || {
        let rest = &file[offset..];
        drop(begun_at(offset, &server, &person, &upload, rest.len(), rest));
        let head = person.api.tus("HEAD", &upload, &[], None);
        offset = head.header("upload-offset").parse().unwrap();
        let whole = offset == file.len();
        assert_eq!(whole, head.headers.contains_key("content-location"), "both or neither");
        whole.then(|| head.header("content-location").to_owned())
    });
    assert_eq!(person.api.read(&path)["sha256"], sha256(&file));
    assert_eq!(person.api.list("/v1/documents", 10).len(), 1);
}

#[test]
fn an_upload_that_is_ended_leaves_nothing_also_while_it_is_sent() {
    let server = Server::shared();
    let person = server.person();
    let file = kilobytes(100);
    let upload = person.api.begin_upload(file.len(), &[]);
    let sending = begun(&server, &person, &upload, file.len(), &file[..50_000]);
    wait_for(&person, &upload, 50_000);
    let ended = person.api.tus("DELETE", &upload, &[], None);
    assert_eq!((ended.status, ended.body.len()), (204, 0));
    drop(sending);
    server.assert_nothing_of(person.id, "an upload that was ended");
    assert_eq!(person.api.tus("HEAD", &upload, &[], None).status, 404);
    person.api.patch(&upload, 0, &file).refused(404, "not_found");
    person.api.tus("DELETE", &upload, &[], None).refused(404, "not_found");
}

#[test]
fn an_upload_whose_time_is_over_is_gone() {
    let server = Server::shared();
    let person = server.person();
    let upload = person.api.begin_upload(10_000, &[]);
    let of_person = format!("update colophon.uploads set expires_at = now() where owner = '{}'", person.id);
    change(&server.ready.database_url, &of_person);
    assert_eq!(person.api.tus("HEAD", &upload, &[], None).status, 410);
    person.api.patch(&upload, 0, b"%PDF").refused(410, "upload_expired");
    assert_eq!(person.api.read(&upload)["status"], "expired");
}

#[test]
fn an_upload_that_another_server_writes_is_locked_until_its_lease_is_over() {
    let server = Server::shared();
    let person = server.person();
    let file = kilobytes(10);
    let upload = person.api.begin_upload(file.len(), &[]);
    let lease = |seconds: i32| {
        let statement = format!(
            "update colophon.uploads set lease_holder = gen_random_uuid(), lease_seq = lease_seq + 1,
               lease_until = clock_timestamp() + interval '{seconds} s' where owner = '{}'",
            person.id
        );
        change(&server.ready.database_url, &statement);
    };
    lease(40);
    let locked = person.api.patch(&upload, 0, &file);
    locked.refused(423, "upload_locked");
    assert!((1..=40).contains(&locked.header("retry-after").parse::<u32>().unwrap()));
    person.api.tus("DELETE", &upload, &[], None).refused(423, "upload_locked");
    assert_eq!(person.api.offset(&upload), 0, "looking is allowed");
    change(
        &server.ready.database_url,
        &format!("update colophon.uploads set lease_until = null where owner = '{}'", person.id),
    );

    // One that is taken away in the middle counts nothing any more, and says so.
    let mut raw = begun(&server, &person, &upload, file.len(), &file[..5_000]);
    let leased = format!("select count(lease_until) from colophon.uploads where owner = '{}'", person.id);
    wait::until("it is being written", || server.ask(&leased) == "1");
    lease(40);
    raw.send(&file[5_000..]);
    let answer = raw.answer();
    assert!(answer.starts_with("HTTP/1.1 423 "), "{answer}");
    assert_eq!((person.api.offset(&upload), person.api.list("/v1/documents", 10).len()), (0, 0));
    lease(-1);
    assert_eq!(person.api.patch(&upload, 0, &file).status, 204);
}

#[test]
fn an_owner_has_so_many_open_uploads_and_no_more() {
    let server = Server::shared();
    let person = server.person();
    let fill = format!(
        "insert into colophon.uploads
           (id, owner, document_id, storage_path, upload_length, details, resumption, expires_at)
         select gen_random_uuid(), '{}', gen_random_uuid(), 'x', 1, '{{}}', '{{}}', now() + interval '1 day'
         from generate_series(1, 999)",
        person.id
    );
    change(&server.ready.database_url, &fill);
    person.api.begin_upload(100, &[]);
    let answer = person.api.create(100, &[], &[], None);
    let detail = answer.refused(429, "too_many_uploads");
    assert!(detail.contains("1000"), "{detail}");
    let announced = format!("select count(*) from colophon.objects where owner = '{}'", person.id);
    wait::until("only the open one is announced", || server.ask(&announced) == "1");
}

#[test]
fn who_cannot_send_patch_says_what_is_meant() {
    let server = Server::shared();
    let api = server.person().api;
    let file = kilobytes(10);
    let upload = api.begin_upload(file.len(), &[]);
    let headers = [OCTETS, ("upload-offset", "0"), ("x-http-method-override", "PATCH")];
    assert_eq!(api.tus("POST", &upload, &headers, Some(&file)).status, 204);
    let upload = api.begin_upload(file.len(), &[]);
    assert_eq!(api.tus("POST", &upload, &[("x-http-method-override", "DELETE")], None).status, 204);
    assert_eq!(api.tus("HEAD", &upload, &[], None).status, 404);
    assert_eq!(base64(b"Man"), "TWFu");
}
