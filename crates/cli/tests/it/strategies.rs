//! The strategies `ocr` and `auto`: scans become zones with confidences, each page by what suits it, and what is not installed
//! is said.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::Duration;

use colophon_pdf::{Child, Drawing, Limits, PageSelection, draw_pages};
use colophon_testkit::skip;
use serde_json::{Value, json};

use crate::api::{Api, id};
use crate::corpus;
use crate::folder::{COLOPHON, Folder};
use crate::pdf::{Pdf, numbered};
use crate::server::{Server, change};
use crate::wait;

const LINES: [&str; 3] = [
    "The harbour was quiet before the storm arrived",
    "Eleven boats were tied to the wooden pier",
    "Nobody expected the lighthouse to go dark",
];

fn tesseract_is_missing() -> bool {
    Command::new("tesseract").arg("--version").output().is_err()
}

/// A page with these lines.
fn written(pdf: Pdf, lines: &[&str]) -> Pdf {
    let placed: Vec<(u32, u32, &str)> =
        lines.iter().zip(0..).map(|(text, at)| (20, 700 - 30 * at, *text)).collect();
    pdf.lines(&placed, "")
}

/// A page with the same lines as a picture, as a scanner makes it: 150 dots per inch, black or white.
fn scanned(mut pdf: Pdf, lines: &[&str]) -> Pdf {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&written(Pdf::new(), lines).bytes()).unwrap();
    let image = drawn(file);
    let mut content =
        format!("q 600 0 0 800 0 0 cm BI /W {} /H {} /CS /G /BPC 8 ID ", image.width, image.height)
            .into_bytes();
    content.extend(image.pixels.iter().map(|grey| if *grey < 128 { 0 } else { 255 }));
    content.extend(b"\nEI Q");
    let content = pdf.stream("", &content);
    pdf.page(content, "");
    pdf
}

fn drawn(file: File) -> colophon_pdf::Image {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let child = Child { program: COLOPHON.into(), args: vec!["pdf-child".into()] };
        let drawing = Drawing { dpi: 150.0, ..Drawing::default() };
        let mut reader =
            draw_pages(&child, file, &Limits::default(), PageSelection::All, drawing).await.unwrap();
        reader.next().await.unwrap().unwrap().outcome.unwrap()
    })
}

fn process(api: &Api, name: &str, strategy: &str, file: &[u8]) -> Value {
    let query = format!("filename={name}&process=true&strategy={strategy}");
    let document = api.upload(&query, file).expect(201);
    ended(api, id(&document))
}

/// The document, once nothing more happens to it. OCR takes seconds a page, and minutes beside other work.
fn ended(api: &Api, document: &str) -> Value {
    let look = || api.read(&format!("/v1/documents/{document}"));
    wait::until_within(Duration::from_mins(5), "the document is processed", || {
        !["queued", "processing"].contains(&look()["status"].as_str().unwrap())
    });
    look()
}

fn zones(api: &Api, document: &Value) -> Vec<Value> {
    api.list(&format!("/v1/documents/{}/zones", id(document)), 1_000)
}

/// The only job of a document, with its pages.
fn job(api: &Api, document: &Value) -> Value {
    let jobs = api.list(&format!("/v1/jobs?document_id={}", id(document)), 10);
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    api.read(&format!("/v1/jobs/{}", id(&jobs[0])))
}

fn words(zones: &[Value]) -> HashMap<String, usize> {
    let mut words = HashMap::new();
    for word in zones.iter().filter_map(|zone| zone["content"].as_str()).flat_map(str::split_whitespace) {
        *words.entry(word.to_owned()).or_default() += 1;
    }
    words
}

/// The share of the wanted words that were found.
#[allow(clippy::cast_precision_loss, reason = "pages have few words")]
fn recall(wanted: &HashMap<String, usize>, found: &HashMap<String, usize>) -> f64 {
    let both: usize = wanted.iter().map(|(word, times)| times.min(found.get(word).unwrap_or(&0))).sum();
    both as f64 / wanted.values().sum::<usize>() as f64
}

