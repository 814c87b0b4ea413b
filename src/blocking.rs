//! The client over a blocking transport ([`embedded_io::Read`] and [`embedded_io::Write`]).
//!
//! This file moves bytes and names operations. It does not know SMTP: every decision is taken in
//! [`session`](crate::session).

use core::ops::ControlFlow;

use embedded_io::{Error as _, ErrorType, Read, Write};

use crate::client::Blocking;
use crate::error::Error;
use crate::fault::{Fault, Trouble};
use crate::invalid::{Field, Invalid};
use crate::message::{Mail, message};
use crate::observer::Observer;
use crate::report::Report;
use crate::session::{MailOperation, Operation, Step};
use crate::starttls::StartTlsError;
use crate::submission::{NoSource, Submission};
use crate::transport::{Secure, trouble};
use crate::wire::domain::Domain;
use crate::wire::sasl::Credentials;

/// An SMTP client over a blocking transport.
///
/// `'b` is the lifetime of the caller's buffer and of the EHLO name, `T` the transport, `O` the
/// [`Observer`], `()` for none.
pub type Client<'b, T, O = ()> = crate::client::Client<'b, Blocking, T, O>;

/// The result of [`Client::starttls`]: the client under TLS, or what is left of it and why.
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

impl<'b, T: Read + Write, O: Observer> Client<'b, T, O> {
    /// Reads the greeting and says EHLO with this name: a domain or an address literal.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a name that is neither, or not ASCII. [`Error::Refused`] for a
    /// greeting other than 220, or a refused EHLO.
    pub fn open<N>(&mut self, name: N) -> Result<(), Error<T::Error>>
    where
        N: TryInto<Domain<'b>>,
        Invalid: From<N::Error>,
    {
        let name = name
            .try_into()
            .map_err(|e| Invalid::from(e).in_field(Field::EhloName))?;
        self.parts().1.set_name(name)?;
        self.run(&mut Operation::Open).map(|_| ())
    }

    /// Opens TLS: STARTTLS, then `upgrade` makes the TLS stream of the transport, then EHLO.
    ///
    /// There is no way back: if STARTTLS is missing or refused, only QUIT can follow.
    ///
    /// # Errors
    ///
    /// See [`StartTlsError`], whose [`into_error`](StartTlsError::into_error) goes through `?`.
    pub fn starttls<S, U>(self, upgrade: impl FnOnce(T) -> Result<S, U>) -> StartTls<'b, T, S, O, U>
    where
        S: Read + Write + Secure,
    {
        // A block, so that the two clients do not exist at the same time: an async driver's future
        // would have room for both.
        let (transport, session, observer) = {
            let mut client = self;
            if let Err(error) = client.run(&mut Operation::StartTls) {
                return Err(StartTlsError::Refused { client, error });
            }
            client.into_parts()
        };
        let transport = upgrade(transport).map_err(StartTlsError::Upgrade)?;
        let mut client = Self::upgraded(transport, session, observer);
        match client.run(&mut Operation::Open) {
            Ok(_) => Ok(client),
            Err(error) => Err(StartTlsError::Ehlo { client, error }),
        }
    }

    /// Logs in without TLS: anyone who can see the link learns the password.
    ///
    /// # Errors
    ///
    /// As [`Self::login`].
    pub fn danger_login_in_plaintext(
        &mut self,
        credentials: &Credentials<'_>,
    ) -> Result<(), Error<T::Error>> {
        self.run(&mut Operation::Login(credentials)).map(|_| ())
    }

    /// Sends a mail to all recipients the server accepts. Takes a `&message`, or a [`Submission`]
    /// that says more.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`], [`Error::NotOffered`] and [`Error::LimitReached`]: nothing was sent.
    /// [`Error::Refused`]: rejected for every recipient; the connection is still usable.
    /// [`Error::Failed`]: the connection broke before the whole mail was handed over.
    /// [`Error::DeliveryUnknown`]: it broke after that. [`Error::Failed`] with [`Fault::Source`] or
    /// [`Fault::Content`]: a source failed, has another length than announced, or gives what cannot
    /// be sent; the mail never gets its terminator then, and the connection ends.
    pub fn send<'o, 'm: 'o, R: Read + 'o>(
        &mut self,
        mail: impl Into<Submission<'o, 'm, R>>,
    ) -> Result<Report, Error<T::Error>> {
        let Submission { mail, sources } = mail.into();
        self.run_from(&mut Operation::Mail(mail), sources)
    }

