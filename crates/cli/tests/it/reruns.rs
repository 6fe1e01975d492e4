//! A document is read again, and what people did to its zones is still there.

use serde_json::{Value, json};

use crate::api::{Api, id};
use crate::pdf::{numbered, sentence};
use crate::server::{Person, Server};

/// Somebody's document of two pages, read once.
struct World<'s> {
    server: &'s Server,
    person: Person,
    document: String,
}

impl<'s> World<'s> {
    fn new(server: &'s Server) -> Self {
        let person = server.person();
        let document = id(&person.api.process("again.pdf", &numbered("again", 2))).to_owned();
        Self { server, person, document }
    }

    fn api(&self) -> &Api {
        &self.person.api
    }

    fn path(&self, what: &str) -> String {
        format!("/v1/documents/{}/{what}", self.document)
    }

    fn zones(&self) -> Vec<Value> {
        self.api().list(&self.path("zones"), 100)
    }

    /// What the owner does with a client of their own for the database.
    fn edit(&self, sql: &str) {
        let claims = json!({ "sub": self.person.id, "role": "authenticated" });
        self.server.ask(&format!(
            "with entered as materialized (select set_config('role', 'authenticated', true),
               set_config('request.jwt.claims', '{claims}', true),
               set_config('request.jwt.claim.sub', '{}', true)),
             done as ({sql} returning 1) select count(*)::text from entered, done",
            self.person.id
        ));
    }

    /// Reads it again, and waits until that has been done.
    fn read_again(&self) {
        let job = self.api().post_json(&self.path("jobs"), &json!({})).expect(202);
        crate::wait::until("the job has ended", || {
            let job = self.api().read(&format!("/v1/jobs/{}", id(&job)));
            assert!(job["status"] != "failed", "{job}");
            job["status"] == "completed"
        });
    }

    fn run(&self, query: &str, zones: &Value) -> Value {
        self.api().post_json(&self.path(&format!("runs?{query}")), zones).expect(200)
    }

    fn open(&self) -> Vec<Value> {
        self.api().list(&self.path("correction-outcomes?open=true"), 100)
    }
}

/// The zones as a tool would deliver them again.
fn as_delivered(zones: &[Value]) -> Value {
    let zones = zones.iter().map(|zone| {
        let mut delivered = json!({});
        for field in ["zone_index", "page_number", "zone_type", "coordinates", "content"] {
            delivered[field] = zone[field].clone();
        }
        delivered
    });
    Value::Array(zones.collect())
}

#[test]
fn a_corrected_zone_survives_the_text_layer_read_again() {
    let server = Server::shared();
    let world = World::new(&server);
    let before = world.zones();
    let corrected = id(&before[0]).to_owned();
    world.edit(&format!("update zones set content = 'A person''s word' where id = '{corrected}'"));
    world.read_again();
    let after = world.zones();
    let ids = |zones: &[Value]| zones.iter().map(|zone| id(zone).to_owned()).collect::<Vec<_>>();
    assert_eq!(ids(&before), ids(&after), "they are the same zones");
    assert_eq!(after[0]["content"], "A person's word");
    assert_eq!(after[0]["original"]["content"], before[0]["content"]);
    let outcomes = world.api().list(&world.path("correction-outcomes"), 10);
    assert_eq!(outcomes.len(), 1);
    assert_eq!((&outcomes[0]["outcome"], &outcomes[0]["zone_id"]), (&json!("kept"), &json!(corrected)));
    assert!(world.open().is_empty());
}

