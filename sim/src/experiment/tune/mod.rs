//! The search for the cheapest candidate that keeps all objectives. Knows candidates, runs and what is spent on them; must not
//! know scenarios or policies (see `scenarios`), nor how evidence is shown.
//!
//! ```text
//!  Latin hypercube, own policy, seed policy
//!        |  race: a few runs for all, more for those that are left   (generation after generation, around the best)
//!        v
//!  the best, and the best without each of its settings               (which of them matter?)
//!        |  fresh seeds: nothing of the search is used again
//!        v
//!  select: feasible at the stated confidence, then the cheapest by Kim and Nelson
//! ```
//!
//! The search may be wrong and costs only runs then; what is claimed rests on the fresh runs alone. `docs/tune.md` has the
//! formulae and their sources.

mod candidate;
pub mod evidence;
mod race;
pub mod sample;
pub mod scenarios;
mod select;
pub mod space;
mod standard;
#[cfg(test)]
mod tests;
mod without;

use crate::rng::{Rng, stream};
use crate::scenario::setting::Setting;
use sample::{Constraint, Sample};
use space::{Axis, Point};
use std::collections::BTreeMap;
use std::ops::Range;
use tidegate_reports::model::Verdict;

pub use candidate::{Candidate, Dropped, Look, Origin};
pub use select::{Finalist, Selected};
pub use standard::{complete, standard};
pub use without::Effect;

/// The first run of the selection: no search takes so many, so that its seeds are fresh. The most runs of a scenario.
pub const FRESH: u64 = 10_000;

/// Candidates that go from one generation to the next, and into the selection.
const KEEP: usize = 4;

/// Generations: the design, and three around the best.
const GENERATIONS: u32 = 4;

/// The most candidates of a generation: more would each have too few runs.
const MOST_CANDIDATES: u64 = 64;

/// Share of the runs of a race that its first look takes; the rest goes to those that are left.
const FIRST_LOOK: f64 = 0.7;

/// Shares of the budget for the search, and for the question which settings matter; the rest is for the selection.
const SHARES: (f64, f64) = (0.5, 0.1);

/// What can be simulated.
pub trait Problem: Sync {
    /// The objectives.
    fn constraints(&self) -> &[Constraint];

    /// Simulations that one run of a candidate takes: one for each scenario.
    fn simulations(&self) -> u64;

    /// Whether settings make sense together: a text that is the same for settings that mean the same.
    ///
    /// # Errors
    /// Why not.
    fn admit(&self, settings: &[Setting]) -> Result<String, String>;

    /// Runs candidates: for each, a sample for each of its runs, in order. The same run of two candidates has the same random
    /// numbers.
    fn evaluate(&self, work: &[(&[Setting], Range<u64>)]) -> Vec<Vec<Sample>>;
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is varied.
    pub axes: Vec<Axis>,
    /// Candidates that are there before the search, by name: no settings at all is the scenario's own policy.
    pub references: Vec<(String, Vec<Setting>)>,
    /// Simulations at the most.
    pub budget: u64,
    /// Of what is said of the winner.
    pub confidence: f64,
    /// A difference of the cost, as a share of it, that is not worth finding.
    pub indifference: f64,
    /// Runs before the first look of a race.
    pub runs_first: u64,
    /// Of the search's own random numbers.
    pub seed: u64,
}

/// What came of a search.
#[derive(Clone, Debug)]
pub struct Searched {
    /// All candidates, by number.
    pub candidates: Vec<Candidate>,
    /// Points that made no sense as input, and were left out.
    pub refused: u64,
    /// Looks, in order.
    pub looks: Vec<Look>,
    /// Which settings of the best matter.
    pub effects: Vec<Effect>,
    /// The selection on fresh seeds.
    pub selected: Selected,
    /// Simulations: in the search, for the effects, in the selection.
    pub spent: [u64; 3],
}

/// A search under way.
pub(crate) struct Search<'a> {
    problem: &'a dyn Problem,
    plan: &'a Plan,
    candidates: Vec<Candidate>,
    /// By what [`Problem::admit`] says.
    known: BTreeMap<String, usize>,
    refused: u64,
    looks: Vec<Look>,
    spent: u64,
    rng: Rng,
}

/// The fewest simulations that a plan can do with: the first look of two generations, and of the selection.
#[must_use]
pub fn least(plan: &Plan, simulations: u64) -> u64 {
    let finalists = (KEEP + without::PLAIN + plan.references.len()) as f64;
    let selection = finalists * select::FIRST as f64 / (1.0 - SHARES.0 - SHARES.1);
    let search = (2 * KEEP + plan.references.len()) as f64 * plan.runs_first as f64 / SHARES.0;
    simulations * selection.max(search).ceil() as u64
}

