//! The words of `tidegate compare`. Knows clap; must not know what is compared.

use crate::cli::usual::Usual;
use crate::scenario::setting::Setting;
use clap::Args;
use std::path::PathBuf;

pub(in crate::cli) const HELP: &str = "\
Every variant is simulated with the same seeds: the same pushes, durations and faults meet all of them, and differences are \
taken run by run, which makes their intervals narrower than those of either. All are held against the first policy that is \
named, or against the scenario as it is.

Exit code 0 whatever differs: `tidegate check` is what says no. 1: an invariant broke.

Examples:
  tidegate compare scenarios/three-regions.toml --with queueDepth=60
  tidegate compare scenarios/three-regions.toml --with queueDepth=60 --with 'both: queueDepth=60 errorRate=0.02'
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
    /// A variant: the scenario with these values put over its files, as `--set` takes them, with blanks between; a
    /// name and a colon before them stand for them in the report
    #[arg(long = "with", value_name = "[NAME: ]PATH=VALUE ...", value_parser = with)]
    pub(super) with: Vec<With>,
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
    #[command(flatten)]
    pub(super) usual: Usual,
}

/// One variant by its settings.
#[derive(Clone, Debug)]
pub(super) struct With {
    /// What it was called, if it was.
    pub(super) name: Option<String>,
    pub(super) settings: Vec<Setting>,
}

impl With {
    /// What it is called: by its settings where it has no name.
    pub(super) fn called(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.in_words())
    }

    /// As it is typed.
    pub(super) fn typed(&self) -> String {
        let name = self.name.as_ref().map_or_else(String::new, |name| format!("{name}: "));
        name + &self.in_words()
    }

    fn in_words(&self) -> String {
        self.settings.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }
}

fn with(text: &str) -> Result<With, String> {
    // A colon behind the first equals sign is of a value.
    let named = text.split_once(": ").filter(|(name, _)| !name.contains('=') && !name.trim().is_empty());
    let (name, settings) = named.map_or((None, text), |(name, rest)| (Some(name.trim().to_owned()), rest));
    let settings: Vec<Setting> = settings.split_whitespace().map(Setting::parse).collect::<Result<_, _>>()?;
    if settings.is_empty() { Err("no PATH=VALUE".to_owned()) } else { Ok(With { name, settings }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_may_have_a_name() {
        let read = |text: &str| with(text).map(|with| (with.called(), with.typed(), with.settings.len()));
        let named = "slow operator: failover.mode=supervised world.operatorReaction=15m";
        assert_eq!(read(named), Ok(("slow operator".to_owned(), named.to_owned(), 2)));
        let plain = "queueDepth=60 errorRate=0.02";
        assert_eq!(read(plain), Ok((plain.to_owned(), plain.to_owned(), 2)));
        assert!(read("a: ").is_err() && read("").is_err() && read("a: b").is_err());
        assert_eq!(read(r#"world.x={"a": 1}"#).map_err(|_| ()), Err(()), "a blank ends a value");
    }
}
