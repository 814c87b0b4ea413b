//! The input of the target: how the client is set up, what its caller does, and what the server says.

use embedded_smtp::Chunking;
use embedded_smtp::session::BUFFER_MIN;

use super::link::{End, Trouble};
use super::login::{Kind, Secret, unbase64};
use crate::form::Form;

/// What the caller does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation<'f> {
    Open(&'f str),
    StartTls,
    Login {
        kind: Kind,
        user: &'f str,
        password: &'f str,
        /// In base64; only for SCRAM.
        nonce: &'f str,
        /// The name of the mechanism, where it is not the client's choice.
        mechanism: Option<&'f str>,
        /// By the method that works over any link.
        is_danger: bool,
    },
    /// One mail.
    Send(Wishes),
    /// One mail, and again to those who do not have it, as long as that is for now; and the most
    /// transactions.
    SendSplit(usize),
    /// So many mails; and after how many the caller stops.
    SendAll(usize, usize),
    Reset,
    Noop,
    Quit,
}

/// How a mail is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wishes {
    /// Only to those who do not have it, by the results of the mail before.
    pub is_unsent: bool,
    /// Its text comes from a source.
    pub is_streamed: bool,
    /// QUIT follows.
    pub quits: bool,
}

/// More operations than this are left out.
const OPERATIONS_MAX: usize = 20;

impl<'f> Operation<'f> {
    pub fn all(form: &'f Form<'_>) -> Vec<Self> {
        let all = form.texts("do").filter_map(Self::read);
        all.take(OPERATIONS_MAX).collect()
    }

    fn read(text: &'f str) -> Option<Self> {
        let words: Vec<&str> = text.split(' ').collect();
        let number = |word: &str| word.parse().ok().filter(|n| *n <= 5);
        Some(match words[..] {
            ["open"] => Self::Open("client.example"),
            ["open", name] => Self::Open(name),
            ["starttls"] => Self::StartTls,
            ["send-split"] => Self::SendSplit(ROUNDS_MAX),
            ["send-split", stop] => Self::SendSplit(number(stop)?),
            ["send-all", count] => Self::SendAll(number(count)?, usize::MAX),
            ["send-all", count, stop] => Self::SendAll(number(count)?, number(stop)?),
            ["reset"] => Self::Reset,
            ["noop"] => Self::Noop,
            ["quit"] => Self::Quit,
            _ => match text.strip_prefix("send") {
                Some(wishes) => Self::Send(Wishes::read(wishes)?),
                None => return Self::read_login(&words),
            },
        })
    }

    /// `login USER PASSWORD`, `login-nonce USER PASSWORD NONCE`, `login-token USER TOKEN` or
    /// `login-cram USER PASSWORD`, and a mechanism; all of them also with `danger-` in front.
    fn read_login(words: &[&'f str]) -> Option<Self> {
        let (&name, words) = words.split_first()?;
        let way = name.strip_prefix("danger-");
        let (kind, user, password, nonce, rest) = match (way.unwrap_or(name), words) {
            ("login", [user, password, rest @ ..]) => (Kind::Password, user, password, "", rest),
            ("login-token", [user, token, rest @ ..]) => (Kind::Token, user, token, "", rest),
            ("login-cram", [user, password, rest @ ..]) => (Kind::Cram, user, password, "", rest),
            ("login-nonce", [user, password, nonce, rest @ ..]) => {
                (Kind::Nonce, user, password, *nonce, rest)
            }
            _ => return None,
        };
        Some(Self::Login {
            kind,
            user,
            password,
            nonce,
            mechanism: rest.first().copied(),
            is_danger: way.is_some(),
        })
    }

    /// What a login has that must not be shown, and its mechanism.
    pub fn secret(&self) -> Option<Secret> {
        let Self::Login {
            kind,
            user,
            password,
            nonce,
            ..
        } = *self
        else {
            return None;
        };
        Some(Secret {
            kind,
            user: user.into(),
            password: password.into(),
            nonce: unbase64(nonce.as_bytes())?,
        })
    }
}

/// The most transactions of a mail that is sent again.
const ROUNDS_MAX: usize = 5;

impl Wishes {
    /// Of `send-last`, `send-unsent`, `send-streamed`, or several: what follows `send`.
    fn read(words: &str) -> Option<Self> {
        let mut wishes = Self::default();
        let mut words = words.split('-');
        if words.next() != Some("") {
            return None;
        }
        for word in words {
            match word {
                "last" => wishes.quits = true,
                "unsent" => wishes.is_unsent = true,
                "streamed" => wishes.is_streamed = true,
                _ => return None,
            }
        }
        Some(wishes)
    }
}

/// How the client and its link are set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// The link is not [`Secure`](embedded_smtp::Secure) at first.
    pub is_plain: bool,
    pub without_pipelining: bool,
    pub all_or_none: bool,
    pub helo: bool,
    pub chunking: Option<Chunking>,
    pub limits: bool,
    pub require_tls: bool,
    /// The link's server was verified by a certificate chain, also behind STARTTLS.
    pub by_chain: bool,
    /// Opening TLS fails.
    pub upgrade_fails: bool,
    pub buffer: usize,
    /// Octets at each read, over and over; none for as many as there are.
    pub reads: Vec<usize>,
    /// Octets that a write takes at most.
    pub write_max: usize,
    pub trouble: Option<Trouble>,
    pub end: End,
    /// Octets after which the source of a streamed part fails.
    pub source_fails: Option<usize>,
}

impl Setup {
    pub fn of(form: &Form<'_>) -> Self {
        let trouble = |name, make: fn(usize) -> Trouble| form.number(name).map(make);
        Self {
            is_plain: form.has("plain"),
            without_pipelining: form.has("no-pipelining"),
            all_or_none: form.has("all-or-none"),
            helo: form.has("helo"),
            chunking: match (form.has("chunking-ahead"), form.has("chunking-after")) {
                (true, _) => Some(Chunking::Ahead),
                (false, true) => Some(Chunking::AfterRecipients),
                (false, false) => None,
            },
            limits: form.has("limits"),
            require_tls: form.has("require-tls"),
            by_chain: form.has("by-chain"),
            upgrade_fails: form.has("upgrade-fails"),
            buffer: form
                .number("buffer")
                .map_or(512, |octets| octets.clamp(BUFFER_MIN, 8_192)),
            reads: form.numbers("reads"),
            write_max: form.number("writes").unwrap_or(usize::MAX).max(1),
            trouble: trouble("write-fails", Trouble::WriteFails)
                .or(trouble("write-breaks", Trouble::WriteBreaks))
                .or(trouble("write-ends", Trouble::WriteEnds))
                .or(trouble("flush-fails", Trouble::FlushFails)),
            end: match form.has("times-out") {
                true => End::TimesOut,
                false => End::Closes,
            },
            source_fails: form.number("source-fails"),
        }
    }
}
