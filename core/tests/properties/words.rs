//! What may happen to a machine, plausible and not, as strategies. Knows the ports' words; must not know what a machine
//! makes of them.

use proptest::prelude::*;
use proptest::sample::select;
use std::sync::Arc;
use tidegate_core::controller::{self};
use tidegate_core::dispatcher::{self};
use tidegate_core::id::{JobId, MAX_REGIONS, Name, PlacementId, RegionId, RunId};
use tidegate_core::policy::{Consistency, Mode, Policy, Region, Share};
use tidegate_core::port::confirm::Verdict;
use tidegate_core::port::dequeue::{Message, Receipt};
use tidegate_core::port::operator::{Order, Verb};
use tidegate_core::port::probe::Load;
use tidegate_core::port::runner::StopCause;
use tidegate_core::port::table::{Claim, NodeRecord, Opinion, Standing};
use tidegate_core::port::{
    Failure, JobSpec, Reason, Stage, Ticket, confirm, dequeue, enqueue, github, notice, operator, probe, runner, table,
    webhook,
};
use tidegate_core::{Need, Ratio, RegionSet, Span, Timestamp};

pub(crate) const START: Timestamp = Timestamp(1_795_528_800_000_000);

/// What happens next.
#[derive(Clone, Debug)]
pub(crate) enum Next<E> {
    /// Anything.
    Any(E),
    /// An answer to one of the effects that are under way, by its place among them; good or bad.
    Answer(usize, u8),
    /// The machine's own deadline.
    Due,
}

/// The story of one machine: how long after the one before, and what.
pub(crate) type Story<E> = Vec<(Span, Next<E>)>;

// -- the world's words, plausible and not

pub(crate) fn region() -> impl Strategy<Value = RegionId> {
    (0..3u8).prop_map(RegionId)
}

fn job() -> impl Strategy<Value = JobId> {
    (1..12u64).prop_map(JobId)
}

fn placement() -> impl Strategy<Value = PlacementId> {
    (job(), 1..3u16, 1..4u16).prop_map(|(job, run_attempt, attempt)| PlacementId { job, run_attempt, attempt })
}

fn failure() -> impl Strategy<Value = Failure> {
    use Failure::{
        Capacity, Denied, GitHubBudget, GitHubDown, NameTaken, Service, Stopped, Throttled, Timeout, Unreachable,
    };
    select(vec![
        Capacity,
        Denied,
        GitHubBudget,
        GitHubDown,
        NameTaken,
        Service,
        Stopped,
        Throttled,
        Timeout,
        Unreachable,
    ])
}

fn stage() -> impl Strategy<Value = Stage> {
    select(vec![Stage::Placed, Stage::Started, Stage::Ended])
}

fn organization() -> impl Strategy<Value = Name> {
    select(vec![Name::of("patient-studio"), Name::of("europe-team")])
}

fn moment() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        4 => (0..7_200u64).prop_map(|s| START + Span::from_secs(s)),
        1 => select(vec![Timestamp::ZERO, Timestamp::MAX, START - Span::from_hours(50)]),
    ]
}

fn spec() -> impl Strategy<Value = JobSpec> {
    (job(), 1..4u64, 1..3u16, organization(), any::<bool>(), moment(), 0..3u32).prop_map(
        |(job, run, run_attempt, organization, spot, queued_at, size)| JobSpec {
            job,
            run: RunId(run),
            run_attempt,
            organization,
            repository: Name::of("patient-studio/app"),
            sender: None,
            class: Name(u64::from(size)),
            need: Need { vcpu_milli: 2_000 << (size * 2), spot, ..Need::default() },
            queued_at,
        },
    )
}

fn ticket() -> impl Strategy<Value = Ticket> {
    (placement(), spec(), region(), region(), 0..8u8, moment()).prop_map(
        |(placement, spec, region, home, tried, received_at)| Ticket {
            placement,
            run: spec.run,
            organization: spec.organization,
            repository: spec.repository,
            class: spec.class,
            need: spec.need,
            region,
            home,
            reason: Reason::Home,
            regional: true,
            hops: 0,
            tried: RegionSet(tried),
            queued_at: spec.queued_at,
            received_at,
        },
    )
}

fn standing() -> impl Strategy<Value = Standing> {
    (1..3u16, 0..9u16, region(), stage(), proptest::option::of(job())).prop_map(
        |(run_attempt, attempt, region, stage, taken_by)| Standing { run_attempt, attempt, region, stage, taken_by },
    )
}

fn load() -> impl Strategy<Value = Load> {
    let number = || prop_oneof![5 => 0..60u32, 1 => Just(u32::MAX)];
    (moment(), number(), number(), number(), number(), number()).prop_map(
        |(at, waiting, starting, running, launches, failed)| Load {
            at,
            waiting,
            starting,
            running,
            limit: 40,
            launches,
            failed,
        },
    )
}

