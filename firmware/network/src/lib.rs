//! embassy-net on the emulated board: an address by DHCP, and one connection after the other for what is
//! to be sent, each with a deadline.
//!
//! Three tasks: the network, the watchdog, and the firmware's own.
#![no_std]

use board::Watchdog;
use board::ethernet::Device as Ethernet;
use boiler::{Ending, Rounds, SERVER, Settings, exit};
use embassy_executor::Spawner;
use embassy_net::tcp::TcpSocket;
use embassy_net::{Config, IpAddress, Ipv4Address, Runner, Stack, StackResources};
use mailer::{Deadline, embassy_clock, watch, within};
use static_cell::{ConstStaticCell, StaticCell};

/// DHCP, a connection, and a question for the date.
const SOCKETS: usize = 3;
/// Octets of a connection's buffers.
const BUFFER: usize = 2048;
/// Milliseconds without a sign of life, after which the board is reset.
const WATCHDOG: u32 = 10_000;
/// Milliseconds for a server to answer at all.
const CONNECT: u64 = 30_000;
/// Milliseconds to wait for the end of a connection.
const FAREWELL: u64 = 1000;
/// Milliseconds that a deadline may be noticed late.
const LATE: u64 = 5000;

/// A connection's buffers.
struct Buffers {
    received: [u8; BUFFER],
    sent: [u8; BUFFER],
}

static BUFFERS: ConstStaticCell<Buffers> = ConstStaticCell::new(Buffers {
    received: [0; BUFFER],
    sent: [0; BUFFER],
});

/// A device that runs.
pub struct Device {
    pub stack: Stack<'static>,
    pub deadline: &'static Deadline,
    pub settings: Settings,
}

impl Device {
    /// Starts the board, the network and the watchdog. To be called once, first. Arguments that are not
    /// understood end the firmware.
    ///
    /// # Panics
    ///
    /// It was started before.
    pub fn start(spawner: Spawner) -> Self {
        static DEADLINE: StaticCell<Deadline> = StaticCell::new();
        static RESOURCES: StaticCell<StackResources<SOCKETS>> = StaticCell::new();

        let watchdog = board::start(WATCHDOG);
        let Some(settings) = board::arguments().and_then(Settings::parse) else {
            defmt::error!("arguments that are not understood");
            board::end(exit::USAGE)
        };
        let deadline = &*DEADLINE.init(Deadline::new(embassy_clock, settings.patience));
        deadline.rest();

        let resources = RESOURCES.init(StackResources::new());
        let config = Config::dhcpv4(Default::default());
        // It decides the first port and the sequence numbers. For the emulator: a device takes it from its
        // random source.
        let unlike = board::unix_time();
        let (stack, runner) = embassy_net::new(Ethernet::take(), config, resources, unlike);
        let (Ok(running), Ok(feeding)) = (run(runner), feed(watchdog, deadline)) else {
            panic!("started twice");
        };
        spawner.spawn(running);
        spawner.spawn(feeding);
        Self {
            stack,
            deadline,
            settings,
        }
    }

    /// Makes the rounds: a connection for all that is due, then the next one. `session` says
    /// whether it ended politely. A device would go on for ever; this one ends when nothing is left to
    /// send, or no attempt.
    pub async fn send(
        &self,
        mut rounds: Rounds,
        mut session: impl AsyncFnMut(&mut TcpSocket<'_>, &mut Rounds) -> bool,
    ) -> ! {
        let buffers = BUFFERS.take();
        while rounds.is_open() {
            rounds.wait().await;
            match connect(self.stack, buffers, self.settings.port, self.deadline).await {
                None => rounds.failed(Ending::LOST),
                Some(mut socket) => {
                    if session(&mut socket, &mut rounds).await {
                        end(socket, self.deadline).await;
                    } else {
                        abort(socket, self.deadline).await;
                    }
                }
            }
            self.deadline.rest();
        }
        board::end(rounds.close())
    }
}

#[embassy_executor::task]
async fn run(mut runner: Runner<'static, &'static mut Ethernet>) {
    runner.run().await
}

/// Feeds the watchdog as long as tasks get their turn, and no deadline is over that nobody noticed.
#[embassy_executor::task]
async fn feed(mut watchdog: Watchdog, deadline: &'static Deadline) {
    watch(deadline, LATE, || watchdog.feed()).await
}

/// Connects to the server's port; `None` if there is no network, the server refuses, or the deadline is
/// over.
async fn connect<'s>(
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
async fn end(mut socket: TcpSocket<'_>, deadline: &Deadline) {
    deadline.start(FAREWELL);
    socket.close();
    if within(deadline, socket.flush()).await.is_err() {
        abort(socket, deadline).await;
    }
}

/// Ends a connection of which nothing may be sent any more.
async fn abort(mut socket: TcpSocket<'_>, deadline: &Deadline) {
    deadline.start(FAREWELL);
    socket.abort();
    // A reset is sent once, whether it arrives or not.
    let _ = within(deadline, socket.flush()).await;
}
