//! Charts: a report in, SVG out. Knows what each chart shows and plotters; must not compute statistics.
//!
//! Each chart exists wide and narrow. A page holds both and shows the one that fits; a file of its own is the wide one.
//! Colours are classes, so that a chart follows the reader's light or dark scheme.

pub(crate) mod abreast;
mod canvas;
mod cost;
pub(crate) mod episode;
pub(crate) mod flow;
pub(crate) mod forest;
pub(crate) mod human;
mod ink;
mod latency;
mod plot;
pub mod sweep;
pub(crate) mod tick;
mod timeline;
pub(crate) mod tuned;

use crate::model::Report;
use crate::tune::Tuned;
use canvas::{Drawing, Form, printable};

/// A chart in both shapes.
pub(crate) struct Figure {
    /// Unique on a page and as a file name.
    pub(crate) name: String,
    /// What it shows, in a few words.
    pub(crate) title: String,
    about: String,
    wide: Drawing,
    narrow: Drawing,
}

/// What is drawn of a report, by section of the page.
pub(crate) struct Figures {
    /// By region.
    pub(crate) timelines: Vec<Figure>,
    /// Start latency over time.
    pub(crate) latency: Option<Figure>,
    /// The clocks of the failovers.
    pub(crate) failovers: Option<Figure>,
    /// From home to region.
    pub(crate) flows: Option<Figure>,
    /// By component.
    pub(crate) cost: Option<Figure>,
}

/// All charts of a report as files: name and content. What has no data has no chart.
#[must_use]
pub fn all(report: &Report) -> Vec<(String, String)> {
    let figures = figures(report);
    let others = [figures.latency, figures.failovers, figures.flows, figures.cost];
    let every = figures.timelines.into_iter().chain(others.into_iter().flatten());
    every.map(|figure| (format!("{}.svg", figure.name), figure.file())).collect()
}

/// The charts of a search as files: name and content.
#[must_use]
pub fn of_tuned(tuned: &Tuned) -> Vec<(String, String)> {
    tuned::figures(tuned).into_iter().map(|figure| (format!("{}.svg", figure.name), figure.file())).collect()
}

/// The style rules that inlined charts need.
pub(crate) fn style() -> String {
    ink::style(".chart", None)
}

/// Regions in policy order, then any that only the series or the summary know.
pub(crate) fn regions(report: &Report) -> Vec<&str> {
    let mut regions: Vec<&str> = Vec::new();
    let named = report.regions.iter().chain(report.series.iter().map(|row| &row.region));
    for region in named.chain(report.flows.iter().flat_map(|flow| [&flow.home, &flow.region])) {
        if regions.last() != Some(&region.as_str()) && !regions.contains(&region.as_str()) {
            regions.push(region);
        }
    }
    regions
}

/// Draws all.
pub(crate) fn figures(report: &Report) -> Figures {
    let regions = regions(report);
    let has_series = |region: &&str| report.series.iter().any(|row| row.region == *region);
    let mut timelines = Vec::new();
    for region in regions.iter().copied().filter(has_series) {
        let name = unique(&format!("timeline-{}", slug(region)), &timelines);
        let (title, about) = (format!("{region} over time"), timeline::describe(report, region));
        timelines.push(figure(name, title, about, |form| timeline::draw(report, region, form)));
    }
    let started: Vec<&str> = regions.iter().copied().filter(|region| latency::has(report, region)).collect();
    let latency = (!started.is_empty()).then(|| {
        let about =
            "Median and 95th percentile of the time from queued to in progress, by home region, over simulated time.";
        let draw = |form| latency::draw(report, &started, form);
        figure("latency".to_owned(), "Start latency over time".to_owned(), about.to_owned(), draw)
    });
    let failovers = episode::shown(report).next().is_some().then(|| {
        let title = "The clocks of each failover".to_owned();
        figure("failovers".to_owned(), title, episode::describe(report), |form| episode::draw(report, form))
    });
    let flows = report.flows.iter().any(|flow| flow.jobs.iter().any(|jobs| *jobs > 0)).then(|| {
        let title = "From home to region".to_owned();
        figure("flows".to_owned(), title, flow::describe(report), |form| flow::draw(report, &regions, form))
    });
    let cost = cost::has(report).then(|| {
        let title = "Cost by component".to_owned();
        figure("cost".to_owned(), title, cost::describe(report), |form| cost::draw(report, form))
    });
    Figures { timelines, latency, failovers, flows, cost }
}

fn figure(name: String, title: String, about: String, draw: impl Fn(Form) -> Drawing) -> Figure {
    Figure { name, title, about, wide: draw(Form::Wide), narrow: draw(Form::Narrow) }
}

impl Figure {
    /// Both shapes for a page that has the rules of `style()` and shows one of them.
    pub(crate) fn inline(&self) -> String {
        let one = |drawing: &Drawing, shape: &str| {
            let head = self.head(drawing, &format!("chart {shape}"), &format!("{}-{shape}", self.name));
            format!("{head}{}</svg>", drawing.body)
        };
        one(&self.wide, "wide") + &one(&self.narrow, "narrow")
    }

