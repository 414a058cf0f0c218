//! `tidegate-live doctor`: looks at all that a node needs before anything is routed. Knows the list of checks; must not
//! change anything.

use super::{End, Files, print};
use crate::aws::{Aws, Permission, Quota, words};
use crate::clock::Clock;
use crate::cloud::Probes;
use crate::config::Config;
use crate::github::{Client, Offered};
use crate::names::Names;
use crate::policy_file::Loaded;
use aws_sdk_sqs::primitives::{DateTime, DateTimeFormat};
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;
use tidegate_core::port::probe::Event;

/// What came of looking at something, in words.
enum Found {
    Well(String),
    Wrong(String),
    /// It could not be looked at. That alone stops nobody.
    Unknown(String),
}

impl From<Result<String, String>> for Found {
    fn from(found: Result<String, String>) -> Self {
        match found {
            Ok(words) => Self::Well(words),
            Err(words) => Self::Wrong(words),
        }
    }
}

/// What was looked at, and what came of it.
type Check = (String, Found);

pub(super) fn doctor(files: &Files) -> Result<End, End> {
    let (policy, config) = files.read()?;
    let checks = super::runtime()?.block_on(examine(&policy, &config));
    let (mut text, mut wrong, mut unknown) = (String::new(), 0, 0);
    for (what, found) in &checks {
        let (mark, words) = match found {
            Found::Well(words) => ("ok   ", words),
            Found::Wrong(words) => ("WRONG", words),
            Found::Unknown(words) => ("?    ", words),
        };
        wrong += usize::from(matches!(found, Found::Wrong(_)));
        unknown += usize::from(matches!(found, Found::Unknown(_)));
        let _ = writeln!(text, "{mark}  {what}: {words}");
    }
    let rest = if unknown == 0 { String::new() } else { format!("; {unknown} could not be looked at (?)") };
    let all = if wrong == 0 { "all is well".to_owned() } else { format!("{wrong} are wrong") };
    let _ = writeln!(text, "{all}{rest}");
    let end = print(&text);
    Ok(if end == End::Well && wrong > 0 { End::Wrong } else { end })
}

async fn examine(policy: &Loaded, config: &Config) -> Vec<Check> {
    let mut checks = vec![("data folder".to_owned(), data(config).into())];
    let Some(me) = policy.policy.region_named(&config.node) else { return checks };
    checks.push(("AWS credentials".to_owned(), Aws::credentials(config, &policy.policy, me).await.into()));
    checks.push(("clock".to_owned(), clock(config).await.into()));
    let (names, now) = (Arc::new(Names::default()), Clock::new().now());
    let aws = Aws::connect(config, Arc::clone(&policy.policy), me, names, now.0).await;
    let report = aws.health.look().await;
    let place = config.regions.get(&config.node).cloned().unwrap_or_default();
    let detail = |what: &str| {
        let found = report.detail.iter().find(|line| line.contains(what)).cloned();
        found.unwrap_or_else(|| "does not answer".to_owned())
    };
    let mut service = |what: &str, name: &str, well: bool| {
        let found = if well { Found::Well(name.to_owned()) } else { Found::Wrong(detail(what)) };
        checks.push((format!("{what} in {}", config.node), found));
    };
    let names = [&place.queue, &place.cluster, &config.tables.nodes, &config.tables.claims];
    for ((what, well), name) in report.services.each().into_iter().zip(names) {
        service(what, name, well);
    }
    checks.extend(permissions(policy, config, me).await);
    checks.extend(quotas(policy, config, me).await);
    for runner in &config.runners {
        let found = aws.tasks.look_at_definition(&runner.task_definition, &runner.container).await;
        checks.push((format!("task definition {}", runner.task_definition), found.into()));
    }
    let subnets = if place.subnets.is_empty() { Err("none is named".to_owned()) } else { Ok(place.subnets.join(", ")) };
    checks.push((format!("subnets in {}", config.node), subnets.into()));
    checks.push(("GitHub".to_owned(), github(policy, config).await.into()));
    checks.extend(nodes(policy, config, me).await);
    checks
}

