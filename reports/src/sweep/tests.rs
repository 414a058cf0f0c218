//! What is best, what is on the front, and what moves a measure.

use super::effect::effects;
use super::front::front;
use super::{Outcome, Point, Sweep, sample};

fn of(sweep: &Sweep, place: &[usize]) -> Point {
    sweep.points.iter().find(|point| point.place == place).cloned().expect("a point of the grid")
}

#[test]
fn the_best_point_is_the_cheapest_that_keeps_all() {
    let sweep = sample::grid();
    let best = sweep.best().expect("some keep all");
    assert_eq!(best.outcome(), Outcome::Met);
    let met = sweep.points.iter().filter(|point| point.outcome() == Outcome::Met);
    assert!(met.clone().count() > 5 && met.clone().all(|point| point.value("cost") >= best.value("cost")));
    let cheaper = sweep.points.iter().filter(|point| point.value("cost") < best.value("cost"));
    assert!(cheaper.clone().count() > 5, "there are cheaper ones");
    assert!(cheaper.into_iter().all(|point| !point.is_good()));
    let all: usize = Outcome::ALL.into_iter().map(|outcome| sweep.count(outcome)).sum();
    assert_eq!(all, sweep.points.len());
}

#[test]
fn where_nothing_is_good_the_centre_keeps_the_most() {
    let mut sweep = sample::hostile();
    assert!(sweep.best().is_none());
    assert_eq!(sweep.points[3].outcome(), Outcome::Broken);
    sweep.points[20].objectives.remove(0);
    assert_eq!(sweep.centre().map(|point| point.index), Some(20), "one objective is missed there, two elsewhere");
    assert_eq!(sweep.hurdles()[0], ("start.p95".to_owned(), 60));
}

#[test]
fn the_front_has_what_nothing_beats() {
    let sweep = sample::grid();
    let front = front(&sweep);
    assert_eq!(front.keys, ["cost", "start.p95", "failoverTime.max"]);
    let numbers = |point: &Point| front.keys.iter().map(|key| point.value(key).expect("measured")).collect::<Vec<_>>();
    let beats = |a: &Point, b: &Point| {
        let (a, b) = (numbers(a), numbers(b));
        a != b && a.iter().zip(&b).all(|(a, b)| a <= b)
    };
    let good: Vec<&Point> = sweep.points.iter().filter(|point| point.is_good()).collect();
    let expected: Vec<u32> =
        good.iter().filter(|point| good.iter().all(|other| !beats(other, point))).map(|point| point.index).collect();
    let mut found: Vec<u32> = front.points.iter().map(|(point, _)| point.index).collect();
    found.sort_unstable();
    assert_eq!(found, expected);
    assert!((2..good.len()).contains(&found.len()), "{} of {}", found.len(), good.len());
}

#[test]
fn points_with_the_same_numbers_are_on_the_front_once() {
    let mut sweep = sample::grid();
    let best = of(&sweep, &[0, 0]).estimates;
    sweep.points.iter_mut().for_each(|point| point.estimates = best.clone());
    let front = front(&sweep);
    let good = sweep.points.iter().filter(|point| point.is_good()).count();
    assert_eq!(front.points.iter().map(|(point, same)| (point.index, *same)).collect::<Vec<_>>(), [(0, good - 1)]);
}

#[test]
fn an_effect_is_what_one_axis_does_while_the_others_stay() {
    let sweep = sample::grid();
    let centre = sweep.centre().expect("points").clone();
    let effects = effects(&sweep, "failoverTime.max");
    assert_eq!(
        effects.iter().map(|effect| effect.axis).collect::<Vec<_>>(),
        [1, 0],
        "the delay moves it, the depth does not"
    );
    assert_eq!((effects[0].span().round(), effects[1].span()), (300.0, 0.0));
    let [low, high] = effects[0].ends().expect("two ends");
    assert_eq!((low.0.as_str(), high.0.as_str()), ("10s", "60s"));
    let there = of(&sweep, &[centre.place[0], 0]).value("failoverTime.max");
    assert_eq!(Some(low.1), there, "the depth stays at the best point's");
}

#[test]
fn of_a_hypercube_groups_of_points_stand_for_values() {
    let sweep = sample::hypercube();
    let effects = effects(&sweep, "cost");
    let first = &effects[0];
    assert_eq!((first.axis, first.places.len()), (0, 5));
    assert!(first.places[0].0.starts_with("0.5000 to "), "{:?}", first.places);
    assert!(first.places.windows(2).all(|two| two[0].1 > two[1].1), "cost falls along the axis: {:?}", first.places);
    let words = effects.iter().find(|effect| effect.axis == 2).expect("the axis of words");
    assert_eq!(words.places.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["automatic", "supervised"]);
}
