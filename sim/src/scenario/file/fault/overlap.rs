//! Faults of one kind in one place must not overlap: what two of them at once would mean, nobody could say.
//! Knows times and places; must not know files.

use super::Placed;
use crate::scenario::{FaultKind, FaultPlan, Service, When};
use tidegate_core::document::{TableReader, duration_text};
use tidegate_core::id::RegionId;
use tidegate_core::{Span, Timestamp};

/// What two faults share that may not be hit twice at a time: kind, region, service, other end.
type Spot = (u8, Option<RegionId>, Option<Service>, Option<RegionId>);

/// Writes down every fault that begins before an earlier one of its kind and place is over.
pub(super) fn check(t: &mut TableReader<'_>, faults: &[Placed]) {
    for (at, (place, fault)) in faults.iter().enumerate() {
        let earlier = faults[..at].iter().filter(|(_, other)| overlap(fault, other)).map(|(_, other)| other).next();
        let Some((begin, end)) = earlier.and_then(times) else {
            continue;
        };
        let text = |moment: Timestamp| duration_text(moment.since(Timestamp::ZERO));
        let message = "the fault overlaps one of the same kind in the same place";
        let help = format!("that one lasts from {} to {}: move one, or make them one", text(begin), text(end));
        t.problem(*place, message, help);
    }
}

fn overlap(one: &FaultPlan, other: &FaultPlan) -> bool {
    let (Some((begin, end)), Some((from, to))) = (times(one), times(other)) else {
        return false;
    };
    spot(one) == spot(other) && begin < to && from < end
}

/// From when to when, after the start; none when at random, and nothing for an order.
fn times(fault: &FaultPlan) -> Option<(Timestamp, Timestamp)> {
    match &fault.when {
        When::At { at, lasts } if *lasts > Span::ZERO => {
            let begin = Timestamp::ZERO + *at;
            Some((begin, begin + *lasts))
        }
        When::At { .. } | When::Rate { .. } => None,
    }
}

fn spot(fault: &FaultPlan) -> Spot {
    let (kind, service, to) = match fault.kind {
        FaultKind::RegionOutage => (0, None, None),
        FaultKind::ServiceOutage(service) => (1, Some(service), None),
        FaultKind::Errors(service, _) => (2, Some(service), None),
        FaultKind::Slow(service, _) => (3, Some(service), None),
        FaultKind::Throttle(service, _) => (4, Some(service), None),
        FaultKind::Capacity(_) => (5, None, None),
        FaultKind::Partition { to, .. } => (6, None, Some(to)),
        FaultKind::ReplicationPause => (7, None, None),
        FaultKind::SpotInterruptions(_) => (8, None, None),
        FaultKind::Gray => (9, None, None),
        FaultKind::GitHubOutage => (10, None, None),
        FaultKind::WebhookLoss(_) => (11, None, None),
        FaultKind::ClockSkew { .. } => (12, None, None),
        FaultKind::Operator(_) => (13, None, None),
    };
    (kind, fault.region, service, to)
}
