//! One attempt to send an alert: a connection of its own, from its beginning to its end.

use boiler::{Alert, Ending, HOST, Letter, PASSWORD, Pressures, RECIPIENTS_MAX, Settings, USER};
use embedded_smtp::blocking::Client;
use embedded_smtp::{Credentials, RecipientStatus};
use mailer::Deadline;

use crate::network::{Link, Network};

/// Milliseconds for a server to answer at all.
const CONNECT: u64 = 30_000;
/// Octets of the client's buffer.
const BUFFER: usize = 1024;

pub fn attempt(network: &mut Network, alert: &Alert, settings: &Settings) -> Ending {
    let deadline = Deadline::new(board::clock::now, settings.patience);
    deadline.start(CONNECT);
    let Some(mut link) = network.connect(settings.port, &deadline) else {
        return Ending::LOST;
    };
    let ending = send(&mut link, &deadline, alert, settings).unwrap_or_else(|ending| ending);
    link.end();
    ending
}

/// The mail, from the server's greeting to QUIT.
fn send(
    link: &mut Link<'_>,
    deadline: &Deadline,
    alert: &Alert,
    settings: &Settings,
) -> Result<Ending, Ending> {
    let letter = Letter::of(alert, settings)?;
    let message = letter.message(settings.to)?;
    let mut log = [Pressures::new(settings.rows)];
    let mut results = [RecipientStatus::default(); RECIPIENTS_MAX];
    let mut buffer = [0; BUFFER];

    let mut smtp = Client::new(link, &mut buffer).observe(deadline);
    smtp.open(HOST).map_err(Ending::before_mail)?;
    let credentials = Credentials::new(USER, PASSWORD)?;
    smtp.danger_login_in_plaintext(&credentials, None)
        .map_err(Ending::before_mail)?;
    let end = smtp.send_streamed(&message, &mut log, &mut results);
    // Whatever comes of QUIT, the mail's outcome is known.
    if smtp.quit().is_err() {
        defmt::debug!("the connection had ended");
    }
    Ok(Ending::of_mail(&end, &message, &results))
}
