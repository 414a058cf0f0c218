//! A node with a world that only listens: what is on the journal before anybody can know of it. Knows the order of things;
//! must not know what is decided.

use super::*;
use crate::config;
use std::path::Path;
use std::sync::Mutex;
use tidegate_core::policy::Region;
use tidegate_core::port::{JobSpec, Ticket};
use tidegate_core::{JobId, Need, RunId};

/// Notes, for each effect of a job, whether the journal knew the job by then.
struct Listening {
    folder: std::path::PathBuf,
    known: Arc<Mutex<Vec<bool>>>,
}

impl Outside for Listening {
    fn controller(&mut self, effect: controller::Effect) {
        if matches!(effect, controller::Effect::Table(tidegate_core::port::table::Command::Claim { .. })) {
            self.known.lock().expect("whole").push(journal(&self.folder).contains("jobQueued"));
        }
    }
    fn dispatcher(&mut self, _effect: dispatcher::Effect) {}
    fn adopt(&mut self, _held: Vec<(Ticket, bool)>) {}
    fn policy(&mut self, _policy: &Policy) {}
}

/// All text of a journal.
fn journal(folder: &Path) -> String {
    let paths = tidegate_sim::journal::segments(folder).expect("it has begun");
    paths.iter().map(|path| std::fs::read_to_string(path).expect("text")).collect()
}

#[test]
fn a_webhook_is_on_the_journal_before_its_answer_and_before_its_effects() {
    let folder = tempfile::tempdir().expect("a folder");
    let policy = Arc::new(Policy::of_regions(vec![Region::new("us-east-1", 1)]));
    let (clock, names) = (Arc::new(Clock::new()), Arc::new(Names::default()));
    let (now, me) = (clock.now(), RegionId(0));
    let text = r#"{"regions": [{"name": "us-east-1"}]}"#.to_owned();
    let parts = Parts {
        controller: Controller::new(Arc::clone(&policy), me, 1, now),
        dispatcher: Dispatcher::new(Arc::clone(&policy), me),
        policy_text: PolicyText { file: "policy.json".to_owned(), text },
        names: Arc::clone(&names),
        board: Arc::new(Board::new(Arc::clone(&policy), "us-east-1")),
        folder: folder.path().to_owned(),
        limits: config::Journal { segment_bytes: 1 << 20, keep: 2, sync: true },
        segment: 1,
        clock,
    };
    let known = Arc::new(Mutex::new(Vec::new()));
    let (inbox, outlet) = Inbox::new(10);
    let outside = Listening { folder: folder.path().to_owned(), known: Arc::clone(&known) };
    let node = Node::new(parts, outside, outlet).expect("a journal");
    let thread = std::thread::spawn(move || node.run());
    let spec = JobSpec {
        job: JobId(4711),
        run: RunId(1),
        run_attempt: 1,
        organization: names.note("acme"),
        repository: names.note("acme/app"),
        sender: None,
        class: names.note("linux,self-hosted"),
        need: Need::default(),
        queued_at: now,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let taken = runtime.block_on(inbox.webhook(webhook::Event::JobQueued { spec }));
    assert_eq!(taken, Ok(()));
    let text = journal(folder.path());
    for words in ["\"job\":4711", "{\"name\":\"acme/app\"}", "\"fact\":\"jobPlaced\""] {
        assert!(text.contains(words), "{words} in {text}");
    }
    inbox.tell(Incoming::Stop);
    thread.join().expect("it ends well");
    assert_eq!(*known.lock().expect("whole"), [true], "one claim, and the journal knew of it");
    assert_eq!(runtime.block_on(inbox.webhook(webhook::Event::JobQueued { spec })), Err(Refused::Down));
}
