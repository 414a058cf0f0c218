//! The checked scenario: what is simulated. Knows meaning; must not know files (see `file`) or the world's workings.

pub mod file;
pub mod library;
pub mod replayed;
pub mod setting;
mod warm_up;

use crate::dist::Dist;
use crate::world::spec::WorldSpec;
use std::sync::Arc;
use tidegate_core::id::RegionId;
use tidegate_core::policy::Policy;
use tidegate_core::port::operator::Verb;
use tidegate_core::unit::{Need, Ratio};
use tidegate_core::{Span, Timestamp};
use tidegate_reports::model::Input;
use tidegate_reports::objective::Objective;

/// All that one simulation needs, checked.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The scenario file.
    pub input: Input,
    /// The policy file.
    pub policy_input: Input,
    /// One sentence.
    pub about: String,
    /// The policy.
    pub policy: Arc<Policy>,
    /// The world.
    pub world: Arc<WorldSpec>,
    /// Start of the simulated time.
    pub start: Timestamp,
    /// Simulated time, warm-up included.
    pub duration: Span,
    /// Not measured at the start.
    pub warm_up: Span,
    /// Whether that is still to be found in pilot runs; it is zero until then.
    pub warm_up_auto: bool,
    /// First seed.
    pub seed: u64,
    /// Runs: seeds `seed..seed + runs`.
    pub runs: u32,
    /// A job counts as available when it starts within this.
    pub start_within: Span,
    /// What arrives.
    pub loads: Vec<Load>,
    /// What goes wrong.
    pub faults: Vec<FaultPlan>,
    /// What is promised.
    pub objectives: Vec<Objective>,
    /// Where the objectives stand, in the same order.
    pub objectives_at: Vec<Spot>,
    /// What the reader left out or made up of recorded loads, a sentence each.
    pub warnings: Vec<String>,
    /// What the command line put over the files, as arguments with a blank before each, for lines that reproduce.
    pub over: String,
}

impl Scenario {
    /// For whoever compares candidates, which must not be cut in different places.
    ///
    /// # Errors
    /// When the warm-up is still to be found: what to do.
    pub fn has_its_warm_up(&self) -> Result<(), String> {
        let path = &self.input.path;
        let hint = || {
            format!(
                "{path}: warmUp = \"auto\" would cut each candidate elsewhere: add --set warmUp=DURATION; \
                 `tidegate run {path}` says what is found"
            )
        };
        if self.warm_up_auto { Err(hint()) } else { Ok(()) }
    }
}

/// A place in a file, for whoever shows its line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spot {
    /// The file.
    pub path: String,
    /// Its line, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
}

/// One source of jobs.
#[derive(Clone, Debug)]
pub struct Load {
    /// The organization's name.
    pub organization: String,
    /// What arrives.
    pub kind: LoadKind,
    /// What runners its jobs need, where the record does not say.
    pub need: Need,
    /// Labels of its jobs, where the record does not say; its label class.
    pub labels: Vec<String>,
}

/// Where the jobs of a load come from.
#[derive(Clone, Debug)]
pub enum LoadKind {
    /// Pushes start workflow runs, which start jobs.
    Synthetic {
        /// Repositories pushes are spread over.
        repositories: u32,
        /// When.
        arrivals: Arrivals,
        /// Jobs of one push, at least 1.
        jobs_per_push: Dist,
        /// Seconds.
        job_duration: Dist,
    },
    /// Jobs as they were recorded. Sorted by time.
    Recorded {
        /// The rows.
        jobs: Arc<Vec<RecordedJob>>,
        /// 1: as recorded; below: that share of the runs, thinned; above: runs repeated that often on average.
        scale: f64,
    },
}

/// When pushes arrive.
#[derive(Clone, Debug)]
pub enum Arrivals {
    /// A Poisson process, pushes an hour.
    Poisson {
        /// Mean rate.
        per_hour: f64,
    },
    /// A Poisson process whose rate follows the hour of the week of a zone and a gamma factor drawn for each hour.
    Weekly {
        /// Mean pushes a day over the week.
        per_day: f64,
        /// Rate over its mean, by hour of the week in UTC, Monday 0 h first: 168 numbers.
        profile: Arc<Vec<f64>>,
        /// Coefficient of variation of the hourly factor; 0: none.
        burstiness: f64,
    },
}

/// One recorded job.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedJob {
    /// Queued, after the scenario's start.
    pub at: Span,
    /// How long it ran.
    pub duration: Span,
    /// Its workflow run, as a dense number within the record.
    pub run: u32,
    /// Index into the record's repositories.
    pub repository: String,
    /// Its labels, if recorded.
    pub labels: Option<Vec<String>>,
    /// What its runner needs, if recorded.
    pub need: Option<Need>,
    /// Its number in the record, for `explain` and `jobs.csv`.
    pub id: u64,
}

/// A fault: what, where, and when.
#[derive(Clone, Debug)]
pub struct FaultPlan {
    /// What.
    pub kind: FaultKind,
    /// The region it hits; `None`: all (GitHub's own faults).
    pub region: Option<RegionId>,
    /// When.
    pub when: When,
}

/// When a fault strikes.
#[derive(Clone, Debug)]
pub enum When {
    /// Once.
    At {
        /// After the scenario's start.
        at: Span,
        /// How long.
        lasts: Span,
    },
    /// At random: exponential times between, each of a drawn length in seconds.
    Rate {
        /// Mean number per week.
        per_week: f64,
        /// Seconds.
        lasts: Dist,
    },
}

/// A service of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// The webhook endpoint.
    Ingress,
    /// SQS.
    Queue,
    /// ECS and Fargate launches.
    Launch,
    /// Runner registration from that region.
    Registration,
    /// DynamoDB.
    Table,
    /// S3.
    Cache,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FaultKind {
    /// The region answers nothing; its node stops, its tasks are lost.
    RegionOutage,
    /// A service answers nothing.
    ServiceOutage(Service),
    /// A share of a service's calls fail.
    Errors(Service, Ratio),
    /// A service takes so many times as long.
    Slow(Service, f64),
    /// A service takes only this many calls a second; the rest are throttled.
    Throttle(Service, f64),
    /// This fraction of the launch capacity is left.
    Capacity(Ratio),
    /// `from` (the fault's region) cannot reach `to`; both ways unless `one_way`.
    Partition {
        /// The other end.
        to: RegionId,
        /// Only calls from the fault's region to `to` are cut; answers to calls the other way pass.
        one_way: bool,
    },
    /// The tables of the region send nothing to the others and receive nothing; local reads and writes go on.
    ReplicationPause,
    /// Spot tasks are taken back at this rate per task-hour.
    SpotInterruptions(f64),
    /// Probes are green, launches fail.
    Gray,
    /// GitHub's API and webhooks are down.
    GitHubOutage,
    /// A share of webhook deliveries is lost.
    WebhookLoss(Ratio),
    /// The region's clock is ahead by this (behind: `back`).
    ClockSkew {
        /// How far.
        by: Span,
        /// Behind instead of ahead.
        back: bool,
    },
    /// An operator gives an order to a node that is up.
    Operator(Verb),
}
