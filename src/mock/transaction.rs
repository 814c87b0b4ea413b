//! The mail transaction: MAIL, RCPT, then DATA or BDAT, and what becomes of the content.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::commands::clip;
use super::content::CONTENT_LIMIT;
use super::dialogue::{Dialogue, Phase, Transaction};
use super::outbox::Outbox;
use super::path::{self, Parameter, PathArgument};
use super::record::{Delivery, Event, Recipient, Via};
use super::script::Stage;

impl Dialogue {
    pub(super) fn mail(&mut self, argument: &[u8], out: &mut Outbox) {
        self.mails += 1;
        let parsed = path::parse_path(argument, "FROM:");
        let reply = match self.mail_refusal(&parsed) {
            Some(refusal) => refusal,
            None => self.reply(250, "2.1.0", "Ok"),
        };
        let positive = self.answer(&[Stage::Mail], reply, out).is_positive();
        if self.transaction.is_some() {
            return;
        }
        self.mail_refused = !positive;
        if positive {
            let path = parsed.unwrap_or(PathArgument {
                address: String::new(),
                parameters: Vec::new(),
            });
            self.transaction = Some(Transaction::begin(path));
        }
    }

    fn mail_refusal(&self, parsed: &Result<PathArgument, &'static str>) -> Option<String> {
        let settings = &self.shared.settings;
        if self.helo.is_none() {
            self.violate("MAIL: no EHLO or HELO before it");
            return Some(self.reply(503, "5.5.1", "Error: send HELO/EHLO first"));
        }
        if self.transaction.is_some() {
            self.violate("MAIL: within a mail transaction");
            return Some(self.reply(503, "5.5.1", "Error: nested MAIL command"));
        }
        if settings.require_auth && self.authenticated.is_none() {
            return Some(self.reply(530, "5.7.0", "Authentication required"));
        }
        let path = match parsed {
            Ok(path) => path,
            Err(fault) => {
                self.violate(format!("MAIL: {fault}"));
                return Some(self.reply(501, "5.1.7", "Bad sender address syntax"));
            }
        };
        if let Some(refusal) = self.parameter_refusal("MAIL", &path.parameters) {
            return Some(refusal);
        }
        let smtputf8 = path.parameters.iter().any(|one| one.keyword == "SMTPUTF8");
        if let Some(refusal) = self.utf8_refusal("MAIL", &path.address, smtputf8) {
            return Some(refusal);
        }
        if let Some(limit) = self.limit("MAILMAX").filter(|limit| self.mails > *limit) {
            self.violate(format!("MAIL: more than MAILMAX={limit}"));
            return Some(self.reply(452, "4.5.3", "Error: too many messages"));
        }
        if let Some(refusal) = settings
            .refused_senders
            .iter()
            .find_map(|one| one(&path.address))
        {
            return Some(refusal);
        }
        let declared = declared_size(&path.parameters).unwrap_or(0);
        (declared > settings.message_limit())
            .then(|| self.reply(552, "5.3.4", "Message size exceeds fixed limit"))
    }

    pub(super) fn rcpt(&mut self, argument: &[u8], out: &mut Outbox) {
        let parsed = path::parse_path(argument, "TO:");
        let reply = match self.rcpt_refusal(&parsed) {
            Some(refusal) => refusal,
            None => self.reply(250, "2.1.5", "Ok"),
        };
        let positive = self.answer(&[Stage::Rcpt], reply, out).is_positive();
        if let Some(transaction) = &mut self.transaction {
            transaction.rcpt_tried = true;
            if let (true, Ok(path)) = (positive, parsed)
                && transaction.recipients.len() < RECIPIENT_LIMIT
            {
                let parameters = path.parameters.into_iter().map(|one| one.raw).collect();
                transaction.recipients.push(Recipient {
                    address: path.address,
                    parameters,
                });
            }
        }
    }

