//! A sweep on one screen. Knows what stands where on it; must not judge.

use super::line::{Line, Piece, Style, named, plain, render, table};
use crate::chart::human;
use crate::chart::sweep::unit;
use crate::html::sweep::{hurdles, numbers, verdict};
use crate::sweep::front::front;
use crate::sweep::{Outcome, Point, Sweep, TOLD};

/// The most rows of the front: the rest is in the files.
const MOST: usize = 8;

/// The sweep on one screen of that many columns. `lies` says where its page lies.
#[must_use]
pub fn sweep(sweep: &Sweep, width: usize, colour: bool, lies: &str) -> String {
    let parts: Vec<Vec<Line>> = [header(sweep), answer(sweep), points(sweep), last(sweep, lies)]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    render(&parts.join(&[Line::new()][..]), width, colour)
}

fn header(sweep: &Sweep) -> Vec<Line> {
    let (points, runs) = (human::count(sweep.points.len() as f64), sweep.seeds.len());
    let s = |n: usize| if n == 1 { "" } else { "s" };
    let rest = format!("  sweep of {points} point{} with {runs} run{} each", s(sweep.points.len()), s(runs));
    let mut lines = vec![vec![Piece(Style::Bold, sweep.scenario.name.clone()), plain(rest)]];
    if !sweep.about.is_empty() {
        lines.push(vec![Piece(Style::Dim, sweep.about.clone())]);
    }
    lines
}

fn answer(sweep: &Sweep) -> Vec<Line> {
    let style = match sweep.best() {
        Some(best) if best.outcome() == Outcome::Met => Style::Green,
        Some(_) => Style::Plain,
        None => Style::Red,
    };
    let mut lines = vec![named("Verdict", [Piece(style, verdict(sweep))])];
    let told = |about, point: &Point| [named(about, [plain(sweep.words(point))]), named("", [plain(numbers(point))])];
    match (sweep.best(), sweep.centre()) {
        (Some(best), _) => lines.extend(told("Cheapest", best)),
        (None, Some(nearest)) if !nearest.broken => lines.extend(told("Nearest", nearest)),
        (None, _) => {}
    }
    lines.extend(hurdles(sweep).map(|text| named("Not met", [plain(text)])));
    lines
}

/// The front, the cheapest first.
fn points(sweep: &Sweep) -> Vec<Line> {
    let front = front(sweep);
    let measured = |key: &&str| sweep.points.iter().any(|point| point.value(key).is_some());
    let keys: Vec<&str> = TOLD.into_iter().filter(measured).collect();
    if front.points.len() < 2 {
        return Vec::new();
    }
    let dim = |text: String| Piece(Style::Dim, text);
    let axes = short(sweep).into_iter().enumerate().map(|(at, name)| if at == 0 { format!("  {name}") } else { name });
    let heading = axes.chain(keys.iter().map(|key| key.replace('.', " "))).map(dim).collect();
    let row = |point: &Point| {
        let values = sweep.axes.iter().zip(&point.place).map(|(axis, at)| plain(axis.text(*at)));
        values.chain(keys.iter().map(|key| plain(human::value(unit(key), &point.estimate(key))))).collect()
    };
    let rows = front.points.iter().take(MOST).map(|(point, _)| row(point)).collect();
    let mut lines = vec![vec![Piece(Style::Bold, "Pareto front".to_owned())]];
    lines.extend(table(heading, rows, 1));
    if front.points.len() > MOST {
        lines.push(vec![dim(format!("  and {} more on the page", front.points.len() - MOST))]);
    }
    lines
}

/// The last key of each axis' path, where that tells the axes apart.
fn short(sweep: &Sweep) -> Vec<String> {
    let last = |path: &str| path.rsplit('.').next().unwrap_or(path).to_owned();
    let same = |name: &String| sweep.axes.iter().filter(|axis| last(&axis.path) == *name).count() > 1;
    sweep
        .axes
        .iter()
        .map(|axis| Some(last(&axis.path)).filter(|name| !same(name)).unwrap_or(axis.path.clone()))
        .collect()
}

fn last(sweep: &Sweep, lies: &str) -> Vec<Line> {
    let whole = |name, text: &str| named(name, [Piece(Style::Whole, text.to_owned())]);
    let mut lines = Vec::new();
    if !lies.is_empty() {
        lines.push(whole("Report", lies));
    }
    if let Some(best) = sweep.best() {
        lines.push(whole("Cheapest", &best.reproduce));
    }
    lines.push(whole("Reproduce", &sweep.reproduce));
    lines
}

#[cfg(test)]
mod tests {
    use super::sweep as screen;
    use crate::sweep::sample;

    #[test]
    fn a_screen_says_the_verdict_the_cheapest_and_how_to_do_it_again() {
        let text = screen(&sample::grid(), 110, false, "out/index.html");
        for words in [
            "of 60 points keep all objectives",
            "Cheapest    queueDepth=",
            "Pareto front",
            "Report      out/index.html",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert!(text.ends_with("Reproduce   tidegate sweep scenarios/home-region-outage.toml --vary queueDepth=20..200/10 --runs 20 --seed 1\n"));
        assert!(text.lines().all(|line| line.len() < 130 || line.contains("tidegate ")), "{text}");
    }

    #[test]
    fn where_nothing_keeps_all_the_nearest_is_told() {
        let text = screen(&sample::hostile(), 110, false, "");
        assert!(text.contains("None of 60 points keeps all objectives") && text.contains("Nearest"), "{text}");
        assert!(!text.contains("NaN") && !text.contains("Report"), "{text}");
    }
}
