//! The client over an async transport ([`embedded_io_async::Read`] and [`embedded_io_async::Write`]).
//!
//! This file pumps octets and names operations. It does not know SMTP: every decision is taken in
//! [`session`](crate::session).

use core::borrow::Borrow;
use core::ops::ControlFlow;

use embedded_io_async::{Error as _, ErrorType, Read, Write};

use crate::error::{Field, Invalid};
use crate::message::Message;
use crate::observer::Observer;
use crate::outcome::{Error, Fault, StartTlsError};
use crate::proof::Proof;
use crate::report::{RecipientStatus, Report};
#[cfg(feature = "scram-sha-256")]
use crate::session::pause;
use crate::session::{Delivery, MailOperation, Operation, Session, State, Step};
use crate::transport::{Secure, is_closed};
use crate::wire::domain::Domain;
use crate::wire::ehlo::{Capabilities, Mechanism};
use crate::wire::reply::Reply;
use crate::wire::sasl::Credentials;

/// An SMTP client over an async transport.
///
/// `'b` is the life of the caller's buffer and of the EHLO name, `T` the transport, `O` the
/// [`Observer`], `()` for none.
///
/// After a fault every further operation gives [`Error::Ended`], and nothing is sent any more.
pub struct Client<'b, T, O = ()> {
    transport: T,
    session: Session<'b>,
    observer: O,
}

/// Shows where the session stands, and nothing of the buffer or the transport.
impl<T, O> core::fmt::Debug for Client<'_, T, O> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Client")
            .field("state", &self.session.state())
            .field("proof", &self.session.proof())
            .finish_non_exhaustive()
    }
}

/// What [`Client::starttls`] gives: the client under TLS, or what is left of it and why.
pub type StartTls<'b, T, S, O, U> = Result<
    Client<'b, S, O>,
    StartTlsError<
        Client<'b, T, O>,
        Client<'b, S, O>,
        <T as ErrorType>::Error,
        <S as ErrorType>::Error,
        U,
    >,
>;

impl<'b, T> Client<'b, T> {
    /// A client over an open transport without TLS, for STARTTLS or a network of one's own. Nothing is
    /// sent or received yet.
    ///
    /// The buffer needs at least [`BUFFER_MIN`](crate::session::BUFFER_MIN) octets; with 1024 a
    /// usual alert leaves in one write.
    pub fn new(transport: T, buffer: &'b mut [u8]) -> Self {
        Self {
            transport,
            session: Session::new(buffer),
            observer: (),
        }
    }

    /// A client over a transport that is under TLS from the start (port 465, RFC 8314 §3.3). STARTTLS
    /// is refused on it.
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

impl<'b, T, O> Client<'b, T, O> {
    /// Gives the client an observer.
    pub fn observe<P: Observer>(self, observer: P) -> Client<'b, T, P> {
        Client {
            transport: self.transport,
            session: self.session,
            observer,
        }
    }

    /// Never sends a command before the reply to the last one, even if the server offers
    /// PIPELINING.
    #[must_use]
    pub fn without_pipelining(mut self) -> Self {
        self.session.options().use_pipelining = false;
        self
    }

    /// Sends contents by DATA, even if the server offers CHUNKING.
    ///
    /// BDAT takes a round trip less for what fits the buffer. DATA takes one less for larger mails
    /// in [`send_all`](Self::send_all), and many less where the length of a streamed part is not
    /// known: by BDAT, each buffer then waits for its reply.
    #[must_use]
    pub fn without_chunking(mut self) -> Self {
        self.session.without_chunking();
        self
    }

    /// Hands a mail in for all recipients or for none: DATA waits for the reply to every RCPT, and
    /// one refusal ends the transaction. Otherwise a mail goes to those who are accepted.
    #[must_use]
    pub fn all_or_none(mut self) -> Self {
        self.session.options().all_or_none = true;
        self
    }

    /// Says HELO where the server does not know EHLO (500, 501, 502 or 504).
    ///
    /// For links on which neither STARTTLS nor a login will follow: after HELO nothing is on
    /// offer, so both are refused.
    #[must_use]
    pub fn or_helo(mut self) -> Self {
        self.session.options().helo_fallback = true;
        self
    }

    /// What the server offers. Nothing before [`Self::open`].
    pub fn capabilities(&self) -> &Capabilities {
        self.session.capabilities()
    }

