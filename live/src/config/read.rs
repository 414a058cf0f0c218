//! Reads a configuration file: every key, every check, all mistakes at once. Knows keys, limits and where secrets lie;
//! must not know what a value is for.

use super::{Config, GitHub, Http, Journal, Region, Runner, Secret, Tables};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tidegate_core::Need;
use tidegate_core::document::{NodeReader, Problems, Source, TableReader, describe, parse};
use tidegate_core::policy::Policy;
use tidegate_core::unit::Arch;

/// The largest file that is read.
const MAX_BYTES: u64 = 8 * 1024 * 1024;

/// Why there is no configuration. All of these are mistakes of the input.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReadError {
    /// The file has mistakes.
    #[error("{0}")]
    Problems(Problems),
    /// A file cannot be read.
    #[error("{path}: {message}")]
    File {
        /// Its path.
        path: String,
        /// Why.
        message: String,
    },
}

/// Reads a configuration, JSON or TOML by the ending of its name, for the regions of a policy. Secrets come from the
/// files it names, or from the environment.
///
/// # Errors
/// Every mistake of the file, or why it or a secret's file cannot be read.
pub fn read(path: &Path, policy: &Policy) -> Result<Config, ReadError> {
    read_with(path, policy, &|name| std::env::var(name).ok())
}

/// The same in another environment: what stands for a variable.
///
/// # Errors
/// As [`read`].
pub fn read_with(
    path: &Path,
    policy: &Policy,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Config, ReadError> {
    let source = load(path)?;
    let folder = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
    let document = parse(&source).map_err(ReadError::Problems)?;
    document
        .read(|t| read_table(t, &Context { folder: &folder, environment, policy: Some(policy) }))
        .map_err(ReadError::Problems)
}

/// Reads a text file, no larger than configurations and policies are.
///
/// # Errors
/// Why it cannot be read, with its path.
pub fn load(path: &Path) -> Result<Source, ReadError> {
    let failed = |message: String| ReadError::File { path: path.display().to_string(), message };
    let metadata = std::fs::metadata(path).map_err(|error| failed(cannot(&error)))?;
    if metadata.len() > MAX_BYTES {
        return Err(failed(format!("is larger than {} MiB", MAX_BYTES >> 20)));
    }
    let bytes = std::fs::read(path).map_err(|error| failed(cannot(&error)))?;
    Source::from_bytes(path.display().to_string(), bytes).map_err(ReadError::Problems)
}

fn cannot(error: &std::io::Error) -> String {
    if error.kind() == std::io::ErrorKind::NotFound {
        return "does not exist".to_owned();
    }
    format!("cannot be read: {error}")
}

/// The JSON Schema of a configuration file.
#[must_use]
pub fn schema() -> serde_json::Value {
    let context = Context { folder: Path::new(""), environment: &|_| None, policy: None };
    describe(|t| read_table(t, &context)).to_json_schema("Tidegate configuration")
}

/// What a reading needs beside the file.
struct Context<'a> {
    folder: &'a Path,
    environment: &'a dyn Fn(&str) -> Option<String>,
    policy: Option<&'a Policy>,
}

fn read_table(t: &mut TableReader<'_>, context: &Context<'_>) -> Config {
    let node: String = t.required("node", "the region this node stands in, as the policy names it");
    if let Some(policy) = context.policy.filter(|_| t.has("node"))
        && policy.region_named(&node).is_none()
    {
        t.problem_at("node", &format!("is `{node}`, which the policy does not name"), regions_help(policy));
    }
    let data: String = t.or("data", "tidegate-data".to_owned(), "where its journal and its snapshot are kept");
    Config {
        node,
        data: context.folder.join(data),
        http: t.section("http", "where it listens", |t| http(t, context)),
        github: t.section("github", "how it speaks to GitHub", |t| github(t, context)),
        runners: t.each_at_least("runners", 1, "the runners it offers; a job goes to the first that fits", runner),
        regions: regions(t, context),
        tables: t.section("tables", "the tables' names", tables),
        journal: t.section("journal", "how much of the journal is kept", journal),
    }
}

fn regions_help(policy: &Policy) -> String {
    let names: Vec<&str> = policy.regions.iter().map(|region| region.name.as_str()).collect();
    format!("the policy names {}", names.join(", "))
}

