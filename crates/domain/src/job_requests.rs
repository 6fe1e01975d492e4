//! What is asked for, before it is a job: checked here, so that every way in refuses the same.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{DEFAULT_QUEUE, DocumentId, Invalid, JobId, MAX_ATTEMPTS, NewJob, Strategy, Units, ZoneId};

/// Pages that one job may name.
const PAGES: usize = 100_000;
/// Zones that one job may name.
const ZONES: usize = 10_000;
/// Jobs that one job may depend on.
const DEPENDENCIES: usize = 100;

/// A job as somebody asks for it.
#[derive(Debug, Clone)]
pub struct JobRequest {
    /// How to read the document: a built-in [`Strategy`], or one that somebody's own workers know.
    pub strategy: String,
    /// Strategy's own settings.
    pub options: Map<String, Value>,
    /// Which part of the document.
    pub units: Units,
    /// 1 is first, 4 is last.
    pub priority: i16,
    /// Name of the queue.
    pub queue: String,
    /// Attempts allowed, 1..=100.
    pub max_attempts: i16,
    /// Not to be begun before.
    pub run_at: Option<Timestamp>,
    /// Seconds that one attempt may take, whatever its heartbeats say; 1..=604,800 (a week).
    pub timeout_seconds: Option<i32>,
    /// Of an owner's jobs with the same key, one is live.
    pub job_key: Option<String>,
    /// Jobs that must have ended well before this one begins. Only jobs that are there can be named, so that no circle
    /// can be made.
    pub depends_on: Vec<JobId>,
    /// Who asks.
    pub created_by: Option<String>,
}

impl JobRequest {
    /// For a whole document, in the default queue, as soon as may be.
    pub fn new(strategy: impl Into<String>) -> Self {
        Self {
            strategy: strategy.into(),
            options: Map::new(),
            units: Units::Document,
            priority: 2,
            queue: DEFAULT_QUEUE.to_owned(),
            max_attempts: MAX_ATTEMPTS,
            run_at: None,
            timeout_seconds: None,
            job_key: None,
            depends_on: Vec::new(),
            created_by: None,
        }
    }

    /// # Errors
    /// The first field that no job could have, whatever its document.
    pub fn check(&self) -> Result<(), Invalid> {
        check_strategy(&self.strategy)?;
        check_queue(&self.queue)?;
        let within = |field, value: i64, least, most, what: &str| {
            let reason = || Invalid::new(field, format!("{value} is not {least} to {most}{what}"));
            (least..=most).contains(&value).then_some(()).ok_or_else(reason)
        };
        within("priority", self.priority.into(), 1, 4, " (1 is first)")?;
        within("max_attempts", self.max_attempts.into(), 1, 100, "")?;
        if let Some(seconds) = self.timeout_seconds {
            within("timeout_seconds", seconds.into(), 1, 604_800, " (a week)")?;
        }
        if let Some(key) = &self.job_key
            && (!(1..=200).contains(&key.chars().count()) || key.contains('\0'))
        {
            return Err(Invalid::new("job_key", "must have 1 to 200 characters, and no U+0000"));
        }
        if self.depends_on.len() > DEPENDENCIES {
            return Err(Invalid::new("depends_on", format!("names more than {DEPENDENCIES} jobs")));
        }
        match &self.units {
            Units::Pages(pages) if pages.is_empty() => {
                Err(Invalid::new("pages", "names no page; leave it out for all"))
            }
            Units::Pages(pages) if pages.len() > PAGES => {
                Err(Invalid::new("pages", format!("names more than {PAGES} pages")))
            }
            Units::Pages(pages) => match pages.iter().find(|page| **page < 1) {
                Some(page) => Err(Invalid::new("pages", format!("{page} is no page; they begin with 1"))),
                None => Ok(()),
            },
            Units::Zones(zones) if zones.is_empty() => {
                Err(Invalid::new("zones", "names no zone; leave it out for all pages"))
            }
            Units::Zones(zones) if zones.len() > ZONES => {
                Err(Invalid::new("zones", format!("names more than {ZONES} zones")))
            }
            Units::Document | Units::Zones(_) => Ok(()),
        }
    }

