//! embassy-net on the emulated board: an address by DHCP, and connections with a deadline.
#![no_std]

use board::Watchdog;
use board::ethernet::Device;
use boiler::SERVER;
use embassy_executor::{SpawnError, Spawner};
use embassy_net::tcp::TcpSocket;
use embassy_net::{Config, IpAddress, Ipv4Address, Runner, Stack, StackResources};
use embassy_time::Timer;
use mailer::{Deadline, within};
use static_cell::{ConstStaticCell, StaticCell};

/// DHCP, a connection, and a question for the date.
const SOCKETS: usize = 3;
/// Octets of a connection's buffers.
const BUFFER: usize = 2048;
/// Milliseconds for a server to answer at all.
const CONNECT: u64 = 30_000;
/// Milliseconds to wait for the end of a connection.
const FAREWELL: u64 = 1000;
/// Milliseconds between two feedings of the watchdog, and how late a deadline may be noticed.
const FEEDING: u64 = 200;
const LATE: u64 = 5000;

/// A connection's buffers.
pub struct Buffers {
    received: [u8; BUFFER],
    sent: [u8; BUFFER],
}

impl Buffers {
    /// To be called once.
    pub fn take() -> &'static mut Self {
        static BUFFERS: ConstStaticCell<Buffers> = ConstStaticCell::new(Buffers {
            received: [0; BUFFER],
            sent: [0; BUFFER],
        });
        BUFFERS.take()
    }
}

/// Starts the network. To be called once. `unlike` is another number at each start.
///
/// # Errors
///
/// It was started before.
pub fn start(spawner: Spawner, unlike: u64) -> Result<Stack<'static>, SpawnError> {
    static RESOURCES: StaticCell<StackResources<SOCKETS>> = StaticCell::new();
    let resources = RESOURCES.init(StackResources::new());
    let config = Config::dhcpv4(Default::default());
    let (stack, runner) = embassy_net::new(Device::take(), config, resources, unlike);
    spawner.spawn(run(runner)?);
    Ok(stack)
}

#[embassy_executor::task]
async fn run(mut runner: Runner<'static, &'static mut Device>) {
    runner.run().await
}

/// Feeds the watchdog as long as tasks get their turn, and no deadline is over that nobody noticed.
#[embassy_executor::task]
pub async fn feed(mut watchdog: Watchdog, deadline: &'static Deadline) {
    loop {
        if board::clock::now() < deadline.due().saturating_add(LATE) {
            watchdog.feed();
        }
        Timer::after_millis(FEEDING).await;
    }
}

/// Connects to the server's port; `None` if there is no network, the server refuses, or the deadline is
/// over.
pub async fn connect<'s>(
    stack: Stack<'s>,
    buffers: &'s mut Buffers,
    port: u16,
    deadline: &Deadline,
) -> Option<TcpSocket<'s>> {
    deadline.start(CONNECT);
    let mut socket = TcpSocket::new(stack, &mut buffers.received, &mut buffers.sent);
    let [a, b, c, d] = SERVER;
    let server = (IpAddress::Ipv4(Ipv4Address::new(a, b, c, d)), port);
    let connecting = async {
        stack.wait_config_up().await;
        socket.connect(server).await
    };
    match within(deadline, connecting).await {
        Ok(Ok(())) => Some(socket),
        _ => None,
    }
}

/// Ends a connection: politely, if both sides still can; else the server is told that nothing will come.
pub async fn end(mut socket: TcpSocket<'_>, deadline: &Deadline) {
    deadline.start(FAREWELL);
    socket.close();
    if within(deadline, socket.flush()).await.is_err() {
        abort(socket, deadline).await;
    }
}

/// Ends a connection of which nothing may be sent any more.
pub async fn abort(mut socket: TcpSocket<'_>, deadline: &Deadline) {
    deadline.start(FAREWELL);
    socket.abort();
    // A reset is sent once, whether it arrives or not.
    let _ = within(deadline, socket.flush()).await;
}
