//! Reading a file again, in part, and by conditions: as RFC 9110 writes it, and as curl does it.

use std::fs;
use std::path::Path;
use std::process::Command;

use colophon_testkit::skip;
use serde_json::json;

use crate::api::{Api, encode, id};
use crate::pdf::numbered;
use crate::server::{Server, change};

fn stored(api: &Api, name: &str, file: &[u8]) -> String {
    let document = api.upload(&format!("filename={}", encode(name)), file).expect(201);
    format!("/v1/documents/{}/content", id(&document))
}

#[test]
fn a_file_that_is_no_longer_the_same_is_neither_gone_on_with_nor_taken_for_it() {
    let server = Server::shared();
    let api = server.person().api;
    let content = stored(&api, "conditions.pdf", &numbered("conditions", 1));
    let first = api.get(&content);
    let (etag, modified) = (first.header("etag"), first.header("last-modified"));
    let status = |headers: &[(&str, &str)]| api.get_with(&content, headers).status;
    assert_eq!(status(&[("if-match", etag)]), 200);
    assert_eq!(status(&[("if-unmodified-since", modified)]), 200);
    assert_eq!(status(&[("if-modified-since", modified)]), 304);
    let stale = api.get_with(&content, &[("if-match", "\"other\"")]);
    stale.refused(412, "precondition_failed");
    assert_eq!(stale.header("etag"), etag, "so that nobody has to ask again");
    let long_ago = "Sat, 01 Jan 2000 00:00:00 GMT";
    api.get_with(&content, &[("if-unmodified-since", long_ago)]).refused(412, "precondition_failed");
    let head = |headers: &[(&str, &str)]| api.send("HEAD", &content, headers, None).unwrap();
    assert_eq!(head(&[("if-none-match", etag)]).status, 304);
    let head = head(&[("range", "bytes=0-3")]);
    assert_eq!((head.status, head.header("content-length")), (200, first.header("content-length")));
    let part = api.get_with(&content, &[("range", "bytes=0-3"), ("if-range", modified)]);
    assert_eq!((part.status, part.body.len()), (206, 4));
    assert_eq!(status(&[("range", "bytes=0-3"), ("if-range", long_ago)]), 200);

    // An older file that is made the current one again is another one than it was a moment ago.
    let document = content.trim_end_matches("/content");
    let second = numbered("another version", 2);
    let headers = [("content-type", "application/pdf")];
    let posted =
        api.send("POST", &format!("{document}/versions?filename=b.pdf"), &headers, Some(&second)).unwrap();
    posted.expect(201);
    let newer = api.get(&content);
    assert_eq!(newer.body, second);
    assert_eq!(status(&[("if-none-match", etag)]), 200);
    assert_eq!(api.get_with(&content, &[("if-match", etag)]).status, 412);
    let half = [("range", "bytes=4-"), ("if-range", etag)];
    assert_eq!(api.get_with(&content, &half).body, second, "what was begun is not gone on with");
}

#[test]
fn an_export_is_read_by_the_same_conditions() {
    let server = Server::shared();
    let api = server.person().api;
    let content = stored(&api, "exported.pdf", &numbered("exported", 1));
    let exports = format!("{}/exports", content.trim_end_matches("/content"));
    let export = api.post_json(&exports, &json!({ "formats": ["json"] })).expect(202);
    let file = format!("/v1/exports/{}/files/document.json", id(&export));
    let whole = api.get(&file);
    assert_eq!((whole.status, whole.header("content-type")), (200, "application/json"));
    assert_eq!(whole.header("content-security-policy"), "default-src 'none'; sandbox");
    assert_eq!(api.get_with(&file, &[("if-none-match", whole.header("etag"))]).status, 304);
    assert_eq!(api.get_with(&file, &[("if-modified-since", whole.header("last-modified"))]).status, 304);
    api.get_with(&file, &[("if-match", "\"other\"")]).refused(412, "precondition_failed");
    assert_eq!(api.get_with(&file, &[("range", "bytes=-1")]).body, whole.body[whole.body.len() - 1..]);
    assert!(whole.header("content-disposition").starts_with("inline; "));
    let saved = api.get(&format!("{file}?download=true"));
    assert!(saved.header("content-disposition").starts_with("attachment; filename=\"document.json\""));
}

