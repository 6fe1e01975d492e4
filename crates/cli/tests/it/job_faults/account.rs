//! The account in the end: what the ledger says against what the database says.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Fault;
use super::ledger::{Ledger, Word};
use crate::api::{Api, id};
use crate::pdf::numbered;
use crate::server::Server;

/// A document, what reads it, and what was found in it while nothing went wrong.
pub struct Document {
    pub id: Uuid,
    pub strategy: &'static str,
    zones: Vec<Value>,
}

/// What a fault did, and to whom.
pub struct Account {
    pub person: Uuid,
    /// How long after each fault the next job was finished.
    pub recoveries: Vec<(Fault, Duration)>,
    /// What workers held that were killed, and when.
    pub held: Vec<(Uuid, Timestamp)>,
}

/// A job as the database has it.
struct Job {
    status: String,
    error_code: String,
    attempt: u64,
    max_attempts: u64,
    /// Times that it came to an end, as its history has it.
    ends: usize,
    /// Attempts of which nobody heard again.
    lost: usize,
    /// The lease under which it was completed.
    completed_by: Option<i64>,
    completed_at: Option<Timestamp>,
}

/// Small documents, made and real.
fn files() -> Vec<(String, Vec<u8>)> {
    let made =
        (1..=3).map(|number| (format!("made-{number}.pdf"), numbered(&format!("made {number}"), number * 4)));
    let mut files: Vec<_> = made.collect();
    if let Some(folder) = crate::corpus::folder("the fault harness on real documents", "pdf/docling") {
        let mut real = crate::corpus::pdfs(&folder);
        real.sort_unstable();
        let real = real
            .into_iter()
            .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap()));
        files.extend(real.filter(|(_, bytes)| bytes.len() < 300_000).take(6));
    }
    files
}

/// Reads every file once with every strategy, undisturbed.
pub fn documents(api: &Api) -> Vec<Document> {
    let mut documents = Vec::new();
    for strategy in ["text-layer", "ocr"] {
        for (name, file) in files() {
            let uploaded = api.upload(&format!("filename={}", crate::api::encode(&name)), &file).expect(201);
            let document = id(&uploaded);
            let asked =
                api.post_json(&format!("/v1/documents/{document}/jobs"), &json!({ "strategy": strategy }));
            if asked.status / 100 != 2 {
                println!("left out: {strategy} ({} {})", asked.status, asked.json()["detail"]);
                break;
            }
            let read = api.wait_for(document);
            if read["status"] != "processed" {
                println!("left out: {strategy} on {name} ({} {})", read["status"], read["status_detail"]);
                continue;
            }
            documents.push(Document { id: document.parse().unwrap(), strategy, zones: zones(api, document) });
        }
    }
    documents
}

/// What was found, without what each run gives anew.
fn zones(api: &Api, document: &str) -> Vec<Value> {
    let mut zones: Vec<Value> = api
        .list(&format!("/v1/documents/{document}/zones"), 500)
        .into_iter()
        .map(|zone| {
            json!([
                zone["page_number"],
                zone["zone_index"],
                zone["zone_type"],
                zone["coordinates"],
                zone["content"]
            ])
        })
        .collect();
    zones.sort_by_key(ToString::to_string);
    zones
}

impl Account {
    /// Compares, and says what it came to.
    pub fn check(&self, server: &Server, ledger: &Ledger, documents: &[Document]) {
        let (lines, jobs) = (ledger.read(), jobs(server));
        let of = |word: Word| lines.iter().filter(move |line| line.word == word);
        let (mut lost, mut twice) = (Vec::new(), Vec::new());
        for line in of(Word::Enqueued) {
            if !jobs.get(&line.job).is_some_and(Job::has_ended) {
                lost.push(line.job);
            }
        }
        twice.extend(jobs.iter().filter(|(_, job)| job.ends > 1).map(|(id, _)| *id));
        let mut finished = HashSet::new();
        twice.extend(of(Word::Finished).filter(|line| !finished.insert(line.job)).map(|line| line.job));

        let unanswered: HashSet<_> = of(Word::Unanswered).map(|line| (line.job, line.lease_seq)).collect();
        let by = |job: &Uuid| jobs.get(job).and_then(|job| job.completed_by);
        let accepted_of_another: Vec<_> =
            of(Word::Finished).filter(|line| by(&line.job) != Some(line.lease_seq)).collect();
        let stale: Vec<_> =
            of(Word::Refused).filter(|line| !unanswered.contains(&(line.job, line.lease_seq))).collect();
        let refused_of_itself: Vec<_> =
            stale.iter().filter(|line| by(&line.job) == Some(line.lease_seq)).collect();

        let quarantined: Vec<_> = jobs.values().filter(|job| job.error_code == "quarantined").collect();
        // Chance may take the database away from every attempt of a job that may have five.
        let exhausted: Vec<_> = jobs
            .values()
            .filter(|job| job.status == "failed" && job.error_code != "quarantined")
            .map(|job| (job.error_code.as_str(), job.attempt, job.max_attempts))
            .collect();
        println!(
            "{} faults: {:?}\n{} jobs, {} of them acknowledged: {} lost, {} ended twice, {} out of attempts {exhausted:?}, {} quarantined\n\
             {} finishes accepted, {} of them under another's lease; {} late ones refused, {} of them wrongly; {} unanswered",
            self.recoveries.len(),
            self.recoveries.iter().fold(BTreeMap::<Fault, usize>::new(), |mut kinds, (fault, _)| {
                *kinds.entry(*fault).or_default() += 1;
                kinds
            }),
            jobs.len(),
            of(Word::Enqueued).count(),
            lost.len(),
            twice.len(),
            exhausted.len(),
            quarantined.len(),
            of(Word::Finished).count(),
            accepted_of_another.len(),
            stale.len(),
            refused_of_itself.len(),
            of(Word::Unanswered).count(),
        );
        self.tell_recovery(&jobs);
        assert_eq!((lost, twice), (Vec::new(), Vec::new()), "what is lost, what ended twice");
        assert!(accepted_of_another.is_empty(), "{accepted_of_another:?}");
        assert!(refused_of_itself.is_empty(), "{refused_of_itself:?}");
        assert!(quarantined.iter().all(|job| job.lost >= 3), "nobody is quarantined before the third kill");
        assert!(exhausted.iter().all(|(_, attempt, most)| attempt >= most), "{exhausted:?}");
        self.check_documents(server, documents);
    }

