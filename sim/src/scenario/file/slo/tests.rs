//! OpenSLO files as people write them, and as they should not.

use super::*;

fn text_of(metadata: &str, spec: &str) -> String {
    format!("apiVersion: openslo/v1\nkind: SLO\nmetadata:\n  name: {metadata}\nspec:\n  service: ci\n{spec}")
}

fn read(text: &str) -> Result<Vec<Promised>, ReadError> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("s.yaml");
    std::fs::write(&path, text).expect("written");
    read_slo(&path)
}

fn good(text: &str) -> Vec<Objective> {
    read(text).unwrap_or_else(|error| panic!("{error}")).into_iter().map(|(objective, _)| objective).collect()
}

fn said(text: &str) -> String {
    read(text).expect_err("refused").to_string()
}

const RATIO: &str = "  indicator:\n    metadata: { name: good }\n    spec: { ratioMetric: { counter: true } }\n  \
                     timeWindow:\n    - { duration: 4w, isRolling: true }\n  budgetingMethod: Occurrences\n  objectives:\n    \
                     - displayName: Jobs\n      targetPercent: 99.9\n";

#[test]
fn a_ratio_is_availability_and_slices_are_good_minutes() {
    let found = good(&text_of("jobs-start", RATIO));
    assert_eq!(found, [Objective::new("availability", 0.999).expect("a measure")]);
    let slices = RATIO
        .replace("Occurrences", "Timeslices")
        .replace("targetPercent: 99.9", "target: 0.98\n      timeSliceTarget: 0.99\n      timeSliceWindow: 1m");
    assert_eq!(good(&text_of("jobs-start", &slices)), [Objective::new("goodMinutes", 0.98).expect("a measure")]);
    let other = said(&text_of("jobs-start", &slices.replace("timeSliceTarget: 0.99", "timeSliceTarget: 0.9")));
    assert!(other.contains("a minute is good when 99 % of its jobs are"), "{other}");
}

#[test]
fn a_threshold_is_the_quantile_of_its_target() {
    let spec = |target: &str| format!("  objectives:\n    - op: lte\n      value: 90\n      target: {target}\n");
    let found = good(&text_of("queue-wait", &spec("0.99")));
    assert_eq!(found, [Objective { stat: Stat::P99, ..Objective::new("queueWait", 90.0).expect("a measure") }]);
    let annotated = "x\n  annotations: { tidegate.measure: start, tidegate.of: regional, other.com/a: b }";
    let found = good(&text_of(annotated, &spec("0.95")));
    assert_eq!(found, [Objective { of: Of::Regional, ..Objective::new("start", 90.0).expect("a measure") }]);
    let odd = said(&text_of("start", &spec("0.97")));
    assert!(odd.contains("s.yaml:8:") && odd.contains("no statistic of start is the quantile of 0.97"), "{odd}");
    let stat = "start\n  annotations: { tidegate.stat: mean }";
    assert_eq!(good(&text_of(stat, &spec("0.97")))[0].stat, Stat::Mean);
}

#[test]
fn other_kinds_are_left_alone_and_places_are_kept() {
    let service = "apiVersion: openslo/v1\nkind: Service\nmetadata: { name: ci }\nspec: {}\n";
    let text = format!("{service}---\n{}---\n{}", text_of("a", RATIO), text_of("b", RATIO));
    let found = read(&text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(found.len(), 2);
    let (line, column) = (found[0].1.line, found[0].1.column);
    assert!(text.lines().nth(line - 1).is_some_and(|line| line.contains("displayName: Jobs")), "{line}:{column}");
    assert!(said(service).contains("holds no objective: expected `kind: SLO`"), "{}", said(service));
}

#[test]
fn mistakes_have_a_place_and_the_nearest_word() {
    let spec = "  objectives:\n    - op: lte\n      value: 90\n      target: 0.95\n";
    let unknown = said(&text_of("x\n  annotations: { tidegate.measure: strat }", spec));
    assert!(unknown.contains("s.yaml:5:") && unknown.contains("did you mean `start`?"), "{unknown}");
    let named = said(&text_of("stat", spec));
    assert!(named.contains("no measure is named `stat`") && named.contains("perhaps `start`"), "{named}");
    let key = said(&text_of("x\n  annotations: { tidegate.meassure: start }", spec));
    assert!(key.contains("unknown annotation") && key.contains("did you mean `tidegate.measure`?"), "{key}");
    let wrong = said(&text_of("start", &spec.replace("lte", "gte")));
    assert!(wrong.contains("start is wanted atMost"), "{wrong}");
    let half = said(&text_of("start", &spec.replace("      value: 90\n", "")));
    assert!(half.contains("a threshold needs both `op` and `value`"), "{half}");
    let ratio = said(&text_of("x\n  annotations: { tidegate.measure: start }", RATIO));
    assert!(ratio.contains("start is no ratio"), "{ratio}");
    let version = said(&text_of("start", spec).replace("openslo/v1", "openslo/v2alpha"));
    assert!(version.contains("expected `openslo/v1`"), "{version}");
    let target = said(&text_of("start", &spec.replace("      target: 0.95\n", "")));
    assert!(target.contains("one of `target` and `targetPercent`"), "{target}");
    let extra = said(&text_of("start", &spec.replace("target:", "targets:")));
    assert!(extra.contains("unknown key `targets`"), "{extra}");
    assert!(said("a: [").contains("not YAML: "), "{}", said("a: ["));
}
