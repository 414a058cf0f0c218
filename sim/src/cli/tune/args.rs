//! The arguments of `tidegate tune`. Knows words and limits; must not know what a search does with them.

use crate::cli::Over;
use crate::cli::usual::Usual;
use crate::experiment::tune::scenarios::Minimized;
use crate::experiment::tune::space::Axis;
use crate::scenario::setting::Setting;
use clap::Args;
use std::path::PathBuf;

pub(in crate::cli) const HELP: &str = "\
What is found is the cheapest of the policies that were tried, not of all there are. What is said of it rests on runs with \
seeds that the search did not use; docs/tune.md tells how.

Without --over these are searched: maxRunners (of each region, 50% to 150% of what it has: above 100% the account needs the quota), queueDepth, concurrencyPercent \
of each region, errorRate, spillover.stopAt, .minDwell, .share and .order, failover.missesToSuspect, .suspectFor, \
.rampEvery, .probeEvery and .cooldown. index.html lists how far each may go and why.

With several scenarios a policy must keep the objectives of all of them, and its cost is the mean of theirs.

Exit code 1: no policy was shown to keep all objectives.

Examples:
  tidegate tune scenarios/three-regions.toml
  tidegate tune scenarios/three-regions.toml scenarios/home-region-outage.toml --budget 3000 --write tuned.json
  tidegate tune scenarios/three-regions.toml --over queueDepth=20..200 --over concurrencyPercent=50..95 --write new.json
  tidegate tune scenarios/home-region-outage.toml --over failover.suspectFor=5s..2m --minimize failoverTime
  tidegate tune scenarios/theory/fewest-runners.toml --over maxRunners=2..20 --minimize maxRunners";

/// Arguments of `tune`.
#[derive(Debug, Args)]
pub(in crate::cli) struct TuneArgs {
    /// Scenario files, TOML or JSON, with one policy
    #[arg(required = true, value_name = "SCENARIO")]
    pub(super) scenarios: Vec<PathBuf>,
    /// What is varied, as often as needed: a key of the policy and its ends (queueDepth=20..200, spillover.stopAt=0.5..0.9,
    /// failover.suspectFor=5s..2m, maxRunners=50%..100%) or its words (spillover.share=all|excess)
    #[arg(long, value_name = "PATH=a..b", value_parser = axis)]
    pub(super) over: Vec<Axis>,
    /// What is minimised: a measure such as cost, costRatio or start.p95, or maxRunners, those of all regions together
    #[arg(long, value_name = "MEASURE", default_value = "cost", value_parser = minimized)]
    pub(super) minimize: Minimized,
    /// Simulations at the most; a run takes one for each scenario
    #[arg(long, value_name = "N", default_value_t = 1_200)]
    pub(super) budget: u64,
    /// Of what is said of the winner
    #[arg(long, value_name = "SHARE", default_value_t = 0.95, value_parser = confidence)]
    pub(super) confidence: f64,
    /// A difference of the cost that is not worth finding, as a share of it: 0.01 or 1%
    #[arg(long, value_name = "SHARE", default_value = "1%", value_parser = indifference)]
    pub(super) indifference: f64,
    /// Runs of each candidate before the first is dropped
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(2..=1_000))]
    pub(super) runs_first: u64,
    /// First seed, instead of what the first scenario says
    #[arg(long, value_name = "S")]
    pub(super) seed: Option<u64>,
    /// Where the evidence goes [default: target/tidegate/tune-NAME]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Write the winner's policy there too, beside policy.json in the folder of the evidence
    #[arg(long, value_name = "FILE")]
    pub(super) write: Option<PathBuf>,
    #[command(flatten)]
    pub(super) usual: Usual,
    #[command(flatten)]
    pub(super) files: Over,
}

fn axis(text: &str) -> Result<Axis, String> {
    let axis = Axis::parse(text)?;
    if Setting::new(&axis.path, "0").is_of_policy() {
        return Ok(axis);
    }
    Err(format!("`{}` is no key of the policy: a search may not change the load, the faults or the world", axis.path))
}

fn minimized(name: &str) -> Result<Minimized, String> {
    use tidegate_core::document::nearest;
    use tidegate_reports::objective::{Bound, MEASURES};
    let names = || MEASURES.iter().filter(|spec| spec.bound == Bound::AtMost).map(|spec| spec.name);
    let wrong = |what: &str| {
        let near = nearest(name, names()).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        format!("{what}: expected maxRunners or one of {}{near}", names().collect::<Vec<_>>().join(", "))
    };
    match Minimized::named(name) {
        Some(Minimized::Measured(quantity)) if quantity.bound() == Bound::AtLeast => Err(wrong("more of it is better")),
        Some(minimized) => Ok(minimized),
        None => Err(wrong("no measure has that name")),
    }
}

fn share(text: &str) -> Option<f64> {
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|share| share.is_finite());
    text.strip_suffix('%').map_or_else(|| number(text), |percent| number(percent).map(|percent| percent / 100.0))
}

fn confidence(text: &str) -> Result<f64, String> {
    let good = share(text).filter(|share| (0.5..=0.9999).contains(share));
    good.ok_or_else(|| "expected a share from 0.5 to 0.9999, such as 0.95 or 95%".to_owned())
}

fn indifference(text: &str) -> Result<f64, String> {
    let good = share(text).filter(|share| (0.0001..=1.0).contains(share));
    good.ok_or_else(|| "expected a share from 0.0001 to 1, such as 0.01 or 1%".to_owned())
}
