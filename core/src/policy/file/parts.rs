//! Reads the parts of a policy: spillover, failover, launches and the rest.
//! Knows keys and limits; must not know regions.

use super::{SHORTEST, class_name, share};
use crate::document::{Context, FromNode, Key, Kind, Node, NodeReader, TableReader, Value, duration_text};
use crate::id::{MAX_REGIONS, Name};
use crate::policy::{CacheStrategy, Caps, Consistency, Failover, GitHub, Launch, Mode, Order, Share, Spillover};
use crate::policy::{SpotBreaker, Sticky};
use crate::time::Span;
use std::collections::BTreeMap;

/// The words for consistency.
pub(super) const CONSISTENCY: [(&str, Consistency); 2] =
    [("eventual", Consistency::Eventual), ("strong", Consistency::Strong)];

const ORDERS: [(&str, Order); 3] = [("priority", Order::Priority), ("latency", Order::Latency), ("cost", Order::Cost)];

const STRATEGIES: [(&str, CacheStrategy); 3] = [
    ("activeActive", CacheStrategy::ActiveActive),
    ("primarySecondary", CacheStrategy::PrimarySecondary),
    ("regionalWithIndex", CacheStrategy::RegionalWithIndex),
];

pub(super) fn spillover(t: &mut TableReader<'_>) -> Spillover {
    let d = Spillover::default();
    let shares = [("excess", Share::Excess), ("all", Share::All)];
    Spillover {
        stop_at: share(t, "stopAt", d.stop_at, "share of each start threshold at which spilling stops"),
        min_dwell: t.or("minDwell", d.min_dwell, "the least time a start or a stop stands"),
        min_samples: t.in_range("minSamples", d.min_samples, 1.., "launches below which the error rate says nothing"),
        stale_after: t.in_range("staleAfter", d.stale_after, SHORTEST.., "age at which a load report is not believed"),
        max_hops: t.in_range("maxHops", d.max_hops, 0..=(MAX_REGIONS as u8 - 1), "regions a job may be sent on to"),
        share: t.choice("share", &shares, d.share, "how much a spilling region sends away"),
        order: t.choice("order", &ORDERS, d.order, "which region is tried first"),
    }
}

pub(super) fn sticky(t: &mut TableReader<'_>) -> Sticky {
    let d = Sticky::default();
    Sticky {
        ttl: t.or("ttl", d.ttl, "how long after its last job the region of a run is remembered"),
        max_entries: t.in_range("maxEntries", d.max_entries, 1.., "runs remembered; the oldest is forgotten first"),
    }
}

pub(super) fn failover(t: &mut TableReader<'_>, regions: usize) -> Failover {
    let d = Failover::default();
    let read = Failover {
        evacuate_for: t.in_range("evacuateFor", d.evacuate_for, SHORTEST.., "how long an evacuation may take"),
        cooldown: t.or("cooldown", d.cooldown, "how long a region stays out; doubled at each return"),
        cooldown_max: t.or("cooldownMax", d.cooldown_max, "the longest cooldown"),
        probation_share: share(t, "probationShare", d.probation_share, "share of its home jobs probation begins with"),
        ramp_step: share(t, "rampStep", d.ramp_step, "what each step of the ramp adds"),
        ramp_every: t.in_range("rampEvery", d.ramp_every, SHORTEST.., "time between steps"),
        passes_to_return: t.in_range("passesToReturn", d.passes_to_return, 1.., "answered probes in a row to return"),
        flap_budget: t.in_range("flapBudget", d.flap_budget, 1.., "phase changes an hour, by region"),
        drain_deadline: t.or("drainDeadline", d.drain_deadline, "how long a planned drain honours sticky placement"),
        ..detection(t, &d)
    };
    check_failover(t, &read, regions);
    read
}