    fn rcpt_refusal(&self, parsed: &Result<PathArgument, &'static str>) -> Option<String> {
        let settings = &self.shared.settings;
        let Some(transaction) = &self.transaction else {
            self.without_mail("RCPT");
            return Some(self.reply(503, "5.5.1", "Error: need MAIL command"));
        };
        if transaction.chunked {
            self.violate("RCPT: behind BDAT");
            return Some(self.reply(503, "5.5.1", "Error: content has begun"));
        }
        let path = match parsed {
            Ok(path) if !path.address.is_empty() => path,
            _ => {
                let fault = parsed.as_ref().err().unwrap_or(&"an empty forward-path");
                self.violate(format!("RCPT: {fault}"));
                return Some(self.reply(501, "5.1.3", "Bad recipient address syntax"));
            }
        };
        if let Some(refusal) = self.parameter_refusal("RCPT", &path.parameters) {
            return Some(refusal);
        }
        if let Some(refusal) = self.utf8_refusal("RCPT", &path.address, transaction.smtputf8) {
            return Some(refusal);
        }
        let so_far = &transaction.recipients;
        if let Some(limit) = self.limit("RCPTMAX").filter(|limit| so_far.len() >= *limit) {
            self.violate(format!("RCPT: more than RCPTMAX={limit}"));
            return Some(self.reply(452, "4.5.3", "Error: too many recipients"));
        }
        if let Some(limit) = self.limit("RCPTDOMAINMAX") {
            let domain = |address: &str| {
                address
                    .rsplit('@')
                    .next()
                    .unwrap_or_default()
                    .to_ascii_lowercase()
            };
            let mut domains: Vec<String> = so_far.iter().map(|one| domain(&one.address)).collect();
            domains.push(domain(&path.address));
            domains.sort();
            domains.dedup();
            if domains.len() > limit {
                self.violate(format!("RCPT: more than RCPTDOMAINMAX={limit}"));
                return Some(self.reply(452, "4.5.3", "Error: too many recipient domains"));
            }
        }
        if so_far.len() >= settings.max_recipients.min(RECIPIENT_LIMIT) {
            return Some(self.reply(452, "4.5.3", "Error: too many recipients"));
        }
        settings
            .refused_recipients
            .iter()
            .find_map(|one| one(&path.address))
    }

    pub(super) fn data(&mut self, out: &mut Outbox) {
        let reply = match &self.transaction {
            None => {
                self.without_mail("DATA");
                self.reply(503, "5.5.1", "Error: need MAIL command")
            }
            Some(transaction) if transaction.chunked || transaction.binary => {
                // RFC 3030 §2: "DATA and BDAT commands cannot be used in the same transaction."
                self.violate("DATA: in a transaction that is for BDAT");
                self.reply(503, "5.5.1", "Error: BDAT transaction")
            }
            Some(transaction) if !transaction.rcpt_tried => {
                self.violate("DATA: no RCPT before it");
                self.reply(503, "5.5.1", "Error: need RCPT command")
            }
            Some(transaction) if transaction.recipients.is_empty() => {
                self.after_refusal("DATA: every recipient was refused");
                self.reply(554, "5.5.1", "Error: no valid recipients")
            }
            Some(_) => "354 End data with <CR><LF>.<CR><LF>\r\n".to_string(),
        };
        if self.answer(&[Stage::Data], reply, out).is_intermediate() {
            self.open_content();
        }
    }

    /// The dot has come.
    pub(super) fn end_data(&mut self, out: &mut Outbox) {
        // RFC 2920 §3.1: commands may follow the content in one group, as DATA itself may not be
        // followed.
        self.last = "the content".to_string();
        let transaction = self.transaction.take().unwrap_or_default();
        let content = &transaction.content;
        let (octets, total) = (content.octets.clone(), content.total);
        self.log(Event::Content {
            octets,
            total,
            via: Via::Data,
        });
        self.finish(transaction, Via::Data, &[Stage::Content], out);
    }

    pub(super) fn bdat(&mut self, argument: &[u8], out: &mut Outbox) {
        let Some((size, last)) = chunk_size(argument) else {
            self.violate("BDAT: malformed");
            let reply = self.reply(501, "5.5.4", "Syntax: BDAT count [LAST]");
            self.answer(&[Stage::Bdat], reply, out);
            return;
        };
        if !self.offers("CHUNKING") {
            self.violate("BDAT: CHUNKING was not offered");
        }
        match &self.transaction {
            None => self.without_mail("BDAT"),
            Some(transaction) if !transaction.rcpt_tried => {
                self.violate("BDAT: no RCPT before it");
            }
            Some(transaction) if transaction.failed => {
                self.after_refusal("BDAT: an earlier chunk was refused");
            }
            Some(transaction) if transaction.recipients.is_empty() => {
                self.after_refusal("BDAT: every recipient was refused");
            }
            Some(_) => {}
        }
        let keep = self.chunk_refusal().is_none();
        let mut start = 0;
        if let Some(transaction) = &mut self.transaction {
            transaction.chunked = true;
            start = transaction.content.octets.len();
        }
        self.enter(Phase::Chunk {
            size,
            start,
            left: size,
            last,
            keep,
        });
        if size == 0 {
            self.enter(Phase::Line);
            self.end_chunk(size, start, last, out);
        }
    }

