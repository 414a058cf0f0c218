//! The words of `tidegate compare`. Knows clap; must not know what is compared.

use crate::cli::Format;
use crate::scenario::setting::Setting;
use clap::Args;
use std::path::PathBuf;

pub(in crate::cli) const HELP: &str = "\
Every variant is simulated with the same seeds: the same pushes, durations and faults meet all of them, and differences are \
taken run by run, which makes their intervals narrower than those of either. All are held against the first policy that is \
named, or against the scenario as it is.

Examples:
  tidegate compare scenarios/three-regions.toml --with queueDepth=60
  tidegate compare scenarios/three-regions.toml --with queueDepth=60 --with 'queueDepth=60 errorRate=0.02'
  tidegate compare scenarios/home-region-outage.toml --policy old.json --policy new.json --runs 40 --out report";

/// Arguments of `compare`.
#[derive(Debug, Args)]
pub(in crate::cli) struct CompareArgs {
    /// Scenario file, TOML or JSON
    #[arg(value_name = "SCENARIO")]
    pub(super) scenario: PathBuf,
    /// A variant: the scenario under this policy
    #[arg(long = "policy", value_name = "FILE")]
    pub(super) policies: Vec<PathBuf>,
    /// A variant: the scenario with these values put over its files, as `--set` takes them, with blanks between
    #[arg(long = "with", value_name = "PATH=VALUE ...", value_parser = several)]
    pub(super) with: Vec<Several>,
    /// A value put over the files of all variants, as often as needed
    #[arg(long = "set", value_name = "PATH=VALUE", value_parser = Setting::parse)]
    pub(super) settings: Vec<Setting>,
    /// Runs of each variant, instead of what the scenario says
    #[arg(long, value_name = "N")]
    pub(super) runs: Option<u32>,
    /// First seed, instead of what the scenario says
    #[arg(long, value_name = "S")]
    pub(super) seed: Option<u64>,
    /// Where the report goes [default: target/tidegate/compare-NAME]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Threads [default: as many as there are processors]; results do not depend on it
    #[arg(long, value_name = "N")]
    pub(super) threads: Option<usize>,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
    /// Print no progress
    #[arg(long, short)]
    pub(super) quiet: bool,
}

/// The settings of one variant.
#[derive(Clone, Debug)]
pub(super) struct Several(pub(super) Vec<Setting>);

fn several(text: &str) -> Result<Several, String> {
    let settings: Result<Vec<Setting>, String> = text.split_whitespace().map(Setting::parse).collect();
    settings
        .and_then(|settings| if settings.is_empty() { Err("no PATH=VALUE".to_owned()) } else { Ok(Several(settings)) })
}
