//! What a sweep will do: every point, read, checked and hashed before anything is simulated. Knows scenarios and settings;
//! must not know threads or where results are kept.

use super::Fail;
use super::axis::Axis;
use super::design::{MOST_POINTS, grid, hypercube};
use super::hash::{Content, program};
use crate::experiment::batch::needs_singles;
use crate::scenario::Scenario;
use crate::scenario::file::{self, Overrides, ReadError, quoted};
use crate::scenario::setting::Setting;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tidegate_core::document::nearest;
use tidegate_reports::objective::Objective;
use tidegate_reports::sweep::{self, Design, Map, Sweep};
use tidegate_reports::values::Quantity;

/// Mistakes told at the most: those of more points are of the same kind.
const MOST_MISTAKES: usize = 5;

/// What is asked of a sweep.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// The scenario file.
    pub scenario: PathBuf,
    /// What is varied.
    pub axes: Vec<Axis>,
    /// Points of a Latin hypercube in place of a grid.
    pub hypercube: Option<u32>,
    /// Runs, instead of what the scenario says.
    pub runs: Option<u32>,
    /// First seed, instead of what the scenario says.
    pub seed: Option<u64>,
    /// A policy file instead of the scenario's.
    pub policy: Option<PathBuf>,
    /// Values over the files, at every point.
    pub settings: Vec<Setting>,
    /// The axis from left to right in the map.
    pub x: Option<String>,
    /// The axis upwards in the map.
    pub y: Option<String>,
    /// The measure that the map shows; `cost` by default.
    pub show: Option<String>,
}

/// A point before it is simulated.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Its values.
    pub settings: Vec<Setting>,
    /// Which value it has on each axis.
    pub place: Vec<usize>,
    /// What it is recognised by.
    pub hash: String,
    /// What the load is held against in `costRatio`, if that is asked for: points that differ in the policy alone have the same.
    pub baseline: Option<String>,
    /// What it is held to.
    pub objectives: Arc<[Objective]>,
    /// The command that simulates it alone.
    pub reproduce: String,
}

/// A sweep before it is simulated.
#[derive(Debug)]
pub struct Plan {
    /// All that is told but the points.
    pub head: Sweep,
    /// What is recognised by: the hash of all points and of what is told of them.
    pub hash: String,
    /// By index.
    pub points: Vec<Planned>,
    /// What is left out or made up of the scenario's loads.
    pub warnings: Vec<String>,
    ask: Ask,
}

impl Ask {
    /// The scenario with these settings.
    pub(super) fn read(&self, settings: &[Setting]) -> Result<Scenario, ReadError> {
        let policy = self.policy.as_deref();
        file::read(&self.scenario, Overrides { runs: self.runs, seed: self.seed, policy, settings })
    }

    fn with(&self, values: &[Setting]) -> Vec<Setting> {
        self.settings.iter().chain(values).cloned().collect()
    }

    /// The command without where results go and on how many threads.
    fn command(&self, base: &Scenario) -> String {
        let mut line = format!("tidegate sweep {}", quoted(&base.input.path));
        let mut add = |name: &str, value: String| line += &format!(" --{name} {}", quoted(&value));
        self.axes.iter().for_each(|axis| add("vary", axis.to_string()));
        self.hypercube.iter().for_each(|count| add("lhs", count.to_string()));
        self.x.iter().for_each(|x| add("x", x.clone()));
        self.y.iter().for_each(|y| add("y", y.clone()));
        self.show.iter().for_each(|show| add("show", show.clone()));
        format!("{line}{} --runs {} --seed {}", base.over, base.runs, base.seed)
    }
}

impl Plan {
    /// Reads the scenario with the values of every point, on all threads of the pool it is called in.
    ///
    /// # Errors
    /// All mistakes of axes, files and points; the first of many alike.
    pub fn new(ask: Ask) -> Result<Self, Fail> {
        check_axes(&ask).map_err(Fail::Input)?;
        let base = ask.read(&ask.settings).map_err(|error| Fail::Input(error.to_string()))?;
        base.has_its_warm_up().map_err(Fail::Input)?;
        let show = shown(ask.show.as_deref()).map_err(Fail::Input)?;
        let values = match ask.hypercube {
            Some(count) => hypercube(&ask.axes, count, base.seed),
            None => grid(&ask.axes).map_err(Fail::Input)?,
        };
        let axes = known_axes(&ask.axes, &values);
        let points = read_all(&ask, &base, &show, &axes, values)?;
        let map = map(&ask, show).map_err(Fail::Input)?;
        let head = Sweep {
            schema: 1,
            tidegate: program(),
            about: base.about.clone(),
            seeds: (0..u64::from(base.runs)).map(|n| base.seed + n).collect(),
            design: if ask.hypercube.is_some() { Design::LatinHypercube } else { Design::Grid },
            axes,
            map,
            points: Vec::new(),
            reproduce: ask.command(&base),
            scenario: base.input,
            policy: base.policy_input,
        };
        let mut content = Content::new();
        content.add(&(&head.axes, &head.map, head.design));
        points.iter().for_each(|point| content.add(&(&point.hash, &point.objectives)));
        Ok(Self { head, hash: content.text(), points, warnings: base.warnings, ask })
    }

