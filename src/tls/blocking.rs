//! A session under TLS over a blocking transport.
//!
//! This file moves bytes. The gates decide which records pass, the latch who the server is.

use embedded_io::{ErrorType, Read, Write};

use crate::proof::Proof;
use crate::transport::{Sealed, Secure};

use super::Records;
use super::error::{Error, Failure};
use super::gate::{Gate, GateError, Link, Stage};
use super::latch::Verifier;
use super::library::{self, Blocking, Context, Provider, Source, TlsError};
use super::name::ServerName;
use super::pace;
use super::random::Random;
use super::verify::Verify;

/// A stream under TLS 1.3, whose server has proven what was asked for.
///
/// `'b` is the lifetime of the record buffers, `T` the transport. Bytes leave when [`Write::flush`] is
/// called or the buffer is full.
///
/// # Errors
///
/// After a call that failed, nothing more is sent ([`Error::Poisoned`]). After a write that failed, data that
/// the server sent before can still be read.
pub struct Stream<'b, T: Read + Write + 'b> {
    connection: Blocking<'b, Gated<'b, T>>,
    link: &'b Link<'b>,
    proof: Proof,
    may_read: bool,
    may_write: bool,
    /// There are bytes that were written and not flushed.
    is_pending: bool,
    is_at_end: bool,
}

impl<T: Read + Write> core::fmt::Debug for Stream<'_, T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Stream")
            .field("proof", &self.proof)
            .finish_non_exhaustive()
    }
}

impl<'b, T: Read + Write + 'b> Stream<'b, T> {
    /// Opens TLS on a transport: the handshake, up to where the server is proven.
    ///
    /// See [`ServerName`] for `name` and [`Random`] for `random`.
    ///
    /// # Errors
    ///
    /// A [`Failure`] with the transport. Nothing but the handshake was sent.
    pub fn open<V: Verify, R: Random>(
        transport: T,
        records: &'b mut Records<'_>,
        name: &ServerName<'_>,
        choice: V,
        random: R,
    ) -> Result<Self, Failure<T>> {
        let mut stream = Self::unopened(transport, records);
        match stream.handshake(name, choice, random) {
            Ok(()) => Ok(stream),
            Err(error) => {
                let transport = taken_back(stream.connection.close());
                Err(Failure { transport, error })
            }
        }
    }

    fn unopened(transport: T, records: &'b mut Records<'_>) -> Self {
        let Records { read, write, link } = records;
        let link = &*link;
        link.begin(read.len());
        let gated = Gated {
            transport,
            gate: Gate::default(),
            link,
        };
        Self {
            connection: Blocking::new(gated, read, write),
            link,
            proof: Proof::Nothing,
            may_read: false,
            may_write: false,
            is_pending: false,
            is_at_end: false,
        }
    }

    /// Sends nothing but the handshake, and nothing more after a failure.
    // Not inlined: the stack it needs is free again when it ends.
    #[inline(never)]
    fn handshake<V: Verify, R: Random>(
        &mut self,
        name: &ServerName<'_>,
        choice: V,
        mut random: R,
    ) -> Result<(), Error> {
        let config = library::config(name, choice.offers_rsa());
        let mut verifier = Verifier::new(name, choice, self.link.tick);
        let mut provider = Provider {
            random: Source {
                random: &mut random,
                link: self.link,
            },
            verifier: &mut verifier,
        };
        let context = Context::new(&config, &mut provider);
        let opened = self.connection.open(context);
        match verifier.outcome(opened, self.link) {
            Ok(proof) => {
                self.link.enter(Stage::Open);
                self.proof = proof;
                self.may_read = true;
                self.may_write = true;
                Ok(())
            }
            Err(error) => {
                self.link.enter(Stage::Shut);
                Err(error)
            }
        }
    }

    /// Ends the session (close_notify) and returns the transport. Errors are ignored. Nothing is sent if an
    /// earlier call failed or was dropped, if written bytes were not flushed, or if the server had ended
    /// the session.
    pub fn close(self) -> T {
        taken_back(self.parting().close())
    }

    /// The connection, for closing. The gate is told whether anything may still be sent.
    fn parting(self) -> Blocking<'b, Gated<'b, T>> {
        if !self.may_write || !self.may_read || self.is_pending {
            self.link.enter(Stage::Shut);
        }
        self.connection
    }
}

/// A place for a stream, in which it is opened and stays.
///
/// A [`Stream`] that is returned by value is moved, and each move takes 1.3 KB of stack just when the
/// handshake takes most. A place saves 4 KB of stack. A client takes the borrowed stream as well as an
/// owned one.
pub struct Place<'b, T: Read + Write + 'b>(Option<Stream<'b, T>>);

impl<T: Read + Write> core::fmt::Debug for Place<'_, T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("Place").field(&self.0).finish()
    }
}

impl<T: Read + Write> Default for Place<'_, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'b, T: Read + Write + 'b> Place<'b, T> {
    /// An empty place.
    #[must_use]
    pub const fn new() -> Self {
        Self(None)
    }

