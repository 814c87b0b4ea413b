//! A connection over embassy-net: from a name to a socket, and its end.

use embassy_net::dns::DnsQueryType;
use embassy_net::tcp::TcpSocket;
use embassy_net::{IpEndpoint, Stack};

use crate::{Deadline, Failed, within};

/// Waits for the network, looks the server up and connects. The socket lives in the buffers.
///
/// A socket that is dropped says nothing: [`hang_up`].
///
/// # Errors
///
/// [`Failed::Name`] and [`Failed::Connect`].
pub async fn connect<'s>(
    stack: Stack<'s>,
    host: &str,
    port: u16,
    receive: &'s mut [u8],
    transmit: &'s mut [u8],
) -> Result<TcpSocket<'s>, Failed> {
    stack.wait_config_up().await;
    let found = stack.dns_query(host, DnsQueryType::A).await;
    let addresses = found.map_err(|_| Failed::Name)?;
    let address = *addresses.first().ok_or(Failed::Name)?;
    let mut socket = TcpSocket::new(stack, receive, transmit);
    let connected = socket.connect(IpEndpoint::new(address, port)).await;
    connected.map_err(|_| Failed::Connect)?;
    Ok(socket)
}

/// Ends a connection, and says whether the server has seen that. Behind a session that ended well it is
/// closed; otherwise it is reset, so that nothing leaves any more that waits in its buffers.
pub async fn hang_up(socket: &mut TcpSocket<'_>, deadline: &Deadline, ended_well: bool) -> bool {
    if ended_well {
        socket.close();
    } else {
        socket.abort();
    }
    deadline.start(FAREWELL);
    matches!(within(deadline, socket.flush()).await, Ok(Ok(())))
}

/// Milliseconds for the end of a connection.
const FAREWELL: u64 = 5_000;
