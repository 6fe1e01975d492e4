//! The console, as browsers get it and as people use it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use colophon_testkit::skip;
use serde_json::json;
use uuid::Uuid;

use crate::api::{Api, encode, id};
use crate::browser::Browser;
use crate::corpus;
use crate::folder::{Folder, only_with_a_private_instance};
use crate::pdf::{numbered, protected};
use crate::server::{Server, claims};
use crate::stopping::terminate;

/// A browser, or the end of the test.
macro_rules! browser {
    () => {
        match Browser::start() {
            Some(browser) => browser,
            None => skip!("no chromedriver; Debian has it as chromium-driver"),
        }
    };
}

#[test]
fn the_console_needs_no_token_and_lets_nothing_foreign_run() {
    let server = Server::shared();
    let nobody = Api::with_authorization(&server.ready.url, None);
    let files = [
        ("/", "text/html"),
        ("/console/main.js", "text/javascript"),
        ("/console/console.css", "text/css"),
        ("/console/icon.svg", "image/svg+xml"),
    ];
    for (path, content_type) in files {
        let answer = nobody.get(path);
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("content-type").starts_with(content_type), "{path}: {:?}", answer.headers);
        let policy = answer.header("content-security-policy");
        for directive in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "img-src 'self' blob:",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
        ] {
            assert!(policy.split(';').any(|said| said.trim() == directive), "{path}: {policy}");
        }
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(answer.header("cache-control"), "no-cache", "{path}");
        let again = nobody.get_with(path, &[("if-none-match", answer.header("etag"))]);
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        assert_eq!(nobody.get_with(path, &[("if-none-match", "\"another\"")]).body, answer.body, "{path}");
    }
    for path in [
        "/console/x",
        "/console/",
        "/console/..%2Fmain.js",
        "/console/%FF",
        "/console/index.html",
        "/console/a/b",
    ] {
        nobody.get(path).refused(404, "no_such_route");
    }
    nobody.send("POST", "/", &[], Some(b"")).unwrap().refused(405, "method_not_allowed");
    nobody.get("/v1/documents").refused(401, "token_missing");
}

#[test]
fn serve_prints_a_link_with_a_token_that_opens_the_console() {
    only_with_a_private_instance!();
    let folder = Folder::new();
    let (mut process, mut lines) = serve(folder.command(&["serve", "--listen", "127.0.0.1:0"]));
    let link =
        lines.find_map(|line| Some(line.strip_prefix("Open ")?.to_owned())).expect("a link is printed");
    let (page, token) = link.split_once("#token=").expect("with a token");
    let api = Api::new(page.trim_end_matches('/'), token);
    assert_eq!(api.get("/").status, 200);
    assert_eq!(api.read("/v1/documents")["items"], json!([]));
    assert!(lines.any(|line| line == format!("  export TOKEN={token}")), "curl gets the same token");
    let browser = Browser::start();
    if let Some(browser) = &browser {
        browser.open(&link);
        browser.sees(".empty", "No documents yet.");
        assert_eq!(browser.url(), format!("{page}#/documents"));
    }
    assert_eq!(terminate(&mut process).code(), Some(0));
    folder.assert_postgres_stopped();
    if browser.is_none() {
        skip!("no chromedriver, so the link was not opened in a browser");
    }
}

#[test]
fn on_a_shared_database_no_token_is_printed_and_the_page_asks_for_one() {
    let server = Server::shared();
    let folder = Folder::new();
    let mut command =
        folder.command(&["serve", "--listen", "127.0.0.1:0", "--workers", "0", "--database-url"]);
    command
        .arg(&server.ready.database_url)
        .env("SUPABASE_JWT_SECRET", "a secret of the platform, long enough for HS256");
    let (mut process, mut lines) = serve(command);
    let first = lines.next().expect("a link is printed");
    let page =
        first.strip_prefix("Open ").and_then(|rest| rest.split(' ').next()).expect("it begins with Open");
    assert!(!first.contains("token="), "{first}");
    let browser = Browser::start();
    if let Some(browser) = &browser {
        browser.open(page);
        browser.sees(".ask", "A token opens the console");
        assert_eq!(browser.count(".ask .problem"), 0, "nothing was refused yet");
    }
    assert_eq!(terminate(&mut process).code(), Some(0));
    assert_eq!(lines.filter(|line| line.contains("TOKEN")).count(), 0);
    if browser.is_none() {
        skip!("no chromedriver, so the page was not opened in a browser");
    }
}

/// A server as people start it, and what it prints.
fn serve(mut command: Command) -> (Child, impl Iterator<Item = String>) {
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
    (process, lines)
}

