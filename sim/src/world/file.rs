//! Reads worlds: files, tables within scenarios, and the shipped world `aws`, which is compiled in.
//! Knows keys and limits; must not know policies or what a number does.

pub(crate) mod dist;
mod parts;
mod regions;
#[cfg(test)]
mod tests;

use crate::world::spec::WorldSpec;
use tidegate_core::document::{NodeReader, Problems, Source, TableReader, describe, parse};

/// The shipped world as text.
const AWS: &str = include_str!("../../../scenarios/worlds/aws.toml");

/// A shipped world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shipped {
    /// AWS and GitHub as they are.
    #[default]
    Aws,
    /// No latency, no errors, no limits.
    Ideal,
}

/// The shipped worlds by name.
pub const SHIPPED: [(&str, Shipped); 2] = [("aws", Shipped::Aws), ("ideal", Shipped::Ideal)];

impl Shipped {
    /// The world itself; `ideal` has whatever regions there are.
    ///
    /// # Panics
    /// When the world compiled in is wrong, which a test rules out.
    #[must_use]
    pub fn world(self, regions: &[&str]) -> WorldSpec {
        match self {
            Self::Ideal => WorldSpec::ideal(regions.iter().copied()),
            Self::Aws => {
                let source = Source::new("scenarios/worlds/aws.toml", AWS);
                let read = parse(&source).and_then(|document| document.read(|t| over(t, blank())));
                read.unwrap_or_else(|problems| panic!("the shipped world is wrong:\n{problems}"))
            }
        }
    }
}

/// A world with nothing in it, which `aws` fills.
fn blank() -> WorldSpec {
    WorldSpec { name: "aws".to_owned(), ideal: false, ..WorldSpec::ideal([]) }
}

/// Reads a world file, JSON or TOML by the ending of its name. `regions` are those of the policy.
///
/// # Errors
/// Every mistake of the file.
pub fn read(source: &Source, regions: &[&str]) -> Result<WorldSpec, Problems> {
    parse(source)?.read(|t| read_table(t, regions))
}

/// Reads a world that stands as a table within another file.
pub fn read_node(node: &mut NodeReader<'_>, regions: &[&str]) -> Option<WorldSpec> {
    node.table(|t| read_table(t, regions))
}

/// The JSON Schema of a world file.
#[must_use]
pub fn schema() -> serde_json::Value {
    describe(|t| read_table(t, &[])).to_json_schema("Tidegate world")
}

/// Reads a world out of a table: what is left out is as in the shipped world that it extends.
pub fn read_table(t: &mut TableReader<'_>, regions: &[&str]) -> WorldSpec {
    let shipped = t.choice("extends", &SHIPPED, Shipped::Aws, "the shipped world that holds all that is left out");
    over(t, shipped.world(regions))
}

/// Reads a world over another.
fn over(t: &mut TableReader<'_>, mut world: WorldSpec) -> WorldSpec {
    if let Some(name) = t.optional("name", "its name in reports") {
        world.name = name;
    }
    parts::network(t, &mut world);
    parts::webhooks(t, &mut world);
    parts::queues(t, &mut world);
    parts::tables(t, &mut world);
    parts::runners(t, &mut world);
    parts::github(t, &mut world);
    parts::dns(t, &mut world);
    parts::operators(t, &mut world);
    world.cache = t.section("cache", "the artifact cache", |t| parts::cache(t, world.cache.clone()));
    world.regions = regions::read(t, &world.regions);
    mirror(&mut world);
    world
}

/// A round trip that is given one way holds the other way too.
fn mirror(world: &mut WorldSpec) {
    let given: Vec<(String, String, f64)> = world
        .regions
        .iter()
        .flat_map(|(from, region)| region.rtt.iter().map(move |(to, rtt)| (from.clone(), to.clone(), *rtt)))
        .collect();
    for (from, to, rtt) in given {
        if let Some(region) = world.regions.get_mut(&to) {
            region.rtt.entry(from).or_insert(rtt);
        }
    }
}

/// What a policy's regions lack in a world, each in words with the way out.
#[must_use]
pub fn lacks(world: &WorldSpec, regions: &[&str]) -> Vec<(String, String)> {
    let known: Vec<&str> = world.regions.keys().map(String::as_str).collect();
    let unknown = regions.iter().filter(|name| !world.regions.contains_key(**name)).map(|name| {
        let message = format!("the region `{name}` of the policy is not in the world `{}`", world.name);
        (message, format!("the world has {}; add the region to it under `regions`", known.join(", ")))
    });
    let no_queues = world.queues_in.iter().filter(|name| !regions.contains(&name.as_str())).map(|name| {
        let message = format!("the world has the queues in `{name}`, which the policy does not name");
        (message, format!("`queuesIn` is `own`, or one of {}", regions.join(", ")))
    });
    let present = || regions.iter().filter_map(|name| world.regions.get_key_value(*name));
    let apart = present().flat_map(|(from, region)| {
        let cut = |(to, _): &(&String, &_)| *to > from && !region.rtt.contains_key(*to);
        present().filter(cut).map(move |(to, _)| {
            let message = format!("the world has no round trip between `{from}` and `{to}`");
            (message, format!("add `rtt` of `{to}` to the world's region `{from}`"))
        })
    });
    unknown.chain(no_queues).chain(apart.filter(|_| !world.ideal)).collect()
}