    /// The reply that decided the last operation, else the last one read; `None` when there is
    /// none or its text was overwritten.
    pub fn last_reply(&self) -> Option<Reply<'_>> {
        self.session.last_reply()
    }

    /// What the server said in a challenge before it refused an OAuth 2.0 token, decoded: mostly
    /// JSON, as far as there was room for it. Any octets at all, so escape them before they reach
    /// a terminal. Empty if there was nothing.
    pub fn login_reason(&self) -> &[u8] {
        self.session.login_reason()
    }

    /// Whether the server has the last mail, as far as is known. Of use where the operation that
    /// sent it was dropped.
    pub fn delivery(&self) -> Delivery {
        self.session.delivery()
    }

    /// What proved the server's identity; `None` without TLS.
    pub fn proof(&self) -> Option<Proof> {
        self.session.proof()
    }

    /// Where the session stands.
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
}

impl<'b, T: Read + Write, O: Observer> Client<'b, T, O> {
    /// Reads the greeting and says EHLO with this name: a domain or an address literal.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a name that is neither, or not ASCII. [`Error::Refused`] for a
    /// greeting other than 220, or a refused EHLO.
    ///
    /// # Cancel safety
    ///
    /// None: a future dropped before its end ends the session, and nothing more is sent on it.
    pub async fn open<N>(&mut self, name: N) -> Result<(), Error<T::Error>>
    where
        N: TryInto<Domain<'b>>,
        Invalid: From<N::Error>,
    {
        let name = name
            .try_into()
            .map_err(|e| Invalid::from(e).in_field(Field::EhloName))?;
        self.session.set_name(name)?;
        self.run(&mut Operation::Open).await.map(|_| ())
    }

    /// Opens TLS: STARTTLS, then `upgrade` makes the TLS stream of the transport, then EHLO.
    ///
    /// There is no way back: where STARTTLS is not offered or refused, nothing but QUIT can be
    /// sent on the connection any more.
    ///
    /// # Errors
    ///
    /// See [`StartTlsError`].
    ///
    /// # Cancel safety
    ///
    /// None: a future dropped before its end ends the session, and nothing more is sent on it.
    pub async fn starttls<S, U>(
        self,
        upgrade: impl AsyncFnOnce(T) -> Result<S, U>,
    ) -> StartTls<'b, T, S, O, U>
    where
        S: Read + Write + Secure,
    {
        // A block, so that the two clients are not there at the same time: an async driver's future
        // has room for both otherwise.
        let (transport, session, observer) = {
            let mut client = self;
            if let Err(error) = client.run(&mut Operation::StartTls).await {
                return Err(StartTlsError::Refused { client, error });
            }
            (client.transport, client.session, client.observer)
        };
        let transport = upgrade(transport).await.map_err(StartTlsError::Upgrade)?;
        let mut client = Client {
            transport,
            session,
            observer,
        };
        client.session.upgraded(client.transport.proof());
        match client.run(&mut Operation::Open).await {
            Ok(_) => Ok(client),
            Err(error) => Err(StartTlsError::Ehlo { client, error }),
        }
    }

    /// Logs in without TLS: whoever sees the link learns the password.
    ///
    /// # Errors
    ///
    /// As [`Self::login`].
    ///
    /// # Cancel safety
    ///
    /// None: a future dropped before its end ends the session, and nothing more is sent on it.
    pub async fn danger_login_in_plaintext(
        &mut self,
        credentials: &Credentials<'_>,
        mechanism: Option<Mechanism>,
    ) -> Result<(), Error<T::Error>> {
        self.run(&mut Operation::Login {
            credentials,
            mechanism,
        })
        .await
        .map(|_| ())
    }

    /// Sends a mail to all recipients the server accepts.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`], [`Error::NotOffered`] and [`Error::LimitReached`]: nothing was sent.
    /// [`Error::Refused`]: no recipient got it, and the connection stands. [`Error::Failed`]: no recipient got it. [`Error::Unknown`]: the
    /// connection broke after the whole mail was handed over.
    ///
    /// # Cancel safety
    ///
    /// None: a future dropped before its end ends the session, and nothing more is sent on it.
    pub async fn send(&mut self, message: &Message<'_>) -> Result<Report, Error<T::Error>> {
        self.send_with_results(message, &mut []).await
    }

    /// Sends a mail, and notes each recipient's result.
    ///
    /// The results are in the order of [`Message::recipients`]; further recipients than there is
    /// room for are sent to all the same.
    ///
    /// # Errors
    ///
    /// As [`Self::send`].
    ///
    /// # Cancel safety
    ///
    /// None: a future dropped before its end ends the session, and nothing more is sent on it.
    pub async fn send_with_results(
        &mut self,
        message: &Message<'_>,
        results: &mut [RecipientStatus],
    ) -> Result<Report, Error<T::Error>> {
        self.run(&mut Operation::Mail(MailOperation::new(message, results)))
            .await
    }

