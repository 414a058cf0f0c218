//! I3 from outside: a job that GitHub has queued for long is in some node's hands, unless the faults of the hour keep
//! it from them.

use tidegate_core::Span;

/// Well beyond GitHub's list, the second look and a round of both.
pub(crate) const KNOWN_WITHIN: Span = Span::from_mins(30);

/// Checks the oldest job that no node knows.
pub(crate) fn check(unknown: Option<(u64, Span)>, faulty: bool) -> Result<(), String> {
    match unknown {
        Some((job, age)) if age > KNOWN_WITHIN && !faulty => {
            Err(format!("job {job} is queued for {age} and no node has it"))
        }
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forgotten_job_is_seen() {
        assert!(check(None, false).is_ok());
        assert!(check(Some((1, Span::from_mins(29))), false).is_ok());
        assert!(check(Some((1, Span::from_mins(31))), false).is_err());
        assert!(check(Some((1, Span::from_mins(31))), true).is_ok());
    }
}
