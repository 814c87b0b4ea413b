//! What each command means: its syntax, its place in the order, its reply and its effect.
//!
//! A command that came too early, with a parameter that was not offered or malformed is a violation
//! and is answered as a real server would. A command that fails because an earlier one of its flight
//! was refused is none.

use std::borrow::ToOwned;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::accounts::PlaintextAuth;
use super::builder::Extension;
use super::dialogue::{Dialogue, Phase};
use super::outbox::Outbox;
use super::parameter::{ENVID_LIMIT, ORCPT_LIMIT};
use super::path;
use super::record::Event;
use super::script::Stage;

impl Dialogue {
    /// Takes a command line without its line end; `octets` is its length with it.
    pub(super) fn command(
        &mut self,
        line: &[u8],
        octets: usize,
        fault: Option<&'static str>,
        out: &mut Outbox,
    ) {
        let text = String::from_utf8_lossy(line).into_owned();
        let space = line
            .iter()
            .position(|octet| *octet == b' ')
            .unwrap_or(line.len());
        let mut verb = String::from_utf8_lossy(&line[..space]).to_ascii_uppercase();
        let argument = line.get(space + 1..).unwrap_or_default();
        let mut secret = (verb == "AUTH")
            .then(|| argument.iter().position(|octet| *octet == b' '))
            .flatten()
            .map(|at| space + at + 2);
        if self.last == "AUTH" && !VERBS.contains(&verb.as_str()) {
            // A response to a challenge that was not given: nothing of it may be shown.
            verb = String::from("a line behind AUTH");
            secret = Some(0);
        } else if !self.misread {
            self.last.clone_from(&verb);
        }
        if self.misread {
            self.shared.record().misread(self.connection, text.clone());
        }
        self.shared.record().command(self.connection, text.clone());
        self.log(Event::Command { line: text, secret });

        if fault.is_some() {
            let reply = self.reply(500, "5.5.2", "Error: bad syntax");
            self.answer(&[], reply, out);
            return;
        }
        let limit = COMMAND_LINE_LIMIT + self.growth(&verb);
        if octets > limit {
            self.violate(format!(
                "{verb}: command line of {octets} octets, the limit is {limit}"
            ));
            let reply = self.reply(500, "5.5.2", "Error: line too long");
            self.answer(&[], reply, out);
            return;
        }
        if line.ends_with(b" ") {
            self.violate(format!("{verb}: blank at the end of the line"));
        }
        // RFC 6531 §3.7.4: 8-bit text stands in MAIL, RCPT, VRFY and EXPN only.
        let may_be_utf8 =
            matches!(verb.as_str(), "MAIL" | "RCPT" | "VRFY" | "EXPN") && self.offers("SMTPUTF8");
        if !line.is_ascii() && !may_be_utf8 {
            self.violate("8-bit octet in a command without SMTPUTF8");
            let reply = self.reply(500, "5.5.2", "Error: bad UTF-8 syntax");
            self.answer(&[], reply, out);
            return;
        }
        let bare = matches!(verb.as_str(), "DATA" | "RSET" | "QUIT" | "STARTTLS");
        if bare && space < line.len() {
            self.violate(format!("{verb}: an argument where none is allowed"));
            let reply = self.reply(501, "5.5.4", &format!("Syntax: {verb}"));
            self.answer(&[], reply, out);
            return;
        }
        self.dispatch(&verb, argument, out);
    }

