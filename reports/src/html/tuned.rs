//! The page of a search: the answer first, then what it rests on. Knows the order of the page; must not judge, and must not
//! compute statistics.

use super::tables::table::{Table, cell};
use super::{escape, human, section, shell};
use crate::chart::{self, Figure};
use crate::model::Verdict;
use crate::tune::{FinalistTold, Held, Tried, Tuned, words};

/// The evidence of a search as one self-contained page.
#[must_use]
pub fn tuned_page(tuned: &Tuned) -> String {
    let figures = chart::tuned::figures(tuned);
    let title = format!("The cheapest policy for {}", names(tuned));
    let body = [
        header(tuned, &title, &figures),
        answer(tuned),
        objectives(tuned),
        charts(tuned, &figures),
        finalists(tuned),
        effects(tuned),
        space(tuned),
        candidates(tuned),
        inputs(tuned),
        reproduce(tuned),
        reading(tuned),
    ]
    .concat();
    shell(&title, &tuned.tidegate.version, &body)
}

fn names(tuned: &Tuned) -> String {
    let names: Vec<&str> = tuned.scenarios.iter().map(|scenario| scenario.name.as_str()).collect();
    names.join(" and ")
}

fn header(tuned: &Tuned, title: &str, figures: &[Figure]) -> String {
    let lead = format!(
        "{} by {} simulations, from which the cheapest policy is chosen that keeps the objectives of {}.",
        words::many(tuned.candidates.len(), "policy was judged", "policies were judged"),
        human::count((tuned.spent.search + tuned.spent.effects + tuned.spent.selection) as f64),
        names(tuned),
    );
    let links = [
        ("verdicts", "Objectives", !tuned.objectives.is_empty()),
        ("charts", "Charts", !figures.is_empty()),
        ("finalists", "Finalists", true),
        ("matters", "What matters", !tuned.effects.is_empty()),
        ("space", "What was varied", true),
        ("candidates", "Candidates", true),
        ("reproduce", "Reproduce", true),
        ("reading", "How to read it", true),
    ];
    let links: String =
        links.iter().filter(|link| link.2).map(|(id, text, _)| format!("<a href=\"#{id}\">{text}</a>\n")).collect();
    format!(
        "<header>\n<h1>{}</h1>\n<p class=\"lead\">{}</p>\n<nav aria-label=\"On this page\">\n{links}</nav>\n</header>\n",
        escape(title),
        escape(&lead),
    )
}

fn answer(tuned: &Tuned) -> String {
    let verdict = tuned.verdict.unwrap_or(Verdict::Inconclusive);
    let each = |told: &words::Told| format!("<dt>{}</dt><dd>{}</dd>\n", escape(&told.about), escape(&told.text));
    let told: String = words::told(tuned).iter().map(each).collect();
    format!(
        "<section id=\"answer\">\n<div class=\"card wide-card {}\"><p class=\"verdict\">{} {}</p></div>\n<dl>\n{told}</dl>\n</section>\n",
        verdict.name(),
        verdict.sign(),
        escape(&words::headline(tuned)),
    )
}

/// Those of the winner; without one, those of the nearest.
fn objectives(tuned: &Tuned) -> String {
    let shown = tuned.winning().or_else(|| tuned.selection.finalists.first());
    let Some(one) = shown.filter(|one| !one.objectives.is_empty()) else { return String::new() };
    let mut table = Table::new("", ["Objective", "Limit", "Mean", "Unfavourable end", "Verdict"]);
    for (held, promise) in one.objectives.iter().zip(&tuned.objectives) {
        let quantity = |value: Option<f64>| {
            let text = human::finite(value).map(|value| human::quantity(&promise.unit, value));
            escape(&text.unwrap_or_else(|| human::NOTHING.to_owned()))
        };
        let Held { value, worst, verdict } = *held;
        let verdict = format!("{} {}", verdict.sign(), verdict.name());
        table.row("", &promise.name, &[escape(&words::limit(promise)), quantity(value), quantity(worst), verdict]);
    }
    let note = format!(
        "Of {}, over {} runs on seeds that the search did not use. The end of the interval is wrong with a chance of {} at \
         the most: what is left of the confidence asked for, {}, after all that was compared.",
        tuned.candidates[one.number].name,
        one.runs,
        human::share(tuned.selection.risk),
        human::share(tuned.confidence),
    );
    section("verdicts", "Objectives", &escape(&note), &table.finish())
}

fn charts(tuned: &Tuned, figures: &[Figure]) -> String {
    if figures.is_empty() {
        return String::new();
    }
    let drawn: String = figures.iter().map(|figure| format!("<figure>{}</figure>\n", figure.inline())).collect();
    let runs = tuned.candidates.iter().map(|one| one.runs.len()).min().unwrap_or(0);
    let note = format!(
        "Each dot is a candidate, by the first {runs} runs, which all have, on the same seeds: what it costs, and what is left of \
         the limit that is nearest. Below, how many candidates were left and the best of them, over what was spent; every other \
         generation is shaded.",
    );
    section("charts", "All candidates", &escape(&note), &drawn)
}

