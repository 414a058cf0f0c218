//! Wires a node to AWS and GitHub and serves it. Knows what is started beside the node; must not know what any part does.

use super::probe::Probes;
use super::{Cloud, Inner};
use crate::aws::Aws;
use crate::clock::Clock;
use crate::github::{Client, Offered};
use crate::http::Site;
use crate::journal::{Recovered, next_segment, recover};
use crate::names::Names;
use crate::node::{Board, Handle, Inbox, Incoming, Node, Parts};
use crate::policy_file::Loaded;
use crate::process::{Failed, Setup, listen, lock, region_of, serve as serve_process, spawn};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tidegate_core::controller::Controller;
use tidegate_core::dispatcher::{self, Dispatcher};
use tidegate_core::port::Failure;
use tidegate_core::port::table::{self, Mark};
use tidegate_core::{RegionId, Timestamp};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// How often running tasks are looked at: `DescribeTasks` takes a hundred at a time, and AWS allows some forty calls a
/// second.
const FOLLOW_EVERY: Duration = Duration::from_secs(3);

/// How often the region's own services are looked at: at least once between two probes.
const HEALTH_EVERY: Duration = Duration::from_secs(4);

/// How often what has ended is taken off the claims table.
const TIDY_EVERY: Duration = Duration::from_secs(300);

/// Marks of an earlier process that are written at once, so that those of this one need not wait for them.
const REMARKS_AT_ONCE: usize = 8;

/// Serves the node of one region until it is told to stop.
///
/// # Errors
/// Why it could not start, or ended before it was told to.
pub async fn serve(setup: Setup) -> Result<(), Failed> {
    let Setup { policy, config, watch, .. } = setup;
    let me = region_of(&policy, &config)?;
    let _lock = lock(&config.data)?;
    let (public, private) = listen(&config).await?;
    let (clock, names) = (Arc::new(Clock::new()), Arc::new(Names::default()));
    let (machines, marks) = take_up(&config.data, &policy, me, &clock, &names);
    let (inbox, outlet) = Inbox::new(config.http.max_waiting);
    let own = policy.policy.region(me).name.clone();
    let board = Arc::new(Board::new(Arc::clone(&policy.policy), &own));
    let started_at = clock.now().0;
    let aws = Aws::connect(&config, Arc::clone(&policy.policy), me, Arc::clone(&names), started_at).await;
    let github = Client::new(&config.github, &policy.policy.github);
    let github = github.map_err(|error| Failed::Input(format!("{}: {error}", config.node)))?;
    let inner = Arc::new(Inner {
        aws,
        github,
        probes: Probes::new(&config, &policy.policy, me).map_err(Failed::Environment)?,
        inbox: inbox.clone(),
        names: Arc::clone(&names),
        offered: Offered::new(&config.runners),
        board: Arc::clone(&board),
        held: Mutex::default(),
        registered: Mutex::new(BTreeMap::new()),
    });
    let cloud = Cloud { inner: Arc::clone(&inner), runtime: tokio::runtime::Handle::current() };
    let (ended, mut end) = mpsc::unbounded_channel();
    let (controller, dispatcher) = machines;
    let parts = Parts {
        clock: Arc::clone(&clock),
        controller,
        dispatcher,
        policy_text: policy.text.clone(),
        names: Arc::clone(&names),
        board: Arc::clone(&board),
        folder: config.data.clone(),
        limits: config.journal,
        segment: next_segment(&config.data),
    };
    let node = Node::new(parts, cloud, outlet);
    let node = node.map_err(|error| Failed::Environment(format!("{}: {error}", config.data.display())))?;
    let thread = spawn(node, &own, ended)?;
    let site = Arc::new(Site::new(vec![Handle { inbox: inbox.clone(), board }], None, &config, names, clock));
    inner.probes.know(&site);
    let last = Arc::clone(&inner);
    let ends = async move { last.aws.queues.close().await };
    let beside = [
        tokio::spawn(follow(Arc::clone(&inner), inbox)),
        tokio::spawn(look_after(Arc::clone(&inner), Arc::clone(&site))),
        tokio::spawn(tidy(Arc::clone(&inner))),
        tokio::spawn(mark_again(Arc::clone(&inner), marks)),
        tokio::spawn(super::orphans::look_for(inner)),
    ];
    let served = serve_process(&site, (public, private), watch, &policy, &mut end, vec![thread], ends).await;
    beside.iter().for_each(tokio::task::JoinHandle::abort);
    served
}

