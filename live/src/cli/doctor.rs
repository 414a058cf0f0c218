//! `tidegate-live doctor`: looks at all that a node needs before anything is routed. Knows the list of checks; must not
//! change anything.

use super::{End, Files, print};
use crate::aws::{Aws, words};
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

/// What was looked at, whether it is well, and what is the matter.
type Check = (String, Result<String, String>);

pub(super) fn doctor(files: &Files) -> Result<End, End> {
    let (policy, config) = files.read()?;
    let checks = super::runtime()?.block_on(examine(&policy, &config));
    let (mut text, mut wrong) = (String::new(), 0);
    for (what, found) in &checks {
        let (mark, words) = match found {
            Ok(words) => ("ok   ", words),
            Err(words) => ("WRONG", words),
        };
        wrong += usize::from(found.is_err());
        let _ = writeln!(text, "{mark}  {what}: {words}");
    }
    let _ = writeln!(text, "{}", if wrong == 0 { "all is well".to_owned() } else { format!("{wrong} are wrong") });
    let end = print(&text);
    Ok(if end == End::Well && wrong > 0 { End::Wrong } else { end })
}

async fn examine(policy: &Loaded, config: &Config) -> Vec<Check> {
    let mut checks = vec![("data folder".to_owned(), data(config))];
    let Some(me) = policy.policy.region_named(&config.node) else { return checks };
    checks.push(("AWS credentials".to_owned(), Aws::credentials(config, &policy.policy, me).await));
    checks.push(("clock".to_owned(), clock(config).await));
    let (names, now) = (Arc::new(Names::default()), Clock::new().now());
    let aws = Aws::connect(config, Arc::clone(&policy.policy), me, names, now.0).await;
    let report = aws.health.look().await;
    let place = config.regions.get(&config.node).cloned().unwrap_or_default();
    let detail = |what: &str| {
        let found = report.detail.iter().find(|line| line.contains(what)).cloned();
        found.unwrap_or_else(|| "does not answer".to_owned())
    };
    let mut service = |what: &str, name: &str, well: bool| {
        let found = if well { Ok(name.to_owned()) } else { Err(detail(what)) };
        checks.push((format!("{what} in {}", config.node), found));
    };
    service("queue", &place.queue, report.queue);
    service("cluster", &place.cluster, report.cluster);
    service("table", &config.tables.nodes, report.table);
    for runner in &config.runners {
        let found = aws.tasks.look_at_definition(&runner.task_definition, &runner.container).await;
        checks.push((format!("task definition {}", runner.task_definition), found));
    }
    let subnets = if place.subnets.is_empty() { Err("none is named".to_owned()) } else { Ok(place.subnets.join(", ")) };
    checks.push((format!("subnets in {}", config.node), subnets));
    checks.push(("GitHub".to_owned(), github(policy, config).await));
    checks.extend(nodes(policy, config, me).await);
    checks
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
        Err(error) => return vec![("probes".to_owned(), Err(error))],
    };
    let mut checks = Vec::new();
    for region in policy.policy.ids().filter(|region| *region != me) {
        let name = &policy.policy.region(region).name;
        let url = config.regions.get(name).map_or("", |region| region.node_url.as_str());
        let found = match probes.check(region, 0).await {
            Event::Answered { services_well: true, .. } => Ok(url.to_owned()),
            Event::Answered { services_well: false, .. } => Err(format!("{url} says that its services are not well")),
            Event::Missed { .. } => {
                Err(format!("{url} does not answer; start its node, or look at nodeUrl and the token"))
            }
        };
        checks.push((format!("node of {name}"), found));
    }
    checks
}