    /// Sends mails one after the other. With PIPELINING, each mail takes one round trip: its MAIL,
    /// RCPT and DATA are sent in the same flight as the content of the one before it.
    ///
    /// `each` receives every result and decides whether to continue. To stop early ends the
    /// connection without QUIT if the next mail was under way. After a fault every further mail is
    /// given [`Error::ConnectionEnded`].
    pub fn send_all<'m, M: Mail<'m>>(
        &mut self,
        mails: impl IntoIterator<Item = M>,
        mut each: impl FnMut(Result<Report, Error<T::Error>>) -> ControlFlow<()>,
    ) {
        self.parts().1.in_rows();
        let mut mails = mails.into_iter();
        let mut current = mails.next();
        let mut is_next = false;
        while let Some(mail) = current {
            let next = mails.next();
            let mail =
                MailOperation::new(message(&mail)).in_row(next.as_ref().map(message), is_next);
            if each(self.run(&mut Operation::Mail(mail))).is_break() {
                return;
            }
            current = next;
            is_next = true;
        }
    }

    /// Ends a transaction that was not completed: RSET. Never needed before another mail.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`], after which only QUIT can be sent.
    pub fn reset(&mut self) -> Result<(), Error<T::Error>> {
        self.run(&mut Operation::Reset).map(|_| ())
    }

    /// Asks whether the server is still there: NOOP.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] with 421 or another 4yz when it is about to close the connection.
    pub fn noop(&mut self) -> Result<(), Error<T::Error>> {
        self.run(&mut Operation::Noop).map(|_| ())
    }

    /// Ends the connection: QUIT. The server's answer, or its absence, changes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::ConnectionEnded`] if the connection ended before; nothing was sent.
    pub fn quit(&mut self) -> Result<(), Error<T::Error>> {
        self.run(&mut Operation::Quit).map(|_| ())
    }

    fn run(&mut self, operation: &mut Operation<'_, '_>) -> Result<Report, Error<T::Error>> {
        self.run_from::<NoSource>(operation, &mut [])
    }

    /// Does what the session's steps say. A call that was interrupted is repeated.
    fn run_from<R: Read>(
        &mut self,
        operation: &mut Operation<'_, '_>,
        sources: &mut [R],
    ) -> Result<Report, Error<T::Error>> {
        let (transport, session, observer) = self.parts();
        let mut failed = None;
        let mut running = session.begin(operation);
        loop {
            let done = match running.step(operation, observer) {
                Step::Send(bytes) => transport.write(bytes),
                Step::Flush => transport.flush().map(|()| 0),
                Step::Receive(window) => transport.read(window),
                Step::Fill { source, into } => {
                    match sources.get_mut(source) {
                        None => running.no_source(),
                        Some(source) => match source.read(into) {
                            Ok(bytes) => running.done(bytes),
                            Err(error) if trouble(error.kind()) == Trouble::Interrupted => {}
                            Err(error) => running.fault(Fault::Source(error.kind())),
                        },
                    }
                    continue;
                }
                #[cfg(feature = "scram-sha-256")]
                Step::Pause => {
                    Blocking::pause();
                    continue;
                }
                Step::Done => return running.end(failed),
            };
            match done {
                Ok(bytes) => running.done(bytes),
                Err(error) => match trouble(error.kind()) {
                    Trouble::Interrupted => {}
                    trouble => {
                        running.broke(trouble);
                        failed = Some(error);
                    }
                },
            }
        }
    }
}

impl<T: Read + Write + Secure, O: Observer> Client<'_, T, O> {
    /// Logs in with the best mechanism that the server offers and the credentials allow. Exists
    /// only on a [`Secure`] transport.
    ///
    /// ```compile_fail
    /// # use embedded_smtp::{Credentials, blocking::Client, mock::Server};
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
    /// [`Error::Refused`]: wrong credentials when permanent; a temporary refusal says nothing of
    /// them.
    pub fn login(&mut self, credentials: &Credentials<'_>) -> Result<(), Error<T::Error>> {
        self.run(&mut Operation::Login(credentials)).map(|_| ())
    }
}
