//! The cases: queues with exact results, as scenarios over the shipped ones. Knows how long a run must be; must not
//! know how results are judged.

use super::exact;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tidegate_core::time::Span;
use tidegate_sim::dist::Dist;
use tidegate_sim::scenario::file::{Overrides, read};
use tidegate_sim::scenario::{Arrivals, LoadKind, Scenario};

/// Mean service of the waiting systems, seconds.
pub(crate) const SERVICE: f64 = 60.0;

/// How long jobs run, in mean services.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Service {
    Constant,
    Exponential,
    /// By its coefficient of variation.
    Lognormal(f64),
}

/// A waiting system: Poisson arrivals, one queue, `servers` runners.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Queue {
    pub(crate) servers: u32,
    pub(crate) load: f64,
    pub(crate) service: Service,
}

/// The path of a shipped scenario.
pub(crate) fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/theory").join(name)
}

/// A shipped scenario.
pub(crate) fn read_shipped(name: &str) -> Scenario {
    read(&shipped(name), Overrides::default()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

impl Service {
    /// Standard deviation over mean.
    pub(crate) fn cv(self) -> f64 {
        match self {
            Self::Constant => 0.0,
            Self::Exponential => 1.0,
            Self::Lognormal(cv) => cv,
        }
    }

    pub(crate) fn dist(self, mean: f64) -> Dist {
        match self {
            Self::Constant => Ok(Dist::constant(mean)),
            Self::Exponential => Dist::exponential(mean),
            Self::Lognormal(cv) => {
                let sigma = exact::lognormal_sigma(cv);
                Dist::lognormal(mean * (-sigma * sigma / 2.0).exp(), sigma)
            }
        }
        .expect("parameters of a distribution")
    }
}

impl Queue {
    pub(crate) fn name(&self) -> String {
        let Self { servers, load, service } = self;
        match service {
            Service::Constant => format!("M/D/{servers} at {load:.2}"),
            Service::Exponential => format!("M/M/{servers} at {load:.2}"),
            Service::Lognormal(cv) => format!("M/G/{servers} cv {cv:.1} at {load:.2}"),
        }
    }

    /// The exact mean wait, seconds.
    pub(crate) fn wait(&self) -> f64 {
        SERVICE
            * match self.service {
                Service::Exponential => exact::wait_mmc(self.servers, self.load),
                Service::Constant | Service::Lognormal(_) => {
                    assert!(self.servers == 1, "no closed form for M/G/c");
                    exact::wait_mg1(self.service.cv(), self.load)
                }
            }
    }

    /// The exact share of jobs that wait at all.
    pub(crate) fn delayed(&self) -> f64 {
        if self.servers == 1 { self.load } else { exact::erlang_c(self.servers, self.load * f64::from(self.servers)) }
    }

    /// The time in which the queue forgets where it began, counted in arrivals: `1 / (c mu (1 - sqrt(rho))^2)` of
    /// M/M/c (Cohen, The Single Server Queue, 1982; of M/G/1 with the spread of its services), a service at least.
    pub(crate) fn memory(&self) -> f64 {
        let spread = f64::midpoint(1.0, self.service.cv().powi(2));
        let busy = self.load / (1.0 - self.load.sqrt()).powi(2) * spread.max(1.0);
        busy.max(self.load * f64::from(self.servers))
    }

    /// The scenario in which jobs arrive for `warm_up` and then `jobs` more.
    pub(crate) fn scenario(&self, warm_up: f64, jobs: f64) -> Scenario {
        let mut scenario = read_shipped("mm1-load-50.toml");
        let per_hour = self.load * f64::from(self.servers) * 3_600.0 / SERVICE;
        set(&mut scenario, self.servers, per_hour, self.service.dist(SERVICE));
        let hours = |jobs: f64| Span::from_secs_f64(jobs / per_hour * 3_600.0);
        (scenario.warm_up, scenario.duration) = (hours(warm_up), hours(warm_up + jobs));
        scenario
    }
}

/// Puts other numbers into a scenario with one load: runners of the first region, pushes an hour, job durations.
pub(crate) fn set(scenario: &mut Scenario, servers: u32, per_hour: f64, durations: Dist) {
    Arc::make_mut(&mut scenario.policy).regions[0].max_runners = servers;
    let LoadKind::Synthetic { arrivals, job_duration, .. } = &mut scenario.loads[0].kind else {
        panic!("the load is synthetic")
    };
    *arrivals = Arrivals::Poisson { per_hour };
    *job_duration = durations;
}
