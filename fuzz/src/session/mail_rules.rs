//! Which command may be said when in a transaction, with which parameters, and what a reply changes.

use embedded_smtp::Chunking;

use super::command::{Task, Verb};
use super::dialogue::{Dialogue, Waiting};
use super::mail::{Content, Mail, PARAMETERS, Parameter, Transaction, is_success};
use crate::replies::Reply;

/// The most octets of commands in a flight, or of a content that goes out while more than
/// `REPLIES_AHEAD` replies are outstanding: RFC 2920 §3.1.
const FLIGHT_MAX: usize = 4_096;

const REPLIES_AHEAD: usize = 32;

impl Dialogue {
    pub(super) fn check_mail(&mut self, arguments: &str) {
        let is_closed = self.transactions.last().is_none_or(Transaction::is_closed);
        assert!(is_closed, "MAIL in a transaction");
        let (path, parameters) = arguments.split_once('>').expect(">");
        let number = self.mails.iter().position(|mail| mail.reverse_path == path);
        let number = number.expect("a reverse-path that nobody gave");
        assert!(number >= self.first_mail, "a mail of another time");
        let mail = &self.mails[number];
        // One mail after the other; the same again only if the server did not understand.
        if let Some(last) = self.transactions.last().filter(|last| last.mail >= number) {
            let is_again = last.mail == number && last.content != Content::Whole;
            assert!(is_again, "a mail twice");
        }
        if let Some(last) = self.transactions.last()
            && last.mail >= self.first_mail
        {
            let is_confirmed = last
                .noop
                .flatten()
                .is_some_and(|code| is_success(Some(code)));
            let needs_proof = last.is_accepted_by_bdat();
            assert!(!needs_proof || is_confirmed, "MAIL, and no proof by NOOP");
        }
        assert!(!mail.recipients.is_empty(), "MAIL, and nobody is left");
        let share = self.share(&mail.recipients);
        assert!(self.may_mail() && share > 0, "MAIL beyond the limits");
        let is_whole = share == mail.recipients.len();
        assert!(
            is_whole || !self.policy.all_or_none,
            "MAIL, and not for all"
        );
        assert!(
            !mail.requires_tls || self.has_chain,
            "no chain was verified"
        );
        self.check_parameters(Verb::Mail, mail, "", parameters);
        self.transactions.push(Transaction::new(number, share));
        self.used.mails += 1;
    }

    pub(super) fn check_rcpt(&mut self, arguments: &str) {
        let is_alone = self.waiting.is_empty();
        let transaction = self.transactions.last().expect("RCPT before MAIL");
        assert!(
            !is_alone || transaction.is_accepted(),
            "RCPT for a refused mail"
        );
        transaction.check_is_open();
        assert_eq!(transaction.content, Content::None);
        let mail = &self.mails[transaction.mail];
        let count = transaction.recipients.len();
        assert!(count < transaction.share, "RCPT too many");
        let next = mail.recipients[count].clone();
        let arguments = arguments
            .strip_prefix(next.as_str())
            .expect("another recipient");
        let parameters = arguments.strip_prefix('>').expect(">");
        self.check_parameters(Verb::Rcpt, mail, &next, parameters);
        self.used.name(&next);
        self.transactions.last_mut().unwrap().recipients.push(None);
    }

    fn check_parameters(&self, verb: Verb, mail: &Mail, recipient: &str, text: &str) {
        let mut said = Vec::new();
        for word in text.split(' ').skip(1) {
            let name = word.split('=').next().unwrap();
            let parameter = PARAMETERS
                .iter()
                .find(|row| row.verb == verb && row.name == name)
                .unwrap_or_else(|| panic!("the parameter {word:?}"));
            assert!(self.offers.has(parameter.keyword), "{name} is not offered");
            assert_eq!(Some(word.into()), (parameter.text)(mail, recipient));
            assert!(!said.contains(&name), "{name} twice");
            said.push(name);
        }
        for parameter in PARAMETERS.iter().filter(|row| row.verb == verb) {
            let name = parameter.name;
            assert!(
                !self.is_due(parameter, mail, recipient) || said.contains(&name),
                "no {name}"
            );
        }
    }

    /// Whether this parameter must be said: the mail cannot go without it, or it is on offer.
    fn is_due(&self, parameter: &Parameter, mail: &Mail, recipient: &str) -> bool {
        let is_offered = self.is_short && self.offers.has(parameter.keyword);
        (parameter.is_needed)(mail) || (is_offered && (parameter.text)(mail, recipient).is_some())
    }

    /// DATA, or BDAT: every recipient was named that the limits let in, and as far as replies are
    /// there, they let the content out.
    fn check_content_may_come(&self) -> &Transaction {
        let transaction = self.transactions.last().expect("before MAIL");
        let count = transaction.recipients.len();
        assert_eq!(count, transaction.share, "before all RCPT");
        transaction.check_is_open();
        let is_reset = self
            .waiting
            .iter()
            .all(|waiting| waiting.verb != Verb::Rset);
        assert!(is_reset, "content, and a RSET is not answered");
        let all_or_none = self.policy.all_or_none;
        if self.waiting.is_empty() || all_or_none {
            assert!(transaction.is_wanted(all_or_none), "for nobody");
        }
        transaction
    }

