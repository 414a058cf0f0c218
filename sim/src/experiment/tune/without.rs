//! Which settings of the best matter: it is run again without each of them. Knows pairs; must not know what a setting does.

use super::sample::{differences, judge_all, mean_cost, tightest};
use super::{KEEP, Origin, Search, same};
use tidegate_reports::model::{Estimate, Verdict};
use tidegate_reports::student::Spread;

/// Runs of each of them, where there is money for it.
const RUNS: u64 = 10;

/// Finalists that are the best in fewer words.
pub(super) const PLAIN: usize = 2;

/// What is said of one setting is wrong with this chance on each side: 95 % intervals.
const RISK: f64 = 0.025;

/// What one setting of the best does.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// Of which candidate.
    pub of: usize,
    /// The axis.
    pub axis: usize,
    /// The candidate that is the same without it; `None` when such a one makes no sense.
    pub without: Option<usize>,
    /// What is minimised, without the setting less with it, with its 95 % interval.
    pub cost: Estimate,
    /// The tightest margin of the objectives with the setting, and without it.
    pub margins: (f64, f64),
    /// What that says.
    pub matters: Matters,
}

/// Whether a setting matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matters {
    /// Without it the cost differs by more than chance, or an objective is not kept.
    Yes,
    /// Without it the cost differs by less than the indifference, and the objectives are kept.
    No,
    /// Without it every run comes to the same.
    NotAtAll,
    /// The runs do not tell.
    Unknown,
}

/// Runs the best without each of its settings, and without all that do not matter; the best of all these and the others,
/// the very best first.
pub(super) fn without(search: &mut Search<'_>, best: &[usize], purse: u64) -> (Vec<Effect>, Vec<usize>) {
    let Some(leader) = best.first().copied() else { return (Vec::new(), Vec::new()) };
    let point = search.candidates[leader].point.clone();
    let set: Vec<usize> = (0..point.len()).filter(|axis| point[*axis].is_some()).collect();
    let each = search.problem.simulations() * (set.len() + best.len() + PLAIN) as u64;
    let runs = (purse / each.max(1)).min(RUNS);
    if set.is_empty() || runs < 2 {
        return (Vec::new(), best.to_vec());
    }
    let others: Vec<(usize, Option<usize>)> =
        set.iter().map(|axis| (*axis, reverted(search, leader, &[*axis]))).collect();
    let all: Vec<usize> = best.iter().copied().chain(others.iter().filter_map(|(_, other)| *other)).collect();
    search.run(&all, runs);
    let effects: Vec<Effect> = others.iter().map(|(axis, other)| effect(search, leader, *axis, *other, runs)).collect();
    let plain = plain(search, leader, &effects);
    search.run(&plain, runs);
    let ranked = search.ranked(&[&all[..], &plain].concat(), runs);
    let distinct = apart(search, &ranked, runs);
    // The plain ones go on whatever their rank: they say the same, or nearly, in fewer words.
    let best: Vec<usize> =
        distinct.into_iter().filter(|one| !plain.contains(one)).take(KEEP).chain(plain.clone()).collect();
    (effects, best)
}

/// The leader without the settings that do nothing, and without all that matter less than the indifference.
fn plain(search: &mut Search<'_>, leader: usize, effects: &[Effect]) -> Vec<usize> {
    let of = |some: &[Matters]| -> Vec<usize> {
        effects.iter().filter(|effect| some.contains(&effect.matters)).map(|effect| effect.axis).collect()
    };
    let sets = [of(&[Matters::NotAtAll]), of(&[Matters::NotAtAll, Matters::No])];
    let mut plain: Vec<usize> = Vec::new();
    for axes in sets.iter().filter(|axes| !axes.is_empty()) {
        plain.extend(reverted(search, leader, axes).filter(|one| !plain.contains(one)));
    }
    plain
}

/// Those of which no other came to the same in every run; of such ones that with the fewest settings, in the place of the
/// first.
fn apart(search: &Search<'_>, ranked: &[usize], runs: u64) -> Vec<usize> {
    let settings = |index: usize| search.candidates[index].settings.len();
    let mut apart: Vec<usize> = Vec::new();
    for index in ranked.iter().copied() {
        let twin =
            apart.iter_mut().find(|one| **one == index || same(search.first(**one, runs), search.first(index, runs)));
        match twin {
            Some(twin) if settings(index) < settings(*twin) => *twin = index,
            Some(_) => {}
            None => apart.push(index),
        }
    }
    apart
}

/// The leader with some axes as the files say. One that is known already has its own runs.
fn reverted(search: &mut Search<'_>, leader: usize, axes: &[usize]) -> Option<usize> {
    let one = search.candidates[leader].clone();
    let mut point = one.point;
    axes.iter().for_each(|axis| point[*axis] = None);
    if let Some(known) = search.candidates.iter().position(|c| c.point == point && c.extra == one.extra) {
        return Some(known);
    }
    let origin = match axes {
        [axis] => Origin::Without(leader, *axis),
        _ => Origin::Plain(leader),
    };
    search.try_add(origin, one.generation, point, one.extra)
}

fn effect(search: &Search<'_>, leader: usize, axis: usize, other: Option<usize>, runs: u64) -> Effect {
    let with = search.first(leader, runs);
    let constraints = search.problem.constraints();
    let margin = tightest(constraints, with);
    // Settings that mean the same were one candidate from the beginning.
    let Some(index) = other else {
        let cost = Estimate { value: Some(0.0), low: Some(0.0), high: Some(0.0) };
        return Effect { of: leader, axis, without: None, cost, margins: (margin, margin), matters: Matters::NotAtAll };
    };
    let without = search.first(index, runs);
    let spread = Spread::of(&differences(without, with));
    let cost = spread.map_or_else(Estimate::default, |spread| Estimate {
        value: Some(spread.mean),
        low: Some(spread.end(-1.0, RISK)),
        high: Some(spread.end(1.0, RISK)),
    });
    let indifferent = search.plan.indifference * mean_cost(with).abs();
    let margins = (margin, tightest(constraints, without));
    let matters = match (cost.low, cost.high) {
        _ if same(with, without) => Matters::NotAtAll,
        _ if judge_all(constraints, without, RISK) == Verdict::Missed => Matters::Yes,
        (Some(low), Some(high)) if low > 0.0 && high > indifferent || high < 0.0 && low < -indifferent => Matters::Yes,
        (Some(low), Some(high)) if low >= -indifferent && high <= indifferent && margins.1 >= 0.0 => Matters::No,
        (_, _) => Matters::Unknown,
    };
    Effect { of: leader, axis, without: other, cost, margins, matters }
}
