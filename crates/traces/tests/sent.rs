//! What a collector gets: a real HTTP server that reads the protobuf.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use colophon_traces::{Config, Headers, continues, follows, span, start, traceparent};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tracing_subscriber::layer::SubscriberExt as _;

const CALLER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const ENQUEUED: &str = "00-1af7651916cd43dd8448eb211c80319d-c7ad6b7169203332-01";
const NOT_SENT: &str = "00-2af7651916cd43dd8448eb211c80319e-d7ad6b7169203333-00";

/// A collector at an address; each batch that comes is given with the head of its request.
fn collector() -> (String, Receiver<(String, ExportTraceServiceRequest)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if line.trim().is_empty() {
                    break;
                }
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                head.push_str(&line);
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let batch = ExportTraceServiceRequest::decode(&body[..]).unwrap();
            reader
                .get_mut()
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                .unwrap();
            if sender.send((head, batch)).is_err() {
                return;
            }
        }
    });
    (endpoint, receiver)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[test]
fn a_collector_gets_our_spans_in_their_callers_trace_and_nothing_of_the_log() {
    let (endpoint, batches) = collector();
    let headers = Headers::parse("api-key=s3cret").unwrap();
    let config = Config { endpoint, headers, service_name: "library".into(), sample: 0.0 };
    let (layer, traces) = start(config).unwrap();
    let kept = tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let request = span!("request", otel.name = "GET /v1/jobs", otel.kind = "server", status = 200);
        continues(&request, Some(CALLER));
        let kept = request.in_scope(|| {
            tracing::error!(password = "hunter2", "a line of the log");
            span!("statement", otel.name = "jobs/list", otel.kind = "client").in_scope(traceparent)
        });
        let attempt = span!("attempt", otel.name = "job ocr");
        continues(&attempt, Some(CALLER));
        follows(&attempt, Some(ENQUEUED));
        drop((request, attempt));
        // Neither those whose caller does not send them, nor those that begin here: the sample is 0.
        let request = span!("request", otel.name = "not sent");
        continues(&request, Some(NOT_SENT));
        assert_eq!(request.in_scope(traceparent), None);
        for nonsense in ["", "00-0-0-01", "x", "00-00000000000000000000000000000000-0000000000000000-01"] {
            let request = span!("request", otel.name = "not sent either");
            continues(&request, Some(nonsense));
        }
        kept
    });
    traces.close();

    let (head, batch) = batches.recv_timeout(Duration::from_secs(10)).unwrap();
    assert!(head.starts_with("POST /v1/traces HTTP/1.1"), "{head}");
    assert!(head.contains("api-key: s3cret") && head.contains("application/x-protobuf"), "{head}");
    let of_service = &batch.resource_spans[0];
    assert!(format!("{:?}", of_service.resource).contains("library"), "{of_service:?}");
    let spans: &[Span] = &of_service.scope_spans[0].spans;
    let named = |name: &str| spans.iter().find(|span| span.name == name).unwrap();
    let (request, statement, attempt) = (named("GET /v1/jobs"), named("jobs/list"), named("job ocr"));
    assert_eq!(spans.len(), 3, "{spans:?}");
    assert_eq!(hex(&request.trace_id), CALLER[3..35]);
    assert_eq!(hex(&request.parent_span_id), CALLER[36..52]);
    assert_eq!((request.kind, statement.kind), (2, 3), "of a server, of a client");
    assert_eq!((&statement.trace_id, &statement.parent_span_id), (&request.trace_id, &request.span_id));
    let expected = format!("00-{}-{}-01", hex(&statement.trace_id), hex(&statement.span_id));
    assert_eq!(kept.as_deref(), Some(expected.as_str()), "what is kept for those who follow");
    assert_eq!(hex(&attempt.links[0].trace_id), ENQUEUED[3..35]);
    let all = format!("{batch:?}");
    assert!(!all.contains("hunter2") && !all.contains("a line of the log"), "{all}");
}

#[test]
fn nobody_pays_for_spans_that_nobody_wants() {
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).with_writer(std::io::sink);
    tracing::subscriber::with_default(subscriber.finish(), || {
        let request = span!("request", otel.name = "GET /v1/jobs");
        assert!(request.is_disabled());
        assert_eq!(request.in_scope(traceparent), None);
    });
}

#[test]
fn a_collector_that_is_not_there_stops_nothing() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = Config {
        endpoint: format!("http://{gone}"),
        headers: Headers::default(),
        service_name: "colophon".into(),
        sample: 1.0,
    };
    let (layer, traces) = start(config).unwrap();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        drop(span!("request", otel.name = "GET /v1/jobs"));
    });
    traces.close();
}
