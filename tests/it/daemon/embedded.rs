//! Embedded mode: webhooks in, jobs on virtual runners, a region lost and healed, journals that replay to the same.

use super::{embedded, tidegate_live};
use crate::tidegate;
use serde_json::{Value, json};
use tidegate_tests::daemon::{ADMIN_TOKEN, Daemon, queued};
use tidegate_tests::wait::until;
use tidegate_tests::{Desk, Ran};

const REGIONS: [&str; 3] = ["us-east-1", "eu-west-1", "ap-southeast-1"];

/// Quick to notice, quick to move: seconds in place of minutes.
pub(super) const QUICK: &str = r#"{
  "regions": [{ "name": "us-east-1", "priority": 1 }, { "name": "eu-west-1", "priority": 2 }, { "name": "ap-southeast-1", "priority": 3 }],
  "spillover": { "staleAfter": "5s" },
  "failover": { "mode": "automatic", "probeEvery": "1s", "probeTimeout": "500ms", "missesToSuspect": 3, "suspectFor": "2s",
                "evacuateFor": "10s", "cooldown": "3s", "passesToReturn": 3, "rampEvery": "1s", "rampStep": 0.5 },
  "github": { "reconcileEvery": "5s", "sweepEvery": "5s", "secondLook": "3s" }
}"#;

/// The words of a job's story so far; empty when the node knows nothing of it.
fn story(daemon: &Daemon, job: u64) -> String {
    let answer: Value = daemon.get(&format!("/admin/jobs/{job}")).json().expect("JSON");
    let lines = answer["story"].as_array().cloned().unwrap_or_default();
    lines.iter().filter_map(|line| line["text"].as_str()).collect::<Vec<_>>().join("\n")
}

fn wait_for_words(daemon: &Daemon, job: u64, words: &str, seconds: u64) {
    until(&format!("job {job} to say {words:?}"), seconds, || {
        let story = story(daemon, job);
        if story.contains(words) { Ok(()) } else { Err(story) }
    });
}

/// Every node's journal leads to the same decisions again.
fn assert_replays(desk: &Desk) -> Vec<Ran> {
    let replay = |region: &str| {
        let ran = tidegate().arg("replay").arg(desk.path("data").join(region)).run();
        ran.ends(0).prints("the same decisions, digest ");
        ran
    };
    REGIONS.map(replay).to_vec()
}

#[test]
fn a_webhook_becomes_a_runner_and_the_journal_replays() {
    let desk = Desk::empty();
    let mut daemon = embedded(&desk, &[]);
    for job in 1..=20 {
        assert_eq!(daemon.deliver("workflow_job", &queued(job, 1, "acme/app")).status(), 202);
    }
    assert_eq!(daemon.deliver("workflow_job", &queued(1, 1, "acme/app")).status(), 202, "doubled");
    wait_for_words(&daemon, 20, "launch accepted in us-east-1", 20);
    until("all jobs to end", 30, || {
        let open = &daemon.status()["nodes"][0]["openJobs"];
        if open == 0 { Ok(()) } else { Err(open.to_string()) }
    });
    let metrics = daemon.get("/metrics").text().expect("text");
    for line in [
        "tidegate_placements_total{region=\"us-east-1\",reason=\"home\"} 1",
        "tidegate_placements_total{region=\"us-east-1\",reason=\"sticky\"} 19",
        "tidegate_launches_total{region=\"us-east-1\",result=\"accepted\"} 20",
        "tidegate_webhooks_total{event=\"workflow_job\",result=\"accepted\"} 21",
        "tidegate_region_phase{region=\"us-east-1\",phase=\"active\"} 1",
        "tidegate_start_seconds_count{region=\"us-east-1\"} 20",
    ] {
        assert!(metrics.contains(line), "{line} in\n{metrics}");
    }
    assert!(daemon.get("/").text().expect("text").contains("<title>Tidegate</title>"));
    assert!(daemon.stop().success(), "{}", daemon.log_text());
    assert_replays(&desk);
}

