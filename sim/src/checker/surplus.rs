//! I4: runners that no job takes stay under the bound, and none is idle for much longer than it may be.

use tidegate_core::{Policy, Span};

/// Idle runners below this are never too many: a share of a small fleet is less than one push.
const FLOOR: u64 = 300;

/// Checks a sample: idle runners, all runners, and the longest idle time where GitHub and the region answer.
pub(crate) fn check(policy: &Policy, idle: u64, runners: u64, longest: Span) -> Result<(), String> {
    let bound = policy.caps.surplus.of(runners).max(FLOOR);
    if idle > bound {
        return Err(format!("{idle} idle runners of {runners}; the bound is {bound}"));
    }
    let grace = policy.launch.idle_timeout + Span::from_mins(15);
    if longest > grace {
        return Err(format!(
            "a runner is idle for {longest}; it should be reaped after {}",
            policy.launch.idle_timeout
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_core::policy::Region;

    #[test]
    fn too_many_and_too_long_are_seen() {
        let policy = Policy::of_regions(vec![Region::new("a", 1)]);
        assert!(check(&policy, 300, 10, Span::ZERO).is_ok());
        assert!(check(&policy, 501, 1_000, Span::ZERO).is_err());
        assert!(check(&policy, 1, 10, Span::from_mins(26)).is_err());
    }
}
