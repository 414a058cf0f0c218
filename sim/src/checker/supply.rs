//! I3 and rule 1 by label class: as many runners are coming as jobs wait. Every runner that comes is taken by the oldest
//! job, so a class that is one short stays so: each job waits for the runner of a later one, and none is ever overdue.

/// Looks in a row at which a class may be short: a lost webhook is made up for well within one.
const LOOKS: u8 = 3;

/// How often in a row each class was found short.
#[derive(Clone, Debug, Default)]
pub(crate) struct Supply {
    looks: Vec<u8>,
}

impl Supply {
    /// One look: by class, the jobs that wait for some time less the runners that are coming. Where faults or their
    /// consequences keep capacity away, begin anew with an empty look.
    pub(crate) fn look(&mut self, short: &[i64]) -> Result<(), String> {
        self.looks.resize(short.len(), 0);
        for (class, (looks, short)) in self.looks.iter_mut().zip(short).enumerate() {
            *looks = if *short > 0 { *looks + 1 } else { 0 };
            if *looks >= LOOKS {
                *looks = 0;
                return Err(format!("class {class} is {short} runners short, at {LOOKS} looks in a row"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_that_stays_short_is_seen() {
        let mut supply = Supply::default();
        assert!(supply.look(&[1, -4]).is_ok());
        assert!(supply.look(&[2, 1]).is_ok());
        assert!(supply.look(&[1, 0]).is_err());
        let mut supply = Supply::default();
        for short in [[1], [1], [0], [1], [1], [0]] {
            assert!(supply.look(&short).is_ok(), "it was made up for");
        }
        assert!(supply.look(&[1]).is_ok() && supply.look(&[1]).is_ok());
        assert!(supply.look(&[]).is_ok(), "a fault");
        assert!(supply.look(&[1]).is_ok());
    }
}
