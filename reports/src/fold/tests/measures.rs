//! Times, counts, availability and costs.

use super::super::counts::Count;
use super::super::times::Timed;
use super::*;
use tidegate_core::fact::WaitReason;
use tidegate_core::port::Failure;
use tidegate_core::port::runner::StopCause;

fn launch(attempt: u16, region: RegionId, regional: bool, wait: u64) -> Fact {
    let (placement, wait) = (placement(attempt), Span::from_secs(wait));
    Fact::LaunchAccepted { placement, region, home: A, regional, spot: false, wait }
}

#[test]
fn each_time_goes_to_its_measure_region_and_kind_of_job() {
    let mut run = RunMeasures::new(&frame(1));
    run.fold(at(1), &Fact::DeliveryAcked { region: A, took: Span::from_secs(1) });
    run.fold(at(2), &Fact::JobReceived { placement: placement(1), region: A, wait: Span::from_secs(2) });
    run.fold(at(3), &launch(1, A, true, 3));
    run.fold(at(4), &launch(2, B, false, 5));
    for (when, fact) in [started(50, A, A, 40), started(80, A, B, 60), completed(10, A, 40, 100)] {
        run.fold(when, &fact);
    }
    let seconds = |what| run.times().all(what).mean();
    assert_eq!(Timed::ALL.map(seconds), [1.0, 4.0, 2.0, 50.0, 100.0, 140.0].map(Some));
    assert_eq!(run.times().of(B, Timed::Start).max(), Some(60.0));
    assert_eq!(run.times().of(C, Timed::Start).count(), 0);
    assert_eq!(run.times().regional(Timed::Placement).unwrap().max(), Some(3.0));
    assert_eq!(run.times().regional(Timed::Start).unwrap().max(), Some(40.0));
    assert!(run.times().regional(Timed::Run).is_none());
    assert_eq!((run.counts().get(Count::Launches), run.counts().get(Count::Relaunches)), (2, 1));
}

#[test]
fn the_warm_up_is_not_measured_and_jobs_belong_to_the_time_they_were_queued() {
    let mut run = RunMeasures::new(&Frame { warm_up_until: at(600), ..frame(1) });
    run.fold(at(599), &queued(A));
    run.fold(at(600), &queued(A));
    for (when, fact) in [started(650, A, A, 51), started(650, A, A, 50)] {
        run.fold(when, &fact);
    }
    for (when, fact) in [completed(599, A, 51, 9), completed(600, A, 50, 10)] {
        run.fold(when, &fact);
    }
    run.fold(at(599), &placed(A, A, Reason::Home));
    run.fold(at(599), &launch(1, A, true, 1));
    let unstarted = |queued| Fact::JobUnstarted {
        job: JobId(1),
        home: A,
        regional: true,
        queued_at: at(queued),
        waited: Span::from_secs(3_600 - queued),
    };
    run.fold(at(3_600), &unstarted(599));
    run.fold(at(3_600), &unstarted(600));
    for count in [Count::JobsQueued, Count::JobsStarted, Count::JobsCompleted, Count::JobsUnstarted] {
        assert_eq!(run.counts().get(count), 1, "{count:?}");
    }
    assert_eq!(run.times().all(Timed::Start).max(), Some(50.0));
    assert_eq!(run.times().all(Timed::Run).max(), Some(10.0));
    assert_eq!(run.times().all(Timed::Placement).count(), 0);
    assert_eq!(run.counts().flow(A, A), [0; 4]);
    assert_eq!((run.availability().judged(), run.availability().share()), (2, Some(0.5)));
}

