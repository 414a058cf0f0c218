//! A check as a JUnit report, which every CI knows how to show. Knows test cases; must not know how anything was judged.

use super::base;
use super::verdict::{Checked, Line, found, promise, what};
use crate::checker::Broken;
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};
use tidegate_reports::model::{Judged, Verdict};
use tidegate_reports::regression::{Change, Compared};

/// The report: a suite for each scenario, in it a case for each objective and one for each invariant that broke. A scenario
/// that promises nothing has one case, which is skipped. No times and no ids: the same results are the same bytes.
pub(super) fn report(checked: &[Checked]) -> String {
    let mut report = Report::new("tidegate check");
    report.add_test_suites(checked.iter().map(suite));
    report.to_string().expect("a text takes all")
}

fn suite(checked: &Checked) -> TestSuite {
    let mut suite = TestSuite::new(checked.scenario.name.as_str());
    let (first, last) = (checked.seeds.first(), checked.seeds.last());
    let seed = |seed: Option<&u64>| seed.map_or_else(String::new, u64::to_string);
    let seeds = format!("{} to {}", seed(first), seed(last));
    for (name, value) in [
        ("scenario", &checked.scenario.path),
        ("policy", &checked.policy.path),
        ("seeds", &seeds),
        ("digest", &checked.digest),
        ("reproduce", &checked.again),
    ] {
        suite.add_property(Property::new(name, value));
    }
    suite.add_test_cases(checked.objectives.iter().map(|judged| objective(checked, judged, &seeds)));
    if checked.objectives.is_empty() {
        let mut status = TestCaseStatus::skipped();
        status.set_message("the scenario promises nothing");
        suite.add_test_case(case(checked, "objectives", status));
    }
    let compared = checked.against.iter().flat_map(|against| &against.compared);
    suite.add_test_cases(compared.map(|compared| change(checked, compared)));
    suite.add_test_cases(checked.broken.iter().map(|broken| invariant(checked, broken)));
    suite
}

fn case(checked: &Checked, name: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(checked.scenario.name.as_str());
    case
}

fn objective(checked: &Checked, judged: &Judged, seeds: &str) -> TestCase {
    let text = format!("{}\nseeds {seeds}\nto see it again: {}", Line(judged), checked.again);
    let status = match judged.verdict {
        Verdict::Met => TestCaseStatus::success(),
        Verdict::Inconclusive | Verdict::Missed => failure(judged.verdict.name(), &Line(judged).to_string(), &text),
    };
    let mut case = case(checked, &format!("{} {}", what(judged), promise(judged)), status);
    for (name, value) in [("value", found(judged)), ("limit", promise(judged)), ("seeds", seeds.to_owned())] {
        case.add_property(Property::new(name, value));
    }
    if judged.verdict == Verdict::Met {
        case.set_system_out(text);
    }
    case
}

/// A quantity against the baseline: only what is clearly worse fails.
fn change(checked: &Checked, compared: &Compared) -> TestCase {
    let told = base::words(compared);
    let text = format!("{told}\nto see it again: {}", checked.again);
    let status = match compared.change {
        Change::Regression => failure("regression", &told, &text),
        Change::Improvement | Change::NoDifference | Change::Unknown => TestCaseStatus::success(),
    };
    let passed = compared.change != Change::Regression;
    let mut case = case(checked, &format!("{} against the baseline", base::what(compared)), status);
    case.add_property(Property::new("difference", base::shift(compared)));
    if passed {
        case.set_system_out(text);
    }
    case
}

fn failure(kind: &str, message: &str, text: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_type(kind).set_message(message).set_description(text);
    status
}

/// A bug, and no missed objective: an error in the words of JUnit.
fn invariant(checked: &Checked, (seed, broken): &(u64, Broken)) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    let again = checked.again.split(" --runs ").next().unwrap_or_default();
    let text = format!("this is a bug; to see it again: {again} --runs 1 --seed {seed}");
    let message = format!("{} is broken at {}: {}", broken.invariant, broken.at, broken.what);
    status.set_type("broken").set_message(message).set_description(text);
    case(checked, &format!("invariant {} with seed {seed}", broken.invariant), status)
}

