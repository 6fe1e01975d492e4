//! Zones are found by their words, in their own language.

use serde_json::json;

use crate::api::{encode, id};
use crate::pdf::numbered;
use crate::server::{Server, change};

#[test]
fn a_word_is_found_by_its_stem_with_page_box_and_excerpt() {
    let server = Server::shared();
    let api = server.person().api;
    let document = api.process("house.pdf", &numbered("house", 2));
    let zones = api.list(&format!("/v1/documents/{}/zones", id(&document)), 10);
    let (german, none) = (&zones[0], &zones[1]);
    let set = |zone: &serde_json::Value, language: &str, content: &str| {
        let change_it = format!("update public.zones set language = {language}, content = '{content}'");
        change(&server.ready.database_url, &format!("{change_it} where id = '{}'", id(zone)));
    };
    set(german, "'de'", "Das Haus steht am See");
    set(none, "null", "Die Häuser am See");
    let search = |query: &str| api.list(&format!("/v1/search?{query}"), 10);
    let found = search(&format!("q={}&language=de", encode("Häusern")));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["excerpt"], json!("Das «Haus» steht am See"));
    assert_eq!((&found[0]["language"], &found[0]["page_number"]), (&json!("de"), &german["page_number"]));
    assert_eq!((&found[0]["zone_id"], &found[0]["coordinates"]), (&german["id"], &german["coordinates"]));
    assert_eq!(search(&format!("q={}", encode("Häuser"))).len(), 2, "the word itself, too");
    assert_eq!(
        search(&format!("q=see&document_id={}&page={}", id(&document), none["page_number"])).len(),
        1 + usize::from(german["page_number"] == none["page_number"])
    );
    assert!(search(&format!("q=see&document_id={}", id(german))).is_empty());
    api.get("/v1/search?q=see&language=d%00e").refused(400, "invalid_query");
    api.get("/v1/search?q=see&language=").refused(400, "invalid_query");
    api.get("/v1/search?q=see&document_id=1").refused(400, "invalid_query");
    for odd in ["\"", "-", "or or", "!&|()<->:*", "''''"] {
        assert_eq!(api.get(&format!("/v1/search?q={}", encode(odd))).status, 200, "{odd:?}");
    }
}
