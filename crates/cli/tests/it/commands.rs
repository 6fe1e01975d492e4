//! The commands that look: tables for people, JSON for programs, and one line where something is wrong.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::api::id;
use crate::folder::only_with_a_private_instance;
use crate::folder::{Folder, ran};
use crate::pdf::{numbered, sentence};
use crate::server::Server;

const NOBODY: &str = "01999999-9999-7999-8999-999999999999";

#[test]
fn what_the_api_shows_the_commands_show_too() {
    let server = Server::shared();
    let api = server.person().api;
    let document = api.process("shown.pdf", &numbered("wolverine", 2));
    let document = id(&document);
    let export = api.post_json(&format!("/v1/documents/{document}/exports"), &json!({ "formats": ["json"] }));
    let export = export.expect(202);
    let zones = api.list(&format!("/v1/documents/{document}/zones"), 10);
    let job = api.list("/v1/jobs", 10).remove(0);
    let by_command = |args: &[&str]| server.folder.json(&[args, &["--json"]].concat());

    let shown = by_command(&["documents", "show", document]);
    let pages = api.list(&format!("/v1/documents/{document}/pages"), 10);
    assert_eq!(
        (&shown["sha256"], shown["pages"].as_array().unwrap()),
        (&api.read(&format!("/v1/documents/{document}"))["sha256"], &pages)
    );
    assert_eq!(
        by_command(&["documents", "list", "--q", "shown.pdf", "--status", "processed"])["items"][0]["id"],
        document
    );
    assert_eq!(by_command(&["zones", "list", document])["items"], Value::from(zones.clone()));
    assert_eq!(by_command(&["zones", "list", document, "--page", "2"])["items"].as_array().unwrap().len(), 2);
    assert_eq!(by_command(&["zones", "show", document, id(&zones[1])]), zones[1]);
    let found = by_command(&["search", "wolverine"]);
    assert_eq!(found["items"].as_array().unwrap().len(), 2);
    assert_eq!(by_command(&["jobs", "list", "--document", document])["items"], json!([job]));
    let shown = by_command(&["jobs", "show", id(&job)]);
    assert_eq!((&shown["status"], shown["pages"].as_array().unwrap().len()), (&json!("completed"), 2));
    assert_eq!(
        (shown["attempts"].as_array().unwrap().len(), shown["history"].as_array().unwrap().len()),
        (1, 3)
    );
    assert_eq!(by_command(&["exports", "list", "--document", document])["items"], json!([export]));
    assert_eq!(by_command(&["exports", "show", id(&export)]), export);

    let table = |args: &[&str], expected: &[&str]| {
        let table = server.folder.done(args);
        assert!(expected.iter().all(|text| table.contains(text)), "{args:?}: {table}");
        assert!(!table.contains('\u{1B}'), "no colours where nobody looks: {table}");
    };
    let line = sentence("wolverine", 2);
    table(&["documents", "list", "--q", "shown.pdf"], &["NAME", document, "shown.pdf", "processed"]);
    table(&["documents", "show", document], &["shown.pdf", "600.0 × 800.0 pt"]);
    table(&["zones", "list", document], &["INDEX", &line]);
    table(&["zones", "show", document, id(&zones[0])], &["revision", "text-layer"]);
    table(&["search", "wolverine"], &["TEXT", "shown.pdf"]);
    table(&["jobs", "list", "--document", document], &["STRATEGY", id(&job), "2/2"]);
    table(&["jobs", "show", id(&job)], &["ATTEMPT", "completed", "enqueued"]);
    table(&["exports", "list", "--document", document], &["FORMATS", id(&export)]);
    table(&["exports", "show", id(&export)], &["document.json"]);
}

