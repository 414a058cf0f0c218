//! Differences with their intervals, one below the other around zero. Knows marks and whiskers; must not compute a difference.

use super::canvas::{Canvas, Drawing, Failed, Form, Frame, LINE, Legend, Sample, Sits, fit, sheet, text_width};
use super::ink::Ink;
use super::{Figure, figure, human};
use crate::compare::{Comparison, Difference, Says};
use crate::model::Estimate;

/// A whisker that goes beyond this many times the base is cut.
const MOST: f64 = 1.0;

struct Row<'a> {
    name: String,
    found: &'a Difference,
    relative: Estimate,
}

/// The figure of a variant against the first: what is told of it, relative to the first. `None` without a difference.
pub(crate) fn forest(comparison: &Comparison, index: usize) -> Option<Figure> {
    let against = comparison.against.get(index)?;
    let told = comparison.told();
    let row = |found| {
        let difference: &Difference = found;
        let relative = difference.relative()?;
        Some(Row { name: name(&difference.measure), found, relative })
    };
    let rows: Vec<Row<'_>> = told.iter().filter_map(|key| against.of(key)).filter_map(row).collect();
    if rows.is_empty() {
        return None;
    }
    let title = format!("{} against {}", against.name, comparison.variants[0].name);
    let about: String = rows.iter().map(|row| format!("{}: {}. ", row.name, text(row))).collect();
    Some(figure(format!("against-{index}"), title, about.trim_end().to_owned(), |form| draw(&rows, form)))
}

fn name(key: &str) -> String {
    let (of, key) = key.strip_prefix("regional.").map_or(("", key), |key| (", regional", key));
    match key.split_once('.') {
        Some((measure, "max")) => format!("{}{of}", human::label(measure)),
        Some((measure, stat)) => format!("{} {stat}{of}", human::label(measure)),
        None => format!("{}{of}", human::label(key)),
    }
}

/// The difference in its own unit.
fn text(row: &Row<'_>) -> String {
    let sign = if row.found.difference.value.is_some_and(|value| value > 0.0) { "+" } else { "" };
    let interval = human::interval(&row.found.unit, &row.found.difference);
    let interval = interval.map_or_else(String::new, |interval| format!(" {interval}"));
    let value = human::value(&row.found.unit, &row.found.difference);
    let sign = if value.starts_with('<') { "" } else { sign };
    format!("{sign}{value}{interval}")
}

fn draw(rows: &[Row<'_>], form: Form) -> Drawing {
    let width = form.width();
    let texts: Vec<String> = rows.iter().map(text).collect();
    let wide = |texts: &mut dyn Iterator<Item = f64>| texts.fold(0.0, f64::max);
    // A desk has room for names and numbers at both sides; on a phone they stand above their whisker.
    let left = form.pick(wide(&mut rows.iter().map(|row| text_width(&row.name))).min(230.0) + 12.0, 6.0);
    let right = form.pick(wide(&mut texts.iter().map(|text| text_width(text))).min(300.0) + 12.0, 6.0);
    let pitch = form.pick(26.0, 3.0 * LINE);
    let reach = |estimate: &Estimate| {
        let ends = [estimate.value, estimate.low, estimate.high];
        ends.into_iter().flatten().map(f64::abs).fold(0.0, f64::max)
    };
    let most = rows.iter().map(|row| reach(&row.relative)).fold(0.0, f64::max).clamp(1e-4, MOST);
    let middle = left + (width - left - right) / 2.0;
    let scale = (width - left - right) / 2.0 / most * 0.96;
    let mut legend = Legend::default();
    for (ink, name) in [(Ink::Sticky, "better"), (Ink::Fault, "worse"), (Ink::Other, "the same, or cannot be told")] {
        legend.add(Sample::Square(1.0), ink, name);
    }
    let top = legend.height(width) + LINE + 6.0;
    sheet(width, top + pitch * rows.len() as f64 + 6.0, |canvas| {
        legend.draw(canvas, (0.0, 0.0), width)?;
        let bottom = top + pitch * rows.len() as f64;
        for (at, sits) in [(-most, Sits::Start), (0.0, Sits::Middle), (most, Sits::End)] {
            let x = middle + at * scale;
            canvas.text(&percent(at), (x, top - LINE / 2.0), sits, Ink::Muted)?;
            canvas.line((x, top), (x, bottom), if at == 0.0 { Ink::Axis } else { Ink::Grid }, 2)?;
        }
        for (index, row) in rows.iter().enumerate() {
            let y = top + pitch * index as f64;
            let whisker_at = y + form.pick(pitch / 2.0, 2.4 * LINE);
            if form == Form::Wide {
                canvas.text(&fit(&row.name, left - 12.0), (left - 10.0, whisker_at), Sits::End, Ink::Text)?;
                canvas.text(
                    &fit(&texts[index], right - 10.0),
                    (width - right + 10.0, whisker_at),
                    Sits::Start,
                    Ink::Text,
                )?;
            } else {
                canvas.text(&fit(&row.name, width), (left, y + 0.6 * LINE), Sits::Start, Ink::Text)?;
                canvas.text(&fit(&texts[index], width), (left, y + 1.5 * LINE), Sits::Start, Ink::Muted)?;
            }
            whisker(canvas, row, (middle, whisker_at), scale, most)?;
        }
        Ok(())
    })
}

fn percent(share: f64) -> String {
    let sign = if share > 0.0 {
        "+"
    } else if share < 0.0 {
        "−"
    } else {
        ""
    };
    let percent = share.abs() * 100.0;
    if percent >= 10.0 || percent == 0.0 { format!("{sign}{percent:.0} %") } else { format!("{sign}{percent:.2} %") }
}

fn whisker(canvas: &Canvas<'_>, row: &Row<'_>, at: (f64, f64), scale: f64, most: f64) -> Result<(), Failed> {
    let ink = match row.found.says {
        Says::Better => Ink::Sticky,
        Says::Worse => Ink::Fault,
        Says::CannotTell | Says::Same => Ink::Other,
    };
    let x = |value: f64| at.0 + value.clamp(-most, most) * scale;
    if let (Some(low), Some(high)) = (row.relative.low, row.relative.high) {
        canvas.line((x(low), at.1), (x(high), at.1), ink, 4)?;
        for end in [low, high] {
            if end.abs() <= most {
                canvas.line((x(end), at.1 - 4.0), (x(end), at.1 + 4.0), ink, 4)?;
            }
        }
    }
    if let Some(value) = row.relative.value {
        canvas.rect(Frame { x: x(value) - 4.5, y: at.1 - 4.5, w: 9.0, h: 9.0 }, ink, 1.0)?;
    }
    Ok(())
}
