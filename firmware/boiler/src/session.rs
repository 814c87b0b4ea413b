//! What every session of the async client has, whatever it goes over: its steps, each with the deadline.
//!
//! A step whose deadline is over is dropped. That ends the client's session: nothing more is sent on it,
//! and the connection is to be aborted. What became of a mail is asked of the client.

use embassy_time::{Instant, Timer};
use embedded_io_async::{Read, Write};
use embedded_smtp::asynch::Client;
use embedded_smtp::session::State;
#[cfg(feature = "tls")]
use embedded_smtp::tls::{
    Random, Records, ServerName, Verify,
    asynch::{Place, Stream},
};
use embedded_smtp::{Credentials, Error, RecipientStatus, Submission};
use mailer::{Deadline, TimedOut, within};

use crate::{
    Alert, Ending, HOST, Letter, PASSWORD, Pressures, RECIPIENTS_MAX, Rounds, Settings, USER, head,
};

/// Milliseconds for the handshake of TLS.
#[cfg(feature = "tls")]
pub const HANDSHAKE: u64 = 60_000;

impl Rounds {
    /// Waits until a round begins.
    pub async fn wait(&mut self) {
        while !self.begin() {
            Timer::at(Instant::from_millis(self.next_due())).await;
        }
    }
}

/// Greeting and EHLO.
///
/// # Errors
///
/// How the attempt ended.
pub async fn greet<T: Read + Write>(
    smtp: &mut Client<'_, T, &Deadline>,
    deadline: &Deadline,
) -> Result<(), Ending> {
    step(deadline, smtp.open(HOST)).await
}

/// A step before there is a mail.
///
/// # Errors
///
/// How the attempt ended.
async fn step<E: embedded_io::Error>(
    deadline: &Deadline,
    work: impl Future<Output = Result<(), Error<E>>>,
) -> Result<(), Ending> {
    match within(deadline, work).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => {
            let error = error.erase();
            defmt::warn!("{}", error);
            Err(error.into())
        }
        Err(TimedOut) => {
            defmt::warn!("the server did not answer in time");
            Err(Ending::LOST)
        }
    }
}

/// Opens TLS in this place.
///
/// # Errors
///
/// How the attempt ended.
#[cfg(feature = "tls")]
pub async fn open_tls<'p, 'b, T: Read + Write>(
    deadline: &Deadline,
    place: &'p mut Place<'b, T>,
    transport: T,
    records: &'b mut Records<'_>,
    name: &ServerName<'_>,
    choice: impl Verify,
    random: impl Random,
) -> Result<&'p mut Stream<'b, T>, Ending> {
    deadline.start(HANDSHAKE);
    let opening = place.open(transport, records, name, choice, random);
    match within(deadline, opening).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => {
            defmt::warn!("{}", error);
            Err(Ending::of_tls(&error))
        }
        Err(TimedOut) => {
            defmt::warn!("the server did not answer in time");
            Err(Ending::LOST)
        }
    }
}

/// Logs in, over TLS.
///
/// # Errors
///
/// How the attempt ended.
#[cfg(feature = "tls")]
pub async fn log_in<T: Read + Write + embedded_smtp::Secure>(
    smtp: &mut Client<'_, T, &Deadline>,
    deadline: &Deadline,
) -> Result<(), Ending> {
    let credentials = Credentials::new(USER, PASSWORD)?;
    step(deadline, smtp.login(&credentials)).await
}

/// Logs in without TLS: whoever sees the link learns the password.
///
/// # Errors
///
/// How the attempt ended.
pub async fn danger_log_in_in_plaintext<T: Read + Write>(
    smtp: &mut Client<'_, T, &Deadline>,
    deadline: &Deadline,
) -> Result<(), Ending> {
    let credentials = Credentials::new(USER, PASSWORD)?;
    step(deadline, smtp.danger_login_in_plaintext(&credentials)).await
}

/// Sends what is due, one mail after the other, as long as the session stands.
pub async fn deliver_due<T: Read + Write>(
    smtp: &mut Client<'_, T, &Deadline>,
    deadline: &Deadline,
    rounds: &mut Rounds,
    settings: &Settings,
) {
    // A mail may follow where no other is under way, also behind one that every recipient was refused for.
    while matches!(
        smtp.state(),
        State::Ready | State::Addressed | State::NoRecipient
    ) && let Some((serial, alert)) = rounds.due()
    {
        let ending = deliver(smtp, deadline, &alert, settings).await;
        rounds.settle(serial, ending.unwrap_or_else(|ending| ending));
    }
}

async fn deliver<T: Read + Write>(
    smtp: &mut Client<'_, T, &Deadline>,
    deadline: &Deadline,
    alert: &Alert,
    settings: &Settings,
) -> Result<Ending, Ending> {
    let letter = Letter::of(alert, settings)?;
    let head = head(settings.to)?;
    let message = letter.message(&head)?;
    let mut log = [Pressures::new(settings.rows)];
    let mut results = [RecipientStatus::default(); RECIPIENTS_MAX];

    let submission = Submission::new(&message)
        .sources(&mut log)
        .results(&mut results);
    let sending = smtp.send(submission);
    let end = match within(deadline, sending).await {
        Ok(end) => end.map_err(Error::erase),
        Err(TimedOut) => {
            defmt::warn!("the server did not answer in time");
            return Ok(Ending::of_dropped(smtp.delivery()));
        }
    };
    Ok(Ending::of_mail(&end, &message, &results))
}

/// QUIT. Says whether the connection can be closed politely: if not, it is to be aborted.
pub async fn farewell<T: Read + Write>(
    smtp: &mut Client<'_, T, &Deadline>,
    deadline: &Deadline,
) -> bool {
    matches!(within(deadline, smtp.quit()).await, Ok(Ok(())))
}
