//! The command line: arguments in, exit code out. Knows words and exit codes; must not know how anything is done.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "results go to stdout, diagnostics to stderr")]

mod doctor;
mod orders;
mod provision;
mod serve;
mod wait;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// Runs a region's node: GitHub's webhooks in, runners on ECS out.
#[derive(Debug, Parser)]
#[command(name = "tidegate-live", version, about, arg_required_else_help = true, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  tidegate-live serve --embedded                                      try it in a minute: three virtual regions
  tidegate-live serve --policy policy.json --config config.toml      the node of one region
  tidegate-live provision --policy policy.json --config config.toml --dry-run
  tidegate-live doctor --policy policy.json --config config.toml      is everything there?
  tidegate-live status                                                what the node sees
  tidegate-live drain us-east-1                                       take nothing new there
  tidegate-live explain 4711                                          why did job 4711 go where it went?

Exit codes: 0 all well; 1 an order was refused, or something was found wrong; 2 the input or the usage is wrong;
            3 the environment failed (no permission, no connection).";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the node of one region, or three regions in one process with --embedded
    #[command(
        after_help = "Secrets come from the files that the configuration names, or from TIDEGATE_WEBHOOK_SECRET,\n\
                            TIDEGATE_ADMIN_TOKEN and TIDEGATE_APP_KEY. Logs go to stderr: RUST_LOG=tidegate_live=debug for more.\n\
                            Example: tidegate-live serve --embedded --listen 127.0.0.1:8080"
    )]
    Serve(Box<ServeArgs>),
    /// Make queues, clusters, tables and replicas in AWS, as often as you like
    #[command(after_help = "What is there stays as it is; what differs is changed where AWS allows that.\n\
                            Example: tidegate-live provision --policy policy.json --config config.toml --dry-run")]
    Provision {
        #[command(flatten)]
        files: Files,
        /// Look and say what would be done; change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Look at everything a node needs, before anything is routed
    #[command(after_help = "Example: tidegate-live doctor --policy policy.json --config config.toml")]
    Doctor(Files),
    /// Take nothing new in a region, let the rest finish
    #[command(
        after_help = "Example: tidegate-live drain us-east-1 --wait --node http://eu-west-1.hooks.example.com:8081"
    )]
    Drain(CloseArgs),
    /// Place what is queued in a region elsewhere, now
    #[command(
        after_help = "Example: tidegate-live evacuate us-east-1 --wait --node http://eu-west-1.hooks.example.com:8081"
    )]
    Evacuate(CloseArgs),
    /// Go on with a proposed failover
    Approve(OrderArgs),
    /// Do not go on with a proposed failover
    Reject(OrderArgs),
    /// Let a region take work again
    Resume(OrderArgs),
    /// Is a region empty, and have the others room?
    Verify(OrderArgs),
    /// What the node sees of every region
    Status(ToNode),
    /// Every decision about a job, and why
    Explain {
        /// GitHub's number of the job
        job: u64,
        #[command(flatten)]
        to: ToNode,
    },
    /// Print the JSON Schema of the configuration file
    Schema,
    /// Print a completion script for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// Arguments of `serve`.
#[derive(Clone, Debug, Args)]
struct ServeArgs {
    /// Policy file, JSON or TOML [default with --embedded: three regions]
    #[arg(long, value_name = "FILE", required_unless_present = "embedded")]
    policy: Option<PathBuf>,
    /// Configuration file of this node, TOML or JSON
    #[arg(long, value_name = "FILE", required_unless_present = "embedded", conflicts_with = "embedded")]
    config: Option<PathBuf>,
    /// Three regions in this process, on the simulator's virtual services: no AWS, no GitHub
    #[arg(long)]
    embedded: bool,
    /// With --embedded: where webhooks are taken
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080", requires = "embedded")]
    listen: SocketAddr,
    /// With --embedded: where admin, metrics and the status page are served
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8081", requires = "embedded")]
    admin: SocketAddr,
    /// With --embedded: where journals are kept
    #[arg(long, value_name = "DIR", default_value = "tidegate-data", requires = "embedded")]
    data: PathBuf,
    /// With --embedded: a world file in place of the shipped world `aws`
    #[arg(long, value_name = "FILE", requires = "embedded")]
    world: Option<PathBuf>,
    /// With --embedded: how long a job runs whose webhook you send
    #[arg(long, value_name = "TIME", default_value = "30s", requires = "embedded", value_parser = span)]
    job_duration: tidegate_core::Span,
    /// With --embedded: labels that jobs may ask for
    #[arg(long, value_name = "LABELS", default_value = "self-hosted,linux,x64", requires = "embedded")]
    labels: String,
    /// With --embedded: a webhook waits for the disk, as a real node's does unless `journal.sync` is off
    #[arg(long, requires = "embedded")]
    sync: bool,
    /// Refuse a policy without evidence that the simulator validated it
    #[arg(long)]
    require_validated: bool,
    /// A policy to try in the shadow: it decides, is compared and does nothing
    #[arg(long, value_name = "FILE")]
    shadow: Option<PathBuf>,
    /// How logs are written
    #[arg(long, value_enum, default_value_t = Logs::Text)]
    logs: Logs,
}

