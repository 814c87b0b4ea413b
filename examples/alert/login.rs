//! Who logs in: the credentials that the options make, and the mechanism they ask for.

use embedded_smtp::{Credentials, Mechanism};

use crate::check::Usage;
use crate::letter::Refused;
use crate::options::{Auth, Options};

/// Random octets for SCRAM.
pub type Nonce = [u8; 18];

/// The credentials of `--user` and its password or token, if they are given.
pub fn credentials<'a>(
    options: &'a Options,
    password: Option<&'a str>,
    nonce: &'a Nonce,
) -> Result<Option<Credentials<'a>>, Refused> {
    let Some(user) = &options.user else {
        return Ok(None);
    };
    if let Some(token) = &options.token {
        return Ok(Some(Credentials::token(user, token)?));
    }
    let Some(password) = password else {
        return Ok(None);
    };
    let credentials = match options.auth {
        Auth::CramMd5 => Credentials::cram_md5(user, password)?,
        Auth::ScramSha256 => Credentials::new(user, password)?.with_nonce(nonce)?,
        Auth::Auto => {
            let plain = Credentials::new(user, password)?;
            // SCRAM has no use for what is not ASCII; PLAIN and LOGIN have.
            plain.with_nonce(nonce).unwrap_or(plain)
        }
        _ => Credentials::new(user, password)?,
    };
    Ok(Some(credentials))
}

/// The mechanism that is asked for; the best on offer if none is.
pub fn mechanism(options: &Options) -> Option<Mechanism> {
    match options.auth {
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
    /// Refuses a secret that the mechanism asked for has no use for.
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
