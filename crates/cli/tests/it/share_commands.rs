//! Sharing by the command line, with and without a server beside it.

use serde_json::Value;

use crate::api::{Api, id};
use crate::pdf::numbered;
use crate::server::Server;

#[test]
fn what_the_command_line_shares_and_links_is_open_and_is_told() {
    let server = Server::shared();
    let (owner, person) = (server.person(), server.person());
    let file = numbered("commands", 1);
    let document = owner.api.upload("filename=commands.pdf", &file).expect(201);
    let (document, path) = (id(&document), format!("/v1/documents/{}", id(&document)));
    let json = |args: &[&str]| -> Value {
        let args = [&["documents"], args, &["--json"]].concat();
        serde_json::from_str(&server.folder.done(&args)).unwrap()
    };
    let user = person.id.to_string();
    let shared = json(&["share", document, "--user", &user, "--role", "editor", "--expires", "7d"]);
    assert_eq!((&shared["role"], shared["user_id"].as_str()), (&"editor".into(), Some(user.as_str())));
    assert_eq!(person.api.get(&path).status, 200);
    let link = json(&["share", document, "--link", "--max-uses", "2"]);
    let token = link["token"].as_str().unwrap();
    assert!(link["url"].as_str().unwrap().ends_with(&format!("/#share={token}")));
    let guest = server.person();
    guest.api.post_json("/v1/share-links/open", &serde_json::json!({ "token": token })).expect(200);

    let table = server.folder.done(&["documents", "shares", document]);
    assert!(table.contains("1 of 2") && table.contains(&user) && table.contains("active"), "{table}");
    assert!(!table.contains(token), "{table}");
    assert_eq!(json(&["shares", document])["items"].as_array().unwrap().len(), 2);
    let told = server.folder.done(&["documents", "unshare", document, id(&shared)]);
    assert!(told.contains("is revoked"), "{told}");
    let told = server.folder.done(&["documents", "unshare", document, id(&shared)]);
    assert!(told.contains("already"), "{told}");
    person.api.get(&path).refused(404, "not_found");

    let address = server.folder.done(&["documents", "link", document, "--expires", "10m", "--attachment"]);
    let (_, signed) = address.trim().split_once("/v1/content/").unwrap();
    let nobody = Api::with_authorization(&server.ready.url, None);
    let answer = nobody.get(&format!("/v1/content/{signed}"));
    assert_eq!((answer.status, answer.body), (200, file));
    let mut command = server.folder.command(&["documents", "link", document]);
    let linked = command.env("COLOPHON_PUBLIC_URL", "https://documents.example.org/api/").output().unwrap();
    let address = String::from_utf8(linked.stdout).unwrap();
    assert!(address.starts_with("https://documents.example.org/api/v1/content/"), "{address}");
    let log = server.folder.done(&["documents", "accesses", document]);
    for told in ["opened", "signed_url", "signed_url_used", "the platform"] {
        assert!(log.contains(told), "{log}");
    }

    let refused = |args: &[&str], code: i32, reason: &str| {
        let ran = server.folder.run(&[&["documents"], args].concat());
        assert_eq!(ran.code, Some(code), "{ran:?}");
        assert!(ran.stderr.contains(reason), "{}", ran.stderr);
    };
    refused(&["share", document], 2, "--user");
    refused(&["share", document, "--user", &user, "--link"], 2, "--link");
    refused(&["share", document, "--link", "--role", "owner"], 2, "viewer, editor");
    refused(&["share", document, "--user", &user, "--max-uses", "1"], 2, "--max-uses");
    refused(&["share", document, "--link", "--max-uses", "0"], 2, "max_uses");
    refused(&["share", document, "--user", &owner.id.to_string()], 2, "needs no share");
    refused(&["link", document, "--expires", "8d"], 2, "expires_in");
    refused(&["link", document, "--version", "7"], 1, "no version 7");
    refused(&["unshare", document, &user], 1, "no share");
}
