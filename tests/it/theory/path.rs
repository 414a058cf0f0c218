//! Not on average but job by job: the simulator starts each job in the very microsecond in which the queue of the
//! textbook does. The twins here are a dozen lines each and know nothing of regions, queues, probes or GitHub.

use super::cases::{Queue, Service, read_shipped, set};
use std::collections::BTreeMap;
use tidegate_core::time::{Span, Timestamp};
use tidegate_core::{Policy, RegionId};
use tidegate_sim::dist::Dist;
use tidegate_sim::load::{Arrival, Loads};
use tidegate_sim::run::{self, Keep, Outcome};
use tidegate_sim::scenario::{LoadKind, Scenario};

fn play(scenario: &Scenario, seed: u64) -> Outcome {
    let keep = Keep { jobs: true, ..Keep::default() };
    let outcome = run::run(scenario, seed, &run::frame(scenario, false), keep);
    assert!(outcome.broken.is_empty(), "{:?}", outcome.broken);
    outcome
}

/// First come, first served, by the first server that is free: Kiefer and Wolfowitz (1955).
fn first_come_first_served(servers: u32, arrivals: &[Arrival]) -> Vec<Timestamp> {
    let mut free = vec![Timestamp::ZERO; servers as usize];
    let mut starts = Vec::new();
    for arrival in arrivals {
        let server = free.iter_mut().min().expect("there are servers");
        let start = arrival.at.max(*server);
        *server = start + arrival.job.duration;
        starts.push(start);
    }
    starts
}

/// Runs a scenario of one region and holds each job's start against the twin's. Gives how many jobs waited.
fn compare(name: &str, scenario: &Scenario, seed: u64) -> usize {
    let arrivals: Vec<Arrival> = Loads::new(scenario, seed).arrivals().collect();
    let expected = first_come_first_served(scenario.policy.regions[0].max_runners, &arrivals);
    let outcome = play(scenario, seed);
    let key = |load: u16, id: u64| (load, id);
    let started: BTreeMap<_, _> =
        outcome.jobs.iter().map(|row| (key(row.load, row.external_id), (row.queued_at, row.started_at))).collect();
    let (end, mut waited) = (scenario.start + scenario.duration, 0);
    for (arrival, expected) in arrivals.iter().zip(expected) {
        let (queued_at, found) = started[&key(arrival.job.load, arrival.job.external_id)];
        assert_eq!(queued_at, arrival.at, "{name}, seed {seed}: job {} arrives", arrival.job.external_id);
        // What would start after the end has not started.
        let expected_in_time = (expected <= end).then_some(expected);
        assert_eq!(found, expected_in_time, "{name}, seed {seed}: job {} of {:?}", arrival.job.external_id, arrival.at);
        waited += usize::from(expected > arrival.at);
    }
    waited
}

#[test]
fn every_job_starts_in_the_microsecond_of_the_textbook_s_queue() {
    let services = [Service::Constant, Service::Exponential, Service::Lognormal(0.5), Service::Lognormal(1.5)];
    let mut waited = 0;
    for (servers, load) in [(1, 0.5), (1, 0.95), (2, 0.8), (17, 0.9), (100, 0.95), (100, 0.7)] {
        for (service, seed) in services.into_iter().zip(1..) {
            let queue = Queue { servers, load, service };
            waited +=
                compare(&format!("{servers} runners at {load}, {service:?}"), &queue.scenario(0.0, 2_500.0), seed);
        }
    }
    assert!(waited > 10_000, "only {waited} jobs waited: nothing was put to the test");
}

#[test]
fn batches_keep_their_order_and_several_loads_share_one_queue() {
    for (servers, seed) in [(1, 1), (3, 2), (17, 3)] {
        let queue = Queue { servers, load: 0.2, service: Service::Exponential };
        let mut scenario = queue.scenario(0.0, 400.0);
        let mut guests = scenario.loads[0].clone();
        guests.organization = "others".to_owned();
        guests.labels = vec!["gpu".to_owned()];
        scenario.loads.push(guests);
        for load in &mut scenario.loads {
            if let LoadKind::Synthetic { jobs_per_push, .. } = &mut load.kind {
                *jobs_per_push = Dist::uniform(1.0, 3.4).expect("a range"); // 2.2 on average: together a load of 0.88
            }
        }
        assert!(compare(&format!("batches to {servers} runners"), &scenario, seed) > 100);
    }
}

/// Which jobs a node sends away that counts its placements on top of the last report: those that find report and
/// placements at the limit.
fn sent_away(policy: &Policy, start: Timestamp, arrivals: &[Arrival]) -> Vec<bool> {
    let (limit, every) = (policy.regions[0].max_runners as usize, policy.failover.probe_every);
    let (mut busy_until, mut report, mut since): (Vec<Timestamp>, _, _) = (Vec::new(), 0, 0);
    let mut next_report = start;
    let mut away = Vec::new();
    for arrival in arrivals {
        while next_report <= arrival.at {
            busy_until.retain(|end| *end > next_report);
            (report, since) = (busy_until.len(), 0);
            next_report += every;
        }
        let full = report + since >= limit;
        if !full {
            since += 1;
            busy_until.push(arrival.at + arrival.job.duration);
        }
        away.push(full);
    }
    away
}

#[test]
fn a_job_is_spilled_if_and_only_if_report_and_placements_since_fill_its_home() {
    let mut spilled = 0;
    for (servers, offered, every, seed) in
        [(1, 0.7, 0.3, 1), (2, 1.5, 0.05, 2), (17, 14.0, 0.01, 3), (30, 30.0, 0.1, 4)]
    {
        let mut scenario = read_shipped("erlang-b-17.toml");
        let service = 3_600.0;
        set(&mut scenario, servers, offered, Dist::exponential(service).expect("above zero"));
        scenario.policy = probed(&scenario.policy, Span::from_secs_f64(every * service));
        scenario.duration = Span::from_secs_f64(service * 1_500.0 / offered);
        let arrivals: Vec<Arrival> = Loads::new(&scenario, seed).arrivals().collect();
        let expected = sent_away(&scenario.policy, scenario.start, &arrivals);
        let outcome = play(&scenario, seed);
        let rows: BTreeMap<_, _> = outcome.jobs.iter().map(|row| (row.external_id, row)).collect();
        for (arrival, away) in arrivals.iter().zip(expected) {
            let row = rows[&arrival.job.external_id];
            assert_eq!(row.started_at, Some(arrival.at), "nobody waits");
            assert_eq!(row.region, Some(RegionId(u8::from(away))), "{servers} runners: job {}", row.external_id);
            spilled += u32::from(away);
        }
    }
    assert!(spilled > 500, "only {spilled} jobs were spilled");
}

/// A policy with another time between reports.
pub(crate) fn probed(policy: &Policy, every: Span) -> std::sync::Arc<Policy> {
    let mut policy = policy.clone();
    policy.failover.probe_every = every;
    policy.spillover.stale_after = every * 3;
    std::sync::Arc::new(policy)
}
