//! The page of a sweep: how many points keep all objectives and which is the cheapest, then the map, the effect of each axis,
//! the Pareto front, tables, and the line that reproduces it. Knows the order of the page and its words; must not judge.

mod tables;

use super::{drawn, escape, human, reproduce, section, shell};
use crate::chart::sweep::{SweepFigures, figures, name, unit};
use crate::compare::words::list;
use crate::sweep::{Design, Outcome, Point, Sweep, TOLD};

/// The sweep as one self-contained page.
#[must_use]
pub fn page(sweep: &Sweep) -> String {
    let title = escape(&title(sweep));
    let figures = figures(sweep);
    let body = [
        header(sweep, &title, &figures),
        answer(sweep),
        map(sweep, &figures),
        effects(sweep, &figures),
        front(sweep, &figures),
        tables::section(sweep),
        reproduce(&sweep.reproduce),
        FOOTER.to_owned(),
    ];
    shell(&self::title(sweep), &sweep.tidegate.version, &body.concat())
}

const FOOTER: &str = "<footer id=\"reading\">\n\
<p><b>How to read the numbers.</b> A value is the mean over all runs of a point; the brackets behind it are its 95 % \
confidence interval. All points have the same seeds, so that they see the same pushes, durations and faults, and differences \
between points are surer than their intervals look.</p>\n\
<p>A point <b>keeps an objective</b> when even the unfavourable end of the interval keeps the limit, <b>misses</b> it when even \
the favourable end does not, and is <b>inconclusive</b> in between or without samples. The best of many points looks better \
than it is, for chance had many tries: before a value is put to use, run it with more and other seeds.</p>\n</footer>\n";

fn title(sweep: &Sweep) -> String {
    let name = &sweep.scenario.name;
    if name.is_empty() { "Sweep".to_owned() } else { format!("{name}: sweep") }
}

fn header(sweep: &Sweep, title: &str, figures: &SweepFigures) -> String {
    let about = if sweep.about.is_empty() { String::new() } else { format!("{}. ", sweep.about.trim_end_matches('.')) };
    let lead = format!("{about}{}", simulated(sweep));
    let links = [
        ("answer", "Verdict", true),
        ("map", "Map", figures.map.is_some()),
        ("effects", "What each axis moves", figures.effects.is_some()),
        ("front", "Pareto front", figures.front.is_some()),
        ("numbers", "Tables", true),
        ("reproduce", "Reproduce", !sweep.reproduce.is_empty()),
        ("reading", "How to read it", true),
    ];
    let links: String =
        links.iter().filter(|link| link.2).map(|(id, text, _)| format!("<a href=\"#{id}\">{text}</a>\n")).collect();
    format!(
        "<header>\n<h1>{title}</h1>\n<p class=\"lead\">{}</p>\n<nav aria-label=\"On this page\">\n{links}</nav>\n</header>\n",
        escape(&lead)
    )
}

/// `60 points (10 x 6) of 20 runs: queueDepth, failover.suspectFor.`
fn simulated(sweep: &Sweep) -> String {
    let many = |n: usize, one: &str| format!("{} {one}{}", human::count(n as f64), if n == 1 { "" } else { "s" });
    let sizes: Vec<String> = sweep.axes.iter().map(|axis| axis.values.len().to_string()).collect();
    let how = match sweep.design {
        Design::Grid if sizes.len() > 1 => format!(" ({})", sizes.join(" × ")),
        Design::Grid => String::new(),
        Design::LatinHypercube => " of a Latin hypercube".to_owned(),
    };
    let paths: Vec<&str> = sweep.axes.iter().map(|axis| axis.path.as_str()).collect();
    let (points, runs) = (many(sweep.points.len(), "point"), many(sweep.seeds.len(), "run"));
    format!("{points}{how} of {runs} each; varied: {}.", paths.join(", "))
}