fn span(text: &str) -> Result<tidegate_core::Span, String> {
    tidegate_core::document::parse_duration(text)
}

/// The files of a node.
#[derive(Debug, Args)]
struct Files {
    /// Policy file, JSON or TOML
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// Configuration file of the node, TOML or JSON
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

impl Files {
    /// Reads both, or prints their mistakes.
    fn read(&self) -> Result<(crate::policy_file::Loaded, crate::config::Config), End> {
        let input = |error: &dyn std::fmt::Display| {
            eprintln!("{error}");
            End::Input
        };
        let policy = crate::policy_file::load(&self.policy, false).map_err(|error| input(&error))?;
        let config = crate::config::read(&self.config, &policy.policy).map_err(|error| input(&error))?;
        Ok((policy, config))
    }
}

/// A runtime for one command, or the end that says why there is none.
fn runtime() -> Result<tokio::runtime::Runtime, End> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        eprintln!("tidegate-live: cannot start: {error}");
        End::Environment
    })
}

/// Arguments of an order.
#[derive(Debug, Args)]
struct OrderArgs {
    /// The region, as the policy names it
    region: String,
    /// Do it although jobs would have to wait
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    to: ToNode,
}

/// Arguments of an order that closes a region.
#[derive(Debug, Args)]
struct CloseArgs {
    #[command(flatten)]
    order: OrderArgs,
    /// Ask until nothing waits or starts there and the others have room, as `verify` does; interrupted, the order stands
    #[arg(long)]
    wait: bool,
}

/// Which node is asked.
#[derive(Debug, Args)]
struct ToNode {
    /// The admin address of a node. Of a lost region, ask another region's
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8081", env = "TIDEGATE_NODE")]
    node: String,
    /// How results are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// The node's answer as it is
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Logs {
    /// Lines for people
    Text,
    /// A JSON object a line
    Json,
}

/// How a command ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum End {
    #[default]
    Well,
    /// An order was refused, or something was found wrong.
    Wrong,
    /// Wrong input or usage.
    Input,
    /// The environment failed.
    Environment,
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { End::Input as u8 } else { End::Well as u8 });
        }
    };
    let end = match cli.command {
        Command::Serve(args) => serve::serve(&args),
        Command::Provision { files, dry_run } => provision::provision(&files, dry_run).unwrap_or_else(|end| end),
        Command::Doctor(files) => doctor::doctor(&files).unwrap_or_else(|end| end),
        Command::Drain(args) => wait::close("drain", &args),
        Command::Evacuate(args) => wait::close("evacuate", &args),
        Command::Approve(args) => orders::order("approve", &args),
        Command::Reject(args) => orders::order("reject", &args),
        Command::Resume(args) => orders::order("resume", &args),
        Command::Verify(args) => orders::order("verify", &args),
        Command::Status(to) => orders::status(&to),
        Command::Explain { job, to } => orders::explain(job, &to),
        Command::Schema => print(&format!("{:#}\n", crate::config::schema())),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "tidegate-live", &mut script);
            print(&String::from_utf8_lossy(&script))
        }
    };
    ExitCode::from(end as u8)
}

/// Prints a result. A reader that closed the pipe has seen enough.
fn print(text: &str) -> End {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            eprintln!("tidegate-live: cannot write to stdout: {error}");
            End::Environment
        }
        Ok(()) | Err(_) => End::Well,
    }
}
