//! The command line: arguments in, exit code out. Knows words and exit codes; must not know how anything is simulated.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "results go to stdout, diagnostics to stderr")]

mod explain;
mod live;
mod progress;
mod replay;
mod run;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::process::ExitCode;

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
  tidegate explain scenarios/three-regions.toml --job 4711
  tidegate replay tidegate-data/us-east-1             the same decisions again?
  tidegate schema scenario > scenario.schema.json     for your editor

Exit codes: 0 all well; 1 an objective was missed or inconclusive, or an invariant broke;
            2 the input or the usage is wrong; 3 the environment failed (disk full, no permission).";

#[derive(Debug, Subcommand)]
enum Command {
    /// Simulate scenarios, judge their objectives, write their reports
    #[command(after_help = "The report lies in --out, or in target/tidegate/NAME: open index.html in a browser.\n\
                            Example: tidegate run scenarios/home-region-outage.toml --runs 5 --out report")]
    Run(RunArgs),
    /// Why did a job go where it went?
    #[command(after_help = "Job numbers are in jobs.csv (`tidegate run SCENARIO --jobs-csv`).\n\
                            Example: tidegate explain scenarios/home-region-outage.toml --job 40513")]
    Explain(ExplainArgs),
    /// Does a journal of the daemon lead to the same decisions again?
    #[command(
        after_help = "A journal is a folder of segments, or one segment. Exit code 1: a decision differs; the first one is shown.\n\
                            Example: tidegate replay tidegate-data/us-east-1"
    )]
    Replay(ReplayArgs),
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
    /// First seed, instead of what the scenario says
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// Write jobs.csv: every job of the first run
    #[arg(long)]
    jobs_csv: bool,
    /// Write decisions.jsonl: every decision of the first run, with its reason and what was considered
    #[arg(long)]
    decisions: bool,
    /// Threads [default: as many as there are processors]; results do not depend on it
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// How results are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Print no progress
    #[arg(long, short)]
    quiet: bool,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
struct ExplainArgs {
    /// Scenario file
    scenario: PathBuf,
    /// The job's number: column `job` of jobs.csv, or for a recorded load its number in the record
    #[arg(long, value_name = "ID")]
    job: u64,
    /// The run's seed, instead of the scenario's first
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
}

/// Arguments of `replay`.
#[derive(Debug, Args)]
struct ReplayArgs {
    /// Folder of a node's journal, or a segment of it
    journal: PathBuf,
    /// How results are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Print no progress
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table for people
    Text,
    /// The contents of summary.json, a scenario a line
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
        Command::Explain(args) => explain::explain(&args),
        Command::Replay(args) => replay::replay(&args),
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
