//! One attempt to send an alert: a connection of its own, from its beginning to its end.

use boiler::{Alert, Ending, HOST, Letter, PASSWORD, Pressures, RECIPIENTS_MAX, Settings, USER};
use embedded_smtp::blocking::Client;
use embedded_smtp::{Credentials, RecipientStatus, Submission};
use mailer::Deadline;

use crate::network::{Link, Network};

/// Milliseconds for a server to answer at all.
const CONNECT: u64 = 30_000;
/// Octets of the client's buffer.
const BUFFER: usize = 1024;

type Session<'s, 'n> = Client<'s, &'s mut Link<'n>, &'s Deadline>;

pub fn attempt(network: &mut Network, alert: &Alert, settings: &Settings) -> Ending {
    let deadline = Deadline::new(board::clock::now, settings.patience);
    deadline.start(CONNECT);
    let Some(mut link) = network.connect(settings.port, &deadline) else {
        return Ending::LOST;
    };
    let (ending, is_polite) = session(&mut link, &deadline, alert, settings);
    if is_polite {
        link.end();
    } else {
        link.abort();
    }
    ending
}

/// From the server's greeting to QUIT: how the attempt ended, and whether the session ended politely.
fn session(
    link: &mut Link<'_>,
    deadline: &Deadline,
    alert: &Alert,
    settings: &Settings,
) -> (Ending, bool) {
    let mut buffer = [0; BUFFER];
    let mut smtp = Client::new(link, &mut buffer).observe(deadline);
    let ending = match log_in(&mut smtp) {
        Ok(()) => deliver(&mut smtp, alert, settings).unwrap_or_else(|ending| ending),
        Err(ending) => Ending::before_mail(ending),
    };
    // Whatever comes of QUIT, the mail's outcome is known.
    (ending, smtp.quit().is_ok())
}

fn log_in(smtp: &mut Session<'_, '_>) -> Result<(), Ending> {
    let credentials = Credentials::new(USER, PASSWORD)?;
    let logged_in = smtp
        .open(HOST)
        .and_then(|()| smtp.danger_login_in_plaintext(&credentials));
    logged_in.map_err(|error| {
        defmt::warn!("{}", error);
        error.into()
    })
}

fn deliver(
    smtp: &mut Session<'_, '_>,
    alert: &Alert,
    settings: &Settings,
) -> Result<Ending, Ending> {
    let letter = Letter::of(alert, settings)?;
    let head = boiler::head(settings.to)?;
    let message = letter.message(&head)?;
    let mut log = [Pressures::new(settings.rows)];
    let mut results = [RecipientStatus::default(); RECIPIENTS_MAX];
    let end = smtp.send(
        Submission::new(&message)
            .sources(&mut log)
            .results(&mut results),
    );
    Ok(Ending::of_mail(&end, &message, &results))
}
