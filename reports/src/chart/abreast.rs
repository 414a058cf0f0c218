//! The same numbers of several variants, bars one below the other. Knows bars and whiskers; must not compute a number.

use super::canvas::{Drawing, Form, Frame, Legend, Sample, Sits, fit, sheet, text_width};
use super::ink::Ink;
use super::{Figure, figure, human};
use crate::compare::Comparison;
use crate::model::Estimate;

/// A bar, and from one bar to the next.
const BAR: f64 = 11.0;
const STEP: f64 = 16.0;

/// Colours of the variants, in their order; more variants than colours begin again.
const INKS: [Ink; 5] = [Ink::Single, Ink::Fleet, Ink::Spillover, Ink::Sticky, Ink::Awaiting];

/// Of some quantities, as keys, all of one unit. `None` when no variant has any.
pub(crate) fn abreast(comparison: &Comparison, name: &str, title: &str, keys: &[(&str, &str)]) -> Option<Figure> {
    let measured = |key: &str| comparison.variants.iter().any(|variant| variant.measures.contains_key(key));
    let keys: Vec<(&str, &str)> = keys.iter().filter(|(key, _)| measured(key)).copied().collect();
    if keys.is_empty() {
        return None;
    }
    let unit = crate::values::Quantity::named(keys[0].0).map_or("", |quantity| quantity.unit());
    let told = |variant: &crate::compare::Variant, key: &str| {
        let estimate = variant.measures.get(key).copied().unwrap_or_default();
        format!("{} {}", variant.name, human::value(unit, &estimate))
    };
    let line = |(key, word): &(&str, &str)| {
        let all: Vec<String> = comparison.variants.iter().map(|variant| told(variant, key)).collect();
        format!("{word}: {}. ", all.join(", "))
    };
    let about: String = keys.iter().map(line).collect();
    Some(figure(name.to_owned(), title.to_owned(), about.trim_end().to_owned(), |form| {
        draw(comparison, unit, &keys, form)
    }))
}

fn draw(comparison: &Comparison, unit: &str, keys: &[(&str, &str)], form: Form) -> Drawing {
    let width = form.width();
    let left = keys.iter().map(|(_, word)| text_width(word)).fold(0.0, f64::max) + 14.0;
    let right = form.pick(230.0, 92.0);
    let of = |variant: usize, key: &str| comparison.variants[variant].measures.get(key).copied().unwrap_or_default();
    let count = comparison.variants.len();
    let ends = keys.iter().flat_map(|(key, _)| (0..count).map(move |variant| of(variant, key)));
    let most = ends.flat_map(|estimate| [estimate.value, estimate.high]).flatten().fold(0.0, f64::max);
    let scale = (width - left - right) / if most > 0.0 { most } else { 1.0 };
    let mut legend = Legend::default();
    for (variant, ink) in comparison.variants.iter().zip(INKS.iter().cycle()) {
        legend.add(Sample::Square(1.0), *ink, &variant.name);
    }
    let (top, pitch) = (legend.height(width) + 8.0, STEP * count as f64 + 10.0);
    sheet(width, top + pitch * keys.len() as f64, |canvas| {
        legend.draw(canvas, (0.0, 0.0), width)?;
        for (row, (key, word)) in keys.iter().enumerate() {
            let y = top + row as f64 * pitch;
            canvas.text(word, (left - 10.0, y + (pitch - 10.0) / 2.0), Sits::End, Ink::Text)?;
            for (index, ink) in (0..count).zip(INKS.iter().cycle()) {
                let Estimate { value, low, high } = of(index, key);
                let Some(value) = value else { continue };
                let (y, x) = (y + index as f64 * STEP, |value: f64| left + value.max(0.0) * scale);
                canvas.rect(Frame { x: left, y, w: x(value) - left, h: BAR }, *ink, 0.9)?;
                if let (Some(low), Some(high)) = (low, high) {
                    canvas.line((x(low), y + BAR / 2.0), (x(high), y + BAR / 2.0), Ink::Text, 3)?;
                }
                let estimate = Estimate { value: Some(value), low, high };
                let interval = human::interval(unit, &estimate).filter(|_| form == Form::Wide);
                let interval = interval.map_or_else(String::new, |interval| format!(" {interval}"));
                let text = format!("{}{interval}", human::value(unit, &estimate));
                let end = x(high.unwrap_or(value).max(value)) + 7.0;
                canvas.text(&fit(&text, width - end), (end, y + BAR / 2.0), Sits::Start, Ink::Text)?;
            }
        }
        let bottom = top + pitch * keys.len() as f64 - 8.0;
        canvas.line((left, top - 4.0), (left, bottom), Ink::Axis, 2)
    })
}
