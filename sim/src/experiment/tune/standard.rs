//! The space that is searched when the command line names none. Knows which settings of a policy are worth a search, how far
//! each may go and why; must not know how a search works.

use super::space::{Axis, Range};
use std::sync::LazyLock;
use tidegate_core::Span;
use tidegate_core::policy::{Order, Policy, Share};

/// Percent of the caps that the files say. No price is on a cap, so that a search may find that more is cheaper; whether the
/// account has the quota for it is for its owner to say.
const CAPS: (i64, i64) = (50, 150);

static SHARES: LazyLock<Vec<String>> = LazyLock::new(|| ["excess", "all"].map(str::to_owned).to_vec());
static ORDERS: LazyLock<Vec<String>> = LazyLock::new(|| ["priority", "latency", "cost"].map(str::to_owned).to_vec());

/// Thresholds, caps, dwell, probes and failover of a policy, around what it says. With one region only its cap is left: there
/// is nowhere to send a job.
#[must_use]
pub fn standard(policy: &Policy) -> Vec<Axis> {
    let mut axes = vec![caps(policy)];
    if policy.regions.len() > 1 {
        axes.extend(thresholds(policy));
        axes.extend(spillover(policy));
        axes.extend(failover(policy));
    }
    axes
}

/// Gives axes of the command line what only a policy knows: the caps that a share is of.
pub fn complete(axes: &mut [Axis], policy: &Policy) {
    for axis in axes {
        if let Range::Percent(_, _, paths) = &mut axis.range {
            *paths = cap_paths(policy);
        }
    }
}

fn cap_paths(policy: &Policy) -> Vec<(String, u32)> {
    policy.regions.iter().map(|region| (format!("regions.{}.maxRunners", region.name), region.max_runners)).collect()
}

fn caps(policy: &Policy) -> Axis {
    let range = Range::Percent(CAPS.0, CAPS.1, cap_paths(policy));
    axis(
        "maxRunners",
        range,
        Some(0.5),
        "half of the caps to half as much again: above 100% the account needs the quota",
    )
}

fn thresholds(policy: &Policy) -> Vec<Axis> {
    let first = &policy.regions[0];
    let most = policy.regions.iter().map(|region| region.max_runners).max().map_or(400, i64::from).max(20);
    let depth = f64::from(first.spill.queue_depth);
    let depths = "one push (its 90th percentile is 16 jobs) to as many jobs as a region has runners";
    let mut axes = vec![axis("queueDepth", Range::Whole(10, most), by_ratio(depth, 10.0, most as f64), depths)];
    for region in &policy.regions {
        // By region: where runners are dear it may pay to send jobs away early, and where they are cheap late.
        let path = format!("regions.{}.spilloverThreshold.concurrencyPercent", region.name);
        let at = by_difference(region.spill.concurrency.as_fraction() * 100.0, 20.0, 100.0);
        let why = "a fifth of the runners to all of them; by region, for their prices differ";
        axes.push(axis(&path, Range::Whole(20, 100), at, why));
    }
    let rate = first.spill.error_rate.as_fraction();
    let why = "the share of failed launches that a calm day has to the one that makes a region suspect";
    axes.push(axis("errorRate", Range::Number(0.02, 0.5), by_ratio(rate, 0.02, 0.5), why));
    axes
}

fn spillover(policy: &Policy) -> Vec<Axis> {
    let spill = &policy.spillover;
    let stop = by_difference(spill.stop_at.as_fraction(), 0.4, 0.95);
    let dwell = by_ratio(seconds(spill.min_dwell), 5.0, 300.0);
    let share = if spill.share == Share::Excess { 0.0 } else { 1.0 };
    let order = match spill.order {
        Order::Priority => 0.0,
        Order::Latency => 0.5,
        Order::Cost => 1.0,
    };
    let mut axes = vec![
        axis("spillover.stopAt", Range::Number(0.4, 0.95), Some(stop.unwrap_or(0.5)), "wide to hardly any hysteresis"),
        axis(
            "spillover.minDwell",
            time(5, 300),
            dwell,
            "half a probe's interval, below which reports are no newer, to the length of a usual job",
        ),
        axis("spillover.share", Range::Words(SHARES.clone()), Some(share), "both words there are"),
    ];
    if policy.regions.len() > 2 {
        axes.push(axis("spillover.order", Range::Words(ORDERS.clone()), Some(order), "all words there are"));
    }
    axes
}

