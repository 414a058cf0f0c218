//! Little's law on the sample path: the integral of the number inside is the sum of the times inside. Exact, in whole
//! microseconds; a difference means that somebody was counted twice or not at all.

/// Checks one queue.
pub(crate) fn check(name: &str, integral: u128, waits: u128) -> Result<(), String> {
    if integral == waits {
        return Ok(());
    }
    Err(format!("{name}: the number inside integrates to {integral} us, the waits add up to {waits} us"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_microsecond_is_seen() {
        assert!(check("q", 10, 10).is_ok());
        assert!(check("q", 10, 11).is_err());
    }
}
