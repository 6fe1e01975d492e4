//! What attempts took: counts, sums and durations by day, strategy or error.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{RoundMode, Timestamp, TimestampRound, ToSpan as _, Unit};

use crate::Invalid;

/// Upper bounds of the buckets of durations, in microseconds: 1, 2, 5, 10, …. The first bucket is what took less than the
/// first bound, the last one what took longer than all.
pub const BOUNDS: [u64; 25] = [
    100,
    200,
    500,
    1_000,
    2_000,
    5_000,
    10_000,
    20_000,
    50_000,
    100_000,
    200_000,
    500_000,
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    20_000_000,
    50_000_000,
    100_000_000,
    200_000_000,
    500_000_000,
    1_000_000_000,
    2_000_000_000,
    5_000_000_000,
    10_000_000_000,
];

/// Days of a period whose beginning nobody said.
const DAYS: i64 = 30;

/// By what attempts are told apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StatisticsBy {
    /// By day, in UTC.
    pub day: bool,
    /// By strategy.
    pub strategy: bool,
    /// By class and code of error; attempts without an error are left out then.
    pub error: bool,
}

impl StatisticsBy {
    /// By day and strategy, where nobody says.
    pub const DEFAULT: Self = Self { day: true, strategy: true, error: false };
}

impl FromStr for StatisticsBy {
    type Err = Invalid;

    /// `day`, `strategy`, `error`, or several of them with commas between.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let mut by = Self::default();
        for name in text.split(',').map(str::trim) {
            match name {
                "day" => by.day = true,
                "strategy" => by.strategy = true,
                "error" => by.error = true,
                _ => return Err(Invalid::new("by", format!("{name:?} is none of day, strategy, error"))),
            }
        }
        Ok(by)
    }
}

/// From when until when: whole hours, as the platform counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The beginning of an hour.
    pub since: Timestamp,
    /// The end of an hour; an attempt that ended then is not in the period.
    pub until: Timestamp,
}

impl Period {
    /// The hours that `from` and `to` lie in and those between; each is a day (its beginning, in UTC) or a time. What is left
    /// out is 30 days, and `now`.
    ///
    /// # Errors
    /// One of them is no time, or the period is empty.
    pub fn new(from: Option<&str>, to: Option<&str>, now: Timestamp) -> Result<Self, Invalid> {
        let until = to.map(|to| time("to", to)).transpose()?.unwrap_or(now);
        let hour = |mode| TimestampRound::new().smallest(Unit::Hour).mode(mode);
        let far = |_| Invalid::new("from", "is too far away".to_owned());
        let until = until.round(hour(RoundMode::Ceil)).map_err(far)?;
        let since = match from {
            Some(from) => time("from", from)?,
            None => until.checked_sub((DAYS * 24).hours()).map_err(far)?,
        };
        // Before that there were no jobs, and PostgreSQL's time has a beginning.
        let since = since.max(Timestamp::UNIX_EPOCH).round(hour(RoundMode::Floor)).map_err(far)?;
        if since < until {
            Ok(Self { since, until })
        } else {
            Err(Invalid::new(
                "from",
                format!("{since} is not before {until}; say from and to the other way round"),
            ))
        }
    }
}

fn time(name: &'static str, text: &str) -> Result<Timestamp, Invalid> {
    let day = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|day| day.timestamp());
    let refuse =
        || Invalid::new(name, format!("{text:?} is no time; say it as 2026-11-23 or 2026-11-23T10:00:00Z"));
    text.parse().ok().or_else(day).ok_or_else(refuse)
}

/// Attempts, or stages of attempts, of one bucket of duration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatisticsRow {
    /// The day, where asked by day.
    pub day: Option<Timestamp>,
    /// The strategy, where asked by strategy.
    pub strategy: Option<String>,
    /// How they ended.
    pub outcome: String,
    /// Where asked by error; empty for none.
    pub error_class: Option<String>,
    /// Where asked by error; empty for none.
    pub error_code: Option<String>,
    /// The stage; empty for the attempt as a whole.
    pub stage: String,
    /// The bucket of [`BOUNDS`].
    pub bucket: usize,
    /// How many.
    pub observations: u64,
    /// What they took together.
    pub microseconds: u64,
    /// What the longest took.
    pub longest: u64,
    /// Pages that they read.
    pub pages: u64,
    /// Pages of those that failed.
    pub pages_failed: u64,
}

