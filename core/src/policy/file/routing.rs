//! Reads where jobs belong: homes and residency. Knows that a home must lie within its residency;
//! must not know how a job is placed.

use super::Known;
use crate::document::{Key, NodeReader, TableReader, nearest};
use crate::id::{Name, RegionId, RegionSet};
use crate::policy::Routing;
use ipnet::IpNet;

/// Entries of a table as they were read.
type Entries<T> = Vec<(Key, T)>;

/// Residency as it was read; `None` where the list had mistakes.
type Residency = Entries<Option<RegionSet>>;

pub(super) fn read(t: &mut TableReader<'_>, known: &Known<'_>) -> Routing {
    let default = t.node("default", "home of everything not named elsewhere; the first region by default", |node| {
        region(node, known)
    });
    let organizations = t.entries("organizations", "homes by organization", |key, node| {
        organization(key, node);
        region(node, known)
    });
    let repositories = t.entries("repositories", "homes by organization/repository", |key, node| {
        repository(key, node);
        region(node, known)
    });
    let networks = t.entries("networks", "homes by the network of the sender", |key, node| network(key, node, known));
    let residency = t.entries("residency", "the only regions an organization's jobs may run in", |key, node| {
        organization(key, node);
        Some(regions(node, known))
    });
    check_networks(t, &networks);
    let mut networks: Vec<(IpNet, RegionId)> = networks.into_iter().map(|(_, network)| network).collect();
    networks.sort_by_key(|(network, _)| (std::cmp::Reverse(network.prefix_len()), *network));
    let routing = Routing {
        default: default.unwrap_or_default(),
        organizations: organizations.iter().map(|(key, home)| (Name::of(&key.name), *home)).collect(),
        repositories: repositories.iter().map(|(key, home)| (Name::of(&key.name), *home)).collect(),
        networks,
        residency: residency.iter().filter_map(|(key, set)| Some((Name::of(&key.name), (*set)?))).collect(),
    };
    check_homes(t, known, &routing, &(organizations, repositories), &residency);
    routing
}

/// The region that a value names.
fn region(node: &mut NodeReader<'_>, known: &Known<'_>) -> Option<RegionId> {
    let name = node.read::<String>()?;
    let found = known.policy.region_named(&name);
    if found.is_none() && !known.quiet {
        let names = || known.policy.regions.iter().map(|region| region.name.as_str());
        let help = nearest(&name, names()).map_or(String::new(), |near| format!("did you mean `{near}`?"));
        let listed: Vec<_> = names().collect();
        node.wrong(format!("a region of this policy, one of: {}", listed.join(", ")), help);
    }
    found
}

/// The regions that a list names, all of which must be right.
fn regions(node: &mut NodeReader<'_>, known: &Known<'_>) -> Option<RegionSet> {
    let listed = node.list(1, |item| Some(region(item, known)));
    if listed.is_empty() || listed.contains(&None) {
        return None;
    }
    Some(listed.into_iter().flatten().fold(RegionSet::EMPTY, RegionSet::with))
}

/// An organization's name has no slash.
fn organization(key: &Key, node: &mut NodeReader<'_>) {
    if node.node().is_some() && (key.name.is_empty() || key.name.contains('/')) {
        let help = "write an organization alone; repositories stand under `routing.repositories`";
        node.problem(format!("`{}` is no organization", node.path()), help);
    }
}

/// A repository's name is `organization/repository`.
fn repository(key: &Key, node: &mut NodeReader<'_>) {
    let parts: Vec<&str> = key.name.split('/').collect();
    if node.node().is_some() && (parts.len() != 2 || parts.iter().any(|part| part.is_empty())) {
        node.problem(format!("`{}` is no repository", node.path()), "write it as \"organization/repository\"");
    }
}

fn network(key: &Key, node: &mut NodeReader<'_>, known: &Known<'_>) -> Option<(IpNet, RegionId)> {
    let home = region(node, known);
    node.node()?;
    let problem = |node: &mut NodeReader<'_>, help: String| {
        node.problem(format!("`{}` is no network", node.path()), help);
        None
    };
    match key.name.parse::<IpNet>() {
        Ok(network) if network.trunc() == network => Some((network, home?)),
        Ok(network) => problem(node, format!("it has bits behind its prefix: write \"{}\"", network.trunc())),
        Err(_) => match key.name.parse::<std::net::IpAddr>() {
            Ok(address) => problem(node, format!("write \"{}\"", IpNet::from(address))),
            Err(_) => problem(node, "write an address and a prefix such as \"203.0.113.0/24\"".to_owned()),
        },
    }
}

/// One network in two spellings would have two homes.
fn check_networks(t: &mut TableReader<'_>, networks: &Entries<(IpNet, RegionId)>) {
    for (at, (key, (network, _))) in networks.iter().enumerate() {
        if networks[..at].iter().any(|(_, (earlier, _))| earlier == network) {
            t.problem(key.place, format!("the network {network} is given twice"), "remove one of the two");
        }
    }
}

/// A home outside of its organization's residency could never be used.
fn check_homes(
    t: &mut TableReader<'_>,
    known: &Known<'_>,
    routing: &Routing,
    homes: &(Entries<RegionId>, Entries<RegionId>),
    residency: &Residency,
) {
    for (organization, allowed) in residency {
        let Some(allowed) = *allowed else { continue };
        let owned = |key: &Key| key.name.split_once('/').is_some_and(|(owner, _)| owner == organization.name);
        let own = homes.0.iter().filter(|(key, _)| key.name == organization.name);
        for (key, home) in own.chain(homes.1.iter().filter(|(key, _)| owned(key))) {
            if !allowed.contains(*home) {
                let name = &known.policy.region(*home).name;
                let message = format!(
                    "the home of `{}`, {name}, is outside of the residency of `{}`",
                    key.name, organization.name
                );
                t.problem(key.place, message, help(known, allowed));
            }
        }
        let elsewhere = routing.networks.iter().map(|(_, home)| *home).chain([routing.default]);
        let named = routing.organizations.contains_key(&Name::of(&organization.name));
        if !named && elsewhere.into_iter().any(|home| !allowed.contains(home)) {
            let message = format!("`{}` has a residency but no home within it", organization.name);
            t.problem(
                organization.place,
                message,
                format!("add it to `routing.organizations`; {}", help(known, allowed)),
            );
        }
    }
}

fn help(known: &Known<'_>, allowed: RegionSet) -> String {
    let names: Vec<_> = allowed.iter().map(|id| known.policy.region(id).name.as_str()).collect();
    format!("a home must be one of: {}", names.join(", "))
}
