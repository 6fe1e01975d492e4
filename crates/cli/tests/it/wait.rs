//! The only place where a test waits.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Looks again until it is so. The limit is there for a broken program only.
pub fn until(what: &str, is_so: impl FnMut() -> bool) {
    until_within(Duration::from_mins(1), what, is_so);
}

/// As [`until`], with a limit of its own.
pub fn until_within(limit: Duration, what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < limit, "waited {} s in vain until {what}", limit.as_secs());
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The value, as soon as there is one.
pub fn some<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let mut found = None;
    until(what, || {
        found = look();
        found.is_some()
    });
    found.expect("the wait has ended")
}

/// Tells others to stop when it is dropped, also by a panic: a scope of threads waits for all of them.
pub struct Ended<'a>(pub &'a AtomicBool);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
