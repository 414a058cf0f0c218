//! Takes connections and serves routes on them: so many at once, each given so long to ask. Knows connections; must not know
//! what is asked.

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

/// Connections at once; whoever comes then waits in the system's own line. Each costs some tens of kilobytes.
const CONNECTIONS: usize = 4_096;

/// How long a connection may take to send a request's head, and may be idle between two. Longer than the time between
/// two probes, so that these need no connection each.
const HEAD_WITHIN: Duration = Duration::from_secs(30);

/// A pause after an error of the system, such as too many open files, that asking again at once does not mend.
const AFTER_ERROR: Duration = Duration::from_millis(100);

/// Serves routes until told to stop; then takes no new connection, and ends when the requests under way are answered.
pub(crate) async fn serve(listener: TcpListener, router: Router, mut stop: watch::Receiver<bool>) {
    // HTTP/1 alone, as load balancers speak it: a version would be waited for without a limit.
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    let (graceful, connections) = (GracefulShutdown::new(), Arc::new(Semaphore::new(CONNECTIONS)));
    loop {
        let next = async {
            let room = Arc::clone(&connections).acquire_owned().await;
            (listener.accept().await, room)
        };
        let (accepted, room) = tokio::select! {
            next = next => next,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(AFTER_ERROR).await;
            continue;
        };
        let service = TowerToHyperService::new(router.clone());
        let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            let _ = connection.await; // who goes away in the middle is no news
            drop(room);
        });
    }
    drop(listener);
    graceful.shutdown().await;
}
