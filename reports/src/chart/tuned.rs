//! The charts of a search: what each candidate costs and how far it is from its limits, and how the races went. Knows dots and
//! lines; must not judge.

use super::canvas::{Canvas, Drawing, Failed, Form, Frame, LINE, Legend, Sample, Sits, fit, sheet};
use super::ink::Ink;
use super::plot::{Axis, Plot};
use super::{Figure, figure, human};
use crate::tune::{LookTold, Tried, Tuned, words};

/// Room for the texts of the vertical axis.
const LEFT: f64 = 76.0;
/// Room to the right, for half a text.
const RIGHT: f64 = 26.0;

/// All charts of a search; none where there is nothing to draw.
pub(crate) fn figures(tuned: &Tuned) -> Vec<Figure> {
    let some = tuned.candidates.iter().any(|one| one.first_cost.is_some());
    let front = some.then(|| {
        let title = "What each candidate costs, and how far it is from its limits".to_owned();
        figure("candidates".to_owned(), title, about(tuned), |form| front(tuned, form))
    });
    let race = (tuned.looks.len() > 1).then(|| {
        let about = format!("Candidates left and the best of them at {} looks.", tuned.looks.len());
        figure("races".to_owned(), "How the races went".to_owned(), about, |form| races(tuned, form))
    });
    front.into_iter().chain(race).collect()
}

fn about(tuned: &Tuned) -> String {
    let named = tuned.candidates.iter().filter(|one| one.is_reference() || Some(one.number) == tuned.winner);
    let each = |one: &Tried| {
        let cost = one.first_cost.map_or_else(|| human::NOTHING.to_owned(), |cost| words::amount(tuned, cost));
        let margin = one.first_margin.map_or_else(|| human::NOTHING.to_owned(), human::share);
        format!(" {}: {cost}, {margin} of its tightest limit left.", one.name)
    };
    format!("{} candidates.{}", tuned.candidates.len(), named.map(each).collect::<String>())
}

/// A group of dots: one entry of the legend.
struct Group {
    name: String,
    ink: Ink,
    size: u32,
    dots: Vec<(f64, f64)>,
}

/// Cost against the margin of the tightest objective, over the first runs, which all candidates have.
fn front(tuned: &Tuned, form: Form) -> Drawing {
    let groups = groups(tuned);
    let line = edge(tuned);
    let width = form.width();
    let mut legend = Legend::default();
    for group in groups.iter().rev() {
        legend.add(Sample::Square(0.9), group.ink, &group.name);
    }
    if line.len() > 1 {
        legend.add(Sample::Line, Ink::Tail, "Pareto front");
    }
    let top = legend.height(width) + LINE + 6.0;
    let frame = Frame { x: LEFT, y: top, w: width - LEFT - RIGHT, h: form.pick(330.0, 260.0) };
    let costs: Vec<f64> = groups.iter().flat_map(|group| group.dots.iter().map(|dot| dot.1)).collect();
    let y = range(&costs, form.pick(6, 5), |cost| human::quantity(&tuned.unit, cost));
    let places = if form == Form::Wide { &[-1.0, -0.5, 0.0, 0.5, 1.0][..] } else { &[-1.0, 0.0, 1.0] };
    let text = |at: f64| match at {
        0.0 => "limit".to_owned(),
        at if at <= -1.0 => "−100 %".to_owned(),
        at => human::quantity("share", at).replace('-', "−"),
    };
    let x = Axis { range: (-1.04, 1.04), ticks: places.iter().map(|at| (*at, text(*at))).collect() };
    sheet(width, top + frame.h + 2.0 * LINE + 4.0, |canvas| {
        legend.draw(canvas, (0.0, 0.0), width)?;
        let what = format!("{}, mean of the first runs", words::label(tuned));
        canvas.text(&fit(&what, width), (0.0, top - LINE / 2.0 - 3.0), Sits::Start, Ink::Muted)?;
        let mut plot = Plot::new(canvas, frame, &x, &y)?;
        plot.shade(x.range.0, 0.0, Ink::Fault, 0.09)?;
        plot.line(&line, Ink::Tail, 2)?;
        for group in &groups {
            group.dots.iter().try_for_each(|dot| plot.line(&[*dot], group.ink, group.size))?;
        }
        let below = top + frame.h + 1.5 * LINE;
        let kept =
            form.pick("what is left of the tightest limit; in the shade it is missed", "left of the tightest limit");
        canvas.text(kept, (frame.x + frame.w / 2.0, below), Sits::Middle, Ink::Muted)
    })
}