    /// Sends a mail and ends the connection: with PIPELINING, QUIT rides behind a content that goes by
    /// DATA.
    ///
    /// # Errors
    ///
    /// As [`Self::send`]. What comes of QUIT changes nothing.
    ///
    /// # Cancel safety
    ///
    /// None: a future dropped before its end ends the session, and nothing more is sent on it.
    pub async fn send_last(
        &mut self,
        message: &Message<'_>,
        results: &mut [RecipientStatus],
    ) -> Result<Report, Error<T::Error>> {
        self.run(&mut Operation::Mail(
            MailOperation::new(message, results).and_quit(),
        ))
        .await
    }

    /// Sends a mail whose streamed parts are read from `sources` meanwhile: the first streamed
    /// part from the first, in the order text, HTML, attachments.
    ///
    /// Each source is read to its end: a read of no octets. A part of known length must end there.
    ///
    /// # Errors
    ///
    /// As [`Self::send`]; and [`Error::Failed`] with [`Fault::Source`] or [`Fault::Content`] where a source fails, has another length than announced, or gives
    /// what cannot be sent. The mail never gets its terminator then, and the connection ends.
    ///
    /// # Cancel safety
    ///
    /// None: a future dropped before its end ends the session, and nothing more is sent on it.
    pub async fn send_streamed<R: Read>(
        &mut self,
        message: &Message<'_>,
        sources: &mut [R],
        results: &mut [RecipientStatus],
    ) -> Result<Report, Error<T::Error>> {
        let mail = MailOperation::new(message, results).with_sources(sources.len());
        self.run_from(&mut Operation::Mail(mail), sources).await
    }

    /// Sends mails one after the other. With PIPELINING, a mail takes one round trip: where contents
    /// go by DATA, each one's MAIL to DATA rides behind the content of the one before it; where they
    /// go by BDAT, a content that fits the buffer rides behind its own commands.
    ///
    /// `each` is given how every mail ended, and says whether to go on. To stop early ends the
    /// connection without QUIT where the next mail was under way. After a fault every further mail
    /// is given [`Error::Ended`].
    ///
    /// # Cancel safety
    ///
    /// None: a future dropped before its end ends the session, and nothing more is sent on it.
    pub async fn send_all<'m, M: Borrow<Message<'m>>>(
        &mut self,
        messages: impl IntoIterator<Item = M>,
        mut each: impl FnMut(Result<Report, Error<T::Error>>) -> ControlFlow<()>,
    ) {
        let mut messages = messages.into_iter();
        let mut current = messages.next();
        let mut is_next = false;
        while let Some(message) = current {
            let next = messages.next();
            let mut mail = MailOperation::new(message.borrow(), &mut []);
            mail.next = next.as_ref().map(Borrow::borrow);
            mail.is_next = is_next;
            if each(self.run(&mut Operation::Mail(mail)).await).is_break() {
                return;
            }
            current = next;
            is_next = true;
        }
    }

    /// Sends a mail in as many transactions as the server's limits make needed (LIMITS, RFC 9422):
    /// each is for the recipients that one may have, and is followed by one for those that were
    /// left out.
    ///
    /// `each` is given how every transaction ended, and says whether to go on. The results are of
    /// all recipients, in the order of [`Message::recipients`].
    ///
    /// # Cancel safety
    ///
    /// None: a future dropped before its end ends the session, and nothing more is sent on it.
    pub async fn send_split(
        &mut self,
        message: &Message<'_>,
        results: &mut [RecipientStatus],
        mut each: impl FnMut(Result<Report, Error<T::Error>>) -> ControlFlow<()>,
    ) {
        let mut first = Some(0);
        while let Some(recipient) = first {
            let mail = MailOperation::new(message, &mut *results).behind(recipient);
            let end = self.run(&mut Operation::Mail(mail)).await;
            first = self.session.next_recipient();
            if each(end).is_break() {
                return;
            }
        }
    }

    /// Ends a transaction that was not completed: RSET. Never needed before another mail.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`], after which only QUIT can be sent.
    ///
    /// # Cancel safety
    ///
    /// None: a future dropped before its end ends the session, and nothing more is sent on it.
    pub async fn reset(&mut self) -> Result<(), Error<T::Error>> {
        self.run(&mut Operation::Reset).await.map(|_| ())
    }

    /// Asks whether the server is still there: NOOP.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] with 421 when it is about to close the connection.
    ///
    /// # Cancel safety
    ///
    /// None: a future dropped before its end ends the session, and nothing more is sent on it.
    pub async fn noop(&mut self) -> Result<(), Error<T::Error>> {
        self.run(&mut Operation::Noop).await.map(|_| ())
    }

