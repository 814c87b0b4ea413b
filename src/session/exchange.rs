//! The exchange of AUTH (RFC 4954 §4): which mechanism, what a challenge leads to, and when its end
//! counts.
//!
//! What is said, the mechanism's [`Scheme`] knows.

use crate::error::{Field, Invalid, Reason};
use crate::outcome::{Fault, Missing, Violation};
use crate::wire::ehlo::{Extension, Mechanism};
use crate::wire::sasl::{self, Credentials, Heard, Memory, Scheme};
use crate::wire::writer::Writer;

use super::buffer::Buffer;
use super::failure::Hindrance;
use super::flow::Flow;
#[cfg(feature = "scram-sha-256")]
use super::flow::Mode;
use super::table::Verb;

/// A login under way, or the last one.
#[derive(Default)]
pub(super) struct Exchange {
    scheme: Option<&'static Scheme>,
    /// The first response stands in the AUTH command.
    pub(super) is_initial: bool,
    /// Responses sent.
    pub(super) responses: u8,
    /// Why it is cancelled.
    why: Option<Violation>,
    pub(super) memory: Memory,
}

impl Exchange {
    /// Begins with the best mechanism on offer, or with the one asked for.
    pub(super) fn begin(
        &mut self,
        credentials: &Credentials<'_>,
        forced: Option<Mechanism>,
        offers: impl Fn(Mechanism) -> bool,
    ) -> Result<(), Hindrance> {
        let mut is_any = false;
        for &scheme in credentials.schemes() {
            let mechanism = scheme.mechanism;
            if forced.is_some_and(|forced| forced != mechanism) {
                continue;
            }
            is_any = true;
            if offers(mechanism) {
                self.scheme = Some(scheme);
                self.is_initial = sasl::fits_auth_line(scheme, credentials);
                self.responses = 0;
                self.why = None;
                self.memory.wipe();
                return Ok(());
            }
        }
        if !is_any {
            return Err(Invalid::new(Field::Credentials, Reason::Mechanism).into());
        }
        let missing = forced.map_or(Missing::AnyMechanism, Missing::Mechanism);
        Err(Hindrance::Missing(missing))
    }

    /// The mechanism's name.
    pub(super) fn mechanism(&self) -> &'static str {
        self.scheme.map_or("", |scheme| scheme.mechanism.as_str())
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

    #[cfg(feature = "scram-sha-256")]
    fn has_proof(&self) -> bool {
        self.scheme
            .and_then(|scheme| scheme.proof.as_ref())
            .is_none_or(|proof| (proof.is_given)(&self.memory))
    }

    /// Writes the next response.
    pub(super) fn respond(&self, credentials: &Credentials<'_>, kept: &[u8], out: &mut Writer<'_>) {
        if let Some(scheme) = self.scheme {
            sasl::write(scheme, self.responses, credentials, &self.memory, kept, out);
        }
    }
}

impl Flow<'_> {
    /// The mechanism to log in with, or why there is none.
    pub(super) fn choose(
        &mut self,
        credentials: &Credentials<'_>,
        forced: Option<Mechanism>,
    ) -> Result<(), Hindrance> {
        if !self.capabilities.offers(Extension::Auth) {
            return Err(Hindrance::Missing(Missing::Extension(Extension::Auth)));
        }
        let offers = |mechanism| self.capabilities.offers_mechanism(mechanism);
        self.exchange.begin(credentials, forced, offers)
    }

    /// The server sent a challenge.
    #[inline(never)]
    pub(super) fn challenged(&mut self, credentials: &Credentials<'_>, buffer: &mut Buffer<'_>) {
        let Exchange {
            scheme: Some(scheme),
            responses,
            ref mut memory,
            ..
        } = self.exchange
        else {
            return self.cancel(Violation::AuthExchange);
        };
        let (challenge, is_cut) = self.inbox.text(buffer);
        match (scheme.hear)(responses, credentials, memory, challenge, is_cut) {
            Heard::Answer { kept } => {
                self.inbox.keep_octets(buffer, kept);
                self.go(Verb::AuthResponse);
            }
            #[cfg(feature = "scram-sha-256")]
            Heard::Work { kept } => {
                self.inbox.keep_octets(buffer, kept);
                self.mode = Mode::Work;
            }
            Heard::TooMany => self.cancel(Violation::AuthExchange),
            #[cfg(any(feature = "scram-sha-256", feature = "cram-md5"))]
            Heard::Malformed => self.cancel(Violation::Challenge),
            #[cfg(any(feature = "scram-sha-256", feature = "cram-md5"))]
            Heard::Cut => self.cancel(Violation::LongChallenge),
            #[cfg(feature = "scram-sha-256")]
            Heard::Rounds => self.cancel(Violation::Rounds),
            #[cfg(feature = "scram-sha-256")]
            Heard::Impostor => self.fault(Fault::Protocol(Violation::ServerSignature)),
        }
    }

    /// Does a part of what takes long; whether it is done.
    #[cfg(feature = "scram-sha-256")]
    pub(super) fn work(&mut self, credentials: &Credentials<'_>, buffer: &Buffer<'_>) -> bool {
        let kept = self.inbox.kept_octets(buffer);
        let memory = &mut self.exchange.memory;
        let proof = self
            .exchange
            .scheme
            .and_then(|scheme| scheme.proof.as_ref());
        proof.is_none_or(|proof| (proof.work)(credentials, memory, kept))
    }

    /// RFC 4954 §4: "If the client wishes to cancel the authentication exchange, it issues a line
    /// with a single "*"."
    fn cancel(&mut self, why: Violation) {
        self.exchange.why = Some(why);
        self.go(Verb::AuthCancel);
    }

    /// The server answered what cancelled the exchange.
    pub(super) fn cancelled(&mut self) {
        let why = self.exchange.why.unwrap_or(Violation::AuthExchange);
        self.fault(Fault::Protocol(why));
    }

    /// The server said that the login succeeded. It counts only with the server's own proof, where
    /// the mechanism has one.
    pub(super) fn authenticated(&mut self) {
        #[cfg(feature = "scram-sha-256")]
        if !self.exchange.has_proof() {
            return self.fault(Fault::Protocol(Violation::ServerSignature));
        }
        self.finish();
    }
}
