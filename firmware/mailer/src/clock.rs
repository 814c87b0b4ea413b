//! The date, as a server tells it by SNTP (RFC 4330).
//!
//! Nothing proves it: who sits on the line can tell another date, but none before the firmware was built.
//! So a certificate may pass that has expired since, and no other.

#[cfg(feature = "net")]
use core::net::IpAddr;
use core::net::SocketAddr;

#[cfg(feature = "net")]
use embassy_net::IpAddress;
use embassy_net::Stack;
use embassy_net::udp::{PacketMetadata, UdpSocket};
use embassy_time::Instant;
use sntpc::{NtpContext, NtpTimestampGenerator, get_time};
use sntpc_net_embassy::UdpSocketWrapper;

/// Knows the date once a server has told it.
pub struct Clock {
    built: u64,
    /// Seconds since 1970 when the board started.
    started: Option<u64>,
}

/// Why the date is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Undated {
    /// The name of the server has no address.
    Name,
    /// No port was free to ask from.
    Port,
    /// What the server said, if anything, is no answer.
    Answer,
    /// The server told this time, which was before the firmware was built.
    BeforeBuilt(u64),
}

impl Clock {
    /// For a firmware that was built at this time, in seconds since 1970.
    pub const fn new(built: u64) -> Self {
        Self {
            built,
            started: None,
        }
    }

    /// Seconds since 1970 (UTC). Asks the server of this name if it has not told yet. There is no deadline
    /// in here.
    ///
    /// # Errors
    ///
    /// See [`Undated`].
    #[cfg(feature = "net")]
    pub async fn now(&mut self, stack: Stack<'_>, server: &str) -> Result<u64, Undated> {
        if let Some(now) = self.at(uptime()) {
            return Ok(now);
        }
        let found = stack
            .dns_query(server, embassy_net::dns::DnsQueryType::A)
            .await;
        let addresses = found.map_err(|_| Undated::Name)?;
        let IpAddress::Ipv4(address) = *addresses.first().ok_or(Undated::Name)?;
        self.ask(stack, SocketAddr::new(IpAddr::V4(address), PORT))
            .await
    }

    /// Asks the server at this address. There is no deadline in here.
    ///
    /// # Errors
    ///
    /// See [`Undated`].
    pub async fn ask(&mut self, stack: Stack<'_>, server: SocketAddr) -> Result<u64, Undated> {
        let now = ask(stack, server, self.built).await?;
        if now < self.built {
            return Err(Undated::BeforeBuilt(now));
        }
        self.started = Some(now.saturating_sub(uptime()));
        Ok(now)
    }

    /// Seconds since 1970 when the board was up for this many seconds; `None` while it is not known.
    pub fn at(&self, uptime: u64) -> Option<u64> {
        Some(self.started? + uptime)
    }

    /// Asks anew the next time: for a certificate that is said to be out of date.
    pub fn forget(&mut self) {
        self.started = None;
    }
}

fn uptime() -> u64 {
    Instant::now().as_secs()
}

async fn ask(stack: Stack<'_>, server: SocketAddr, built: u64) -> Result<u64, Undated> {
    let (mut read, mut write) = ([0; PACKET], [0; PACKET]);
    let (mut read_meta, mut write_meta) = ([PacketMetadata::EMPTY; 1], [PacketMetadata::EMPTY; 1]);
    let mut socket = UdpSocket::new(
        stack,
        &mut read_meta,
        &mut read,
        &mut write_meta,
        &mut write,
    );
    // Any port.
    socket.bind(0).map_err(|_| Undated::Port)?;
    let socket = UdpSocketWrapper::new(socket);
    let context = NtpContext::new(Guess { built, up: 0 });
    let answer = get_time(server, &socket, context).await;
    Ok(answer.map_err(|_| Undated::Answer)?.sec())
}

/// The time as far as the board knows it: that of the build, and how long it is up. By it an answer is
/// matched to its question, and the era of NTP to the time.
#[derive(Clone, Copy)]
struct Guess {
    built: u64,
    /// Microseconds.
    up: u64,
}

impl NtpTimestampGenerator for Guess {
    fn init(&mut self) {
        self.up = Instant::now().as_micros();
    }

    fn timestamp_sec(&self) -> u64 {
        self.built + self.up / 1_000_000
    }

    fn timestamp_subsec_micros(&self) -> u32 {
        // Below a million, so that nothing is lost.
        (self.up % 1_000_000) as u32
    }
}

#[cfg(feature = "net")]
const PORT: u16 = 123;

/// Octets of a packet: 48 without extensions.
const PACKET: usize = 128;
