//! The command line: arguments in, exit code out. Knows words and exit codes; must not know how anything is simulated.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "results go to stdout, diagnostics to stderr")]

mod check;
mod compare;
mod explain;
mod inputs;
mod live;
mod progress;
mod replay;
mod report;
mod rounds;
mod run;
mod sweep;
mod tune;
mod usual;

use crate::scenario::file::Overrides;
use crate::scenario::setting::Setting;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::process::ExitCode;
use usual::Usual;

/// Decides in which cloud region a CI job runs, and shows beforehand what would happen.
#[derive(Debug, Parser)]
#[command(name = "tidegate", version, about, arg_required_else_help = true, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  tidegate run scenarios/home-region-outage.toml      what happens if us-east-1 is lost at the peak?
  tidegate run scenarios/*.toml --runs 5              all scenarios, five runs each
  tidegate run scenarios/three-regions.toml --set queueDepth=60
  tidegate check scenarios/                           are all promises kept? for CI
  tidegate check scenarios/ --stamp                   and write the evidence that the daemon asks for
  tidegate compare scenarios/three-regions.toml --with queueDepth=60
  tidegate sweep scenarios/three-regions.toml --vary queueDepth=20..200/10 --vary maxRunners=300,400,500
  tidegate explain scenarios/three-regions.toml --job 4711
  tidegate explain tidegate-data/us-east-1 --job 4711 why did that job really go there?
  tidegate replay tidegate-data/us-east-1             the same decisions again?
  tidegate replay tidegate-data --policy new.json     what would that policy have done with what really came?
  tidegate schema scenario > scenario.schema.json     for your editor

Exit codes: 0 all well; 1 an objective was missed or inconclusive, a replay differed, or an invariant broke;
            2 the input or the usage is wrong; 3 the environment failed (disk full, no permission).";

const CHECK_HELP: &str = "\
A line for each scenario: met, regressed, missed, inconclusive, noObjectives or broken (an invariant); and one for each \
objective that is not met. Exit code 1: an objective is missed or inconclusive, something is clearly worse than in the \
baseline, or an invariant broke.

--baseline compares each objective, start p95, cost and availability with the summary of the same scenario: seed by seed where \
the seeds are the same.

--stamp writes POLICY.validated beside each policy file when all objectives of all scenarios that use it are met, as \
`tidegate-live serve --require-validated` asks for, and removes it when they are not.

Examples:
  tidegate check scenarios/
  tidegate check scenarios/*.toml --runs 5 --format json
  tidegate check scenarios/ --stamp
  tidegate run scenarios/*.toml --out base     on the base branch, and then on the change:
  tidegate check scenarios/ --baseline base --junit junit.xml --github";

const EXPLAIN_HELP: &str = "\
Job numbers of a scenario are in jobs.csv (`tidegate run SCENARIO --jobs-csv`); those of a journal are GitHub's own. A \
journal is a folder of segments, one segment, or the folder that holds the journals of several nodes.

Examples:
  tidegate explain scenarios/home-region-outage.toml --job 40513
  tidegate explain tidegate-data/us-east-1 --job 4711
  tidegate explain us-east-1/ eu-west-1/ --job 4711    by several nodes, in order of time";

const REPLAY_HELP: &str = "\
A journal is a folder of segments, one segment, or the folder that holds the journals of several nodes.

Without --policy each journal is replayed on its own. Exit code 1: a decision differs; the first one is shown.
With --policy the jobs of all journals together, a job that two nodes heard of once, are simulated under that policy: each \
at its time, as long and on such a runner as it really was. The report is that of `tidegate run`.

Examples:
  tidegate replay tidegate-data/us-east-1
  tidegate replay tidegate-data --policy new.json --runs 5";

#[derive(Debug, Subcommand)]
enum Command {
    /// Simulate scenarios, judge their objectives, write their reports
    #[command(after_help = "The report lies in --out, or in target/tidegate/NAME: open index.html in a browser.\n\
                            Examples:\n  \
                            tidegate run scenarios/home-region-outage.toml --runs 5 --out report\n  \
                            tidegate run scenarios/home-region-outage.toml --precision 5%     as many runs as that takes")]
    Run(RunArgs),
    /// Judge the objectives of scenarios, and write no report: for CI
    #[command(after_help = CHECK_HELP)]
    Check(CheckArgs),
    /// What differs between policies, or between values, with the same seeds?
    #[command(after_help = compare::args::HELP)]
    Compare(compare::args::CompareArgs),
    /// Why did a job go where it went?
    #[command(after_help = EXPLAIN_HELP)]
    Explain(ExplainArgs),
    /// Do journals of the daemon lead to the same decisions again? What would another policy have done?
    #[command(after_help = REPLAY_HELP)]
    Replay(ReplayArgs),
    /// Vary values of a scenario or its policy: which keep the objectives, which is the cheapest?
    #[command(after_help = sweep::SWEEP_HELP)]
    Sweep(Box<sweep::SweepArgs>),
    /// Find the cheapest policy that keeps all objectives, and say how sure that is
    #[command(after_help = tune::args::HELP)]
    Tune(tune::args::TuneArgs),
    /// Print the JSON Schema of a kind of file
    #[command(after_help = "Example: tidegate schema policy > policy.schema.json")]
    Schema {
        /// Which kind
        kind: Kind,
    },
    /// Print a completion script for a shell
    #[command(after_help = "Example: tidegate completions bash > ~/.local/share/bash-completion/completions/tidegate")]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Hand over to the daemon, `tidegate-live`, on the PATH
    #[command(disable_help_flag = true)]
    Live {
        /// What the daemon is told
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<std::ffi::OsString>,
    },
}

/// What is put over the files.
#[derive(Debug, Default, Args)]
struct Over {
    /// Put a value over what the files say, as often as needed: a key of the policy (spillover.stopAt=0.6, queueDepth=60,
    /// regions.eu-west-1.maxRunners=200), load.0.pushesPerDay=4000, fault.0.for=30m, world.cache..., duration=6h
    #[arg(long = "set", value_name = "PATH=VALUE", value_parser = Setting::parse)]
    settings: Vec<Setting>,
    /// A policy file instead of the scenario's policy
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

impl Over {
    fn overrides(&self, runs: Option<u32>, seed: Option<u64>) -> Overrides<'_> {
        Overrides { runs, seed, policy: self.policy.as_deref(), settings: &self.settings }
    }

    const fn is_empty(&self) -> bool {
        self.settings.is_empty() && self.policy.is_none()
    }
}

/// Arguments of `run`.
#[derive(Debug, Args)]
struct RunArgs {
    /// Scenario files, TOML or JSON
    #[arg(required = true, value_name = "SCENARIO")]
    scenarios: Vec<PathBuf>,
    /// Where the report goes [default: target/tidegate/NAME]; with several scenarios a folder each in it
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Runs, instead of what the scenario says; an interval needs two, and is good from ten on
    #[arg(long, value_name = "N")]
    runs: Option<u32>,
    #[command(flatten)]
    rounds: rounds::Rounds,
    /// First seed, instead of what the scenario says
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// Write jobs.csv: every job of the first run
    #[arg(long)]
    jobs_csv: bool,
    /// Write decisions.jsonl: every decision of the first run, with its reason and what was considered
    #[arg(long)]
    decisions: bool,
    #[command(flatten)]
    usual: Usual,
    #[command(flatten)]
    over: Over,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
struct CheckArgs {
    /// Scenario files, TOML or JSON, or folders of them (without their subfolders)
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Runs, instead of what the scenarios say; one run has no interval and is never met
    #[arg(long, value_name = "N")]
    runs: Option<u32>,
    /// First seed, instead of what the scenarios say
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    #[command(flatten)]
    usual: Usual,
    /// Write evidence beside each policy file under which all objectives are met; remove that of others
    #[arg(long)]
    stamp: bool,
    #[command(flatten)]
    rounds: rounds::Rounds,
    #[command(flatten)]
    more: check::args::More,
    #[command(flatten)]
    over: Over,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
struct ExplainArgs {
    /// Scenario file, or journals: folders or segments
    #[arg(required = true, value_name = "SCENARIO|JOURNAL")]
    paths: Vec<PathBuf>,
    /// The job's number: column `job` of jobs.csv; for a recorded load its number in the record, for a journal GitHub's
    #[arg(long, value_name = "ID")]
    job: u64,
    /// The run's seed, instead of the scenario's first
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    #[command(flatten)]
    over: Over,
}

/// Arguments of `replay`.
#[derive(Debug, Args)]
struct ReplayArgs {
    /// Folders of nodes' journals, or segments of them
    #[arg(required = true, value_name = "JOURNAL")]
    journals: Vec<PathBuf>,
    /// Simulate the jobs of the journals under this policy
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The world of that simulation: a file, `aws` (the default) or `ideal`
    #[arg(long, value_name = "FILE", requires = "policy")]
    world: Option<PathBuf>,
    /// Runs of that simulation [default: 10]
    #[arg(long, value_name = "N", requires = "policy")]
    runs: Option<u32>,
    /// First seed of that simulation [default: 1]
    #[arg(long, value_name = "S", requires = "policy")]
    seed: Option<u64>,
    /// Where its report goes [default: target/tidegate/replay-NAME]
    #[arg(long, value_name = "DIR", requires = "policy")]
    out: Option<PathBuf>,
    /// Write jobs.csv: every job of its first run
    #[arg(long, requires = "policy")]
    jobs_csv: bool,
    /// Write decisions.jsonl: every decision of its first run
    #[arg(long, requires = "policy")]
    decisions: bool,
    /// Threads of that simulation [default: as many as there are processors]
    #[arg(long, value_name = "N", requires = "policy")]
    threads: Option<usize>,
    /// How results are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Print no progress
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For machines: JSON, a result a line; of a simulation the contents of summary.json
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Policy files
    Policy,
    /// Scenario files
    Scenario,
    /// World files
    World,
}

/// How a command ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    #[default]
    Well,
    /// An objective was missed or inconclusive, or an invariant broke.
    NotMet,
    /// Wrong input or usage.
    Input,
    /// The environment failed.
    Environment,
}

impl From<End> for ExitCode {
    fn from(end: End) -> Self {
        Self::from(end as u8)
    }
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { End::Input.into() } else { End::Well.into() };
        }
    };
    let end = match cli.command {
        Command::Run(args) => run::run(&args),
        Command::Check(args) => check::check(&args),
        Command::Compare(args) => compare::compare(&args),
        Command::Explain(args) => explain::explain(&args),
        Command::Replay(args) => replay::replay(&args),
        Command::Sweep(args) => sweep::sweep(&args),
        Command::Tune(args) => tune::run(&args),
        Command::Schema { kind } => schema(kind),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "tidegate", &mut script);
            print(&String::from_utf8_lossy(&script))
        }
        Command::Live { arguments } => live::hand_over(&arguments),
    };
    end.into()
}

fn schema(kind: Kind) -> End {
    use crate::scenario::file::{SchemaOf, schema};
    let of = match kind {
        Kind::Policy => SchemaOf::Policy,
        Kind::Scenario => SchemaOf::Scenario,
        Kind::World => SchemaOf::World,
    };
    print(&format!("{:#}\n", schema(of)))
}

/// Prints a result. A reader that closed the pipe has seen enough.
fn print(text: &str) -> End {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            eprintln!("tidegate: cannot write to stdout: {error}");
            End::Environment
        }
        Ok(()) | Err(_) => End::Well,
    }
}
