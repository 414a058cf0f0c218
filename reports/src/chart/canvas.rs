//! A sheet of pixels over plotters' SVG backend. Knows shapes, text that fits and legends; must not know what they mean.

use super::ink::{self, Ink};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Drawn at twice the size, for the backend takes whole pixels only.
pub(super) const ZOOM: f64 = 2.0;

/// Size of all text, in pixels.
pub(super) const TEXT: f64 = 12.5;

/// Height of a line of text.
pub(super) const LINE: f64 = 19.0;

/// What can go wrong: nothing, into memory.
pub(super) type Failed = DrawingAreaErrorKind<std::io::Error>;

/// A plotters area in pixels.
pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// The two shapes of each chart: one for desks, one for phones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Wide and flat.
    Wide,
    /// Narrow.
    Narrow,
}

impl Form {
    /// One value or the other.
    pub(super) fn pick<T>(self, wide: T, narrow: T) -> T {
        match self {
            Self::Wide => wide,
            Self::Narrow => narrow,
        }
    }

    /// Width in pixels.
    pub(super) fn width(self) -> f64 {
        self.pick(1_100.0, 360.0)
    }
}

/// A finished drawing: what is between the `<svg>` tags, and its size.
#[derive(Clone, Debug)]
pub(super) struct Drawing {
    /// Width in pixels.
    pub(super) width: f64,
    /// Height in pixels.
    pub(super) height: f64,
    /// Elements, with classes for colours.
    pub(super) body: String,
}

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) w: f64,
    pub(super) h: f64,
}

/// How a text sits on its point.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sits {
    /// Starts there.
    Start,
    /// Is centred there.
    Middle,
    /// Ends there.
    End,
}

/// The sheet.
pub(super) struct Canvas<'a> {
    area: Area<'a>,
}

/// Draws a sheet of this size.
pub(super) fn sheet(width: f64, height: f64, paint: impl FnOnce(&Canvas<'_>) -> Result<(), Failed>) -> Drawing {
    let mut svg = String::new();
    {
        let size = (px(width).unsigned_abs(), px(height).unsigned_abs());
        let canvas = Canvas { area: SVGBackend::with_string(&mut svg, size).into_drawing_area() };
        let done = paint(&canvas).and_then(|()| canvas.area.present());
        done.expect("an SVG in memory takes every shape");
    }
    let inner = svg.split_once('>').map_or("", |(_, rest)| rest);
    let inner = inner.rsplit_once("</svg>").map_or(inner, |(body, _)| body);
    Drawing { width, height, body: ink::classed(inner.trim()) }
}

impl<'a> Canvas<'a> {
    /// A part of the sheet for a plotters chart.
    pub(super) fn part(&self, frame: Frame) -> Area<'a> {
        self.area.clone().shrink((px(frame.x), px(frame.y)), (px(frame.w), px(frame.h)))
    }

    /// A filled rectangle; never thinner than a pixel.
    pub(super) fn rect(&self, frame: Frame, ink: Ink, alpha: f64) -> Result<(), Failed> {
        let (left, top) = (px(frame.x), px(frame.y));
        let corner = (px(frame.x + frame.w).max(left + 1), px(frame.y + frame.h).max(top + 1));
        self.area.draw(&Rectangle::new([(left, top), corner], ink.sentinel().mix(alpha).filled()))
    }

    /// A straight line.
    pub(super) fn line(&self, from: (f64, f64), to: (f64, f64), ink: Ink, width: u32) -> Result<(), Failed> {
        let points = vec![(px(from.0), px(from.1)), (px(to.0), px(to.1))];
        self.area.draw(&PathElement::new(points, ink.sentinel().stroke_width(width)))
    }

    /// A filled polygon.
    pub(super) fn polygon(&self, points: &[(f64, f64)], ink: Ink, alpha: f64) -> Result<(), Failed> {
        let points: Vec<_> = points.iter().map(|(x, y)| (px(*x), px(*y))).collect();
        self.area.draw(&Polygon::new(points, ink.sentinel().mix(alpha)))
    }

    /// A filled circle.
    pub(super) fn dot(&self, at: (f64, f64), radius: f64, ink: Ink, alpha: f64) -> Result<(), Failed> {
        self.area.draw(&Circle::new((px(at.0), px(at.1)), px(radius), ink.sentinel().mix(alpha).filled()))
    }

    /// A circle's line.
    pub(super) fn ring(&self, at: (f64, f64), radius: f64, ink: Ink, width: u32) -> Result<(), Failed> {
        self.area.draw(&Circle::new((px(at.0), px(at.1)), px(radius), ink.sentinel().stroke_width(width)))
    }

    /// A text, centred on `at` vertically.
    pub(super) fn text(&self, text: &str, at: (f64, f64), sits: Sits, ink: Ink) -> Result<(), Failed> {
        self.write(text, at, sits, font(FontStyle::Normal).color(&ink.sentinel()))
    }

    /// The same in bold.
    pub(super) fn bold(&self, text: &str, at: (f64, f64), sits: Sits) -> Result<(), Failed> {
        self.write(text, at, sits, font(FontStyle::Bold).color(&Ink::Text.sentinel()))
    }

    fn write(&self, text: &str, at: (f64, f64), sits: Sits, style: TextStyle<'_>) -> Result<(), Failed> {
        let side = match sits {
            Sits::Start => HPos::Left,
            Sits::Middle => HPos::Center,
            Sits::End => HPos::Right,
        };
        self.area.draw_text(&printable(text), &style.pos(Pos::new(side, VPos::Center)), (px(at.0), px(at.1)))
    }
}

