//! What a session under TLS has behind its beginning: login, mail, QUIT.

use embedded_io_async::{ErrorType, Read, Write};
use embedded_smtp::asynch::Client;
use embedded_smtp::{Credentials, Message, Report, Secure, tls};

use crate::{Deadline, Failed, within};

/// Logs in, sends the mail and says QUIT, each within the deadline, which the client moves phase by
/// phase: it is the client's observer.
///
/// # Errors
///
/// Why the attempt failed. Once the server has the mail, how the session ends changes nothing.
pub async fn submit<T>(
    smtp: &mut Client<'_, T, &Deadline>,
    deadline: &Deadline,
    credentials: &Credentials<'_>,
    mail: &Message<'_>,
) -> Result<Report, Failed>
where
    T: Read + Write + Secure + ErrorType<Error = tls::Error>,
{
    let logged_in = within(deadline, smtp.login(credentials)).await?;
    logged_in.map_err(Failed::Session)?;
    let Ok(sent) = within(deadline, smtp.send(mail)).await else {
        return Err(Failed::of_dropped(smtp.delivery()));
    };
    let report = sent.map_err(Failed::Mail)?;
    let _ = within(deadline, smtp.quit()).await;
    Ok(report)
}