#[test]
fn a_run_is_delivered_by_http_and_what_it_leaves_open_is_settled() {
    let server = Server::shared();
    let world = World::new(&server);
    let before = world.zones();
    let run = as_delivered(&before);
    let first = world.run("tool=another&model=7", &run);
    assert_eq!((&first["updated"], &first["inserted"], &first["deleted"]), (&json!(4), &json!(0), &json!(0)));
    let again = world.run("tool=another&model=7", &run);
    assert_eq!((&again["unchanged"], &again["updated"]), (&json!(4), &json!(0)));

    let corrected = id(&before[1]).to_owned();
    world.edit(&format!("update zones set content = 'Mine' where id = '{corrected}'"));
    let mut news = run.clone();
    news[1]["content"] = json!("Quite another sentence than anybody has ever read here.");
    let report = world.run("tool=another&model=8&reason=a+newer+model", &news);
    assert_eq!((&report["outcomes"]["conflict"], &report["waiting"]), (&json!(1), &json!(1)));
    assert_eq!(world.zones()[1]["content"], "Mine");
    let open = world.open().remove(0);
    assert_eq!(open["theirs"]["content"], news[1]["content"]);

    let shown = server.folder.json(&["zones", "outcomes", &world.document, "--open", "--json"]);
    assert_eq!(shown["items"], json!([open]));
    let resolve = world.path(&format!("correction-outcomes/{}/resolve", id(&open)));
    world.api().post_json(&resolve, &json!({ "keep": "mine" })).refused(400, "invalid_keep");
    world.api().post_json(&resolve, &json!({ "keep": "candidates" })).refused(400, "invalid_keep");
    let settled =
        world.api().post_json(&resolve, &json!({ "keep": "theirs", "reason": "it is right" })).expect(200);
    assert_eq!(
        (&settled["resolution"], &settled["resolved_by"]),
        (&json!("theirs"), &json!(world.person.id))
    );
    assert!(settled["change"].is_i64(), "{settled}");
    assert_eq!(world.zones()[1]["content"], news[1]["content"]);
    world.api().post_json(&resolve, &json!({ "keep": "yours" })).refused(400, "invalid_keep");
    assert!(world.open().is_empty());
}

#[test]
fn a_run_touches_its_pages_alone_and_an_empty_page_is_empty() {
    let server = Server::shared();
    let world = World::new(&server);
    let report = world.run("tool=another&pages=2", &json!([]));
    assert_eq!(report["deleted"], 2);
    let left = world.zones();
    assert!(left.len() == 2 && left.iter().all(|zone| zone["page_number"] == 1), "{left:?}");
    assert!(left.iter().any(|zone| zone["content"] == sentence("again", 1)));
    let stray = as_delivered(&left);
    world
        .api()
        .post_json(&world.path("runs?tool=another&pages=2"), &stray)
        .refused(400, "invalid_page_number");
    world.api().post_json(&world.path("runs?pages=0"), &json!([])).refused(400, "invalid_pages");
    world.api().post_json(&world.path("runs?surprise=1"), &json!([])).refused(400, "invalid_query");
}

#[test]
fn a_verified_zone_stays_verified_and_a_deleted_one_stays_deleted() {
    let server = Server::shared();
    let world = World::new(&server);
    let zones = world.zones();
    world.edit(&format!("update zones set status = 'verified' where id = '{}'", id(&zones[0])));
    world.edit(&format!("delete from zones where id = '{}'", id(&zones[1])));
    world.read_again();
    let after = world.zones();
    assert_eq!(after.len(), 3);
    assert_eq!((&after[0]["id"], &after[0]["status"]), (&zones[0]["id"], &json!("verified")));
    assert!(after.iter().all(|zone| zone["content"] != zones[1]["content"]));
}

#[test]
fn a_stranger_delivers_no_run_and_sees_no_outcome() {
    let server = Server::shared();
    let world = World::new(&server);
    let stranger = server.person().api;
    stranger.post_json(&world.path("runs?tool=a"), &json!([])).refused(404, "not_found");
    stranger.get(&world.path("correction-outcomes")).refused(404, "not_found");
    let nothing = world.path("correction-outcomes/01999999-9999-7999-8999-999999999999/resolve");
    stranger.post_json(&nothing, &json!({ "keep": "yours" })).refused(404, "not_found");
    world.api().post_json(&nothing, &json!({ "keep": "yours" })).refused(404, "not_found");
}