    /// The last octet of a chunk has come.
    pub(super) fn end_chunk(&mut self, size: u64, start: usize, last: bool, out: &mut Outbox) {
        let refusal = self.chunk_refusal();
        let kept = self.transaction.as_ref().filter(|_| refusal.is_none());
        let octets = kept
            .and_then(|one| one.content.octets.get(start..))
            .unwrap_or_default();
        self.log(Event::Content {
            octets: octets.to_vec(),
            total: size,
            via: Via::Bdat,
        });
        let stages: &[Stage] = if last {
            &[Stage::Bdat, Stage::Content]
        } else {
            &[Stage::Bdat]
        };
        if last
            && refusal.is_none()
            && let Some(transaction) = self.transaction.take()
        {
            self.finish(transaction, Via::Bdat, stages, out);
            return;
        }
        let reply = match refusal {
            Some(refusal) => refusal,
            None => self.reply(250, "2.0.0", &format!("Ok: {size} octets received")),
        };
        let positive = self.answer(stages, reply, out).is_positive();
        if let Some(transaction) = self.transaction.as_mut().filter(|_| !positive) {
            // RFC 3030 §2: after a refused chunk the state is indeterminate; only RSET clears it.
            transaction.failed = true;
        }
    }

    fn chunk_refusal(&self) -> Option<String> {
        let refusal = match &self.transaction {
            _ if !self.offers("CHUNKING") => (502, "5.5.1", "Error: command not implemented"),
            None => (503, "5.5.1", "Error: need MAIL command"),
            Some(transaction) if transaction.failed => (503, "5.5.1", "Error: send RSET first"),
            Some(transaction) if transaction.recipients.is_empty() => {
                (503, "5.5.1", "Error: no valid recipients")
            }
            Some(_) => return None,
        };
        Some(self.reply(refusal.0, refusal.1, refusal.2))
    }

    fn finish(
        &mut self,
        mut transaction: Transaction,
        via: Via,
        stages: &[Stage],
        out: &mut Outbox,
    ) {
        let settings = &self.shared.settings;
        let content = &mut transaction.content;
        content.end();
        let wanted = !transaction.recipients.is_empty();
        if wanted {
            let (eight_bit, smtputf8) = (transaction.eight_bit, transaction.smtputf8);
            for fault in content
                .faults
                .describe(eight_bit, smtputf8, transaction.binary)
            {
                self.violate(fault);
            }
            if let Some(size) = transaction.size.filter(|size| *size != content.total) {
                self.violate(format!("SIZE={size}, but {} octets came", content.total));
            }
        }
        let number = self.shared.record().deliveries.len() + 1;
        let reply = if !wanted {
            self.reply(554, "5.5.1", "Error: no valid recipients")
        } else if content.total > settings.message_limit() {
            self.reply(552, "5.3.4", "Error: message file too big")
        } else if !self.shared.record().has_room(content.octets.len()) {
            self.reply(452, "4.3.1", "Error: insufficient system storage")
        } else {
            self.reply(
                250,
                "2.0.0",
                &format!("Ok: queued as {:09X}", 0x4F20_0000 + number),
            )
        };
        // The mail is kept before the client can know of it, so that whoever has the reply finds it.
        let connection = self.connection;
        let delivery = Delivery {
            connection,
            helo: self.helo.clone().unwrap_or_default(),
            reverse_path: transaction.reverse_path,
            mail_parameters: transaction.parameters,
            recipients: transaction.recipients,
            content: transaction.content.octets,
            via,
            authenticated_as: self.authenticated.clone(),
            tls: self.tls,
        };
        if self.answer(stages, reply, out).is_positive() && wanted {
            self.shared.keep(delivery);
        }
    }

    fn parameter_refusal(&self, verb: &str, parameters: &[Parameter]) -> Option<String> {
        for parameter in parameters {
            let keyword = parameter.keyword.as_str();
            let needed = match (verb, keyword) {
                ("MAIL", "BODY") if is_binary(parameter) => "BINARYMIME",
                ("MAIL", "BODY") => "8BITMIME",
                ("MAIL", "RET" | "ENVID") | ("RCPT", "NOTIFY" | "ORCPT") => "DSN",
                ("MAIL", other) => other,
                _ => "",
            };
            if !self.offers(needed) {
                self.violate(format!(
                    "{verb}: parameter {} was not offered",
                    clip(keyword)
                ));
                return Some(self.reply(555, "5.5.4", "Unsupported option"));
            }
            if !is_valid(parameter) {
                self.violate(format!(
                    "{verb}: malformed parameter {}",
                    clip(&parameter.raw)
                ));
                return Some(self.reply(501, "5.5.4", "Bad parameter syntax"));
            }
        }
        None
    }

    fn utf8_refusal(&self, verb: &str, address: &str, smtputf8: bool) -> Option<String> {
        if address.is_ascii() || smtputf8 {
            return None;
        }
        self.violate(format!("{verb}: 8-bit address without SMTPUTF8"));
        Some(self.reply(553, "5.6.7", "Non-ASCII addresses not permitted"))
    }

