//! `/metrics`: who may read it, and what it says.

#![allow(clippy::float_cmp, reason = "what is counted is whole, and read as it was written")]

use std::collections::BTreeMap;

use serde_json::json;

use crate::api::Api;
use crate::folder::Folder;
use crate::pdf::numbered;
use crate::server::Server;
use crate::wait;

/// Each series with its value.
fn series(text: &str) -> BTreeMap<String, f64> {
    assert!(text.ends_with("# EOF\n"), "{text}");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

fn nobody(server: &Server) -> Api {
    Api::with_authorization(&server.ready.url, None)
}

fn read(api: &Api) -> BTreeMap<String, f64> {
    let answer = api.get("/metrics");
    let kind = answer.headers["content-type"].to_str().unwrap();
    assert!(kind.starts_with("application/openmetrics-text; version=1.0.0"), "{kind}");
    series(&answer.expect_text(200))
}

#[test]
fn prometheus_sees_requests_jobs_pool_and_queue() {
    let server = Server::start();
    let owner = server.owner();
    let document = owner.api.process("a.pdf", &numbered("narwhal", 3));
    let id = document["id"].as_str().unwrap();
    owner.api.get(&format!("/v1/documents/{id}")).expect(200);
    owner.api.get("/v1/documents/00000000-0000-7000-8000-000000000000").refused(404, "not_found");
    owner.api.get("/no/such/route").refused(404, "no_such_route");

    let api = nobody(&server);
    let of_route = |method: &str, route: &str, status: u16| {
        format!("colophon_http_requests_total{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}}")
    };
    let seen = read(&api);
    assert!(seen[&of_route("GET", "/v1/documents/{id}", 200)] >= 1.0, "{seen:?}");
    assert_eq!(seen[&of_route("GET", "/v1/documents/{id}", 404)], 1.0);
    assert_eq!(seen[&of_route("GET", "unmatched", 404)], 1.0);
    assert!(seen["colophon_upload_bytes_total"] > 500.0, "{seen:?}");
    assert!(seen["colophon_database_connections_max"] > 1.0);
    assert!(seen["colophon_database_wait_seconds_count"] > 1.0);
    assert_eq!(seen["colophon_queue_known"], 1.0);
    assert!(seen["colophon_worker_slots"] >= 1.0);
    assert_eq!(seen["colophon_jobs_claimed_total{strategy=\"text-layer\"}"], 1.0);
    let ended = "colophon_job_attempts_total{strategy=\"text-layer\",outcome=\"completed\",error_class=\"\"}";
    wait::until("the attempt is counted", || read(&api).get(ended) == Some(&1.0));
    assert_eq!(read(&api)["colophon_job_attempt_duration_seconds_count{strategy=\"text-layer\"}"], 1.0);
    let text = api.get("/metrics").expect_text(200);
    assert!(!text.contains(id) && !text.contains("a.pdf"), "nothing of anybody's: {text}");

    // What waits is told by queue and state.
    let waiting = "insert into job_queue (job_id, document_id, queue, strategy)
                   select gen_random_uuid(), gen_random_uuid(), 'nobody', 'x' from generate_series(1, 7)";
    crate::server::change(&server.ready.database_url, waiting);
    let depth = "colophon_queue_jobs{queue=\"nobody\",state=\"queued\"}";
    wait::until("the queue is looked at again", || read(&api).get(depth) == Some(&7.0));
    assert!(read(&api)["colophon_queue_oldest_seconds{queue=\"nobody\"}"] >= 0.0);
}

#[test]
fn metrics_are_the_operators() {
    let server = Server::shared();
    let api = nobody(&server);
    read(&api);
    let other_host = api.get_with("/metrics", &[("x-forwarded-for", "192.0.2.1")]);
    other_host.refused(401, "token_missing");
    api.get_with("/metrics", &[("host", "rebound.example.org")]).refused(401, "token_missing");
    let forwarded = [("x-forwarded-for", "192.0.2.1")];
    server.person().api.get_with("/metrics", &forwarded).refused(403, "forbidden");
    let platform = server.sign(&json!({ "role": "service_role", "exp": 4_000_000_000_u64 }));
    let answer = server.with_token(&platform).get_with("/metrics", &forwarded);
    series(&answer.expect_text(200));
}

#[test]
fn a_token_closes_them_and_an_address_of_their_own_opens_them() {
    const TOKEN: &str = "a token of sixteen characters";
    let folder = Folder::new()
        .with_environment("COLOPHON_METRICS_TOKEN", TOKEN)
        .with_environment("COLOPHON_METRICS_LISTEN", "127.0.0.1:0");
    let server = Server::start_on(folder, &[]);
    nobody(&server).get("/metrics").refused(401, "token_missing");
    server.owner().api.get("/metrics").refused(403, "forbidden");
    server.with_token("another token of sixteen").get("/metrics").refused(401, "token_malformed");
    read(&server.with_token(TOKEN));
    server.with_token(TOKEN).get("/v1/documents").refused(401, "token_malformed");

    let log = server.log();
    assert!(!log.contains(TOKEN), "{log}");
    let (_, address) = log.split_once("metrics are at /metrics address=").unwrap();
    let address = address.split_whitespace().next().unwrap();
    let alone = Api::with_authorization(&format!("http://{address}"), None);
    read(&alone);
    alone.get("/v1/documents").refused(404, "no_such_route");
}
