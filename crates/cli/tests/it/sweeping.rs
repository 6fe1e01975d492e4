//! The server takes away by itself what nobody needs any more.

use std::fs;

use serde_json::Value;

use crate::api::{Api, id, sha256};
use crate::folder::Folder;
use crate::fsck::{assert_clean, configure};
use crate::pdf::numbered;
use crate::server::Server;
use crate::wait;

/// Sweeps every second, and waits for nothing.
fn sweeping(text: &str) -> Server {
    let folder = Folder::private();
    configure(&folder, &format!("sweep_interval = \"1s\"\n{text}"));
    Server::start_on(folder, &[])
}

fn delete(api: &Api, document: &Value, query: &str) {
    let answer = api.send("DELETE", &format!("/v1/documents/{}{query}", id(document)), &[], None).unwrap();
    assert!(answer.status < 300, "{}", answer.status);
}

#[test]
fn files_go_with_the_last_document_that_uses_them() {
    let server = sweeping("[storage]\nrelease_grace = 0\n");
    let person = server.person();
    let file = numbered("twice", 1);
    let one = person.api.upload("filename=one.pdf", &file).expect(201);
    let two = person.api.upload("filename=two.pdf", &file).expect(201);
    assert_eq!(one["storage_path"], two["storage_path"], "stored once");
    delete(&person.api, &one, "?purge=true");
    let released = "select count(*) from colophon.objects where state = 'released'";
    wait::until("the first is struck from the ledger", || server.ask(released) == "0");
    let content = person.api.get(&format!("/v1/documents/{}/content", id(&two)));
    assert_eq!(sha256(&content.body), sha256(&file));
    delete(&person.api, &two, "?purge=true");
    wait::until("the file is gone", || server.folder.objects().is_empty());
    assert_clean(&server.folder, &["--full"], "the sweep");
}

#[test]
fn the_trash_is_emptied_after_its_time_but_not_what_is_held() {
    let server = sweeping("[storage]\nrelease_grace = 0\n[trash]\nretention = \"1s\"\n");
    let person = server.person();
    let held = person.api.process("held.pdf", &numbered("held", 1));
    let gone = person.api.process("gone.pdf", &numbered("gone", 1));
    for document in [&held, &gone] {
        delete(&person.api, document, "");
    }
    let statement = format!("update public.documents set legal_hold = 'a case' where id = '{}'", id(&held));
    crate::server::change(&server.ready.database_url, &statement);
    wait::until("the one is gone", || person.api.get(&format!("/v1/documents/{}", id(&gone))).status == 404);
    wait::until("its file is gone", || server.folder.objects().len() == 1);
    let still = person.api.send("GET", &format!("/v1/documents/{}", id(&held)), &[], None).unwrap();
    if still.status == 404 {
        // Purged before it was held.
        return;
    }
    assert_eq!(person.api.get(&format!("/v1/documents/{}/content", id(&held))).status, 200);
    assert_clean(&server.folder, &[], "the sweep");
}

#[test]
fn an_object_that_cannot_be_deleted_keeps_no_other_from_going() {
    let server = sweeping("[storage]\nrelease_grace = 0\n");
    let person = server.person();
    let stubborn = person.api.upload("filename=a.pdf", &numbered("stubborn", 1)).expect(201);
    let place = server.folder.data().join("objects").join(stubborn["storage_path"].as_str().unwrap());
    // A folder stands where the file was, and is not empty.
    fs::remove_file(&place).unwrap();
    fs::create_dir(&place).unwrap();
    fs::write(place.join("x"), "x").unwrap();
    delete(&person.api, &stubborn, "?purge=true");
    wait::until("it was tried", || server.log().contains("an object could not be deleted"));
    let other = person.api.upload("filename=b.pdf", &numbered("other", 1)).expect(201);
    delete(&person.api, &other, "?purge=true");
    wait::until("the other is gone", || server.folder.objects().len() == 1);
    fs::remove_dir_all(&place).unwrap();
    wait::until("the sweep tries again", || server.ask("select count(*) from colophon.objects") == "0");
}

#[test]
fn an_upload_that_was_broken_off_by_a_kill_is_swept() {
    let mut server = sweeping("");
    let person = server.person();
    let document = person.api.upload("filename=a.pdf", &numbered("kept", 1)).expect(201);
    let mut stream = std::net::TcpStream::connect(&server.ready.listen).unwrap();
    let head = format!(
        "POST /v1/documents?filename=half.pdf HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
         content-type: application/pdf\r\ncontent-length: 1000000\r\n\r\n",
        server.token(person.id)
    );
    let half = [head.as_bytes(), &numbered("half", 50)[..]].concat();
    std::io::Write::write_all(&mut stream, &half).unwrap();
    let intended = "select count(*) from colophon.objects where state = 'intended'";
    wait::until("it is announced", || server.ask(intended) == "1");
    server.kill();
    server.restart();
    assert_eq!(server.ask(intended), "1");
    let young = server.folder.run(&["fsck"]);
    assert_eq!(young.code, Some(0), "half an upload is nothing wrong: {young:?}");
    // As if the hour were over in which it might have been gone on with.
    let over = "update colophon.objects set intended_until = now() where state = 'intended'";
    crate::server::change(&server.ready.database_url, over);
    wait::until("it is swept", || server.ask(intended) == "0");
    assert_eq!(server.folder.objects(), [document["storage_path"].as_str().unwrap()]);
    assert_clean(&server.folder, &["--full"], "the sweep");
}
