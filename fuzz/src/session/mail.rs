//! A mail as the client has to say it, and how far it has come.

use crate::session::command::Verb;

/// What the caller handed in.
#[derive(Debug, Default)]
pub struct Mail {
    /// Of its own, so that a transaction tells which mail it is for.
    pub reverse_path: String,
    /// Whom it is to be sent to: those who have it already are left out.
    pub recipients: Vec<String>,
    /// The places of these among all recipients of the message.
    pub places: Vec<usize>,
    /// As it reads.
    pub content: Vec<u8>,
    /// It can be completed: its source does not fail.
    pub is_complete: bool,
    /// The length that SIZE says, if it is known.
    pub size: Option<u32>,
    pub needs_smtputf8: bool,
    pub needs_8bitmime: bool,
    /// What reports on the delivery are asked for, as NOTIFY, RET and ENVID say it.
    pub notify: Option<String>,
    pub returns: Option<String>,
    pub envelope_id: Option<String>,
    /// It is to go on under TLS only.
    pub requires_tls: bool,
    /// It is one of a row of mails.
    pub is_in_row: bool,
}

impl Mail {
    /// What DATA carries (RFC 5321 §4.5.2): the content with leading dots doubled, and the
    /// terminator if it may get one.
    pub fn stuffed(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for line in self.content.split_inclusive(|&b| b == b'\n') {
            if line.starts_with(b".") {
                out.push(b'.');
            }
            out.extend_from_slice(line);
        }
        if self.is_complete {
            out.extend_from_slice(TERMINATOR);
        }
        out
    }
}

pub const TERMINATOR: &[u8] = b".\r\n";

/// A parameter of MAIL or RCPT.
pub struct Parameter {
    pub name: &'static str,
    pub verb: Verb,
    /// The keyword that the server must have offered.
    pub keyword: &'static str,
    /// How it must read; `None` where it has no place.
    pub text: fn(&Mail, recipient: &str) -> Option<String>,
    /// Whether the mail cannot go without it.
    pub is_needed: fn(&Mail) -> bool,
}

/// Every parameter.
pub const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "SIZE",
        verb: Verb::Mail,
        keyword: "SIZE",
        text: |mail, _| mail.size.map(|size| format!("SIZE={size}")),
        is_needed: |_| false,
    },
    Parameter {
        name: "BODY",
        verb: Verb::Mail,
        keyword: "8BITMIME",
        text: |mail, _| {
            let needed = mail.needs_8bitmime || mail.needs_smtputf8;
            needed.then(|| "BODY=8BITMIME".into())
        },
        is_needed: |mail| mail.needs_8bitmime,
    },
    Parameter {
        name: "SMTPUTF8",
        verb: Verb::Mail,
        keyword: "SMTPUTF8",
        text: |mail, _| mail.needs_smtputf8.then(|| "SMTPUTF8".into()),
        is_needed: |mail| mail.needs_smtputf8,
    },
    Parameter {
        name: "REQUIRETLS",
        verb: Verb::Mail,
        keyword: "REQUIRETLS",
        text: |mail, _| mail.requires_tls.then(|| "REQUIRETLS".into()),
        is_needed: |mail| mail.requires_tls,
    },
    Parameter {
        name: "RET",
        verb: Verb::Mail,
        keyword: "DSN",
        text: |mail, _| Some(format!("RET={}", mail.returns.as_ref()?)),
        is_needed: |_| false,
    },
    Parameter {
        name: "ENVID",
        verb: Verb::Mail,
        keyword: "DSN",
        text: |mail, _| Some(format!("ENVID={}", xtext(mail.envelope_id.as_ref()?))),
        is_needed: |_| false,
    },
    Parameter {
        name: "NOTIFY",
        verb: Verb::Rcpt,
        keyword: "DSN",
        text: |mail, _| Some(format!("NOTIFY={}", mail.notify.as_ref()?)),
        is_needed: |_| false,
    },
    Parameter {
        name: "ORCPT",
        verb: Verb::Rcpt,
        keyword: "DSN",
        text: |mail, recipient| {
            let asked = mail.notify.is_some() && recipient.is_ascii();
            asked.then(|| format!("ORCPT=rfc822;{}", xtext(recipient)))
        },
        is_needed: |_| false,
    },
];

