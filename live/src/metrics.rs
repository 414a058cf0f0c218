//! Numbers for Prometheus. Knows names, labels and buckets; must not know HTTP or what to make of a number.

use crate::node::Status;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::sync::atomic::{AtomicU64, Ordering};
use tidegate_core::controller::phase::{Hold, Phase};
use tidegate_core::policy::Policy;
use tidegate_core::port::Failure;
use tidegate_core::port::probe::Load;
use tidegate_core::{Fact, Span, Timestamp};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EncodeLabelSet)]
struct One {
    region: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EncodeLabelSet)]
struct Service {
    region: String,
    service: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EncodeLabelSet)]
struct InPhase {
    region: String,
    phase: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EncodeLabelSet)]
struct InHold {
    region: String,
    hold: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EncodeLabelSet)]
struct Because {
    region: String,
    reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EncodeLabelSet)]
struct Came {
    region: String,
    result: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EncodeLabelSet)]
struct Heard {
    event: String,
    result: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EncodeLabelSet)]
struct Of {
    state: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EncodeLabelSet)]
struct By {
    machine: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EncodeLabelSet)]
struct FailedBy {
    port: String,
    failure: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EncodeLabelSet)]
struct In {
    organization: String,
}

type Histograms = Family<One, Histogram, fn() -> Histogram>;

/// Buckets for what takes milliseconds: from 0.25 ms, doubled, to 8 s.
fn short() -> Histogram {
    Histogram::new((0..16).map(|n| 0.000_25 * f64::from(1u32 << n)))
}

/// Buckets for what takes seconds to hours: from 0.25 s, doubled, to 2 h 16 min.
fn long() -> Histogram {
    Histogram::new((0..16).map(|n| 0.25 * f64::from(1u32 << n)))
}

/// All numbers of a node.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    own: String,
    ack: Histogram,
    placement: Histograms,
    start: Histograms,
    queue_depth: Family<One, Gauge>,
    queue_oldest: Family<One, Gauge>,
    queue_in_flight: Family<One, Gauge>,
    service_well: Family<Service, Gauge>,
    /// Before this time, in microseconds, nothing was sent that waits in the own queue, as far as this process knows; 0: it
    /// knows nothing yet.
    waits_since: AtomicU64,
    phase: Family<InPhase, Gauge>,
    hold: Family<InHold, Gauge>,
    spilling: Family<One, Gauge>,
    panic: Gauge,
    open_jobs: Gauge,
    tasks: Family<Of, Gauge>,
    requests_left: Family<In, Gauge>,
    registrations_left: Family<In, Gauge>,
    journal_bytes: Gauge,
    inbox_depth: Gauge,
    placements: Family<Because, Counter>,
    launches: Family<Came, Counter>,
    webhooks: Family<Heard, Counter>,
    surplus: Counter,
    name_taken: Counter,
    abandoned: Counter,
    turns: Family<By, Counter>,
    failed: Family<FailedBy, Counter>,
}

/// A word as our files write it: `awaitingApproval`.
fn word(value: impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(_) | Err(_) => String::new(),
    }
}

impl Metrics {
    /// Numbers of the node in the region `own`, all at nothing.
    #[must_use]
    pub fn new(policy: &Policy, own: &str) -> Self {
        let mut all = Self {
            registry: Registry::with_prefix("tidegate"),
            own: own.to_owned(),
            ack: short(),
            placement: Family::new_with_constructor(long),
            start: Family::new_with_constructor(long),
            queue_depth: Family::default(),
            queue_oldest: Family::default(),
            queue_in_flight: Family::default(),
            service_well: Family::default(),
            waits_since: AtomicU64::new(0),
            phase: Family::default(),
            hold: Family::default(),
            spilling: Family::default(),
            panic: Gauge::default(),
            open_jobs: Gauge::default(),
            tasks: Family::default(),
            requests_left: Family::default(),
            registrations_left: Family::default(),
            journal_bytes: Gauge::default(),
            inbox_depth: Gauge::default(),
            placements: Family::default(),
            launches: Family::default(),
            webhooks: Family::default(),
            surplus: Counter::default(),
            name_taken: Counter::default(),
            abandoned: Counter::default(),
            turns: Family::default(),
            failed: Family::default(),
        };
        all.register();
        for region in &policy.regions {
            let one = One { region: region.name.clone() };
            drop(all.placement.get_or_create(&one)); // there from the first scrape on
            drop(all.queue_depth.get_or_create(&one));
        }
        all
    }

