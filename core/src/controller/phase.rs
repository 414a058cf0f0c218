//! The phases of a region and which may follow which. Knows the table of transitions; must not know jobs or probes.

use serde::{Deserialize, Serialize};

/// Where a region stands in failover, in the order of the episode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// Takes its home jobs and guests.
    #[default]
    Active,
    /// Takes its home jobs, no guests; nobody is moved yet.
    Suspect,
    /// As `Suspect`; the machines propose a failover and wait for an operator.
    AwaitingApproval,
    /// Takes nothing; what is queued there is placed again.
    Evacuating,
    /// Takes nothing; the cooldown runs.
    Out,
    /// Takes a share of its home jobs that grows in steps.
    Probation,
}

/// Why a phase changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Cause {
    /// An operator approved the proposal.
    Approved,
    /// Nobody answered the proposal in time.
    ApprovalTimedOut,
    /// The cooldown is over and the region answers.
    CooledDown,
    /// Everything is placed again, or the time for it is over.
    Evacuated,
    /// Launches fail although probes are answered.
    LaunchesFail,
    /// Probes were missed in a row.
    ProbesMissed,
    /// The quorum agreed for long enough.
    Quorum,
    /// The ramp reached all of its home jobs.
    RampedUp,
    /// It answers again.
    Recovered,
    /// It failed again in probation.
    Regressed,
    /// An operator rejected the proposal.
    Rejected,
    /// An operator ordered an evacuation.
    Ordered,
    /// An operator ordered it back.
    Resumed,
}

/// What an operator holds a region at, whatever its phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Hold {
    /// Not held.
    #[default]
    Open,
    /// Takes nothing new but the rest of runs that began there, until the drain's deadline.
    Draining,
    /// Takes nothing.
    Drained,
}

impl Phase {
    /// All phases, in order.
    pub const ALL: [Self; 6] =
        [Self::Active, Self::Suspect, Self::AwaitingApproval, Self::Evacuating, Self::Out, Self::Probation];

    /// Whether `to` may follow.
    #[must_use]
    pub const fn may_become(self, to: Self) -> bool {
        use Phase::{Active, AwaitingApproval, Evacuating, Out, Probation, Suspect};
        matches!(
            (self, to),
            (Active | Probation, Suspect)
                | (Suspect, Active | AwaitingApproval | Evacuating)
                | (AwaitingApproval, Active | Evacuating)
                | (Active | Probation, Evacuating) // an operator's order
                | (Evacuating, Out)
                | (Out, Probation)
                | (Probation, Out | Active)
        )
    }

    /// Whether a step to `to` gives the region more work: those are what the flap budget rations.
    #[must_use]
    pub const fn is_return_to(self, to: Self) -> bool {
        matches!(to, Self::Active | Self::Probation)
    }

    /// Whether jobs must not be placed there at all.
    #[must_use]
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Evacuating | Self::Out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_transitions_is_the_one_in_the_design() {
        let mut allowed = 0;
        for from in Phase::ALL {
            assert!(!from.may_become(from), "{from:?} does not follow itself");
            allowed += Phase::ALL.iter().filter(|to| from.may_become(**to)).count();
        }
        assert_eq!(allowed, 13);
        assert!(!Phase::Out.may_become(Phase::Active), "failback is a ramp");
        assert!(!Phase::Suspect.may_become(Phase::Out), "nobody is forgotten in the queue");
    }
}
