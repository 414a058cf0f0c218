//! Where a node shows itself: its view of the regions, its counts, its stories. Written by the node's own loop, read by
//! HTTP. Knows what is shown; must not know how it is drawn.

use super::shadow::ShadowStatus;
use super::stories::Stories;
use crate::metrics::Metrics;
use crate::services::Services;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tidegate_core::controller::Controller;
use tidegate_core::controller::phase::{Hold, Phase};
use tidegate_core::policy::Policy;
use tidegate_core::port::probe::Load;
use tidegate_core::port::webhook;
use tidegate_core::{Fact, JobId, RegionId, Span, Timestamp};

/// A node shows itself twice a second. One that has not for so long does not run, though its process may.
const SILENT_FOR: Span = Span::from_secs(5);

/// How old a status may be before the node writes another.
const FRESH_FOR: Span = Span::from_millis(250);

/// One region as a node sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegionStatus {
    /// Its name.
    pub name: String,
    /// Its phase.
    pub phase: Phase,
    /// The operator's hold.
    pub hold: Hold,
    /// Whether it spills.
    pub spilling: bool,
    /// Its load by its last report; this node's own region: now.
    pub load: Load,
    /// Which of its services answer its node, by the latest probe; `None`: it was not answered, or does not say.
    pub services: Option<Services>,
    /// Messages of its queue that were received and not deleted, by the latest probe; `None` as above.
    pub in_flight: Option<u32>,
}

/// What a probe tells beside a region's load: which services answer, and messages in flight.
type Probed = (Option<Services>, Option<u32>);

/// What a node shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The region it stands in.
    pub node: String,
    /// When this was written.
    pub at: Timestamp,
    /// Whether it believes no phase at all.
    pub panic: bool,
    /// Jobs it holds: queued and running.
    pub open_jobs: usize,
    /// Whether its region is lost (embedded mode).
    pub lost: bool,
    /// The regions, by priority.
    pub regions: Vec<RegionStatus>,
    /// The policy tried in the shadow, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shadow: Option<ShadowStatus>,
}

