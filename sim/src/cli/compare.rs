//! `tidegate compare`: variants of a scenario in, what differs between them out. Knows which variants and where to; must not
//! know how a difference is judged.

pub(super) mod args;

use super::progress::Bar;
use super::{End, Format, inputs, print};
use crate::experiment::batch::{Batch, Singles, batch, needs_singles, simulations_of_singles, singles};
use crate::experiment::{Progress, program};
use crate::output::{self, WriteError};
use crate::scenario::Scenario;
use crate::scenario::file::{self, Overrides};
use crate::scenario::setting::Setting;
use args::CompareArgs;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use tidegate_reports::compare::{Comparison, Measured, compare as hold, export, page, terminal};

/// A variant, read.
struct Variant {
    name: String,
    scenario: Scenario,
    /// Its settings that are not of the policy: variants with the same ones have the same load, world and faults.
    apart: String,
}

/// A variant as it is asked for.
struct Asked {
    name: String,
    policy: Option<PathBuf>,
    settings: Vec<Setting>,
}

pub(super) fn compare(args: &CompareArgs) -> End {
    let Some(variants) = read(args) else { return End::Input };
    let pool = match inputs::threads(args.usual.threads) {
        Ok(pool) => pool,
        Err(end) => return end,
    };
    pool.install(|| run(args, &variants)).unwrap_or_else(|error| {
        eprintln!("tidegate: {error}");
        End::Environment
    })
}

/// Reads every variant, and tells all mistakes of all of them.
fn read(args: &CompareArgs) -> Option<Vec<Variant>> {
    let asked = asked(args);
    let mut seen = BTreeSet::new();
    let twice: Vec<&str> = asked.iter().map(|asked| asked.name.as_str()).filter(|name| !seen.insert(*name)).collect();
    if asked.len() < 2 || !twice.is_empty() {
        let wrong = match twice.first() {
            Some(name) => format!("the variant `{name}` is there twice"),
            None => "nothing to compare with".to_owned(),
        };
        eprintln!(
            "tidegate: {wrong}: expected --policy FILE or --with PATH=VALUE, each another, one or several of them"
        );
        return None;
    }
    let mut read = Vec::new();
    let known = |scenario: Scenario| scenario.has_its_warm_up().map(|()| scenario);
    for asked in &asked {
        let overrides =
            Overrides { runs: args.runs, seed: args.seed, policy: asked.policy.as_deref(), settings: &asked.settings };
        match file::read(&args.scenario, overrides).map_err(|error| error.to_string()).and_then(known) {
            Ok(scenario) => {
                if read.is_empty() {
                    inputs::warn(&scenario);
                }
                let apart = asked.settings.iter().filter(|setting| !setting.is_of_policy());
                let apart = apart.map(|setting| format!("{setting} ")).collect();
                read.push(Variant { name: asked.name.clone(), scenario, apart });
            }
            Err(error) => eprintln!("{error}"),
        }
    }
    (read.len() == asked.len()).then_some(read)
}

fn asked(args: &CompareArgs) -> Vec<Asked> {
    let own = Asked { name: "as it is".to_owned(), policy: None, settings: args.settings.clone() };
    let by_policy = args.policies.iter().map(|path| Asked {
        name: policy_name(path, &args.policies),
        policy: Some(path.clone()),
        settings: args.settings.clone(),
    });
    let by_values = args.with.iter().map(|with| Asked {
        name: with.called(),
        policy: None,
        settings: args.settings.iter().chain(&with.settings).cloned().collect(),
    });
    let mut asked: Vec<Asked> = by_policy.chain(by_values).collect();
    if args.policies.is_empty() || asked.len() == 1 {
        asked.insert(0, own);
    }
    asked
}

/// A policy is called as its file, or by its path where two files are called alike.
fn policy_name(path: &Path, all: &[PathBuf]) -> String {
    let stem = |path: &Path| path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let alike = all.iter().filter(|other| stem(other) == stem(path)).count();
    if alike > 1 { path.display().to_string() } else { stem(path) }
}

