//! Reads a scenario file and the files it names: every key, every check, all mistakes at once.
//! Knows keys, limits and folders; must not know how a scenario is run.

mod alone;
mod fault;
mod load;
mod objective;
mod over;
mod profile;
mod slo;
mod source;
#[cfg(test)]
mod tests;
mod written;

use super::setting::Setting;
use super::warm_up::WarmUp;
use super::{FaultPlan, Load, Scenario, Spot};
use crate::world::file as worlds;
use crate::world::spec::WorldSpec;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tidegate_core::document::{Located, NodeReader, Problems, Source, TableReader, describe, parse};
use tidegate_core::policy::{Policy, file as policies};
use tidegate_core::time::days_from_civil;
use tidegate_core::{Span, Timestamp};
use tidegate_reports::model::Input;
use tidegate_reports::objective::Objective;

pub use alone::policy_and_world;
pub use slo::read_slo;
pub use source::MAX_BYTES;
pub(crate) use source::hash_of;
pub use written::policy_text;

/// The most runs of a scenario.
pub const MAX_RUNS: u32 = 10_000;

/// The longest simulated time.
pub(crate) const LONGEST: Span = Span::from_hours(24 * 400);

/// What the command line says over the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overrides<'a> {
    /// Runs.
    pub runs: Option<u32>,
    /// First seed.
    pub seed: Option<u64>,
    /// A policy file instead of the scenario's policy.
    pub policy: Option<&'a Path>,
    /// Values over what the files say, a later one over an earlier one.
    pub settings: &'a [Setting],
}

impl Overrides<'_> {
    /// Policy and settings as arguments of a command line, with a blank before each; empty without any.
    pub(crate) fn arguments(&self) -> String {
        let policy = self.policy.iter().map(|path| format!(" --policy {}", quoted(&path.display().to_string())));
        let settings = self.settings.iter().map(|setting| format!(" --set {}", quoted(&setting.to_string())));
        policy.chain(settings).collect()
    }
}

/// A word as a shell takes it for one.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,+%@".contains(c);
    if word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

/// Why there is no scenario. All of these are mistakes of the input.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReadError {
    /// The files have mistakes.
    #[error("{0}")]
    Problems(Problems),
    /// The scenario file itself cannot be read.
    #[error("{path}: {message}")]
    File {
        /// Its path.
        path: String,
        /// Why.
        message: String,
    },
    /// What the command line says over the file makes no sense.
    #[error("{0}")]
    Override(String),
    /// The files are right, and are not with the settings put over them.
    #[error("with {settings}: {problems}")]
    Settings {
        /// The settings as they were given.
        settings: String,
        /// What is wrong then.
        problems: String,
    },
}

/// Kinds of files that have schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaOf {
    /// Policy files.
    Policy,
    /// Scenario files.
    Scenario,
    /// World files.
    World,
}

/// The JSON Schema of a kind of file.
#[must_use]
pub fn schema(of: SchemaOf) -> serde_json::Value {
    match of {
        SchemaOf::Policy => policies::schema(),
        SchemaOf::Scenario => {
            let over = over::Over::default();
            let mut files = Files { folder: PathBuf::new(), problems: Problems::default(), over };
            describe(|t| read_table(t, &mut files)).to_json_schema("Tidegate scenario")
        }
        SchemaOf::World => worlds::schema(),
    }
}

/// Reads a scenario, JSON or TOML by the ending of its name, with all files that it names.
///
/// # Errors
/// Every mistake of all those files, or why the first cannot be read.
pub fn read(path: &Path, overrides: Overrides<'_>) -> Result<Scenario, ReadError> {
    check_overrides(overrides)?;
    match read_over(path, overrides) {
        Err(ReadError::Problems(problems)) if !overrides.settings.is_empty() => {
            // What is wrong without settings is a mistake of the file, which has lines; the rest is theirs.
            read_over(path, Overrides { settings: &[], ..overrides })?;
            Err(over::mistakes(overrides.settings, &problems))
        }
        read => read,
    }
}

