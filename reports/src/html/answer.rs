//! The answer in sentences: what happened to the jobs, how long it took, what it cost, and what one region less would
//! mean. Knows words; must not judge, and must not compute statistics.

use crate::chart::{human, tick::Clock};
use crate::model::{Failover, Judged, NMinusOne, Report, Summary, Verdict};

/// More faults than this are told in the section on failover only.
const MOST: usize = 3;

/// A sentence or two under a few words.
pub(super) struct Told {
    pub(super) about: String,
    pub(super) text: String,
}

/// What a reader wants to know first.
pub(super) fn told(report: &Report) -> Vec<Told> {
    let summary = &report.summary;
    let mut all = faults(report);
    let mut add = |about: &str, text: Option<String>| {
        all.extend(text.map(|text| Told { about: about.to_owned(), text }));
    };
    add("Jobs", jobs(summary));
    add("Cost", cost(summary));
    let loss = &summary.n_minus_one;
    let region = if loss.region.is_empty() { "One region less" } else { &format!("Without {}", loss.region) };
    add(region, without(summary));
    all
}

/// What the section is called: a question, where one region is lost.
pub(super) fn question(report: &Report) -> String {
    let mut lost: Vec<&str> =
        report.summary.failovers.iter().filter(|f| f.fault == "regionOutage").map(|f| f.region.as_str()).collect();
    lost.dedup();
    match lost[..] {
        [region] => format!("What happens when {region} is lost?"),
        _ => "In short".to_owned(),
    }
}

fn faults(report: &Report) -> Vec<Told> {
    let failovers = &report.summary.failovers;
    let clock = Clock::new(&report.summary.start);
    let mut all: Vec<Told> = failovers.iter().take(MOST).map(|failover| fault(report, failover, clock)).collect();
    if failovers.len() > MOST {
        let text = format!("{} further faults are in the table of failovers.", failovers.len() - MOST);
        all.push(Told { about: "More".to_owned(), text });
    }
    all
}

fn fault(report: &Report, failover: &Failover, clock: Clock) -> Told {
    let span = report.faults.iter().find(|f| f.region == failover.region && (f.from - failover.at).abs() < 1.0);
    let lasts = span.map_or_else(String::new, |f| format!(", for {}", human::duration(f.to - f.from)));
    let fault = human::words(&failover.fault);
    Told {
        about: format!("{}: {fault}", failover.region),
        text: format!("{}{lasts}. {}", clock.stamp(failover.at), clocks(failover)),
    }
}

/// The clocks as they pass.
fn clocks(failover: &Failover) -> String {
    let (decided, all) = failover.runs;
    let after = |value: Option<f64>| human::finite(value).map(human::duration);
    let suspected = after(failover.detected.value).map(|t| format!("suspect it after {t}"));
    let some = if decided < all { format!(" (in {decided} of {all} runs)") } else { String::new() };
    let left = after(failover.decided.value).map(|t| format!("decide to evacuate it after {t}{some}"));
    let others = [suspected, left].into_iter().flatten().collect::<Vec<_>>().join(" and ");
    let mut text = if others.is_empty() { String::new() } else { format!("The other regions {others}") };
    text += &match after(failover.first_success.value) {
        Some(first) => format!("; the first of its jobs starts elsewhere after {first}. "),
        None if text.is_empty() => "No failover follows. ".to_owned(),
        None if decided == 0 => "; no failover follows. ".to_owned(),
        None => ". ".to_owned(),
    };
    text + &recovered(failover)
}

fn recovered(failover: &Failover) -> String {
    let (_, all) = failover.runs;
    let open = failover.unrecovered;
    match human::finite(failover.recovered.value) {
        Some(0.0) if open == 0 => "Its jobs start as before all the time.".to_owned(),
        Some(seconds) => {
            let held = if open == 0 {
                String::new()
            } else {
                format!(" in {} of {all} runs, and not by the end in the others", all.saturating_sub(open))
            };
            format!("Its jobs start as before after {}{held}.", human::duration(seconds))
        }
        None => "Its jobs do not start as before by the end of any run.".to_owned(),
    }
}