fn finalists(tuned: &Tuned) -> String {
    let columns = ["Finalist", "Runs", words_label(tuned), "More than the winner", "Objectives", "Outcome"];
    let mut table = Table::new("", columns);
    for one in &tuned.selection.finalists {
        let tried = &tuned.candidates[one.number];
        let class = if Some(one.number) == tuned.winner { " class=\"sum\"" } else { "" };
        table.row(class, &tried.name, &finalist(tuned, one));
    }
    let (taken, planned) = tuned.selection.looks;
    let note = format!(
        "On fresh seeds, the same for all, at {taken} of at most {planned} looks, each after twice the runs of the one before. \
         Differences are of the same seeds, so that they are known better than the amounts themselves. A difference of {} is \
         not worth finding.",
        words::amount(tuned, tuned.selection.indifference)
    );
    section("finalists", "Finalists", &escape(&note), &table.finish())
}

fn words_label(tuned: &Tuned) -> &'static str {
    match tuned.minimized.as_str() {
        "cost" => "Cost of 30 days",
        "maxRunners" => "Runners",
        _ => "Mean",
    }
}

fn finalist(tuned: &Tuned, one: &FinalistTold) -> Vec<String> {
    let verdict = one.verdict.unwrap_or(Verdict::Inconclusive);
    let more = if Some(one.number) == tuned.winner { human::NOTHING.to_owned() } else { cell(&tuned.unit, &one.more) };
    vec![
        human::count(one.runs as f64),
        cell(&tuned.unit, &one.cost),
        more,
        format!("{} {}", verdict.sign(), verdict.name()),
        escape(&words::outcome(tuned, one)),
    ]
}

fn effects(tuned: &Tuned) -> String {
    let Some(first) = tuned.effects.first() else { return String::new() };
    let best = &tuned.candidates[first.of].name;
    let mut table =
        Table::new("", ["Setting", "Value", "Without it", "Margin with", "Margin without", "Does it matter?"]);
    for effect in &tuned.effects {
        let share = |margin: Option<f64>| margin.map_or_else(|| human::NOTHING.to_owned(), human::share);
        let matters = match effect.matters.as_str() {
            "yes" => "yes",
            "no" => "less than the indifference",
            "notAtAll" => "every run is the same",
            _ => "the runs do not tell",
        };
        let (with, without) = effect.margins;
        let cells =
            [escape(&effect.value), cell(&tuned.unit, &effect.cost), share(with), share(without), matters.to_owned()];
        table.row("", &effect.path, &cells);
    }
    let note = format!(
        "The search's best, {best}, without each of its settings: how much more it costs then, with its 95 % interval on the \
         search's own seeds, and what is left of the tightest limit."
    );
    section("matters", "What matters", &escape(&note), &table.finish())
}

fn space(tuned: &Tuned) -> String {
    let rows: String = tuned
        .space
        .iter()
        .map(|axis| {
            let why = if axis.why.is_empty() { String::new() } else { format!("<small>{}</small>", escape(&axis.why)) };
            format!(
                "<tr><th scope=\"row\">{}</th><td class=\"words\" data-label=\"Range\"><span>{}{why}</span></td></tr>\n",
                escape(&axis.path),
                escape(&axis.range)
            )
        })
        .collect();
    let refused = match tuned.refused {
        0 => String::new(),
        n => format!("{} of it make no valid policy and were left out.", words::many(n as usize, "point", "points")),
    };
    section("space", "What was varied", &refused, &format!("<table>\n<tbody>\n{rows}</tbody>\n</table>\n"))
}

fn candidates(tuned: &Tuned) -> String {
    let mut table = Table::new("", ["Candidate", "Generation", "Runs", "First runs", "Margin", "What became of it"]);
    for one in &tuned.candidates {
        let became = match (&one.dropped, one.dropped_after) {
            _ if tuned.selection.finalists.iter().any(|last| last.number == one.number) => "a finalist".to_owned(),
            (Some(why), Some(runs)) => format!("after {runs} runs: {why}"),
            (_, _) => "without a setting of the best".to_owned(),
        };
        table.noted(&one.name, &words::settings(one), &candidate(tuned, one, &became));
    }
    let inner =
        format!("<details><summary>All candidates, and what became of them</summary>\n{}</details>\n", table.finish());
    section("candidates", "Candidates", "tune.json has every run of each, tune.csv a row for each.", &inner)
}

