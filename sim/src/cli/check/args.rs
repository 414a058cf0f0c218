//! Arguments that `check` alone has. Knows their words; must not know what is done with them.

use clap::Args;
use std::path::PathBuf;

/// What a check does beside judging.
#[derive(Debug, Args)]
pub(in crate::cli) struct More {
    /// Write a JUnit report: a test case for each scenario and objective
    #[arg(long, value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,
    /// Add the objectives of an OpenSLO v1 file to those of every scenario
    #[arg(long, value_name = "FILE")]
    pub(super) slo: Vec<PathBuf>,
    /// Annotate the lines of objectives that are not met, and add a table to the step's summary, as GitHub Actions shows them
    #[arg(long)]
    pub(super) github: bool,
    /// Hold the results against those of a base branch: a summary.json of `tidegate run`, or a folder of them
    #[arg(long, value_name = "FILE|FOLDER")]
    pub(super) baseline: Vec<PathBuf>,
    /// What change against the baseline matters, as a share of its value: 0.02 or 2%
    #[arg(long, value_name = "SHARE", default_value = "1%", requires = "baseline", value_parser = share)]
    pub(super) tolerance: f64,
}

/// A share as `0.02` or `2%`.
pub(in crate::cli) fn share(text: &str) -> Result<f64, String> {
    let (number, unit) = text.strip_suffix('%').map_or((text, 1.0), |number| (number, 100.0));
    let share = number.trim().parse::<f64>().ok().map(|number| number / unit);
    share
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "expected 0% to 100%, such as 1% or 0.01".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_may_be_a_percentage() {
        assert_eq!((share("2%"), share("0.02"), share("0")), (Ok(0.02), Ok(0.02), Ok(0.0)));
        assert!(["2", "-1%", "x", "%", "NaN"].into_iter().all(|text| share(text).is_err()));
    }
}
