//! Whatever happens in whatever order: what was acknowledged stays, and what is finished is whole.

use std::collections::HashSet;

use colophon_testkit::Bucket;
use serde_json::json;

use crate::api::{Answer, Api, sha256};
use crate::crashes::{chance, kill_something, rounds};
use crate::folder::Folder;
use crate::pdf::Pdf;
use crate::raw::Raw;
use crate::server::Server;
use crate::tus::{OCTETS, checksum};
use crate::wait;

/// Things that happen between two kills.
const STEPS: usize = 40;

/// What is known of an upload from outside.
struct Upload {
    path: String,
    file: Vec<u8>,
    /// Bytes that the server has said are safe.
    acknowledged: usize,
    /// Bytes that may have reached it.
    sent: usize,
    /// The document that came of it.
    document: Option<String>,
}

struct World<'b> {
    bucket: Option<&'b Bucket>,
    server: Server,
    token: String,
    person: uuid::Uuid,
    chance: fastrand::Rng,
    open: Vec<Upload>,
    finished: Vec<Upload>,
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_is_left_behind() {
    model(Server::start(), None);
}

#[test]
fn nor_is_it_in_a_bucket() {
    let bucket = Bucket::start();
    model(Server::start_on(Folder::new().with_bucket(&bucket), &[]), Some(&bucket));
}

fn model(server: Server, bucket: Option<&Bucket>) {
    let person = server.person().id;
    let token = server.token(person);
    let mut world =
        World { bucket, server, token, person, chance: chance(), open: Vec::new(), finished: Vec::new() };
    for round in 0..rounds() {
        for _ in 0..STEPS {
            world.step();
        }
        let killed = world.kill();
        println!(
            "round {round}: killed {killed}; {} open, {} finished",
            world.open.len(),
            world.finished.len()
        );
    }
    world.finish_all();
    world.check();
}

