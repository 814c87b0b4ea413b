//! Connections over TCP on the loopback, a thread each.
//!
//! Everything here ends soon after the listener is dropped: threads look at a flag at least every
//! [`TICK`], and their sockets are shut.

use core::ops::Deref;
use core::time::Duration;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;
use std::vec::Vec;

use super::channel::Channel;
use super::outbox::Next;
use super::server::{Server, Shared};

/// A server that listens on a port of 127.0.0.1, until it is dropped.
///
/// It dereferences to its [`Server`]. Keep a clone of that to look at the lists after the drop.
#[derive(Debug)]
pub struct Listener {
    server: Server,
    address: SocketAddr,
    control: Arc<Control>,
    acceptor: Option<JoinHandle<()>>,
}

impl Listener {
    pub(super) fn bind(server: Server, shared: Arc<Shared>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let control = Arc::new(Control::default());
        let acceptor = thread::Builder::new().name("mock-smtp".into()).spawn({
            let control = control.clone();
            move || accept(&listener, &shared, &control)
        })?;
        Ok(Self {
            server,
            address,
            control,
            acceptor: Some(acceptor),
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// The server after it.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }
}

impl Deref for Listener {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.control.stop();
        // Wakes the acceptor.
        drop(TcpStream::connect_timeout(
            &self.address,
            Duration::from_secs(1),
        ));
        if let Some(acceptor) = self.acceptor.take() {
            drop(acceptor.join());
        }
    }
}

/// What stops the threads.
#[derive(Debug, Default)]
struct Control {
    stopped: AtomicBool,
    open: Mutex<BTreeMap<usize, TcpStream>>,
}

impl Control {
    fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        for stream in open.values() {
            drop(stream.shutdown(Shutdown::Both));
        }
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    fn register(&self, number: usize, stream: &TcpStream) -> io::Result<()> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.insert(number, stream.try_clone()?);
        Ok(())
    }

    fn forget(&self, number: usize) {
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&number);
    }

    /// Lets the time pass; `false` when stopped before.
    fn sleep(&self, time: Duration) -> bool {
        let start = Instant::now();
        while !self.is_stopped() {
            let left = time.saturating_sub(start.elapsed());
            if left.is_zero() {
                return true;
            }
            thread::sleep(left.min(TICK));
        }
        false
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>, control: &Arc<Control>) {
    let mut threads: Vec<JoinHandle<()>> = Vec::new();
    for number in 0.. {
        let stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(_) if control.is_stopped() => break,
            Err(_) => {
                control.sleep(TICK);
                continue;
            }
        };
        if control.is_stopped() {
            break;
        }
        threads.retain(|thread| !thread.is_finished());
        let name = std::format!("mock-smtp-{number}");
        let spawned = thread::Builder::new().name(name).spawn({
            let (shared, control) = (shared.clone(), control.clone());
            move || {
                let mut channel = Channel::new(shared.clone(), false);
                if control.register(number, &stream).is_ok() {
                    // A broken connection is the client's affair.
                    drop(converse(&stream, &mut channel, &control));
                }
                control.forget(number);
                drop(stream.shutdown(Shutdown::Both));
                channel.end();
            }
        });
        threads.extend(spawned);
    }
    for thread in threads {
        drop(thread.join());
    }
}

fn converse(mut stream: &TcpStream, channel: &mut Channel, control: &Control) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(TICK))?;
    let mut buffer = std::vec![0; 16 * 1024];
    let mut closing: Option<Instant> = None;
    while !control.is_stopped() {
        match channel.next(&mut buffer) {
            Next::Octets(count) => {
                stream.write_all(&buffer[..count])?;
                continue;
            }
            Next::Pause(time) => {
                control.sleep(time);
                continue;
            }
            Next::Close if closing.is_none() => {
                // With bytes of the client unread, a full close would reset the connection, and the
                // last reply could be lost. What the client still sends is looked at.
                stream.shutdown(Shutdown::Write)?;
                closing = Some(Instant::now());
            }
            Next::Close | Next::Nothing => {}
        }
        if closing.is_some_and(|since| since.elapsed() > LINGER) {
            break;
        }
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => channel.receive(&buffer[..count]),
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {}
                _ => return Err(error),
            },
        }
    }
    Ok(())
}

/// How often a waiting thread looks up.
const TICK: Duration = Duration::from_millis(20);
/// How long a closed connection is still read from.
const LINGER: Duration = Duration::from_secs(1);
