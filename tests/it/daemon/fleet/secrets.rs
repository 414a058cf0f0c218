//! Secrets, and where they must not be. Knows what is secret and where nodes and commands speak; must not know of what.

use super::super::tidegate_live;
use tidegate_tests::daemon::{ADMIN_TOKEN, WEBHOOK_SECRET};
use tidegate_tests::rig::{Fleet, REGIONS};
use tidegate_tests::{Desk, house};

/// Nothing secret is in logs, journals, metrics, or in what the commands print, for a job too: what the tests know, and what
/// GitHub gave to Apps and runners. Every node must run.
pub(super) fn assert_no_secrets(desk: &Desk, fleet: &Fleet, job: u64) {
    let mut texts: Vec<String> = house::walk(&desk.path("data")).iter().filter_map(|path| house::text(path)).collect();
    assert!(texts.iter().any(|text| text.contains("\"launched\"")), "there are journals to look in");
    let doctor = fleet.call("doctor", "eu-west-1");
    assert!(doctor.out.contains("node of us-east-1"), "{}", doctor.told());
    texts.extend([doctor.out, doctor.err]);
    let mut explained = 0;
    for region in REGIONS {
        let node = &fleet.nodes[region];
        texts.extend([node.log_text(), node.get("/metrics").text().expect("text")]);
        for words in ["status".to_owned(), format!("explain {job}")] {
            let call = tidegate_live().words(&words).arg("--node").arg(&node.private);
            let ran = call.with_variable("TIDEGATE_ADMIN_TOKEN", ADMIN_TOKEN).run();
            explained += usize::from(ran.out.starts_with(&format!("Job {job}")));
            texts.extend([ran.out, ran.err]);
        }
    }
    assert!(explained > 0, "nobody explains job {job}");
    for text in &texts {
        // A runner's configuration and an App's token are objects in base64; an installation's token begins with `ghs_`.
        for secret in [WEBHOOK_SECRET, ADMIN_TOKEN, "PRIVATE KEY", "eyJ", "ghs_"] {
            assert!(!text.contains(secret), "{secret} is told");
        }
    }
}