/// RFC 3461 §4.
fn xtext(text: &str) -> String {
    let octet = |b: u8| match b {
        b'!'..=b'~' if !b"+=".contains(&b) => char::from(b).to_string(),
        _ => format!("+{b:02X}"),
    };
    text.bytes().map(octet).collect()
}

/// What was said and answered of a mail, once.
#[derive(Debug)]
pub struct Transaction {
    /// The number of the mail.
    pub mail: usize,
    /// The number of recipients it is for.
    pub share: usize,
    pub mail_reply: Option<u16>,
    /// The replies to RCPT, as far as that was said.
    pub recipients: Vec<Option<u16>>,
    /// Those of them that were refused for good.
    pub refused: Vec<usize>,
    pub data_reply: Option<u16>,
    /// The content goes by BDAT.
    pub is_chunked: bool,
    /// The reply that refused a chunk, for anybody or for nobody.
    pub chunk_refusal: Option<u16>,
    pub content: Content,
    /// The link has taken all of it, the terminator too.
    pub is_taken: bool,
    /// The reply to a content that is for somebody.
    pub final_reply: Option<u16>,
    /// Its final reply was one to BDAT, and the number of replies does not fit.
    pub is_misfit: bool,
    /// NOOP was said after it, since its final reply was one to BDAT; and answered.
    pub noop: Option<Option<u16>>,
    /// RSET was said behind it.
    pub is_reset: bool,
}

/// How much of the content was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Nothing.
    None,
    /// So many octets of [`Mail::stuffed`].
    Dots(usize),
    /// So many octets of [`Mail::content`], in chunks.
    Chunks(usize),
    /// So many octets of a lone terminator.
    Hollow(usize),
    /// A lone terminator.
    LoneDot,
    /// All of it, and that this is all.
    Whole,
}

impl Transaction {
    pub fn new(mail: usize, share: usize) -> Self {
        Self {
            mail,
            share,
            mail_reply: None,
            recipients: Vec::new(),
            refused: Vec::new(),
            data_reply: None,
            is_chunked: false,
            chunk_refusal: None,
            content: Content::None,
            is_taken: false,
            final_reply: None,
            is_misfit: false,
            noop: None,
            is_reset: false,
        }
    }

    pub fn accepted(&self) -> usize {
        self.recipients
            .iter()
            .filter(|code| is_success(**code))
            .count()
    }

    pub fn is_accepted(&self) -> bool {
        is_success(self.mail_reply)
    }

    /// Whether all the replies that are there let the content out.
    pub fn is_wanted(&self, all_or_none: bool) -> bool {
        let accepted = self.accepted();
        let is_enough = match all_or_none {
            true => accepted == self.recipients.len(),
            false => true,
        };
        self.is_accepted() && accepted > 0 && is_enough
    }

    /// Whether the replies that are there do not say that it is for nobody.
    pub fn may_be_wanted(&self) -> bool {
        let is_refused = self.mail_reply.is_some_and(|code| code >= 400);
        let all_refused = self.accepted() == 0 && !self.recipients.contains(&None);
        !is_refused && !all_refused
    }

    /// Its final reply was one to BDAT, and accepted it.
    pub fn is_accepted_by_bdat(&self) -> bool {
        self.is_chunked && is_success(self.final_reply)
    }

    /// Something may follow in it.
    pub fn check_is_open(&self) {
        assert!(!self.is_reset, "behind RSET");
        let refused = self.data_reply.or(self.chunk_refusal);
        assert!(
            refused.is_none(),
            "behind DATA, or a chunk that was refused: {refused:?}"
        );
    }

    /// Whether a further transaction may begin.
    pub fn is_closed(&self) -> bool {
        let never_opened = self.mail_reply.is_some_and(|code| code >= 400) && self.accepted() == 0;
        let is_ended = match self.content {
            Content::Whole | Content::LoneDot => self.data_reply.is_some(),
            _ => false,
        };
        // Behind a chunk that was refused, RSET is what must come.
        let is_final = self.final_reply.is_some() && self.chunk_refusal.is_none();
        self.is_reset || is_final || is_ended || never_opened
    }
}

pub fn is_success(code: Option<u16>) -> bool {
    code.is_some_and(|code| code / 100 == 2)
}
