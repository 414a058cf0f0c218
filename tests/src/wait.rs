//! Waits for a state, with a bound: never for a time. Knows how long is too long; must not know what is waited for.

use std::time::{Duration, Instant};

/// How often a state is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Looks until there is something to be seen, and gives it.
///
/// # Panics
/// When there is nothing after `seconds`: the message says what was waited for, and what was seen last.
#[track_caller]
pub fn until<T>(what: &str, seconds: u64, mut look: impl FnMut() -> Result<T, String>) -> T {
    let begun = Instant::now();
    loop {
        match look() {
            Ok(seen) => return seen,
            Err(last) if begun.elapsed() > Duration::from_secs(seconds) => {
                panic!("waited {seconds} s for {what}; seen last: {last}")
            }
            Err(_) => std::thread::sleep(LOOK_EVERY),
        }
    }
}