#[test]
fn a_lost_region_is_failed_over_and_comes_back() {
    let desk = Desk::empty();
    let policy = desk.put("policy.json", QUICK);
    let mut daemon = embedded(&desk, &["--policy", &policy.display().to_string()]);
    let lose = |what: &str| {
        let answer = daemon.post(&format!("/admin/embedded/us-east-1/{what}"), &Value::Null, Some(ADMIN_TOKEN));
        assert_eq!(answer.status(), 202);
    };
    assert_eq!(daemon.deliver("workflow_job", &queued(1, 1, "acme/app")).status(), 202);
    wait_for_words(&daemon, 1, "launch accepted in us-east-1", 10);
    lose("kill");
    // The other two agree and take over, whoever hears the webhook.
    for job in 2..=11 {
        until("a node to take the webhook", 10, || {
            let status = daemon.deliver("workflow_job", &queued(job, 2, "acme/app")).status();
            if status == 202 { Ok(()) } else { Err(status.to_string()) }
        });
    }
    for job in 2..=11 {
        wait_for_words(&daemon, job, "launch accepted in eu-west-1", 30);
    }
    until("us-east-1 to be out", 30, || match daemon.phase("eu-west-1", "us-east-1").as_str() {
        "out" => Ok(()),
        other => Err(other.to_owned()),
    });
    lose("heal");
    until("us-east-1 to be active again", 60, || match daemon.phase("eu-west-1", "us-east-1").as_str() {
        "active" => Ok(()),
        other => Err(other.to_owned()),
    });
    until("every runner to be gone", 60, || {
        let status = daemon.status();
        let held = |node: &Value| {
            let own = node["regions"].as_array()?.iter().find(|region| region["name"] == node["node"])?;
            Some(["waiting", "starting", "running"].map(|what| own["load"][what].as_u64().unwrap_or(0)))
        };
        let all: Vec<[u64; 3]> = status["nodes"].as_array().expect("nodes").iter().filter_map(held).collect();
        if all == [[0; 3]; 3] { Ok(()) } else { Err(format!("{all:?}")) }
    });
    assert!(daemon.stop().success(), "{}", daemon.log_text());
    assert_replays(&desk);
    let log = daemon.log_text();
    assert!(log.contains("phase changed region=\"us-east-1\""), "a change of phase is told: {log}");
}

#[test]
fn a_supervised_failover_waits_for_an_operator() {
    let desk = Desk::empty();
    let supervised = QUICK.replace("\"automatic\"", "\"supervised\", \"approvalTimeout\": null");
    let policy = desk.put("policy.json", supervised);
    let mut daemon = embedded(&desk, &["--policy", &policy.display().to_string()]);
    let order = |daemon: &Daemon, verb: &str| {
        let call = tidegate_live().words(&format!("{verb} us-east-1 --node {}", daemon.private));
        call.with_variable("TIDEGATE_ADMIN_TOKEN", ADMIN_TOKEN).run().ends(0).prints(&format!("{verb} ordered"));
    };
    let see = |daemon: &Daemon, wanted: &str| {
        until(&format!("us-east-1 to be {wanted}"), 30, || match daemon.phase("eu-west-1", "us-east-1") {
            phase if phase == wanted => Ok(()),
            phase => Err(phase),
        });
    };
    assert_eq!(daemon.post("/admin/embedded/us-east-1/kill", &Value::Null, Some(ADMIN_TOKEN)).status(), 202);
    see(&daemon, "awaitingApproval");
    assert!(daemon.log_text().contains("a failover is proposed"), "somebody is woken");
    order(&daemon, "approve");
    see(&daemon, "out");
    assert_eq!(daemon.post("/admin/embedded/us-east-1/heal", &Value::Null, Some(ADMIN_TOKEN)).status(), 202);
    see(&daemon, "active");
    assert!(daemon.stop().success());
    assert_replays(&desk);
}

