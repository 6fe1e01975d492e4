//! The API as a client meets it. Every refusal is checked for its form, wherever it comes up.

use std::time::Duration;

use serde_json::Value;
use ureq::Agent;
use ureq::http::{HeaderMap, Request};

use crate::wait;

/// A client with a token.
#[derive(Clone)]
pub struct Api {
    agent: Agent,
    base: String,
    authorization: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Api {
    pub fn new(base: &str, token: &str) -> Self {
        Self::with_authorization(base, Some(format!("Bearer {token}")))
    }

    pub fn with_authorization(base: &str, authorization: Option<String>) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .allow_non_standard_methods(true)
            .timeout_global(Some(Duration::from_mins(2)))
            .build();
        Self { agent: config.into(), base: base.to_owned(), authorization }
    }

    /// The token it sends.
    pub fn token(&self) -> &str {
        self.authorization.as_deref().and_then(|sent| sent.strip_prefix("Bearer ")).unwrap_or_default()
    }

    /// Sends a request. `Err`: there was no answer.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Answer, ureq::Error> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = match body {
            Some(body) => self.agent.run(request.body(body)?)?,
            None => self.agent.run(request.body(())?)?,
        };
        let (head, body) = response.into_parts();
        let body = { body }.with_config().limit(1 << 30).read_to_vec()?;
        let answer = Answer { status: head.status.as_u16(), headers: head.headers, body };
        // An answer to HEAD has no body, whatever its status.
        if method != "HEAD" {
            answer.check(&format!("{method} {path}"));
        }
        Ok(answer)
    }

    /// Posts until there is an answer: a server that refuses before it has read all may cut the sender off.
    pub fn insist(&self, path: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Answer {
        wait::some("there is an answer", || self.send("POST", path, headers, body).ok())
    }

    pub fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[])
    }

    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", path, headers, None).unwrap()
    }

    /// What stands at a path that has to be there.
    pub fn read(&self, path: &str) -> Value {
        self.get(path).expect(200)
    }

    pub fn post_json(&self, path: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/json")];
        self.send("POST", path, &headers, Some(body.to_string().as_bytes())).unwrap()
    }

    /// Sends the file as the body.
    pub fn upload(&self, query: &str, file: &[u8]) -> Answer {
        self.upload_with(query, &[], file)
    }

    pub fn upload_with(&self, query: &str, headers: &[(&str, &str)], file: &[u8]) -> Answer {
        let headers = [&[("content-type", "application/pdf")], headers].concat();
        self.send("POST", &format!("/v1/documents?{query}"), &headers, Some(file)).unwrap()
    }

    pub fn upload_form(&self, query: &str, form: &Form) -> Answer {
        let headers = [("content-type", Form::CONTENT_TYPE)];
        self.send("POST", &format!("/v1/documents?{query}"), &headers, Some(&form.bytes())).unwrap()
    }

    /// Uploads a file, lets it be processed and waits for the end. Gives the document.
    pub fn process(&self, name: &str, file: &[u8]) -> Value {
        let document = self.upload(&format!("filename={name}&process=true"), file).expect(201);
        self.wait_for(id(&document))
    }

    /// The document, once nothing more happens to it.
    pub fn wait_for(&self, document: &str) -> Value {
        wait::some("the document is processed", || {
            let document = self.read(&format!("/v1/documents/{document}"));
            let status = document["status"].as_str().unwrap();
            (!matches!(status, "queued" | "processing")).then(|| document.clone())
        })
    }

    /// Every row of a list, read in parts of `limit`.
    pub fn list(&self, path: &str, limit: usize) -> Vec<Value> {
        let with = if path.contains('?') { '&' } else { '?' };
        let (mut rows, mut cursor) = (Vec::new(), String::new());
        loop {
            let part = self.read(&format!("{path}{with}limit={limit}{cursor}"));
            let items = part["items"].as_array().unwrap();
            assert!(items.len() <= limit, "{path} gives {} rows instead of {limit}", items.len());
            rows.extend(items.iter().cloned());
            match part["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return rows,
            }
        }
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).unwrap_or_else(|| panic!("no {name} in {:?}", self.headers));
        value.to_str().unwrap()
    }

    /// The body of an answer that has to have this status.
    pub fn expect_text(&self, status: u16) -> String {
        let text = String::from_utf8_lossy(&self.body).into_owned();
        assert_eq!(self.status, status, "{text}");
        text
    }

    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self.json()
    }

    /// A refusal of this status and code. Gives its words for people.
    pub fn refused(&self, status: u16, code: &str) -> String {
        let body = self.expect(status);
        assert_eq!(body["code"], code, "{body}");
        body["detail"].as_str().unwrap().to_owned()
    }

    /// No answer is ever an error of the program, and every refusal is a problem that a program can read.
    fn check(&self, what: &str) {
        if self.status < 400 {
            return;
        }
        let body = String::from_utf8_lossy(&self.body);
        assert_ne!(self.status, 500, "{what}: {body}");
        assert_eq!(self.header("content-type"), "application/problem+json", "{what}: {} {body}", self.status);
        let problem = self.json();
        assert_eq!(problem["status"], self.status, "{what}: {problem}");
        for field in ["type", "title", "detail", "code"] {
            assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{what}: {problem}");
        }
    }
}

/// A multipart form, part by part.
#[derive(Default)]
pub struct Form(Vec<u8>);

impl Form {
    pub const CONTENT_TYPE: &str = "multipart/form-data; boundary=a-boundary-of-ours";

    pub fn file(self, name: &str, bytes: &[u8]) -> Self {
        let name = name.replace('"', "%22").replace('\n', "%0A");
        self.part(&format!("name=\"file\"; filename=\"{name}\""), bytes)
    }

    pub fn metadata(self, json: &str) -> Self {
        self.part("name=\"metadata\"", json.as_bytes())
    }

    pub fn part(mut self, disposition: &str, bytes: &[u8]) -> Self {
        let head = format!("--a-boundary-of-ours\r\nContent-Disposition: form-data; {disposition}\r\n\r\n");
        self.0.extend_from_slice(head.as_bytes());
        self.0.extend_from_slice(bytes);
        self.0.extend_from_slice(b"\r\n");
        self
    }

    /// The form without its end.
    pub fn begun(&self) -> Vec<u8> {
        self.0.clone()
    }

    pub fn bytes(&self) -> Vec<u8> {
        [self.0.as_slice(), b"--a-boundary-of-ours--\r\n"].concat()
    }
}

/// The identifier of anything.
pub fn id(row: &Value) -> &str {
    row["id"].as_str().unwrap_or_else(|| panic!("{row} has no id"))
}

/// A value of a query, encoded.
pub fn encode(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat()
}

/// SHA-256 as the API writes it.
pub fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}