/// From the least of interest to the most, which is drawn over the others.
fn groups(tuned: &Tuned) -> Vec<Group> {
    let last = |one: &&Tried| tuned.selection.finalists.iter().any(|last| last.number == one.number);
    let wins = |one: &&Tried| Some(one.number) == tuned.winner;
    let plain = || tuned.candidates.iter().filter(|one| !one.is_reference() && !wins(one));
    let dots = |some: Vec<&Tried>| some.into_iter().filter_map(dot).collect::<Vec<_>>();
    let mut groups = vec![
        Group {
            name: "dropped".into(),
            ink: Ink::Other,
            size: 5,
            dots: dots(plain().filter(|one| !last(one)).collect()),
        },
        Group { name: "finalists".into(), ink: Ink::Median, size: 8, dots: dots(plain().filter(last).collect()) },
    ];
    let inks = [Ink::Spillover, Ink::Waiting].into_iter().cycle();
    for (one, ink) in tuned.references().zip(inks) {
        let name = if wins(&one) { format!("{}: the winner", one.name) } else { one.name.clone() };
        groups.push(Group { name, ink, size: 10, dots: dots(vec![one]) });
    }
    if let Some(winner) = tuned.winner.map(|number| &tuned.candidates[number]).filter(|one| !one.is_reference()) {
        let name = format!("the winner, {}", winner.name);
        groups.push(Group { name, ink: Ink::Sticky, size: 10, dots: dots(vec![winner]) });
    }
    groups.retain(|group| !group.dots.is_empty());
    groups
}

/// Margin and cost. What is further than the whole of its limit off stands at the edge.
fn dot(one: &Tried) -> Option<(f64, f64)> {
    Some((one.first_margin.unwrap_or(-1.0).clamp(-1.0, 1.0), human::finite(one.first_cost)?))
}

/// The Pareto front, by cost: candidates that keep their limits, of which no other is both cheaper and further from them.
fn edge(tuned: &Tuned) -> Vec<(f64, f64)> {
    let mut dots: Vec<(f64, f64)> = tuned.candidates.iter().filter_map(dot).filter(|dot| dot.0 >= 0.0).collect();
    dots.sort_by(|a, b| a.1.total_cmp(&b.1).then(b.0.total_cmp(&a.0)));
    let mut edge: Vec<(f64, f64)> = Vec::new();
    for dot in dots {
        if edge.last().is_none_or(|last| dot.0 > last.0) {
            edge.push(dot);
        }
    }
    edge
}

/// An axis around values, with round ticks; of one value alone a little around it.
fn range(values: &[f64], most: usize, text: impl Fn(f64) -> String) -> Axis {
    let (low, high) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
    let (low, high) = if low.is_finite() { (low, high) } else { (0.0, 1.0) };
    let wide = if high > low { high - low } else { low.abs().max(1.0) * 0.1 };
    let range = (low - 0.08 * wide, high + 0.08 * wide);
    let rough = (range.1 - range.0) / most as f64;
    let decade = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * decade).find(|step| *step >= rough).unwrap_or(rough);
    let first = (range.0 / step).ceil() * step;
    let ticks = (0..=most).map(|n| first + n as f64 * step).take_while(|at| *at <= range.1);
    Axis { range, ticks: ticks.map(|at| (at, text(at))).collect() }
}