/// The keys that say when a region is unwell, and who decides.
fn detection(t: &mut TableReader<'_>, d: &Failover) -> Failover {
    let modes = [("automatic", Mode::Automatic), ("supervised", Mode::Supervised)];
    Failover {
        mode: t.choice("mode", &modes, d.mode, "who decides: the machines, or an operator"),
        approval_timeout: t
            .or("approvalTimeout", OrNever(d.approval_timeout), "how long a proposal waits for an operator")
            .0,
        probe_every: t.in_range("probeEvery", d.probe_every, SHORTEST.., "time between probes of a region"),
        probe_timeout: t.in_range("probeTimeout", d.probe_timeout, SHORTEST.., "when a probe counts as missed"),
        misses_to_suspect: t.in_range("missesToSuspect", d.misses_to_suspect, 1.., "missed probes in a row"),
        suspect_for: t.or("suspectFor", d.suspect_for, "how long a region stays suspect before it is evacuated"),
        quorum: t.in_range("quorum", d.quorum, 1..=(MAX_REGIONS as u32), "observers that must agree"),
        error_rate: share(t, "errorRate", d.error_rate, "share of failed launches that makes a region suspect"),
        min_samples: t.in_range("minSamples", d.min_samples, 1.., "launches below which that share says nothing"),
        window: t.in_range("window", d.window, SHORTEST.., "length of the window of launches"),
        ..d.clone()
    }
}

fn check_failover(t: &mut TableReader<'_>, read: &Failover, regions: usize) {
    if read.probe_timeout >= read.probe_every {
        let (timeout, every) = (duration_text(read.probe_timeout), duration_text(read.probe_every));
        let key = if t.has("probeTimeout") { "probeTimeout" } else { "probeEvery" };
        let message = format!("makes the time-out of a probe ({timeout}) no shorter than the time between ({every})");
        t.problem_at(key, &message, "make `probeTimeout` shorter than `probeEvery`");
    }
    if read.cooldown > read.cooldown_max {
        let (first, longest) = (duration_text(read.cooldown), duration_text(read.cooldown_max));
        let key = if t.has("cooldown") { "cooldown" } else { "cooldownMax" };
        let message = format!("makes the first cooldown ({first}) longer than the longest ({longest})");
        t.problem_at(key, &message, "make `cooldown` at most `cooldownMax`");
    }
    if t.has("quorum") && read.quorum as usize > regions && regions > 0 {
        let message = format!("is {}, and there are only {regions} regions to agree", read.quorum);
        t.problem_at("quorum", &message, format!("write at most {regions}"));
    }
}

pub(super) fn launch(t: &mut TableReader<'_>) -> Launch {
    let d = Launch::default();
    let read = Launch {
        retries: t.in_range("retries", d.retries, 1.., "tries in one region before the next is asked"),
        backoff: t.in_range("backoff", d.backoff, SHORTEST.., "first wait between tries; doubled at each"),
        backoff_max: t.in_range("backoffMax", d.backoff_max, SHORTEST.., "the longest wait between tries"),
        negative_cache: t.or("negativeCache", d.negative_cache, "how long refused capacity is left alone"),
        spot_breaker: t.section("spotBreaker", "spot is left alone after interruptions or refusals", spot_breaker),
        start_timeout: t.in_range("startTimeout", d.start_timeout, SHORTEST.., "a task must be online by then"),
        idle_timeout: t.in_range("idleTimeout", d.idle_timeout, SHORTEST.., "a runner without a job is surplus then"),
        give_up_after: t.in_range("giveUpAfter", d.give_up_after, SHORTEST.., "how long a job may wait for capacity"),
        max_job: t.in_range("maxJob", d.max_job, SHORTEST.., "how long a runner may work"),
    };
    if read.backoff > read.backoff_max {
        let (first, longest) = (duration_text(read.backoff), duration_text(read.backoff_max));
        let key = if t.has("backoff") { "backoff" } else { "backoffMax" };
        let message = format!("makes the first wait ({first}) longer than the longest ({longest})");
        t.problem_at(key, &message, "make `backoff` at most `backoffMax`");
    }
    read
}