    /// The scenario at a point.
    pub(super) fn read(&self, point: &Planned) -> Result<Scenario, Fail> {
        self.ask.read(&self.ask.with(&point.settings)).map_err(|error| Fail::Input(error.to_string()))
    }

    /// The scenario whose load, in the best single region, `costRatio` is held against at a point: its own but for the values
    /// that are of the policy, so that points which differ in the policy alone are held against the same money.
    pub(super) fn baseline(&self, point: &Planned) -> Result<Scenario, Fail> {
        self.ask
            .read(&self.ask.with(&apart_from_policy(&point.settings)))
            .map_err(|error| Fail::Input(error.to_string()))
    }
}

/// What a point is recognised by.
pub(super) fn hash_of(scenario: &Scenario, baseline: Option<&str>) -> String {
    let mut content = Content::new();
    content.add_scenario(scenario);
    content.add(&(scenario.seed, scenario.runs, baseline));
    content.text()
}

fn apart_from_policy(settings: &[Setting]) -> Vec<Setting> {
    settings.iter().filter(|setting| !setting.is_of_policy()).cloned().collect()
}

fn check_axes(ask: &Ask) -> Result<(), String> {
    if ask.axes.is_empty() {
        return Err("nothing to vary: expected --vary PATH=VALUES, such as --vary queueDepth=20..200/10".to_owned());
    }
    if let Some(count) = ask.hypercube.filter(|count| !(2..=MOST_POINTS).contains(&u64::from(*count))) {
        return Err(format!("--lhs {count}: expected 2 to {MOST_POINTS} points"));
    }
    let of = |axis: &Axis| Setting::new(axis.path(), "0");
    for (n, axis) in ask.axes.iter().enumerate() {
        if ask.axes[..n].iter().any(|other| of(other).overlaps(&of(axis))) {
            return Err(format!("{} is varied twice: give all its values to one --vary", axis.path()));
        }
        if ask.settings.iter().any(|setting| setting.overlaps(&of(axis))) {
            return Err(format!("{} is both set and varied: leave out --set or --vary", axis.path()));
        }
        if axis.path() == "policy" && ask.policy.is_some() {
            return Err("the policy is both given and varied: leave out --policy, or the axis".to_owned());
        }
    }
    Ok(())
}

fn known_axes(axes: &[Axis], points: &[Vec<String>]) -> Vec<sweep::Axis> {
    let known = |(n, axis): (usize, &Axis)| {
        let (values, unit) = axis.known(points.iter().map(|point| &point[n]));
        sweep::Axis { path: axis.path().to_owned(), values, unit }
    };
    axes.iter().enumerate().map(known).collect()
}

fn read_all(
    ask: &Ask,
    base: &Scenario,
    show: &str,
    axes: &[sweep::Axis],
    points: Vec<Vec<String>>,
) -> Result<Vec<Planned>, Fail> {
    let places: Vec<BTreeMap<&str, usize>> = axes
        .iter()
        .map(|axis| axis.values.iter().enumerate().map(|(n, value)| (value.text.as_str(), n)).collect())
        .collect();
    let reader = Reader { ask, show, usual: base.objectives.clone().into(), baselines: Mutex::default() };
    let one = |values: Vec<String>| {
        let place = places.iter().zip(&values).map(|(known, text)| known[text.as_str()]).collect();
        let settings = axes.iter().zip(&values).map(|(axis, value)| Setting::new(&axis.path, value)).collect();
        reader.point(settings, place)
    };
    let read: Vec<Result<Planned, ReadError>> = points.into_par_iter().map(one).collect();
    let (mut planned, mut mistakes) = (Vec::with_capacity(read.len()), Vec::new());
    for read in read {
        match read {
            Ok(point) => planned.push(point),
            Err(error) => mistakes.push(error),
        }
    }
    if mistakes.is_empty() { Ok(planned) } else { Err(Fail::Input(told(mistakes))) }
}

/// Reads points, of which many have the same baseline.
struct Reader<'a> {
    ask: &'a Ask,
    show: &'a str,
    /// The objectives of the scenario, which are those of most points.
    usual: Arc<[Objective]>,
    /// By the settings apart from those of the policy.
    baselines: Mutex<BTreeMap<Vec<Setting>, String>>,
}