    /// A file of its own, with its own rules and background.
    pub(crate) fn file(&self) -> String {
        let head = self.head(&self.wide, "chart", &self.name);
        let paper = "<rect x=\"-32\" y=\"-32\" width=\"110%\" height=\"130%\" class=\"f-paper\"/>";
        let style = ink::style(".chart", Some(&format!("{paper}{}", self.wide.body)));
        format!("{head}<style>{style}</style>{paper}{}</svg>\n", self.wide.body)
    }

    fn head(&self, drawing: &Drawing, class: &str, id: &str) -> String {
        let (zoom, margin) = (canvas::ZOOM, if class == "chart" { 16.0 } else { 0.0 });
        let (w, h) = (drawing.width + 2.0 * margin, drawing.height + 2.0 * margin);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"{class}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\" \
             width=\"{w:.0}\" height=\"{h:.0}\" viewBox=\"{m:.0} {m:.0} {:.0} {:.0}\">\
             <title id=\"{id}-t\">{}</title><desc id=\"{id}-d\">{}</desc>",
            w * zoom,
            h * zoom,
            escape(&self.title),
            escape(&self.about),
            m = -margin * zoom,
        )
    }
}

/// `a, b and 3 more`.
fn spell(words: &[String], most: usize) -> String {
    let shown = words[..words.len().min(most)].join(", ");
    if words.len() > most { format!("{shown} and {} more", words.len() - most) } else { shown }
}

/// Text for XML and HTML, in elements and in quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let text = printable(text);
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

fn slug(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect()
}

fn unique(name: &str, taken: &[Figure]) -> String {
    let free = |name: &String| taken.iter().all(|figure| figure.name != *name);
    let numbered = (2..).map(|n| format!("{name}-{n}"));
    std::iter::once(name.to_owned()).chain(numbered).find(free).expect("numbers do not run out")
}

#[cfg(test)]
pub(crate) mod check;

#[cfg(test)]
pub(crate) mod sample;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chart_is_well_formed_and_says_no_nonsense() {
        for report in [sample::usual(), sample::large(), sample::empty(), sample::hostile()] {
            for (name, svg) in all(&report) {
                assert_eq!(check::well_formed(&svg), Ok(()), "{name}");
                assert!(!svg.contains("NaN") && !svg.contains(">inf") && !svg.contains("#01"), "{name}");
                assert!(
                    svg.contains("role=\"img\"") && svg.contains("<title id=") && svg.contains("<desc id="),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn what_has_no_data_has_no_chart() {
        assert_eq!(all(&sample::empty()), []);
        let names: Vec<_> = all(&sample::usual()).into_iter().map(|(name, _)| name).collect();
        let timelines = ["timeline-us-east-1.svg", "timeline-eu-west-1.svg", "timeline-ap-southeast-1.svg"];
        assert_eq!(names[..3], timelines);
        assert_eq!(names[3..], ["latency.svg", "failovers.svg", "flows.svg", "cost.svg"]);
    }

    #[test]
    fn files_have_names_of_their_own() {
        let mut names: Vec<_> = all(&sample::hostile()).into_iter().map(|(name, _)| name).collect();
        let before = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), before, "`r-1` and `R 1` have the same slug");
        assert!(names.iter().all(|name| { name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.') }));
    }

    #[test]
    fn a_file_follows_the_readers_colours_and_refers_to_nothing() {
        for (name, svg) in all(&sample::usual()) {
            assert!(svg.contains("prefers-color-scheme:dark"), "{name}");
            let links = svg.matches("http").count();
            assert_eq!(links, 1, "{name}: the namespace alone");
        }
    }

    #[test]
    fn text_stays_on_the_sheet() {
        for report in [sample::usual(), sample::large(), sample::hostile()] {
            for figure in figures(&report).timelines {
                for drawing in [&figure.wide, &figure.narrow] {
                    inside(drawing);
                }
            }
        }
    }

    pub(super) fn inside(drawing: &Drawing) {
        for piece in drawing.body.split("<text ").skip(1) {
            let value = |name: &str| piece.split(&format!("{name}=\"")).nth(1).and_then(|rest| rest.split('"').next());
            let at: f64 = value("x").and_then(|x| x.parse().ok()).expect("a text has a place");
            let text = piece.split_once('>').and_then(|(_, rest)| rest.split('<').next()).unwrap_or_default().trim();
            let text = [("&lt;", "<"), ("&gt;", ">"), ("&apos;", "'"), ("&quot;", "\""), ("&amp;", "&")]
                .iter()
                .fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
            let wide = canvas::text_width(&text) * canvas::ZOOM;
            let (from, to) = match value("text-anchor") {
                Some("end") => (at - wide, at),
                Some("middle") => (at - wide / 2.0, at + wide / 2.0),
                _ => (at, at + wide),
            };
            let edge = drawing.width * canvas::ZOOM;
            assert!(from >= -1.0 && to <= edge + 1.0, "`{text}` at {from}..{to} of {edge}");
        }
    }
}