fn record() -> impl Strategy<Value = NodeRecord> {
    let opinion = select(vec![Opinion::Unknown, Opinion::Well, Opinion::Unwell]);
    let order = proptest::option::weighted(
        0.2,
        (moment(), region(), verb()).prop_map(|(at, node, verb)| Order { at, node, verb }),
    );
    (moment(), 0..200u64, proptest::collection::vec((opinion, order), 3), load()).prop_map(
        |(written_at, version, said, load)| {
            let mut record = NodeRecord { written_at, version, load, ..NodeRecord::default() };
            for (at, (opinion, order)) in said.into_iter().enumerate() {
                (record.opinions[at], record.orders[at]) = (opinion, order);
            }
            record
        },
    )
}

fn verb() -> impl Strategy<Value = Verb> {
    select(vec![Verb::Approve, Verb::Drain, Verb::Evacuate, Verb::Reject, Verb::Resume])
}

// -- what a controller hears

fn github_event() -> impl Strategy<Value = controller::Event> {
    let runner = || proptest::option::of(placement());
    prop_oneof![
        5 => spec().prop_map(|spec| webhook::Event::JobQueued { spec }),
        3 => (spec(), runner()).prop_map(|(spec, runner)| webhook::Event::JobStarted {
            job: spec.job, run_attempt: spec.run_attempt, organization: spec.organization, runner, started_at: spec.queued_at,
        }),
        3 => (spec(), runner()).prop_map(|(spec, runner)| webhook::Event::JobCompleted {
            job: spec.job, run_attempt: spec.run_attempt, organization: spec.organization, runner, completed_at: spec.queued_at,
        }),
    ]
    .prop_map(controller::Event::Webhook)
}

fn table_event() -> impl Strategy<Value = controller::Event> {
    let claim =
        (ticket(), standing(), region()).prop_map(|(ticket, standing, writer)| Claim { ticket, standing, writer });
    prop_oneof![
        4 => placement().prop_map(|placement| table::Event::Claimed { placement }),
        3 => (placement(), standing()).prop_map(|(placement, standing)| table::Event::Conflict { placement, standing }),
        2 => (placement(), failure()).prop_map(|(placement, failure)| table::Event::ClaimFailed { placement, failure }),
        2 => (job(), proptest::option::of(standing())).prop_map(|(job, standing)| table::Event::Stands { job, standing }),
        3 => proptest::collection::vec(proptest::option::of(record()), 3).prop_map(|list| {
            let mut records = [None; MAX_REGIONS];
            records[..3].copy_from_slice(&list);
            table::Event::Records { records: Box::new(records) }
        }),
        2 => (proptest::collection::vec(claim, 0..6), any::<bool>()).prop_map(|(claims, more)| table::Event::Open { claims, more }),
        1 => select(vec![table::Event::ExchangeFailed, table::Event::ListFailed]),
    ]
    .prop_map(controller::Event::Table)
}

pub(crate) fn controller_event() -> impl Strategy<Value = controller::Event> {
    use controller::Event;
    prop_oneof![
        5 => github_event(),
        5 => table_event(),
        2 => placement().prop_map(|placement| Event::Enqueue(enqueue::Event::Sent { placement })),
        2 => (placement(), region(), failure())
            .prop_map(|(placement, region, failure)| Event::Enqueue(enqueue::Event::Failed { placement, region, failure })),
        2 => (ticket(), failure()).prop_map(|(ticket, failure)| Event::Notice(notice::Event::PlacementFailed { ticket, failure })),
        1 => (region(), verb()).prop_map(|(region, verb)| Event::Operator(operator::Event { region, verb })),
        6 => (region(), 0..60u32, load(), any::<bool>()).prop_map(|(region, sequence, load, services_well)| {
            Event::Probe(probe::Event::Answered { region, sequence, load, services_well })
        }),
        6 => (region(), 0..60u32).prop_map(|(region, sequence)| Event::Probe(probe::Event::Missed { region, sequence })),
        1 => (proptest::collection::vec(spec(), 0..8), any::<bool>())
            .prop_map(|(jobs, complete)| Event::GitHub(github::Event::Queued { jobs, complete })),
        1 => failure().prop_map(|failure| Event::GitHub(github::Event::Failed { failure })),
        1 => Just(Event::Started),
        8 => Just(Event::Wake),
    ]
}

// -- what a dispatcher hears