#[test]
fn what_is_not_there_ends_with_one_line_and_no_success() {
    let server = Server::shared();
    let cases: [&[&str]; 7] = [
        &["documents", "show", NOBODY],
        &["zones", "list", NOBODY],
        &["zones", "show", NOBODY, NOBODY],
        &["jobs", "show", NOBODY],
        &["exports", "show", NOBODY],
        &["export", NOBODY, "--format", "json", "-o", "-"],
        &["export", NOBODY, "--format", "docx", "-o", "-"],
    ];
    for args in cases {
        let ran = server.folder.run(args);
        assert!(matches!(ran.code, Some(1 | 2)), "{args:?}: {ran:?}");
        assert_eq!((ran.stdout.as_str(), ran.stderr.lines().count()), ("", 1), "{args:?}: {ran:?}");
        assert!(ran.stderr.contains(NOBODY) || ran.stderr.contains("docx"), "{args:?}: {ran:?}");
    }
    for args in [
        &["documents", "show", "nonsense"][..],
        &["jobs", "list", "--status", "happy"],
        &["search"],
        &["nonsense"],
        &[],
    ] {
        let ran = server.folder.run(args);
        assert_eq!(ran.code, Some(2), "{args:?}: {ran:?}");
        assert!(!ran.stderr.is_empty() && ran.stdout.is_empty(), "{args:?}: {ran:?}");
    }
}

#[test]
fn every_command_explains_itself() {
    let folder = Folder::new();
    let mut waiting = vec![Vec::<String>::new()];
    let mut seen = 0;
    while let Some(command) = waiting.pop() {
        let args: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
        let help = folder.done(&args);
        assert!(help.contains("Usage: colophon"), "{args:?}: {help}");
        seen += 1;
        let list = help.split_once("\nCommands:\n").map_or("", |(_, list)| list);
        let names = list.lines().take_while(|line| !line.is_empty()).filter(|line| line.starts_with("  "));
        for name in names.filter_map(|line| line[2..].split(' ').next()).filter(|name| !name.is_empty()) {
            if name != "help" {
                waiting.push([command.as_slice(), &[name.to_owned()]].concat());
            }
        }
    }
    assert!(seen >= 20, "only {seen} commands");
    assert!(folder.done(&["--version"]).starts_with("colophon "));
    assert!(!folder.data().exists(), "explaining needs no instance");
}

#[test]
fn shells_get_their_completions() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let completions = folder.done(&["completions", shell]);
        assert!(completions.contains("colophon") && completions.contains("import"), "{shell}");
        assert!(!completions.contains("nothing-like-this"), "{shell}");
    }
}

#[test]
fn a_reader_that_goes_away_ends_a_command_quietly() {
    let server = Server::shared();
    let document = server.person().api.process("head.pdf", &numbered("head", 400));
    let document = id(&document);
    let commands: [&[&str]; 5] = [
        &["zones", "list", document, "--limit", "1000"],
        &["zones", "list", document, "--limit", "1000", "--json"],
        &["export", document, "--format", "json", "-o", "-"],
        &["completions", "bash"],
        &["--help"],
    ];
    for args in commands {
        let mut command = server.folder.command(args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // What `head -1` does: one line, and away.
        let mut line = String::new();
        BufReader::with_capacity(16, child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "{args:?}");
        let ran = ran(child.wait_with_output().unwrap());
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{args:?}");
    }
}

#[test]
fn a_second_server_on_the_same_address_is_told_what_to_do() {
    let server = Server::shared();
    let folder = Folder::new();
    let ran = folder.run(&["serve", "--listen", &server.ready.listen]);
    assert_eq!((ran.code, ran.stderr.lines().count()), (Some(1), 1), "{ran:?}");
    assert!(ran.stderr.contains(&server.ready.listen) && ran.stderr.contains("--listen"), "{ran:?}");
    assert!(!folder.data().exists(), "nothing was begun for it");
}

#[test]
fn two_servers_on_one_folder_share_it_and_the_last_one_stops_postgresql() {
    only_with_a_private_instance!();
    let mut server = Server::start();
    let other = Folder::new();
    let person = server.person();
    let document = person.api.upload("filename=shared.pdf", &numbered("shared", 1)).expect(201);
    let mut second = server
        .folder
        .command(&["serve", "--listen", "127.0.0.1:0", "--ready-json"])
        .stdout(Stdio::piped())
        .stderr(std::fs::File::create(other.scratch().join("log")).unwrap())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(second.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: crate::server::Ready = serde_json::from_str(&line).unwrap();
    let there = crate::api::Api::new(&ready.url, &server.token(person.id));
    assert!(server.stop().success());
    assert_eq!(there.read(&format!("/v1/documents/{}", id(&document))), document);
    assert!(!server.folder.postgres().is_empty());
    let pid = rustix::process::Pid::from_child(&second);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert!(second.wait().unwrap().success());
    server.folder.assert_postgres_stopped();
}