/// What a legend's sample looks like.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sample {
    /// A filled square, this opaque.
    Square(f64),
    /// A line.
    Line,
}

/// Names colours, in rows that fit the width.
#[derive(Clone, Debug, Default)]
pub(super) struct Legend {
    items: Vec<(Sample, Ink, String)>,
}

impl Legend {
    /// Adds an entry.
    pub(super) fn add(&mut self, sample: Sample, ink: Ink, text: &str) {
        self.items.push((sample, ink, text.to_owned()));
    }

    /// Where each entry goes within `width`.
    fn places(&self, width: f64) -> Vec<(f64, f64, String)> {
        let (mut x, mut row) = (0.0, 0.0);
        let mut places = Vec::new();
        for (_, _, text) in &self.items {
            let text = fit(text, width - 18.0);
            let wide = 18.0 + text_width(&text);
            if x > 0.0 && x + wide > width {
                (x, row) = (0.0, row + 1.0);
            }
            places.push((x, row * LINE, text));
            x += wide + 16.0;
        }
        places
    }

    /// Its height within `width`.
    pub(super) fn height(&self, width: f64) -> f64 {
        self.places(width).last().map_or(0.0, |(_, y, _)| y + LINE)
    }

    /// Draws it with its top left corner at `at`.
    pub(super) fn draw(&self, canvas: &Canvas<'_>, at: (f64, f64), width: f64) -> Result<(), Failed> {
        for ((x, y, text), (sample, ink, _)) in self.places(width).iter().zip(&self.items) {
            let (x, middle) = (at.0 + x, at.1 + y + LINE / 2.0);
            match sample {
                Sample::Square(alpha) => {
                    canvas.rect(Frame { x, y: middle - 5.5, w: 11.0, h: 11.0 }, *ink, *alpha)?;
                }
                Sample::Line => canvas.line((x, middle), (x + 13.0, middle), *ink, 4)?,
            }
            canvas.text(text, (x + 18.0, middle), Sits::Start, Ink::Muted)?;
        }
        Ok(())
    }
}

/// Pixels as the backend wants them.
#[expect(clippy::cast_possible_truncation, reason = "a cast from f64 saturates")]
pub(super) fn px(pixels: f64) -> i32 {
    (pixels * ZOOM).round().clamp(-1e6, 1e6) as i32
}

/// The one font. Plotters divides a size by 1.24 to get what it writes.
pub(super) fn font<'b>(style: FontStyle) -> TextStyle<'b> {
    FontDesc::new(FontFamily::SansSerif, TEXT * ZOOM * 1.24, style).into()
}

/// A text without the characters that XML cannot hold.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || ('\u{fffe}'..='\u{ffff}').contains(&c) { ' ' } else { c }).collect()
}

/// An estimate on the wide side: there are no font files to ask.
pub(super) fn text_width(text: &str) -> f64 {
    text.chars().map(|c| if c < '\u{2e80}' { 0.6 * TEXT } else { 1.05 * TEXT }).sum()
}

/// A text cut to a width, with an ellipsis where it was cut.
pub(super) fn fit(text: &str, width: f64) -> String {
    if text_width(text) <= width {
        return text.to_owned();
    }
    let mut cut = String::new();
    for c in text.chars() {
        if text_width(&cut) + 2.0 * TEXT > width {
            break;
        }
        cut.push(c);
    }
    cut + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_legend_breaks_into_rows_that_fit() {
        let mut legend = Legend::default();
        for name in ["running", "starting", "limit", "a name that is far too long to stand beside any other one"] {
            legend.add(Sample::Line, Ink::Running, name);
        }
        assert_eq!(legend.height(1_000.0), LINE);
        assert_eq!(legend.height(200.0), LINE * 3.0);
        for (x, _, text) in legend.places(200.0) {
            assert!(x + 18.0 + text_width(&text) <= 200.0, "{text}");
        }
        assert_eq!(Legend::default().height(100.0), 0.0);
    }

    #[test]
    fn a_drawing_is_the_inside_of_an_svg_with_escaped_text() {
        let drawing = sheet(100.0, 20.0, |canvas| canvas.text("a<b & \u{1}c", (5.0, 10.0), Sits::Start, Ink::Text));
        assert!(drawing.body.starts_with("<text") && drawing.body.ends_with("</text>"), "{}", drawing.body);
        assert!(drawing.body.contains("a&lt;b &amp;  c") && drawing.body.contains("class=\"f-text\""));
        assert!(drawing.body.contains("font-size=\"25\""), "{}", drawing.body);
    }
}
