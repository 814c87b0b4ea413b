//! A connection over embassy-net: from a name to a socket, and its end.

use embassy_net::dns::DnsQueryType;
use embassy_net::tcp::{self, TcpSocket};
use embassy_net::{IpEndpoint, Stack};
use embedded_smtp::tls::asynch::Place;

use crate::Failed;

/// Waits for the network, looks the server up and connects. The socket lives in the buffers.
///
/// A socket that is dropped says nothing; what the server still sends is answered with a reset.
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

/// Ends TLS (close_notify), then the connection, and waits until the server knows.
///
/// # Errors
///
/// The server reset the connection.
pub async fn hang_up(mut place: Place<'_, TcpSocket<'_>>) -> Result<(), tcp::Error> {
    let Some(mut socket) = place.close().await else {
        return Ok(());
    };
    socket.close();
    socket.flush().await
}