    fn tell_recovery(&self, jobs: &HashMap<Uuid, Job>) {
        let mut kinds: BTreeMap<String, Vec<Duration>> = BTreeMap::new();
        for (fault, took) in &self.recoveries {
            kinds.entry(format!("{fault:?}")).or_default().push(*took);
            kinds.entry("any fault".to_owned()).or_default().push(*took);
        }
        for (fault, took) in kinds {
            tell(&format!("{fault} to the next finish"), took);
        }
        let until = |(job, at): &(Uuid, Timestamp)| {
            let ended = jobs.get(job)?.completed_at?;
            Duration::try_from(ended.duration_since(*at)).ok()
        };
        tell("a worker killed to the end of what it held", self.held.iter().filter_map(until).collect());
    }

    fn check_documents(&self, server: &Server, documents: &[Document]) {
        let api = server.with_token(&server.token(self.person));
        for document in documents {
            let now = api.read(&format!("/v1/documents/{}", document.id));
            // A file is quarantined where chance killed its readers three times; what was found before stays.
            assert!(matches!(now["status"].as_str(), Some("processed" | "failed")), "{now}");
            assert_eq!(
                zones(&api, &document.id.to_string()),
                document.zones,
                "{} by {}",
                document.id,
                document.strategy
            );
        }
        let fsck = server.folder.run(&["fsck"]);
        assert_eq!(fsck.code, Some(0), "{fsck:?}");
        println!("{} documents have the zones that they had; fsck finds nothing", documents.len());
    }
}

impl Job {
    fn has_ended(&self) -> bool {
        self.ends >= 1 && matches!(self.status.as_str(), "completed" | "partially_completed" | "failed")
    }
}

/// Every job there is.
fn jobs(server: &Server) -> HashMap<Uuid, Job> {
    const JOBS: &str = "
        select coalesce(json_agg(json_build_object(
          'id', j.id, 'status', j.status, 'error_code', coalesce(j.error_code, ''), 'attempt', j.attempt, 'max_attempts', j.max_attempts, 'completed_at', j.completed_at,
          'ends', (select count(*) from public.processing_history h
            where h.document_id = j.document_id and h.job_id = j.id
              and h.status in ('completed', 'partially_completed', 'failed', 'cancelled')),
          'lost', (select count(*) from public.processing_attempts a
            where a.document_id = j.document_id and a.job_id = j.id and a.outcome = 'lease_lost'),
          'completed_by', (select max(a.lease_seq) from public.processing_attempts a
            where a.document_id = j.document_id and a.job_id = j.id and a.outcome = 'completed'))), '[]')
        from public.processing_jobs j";
    let rows: Vec<Value> = serde_json::from_str(&server.ask(JOBS)).unwrap();
    rows.iter()
        .map(|row| {
            let count = |name: &str| usize::try_from(row[name].as_u64().unwrap()).unwrap();
            let text = |name: &str| row[name].as_str().unwrap().to_owned();
            let job = Job {
                status: text("status"),
                error_code: text("error_code"),
                attempt: row["attempt"].as_u64().unwrap(),
                max_attempts: row["max_attempts"].as_u64().unwrap(),
                ends: count("ends"),
                lost: count("lost"),
                completed_by: row["completed_by"].as_i64(),
                completed_at: row["completed_at"].as_str().map(|at| at.parse().unwrap()),
            };
            (text("id").parse().unwrap(), job)
        })
        .collect()
}

fn tell(what: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    if let (Some(half), Some(most)) = (took.get(took.len() / 2), took.last()) {
        println!("{what}: p50 {} ms, max {} ms ({})", half.as_millis(), most.as_millis(), took.len());
    }
}
