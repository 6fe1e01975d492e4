//! What a collector gets of a server that is told to send traces.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use serde_json::json;

use crate::folder::Folder;
use crate::pdf::numbered;
use crate::server::Server;
use crate::wait;

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

#[test]
fn a_trace_leads_from_the_request_to_the_job_it_asked_for() {
    let (endpoint, got) = collector();
    let folder = Folder::new()
        .with_environment("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)
        .with_environment("OTEL_BSP_SCHEDULE_DELAY", "100");
    let mut server = Server::start_on(folder, &[]);
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
    let spans: Vec<&Span> = got
        .iter()
        .flat_map(|batch| &batch.resource_spans)
        .flat_map(|resource| &resource.scope_spans)
        .flat_map(|scope| &scope.spans)
        .collect();
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
    assert!(spans.iter().any(|span| span.parent_span_id == job.span_id), "what the job did is within it");
    let all = format!("{got:?}");
    for secret in [owner.api.token(), "secret-name", "narwhal", "authorization"] {
        assert!(!all.contains(secret), "{secret} was sent");
    }
    for name in spans.iter().map(|span| &span.name) {
        assert!(!name.contains(id), "{name}");
    }
}
