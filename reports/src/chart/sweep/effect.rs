//! How much each axis moves what is weighed up: a bar from the lowest to the highest, the longest first. Knows bars; must not
//! compute effects.

use super::super::canvas::{Canvas, Drawing, Failed, Form, Frame, LINE, Sits, fit, sheet};
use super::super::human;
use super::super::ink::Ink;
use super::{name, unit};
use crate::sweep::effect::{Effect, effects};
use crate::sweep::{Sweep, WEIGHED};

/// Height of a bar.
const BAR: f64 = 12.0;
/// The most axes of one measure.
const MOST: usize = 12;

/// Whether there is anything to draw.
pub(super) fn has(sweep: &Sweep) -> bool {
    WEIGHED.iter().any(|key| !effects(sweep, key).is_empty())
}

/// The effects in words, for those who cannot see the chart.
pub(super) fn describe(sweep: &Sweep) -> String {
    let mut text = String::new();
    for key in WEIGHED {
        for effect in effects(sweep, key).iter().take(MOST) {
            if let Some([low, high]) = effect.ends() {
                let said = |end: &(String, f64)| format!("{} at {}", human::quantity(unit(key), end.1), end.0);
                text +=
                    &format!("{} over {}: {} to {}. ", name(key), sweep.axes[effect.axis].path, said(low), said(high));
            }
        }
    }
    text.trim_end().to_owned()
}

/// A block for each measure, a bar for each axis on the block's scale.
pub(super) fn draw(sweep: &Sweep, form: Form) -> Drawing {
    let blocks: Vec<(&str, Vec<Effect>)> = WEIGHED
        .into_iter()
        .map(|key| (key, effects(sweep, key).into_iter().take(MOST).collect::<Vec<_>>()))
        .filter(|(_, effects)| !effects.is_empty())
        .collect();
    let pitch = form.pick(LINE + 5.0, 3.0 * LINE);
    let heights = blocks.iter().map(|(_, effects)| LINE + pitch * effects.len() as f64 + 14.0);
    sheet(form.width(), heights.sum::<f64>().max(1.0), |canvas| {
        let mut y = 0.0;
        for (key, effects) in &blocks {
            canvas.bold(&fit(&name(key), form.width()), (0.0, y + LINE / 2.0), Sits::Start)?;
            y += LINE + 2.0;
            let range = bounds(effects);
            for effect in effects {
                bar(canvas, (sweep, key, effect), (y, range), form)?;
                y += pitch;
            }
            y += 12.0;
        }
        Ok(())
    })
}

fn bar(
    canvas: &Canvas<'_>,
    (sweep, key, effect): (&Sweep, &str, &Effect),
    (y, range): (f64, (f64, f64)),
    form: Form,
) -> Result<(), Failed> {
    let Some([low, high]) = effect.ends() else { return Ok(()) };
    let said = |end: &(String, f64)| format!("{} at {}", human::quantity(unit(key), end.1), end.0);
    let path = &sweep.axes[effect.axis].path;
    let width = form.width();
    let (area, middle) = match form {
        Form::Wide => (Frame { x: 500.0, y, w: width - 500.0 - 270.0, h: BAR }, y + LINE / 2.0),
        Form::Narrow => (Frame { x: 0.0, y: y + LINE, w: width, h: BAR }, y + LINE + BAR / 2.0),
    };
    let at = |value: f64| area.x + (value - range.0) / (range.1 - range.0) * area.w;
    canvas.line((area.x, middle), (area.x + area.w, middle), Ink::Grid, 2)?;
    let (from, to) = (at(low.1), at(high.1));
    canvas.rect(Frame { x: from, y: middle - BAR / 2.0, w: (to - from).max(2.0), h: BAR }, Ink::Clock, 0.85)?;
    if high.1 <= low.1 {
        let text = format!("{} everywhere", human::quantity(unit(key), low.1));
        return ends(canvas, form, path, (&text, ""), (middle, area, y));
    }
    ends(canvas, form, path, (&said(low), &said(high)), (middle, area, y))
}

/// The texts of a bar: in columns of their own where there is room, else below it.
fn ends(
    canvas: &Canvas<'_>,
    form: Form,
    path: &str,
    (low, high): (&str, &str),
    (middle, area, y): (f64, Frame, f64),
) -> Result<(), Failed> {
    match form {
        Form::Wide => {
            canvas.text(&fit(path, 225.0), (0.0, middle), Sits::Start, Ink::Text)?;
            canvas.text(&fit(low, 260.0), (area.x - 8.0, middle), Sits::End, Ink::Muted)?;
            canvas.text(&fit(high, 260.0), (area.x + area.w + 8.0, middle), Sits::Start, Ink::Muted)
        }
        Form::Narrow => {
            let below = y + LINE + BAR + LINE / 2.0 + 1.0;
            canvas.text(&fit(path, area.w), (0.0, y + LINE / 2.0), Sits::Start, Ink::Text)?;
            let room = if high.is_empty() { area.w } else { area.w / 2.0 - 4.0 };
            canvas.text(&fit(low, room), (0.0, below), Sits::Start, Ink::Muted)?;
            canvas.text(&fit(high, area.w / 2.0 - 4.0), (area.w, below), Sits::End, Ink::Muted)
        }
    }
}

/// From the lowest to the highest of all bars; never of no width.
fn bounds(effects: &[Effect]) -> (f64, f64) {
    let ends = effects.iter().filter_map(Effect::ends);
    let (low, high) =
        ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), [a, b]| (low.min(a.1), high.max(b.1)));
    if high > low { (low, high) } else { (low, low + low.abs().max(1.0)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::sample;

    #[test]
    fn each_bar_says_what_and_where() {
        let sweep = sample::grid();
        assert!(
            describe(&sweep).contains("Failover time, longest over failover.suspectFor: 2 m at 10s to 7 m at 60s."),
            "{}",
            describe(&sweep)
        );
        for form in [Form::Wide, Form::Narrow] {
            let drawing = draw(&sweep, form);
            assert!(drawing.body.contains("7 m at 60s") && drawing.body.contains("everywhere"), "{}", drawing.body);
        }
    }
}