#[test]
fn a_scan_is_read_with_its_places_and_confidences() {
    if tesseract_is_missing() {
        skip!("tesseract is not installed (package tesseract-ocr)");
    }
    let server = Server::shared();
    let api = server.person().api;
    let document = process(&api, "scan.pdf", "ocr", &scanned(Pdf::new(), &LINES).bytes());
    assert_eq!(document["status"], "processed", "{document}");
    let found = zones(&api, &document);
    let wanted = words(&[json!({ "content": LINES.join("\n") })]);
    assert!(recall(&wanted, &words(&found)) > 0.999, "{found:#?}");

    let zone = &found[0];
    assert_eq!((&zone["zone_type"], &zone["language"]), (&json!("text"), &json!("en")));
    assert_eq!(zone["processing_tool"], "ocr");
    assert!(zone["processing_model"].as_str().unwrap().starts_with("tesseract "), "{zone}");
    assert!(zone["processing_model"].as_str().unwrap().ends_with("/eng"), "{zone}");
    let confidence = zone["confidence"].as_f64().unwrap();
    assert!((0.8..=1.0).contains(&confidence), "{zone}");
    // The first line stands 100 points from the top, and begins 50 to the right.
    let corner = |name: &str| zone["coordinates"][name].as_f64().unwrap();
    assert!((corner("x0") - 50.0).abs() < 5.0 && (80.0..100.0).contains(&corner("y0")), "{zone}");
    assert_eq!(zone["source"]["frame"], "px@300");
    let lines = zone["metadata"]["lines"].as_array().unwrap();
    let of_lines: Vec<String> = lines
        .iter()
        .map(|line| {
            let words = line["words"].as_array().unwrap();
            words.iter().map(|word| word["text"].as_str().unwrap()).collect::<Vec<_>>().join(" ")
        })
        .collect();
    assert_eq!(of_lines.join("\n"), zone["content"].as_str().unwrap());

    let page = &job(&api, &document)["pages"][0];
    let stage = |name: &str| page["stages"][name].as_i64();
    assert!(stage("render").is_some() && stage("recognise").is_some() && stage("store").is_some(), "{page}");
    assert_eq!((&page["strategy"], &page["reason"]), (&Value::Null, &Value::Null), "there was no choice");
}

