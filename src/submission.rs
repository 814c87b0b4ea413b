//! A mail as it is handed to [`Client::send`](crate::blocking::Client::send): the message, and how
//! it is to be sent.

use embedded_io::ErrorType;

use crate::message::{self, Mail};
use crate::report::RecipientStatus;
use crate::session::MailOperation;

/// A message and how to send it. A plain `&message` is a submission too.
///
/// # Examples
///
/// A mail that some recipients could not take yet goes on to them, and only to them:
///
/// ```
/// # use embedded_smtp::message::Head;
/// # use embedded_smtp::{Message, RecipientStatus, Retry, Submission, head};
/// # use embedded_smtp::{blocking::Client, mock::Server};
/// # let server = Server::builder().build();
/// # let mut buffer = [0; 512];
/// # let mut smtp = Client::new(server.duplex(), &mut buffer);
/// # smtp.open("boiler3.example.org")?;
/// # static HEAD: Head = head! {
/// #     from: "boiler3@example.org",
/// #     to: "ops@example.org, duty@example.org",
/// # };
/// let mail = Message::new(&HEAD).text("8.4 bar");
/// let mut results = [RecipientStatus::default(); 2];
/// let report = smtp.send(Submission::new(&mail).results(&mut results))?;
/// if report.retry() == Some(Retry::Later) {
///     // Later, with the results as they were left:
///     smtp.send(Submission::new(&mail).results(&mut results).unsent())?;
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a submission does nothing until it is sent"]
pub struct Submission<'o, 'm, R = NoSource> {
    pub(crate) mail: MailOperation<'o, 'm>,
    pub(crate) sources: &'o mut [R],
}

impl<'o, 'm> Submission<'o, 'm> {
    /// The message, or ready-made message, alone, to all of its recipients.
    pub fn new(mail: &'o impl Mail<'m>) -> Self {
        Self {
            mail: MailOperation::new(message::message(mail)),
            sources: &mut [],
        }
    }
}

impl<'o, 'm, R> Submission<'o, 'm, R> {
    /// Notes each recipient's result, in the order of [`Mail::recipients`]. Without
    /// [`unsent`](Self::unsent) all of them are cleared first. Recipients for whom there is no room
    /// are sent to all the same.
    pub fn results(mut self, results: &'o mut [RecipientStatus]) -> Self {
        self.mail = self.mail.with_results(results);
        self
    }

    /// Gives the sources of streamed parts, which are read while the mail is sent: the first
    /// streamed part from the first source, in the order text, HTML, attachments.
    ///
    /// Each source is read to its end, a read of 0 bytes. A part of known length must end there.
    pub fn sources<S>(self, sources: &'o mut [S]) -> Submission<'o, 'm, S> {
        Submission {
            mail: self.mail.with_sources(sources.len()),
            sources,
        }
    }

    /// Sends only to the recipients whose result is not
    /// [`is_settled`](RecipientStatus::is_settled): those who were refused for now, were left to a
    /// further transaction (LIMITS, RFC 9422), or of whom it is not known that they have the mail.
    ///
    /// A mail goes on so after a 452, or after a restart with the results of before (see
    /// [`RecipientStatus::SENT`]). It must be the same message with the same date and
    /// [`unique`](crate::Message::unique) number; the results must have room for every recipient, else
    /// it is refused as [`Invalid`](crate::Invalid) before anything is sent. If nobody is left, that is
    /// refused as having no recipients.
    pub fn unsent(mut self) -> Self {
        self.mail = self.mail.unsent();
        self
    }

    /// Ends the connection after the mail, whatever its outcome. With PIPELINING, QUIT is sent in
    /// the same flight as DATA content. The answer to QUIT changes nothing, except after BDAT: see
    /// [`Chunking`](crate::Chunking).
    pub fn and_quit(mut self) -> Self {
        self.mail.quit = true;
        self
    }
}

impl<'o, 'm, M: Mail<'m>> From<&'o M> for Submission<'o, 'm> {
    fn from(mail: &'o M) -> Self {
        Self::new(mail)
    }
}

/// The source of a submission that has none. It has no values.
#[derive(Debug, Clone, Copy)]
pub enum NoSource {}

impl ErrorType for NoSource {
    type Error = core::convert::Infallible;
}

impl embedded_io::Read for NoSource {
    fn read(&mut self, _: &mut [u8]) -> Result<usize, Self::Error> {
        match *self {}
    }
}

impl embedded_io_async::Read for NoSource {
    async fn read(&mut self, _: &mut [u8]) -> Result<usize, Self::Error> {
        match *self {}
    }
}
