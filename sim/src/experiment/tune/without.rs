//! Which settings of the best matter: it is run again without each of them. Knows pairs; must not know what a setting does.

use super::sample::{differences, judge_all, mean_cost, tightest};
use super::{KEEP, Origin, Search, same};
use tidegate_reports::model::{Estimate, Verdict};
use tidegate_reports::student::Spread;

/// Runs of each of them, where there is money for it.
const RUNS: u64 = 10;

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
    let each = search.problem.simulations() * (set.len() + best.len() + 1) as u64;
    let runs = (purse / each.max(1)).min(RUNS);
    if set.is_empty() || runs < 2 {
        return (Vec::new(), best.to_vec());
    }
    let others: Vec<(usize, Option<usize>)> =
        set.iter().map(|axis| (*axis, reverted(search, leader, &[*axis]))).collect();
    let all: Vec<usize> = best.iter().copied().chain(others.iter().filter_map(|(_, other)| *other)).collect();
    search.run(&all, runs);
    let effects: Vec<Effect> = others.iter().map(|(axis, other)| effect(search, leader, *axis, *other, runs)).collect();
    let idle: Vec<usize> = effects
        .iter()
        .filter(|effect| matches!(effect.matters, Matters::No | Matters::NotAtAll))
        .map(|effect| effect.axis)
        .collect();
    let plain = if idle.len() > 1 { reverted(search, leader, &idle) } else { None };
    search.run(plain.as_slice(), runs);
    let mut ranked = search.ranked(&[&all, plain.as_slice()].concat(), runs);
    ranked.dedup();
    // The plain one goes on whatever its rank: it says the same in fewer words.
    let plain = plain.filter(|plain| !ranked[..ranked.len().min(KEEP)].contains(plain));
    ranked.truncate(KEEP);
    ranked.extend(plain);
    (effects, ranked)
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