fn http(t: &mut TableReader<'_>, context: &Context<'_>) -> Http {
    Http {
        listen: address(t, "listen", "0.0.0.0:8080", "webhooks and health, for GitHub"),
        admin: address(t, "admin", "127.0.0.1:8081", "admin, metrics and status, for operators and nodes"),
        admin_token: admin_token(t, context),
        max_waiting: t.in_range("maxWaiting", 10_000u32, 1..=1_000_000, "webhooks waiting for their turn") as usize,
    }
}

fn admin_token(t: &mut TableReader<'_>, context: &Context<'_>) -> Secret {
    let (key, doc) = ("adminTokenFile", "holds the token of admin requests, or the new and the old one");
    let token = secret(t, context, key, "TIDEGATE_ADMIN_TOKEN", doc);
    if let Some(why) = token.is_no_token() {
        t.problem_at(key, why, "openssl rand -hex 32 makes one");
    }
    token
}

fn address(t: &mut TableReader<'_>, key: &'static str, default: &str, doc: &'static str) -> SocketAddr {
    let text: String = t.or(key, default.to_owned(), doc);
    text.parse().unwrap_or_else(|_| {
        t.problem_at(key, &format!("is `{text}`; expected an address and a port"), "write \"127.0.0.1:8080\"");
        SocketAddr::from(([127, 0, 0, 1], 0))
    })
}

/// A secret from the file under a key, or from the environment.
fn secret(
    t: &mut TableReader<'_>,
    context: &Context<'_>,
    key: &'static str,
    variable: &str,
    doc: &'static str,
) -> Secret {
    let file: Option<String> = t.optional(key, doc);
    let text = match file {
        Some(file) => match std::fs::read_to_string(context.folder.join(&file)) {
            Ok(text) => Some(text),
            Err(error) => {
                t.problem_at(key, &format!("names {file}, which {}", cannot(&error)), "");
                return Secret::default();
            }
        },
        None => (context.environment)(variable),
    };
    let secret = Secret::new(&text.unwrap_or_default());
    if secret.is_empty() && context.policy.is_some() {
        let help = format!("put it in a file and name that, or set {variable}");
        t.problem_at(key, "gives no secret", help);
    }
    secret
}

fn github(t: &mut TableReader<'_>, context: &Context<'_>) -> GitHub {
    let url: String = t.or("apiUrl", "https://api.github.com".to_owned(), "the API; of an Enterprise Server too");
    if !(url.starts_with("https://") || url.starts_with("http://")) {
        t.problem_at("apiUrl", &format!("is `{url}`; expected an address"), "write \"https://api.github.com\"");
    }
    GitHub {
        api_url: url.trim_end_matches('/').to_owned(),
        app_id: t.required_in_range("appId", 1u64.., "the App's number"),
        private_key: secret(t, context, "privateKeyFile", "TIDEGATE_APP_KEY", "holds the App's private key, PEM"),
        webhook_secret: secret(
            t,
            context,
            "webhookSecretFile",
            "TIDEGATE_WEBHOOK_SECRET",
            "holds what deliveries are signed with",
        ),
        runner_group: t.in_range("runnerGroup", 1u64, 1.., "the runner group of just-in-time runners"),
        for_organizations: t.or("forOrganizations", true, "runners for organizations; else for single repositories"),
    }
}