/// The machines as an earlier process left them, or new ones; and what that one had marked just before it ended.
fn take_up(
    folder: &Path,
    policy: &Loaded,
    me: RegionId,
    clock: &Clock,
    names: &Names,
) -> ((Controller, Dispatcher), Vec<Mark>) {
    let left = recover(folder).unwrap_or_else(|error| {
        tracing::warn!(%error, "the journal cannot be taken up; reconcile will find what it held");
        None
    });
    let taken = left.and_then(|left: Recovered| {
        let controller = Controller::restore(Arc::clone(&policy.policy), left.controller);
        let dispatcher = Dispatcher::restore(Arc::clone(&policy.policy), left.dispatcher);
        let (Ok(controller), Ok(dispatcher)) = (controller, dispatcher) else {
            tracing::warn!("the journal is of a policy with other regions; reconcile will find what it held");
            return None;
        };
        let regions: Vec<&String> = policy.policy.regions.iter().map(|region| &region.name).collect();
        if controller.me() != me || left.regions.iter().collect::<Vec<_>>() != regions {
            tracing::warn!(
                before = left.regions.join(", "),
                "the journal is of another node, or of a policy with another order of regions; reconcile will find what it held"
            );
            return None;
        }
        clock.not_before(left.last);
        left.names.iter().for_each(|text| {
            names.note(text);
        });
        tracing::info!(turns = left.turns, open_jobs = controller.open_jobs(), "taken up from the journal");
        Some(((controller, dispatcher), left.marks.into_iter().map(|(_, mark)| mark).collect()))
    });
    let now: Timestamp = clock.now();
    taken.unwrap_or_else(|| {
        let seed = now.0; // spreads the nodes' periodic work and decides nothing else
        let controller = Controller::new(Arc::clone(&policy.policy), me, seed, now);
        ((controller, Dispatcher::new(Arc::clone(&policy.policy), me)), Vec::new())
    })
}

/// Marks once more what an earlier process marked just before it ended: nobody else would, and the claims of jobs that are over
/// would stay open. A mark that is written already changes nothing.
async fn mark_again(inner: Arc<Inner>, marks: Vec<Mark>) {
    let mut marking = JoinSet::new();
    for mark in marks {
        if marking.len() >= REMARKS_AT_ONCE {
            marking.join_next().await;
        }
        let inner = Arc::clone(&inner);
        marking.spawn(async move { inner.aws.tables.run(table::Command::Mark(mark)).await });
    }
    marking.join_all().await;
}

/// Tells the node of tasks that came up or stopped.
async fn follow(inner: Arc<Inner>, inbox: Inbox) {
    loop {
        tokio::time::sleep(FOLLOW_EVERY).await;
        for event in inner.aws.tasks.poll().await {
            inbox.tell(Incoming::Dispatcher(dispatcher::Event::Runner(event)));
        }
    }
}

/// Looks after the region's own services: what other nodes' probes hear of them.
async fn look_after(inner: Arc<Inner>, site: Arc<Site>) {
    let mut well = true;
    loop {
        let report = inner.aws.health.look().await;
        let is_well = report.services.are_well();
        if is_well != well {
            tracing::info!(well = is_well, detail = report.detail.join("; "), "the region's own services");
            well = is_well;
        }
        site.note_look(|look| {
            look.services = report.services;
            // A queue that does not answer is not an empty one.
            if let Some(queue) = report.queue {
                (look.waiting, look.in_flight) = (queue.visible + queue.delayed, Some(queue.in_flight));
            }
        });
        for left in inner.github.left() {
            let (requests, registrations) = (left.requests as u32, left.registrations as u32);
            inner.board.metrics.budget(&left.payer.to_string(), requests, registrations);
        }
        tokio::time::sleep(HEALTH_EVERY).await;
    }
}

async fn tidy(inner: Arc<Inner>) {
    loop {
        tokio::time::sleep(TIDY_EVERY).await;
        match inner.aws.tables.tidy().await {
            Ok(_) => {}
            Err(Failure::Denied) => tracing::warn!("the claims table cannot be tidied and grows: the role may not"),
            Err(failure) => tracing::debug!(?failure, "the claims table cannot be tidied"),
        }
    }
}