fn run(args: &CompareArgs, variants: &[Variant]) -> Result<End, WriteError> {
    let first = &variants[0].scenario;
    let folder =
        args.out.clone().unwrap_or_else(|| Path::new("target/tidegate").join(format!("compare-{}", first.input.name)));
    output::probe(&folder)?;
    let seeds: Vec<u64> = (0..u64::from(first.runs)).map(|n| first.seed + n).collect();
    let bar = Bar::new(args.usual.quiet, format!("compare {}", first.input.name));
    let of_single = denominators(variants);
    let each: u64 = of_single.iter().map(|(_, scenario)| simulations_of_singles(scenario, &seeds)).sum();
    bar.begin(variants.len() as u64 * seeds.len() as u64 + each);
    let singles: Vec<(&str, Option<Singles>)> =
        of_single.iter().map(|(apart, scenario)| (*apart, singles(scenario, &seeds, &bar))).collect();
    let simulate = |variant: &Variant| {
        let mine = singles.iter().find(|(apart, _)| *apart == variant.apart);
        batch(&variant.scenario, &seeds, mine.and_then(|(_, singles)| singles.as_ref()), &bar)
    };
    let batches: Vec<Batch> = variants.iter().map(simulate).collect();
    bar.clear();
    let mut end = End::Well;
    for (Variant { name, scenario, .. }, batch) in variants.iter().zip(&batches) {
        for (seed, broken) in &batch.broken {
            eprintln!("tidegate: {name}: {} is broken at {}: {}", broken.invariant, broken.at, broken.what);
            let again = format!("tidegate run {}{}", file::quoted(&scenario.input.path), scenario.over);
            eprintln!("  this is a bug; to see it again: {again} --runs 1 --seed {seed}");
            end = End::NotMet;
        }
    }
    let comparison = assemble(args, variants, &batches, seeds);
    let page = write(&folder, &comparison)?;
    let text = match args.usual.format {
        Format::Text => {
            let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            terminal::terminal(&comparison, 100, colour, &page.display().to_string())
        }
        Format::Json => serde_json::to_string(&comparison).expect("data") + "\n",
    };
    Ok(end.max(print(&text)))
}

/// The load in the best single region that `costRatio` is held against: one for all variants that differ in the policy
/// alone, under the policy of the first of them, so that a ratio differs only where the cost does.
fn denominators(variants: &[Variant]) -> Vec<(&str, &Scenario)> {
    let mut all: Vec<(&str, &Scenario)> = Vec::new();
    for variant in variants.iter().filter(|variant| needs_singles(&variant.scenario.objectives)) {
        if all.iter().all(|(apart, _)| *apart != variant.apart) {
            all.push((&variant.apart, &variant.scenario));
        }
    }
    all
}

fn assemble(args: &CompareArgs, variants: &[Variant], batches: &[Batch], seeds: Vec<u64>) -> Comparison {
    // A run that broke in one variant has no pair.
    let whole = |seed: &u64| batches.iter().all(|batch| batch.runs.iter().any(|(ran, _)| ran == seed));
    let seeds: Vec<u64> = seeds.into_iter().filter(whole).collect();
    let measured: Vec<Measured> = variants
        .iter()
        .zip(batches)
        .map(|(Variant { name, scenario, .. }, batch)| Measured {
            objectives: scenario.objectives.clone(),
            name: name.clone(),
            policy: scenario.policy_input.clone(),
            over: scenario.over.trim_start().to_owned(),
            digest: batch.digest.clone(),
            runs: batch
                .runs
                .iter()
                .filter(|(seed, _)| seeds.contains(seed))
                .map(|(_, values)| values.clone())
                .collect(),
        })
        .collect();
    let first = &variants[0].scenario;
    let mut comparison = hold(&measured);
    comparison.tidegate = program();
    comparison.scenario = first.input.clone();
    comparison.about = first.about.clone();
    comparison.reproduce = again(args, first);
    comparison.seeds = seeds;
    comparison
}

/// The command that does the same again.
fn again(args: &CompareArgs, first: &Scenario) -> String {
    let mut line = format!("tidegate compare {}", file::quoted(&first.input.path));
    for path in &args.policies {
        let _ = write!(line, " --policy {}", file::quoted(&path.display().to_string()));
    }
    for with in &args.with {
        let _ = write!(line, " --with {}", file::quoted(&with.typed()));
    }
    for setting in &args.settings {
        let _ = write!(line, " --set {}", file::quoted(&setting.to_string()));
    }
    let _ = write!(line, " --runs {} --seed {}", first.runs, first.seed);
    line
}

fn write(folder: &Path, comparison: &Comparison) -> Result<PathBuf, WriteError> {
    output::write_whole(&folder.join("compare.json"), export::json(comparison).as_bytes())?;
    output::write_whole(&folder.join("compare.csv"), export::csv(comparison).as_bytes())?;
    for (name, svg) in page::files(comparison) {
        output::write_whole(&folder.join("charts").join(name), svg.as_bytes())?;
    }
    let page = folder.join("index.html");
    output::write_whole(&page, page::page(comparison).as_bytes())?;
    Ok(page)
}