#[test]
fn auto_reads_each_page_by_what_suits_it() {
    if tesseract_is_missing() {
        skip!("tesseract is not installed (package tesseract-ocr)");
    }
    let server = Server::shared();
    let api = server.person().api;
    let file = written(scanned(written(Pdf::new(), &LINES[..1]), &LINES[1..]), &[]).bytes();
    let document = process(&api, "mixed.pdf", "auto", &file);
    assert_eq!(document["status"], "processed", "{document}");
    let found = zones(&api, &document);
    let told: Vec<_> = found
        .iter()
        .map(|zone| (zone["page_number"].as_i64().unwrap(), zone["processing_tool"].as_str().unwrap()))
        .collect();
    assert!(
        told.starts_with(&[(1, "text-layer"), (2, "ocr")]) && !told.iter().any(|(page, _)| *page == 3),
        "{found:#?}"
    );
    let job = job(&api, &document);
    let why: Vec<_> =
        job["pages"].as_array().unwrap().iter().map(|page| [&page["strategy"], &page["reason"]]).collect();
    let expected = [
        [&json!("text-layer"), &json!("text")],
        [&json!("ocr"), &json!("no_text")],
        [&json!("text-layer"), &json!("nothing_to_read")],
    ];
    assert_eq!(why, expected);
    assert_eq!(job["metrics"]["tools"], json!({ "text-layer": 2, "ocr": 1 }), "{job}");

    // Read again, it is as it was.
    let again =
        api.post_json(&format!("/v1/documents/{}/jobs", id(&document)), &json!({ "strategy": "auto" }));
    again.expect(202);
    ended(&api, id(&document));
    let ids = |zones: &[Value]| zones.iter().map(|zone| zone["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&zones(&api, &document)), ids(&found));
}

#[test]
fn without_tesseract_the_pages_that_need_it_say_so_and_the_others_are_read() {
    let server = Server::start_on(Folder::new().with_tesseract("/nowhere/tesseract"), &[]);
    let api = server.person().api;
    let file = scanned(written(Pdf::new(), &LINES), &LINES).bytes();

    let mixed = process(&api, "mixed.pdf", "auto", &file);
    assert_eq!(mixed["status"], "partially_processed", "{mixed}");
    let ended = job(&api, &mixed);
    assert_eq!(
        (&ended["status"], &ended["error_code"]),
        (&json!("partially_completed"), &json!("tool_missing"))
    );
    assert_eq!(
        (&ended["pages"][0]["outcome"], &ended["pages"][1]["outcome"]),
        (&json!("completed"), &json!("failed"))
    );
    assert_eq!(ended["pages"][1]["error_code"], "tool_missing");

    let scan = process(&api, "scan.pdf", "ocr", &file);
    let ended = job(&api, &scan);
    assert_eq!((&ended["status"], &ended["error_code"]), (&json!("failed"), &json!("tool_missing")));
    assert_eq!((&ended["error_class"], &ended["attempt"]), (&json!("permanent"), &json!(1)));
    let told = ended["error_message"].as_str().unwrap();
    assert!(told.contains("/nowhere/tesseract") && told.contains("apt install tesseract-ocr"), "{told}");

    let doctor = server.folder.run(&["doctor"]);
    assert!(doctor.stdout.contains("the strategy ocr cannot be used"), "{doctor:?}");
}

#[test]
fn what_failed_for_a_while_is_read_by_the_next_attempt_and_nothing_else() {
    if tesseract_is_missing() {
        skip!("tesseract is not installed (package tesseract-ocr)");
    }
    let folder = Folder::new();
    let (tool, calls) = (folder.scratch().join("tesseract"), folder.scratch().join("calls"));
    // The first page breaks it, the second one is killed, as a system does that is short of memory.
    let script = format!(
        "#!/bin/sh
        case \"$1\" in --*) exec tesseract \"$@\";; esac
        echo call >> {calls}
        case $(wc -l < {calls}) in 1) cat > /dev/null; exit 3;; 2) kill -KILL $$;; esac
        exec tesseract \"$@\"",
        calls = calls.display()
    );
    fs::write(&tool, script).unwrap();
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    let server = Server::start_on(folder.with_tesseract(tool.to_str().unwrap()), &[]);
    let api = server.person().api;
    let document = api.upload("filename=a.pdf&process=true&strategy=ocr", &numbered("a", 3)).expect(201);
    let ended = |attempt: u64| {
        wait::some("the job has ended", || {
            let job = job(&api, &document);
            (!job["completed_at"].is_null() && job["attempt"] == attempt).then_some(job)
        })
    };
    let in_part = ended(2);
    assert_eq!(in_part["status"], "partially_completed", "{in_part}");
    let said = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let pages = |job: &Value| -> Vec<(String, u64)> {
        let pages = job["pages"].as_array().unwrap().iter();
        pages.map(|page| (said(&page["outcome"]), page["attempt"].as_u64().unwrap())).collect()
    };
    let page = |outcome: &str, attempt| (outcome.to_owned(), attempt);
    assert_eq!(pages(&in_part), [page("failed", 1), page("completed", 2), page("completed", 1)]);
    assert_eq!((&in_part["error_code"], &in_part["error_class"]), (&json!("crashed"), &json!("permanent")));
    let attempts = api.list(&format!("/v1/jobs/{}/attempts", id(&in_part)), 10);
    let of = |field: &str| said(&attempts[0][field]);
    assert_eq!([of("outcome"), of("error_class"), of("error_code")], ["retry", "transient", "timed_out"]);
    assert_eq!(attempts[0]["metrics"]["tools"], json!({ "ocr": 1 }), "{}", attempts[0]);

    // Asked for by a person, what nobody would try again is tried.
    api.post_json(&format!("/v1/jobs/{}/retry", id(&in_part)), &json!({})).expect(200);
    let whole = ended(3);
    assert_eq!(whole["status"], "completed", "{whole}");
    assert_eq!(pages(&whole), [page("completed", 3), page("completed", 2), page("completed", 1)]);
}

