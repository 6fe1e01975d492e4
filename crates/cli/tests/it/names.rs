//! Names of files as people give them, and as they are shown.

use crate::api::{Form, encode};
use crate::pdf::numbered;
use crate::server::Server;

#[test]
fn any_name_is_kept_as_it_came_and_shown_on_one_line_without_its_path() {
    let server = Server::shared();
    let person = server.person();
    let long = format!("{}.pdf", "文".repeat(332));
    let longest = "x".repeat(1024);
    let names: [(&str, &str); 11] = [
        ("two\nlines\r.pdf", "two_lines_.pdf"),
        ("it's \"quoted\" `here`.pdf", "it's \"quoted\" `here`.pdf"),
        ("../../../etc/passwd", "passwd"),
        ("..\\..\\windows\\win.ini", "win.ini"),
        ("..", "document"),
        ("invoice\u{202E}fdp.exe", "invoice_fdp.exe"),
        ("\u{200F}דוח\u{2067}.pdf", "_דוח_.pdf"),
        (" .hidden. ", "hidden"),
        ("'; drop table documents; --", "'; drop table documents; --"),
        (&long, &format!("{}.pdf", "文".repeat(251))),
        (&longest, &"x".repeat(255)),
    ];
    assert_eq!(long.len(), 1000);
    for (number, (original, shown)) in names.into_iter().enumerate() {
        let file = numbered(&format!("names {number}"), 1);
        let answer = person.api.upload(&format!("filename={}", encode(original)), &file);
        let document = answer.expect(201);
        assert_eq!(
            (&document["original_filename"], &document["filename"]),
            (&original.into(), &shown.into())
        );
        let content = person.api.get(&format!("{}/content", answer.header("location")));
        assert_eq!((content.status, &content.body), (200, &file), "{original:?}");
    }
    let objects = server.belongings(person.id).1;
    assert_eq!(objects.len(), names.len());
    assert!(objects.iter().all(|key| key.chars().all(|c| c.is_ascii_alphanumeric() || "-/.".contains(c))));
}

#[test]
fn the_name_in_a_form_is_treated_alike() {
    let server = Server::shared();
    let api = server.person().api;
    let file = numbered("names", 1);
    for (original, shown) in [("../über/文\u{202E}.pdf", "文_.pdf"), ("a/b.pdf", "b.pdf")] {
        let document = api.upload_form("", &Form::default().file(original, &file)).expect(201);
        assert_eq!(
            (&document["original_filename"], &document["filename"]),
            (&original.into(), &shown.into())
        );
    }
    let nameless = Form::default().part("name=\"file\"", &file);
    assert_eq!(api.upload_form("", &nameless).expect(201)["filename"], "document.pdf");
}

#[test]
fn a_name_that_cannot_be_kept_is_refused_with_its_reason_and_leaves_nothing() {
    let server = Server::shared();
    let person = server.person();
    let file = numbered("names", 1);
    for (name, reason) in [("", "empty"), ("a\0b.pdf", "NUL"), (&*"x".repeat(1025), "1025 bytes")] {
        let detail = person.api.upload(&format!("filename={}", encode(name)), &file).refused(422, "invalid");
        assert!(detail.contains(reason), "{detail}");
        server.assert_nothing_of(person.id, reason);
    }
    let form = Form::default().file(&"x".repeat(1025), &file);
    person.api.upload_form("", &form).refused(422, "invalid");
    person.api.upload_form("filename=", &Form::default().file("good.pdf", &file)).refused(422, "invalid");
    server.assert_nothing_of(person.id, "a name in a form");
    person.api.upload("process=true", &file).refused(400, "filename_needed");
    server.assert_nothing_of(person.id, "no name at all");
}