    /// The job, for a version of a document that has so many pages.
    ///
    /// # Errors
    /// A page that the version does not have.
    pub fn job(
        &self,
        document: DocumentId,
        version: i32,
        page_count: Option<i32>,
    ) -> Result<NewJob, Invalid> {
        let total_pages = match &self.units {
            Units::Document => page_count,
            Units::Pages(pages) => {
                let count = page_count.unwrap_or(0);
                if let Some(page) = pages.iter().find(|page| **page > count) {
                    let reason = format!(
                        "version {version} of document {document} has no page {page}; it has {count}"
                    );
                    return Err(Invalid::new("pages", reason));
                }
                i32::try_from(pages.len()).ok()
            }
            Units::Zones(_) => None,
        };
        Ok(NewJob {
            options: self.options.clone(),
            priority: self.priority,
            total_pages,
            created_by: self.created_by.clone(),
            queue: self.queue.clone(),
            max_attempts: self.max_attempts,
            units: self.units.clone(),
            run_at: self.run_at,
            timeout_seconds: self.timeout_seconds,
            job_key: self.job_key.clone(),
            depends_on: self.depends_on.clone(),
            ..NewJob::new(document, version, self.strategy.as_str())
        })
    }
}

impl Units {
    /// What somebody names: pages or zones, or neither for every page; each once, in order.
    ///
    /// # Errors
    /// Both are named.
    pub fn named(pages: Option<Vec<i32>>, zones: Option<Vec<ZoneId>>) -> Result<Self, Invalid> {
        match (pages, zones) {
            (Some(_), Some(_)) => {
                Err(Invalid::new("zones", "a job names pages or zones, not both; ask for two jobs"))
            }
            (Some(mut pages), None) => {
                pages.sort_unstable();
                pages.dedup();
                Ok(Self::Pages(pages))
            }
            (None, Some(mut zones)) => {
                zones.sort_unstable_by_key(|zone| zone.0);
                zones.dedup();
                Ok(Self::Zones(zones))
            }
            (None, None) => Ok(Self::Document),
        }
    }
}

/// Page numbers as people write them: `1-3,7`. In order, each once.
///
/// # Errors
/// Something else; a page before 1; a range that runs backwards; more than 100,000 pages.
pub fn parse_pages(text: &str) -> Result<Vec<i32>, Invalid> {
    let wrong = || {
        let reason =
            format!("{text:?} is no list of pages such as 1-3,7; they begin with 1, 100,000 at most");
        Invalid::new("pages", reason)
    };
    let number = |text: &str| text.trim().parse::<i32>().ok().filter(|page| *page >= 1).ok_or_else(wrong);
    let mut pages = Vec::new();
    for part in text.split(',') {
        let (first, last) = match part.split_once('-') {
            Some((first, last)) => (number(first)?, number(last)?),
            None => (number(part)?, number(part)?),
        };
        let count = usize::try_from(i64::from(last) - i64::from(first) + 1).unwrap_or(0);
        if count < 1 || pages.len().saturating_add(count) > PAGES {
            return Err(wrong());
        }
        pages.extend(first..=last);
    }
    pages.sort_unstable();
    pages.dedup();
    Ok(pages)
}

/// A strategy's name. It need not be a built-in one, but what is nearly one is taken for a slip.
///
/// # Errors
/// It is no name, or nearly that of a built-in strategy.
pub fn check_strategy(name: &str) -> Result<(), Invalid> {
    if Strategy::ALL.iter().any(|built_in| built_in.as_str() == name) {
        return Ok(());
    }
    if let Some(meant) = nearly(name) {
        return Err(Invalid::new("strategy", format!("{name:?} is no strategy; did you mean {meant:?}?")));
    }
    check_name("strategy", name)
}

