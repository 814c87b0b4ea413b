//! The credentials that the options make, for the mechanism they ask for.

use embedded_smtp::{Credentials, Mechanism};

use crate::check::Usage;
use crate::letter::Refused;
use crate::options::{Auth, Options};

/// Random octets for SCRAM.
pub type Nonce = [u8; 18];

/// The credentials of `--user` and its password or token, if they are given, for the mechanism that
/// is asked for.
pub fn credentials<'a>(
    options: &'a Options,
    password: Option<&'a str>,
    nonce: &'a Nonce,
) -> Result<Option<Credentials<'a>>, Refused> {
    let Some(user) = &options.user else {
        return Ok(None);
    };
    let credentials = match (&options.token, password) {
        (Some(token), _) => Credentials::token(user, token)?,
        (None, None) => return Ok(None),
        (None, Some(password)) => match options.auth {
            Auth::CramMd5 => Credentials::cram_md5(user, password)?,
            Auth::ScramSha256 => Credentials::new(user, password)?.with_nonce(nonce)?,
            Auth::Auto => {
                let plain = Credentials::new(user, password)?;
                // SCRAM takes ASCII only; PLAIN and LOGIN take any text.
                plain.with_nonce(nonce).unwrap_or(plain)
            }
            _ => Credentials::new(user, password)?,
        },
    };
    Ok(Some(match mechanism(options.auth) {
        Some(mechanism) => credentials.only(mechanism)?,
        None => credentials,
    }))
}

/// The mechanism that is asked for; `None` for the best one that is offered.
fn mechanism(auth: Auth) -> Option<Mechanism> {
    match auth {
        Auth::Auto => None,
        Auth::Plain => Some(Mechanism::Plain),
        Auth::Login => Some(Mechanism::Login),
        Auth::Xoauth2 => Some(Mechanism::XOAuth2),
        Auth::Oauthbearer => Some(Mechanism::OAuthBearer),
        Auth::CramMd5 => Some(Mechanism::CramMd5),
        Auth::ScramSha256 => Some(Mechanism::ScramSha256),
    }
}

impl Options {
    /// Refuses a secret that cannot be used with the mechanism asked for.
    pub fn check_mechanism(&self) -> Result<(), Usage> {
        let takes_token = match self.auth {
            Auth::Auto => return Ok(()),
            Auth::Xoauth2 | Auth::Oauthbearer => true,
            _ => false,
        };
        match (takes_token, self.token.is_some()) {
            (true, false) => Err(Usage("--auth xoauth2 and oauthbearer need --token".into())),
            (false, true) => Err(Usage(
                "--token goes with --auth auto, xoauth2 or oauthbearer".into(),
            )),
            _ => Ok(()),
        }
    }
}
