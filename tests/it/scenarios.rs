//! Every shipped scenario: it reads, it runs, nothing that was promised is broken, nothing is lost on the way, and the
//! same seed decides the same twice. Together they reach what a campaign must reach.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use tidegate_core::controller::phase::Phase;
use tidegate_core::fact::{DropReason, WaitReason};
use tidegate_core::{Fact, Span};
use tidegate_sim::Decisions;
use tidegate_sim::experiment::order_regions;
use tidegate_sim::run::{self, Keep, Outcome};
use tidegate_sim::scenario::Scenario;
use tidegate_sim::scenario::file::{Overrides, read};
use tidegate_tests::house;

/// What a campaign must reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Goal {
    /// Jobs are sent abroad because home is full.
    Spill,
    /// Jobs are sent abroad because home is unwell.
    Failover,
    /// GitHub refuses a second runner of the same name.
    Fence,
    /// A message of a superseded attempt or an ended job is dropped.
    StaleMessage,
    /// The same message comes twice and is dropped once.
    DuplicateMessage,
    /// A region in probation falls back.
    FailbackAbort,
    /// Reconcile finds a job whose webhook was lost.
    LostWebhook,
    /// A node takes over jobs of another.
    Adoption,
    /// A drain by hand.
    Drain,
    /// A node believes none of it, since all regions look bad to it.
    Panic,
    /// A job waits, since every region that its residency allows is closed.
    ResidencyWait,
}

/// Which scenario is held to reach what. One is enough; that others reach it too is no one's business.
const REACHED: [(Goal, &str); 9] = [
    (Goal::Spill, "three-regions"),
    (Goal::Failover, "home-region-outage"),
    (Goal::Fence, "asymmetric-partition"),
    (Goal::StaleMessage, "home-region-outage"),
    (Goal::DuplicateMessage, "single-region"),
    (Goal::FailbackAbort, "failback-storm"),
    (Goal::LostWebhook, "home-region-outage"),
    (Goal::Adoption, "home-region-outage"),
    (Goal::Drain, "dual-region-pilot"),
];

/// What no shipped scenario reaches, and why. Whoever ships one that does moves the line up.
const NOT_REACHED: [(Goal, &str); 2] = [
    (Goal::Panic, "all faults hit us-east-1 alone: the other two regions never look bad at the same time"),
    (Goal::ResidencyWait, "residency binds europe-team to eu-west-1, which no scenario loses"),
];

