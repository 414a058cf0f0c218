//! The one result model: what a scenario's runs came to. Knows shapes and units; must not know how it was measured or
//! how it is drawn.

use crate::precision::Precision;
use crate::values::RunValues;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A statistic over runs with its 95 % confidence interval. `None` where there is nothing to tell: no samples, or an
/// interval of a single run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The mean of the runs' values; of a percentile and six runs or more their median.
    pub value: Option<f64>,
    /// Lower end.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

/// A measure's statistics. Times in seconds, shares as fractions, money in USD.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// `s`, `share`, `USD`, `ratio` or `count`.
    pub unit: String,
    /// Samples over all runs.
    pub count: u64,
    /// Mean.
    pub mean: Estimate,
    /// Median.
    pub p50: Estimate,
    /// 90th percentile.
    pub p90: Estimate,
    /// 95th percentile.
    pub p95: Estimate,
    /// 99th percentile.
    pub p99: Estimate,
    /// Largest.
    pub max: Estimate,
    /// Statistics that are at least so much: in some run a job never started, or a failover was not over at the end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub censored: Vec<String>,
}

/// What happened in one region.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegionSummary {
    /// The measures of jobs placed there.
    pub measures: BTreeMap<String, Measure>,
    /// Most runners at once (starting and running).
    pub peak_runners: Estimate,
    /// Time-average of runners over `maxRunners`.
    pub utilisation: Estimate,
    /// Most messages waiting.
    pub peak_queue_depth: Estimate,
    /// Jobs placed there by reason (`home`, `sticky`, `spillover`, `failover`).
    pub placements: BTreeMap<String, Estimate>,
}

/// Money by component, then by region (`global` for what belongs to none).
pub type Costs = BTreeMap<String, BTreeMap<String, Estimate>>;

/// Totals of money.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CostSummary {
    /// USD in the measured time.
    pub components: Costs,
    /// All of it.
    pub total: Estimate,
    /// Scaled to 30 days.
    pub per_month: Estimate,
    /// Per 1,000 completed jobs.
    pub per_thousand_jobs: Estimate,
    /// The same load in the best single region: its name and its cost.
    pub single_region: Option<SingleRegion>,
    /// Total over that of the best single region.
    pub ratio: Estimate,
}

/// The best single region.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SingleRegion {
    /// Its name.
    pub region: String,
    /// Its total.
    pub total: Estimate,
    /// Its components.
    pub components: BTreeMap<String, Estimate>,
}

/// One fault and what followed, over the runs. Seconds from the impact.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failover {
    /// Region that was hit.
    pub region: String,
    /// What hit it: the fault's kind, or `operator`.
    pub fault: String,
    /// Seconds from the scenario's start to the impact.
    pub at: f64,
    /// Runs in which it led to a failover, and all runs.
    pub runs: (u32, u32),
    /// Impact to first suspicion by a survivor.
    pub detected: Estimate,
    /// Impact to the decision to evacuate.
    pub decided: Estimate,
    /// Impact to the first job of that home started elsewhere after the decision.
    pub first_success: Estimate,
    /// Impact to start p95 back within its band and the backlog gone, in the runs that came so far.
    pub recovered: Estimate,
    /// Runs that had not recovered at their end; they are not in `recovered`.
    #[serde(default)]
    pub unrecovered: u32,
    /// Impact to the region being active again; null when it did not return within the run.
    pub failed_back: Estimate,
}

/// Whether an objective is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// The unfavourable end of the interval meets the limit.
    Met,
    /// The interval straddles the limit, or there is none.
    Inconclusive,
    /// The favourable end misses the limit.
    Missed,
}

impl Verdict {
    /// Its name in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Inconclusive => "inconclusive",
            Self::Missed => "missed",
        }
    }

    /// Its sign for people.
    #[must_use]
    pub const fn sign(self) -> char {
        match self {
            Self::Met => '✓',
            Self::Inconclusive => '?',
            Self::Missed => '✗',
        }
    }
}

/// An objective, judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Judged {
    /// The measure.
    pub measure: String,
    /// Of which jobs: `all` or `regional`.
    pub of: String,
    /// The statistic.
    pub stat: String,
    /// `atMost` or `atLeast`.
    pub bound: String,
    /// The limit.
    pub limit: f64,
    /// Unit of limit and values.
    pub unit: String,
    /// The estimate.
    #[serde(flatten)]
    pub estimate: Estimate,
    /// The verdict.
    pub verdict: Verdict,
    /// Why it is not met, in words; empty when it is.
    pub why: String,
    /// Runs that miss the limit by themselves.
    #[serde(default)]
    pub runs_beyond: u32,
}

/// Does the fleet hold its objectives at its worst hour with its largest region gone?
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NMinusOne {
    /// The region taken away.
    pub region: String,
    /// Start of the worst hour, seconds from the scenario's start.
    pub worst_hour: f64,
    /// The objectives, judged in that hour.
    pub objectives: Vec<Judged>,
    /// Whether all are met; `None` when there is only one region or no objective can be judged.
    pub holds: Option<bool>,
    /// Why, in words.
    pub why: String,
    /// The region that is over a limit first in that hour; `None` when it holds, or when none is.
    #[serde(default)]
    pub breaks_first: Option<BreaksFirst>,
    /// What would mend it; `None` when it holds.
    #[serde(default)]
    pub mend: Option<Mend>,
}

