//! Arguments of `sweep`. Knows words; must not know what is done with them.

use crate::cli::Over;
use crate::cli::usual::Usual;
use crate::sweep::axis::Axis;
use crate::sweep::shard::Asked;
use clap::Args;
use std::path::PathBuf;

pub(in crate::cli) const SWEEP_HELP: &str = "\
Values of --vary: a range (queueDepth=20..200/10: ten values from 20 to 200; 10s..60s/6, 0.5..0.9/5) or a list \
(failover.mode=automatic,supervised; policy=a.json,b.json). Every value of each axis is simulated with every value of the \
others, or with --lhs N only N points drawn evenly from the whole space.

Each finished point is kept in DIR/points: the same command goes on where it was stopped, and ends with the same bytes. \
Results: index.html (map, effects, Pareto front), sweep.csv (a row for each point), sweep.json.

An array job of a scheduler: every task runs the same command with --shard auto and one --out, then `tidegate sweep --collect \
DIR` joins their parts. docs/sweep.md has examples for AWS Batch, Kubernetes and Slurm.

Examples:
  tidegate sweep scenarios/three-regions.toml --vary queueDepth=20..200/10 --vary concurrencyPercent=50..95/10
  tidegate sweep scenarios/home-region-outage.toml --vary failover.suspectFor=10s..60s/6 --vary failover.mode=automatic,supervised
  tidegate sweep scenarios/three-regions.toml --vary maxRunners=200..600 --vary spillover.stopAt=0.5..0.9 --lhs 60 --runs 5
  tidegate sweep scenarios/three-regions.toml --vary load.*.pushesPerDay=2000..6000/9 --show start.p95
  tidegate sweep scenarios/three-regions.toml --vary queueDepth=20..200/10 --shard 0/8 --out parts
  tidegate sweep --collect parts

Exit code 1: no point keeps all objectives, or an invariant broke.";

/// Arguments of `sweep`.
#[derive(Debug, Args)]
pub(in crate::cli) struct SweepArgs {
    /// Scenario file, TOML or JSON
    #[arg(value_name = "SCENARIO", required_unless_present = "collect")]
    pub(super) scenario: Option<PathBuf>,
    /// What to vary, as often as needed: PATH=A..B/N or PATH=A,B,C; paths are those of --set
    #[arg(long = "vary", value_name = "PATH=VALUES", value_parser = Axis::parse, required_unless_present = "collect")]
    pub(super) axes: Vec<Axis>,
    /// N points of a Latin hypercube in place of a grid; ranges need no number of values then
    #[arg(long, value_name = "N")]
    pub(super) lhs: Option<u32>,
    /// The axis that runs from left to right in the map [default: the first]
    #[arg(long, value_name = "PATH")]
    pub(super) x: Option<String>,
    /// The axis that runs upwards in the map [default: the second]
    #[arg(long, value_name = "PATH")]
    pub(super) y: Option<String>,
    /// The measure that the map shows, such as start.p95 or availability [default: cost]
    #[arg(long, value_name = "MEASURE")]
    pub(super) show: Option<String>,
    /// Simulate one share of the points alone: I/N, from 0/N, or `auto` for what an array job's environment says
    #[arg(long, value_name = "I/N", value_parser = Asked::parse)]
    pub(super) shard: Option<Asked>,
    /// Join the parts that shards wrote to a folder or to s3://BUCKET/PREFIX
    #[arg(long, value_name = "DIR", conflicts_with_all = ["scenario", "axes", "lhs", "x", "y", "show", "shard", "out", "runs", "seed", "threads", "settings", "policy"])]
    pub(super) collect: Option<PathBuf>,
    /// Where results go [default: target/tidegate/NAME-sweep]; a folder, or s3://BUCKET/PREFIX
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Runs of each point, instead of what the scenario says
    #[arg(long, value_name = "N")]
    pub(super) runs: Option<u32>,
    /// First seed, instead of what the scenario says
    #[arg(long, value_name = "S")]
    pub(super) seed: Option<u64>,
    #[command(flatten)]
    pub(super) usual: Usual,
    #[command(flatten)]
    pub(super) over: Over,
}