/// The verdict of a sweep in a sentence.
pub(crate) fn verdict(sweep: &Sweep) -> String {
    let (all, count) = (sweep.points.len(), |outcome| sweep.count(outcome));
    if all == count(Outcome::NoObjectives) {
        return "The scenario sets no objectives, so nothing was judged.".to_owned();
    }
    let told = |n: usize| human::count(n as f64);
    let keep = match (count(Outcome::Met), all) {
        (0, 1) => "The one point does not keep all objectives".to_owned(),
        (0, _) => format!("None of {} points keeps all objectives", told(all)),
        (1, 1) => "The one point keeps all objectives".to_owned(),
        (1, _) => format!("1 of {} points keeps all objectives", told(all)),
        (met, _) => format!("{} of {} points keep all objectives", told(met), told(all)),
    };
    let rest = [
        (Outcome::Inconclusive, "inconclusive"),
        (Outcome::Missed, "miss one or more"),
        (Outcome::Broken, "broke an invariant"),
    ];
    let rest: Vec<String> = rest
        .into_iter()
        .filter(|(outcome, _)| count(*outcome) > 0)
        .map(|(outcome, words)| match (outcome, count(outcome)) {
            (Outcome::Inconclusive, 1) => "1 is inconclusive".to_owned(),
            (Outcome::Inconclusive, n) => format!("{} are inconclusive", told(n)),
            (Outcome::Missed, 1) => "1 misses one or more".to_owned(),
            (_, n) => format!("{} {words}", told(n)),
        })
        .collect();
    if rest.is_empty() { format!("{keep}.") } else { format!("{keep}; {}.", rest.join(", ")) }
}

/// What a point came to: `$6,512 in 30 days [...], start latency p95 38 s, ...`.
pub(crate) fn numbers(point: &Point) -> String {
    let one = |key: &str| {
        let value = point.value(key)?;
        let interval =
            human::interval(unit(key), &point.estimate(key)).map_or_else(String::new, |text| format!(" {text}"));
        Some(format!("{} {}{interval}", name(key).to_lowercase(), human::quantity(unit(key), value)))
    };
    let parts: Vec<String> = TOLD.into_iter().filter_map(one).collect();
    parts.join("; ")
}

/// Which objectives are kept least often.
pub(crate) fn hurdles(sweep: &Sweep) -> Option<String> {
    let all = sweep.hurdles();
    let parts: Vec<String> = all
        .iter()
        .take(3)
        .map(|(key, count)| format!("{} at {}", name(key).to_lowercase(), human::count(*count as f64)))
        .collect();
    (!parts.is_empty()).then(|| format!("{} of {} points", parts.join("; "), human::count(sweep.points.len() as f64)))
}

fn answer(sweep: &Sweep) -> String {
    let mut told = vec![("Verdict", verdict(sweep))];
    let judged = sweep.count(Outcome::NoObjectives) < sweep.points.len();
    match sweep.best() {
        Some(best) => {
            told.push((if judged { "Cheapest that keeps all" } else { "Cheapest" }, format!("{}.", sweep.words(best))));
            told.push(("It comes to", format!("{}.", numbers(best))));
        }
        None => {
            let nearest = sweep.centre().filter(|point| !point.broken);
            told.extend(nearest.map(|point| ("Nearest to it", format!("{}: {}.", sweep.words(point), numbers(point)))));
        }
    }
    told.extend(hurdles(sweep).map(|text| ("In the way", format!("Not met: {text}."))));
    let told: String =
        told.iter().map(|(about, text)| format!("<dt>{about}</dt><dd>{}</dd>\n", escape(text))).collect();
    let line = sweep.best().map_or_else(String::new, |best| {
        format!(
            "<p class=\"note\">Its report, by this line:</p>\n<pre id=\"best\">{}</pre>\n\
             <button type=\"button\" data-copy=\"best\" hidden=\"hidden\">Copy</button>\n",
            escape(&best.reproduce)
        )
    });
    format!(
        "<section id=\"answer\">\n<h2>Which values keep the objectives?</h2>\n<dl>\n{told}</dl>\n{line}</section>\n"
    )
}