    fn dispatch(&mut self, verb: &str, argument: &[u8], out: &mut Outbox) {
        let settings = &self.shared.settings;
        let early = matches!(
            verb,
            "EHLO" | "HELO" | "STARTTLS" | "NOOP" | "QUIT" | "RSET"
        );
        if settings.require_tls && !self.tls && !early {
            let reply = self.reply(530, "5.7.0", "Must issue a STARTTLS command first");
            self.answer(&[], reply, out);
            return;
        }
        match verb {
            "EHLO" => self.ehlo(argument, out),
            "HELO" => self.helo(argument, out),
            "STARTTLS" => self.starttls(out),
            "AUTH" => self.auth(argument, out),
            "MAIL" => self.mail(argument, out),
            "RCPT" => self.rcpt(argument, out),
            "DATA" => self.data(out),
            "BDAT" => self.bdat(argument, out),
            "RSET" => {
                let reply = self.reply(250, "2.0.0", "Ok");
                if self.answer(&[Stage::Rset], reply, out).is_positive() {
                    self.reset();
                }
            }
            "NOOP" => {
                let reply = self.reply(250, "2.0.0", "Ok");
                self.answer(&[Stage::Noop], reply, out);
            }
            "QUIT" => {
                let reply = self.reply(221, "2.0.0", "Bye");
                if self.answer(&[Stage::Quit], reply, out).is_positive() {
                    self.close(out);
                }
            }
            "VRFY" => {
                let reply = self.reply(252, "2.0.0", "Cannot verify, but will take the message");
                self.answer(&[], reply, out);
            }
            "HELP" => {
                let reply = self.reply(214, "2.0.0", "See RFC 5321");
                self.answer(&[], reply, out);
            }
            "EXPN" => {
                let reply = self.reply(502, "5.5.1", "Error: command not implemented");
                self.answer(&[], reply, out);
            }
            _ => {
                self.violate(format!("unknown command {:?}", clip(verb)));
                let reply = self.reply(500, "5.5.2", "Error: command not recognized");
                self.answer(&[], reply, out);
            }
        }
    }

    fn ehlo(&mut self, argument: &[u8], out: &mut Outbox) {
        let reply = if let Some(code) = self.shared.settings.helo_only {
            format!("{code} Error: command not implemented\r\n")
        } else if let Some(refusal) = self.host_fault("EHLO", argument) {
            refusal
        } else {
            self.capabilities()
        };
        let answer = self.answer(&[Stage::Ehlo], reply, out);
        if answer.is_positive() {
            self.greeted(argument);
            self.offered = keywords(&answer.octets);
        }
    }

    fn helo(&mut self, argument: &[u8], out: &mut Outbox) {
        let name = &self.shared.settings.hostname;
        let reply = self
            .host_fault("HELO", argument)
            .unwrap_or_else(|| format!("250 {name}\r\n"));
        if self.answer(&[Stage::Helo], reply, out).is_positive() {
            self.greeted(argument);
            self.offered.clear();
        }
    }

    fn host_fault(&self, verb: &str, argument: &[u8]) -> Option<String> {
        let valid = core::str::from_utf8(argument).is_ok_and(path::is_host);
        if !valid {
            self.violate(format!("{verb}: neither a domain nor an address literal"));
        }
        (!valid).then(|| format!("501 Syntax: {verb} hostname\r\n"))
    }

    fn greeted(&mut self, argument: &[u8]) {
        self.helo = Some(String::from_utf8_lossy(argument).into_owned());
        self.reset();
    }

    fn capabilities(&self) -> String {
        let settings = &self.shared.settings;
        let mut lines = Vec::from([settings.hostname.clone()]);
        let offer = |extension: Extension| settings.extensions.contains(&extension);
        let mut add = |offered: bool, line: &str| {
            if offered {
                lines.push(line.to_owned());
            }
        };
        add(offer(Extension::Pipelining), "PIPELINING");
        if let Some(size) = settings.size {
            add(true, &format!("SIZE {size}"));
        }
        add(offer(Extension::StartTls) && !self.tls, "STARTTLS");
        let mechanisms = settings.auth.mechanisms();
        if !mechanisms.is_empty() && self.shows_auth() {
            let names: Vec<&str> = mechanisms.iter().map(|one| one.name()).collect();
            add(true, &format!("AUTH {}", names.join(" ")));
        }
        add(offer(Extension::EnhancedStatusCodes), "ENHANCEDSTATUSCODES");
        add(offer(Extension::EightBitMime), "8BITMIME");
        add(offer(Extension::Dsn), "DSN");
        add(offer(Extension::SmtpUtf8), "SMTPUTF8");
        add(offer(Extension::Chunking), "CHUNKING");
        // RFC 8689 §2: "The session itself MUST employ TLS transmission."
        add(offer(Extension::RequireTls) && self.tls, "REQUIRETLS");
        if let Some(limits) = &settings.limits {
            add(true, &format!("LIMITS {limits}"));
        }
        settings.extra.iter().for_each(|line| add(true, line));
        let last = lines.len() - 1;
        let line = |(at, text): (usize, &String)| {
            format!("250{}{text}\r\n", if at == last { ' ' } else { '-' })
        };
        lines.iter().enumerate().map(line).collect()
    }

