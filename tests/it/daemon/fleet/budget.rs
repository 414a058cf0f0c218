//! GitHub's budgets as a node shows them, and a policy that changes them. Knows metrics and the policy's file; must not know
//! what is spent on what.

use tidegate_tests::Desk;
use tidegate_tests::rig::{Fleet, quick_policy};
use tidegate_tests::wait::until;

/// The most that a node shows of a budget, for any organization; `None`: it has spent nothing of it.
fn left(fleet: &Fleet, region: &str, budget: &str) -> Option<u64> {
    let metrics = fleet.nodes[region].get("/metrics").text().expect("text");
    let name = format!("tidegate_github_{budget}_left{{");
    let lines = metrics.lines().filter(|line| line.starts_with(&name));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse().ok()).max()
}

/// Another policy reaches the ports of a node that runs: what it may spend is less at once.
// Broken: the budgets stay as they were at the start, though the log says that the policy is in force.
pub(super) fn assert_policy_reaches_budgets(desk: &Desk, fleet: &Fleet, region: &str) {
    let shown = |wanted: &dyn Fn(u64, u64) -> bool| {
        until("the budgets to be shown", 30, || {
            let shown = (left(fleet, region, "registrations"), left(fleet, region, "requests"));
            match shown {
                (Some(registrations), Some(requests)) if wanted(registrations, requests) => Ok(()),
                other => Err(format!("{other:?}")),
            }
        });
    };
    shown(&|registrations, requests| registrations > 1_000 && requests > 10_000);
    let smaller = quick_policy("").replace("\"registrationsPerMinute\": 5000", "\"registrationsPerMinute\": 50");
    let smaller = smaller.replace("\"requestsPerHour\": 100000", "\"requestsPerHour\": 1000");
    desk.put("policy.json", smaller);
    shown(&|registrations, requests| registrations <= 50 && requests <= 1_000);
}
