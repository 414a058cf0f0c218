//! `tidegate-live serve`: reads what it needs, wires a process together, runs it to its end. Knows which parts a process
//! has; must not know what any of them does.

use super::{End, Logs, ServeArgs};
use crate::config::{self, Secret};
use crate::policy_file::{self, Loaded, PolicyError};
use crate::process::{self, Failed, Setup, Watch};
use std::path::Path;
use tidegate_core::document::Source;
use tidegate_core::policy::Region;

/// The policy of embedded mode where none is given: the regions of our examples.
const POLICY: &str = include_str!("../../../scenarios/policies/three-regions.json");

pub(super) fn serve(args: &ServeArgs) -> End {
    start_logs(args.logs);
    match prepare(args).and_then(|setup| process::run(setup, args.embedded).map_err(Failure::Process)) {
        Ok(()) => End::Well,
        Err(Failure::Input(error)) => {
            eprintln!("{error}");
            End::Input
        }
        Err(Failure::Process(Failed::Input(error))) => {
            eprintln!("tidegate-live: {error}");
            End::Input
        }
        Err(Failure::Process(Failed::Environment(error))) => {
            eprintln!("tidegate-live: {error}");
            End::Environment
        }
        Err(Failure::Process(Failed::Broken(error))) => {
            eprintln!("tidegate-live: {error}");
            End::Wrong
        }
    }
}

enum Failure {
    Input(String),
    Process(Failed),
}

fn start_logs(logs: Logs) {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,tidegate_live=info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let color = std::io::IsTerminal::is_terminal(&std::io::stderr()) && std::env::var_os("NO_COLOR").is_none();
    match logs {
        Logs::Text => builder.with_ansi(color).init(),
        Logs::Json => builder.json().init(),
    }
}

fn prepare(args: &ServeArgs) -> Result<Setup, Failure> {
    let policy = match &args.policy {
        Some(path) => policy_file::load(path, args.require_validated),
        None => policy_file::parse(&Source::new("three-regions.json", POLICY)),
    };
    let policy = policy.map_err(|error: PolicyError| Failure::Input(error.to_string()))?;
    let config = match &args.config {
        Some(path) => config::read(path, &policy.policy).map_err(|error| Failure::Input(error.to_string()))?,
        None => embedded(args, &policy),
    };
    let world = match &args.world {
        Some(path) => Some(world(path, &policy)?),
        None => None,
    };
    let shadow = match &args.shadow {
        Some(path) => Some(policy_file::load(path, false).map_err(|error| Failure::Input(error.to_string()))?),
        None => None,
    };
    let watch = Watch {
        policy: args.policy.clone(),
        validated: args.require_validated,
        shadow: args.shadow.clone().zip(shadow),
    };
    Ok(Setup { policy, config, world, job_duration: args.job_duration, watch })
}

fn world(path: &Path, policy: &Loaded) -> Result<tidegate_sim::world::spec::WorldSpec, Failure> {
    let source = config::load(path).map_err(|error| Failure::Input(error.to_string()))?;
    let names: Vec<&str> = policy.policy.regions.iter().map(|region| region.name.as_str()).collect();
    tidegate_sim::world::file::read(&source, &names).map_err(|problems| Failure::Input(problems.to_string()))
}

/// The configuration of embedded mode: nothing is asked for that is not needed to try it.
fn embedded(args: &ServeArgs, policy: &Loaded) -> config::Config {
    let secret = |variable: &str, what: &str| {
        let given = Secret::new(&std::env::var(variable).unwrap_or_default());
        if given.is_empty() {
            let made = random();
            eprintln!("tidegate-live: {variable} is not set; the {what} of this embedded run is {made}");
            return Secret::new(&made);
        }
        if let Some(why) = given.is_no_token() {
            eprintln!("tidegate-live: warning: {variable} {why}");
        }
        given
    };
    let region = |region: &Region| {
        let node_url = String::new();
        (region.name.clone(), config::Region { node_url, ..config::Region::default() })
    };
    config::Config {
        node: policy.policy.regions[0].name.clone(),
        data: args.data.clone(),
        http: config::Http {
            listen: args.listen,
            admin: args.admin,
            admin_token: secret("TIDEGATE_ADMIN_TOKEN", "admin token"),
            max_waiting: 10_000,
        },
        github: config::GitHub {
            api_url: String::new(),
            app_id: 0,
            private_key: Secret::default(),
            webhook_secret: secret("TIDEGATE_WEBHOOK_SECRET", "webhook secret"),
            runner_group: 1,
            for_organizations: true,
        },
        runners: vec![config::Runner {
            labels: args.labels.split(',').map(|label| label.trim().to_owned()).collect(),
            need: tidegate_core::Need::default(),
            task_definition: String::new(),
            container: String::new(),
        }],
        regions: policy.policy.regions.iter().map(region).collect(),
        tables: config::Tables { claims: String::new(), nodes: String::new() },
        journal: config::Journal { segment_bytes: 64 << 20, keep: 32, sync: args.sync },
    }
}

/// A secret that nobody can guess.
fn random() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
