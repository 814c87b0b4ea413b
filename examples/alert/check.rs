//! Which options go together: a usage error is found here, before anything is read, resolved or
//! sent.

use crate::options::{Auth, Options, Security};

/// The arguments cannot be used: what is wrong with them.
#[derive(Debug)]
pub struct Usage(pub String);

impl Options {
    /// Refuses combinations that make no sense.
    pub fn check(&self) -> Result<(), Usage> {
        self.check_message()?;
        self.check_credentials()?;
        self.check_tls()
    }

    fn check_message(&self) -> Result<(), Usage> {
        if self.server.is_none() && !self.eml {
            return Err(Usage(
                "give --server HOST:PORT, or --eml to print the message only".into(),
            ));
        }
        self.check_json()
    }

    fn check_json(&self) -> Result<(), Usage> {
        let given = [
            ("--from", self.from.is_some()),
            ("--reply-to", self.reply_to.is_some()),
            ("--to", self.to.is_some()),
            ("--cc", self.cc.is_some()),
            ("--bcc", self.bcc.is_some()),
            ("--subject", self.subject.is_some()),
            ("--text", self.text.is_some()),
            ("--html", self.html.is_some()),
            ("--importance", self.importance.is_some()),
            ("--attach", !self.attach.is_empty()),
            ("--header", !self.header.is_empty()),
            ("--no-auto-submitted", self.no_auto_submitted),
            ("--read-receipt", self.read_receipt.is_some()),
            ("--delivery-receipt", self.delivery_receipt.is_some()),
            ("--notify", !self.notify.is_empty()),
            ("--return", self.returns.is_some()),
            ("--envid", self.envid.is_some()),
        ];
        match given.iter().find(|(_, is_given)| *is_given) {
            Some((name, _)) if self.json.is_some() => Err(Usage(format!(
                "--json holds the whole message: leave out {name}"
            ))),
            _ if self.json.is_none() && self.from.is_none() => Err(Usage(
                "give --from MAILBOX, or the message as --json FILE".into(),
            )),
            _ => Ok(()),
        }
    }

    fn check_credentials(&self) -> Result<(), Usage> {
        let secret = [
            ("--password", self.password.is_some()),
            ("--password-env", self.password_env.is_some()),
            ("--token", self.token.is_some()),
        ];
        let given = secret.iter().find(|(_, is_given)| *is_given);
        match (given, &self.user) {
            (Some((name, _)), None) => Err(Usage(format!("{name} needs --user"))),
            (None, Some(_)) => {
                Err(Usage("--user needs --password, --password-env or --token".into()))
            }
            (None, None) if self.auth != Auth::Auto => {
                Err(Usage("--auth needs --user, and --password or --token".into()))
            }
            (Some(_), Some(_))
                if self.security() == Security::Plain
                    && !self.danger_plaintext_auth
                    && !self.eml =>
            {
                Err(Usage(
                    "with --security plain everybody on the way can read the password or token: use \
                     TLS, or give --danger-plaintext-auth"
                        .into(),
                ))
            }
            _ => self.check_mechanism(),
        }
    }

    /// Nothing about TLS is silently ignored.
    fn check_tls(&self) -> Result<(), Usage> {
        let given = [
            ("--tls-stack", self.tls_stack.is_some()),
            ("--ca", self.ca.is_some()),
            ("--pin", !self.pin.is_empty()),
            ("--danger-no-verify", self.danger_no_verify),
            ("--server-name", self.server_name.is_some()),
            ("--require-tls", self.require_tls),
        ];
        let first = |names: &[&str]| {
            let mut given = given.iter().filter(|(_, is_given)| *is_given);
            given
                .find(|(name, _)| names.is_empty() || names.contains(name))
                .map(|(name, _)| *name)
        };
        if self.security() == Security::Plain
            && !self.eml
            && let Some(name) = first(&[])
        {
            return Err(Usage(format!(
                "{name} is about TLS, and --security plain is without: leave out one of them"
            )));
        }
        match first(&["--ca", "--pin"]) {
            Some(name) if self.danger_no_verify => Err(Usage(format!(
                "{name} says what to verify, and --danger-no-verify to verify nothing: leave out \
                 one of them"
            ))),
            _ => Ok(()),
        }
    }
}
