//! What was stored is found again.

use serde_json::Value;

use crate::api::{id, sha256};
use crate::folder::only_with_a_private_instance;
use crate::pdf::numbered;
use crate::server::{Person, Server};

/// All that a person sees of a document.
fn everything(person: &Person, document: &Value) -> Vec<Value> {
    let path = format!("/v1/documents/{}", id(document));
    let content = person.api.get(&format!("{path}/content"));
    let mut seen = vec![person.api.read(&path), sha256(&content.body).into()];
    for list in
        [format!("{path}/pages"), format!("{path}/zones"), "/v1/jobs".into(), "/v1/search?q=giraffe".into()]
    {
        seen.push(person.api.list(&list, 100).into());
    }
    seen
}

#[test]
fn everything_is_found_again_after_a_clean_stop_and_after_everything_was_killed() {
    only_with_a_private_instance!();
    let mut server = Server::start();
    let mut person = server.person();
    let document = person.api.process("kept.pdf", &numbered("giraffe", 5));
    let before = everything(&person, &document);
    let again = |server: &Server, person: &mut Person| {
        person.api = server.with_token(&server.token(person.id));
        assert_eq!(everything(person, &document), before);
    };

    assert!(server.stop().success());
    server.folder.assert_postgres_stopped();
    server.restart();
    again(&server, &mut person);

    server.kill();
    assert!(!server.folder.postgres().is_empty(), "PostgreSQL outlives a server that was killed");
    server.restart();
    again(&server, &mut person);

    server.kill();
    server.folder.kill_postgres();
    server.restart();
    again(&server, &mut person);

    server.folder.kill_postgres();
    crate::wait::until("the server has started PostgreSQL again", || person.api.get("/readyz").status == 200);
    again(&server, &mut person);
    assert!(server.stop().success());
    server.folder.assert_postgres_stopped();
}

#[test]
fn while_postgresql_is_away_requests_are_put_off_and_not_refused_for_good() {
    only_with_a_private_instance!();
    let server = Server::start();
    let person = server.person();
    let file = numbered("away", 1);
    for round in 0..3 {
        server.folder.kill_postgres();
        let answer = person.api.upload(&format!("filename=away-{round}.pdf"), &file);
        if answer.status == 503 {
            answer.refused(503, "unavailable");
            assert!(answer.header("retry-after").parse::<u32>().is_ok());
        } else {
            answer.expect(201);
        }
        crate::wait::until("PostgreSQL is back", || person.api.get("/readyz").status == 200);
    }
    assert_eq!(person.api.upload("filename=back.pdf", &file).status, 201);
}
