//! One run, folded from its facts. Knows every fact and every measure; must not know other runs or verdicts.

pub mod availability;
pub mod counts;
pub mod episode;
mod facts;
mod home;
pub mod ledger;
mod series;
pub mod times;
mod watch;

use crate::frame::Frame;
use crate::model::SeriesRow;
use availability::Availability;
use counts::Counts;
use episode::Episode;
use ledger::{Gauge, Ledger};
use series::Series;
use tidegate_core::Fact;
use tidegate_core::controller::phase::Phase;
use tidegate_core::id::RegionId;
use tidegate_core::time::Timestamp;
use times::Times;
use watch::Watch;

/// What money is spent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CostComponent {
    /// Fargate tasks on demand.
    FargateOnDemand,
    /// Fargate tasks on spot.
    FargateSpot,
    /// NAT gateways: hours and bytes.
    Nat,
    /// Transfer between regions and to the internet.
    Transfer,
    /// Requests, replicated writes and storage of the tables.
    DynamoDb,
    /// Cache: storage and requests.
    S3,
    /// Queue requests.
    Sqs,
    /// Ingress and the controllers' own tasks.
    Ingress,
    /// Route 53 health checks and probes.
    HealthChecks,
    /// Runners that no job took.
    Surplus,
    /// Work of runners that were lost under their jobs.
    LostWork,
}

/// One run, folded. Calls must come in order of time; its memory grows with simulated minutes, never with jobs, and
/// all of it is there from the start.
///
/// Measures of jobs count those queued in the measured time where the fact says when that was; everything else
/// counts when it happens in the measured time. The series and the episodes see the warm-up too.
#[derive(Clone, Debug)]
pub struct RunMeasures {
    warm_up_until: Timestamp,
    times: Times,
    availability: Availability,
    counts: Counts,
    ledger: Ledger,
    watch: Watch,
    series: Option<Box<Series>>,
    finished: bool,
}

impl RunMeasures {
    /// Nothing measured yet.
    #[must_use]
    pub fn new(frame: &Frame) -> Self {
        Self {
            warm_up_until: frame.warm_up_until,
            times: Times::new(frame.regions.len()),
            availability: Availability::new(frame.start, frame.minutes(), frame.start_within),
            counts: Counts::default(),
            ledger: Ledger::default(),
            watch: Watch::new(frame),
            series: frame.detail.then(|| Box::new(Series::new(frame))),
            finished: false,
        }
    }

    /// Something happened.
    pub fn fold(&mut self, at: Timestamp, fact: &Fact) {
        self.watch.tick(at);
        self.count_fact(at, fact);
        self.measure_fact(at, fact);
    }

    /// Levels of a region now: messages waiting, tasks starting, runners running. They hold until the next sample.
    pub fn sample(&mut self, at: Timestamp, region: RegionId, waiting: u32, starting: u32, running: u32) {
        if let Some(series) = &mut self.series {
            series.sample(at, region, [waiting, starting, running]);
        }
    }

    /// The phase of a region from now on, as the node that takes webhooks sees it.
    pub fn phase(&mut self, at: Timestamp, region: RegionId, phase: Phase) {
        if let Some(series) = &mut self.series {
            series.phase(at, region, phase);
        }
    }

    /// Money spent, in millionths of a USD. A single request costs less than that: add requests up and call at samples.
    pub fn cost(&mut self, at: Timestamp, component: CostComponent, region: Option<RegionId>, micro_usd: i64) {
        if at >= self.warm_up_until {
            self.ledger.spend(component, region, micro_usd);
        }
        if let (Some(series), Some(region)) = (&mut self.series, region) {
            series.cost(at, region, micro_usd);
        }
    }

    /// Levels of a region over the whole measured time, given once at the end: most and average runners (starting and
    /// running), most messages waiting.
    pub fn gauges(&mut self, region: RegionId, peak_runners: u32, mean_runners: f64, peak_queue: u32) {
        self.ledger.gauge(region, Gauge { peak_runners, mean_runners, peak_queue });
    }

    /// A count that is no fact's, as of GitHub's API budget: sets it.
    pub fn count(&mut self, name: &str, value: f64) {
        self.counts.give(name, value);
    }

    /// The run is over: closes what is open and frees what only a running fold needs. Call it before summarizing.
    pub fn finish(&mut self) {
        if !std::mem::replace(&mut self.finished, true) {
            self.watch.finish();
            if let Some(series) = &mut self.series {
                series.finish();
            }
        }
    }

    /// USD spent in the measured time, all components and regions.
    #[must_use]
    pub fn cost_total(&self) -> f64 {
        self.ledger.total()
    }

    /// How long things took.
    #[must_use]
    pub const fn times(&self) -> &Times {
        &self.times
    }

    /// Who got a runner in time.
    #[must_use]
    pub const fn availability(&self) -> &Availability {
        &self.availability
    }

    /// How often things happened.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// What it cost, and levels.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What followed each fault of a region, in the order of the frame, then evacuations without a fault by time.
    #[must_use]
    pub fn episodes(&self) -> &[Episode] {
        &self.watch.episodes
    }

    /// The series by time and then by region; empty when the frame asked for none.
    #[must_use]
    pub fn series(&self, frame: &Frame) -> Vec<SeriesRow> {
        self.series.as_ref().map_or_else(Vec::new, |series| series.rows(&frame.regions))
    }
}

#[cfg(test)]
pub(crate) mod tests;