    /// [`Stream::open`], in this place. A stream that was here is dropped.
    ///
    /// # Errors
    ///
    /// As those of [`Stream::open`], but the transport stays here: [`Self::close`] returns it.
    pub fn open<V: Verify, R: Random>(
        &mut self,
        transport: T,
        records: &'b mut Records<'_>,
        name: &ServerName<'_>,
        choice: V,
        random: R,
    ) -> Result<&mut Stream<'b, T>, Error> {
        self.fill(transport, records);
        let stream = self.0.as_mut().ok_or(Error::NotProven)?;
        stream.handshake(name, choice, random)?;
        Ok(stream)
    }

    /// [`Stream::close`]; leaves the place empty. `None` if it was empty.
    // Not inlined, as all that moves the stream. Not by `Stream::close`: an async function has room for
    // what it is called with, and once more for what it calls.
    #[inline(never)]
    pub fn close(&mut self) -> Option<T> {
        let connection = self.0.take()?.parting();
        Some(taken_back(connection.close()))
    }

    #[inline(never)]
    fn fill(&mut self, transport: T, records: &'b mut Records<'_>) {
        self.0 = Some(Stream::unopened(transport, records));
    }
}

fn taken_back<T>(closed: Result<Gated<'_, T>, (Gated<'_, T>, TlsError)>) -> T {
    match closed {
        Ok(gated) | Err((gated, _)) => gated.transport,
    }
}

impl<T: Read + Write> Sealed for Stream<'_, T> {}

impl<T: Read + Write> Secure for Stream<'_, T> {
    fn proof(&self) -> Proof {
        self.proof
    }
}

impl<T: Read + Write> ErrorType for Stream<'_, T> {
    type Error = Error;
}

impl<T: Read + Write> Read for Stream<'_, T> {
    // Not inlined, so that what the library can do in its own code is seen to be there.
    #[inline(never)]
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, Error> {
        if self.is_at_end || buf.is_empty() {
            return Ok(0);
        }
        if !core::mem::take(&mut self.may_read) {
            return Err(Error::Poisoned);
        }
        self.link.listen();
        match self.connection.read(buf) {
            Ok(octets) => {
                self.may_read = true;
                Ok(octets)
            }
            // A close_notify, or the end of the transport: SMTP knows by itself what is complete.
            Err(error) if library::is_end(&error) => {
                self.is_at_end = true;
                Ok(0)
            }
            Err(error) => {
                let error = library::error(error, self.link);
                self.may_write = false;
                self.link.enter(Stage::Shut);
                Err(error)
            }
        }
    }
}

impl<T: Read + Write> Write for Stream<'_, T> {
    #[inline(never)]
    fn write(&mut self, buf: &[u8]) -> Result<usize, Error> {
        if self.is_at_end {
            return Err(Error::Closed);
        }
        if !self.may_read || !core::mem::take(&mut self.may_write) {
            return Err(Error::Poisoned);
        }
        self.is_pending = true;
        let written = self.connection.write(buf);
        let octets = written.map_err(|error| library::error(error, self.link))?;
        self.may_write = true;
        Ok(octets)
    }

    #[inline(never)]
    fn flush(&mut self) -> Result<(), Error> {
        if !self.may_read || !core::mem::take(&mut self.may_write) {
            return Err(Error::Poisoned);
        }
        let flushed = self.connection.flush();
        flushed.map_err(|error| library::error(error, self.link))?;
        self.may_write = true;
        self.is_pending = false;
        Ok(())
    }
}

/// A transport after a gate.
struct Gated<'b, T> {
    transport: T,
    gate: Gate,
    link: &'b Link<'b>,
}

impl<T: ErrorType> ErrorType for Gated<'_, T> {
    type Error = GateError<T::Error>;
}

impl<T: Read> Read for Gated<'_, T> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, Self::Error> {
        if self.gate.is_at_rest(self.link) {
            pace::Blocking::rest(self.link.tick);
        }
        while let Some(room) = self.gate.header() {
            let octets = self.transport.read(room);
            let octets = octets.map_err(GateError::Transport)?;
            if octets == 0 {
                return Ok(0);
            }
            self.gate.header_read(octets, self.link)?;
        }
        let octets = self.gate.pass_header(buf);
        if octets > 0 {
            return Ok(octets);
        }
        let most = self.gate.body().min(buf.len());
        let room = buf.get_mut(..most).unwrap_or_default();
        let octets = self.transport.read(room);
        let octets = octets.map_err(GateError::Transport)?.min(most);
        self.gate
            .body_read(room.get(..octets).unwrap_or_default(), self.link)?;
        Ok(octets)
    }
}

impl<T: Write> Write for Gated<'_, T> {
    fn write(&mut self, buf: &[u8]) -> Result<usize, Self::Error> {
        if self.link.is_shut() {
            return Err(GateError::Shut);
        }
        match self.transport.write(buf) {
            // The library would take it for a mistake of its own.
            Ok(0) => Err(GateError::Full),
            written => written.map_err(GateError::Transport),
        }
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        let flushed = self.transport.flush();
        flushed.map_err(GateError::Transport)
    }
}