fn spot_breaker(t: &mut TableReader<'_>) -> SpotBreaker {
    let d = SpotBreaker::default();
    SpotBreaker {
        count: t.in_range("count", d.count, 1.., "interruptions or refusals in the window that open the breaker"),
        window: t.in_range("window", d.window, SHORTEST.., "length of the window"),
        pause: t.or("pause", d.pause, "how long spot is left alone"),
    }
}

pub(super) fn github(t: &mut TableReader<'_>) -> GitHub {
    let d = GitHub::default();
    let registrations = "runner registrations a minute";
    GitHub {
        registrations_per_minute: t.in_range("registrationsPerMinute", d.registrations_per_minute, 1.., registrations),
        requests_per_hour: t.in_range("requestsPerHour", d.requests_per_hour, 1.., "other requests an hour"),
        reconcile_every: t.in_range(
            "reconcileEvery",
            d.reconcile_every,
            SHORTEST..,
            "time between comparisons of jobs",
        ),
        sweep_every: t.in_range("sweepEvery", d.sweep_every, SHORTEST.., "time between sweeps of failed deliveries"),
        second_look: t.or("secondLook", d.second_look, "how long an unknown job must be listed before it is placed"),
    }
}

pub(super) fn cache(t: &mut TableReader<'_>) -> CacheStrategy {
    t.choice("strategy", &STRATEGIES, CacheStrategy::default(), "which regions hold an artifact")
}

pub(super) fn caps(t: &mut TableReader<'_>, d: &Caps) -> Caps {
    let organizations = t.entries("organizations", "runners at once, by organization", |_, node| node.in_range(1..));
    let classes = t.entries("classes", "runners at once in each region, by labels joined by commas", class);
    Caps {
        organizations: organizations.into_iter().map(|(key, most)| (Name::of(&key.name), most)).collect(),
        classes: classes.into_iter().map(|(_, entry)| entry).collect::<BTreeMap<_, _>>(),
        open_jobs: t.in_range("openJobs", d.open_jobs, 1.., "open jobs a node holds"),
        ended_jobs: t.in_range("endedJobs", d.ended_jobs, 1.., "ended jobs a node remembers"),
        ended_for: t.in_range("endedFor", d.ended_for, SHORTEST.., "how long the claim of an ended job is kept"),
        surplus: share(t, "surplus", d.surplus, "surplus runners at once, as a share of the runners"),
    }
}

fn class(key: &Key, node: &mut NodeReader<'_>) -> Option<(Name, u32)> {
    let labels: Vec<&str> = key.name.split(',').collect();
    if node.node().is_some() && labels.iter().any(|label| label.trim().is_empty()) {
        node.problem(format!("`{}` has an empty label", node.path()), "write labels joined by commas");
    }
    node.in_range(1..).map(|most| (class_name(&labels), most))
}

/// A duration, or never: `null` in JSON and `"never"` in both formats, since TOML has no null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct OrNever(Option<Span>);

impl FromNode for OrNever {
    fn from_node(node: &Node, context: &mut Context) -> Option<Self> {
        match &node.value {
            Value::Null => Some(Self(None)),
            Value::Text(text) if text == "never" => Some(Self(None)),
            Value::Text(_) | Value::DateTime(_) | Value::List(_) | Value::Table(_) | Value::Bool(_) => {
                Span::from_node(node, context).map(|span| Self(Some(span)))
            }
            Value::Int(_) | Value::Float(_) => Span::from_node(node, context).map(|span| Self(Some(span))),
        }
    }

    fn kind() -> Kind {
        Kind::Nullable(Box::new(Kind::Either(vec![Span::kind(), Kind::Choice(vec!["never"])])))
    }

    fn to_value(&self) -> Value {
        self.0.as_ref().map_or(Value::Null, Span::to_value)
    }
}