fn failover(policy: &Policy) -> Vec<Axis> {
    let failover = &policy.failover;
    // What a policy must keep: `probeTimeout` < `probeEvery` < `spillover.staleAfter`, and `cooldown` <= `cooldownMax`.
    let least = (seconds(failover.probe_timeout) as u64 + 1).max(5);
    let most = (seconds(policy.spillover.stale_after) as u64).saturating_sub(1).min(60);
    let longest = (seconds(failover.cooldown_max) as u64).min(1_800);
    let misses = f64::from(failover.misses_to_suspect);
    let mut axes = vec![
        axis(
            "failover.missesToSuspect",
            Range::Whole(2, 5),
            by_difference(misses, 2.0, 5.0),
            "one miss is no evidence, and five take a minute",
        ),
        axis(
            "failover.suspectFor",
            time(5, 120),
            by_ratio(seconds(failover.suspect_for), 5.0, 120.0),
            "time for one more probe to two minutes, of five that a failover may take",
        ),
        axis(
            "failover.rampEvery",
            time(30, 600),
            by_ratio(seconds(failover.ramp_every), 30.0, 600.0),
            "a few probes to ten minutes a step",
        ),
    ];
    if least < most {
        let at = by_difference(seconds(failover.probe_every), least as f64, most as f64);
        let why = "longer than a probe may take, and shorter than a load report is believed";
        axes.push(axis("failover.probeEvery", time(least, most), at, why));
    }
    if longest > 60 {
        let at = by_ratio(seconds(failover.cooldown), 60.0, longest as f64);
        axes.push(axis(
            "failover.cooldown",
            time(60, longest),
            at,
            "a minute to half an hour, or the longest cooldown",
        ));
    }
    axes
}

fn axis(path: &str, range: Range, base: Option<f64>, why: &str) -> Axis {
    Axis { path: path.to_owned(), range, base, why: why.to_owned() }
}

fn time(from: u64, to: u64) -> Range {
    Range::Time(Span::from_secs(from), Span::from_secs(to))
}

fn seconds(span: Span) -> f64 {
    span.as_secs_f64()
}

fn on_axis(at: f64) -> Option<f64> {
    (0.0..=1.0).contains(&at).then_some(at)
}

fn by_difference(value: f64, from: f64, to: f64) -> Option<f64> {
    on_axis((value - from) / (to - from))
}

fn by_ratio(value: f64, from: f64, to: f64) -> Option<f64> {
    on_axis((value / from).ln() / (to / from).ln())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_core::policy::Region;

    fn policy(regions: &[&str]) -> Policy {
        let regions = regions.iter().zip(1..).map(|(name, priority)| Region::new(name, priority)).collect();
        Policy::of_regions(regions)
    }

    #[test]
    fn the_policy_s_own_values_stand_where_they_are() {
        let axes = standard(&policy(&["a", "b", "c"]));
        let own = |path: &str| {
            let axis = axes.iter().find(|axis| axis.path == path).unwrap_or_else(|| panic!("no {path}"));
            axis.text(axis.base.expect("on the axis"))
        };
        assert_eq!(own("queueDepth"), "100");
        assert_eq!(own("regions.b.spilloverThreshold.concurrencyPercent"), "80");
        assert_eq!([own("errorRate"), own("spillover.stopAt"), own("spillover.minDwell")], ["0.05", "0.7", "30s"]);
        assert_eq!(
            [own("failover.probeEvery"), own("failover.suspectFor"), own("failover.cooldown")],
            ["10s", "20s", "5m"]
        );
        assert_eq!([own("maxRunners"), own("spillover.order"), own("spillover.share")], ["100%", "priority", "excess"]);
    }

    #[test]
    fn one_region_has_its_cap_and_nothing_else() {
        let paths: Vec<String> = standard(&policy(&["a"])).into_iter().map(|axis| axis.path).collect();
        assert_eq!(paths, ["maxRunners"]);
    }

    #[test]
    fn probes_stay_between_their_time_out_and_the_age_of_reports() {
        let mut slow = policy(&["a", "b"]);
        slow.failover.probe_timeout = Span::from_secs(20);
        let axes = standard(&slow);
        let probes = axes.iter().find(|axis| axis.path == "failover.probeEvery").expect("there is room");
        assert_eq!(probes.ends(), "21s .. 29s");
        slow.failover.probe_timeout = Span::from_secs(29);
        assert!(standard(&slow).iter().all(|axis| axis.path != "failover.probeEvery"), "there is none");
    }
}