/// Candidates left, and the best mean, over what was spent.
fn races(tuned: &Tuned, form: Form) -> Drawing {
    let width = form.width();
    let strip = form.pick(110.0, 96.0);
    let frame = |row: f64| Frame { x: LEFT, y: LINE + row * (strip + LINE + 10.0), w: width - LEFT - RIGHT, h: strip };
    let most = tuned.looks.last().map_or(1.0, |look| look.spent as f64);
    let ticks = super::tick::linear(most, form.pick(8, 4), 1.0);
    let x = Axis {
        range: (0.0, most),
        ticks: ticks.into_iter().filter(|at| *at <= most).map(|at| (at, human::count(at))).collect(),
    };
    let left: Vec<(f64, f64)> = stairs(&tuned.looks);
    let peak = left.iter().map(|(_, count)| *count).fold(1.0, f64::max);
    let counts = super::tick::linear(peak, 3, 1.0);
    let top = counts.last().copied().unwrap_or(peak);
    let counts = Axis { range: (0.0, top), ticks: counts.into_iter().map(|at| (at, human::count(at))).collect() };
    let best = bests(tuned);
    let costs: Vec<f64> = best.iter().map(|(_, cost)| *cost).collect();
    let cost = range(&costs, 3, |cost| human::quantity(&tuned.unit, cost));
    sheet(width, frame(1.0).y + strip + 2.0 * LINE + 4.0, |canvas| {
        let one = |row: f64, what: &str, axes: (&Axis, &Axis), points: &[(f64, f64)], ink: Ink| -> Result<(), Failed> {
            let frame = frame(row);
            canvas.bold(&fit(what, frame.w), (frame.x, frame.y - LINE / 2.0), Sits::Start)?;
            let mut plot = generations(canvas, frame, axes, &tuned.looks)?;
            plot.line(points, ink, 3)
        };
        one(0.0, "Candidates left", (&x.mute(), &counts), &left, Ink::Running)?;
        let what = form.pick("The best that keeps all objectives, by the first runs", "The best, by the first runs");
        one(1.0, what, (&x, &cost), &best, Ink::Tail)?;
        let below = frame(1.0).y + strip + 1.5 * LINE;
        canvas.text("simulations", (LEFT + (width - LEFT - RIGHT) / 2.0, below), Sits::Middle, Ink::Muted)
    })
}

/// As stairs: from the look before to this one, before it, and after it.
fn stairs(looks: &[LookTold]) -> Vec<(f64, f64)> {
    let mut from = 0.0;
    let mut points = Vec::new();
    for look in looks {
        let (to, before, after) = (look.spent as f64, look.candidates.0 as f64, look.candidates.1 as f64);
        points.extend([(from, before), (to, before), (to, after)]);
        from = to;
    }
    points
}

/// The best of each look, by the first runs, so that all can be compared.
fn bests(tuned: &Tuned) -> Vec<(f64, f64)> {
    let best = |look: &LookTold| {
        let (number, _) = look.best?;
        Some((look.spent as f64, human::finite(tuned.candidates.get(number)?.first_cost)?))
    };
    tuned.looks.iter().filter_map(best).collect()
}

/// A plot with every other generation shaded.
fn generations<'a>(
    canvas: &Canvas<'a>,
    frame: Frame,
    axes: (&Axis, &Axis),
    looks: &[LookTold],
) -> Result<Plot<'a>, Failed> {
    let mut plot = Plot::new(canvas, frame, axes.0, axes.1)?;
    let mut from = 0.0;
    for generation in looks.chunk_by(|a, b| a.generation == b.generation) {
        let to = generation.last().map_or(from, |look| look.spent as f64);
        if generation[0].generation % 2 == 1 {
            plot.shade(from, to, Ink::WarmUp, 0.13)?;
        }
        from = to;
    }
    Ok(plot)
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::*;
    use crate::tune::sample;

    #[test]
    fn the_edge_is_what_no_other_beats_in_both() {
        let tried = |cost, margin| Tried { first_cost: Some(cost), first_margin: Some(margin), ..Tried::default() };
        let candidates = vec![tried(5.0, 0.1), tried(4.0, 0.2), tried(6.0, 0.9), tried(7.0, 0.8), tried(1.0, -0.3)];
        let tuned = Tuned { candidates, ..Tuned::default() };
        assert_eq!(edge(&tuned), [(0.2, 4.0), (0.9, 6.0)]);
    }

    #[test]
    fn charts_are_well_formed_whatever_is_missing() {
        let usual = sample::usual();
        let nothing = Tuned { candidates: vec![Tried::default()], looks: Vec::new(), winner: None, ..usual.clone() };
        let flat = Tuned { looks: vec![usual.looks[0]; 2], ..usual.clone() };
        for (tuned, count) in [(&usual, 2), (&nothing, 0), (&flat, 2), (&Tuned::default(), 0)] {
            let drawn = super::super::of_tuned(tuned);
            assert_eq!(drawn.len(), count);
            for (name, svg) in drawn {
                assert_eq!(check::well_formed(&svg), Ok(()), "{name}");
                assert!(!svg.contains("NaN") && !svg.contains(">inf"), "{name}");
            }
        }
    }
}
