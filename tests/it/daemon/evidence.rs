//! A daemon that takes no policy without evidence, and the evidence that the simulator writes. Knows both programs; must not
//! know what a policy says.

use super::embedded;
use crate::tidegate;
use tidegate_tests::daemon::queued;
use tidegate_tests::wait::until;
use tidegate_tests::{Desk, Ran};

fn check(desk: &Desk) -> Ran {
    tidegate().within(desk.folder()).words("check scenario.toml --stamp --quiet").run()
}

// Broken: the evidence is looked for in another file than `check` writes, or is of other bytes than the daemon reads.
#[test]
fn a_policy_is_served_and_taken_up_with_the_evidence_that_check_writes_and_not_without() {
    let desk = Desk::with_sample();
    let policy = desk.path("policy.toml").display().to_string();
    let arguments = ["--policy", &policy, "--require-validated"];
    check(&desk).ends(0).prints("stamped");
    let mut daemon = embedded(&desk, &arguments);
    assert_eq!(daemon.deliver("workflow_job", &queued(1, 1, "acme/app")).status(), 202);
    let told = |words: &str| {
        until(&format!("{words:?} in the log"), 20, || {
            let log = daemon.log_text();
            if log.contains(words) { Ok(()) } else { Err(log) }
        });
    };
    // Another policy has no evidence yet: that of the first is of another text.
    desk.put("policy.toml", desk.text("policy.toml").replace("maxRunners = 60", "maxRunners = 61"));
    told("the evidence is of another text of this file");
    assert!(!daemon.log_text().contains("a new policy is in force"), "{}", daemon.log_text());
    // It is taken up when the simulator has kept every promise with it.
    check(&desk).ends(0).prints("stamped");
    told("a new policy is in force");
    until("the new limit to be shown", 20, || {
        let limit = daemon.status()["nodes"][0]["regions"][0]["load"]["limit"].clone();
        if limit == 61 { Ok(()) } else { Err(limit.to_string()) }
    });
    assert!(daemon.stop().success());
}