#[test]
fn operators_drain_a_region_and_are_told_what_would_happen() {
    let desk = Desk::empty();
    let mut daemon = embedded(&desk, &[]);
    let node = daemon.private.clone();
    let call = |words: &str| {
        let call = tidegate_live().words(words).arg("--node").arg(&node);
        call.with_variable("TIDEGATE_ADMIN_TOKEN", ADMIN_TOKEN).run()
    };
    until("load reports of all regions", 20, || {
        let ran = call("verify us-east-1");
        if ran.out.contains("could take 800 more") { Ok(()) } else { Err(ran.told()) }
    });
    call("verify us-east-1").ends(0).prints("active").prints("it takes work: not drained");
    call("approve us-east-1").ends(1).says("no failover of us-east-1 is proposed");
    let drained = call("drain us-east-1 --wait");
    drained.ends(0).prints("drain ordered for us-east-1").prints("eu-west-1 and ap-southeast-1");
    drained.prints("hold draining; the drain is complete");
    until("every node to know of it", 20, || {
        let status = daemon.status();
        let holds: Vec<String> =
            status["nodes"].as_array().expect("nodes").iter().map(|n| n["regions"][0]["hold"].to_string()).collect();
        if holds.iter().all(|hold| hold == "\"draining\"" || hold == "\"drained\"") {
            Ok(())
        } else {
            Err(holds.join(" "))
        }
    });
    assert_eq!(daemon.deliver("workflow_job", &queued(1, 1, "acme/app")).status(), 202);
    wait_for_words(&daemon, 1, "launch accepted in eu-west-1", 10);
    call("drain eu-west-1").ends(0);
    call("drain ap-southeast-1").ends(1).says("the last region that takes work");
    call("drain ap-southeast-1 --force").ends(1).says("the last region that takes work");
    call("resume us-east-1").ends(0).prints("resume ordered");
    call("drain us-east-9").ends(2).says("no region `us-east-9`").says("did you mean `us-east-1`?");
    call("status").ends(0).prints("us-east-1 sees").prints("ap-southeast-1");
    call("explain 1").ends(0).prints("placed in eu-west-1");
    call("explain 77").ends(2).says("job 77 is not among the latest");
    assert!(daemon.stop().success());
    assert_replays(&desk);
}

#[test]
fn a_new_policy_is_taken_up_and_a_shadow_decides_beside_it() {
    let desk = Desk::empty();
    let policy = desk.put("policy.json", QUICK);
    let elsewhere = r#""routing": { "default": "ap-southeast-1" }, "spillover""#;
    let shadow = desk.put("shadow.json", QUICK.replace("\"spillover\"", elsewhere));
    let arguments = ["--policy", &policy.display().to_string(), "--shadow", &shadow.display().to_string()];
    let mut daemon = embedded(&desk, &arguments);
    until("the shadow to be there", 10, || {
        let shadow = daemon.status()["nodes"][0]["shadow"].clone();
        if shadow.is_object() { Ok(()) } else { Err(shadow.to_string()) }
    });
    assert_eq!(daemon.deliver("workflow_job", &queued(1, 1, "acme/app")).status(), 202);
    wait_for_words(&daemon, 1, "launch accepted in us-east-1", 10);
    let seen = until("the shadow to have decided", 10, || {
        let shadow = daemon.status()["nodes"][0]["shadow"].clone();
        if shadow["different"] == 1 { Ok(shadow) } else { Err(shadow.to_string()) }
    });
    assert_eq!(seen["same"], 0, "{seen}");
    desk.put("policy.json", "{ \"regions\": [] }");
    until("the mistake to be told", 15, || {
        let log = daemon.log_text();
        if log.contains("the new policy is not taken") { Ok(()) } else { Err(log) }
    });
    desk.put("policy.json", QUICK.replace("\"spillover\"", elsewhere));
    until("the new policy to be in force", 15, || {
        let log = daemon.log_text();
        if log.matches("a new policy is in force").count() == 3 { Ok(()) } else { Err(log) }
    });
    assert_eq!(daemon.deliver("workflow_job", &queued(2, 2, "acme/app")).status(), 202);
    wait_for_words(&daemon, 2, "launch accepted in ap-southeast-1", 10);
    assert!(daemon.stop().success());
    assert_replays(&desk);
}