/// What is allowed stands in one line; what is not, or not known, each in its own.
async fn permissions(policy: &Loaded, config: &Config, me: tidegate_core::RegionId) -> Vec<Check> {
    let (mut given, mut checks) = (Vec::new(), Vec::new());
    for (action, permission) in Aws::permissions(config, &policy.policy, me).await {
        match permission {
            Permission::Given => given.push(action),
            Permission::Refused(told) => {
                checks.push((action, Found::Wrong(format!("not allowed; change the role ({told})"))));
            }
            Permission::Stranger(told) => {
                let words = format!("AWS does not accept the credentials; renew or change them ({told})");
                checks.push((action, Found::Wrong(words)));
            }
            Permission::Unknown(told) => checks.push((action, Found::Unknown(told))),
        }
    }
    if !given.is_empty() {
        checks.insert(0, ("permissions".to_owned(), Found::Well(given.join(", "))));
    }
    checks
}

async fn quotas(policy: &Loaded, config: &Config, me: tidegate_core::RegionId) -> Vec<Check> {
    let found = Aws::quotas(config, &policy.policy, me).await;
    let found = found.into_iter().map(|(name, quota)| match quota {
        Quota::Enough(told) => (name, Found::Well(told)),
        Quota::Short(told) => (name, Found::Wrong(told)),
        Quota::Unread(told) => (name, Found::Unknown(told)),
    });
    found.collect()
}

fn data(config: &Config) -> Result<String, String> {
    let (folder, shown) = (&config.data, config.data.display().to_string());
    let tried = std::fs::create_dir_all(folder).and_then(|()| tempfile_in(folder));
    tried.map(|()| shown.clone()).map_err(|error| format!("{shown}: {error}"))
}

fn tempfile_in(folder: &std::path::Path) -> std::io::Result<()> {
    let path = folder.join("doctor");
    std::fs::write(&path, b"may be deleted")?;
    std::fs::remove_file(path)
}

/// How far this clock may be from GitHub's: a token of an App is valid for ten minutes at the most, and AWS refuses what was
/// signed more than five minutes from its time.
const CLOCKS_APART: u64 = 60;

/// This machine's clock beside the one behind GitHub's answers.
async fn clock(config: &Config) -> Result<String, String> {
    let client =
        reqwest::Client::builder().timeout(Duration::from_secs(10)).build().map_err(|error| error.to_string())?;
    let answer = client.get(&config.github.api_url).send().await;
    let answer = answer.map_err(|error| format!("not compared: {}", words(&error)))?;
    let date = answer.headers().get("date").and_then(|date| date.to_str().ok()).unwrap_or_default();
    let theirs = DateTime::from_str(date, DateTimeFormat::HttpDate);
    let theirs = theirs.map_err(|_| format!("not compared: {} tells no date", config.github.api_url))?;
    let ours = crate::clock::wall().as_secs();
    let apart = u64::try_from(theirs.secs()).unwrap_or_default().abs_diff(ours);
    if apart <= CLOCKS_APART {
        return Ok(format!("{apart} s from GitHub's"));
    }
    Err(format!("{apart} s from GitHub's; set it, or have it set (NTP)"))
}

async fn github(policy: &Loaded, config: &Config) -> Result<String, String> {
    let client = Client::new(&config.github, &policy.policy.github).map_err(|error| error.to_string())?;
    let listed = client.list_queued(&[], &Offered::new(&config.runners), &Names::default(), 20).await;
    match listed {
        Ok(listed) => Ok(format!("the App is let in; {} of our jobs are queued", listed.jobs.len())),
        Err(failure) => Err(format!(
            "{failure:?}: look at github.apiUrl, github.appId, the private key, and whether the App is installed"
        )),
    }
}

async fn nodes(policy: &Loaded, config: &Config, me: tidegate_core::RegionId) -> Vec<Check> {
    let probes = match Probes::new(config, &policy.policy, me) {
        Ok(probes) => probes,
        Err(error) => return vec![("probes".to_owned(), Found::Wrong(error))],
    };
    let mut checks = Vec::new();
    for region in policy.policy.ids().filter(|region| *region != me) {
        let name = &policy.policy.region(region).name;
        let url = config.regions.get(name).map_or("", |region| region.node_url.as_str());
        let found = match probes.check(region, 0).await {
            Event::Answered { services_well: true, .. } => Found::Well(url.to_owned()),
            Event::Answered { services_well: false, .. } => {
                Found::Wrong(format!("{url} says that its services are not well"))
            }
            Event::Missed { .. } => {
                Found::Wrong(format!("{url} does not answer; start its node, or look at nodeUrl and the token"))
            }
        };
        checks.push((format!("node of {name}"), found));
    }
    checks
}