/// Queues a job for some zones or pages, as an enqueuing program does, and waits for its end.
fn job_for(server: &Server, api: &Api, document: &Value, strategy: &str, units: &str) -> Value {
    let job = uuid::Uuid::now_v7();
    change(
        &server.ready.database_url,
        &format!(
            "insert into public.processing_jobs (document_id, id, strategy, version, {units_column})
             values ('{document}', '{job}', '{strategy}', 1, {units});
             insert into public.job_queue (job_id, document_id, strategy) values ('{job}', '{document}', '{strategy}')",
            units_column = if units.contains("uuid") { "zone_ids" } else { "page_numbers" },
            document = id(document),
        ),
    );
    wait::some("the job has ended", || {
        let job = api.read(&format!("/v1/jobs/{job}"));
        (!job["completed_at"].is_null()).then_some(job)
    })
}

#[test]
fn zones_are_read_again_where_they_stand_and_people_keep_their_words() {
    if tesseract_is_missing() {
        skip!("tesseract is not installed (package tesseract-ocr)");
    }
    let server = Server::shared();
    let api = server.person().api;
    let document = process(&api, "again.pdf", "ocr", &scanned(Pdf::new(), &LINES).bytes());
    let found = zones(&api, &document);
    let path = format!("/v1/documents/{}/zones", id(&document));
    let corrected = format!("{path}/{}", id(&found[0]));
    let body = json!({ "content": "what a person read" });
    let headers = [("content-type", "application/json")];
    api.send("PATCH", &corrected, &headers, Some(body.to_string().as_bytes())).unwrap().expect(200);
    // The second line, as a person drew it: its baseline is 130 points from the top; and the third, with a text.
    let place = |y0: f64, y1: f64| json!({ "x0": 40.0, "y0": y0, "x1": 560.0, "y1": y1 });
    let drawn = json!([
        { "page_number": 1, "zone_type": "text", "coordinates": place(108.0, 138.0) },
        { "page_number": 1, "zone_type": "text", "coordinates": place(138.0, 170.0), "content": "typed by hand" },
    ]);
    api.post_json(&path, &drawn).expect(200);
    let all = zones(&api, &document);
    let drawn: Vec<&Value> = all.iter().filter(|zone| !zone["created_by"].is_null()).collect();
    let (typed, drawn): (Vec<&Value>, Vec<&Value>) =
        drawn.into_iter().partition(|zone| zone["content"].is_string());
    let (typed, drawn) = (typed[0], drawn[0]);

    let named = [id(&found[0]), id(drawn), id(typed)].map(|id| format!("'{id}'")).join(", ");
    let units = format!("array[{named}, '{}']::uuid[]", uuid::Uuid::now_v7());
    let job = job_for(&server, &api, &document, "ocr", &units);
    assert_eq!(
        (&job["status"], &job["error_code"]),
        (&json!("partially_completed"), &json!("no_such_zone")),
        "{job}"
    );
    let again = zones(&api, &document);
    assert_eq!(again.len(), all.len(), "{again:#?}");
    let zone = |id: &str| again.iter().find(|zone| zone["id"] == id).unwrap();
    let of_person = zone(id(&found[0]));
    assert_eq!(of_person["content"], "what a person read");
    assert_eq!(of_person["original"]["content"], found[0]["content"], "{of_person}");
    assert_eq!(zone(id(typed))["content"], "typed by hand");
    let waiting = api.list(&format!("/v1/documents/{}/correction-outcomes?open=true", id(&document)), 10);
    let waiting: Vec<_> = waiting.iter().map(|outcome| &outcome["zone_id"]).collect();
    assert!(waiting.contains(&&typed["id"]), "what tesseract says of it waits for somebody: {waiting:?}");
    let read = zone(id(drawn));
    assert_eq!(read["content"], LINES[1], "{read}");
    assert!(read["confidence"].as_f64().unwrap() > 0.8 && !read["created_by"].is_null(), "{read}");
    assert_eq!(read["coordinates"], drawn["coordinates"]);
    let word = &read["metadata"]["lines"][0]["words"][0];
    assert_eq!(word["text"], "Eleven");
    assert!((word["box"][0].as_f64().unwrap() - 50.0).abs() < 4.0, "{word}");
    assert_eq!(
        api.read(&format!("/v1/documents/{}", id(&document)))["status"],
        "processed",
        "the document's status stays"
    );
}

