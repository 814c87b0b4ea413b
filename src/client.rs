//! The part of the client that needs no I/O: making one, its options, and what is known.
//!
//! The drivers in `blocking.rs` and `asynch.rs` add the operations.

use core::fmt;
use core::marker::PhantomData;

use crate::observer::Observer;
use crate::proof::Proof;
use crate::session::{Chunking, Delivery, Session};
use crate::state::State;
use crate::transport::Secure;
use crate::wire::ehlo::Capabilities;
use crate::wire::reply::Reply;

/// An SMTP client over the transport `T`, named as
/// [`blocking::Client`](crate::blocking::Client) or [`asynch::Client`](crate::asynch::Client).
///
/// `'b` is the lifetime of the caller's buffer and of the EHLO name, `M` the mode, `O` the
/// [`Observer`], `()` for none.
///
/// After a fault every further operation gives [`Error::ConnectionEnded`](crate::Error), and nothing
/// is sent any more.
pub struct Client<'b, M, T, O = ()> {
    transport: T,
    session: Session<'b>,
    observer: O,
    mode: PhantomData<M>,
}

/// The mode of a client whose operations block.
#[derive(Debug, Clone, Copy)]
pub enum Blocking {}

/// The mode of a client whose operations are futures.
#[derive(Debug, Clone, Copy)]
pub enum Async {}

#[cfg(feature = "scram-sha-256")]
impl Blocking {
    /// Lets nothing else run: there is nothing else.
    pub(crate) fn pause() {}
}

#[cfg(feature = "scram-sha-256")]
impl Async {
    /// Lets every other task run before the caller goes on.
    pub(crate) async fn pause() {
        let mut was_polled = false;
        core::future::poll_fn(|context| {
            if was_polled {
                return core::task::Poll::Ready(());
            }
            was_polled = true;
            context.waker().wake_by_ref();
            core::task::Poll::Pending
        })
        .await;
    }
}

/// Shows the session's state, and nothing of the buffer or the transport.
impl<M, T, O> fmt::Debug for Client<'_, M, T, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("state", &self.session.state())
            .field("proof", &self.session.proof())
            .finish_non_exhaustive()
    }
}

impl<'b, M, T> Client<'b, M, T> {
    /// Makes a client over an open transport without TLS, for STARTTLS, or for a network you trust.
    /// Nothing is sent or received yet.
    ///
    /// The buffer needs at least [`BUFFER_MIN`](crate::session::BUFFER_MIN) bytes; with 1024 a usual
    /// alert leaves in one write.
    pub fn new(transport: T, buffer: &'b mut [u8]) -> Self {
        Self {
            transport,
            session: Session::new(buffer),
            observer: (),
            mode: PhantomData,
        }
    }

    /// Makes a client over a transport that is under TLS from the start (port 465, RFC 8314 §3.3).
    /// STARTTLS is refused on it.
    ///
    /// The buffer is that of [`Self::new`].
    pub fn over_tls(transport: T, buffer: &'b mut [u8]) -> Self
    where
        T: Secure,
    {
        let mut client = Self::new(transport, buffer);
        client.session.secured(client.transport.proof());
        client
    }
}

impl<'b, M, T, O> Client<'b, M, T, O> {
    /// Gives the client an observer.
    pub fn observe<P: Observer>(self, observer: P) -> Client<'b, M, T, P> {
        Client {
            transport: self.transport,
            session: self.session,
            observer,
            mode: PhantomData,
        }
    }

    /// Sends each command only after the reply to the one before, even if the server offers
    /// PIPELINING.
    #[must_use]
    pub fn without_pipelining(mut self) -> Self {
        self.session.without_pipelining();
        self
    }

    /// Sends content by BDAT where the server offers CHUNKING (RFC 3030), instead of by DATA.
    #[must_use]
    pub fn chunking(mut self, chunking: Chunking) -> Self {
        self.session.chunking(chunking);
        self
    }