#[test]
fn a_document_is_uploaded_looked_at_and_found_in_the_console() {
    let browser = browser!();
    let server = Server::shared();
    let person = Uuid::new_v4();
    let token = server.token(person);
    browser.open(&format!("{}/#token={token}", server.ready.url));
    browser.sees(".empty", "No documents yet.");
    assert_eq!(browser.url(), format!("{}/#/documents", server.ready.url));
    assert!(!browser.run("return document.documentElement.outerHTML").as_str().unwrap().contains(&token));
    assert_eq!(browser.run("return localStorage.length + document.cookie.length"), 0);

    let file = server.folder.scratch().join("uploaded by hand.pdf");
    fs::write(&file, numbered("quagga", 3)).unwrap();
    browser.type_into(".tools input[type=file]", file.to_str().unwrap());
    browser.sees("#uploads", "stored");
    browser.sees(".documents a", "uploaded by hand.pdf");
    browser.sees(".documents .badge", "processed");

    browser.click(".documents a");
    browser.sees("h1", "uploaded by hand.pdf");
    browser.sees(".zone .content", "quagga");
    let api = server.with_token(&token);
    let document = api.read("/v1/documents")["items"][0].clone();
    let zones = api.list(&format!("/v1/documents/{}/zones?page=1", id(&document)), 100);
    assert_eq!(browser.count(".page .box"), zones.len() as u64);
    assert_eq!(browser.count(".strip li"), 3);
    for (attribute, column) in [("x", "x0"), ("y", "y0")] {
        let script = format!("return +document.querySelector('.page .box rect').getAttribute('{attribute}')");
        let stored = zones[0]["coordinates"][column].as_f64();
        assert_eq!(browser.run(&script).as_f64(), stored, "{column} is in the page's frame");
    }
    browser.click(".zones li:last-child .zone");
    assert_eq!(browser.count(".box.selected"), 1);
    browser.click(".strip li:nth-child(2) button");
    browser.sees(".zone .content", "page 2");
    assert!(browser.url().ends_with("?page=2"), "{}", browser.url());
    browser.click(".job-list summary");
    browser.sees(".history", "claimed");

    browser.type_into("#search input", "quagga\u{E007}");
    browser.sees(".hits mark", "quagga");
    let page = browser.text(".hits li:first-child .muted");
    browser.click(".hits li:first-child a");
    browser.sees(".zone.selected .content", "quagga");
    let shown = browser.run("return `page ${document.querySelector('.pager input').value}`");
    assert_eq!((shown.as_str(), browser.count(".box.selected")), (Some(page.trim()), 1));

    browser.click(".tools button:nth-child(4)");
    browser.sees(".part:last-child td", "document.json");
    browser.click(".top nav a[href='#/jobs']");
    browser.sees(".jobs a", "uploaded by hand.pdf");
    browser.sees(".jobs .badge", "completed");
    browser.click(".jobs a");
    browser.sees(".card .badge", "completed");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_document_is_shared_by_a_link_that_others_open() {
    let browser = browser!();
    let server = Server::shared();
    let (owner, guest, late) = (server.person(), server.person(), server.person());
    let document = owner.api.upload("filename=to+share.pdf", &numbered("share", 1)).expect(201);
    let (url, path) = (&server.ready.url, format!("/documents/{}", id(&document)));
    browser.open(&format!("{url}/#token={}", server.token(owner.id)));
    browser.click(".documents a");
    browser.click(".tools button:nth-child(5)");
    browser.sees("dialog.share", "With nobody so far.");
    browser.type_into("dialog input[name=max_uses]", "1");
    browser.click("dialog form button.primary");
    browser.sees("dialog .badge", "active");
    let link = browser.run("return document.querySelector('dialog input.made').value");
    let link = link.as_str().unwrap();
    assert!(link.starts_with(&format!("{url}/#share=")), "{link}");
    // With a person, by their id; what is no id is refused, with the reason beside it.
    browser.click("dialog input[value=person]");
    browser.type_into("dialog input[name=user_id]", "somebody");
    browser.click("dialog form button.primary");
    browser.sees("dialog .problem", "invalid_json");
    browser.run("document.querySelector('dialog input[name=user_id]').value = ''");
    browser.type_into("dialog input[name=user_id]", &late.id.to_string());
    browser.click("dialog form button.primary");
    browser.sees("dialog tbody", &late.id.to_string());
    assert_eq!(browser.complaints(), Vec::<String>::new());

    // Whoever is signed in comes straight to the document, without a button to share it.
    browser.open(&format!("{url}/#token={}", server.token(guest.id)));
    browser.sees(".empty", "No documents yet.");
    browser.open(link);
    browser.sees("h1", "to share.pdf");
    assert!(browser.url().ends_with(&path), "{}", browser.url());
    assert_eq!(browser.count(".tools button"), 4);
    // Whoever is not signs in first; this link was for one.
    browser.click(".session button");
    browser.sees(".ask", "A token opens the console");
    browser.open(link);
    browser.sees(".ask", "A token opens the console");
    assert!(!browser.url().contains("share="), "{}", browser.url());
    browser.type_into("#token", &format!("{}\u{E007}", server.token(server.person().id)));
    browser.sees(".problem", "share_link_invalid");

    browser.open(&format!("{url}/#token={}", server.token(owner.id)));
    browser.click(".documents a");
    browser.click(".tools button:nth-child(5)");
    browser.sees("dialog .badge", "used up");
    browser.sees("dialog table:last-of-type", "opened the link");
    browser.click("dialog tbody tr:last-child button");
    browser.sees("dialog .badge", "revoked");
    guest.api.get(&format!("/v1{path}")).refused(404, "not_found");
    assert_eq!(late.api.get(&format!("/v1{path}")).status, 200);
    let fits = "return document.documentElement.scrollWidth <= innerWidth";
    browser.appear("dark", 390);
    assert_eq!(browser.run(fits), json!(true), "it scrolls sideways");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn what_is_refused_or_cannot_be_read_says_why() {
    let browser = browser!();
    let server = Server::shared();
    let person = server.person();
    let token = server.token(person.id);
    let locked = person.api.upload("filename=locked.pdf&process=true", &protected()).expect(201);
    browser.open(&format!("{}/#token={token}", server.ready.url));
    browser.sees(".documents .badge", "password required");
    let file = server.folder.scratch().join("words.pdf");
    fs::write(&file, "no PDF at all").unwrap();
    browser.type_into(".tools input[type=file]", file.to_str().unwrap());
    browser.sees("#uploads .problem", "not_a_pdf");
    browser.click(".documents a");
    browser.sees(".empty", "This PDF needs a password.");
    browser.open(&format!("{}/#/documents/{}", server.ready.url, Uuid::new_v4()));
    browser.sees(".problem", "not_found");
    browser.open(&format!("{}/#/documents/{}", server.ready.url, id(&locked)));
    browser.sees("h1", "locked.pdf");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn text_that_is_html_is_shown_and_runs_nothing() {
    let browser = browser!();
    let server = Server::shared();
    let person = server.person();
    let name = "<img src=x onerror=window.ran=1><script>window.ran=1</script>.pdf";
    let hostile = "<img src=x onerror=window.ran=1> zebra <svg onload=window.ran=1";
    let document = person
        .api
        .upload(&format!("process=true&filename={}", encode(name)), &numbered(hostile, 1))
        .expect(201);
    person.api.wait_for(id(&document));
    let shown = document["filename"].as_str().unwrap();
    let url = &server.ready.url;
    browser.open(&format!("{url}/#token={}", server.token(person.id)));
    browser.sees(".documents a", shown);
    for (view, selector, words) in [
        (format!("/documents/{}", id(&document)), "h1", shown),
        (format!("/documents/{}", id(&document)), ".zone .content", "<img src=x"),
        ("/jobs".to_owned(), ".jobs a", shown),
        ("/search?q=zebra".to_owned(), ".excerpt", "<svg onload"),
        ("/search?q=%3Cimg%20src%3Dx%20onerror%3Dwindow.ran%3D1%3E".to_owned(), "h1", "<img src=x"),
    ] {
        browser.open(&format!("{url}/#{view}"));
        browser.sees(selector, words);
        assert_eq!(browser.run("return window.ran ?? null"), json!(null), "{view}");
        assert_eq!(browser.count("img, main script, main svg [onload]"), 0, "{view}");
    }
    assert_eq!(browser.complaints(), Vec::<String>::new(), "nothing had to be stopped by the policy");
}

#[test]
fn a_token_that_is_refused_is_explained_and_another_one_is_taken() {
    let browser = browser!();
    let server = Server::shared();
    let url = &server.ready.url;
    let person = Uuid::new_v4();
    let mut expired = claims(person);
    expired["exp"] = json!(jiff::Timestamp::now().as_second() - 3_600);
    for (token, code) in [
        ("nonsense".to_owned(), "token_malformed"),
        (server.sign(&expired), "token_expired"),
        (server.token(person) + "x", "token_"),
    ] {
        browser.open(&format!("{url}/#token={token}"));
        browser.sees(".ask .problem", code);
        assert!(!browser.url().contains(&token), "{}", browser.url());
    }
    assert_eq!(browser.run("return sessionStorage.length"), 0);
    browser.type_into("#token", &format!("{}\u{E007}", server.token(person)));
    browser.sees(".empty", "No documents yet.");
    browser.click(".session button");
    browser.sees(".ask", "A token opens the console");
    assert_eq!(browser.run("return sessionStorage.length"), 0);
    // The whole link does too.
    browser.type_into("#token", &format!("{url}/#token={}\u{E007}", server.token(person)));
    browser.sees(".empty", "No documents yet.");
}

#[test]
fn a_real_paper_is_read_by_keyboard_on_a_phone_and_in_the_dark() {
    let Some(folder) =
        corpus::folder("a_real_paper_is_read_by_keyboard_on_a_phone_and_in_the_dark", "pdf/docling")
    else {
        return;
    };
    let browser = browser!();
    let server = Server::shared();
    let person = server.person();
    let paper = fs::read(folder.join("pdf__sources__2305.03393v1-pg9.pdf")).unwrap();
    let document = person.api.process("paper.pdf", &paper);
    browser.open(&format!("{}/#token={}", server.ready.url, server.token(person.id)));
    browser.sees(".documents a", "paper.pdf");
    browser.click(".documents a");
    browser.click(".zones li:first-child .zone");
    browser.type_into(".zone.selected", "\u{E015}\u{E015}");
    assert_eq!(browser.run("return document.activeElement.querySelector('.order').textContent"), json!("3"));
    assert_eq!(browser.count("[aria-current=true].selected, .box.selected"), 2, "its box is marked too");
    assert_eq!(browser.complaints(), Vec::<String>::new());

    let background = |colours, width| {
        browser.appear(colours, width);
        browser.run("return getComputedStyle(document.body).backgroundColor")
    };
    assert_ne!(background("light", 1280), background("dark", 1280));
    background("light", 390);
    for view in [
        "documents".to_owned(),
        format!("documents/{}", id(&document)),
        "jobs".into(),
        "search?q=table".into(),
    ] {
        browser.open(&format!("{}/#/{view}", server.ready.url));
        browser.sees("main a", "paper.pdf".get(..if view.contains('/') { 0 } else { 9 }).unwrap());
        let fits = "return document.documentElement.scrollWidth <= innerWidth";
        assert_eq!(browser.run(fits), json!(true), "{view} scrolls sideways");
    }
}

#[test]
fn a_document_gets_another_version_goes_to_the_trash_and_comes_back() {
    let browser = browser!();
    let server = Server::shared();
    let person = server.person();
    person.api.process("twice.pdf", &numbered("quokka", 1));
    browser.open(&format!("{}/#token={}", server.ready.url, server.token(person.id)));
    browser.click(".documents a");
    browser.sees(".part td", "1 (current)");
    let file = server.folder.scratch().join("second.pdf");
    fs::write(&file, numbered("numbat", 2)).unwrap();
    // The browser's own dialog is passed over: the driver puts the file in.
    browser.run("HTMLInputElement.prototype.click = () => {}");
    browser.click(".new-version button");
    browser.type_into(".new-version input[type=file]", file.to_str().unwrap());
    browser.sees(".part td", "2 (current)");
    browser.sees(".zone .content", "numbat");
    browser.click(".part tbody tr:nth-child(2) td:first-child button");
    browser.sees(".zone .content", "quokka");
    browser.click(".tools button:nth-child(6)");
    browser.sees(".trash a", "twice.pdf");
    assert!(person.api.list("/v1/documents", 5).is_empty());
    browser.click(".trash .tools button:first-child");
    browser.sees(".empty", "The trash is empty.");
    assert_eq!(person.api.list("/v1/documents", 5)[0]["version"], 1);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_job_is_watched_and_called_off_in_the_console() {
    let browser = browser!();
    let server = Server::shared();
    let person = server.person();
    let document = person.api.process("watched.pdf", &numbered("wombat", 2));
    let later = json!({ "run_at": "2100-01-01T00:00:00Z" });
    let job = person.api.post_json(&format!("/v1/documents/{}/jobs", id(&document)), &later).expect(202);
    let path = format!("/v1/jobs/{}", id(&job));
    browser.open(&format!("{}/#token={}", server.ready.url, server.token(person.id)));
    browser.sees(".documents a", "watched.pdf");
    browser.open(&format!("{}/#/jobs/{}", server.ready.url, id(&job)));
    browser.sees(".line .badge", "queued");
    // What somebody else does to it is seen while it happens.
    person.api.post_json(&format!("{path}/pause"), &json!({})).expect(200);
    browser.sees(".line .badge", "paused");
    browser.sees(".history", "paused");
    browser.click(".heading .tools button");
    browser.sees(".line .badge", "cancelled");
    browser.sees(".history", "cancelled");
    assert_eq!(person.api.read(&path)["status"], "cancelled");
    assert_eq!(browser.count(".heading .tools button"), 0, "there is nothing left to call off");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