/// Searches. The same problem and plan give the same result.
///
/// # Errors
/// When one of the references makes no sense, or an axis none wherever one looks at it.
///
/// # Panics
/// When the budget is below [`least`].
pub fn tune(problem: &dyn Problem, plan: &Plan) -> Result<Searched, String> {
    let budget = plan.budget;
    assert!(budget >= least(plan, problem.simulations()), "a budget of {budget} simulations is too small");
    let rng = stream(plan.seed, "tune");
    let (known, looks) = (BTreeMap::new(), Vec::new());
    make_sense(problem, &plan.axes)?;
    let mut search = Search { problem, plan, candidates: Vec::new(), known, refused: 0, looks, spent: 0, rng };
    let share = |of: f64| (budget as f64 * of) as u64;
    let best = generations(&mut search, share(SHARES.0))?;
    let searched = search.spent;
    let (effects, best) = without::without(&mut search, &best, share(SHARES.1));
    let tried = search.spent;
    let finalists = finalists(&search, &best);
    let selected = select::select(&search, &finalists, budget - tried);
    let spent = [searched, tried - searched, selected.spent];
    let Search { candidates, refused, looks, .. } = search;
    Ok(Searched { candidates, refused, looks, effects, selected, spent })
}

/// Whether axes make sense, before anything is simulated or written.
///
/// # Errors
/// What is wrong with the first that makes none wherever one looks at it.
pub fn make_sense(problem: &dyn Problem, axes: &[Axis]) -> Result<(), String> {
    axes.iter().try_for_each(|axis| look_at(problem, axis))
}