    /// Heeds the limits that a server announces (LIMITS, RFC 9422): recipients beyond them are left
    /// to a further transaction, for [`Submission::unsent`](crate::Submission::unsent). Without this,
    /// the server refuses them for now, and they can be sent to in the same way.
    #[must_use]
    pub fn with_limits(mut self) -> Self {
        self.session.with_limits();
        self
    }

    /// Sends a mail to all recipients or to none: DATA waits for the reply to every RCPT, and one
    /// refusal ends the transaction. Without this, a mail goes to those who are accepted.
    #[must_use]
    pub fn all_or_none(mut self) -> Self {
        self.session.all_or_none();
        self
    }

    /// Says HELO if the server does not know EHLO (500, 501, 502 or 504).
    ///
    /// For links on which neither STARTTLS nor a login will follow: after HELO nothing is offered,
    /// so both are refused.
    #[must_use]
    pub fn allow_helo(mut self) -> Self {
        self.session.allow_helo();
        self
    }

    /// The extensions that the server offers; none before `open`.
    pub fn capabilities(&self) -> &Capabilities {
        self.session.capabilities()
    }

    /// The reply that decided the last operation, or the last refusal before a fault, or else the
    /// last reply read; `None` when there is none or its text was overwritten.
    pub fn last_reply(&self) -> Option<Reply<'_>> {
        self.session.last_reply()
    }

    /// What ended the connection without being a reply: a line that breaks the grammar, words without
    /// a line end before the server closed, or the text of a reply whose last line was missing then.
    /// Empty if there was none. Any bytes can be in it, so escape them before they reach a terminal.
    pub fn stray_bytes(&self) -> &[u8] {
        self.session.stray_bytes()
    }

    /// The server's reason in a challenge before it refused an OAuth 2.0 token, decoded: mostly
    /// JSON, as far as there was room for it. Any bytes can be in it, so escape them before they
    /// reach a terminal. Empty if there was none.
    pub fn login_reason(&self) -> &[u8] {
        self.session.login_reason()
    }

    /// Whether the last mail was delivered, as far as the client knows. Useful after dropping the
    /// future that sent it.
    pub fn delivery(&self) -> Delivery {
        self.session.delivery()
    }

    /// The proof of the server's identity; `None` without TLS.
    pub fn proof(&self) -> Option<Proof> {
        self.session.proof()
    }

    /// The session's state.
    pub fn state(&self) -> State {
        self.session.state()
    }

    /// The observer.
    pub fn observer(&self) -> &O {
        &self.observer
    }

    /// Gives the transport back.
    pub fn into_inner(self) -> T {
        self.transport
    }

    pub(crate) fn parts(&mut self) -> (&mut T, &mut Session<'b>, &mut O) {
        (&mut self.transport, &mut self.session, &mut self.observer)
    }

    /// The client over the transport that TLS was opened on.
    pub(crate) fn upgraded<S: Secure>(
        transport: S,
        mut session: Session<'b>,
        observer: O,
    ) -> Client<'b, M, S, O> {
        session.upgraded(transport.proof());
        Client {
            transport,
            session,
            observer,
            mode: PhantomData,
        }
    }

    pub(crate) fn into_parts(self) -> (T, Session<'b>, O) {
        (self.transport, self.session, self.observer)
    }
}

impl<M, T: Secure, O> Client<'_, M, T, O> {
    /// Asks of every mail from here on that it travels over verified TLS only, at every hop
    /// (REQUIRETLS, RFC 8689). Exists only on a [`Secure`] transport.
    ///
    /// A mail is then refused with [`Error::NotOffered`](crate::Error::NotOffered) before anything
    /// of it is sent, if the server does not offer REQUIRETLS, or was not verified by a certificate
    /// chain ([`Proof::Chain`]).
    #[must_use]
    pub fn require_tls(mut self) -> Self {
        self.session.secured(self.transport.proof());
        self.session.require_tls();
        self
    }
}