fn read_over(path: &Path, overrides: Overrides<'_>) -> Result<Scenario, ReadError> {
    let loaded =
        source::load_text(path).map_err(|message| ReadError::File { path: path.display().to_string(), message })?;
    let folder = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
    let mut files = Files { folder, problems: Problems::default(), over: over::Over::of(&overrides) };
    let source = loaded.source.map_err(ReadError::Problems)?;
    let read = parse(&source).and_then(|mut document| {
        files.over.scenario(&mut document)?;
        document.read(|t| read_table(t, &mut files))
    });
    let draft = match read {
        Ok(draft) if files.problems.is_empty() => draft,
        Ok(_) => return Err(ReadError::Problems(files.problems)),
        Err(mut problems) => {
            problems.extend(files.problems);
            return Err(ReadError::Problems(problems));
        }
    };
    draft.finish(loaded.input, overrides).ok_or_else(|| ReadError::Override("the scenario is not complete".to_owned()))
}

pub(crate) fn check_overrides(overrides: Overrides<'_>) -> Result<(), ReadError> {
    if let Some(runs) = overrides.runs.filter(|runs| !(1..=MAX_RUNS).contains(runs)) {
        return Err(ReadError::Override(format!("{runs} runs: expected 1 to {MAX_RUNS}")));
    }
    let most = u64::MAX - u64::from(MAX_RUNS);
    if let Some(seed) = overrides.seed.filter(|seed| *seed > most) {
        return Err(ReadError::Override(format!("seed {seed}: expected at most {most}")));
    }
    Ok(())
}

/// The files beside a scenario.
pub(crate) struct Files {
    folder: PathBuf,
    /// Mistakes of other files than the scenario.
    problems: Problems,
    /// What is put over the files.
    over: over::Over,
}

impl Files {
    /// The path of a file named in the scenario, or of a policy named on the command line.
    fn beside(&self, name: &str) -> PathBuf {
        if self.over.is_policy(name) { PathBuf::from(name) } else { self.folder.join(name) }
    }

    /// Reads a file named in the scenario; what is wrong within it is kept for later.
    fn read<T>(
        &mut self,
        node: &mut NodeReader<'_>,
        name: &str,
        read: impl FnOnce(&Source) -> Result<T, Problems>,
    ) -> Option<(T, Input)> {
        let loaded = match source::load_text(&self.beside(name)) {
            Ok(loaded) => loaded,
            Err(message) => {
                let path = self.beside(name).display().to_string();
                let help = if self.over.is_policy(name) {
                    "the command line names it instead of what stands here, from the working directory"
                } else {
                    "paths are taken from the scenario's folder"
                };
                node.problem(format!("the file `{path}` {message}"), help);
                return None;
            }
        };
        match loaded.source.and_then(|source| read(&source)) {
            Ok(value) => Some((value, loaded.input)),
            Err(problems) => {
                self.problems.extend(problems);
                None
            }
        }
    }
}

/// A scenario as it was read, whole when nothing is missing.
struct Draft {
    name: String,
    about: String,
    /// The policy and, when it has its own, its file.
    policy: Option<(Policy, Option<Input>)>,
    world: Option<WorldSpec>,
    start: Timestamp,
    duration: Span,
    warm_up: WarmUp,
    seed: u64,
    runs: u32,
    start_within: Span,
    loads: Vec<Load>,
    faults: Vec<FaultPlan>,
    objectives: Vec<(Objective, Spot)>,
    warnings: Vec<String>,
}

impl Draft {
    fn finish(self, file: Input, overrides: Overrides<'_>) -> Option<Scenario> {
        let (policy, policy_input) = self.policy?;
        let policy_input =
            policy_input.unwrap_or_else(|| Input { name: format!("{} (inline)", self.name), ..file.clone() });
        let (objectives, objectives_at) = self.objectives.into_iter().unzip();
        Some(Scenario {
            input: Input { name: self.name, ..file },
            policy_input,
            about: self.about,
            policy: Arc::new(policy),
            world: Arc::new(self.world?),
            start: self.start,
            duration: self.duration,
            warm_up: if let WarmUp::For(span) = self.warm_up { span } else { Span::ZERO },
            warm_up_auto: self.warm_up == WarmUp::Auto,
            seed: overrides.seed.unwrap_or(self.seed),
            runs: overrides.runs.unwrap_or(self.runs),
            start_within: self.start_within,
            loads: self.loads,
            faults: self.faults,
            objectives,
            objectives_at,
            warnings: self.warnings,
            over: overrides.arguments(),
        })
    }
}

