//! What differs, in words: of two texts word by word, of two states of a zone in a line.

use colophon_domain::zone_history::value;
use colophon_domain::{Coordinates, ZoneDiff, ZoneImage};
use serde::Serialize;
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

/// How much work an answer may be: products of words that are compared. What is beyond is told as replaced whole.
const BUDGET: usize = 20_000_000;
/// Characters of a text that are shown.
const SHOWN: usize = 40;
/// Places of a text that are told one by one.
const PLACES: usize = 5;

/// A part of a text that is the same, or came, or went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Run {
    /// `equal`, `delete` or `insert`.
    pub op: &'static str,
    /// The words, with what stands between them.
    pub text: String,
}

/// Compares texts, as long as there is time for it.
#[derive(Debug)]
pub struct Words {
    budget: usize,
}

impl Default for Words {
    fn default() -> Self {
        Self { budget: BUDGET }
    }
}

impl Words {
    /// The second text as what became of the first, word by word.
    pub fn runs(&mut self, before: &str, after: &str) -> Vec<Run> {
        let cost = before.split_whitespace().count().saturating_mul(after.split_whitespace().count());
        let mut runs: Vec<Run> = Vec::new();
        let mut push = |op: &'static str, text: &str| match runs.last_mut() {
            _ if text.is_empty() => {}
            Some(last) if last.op == op => last.text.push_str(text),
            _ => runs.push(Run { op, text: text.to_owned() }),
        };
        if cost > self.budget {
            push("delete", before);
            push("insert", after);
            return runs;
        }
        self.budget -= cost;
        for change in TextDiff::from_words(before, after).iter_all_changes() {
            let op = match change.tag() {
                ChangeTag::Equal => "equal",
                ChangeTag::Delete => "delete",
                ChangeTag::Insert => "insert",
            };
            push(op, change.value());
        }
        runs
    }

    /// What differs, in a line: `page 3, zone 17 "Introdu…": text "teh" → "the"; moved 4.2 pt right`.
    pub fn line(&mut self, diff: &ZoneDiff) -> String {
        let zone = diff.shown();
        let number = |field| value(zone, field).as_i64().unwrap_or_default();
        let text = value(zone, "content").as_str().unwrap_or_default();
        let title = if text.is_empty() { String::new() } else { format!(" {}", quoted(text, 8)) };
        let head = format!("page {}, zone {}{title}", number("page_number"), number("zone_index"));
        let told = match (&diff.before, &diff.after) {
            (None, Some(zone)) => vec![format!("added as {}", shown(value(Some(zone), "zone_type")))],
            (Some(_), None) => vec!["removed".to_owned()],
            (Some(before), Some(after)) => {
                let tell = |field| self.field(field, before, after);
                diff.changed().into_iter().filter(|f| *f != "original").map(tell).collect()
            }
            (None, None) => Vec::new(),
        };
        let told = if told.is_empty() { "what the tool says changed".to_owned() } else { told.join("; ") };
        format!("{head}: {told}")
    }

    fn field(&mut self, field: &str, before: &ZoneImage, after: &ZoneImage) -> String {
        let (old, new) = (value(Some(before), field), value(Some(after), field));
        match field {
            "content" => self.texts(old.as_str().unwrap_or_default(), new.as_str().unwrap_or_default()),
            "coordinates" => moved(old, new),
            "page_number" => format!("to page {}", shown(new)),
            "zone_index" => format!("place {} → {}", shown(old), shown(new)),
            "zone_type" => format!("type {} → {}", shown(old), shown(new)),
            "metadata" | "source" => format!("{field} changed"),
            _ => format!("{field} {} → {}", shown(old), shown(new)),
        }
    }

    fn texts(&mut self, before: &str, after: &str) -> String {
        let runs = self.runs(before, after);
        let mut places: Vec<(String, String)> = Vec::new();
        let mut apart = true;
        for run in &runs {
            if run.op == "equal" {
                // A space alone does not part what was replaced together.
                apart = !run.text.trim().is_empty();
                if let (false, Some((old, new))) = (apart, places.last_mut()) {
                    old.push_str(&run.text);
                    new.push_str(&run.text);
                }
                continue;
            }
            if std::mem::take(&mut apart) || places.is_empty() {
                places.push((String::new(), String::new()));
            }
            if let Some((old, new)) = places.last_mut() {
                if run.op == "delete" { old } else { new }.push_str(&run.text);
            }
        }
        let more = places.len().saturating_sub(PLACES);
        let told = places.iter().take(PLACES).map(|(old, new)| match (old.trim(), new.trim()) {
            ("", "") => "spaces changed".to_owned(),
            ("", new) => format!("{} added", quoted(new, SHOWN)),
            (old, "") => format!("{} removed", quoted(old, SHOWN)),
            (old, new) => format!("{} → {}", quoted(old, SHOWN), quoted(new, SHOWN)),
        });
        let told = told.collect::<Vec<_>>().join(", ");
        if more > 0 { format!("text {told} and {more} more") } else { format!("text {told}") }
    }
}

