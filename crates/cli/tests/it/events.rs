//! What happens to jobs, as programs and people are told of it.

use std::io::{BufRead as _, BufReader, Read};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use ureq::Agent;

use crate::api::{Api, id};
use crate::pdf::many_pages;
use crate::server::{Server, claims};
use crate::wait;

/// A stream of events, read as a browser reads it.
struct Sse {
    status: u16,
    lines: std::io::Lines<BufReader<Box<dyn Read + Send + Sync>>>,
}

#[derive(Debug, Clone, Default)]
struct Told {
    id: Option<String>,
    event: String,
    data: Value,
}

impl Sse {
    fn open(server: &Server, token: &str, path: &str, last: Option<&str>) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_recv_body(Some(Duration::from_mins(2)))
            .build();
        let url = format!("{}{path}", server.ready.url);
        let mut request = Agent::from(config).get(url).header("authorization", format!("Bearer {token}"));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.call().unwrap();
        let status = response.status().as_u16();
        let reader: Box<dyn Read + Send + Sync> = Box::new(response.into_body().into_reader());
        Self { status, lines: BufReader::new(reader).lines() }
    }
}

impl Iterator for Sse {
    type Item = Told;

    /// The next event that has data, or a place; `None` at the end.
    fn next(&mut self) -> Option<Told> {
        let mut told = Told::default();
        for line in self.lines.by_ref() {
            let line = line.ok()?;
            match line.split_once(": ").unwrap_or((&line, "")) {
                ("", "") if told.id.is_some() || !told.event.is_empty() => return Some(told),
                ("id", id) => told.id = Some(id.to_owned()),
                ("event", event) => event.clone_into(&mut told.event),
                ("data", data) => told.data = serde_json::from_str(data).unwrap(),
                _ => {}
            }
        }
        None
    }
}

fn job_of(api: &Api, document: &Value) -> String {
    let jobs = api.list(&format!("/v1/jobs?document_id={}", id(document)), 10);
    id(&jobs[0]).to_owned()
}

#[test]
fn a_job_is_watched_to_its_end_and_the_stream_goes_on_where_it_broke_off() {
    let server = Server::shared();
    let person = server.person();
    let token = server.token(person.id);
    let document = person.api.upload("filename=long.pdf&process=true", &many_pages(2_000)).expect(201);
    let job = job_of(&person.api, &document);
    let path = format!("/v1/jobs/{job}/events");
    let told: Vec<Told> = Sse::open(&server, &token, &path, None).collect();
    let states: Vec<&Told> = told.iter().filter(|told| told.event == "state").collect();
    let name = |told: &&Told| told.data["status"].as_str().unwrap().to_owned();
    assert_eq!(states.iter().map(name).collect::<Vec<_>>(), ["queued", "running", "completed"]);
    let last = told.last().unwrap();
    assert_eq!((&last.event[..], &last.data["progress"]), ("progress", &json!(100.0)));
    assert_eq!(last.data["completed_pages"], 2_000);
    let history = person.api.read(&format!("/v1/jobs/{job}/history"));
    let ids: Vec<&Value> = history["items"].as_array().unwrap().iter().map(|entry| &entry["id"]).collect();
    assert_eq!(
        states.iter().map(|told| &told.data["id"]).collect::<Vec<_>>(),
        ids,
        "each line once, in order"
    );

    for (seen, told) in states.iter().enumerate() {
        let rest = Sse::open(&server, &token, &path, told.id.as_deref());
        if seen + 1 == states.len() {
            assert_eq!(rest.status, 204, "browsers ask no more");
            continue;
        }
        let rest: Vec<Value> = rest.filter(|told| told.event == "state").map(|told| told.data).collect();
        assert_eq!(rest, states[seen + 1..].iter().map(|told| told.data.clone()).collect::<Vec<_>>());
    }
    person.api.get_with(&path, &[("last-event-id", "yesterday")]).refused(400, "invalid_last_event_id");
    person.api.get("/v1/events?status=happy").refused(400, "invalid_query");
}

#[test]
fn everybody_is_told_of_their_own_jobs_and_may_choose_among_them() {
    let server = Server::shared();
    let (person, other) = (server.person(), server.person());
    let token = server.token(person.id);
    let mut all = Sse::open(&server, &token, "/v1/events", None);
    let begun = all.next().unwrap();
    let mut ends = Sse::open(&server, &token, "/v1/events?status=completed", None);
    ends.next().unwrap();
    other.api.process("theirs.pdf", &many_pages(2));
    let document = person.api.process("mine.pdf", &many_pages(2));
    let job = job_of(&person.api, &document);
    let mut states = all.by_ref().filter(|told| told.event == "state");
    for status in ["queued", "running", "completed"] {
        let state = states.next().unwrap().data;
        assert_eq!((&state["job_id"], &state["status"]), (&json!(job), &json!(status)));
    }
    let end = ends.find(|told| told.event == "state").unwrap();
    assert_eq!((&end.data["job_id"], &end.data["status"]), (&json!(job), &json!("completed")));
    // Whoever was away is told afterwards.
    let again = Sse::open(&server, &token, "/v1/events", begun.id.as_deref());
    let again: Vec<Value> =
        again.filter(|told| told.event == "state").take(3).map(|told| told.data["status"].clone()).collect();
    assert_eq!(again, ["queued", "running", "completed"]);
}

#[test]
fn a_stream_ends_with_its_token_and_with_the_server() {
    let mut server = Server::start();
    let person = server.person();
    let mut soon = claims(person.id);
    // Clocks may differ by a minute: so long it is let in.
    soon["exp"] = json!(jiff::Timestamp::now().as_second() - 57);
    let begun = Instant::now();
    let mut expiring = Sse::open(&server, &server.sign(&soon), "/v1/events", None);
    while expiring.next().is_some() {}
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    let mut lasting = Sse::open(&server, &server.token(person.id), "/v1/events", None);
    assert!(lasting.next().is_some());
    let begun = Instant::now();
    assert_eq!(server.stop().code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(9), "nobody waited for it: {:?}", begun.elapsed());
    assert!(lasting.next().is_none());
}

#[test]
fn a_job_is_watched_from_the_command_line() {
    let server = Server::shared();
    let owner = server.owner();
    let document = owner.api.upload("filename=watched.pdf&process=true", &many_pages(500)).expect(201);
    let job = job_of(&owner.api, &document);
    let lines = server.folder.done(&["jobs", "watch", &job, "--json"]);
    let told: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(told.iter().all(|told| told["job_id"] == json!(job)), "{lines}");
    let last = told.iter().rfind(|told| told["event"] == "state").unwrap();
    assert_eq!(last["status"], "completed");
    let words = server.folder.done(&["jobs", "watch", &job]);
    assert!(words.contains("enqueued") && words.contains("500 of 500 pages"), "{words}");
    wait::until("nothing listens any more for it", || {
        server.ask("select count(*) from pg_stat_activity where application_name = 'colophon jobs watch'")
            == "0"
    });
}
