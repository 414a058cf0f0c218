//! The loss of us-east-1, and its return. Knows what ends with a region and what is kept; must not know what the others do
//! about it.

use super::places::made_in;
use serde_json::{Value, json};
use tidegate_tests::rig::Fleet;

/// How much of the region goes. Its node is killed with no warning in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    /// Nobody reaches its services; its tasks go on.
    Unreachable,
    /// Its emulator and all its tasks are killed. Queue and tables are kept, as AWS keeps them: it returns with its old
    /// messages.
    Killed,
}

impl Loss {
    /// Gives the jobs at work there. If their runners end with the region, GitHub fails them.
    pub(super) fn strike(self, fleet: &mut Fleet) -> Vec<u64> {
        fleet.nodes.get_mut("us-east-1").expect("it runs").kill();
        match self {
            Self::Unreachable => drop(fleet.rig.front(&json!({ "down": ["us-east-1"] }))),
            Self::Killed => fleet.rig.kill_region("us-east-1"),
        }
        let state = fleet.rig.github_state();
        let jobs = state["jobs"].as_array().expect("jobs");
        let made_in = made_in(fleet);
        let is_there = |job: &&Value| {
            let runner = job["runner_name"].as_str().unwrap_or_default();
            job["status"] == "in_progress" && made_in.get(runner).is_some_and(|region| region == "us-east-1")
        };
        let running = jobs.iter().filter(is_there);
        running.filter_map(|job| job["id"].as_u64()).collect()
    }

    pub(super) fn mend(self, fleet: &mut Fleet) {
        match self {
            Self::Unreachable => drop(fleet.rig.front(&json!({ "down": [] }))),
            Self::Killed => fleet.rig.start_region("us-east-1"),
        }
        fleet.start_node("us-east-1");
    }

    /// Each of these jobs ran once. None is lost but with the runner that it was at work on, and then GitHub says so.
    #[track_caller]
    pub(super) fn assert_ran_once(self, state: &Value, jobs: &[u64], running: &[u64]) {
        let (lost, kept): (Vec<u64>, Vec<u64>) =
            jobs.iter().partition(|job| self != Self::Unreachable && running.contains(job));
        super::assert_ran_once(state, &kept);
        let shown = state["jobs"].as_array().expect("jobs");
        for job in shown.iter().filter(|job| job["id"].as_u64().is_some_and(|id| lost.contains(&id))) {
            assert_eq!((&job["starts"], &job["maxConcurrentlyInProgress"]), (&json!(1), &json!(1)), "{job}");
        }
    }
}