/// A queue's name.
///
/// # Errors
/// It is no name.
pub fn check_queue(name: &str) -> Result<(), Invalid> {
    check_name("queue", name)
}

fn check_name(field: &'static str, name: &str) -> Result<(), Invalid> {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_name = (1..=50).contains(&name.len())
        && name.bytes().next().is_some_and(is_plain)
        && name.bytes().all(|byte| is_plain(byte) || b"_.-".contains(&byte));
    let reason =
        || format!("{name:?} is no name: 1 to 50 of a-z, 0-9, _, . and -, the first a letter or a digit");
    if is_name { Ok(()) } else { Err(Invalid::new(field, reason())) }
}

/// The built-in strategy that was meant. A name that goes on behind a built-in one (`ocr-fast`) is one of its own.
fn nearly(name: &str) -> Option<&'static str> {
    if name.len() > 50 {
        return None;
    }
    let told = name.trim().to_lowercase().replace(['_', '.', ' '], "-");
    Strategy::ALL.map(Strategy::as_str).into_iter().find(|built_in| {
        let slips = if built_in.len() > 5 { 2 } else { 1 };
        told == *built_in
            || (!told.starts_with(built_in)
                && told.len() >= built_in.len().min(5)
                && strsim::osa_distance(&told, built_in) <= slips)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_numbers_and_ranges() {
        assert_eq!(parse_pages("1-3,7, 2").unwrap(), [1, 2, 3, 7]);
        for text in ["", "0", "3-1", "a", "1-", "1-999999999", "1,,2"] {
            assert!(parse_pages(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_slip_in_a_built_in_strategy_is_told_and_a_name_of_its_own_is_taken() {
        for slip in
            ["text_layer", "textlayer", "Text-Layer", "text-leyer", "tex-layer", "text-layr", " text-layer"]
        {
            let refused = check_strategy(slip).unwrap_err();
            assert!(refused.reason.ends_with("did you mean \"text-layer\"?"), "{refused}");
        }
        for own in ["text-layer", "text-layer-2", "donut", "my.tool_v2", "x", "7b", "layout"] {
            check_strategy(own).unwrap();
        }
        let long = "a".repeat(51);
        for wrong in ["", "-x", "Donut", "a b", "schön", "a/b", "a\0", long.as_str()] {
            assert!(check_strategy(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_request_that_no_job_could_be_is_refused_by_its_field() {
        type Change = fn(&mut JobRequest);
        let wrong: [(&str, Change); 9] = [
            ("priority", |r| r.priority = 5),
            ("max_attempts", |r| r.max_attempts = 0),
            ("timeout_seconds", |r| r.timeout_seconds = Some(604_801)),
            ("job_key", |r| r.job_key = Some(String::new())),
            ("queue", |r| r.queue = "A queue".into()),
            ("depends_on", |r| r.depends_on = (0..101).map(|_| JobId::new()).collect()),
            ("pages", |r| r.units = Units::Pages(vec![])),
            ("pages", |r| r.units = Units::Pages(vec![0, 1])),
            ("zones", |r| r.units = Units::Zones(vec![])),
        ];
        JobRequest::new("donut").check().unwrap();
        for (field, change) in wrong {
            let mut request = JobRequest::new("donut");
            change(&mut request);
            assert_eq!(request.check().unwrap_err().field, field);
        }
        let mut request = JobRequest::new("donut");
        request.units = Units::named(Some(vec![3, 1, 3]), None).unwrap();
        let job = request.job(DocumentId::new(), 1, Some(3)).unwrap();
        assert_eq!((job.units, job.total_pages), (Units::Pages(vec![1, 3]), Some(2)));
        assert_eq!(request.job(DocumentId::new(), 1, Some(2)).unwrap_err().field, "pages");
        assert_eq!(Units::named(Some(vec![1]), Some(vec![ZoneId::new()])).unwrap_err().field, "zones");
    }
}
