//! A race: a few runs for all, more for those that are left. Knows when a candidate is dropped; must not know where candidates
//! come from, or what is claimed of the winner.

use super::sample::{differences, judge_all, mean_cost, tightest};
use super::{Dropped, KEEP, Look, Search, same};
use tidegate_reports::model::Verdict;
use tidegate_reports::student::Spread;

/// The chance of dropping a good one by mistake in one look, shared among those compared, as in F-Race with t-tests
/// (Birattari, Stuetzle, Paquete and Varrentrapp, GECCO 2002; the correction is Bonferroni's).
const RISK: f64 = 0.05;

/// Runs between looks.
const STEP: u64 = 2;

/// The most runs of a race: what is left then is told apart by the selection.
const MOST: u64 = 30;

/// Races these until [`KEEP`] are left or so much is spent in all; the best, the very best first.
pub(super) fn race(search: &mut Search<'_>, candidates: &[usize], generation: u32, purse: u64) -> Vec<usize> {
    let mut alive = candidates.to_vec();
    let mut runs = search.plan.runs_first;
    loop {
        search.run(&alive, runs);
        let before = alive.len();
        drop_some(search, &mut alive, runs);
        let best = search.ranked(&alive, runs).first().copied();
        let best = best.filter(|best| tightest(search.problem.constraints(), search.first(*best, runs)) >= 0.0);
        let best = best.map(|best| (best, mean_cost(search.first(best, runs))));
        let candidates = (before, alive.len());
        search.looks.push(Look { generation, runs, candidates, spent: search.spent, best });
        let next = runs + STEP;
        if alive.len() <= KEEP || next > MOST || search.spent + search.price(&alive, next) > purse {
            break;
        }
        runs = next;
    }
    let mut ranked = search.ranked(&alive, runs);
    for behind in ranked.split_off(ranked.len().min(KEEP)) {
        search.candidates[behind].dropped = Some((Dropped::Behind, runs));
    }
    ranked
}

/// Drops what misses an objective for sure, and what is dearer for sure than one that keeps them.
fn drop_some(search: &mut Search<'_>, alive: &mut Vec<usize>, runs: u64) {
    let share = RISK / alive.len() as f64;
    let constraints = search.problem.constraints();
    let ranked = search.ranked(alive, runs);
    let keeps = |index: &usize| judge_all(constraints, search.first(*index, runs), RISK) == Verdict::Met;
    let leader = ranked.iter().copied().find(keeps);
    let mut dropped: Vec<(usize, Dropped)> = Vec::new();
    for index in ranked.iter().copied() {
        let samples = search.first(index, runs);
        let broken = samples.iter().find_map(|sample| sample.broken.clone());
        let missed = (0..constraints.len())
            .find(|objective| constraints[*objective].judge(samples, *objective, share).verdict == Verdict::Missed);
        let twin =
            ranked.iter().take_while(|other| **other != index).find(|other| same(search.first(**other, runs), samples));
        let dearer = leader.filter(|leader| {
            let more = Spread::of(&differences(samples, search.first(*leader, runs)));
            *leader != index && more.is_some_and(|more| more.end(-1.0, share) > 0.0)
        });
        let why = broken.map(Dropped::Broken).or_else(|| missed.map(Dropped::Misses));
        let why = why.or_else(|| twin.map(|twin| Dropped::Same(*twin))).or_else(|| dearer.map(Dropped::Dearer));
        dropped.extend(why.map(|why| (index, why)));
    }
    // Where all miss, those that miss least are what the next generation begins with.
    if dropped.len() == alive.len() {
        let kept: Vec<usize> = ranked.iter().copied().take(KEEP).collect();
        dropped.retain(|(index, why)| !kept.contains(index) || matches!(why, Dropped::Broken(_)));
    }
    for (index, why) in dropped {
        search.candidates[index].dropped = Some((why, runs));
        alive.retain(|one| *one != index);
    }
}
