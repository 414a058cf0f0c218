//! Starts a process, waits for its end and ends it in order: no new webhooks, turns finished, state saved.

use crate::clock::Clock;
use crate::config::Config;
use crate::embedded::Embedded;
use crate::http::{self, Site};
use crate::journal::next_segment;
use crate::names::Names;
use crate::node::{Board, Handle, Inbox, Incoming, Node, Outlet, Outside, Parts};
use crate::policy_file::{LOOK_EVERY, Loaded, Watched};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;
use tidegate_core::controller::Controller;
use tidegate_core::dispatcher::Dispatcher;
use tidegate_core::{RegionId, Span};
use tidegate_sim::real_time::RealTime;
use tidegate_sim::world::spec::WorldSpec;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

/// How long open requests may take to finish once the process is to end. With the nodes' own time this is well below the
/// 25 s that the design allows, and the 30 s that ECS waits before it kills.
const REQUESTS_WITHIN: Duration = Duration::from_secs(8);

/// How long the nodes may take to save themselves.
const NODES_WITHIN: Duration = Duration::from_secs(12);

/// All that a process is started from.
#[derive(Debug)]
pub struct Setup {
    /// The policy.
    pub policy: Loaded,
    /// The configuration.
    pub config: Config,
    /// Embedded mode: the world, or the shipped one.
    pub world: Option<WorldSpec>,
    /// Embedded mode: how long a job runs whose webhook came from outside.
    pub job_duration: Span,
    /// The files that are looked at again.
    pub watch: Watch,
}

/// The files that are looked at again while a process runs.
#[derive(Debug)]
pub struct Watch {
    /// The policy's file.
    pub policy: Option<PathBuf>,
    /// Whether a policy needs evidence.
    pub validated: bool,
    /// A policy to be tried in the shadow, with its file.
    pub shadow: Option<(PathBuf, Loaded)>,
}

/// Why a process did not run to a good end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    /// What it was given is wrong.
    #[error("{0}")]
    Input(String),
    /// The system says no.
    #[error("{0}")]
    Environment(String),
    /// A promise of ours is broken.
    #[error("{0}")]
    Broken(String),
}

fn environment(what: impl std::fmt::Display) -> impl FnOnce(std::io::Error) -> Failed {
    move |error| Failed::Environment(format!("{what}: {error}"))
}

/// Runs a process until it is told to stop.
///
/// # Errors
/// Why it could not start, or ended before it was told to.
pub fn run(setup: Setup, embedded: bool) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(environment("cannot start threads"))?;
    let done = runtime
        .block_on(async { if embedded { serve_embedded(setup).await } else { crate::cloud::serve(setup).await } });
    runtime.shutdown_timeout(Duration::from_secs(1));
    done
}

/// Holds a data folder for one process alone.
pub(crate) fn lock(folder: &Path) -> Result<File, Failed> {
    std::fs::create_dir_all(folder).map_err(environment(folder.display()))?;
    let path = folder.join("lock");
    let file = File::create(&path).map_err(environment(path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            let message =
                format!("{}: another process keeps its journal here; give each node a folder", folder.display());
            Err(Failed::Environment(message))
        }
        Err(std::fs::TryLockError::Error(error)) => Err(environment(path.display())(error)),
    }
}

/// The listeners, bound before anything else is started.
pub(crate) async fn listen(config: &Config) -> Result<(TcpListener, TcpListener), Failed> {
    let bind =
        async |address| TcpListener::bind(address).await.map_err(environment(format!("cannot listen on {address}")));
    Ok((bind(config.http.listen).await?, bind(config.http.admin).await?))
}

/// A node's thread. `ended` hears of its end, whatever it was.
pub(crate) fn spawn<O: Outside + 'static>(
    node: Node<O>,
    name: &str,
    ended: mpsc::UnboundedSender<String>,
) -> Result<JoinHandle<()>, Failed> {
    /// Tells of the end even when the node's loop unwinds.
    struct Tell(mpsc::UnboundedSender<String>, String);
    impl Drop for Tell {
        fn drop(&mut self) {
            let _ = self.0.send(std::mem::take(&mut self.1));
        }
    }
    let tell = Tell(ended, name.to_owned());
    let body = move || {
        let _tell = tell;
        node.run();
    };
    std::thread::Builder::new().name(name.to_owned()).spawn(body).map_err(environment("cannot start a node's thread"))
}