    fn register(&mut self) {
        let r = &mut self.registry;
        r.register("ack_seconds", "Webhook received to answered", self.ack.clone());
        r.register("placement_seconds", "Webhook received to launch accepted", self.placement.clone());
        r.register("start_seconds", "Job queued at GitHub to in progress", self.start.clone());
        r.register("queue_depth", "Messages waiting", self.queue_depth.clone());
        r.register("queue_oldest_age_seconds", "Age of the oldest message at the most", self.queue_oldest.clone());
        r.register("queue_in_flight", "Messages received and not deleted", self.queue_in_flight.clone());
        r.register("service_well", "1 while a region's service answers its node", self.service_well.clone());
        r.register("region_phase", "1 for the phase that a region is in", self.phase.clone());
        r.register("region_hold", "1 for the hold that a region is at", self.hold.clone());
        r.register("region_spilling", "1 while a region spills", self.spilling.clone());
        r.register("panic", "1 while no phase is believed", self.panic.clone());
        r.register("open_jobs", "Jobs held, queued and running", self.open_jobs.clone());
        r.register("tasks", "Tasks of this region", self.tasks.clone());
        r.register("github_requests_left", "Requests left this hour", self.requests_left.clone());
        r.register("github_registrations_left", "Registrations left now", self.registrations_left.clone());
        r.register("journal_bytes", "Bytes of the segment being written", self.journal_bytes.clone());
        r.register("inbox_depth", "Webhooks waiting for their turn", self.inbox_depth.clone());
        r.register("placements", "Placements by region and reason", self.placements.clone());
        r.register("launches", "Launches by result", self.launches.clone());
        r.register("webhooks", "Webhooks by event and result", self.webhooks.clone());
        r.register("surplus_runners", "Runners that no job took, taken back", self.surplus.clone());
        r.register("name_taken", "Registrations that met a runner of the same name", self.name_taken.clone());
        r.register("jobs_abandoned", "Jobs given up", self.abandoned.clone());
        r.register("turns", "Turns of the machines", self.turns.clone());
        r.register("effects_failed", "Calls that failed", self.failed.clone());
    }