/// How a zone moved, in points.
fn moved(before: &Value, after: &Value) -> String {
    let read = |value: &Value| serde_json::from_value::<Coordinates>(value.clone()).ok();
    let (old, new) = match (read(before), read(after)) {
        (Some(old), Some(new)) => (old.bounding_box, new.bounding_box),
        (None, Some(_)) => return "placed on the page".to_owned(),
        (Some(_), None) => return "taken off the page".to_owned(),
        (None, None) => return "place changed".to_owned(),
    };
    let mut told = Vec::new();
    let way = |by: f64, back: &str, on: &str| {
        format!("{} pt {}", points(by.abs()), if by < 0.0 { back } else { on })
    };
    let (right, down) = (new.x0 - old.x0, new.y0 - old.y0);
    let visible = |by: f64| by.abs() >= 0.05;
    let ways: Vec<_> =
        [visible(right).then(|| way(right, "left", "right")), visible(down).then(|| way(down, "up", "down"))]
            .into_iter()
            .flatten()
            .collect();
    if !ways.is_empty() {
        told.push(format!("moved {}", ways.join(" and ")));
    }
    let size = |b: colophon_domain::BoundingBox| (b.x1 - b.x0, b.y1 - b.y0);
    let ((w, h), (width, height)) = (size(old), size(new));
    if visible(width - w) || visible(height - h) {
        told.push(format!("{} × {} → {} × {} pt", points(w), points(h), points(width), points(height)));
    }
    if told.is_empty() { "outline changed".to_owned() } else { told.join(", ") }
}

/// A tenth of a point is more than anybody sees.
fn points(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => plain(text, SHOWN),
        other => plain(&other.to_string(), SHOWN),
    }
}

fn quoted(text: &str, max: usize) -> String {
    format!("\"{}\"", plain(text, max))
}

/// On one line, without what a terminal would act on, `max` characters at most.
fn plain(text: &str, max: usize) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = words.collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use colophon_domain::ZoneId;
    use serde_json::json;

    use super::*;

    fn line(before: &Value, after: &Value) -> String {
        let of = |value: &Value| value.as_object().cloned();
        let diff = ZoneDiff { zone_id: ZoneId::new(), before: of(before), after: of(after) };
        Words::default().line(&diff)
    }

    #[test]
    fn a_difference_is_told_in_words() {
        let zone = |text: &str, x: f64| {
            json!({
                "page_number": 3, "zone_index": 17, "zone_type": "text", "content": text, "status": "completed",
                "coordinates": { "x0": x, "y0": 10.0, "x1": x + 100.0, "y1": 20.0 },
            })
        };
        let before = zone("Introduction to teh heron", 72.0);
        assert_eq!(
            line(&before, &zone("Introduction to the heron", 76.2)),
            "page 3, zone 17 \"Introduc…\": text \"teh\" → \"the\"; moved 4.2 pt right"
        );
        let mut after = zone("A word\nof teh heron here", 72.0);
        after["status"] = json!("verified");
        after["coordinates"] = json!({ "x0": 72.0, "y0": 7.0, "x1": 182.0, "y1": 20.0 });
        assert_eq!(
            line(&before, &after),
            "page 3, zone 17 \"A word o…\": text \"Introduction to\" → \"A word of\", \"here\" added; moved 3 pt up, \
             100 × 10 → 110 × 13 pt; status completed → verified"
        );
        assert_eq!(line(&Value::Null, &before), "page 3, zone 17 \"Introduc…\": added as text");
        assert_eq!(line(&before, &Value::Null), "page 3, zone 17 \"Introduc…\": removed");
        after["content"] = Value::Null;
        after["coordinates"] = json!({});
        assert!(line(&after, &zone("\u{1b}[2J", 1.0)).contains("\"[2J\" added; placed on the page"));
    }

    #[test]
    fn runs_put_together_are_both_texts_and_cost_no_more_than_they_may() {
        let texts = ["", "a", "a b  c", "b c a", "ä\nö ü", "the same the same"];
        for (before, after) in texts.iter().flat_map(|a| texts.iter().map(move |b| (*a, *b))) {
            for budget in [0, BUDGET] {
                let runs = Words { budget }.runs(before, after);
                let of = |left_out: &str| {
                    runs.iter().filter(|r| r.op != left_out).map(|r| r.text.as_str()).collect::<String>()
                };
                assert_eq!((of("insert").as_str(), of("delete").as_str()), (before, after));
            }
        }
        let mut words = Words::default();
        let (one, other) = ("a ".repeat(10_000), "b ".repeat(10_000));
        assert_eq!(words.runs(&one, &other).len(), 2);
    }
}
