//! The link of the async client: a stream of Tokio. Firmware has Embassy's in its place.

use std::io::{self, ErrorKind};
use std::rc::Rc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{timeout, timeout_at};

use super::{Deadlines, FirstLine, no_address, share, timed_out};
use crate::options::Server;

/// A TCP connection that keeps the [`Deadlines`].
#[derive(Debug)]
pub struct Link {
    stream: TcpStream,
    deadlines: Rc<Deadlines>,
    first_line: FirstLine,
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
                    return Ok(Self {
                        stream,
                        deadlines,
                        first_line: FirstLine::default(),
                    });
                }
                Ok(Err(error)) => last = error,
                Err(_) => last = timed_out(),
            }
        }
        Err(last)
    }

    async fn receive(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        // Bytes that are there already do not make up for a deadline that has passed.
        let left = self.deadlines.left().ok_or_else(timed_out)?;
        match timeout(left, self.stream.read(buf)).await {
            Ok(result) => result,
            Err(_) => Err(timed_out()),
        }
    }

    /// A TLS handshake begins. The result keeps a line that is said in place of TLS.
    pub fn begin_handshake(&self) -> FirstLine {
        self.deadlines.handshake();
        self.first_line.begin();
        self.first_line.clone()
    }
}

impl embedded_io_async::ErrorType for Link {
    type Error = io::Error;
}

impl embedded_io_async::Read for Link {
    async fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.receive(buf).await?;
        let received = buf.get(..count).unwrap_or_default();
        let mut is_wanted = self.first_line.receive(received);
        if is_wanted {
            self.deadlines.hurry();
        }
        while is_wanted {
            let mut more = [0; 256];
            let count = self.receive(&mut more).await.unwrap_or(0);
            is_wanted = self
                .first_line
                .receive(more.get(..count).unwrap_or_default());
        }
        match self.first_line.is_there() {
            true => Err(ErrorKind::InvalidData.into()),
            false => Ok(count),
        }
    }
}

impl embedded_io_async::Write for Link {
    /// Returns the number of bytes as soon as some were taken, so that the time starts anew with
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