    fn shows_auth(&self) -> bool {
        // RFC 4954 §4: PLAIN and the like are not to be advertised without a security layer.
        self.tls || self.shared.settings.auth.plaintext != PlaintextAuth::Withheld
    }

    fn starttls(&mut self, out: &mut Outbox) {
        let reply = if self.tls {
            self.violate("STARTTLS: the link is TLS already");
            self.reply(503, "5.5.1", "Error: TLS already active")
        } else if !self.offers("STARTTLS") {
            self.violate("STARTTLS: not offered");
            self.reply(502, "5.5.1", "Error: command not implemented")
        } else {
            self.reply(220, "2.0.0", "Ready to start TLS")
        };
        if self.answer(&[Stage::StartTls], reply, out).is_positive() {
            // RFC 3207 §4.2: "The server MUST discard any knowledge obtained from the client".
            #[cfg(feature = "mock-tls")]
            if !self.tls && self.shared.settings.tls.is_real() {
                out.switch(super::outbox::Switch::StartTls);
            }
            self.tls = true;
            self.helo = None;
            self.offered.clear();
            self.authenticated = None;
            self.reset();
        }
    }

    /// Ends the transaction, if there is one.
    pub(super) fn reset(&mut self) {
        self.transaction = None;
        self.mail_refused = false;
    }

    /// How much longer than 512 bytes the extensions offered let a command line be.
    fn growth(&self, verb: &str) -> usize {
        // SIZE: RFC 1870 §3. 8BITMIME: RFC 6152 §2. SMTPUTF8: RFC 6531 §3.1. AUTH: RFC 4954 §3.
        // REQUIRETLS: RFC 8689 §2. RFC 3461 gives no sum; DSN's is the longest its parameters can
        // be: RET=HDRS with an ENVID, each character of it as +XX; all of NOTIFY, and ORCPT.
        let growth: &[(&str, usize)] = match verb {
            "MAIL" => &[
                ("SIZE", 26),
                ("8BITMIME", 17),
                ("SMTPUTF8", 10),
                ("AUTH", 500),
                ("DSN", 9 + 7 + 3 * ENVID_LIMIT),
                ("REQUIRETLS", 11),
            ],
            "RCPT" => &[("DSN", 29 + 7 + ORCPT_LIMIT)],
            _ => &[],
        };
        growth
            .iter()
            .filter(|(keyword, _)| self.offers(keyword))
            .map(|(_, octets)| octets)
            .sum()
    }

    /// Remembers that a content is at hand; for DATA.
    pub(super) fn open_content(&mut self) {
        self.enter(Phase::Content {
            reader: Default::default(),
            begun: false,
        });
    }
}

/// The keywords of an EHLO reply, in upper case.
fn keywords(reply: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(reply);
    let keyword = |line: &str| {
        let words = line
            .get(4..)?
            .split(|c: char| c.is_whitespace() || c == '=');
        words.into_iter().next().map(str::to_ascii_uppercase)
    };
    text.lines().skip(1).filter_map(keyword).collect()
}

/// The first characters of what a client sent, for a message.
pub(super) fn clip(text: &str) -> String {
    text.chars()
        .take(40)
        .collect::<Vec<_>>()
        .iter()
        .collect::<String>()
        .to_string()
}

/// RFC 5321 §4.5.3.1.4, CRLF included.
pub(super) const COMMAND_LINE_LIMIT: usize = 512;

/// The commands there are; what else stands in front of a line is unknown.
const VERBS: [&str; 14] = [
    "EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "NOOP", "QUIT",
    "VRFY", "HELP", "EXPN",
];
