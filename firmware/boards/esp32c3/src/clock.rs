//! The date, as a server tells it by SNTP (RFC 4330).
//!
//! It is not authenticated: who sits on the line can tell another date, but none before the firmware
//! was built, and so can make a certificate pass that has expired since, and no other.

use core::net::{IpAddr, SocketAddr};

use defmt::{Debug2Format, info, warn};
use embassy_net::dns::DnsQueryType;
use embassy_net::udp::{PacketMetadata, UdpSocket};
use embassy_net::{IpAddress, Stack};
use embassy_time::{Duration, Instant, with_timeout};
use sntpc::{NtpContext, NtpTimestampGenerator, get_time};
use sntpc_net_embassy::UdpSocketWrapper;

use crate::settings::{BUILT, NTP_HOST};

/// Knows the date once a server has told it, and asks again every day.
pub struct Clock {
    /// What the server told, in seconds since 1970, and when.
    told: Option<(u64, Instant)>,
}

impl Clock {
    pub const fn new() -> Self {
        Self { told: None }
    }

    /// Seconds since 1970 (UTC); `None` where no server tells it.
    pub async fn now(&mut self, stack: Stack<'_>) -> Option<u64> {
        if self.told.is_none_or(|(_, at)| at.elapsed() > A_DAY) {
            match with_timeout(PATIENCE, ask(stack)).await {
                Ok(Some(seconds)) => {
                    info!("date: {} s since 1970", seconds);
                    self.told = Some((seconds, Instant::now()));
                }
                Ok(None) => warn!("date: not told"),
                Err(_) => warn!("date: not told in {} s", PATIENCE.as_secs()),
            }
        }
        // One that was told a day ago will do.
        let (seconds, at) = self.told?;
        Some(seconds + at.elapsed().as_secs())
    }
}

/// What the server tells, if it can be.
async fn ask(stack: Stack<'_>) -> Option<u64> {
    let found = stack.dns_query(NTP_HOST, DnsQueryType::A).await;
    let found = found
        .inspect_err(|error| warn!("date: {}: {}", NTP_HOST, error))
        .ok()?;
    let IpAddress::Ipv4(address) = *found.first()?;

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
    socket
        .bind(0)
        .inspect_err(|error| warn!("date: {}", error))
        .ok()?;
    let server = SocketAddr::new(IpAddr::V4(address), NTP_PORT);
    let context = NtpContext::new(Uptime::default());
    let answer = get_time(server, &UdpSocketWrapper::new(socket), context).await;
    let seconds = answer
        .inspect_err(|error| warn!("date: {}", Debug2Format(error)))
        .ok()?
        .sec();
    if seconds < BUILT {
        warn!("date: {} is before this firmware was built", seconds);
        return None;
    }
    Some(seconds)
}

/// The time as far as the board knows it: that of the build, and how long it is up. With it the answer
/// is matched to the question, and the era of NTP to the time.
#[derive(Clone, Copy, Default)]
struct Uptime(u64);

impl NtpTimestampGenerator for Uptime {
    fn init(&mut self) {
        self.0 = Instant::now().as_micros();
    }

    fn timestamp_sec(&self) -> u64 {
        BUILT + self.0 / 1_000_000
    }

    fn timestamp_subsec_micros(&self) -> u32 {
        (self.0 % 1_000_000) as u32
    }
}

const NTP_PORT: u16 = 123;

/// Octets of a packet: 48 without extensions.
const PACKET: usize = 128;

/// For the name and the answer.
const PATIENCE: Duration = Duration::from_secs(10);

const A_DAY: Duration = Duration::from_secs(86_400);