/// Whether an axis makes sense anywhere: a misspelt key does not, and of words each must.
fn look_at(problem: &dyn Problem, axis: &Axis) -> Result<(), String> {
    if let space::Range::Words(words) = &axis.range {
        let wrong = words.iter().find_map(|word| problem.admit(&[Setting::new(&axis.path, word)]).err());
        return wrong.map_or(Ok(()), |mistake| Err(about(axis, &mistake)));
    }
    let looks = [0.0, 0.25, 0.5, 0.75, 1.0].map(|at| problem.admit(&axis.settings(at)));
    let mut mistakes = Vec::new();
    for look in looks {
        match look {
            Ok(_) => return Ok(()),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    Err(about(axis, &mistakes.swap_remove(0)))
}

fn about(axis: &Axis, mistake: &str) -> String {
    format!("{}={}: {mistake}", axis.path, axis.ends().replace(' ', ""))
}

/// The design and the generations after it; the best, the very best first.
fn generations(search: &mut Search<'_>, purse: u64) -> Result<Vec<usize>, String> {
    let plan = search.plan;
    let mut alive = Vec::new();
    for (name, settings) in &plan.references {
        alive.extend(search.refer(name, settings)?);
    }
    let whole = purse;
    for generation in 0..GENERATIONS {
        let purse = whole * u64::from(generation + 1) / u64::from(GENERATIONS);
        if generation > 0 && search.spent + search.look() > whole {
            break;
        }
        let room = search.room(purse);
        let new = if generation == 0 { search.design(room) } else { search.children(&alive, generation, room) };
        if new.is_empty() && generation > 0 {
            break; // a small space: all of it was tried
        }
        alive.extend(new);
        alive = race::race(search, &alive, generation, purse);
    }
    Ok(alive)
}

/// Those that go into the selection: the best, and every reference, each once.
fn finalists(search: &Search<'_>, best: &[usize]) -> Vec<usize> {
    let references = (0..search.candidates.len())
        .filter(|index| matches!(search.candidates[*index].origin, Origin::Reference(_)))
        .filter(|index| !best.contains(index));
    best.iter().copied().chain(references).collect()
}

impl Search<'_> {
    /// Adds a candidate; `None` when there is one that means the same.
    fn add(
        &mut self,
        origin: Origin,
        generation: u32,
        point: Point,
        extra: Vec<Setting>,
    ) -> Result<Option<usize>, String> {
        let placed = self.plan.axes.iter().zip(&point).filter_map(|(axis, at)| Some(axis.settings((*at)?)));
        let settings: Vec<Setting> = extra.iter().cloned().chain(placed.flatten()).collect();
        let meaning = self.problem.admit(&settings)?;
        if self.known.contains_key(&meaning) {
            return Ok(None);
        }
        self.known.insert(meaning, self.candidates.len());
        self.candidates.push(Candidate {
            origin,
            generation,
            point,
            settings,
            extra,
            samples: Vec::new(),
            dropped: None,
        });
        Ok(Some(self.candidates.len() - 1))
    }

    /// Adds a reference. Two that mean the same become one with both names.
    fn refer(&mut self, name: &str, settings: &[Setting]) -> Result<Option<usize>, String> {
        let nothing = vec![None; self.plan.axes.len()];
        let origin = Origin::Reference(name.to_owned());
        let added = self.add(origin, 0, nothing, settings.to_vec()).map_err(|error| format!("{name}: {error}"))?;
        if added.is_none() {
            let twin = self.known.get(&self.problem.admit(settings)?);
            if let Some(Origin::Reference(known)) = twin.map(|twin| &mut self.candidates[*twin].origin) {
                *known += &format!(" = {name}");
            }
        }
        Ok(added)
    }

    /// The same; a point that makes no sense is counted and left out.
    fn try_add(&mut self, origin: Origin, generation: u32, point: Point, extra: Vec<Setting>) -> Option<usize> {
        self.add(origin, generation, point, extra).unwrap_or_else(|_| {
            self.refused += 1;
            None
        })
    }

    /// New candidates that there are runs for, until so much is spent.
    fn room(&self, purse: u64) -> u64 {
        let left = purse.saturating_sub(self.spent) as f64;
        let runs = self.plan.runs_first * self.problem.simulations();
        ((left * FIRST_LOOK) as u64 / runs).clamp(KEEP as u64, MOST_CANDIDATES)
    }

    /// Simulations that the first look at the fewest candidates takes.
    fn look(&self) -> u64 {
        KEEP as u64 * self.plan.runs_first * self.problem.simulations()
    }

    fn design(&mut self, count: u64) -> Vec<usize> {
        let points = space::latin_hypercube(self.plan.axes.len(), count as usize, &mut self.rng);
        points.into_iter().filter_map(|point| self.try_add(Origin::Design, 0, point, Vec::new())).collect()
    }

    /// Around the best: the better, the more; each generation closer.
    fn children(&mut self, best: &[usize], generation: u32, count: u64) -> Vec<usize> {
        use rand::RngExt;
        let step = 0.25 * 0.6_f64.powi(generation as i32 - 1);
        let share = (2.0 / self.plan.axes.len() as f64).clamp(0.25, 1.0);
        let mut children = Vec::new();
        for _ in 0..count * 20 {
            if children.len() as u64 == count || best.is_empty() {
                break;
            }
            // The lesser of two draws: of four the first is taken in 7 of 16 cases, the last in one.
            let draws = [self.rng.random_range(0..best.len()), self.rng.random_range(0..best.len())];
            let parent = best[draws[0].min(draws[1])];
            let point = space::near(&self.plan.axes, &self.candidates[parent].point, step, share, &mut self.rng);
            let extra = self.candidates[parent].extra.clone();
            children.extend(self.try_add(Origin::Near(parent), generation, point, extra));
        }
        children
    }

    /// What it takes to bring these to so many runs.
    fn price(&self, candidates: &[usize], runs: u64) -> u64 {
        let missing = |index: &usize| runs.saturating_sub(self.candidates[*index].samples.len() as u64);
        candidates.iter().map(missing).sum::<u64>() * self.problem.simulations()
    }

    /// Brings candidates to so many runs.
    fn run(&mut self, candidates: &[usize], runs: u64) {
        self.spent += self.price(candidates, runs);
        let wanting: Vec<usize> =
            candidates.iter().copied().filter(|index| (self.candidates[*index].samples.len() as u64) < runs).collect();
        let work: Vec<(&[Setting], Range<u64>)> = wanting
            .iter()
            .map(|index| &self.candidates[*index])
            .map(|candidate| (&candidate.settings[..], candidate.samples.len() as u64..runs))
            .collect();
        let samples = self.problem.evaluate(&work);
        for (index, samples) in wanting.into_iter().zip(samples) {
            self.candidates[index].samples.extend(samples);
        }
    }

    /// The first runs of a candidate.
    fn first(&self, index: usize, runs: u64) -> &[Sample] {
        let samples = &self.candidates[index].samples;
        &samples[..samples.len().min(runs as usize)]
    }

    /// By their first runs: those whose means keep all objectives by cost, the others by what they lack.
    fn ranked(&self, candidates: &[usize], runs: u64) -> Vec<usize> {
        let key = |index: usize| {
            let samples = self.first(index, runs);
            let margin = sample::tightest(self.problem.constraints(), samples);
            let broken = samples.iter().any(|sample| sample.broken.is_some());
            let lacks = if broken { f64::INFINITY } else { (-margin).max(0.0) };
            (lacks, sample::mean_cost(samples))
        };
        let mut keyed: Vec<((f64, f64), usize)> = candidates.iter().map(|index| (key(*index), *index)).collect();
        keyed.sort_by(|(a, i), (b, j)| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)).then(i.cmp(j)));
        keyed.into_iter().map(|(_, index)| index).collect()
    }
}

/// Whether runs of two candidates came to the same, each of them.
fn same(one: &[Sample], other: &[Sample]) -> bool {
    one.len().min(other.len()) > 1 && one.iter().zip(other).all(|(one, other)| one == other)
}

impl Searched {
    /// The verdict on the winner: met with the stated confidence; missed when no candidate can be; else inconclusive.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self.selected.winner {
            Some(_) => Verdict::Met,
            None if self.selected.finalists.iter().all(|one| one.verdict == Verdict::Missed) => Verdict::Missed,
            None => Verdict::Inconclusive,
        }
    }
}
