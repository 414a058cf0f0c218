//! Arguments for runs that go on until intervals are narrow. Knows their words; must not know how runs are made.

use super::check::args::share;
use crate::experiment::Until;
use clap::Args;

/// How many runs are enough.
#[derive(Debug, Args)]
pub(super) struct Rounds {
    /// Go on with further seeds until the 95 % interval of every objective (of start p95 and cost, without any) reaches no
    /// further than this share of its value to either side: 5% or 0.05. The first round has --runs, and 10 at the least
    #[arg(long, value_name = "SHARE", value_parser = narrow)]
    precision: Option<f64>,
    /// The most runs that --precision takes
    #[arg(long, value_name = "N", default_value_t = 200, requires = "precision",
          value_parser = clap::value_parser!(u32).range(2..=10_000))]
    max_runs: u32,
}

impl Rounds {
    pub(super) fn until(&self) -> Option<Until> {
        self.precision.map(|half_width| Until { half_width, most: self.max_runs })
    }
}

fn narrow(text: &str) -> Result<f64, String> {
    share(text).and_then(|share| if share > 0.0 { Ok(share) } else { Err("expected more than 0%".to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_exact() {
        assert_eq!((narrow("5%"), narrow("0.05")), (Ok(0.05), Ok(0.05)));
        assert!(["0", "0%", "-1%", "120%", "x"].into_iter().all(|text| narrow(text).is_err()));
    }
}
