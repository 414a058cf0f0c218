//! How long things took, by measure and region. Knows histograms; must not know facts.

use crate::histogram::Fine;
use tidegate_core::id::RegionId;
use tidegate_core::time::Span;

/// What is timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timed {
    /// Delivery sent to answered.
    Ack,
    /// Delivery received to launch accepted.
    Placement,
    /// Message enqueued to received.
    QueueWait,
    /// Job queued to in progress.
    Start,
    /// In progress to completed.
    Run,
    /// Queued to completed.
    Total,
}

/// Number of things that are timed.
const TIMED: usize = Timed::ALL.len();

impl Timed {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Ack, Self::Placement, Self::QueueWait, Self::Start, Self::Run, Self::Total];

    /// Whether a job that never started hides one of these: how long it would have waited to be placed, or to start.
    #[must_use]
    pub(crate) const fn waits(self) -> bool {
        match self {
            Self::Placement | Self::QueueWait | Self::Start | Self::Total => true,
            Self::Ack | Self::Run => false,
        }
    }

    /// The measure's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ack => "ack",
            Self::Placement => "placement",
            Self::QueueWait => "queueWait",
            Self::Start => "start",
            Self::Run => "run",
            Self::Total => "total",
        }
    }
}

/// The times of a run. Overall is the sum of the regions, merged when asked for: one record less for each fact.
#[derive(Clone, Debug)]
pub struct Times {
    by_region: Vec<[Fine; TIMED]>,
    regional_placement: Fine,
    regional_start: Fine,
}

impl Times {
    pub(super) fn new(regions: usize) -> Self {
        Self {
            by_region: (0..regions).map(|_| Default::default()).collect(),
            regional_placement: Fine::default(),
            regional_start: Fine::default(),
        }
    }

    pub(super) fn record(&mut self, what: Timed, region: RegionId, took: Span) {
        self.by_region[region.index()][what as usize].record(took);
    }

    pub(super) fn record_job(&mut self, what: Timed, region: RegionId, regional: bool, took: Span) {
        self.record(what, region, took);
        if let Some(times) = self.regional_mut(what).filter(|_| regional) {
            times.record(took);
        }
    }

    const fn regional_mut(&mut self, what: Timed) -> Option<&mut Fine> {
        match what {
            Timed::Placement => Some(&mut self.regional_placement),
            Timed::Start => Some(&mut self.regional_start),
            Timed::Ack | Timed::QueueWait | Timed::Run | Timed::Total => None,
        }
    }

    /// Of every region.
    #[must_use]
    pub fn all(&self, what: Timed) -> Fine {
        let mut all = Fine::default();
        self.by_region.iter().for_each(|times| all.merge(&times[what as usize]));
        all
    }

    /// Of one region: where it happened, which for jobs is where they were placed.
    #[must_use]
    pub fn of(&self, region: RegionId, what: Timed) -> &Fine {
        &self.by_region[region.index()][what as usize]
    }

    /// Of jobs whose home was active and not spilling; `None` where facts do not tell.
    #[must_use]
    pub const fn regional(&self, what: Timed) -> Option<&Fine> {
        match what {
            Timed::Placement => Some(&self.regional_placement),
            Timed::Start => Some(&self.regional_start),
            Timed::Ack | Timed::QueueWait | Timed::Run | Timed::Total => None,
        }
    }
}
