//! What attempts took, by API and command line; and jobs that are pruned while their statistics stay.

use serde_json::Value;

use crate::pdf::numbered;
use crate::server::{Server, change};
use crate::wait;

#[test]
fn statistics_are_everybodys_own_and_survive_pruning() {
    let server = Server::start();
    let (owner, stranger) = (server.owner(), server.person());
    let document = owner.api.process("a.pdf", &numbered("narwhal", 3));
    let path = format!("/v1/documents/{}/jobs", document["id"].as_str().unwrap());
    owner.api.post_json(&path, &serde_json::json!({})).expect(202);
    wait::until("both jobs are done", || {
        let jobs = owner.api.list("/v1/jobs", 10);
        jobs.len() == 2 && jobs.iter().all(|job| job["status"] == "completed")
    });

    let of = |query: &str| owner.api.read(&format!("/v1/jobs/statistics{query}"));
    let all = of("");
    let [day] = all["items"].as_array().unwrap().as_slice() else { panic!("{all}") };
    assert_eq!(day["strategy"], "text-layer", "{day}");
    assert_eq!(day["day"].as_str().unwrap().len(), "2026-11-23".len());
    assert_eq!((&day["attempts"], &day["outcomes"]["completed"]), (&2.into(), &2.into()), "{day}");
    assert!(day["seconds"]["p50"].as_f64() > Some(0.0) && day["pages"].as_u64() >= Some(3), "{day}");
    assert_eq!(of("?by=error")["items"], Value::Array(Vec::new()));
    assert_eq!(of("?from=2020-01-01&to=2020-02-01")["items"], Value::Array(Vec::new()));
    assert_eq!(stranger.api.read("/v1/jobs/statistics")["items"], Value::Array(Vec::new()));
    for nonsense in ["?by=week", "?from=yesterday", "?from=2026-01-02&to=2026-01-01", "?by="] {
        owner.api.get(&format!("/v1/jobs/statistics{nonsense}")).refused(400, "invalid_query");
    }

    // Half a year later.
    change(
        &server.ready.database_url,
        "update processing_attempts set started_at = started_at - interval '180 days',
           finished_at = finished_at - interval '180 days';
         update processing_jobs set created_at = created_at - interval '180 days',
           completed_at = completed_at - interval '180 days';
         delete from colophon.processing_statistics_progress",
    );
    let prune = |args: &[&str]| {
        server.folder.json(&[&["jobs", "prune", "--older-than", "90d", "--json"], args].concat())
    };
    assert_eq!(prune(&["--dry-run"])["jobs"], 1, "the newest stays");
    assert_eq!(prune(&[])["jobs"], 1);
    assert_eq!(owner.api.list("/v1/jobs", 10).len(), 1);
    let statistics = server.folder.json(&["jobs", "statistics", "--from", "2020-01-01", "--json"]);
    assert_eq!(statistics["items"][0]["attempts"], 2, "{statistics}");
    let table = server.folder.done(&["jobs", "statistics", "--from", "2020-01-01", "--by", "strategy"]);
    assert!(table.contains("text-layer") && table.contains("completed 2"), "{table}");
    let refused = server.folder.run(&["jobs", "statistics", "--from", "yesterday"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
}
