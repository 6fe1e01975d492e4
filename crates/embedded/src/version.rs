//! PostgreSQL's version, as its binaries state it.

use std::fmt;

/// The majors that Colophon's migrations are made for.
pub(crate) const SUPPORTED: std::ops::RangeInclusive<u16> = 15..=18;

/// A version of PostgreSQL, for example 17.10.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// 17 of 17.10.
    pub major: u16,
    /// 10 of 17.10; 0 for a version before its release.
    pub minor: u16,
}

impl Version {
    /// Reads the answer of `postgres --version`, such as `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
    pub(crate) fn parse(answer: &str) -> Option<Self> {
        let number = answer.split_once("(PostgreSQL) ")?.1.split_whitespace().next()?;
        let digits = |text: &str| {
            let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
            text[..end].parse().ok()
        };
        let (major, minor) = number.split_once('.').unwrap_or((number, "0"));
        Some(Self { major: digits(major)?, minor: digits(minor).unwrap_or(0) })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn the_answers_of_real_binaries_are_understood() {
        let version = |text| Version::parse(text).map(|version| version.to_string());
        assert_eq!(
            version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n").as_deref(),
            Some("15.18")
        );
        assert_eq!(version("postgres (PostgreSQL) 17.10").as_deref(), Some("17.10"));
        assert_eq!(version("postgres (PostgreSQL) 19beta2").as_deref(), Some("19.0"));
        assert_eq!(version("psql: command not found"), None);
    }
}
