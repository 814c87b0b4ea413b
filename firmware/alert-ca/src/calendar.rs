//! The date, from an SNTP server (RFC 4330) or the emulator.
//!
//! An answer of SNTP is not authentic: who can forge it can make an expired certificate look valid. It
//! cannot bring the date before the firmware was built, and neither name nor issuer depend on it.

use core::net::{Ipv4Addr, SocketAddr};

use boiler::SERVER;
use embassy_net::Stack;
use embassy_net::udp::{PacketMetadata, UdpSocket};
use mailer::{Deadline, embassy_clock, within};
use sntpc::{NtpContext, NtpTimestampGenerator};
use sntpc_net_embassy::UdpSocketWrapper;

/// Milliseconds for an answer.
const ANSWER: u64 = 5000;
/// This firmware is from November 2026: the date is none before that. Seconds since 1970.
const EARLIEST: u64 = 1_793_491_200;
/// Octets of a question, and of an answer.
const PACKET: usize = 48;
const OWN_PORT: u16 = 49_151;

/// A clock that was set.
#[derive(Clone, Copy)]
pub struct Calendar {
    /// Seconds since 1970 when the board's clock was at zero.
    start: u64,
}

impl Calendar {
    /// By the emulator.
    pub fn of_the_emulator() -> Self {
        Self::set(board::unix_time())
    }

    /// By the SNTP server at this port; `None` if there is no answer that makes sense.
    pub async fn ask(stack: Stack<'_>, port: u16, deadline: &Deadline) -> Option<Self> {
        let (mut received_meta, mut sent_meta) = ([PacketMetadata::EMPTY], [PacketMetadata::EMPTY]);
        let (mut received, mut sent) = ([0; PACKET], [0; PACKET]);
        let mut socket = UdpSocket::new(
            stack,
            &mut received_meta,
            &mut received,
            &mut sent_meta,
            &mut sent,
        );
        socket.bind(OWN_PORT).ok()?;
        let socket = UdpSocketWrapper::new(socket);
        let server = SocketAddr::from((Ipv4Addr::from(SERVER), port));
        let asking = async {
            stack.wait_config_up().await;
            sntpc::get_time(server, &socket, NtpContext::new(Uptime::default())).await
        };
        deadline.start(ANSWER);
        let answer = within(deadline, asking).await;
        // Also where there was none: what follows is to wait.
        deadline.rest();
        let answer = answer.ok()?.ok()?;
        (answer.sec() >= EARLIEST).then(|| Self::set(answer.sec()))
    }

    fn set(now: u64) -> Self {
        Self {
            start: now.saturating_sub(embassy_clock() / 1000),
        }
    }

    /// Seconds since 1970.
    pub fn now(&self) -> u64 {
        self.start + embassy_clock() / 1000
    }
}

/// What a device has that does not know the date: the time since its start.
#[derive(Clone, Copy, Default)]
struct Uptime(u64);

impl NtpTimestampGenerator for Uptime {
    fn init(&mut self) {
        self.0 = embassy_clock();
    }

    fn timestamp_sec(&self) -> u64 {
        self.0 / 1000
    }

    fn timestamp_subsec_micros(&self) -> u32 {
        (self.0 % 1000) as u32 * 1000
    }
}