/// What attempts of one day, strategy or error took.
#[derive(Debug, Clone, PartialEq)]
pub struct JobStatistics {
    /// The day, where asked by day.
    pub day: Option<Timestamp>,
    /// The strategy, where asked by strategy.
    pub strategy: Option<String>,
    /// The class of the error, where asked by error.
    pub error_class: Option<String>,
    /// Its code.
    pub error_code: Option<String>,
    /// Attempts that ended.
    pub attempts: u64,
    /// How many ended how.
    pub outcomes: BTreeMap<String, u64>,
    /// Pages that they read.
    pub pages: u64,
    /// Pages of those that failed.
    pub pages_failed: u64,
    /// Pages in a second of work, over attempts that came to an end with pages.
    pub pages_per_second: Option<f64>,
    /// How long attempts took.
    pub duration: Durations,
    /// How long their stages took.
    pub stages: BTreeMap<String, Durations>,
}

/// How long something took, in seconds. Quantiles are told from buckets, so they are near and not exact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Durations {
    /// How many were timed.
    pub count: u64,
    /// All together.
    pub sum: f64,
    /// On average.
    pub mean: f64,
    /// Half took less.
    pub p50: f64,
    /// 95 % took less.
    pub p95: f64,
    /// 99 % took less.
    pub p99: f64,
    /// The longest.
    pub max: f64,
}

#[derive(Debug, Default)]
struct Histogram {
    counts: [u64; BOUNDS.len() + 1],
    microseconds: u64,
    longest: u64,
}

#[derive(Debug, Default)]
struct Group {
    outcomes: BTreeMap<String, u64>,
    pages: u64,
    pages_failed: u64,
    /// Of attempts that came to an end: their pages and what they took.
    read: (u64, u64),
    stages: BTreeMap<String, Histogram>,
}

/// One for each day, strategy and error among the rows, newest day first, then by the names.
pub fn summarize(rows: &[StatisticsRow], by: StatisticsBy) -> Vec<JobStatistics> {
    let mut groups: BTreeMap<_, Group> = BTreeMap::new();
    for row in rows.iter().filter(|row| !by.error || row.error_class.as_deref() != Some("")) {
        let day = std::cmp::Reverse(row.day);
        let key = (day, row.strategy.clone(), row.error_class.clone(), row.error_code.clone());
        groups.entry(key).or_default().add(row);
    }
    let groups = groups.into_iter();
    groups.map(|((day, strategy, class, code), group)| group.told(day.0, strategy, class, code)).collect()
}

impl Group {
    fn add(&mut self, row: &StatisticsRow) {
        let histogram = self.stages.entry(row.stage.clone()).or_default();
        histogram.counts[row.bucket.min(BOUNDS.len())] += row.observations;
        histogram.microseconds += row.microseconds;
        histogram.longest = histogram.longest.max(row.longest);
        if row.stage.is_empty() {
            *self.outcomes.entry(row.outcome.clone()).or_default() += row.observations;
            self.pages += row.pages;
            self.pages_failed += row.pages_failed;
            if matches!(row.outcome.as_str(), "completed" | "partially_completed") {
                self.read.0 += row.pages;
                self.read.1 += row.microseconds;
            }
        }
    }

    fn told(
        mut self,
        day: Option<Timestamp>,
        strategy: Option<String>,
        error_class: Option<String>,
        error_code: Option<String>,
    ) -> JobStatistics {
        let whole = self.stages.remove("").unwrap_or_default();
        let (pages, microseconds) = self.read;
        JobStatistics {
            day,
            strategy,
            error_class,
            error_code,
            attempts: self.outcomes.values().sum(),
            outcomes: self.outcomes,
            pages: self.pages,
            pages_failed: self.pages_failed,
            pages_per_second: (pages > 0 && microseconds > 0).then(|| float(pages) / seconds(microseconds)),
            duration: whole.told(),
            stages: self.stages.into_iter().map(|(stage, histogram)| (stage, histogram.told())).collect(),
        }
    }
}

impl Histogram {
    fn told(&self) -> Durations {
        let count = self.counts.iter().sum();
        let sum = seconds(self.microseconds);
        Durations {
            count,
            sum,
            mean: if count == 0 { 0.0 } else { sum / float(count) },
            p50: self.quantile(count, 0.5),
            p95: self.quantile(count, 0.95),
            p99: self.quantile(count, 0.99),
            max: seconds(self.longest),
        }
    }