async fn serve_embedded(setup: Setup) -> Result<(), Failed> {
    let Setup { policy, config, world, job_duration, watch } = setup;
    let _lock = lock(&config.data)?;
    let (public, private) = listen(&config).await?;
    let (clock, names) = (Arc::new(Clock::new()), Arc::new(Names::default()));
    let start = clock.now();
    let seed = start.0;
    let world = RealTime::new(Arc::clone(&policy.policy), world, start, seed).map_err(Failed::Input)?;
    let (mut nodes, mut outlets): (Vec<Handle>, Vec<Outlet>) = Default::default();
    for region in policy.policy.ids() {
        let (inbox, outlet) = Inbox::new(config.http.max_waiting);
        let own = &policy.policy.region(region).name;
        let board = Arc::new(Board::new(Arc::clone(&policy.policy), own));
        nodes.push(Handle { inbox, board });
        outlets.push(outlet);
    }
    let embedded = Embedded::start(world, nodes.clone(), Arc::clone(&clock), job_duration);
    let (embedded, world) = embedded.map_err(environment("cannot start the world's thread"))?;
    let (ended, mut end) = mpsc::unbounded_channel();
    let mut threads = Vec::new();
    for ((region, handle), outlet) in policy.policy.ids().zip(&nodes).zip(outlets) {
        let name = policy.policy.region(region).name.clone();
        let folder = config.data.join(&name);
        let parts = Parts {
            clock: Arc::clone(&clock),
            controller: Controller::new(Arc::clone(&policy.policy), region, seed, start),
            dispatcher: Dispatcher::new(Arc::clone(&policy.policy), region),
            policy_text: policy.text.clone(),
            names: Arc::clone(&names),
            board: Arc::clone(&handle.board),
            segment: next_segment(&folder),
            folder,
            limits: config.journal,
        };
        let node = Node::new(parts, embedded.outside(region), outlet);
        let node = node.map_err(environment(format!("the journal of {name} cannot be begun")))?;
        threads.push(spawn(node, &name, ended.clone())?);
    }
    drop(ended);
    let site = Arc::new(Site::new(nodes, Some(embedded.clone()), &config, names, clock));
    let served = serve(&site, (public, private), watch, &policy, &mut end, threads, std::future::ready(())).await;
    embedded.stop();
    let _ = world.join(); // its thread ends by itself; a panic there was printed already
    served
}

/// Serves until the process is told to stop, or a node ends by itself; then ends everything in order: nobody is let in any
/// more, `ends` is waited for, and the nodes save their state.
pub(crate) async fn serve(
    site: &Arc<Site>,
    (public, private): (TcpListener, TcpListener),
    files: Watch,
    policy: &Loaded,
    ended: &mut mpsc::UnboundedReceiver<String>,
    threads: Vec<JoinHandle<()>>,
    ends: impl Future<Output = ()>,
) -> Result<(), Failed> {
    let address = |listener: &TcpListener| listener.local_addr().map_err(environment("no address"));
    tracing::info!(webhooks = %address(&public)?, admin = %address(&private)?, "serving");
    let (stop, stopped) = watch::channel(false);
    let server = |listener, router| tokio::spawn(http::serve(listener, router, stopped.clone()));
    let servers = [server(public, http::public(Arc::clone(site))), server(private, http::private(Arc::clone(site)))];
    let watching = tokio::spawn(watch_files(Arc::clone(site), files, policy.text.text.clone()));
    let failed = tokio::select! {
        () = told_to_stop() => None,
        name = ended.recv() => Some(name.unwrap_or_default()),
    };
    watching.abort();
    site.closing.store(true, Ordering::Release);
    let _ = stop.send(true);
    let served = async {
        for server in servers {
            let _ = tokio::time::timeout(REQUESTS_WITHIN / 2, server).await; // who is slower than that is cut off
        }
    };
    let _ = tokio::join!(served, tokio::time::timeout(REQUESTS_WITHIN, ends));
    site.nodes.iter().for_each(|local| local.inbox.tell(Incoming::Stop));
    let all = tokio::task::spawn_blocking(move || threads.into_iter().all(|thread| thread.join().is_ok()));
    match (tokio::time::timeout(NODES_WITHIN, all).await, failed) {
        (Ok(Ok(true)), None) => Ok(()),
        (Ok(Ok(_)), Some(name)) => Err(Failed::Broken(format!("the node of {name} ended by itself; see above"))),
        (Ok(_), None) => Err(Failed::Broken("a node broke while it was ending; see above".to_owned())),
        (Ok(Err(_)) | Err(_), _) => Err(Failed::Broken("a node did not end in time".to_owned())),
    }
}

async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("told to stop");
}

/// Looks at the policy files again and again, and tells the nodes of a change.
async fn watch_files(site: Arc<Site>, files: Watch, text: String) {
    let tell = |incoming: &dyn Fn() -> Incoming| site.nodes.iter().for_each(|local| local.inbox.tell(incoming()));
    let mut policy = files.policy.map(|path| Watched::new(path, files.validated, &text));
    let mut shadow = None;
    if let Some((path, loaded)) = files.shadow {
        tell(&|| Incoming::Shadow(Arc::clone(&loaded.policy)));
        shadow = Some(Watched::new(path, false, &loaded.text.text));
    }
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        match policy.as_mut().and_then(Watched::look) {
            Some(Ok(loaded)) => tell(&|| Incoming::Policy(Arc::clone(&loaded.policy), loaded.text.clone())),
            Some(Err(error)) => tracing::warn!(%error, "the new policy is not taken; the one before stays in force"),
            None => {}
        }
        match shadow.as_mut().and_then(Watched::look) {
            Some(Ok(loaded)) => tell(&|| Incoming::Shadow(Arc::clone(&loaded.policy))),
            Some(Err(error)) => tracing::warn!(%error, "the new shadow is not taken"),
            None => {}
        }
    }
}

/// The region of a node by its name in the configuration, which was checked against the policy.
pub(crate) fn region_of(policy: &Loaded, config: &Config) -> Result<RegionId, Failed> {
    let region = policy.policy.region_named(&config.node);
    region.ok_or_else(|| Failed::Input(format!("the policy does not name `{}`", config.node)))
}