    /// The text that Prometheus scrapes.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing to memory does not fail");
        text
    }

    /// A webhook was answered after so many seconds.
    pub fn webhook(&self, event: &str, result: &str, took: f64) {
        let known = ["workflow_job", "workflow_run", "ping"].contains(&event);
        let event = if known { event } else { "other" }; // a label is not for strangers to write on
        self.webhooks.get_or_create(&Heard { event: event.to_owned(), result: result.to_owned() }).inc();
        self.ack.observe(took);
    }

    /// Webhooks that wait for their turn.
    pub fn inbox(&self, depth: usize) {
        self.inbox_depth.set(depth as i64);
    }

    /// A call failed.
    pub fn failed(&self, port: &str, failure: Failure) {
        self.failed.get_or_create(&FailedBy { port: port.to_owned(), failure: word(failure) }).inc();
    }

    /// What is left of an organization's budget at GitHub.
    pub fn budget(&self, organization: &str, requests: u32, registrations: u32) {
        let of = In { organization: organization.to_owned() };
        self.requests_left.get_or_create(&of).set(i64::from(requests));
        self.registrations_left.get_or_create(&of).set(i64::from(registrations));
    }

    pub(crate) fn turn(&self, dispatcher: bool) {
        let machine = if dispatcher { "dispatcher" } else { "controller" };
        self.turns.get_or_create(&By { machine: machine.to_owned() }).inc();
    }

    pub(crate) fn journal(&self, bytes: u64) {
        self.journal_bytes.set(bytes as i64);
    }

    /// A job is in progress, so long after it was queued. `region`: where it was placed, or not known.
    pub(crate) fn started(&self, wait: Span, region: Option<&str>) {
        let region = region.unwrap_or(&self.own).to_owned();
        self.start.get_or_create(&One { region }).observe(wait.as_secs_f64());
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "what is not counted")]
    pub(crate) fn fact(&self, at: Timestamp, fact: &Fact, policy: &Policy) {
        let one = |region: &tidegate_core::RegionId| policy.region(*region).name.clone();
        match fact {
            Fact::JobPlaced { decision, .. } => {
                let of = Because { region: one(&decision.region), reason: word(decision.reason) };
                self.placements.get_or_create(&of).inc();
            }
            Fact::JobReceived { wait, .. } => {
                self.waits_since.fetch_max(at.0.saturating_sub(wait.0), Ordering::Relaxed);
            }
            Fact::LaunchAccepted { region, wait, .. } => {
                let region = one(region);
                self.placement.get_or_create(&One { region: region.clone() }).observe(wait.as_secs_f64());
                self.launches.get_or_create(&Came { region, result: "accepted".to_owned() }).inc();
            }
            Fact::LaunchFailed { region, failure, .. } => {
                self.launches.get_or_create(&Came { region: one(region), result: word(failure) }).inc();
            }
            Fact::SurplusReaped { .. } => {
                self.surplus.inc();
            }
            Fact::NameTaken { .. } => {
                self.name_taken.inc();
            }
            Fact::JobAbandoned { .. } => {
                self.abandoned.inc();
            }
            _ => {}
        }
    }

    pub(crate) fn status(&self, status: &Status, own: &Load) {
        for region in &status.regions {
            let one = One { region: region.name.clone() };
            self.queue_depth.get_or_create(&one).set(i64::from(region.load.waiting));
            if region.name == self.own {
                // What waits was sent after the queue was empty, and not before what was received last.
                let known = self.waits_since.load(Ordering::Relaxed);
                let since = if region.load.waiting == 0 || known == 0 { status.at.0 } else { known };
                self.waits_since.fetch_max(since, Ordering::Relaxed);
                self.queue_oldest.get_or_create(&one).set((status.at.0.saturating_sub(since) / 1_000_000) as i64);
            }
            self.spilling.get_or_create(&one).set(i64::from(region.spilling));
            if let Some(in_flight) = region.in_flight {
                self.queue_in_flight.get_or_create(&one).set(i64::from(in_flight));
            }
            for (service, well) in region.services.unwrap_or_default().each() {
                let of = Service { region: region.name.clone(), service: service.replace(' ', "_") };
                if region.services.is_some() {
                    self.service_well.get_or_create(&of).set(i64::from(well));
                } else {
                    self.service_well.remove(&of); // not known is neither
                }
            }
            for phase in Phase::ALL {
                let of = InPhase { region: region.name.clone(), phase: word(phase) };
                self.phase.get_or_create(&of).set(i64::from(region.phase == phase));
            }
            for hold in [Hold::Open, Hold::Draining, Hold::Drained] {
                let of = InHold { region: region.name.clone(), hold: word(hold) };
                self.hold.get_or_create(&of).set(i64::from(region.hold == hold));
            }
        }
        self.panic.set(i64::from(status.panic));
        self.open_jobs.set(status.open_jobs as i64);
        for (state, count) in [("starting", own.starting), ("running", own.running)] {
            self.tasks.get_or_create(&Of { state: state.to_owned() }).set(i64::from(count));
        }
    }
}