/// Where a node shows itself.
#[derive(Debug)]
pub struct Board {
    status: Mutex<Arc<Status>>,
    stories: Mutex<Stories>,
    /// What the latest probe of each region told beside its load.
    probed: Mutex<BTreeMap<RegionId, Probed>>,
    policy: Mutex<Arc<Policy>>,
    journal_well: AtomicBool,
    /// Numbers for Prometheus.
    pub metrics: Metrics,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Board {
    /// An empty one for the node in the region `own`.
    #[must_use]
    pub fn new(policy: Arc<Policy>, own: &str) -> Self {
        Self {
            status: Mutex::default(),
            stories: Mutex::default(),
            probed: Mutex::default(),
            metrics: Metrics::new(&policy, own),
            policy: Mutex::new(policy),
            journal_well: AtomicBool::new(true),
        }
    }

    /// What the node showed last.
    #[must_use]
    pub fn status(&self) -> Arc<Status> {
        Arc::clone(&lock(&self.status))
    }

    /// The load of the node's own region when it showed itself last, but for the messages that wait in its queue.
    #[must_use]
    pub fn load(&self) -> Load {
        let status = self.status();
        let own = status.regions.iter().find(|region| region.name == status.node);
        own.map_or_else(Load::default, |region| Load { at: status.at, ..region.load })
    }

    /// The policy in force.
    #[must_use]
    pub fn policy_in_force(&self) -> Arc<Policy> {
        Arc::clone(&lock(&self.policy))
    }

    /// A job's facts, oldest first; `None` when they are not remembered.
    #[must_use]
    pub fn story(&self, job: JobId) -> Option<Vec<(Timestamp, Fact)>> {
        lock(&self.stories).of(job)
    }

    /// The latest decisions, newest first.
    #[must_use]
    pub fn latest(&self) -> Vec<(Timestamp, Fact)> {
        lock(&self.stories).latest()
    }

    /// Whether the node takes work: it shows itself, its journal can be written, its region is not lost. A node whose disk
    /// hangs shows nothing.
    #[must_use]
    pub fn is_ready(&self, now: Timestamp) -> bool {
        let status = self.status();
        self.journal_well.load(Ordering::Acquire) && now.since(status.at) < SILENT_FOR && !status.lost
    }

    /// What a probe of a region told beside its load; `None`: it was not answered.
    pub(crate) fn note_probe(&self, region: RegionId, told: Option<Probed>) {
        lock(&self.probed).insert(region, told.unwrap_or_default());
    }

    pub(super) fn fact(&self, at: Timestamp, fact: &Fact) {
        lock(&self.stories).fact(at, fact);
        let policy = self.policy_in_force();
        self.metrics.fact(at, fact, &policy);
        log(fact, &policy);
    }

    pub(super) fn webhook(&self, event: &webhook::Event) {
        let told = lock(&self.stories).webhook(event);
        if let Some((wait, region)) = told {
            let policy = self.policy_in_force();
            self.metrics.started(wait, region.map(|region| policy.region(region).name.as_str()));
        }
    }

    pub(super) fn turn(&self, dispatcher: bool) {
        self.metrics.turn(dispatcher);
    }

    pub(super) fn policy(&self, policy: &Arc<Policy>) {
        *lock(&self.policy) = Arc::clone(policy);
    }

    pub(super) fn set_journal(&self, well: bool, bytes: u64) {
        self.journal_well.store(well, Ordering::Release);
        self.metrics.journal(bytes);
    }

    pub(super) fn is_old(&self, now: Timestamp) -> bool {
        now.since(self.status().at) >= FRESH_FOR
    }

    pub(super) fn publish(&self, mut status: Status) {
        for (id, (services, in_flight)) in lock(&self.probed).iter() {
            if let Some(region) = status.regions.get_mut(id.index()) {
                (region.services, region.in_flight) = (*services, *in_flight);
            }
        }
        *lock(&self.status) = Arc::new(status);
        self.metrics.status(&self.status(), &self.load());
    }
}

/// What a node sees now.
pub(super) fn status(
    controller: &Controller,
    own: &Load,
    lost: bool,
    shadow: Option<ShadowStatus>,
    now: Timestamp,
) -> Status {
    let policy = controller.policy();
    let region = |id| RegionStatus {
        name: policy.region(id).name.clone(),
        phase: controller.phase(id),
        hold: controller.hold(id),
        spilling: controller.spilling(id),
        // A dispatcher does not know how much waits in its queue; the node's own probe does.
        load: if id == controller.me() {
            let probed = controller.load_of(id);
            Load { waiting: probed.waiting, at: probed.at, ..*own }
        } else {
            controller.load_of(id)
        },
        services: None,
        in_flight: None,
    };
    Status {
        node: policy.region(controller.me()).name.clone(),
        at: now,
        panic: controller.in_panic(),
        open_jobs: controller.open_jobs(),
        lost,
        regions: policy.ids().map(region).collect(),
        shadow,
    }
}

/// INFO is a change of phase or routing, WARN is worth waking somebody; the rest is for whoever looks closely.
#[expect(clippy::wildcard_enum_match_arm, reason = "a choice of a few; the rest is logged as it is")]
fn log(fact: &Fact, policy: &Policy) {
    let name = |region: &RegionId| policy.region(*region).name.as_str();
    match fact {
        Fact::PhaseChanged { region, from, to, cause, .. } => {
            tracing::info!(region = name(region), ?from, ?to, ?cause, "phase changed");
        }
        Fact::HoldChanged { region, hold, .. } => tracing::info!(region = name(region), ?hold, "hold changed"),
        Fact::SpillChanged { region, spilling, .. } => {
            tracing::info!(region = name(region), spilling, "spillover changed");
        }
        Fact::FailoverProposed { region, .. } => {
            tracing::warn!(region = name(region), "a failover is proposed: approve or reject it");
        }
        Fact::PanicChanged { panic: true, .. } => tracing::warn!("all regions look bad: none of it is believed"),
        Fact::PanicChanged { panic: false, .. } => tracing::info!("regions are believed again"),
        Fact::JobAbandoned { job, failure } => tracing::warn!(job = job.0, ?failure, "a job is given up"),
        Fact::JobsAdopted { count, .. } => tracing::info!(count, "jobs of a lost region are taken over"),
        other => tracing::debug!(fact = ?other, "fact"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_core::machine::{Host, Journal, Ports};
    use tidegate_core::policy::Region;
    use tidegate_core::port::probe;
    use tidegate_core::{PlacementId, controller};

    const ME: RegionId = RegionId(0);

    struct Nothing;

    impl Ports<controller::Effect> for Nothing {
        fn submit(&mut self, _: Timestamp, _: controller::Effect) {}
    }

    impl Journal<controller::Event> for Nothing {
        fn event(&mut self, _: Timestamp, _: &controller::Event) {}
        fn fact(&mut self, _: Timestamp, _: &Fact) {}
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp(1_800_000_000_000_000 + seconds * 1_000_000)
    }

    /// What the node of the first region shows while so many messages wait in its queue.
    fn shown(policy: &Arc<Policy>, waiting: u32, now: Timestamp) -> Status {
        let mut host = Host::new(Controller::new(Arc::clone(policy), ME, 1, at(0)), at(0));
        host.turn(at(0), controller::Event::Started, &mut Nothing, &mut Nothing);
        let load = Load { waiting, ..Load::default() };
        let probed = probe::Event::Answered { region: ME, sequence: 1, load, services_well: true };
        host.turn(at(0), controller::Event::Probe(probed), &mut Nothing, &mut Nothing);
        let own = Load { running: 2, ..Load::default() }; // as a dispatcher tells it
        status(host.machine(), &own, false, None, now)
    }

    // Broken: `status` shows the dispatcher's load alone, which knows of no queue: a full queue was shown as empty, and
    // `verify` called a drain complete.
    #[test]
    fn what_waits_in_the_own_queue_is_shown() {
        let policy = Arc::new(Policy::of_regions(vec![Region::new("us-east-1", 1)]));
        let status = shown(&policy, 7, at(0));
        assert_eq!((status.regions[0].load.waiting, status.regions[0].load.running), (7, 2));
    }

    // Broken: a node tells others of its load as of its own last probe, which it answers by what it told before: after
    // `staleAfter` its report was old for good, and `verify` called no drain complete.
    #[test]
    fn what_a_node_tells_of_its_load_is_of_now() {
        let policy = Arc::new(Policy::of_regions(vec![Region::new("us-east-1", 1)]));
        let board = Board::new(Arc::clone(&policy), "us-east-1");
        for seconds in [10, 3_600] {
            board.publish(shown(&policy, 0, at(seconds)));
            assert_eq!(board.load().at, at(seconds));
        }
    }

    // Broken: the gauge is the age of the message received last: it stood still while nothing was received, and stayed high
    // when all had been.
    #[test]
    fn the_oldest_message_ages_while_it_waits() {
        let policy = Arc::new(Policy::of_regions(vec![Region::new("us-east-1", 1)]));
        let board = Board::new(Arc::clone(&policy), "us-east-1");
        let age = |waiting: u32, seconds: u64| {
            board.publish(shown(&policy, waiting, at(seconds)));
            let text = board.metrics.text();
            let line = text.lines().find(|line| line.starts_with("tidegate_queue_oldest_age_seconds{"));
            line.and_then(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).expect("a number")
        };
        assert_eq!([age(0, 10), age(3, 15), age(3, 40), age(0, 50), age(1, 55)], [0, 5, 30, 0, 5]);
        let placement = PlacementId { job: JobId(1), run_attempt: 1, attempt: 1 };
        board.fact(at(80), &Fact::JobReceived { placement, region: ME, wait: Span::from_secs(20) });
        assert_eq!([age(1, 80), age(0, 81)], [20, 0], "what was sent later than that is younger");
    }
}
