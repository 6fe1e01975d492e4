//! The file comes out again, byte for byte.

use crate::api::{Api, encode, id};
use crate::pdf::numbered;
use crate::server::Server;

fn stored(api: &Api, name: &str, file: &[u8]) -> String {
    let document = api.upload(&format!("filename={}", encode(name)), file).expect(201);
    format!("/v1/documents/{}/content", id(&document))
}

#[test]
fn a_file_comes_back_byte_for_byte_under_its_own_name() {
    let server = Server::shared();
    let api = server.person().api;
    let file = numbered("content", 3);
    let content = stored(&api, "Übersicht „2026“ 文.pdf", &file);
    let answer = api.get(&content);
    assert_eq!((answer.status, &answer.body), (200, &file));
    assert_eq!(answer.header("content-type"), "application/pdf");
    assert_eq!(answer.header("accept-ranges"), "bytes");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let disposition = answer.header("content-disposition");
    assert!(disposition.contains("filename=\"_bersicht _2026_ _.pdf\""), "{disposition}");
    assert!(
        disposition.contains("filename*=UTF-8''%C3%9Cbersicht%20%E2%80%9E2026%E2%80%9C%20%E6%96%87.pdf"),
        "{disposition}"
    );
    let head = api.send("HEAD", &content, &[], None).unwrap();
    assert_eq!((head.status, head.header("content-length")), (200, file.len().to_string().as_str()));
    assert!(head.body.is_empty());
    assert_eq!(api.get(&format!("{content}?version=1")).body, file);
}

#[test]
fn any_part_of_a_file_can_be_had() {
    let server = Server::shared();
    let api = server.person().api;
    let file = numbered("ranges", 3);
    let size = file.len();
    let content = stored(&api, "ranges.pdf", &file);
    let ranges = [
        ("bytes=0-0".to_owned(), 0, 1),
        ("bytes=10-19".to_owned(), 10, 20),
        (format!("bytes={}-", size - 7), size - 7, size),
        ("bytes=-5".to_owned(), size - 5, size),
        (format!("bytes=-{}", size + 100), 0, size),
        (format!("bytes=100-{}", u64::MAX), 100, size),
    ];
    for (range, first, end) in ranges {
        let answer = api.get_with(&content, &[("range", &range)]);
        assert_eq!((answer.status, answer.body.as_slice()), (206, &file[first..end]), "{range}");
        assert_eq!(answer.header("content-range"), format!("bytes {first}-{}/{size}", end - 1), "{range}");
    }
    for beyond in
        [format!("bytes={size}-"), format!("bytes={}-{}", size + 1, size + 9), "bytes=-0".to_owned()]
    {
        let answer = api.get_with(&content, &[("range", &beyond)]);
        answer.refused(416, "range_not_satisfiable");
        assert_eq!(answer.header("content-range"), format!("bytes */{size}"), "{beyond}");
    }
    // What is no range, or several, gets the whole file.
    for whole in ["bytes=9-0", "bytes=0-1,5-6", "pages=1-2", "nonsense"] {
        let answer = api.get_with(&content, &[("range", whole)]);
        assert_eq!((answer.status, &answer.body), (200, &file), "{whole}");
    }
}

#[test]
fn a_file_that_the_caller_has_is_not_sent_again() {
    let server = Server::shared();
    let api = server.person().api;
    let file = numbered("fresh", 1);
    let content = stored(&api, "fresh.pdf", &file);
    let etag = api.get(&content).header("etag").to_owned();
    for tags in [etag.clone(), format!("\"other\", W/{etag}"), "*".to_owned()] {
        let answer = api.get_with(&content, &[("if-none-match", &tags)]);
        assert_eq!(
            (answer.status, answer.body.len(), answer.header("etag")),
            (304, 0, etag.as_str()),
            "{tags}"
        );
    }
    assert_eq!(api.get_with(&content, &[("if-none-match", "\"other\"")]).status, 200);
    let part = |tag: &str| api.get_with(&content, &[("range", "bytes=0-3"), ("if-range", tag)]).status;
    assert_eq!((part(&etag), part("\"other\"")), (206, 200));
}

#[test]
fn a_file_that_has_lost_bytes_is_not_passed_off_as_whole() {
    let server = Server::shared();
    let person = server.person();
    let document = person.api.upload("filename=a.pdf", &numbered("page", 2)).expect(201);
    let object = server.folder.data().join("objects").join(document["storage_path"].as_str().unwrap());
    let file = std::fs::OpenOptions::new().write(true).open(object).unwrap();
    file.set_len(file.metadata().unwrap().len() - 1).unwrap();
    let path = format!("/v1/documents/{}/content", id(&document));
    for headers in [&[][..], &[("range", "bytes=0-9")]] {
        let problem = person.api.get_with(&path, headers).expect(503);
        assert_eq!(problem["code"], "content_truncated", "{problem:#}");
    }
}
