//! The policy of failover: who decides, on what evidence, how fast, and how a region returns. Knows values and their
//! defaults; must not know files.

use crate::time::Span;
use crate::unit::Ratio;

/// Who decides a failover.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// The machines, once the signals and the quorum agree.
    #[default]
    Automatic,
    /// An operator: the machines propose, and go on by themselves only after `approval_timeout`.
    Supervised,
}

/// Jobs sent abroad because home is unwell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failover {
    /// Who decides.
    pub mode: Mode,
    /// How long a proposal waits for an operator; `None`: for ever.
    pub approval_timeout: Option<Span>,
    /// Time between probes of a region.
    pub probe_every: Span,
    /// When an unanswered probe counts as missed.
    pub probe_timeout: Span,
    /// Missed probes in a row that make a region suspect.
    pub misses_to_suspect: u32,
    /// How long a region stays suspect before it is evacuated.
    pub suspect_for: Span,
    /// Observers that must agree, the region's own silence among them.
    pub quorum: u32,
    /// How long an evacuation may take.
    pub evacuate_for: Span,
    /// How long a region stays out before probation; doubled at each return to `Out`.
    pub cooldown: Span,
    /// The longest cooldown.
    pub cooldown_max: Span,
    /// The share of its home jobs a region in probation begins with.
    pub probation_share: Ratio,
    /// What is added at each step of the ramp.
    pub ramp_step: Ratio,
    /// Time between steps.
    pub ramp_every: Span,
    /// Share of failed launches that makes a region suspect although its probes are green. Not named in the seed
    /// configuration: half, as in the majority of outlier detectors.
    pub error_rate: Ratio,
    /// Launches in the window below which that share says nothing.
    pub min_samples: u32,
    /// Length of the window of launches.
    pub window: Span,
    /// Answered probes in a row after which a suspect or lost region is believed again.
    pub passes_to_return: u32,
    /// Phase changes an hour at the most, per region.
    pub flap_budget: u32,
    /// How long a planned drain honours sticky placement.
    pub drain_deadline: Span,
}

impl Default for Failover {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            approval_timeout: Some(Span::from_mins(3)),
            probe_every: Span::from_secs(10),
            probe_timeout: Span::from_secs(4),
            misses_to_suspect: 3,
            suspect_for: Span::from_secs(20),
            quorum: 2,
            evacuate_for: Span::from_mins(10),
            cooldown: Span::from_mins(5),
            cooldown_max: Span::from_hours(1),
            probation_share: Ratio(500),
            ramp_step: Ratio(2_500),
            ramp_every: Span::from_mins(2),
            error_rate: Ratio(5_000),
            min_samples: 20,
            window: Span::from_mins(2),
            passes_to_return: 3,
            flap_budget: 20,
            drain_deadline: Span::from_hours(1),
        }
    }
}