    pub(super) fn check_data(&mut self) {
        let transaction = self.check_content_may_come();
        assert_eq!(transaction.content, Content::None);
        let is_chunking = self.offers.has("CHUNKING") && self.policy.chunking.is_some();
        assert!(!is_chunking || !self.is_short, "DATA, and BDAT is on offer");
    }

    pub(super) fn check_bdat(&mut self, arguments: &str) {
        let chunking = self.policy.chunking;
        let chunking = chunking.expect("BDAT, and the caller did not ask for it");
        let transaction = self.check_content_may_come();
        let mail = &self.mails[transaction.mail];
        let (whole, is_known) = (mail.content.len(), mail.size.is_some());
        let at = match transaction.content {
            Content::None => 0,
            Content::Chunks(at) if !is_known => at,
            other => panic!("BDAT behind {other:?}"),
        };
        let (size, last) = match arguments.strip_suffix(" LAST") {
            Some(size) => (size, true),
            None => (arguments, false),
        };
        let size: usize = size.parse().expect("a size");
        if is_known {
            assert!(last && size == whole, "all of it, or nothing");
        }
        assert!(last || size > 0, "a chunk of nothing");
        if !self.waiting.is_empty() {
            // RFC 3030 §2 has replies collected first: only what is small goes ahead of them.
            let may_go_ahead = chunking == Chunking::Ahead && !self.policy.all_or_none;
            assert!(is_known && may_go_ahead, "BDAT ahead");
            assert!(size <= self.policy.buffer, "too much ahead");
            let few = self.waiting.len() <= REPLIES_AHEAD;
            assert!(few || size <= FLIGHT_MAX, "too much ahead");
        }
        let transaction = self.transactions.last_mut().unwrap();
        transaction.content = Content::Chunks(at);
        self.begin_chunk(size, last);
    }

    /// Whether the chunk that was answered was for somebody.
    pub(super) fn is_chunk_wanted(&self, waiting: Waiting) -> bool {
        self.transactions[waiting.transaction].is_wanted(self.policy.all_or_none)
    }

    /// A part of a transaction was answered.
    pub(super) fn transaction_answered(&mut self, waiting: Waiting, reply: &Reply) {
        let code = reply.code;
        let all_or_none = self.policy.all_or_none;
        // A content is answered when the next mail's MAIL may be out already.
        let transaction = &mut self.transactions[waiting.transaction];
        match waiting.verb {
            Verb::Mail => transaction.mail_reply = Some(code),
            Verb::Rcpt => {
                transaction.recipients[waiting.recipient] = Some(code);
                if code >= 400 && !is_for_now(reply) {
                    transaction.refused.push(waiting.recipient);
                }
            }
            Verb::Data => transaction.data_reply = Some(code),
            Verb::Content if transaction.content == Content::Whole => {
                transaction.final_reply = Some(code);
            }
            Verb::Bdat => {
                let is_wanted = transaction.is_wanted(all_or_none);
                let is_final = waiting.is_last || code >= 400;
                transaction.chunk_refusal = (code >= 400).then_some(code);
                transaction.final_reply = (is_final && is_wanted).then_some(code);
                let is_accepted = is_success(transaction.final_reply);
                transaction.is_misfit |= is_accepted && is_about_address(reply);
            }
            _ => {}
        }
    }

    /// What the reply to NOOP or QUIT shows of a mail by BDAT before it.
    pub(super) fn check_fit(&mut self, verb: Verb, reply: &Reply) {
        let is_mail = matches!(self.task, Task::Mail | Task::LastMail);
        let last = self.transactions.last_mut();
        let Some(last) = last.filter(|last| is_mail && last.mail >= self.first_mail) else {
            return;
        };
        let fits = match verb {
            Verb::Quit => reply.code == 221,
            _ => is_success(Some(reply.code)) && !is_about_address(reply),
        };
        if last.is_chunked && last.final_reply.is_some() {
            last.is_misfit |= !fits;
        }
        if verb == Verb::Noop {
            last.noop = Some(Some(reply.code));
        }
    }
}

/// 4yz; also 552 (RFC 5321 §4.5.3.1.10), unless it is about the mailbox or the mail system.
fn is_for_now(reply: &Reply) -> bool {
    let about = reply.enhanced.map(|(_, subject, _)| subject);
    match reply.code {
        552 => !matches!(about, Some(2 | 3)),
        code => code / 100 == 4,
    }
}

/// RFC 3463 §3.2: x.1.z is about an address, so it is no answer to a content.
pub(super) fn is_about_address(reply: &Reply) -> bool {
    reply.enhanced.is_some_and(|(_, subject, _)| subject == 1)
}