#[test]
fn a_file_keeps_its_name_whatever_the_name_and_deceives_nobody() {
    let server = Server::shared();
    let api = server.person().api;
    let file = numbered("names", 1);
    let longest = format!("{}.pdf", "文".repeat(251));
    for (name, ascii) in [
        ("it's \"quoted\".pdf", "it's _quoted_.pdf"),
        ("a\r\nX-Evil: b.pdf", "a__X-Evil: b.pdf"),
        ("invoice\u{202E}fdp.exe", "invoice_fdp.exe"),
        ("דוח שנתי.pdf", "___ ____.pdf"),
        ("😀 100%.pdf", "_ 100_.pdf"),
        ("semi;colon=x.pdf", "semi;colon=x.pdf"),
        (&"x".repeat(255), &"x".repeat(255)),
        (&longest, &format!("{}.pdf", "_".repeat(251))),
    ] {
        let content = stored(&api, name, &file);
        for (query, kind) in [("", "inline"), ("?download=true", "attachment"), ("?download=false", "inline")]
        {
            let answer = api.get(&format!("{content}{query}"));
            let disposition = answer.header("content-disposition");
            let start = format!("{kind}; filename=\"{ascii}\"; filename*=UTF-8''");
            let encoded = disposition.strip_prefix(&start).unwrap_or_else(|| panic!("{disposition}"));
            assert!(encoded.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"%-._~".contains(&byte)));
            assert!(answer.headers.get("x-evil").is_none());
        }
    }
    let content = stored(&api, "a.pdf", &file);
    api.get(&format!("{content}?download=perhaps")).refused(400, "invalid_query");
}

#[test]
fn a_row_that_calls_its_file_a_web_page_makes_no_page_of_ours() {
    let server = Server::shared();
    let api = server.person().api;
    let content = stored(&api, "page.html", &numbered("<script>", 1));
    let document = content.split('/').nth(3).unwrap();
    for mime_type in ["text/html", "image/svg+xml", "application/xhtml+xml", "APPLICATION/PDF; x", "a\nb", ""]
    {
        let sql = format!(
            "update public.document_versions set mime_type = '{mime_type}' where document_id = '{document}'"
        );
        change(&server.ready.database_url, &sql);
        let answer = api.get(&content);
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, "application/octet-stream"),
            "{mime_type:?}"
        );
        assert!(answer.header("content-disposition").starts_with("attachment; "), "{mime_type:?}");
        assert_eq!(answer.header("content-security-policy"), "default-src 'none'; sandbox");
    }
}

/// What curl writes to a file, and its exit code.
struct Curl<'a> {
    token: &'a str,
    folder: &'a Path,
}

impl Curl<'_> {
    /// `None` where there is no curl.
    fn run(&self, arguments: &[&str]) -> Option<(i32, String)> {
        let ran = Command::new("curl")
            .args(["--silent", "--show-error", "--write-out", "%{http_code}", "-H"])
            .arg(format!("authorization: Bearer {}", self.token))
            .args(arguments)
            .current_dir(self.folder)
            .output();
        let ran = ran.ok()?;
        Some((ran.status.code().unwrap(), String::from_utf8(ran.stdout).unwrap()))
    }

    fn file(&self, name: &str) -> Vec<u8> {
        fs::read(self.folder.join(name)).unwrap()
    }
}

#[test]
fn curl_goes_on_compares_and_saves_under_the_real_name() {
    let server = Server::shared();
    let person = server.person();
    let file = numbered("curl", 3);
    let content = stored(&person.api, "naïve.pdf", &file);
    let url = format!("{}{content}", server.ready.url);
    let folder = tempfile::tempdir().unwrap();
    let curl = Curl { token: &server.token(person.id), folder: folder.path() };
    let ok = |code: &str| Some((0, code.to_owned()));
    let Some(first) = curl.run(&["-o", "whole", "--etag-save", "etag", &url]) else { skip!("no curl") };
    assert_eq!((first, curl.file("whole")), ((0, "200".into()), file.clone()));
    // Nothing new: curl leaves the file alone.
    assert_eq!(curl.run(&["-o", "whole", "--etag-compare", "etag", &url]), ok("304"));
    assert_eq!(curl.file("whole"), file);
    // What broke off is gone on with.
    fs::write(folder.path().join("half"), &file[..100]).unwrap();
    assert_eq!(curl.run(&["-o", "half", "-C", "-", &url]), ok("206"));
    assert_eq!(curl.file("half"), file);
    // What is there already asks for the bytes behind the end; curl takes 416 for the end.
    let (_, code) = curl.run(&["-o", "half", "-C", "-", &url]).unwrap();
    assert_eq!((code.as_str(), curl.file("half")), ("416", file.clone()));
    assert_eq!(curl.run(&["-o", "part", "-r", "-5", &url]), ok("206"));
    assert_eq!(curl.file("part"), file[file.len() - 5..]);
    assert_eq!(
        curl.run(&["-o", "parts", "-r", "0-1,4-5", &url]),
        ok("200"),
        "several ranges are the whole file"
    );
    assert_eq!(curl.file("parts"), file);
    let tomorrow =
        (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24)).strftime("%d %b %Y").to_string();
    assert_eq!(curl.run(&["-o", "none", "-z", &tomorrow, &url]), ok("304"));
    assert_eq!(curl.run(&["-o", "since", "-z", "1 Jan 2000", &url]), ok("200"));
    assert_eq!(curl.run(&["-o", "head", "-I", &url]), ok("200"));
    // curl knows only the name for old programs.
    assert_eq!(curl.run(&["-O", "-J", &format!("{url}?download=true")]), ok("200"));
    assert_eq!(curl.file("na_ve.pdf"), file);
}