    /// There is no transaction: a violation, unless MAIL was refused and this rode behind it.
    fn without_mail(&self, verb: &str) {
        if self.mail_refused {
            self.after_refusal(&format!("{verb}: MAIL was refused"));
        } else {
            self.violate(format!("{verb}: no MAIL before it"));
        }
    }

    /// Wrong only where the client had read of the refusal before it went on. Over TCP the server
    /// cannot tell.
    fn after_refusal(&self, what: &str) {
        if self.exact && !self.pipelined {
            self.violate(what);
        }
    }

    /// RFC 9422: the number a limit of the LIMITS line stands for.
    fn limit(&self, name: &str) -> Option<usize> {
        let limits = self
            .shared
            .settings
            .limits
            .as_ref()
            .filter(|_| self.offers("LIMITS"))?;
        let value = |word: &str| {
            word.split_once('=')
                .filter(|(key, _)| key.eq_ignore_ascii_case(name))?
                .1
                .parse()
                .ok()
        };
        limits.split_whitespace().find_map(value)
    }
}

impl Transaction {
    fn begin(path: PathArgument) -> Self {
        let has = |keyword: &str, value: Option<&str>| {
            path.parameters.iter().any(|one| {
                one.keyword == keyword
                    && value.is_none_or(|value| {
                        one.value
                            .as_ref()
                            .is_some_and(|other| other.eq_ignore_ascii_case(value))
                    })
            })
        };
        let binary = has("BODY", Some("BINARYMIME"));
        Self {
            size: declared_size(&path.parameters),
            eight_bit: binary || has("BODY", Some("8BITMIME")),
            binary,
            smtputf8: has("SMTPUTF8", None),
            reverse_path: path.address,
            parameters: path.parameters.into_iter().map(|one| one.raw).collect(),
            ..Self::default()
        }
    }
}

fn is_binary(parameter: &Parameter) -> bool {
    parameter
        .value
        .as_ref()
        .is_some_and(|value| value.eq_ignore_ascii_case("BINARYMIME"))
}

/// Whether the value is one that the parameter's own RFC allows.
fn is_valid(parameter: &Parameter) -> bool {
    let value = parameter.value.as_deref();
    let one_of = |allowed: &[&str]| {
        value.is_some_and(|value| allowed.iter().any(|one| one.eq_ignore_ascii_case(value)))
    };
    match parameter.keyword.as_str() {
        // RFC 1870 §3: size-value ::= 1*20DIGIT
        "SIZE" => value.is_some_and(|v| v.len() <= 20 && v.bytes().all(|o| o.is_ascii_digit())),
        "BODY" => one_of(&["7BIT", "8BITMIME", "BINARYMIME"]),
        "SMTPUTF8" | "REQUIRETLS" => value.is_none(),
        "RET" => one_of(&["FULL", "HDRS"]),
        // RFC 3461 §4.4: at most 100 characters.
        "ENVID" => value.is_some_and(|value| value.len() <= 100 && path::is_xtext(value)),
        "NOTIFY" => {
            one_of(&["NEVER"])
                || value.is_some_and(|value| {
                    value.split(',').all(|word| {
                        ["SUCCESS", "FAILURE", "DELAY"]
                            .iter()
                            .any(|w| w.eq_ignore_ascii_case(word))
                    })
                })
        }
        "ORCPT" => value
            .and_then(|value| value.split_once(';'))
            .is_some_and(|(kind, address)| {
                // RFC 6533 §3: with the type utf-8 the address may hold UTF-8.
                let utf8 = kind.eq_ignore_ascii_case("utf-8");
                !kind.is_empty() && !address.is_empty() && (utf8 || path::is_xtext(address))
            }),
        "AUTH" => value.is_some_and(|value| value == "<>" || path::is_xtext(value)),
        _ => true,
    }
}

fn declared_size(parameters: &[Parameter]) -> Option<u64> {
    let size = parameters
        .iter()
        .find(|one| one.keyword == "SIZE")?
        .value
        .as_deref()?;
    Some(size.parse().unwrap_or(u64::MAX))
}

/// RFC 3030 §2: `BDAT` SP chunk-size [SP end-marker].
fn chunk_size(argument: &[u8]) -> Option<(u64, bool)> {
    let argument = core::str::from_utf8(argument).ok()?;
    let (size, last) = match argument.split_once(' ') {
        Some((size, marker)) if marker.eq_ignore_ascii_case("LAST") => (size, true),
        Some(_) => return None,
        None => (argument, false),
    };
    let digits = size.len() <= 20 && size.bytes().all(|octet| octet.is_ascii_digit());
    size.parse()
        .ok()
        .filter(|_| digits)
        .map(|size| (size, last))
}

/// Recipients of one mail, whatever the script says.
const RECIPIENT_LIMIT: usize = 10_000;

/// The largest message that is kept whole.
pub(super) const LARGEST_MESSAGE: u64 = CONTENT_LIMIT as u64;
