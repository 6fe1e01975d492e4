//! Tests that need something from outside say so by name when it is not there.

use std::io::Write as _;

/// Ends the test for want of something outside: `skip!("no pg_dump")`. In CI (`CI=true`) that is a failure.
#[macro_export]
macro_rules! skip {
    ($($reason:tt)+) => {{
        fn here() {}
        $crate::skipped(std::any::type_name_of_val(&here), &format!($($reason)+));
        return;
    }};
}

/// Says that a test was skipped, past the test runner's capture. Called by [`skip!`].
///
/// # Panics
/// In CI, where nothing is skipped.
pub fn skipped(place: &str, reason: &str) {
    let test = place.trim_end_matches("::here").trim_end_matches("::{{closure}}");
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "{test} would be skipped ({reason}), and CI skips nothing"
    );
    // The macros that print are captured, and then a skipped test would be silent.
    let _ = writeln!(std::io::stderr(), "skipped: {test} ({reason})");
}
