//! Many webhooks at once, and GitHub's own examples of them: each is answered as the design says, and memory is bounded.

use super::embedded;
use serde_json::json;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tidegate_tests::Desk;
use tidegate_tests::daemon::queued;
use tidegate_tests::examples::examples;
use tidegate_tests::wait::until;

/// Resident memory of a process, in MiB.
fn resident_mib(pid: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = text.lines().find(|line| line.starts_with("VmRSS:")).expect("a line");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).expect("a number") / 1_024
}

#[test]
fn a_flood_of_webhooks_is_taken_or_refused_and_nothing_is_forgotten() {
    // Two thousand a second for twenty seconds; on a machine that is too slow for that, as fast as it answers.
    const SENDERS: u64 = 16;
    const EACH: u64 = 2_500;
    const EVERY: Duration = Duration::from_millis(8);
    let desk = Desk::empty();
    let mut daemon = embedded(&desk, &[]);
    let (accepted, refused) = (AtomicU64::new(0), AtomicU64::new(0));
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for sender in 0..SENDERS {
            let (daemon, accepted, refused) = (&daemon, &accepted, &refused);
            scope.spawn(move || {
                for n in 0..EACH {
                    let due =
                        begun + EVERY * u32::try_from(n).expect("it is small") + EVERY * sender as u32 / SENDERS as u32;
                    std::thread::sleep(due.saturating_duration_since(Instant::now()));
                    let job = 1 + sender * EACH + n;
                    match daemon.deliver("workflow_job", &queued(job, job / 20, "acme/app")).status().as_u16() {
                        202 => accepted.fetch_add(1, Ordering::Relaxed),
                        503 => refused.fetch_add(1, Ordering::Relaxed),
                        other => panic!("answered {other}"),
                    };
                }
            });
        }
    });
    let (accepted, refused) = (accepted.into_inner(), refused.into_inner());
    assert_eq!(accepted + refused, SENDERS * EACH);
    assert!(accepted > 0);
    let memory = resident_mib(daemon.pid());
    // A job costs about a kilobyte in a node, its story another; three nodes, three worlds' tables, the program itself.
    assert!(memory < 160, "{memory} MiB");
    let metrics = daemon.get("/metrics").text().expect("text");
    let line = format!("tidegate_webhooks_total{{event=\"workflow_job\",result=\"accepted\"}} {accepted}");
    assert!(metrics.contains(&line), "{line} in {metrics}");
    assert!(metrics.contains("tidegate_ack_seconds_bucket"));
    until("every accepted job to be placed", 60, || {
        let metrics = daemon.get("/metrics").text().expect("text");
        let lines = metrics.lines().filter(|line| line.starts_with("tidegate_placements_total"));
        let placed: u64 = lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum();
        if placed >= accepted { Ok(()) } else { Err(format!("{placed} of {accepted}")) }
    });
    assert!(daemon.stop().success());
    let ran = crate::tidegate().arg("replay").arg(desk.path("data").join("us-east-1")).run();
    ran.ends(0).prints("the same decisions, digest ");
}

#[test]
fn the_examples_that_github_publishes_are_understood() {
    let Some(examples) = examples() else { return };
    let desk = Desk::empty();
    let daemon = embedded(&desk, &["--labels", "self-hosted,k8s,gpu,db-app,dc-03"]);
    let mut answers = std::collections::BTreeMap::<String, u32>::new();
    for (name, examples) in &examples {
        let name = name.as_str();
        for example in examples {
            let answer = daemon.deliver(name, example);
            let status = answer.status().as_u16();
            let text = answer.text().expect("text");
            assert!(status == 200 || status == 202, "{name} {}: {status} {text}", example["action"]);
            if ["workflow_job", "workflow_run", "ping"].contains(&name) {
                *answers.entry(format!("{name} {}", text.trim())).or_default() += 1;
            } else {
                assert_eq!(text, "ignored: Event\n", "{name}");
            }
        }
    }
    let expected = json!({
        "ping pong": 4,
        "workflow_job accepted": 1, // the self-hosted one that is in progress
        "workflow_job ignored: NotOurs": 5,
        "workflow_job ignored: Waiting": 2, // one of them says that it is queued, and waits for an approval
        "workflow_run ignored: Run": 5,
    });
    assert_eq!(json!(answers), expected);
}