    /// Ends the connection: QUIT. What the server answers, and whether it does, changes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Ended`] if the connection ended before; nothing was sent.
    ///
    /// # Cancel safety
    ///
    /// None: a future dropped before its end ends the session, and nothing more is sent on it.
    pub async fn quit(&mut self) -> Result<(), Error<T::Error>> {
        self.run(&mut Operation::Quit).await.map(|_| ())
    }

    async fn run(&mut self, operation: &mut Operation<'_, '_>) -> Result<Report, Error<T::Error>> {
        self.run_from::<T>(operation, &mut []).await
    }

    async fn run_from<R: Read>(
        &mut self,
        operation: &mut Operation<'_, '_>,
        sources: &mut [R],
    ) -> Result<Report, Error<T::Error>> {
        let mut turn = self.session.begin(operation);
        loop {
            match turn.step(operation, &mut self.observer) {
                Step::Send(mut octets) => {
                    while !octets.is_empty() {
                        match self.transport.write(octets).await {
                            Ok(0) => {
                                turn.fault(Fault::Closed);
                                break;
                            }
                            Ok(written) => octets = octets.get(written..).unwrap_or_default(),
                            Err(error) => {
                                while is_closed(error.kind())
                                    && let Some(window) = turn.listen(operation, &mut self.observer)
                                    && let Ok(octets) = self.transport.read(window).await
                                {
                                    turn.received(octets);
                                }
                                turn.fault(Fault::Transport(()));
                                return turn.end(Some(error));
                            }
                        }
                    }
                }
                #[cfg(feature = "scram-sha-256")]
                Step::Pause => {
                    pause().await;
                }
                Step::Fill { source, into } => match sources.get_mut(source) {
                    None => turn.no_source(),
                    Some(source) => match source.read(into).await {
                        Ok(octets) => turn.filled(octets),
                        Err(error) => turn.fault(Fault::Source(error.kind())),
                    },
                },
                Step::Flush => {
                    if let Err(error) = self.transport.flush().await {
                        turn.fault(Fault::Transport(()));
                        return turn.end(Some(error));
                    }
                }
                Step::Receive(window) => match self.transport.read(window).await {
                    Ok(octets) => turn.received(octets),
                    Err(error) => {
                        turn.fault(Fault::Transport(()));
                        return turn.end(Some(error));
                    }
                },
                Step::Done => return turn.end(None),
            }
        }
    }
}

impl<T: Read + Write + Secure, O: Observer> Client<'_, T, O> {
    /// Asks of every mail from here on that it is sent on over verified TLS only, by every server
    /// on the way (REQUIRETLS, RFC 8689). Over a transport that is not [`Secure`], this method does
    /// not exist.
    ///
    /// A mail is then refused with [`Error::NotOffered`] before anything of it is sent, if the
    /// server does not offer REQUIRETLS, or was not verified by a certificate chain
    /// ([`Proof::Chain`]).
    #[must_use]
    pub fn require_tls(mut self) -> Self {
        self.session.secured(self.transport.proof());
        self.session.options().require_tls = true;
        self
    }

    /// Logs in with the best mechanism on offer, over a transport that keeps secrets: over any
    /// other, this method does not exist.
    ///
    /// ```compile_fail
    /// # use embedded_smtp::{Credentials, asynch::Client, mock::Server};
    /// let plain = Server::builder().build().duplex();
    /// let mut buffer = [0; 512];
    /// let mut smtp = Client::new(plain, &mut buffer);
    /// smtp.login(&Credentials::new("boiler3", "secret").unwrap());
    /// ```
    ///
    /// After a refusal no second mechanism is tried, and no mail is sent until a login succeeds.
    ///
    /// # Errors
    ///
    /// [`Error::NotOffered`] when the server has no mechanism for these credentials.
    /// [`Error::Refused`]: wrong credentials when permanent; temporary is no word on them.
    ///
    /// # Cancel safety
    ///
    /// None: a future dropped before its end ends the session, and nothing more is sent on it.
    pub async fn login(&mut self, credentials: &Credentials<'_>) -> Result<(), Error<T::Error>> {
        self.run(&mut Operation::Login {
            credentials,
            mechanism: None,
        })
        .await
        .map(|_| ())
    }

    /// Logs in with this mechanism.
    ///
    /// # Errors
    ///
    /// As [`Self::login`]; [`Error::Invalid`] for credentials that the mechanism has no use for.
    ///
    /// # Cancel safety
    ///
    /// None: a future dropped before its end ends the session, and nothing more is sent on it.
    pub async fn login_with(
        &mut self,
        credentials: &Credentials<'_>,
        mechanism: Mechanism,
    ) -> Result<(), Error<T::Error>> {
        self.run(&mut Operation::Login {
            credentials,
            mechanism: Some(mechanism),
        })
        .await
        .map(|_| ())
    }
}
