//! Which command may be said when in a transaction, with which parameters, and what a reply changes.

use super::command::Verb;
use super::dialogue::{Dialogue, Waiting};
use super::mail::{Content, Mail, PARAMETERS, Parameter, Transaction};

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
        let first = match self.transactions.last().filter(|last| last.mail >= number) {
            None => 0,
            // Behind the recipients of the transaction before.
            Some(last) if last.mail == number && mail.is_split => last.first + last.share,
            // One mail after the other; the same again only if the server did not understand.
            Some(last) => {
                let is_again = last.mail == number && last.content != Content::Whole;
                assert!(is_again, "a mail twice");
                0
            }
        };
        let rest = &mail.recipients[first..];
        assert!(!rest.is_empty(), "MAIL, and nobody is left");
        let share = self.share(rest);
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
        self.transactions
            .push(Transaction::new(number, first, share));
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
        let next = mail.recipients[transaction.first + count].clone();
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
        let all_or_none = self.policy.all_or_none;
        if self.waiting.is_empty() || all_or_none {
            assert!(transaction.is_wanted(all_or_none), "for nobody");
        }
        transaction
    }

    pub(super) fn check_data(&mut self) {
        let transaction = self.check_content_may_come();
        assert_eq!(transaction.content, Content::None);
        let is_chunking = self.offers.has("CHUNKING") && !self.policy.without_chunking;
        assert!(!is_chunking || !self.is_short, "DATA, and BDAT is on offer");
    }

    pub(super) fn check_bdat(&mut self, arguments: &str) {
        assert!(
            !self.policy.without_chunking,
            "BDAT against the caller's will"
        );
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
            assert!(is_known && !self.policy.all_or_none, "BDAT ahead");
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
    pub(super) fn transaction_answered(&mut self, waiting: Waiting, code: u16) {
        let all_or_none = self.policy.all_or_none;
        // A content is answered when the next mail's MAIL may be out already.
        let transaction = &mut self.transactions[waiting.transaction];
        match waiting.verb {
            Verb::Mail => transaction.mail_reply = Some(code),
            Verb::Rcpt => transaction.recipients[waiting.recipient] = Some(code),
            Verb::Data => transaction.data_reply = Some(code),
            Verb::Content if transaction.content == Content::Whole => {
                transaction.final_reply = Some(code);
            }
            Verb::Bdat => {
                let is_wanted = transaction.is_wanted(all_or_none);
                let is_final = waiting.is_last || code >= 400;
                transaction.chunk_refusal = (code >= 400).then_some(code);
                transaction.final_reply = (is_final && is_wanted).then_some(code);
            }
            _ => {}
        }
    }
}