/// The region that runs out first when the largest is gone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BreaksFirst {
    /// Its name.
    pub region: String,
    /// Seconds from the beginning of the worst hour, on average over the runs in which it is first.
    pub after: f64,
    /// `maxRunners`: all its runners are in use; `queueDepth`: more messages wait than its threshold says.
    pub limit: String,
    /// Runs in which it is first, and all runs.
    pub runs: (u32, u32),
}

/// How many more runners would mend it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mend {
    /// Whether more runners mend it.
    pub holds: bool,
    /// The fewest of the multiples of `maxRunners` tried in the regions left that mend it, or the most tried; 0: none tried.
    pub factor: f64,
    /// More runners in all.
    pub total: u32,
    /// More runners by region.
    pub more: BTreeMap<String, u32>,
    /// In words.
    pub why: String,
}

/// A file that went in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// Where it was read from.
    pub path: String,
    /// Of its bytes.
    pub sha256: String,
}

/// How the work went. The only part that differs between two runs of the same inputs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Engine {
    /// Events handled over all runs.
    pub events: u64,
    /// Time it took.
    pub wall_seconds: f64,
    /// Events a second, all threads together.
    pub events_per_second: f64,
    /// Peak of the process' memory, where the system tells.
    pub peak_bytes: Option<u64>,
}

/// Which program.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// Its version.
    pub version: String,
    /// Its commit, where known.
    pub commit: String,
}

/// `summary.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// 1.
    pub schema: u32,
    /// The program.
    pub tidegate: Program,
    /// The scenario file.
    pub scenario: Input,
    /// The policy file.
    pub policy: Input,
    /// What the scenario says of itself.
    pub about: String,
    /// RFC 3339 start of the simulated time.
    pub start: String,
    /// Simulated seconds.
    pub duration: f64,
    /// Seconds not measured at the start.
    pub warm_up: f64,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// How narrow the intervals became, where runs went on until they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<Precision>,
    /// Hash of all decisions of all runs.
    pub digest: String,
    /// By name: `ack`, `placement`, `queueWait`, `start`, `run`, `total`, `availability`, `goodMinutes`,
    /// `failoverTime`, `cost`, `costRatio`.
    pub measures: BTreeMap<String, Measure>,
    /// The same of jobs whose home was active and not spilling.
    pub regional: BTreeMap<String, Measure>,
    /// By region.
    pub regions: BTreeMap<String, RegionSummary>,
    /// Counts per run.
    pub counts: BTreeMap<String, Estimate>,
    /// Money.
    pub cost: CostSummary,
    /// Episodes.
    pub failovers: Vec<Failover>,
    /// Judged.
    pub objectives: Vec<Judged>,
    /// N-1.
    pub n_minus_one: NMinusOne,
    /// The numbers of each run, by its seed: those of the objectives, and what every comparison asks for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub runs: BTreeMap<u64, RunValues>,
    /// Engine.
    pub engine: Engine,
}

/// A fault on the timeline, in seconds from the start, for shading.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FaultSpan {
    /// Region it hits; empty for all.
    pub region: String,
    /// What it is.
    pub kind: String,
    /// From.
    pub from: f64,
    /// To.
    pub to: f64,
}

/// A row of `series.csv`: one region in one interval of the first run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SeriesRow {
    /// Seconds from the start, the interval's beginning.
    pub time: f64,
    /// Region.
    pub region: String,
    /// Messages waiting, time-average of the interval.
    pub queue_depth: f64,
    /// Runners online.
    pub running: f64,
    /// Tasks starting.
    pub starting: f64,
    /// Phase at the end of the interval, as the node that takes the webhooks sees it.
    pub phase: String,
    /// Placements by reason.
    pub placed_home: u64,
    /// Placements by reason.
    pub placed_sticky: u64,
    /// Placements by reason.
    pub placed_spillover: u64,
    /// Placements by reason.
    pub placed_failover: u64,
    /// Start p50 of jobs of this home started in the interval, seconds; `None` without jobs.
    pub start_p50: Option<f64>,
    /// Start p95.
    pub start_p95: Option<f64>,
    /// USD an hour.
    pub cost_rate: f64,
}

/// Jobs from a home to a region, for the flow chart: of the first run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// Home.
    pub home: String,
    /// Region it was placed in.
    pub region: String,
    /// Jobs by reason: home, sticky, spillover, failover.
    pub jobs: [u64; 4],
}

/// All a report shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The numbers.
    pub summary: Summary,
    /// The series of the first run, by time and then by region in policy order.
    pub series: Vec<SeriesRow>,
    /// Region names in policy order.
    pub regions: Vec<String>,
    /// `maxRunners` in policy order.
    pub max_runners: Vec<u32>,
    /// Faults.
    pub faults: Vec<FaultSpan>,
    /// Flows.
    pub flows: Vec<Flow>,
    /// The line that reproduces it.
    pub reproduce: String,
}
