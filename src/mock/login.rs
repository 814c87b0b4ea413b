//! The AUTH command and the lines that answer its challenges, RFC 4954.
//!
//! Base64, reply codes and order stand here; what a mechanism makes of a response, in a file of its
//! own.

use std::boxed::Box;
use std::format;
use std::string::String;

use super::accounts::PlaintextAuth;
use super::auth::{Exchange, Step, decode_base64, encode_base64};
use super::commands::clip;
use super::dialogue::{Dialogue, Phase};
use super::outbox::Outbox;
use super::record::Event;
use super::script::Stage;

impl Dialogue {
    pub(super) fn auth(&mut self, argument: &[u8], out: &mut Outbox) {
        let argument = String::from_utf8_lossy(argument);
        let (name, initial) = match argument.split_once(' ') {
            Some((name, initial)) => (name, Some(initial)),
            None => (&*argument, None),
        };
        let found = self
            .shared
            .settings
            .auth
            .mechanisms()
            .into_iter()
            .find(|one| one.name().eq_ignore_ascii_case(name));
        let refusal = if !self.offers("AUTH") {
            Some(self.not_offered())
        } else if self.authenticated.is_some() {
            self.violate("AUTH: already authenticated");
            Some(self.reply(503, "5.5.1", "Error: already authenticated"))
        } else if self.transaction.is_some() {
            // RFC 4954 §4: "The AUTH command is not permitted during a mail transaction."
            self.violate("AUTH: within a mail transaction");
            Some(self.reply(503, "5.5.1", "Error: MAIL transaction in progress"))
        } else if found.is_none() {
            self.violate(format!("AUTH: mechanism {:?} is not offered", clip(name)));
            Some(self.reply(504, "5.5.4", "Error: unrecognized authentication type"))
        } else if initial.is_some() && found.is_some_and(|one| !one.client_begins()) {
            // RFC 4954 §4: "If the client uses an initial-response argument to the AUTH command with
            // a SASL mechanism in which the client does not begin the authentication exchange, the
            // server MUST reject the AUTH command with a 501 reply."
            self.violate("AUTH: an initial response where the server begins");
            Some(self.reply(501, "5.7.0", "Error: no initial response is taken"))
        } else {
            None
        };
        let exchange = match (refusal, found) {
            (None, Some(mechanism)) => {
                let settings = &self.shared.settings;
                let number = self.shared.record().count_exchange();
                mechanism.exchange(&settings.auth, &settings.hostname, number)
            }
            (refusal, _) => {
                self.answer(&[Stage::Auth], refusal.unwrap_or_default(), out);
                return;
            }
        };
        if !self.tls && self.shared.settings.auth.plaintext != PlaintextAuth::Allowed {
            self.violate("AUTH: credentials without TLS");
        }
        // RFC 4954 §4: "If the client needs to send a zero-length initial response, it MUST transmit
        // the response as a single equals sign".
        let initial = match initial {
            None => None,
            Some("=") => Some(Some(std::vec::Vec::new())),
            Some(text) => Some(decode_base64(text.as_bytes())),
        };
        self.progress(Stage::Auth, exchange, initial, out);
    }

    /// Takes a line that answers a challenge; `octets` is its length with its line end.
    pub(super) fn response(
        &mut self,
        exchange: Box<dyn Exchange>,
        line: &[u8],
        octets: usize,
        fault: Option<&'static str>,
        out: &mut Outbox,
    ) {
        self.log(Event::AuthResponse(
            String::from_utf8_lossy(line).into_owned(),
        ));
        if fault.is_some() || octets > RESPONSE_LINE_LIMIT {
            if fault.is_none() {
                self.violate(format!(
                    "AUTH: response line of {octets} octets, the limit is {RESPONSE_LINE_LIMIT}"
                ));
            }
            let reply = self.reply(500, "5.5.6", "Authentication exchange line is too long");
            self.answer(&[Stage::AuthResponse], reply, out);
        } else if line == b"*" {
            // RFC 4954 §4: "If the server receives such a response, it MUST reject the AUTH command
            // by sending a 501 reply."
            let reply = self.reply(501, "5.7.0", "Authentication aborted");
            self.answer(&[Stage::AuthResponse], reply, out);
        } else {
            let response = decode_base64(line);
            self.progress(Stage::AuthResponse, exchange, Some(response), out);
        }
    }

    /// `response`: none came; one that is not base64; its bytes.
    fn progress(
        &mut self,
        stage: Stage,
        mut exchange: Box<dyn Exchange>,
        response: Option<Option<std::vec::Vec<u8>>>,
        out: &mut Outbox,
    ) {
        let accounts = &self.shared.settings.auth.accounts;
        let step = match &response {
            // RFC 4954 §4: "If the server cannot [BASE64] decode any client response, it MUST reject
            // the AUTH command with a 501 reply".
            Some(None) => Step::Malformed("not base64"),
            Some(Some(octets)) => exchange.next(Some(octets), accounts),
            None => exchange.next(None, accounts),
        };
        let mut user = String::new();
        let reply = match step {
            Step::Challenge(challenge) => format!("334 {}\r\n", encode_base64(&challenge)),
            Step::Accept(name) => {
                user = name;
                self.reply(235, "2.7.0", "Authentication successful")
            }
            Step::Careless(name, fault) => {
                self.violate(format!("AUTH: {fault}"));
                user = name;
                self.reply(235, "2.7.0", "Authentication successful")
            }
            Step::Refuse => self.reply(535, "5.7.8", "Error: authentication failed"),
            Step::Malformed(fault) => {
                self.violate(format!("AUTH: malformed response: {fault}"));
                self.reply(501, "5.5.2", "Error: malformed authentication response")
            }
        };
        let answer = self.answer(&[stage], reply, out);
        if answer.is_positive() {
            self.authenticated = Some(user);
        } else if answer.is_intermediate() {
            self.enter(Phase::Response(exchange));
        }
    }

    fn not_offered(&self) -> String {
        let settings = &self.shared.settings;
        if settings.auth.mechanisms().is_empty() || self.helo.is_none() {
            self.violate("AUTH: not offered");
            return self.reply(503, "5.5.1", "Error: authentication not enabled");
        }
        self.violate("AUTH: not offered, and credentials without TLS");
        self.reply(
            538,
            "5.7.11",
            "Encryption required for requested authentication mechanism",
        )
    }
}

/// RFC 4954 §4: "the maximum length of base64 line" a server must take, CRLF included.
const RESPONSE_LINE_LIMIT: usize = 12_288;
