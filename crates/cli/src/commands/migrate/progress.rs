//! What is told while migrations run: on standard error, moving only where somebody sees it move.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use colophon_migrate::{Applied, Event};
use indicatif::ProgressBar;
use serde_json::{Value, json};

use crate::output;

pub struct Progress {
    spinner: Option<ProgressBar>,
    json: bool,
    begun: Instant,
    done: Vec<Value>,
}

impl Progress {
    pub fn new(json: bool) -> Self {
        let spinner = std::io::stderr().is_terminal().then(|| {
            let spinner = ProgressBar::new_spinner();
            spinner.enable_steady_tick(Duration::from_millis(200));
            spinner
        });
        Self { spinner, json, begun: Instant::now(), done: Vec::new() }
    }

    pub fn tell(&mut self, event: &Event<'_>) {
        match event {
            Event::Waiting { holder } => self.note(&format!("waiting for another migrator ({holder})")),
            Event::Statement { migration, number, of, summary } => {
                if *number == 1 {
                    self.begun = Instant::now();
                }
                let seconds = self.begun.elapsed().as_secs_f64();
                let line = format!("{} {number}/{of} at {seconds:.3} s: {summary}", migration.stem());
                match &self.spinner {
                    Some(spinner) => spinner.set_message(output::plain(&line)),
                    None => self.note(&line),
                }
            }
            Event::Retry { migration, attempt, pause, reason } => self.note(&format!(
                "{}: attempt {attempt} gave way to other sessions ({reason}); again in {:.1} s",
                migration.stem(),
                pause.as_secs_f64()
            )),
            Event::Leftover { what } => self.note(&format!("removing what a killed run left: {what}")),
            Event::Applied(applied) => self.finished("applied", applied),
            Event::Undone(applied) => self.finished("undid", applied),
        }
    }

    /// The result, once nothing more comes.
    pub fn end(self, nothing: &str) -> anyhow::Result<()> {
        if let Some(spinner) = &self.spinner {
            spinner.finish_and_clear();
        }
        match (self.json, self.done.is_empty()) {
            (true, _) => output::json(&json!({ "done": self.done })),
            (false, true) => output::line(nothing),
            (false, false) => Ok(()),
        }
    }

    fn finished(&mut self, verb: &str, applied: &Applied) {
        let Applied { migration, took } = applied;
        let seconds = took.as_secs_f64();
        let row =
            json!({ "version": migration.version, "name": migration.name, "deed": verb, "seconds": seconds });
        self.done.push(row);
        if !self.json {
            let line = format!("{verb} {} in {seconds:.3} s", migration.stem());
            // Migrations go on, whether anybody reads of it or not.
            let print = || output::line(&line);
            let _ = self.spinner.as_ref().map_or_else(print, |spinner| spinner.suspend(print));
        }
    }

    fn note(&self, line: &str) {
        let line = output::plain(line);
        match &self.spinner {
            Some(spinner) => spinner.suspend(|| eprintln!("{line}")),
            None => eprintln!("{line}"),
        }
    }
}