fn map(sweep: &Sweep, figures: &SweepFigures) -> String {
    let Some(figure) = &figures.map else { return String::new() };
    let others: Vec<&str> = (0..sweep.axes.len())
        .filter(|axis| *axis != sweep.map.x && Some(*axis) != sweep.map.y)
        .map(|axis| sweep.axes[axis].path.as_str())
        .collect();
    let note = match (sweep.map.y, sweep.design) {
        (None, _) => {
            "Whiskers are 95 % intervals; the colour of a dot says whether all objectives are met there.".to_owned()
        }
        (Some(_), Design::LatinHypercube) => {
            "Each dot is a point; the stronger the colour, the larger. Axes that are not shown lie behind it."
                .to_owned()
        }
        (Some(_), Design::Grid) if others.is_empty() => {
            "Each field is a point; the stronger the colour, the larger. Within the line all objectives are met."
                .to_owned()
        }
        (Some(_), Design::Grid) => format!(
            "Each field shows its best point over {}: the one whose objectives are in the best state, and of these the one with \
             the best value. The stronger the colour, the larger. Within the line all objectives are met.",
            others.join(", ")
        ),
    };
    section("map", &escape(&name(&sweep.map.show)), &escape(&note), &drawn(figure))
}

fn effects(sweep: &Sweep, figures: &SweepFigures) -> String {
    let Some(figure) = &figures.effects else { return String::new() };
    let note = match (sweep.design, sweep.centre()) {
        (Design::Grid, Some(centre)) => format!(
            "One axis at a time, from the lowest to the highest that it leads to, while the others stay at {}.",
            sweep.words(centre)
        ),
        (Design::Grid, None) | (Design::LatinHypercube, _) => {
            "Points are grouped by fifths along each axis; a bar reaches from the lowest mean of a group to the highest.".to_owned()
        }
    };
    section("effects", "What each axis moves", &escape(&note), &drawn(figure))
}

fn front(sweep: &Sweep, figures: &SweepFigures) -> String {
    let Some(figure) = &figures.front else { return String::new() };
    let front = crate::sweep::front::front(sweep);
    let names: Vec<String> = front.keys.iter().map(|key| name(key).to_lowercase()).collect();
    let of = if front.good_alone {
        "Of the points that keep all objectives, these"
    } else {
        "No point keeps all objectives; of all points, these"
    };
    let note = format!("{of} are beaten by no other in {} at once, by their values over the runs.", list(&names));
    let inner = drawn(figure) + &tables::front(sweep, &front);
    section("front", "Pareto front", &escape(&note), &inner)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{body, ids};
    use super::*;
    use crate::chart::check::well_formed;
    use crate::sweep::sample;

    fn every() -> [Sweep; 5] {
        [sample::grid(), sample::line(), sample::hypercube(), sample::without_objectives(), sample::hostile()]
    }

    #[test]
    fn pages_are_well_formed_and_say_no_nonsense() {
        for sweep in every() {
            let page = page(&sweep);
            assert_eq!(well_formed(&page.replace("<meta charset=\"utf-8\"/>", "")), Ok(()));
            for word in ["NaN", "inf ", "inf<", "None<", "Some("] {
                assert!(!body(&page).contains(word), "{word}");
            }
            let (mut ids, links) = ids(&page);
            let before = ids.len();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), before, "ids are unique");
            assert!(links.iter().all(|link| ids.contains(link)), "{links:?}");
        }
    }

    #[test]
    fn names_are_text_and_nothing_is_fetched() {
        let page = page(&sample::hostile());
        assert!(!page.contains("<script>alert") && !page.contains("<b>.a-very"));
        assert!(!page.replace("http://www.w3.org/2000/svg", "").contains("http"));
    }

    #[test]
    fn the_verdict_comes_first_and_counts_every_point() {
        let page = page(&sample::grid());
        let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("no {text}"));
        assert!(at("Which values keep the objectives?") < at("<section id=\"map\">"));
        assert!(at("<section id=\"map\">") < at("<section id=\"numbers\">"));
        let sweep = sample::grid();
        let met = sweep.count(Outcome::Met);
        assert!(
            verdict(&sweep).starts_with(&format!("{met} of 60 points keep all objectives; ")),
            "{}",
            verdict(&sweep)
        );
        assert!(verdict(&sample::hostile()).starts_with("None of 60 points keeps all objectives; "));
        assert!(verdict(&sample::without_objectives()).contains("no objectives"));
    }
}
