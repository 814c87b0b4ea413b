//! The link of the async client: a stream of Tokio. Firmware has Embassy's in its place.

use std::io;
use std::rc::Rc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{timeout, timeout_at};

use super::{Deadlines, no_address, share, timed_out};
use crate::options::Server;

/// A TCP connection that keeps the [`Deadlines`].
#[derive(Debug)]
pub struct Link {
    stream: TcpStream,
    deadlines: Rc<Deadlines>,
}

impl Link {
    /// Connects to the first of the server's addresses that answers.
    pub async fn connect(server: &Server, deadlines: Rc<Deadlines>) -> io::Result<Self> {
        let end = deadlines.connected_by();
        let name = (server.host.as_str(), server.port);
        let addresses = timeout_at(end.into(), lookup_host(name)).await;
        let addresses: Vec<_> = addresses.map_err(|_| timed_out())??.collect();
        let mut last = no_address();
        for (index, address) in addresses.iter().enumerate() {
            let time = share(end, addresses.len() - index).ok_or_else(timed_out)?;
            match timeout(time, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // Flights are whole already; nothing is gained by waiting for more.
                    stream.set_nodelay(true)?;
                    return Ok(Self { stream, deadlines });
                }
                Ok(Err(error)) => last = error,
                Err(_) => last = timed_out(),
            }
        }
        Err(last)
    }

    /// A TLS handshake begins on it.
    pub fn begin_handshake(&self) {
        self.deadlines.handshake();
    }
}

impl embedded_io_async::ErrorType for Link {
    type Error = io::Error;
}

impl embedded_io_async::Read for Link {
    async fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        // Octets that are there already do not make up for a deadline that has passed.
        let left = self.deadlines.left().ok_or_else(timed_out)?;
        match timeout(left, self.stream.read(buf)).await {
            Ok(result) => result,
            Err(_) => Err(timed_out()),
        }
    }
}

impl embedded_io_async::Write for Link {
    /// Gives the number of octets as soon as some were taken, so that the time starts anew with
    /// any progress.
    async fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match timeout(self.deadlines.write.get(), self.stream.write(buf)).await {
            Ok(result) => result,
            Err(_) => Err(timed_out()),
        }
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.stream.flush().await
    }
}