fn jobs(summary: &Summary) -> Option<String> {
    let count = |name: &str| human::finite(summary.counts.get(name)?.value).map(human::count);
    let queued = count("jobsQueued")?;
    let available = summary.measures.get("availability").and_then(|m| human::finite(m.mean.value));
    let mut text = match available {
        Some(share) => format!("Of {queued} jobs {} start in time. ", human::share(share)),
        None => format!("{queued} are queued. "),
    };
    if let Some(start) = summary.measures.get("start").filter(|start| start.count > 0) {
        let (half, most) = (human::value("s", &start.p50), human::value("s", &start.p95));
        text += &format!("Half start within {half}, 95 % within {most}. ");
    }
    if let (Some(lost), Some(by_us)) = (count("jobsLost"), count("jobsLostByUs")) {
        text += &format!("{lost} lose their runner while they run, {by_us} of them by our doing.");
    }
    Some(text)
}

fn cost(summary: &Summary) -> Option<String> {
    let cost = &summary.cost;
    let month = human::money(human::finite(cost.per_month.value)?);
    let ratio = cost.single_region.as_ref().zip(human::finite(cost.ratio.value));
    let beside = ratio.map_or_else(String::new, |(single, ratio)| {
        let ratio = human::quantity("ratio", ratio);
        format!("; {ratio} what the same load costs in {} alone with the runners of all", single.region)
    });
    Some(format!("{month} in 30 days at this rate{beside}."))
}

fn without(summary: &Summary) -> Option<String> {
    let loss = &summary.n_minus_one;
    if loss.region.is_empty() {
        return None;
    }
    let (_, answer) = holds(loss);
    let hour = Clock::new(&summary.start).stamp(loss.worst_hour);
    let why = why_not(loss, |objective| human::label(&objective.measure).to_lowercase());
    let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
    let more: String = remedy(loss).iter().map(|sentence| format!(" {sentence}.")).collect();
    Some(format!("In the worst hour, {hour}, the fleet {answer} its objectives{why}.{more}"))
}

/// Which region breaks first, and what would mend it: sentences without their points. Nothing where it holds.
pub(crate) fn remedy(loss: &NMinusOne) -> Vec<String> {
    let first = loss.breaks_first.as_ref().map(|first| {
        let what = match first.limit.as_str() {
            "maxRunners" => "is out of runners first",
            _ => "has more waiting than its threshold first",
        };
        let (runs, all) = first.runs;
        let some = if runs < all { format!(" in {runs} of {all} runs") } else { String::new() };
        format!("{} {what}{some}, {} into the hour", first.region, human::duration(first.after))
    });
    let mut letters = loss.mend.as_ref().map(|mend| mend.why.chars()).into_iter().flatten();
    let mend: Option<String> = letters.next().map(|first| first.to_uppercase().chain(letters).collect());
    first.into_iter().chain(mend).collect()
}

/// What the N-1 verdict is, and in words. Objectives that are merely open are no proof that the fleet fails.
pub(crate) fn holds(loss: &NMinusOne) -> (Verdict, &'static str) {
    let any = |verdict| loss.objectives.iter().any(|objective| objective.verdict == verdict);
    match loss.holds {
        Some(true) => (Verdict::Met, "holds"),
        Some(false) if any(Verdict::Missed) || !any(Verdict::Inconclusive) => (Verdict::Missed, "does not hold"),
        Some(false) => (Verdict::Inconclusive, "is not sure to hold"),
        None => (Verdict::Inconclusive, "cannot be told to hold"),
    }
}

