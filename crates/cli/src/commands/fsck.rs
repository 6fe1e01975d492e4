//! `colophon fsck`: whether rows and objects agree.

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::Mutex;

use colophon_service::fsck::{self, Event, Finding, Options, Phase, Severity, Summary};
use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};
use serde_json::json;

use crate::args::Fsck;
use crate::config::Config;
use crate::instance::{Instance, Wish};
use crate::output;

pub async fn run(config: &Config, fsck: &Fsck) -> anyhow::Result<ExitCode> {
    let instance = Instance::open(config, Wish { program: "colophon fsck", ..Wish::default() }).await?;
    let options = Options {
        repair: fsck.repair,
        budget: if fsck.full { u64::MAX } else { fsck.budget },
        min_age: fsck.min_age,
    };
    let printed = Mutex::new(Printed::new(fsck.json));
    let mut report = |event| {
        if let Ok(mut printed) = printed.lock() {
            printed.take(event);
        }
    };
    let checked = fsck::run(&instance.platform, &config.sweep(), &options, &mut report).await;
    let printed = printed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let ended = printed.end(checked);
    instance.close().await?;
    ended
}

/// What was printed so far. Each finding as it is made, so that memory stays flat, however many there are.
struct Printed {
    json: bool,
    any: bool,
    bar: Option<(Phase, ProgressBar)>,
    /// The output could not be written; the check goes on, since it may be repairing.
    failed: anyhow::Result<()>,
}

impl Printed {
    fn new(json: bool) -> Self {
        Self { json, any: false, bar: None, failed: Ok(()) }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Finding(finding) => {
                let text = if self.json { self.as_json(&finding) } else { Ok(as_text(&finding)) };
                let printed = text.and_then(|text| match &self.bar {
                    Some((_, bar)) => bar.suspend(|| output::raw(text.as_bytes())),
                    None => output::raw(text.as_bytes()),
                });
                if self.failed.is_ok() {
                    self.failed = printed;
                }
                self.any = true;
            }
            Event::Progress { phase, done, total } => self.progress(phase, done, total),
        }
    }

    fn as_json(&self, finding: &Finding) -> anyhow::Result<String> {
        let check = finding.check;
        let finding = json!({
            "code": check.code, "name": check.name, "severity": check.severity.as_str(), "key": finding.key,
            "document_id": finding.document_id, "detail": finding.detail, "meaning": check.meaning,
            "repair": check.repair, "repaired": finding.repaired,
        });
        let before = if self.any { ",\n" } else { "{\"findings\":[\n" };
        Ok(format!("{before}{}", serde_json::to_string(&finding)?))
    }

    fn progress(&mut self, phase: Phase, done: u64, total: u64) {
        if !std::io::stderr().is_terminal() {
            return;
        }
        if self.bar.as_ref().is_none_or(|(of, _)| *of != phase) {
            if let Some((_, bar)) = self.bar.take() {
                bar.finish_and_clear();
            }
            let style = match phase {
                Phase::Rows => "rows     {wide_bar} {pos}/{len} checks {elapsed}",
                Phase::Zones => "zones    {wide_bar} {human_pos}/{human_len} documents {elapsed}",
                Phase::Objects => "objects  {wide_bar} {human_pos}/{human_len} {per_sec} {eta}",
                Phase::Contents => "contents {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
            };
            let bar = ProgressBar::new(total);
            bar.set_style(
                ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()),
            );
            self.bar = Some((phase, bar));
        }
        if let Some((_, bar)) = &self.bar {
            bar.set_length(total);
            bar.set_position(done);
        }
    }

    /// The end of what is printed, and the exit code.
    fn end(self, checked: Result<Summary, colophon_service::Error>) -> anyhow::Result<ExitCode> {
        if let Some((_, bar)) = self.bar {
            bar.finish_and_clear();
        }
        self.failed?;
        let summary = checked?;
        if self.json {
            let before = if self.any { "\n" } else { "{\"findings\":[" };
            let summary = json!({
                "findings": summary.findings, "repaired": summary.repaired, "notes": summary.notes,
                "objects": summary.objects, "ledger": summary.ledger,
                "verified_files": summary.verified_files, "verified_bytes": summary.verified_bytes,
            });
            output::line(&format!("{before}],\"summary\":{summary}}}"))?;
        } else {
            output::line(&in_words(&summary))?;
        }
        Ok(if summary.findings == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn as_text(finding: &Finding) -> String {
    let Finding { check, key, document_id, detail, repaired } = finding;
    let kind = match (check.severity, repaired) {
        (Severity::Note, _) => "note",
        (_, true) => "repaired",
        (_, false) => "wrong",
    };
    let document = document_id.filter(|id| !key.contains(&id.to_string()));
    let document = document.map(|id| format!("document {id}: ")).unwrap_or_default();
    let (key, detail) = (output::one_line(key), output::one_line(detail));
    format!("{} {} ({kind}) {key}\n    {document}{detail}\n    {}\n", check.code, check.name, check.meaning)
}

fn in_words(summary: &Summary) -> String {
    let Summary { findings, repaired, notes, objects, ledger, verified_files, verified_bytes } = *summary;
    let outcome = if findings + repaired + notes == 0 {
        "Everything agrees".to_owned()
    } else {
        format!("{findings} wrong, {repaired} repaired, {notes} notes")
    };
    format!(
        "{outcome}: {} objects in the store, {} in the ledger; the content of {} files ({}) verified",
        HumanCount(objects),
        HumanCount(ledger),
        HumanCount(verified_files),
        HumanBytes(verified_bytes),
    )
}