fn runner(t: &mut TableReader<'_>) -> Runner {
    let usual = Need::default();
    let (vcpu, memory) = (f64::from(usual.vcpu_milli) / 1e3, f64::from(usual.memory_mib) / 1_024.0);
    let labels = t.required_node("labels", "all labels that a job may ask for", |node| {
        Some(node.list(1, |item: &mut NodeReader<'_>| item.read::<String>()))
    });
    Runner {
        labels: labels.unwrap_or_default(),
        need: Need {
            vcpu_milli: (t.in_range("vcpu", vcpu, 0.25..=192.0, "vCPU") * 1e3).round() as u32,
            memory_mib: (t.in_range("memoryGb", memory, 0.5..=1_536.0, "GiB") * 1_024.0).round() as u32,
            arch: t.choice("arch", &[("x86", Arch::X86), ("arm", Arch::Arm)], usual.arch, "processor architecture"),
            spot: t.or("spot", false, "whether interruptible capacity will do"),
        },
        task_definition: t.or("taskDefinition", "tidegate-runner".to_owned(), "the ECS task definition"),
        container: t.or("container", "runner".to_owned(), "the container of it that is the runner"),
    }
}

fn regions(t: &mut TableReader<'_>, context: &Context<'_>) -> std::collections::BTreeMap<String, Region> {
    let read = t.entries("regions", "what is in each region, by its name", |key, node| {
        if let Some(policy) = context.policy
            && policy.region_named(&key.name).is_none()
        {
            node.problem(format!("the policy does not name `{}`", key.name), regions_help(policy));
        }
        let region = node.table(region)?;
        Some(region)
    });
    let read: std::collections::BTreeMap<String, Region> =
        read.into_iter().map(|(key, region)| (key.name, region)).collect();
    for region in context.policy.iter().flat_map(|policy| &policy.regions) {
        if !read.contains_key(&region.name) {
            let message = format!("says nothing of `{}`, which the policy names", region.name);
            t.problem_at("regions", &message, format!("add [regions.{}]", region.name));
        }
    }
    read
}

fn region(t: &mut TableReader<'_>) -> Region {
    let mut list = |key, doc| {
        t.node(key, doc, |node| Some(node.list(0, |item: &mut NodeReader<'_>| item.read::<String>())))
            .unwrap_or_default()
    };
    let (subnets, security_groups) =
        (list("subnets", "where tasks are started"), list("securityGroups", "what may reach tasks"));
    Region {
        node_url: t.required("nodeUrl", "the admin address of its node, such as http://10.0.1.7:8081"),
        queue: t.or("queue", "tidegate.fifo".to_owned(), "the name of its queue"),
        cluster: t.or("cluster", "tidegate".to_owned(), "its ECS cluster"),
        subnets,
        security_groups,
        public_ip: t.or("publicIp", false, "whether tasks get a public address"),
        endpoint_url: t.optional("endpointUrl", "stands in for all of AWS's addresses there"),
    }
}

fn tables(t: &mut TableReader<'_>) -> Tables {
    Tables {
        claims: t.or("claims", "tidegate-claims".to_owned(), "claims"),
        nodes: t.or("nodes", "tidegate-nodes".to_owned(), "nodes' records"),
    }
}

fn journal(t: &mut TableReader<'_>) -> Journal {
    Journal {
        segment_bytes: t.in_range("segmentMb", 64u64, 1..=4_096, "a segment of so many MiB is closed") << 20,
        keep: t.in_range("keep", 32u32, 1..=100_000, "closed segments that are kept") as usize,
        sync: t.or("sync", true, "whether a webhook waits for the disk"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_core::policy::Region as PolicyRegion;

    fn parse_text(text: &str) -> Result<Config, Problems> {
        let policy = Policy::of_regions(vec![PolicyRegion::new("us-east-1", 1), PolicyRegion::new("eu-west-1", 2)]);
        let environment = |name: &str| Some(format!("from-{name}"));
        let context = Context { folder: Path::new("/nowhere"), environment: &environment, policy: Some(&policy) };
        parse(&Source::new("config.toml", text))?.read(|t| read_table(t, &context))
    }

    const WHOLE: &str = r#"
node = "us-east-1"
[github]
appId = 7
[[runners]]
labels = ["self-hosted", "linux"]
[regions.us-east-1]
nodeUrl = "http://127.0.0.1:1"
[regions.eu-west-1]
nodeUrl = "http://127.0.0.1:2"
subnets = ["subnet-1"]
"#;

    #[test]
    fn what_is_left_out_has_a_default() {
        let config = parse_text(WHOLE).unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(config.regions["eu-west-1"].subnets, ["subnet-1"]);
        assert_eq!(config.regions["us-east-1"].queue, "tidegate.fifo");
        assert_eq!(config.http.admin_token.reveal(), "from-TIDEGATE_ADMIN_TOKEN");
        assert_eq!(config.data, Path::new("/nowhere/tidegate-data"));
    }

    #[test]
    fn every_mistake_is_told_with_its_place() {
        let text = WHOLE.replace("node = \"us-east-1\"", "node = \"us-west-1\"").replace("appId = 7", "appId = 0");
        let text = text.replace("[regions.eu-west-1]", "[regions.eu-west-9]");
        let problems = parse_text(&text).expect_err("four mistakes").to_string();
        for part in ["`us-west-1`, which the policy does not name", "appId", "eu-west-9", "nothing of `eu-west-1`"] {
            assert!(problems.contains(part), "{part} in {problems}");
        }
    }
}