/// `missed: availability; inconclusive: placement p95`; without objectives what the model says.
pub(crate) fn why_not(loss: &NMinusOne, name: impl Fn(&Judged) -> String) -> String {
    if loss.holds == Some(true) {
        return String::new();
    }
    let of = |verdict: Verdict, word: &str| {
        let open = loss.objectives.iter().filter(|objective| objective.verdict == verdict);
        let mut names: Vec<String> = open.map(&name).collect();
        names.dedup();
        if names.is_empty() { None } else { Some(format!("{word}: {}", names.join(", "))) }
    };
    let parts = [of(Verdict::Missed, "missed"), of(Verdict::Inconclusive, "inconclusive")];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { loss.why.clone() } else { parts.join("; ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BreaksFirst, Estimate, Mend};

    fn at(seconds: f64) -> Estimate {
        Estimate { value: Some(seconds), low: None, high: None }
    }

    #[test]
    fn clocks_read_as_a_story() {
        let mut failover = Failover {
            runs: (20, 20),
            detected: at(24.0),
            decided: at(45.0),
            first_success: at(98.0),
            recovered: at(240.0),
            ..Failover::default()
        };
        assert_eq!(
            clocks(&failover),
            "The other regions suspect it after 24 s and decide to evacuate it after 45 s; the first of its jobs starts \
             elsewhere after 1 m 38 s. Its jobs start as before after 4 m."
        );
        failover.unrecovered = 2;
        assert!(clocks(&failover).ends_with("after 4 m in 18 of 20 runs, and not by the end in the others."));
        let quiet = Failover { runs: (0, 20), recovered: at(0.0), ..Failover::default() };
        assert_eq!(clocks(&quiet), "No failover follows. Its jobs start as before all the time.");
    }

    #[test]
    fn what_breaks_first_and_what_mends_it_are_sentences() {
        let mut loss = NMinusOne::default();
        assert_eq!(remedy(&loss), Vec::<String>::new());
        let first = |limit: &str, runs| BreaksFirst { region: "eu".into(), after: 240.0, limit: limit.into(), runs };
        loss.breaks_first = Some(first("maxRunners", (4, 5)));
        loss.mend = Some(Mend { why: "with 76 more runners in eu it would hold".into(), ..Mend::default() });
        assert_eq!(
            remedy(&loss),
            [
                "eu is out of runners first in 4 of 5 runs, 4 m into the hour",
                "With 76 more runners in eu it would hold"
            ]
        );
        loss.breaks_first = Some(first("queueDepth", (5, 5)));
        assert_eq!(remedy(&loss)[0], "eu has more waiting than its threshold first, 4 m into the hour");
    }

    #[test]
    fn what_is_open_is_not_said_to_fail() {
        let judged = |verdict| Judged {
            measure: "start".to_owned(),
            of: "all".to_owned(),
            stat: "p95".to_owned(),
            bound: "atMost".to_owned(),
            limit: 1.0,
            unit: "s".to_owned(),
            estimate: Estimate::default(),
            verdict,
            why: String::new(),
            runs_beyond: 0,
        };
        let loss = |verdicts: &[Verdict]| NMinusOne {
            holds: Some(verdicts.iter().all(|verdict| *verdict == Verdict::Met)),
            objectives: verdicts.iter().map(|verdict| judged(*verdict)).collect(),
            why: "as the model says".to_owned(),
            ..NMinusOne::default()
        };
        let told = |verdicts: &[Verdict]| {
            let loss = loss(verdicts);
            (holds(&loss).1, why_not(&loss, |objective| objective.measure.clone()))
        };
        assert_eq!(told(&[Verdict::Met]), ("holds", String::new()));
        assert_eq!(told(&[Verdict::Met, Verdict::Inconclusive]), ("is not sure to hold", "inconclusive: start".into()));
        let both = ("does not hold", "missed: start; inconclusive: start".to_owned());
        assert_eq!(told(&[Verdict::Missed, Verdict::Inconclusive]), both);
        let bare = NMinusOne { holds: Some(false), why: "as the model says".to_owned(), ..NMinusOne::default() };
        assert_eq!((holds(&bare).1, why_not(&bare, |o| o.measure.clone())), ("does not hold", bare.why.clone()));
    }
}
