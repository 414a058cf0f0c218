//! A line between two nodes that can be cut. Knows bytes; must not know what they mean.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Takes connections on a port of loopback and passes them on to another, until it is cut. Its threads end with the process.
#[derive(Debug)]
pub struct Relay {
    /// Where it listens.
    pub address: SocketAddr,
    line: Arc<Line>,
}

#[derive(Debug, Default)]
struct Line {
    cut: AtomicBool,
    /// Both ends of every connection that may be open: a cut breaks them, too.
    open: Mutex<Vec<TcpStream>>,
}

/// Connections that are remembered; nodes keep a few at a time.
const MOST: usize = 64;

impl Relay {
    /// A line to a port of loopback, whether something listens there yet or not.
    ///
    /// # Panics
    /// When there is no port left.
    #[must_use]
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port of loopback");
        let address = listener.local_addr().expect("it is bound");
        let line = Arc::new(Line::default());
        let mine = Arc::clone(&line);
        thread::spawn(move || {
            for came in listener.incoming().flatten() {
                // One that cannot be passed on is closed, as a node that is down does it.
                let _ = mine.pass_on(came, port);
            }
        });
        Self { address, line }
    }

    /// Cuts it, or mends it.
    pub fn cut(&self, cut: bool) {
        self.line.cut.store(cut, Ordering::SeqCst);
        if cut {
            let mut open = self.line.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.drain(..).for_each(|end| drop(end.shutdown(Shutdown::Both)));
        }
    }
}

impl Line {
    fn pass_on(&self, came: TcpStream, port: u16) -> io::Result<()> {
        if self.cut.load(Ordering::SeqCst) {
            return Ok(());
        }
        let there = TcpStream::connect(("127.0.0.1", port))?;
        {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            let from = open.len().saturating_sub(MOST);
            open.drain(..from);
            open.extend([came.try_clone()?, there.try_clone()?]);
        }
        for (mut from, mut to) in [(came.try_clone()?, there.try_clone()?), (there, came)] {
            thread::spawn(move || {
                let _ = io::copy(&mut from, &mut to);
                let _ = to.shutdown(Shutdown::Write);
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    #[test]
    fn bytes_pass_until_the_line_is_cut_and_again_when_it_is_mended() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        thread::spawn(move || {
            for mut came in listener.incoming().flatten() {
                thread::spawn(move || {
                    let mut byte = [0];
                    while came.read_exact(&mut byte).is_ok() {
                        let _ = came.write_all(&[byte[0] + 1]);
                    }
                });
            }
        });
        let relay = Relay::to(port);
        let ask = |stream: &mut TcpStream| {
            let mut byte = [0];
            stream.write_all(&[7]).and_then(|()| stream.read_exact(&mut byte)).ok().map(|()| byte[0])
        };
        let connect = || TcpStream::connect(relay.address).expect("it listens");
        let mut stream = connect();
        assert_eq!(ask(&mut stream), Some(8));
        relay.cut(true);
        assert_eq!(ask(&mut stream), None, "what was open is broken");
        assert_eq!(ask(&mut connect()), None);
        relay.cut(false);
        assert_eq!(ask(&mut connect()), Some(8));
    }
}