#[cfg(test)]
mod tests {
    use super::super::verdict::tests::checked;
    use super::*;
    use roxmltree::{Document, Node};
    use tidegate_core::Timestamp;

    fn cases<'a>(document: &'a Document<'_>) -> Vec<Node<'a, 'a>> {
        document.descendants().filter(|node| node.has_tag_name("testcase")).collect()
    }

    #[test]
    fn a_reader_that_shares_no_code_finds_every_case() {
        let mut peak = checked("peak", &[Verdict::Met, Verdict::Missed, Verdict::Inconclusive]);
        peak.objectives[1].why = "even <2 min> & \"more\" \u{1b}[31m\u{0}".to_owned();
        let text = report(&[peak, checked("calm", &[])]);
        let document = Document::parse(&text).expect("XML");
        let root = document.root_element();
        let count = |name| root.attribute(name).and_then(|count| count.parse::<u32>().ok());
        assert_eq!((root.tag_name().name(), count("tests"), count("failures")), ("testsuites", Some(4), Some(2)));
        let cases = cases(&document);
        let name = Some("start p95 of regional jobs at most 1m 30s");
        assert!(cases[..3].iter().all(|case| case.attribute("name") == name), "{text}");
        assert!(cases[..3].iter().all(|case| case.attribute("classname") == Some("peak")), "{text}");
        let kind = |case: &Node<'_, '_>| {
            let told = case.children().find(|child| ["failure", "error", "skipped"].contains(&child.tag_name().name()));
            told.map(|told| (told.tag_name().name().to_owned(), told.attribute("type").unwrap_or_default().to_owned()))
        };
        let failure = |kind: &str| Some(("failure".to_owned(), kind.to_owned()));
        let kinds: Vec<_> = cases.iter().map(kind).collect();
        let skipped = Some(("skipped".to_owned(), String::new()));
        assert_eq!(kinds, [None, failure("missed"), failure("inconclusive"), skipped]);
        let told = cases[1].children().find(|child| child.has_tag_name("failure")).expect("a failure");
        let message = told.attribute("message").unwrap_or_default();
        assert!(message.ends_with("promised at most 1m 30s; even <2 min> & \"more\" "), "{message}");
        let text = told.text().unwrap_or_default();
        assert!(text.contains("2m 0s [1m 58s, 2m 3s]") && text.contains("seeds 1 to 2"), "{text}");
        assert!(text.ends_with("tidegate run peak.toml --runs 2 --seed 1"), "{text}");
    }

    #[test]
    fn what_is_worse_than_the_baseline_fails() {
        let compared =
            [Change::Regression, Change::Improvement].map(|change| base::tests::compared("start.p95", change));
        let against = base::Against { compared: compared.to_vec(), ..base::Against::default() };
        let text = report(&[Checked { against: Some(against), ..checked("peak", &[Verdict::Met]) }]);
        let document = Document::parse(&text).expect("XML");
        let failed: Vec<bool> =
            cases(&document).iter().map(|case| case.children().any(|child| child.has_tag_name("failure"))).collect();
        assert_eq!(failed, [false, true, false], "{text}");
        assert_eq!(cases(&document)[1].attribute("name"), Some("start p95 against the baseline"));
    }

    #[test]
    fn a_broken_invariant_is_an_error_and_no_failure() {
        let mut bug = checked("bug", &[Verdict::Met]);
        bug.broken.push((3, Broken { invariant: "I1", at: Timestamp(0), what: "none admits".to_owned() }));
        let text = report(&[bug]);
        let document = Document::parse(&text).expect("XML");
        let case = cases(&document)[1];
        let error = case.children().find(|child| child.has_tag_name("error")).expect("an error");
        assert_eq!(case.attribute("name"), Some("invariant I1 with seed 3"));
        assert!(error.attribute("message").unwrap_or_default().contains("none admits"), "{text}");
        let again = "this is a bug; to see it again: tidegate run bug.toml --runs 1 --seed 3";
        assert_eq!(error.text(), Some(again));
    }
}
