//! What a collector gets of a server that is told to send traces.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use colophon_testkit::skip;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use serde_json::json;

use crate::folder::Folder;
use crate::pdf::numbered;
use crate::server::Server;
use crate::wait;
use crate::worker_example::is_installed;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// What it was sent so far.
type Got = Arc<Mutex<Vec<ExportTraceServiceRequest>>>;

fn collector() -> (String, Got) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (endpoint, got) = (format!("http://{}", listener.local_addr().unwrap()), Got::default());
    let keeps = Arc::clone(&got);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let batch = receive(stream.unwrap());
            keeps.lock().unwrap_or_else(PoisonError::into_inner).push(batch);
        }
    });
    (endpoint, got)
}

fn receive(stream: TcpStream) -> ExportTraceServiceRequest {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    reader.get_mut().write_all(answer).unwrap();
    ExportTraceServiceRequest::decode(&body[..]).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// A server that sends every span within a tenth of a second.
fn traced(endpoint: &str) -> Server {
    let folder = Folder::new()
        .with_environment("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        .with_environment("OTEL_BSP_SCHEDULE_DELAY", "100");
    Server::start_on(folder, &[])
}

fn spans(got: &[ExportTraceServiceRequest]) -> Vec<&Span> {
    got.iter()
        .flat_map(|batch| &batch.resource_spans)
        .flat_map(|resource| &resource.scope_spans)
        .flat_map(|scope| &scope.spans)
        .collect()
}

/// What took place directly within a span, by name.
fn within<'a>(spans: &[&'a Span], span: &Span, name: &str) -> Vec<&'a Span> {
    spans.iter().filter(|inner| inner.parent_span_id == span.span_id && inner.name == name).copied().collect()
}

fn number(span: &Span, attribute: &str) -> Option<i64> {
    let found = span.attributes.iter().find(|found| found.key == attribute)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::IntValue(number) => Some(*number),
        _ => None,
    }
}

#[test]
fn a_trace_leads_from_the_request_to_the_job_it_asked_for() {
    let (endpoint, got) = collector();
    let mut server = traced(&endpoint);
    let owner = server.owner();
    let document = owner.api.process("secret-name.pdf", &numbered("narwhal", 2));
    let id = document["id"].as_str().unwrap();
    let caller = format!("00-{TRACE}-b7ad6b7169203331-01");
    let headers = [("traceparent", caller.as_str()), ("content-type", "application/json")];
    let asked = json!({ "strategy": "text-layer" }).to_string();
    let path = format!("/v1/documents/{id}/jobs");
    owner.api.send("POST", &path, &headers, Some(asked.as_bytes())).unwrap().expect(202);
    wait::until("both jobs are done", || {
        let jobs = owner.api.list("/v1/jobs", 10);
        jobs.len() == 2 && jobs.iter().all(|job| job["status"] == "completed")
    });
    assert!(server.stop().success());

    let got = got.lock().unwrap_or_else(PoisonError::into_inner);
    let spans = spans(&got);
    let of_caller = |name: &str| {
        spans.iter().find(|span| span.name == name && hex(&span.trace_id) == TRACE).unwrap_or_else(|| {
            panic!("no {name} in {:?}", spans.iter().map(|span| &span.name).collect::<Vec<_>>())
        })
    };
    let request = of_caller("POST /v1/documents/{id}/jobs");
    assert_eq!(hex(&request.parent_span_id), "b7ad6b7169203331");
    let statement = of_caller("jobs/insert");
    assert_eq!(statement.parent_span_id, request.span_id);
    let job = spans.iter().find(|span| {
        span.name == "job text-layer" && span.links.iter().any(|link| link.span_id == request.span_id)
    });
    let job = job.expect("the job's span leads back to the request");
    let [read] = within(&spans, job, "read")[..] else { panic!("its pages are read once") };
    assert!(!within(&spans, job, "fetch").is_empty(), "what the job did is within it");
    let store = within(&spans, job, "store").into_iter().chain(within(&spans, read, "store")).next();
    let store = store.expect("its zones are stored");
    assert!(
        !within(&spans, store, "jobs/record_pages").is_empty(),
        "statements are in the stage they are of"
    );
    let all = format!("{got:?}");
    for secret in [owner.api.token(), "secret-name", "narwhal", "authorization"] {
        assert!(!all.contains(secret), "{secret} was sent");
    }
    for name in spans.iter().map(|span| &span.name) {
        assert!(!name.contains(id), "{name}");
    }
}

#[test]
fn each_page_of_ocr_tells_how_long_it_was_drawn_and_recognised() {
    if !is_installed("tesseract") {
        skip!("tesseract is not installed");
    }
    let (endpoint, got) = collector();
    let mut server = traced(&endpoint);
    let owner = server.owner();
    let document =
        owner.api.upload("filename=a.pdf&process=true&strategy=ocr", &numbered("narwhal", 2)).expect(201);
    let path = format!("/v1/documents/{}", document["id"].as_str().unwrap());
    wait::until("it is read", || owner.api.read(&path)["status"] == "processed");
    assert!(server.stop().success());

    let got = got.lock().unwrap_or_else(PoisonError::into_inner);
    let spans = spans(&got);
    let job = spans.iter().find(|span| span.name == "job ocr").expect("an attempt");
    let pages = |name: &str| -> Vec<i64> {
        let found = within(&spans, job, name);
        found.into_iter().filter_map(|span| number(span, "colophon.page.number")).collect()
    };
    assert_eq!((pages("render"), pages("recognise")), (vec![1, 2], vec![1, 2]));
    let drawn = within(&spans, job, "render")[0];
    assert!(number(drawn, "colophon.stage.duration_ms").is_some_and(|time| time > 0), "{drawn:?}");
    let recognised = within(&spans, job, "recognise")[0];
    assert!(recognised.end_time_unix_nano > recognised.start_time_unix_nano);
    assert!(!within(&spans, job, "fetch").is_empty() && !within(&spans, job, "store").is_empty());
}
