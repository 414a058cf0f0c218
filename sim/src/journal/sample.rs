//! Journals made by hand, for tests. Knows lines; must not know who reads them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use tidegate_core::journal::{EXTENSION, FORMAT, Head, Line, PolicyText};
use tidegate_core::port::{JobSpec, webhook};
use tidegate_core::{JobId, Name, Need, PlacementId, RegionId, RunId, Span, Timestamp, controller, dispatcher};

/// The policy of the nodes.
const POLICY: &str = "regions = [{ name = \"us-east-1\" }, { name = \"eu-west-1\" }]\n";

/// Seconds of a day in November.
pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp(1_795_478_400_000_000) + Span::from_secs(seconds)
}

/// A job is queued.
pub(crate) fn queued(job: u64, second: u64) -> controller::Event {
    let spec = JobSpec {
        job: JobId(job),
        run: RunId(100 + job),
        run_attempt: 1,
        organization: Name::of("acme"),
        repository: Name::of("acme/app"),
        sender: None,
        class: Name::of("linux,self-hosted"),
        need: Need { memory_mib: 8_192, ..Need::default() },
        queued_at: at(second),
    };
    controller::Event::Webhook(webhook::Event::JobQueued { spec })
}

/// A job is in progress, on its own runner.
pub(crate) fn started(job: u64, second: u64) -> controller::Event {
    controller::Event::Webhook(webhook::Event::JobStarted {
        job: JobId(job),
        run_attempt: 1,
        organization: Name::of("acme"),
        runner: Some(PlacementId { job: JobId(job), run_attempt: 1, attempt: 1 }),
        started_at: at(second),
    })
}

/// A job ended.
pub(crate) fn completed(job: u64, second: u64) -> controller::Event {
    controller::Event::Webhook(webhook::Event::JobCompleted {
        job: JobId(job),
        run_attempt: 1,
        organization: Name::of("acme"),
        runner: None,
        completed_at: at(second),
    })
}

/// The webhook of an event that is one.
pub(crate) fn webhook(event: &controller::Event) -> webhook::Event {
    let controller::Event::Webhook(webhook) = event else { panic!("{event:?} is no webhook") };
    *webhook
}

/// A controller hears an event in that second.
pub(crate) fn heard((event, second): (controller::Event, u64)) -> Line {
    Line::Controller { at: at(second), event }
}

/// Writes a segment: a head that knows the texts of these jobs, and the lines.
pub(crate) fn write(folder: &Path, node: &str, segment: u64, lines: &[Line]) -> PathBuf {
    let policy = tidegate_core::policy::file::read(&tidegate_core::document::Source::new("policy.toml", POLICY));
    let policy = Arc::new(policy.expect("good"));
    let me = policy.region_named(node).unwrap_or(RegionId(0));
    let head = Head {
        format: FORMAT,
        version: "0".to_owned(),
        node: node.to_owned(),
        segment,
        at: at(0),
        policy: PolicyText { file: "policy.toml".to_owned(), text: POLICY.to_owned() },
        controller: controller::Controller::new(Arc::clone(&policy), me, 1, at(0)).snapshot(),
        dispatcher: dispatcher::Dispatcher::new(policy, me).snapshot(),
        names: vec!["acme".to_owned(), "acme/app".to_owned()],
    };
    let head = Line::Head(Box::new(head));
    let name = Line::Name("linux,self-hosted".to_owned());
    let text: String =
        [&head, &name].into_iter().chain(lines).map(|line| serde_json::to_string(line).expect("data") + "\n").collect();
    let path = folder.join(format!("{segment:08}-{node}.{EXTENSION}"));
    std::fs::write(&path, text).expect("written");
    path
}
