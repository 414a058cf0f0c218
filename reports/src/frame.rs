//! What is measured: which regions, which stretch of time, which faults. Knows the frame of a run; must not know what
//! happened in it.

use tidegate_core::id::{MAX_REGIONS, RegionId};
use tidegate_core::time::{Span, Timestamp};

/// The shortest interval of the series: below a minute a chart shows noise.
const SHORTEST_BUCKET: Span = Span::from_mins(1);

/// A fault whose consequences are followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultMark {
    /// The region it hits; `None` for all of them, which is drawn but has no failover to follow.
    pub region: Option<RegionId>,
    /// Its kind as the scenario names it: `regionOutage`, `gray`, `operator`, ...
    pub kind: String,
    /// The impact.
    pub from: Timestamp,
    /// When it heals; an order of an operator ends when it is given.
    pub to: Timestamp,
}

/// The frame of a scenario's runs: the same for all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Region names in policy order: the index is the [`RegionId`].
    pub regions: Vec<String>,
    /// `maxRunners` in policy order.
    pub max_runners: Vec<u32>,
    /// Start of the simulated time.
    pub start: Timestamp,
    /// Its end.
    pub end: Timestamp,
    /// Jobs queued earlier are not measured.
    pub warm_up_until: Timestamp,
    /// A job that starts later than this after it was queued is unavailable service.
    pub start_within: Span,
    /// Faults, in any order.
    pub faults: Vec<FaultMark>,
    /// Where the series begins: what a chart shows is all of the run, what a question about its last hour needs is that hour.
    pub series_from: Timestamp,
    /// How many intervals the series has at most.
    pub buckets: usize,
    /// Whether the series is kept: the first run's is drawn, the others need none.
    pub detail: bool,
}

impl Frame {
    /// A frame without warm-up or faults: ten minutes to start, 288 intervals, no series.
    ///
    /// # Panics
    /// When there are more regions than a policy may have, or not one `max_runners` for each.
    #[must_use]
    pub fn new(regions: Vec<String>, max_runners: Vec<u32>, start: Timestamp, end: Timestamp) -> Self {
        assert!(regions.len() <= MAX_REGIONS, "a policy names at most {MAX_REGIONS} regions");
        assert_eq!(regions.len(), max_runners.len(), "one maxRunners for each region");
        Self {
            regions,
            max_runners,
            start,
            end,
            warm_up_until: start,
            start_within: Span::from_mins(10),
            faults: Vec::new(),
            series_from: start,
            buckets: 288,
            detail: false,
        }
    }

    /// Whether something at this time counts.
    #[must_use]
    pub fn measured(&self, at: Timestamp) -> bool {
        at >= self.warm_up_until
    }

    /// Length of the measured time.
    #[must_use]
    pub fn measured_span(&self) -> Span {
        self.end.since(self.warm_up_until)
    }

    /// Length of an interval of the series.
    #[must_use]
    pub fn bucket_span(&self) -> Span {
        let buckets = self.buckets.max(1) as u64;
        Span(self.end.since(self.series_from).0.div_ceil(buckets)).max(SHORTEST_BUCKET)
    }

    /// How many intervals the series has: one at least.
    #[must_use]
    pub fn bucket_count(&self) -> usize {
        (self.end.since(self.series_from).0.div_ceil(self.bucket_span().0)).max(1) as usize
    }

    /// How many minutes the run has, the last one perhaps not whole: one at least.
    #[must_use]
    pub fn minutes(&self) -> usize {
        self.end.since(self.start).0.div_ceil(Span::from_mins(1).0).max(1) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(hours: u64) -> Frame {
        Frame::new(vec!["a".into()], vec![1], Timestamp(7), Timestamp(7) + Span::from_hours(hours))
    }

    #[test]
    fn a_day_is_cut_in_five_minutes_and_an_hour_in_minutes() {
        assert_eq!((hours(24).bucket_span(), hours(24).bucket_count()), (Span::from_mins(5), 288));
        assert_eq!((hours(1).bucket_span(), hours(1).bucket_count()), (Span::from_mins(1), 60));
        assert_eq!((hours(0).bucket_count(), hours(0).minutes()), (1, 1));
    }
}