fn candidate(tuned: &Tuned, one: &Tried, became: &str) -> Vec<String> {
    let or_nothing = |text: Option<String>| text.map_or_else(|| human::NOTHING.to_owned(), |text| escape(&text));
    vec![
        one.generation.to_string(),
        one.runs.len().to_string(),
        or_nothing(human::finite(one.first_cost).map(|cost| human::quantity(&tuned.unit, cost))),
        or_nothing(human::finite(one.first_margin).map(human::share)),
        escape(became),
    ]
}

fn inputs(tuned: &Tuned) -> String {
    let row =
        |head: &str, text: String| format!("<tr><th scope=\"row\">{head}</th><td class=\"words\">{text}</td></tr>\n");
    let file = |input: &crate::model::Input| {
        let hash = escape(&input.sha256);
        format!("{} <code>{}</code><br/><code>sha256 {hash}</code>", escape(&input.name), escape(&input.path))
    };
    let scenarios: String = tuned.scenarios.iter().map(|scenario| row("Scenario", file(scenario))).collect();
    let (first, fresh) = tuned.seeds;
    let seeds = format!("from {first} in the search, from {fresh} in the selection");
    let commit = if tuned.tidegate.commit.is_empty() {
        String::new()
    } else {
        format!(", commit <code>{}</code>", escape(&tuned.tidegate.commit))
    };
    let rows = [
        scenarios,
        row("Policy", file(&tuned.policy)),
        row("Seeds", seeds),
        row("Tidegate", escape(&tuned.tidegate.version) + &commit),
    ];
    section("inputs", "Inputs", "", &format!("<table>\n<tbody>\n{}</tbody>\n</table>\n", rows.concat()))
}

fn reproduce(tuned: &Tuned) -> String {
    let line = |id: &str, text: &str| {
        format!(
            "<pre id=\"{id}\">{}</pre>\n<button type=\"button\" data-copy=\"{id}\" hidden=\"hidden\">Copy</button>\n",
            escape(text)
        )
    };
    let winner = match tuned.run_winner.as_slice() {
        [] => String::new(),
        lines => {
            "<h3>The winner, with the seeds it was judged by</h3>\n".to_owned() + &line("winner", &lines.join("\n"))
        }
    };
    let note = "The same inputs give the same candidates, runs and answer, whatever the number of threads.";
    section("reproduce", "Reproduce", note, &(winner + "<h3>The whole search</h3>\n" + &line("line", &tuned.reproduce)))
}

fn reading(tuned: &Tuned) -> String {
    format!(
        "<footer id=\"reading\">\n<p><b>How to read it.</b> The search may be wrong: it only proposes finalists. What is said of the \
         winner rests on runs with seeds that the search did not use, and its chance of being wrong, {}, is shared among all \
         finalists and looks. An objective is <b>met</b> when even the unfavourable end of that interval keeps the limit; without \
         an interval nothing is met. Where all runs agree, as on a count of 0, an interval has no width: {} runs without an event \
         do not show that it is rarer than one in about {} runs.</p>\n\
         <p>A margin is what is left of a limit, as a share of it; of a share such as availability, of what may be lost. A dash \
         (–) stands where there is nothing to tell.</p>\n</footer>\n",
        human::share(1.0 - tuned.confidence),
        tuned.winning().map_or(0, |one| one.runs),
        tuned.winning().map_or(0, |one| one.runs / 3),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::check;
    use crate::tune::sample;

    #[test]
    fn the_answer_comes_first_and_the_line_that_reproduces_it_last() {
        let page = tuned_page(&sample::usual());
        let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("`{text}` is missing"));
        let order = [
            "✓ Candidate #2 keeps all 2 objectives",
            "id=\"verdicts\"",
            "id=\"finalists\"",
            "id=\"candidates\"",
            "id=\"reproduce\"",
        ];
        assert!(order.windows(2).all(|two| at(two[0]) < at(two[1])));
        assert!(page.contains("one push &amp; more") && page.contains("misses failoverTime max"));
        assert_eq!(
            page.matches("http").count(),
            page.matches("http://www.w3.org/2000/svg").count(),
            "it opens offline"
        );
        let body = page.split_once("<body>").and_then(|(_, rest)| rest.split_once("<script>")).expect("a body").0;
        assert_eq!(check::well_formed(&format!("<x>{body}</x>")), Ok(()));
    }

    #[test]
    fn nothing_is_called_met_without_a_winner() {
        let mut tuned = sample::usual();
        (tuned.winner, tuned.verdict) = (None, Some(Verdict::Inconclusive));
        tuned.selection.finalists.retain(|one| one.number == 1);
        tuned.selection.finalists[0].verdict = Some(Verdict::Inconclusive);
        let page = tuned_page(&tuned);
        assert!(page.contains("? No candidate was shown to keep all 2 objectives"), "{page}");
        assert!(!page.contains("is the cheapest that was found"));
    }
}