#[test]
fn a_job_that_names_pages_reads_those_alone() {
    let server = Server::shared();
    let api = server.person().api;
    let file = (0..5).fold(Pdf::new(), |pdf, _| written(pdf, &LINES)).bytes();
    let document = api.upload("filename=pages.pdf", &file).expect(201);
    let job = job_for(&server, &api, &document, "text-layer", "array[4, 2, 4, 9]");
    let pages: Vec<_> = job["pages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|page| [&page["page_number"], &page["outcome"]])
        .collect();
    let expected =
        [[&json!(2), &json!("completed")], [&json!(4), &json!("completed")], [&json!(9), &json!("failed")]];
    assert_eq!((&job["status"], pages), (&json!("partially_completed"), expected.to_vec()), "{job}");
    let read: Vec<_> =
        zones(&api, &document).iter().map(|zone| zone["page_number"].as_i64().unwrap()).collect();
    assert!(
        read.iter().all(|page| [2, 4].contains(page)) && read.contains(&2) && read.contains(&4),
        "{read:?}"
    );
}

#[test]
fn a_language_that_is_not_installed_fails_the_job_by_name() {
    if tesseract_is_missing() {
        skip!("tesseract is not installed (package tesseract-ocr)");
    }
    let server = Server::shared();
    let api = server.person().api;
    let document = api.upload("filename=language.pdf", &scanned(Pdf::new(), &LINES).bytes()).expect(201);
    let jobs = format!("/v1/documents/{}/jobs", id(&document));
    let asked = json!({ "strategy": "ocr", "options": { "languages": ["tlh"] } });
    api.post_json(&jobs, &asked).expect(202);
    ended(&api, id(&document));
    let ended = job(&api, &document);
    assert_eq!((&ended["status"], &ended["error_code"]), (&json!("failed"), &json!("language_missing")));
    assert!(ended["error_message"].as_str().unwrap().contains("tlh"), "{ended}");
}

#[test]
fn options_that_a_strategy_does_not_have_are_refused_at_once() {
    let server = Server::shared();
    let api = server.person().api;
    let document = api.upload("filename=options.pdf", &written(Pdf::new(), &LINES).bytes()).expect(201);
    let jobs = format!("/v1/documents/{}/jobs", id(&document));
    for options in [json!({ "dpi": 10 }), json!({ "dbi": 300 }), json!({ "languages": "../../eng" })] {
        let answer = api.post_json(&jobs, &json!({ "strategy": "ocr", "options": options }));
        assert_eq!(answer.status, 422, "{options}");
    }
    assert!(api.list("/v1/jobs", 10).is_empty());
}

#[test]
fn a_folder_of_scans_goes_in_with_ocr() {
    if tesseract_is_missing() {
        skip!("tesseract is not installed (package tesseract-ocr)");
    }
    let folder = Folder::new();
    let scan = folder.scratch().join("scan.pdf");
    fs::write(&scan, scanned(Pdf::new(), &LINES).bytes()).unwrap();
    let told = folder.done(&["import", "--strategy", "auto", scan.to_str().unwrap()]);
    assert!(told.contains("1 processed"), "{told}");
    let refused = folder.run(&["import", "--strategy", "osr", scan.to_str().unwrap()]);
    assert!(refused.stderr.contains("text-layer, ocr, auto"), "{refused:?}");
}

/// What a born-digital page says is known from its text layer; drawn and read by OCR, it must say the same.
#[test]
fn ocr_reads_what_the_text_layer_of_the_same_page_says() {
    if tesseract_is_missing() {
        skip!("tesseract is not installed (package tesseract-ocr)");
    }
    let Some(folder) = corpus::folder("ocr_reads_what_the_text_layer_of_the_same_page_says", "pdf") else {
        return;
    };
    let server = Server::shared();
    let api = server.person().api;
    for (name, least) in [
        ("docling/pdf__sources__2305.03393v1-pg9.pdf", 0.85),
        ("py-pdf/026-latex-multicolumn__multicolumn.pdf", 0.9),
    ] {
        let bytes = fs::read(folder.join(name)).unwrap();
        let wanted = words(&zones(&api, &process(&api, "wanted.pdf", "text-layer", &bytes)));
        let read = process(&api, "read.pdf", "ocr", &bytes);
        let found = zones(&api, &read);
        let share = recall(&wanted, &words(&found));
        let timings = &job(&api, &read)["metrics"]["stages"];
        println!(
            "{name}: {share:.3} of {} words; {} zones; ms: {timings}",
            wanted.values().sum::<usize>(),
            found.len()
        );
        assert!(share >= least, "{name}: {share}");
    }
}

/// Real scans, upright and turned, whose text is known.
#[test]
fn real_scans_are_read_whichever_way_they_lie() {
    if tesseract_is_missing() {
        skip!("tesseract is not installed (package tesseract-ocr)");
    }
    let Some(folder) = corpus::folder("real_scans_are_read_whichever_way_they_lie", "pdf/docling") else {
        return;
    };
    let server = Server::shared();
    let api = server.person().api;
    let sentence =
        "Docling bundles PDF document conversion to JSON and Markdown in an easy self contained package";
    let letter = "Permit me to introduce you to the facility of facsimile transmission. In facsimile a photocell is \
                  caused to perform a raster scan over the subject copy. The variations of print density on the \
                  document cause the photocell to generate an analogous electrical video signal.";
    for (name, text, rotation) in [
        ("ocr__sources__ocr_test.pdf", sentence, None),
        ("ocr__sources__ocr_test_rotated_90.pdf", sentence, Some(-90.0)),
        ("ocr__sources__ocr_test_rotated_180.pdf", sentence, Some(180.0)),
        ("ocr__sources__ocr_test_rotated_270.pdf", sentence, Some(90.0)),
        ("ocr__sources__sample_with_rotation_mismatch.pdf", letter, None),
    ] {
        let bytes = fs::read(folder.join(name)).unwrap();
        let document = process(&api, "scan.pdf", "auto", &bytes);
        let found = zones(&api, &document);
        let share = recall(&words(&[json!({ "content": text })]), &words(&found));
        let turned: Vec<_> = found.iter().map(|zone| zone["coordinates"]["rotation"].as_f64()).collect();
        println!("{name}: {share:.3}; {} zones, turned by {turned:?}", found.len());
        assert!(share > 0.9, "{name}: {share} {found:#?}");
        assert!(turned.contains(&rotation), "{name}: {turned:?}");
    }
}