    /// As Prometheus does: the bucket in which the quantile lies, and as far into it as its rank says.
    fn quantile(&self, count: u64, quantile: f64) -> f64 {
        let rank = float(count) * quantile;
        let mut below = 0.0;
        for (bucket, of_bucket) in self.counts.iter().enumerate().filter(|(_, of_bucket)| **of_bucket > 0) {
            let of_bucket = float(*of_bucket);
            if below + of_bucket >= rank {
                let from = bucket.checked_sub(1).map_or(0, |before| BOUNDS[before]);
                let to = BOUNDS.get(bucket).copied().unwrap_or(self.longest).min(self.longest).max(from);
                return seconds(from) + (seconds(to) - seconds(from)) * (rank - below) / of_bucket;
            }
            below += of_bucket;
        }
        seconds(self.longest)
    }
}

fn seconds(microseconds: u64) -> f64 {
    float(microseconds) / 1_000_000.0
}

#[allow(clippy::cast_precision_loss, reason = "counts, and microseconds of a century, are below 2^52")]
fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(outcome: &str, stage: &str, bucket: usize, observations: u64, each: u64) -> StatisticsRow {
        StatisticsRow {
            day: None,
            strategy: Some("ocr".into()),
            outcome: outcome.into(),
            error_class: None,
            error_code: None,
            stage: stage.into(),
            bucket,
            observations,
            microseconds: observations * each,
            longest: each,
            pages: if stage.is_empty() { observations * 10 } else { 0 },
            pages_failed: 0,
        }
    }

    #[test]
    fn attempts_are_counted_once_and_stages_beside_them() {
        let rows = [
            row("completed", "", 13, 90, 1_500_000),
            row("completed", "", 14, 10, 4_000_000),
            row("completed", "render", 12, 100, 700_000),
            row("retry", "", 10, 5, 150_000),
        ];
        let told = summarize(&rows, StatisticsBy { strategy: true, ..StatisticsBy::default() });
        let [of_ocr] = &told[..] else { panic!("{told:?}") };
        assert_eq!((of_ocr.attempts, of_ocr.pages), (105, 1_050));
        assert_eq!(of_ocr.outcomes, BTreeMap::from([("completed".into(), 100), ("retry".into(), 5)]));
        assert_eq!(of_ocr.pages_per_second, Some(1_000.0 / 175.0));
        let Durations { count, p50, p99, max, .. } = of_ocr.duration;
        assert_eq!((count, max), (105, 4.0));
        assert!((1.0..2.0).contains(&p50) && (2.0..=4.0).contains(&p99), "{p50} {p99}");
        assert_eq!(of_ocr.stages["render"].count, 100);
        assert!((of_ocr.stages["render"].mean - 0.7).abs() < 1e-9);
    }

    #[test]
    fn a_quantile_is_never_beyond_the_longest() {
        let told = summarize(&[row("completed", "", 25, 3, 90_000_000_000)], StatisticsBy::default());
        assert_eq!(told[0].duration.max, 90_000.0);
        assert!(told[0].duration.p99 <= 90_000.0);
    }

    #[test]
    fn a_period_is_whole_hours_and_nonsense_is_refused() {
        let now: Timestamp = "2026-11-23T10:20:00Z".parse().expect("a time");
        let period =
            |from, to| Period::new(from, to, now).map(|p| (p.since.to_string(), p.until.to_string()));
        let is = |since: &str, until: &str| Ok((since.to_owned(), until.to_owned()));
        assert_eq!(period(None, None), is("2026-10-24T11:00:00Z", "2026-11-23T11:00:00Z"));
        assert_eq!(
            period(Some("2026-11-01"), Some("2026-11-02T00:00:01Z")),
            is("2026-11-01T00:00:00Z", "2026-11-02T01:00:00Z")
        );
        for (from, to) in
            [("x", "2026-11-01"), ("2026-11-02", "2026-11-01"), ("2026-11-01", "2026-11-01"), ("", "")]
        {
            assert!(period(Some(from), Some(to)).is_err(), "{from} {to}");
        }
        assert_eq!(period(Some("-009998-01-01"), None), is("1970-01-01T00:00:00Z", "2026-11-23T11:00:00Z"));
        assert!(period(None, Some("-009998-01-01")).is_err());
        assert_eq!("day, error".parse(), Ok(StatisticsBy { day: true, strategy: false, error: true }));
        assert!("week".parse::<StatisticsBy>().is_err());
    }
}
