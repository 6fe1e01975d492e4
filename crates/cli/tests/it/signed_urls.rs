//! Signed URLs: the file without a token, until a time, and only as long as their maker may see it.

use colophon_testkit::Bucket;
use serde_json::{Value, json};

use crate::api::{Answer, Api, id};
use crate::folder::Folder;
use crate::pdf::{large, numbered};
use crate::server::{Person, Server, change};

fn nobody(server: &Server) -> Api {
    Api::with_authorization(&server.ready.url, None)
}

fn stored(owner: &Person, file: &[u8]) -> String {
    let document = owner.api.upload("filename=signed.pdf", file).expect(201);
    format!("/v1/documents/{}", id(&document))
}

fn sign(person: &Person, document: &str, asked: &Value) -> Value {
    person.api.post_json(&format!("{document}/signed-url"), asked).expect(200)
}

/// The path of a signed URL.
fn path(server: &Server, signed: &Value) -> String {
    let url = signed["url"].as_str().unwrap();
    url.strip_prefix(&server.ready.url).unwrap_or_else(|| panic!("{url}")).to_owned()
}

#[test]
fn whoever_has_the_address_reads_the_file_and_nothing_else() {
    let server = Server::shared();
    let owner = server.person();
    let file = numbered("signed", 3);
    let document = stored(&owner, &file);
    let signed = sign(&owner, &document, &json!({ "expires_in": 600 }));
    let ends: jiff::Timestamp = signed["expires_at"].as_str().unwrap().parse().unwrap();
    assert!((590..=600).contains(&(ends.as_second() - jiff::Timestamp::now().as_second())));
    let path = path(&server, &signed);
    let nobody = nobody(&server);
    let answer = nobody.get(&path);
    assert_eq!((answer.status, &answer.body), (200, &file));
    assert_eq!(answer.header("content-type"), "application/pdf");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert!(answer.header("cache-control").contains("private"));
    assert!(answer.header("content-disposition").starts_with("inline; filename=\"signed.pdf\""));
    let head = nobody.send("HEAD", &path, &[], None).unwrap();
    assert_eq!((head.status, head.header("content-length")), (200, file.len().to_string().as_str()));
    let part = nobody.get_with(&path, &[("range", "bytes=1-3")]);
    assert_eq!((part.status, part.body.as_slice()), (206, &file[1..4]));
    assert_eq!(nobody.get_with(&path, &[("if-none-match", answer.header("etag"))]).status, 304);
    let saved = sign(&owner, &document, &json!({ "disposition": "attachment", "version": 1 }));
    let saved = nobody.get(&self::path(&server, &saved));
    assert!(saved.header("content-disposition").starts_with("attachment; "));
    nobody.get(&document).refused(401, "token_missing");
    let token = path.rsplit('/').next().unwrap();
    server.with_token(token).get(&document).refused(401, "token_malformed");
    nobody.send("DELETE", &path, &[], None).unwrap().refused(405, "method_not_allowed");
    assert!(!server.log().contains(token), "no token gets into the log");
    // Whoever holds it is somebody else, so its use is on record.
    let log = owner.api.list(&format!("{document}/accesses"), 10);
    let actions: Vec<_> = log.iter().map(|line| line["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["signed_url_used"; 2], "{log:?}");
}

#[test]
fn an_address_that_was_touched_or_has_ended_is_refused() {
    let server = Server::shared();
    let owner = server.person();
    let document = stored(&owner, &numbered("touched", 1));
    let nobody = nobody(&server);
    let whole = path(&server, &sign(&owner, &document, &json!({})));
    let token = whole.rsplit('/').next().unwrap();
    let refused = |token: &str| nobody.get(&format!("/v1/content/{token}")).refused(403, "link_invalid");
    for at in 0..token.len() {
        let other = if token.as_bytes()[at] == b'A' { "B" } else { "A" };
        refused(&format!("{}{other}{}", &token[..at], &token[at + 1..]));
    }
    for other in
        [&token[1..], &token[..token.len() - 1], &format!("{token}A"), &format!("{token}%3D"), "x", "%00"]
    {
        refused(other);
    }
    refused(&"A".repeat(5_000));

    let short = path(&server, &sign(&owner, &document, &json!({ "expires_in": 1 })));
    let ended =
        crate::wait::some("it ends", || Some(nobody.get(&short)).filter(|answer| answer.status != 200));
    ended.refused(403, "link_expired");

    let signed_url = format!("{document}/signed-url");
    for asked in
        [json!({ "expires_in": 0 }), json!({ "expires_in": 604_801 }), json!({ "disposition": "show" })]
    {
        owner.api.post_json(&signed_url, &asked).refused(422, "invalid");
    }
    for version in [2, 0, -1] {
        owner.api.post_json(&signed_url, &json!({ "version": version })).refused(404, "not_found");
    }
    owner.api.post_json(&signed_url, &json!({ "expires": 1 })).refused(400, "invalid_json");
    server.person().api.post_json(&signed_url, &json!({})).refused(404, "not_found");
}

#[test]
fn it_ends_with_the_share_of_its_maker_and_with_the_key() {
    let server = Server::start();
    let (owner, viewer) = (server.person(), server.person());
    let document = stored(&owner, &numbered("ends", 1));
    let shares = format!("{document}/shares");
    let share = owner.api.post_json(&shares, &json!({ "user_id": viewer.id })).expect(201);
    let nobody = nobody(&server);
    let of_viewer = path(&server, &sign(&viewer, &document, &json!({})));
    let of_owner = path(&server, &sign(&owner, &document, &json!({})));
    let now = jiff::Timestamp::now().as_second();
    let platform = server.with_token(&server.sign(&json!({ "role": "service_role", "exp": now + 3_600 })));
    let of_platform = platform.post_json(&format!("{document}/signed-url"), &json!({})).expect(200);
    let of_platform = path(&server, &of_platform);
    for url in [&of_viewer, &of_owner, &of_platform] {
        assert_eq!(nobody.get(url).status, 200);
    }
    owner.api.send("DELETE", &format!("{shares}/{}", id(&share)), &[], None).unwrap();
    nobody.get(&of_viewer).refused(404, "not_found");
    assert_eq!(nobody.get(&of_owner).status, 200);
    let log = owner.api.list(&format!("{document}/accesses"), 10);
    let told: Vec<(&str, Option<&str>)> =
        log.iter().rev().map(|line| (line["action"].as_str().unwrap(), line["user_id"].as_str())).collect();
    let (owner_id, viewer_id) = (owner.id.to_string(), viewer.id.to_string());
    assert_eq!(
        told,
        [
            ("signed_url", Some(viewer_id.as_str())),
            ("signed_url", None),
            ("signed_url_used", Some(viewer_id.as_str())),
            ("signed_url_used", Some(owner_id.as_str())),
            ("signed_url_used", None),
            ("signed_url_used", Some(owner_id.as_str())),
        ]
    );
    // Another key signs from now on; what the one before signed is good until it is deleted.
    change(&server.ready.database_url, "insert into colophon.signing_keys default values");
    assert_eq!(nobody.get(&of_owner).status, 200);
    let old = "delete from colophon.signing_keys where created_at < (select max(created_at) from colophon.signing_keys)";
    change(&server.ready.database_url, old);
    let mut server = server;
    server.stop();
    server.restart();
    self::nobody(&server).get(&of_owner).refused(403, "link_invalid");
    let again = server.with_token(&server.token(owner.id));
    let signed = again.post_json(&format!("{document}/signed-url"), &json!({})).expect(200);
    assert_eq!(self::nobody(&server).get(&path(&server, &signed)).status, 200);
    let url = path(&server, &signed);
    // In the trash it is closed, and restored it is open again.
    assert_eq!(again.send("DELETE", &document, &[], None).unwrap().status, 200);
    self::nobody(&server).get(&url).refused(404, "not_found");
    again.post_json(&format!("{document}/signed-url"), &json!({})).refused(409, "in_trash");
    again.post_json(&format!("{document}/shares"), &json!({})).refused(409, "in_trash");
    again.post_json(&format!("{document}/restore"), &json!({})).expect(200);
    assert_eq!(self::nobody(&server).get(&url).status, 200);
    assert_eq!(again.send("DELETE", &format!("{document}?purge=true"), &[], None).unwrap().status, 204);
    self::nobody(&server).get(&url).refused(404, "not_found");
}

#[test]
fn what_is_revoked_during_a_download_goes_on_and_the_next_is_refused() {
    let server = Server::shared();
    let (owner, viewer) = (server.person(), server.person());
    let file = large(24 << 20);
    let document = stored(&owner, &file);
    let shares = format!("{document}/shares");
    let share = owner.api.post_json(&shares, &json!({ "user_id": viewer.id })).expect(201);
    let signed = sign(&viewer, &document, &json!({}));
    let token = server.token(viewer.id);
    let mut begun = ureq::get(signed["url"].as_str().unwrap()).call().unwrap();
    let mut own = ureq::get(format!("{}{document}/content", server.ready.url))
        .header("authorization", format!("Bearer {token}"))
        .call()
        .unwrap();
    owner.api.send("DELETE", &format!("{shares}/{}", id(&share)), &[], None).unwrap();
    for answer in [&mut begun, &mut own] {
        let body = answer.body_mut().with_config().limit(1 << 30).read_to_vec().unwrap();
        assert!(body == file, "what was begun is whole: {} of {} bytes", body.len(), file.len());
    }
    nobody(&server).get(&path(&server, &signed)).refused(404, "not_found");
    viewer.api.get(&format!("{document}/content")).refused(404, "not_found");
}

#[test]
fn the_address_is_the_one_that_others_reach_the_server_by() {
    let server = Server::shared();
    let owner = server.person();
    let document = stored(&owner, &numbered("address", 1));
    let sign = |headers: &[(&str, &str)]| -> Answer {
        let headers = [&[("content-type", "application/json")], headers].concat();
        owner.api.send("POST", &format!("{document}/signed-url"), &headers, Some(b"{}")).unwrap()
    };
    let url = |headers: &[(&str, &str)]| sign(headers).expect(200)["url"].as_str().unwrap().to_owned();
    assert!(url(&[("x-forwarded-proto", "https")]).starts_with("https://127.0.0.1:"));
    assert!(url(&[("x-forwarded-proto", "javascript")]).starts_with("http://127.0.0.1:"));
}

#[test]
fn the_buckets_own_link_is_the_owners_and_who_has_a_share_gets_one_that_ends_with_it() {
    let bucket = Bucket::start();
    let server = Server::start_on(Folder::new().with_bucket(&bucket), &[]);
    let (owner, viewer) = (server.person(), server.person());
    let file = numbered("bucket", 2);
    let document = stored(&owner, &file);
    let own = sign(&owner, &document, &json!({ "expires_in": 600 }));
    let own = own["url"].as_str().unwrap();
    assert!(own.starts_with(&format!("http://{}/", bucket.address)), "{own}");
    let fetch = |url: &str, range: Option<&str>| {
        let config = ureq::Agent::config_builder().http_status_as_error(false).build();
        let mut request = ureq::Agent::from(config).get(url);
        if let Some(range) = range {
            request = request.header("range", range);
        }
        let mut answer = request.call().unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_vec().unwrap())
    };
    assert_eq!(fetch(own, None), (200, file.clone()));
    assert_eq!(fetch(own, Some("bytes=1-3")), (206, file[1..4].to_vec()));
    assert_eq!(fetch(&own.replace("Expires=600", "Expires=60000"), None).0, 403, "the bucket verifies");

    let shares = format!("{document}/shares");
    let share = owner.api.post_json(&shares, &json!({ "user_id": viewer.id })).expect(201);
    let nobody = nobody(&server);
    let of_viewer = path(&server, &sign(&viewer, &document, &json!({})));
    let saved = path(&server, &sign(&owner, &document, &json!({ "disposition": "attachment" })));
    for ours in [&of_viewer, &saved] {
        assert_eq!(nobody.get(ours).body, file, "{ours}");
        assert_eq!(nobody.get_with(ours, &[("range", "bytes=-2")]).body, file[file.len() - 2..]);
    }
    owner.api.send("DELETE", &format!("{shares}/{}", id(&share)), &[], None).unwrap();
    nobody.get(&of_viewer).refused(404, "not_found");
    assert_eq!(nobody.get(&saved).status, 200);
}
