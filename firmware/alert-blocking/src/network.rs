//! smoltcp with one TCP connection at a time, and that connection as a transport that waits.

use board::Watchdog;
use board::ethernet::{ADDRESS, Device};
use boiler::SERVER;
use embedded_io::{ErrorKind, ErrorType, Read, Write};
use mailer::Deadline;
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet, SocketStorage};
use smoltcp::socket::tcp::{RecvError, Socket, SocketBuffer, State};
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, IpAddress, IpCidr, Ipv4Address};
use static_cell::ConstStaticCell;

/// This device's address, as the emulator's network has it. The server is in the same network.
const OWN: IpCidr = IpCidr::new(IpAddress::v4(10, 0, 2, 15), 24);
/// Octets of a connection's buffers.
const BUFFER: usize = 2048;
/// Milliseconds to wait for the end of a connection.
const FAREWELL: u64 = 1000;
/// Ports of this device's, one for each connection (RFC 6335 §6).
const FIRST_PORT: u16 = 49_152;
const PORTS: u16 = 16_384;

/// The network, and the watchdog that is fed while there is something to wait for.
pub struct Network {
    device: &'static mut Device,
    interface: Interface,
    sockets: SocketSet<'static>,
    socket: SocketHandle,
    port: u16,
    watchdog: Watchdog,
}

impl Network {
    /// `unlike` is another number at each start: of it are the first port and the sequence numbers.
    pub fn start(device: &'static mut Device, watchdog: Watchdog, unlike: u64) -> Self {
        static RECEIVED: ConstStaticCell<[u8; BUFFER]> = ConstStaticCell::new([0; BUFFER]);
        static SENT: ConstStaticCell<[u8; BUFFER]> = ConstStaticCell::new([0; BUFFER]);
        static STORAGE: ConstStaticCell<[SocketStorage<'static>; 1]> =
            ConstStaticCell::new([SocketStorage::EMPTY]);

        let mut config = Config::new(EthernetAddress(ADDRESS).into());
        config.random_seed = unlike;
        let mut interface = Interface::new(config, device, now());
        interface.update_ip_addrs(|addresses| {
            // There is room for it.
            let _ = addresses.push(OWN);
        });
        let buffers = [RECEIVED.take(), SENT.take()];
        let [received, sent] = buffers.map(|buffer| SocketBuffer::new(&mut buffer[..]));
        let mut sockets = SocketSet::new(&mut STORAGE.take()[..]);
        let socket = sockets.add(Socket::new(received, sent));
        Self {
            device,
            interface,
            sockets,
            socket,
            port: (unlike % u64::from(PORTS)) as u16,
            watchdog,
        }
    }

    /// Connects to the server's port; `None` if it refuses, or the deadline is over.
    pub fn connect<'n>(&'n mut self, port: u16, deadline: &'n Deadline) -> Option<Link<'n>> {
        self.port = self.port.wrapping_add(1) % PORTS;
        let [a, b, c, d] = SERVER;
        let server = (IpAddress::Ipv4(Ipv4Address::new(a, b, c, d)), port);
        let socket = self.sockets.get_mut::<Socket<'_>>(self.socket);
        socket.abort();
        socket
            .connect(self.interface.context(), server, FIRST_PORT + self.port)
            .ok()?;
        let mut link = Link {
            network: self,
            deadline,
        };
        let is_open = link.wait(|socket| match socket.state() {
            State::SynSent | State::SynReceived => None,
            state => Some(state != State::Closed),
        });
        match is_open {
            Ok(true) => Some(link),
            _ => {
                link.abort();
                None
            }
        }
    }

    /// Waits for the next tick of the clock, and sees what came until then.
    pub fn sleep(&mut self) {
        self.watchdog.feed();
        board::clock::sleep();
        self.poll();
    }

    fn poll(&mut self) {
        self.interface.poll(now(), self.device, &mut self.sockets);
    }

    fn socket(&mut self) -> &mut Socket<'static> {
        self.sockets.get_mut(self.socket)
    }
}

/// A connection. Each call waits until the deadline is over, and no longer.
pub struct Link<'n> {
    network: &'n mut Network,
    deadline: &'n Deadline,
}

impl Link<'_> {
    /// Ends the connection: politely, if both sides still can.
    pub fn end(mut self) {
        self.deadline.start(FAREWELL);
        self.network.socket().close();
        let closed = self.wait(|socket| {
            let is_over = matches!(socket.state(), State::Closed | State::TimeWait);
            is_over.then_some(())
        });
        if closed.is_err() {
            self.abort();
        }
    }

    /// Ends a connection of which nothing may be sent any more. The server is told so at once.
    pub fn abort(self) {
        self.network.socket().abort();
        self.network.poll();
    }

    fn wait<R>(
        &mut self,
        mut until: impl FnMut(&mut Socket<'static>) -> Option<R>,
    ) -> Result<R, ErrorKind> {
        loop {
            self.network.poll();
            if let Some(result) = until(self.network.socket()) {
                return Ok(result);
            }
            if self.deadline.is_over() {
                return Err(ErrorKind::TimedOut);
            }
            self.network.sleep();
        }
    }
}

impl ErrorType for Link<'_> {
    type Error = ErrorKind;
}

impl Read for Link<'_> {
    fn read(&mut self, window: &mut [u8]) -> Result<usize, ErrorKind> {
        if window.is_empty() {
            return Ok(0);
        }
        self.wait(|socket| match socket.recv_slice(window) {
            Ok(0) => None,
            Ok(octets) => Some(Ok(octets)),
            Err(RecvError::Finished) => Some(Ok(0)),
            Err(RecvError::InvalidState) => Some(Err(ErrorKind::ConnectionReset)),
        })?
    }
}

impl Write for Link<'_> {
    fn write(&mut self, octets: &[u8]) -> Result<usize, ErrorKind> {
        if octets.is_empty() {
            return Ok(0);
        }
        self.wait(|socket| match socket.send_slice(octets) {
            Ok(0) => None,
            Ok(taken) => Some(Ok(taken)),
            Err(_) => Some(Err(ErrorKind::ConnectionReset)),
        })?
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        // What the server has no room for yet leaves while its answer is awaited.
        self.network.poll();
        Ok(())
    }
}

fn now() -> Instant {
    Instant::from_millis(board::clock::now() as i64)
}
