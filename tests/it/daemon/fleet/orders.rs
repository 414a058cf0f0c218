//! Operators' orders to a fleet, on the command line and over HTTP, and what its nodes then hold a region at. Knows commands
//! and answers; must not know what an order leads to.

use super::super::tidegate_live;
use serde_json::{Value, json};
use tidegate_tests::Ran;
use tidegate_tests::daemon::ADMIN_TOKEN;
use tidegate_tests::rig::{Fleet, REGIONS};
use tidegate_tests::wait::until;

/// Runs a command that asks the node of a region, with the right token.
pub(super) fn order(fleet: &Fleet, node: &str, words: &str) -> Ran {
    order_as(fleet, node, words, ADMIN_TOKEN)
}

/// The same with a token of the caller's.
pub(super) fn order_as(fleet: &Fleet, node: &str, words: &str, token: &str) -> Ran {
    let call = tidegate_live().words(words).arg("--node").arg(&fleet.nodes[node].private);
    call.with_variable("TIDEGATE_ADMIN_TOKEN", token).run()
}

/// What a node says to `verify` of us-east-1, as data.
pub(super) fn verified(fleet: &Fleet, node: &str) -> Value {
    let body = json!({ "action": "verify" });
    let answer = fleet.nodes[node].post("/admin/failover/us-east-1", &body, Some(ADMIN_TOKEN));
    assert_eq!(answer.status().as_u16(), 200, "{}", fleet.logs());
    answer.json().expect("JSON")
}

/// Waits until a node sees clearly more work in us-east-1 than the others have room for: by `more` jobs, so that it is still
/// so when the order comes that has to be refused.
pub(super) fn wait_short_of_room(fleet: &Fleet, node: &str, more: u64) {
    until("more work than the others have room for", 60, || {
        let outlook = verified(fleet, node)["outlook"].clone();
        let of = |what: &str| outlook[what].as_u64().unwrap_or(0);
        let queued = of("waiting") + of("starting");
        if queued > of("room") + more && outlook["doubt"].is_null() { Ok(()) } else { Err(outlook.to_string()) }
    });
}

/// Waits until every node holds us-east-1 at that.
pub(super) fn wait_hold(fleet: &Fleet, wanted: &str) {
    until(&format!("every node to hold us-east-1 at {wanted}"), 20, || {
        let holds = holds(fleet);
        if holds.iter().all(|hold| hold == wanted) { Ok(()) } else { Err(holds.join(" ")) }
    });
}

/// What each node holds us-east-1 at.
pub(super) fn holds(fleet: &Fleet) -> Vec<String> {
    let of = |region: &&str| {
        let status = fleet.nodes[*region].status();
        status["nodes"][0]["regions"][0]["hold"].as_str().unwrap_or("not shown").to_owned()
    };
    REGIONS.iter().map(of).collect()
}
