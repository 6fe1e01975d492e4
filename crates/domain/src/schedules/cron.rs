//! Times that recur, as crontab(5) writes them, in a time zone.
//!
//! The expression is about the clock on the wall. What that clock shows twice, when it is set back, is run the first time
//! alone; what it skips, when it is set forward, is run at the moment that it skips to.

use std::sync::LazyLock;

use cronexpr::{Crontab, FallbackTimezoneOption, MakeTimestamp, ParseOptions, parse_crontab_with};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

use crate::Invalid;

/// Characters that an expression may have.
const LENGTH: usize = 200;
const FIELDS: [&str; 5] = ["minute", "hour", "day of month", "month", "day of week"];
const EXAMPLE: &str = "five fields (minute, hour, day of month, month, day of week) such as \"30 2 * * 1-5\", \
                       or @hourly, @daily, @weekly or @monthly";

/// The zones that this program was built with: every node decides alike, and no file is read.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A cron expression in a time zone.
#[derive(Debug, Clone)]
pub struct Cron {
    text: String,
    crontab: Crontab,
    time_zone: String,
    zone: TimeZone,
}

impl Cron {
    /// Five fields as crontab(5) has them, with names of months and weekdays, ranges, steps and lists; or one of @hourly,
    /// @daily, @weekly, @monthly. In a zone of the IANA database.
    ///
    /// # Errors
    /// Something else; an expression that comes to no time in four years.
    pub fn new(text: &str, time_zone: &str) -> Result<Self, Invalid> {
        let zone = ZONES.get(time_zone).ok().filter(|zone| !zone.is_unknown());
        let Some((zone, name)) =
            zone.and_then(|zone| zone.iana_name().map(str::to_owned).map(|name| (zone, name)))
        else {
            let told: String = time_zone.chars().take(64).collect();
            let reason = format!(
                "{told:?} is no name of the IANA time zone database such as \"Europe/Berlin\" or \"UTC\""
            );
            return Err(Invalid::new("time_zone", reason));
        };
        let text = text.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        if text.len() > LENGTH || !text.is_ascii() {
            let reason = format!("must have {LENGTH} characters at most, of ASCII: {EXAMPLE}");
            return Err(Invalid::new("cron", reason));
        }
        let crontab = parse(&text)?;
        let cron = Self { text, crontab, time_zone: name, zone };
        match cron.next_after(Timestamp::UNIX_EPOCH) {
            Some(_) => Ok(cron),
            None => Err(Invalid::new("cron", format!("{:?} comes to no time; {EXAMPLE}", cron.text))),
        }
    }

    /// The expression, one space between its fields.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The zone as the IANA database writes it.
    pub fn time_zone(&self) -> &str {
        &self.time_zone
    }

    /// The first time after this one; `None` where there is none in four years.
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        // The clock on the wall is walked as if it were UTC's, which has neither gaps nor repetitions.
        let mut wall = on_the_wall(self.zone.to_datetime(after))?;
        loop {
            let next = self.crontab.find_next(MakeTimestamp(wall)).ok()?;
            wall = next.timestamp();
            // A time of the hour that comes twice was run the first time.
            let time = self.moment(next.datetime())?;
            if time > after {
                return Some(time);
            }
        }
    }

    /// When the clock on the wall first shows this, or skips it.
    fn moment(&self, shown: DateTime) -> Option<Timestamp> {
        let moment = self.zone.to_ambiguous_timestamp(shown);
        match moment.offset() {
            AmbiguousOffset::Gap { .. } => {
                let before = moment.earlier().ok()?;
                Some(self.zone.following(before).next()?.timestamp())
            }
            _ => moment.earlier().ok(),
        }
    }
}

fn on_the_wall(shown: DateTime) -> Option<Timestamp> {
    TimeZone::UTC.to_timestamp(shown).ok()
}

fn parse(text: &str) -> Result<Crontab, Invalid> {
    let wrong =
        |what: &str| Invalid::new("cron", format!("{text:?} is no cron expression: {what}; {EXAMPLE}"));
    let fields = match text {
        "@hourly" => "0 * * * *",
        "@daily" | "@midnight" => "0 0 * * *",
        "@weekly" => "0 0 * * 0",
        "@monthly" => "0 0 1 * *",
        text if text.starts_with('@') => return Err(wrong("there is no such short form")),
        text => text,
    };
    let count = fields.split(' ').filter(|field| !field.is_empty()).count();
    if count != FIELDS.len() {
        return Err(wrong(&format!("it has {count} field{}", if count == 1 { "" } else { "s" })));
    }
    let mut options = ParseOptions::default();
    options.fallback_timezone_option = FallbackTimezoneOption::UTC;
    parse_crontab_with(fields, options).map_err(|error| {
        // Its words end in a line with a caret below the place, and what is wrong there.
        let told = error.to_string();
        let last = told.lines().last().unwrap_or_default();
        let Some((before, what)) = last.split_once("^ ") else { return wrong(last) };
        let field = fields.bytes().take(before.len()).filter(|byte| *byte == b' ').count();
        let field = FIELDS.get(field).copied().unwrap_or_default();
        wrong(&format!("{field}: {what}"))
    })
}
