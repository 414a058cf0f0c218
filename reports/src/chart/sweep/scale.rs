//! Axes that need not begin at zero, and the places of points on them. Knows round numbers; must not know colours.

use super::super::canvas::Frame;
use super::super::plot::Axis;
use super::super::{human, tick};
use crate::sweep;

/// An axis from a round number below the lowest value to one above the highest, with about `most` ticks, or fewer where two
/// would read alike.
pub(super) fn enclosing(unit: &str, ends: (f64, f64), most: usize) -> Axis {
    let axis = with_ticks(unit, ends, most);
    let alike = axis.ticks.windows(2).any(|two| two[0].1 == two[1].1);
    if alike && most > 1 { enclosing(unit, ends, most - 1) } else { axis }
}

fn with_ticks(unit: &str, (low, high): (f64, f64), most: usize) -> Axis {
    let reach = if high > low { high - low } else { low.abs().max(1.0) * 0.1 };
    let step = if unit == "s" && reach >= most as f64 { tick::step(reach, most) } else { round_step(reach, most) };
    let (from, to) = ((low / step).floor(), (high / step).ceil());
    let (from, to) = if from < to { (from, to) } else { (from - 1.0, to + 1.0) };
    let from = if low >= 0.0 { from.max(0.0) } else { from };
    let count = (to - from).round() as usize;
    let ticks = (0..=count).map(|n| (from + n as f64) * step);
    Axis { range: (from * step, to * step), ticks: ticks.map(|at| (at, human::quantity(unit, at))).collect() }
}

/// A step of 1, 2 or 5 times a power of ten.
fn round_step(reach: f64, most: usize) -> f64 {
    let rough = reach / most.max(1) as f64;
    let decade = 10_f64.powf(rough.log10().floor());
    [1.0, 2.0, 5.0].into_iter().map(|m| m * decade).find(|step| *step >= rough * 0.999_999).unwrap_or(10.0 * decade)
}

/// The axis of what was varied: by number where its values are numbers, else by place. `wide`: pixels there are.
pub(super) fn varied(axis: &sweep::Axis, wide: f64, most: usize) -> Axis {
    let numbers: Option<Vec<f64>> = axis.values.iter().map(|value| value.number).collect();
    match numbers.filter(|numbers| numbers.len() > 1) {
        Some(numbers) => {
            let low = numbers.iter().copied().fold(f64::INFINITY, f64::min);
            let high = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let margin = (high - low) * 0.03;
            let unit = if axis.unit == "s" { "s" } else { "number" };
            let around = enclosing(unit, (low, high), most);
            let range = (low - margin, high + margin);
            let ticks = around.ticks.into_iter().filter(|(at, _)| (range.0..=range.1).contains(at));
            Axis { range, ticks: ticks.map(|(at, text)| (at, if unit == "s" { text } else { number(at) })).collect() }
        }
        None => {
            let room = wide / axis.values.len().max(1) as f64 - 6.0;
            let ticks = axis.values.iter().enumerate();
            let ticks = ticks.map(|(at, value)| (at as f64, super::super::canvas::fit(&value.text, room)));
            Axis { range: (-0.5, axis.values.len() as f64 - 0.5), ticks: ticks.collect() }
        }
    }
}

/// A number of an axis, without what rounding added.
fn number(value: f64) -> String {
    let text = format!("{value:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Where a value of what was varied lies on its axis.
pub(super) fn place(axis: &sweep::Axis, at: usize) -> f64 {
    let all = axis.values.len() > 1 && axis.values.iter().all(|value| value.number.is_some());
    axis.values.get(at).and_then(|value| value.number).filter(|_| all).unwrap_or(at as f64)
}

/// Pixels of a point within a frame.
pub(super) fn pixel(frame: Frame, (x, y): (&Axis, &Axis), at: (f64, f64)) -> (f64, f64) {
    let share = |axis: &Axis, at: f64| ((at - axis.range.0) / (axis.range.1 - axis.range.0)).clamp(0.0, 1.0);
    (frame.x + share(x, at.0) * frame.w, frame.y + (1.0 - share(y, at.1)) * frame.h)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, text)| text.as_str()).collect()
    }

    #[test]
    fn an_axis_encloses_its_values_with_round_numbers() {
        assert_eq!(
            texts(&enclosing("USD", (6_512.0, 9_130.0), 4)),
            ["$6,000", "$7,000", "$8,000", "$9,000", "$10,000"]
        );
        assert_eq!(texts(&enclosing("s", (38.0, 131.0), 4)), ["30 s", "1 m", "1 m 30 s", "2 m", "2 m 30 s"]);
        let narrow = texts(&enclosing("s", (101.2, 102.4), 5)).join(", ");
        assert_eq!(narrow, "1 m 41 s, 1 m 42 s, 1 m 43 s", "no tick twice");
        let flat = enclosing("USD", (5.0, 5.0), 4);
        assert!(flat.range.0 < 5.0 && flat.range.1 > 5.0 && flat.ticks.len() < 12, "{flat:?}");
        assert_eq!(enclosing("USD", (0.0, 0.0), 4).range.0, 0.0);
    }

    #[test]
    fn words_have_a_place_each() {
        let value = |text: &str, number| sweep::AxisValue { text: text.into(), number };
        let words =
            sweep::Axis { path: "a".into(), values: vec![value("x", None), value("y", None)], unit: String::new() };
        assert_eq!((varied(&words, 300.0, 5).range, place(&words, 1)), ((-0.5, 1.5), 1.0));
        let numbers = sweep::Axis {
            path: "a".into(),
            values: vec![value("0.5", Some(0.5)), value("0.9", Some(0.9))],
            unit: String::new(),
        };
        assert_eq!(texts(&varied(&numbers, 300.0, 4)), ["0.5", "0.6", "0.7", "0.8", "0.9"]);
        assert_eq!(place(&numbers, 1), 0.9);
    }
}
