//! A login under way (RFC 4954 §4): which mechanism, which response comes next, and whether its end
//! counts.
//!
//! What is said, the mechanism's [`Scheme`] knows.

use crate::fault::Violation;
use crate::invalid::{Field, Invalid, Reason};
use crate::missing::Missing;
use crate::wire::ehlo::{Extension, Mechanism};
use crate::wire::sasl::{self, Credentials, Heard, Memory, Scheme};
use crate::wire::writer::Writer;

use super::hindrance::Hindrance;
use super::server::Server;

/// A login under way, or the last one.
#[derive(Default)]
pub(super) struct Login {
    scheme: Option<&'static Scheme>,
    /// The first response is part of the AUTH command.
    is_initial: bool,
    /// Responses sent; a scheme has no more than three.
    responses: u8,
    /// The reason it is cancelled.
    why: Option<Violation>,
    memory: Memory,
}

/// The consequence of a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Challenged {
    /// The next response; so many bytes of the challenge are kept for it.
    Respond { kept: usize },
    /// The same, after some [`Login::work`].
    #[cfg(feature = "scram-sha-256")]
    Work { kept: usize },
    /// RFC 4954 §4: "If the client wishes to cancel the authentication exchange, it issues a line
    /// with a single "*"."
    Cancel,
    /// Nothing more is said: this is not the server that knows the password.
    #[cfg(feature = "scram-sha-256")]
    Fault,
}

impl Login {
    /// Begins with the first of the credentials' mechanisms that the server offers.
    pub(super) fn begin(
        &mut self,
        credentials: &Credentials<'_>,
        server: &Server,
    ) -> Result<(), Hindrance> {
        if !server.offers(Extension::Auth) {
            return Err(Missing::Extension(Extension::Auth).into());
        }
        let schemes = credentials.schemes();
        let offered = schemes
            .iter()
            .find(|scheme| server.offers_mechanism(scheme.mechanism));
        let Some(&scheme) = offered else {
            return Err(match schemes {
                [] => Invalid::new(Field::Credentials, Reason::Mechanism).into(),
                [only] => Missing::Mechanism(only.mechanism).into(),
                _ => Missing::AnyMechanism.into(),
            });
        };
        self.scheme = Some(scheme);
        self.is_initial = sasl::fits_auth_line(scheme, credentials);
        self.responses = 0;
        self.why = None;
        self.memory.wipe();
        Ok(())
    }

    /// The mechanism's name.
    pub(super) fn mechanism(&self) -> &'static str {
        self.scheme.map_or("", |scheme| scheme.mechanism.as_str())
    }

    /// Whether the AUTH command holds a response.
    pub(super) const fn is_initial(&self) -> bool {
        self.is_initial
    }

    /// Whether a challenge may have been the reason for a refusal.
    pub(super) fn gives_reasons(&self) -> bool {
        self.scheme.is_some_and(|scheme| {
            matches!(
                scheme.mechanism,
                Mechanism::XOAuth2 | Mechanism::OAuthBearer
            )
        })
    }

    /// Writes the next response; `kept` is what was kept of a challenge.
    pub(super) fn respond(&self, credentials: &Credentials<'_>, kept: &[u8], out: &mut Writer<'_>) {
        if let Some(scheme) = self.scheme {
            sasl::write(scheme, self.responses, credentials, &self.memory, kept, out);
        }
    }

    /// A response was sent.
    pub(super) fn responded(&mut self) {
        if let Some(more) = self.responses.checked_add(1) {
            self.responses = more;
        }
    }

    /// The server sent a challenge: base64, which is overwritten, and whether its end is missing.
    pub(super) fn challenged(
        &mut self,
        credentials: &Credentials<'_>,
        challenge: &mut [u8],
        is_cut: bool,
    ) -> Challenged {
        let Self {
            scheme: Some(scheme),
            responses,
            memory,
            ..
        } = self
        else {
            return self.cancel(Violation::AuthExchange);
        };
        match (scheme.hear)(*responses, credentials, memory, challenge, is_cut) {
            Heard::Answer { kept } => Challenged::Respond { kept },
            #[cfg(feature = "scram-sha-256")]
            Heard::Work { kept } => Challenged::Work { kept },
            Heard::TooMany => self.cancel(Violation::AuthExchange),
            #[cfg(any(feature = "scram-sha-256", feature = "cram-md5"))]
            Heard::Malformed => self.cancel(Violation::Challenge),
            #[cfg(any(feature = "scram-sha-256", feature = "cram-md5"))]
            Heard::Cut => self.cancel(Violation::LongChallenge),
            #[cfg(feature = "scram-sha-256")]
            Heard::Rounds => self.cancel(Violation::Rounds),
            #[cfg(feature = "scram-sha-256")]
            Heard::Impostor => {
                self.why = Some(Violation::ServerSignature);
                Challenged::Fault
            }
        }
    }

    fn cancel(&mut self, why: Violation) -> Challenged {
        self.why = Some(why);
        Challenged::Cancel
    }

    /// The reason that the login was given up.
    pub(super) fn why(&self) -> Violation {
        self.why.unwrap_or(Violation::AuthExchange)
    }

    /// Does a part of the work that a response takes; whether it is done.
    #[cfg(feature = "scram-sha-256")]
    pub(super) fn work(&mut self, credentials: &Credentials<'_>, kept: &[u8]) -> bool {
        let proof = self.scheme.and_then(|scheme| scheme.proof.as_ref());
        proof.is_none_or(|proof| (proof.work)(credentials, &mut self.memory, kept))
    }

    /// The reason that the server's success does not count: it has not given the proof that the
    /// mechanism has.
    pub(super) fn unproven(&self) -> Option<Violation> {
        #[cfg(feature = "scram-sha-256")]
        if let Some(proof) = self.scheme.and_then(|scheme| scheme.proof.as_ref())
            && !(proof.is_given)(&self.memory)
        {
            return Some(Violation::ServerSignature);
        }
        None
    }

    /// Overwrites what was remembered.
    pub(super) fn wipe(&mut self) {
        self.memory.wipe();
    }
}
