//! The daemon from outside: over HTTP, over the wire to emulators, killed and started again.

mod embedded;
mod emulation;
mod evidence;
mod fleet;
mod flood;
mod page;
mod refused;
mod second_opinion;

use tidegate_tests::daemon::{Daemon, free_port};
use tidegate_tests::{Desk, Session};

const PROGRAM: &str = env!("CARGO_BIN_EXE_tidegate-live-under-test");

/// A call of the daemon's program.
fn tidegate_live() -> Session {
    Session::new(PROGRAM)
}

/// Three regions in one process, with journals on the desk. Jobs run for a second; runners are up in two.
fn embedded(desk: &Desk, more: &[&str]) -> Daemon {
    embedded_with(desk, more, &[])
}

/// The same with further variables in its environment.
fn embedded_with(desk: &Desk, more: &[&str], variables: &[(&str, &str)]) -> Daemon {
    let (public, private) = (free_port(), free_port());
    desk.put("world.toml", include_str!("daemon/quick-world.toml"));
    let mut arguments: Vec<String> =
        ["serve", "--embedded", "--listen", &format!("127.0.0.1:{public}"), "--admin", &format!("127.0.0.1:{private}")]
            .map(str::to_owned)
            .to_vec();
    for (flag, name) in [("--data", "data"), ("--world", "world.toml")] {
        arguments.extend([flag.to_owned(), desk.path(name).display().to_string()]);
    }
    if !more.contains(&"--job-duration") {
        arguments.extend(["--job-duration", "1s"].map(str::to_owned));
    }
    arguments.extend(more.iter().map(|word| (*word).to_owned()));
    let mut daemon = Daemon::start(PROGRAM, arguments, variables, (public, private), &desk.path("log"));
    daemon.wait_ready();
    daemon
}
