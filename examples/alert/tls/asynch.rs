//! An async link under TLS.

use std::io::{self, ErrorKind};

use embedded_io_async::{ErrorType, Read, Write};
use embedded_smtp::tls::Records;
use embedded_smtp::tls::asynch::Stream;
use embedded_smtp::{Secure, Vouched};

use super::embedded::{self, Choice};
use super::pump::Pump;
use super::shown::Shown;
use super::{Fault, Terms};
use crate::link::asynch::Link;
use crate::options::TlsStack;
use crate::trust::Trust;

/// A link under TLS, opened by either library.
pub enum Secured<'r> {
    Rustls(Box<Pumped>),
    Embedded(Box<Stream<'r, Link>>),
}

impl<'r> Secured<'r> {
    /// Opens TLS. `shown` is what the server shows of itself, also when it is not trusted.
    pub async fn open(
        link: Link,
        trust: &Trust,
        records: &'r mut Records<'_>,
        shown: &mut Shown,
    ) -> Result<(Vouched<Self>, Option<Terms>), Fault> {
        let first = link.begin_handshake();
        let opened = Self::open_tls(link, trust, records, shown).await;
        opened.map_err(|fault| fault.or_words(&first))
    }

    async fn open_tls(
        link: Link,
        trust: &Trust,
        records: &'r mut Records<'_>,
        shown: &mut Shown,
    ) -> Result<(Vouched<Self>, Option<Terms>), Fault> {
        match trust.stack {
            TlsStack::Rustls => {
                let mut pumped = Pumped {
                    link,
                    pump: Pump::new(trust)?,
                };
                let opened = pumped.open().await;
                *shown = pumped.pump.shown();
                opened?;
                let terms = pumped.pump.terms();
                let secured = Self::Rustls(Box::new(pumped));
                Ok((Vouched::with_proof(secured, trust.proof()), terms))
            }
            TlsStack::Embedded => {
                let choice = Choice::new(trust)?;
                let watch = |der: &[u8]| shown.add(der);
                let name = embedded::name(trust)?;
                let opened = match &choice {
                    Choice::Roots(roots) => {
                        let choice = roots.choice(watch);
                        Stream::open(link, records, &name, choice, getrandom::fill).await
                    }
                    Choice::Pins(pins) => {
                        let choice = pins.choice(watch);
                        Stream::open(link, records, &name, choice, getrandom::fill).await
                    }
                    Choice::Danger => {
                        let choice = embedded::danger(watch);
                        Stream::open(link, records, &name, choice, getrandom::fill).await
                    }
                };
                let stream = opened.map_err(|failure| embedded::fault(failure.error))?;
                let proof = stream.proof();
                let secured = Self::Embedded(Box::new(stream));
                let terms = Some(embedded::terms());
                Ok((Vouched::with_proof(secured, proof), terms))
            }
        }
    }

    /// Ends TLS politely, after a session that ended so.
    pub async fn close(self) {
        match self {
            Self::Rustls(pumped) => pumped.close().await,
            Self::Embedded(stream) => {
                stream.close().await;
            }
        }
    }
}

impl ErrorType for Secured<'_> {
    type Error = io::Error;
}

impl Read for Secured<'_> {
    async fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Rustls(pumped) => pumped.read(buf).await,
            Self::Embedded(stream) => stream.read(buf).await.map_err(embedded::error),
        }
    }
}

impl Write for Secured<'_> {
    async fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Self::Rustls(pumped) => pumped.write(buf).await,
            Self::Embedded(stream) => stream.write(buf).await.map_err(embedded::error),
        }
    }

    async fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Rustls(pumped) => pumped.link.flush().await,
            Self::Embedded(stream) => stream.flush().await.map_err(embedded::error),
        }
    }
}

/// rustls over a link.
pub struct Pumped {
    link: Link,
    pump: Pump,
}

impl Pumped {
    async fn open(&mut self) -> Result<(), Fault> {
        loop {
            let pushed = self.push().await;
            if let Some(opened) = self.pump.opened() {
                return opened.and(pushed.map_err(Fault::from));
            }
            // What a server said before it stopped listening tells more than that it did.
            if let Err(error) = pushed
                && error.kind() == ErrorKind::TimedOut
            {
                return Err(error.into());
            }
            self.pull().await?;
        }
    }

    async fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(result) = self.pump.read(buf) {
                return result;
            }
            self.pull().await?;
            // An answer to what was no content, or an alert: whether it arrives changes nothing here.
            let _ = self.push().await;
        }
    }

    /// Sends all that it takes, so that an error is about nothing that was taken before.
    async fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let taken = self.pump.write(buf)?;
        self.push().await?;
        Ok(taken)
    }

    async fn close(mut self) {
        self.pump.close();
        // The session is over already.
        let _ = self.push().await;
    }

    /// Sends the records that are ready.
    async fn push(&mut self) -> io::Result<()> {
        while !self.pump.outgoing().is_empty() {
            match self.link.write(self.pump.outgoing()).await? {
                0 => return Err(ErrorKind::WriteZero.into()),
                octets => self.pump.sent(octets),
            }
        }
        self.link.flush().await
    }

    /// Takes what came from the server.
    async fn pull(&mut self) -> io::Result<()> {
        let mut octets = [0; PIECE];
        let count = self.link.read(&mut octets).await?;
        self.pump.receive(octets.get(..count).unwrap_or_default());
        Ok(())
    }
}

/// Bytes read at once. The library has room for more.
const PIECE: usize = 4_096;
