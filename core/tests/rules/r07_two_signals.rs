//! Rule 7: detection needs two signals and a sample floor; green probes do not bring a region back while launches fail.

use crate::bench::{Answer, Bench};
use crate::floor::Floor;
use crate::words::{DUBLIN, FRANKFURT, mins, policy, policy_with, secs, ticket};
use tidegate_core::controller::phase::{Cause, Phase};
use tidegate_core::fact::Fact;
use tidegate_core::port::Failure;
use tidegate_core::port::runner::StopCause;
use tidegate_core::port::table::Opinion;

fn cause(t: &Bench, to: Phase) -> Option<Cause> {
    t.facts.iter().rev().find_map(|fact| match fact {
        Fact::PhaseChanged { to: reached, cause, .. } if *reached == to => Some(*cause),
        _ => None,
    })
}

// Broken: `misses_to_suspect` compared with `>` instead of `>=`, or misses are not set back by an answer.
#[test]
fn a_run_of_missed_probes_makes_a_region_suspect_and_a_miss_too_few_does_not() {
    let mut t = Bench::new(policy());
    t.region(DUBLIN).answers(Answer::Misses);
    t.rounds(2);
    t.expect_phase(DUBLIN, Phase::Active);
    t.region(DUBLIN).answers(Answer::Answers);
    t.rounds(1);
    t.region(DUBLIN).answers(Answer::Misses);
    t.rounds(2);
    t.expect_phase(DUBLIN, Phase::Active);
    t.rounds(1);
    t.expect_phase(DUBLIN, Phase::Suspect);
    assert_eq!(cause(&t, Phase::Suspect), Some(Cause::ProbesMissed));
}

// Broken: `probe_all` does not count a probe that is still unanswered.
#[test]
fn a_probe_without_any_answer_is_a_missed_one() {
    let mut t = Bench::new(policy());
    t.region(DUBLIN).answers(Answer::Nothing);
    t.rounds(4);
    t.expect_phase(DUBLIN, Phase::Suspect);
}

// Broken: `on_probe` takes any answer for a good one.
#[test]
fn a_node_whose_services_are_down_counts_as_missed() {
    let mut t = Bench::new(policy());
    t.region(DUBLIN).answers(Answer::ServicesDown);
    t.rounds(3);
    t.expect_phase(DUBLIN, Phase::Suspect);
}

// Broken: `signal` does not ask for `min_samples`.
#[test]
fn a_few_failed_launches_are_no_sample() {
    let mut t = Bench::new(policy());
    t.region(DUBLIN).launches(19, 19);
    t.rounds(1);
    t.expect_phase(DUBLIN, Phase::Active);
    t.region(DUBLIN).launches(20, 9);
    t.rounds(1);
    t.expect_phase(DUBLIN, Phase::Active);
    t.region(DUBLIN).launches(20, 10);
    t.rounds(1);
    t.expect_phase(DUBLIN, Phase::Suspect);
    assert_eq!(cause(&t, Phase::Suspect), Some(Cause::LaunchesFail));
}

// Broken: `signal` looks at probes alone; or `is_back` does.
#[test]
fn a_gray_failure_takes_a_region_out_and_green_probes_do_not_bring_it_back() {
    let mut t = Bench::new(policy());
    t.region(FRANKFURT).launches(40, 30);
    t.region(FRANKFURT).called(Opinion::Unwell, DUBLIN);
    t.until(FRANKFURT, Phase::Out);
    t.region(FRANKFURT).called(Opinion::Well, DUBLIN);
    t.advance(mins(60)); // every probe is answered, all the time
    t.expect_phase(FRANKFURT, Phase::Out);
    t.region(FRANKFURT).launches(0, 0);
    t.rounds(1);
    t.expect_phase(FRANKFURT, Phase::Probation);
}

// Broken: `leave_suspect` goes back to Active at the first answer.
#[test]
fn a_suspect_region_is_believed_again_after_several_answers() {
    let mut t = Bench::new(policy_with(|p| p.failover.suspect_for = mins(9)));
    t.region(DUBLIN).answers(Answer::Misses);
    t.rounds(3);
    t.expect_phase(DUBLIN, Phase::Suspect);
    t.region(DUBLIN).answers(Answer::Answers);
    t.rounds(2);
    t.expect_phase(DUBLIN, Phase::Suspect);
    t.rounds(1);
    t.advance(secs(1));
    t.expect_phase(DUBLIN, Phase::Active);
}

// Broken: `blames_region` of `GitHubDown` or `GitHubBudget`.
#[test]
fn githubs_errors_and_our_own_blame_no_region() {
    let innocent =
        [Failure::GitHubBudget, Failure::GitHubDown, Failure::NameTaken, Failure::Denied, Failure::Throttled];
    assert!(innocent.iter().all(|failure| !failure.blames_region()));
    let guilty = [Failure::Capacity, Failure::Service, Failure::Stopped, Failure::Timeout, Failure::Unreachable];
    assert!(guilty.iter().all(|failure| failure.blames_region()));
}

// Broken: `count_failed_start` does not ask when the process came up: a region that comes back is blamed for the tasks that it
// lost, and given up again.
#[test]
fn tasks_that_nobody_watched_while_a_node_was_down_blame_no_region() {
    for (restarts, failed) in [(false, 2), (true, 0)] {
        let mut d = Floor::new(policy_with(|p| p.launch.start_timeout = secs(40)));
        d.starting(ticket(1, 1, FRANKFURT));
        d.starting(ticket(2, 1, FRANKFURT));
        d.advance(secs(5));
        if restarts {
            d.restart();
        }
        d.stopped(1, StopCause::FailedToStart);
        d.advance(secs(50)); // the other is overdue
        let told = d.count(|fact| matches!(fact, Fact::LaunchFailed { failure: Failure::Stopped, .. }));
        assert_eq!(told, 1, "that is told in any case");
        assert_eq!(d.load().failed, failed, "restarts: {restarts}");
    }
}
