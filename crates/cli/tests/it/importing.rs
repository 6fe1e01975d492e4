//! `colophon import`: files and folders go in, one line tells of each that does not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::folder::only_with_a_private_instance;
use crate::folder::{Folder, Ran, ran};
use crate::pdf::{Pdf, numbered, protected};
use crate::server::Server;

/// A folder with good files, odd ones and others that are no PDF at all.
fn mixed(folder: &Folder) -> PathBuf {
    let root = folder.scratch().join("mixed");
    fs::create_dir_all(root.join("deeper/and deeper")).unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(root.join(name), bytes).unwrap();
    write("a.pdf", &numbered("a", 2));
    write("deeper/b.PDF", &numbered("b", 1));
    write("deeper/and deeper/c.pdf", &numbered("c", 1));
    write("secret.pdf", &protected());
    write("broken.pdf", &Pdf::new().bytes());
    write("text.pdf", b"this is no PDF");
    write("deeper/empty.pdf", b"");
    write("notes.txt", b"not even called one");
    root
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn documents(folder: &Folder) -> Vec<Value> {
    folder.json(&["documents", "list", "--json"])["items"].as_array().unwrap().clone()
}

fn has_no_escape_codes(ran: &Ran) {
    assert!(!format!("{}{}", ran.stdout, ran.stderr).contains(['\u{1B}', '\r']), "{ran:?}");
}

#[test]
fn a_mixed_folder_goes_in_but_for_what_is_no_pdf_and_a_second_run_adds_nothing() {
    let folder = Folder::new();
    let root = mixed(&folder);
    let ran = folder.run(&["import", text(&root)]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    has_no_escape_codes(&ran);
    let mut refused: Vec<&str> = ran.stderr.lines().collect();
    refused.sort_unstable();
    assert_eq!(refused.len(), 2, "one line for each refused file and no more: {ran:?}");
    assert!(refused[0].contains("empty.pdf") && refused[0].contains("is empty"), "{refused:?}");
    assert!(refused[1].contains("text.pdf") && refused[1].contains("not a PDF"), "{refused:?}");
    assert!(ran.stdout.contains("5 of 7 files went in, 2 were refused"), "{}", ran.stdout);
    assert!(
        ran.stdout.lines().any(|line| line.starts_with("password_required") && line.contains("secret.pdf"))
    );
    assert!(ran.stdout.lines().any(|line| line.starts_with("damaged") && line.contains("broken.pdf")));
    let mut stored: Vec<_> = documents(&folder)
        .iter()
        .map(|row| format!("{} {}", row["filename"].as_str().unwrap(), row["status"].as_str().unwrap()))
        .collect();
    stored.sort();
    let expected = [
        "a.pdf processed",
        "b.PDF processed",
        "broken.pdf damaged",
        "c.pdf processed",
        "secret.pdf password_required",
    ];
    assert_eq!(stored, expected);
    assert_eq!(folder.objects().len(), 5);
    folder.assert_postgres_stopped();

    let again = folder.run(&["import", text(&root)]);
    assert_eq!(again.code, Some(3), "{again:?}");
    assert!(again.stdout.contains("(5 of them were there before)"), "{}", again.stdout);
    assert_eq!((documents(&folder).len(), folder.objects().len()), (5, 5));
}

#[test]
fn good_files_and_folders_go_in_with_exit_code_0() {
    let folder = Folder::new();
    let root = mixed(&folder);
    let ran = folder.run(&["import", text(&root.join("a.pdf")), text(&root.join("deeper/and deeper"))]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    assert!(ran.stdout.contains("2 of 2 files went in, 0 were refused"), "{}", ran.stdout);
    let only_stored = folder.run(&["import", "--no-process", text(&root.join("deeper/b.PDF"))]);
    assert_eq!(only_stored.code, Some(0), "{only_stored:?}");
    let found = folder.json(&["documents", "list", "--status", "uploaded", "--json"]);
    assert_eq!(found["items"][0]["filename"], "b.PDF");
}

#[test]
fn paths_with_nothing_to_import_are_a_mistake_of_usage() {
    let folder = Folder::new();
    let empty = folder.scratch().join("empty");
    fs::create_dir_all(&empty).unwrap();
    for path in [text(&folder.scratch().join("missing.pdf")), text(&empty)] {
        let ran = folder.run(&["import", path]);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
        assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
        assert!(ran.stderr.contains(path), "{ran:?}");
    }
    assert!(!folder.data().exists(), "nothing was begun for it");
}

#[test]
fn every_file_has_its_line_of_json() {
    let server = Server::shared();
    let folder = Folder::new();
    let root = mixed(&folder);
    let ran = server.folder.run(&["import", "--json", text(&root)]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(3), ""), "{ran:?}");
    has_no_escape_codes(&ran);
    let lines: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 7, "{lines:?}");
    let of = |name: &str| {
        lines
            .iter()
            .find(|line| line["path"].as_str().unwrap().ends_with(name))
            .unwrap_or_else(|| panic!("{name}"))
    };
    assert_eq!((&of("a.pdf")["status"], &of("a.pdf")["page_count"]), (&json!("processed"), &json!(2)));
    assert_eq!(of("secret.pdf")["status"], "password_required");
    assert!(of("text.pdf")["refused"].as_str().unwrap().contains("not a PDF"));
    let document = of("a.pdf")["document_id"].as_str().unwrap();
    assert_eq!(server.owner().api.read(&format!("/v1/documents/{document}"))["filename"], "a.pdf");
}

#[test]
fn an_import_beside_a_running_server_shares_its_database() {
    only_with_a_private_instance!();
    let server = Server::start();
    let folder = &server.folder;
    let root = mixed(folder);
    let before = folder.postgres().len();
    let ran = folder.run(&["import", "--workers", "0", text(&root.join("a.pdf"))]);
    assert_eq!(ran.code, Some(0), "the workers of the server do the work: {ran:?}");
    assert!(before > 0 && !folder.postgres().is_empty(), "PostgreSQL goes on for the server");
    let documents = server.owner().api.list("/v1/documents", 10);
    assert_eq!((documents.len(), &documents[0]["status"]), (1, &json!("processed")));
}

#[test]
fn an_import_whose_reader_goes_away_ends_quietly_and_stops_its_database() {
    let folder = Folder::new();
    let root = mixed(&folder);
    let mut command = folder.command(&["import", "--json", text(&root)]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ran = ran(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    folder.assert_postgres_stopped();
}

#[test]
fn names_that_are_not_text_or_mean_harm_do_not_disturb() {
    use std::os::unix::ffi::OsStrExt as _;
    let server = Server::shared();
    let folder = Folder::new();
    let root = folder.scratch().join("odd");
    fs::create_dir_all(&root).unwrap();
    let bytes = std::ffi::OsStr::from_bytes(b"latin-\xE9.pdf");
    fs::write(root.join(bytes), numbered("latin", 1)).unwrap();
    fs::write(root.join("clear\u{1B}[2Jscreen\n.pdf"), b"no PDF").unwrap();
    std::os::unix::fs::symlink("..", root.join("circle")).unwrap();
    let ran = server.folder.run(&["import", text(&root)]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    has_no_escape_codes(&ran);
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
    let found = server.folder.json(&["documents", "list", "--q", "latin-", "--json"]);
    assert_eq!(found["items"][0]["filename"], "latin-\u{FFFD}.pdf");
}