fn read_table(t: &mut TableReader<'_>, files: &mut Files) -> Draft {
    let name = name(t);
    let about = t.or("about", String::new(), "what it shows, in one sentence");
    let policy = t.required_node("policy", "a file beside the scenario, or a table", |node| policy(node, files));
    let regions: Vec<&str> =
        policy.iter().flat_map(|(policy, _)| &policy.regions).map(|region| region.name.as_str()).collect();
    let world = world(t, files, &regions);
    let monday = Timestamp(days_from_civil(2026, 11, 23) * 86_400_000_000);
    let start = t.or("start", monday, "start of the simulated time; a Monday by default");
    let duration = t.required_in_range("duration", Span::from_secs(1)..=LONGEST, "simulated time, warm-up included");
    let warm_up =
        t.or("warmUp", WarmUp::For(Span::ZERO), "not measured at the start; auto: found by MSER-5 in pilot runs");
    if duration > Span::ZERO && matches!(warm_up, WarmUp::For(span) if span >= duration) {
        t.problem_at("warmUp", "leaves nothing to measure", "make it shorter than `duration`");
    }
    let length = Some(duration).filter(|duration| *duration > Span::ZERO);
    let (known, mut warnings) = (policy.as_ref().map(|(policy, _)| policy), Vec::new());
    let seed = t.or("seed", 1, "first seed");
    let runs = t.in_range("runs", 10, 1..=MAX_RUNS, "runs, each with the next seed");
    let start_within =
        t.in_range("startWithin", Span::from_mins(10), Span(1).., "a job is available when it starts within this");
    let around = load::Around { files, policy: known, start, duration: length };
    let loads = t.each_at_least("load", 1, "what arrives", |t| load::read(t, &around, &mut warnings));
    let faults = fault::read_all(t, &fault::Around { policy: known, duration: length });
    let objectives = t.each("objective", "what is promised", |t| {
        let at = spot(t);
        objective::read(t).map(|objective| (objective, at))
    });
    Draft {
        name,
        about,
        start,
        duration,
        warm_up,
        seed,
        runs,
        start_within,
        loads: loads.into_iter().flatten().collect(),
        faults,
        objectives: objectives.into_iter().flatten().collect(),
        world,
        policy,
        warnings,
    }
}

/// Where a table stands.
pub(super) fn spot(t: &TableReader<'_>) -> Spot {
    let source = t.context().source();
    let (line, column) = source.line_column(t.place().start);
    Spot { path: source.name().to_owned(), line, column }
}

/// The name, which names the folder of results too.
fn name(t: &mut TableReader<'_>) -> String {
    let name: Located<String> = t.required("name", "its name, which names the folder of its results too");
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let good = !name.value.starts_with('.') && name.value.chars().all(plain) && (1..=80).contains(&name.value.len());
    if t.has("name") && !good {
        let help = "write at most 80 letters, digits, hyphens, underscores and points, no point first";
        t.problem_at("name", "is no name of a folder", help);
    }
    name.value
}

fn policy(node: &mut NodeReader<'_>, files: &mut Files) -> Option<(Policy, Option<Input>)> {
    let edits = files.over.policy_file();
    let file = |path: String, node: &mut NodeReader<'_>| {
        node.node()?;
        let read = |source: &Source| edits.put(parse(source)?)?.read(policies::read_table);
        files.read(node, &path, read).map(|(policy, input)| (policy, Some(input)))
    };
    node.either(file, |t| (policies::read_table(t), None))
}

/// Reads the world and holds it against the regions of the policy.
fn world(t: &mut TableReader<'_>, files: &mut Files, regions: &[&str]) -> Option<WorldSpec> {
    let doc = "`aws` (the default), `ideal`, a file beside the scenario, or a table over one of the two";
    let read = |node: &mut NodeReader<'_>| {
        let named = |name: String, node: &mut NodeReader<'_>| {
            node.node()?;
            match worlds::SHIPPED.iter().find(|(known, _)| *known == name) {
                Some((_, shipped)) => Some(shipped.world(regions)),
                None => {
                    let edits = files.over.world_file();
                    let read = |source: &Source| edits.put(parse(source)?)?.read(|t| worlds::read_table(t, regions));
                    files.read(node, &name, read).map(|(world, _)| world)
                }
            }
        };
        node.either(named, |t| worlds::read_table(t, regions))
    };
    let world = t.node("world", doc, read);
    let world = if t.has("world") { world? } else { worlds::Shipped::Aws.world(regions) };
    for (message, help) in worlds::lacks(&world, regions) {
        let key = if t.has("world") { "world" } else { "policy" };
        t.problem(t.place_of(key), message, help);
    }
    Some(world)
}

/// The names of the library's outages.
fn library_names() -> impl Iterator<Item = &'static str> {
    super::library::OUTAGES.into_iter().map(|outage| outage.name)
}