#[test]
fn a_policy_with_smaller_limits_is_taken_up_and_one_with_another_order_is_not() {
    let desk = Desk::empty();
    let policy = desk.put("policy.json", QUICK);
    let arguments = ["--policy", &policy.display().to_string(), "--job-duration", "20s"];
    let mut daemon = embedded(&desk, &arguments);
    for job in 1..=3 {
        assert_eq!(daemon.deliver("workflow_job", &queued(job, 1, "acme/app")).status(), 202);
    }
    wait_for_words(&daemon, 3, "launch accepted in us-east-1", 10);
    let told = |words: &str, times: usize| {
        until(&format!("{words:?} in the log"), 15, || {
            let log = daemon.log_text();
            if log.matches(words).count() == times { Ok(()) } else { Err(log) }
        });
    };
    let swapped = QUICK.replace("\"us-east-1\", \"priority\": 1", "\"us-east-1\", \"priority\": 9");
    desk.put("policy.json", swapped);
    told("another order of them", 3);
    let small = QUICK.replace("\"priority\": 1", "\"priority\": 1, \"maxRunners\": 1, \"maxVcpu\": 1");
    desk.put("policy.json", small.replace("\"spillover\"", "\"caps\": { \"openJobs\": 1 }, \"spillover\""));
    told("a new policy is in force", 3);
    // More turns, with three runners where one may be: no promise is broken, and nothing is added.
    until("the limit to be known", 20, || {
        let load = daemon.status()["nodes"][0]["regions"][0]["load"].clone();
        if load["limit"] == 1 && load["running"].as_u64() >= Some(2) { Ok(()) } else { Err(load.to_string()) }
    });
    assert!(daemon.stop().success(), "{}", daemon.log_text());
    assert_replays(&desk);
}

#[test]
fn a_changed_journal_is_found_out() {
    let desk = Desk::empty();
    let mut daemon = embedded(&desk, &[]);
    assert_eq!(daemon.deliver("workflow_job", &queued(1, 1, "acme/app")).status(), 202);
    wait_for_words(&daemon, 1, "launch accepted", 10);
    daemon.kill();
    let folder = desk.path("data").join("us-east-1");
    let segment = std::fs::read_dir(&folder).expect("a journal").next().expect("a segment").expect("readable").path();
    let text = std::fs::read_to_string(&segment).expect("text");
    tidegate().arg("replay").arg(&segment).run().ends(0);
    let torn = &text[..text.len() - 20];
    std::fs::write(&segment, torn).expect("written");
    tidegate().arg("replay").arg(&segment).run().ends(0).prints("torn line");
    let changed = text.replacen("\"region\":0,\"reason\":\"home\"", "\"region\":1,\"reason\":\"home\"", 1);
    assert_ne!(changed, text, "a placement is there to be changed");
    std::fs::write(&segment, changed).expect("written");
    let ran = tidegate().arg("replay").arg(&segment).run();
    ran.ends(1)
        .prints("DIFFERENT from ")
        .prints("recorded: ")
        .prints("placed in eu-west-1")
        .prints("placed in us-east-1");
    let json = tidegate().arg("replay").arg(&segment).words("--format json").run();
    let json: Value = serde_json::from_str(&json.ends(1).out).expect("JSON");
    assert_eq!(json["same"], json!(false));
    std::fs::write(&segment, text.replacen("{\"controller\"", "{\"comptroller\"", 1)).expect("written");
    tidegate().arg("replay").arg(&segment).run().ends(2).says(":2: ").says("comptroller");
}