impl Reader<'_> {
    fn point(&self, settings: Vec<Setting>, place: Vec<usize>) -> Result<Planned, ReadError> {
        let scenario = self.ask.read(&self.ask.with(&settings))?;
        let needs = needs_singles(&scenario.objectives) || self.show == "costRatio";
        let baseline = if needs { Some(self.baseline(&settings)?) } else { None };
        let hash = hash_of(&scenario, baseline.as_deref());
        let usual = *scenario.objectives == *self.usual;
        let Scenario { input, over, runs, seed, .. } = &scenario;
        Ok(Planned {
            settings,
            place,
            hash,
            baseline,
            objectives: if usual { Arc::clone(&self.usual) } else { scenario.objectives.clone().into() },
            reproduce: format!("tidegate run {}{over} --runs {runs} --seed {seed}", quoted(&input.path)),
        })
    }

    fn baseline(&self, settings: &[Setting]) -> Result<String, ReadError> {
        let apart = apart_from_policy(settings);
        let known = self.baselines.lock().ok().and_then(|known| known.get(&apart).cloned());
        if let Some(known) = known {
            return Ok(known);
        }
        let scenario = self.ask.read(&self.ask.with(&apart))?;
        let mut content = Content::new();
        content.add(&"baseline");
        content.add_scenario(&scenario);
        content.add(&(scenario.seed, scenario.runs));
        let hash = content.text();
        if let Ok(mut known) = self.baselines.lock() {
            known.insert(apart, hash.clone());
        }
        Ok(hash)
    }
}

/// Mistakes of points, each once, however many points have it.
fn told(mistakes: Vec<ReadError>) -> String {
    let mut seen: Vec<(String, String, usize)> = Vec::new();
    for mistake in mistakes {
        let (what, whole) = match &mistake {
            ReadError::Settings { problems, .. } => (problems.clone(), mistake.to_string()),
            ReadError::Problems(_) | ReadError::File { .. } | ReadError::Override(_) => {
                (mistake.to_string(), mistake.to_string())
            }
        };
        match seen.iter_mut().find(|(known, ..)| *known == what) {
            Some((.., more)) => *more += 1,
            None => seen.push((what, whole, 0)),
        }
    }
    let left = seen.len().saturating_sub(MOST_MISTAKES);
    let line = |(_, whole, more): &(String, String, usize)| match more {
        0 => whole.clone(),
        1 => format!("{whole}\n  and the same at 1 further point"),
        more => format!("{whole}\n  and the same at {more} further points"),
    };
    let mut lines: Vec<String> = seen.iter().take(MOST_MISTAKES).map(line).collect();
    if left > 0 {
        lines.push(format!("and {left} further mistakes"));
    }
    lines.join("\n")
}

/// The key of what the map shows.
fn shown(name: Option<&str>) -> Result<String, String> {
    let name = name.unwrap_or("cost");
    Quantity::named(name).map(|quantity| quantity.key()).ok_or_else(|| {
        let keys: Vec<String> = Quantity::all().map(|quantity| quantity.key()).collect();
        let near = nearest(name, keys.iter().map(String::as_str));
        let near = near.map_or_else(String::new, |near| format!("; was `{near}` meant?"));
        format!("--show {name}: no measure is called so: expected cost, start.p95, availability, failoverTime.max or another{near}")
    })
}

fn map(ask: &Ask, show: String) -> Result<Map, String> {
    let paths: Vec<&str> = ask.axes.iter().map(Axis::path).collect();
    let find = |option: &str, name: &Option<String>| match name {
        None => Ok(None),
        Some(name) => match paths.iter().position(|path| path == name) {
            Some(at) => Ok(Some(at)),
            None => {
                let near = nearest(name, paths.iter().copied());
                let near = near.map_or_else(String::new, |near| format!("; was `{near}` meant?"));
                Err(format!("--{option} {name}: no axis is called so: expected one of {}{near}", paths.join(", ")))
            }
        },
    };
    let (x, y) = (find("x", &ask.x)?, find("y", &ask.y)?);
    if x.is_some() && x == y {
        return Err(format!("--x and --y are both {}: expected two axes", paths[x.unwrap_or_default()]));
    }
    if paths.len() == 1 && y.is_some() {
        return Err(format!("--y {}: a map of one axis has no y: leave it out, or vary another one", paths[0]));
    }
    let free = |taken: Option<usize>| (0..paths.len()).find(|axis| Some(*axis) != taken);
    let x = x.or_else(|| free(y)).unwrap_or_default();
    Ok(Map { x, y: y.or_else(|| free(Some(x))), show })
}