/// Tests, one for each file, so that they run side by side.
macro_rules! each {
    ($($name:ident)*) => {
        $(#[test] fn $name() { holds(&stringify!($name).replace('_', "-")); })*
        const TESTED: &[&str] = &[$(stringify!($name)),*];
    };
}

each! {
    asymmetric_partition brownout dual_region_pilot failback_storm flapping gray_failure home_region_outage
    monday_burst recorded_jobs single_region small_home three_regions
}

#[test]
fn every_shipped_scenario_has_its_test() {
    let stem = |path: &Path| path.file_stem().map(|stem| stem.to_string_lossy().replace('-', "_"));
    let shipped: Vec<String> = house::scenarios().iter().filter_map(|path| stem(path)).collect();
    assert_eq!(shipped, TESTED, "add it to `each!`");
}

#[test]
fn every_goal_has_a_scenario_or_a_reason() {
    let listed: BTreeSet<Goal> =
        REACHED.iter().map(|(goal, _)| *goal).chain(NOT_REACHED.map(|(goal, _)| goal)).collect();
    assert_eq!(listed.len(), REACHED.len() + NOT_REACHED.len(), "a goal is listed twice");
    assert_eq!(listed.last(), Some(&Goal::ResidencyWait), "the last of the enum");
    assert_eq!(listed.len(), Goal::ResidencyWait as usize + 1, "a goal is not listed");
    for (goal, name) in REACHED {
        assert!(TESTED.contains(&name.replace('-', "_").as_str()), "{goal:?}: there is no {name}");
    }
}

/// The scenario of a name as it is run, measured from its first moment on.
fn shipped(name: &str) -> Scenario {
    let path = house::root().join("scenarios").join(format!("{name}.toml"));
    let mut scenario = read(&path, Overrides::default()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(scenario.input.name, name, "the file is named like the scenario");
    assert!(!scenario.about.is_empty() && !scenario.objectives.is_empty(), "it says what it is for");
    order_regions(&mut scenario);
    scenario.warm_up = Span::ZERO;
    scenario
}

/// Runs one seed; gives what came of it, and what was reached.
fn seed(scenario: &Scenario, seed: u64) -> (Outcome, BTreeSet<Goal>) {
    let reached = Arc::new(Mutex::new(BTreeSet::new()));
    let sink = Arc::clone(&reached);
    let take = move |_: tidegate_core::Timestamp, fact: &Fact| {
        sink.lock().expect("one thread").extend(goal_of(fact));
    };
    let keep = Keep { jobs: true, decisions: Some(Decisions { only: None, take: Box::new(take) }) };
    let outcome = run::run(scenario, seed, &run::frame(scenario, false), keep);
    let mut reached = reached.lock().expect("one thread").clone();
    let counted =
        [("namesTaken", Goal::Fence), ("jobsRecovered", Goal::LostWebhook), ("placementsFailover", Goal::Failover)];
    let counts = counts(&outcome);
    reached.extend(counted.iter().filter(|(name, _)| counts[*name] > 0.0).map(|(_, goal)| *goal));
    (outcome, reached)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "most facts are no goals, and new ones need be none")]
fn goal_of(fact: &Fact) -> Option<Goal> {
    Some(match fact {
        Fact::SpillChanged { spilling: true, .. } => Goal::Spill,
        Fact::AttemptDropped { why: DropReason::Duplicate, .. } => Goal::DuplicateMessage,
        Fact::AttemptDropped { .. } => Goal::StaleMessage,
        Fact::PhaseChanged { from: Phase::Probation, to: Phase::Out | Phase::Suspect, .. } => Goal::FailbackAbort,
        Fact::JobsAdopted { .. } => Goal::Adoption,
        Fact::HoldChanged { .. } => Goal::Drain,
        Fact::PanicChanged { panic: true, .. } => Goal::Panic,
        Fact::JobWaits { why: WaitReason::Residency, .. } => Goal::ResidencyWait,
        _ => return None,
    })
}

fn counts(outcome: &Outcome) -> BTreeMap<String, f64> {
    outcome.measures.counts().all().map(|(name, count)| (name.to_owned(), count)).collect()
}

/// Everything that must hold of a shipped scenario.
#[track_caller]
fn holds(name: &str) {
    let scenario = shipped(name);
    let (first, mut reached) = seed(&scenario, scenario.seed);
    let (again, _) = seed(&scenario, scenario.seed);
    assert_eq!(first.digest, again.digest, "{name}: the same seed decides the same twice");
    assert_eq!((first.events, counts(&first)), (again.events, counts(&again)), "{name}");
    let (second, more) = seed(&scenario, scenario.seed + 1);
    assert_ne!(first.digest, second.digest, "{name}: another seed is another run");
    reached.extend(more);
    for outcome in [&first, &second] {
        assert!(outcome.broken.is_empty(), "{name}, seed {}: {:#?}", outcome.seed, outcome.broken);
        nothing_is_lost_on_the_way(name, outcome);
    }
    for (goal, by) in REACHED {
        assert!(by != name || reached.contains(&goal), "{name} no longer reaches {goal:?}; it reaches {reached:?}");
    }
    for (goal, why) in NOT_REACHED {
        assert!(!reached.contains(&goal), "{name} reaches {goal:?} now: list it ({why})");
    }
}

/// What goes in comes out, or is still there.
#[track_caller]
fn nothing_is_lost_on_the_way(name: &str, outcome: &Outcome) {
    let counts = counts(outcome);
    let count = |key: &str| *counts.get(key).unwrap_or_else(|| panic!("no count {key} in {counts:#?}"));
    let about = format!("{name}, seed {}: {counts:#?}", outcome.seed);
    assert!(count("jobsQueued") > 1_000.0, "{about}");
    assert_eq!(count("jobsQueued"), count("jobsStarted") + count("jobsUnstarted"), "in = started + unstarted; {about}");
    let ended = count("jobsCompleted") + count("jobsLost");
    assert!(ended <= count("jobsStarted"), "none ends that did not start; {about}");
    let running = count("jobsStarted") - ended;
    assert!(running <= outcome.most_jobs as f64, "the rest is still running; {about}");
    assert!(count("launches") >= count("jobsStarted"), "a runner serves one job; {about}");
    assert!(count("githubRegistrations") >= count("launches"), "no runner without a registration; {about}");
    assert!(count("relaunches") <= count("launches") && count("jobsLostByUs") <= count("jobsLost"), "{about}");
    assert!(outcome.measures.cost_total() > 0.0, "somebody pays; {about}");
    assert_eq!(outcome.jobs.len() as f64, count("jobsQueued"), "every job has its row; {about}");
    let ids: BTreeSet<u64> = outcome.jobs.iter().map(|row| row.job).collect();
    assert_eq!(ids.len(), outcome.jobs.len(), "no job has two rows; {name}");
}