impl World<'_> {
    fn api(&self) -> Api {
        Api::new(&self.server.ready.url, &self.token)
    }

    fn step(&mut self) {
        if self.open.len() < 3 {
            return self.create();
        }
        let mut upload = self.open.swap_remove(self.chance.usize(..self.open.len()));
        match self.chance.u8(..10) {
            0..4 => self.append(&mut upload),
            4 => self.append_wrongly(&upload),
            5 | 6 => drop(self.begin(&mut upload)),
            7 => self.look(&mut upload),
            8 => {
                // A newer request for the same bytes, while an older one goes on.
                let older = self.begin(&mut upload);
                self.append(&mut upload);
                drop(older);
            }
            _ => return self.terminate(&upload),
        }
        self.keep(upload);
    }

    fn keep(&mut self, upload: Upload) {
        if upload.document.is_some() { self.finished.push(upload) } else { self.open.push(upload) }
    }

    fn create(&mut self) {
        // Some are of more than one part, where objects have parts.
        let most = if self.chance.u8(..8) == 0 { 14_000_000 } else { 400_000 };
        let mut noise = vec![0; self.chance.usize(1..most)];
        self.chance.fill(&mut noise);
        let mut pdf = Pdf::new().line("an upload of the model");
        pdf.stream("", &noise);
        let file = pdf.bytes();
        let path = wait::some("an upload begins", || {
            let answer = self
                .api()
                .send(
                    "POST",
                    "/v1/uploads",
                    &[("tus-resumable", "1.0.0"), ("upload-length", &file.len().to_string())],
                    None,
                )
                .ok()?;
            (answer.status == 201).then(|| answer.header("location").to_owned())
        });
        self.open.push(Upload { path, file, acknowledged: 0, sent: 0, document: None });
    }

    /// Sends some of the bytes that come next, sometimes with their checksum.
    fn append(&mut self, upload: &mut Upload) {
        self.look(upload);
        if upload.document.is_some() {
            return;
        }
        let from = upload.acknowledged;
        let to = from + self.chance.usize(1..=upload.file.len() - from);
        let bytes = &upload.file[from..to];
        upload.sent = upload.sent.max(to);
        let (offset, sum) = (from.to_string(), checksum(bytes));
        let mut headers = vec![("tus-resumable", "1.0.0"), OCTETS, ("upload-offset", &offset)];
        if self.chance.bool() {
            headers.push(("upload-checksum", &sum));
        }
        if let Ok(answer) = self.api().send("PATCH", &upload.path, &headers, Some(bytes))
            && answer.status == 204
        {
            assert_eq!(answer.header("upload-offset"), to.to_string());
            learn(upload, &answer);
        }
    }

    /// What must not count: another place, another checksum, too much.
    fn append_wrongly(&mut self, upload: &Upload) {
        let elsewhere = (upload.acknowledged + 1).to_string();
        let right = upload.acknowledged.to_string();
        let sum = checksum(b"what was meant");
        let wrong = vec![b'!'; 1_000];
        let (headers, bytes): (Vec<_>, &[u8]) = match self.chance.u8(..3) {
            // Where more was sent than was acknowledged, the server may have just that much.
            0 if upload.acknowledged + 1 < upload.file.len() && upload.sent <= upload.acknowledged => {
                (vec![("upload-offset", &*elsewhere)], b"!")
            }
            1 => (vec![("upload-offset", &*right)], &upload.file),
            _ => (vec![("upload-offset", &*right), ("upload-checksum", &*sum)], &wrong),
        };
        if bytes.len() == upload.file.len() && upload.acknowledged == 0 {
            return;
        }
        let headers = [&[("tus-resumable", "1.0.0"), OCTETS], headers.as_slice()].concat();
        if let Ok(answer) = self.api().send("PATCH", &upload.path, &headers, Some(bytes)) {
            assert!([409, 413, 415, 423, 460, 503].contains(&answer.status), "{answer:?}");
        }
    }

    /// Begins to send all that is missing, and does not come to the end of it.
    fn begin(&mut self, upload: &mut Upload) -> Raw {
        let missing = &upload.file[upload.acknowledged..];
        let cut = self.chance.usize(..missing.len());
        upload.sent = upload.sent.max(upload.acknowledged + cut);
        let (length, offset) =
            (format!("Content-Length: {}", missing.len()), format!("Upload-Offset: {}", upload.acknowledged));
        let headers =
            ["Tus-Resumable: 1.0.0", "Content-Type: application/offset+octet-stream", &offset, &length];
        let mut raw = Raw::begin(&self.server, "PATCH", &self.token, &upload.path, &headers);
        raw.try_send(&missing[..cut]);
        raw
    }

    fn look(&self, upload: &mut Upload) {
        let answer = wait::some("the upload can be looked at", || {
            let answer = self.api().send("HEAD", &upload.path, &[("tus-resumable", "1.0.0")], None).ok()?;
            (answer.status == 200).then_some(answer)
        });
        learn(upload, &answer);
    }

    fn terminate(&mut self, upload: &Upload) {
        wait::until("the upload is ended", || {
            let answer = self.api().send("DELETE", &upload.path, &[("tus-resumable", "1.0.0")], None);
            answer.is_ok_and(|answer| [204, 404].contains(&answer.status))
        });
    }

    /// Kills something in the middle of several requests.
    fn kill(&mut self) -> &'static str {
        let mut open = std::mem::take(&mut self.open);
        let begun: Vec<_> = open.iter_mut().map(|upload| self.begin(upload)).collect();
        self.open = open;
        let killed = kill_something(&mut self.server, &mut self.chance);
        drop(begun);
        killed
    }

    fn finish_all(&mut self) {
        for mut upload in std::mem::take(&mut self.open) {
            wait::until("the upload goes through", || {
                self.append(&mut upload);
                upload.document.is_some()
            });
            self.finished.push(upload);
        }
    }

    fn check(&self) {
        let api = self.api();
        let documents: HashSet<_> =
            self.finished.iter().map(|upload| upload.document.as_deref().unwrap()).collect();
        assert_eq!(documents.len(), self.finished.len(), "each upload is a document of its own");
        assert_eq!(api.list("/v1/documents", 100).len(), documents.len(), "and nothing else is");
        for upload in &self.finished {
            let path = upload.document.as_deref().unwrap();
            assert_eq!(api.read(path)["sha256"], json!(sha256(&upload.file)));
            assert_eq!(sha256(&api.get(&format!("{path}/content")).body), sha256(&upload.file), "{path}");
        }
        let objects = match self.bucket {
            Some(bucket) => bucket.objects(),
            None => self.server.belongings(self.person).1,
        };
        assert_eq!(objects.len(), documents.len(), "an object for each document: {objects:?}");
        let announced = format!(
            "select count(*) from colophon.objects where state = 'intended' and owner = '{}'",
            self.person
        );
        assert_eq!(self.server.ask(&announced), "0");
        let open = "select count(*) from colophon.uploads where resumption is not null";
        assert_eq!(self.server.ask(open), "0");
    }
}

fn learn(upload: &mut Upload, answer: &Answer) {
    let offset: usize = answer.header("upload-offset").parse().unwrap();
    assert!(offset >= upload.acknowledged, "{} bytes were safe, and now {offset}", upload.acknowledged);
    assert!(offset <= upload.sent, "{offset} bytes are safe of {} that were sent", upload.sent);
    upload.acknowledged = offset;
    if offset == upload.file.len() {
        upload.document = Some(answer.header("content-location").to_owned());
    }
}
