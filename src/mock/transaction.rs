//! The envelope of a mail transaction: MAIL and RCPT.

use std::format;
use std::string::String;
use std::vec::Vec;

use super::dialogue::{Dialogue, Transaction};
use super::outbox::Outbox;
use super::parameter::declared_size;
use super::path::{self, PathArgument};
use super::record::Recipient;
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
        if let Some(transaction) = &mut self.transaction {
            transaction.rcpts += 1;
        }
        let reply = match self.rcpt_refusal(&parsed) {
            Some(refusal) => refusal,
            None => self.reply(250, "2.1.5", "Ok"),
        };
        let positive = self.answer(&[Stage::Rcpt], reply, out).is_positive();
        if let (Some(transaction), true, Ok(path)) = (&mut self.transaction, positive, parsed)
            && transaction.recipients.len() < RECIPIENT_LIMIT
        {
            let parameters = path.parameters.into_iter().map(|one| one.raw).collect();
            transaction.recipients.push(Recipient {
                address: path.address,
                parameters,
            });
        }
    }

    fn rcpt_refusal(&mut self, parsed: &Result<PathArgument, &'static str>) -> Option<String> {
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
        // RFC 6533 §3: the same goes for UTF-8 in ORCPT.
        let eight_bit = path.parameters.iter().any(|one| !one.raw.is_ascii());
        if eight_bit && !transaction.smtputf8 {
            self.violate("RCPT: 8-bit parameter without SMTPUTF8");
            return Some(self.reply(501, "5.5.4", "Bad parameter syntax"));
        }
        let accepted = transaction.recipients.len();
        // RFC 9422 §4.2: it counts RCPT commands; "it is not a limit on the actual number of
        // recipients", of which a refused command has none.
        let rcpts = transaction.rcpts;
        if let Some(limit) = self.limit("RCPTMAX").filter(|limit| rcpts > *limit) {
            self.violate(format!("RCPT: more than RCPTMAX={limit}"));
            return Some(self.reply(452, "4.5.3", "Error: too many recipients"));
        }
        if let Some(limit) = self.exceeded_domains(&path.address) {
            self.violate(format!("RCPT: more than RCPTDOMAINMAX={limit}"));
            return Some(self.reply(452, "4.5.3", "Error: too many recipient domains"));
        }
        let settings = &self.shared.settings;
        if accepted >= settings.max_recipients.min(RECIPIENT_LIMIT) {
            return Some(self.reply(452, "4.5.3", "Error: too many recipients"));
        }
        settings
            .refused_recipients
            .iter()
            .find_map(|one| one(&path.address))
    }

    /// Counts the address's domain; the limit, if it is one domain too many.
    // RFC 9422 §4.3: the domains of RCPT commands "within a single session", refused or not.
    fn exceeded_domains(&mut self, address: &str) -> Option<usize> {
        let (_, domain) = address.rsplit_once('@')?;
        let domain = domain.to_ascii_lowercase();
        if self.domains.contains(&domain) {
            return None;
        }
        let limit = self.limit("RCPTDOMAINMAX");
        if limit.is_some_and(|limit| self.domains.len() >= limit) {
            return limit;
        }
        if self.domains.len() < DOMAIN_LIMIT {
            self.domains.push(domain);
        }
        None
    }

    /// There is no transaction: a violation, unless MAIL was refused and this rode after it.
    pub(super) fn without_mail(&self, verb: &str) {
        if self.mail_refused {
            self.after_refusal(&format!("{verb}: MAIL was refused"));
        } else {
            self.violate(format!("{verb}: no MAIL before it"));
        }
    }

    /// Wrong only where the client had read of the refusal before it went on. Over TCP the server
    /// cannot tell.
    pub(super) fn after_refusal(&self, what: &str) {
        if self.exact && !self.pipelined {
            self.violate(what);
        }
    }

    /// RFC 9422: the number a limit of the LIMITS line stands for, if the last EHLO showed it.
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
        let parameter = |keyword| path.parameters.iter().find(|one| one.keyword == keyword);
        let body = parameter("BODY").and_then(|one| one.value.as_deref());
        let is_body = |value: &str| body.is_some_and(|body| body.eq_ignore_ascii_case(value));
        let binary = is_body("BINARYMIME");
        Self {
            size: declared_size(&path.parameters),
            eight_bit: binary || is_body("8BITMIME"),
            binary,
            smtputf8: parameter("SMTPUTF8").is_some(),
            reverse_path: path.address,
            parameters: path.parameters.into_iter().map(|one| one.raw).collect(),
            ..Self::default()
        }
    }
}

/// Recipients of one mail, whatever the script says.
const RECIPIENT_LIMIT: usize = 10_000;
/// Domains of one connection that are told apart; RFC 9422 §4.3 has at most six digits, but a search
/// among so many takes long.
const DOMAIN_LIMIT: usize = 1_000;