#[test]
fn placements_flow_from_home_to_region_by_reason() {
    let mut run = RunMeasures::new(&frame(1));
    for (home, region, reason) in [
        (A, A, Reason::Home),
        (A, A, Reason::Home),
        (A, B, Reason::Spillover),
        (B, B, Reason::Sticky),
        (C, B, Reason::Failover),
    ] {
        run.fold(at(1), &placed(home, region, reason));
    }
    assert_eq!(run.counts().flow(A, A), [2, 0, 0, 0]);
    assert_eq!(run.counts().placed_in(B), [0, 1, 1, 1]);
    let by_name = |name| run.counts().all().find(|(n, _)| *n == name).map(|(_, count)| count);
    assert_eq!(by_name("placementsHome"), Some(2.0));
    assert_eq!(by_name("placementsFailover"), Some(1.0));
}

#[test]
fn every_kind_of_event_is_counted_as_what_it_is() {
    let (job, region, placement) = (JobId(1), A, placement(1));
    let lost = |by_us| Fact::JobLost { job, region, queued_at: at(0), ran: Span::from_secs(5), by_us };
    let facts = [
        Fact::JobWaits { job, home: A, why: WaitReason::Capacity },
        Fact::JobWaits { job, home: A, why: WaitReason::Residency },
        Fact::JobsAdopted { node: A, count: 7 },
        Fact::SpillChanged { observer: A, region, spilling: true },
        Fact::SpillChanged { observer: A, region, spilling: false },
        Fact::PanicChanged { observer: A, panic: true },
        Fact::PanicChanged { observer: A, panic: false },
        Fact::TaskStopped { placement, region, cause: StopCause::Interrupted },
        Fact::TaskStopped { placement, region, cause: StopCause::Done },
        Fact::JobAbandoned { job, failure: Failure::Denied },
        Fact::DeliveryLost { job },
        lost(true),
        lost(false),
    ];
    let mut run = RunMeasures::new(&frame(1));
    facts.iter().for_each(|fact| run.fold(at(9), fact));
    run.count("githubRequests", 3.0);
    run.count("githubRequests", 4.0);
    let found: Vec<_> = run.counts().all().filter(|(_, count)| *count > 0.0).collect();
    let expected = [
        ("adopted", 7.0),
        ("capacityWaits", 1.0),
        ("deliveriesLost", 1.0),
        ("jobsAbandoned", 1.0),
        ("jobsLost", 2.0),
        ("jobsLostByUs", 1.0),
        ("panics", 1.0),
        ("residencyWaits", 1.0),
        ("spills", 1.0),
        ("spotInterruptions", 1.0),
        ("githubRequests", 4.0),
    ];
    assert_eq!(found, expected);
}

#[test]
fn money_is_filed_by_component_and_region_and_only_when_measured() {
    let mut run = RunMeasures::new(&Frame { warm_up_until: at(60), ..frame(1) });
    run.cost(at(59), CostComponent::Nat, Some(A), 1_000_000);
    run.cost(at(60), CostComponent::Nat, Some(A), 250_000);
    run.cost(at(61), CostComponent::Nat, Some(B), 500_000);
    run.cost(at(61), CostComponent::HealthChecks, None, 2_000_000);
    assert_eq!(run.ledger().spent(CostComponent::Nat, Some(A)), 0.25);
    assert_eq!(run.ledger().component(CostComponent::Nat), 0.75);
    assert_eq!(run.ledger().spent(CostComponent::HealthChecks, None), 2.0);
    assert_eq!(run.cost_total(), 2.75);
}

#[test]
fn facts_are_folded_without_growing() {
    let mut run = RunMeasures::new(&Frame { detail: true, ..frame(24) });
    let day = 86_400;
    for i in 0..200_000u64 {
        let second = i * day / 200_000;
        run.fold(at(second), &queued(A));
        run.fold(at(second), &placed(A, A, Reason::Home));
        let (when, fact) = started(second, A, A, i % 90);
        run.fold(when, &fact);
    }
    run.finish();
    assert_eq!(run.times().all(Timed::Start).count(), run.counts().get(Count::JobsStarted));
    assert_eq!(
        run.series.as_ref().map(|series| series.rows(&["a".into(), "b".into(), "c".into()]).len()),
        Some(288 * 3)
    );
}