fn runner_event() -> impl Strategy<Value = dispatcher::Event> {
    use runner::Event;
    let cause = select(vec![
        StopCause::Done,
        StopCause::FailedToStart,
        StopCause::Interrupted,
        StopCause::Lost,
        StopCause::Requested,
    ]);
    prop_oneof![
        4 => placement().prop_map(|placement| Event::Registered { placement }),
        2 => (placement(), failure()).prop_map(|(placement, failure)| Event::RegisterFailed { placement, failure }),
        4 => placement().prop_map(|placement| Event::Launched { placement }),
        2 => (placement(), failure()).prop_map(|(placement, failure)| Event::LaunchFailed { placement, failure }),
        4 => placement().prop_map(|placement| Event::Online { placement }),
        1 => placement().prop_map(|placement| Event::Removed { placement }),
        1 => placement().prop_map(|placement| Event::Busy { placement }),
        1 => (placement(), failure()).prop_map(|(placement, failure)| Event::RemoveFailed { placement, failure }),
        1 => (placement(), proptest::option::of(any::<bool>())).prop_map(|(placement, online)| Event::Seen { placement, online }),
        2 => (placement(), cause).prop_map(|(placement, cause)| Event::Stopped { placement, cause }),
    ]
    .prop_map(dispatcher::Event::Runner)
}

pub(crate) fn dispatcher_event() -> impl Strategy<Value = dispatcher::Event> {
    use dispatcher::Event;
    let consumed = any::<bool>();
    let verdict = (0..6u8, consumed).prop_map(|(n, consumed)| match n {
        0 => Verdict::Current { consumed },
        1 => Verdict::Superseded,
        2 => Verdict::Over { consumed },
        3 => Verdict::Unknown,
        4 => Verdict::Owed,
        _ => Verdict::Unavailable,
    });
    let message = (ticket(), 0..100u64, moment(), 0..4u16).prop_map(|(ticket, n, enqueued_at, receives)| Message {
        receipt: Receipt(n),
        ticket,
        enqueued_at,
        receives,
    });
    prop_oneof![
        4 => proptest::collection::vec(message, 0..4)
            .prop_map(|messages| Event::Dequeue(dequeue::Event::Received { messages })),
        1 => failure().prop_map(|failure| Event::Dequeue(dequeue::Event::Failed { failure })),
        5 => (placement(), verdict).prop_map(|(placement, verdict)| Event::Confirm(confirm::Event { placement, verdict })),
        9 => runner_event(),
        1 => Just(Event::Started),
        6 => Just(Event::Wake),
    ]
}

/// Mostly seconds apart, at times an instant, at times hours.
pub(crate) fn story<E: Clone + std::fmt::Debug>(event: impl Strategy<Value = E>) -> impl Strategy<Value = Story<E>> {
    let pause = prop_oneof![
        6 => Just(Span::ZERO),
        12 => (0..20_000u64).prop_map(Span::from_millis),
        2 => (0..30u64).prop_map(Span::from_mins),
        1 => (0..30u64).prop_map(Span::from_hours),
    ];
    let next = prop_oneof![
        4 => event.prop_map(Next::Any),
        4 => (any::<usize>(), any::<u8>()).prop_map(|(at, how)| Next::Answer(at, how)),
        1 => Just(Next::Due),
    ];
    proptest::collection::vec((pause, next), 1..250)
}

/// Small limits, so that they are met.
pub(crate) fn policy() -> impl Strategy<Value = Arc<Policy>> {
    (any::<bool>(), any::<bool>(), any::<bool>(), 1..4u32, proptest::option::of(0..300u64), 0..3u8).prop_map(
        |(strong, supervised, all, quorum, timeout, hops)| {
            let names = ["eu-central-1", "eu-west-1", "ap-southeast-2"];
            let mut policy = Policy::of_regions(names.iter().zip(1..).map(|(name, n)| Region::new(name, n)).collect());
            policy.regions.iter_mut().for_each(|region| region.max_runners = 5);
            policy.regions[1].max_vcpu_milli = Some(9_000);
            policy.routing.residency.insert(Name::of("europe-team"), RegionSet::first(2).without(RegionId(0)));
            policy.consistency = if strong { Consistency::Strong } else { Consistency::Eventual };
            policy.failover.mode = if supervised { Mode::Supervised } else { Mode::Automatic };
            policy.failover.approval_timeout = timeout.map(Span::from_secs);
            policy.failover.quorum = quorum;
            policy.spillover.share = if all { Share::All } else { Share::Excess };
            policy.spillover.max_hops = hops;
            policy.sticky.max_entries = 2;
            policy.caps.open_jobs = 6;
            policy.caps.ended_jobs = 4;
            policy.caps.surplus = Ratio::ONE;
            policy.caps.organizations.insert(Name::of("europe-team"), 2);
            policy.caps.classes.insert(Name(1), 2);
            policy.github.registrations_per_minute = 3;
            Arc::new(policy)
        },
    )
}
