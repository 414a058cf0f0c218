//! Loss systems: a job that finds its home full is spilled at once; the share spilled against Erlang B, and against the
//! exact result for reports that are as old as they are.

use super::campaign::{RUNS, Verdict, each_run, judge};
use super::cases::{Service, read_shipped, set};
use super::exact;
use super::path::probed;
use tidegate_core::time::Span;
use tidegate_core::{Policy, RegionId};
use tidegate_reports::fold::RunMeasures;
use tidegate_reports::fold::times::Timed;
use tidegate_sim::scenario::Scenario;
use tidegate_tests::long;

/// Mean service, seconds.
const SERVICE: f64 = 3_600.0;

/// `offered` erlangs to `servers` runners, reports every `every` mean services.
#[derive(Clone, Copy, Debug)]
struct Loss {
    servers: u32,
    offered: f64,
    every: f64,
    service: Service,
}

impl Loss {
    fn name(&self) -> String {
        let Self { servers, offered, every, service } = self;
        let kind = if *service == Service::Exponential { "M" } else { "G" };
        format!("M/{kind}/{servers}/{servers} at {offered} erlangs, reports every {:.1} s", every * SERVICE)
    }

    fn scenario(&self, jobs: f64) -> Scenario {
        let mut scenario = read_shipped("erlang-b-17.toml");
        let per_hour = self.offered * 3_600.0 / SERVICE;
        set(&mut scenario, self.servers, per_hour, self.service.dist(SERVICE));
        scenario.policy = probed(&scenario.policy, Span::from_secs_f64(self.every * SERVICE));
        // A loss system forgets within a mean service or so.
        scenario.warm_up = Span::from_secs_f64(10.0 * SERVICE);
        scenario.duration = scenario.warm_up + Span::from_secs_f64(jobs / per_hour * 3_600.0);
        scenario
    }

    fn shares(&self, jobs: f64, seed: u64) -> Vec<f64> {
        let scenario = self.scenario(jobs);
        let runs = each_run(&scenario, seed, |run| [share(&scenario.policy, run), longest(run)]);
        assert!(runs.iter().all(|run| run[1] == 0.0), "nobody waits where there is always room");
        runs.iter().map(|run| run[0]).collect()
    }
}

/// The share of a run's jobs that were placed away from home.
pub(super) fn share(policy: &Policy, run: &RunMeasures) -> f64 {
    let placed = |region| run.counts().flow(RegionId::default(), region).iter().sum::<u64>() as f64;
    let all: f64 = policy.ids().map(placed).sum();
    1.0 - placed(RegionId::default()) / all
}

fn longest(run: &RunMeasures) -> f64 {
    run.times().all(Timed::Start).max().expect("jobs were measured")
}

const SYSTEMS: [(u32, f64); 6] = [(1, 0.5), (2, 1.0), (5, 4.0), (10, 7.0), (17, 14.0), (30, 30.0)];

#[test]
fn with_late_reports_the_share_spilled_is_that_of_the_chain_of_reports() {
    let (rounds, jobs) = if long() { (20, 2_000.0) } else { (3, 400.0) };
    let (mut seed, mut verdicts) = (1_000_001, Vec::new());
    for _ in 0..rounds {
        for (servers, offered) in SYSTEMS {
            for every in [0.5, 0.05] {
                let loss = Loss { servers, offered, every, service: Service::Exponential };
                let exact = exact::spilled(servers, offered, every);
                verdicts.push(Verdict::new(loss.name(), exact, &loss.shares(jobs, seed)));
                seed += RUNS;
            }
        }
    }
    judge("Share spilled, late reports", "", &verdicts);
}

#[test]
fn with_fresh_reports_the_share_spilled_is_erlang_b() {
    let (rounds, jobs, bias) = if long() { (10, 600.0, 0.005) } else { (2, 200.0, 0.01) };
    let (mut seed, mut verdicts) = (2_000_001, Vec::new());
    for _ in 0..rounds {
        for (servers, offered) in SYSTEMS {
            for service in [Service::Exponential, Service::Lognormal(1.5)] {
                // Too many by c/2 times the interval: see `exact::spilled`.
                let every = 2.0 * bias / f64::from(servers);
                let loss = Loss { servers, offered, every, service };
                let exact = exact::erlang_b(servers, offered);
                let verdict = Verdict::new(loss.name(), exact, &loss.shares(jobs, seed));
                let excess = exact::spilled(servers, offered, every) - exact;
                let half = (verdict.high - verdict.low) / 2.0;
                assert!(excess < half / 2.0, "{}: the bias {excess} is no longer small against {half}", verdict.name);
                verdicts.push(verdict);
                seed += RUNS;
            }
        }
    }
    judge("Share spilled, fresh reports", "", &verdicts);
}
