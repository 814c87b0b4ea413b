//! The advice on an error: one sentence of what to do.
//!
//! Texts and tables only, and no formatting: a program that never asks for advice does not link it.

use crate::error::Error;
use crate::fault::{Fault, Violation};
use crate::invalid::{Field, Invalid, Reason};
use crate::message::{ContentFault, ContentFaultKind, Part};
use crate::missing::Missing;
use crate::phase::Phase;
use crate::report::{Refusal, RefusalKind};
use crate::state::State;
use crate::wire::ehlo::{Extension, Mechanism};

impl<E> Error<E> {
    /// One sentence of what to do, without a capital and without a full stop, so that it can follow
    /// the error's own text and a colon.
    ///
    /// It is made for a person who sets the device up. A program decides by
    /// [`retry`](Self::retry).
    ///
    /// # Examples
    ///
    /// ```
    /// use embedded_smtp::{Error, Extension, Missing};
    ///
    /// let error = Error::<core::convert::Infallible>::NotOffered(Missing::Extension(
    ///     Extension::StartTls,
    /// ));
    /// assert!(error.advice().starts_with("check host and port"));
    /// ```
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.advice(),
            Self::Failed { fault, phase, last } => of_failed(fault, *phase, *last),
            Self::DeliveryUnknown { fault, .. } => of_unknown(fault),
            Self::NotOffered(missing) => of_missing(*missing),
            Self::Invalid(invalid) => of_invalid(*invalid),
            Self::LimitReached => "send this mail over another connection",
            Self::OutOfOrder(state) => of_state(*state),
            Self::ConnectionEnded => "make a new connection and a new client",
        }
    }
}

impl Refusal {
    /// One sentence of what to do, as [`Error::advice`].
    ///
    /// It knows the codes of the large providers where these mean more than the standards say.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        let about = self.head.about();
        let fits = |row: &&Row| row.fits(self.head.code, about, self.phase);
        match ROWS.iter().find(fits) {
            // A goodbye other than 421 has the code of something else.
            _ if self.kind == RefusalKind::Closing && self.head.code != 421 => {
                "try again on a new connection"
            }
            Some(row) => row.advice,
            None => self.general_advice(),
        }
    }

    /// The advice where the code has no row.
    fn general_advice(&self) -> &'static str {
        match (self.phase, self.kind) {
            (_, RefusalKind::Closing) => "try again on a new connection",
            (_, RefusalKind::Temporary) => "try again later",
            (Phase::Greeting | Phase::Ehlo, _) => {
                "check host and port, or ask who runs the server to let you in"
            }
            (Phase::StartTls, _) => {
                "check host and port, or connect to the port where TLS is open from the start (465)"
            }
            (Phase::Reset | Phase::Noop | Phase::Quit, _) => "try again on a new connection",
            (_, RefusalKind::Authentication) => "check user name, and password or token",
            (_, RefusalKind::NoSuchMailbox) => "check the recipients' addresses",
            (_, RefusalKind::Request) => "change the message or its addresses",
            (_, RefusalKind::Permanent) => "ask who runs the server",
        }
    }
}

/// A reply code, and what to do about it.
struct Row {
    /// The reply code, or [`ANY`].
    code: u16,
    /// Subject and detail of the enhanced status code, each of them or [`ANY`]. Its class says no
    /// more than the reply code.
    about: (u16, u16),
    at: At,
    advice: &'static str,
}

/// The phases a row is for.
#[derive(Clone, Copy)]
enum At {
    Anywhere,
    /// Greeting and EHLO.
    Opening,
    StartTls,
    Login,
    Mail,
    Rcpt,
    /// DATA and the content.
    Content,
    /// MAIL, RCPT, DATA and the content.
    Transaction,
}

impl At {
    const fn includes(self, phase: Phase) -> bool {
        match self {
            Self::Anywhere => true,
            Self::Opening => matches!(phase, Phase::Greeting | Phase::Ehlo),
            Self::StartTls => matches!(phase, Phase::StartTls),
            Self::Login => matches!(phase, Phase::Auth),
            Self::Mail => matches!(phase, Phase::Mail),
            Self::Rcpt => matches!(phase, Phase::Rcpt),
            Self::Content => matches!(phase, Phase::Data | Phase::Content),
            Self::Transaction => {
                matches!(
                    phase,
                    Phase::Mail | Phase::Rcpt | Phase::Data | Phase::Content
                )
            }
        }
    }
}

impl Row {
    fn fits(&self, code: u16, about: (u16, u16), phase: Phase) -> bool {
        let is = |wanted, found| wanted == ANY || wanted == found;
        is(self.code, code)
            && is(self.about.0, about.0)
            && is(self.about.1, about.1)
            && self.at.includes(phase)
    }
}

const ANY: u16 = u16::MAX;

/// No enhanced status code.
const NONE: (u16, u16) = (0, 0);

/// Any enhanced status code, or none.
const WHATEVER: (u16, u16) = (ANY, ANY);

const fn row(code: u16, about: (u16, u16), at: At, advice: &'static str) -> Row {
    Row {
        code,
        about,
        at,
        advice,
    }
}

const OWN_ADDRESS: &str =
    "send from an address that belongs to the account, or have the account allowed to use this one";

const CREDENTIALS: &str =
    "check user name and password; some providers want an app password or a token instead";

const TLS_OR_LOGIN: &str =
    "open TLS first if the link has none (STARTTLS), else log in: the server wants one of them";

const POLICY: &str =
    "ask who runs the server: its policy or its spam filter does not take this mail";

const GREYLISTED: &str =
    "try again in a few minutes: the server puts off senders that it does not know yet";

/// The first row that fits is taken, so what is special comes before what is general.
///
/// "Gmail" is Google Workspace Admin Help, answer 3726730, "Gmail SMTP errors and codes".
#[rustfmt::skip]
static ROWS: &[Row] = &[
    // 421. Gmail: 421 4.7.0, unusual rate of mail from the IP address.
    row(421, (7, ANY), At::Anywhere,
        "try again later and send less often: the server limits this address or account"),
    // RFC 5321 §3.8: the server is about to close.
    row(421, WHATEVER, At::Anywhere, "try again on a new connection in a while"),

    // Before a mail.
    // RFC 5321 §4.1.4 on the argument of EHLO; Exchange: 501 5.5.4 Invalid domain name.
    row(501, WHATEVER, At::Opening, "give a name in EHLO that the server takes: a host name with a domain"),
    // RFC 7504, and what Postfix's postscreen says to clients it blocks (521 5.7.1).
    row(521, (7, ANY), At::Opening,
        "ask who runs the server: it blocks this IP address"),
    row(521, WHATEVER, At::Anywhere, "use another server: this one takes no mail at all"),
    // RFC 5321 §3.1; also what servers say to an IP address on a block list.
    row(554, WHATEVER, At::Opening,
        "check host and port: the server takes no mail there, or none from this IP address"),
    row(550, WHATEVER, At::Opening,
        "ask who runs the server: it takes nothing from this IP address"),
    // RFC 3207 §4: TLS not available due to temporary reason.
    row(454, WHATEVER, At::StartTls, "try again later: the server cannot open TLS for now"),

    // Logging in.
    // Exchange Online: "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is
    // disabled for the Tenant", also "locked by your organization's security defaults policy".
    row(535, (7, 139), At::Anywhere,
        "in Microsoft 365, enable SMTP AUTH for the mailbox and the organization, or log in with an OAuth 2.0 token"),
    // Microsoft, Exchange Team Blog 4114750: Basic authentication is not supported for Client
    // Submission.
    row(550, (7, 30), At::Anywhere,
        "log in with an OAuth 2.0 token: Microsoft 365 takes no password here"),
    // [MS-SMTPNTLM] §2.2.1.4: user name or password is wrong. Exchange Online gives it too where
    // SMTP AUTH is disabled.
    row(535, (7, 3), At::Anywhere,
        "check user name and password; in Microsoft 365, also whether SMTP AUTH is enabled for the mailbox"),
    // Gmail: Application-specific password required. RFC 4954 §6: the mechanism is too weak.
    row(534, (7, 9), At::Anywhere,
        "use an app password instead of the account's own, or a token: the server wants a stronger login"),
    // Gmail: Please log in through your web browser and then try again.
    row(534, (7, 14), At::Anywhere,
        "log in once with a web browser and allow this device, or use an app password"),
    row(534, WHATEVER, At::Login, "use a stronger mechanism, an app password or a token"),
    // RFC 4954 §6: 535 5.7.8 Authentication credentials invalid. Gmail has the same.
    row(535, WHATEVER, At::Login, CREDENTIALS),
    // IANA's registry of RFC 5248, X.7.11: encryption required for the mechanism.
    row(538, WHATEVER, At::Anywhere, "open TLS before you log in: the mechanism needs it"),
    // RFC 4954 §6: a password transition is needed.
    row(432, (7, 12), At::Login, "log in once with PLAIN over TLS, so that the server can renew what it keeps of the password"),
    // Microsoft, "Message storage and concurrent connection throttling for SMTP Authenticated
    // Submission": three connections for each mailbox.
    row(432, (3, 2), At::Anywhere,
        "try again later: too many devices send with this mailbox at once"),
    // Gmail: Too many login attempts, or a temporary system problem. RFC 4954 §6.
    row(454, WHATEVER, At::Login,
        "try again later, and not at once: the server cannot check the password for now, or has seen too many logins"),
    // RFC 4954 §4: after a login, and where AUTH has no place.
    row(503, WHATEVER, At::Login, "log in once only, and over TLS if the server wants it"),
    // RFC 4954 §4: the mechanism is not known.
    row(504, WHATEVER, At::Login, "use another mechanism"),
    row(500, WHATEVER, At::Login, "check host and port: no login is known there"),
    row(502, WHATEVER, At::Login, "check host and port: no login is known there"),
    // Exchange: Client not authenticated to send mail.
    row(530, (7, 57), At::Anywhere,
        "log in first; in Microsoft 365, also enable SMTP AUTH for the mailbox"),
    // RFC 3207 §4: "Must issue a STARTTLS command first". RFC 4954 §6: "Authentication required".
    row(530, WHATEVER, At::Anywhere, TLS_OR_LOGIN),

    // A sender that may not be used.
    // Exchange: Client does not have permissions to send as this sender.
    row(550, (7, 60), At::Transaction, OWN_ADDRESS),
    // Postfix, reject_sender_login_mismatch: "Sender address rejected: not owned by user".
    row(553, (7, 1), At::Transaction, OWN_ADDRESS),
    // RFC 3463 §3.2, X.1.8; sendmail: "Sender domain must exist".
    row(ANY, (1, 8), At::Transaction,
        "send from an address whose domain exists in the DNS, and that the account may use"),
    // RFC 3463 §3.2, X.1.7.
    row(ANY, (1, 7), At::Transaction, "check the sender's address"),
    // RFC 7372: X.7.20 DKIM, X.7.23 SPF, X.7.26 both. Gmail: 550 5.7.26.
    row(ANY, (7, 20), At::Transaction, "send by the server of the sender's domain, which signs the mail (DKIM)"),
    row(ANY, (7, 23), At::Transaction, "send by a server that the sender's domain names (SPF)"),
    row(ANY, (7, 26), At::Transaction,
        "send by a server that the sender's domain names (SPF), or that signs for it (DKIM)"),

    // A recipient.
    // RFC 5321 §4.5.3.1.10, RFC 3463 §3.6, X.5.3. Gmail: 452 4.5.3.
    row(ANY, (5, 3), At::Transaction,
        "send to the other recipients in a further mail: the server takes no more at once"),
    row(552, NONE, At::Rcpt,
        "send to the other recipients in a further mail: the server takes no more at once"),
    row(452, WHATEVER, At::Rcpt,
        "send to the others again later: the server takes no more recipients at once, or is short of room"),
    // RFC 3463 §3.2, X.1.1.
    row(ANY, (1, 1), At::Transaction, "check the recipient's address: there is no such mailbox"),
    // RFC 3463 §3.2, X.1.2; RFC 7504 (556); RFC 7505 (X.1.10).
    row(ANY, (1, 2), At::Transaction, "check the recipient's domain: it is not known"),
    row(ANY, (1, 10), At::Transaction, "check the recipient's address: its domain takes no mail for it"),
    row(556, WHATEVER, At::Transaction, "check the recipient's domain: it takes no mail"),
    // RFC 3463 §3.2, X.1.3 and X.1.6.
    row(ANY, (1, 3), At::Transaction, "check how the address is written"),
    row(ANY, (1, 6), At::Transaction, "ask for the recipient's new address"),
    // RFC 3463 §3.3, X.2.1. Gmail: 450 4.2.1, receiving mail too quickly.
    row(450, (2, 1), At::Rcpt, "try again later: the mailbox takes no more mail for now"),
    row(ANY, (2, 1), At::Rcpt, "ask the recipient: the mailbox is disabled"),
    // RFC 5321 §4.2.2: "mailbox unavailable … or command rejected for policy reasons"; 551 and 553.
    row(550, NONE, At::Rcpt,
        "check the recipient's address; if it is right, log in or ask who runs the server: it may not relay for you, or its policy forbids it"),
    row(551, NONE, At::Rcpt,
        "check the recipient's address; if it is right, log in or ask who runs the server: it may not relay for you"),
    row(553, NONE, At::Rcpt,
        "check the recipient's address; if it is right, log in or ask who runs the server: it may not relay for you, or not from this sender"),
    // RFC 3463 §3.8, X.7.1: relaying denied, most of all.
    row(550, (7, 1), At::Rcpt,
        "log in, or ask who runs the server: it does not relay to this recipient, or its policy forbids it"),
    row(554, (7, 1), At::Rcpt,
        "log in, or ask who runs the server: it does not relay to this recipient, or blocks this IP address"),
    // Not in any RFC: gateways refuse a recipient with it.
    row(541, WHATEVER, At::Anywhere,
        "ask who runs the recipient's server: its filter does not take this mail"),
    // RFC 6647 on greylisting; Plesk has 451 4.7.1.
    row(450, (7, ANY), At::Transaction, GREYLISTED),
    row(451, (7, ANY), At::Transaction, GREYLISTED),
    row(450, WHATEVER, At::Rcpt,
        "try again in a few minutes: the mailbox is busy, or the server puts off senders that it does not know yet"),

    // Quotas.
    // Gmail: Daily user sending limit exceeded (support.google.com/a/answer/166852).
    row(550, (4, 5), At::Transaction,
        "send less often: the account's quota for the day is used up, and mail goes again tomorrow"),
    // Amazon SES: 454 Throttling failure: Maximum sending rate exceeded, Daily message quota exceeded.
    row(454, WHATEVER, At::Transaction,
        "try again later and send less often: the account's rate or quota is used up"),
    // Microsoft, as for 432: the Sent Items of the mailbox that sends are full.
    row(554, (2, 2), At::Content,
        "empty the mailbox that you send with: in Microsoft 365, what is sent is kept there, and it is full"),
    // RFC 3463 §3.3, X.2.2. Gmail: 452 4.2.2.
    row(ANY, (2, 2), At::Transaction,
        "ask the recipient to make room, or use another address: the mailbox is full"),
    // RFC 3463 §3.4, X.3.4, and §3.3, X.2.3. Gmail: 552 5.2.3, message size limits.
    row(ANY, (3, 4), At::Transaction, "send a smaller message: this one is too large for the server"),
    row(ANY, (2, 3), At::Transaction, "send a smaller message: this one is too large for the server or the mailbox"),
    row(552, NONE, At::Content, "send a smaller message: this one is too large for the server"),
    row(552, NONE, At::Mail, "send a smaller message: this one is too large for the server"),

    // The transaction.
    // RFC 4954 §6; servers say "AUTH first" with 503 5.5.1. Or the replies do not fit the commands.
    row(503, WHATEVER, At::Transaction,
        "log in first if no credentials were given, else try without pipelining: the server takes the commands to be out of order"),
    // RFC 5321 §4.2.2: parameters of MAIL or RCPT.
    row(555, WHATEVER, At::Transaction,
        "leave out what asks for an extension, such as delivery reports: the server does not know a parameter"),
    // Amazon SES: Message rejected: Email address is not verified.
    row(554, NONE, At::Content,
        "check the sender's address, which some providers must have verified, else ask who runs the server"),
    row(550, (7, 1), At::Mail, "use a sender's address that the account may use, or ask who runs the server"),
    row(554, (7, 1), At::Mail, "ask who runs the server: its policy forbids this sender or this IP address"),
    row(550, (7, 1), At::Content, POLICY),
    row(554, (7, 1), At::Content, POLICY),
    // RFC 3463 §3.7: the content or its encoding.
    row(ANY, (6, ANY), At::Transaction, "change the message: the server cannot handle its content"),
    // RFC 5321 §4.2.2 and §4.2.3.
    row(451, WHATEVER, At::Transaction, "try again later: the server has a problem of its own"),
    row(452, WHATEVER, At::Transaction, "try again later: the server is short of room"),
];

fn of_failed<E>(fault: &Fault<E>, phase: Phase, last: Option<Refusal>) -> &'static str {
    let is_of_dialogue = matches!(
        fault,
        Fault::Transport(_)
            | Fault::Closed
            | Fault::Protocol(Violation::OutOfPlace(_) | Violation::OutOfStep | Violation::Unasked)
    );
    match last {
        // Fewer replies than commands.
        Some(refusal) if is_of_dialogue && refusal.head.code == 503 => {
            "try without pipelining: the server loses count of commands that are sent together"
        }
        Some(refusal) if is_of_dialogue => refusal.advice(),
        _ => of_fault(fault, phase),
    }
}

fn of_fault<E>(fault: &Fault<E>, phase: Phase) -> &'static str {
    match fault {
        Fault::Transport(_) | Fault::Closed if phase == Phase::Greeting => {
            "check host and port, and whether TLS is open there from the start (465) or not; then try again"
        }
        Fault::Transport(_) | Fault::Closed => "try again on a new connection",
        Fault::Protocol(violation) => of_violation(*violation, phase),
        Fault::Source(_) => "check the source of the streamed part, then send the mail again",
        Fault::Content(fault) => of_content(fault),
    }
}

const fn of_content(fault: &ContentFault) -> &'static str {
    match (fault.kind, fault.part) {
        (ContentFaultKind::TooShort | ContentFaultKind::TooLong, _) => {
            "send the mail again: the part had another length than announced"
        }
        (ContentFaultKind::NoSource, _) => "give a source for each streamed part",
        (ContentFaultKind::SmallBuffer, _) => "give the client a larger buffer",
        (ContentFaultKind::Boundary, _) => "give the message another seed",
        (ContentFaultKind::TooLarge, _) => "send less in one mail",
        (ContentFaultKind::NotUtf8, _) => NOT_UTF8,
        (_, Part::Message) => "give the message CRLF line ends, and encode what is not ASCII",
        _ => NOT_AS_IS,
    }
}

fn of_violation(violation: Violation, phase: Phase) -> &'static str {
    match violation {
        Violation::Grammar | Violation::CodesDiffer | Violation::TooLong
            if matches!(phase, Phase::Greeting | Phase::Ehlo) =>
        {
            "check host and port: what answers there may not be an SMTP server, or wants TLS"
        }
        Violation::Grammar | Violation::CodesDiffer | Violation::TooLong => {
            "try again, and ask who runs the server if it stays so"
        }
        Violation::OutOfPlace(_) if phase == Phase::Greeting => {
            "check host and port: what answers there may not be an SMTP server"
        }
        Violation::OutOfPlace(_) | Violation::Unasked => {
            "try again, without pipelining if it stays so"
        }
        Violation::OutOfStep => "send content by DATA, without chunking",
        Violation::AuthExchange | Violation::Challenge | Violation::Rounds => {
            "use another mechanism"
        }
        Violation::LongChallenge => "give the client a larger buffer, or use another mechanism",
        Violation::ServerSignature => {
            "do not trust the server: check host and port, and the password"
        }
    }
}

fn of_unknown<E>(fault: &Fault<E>) -> &'static str {
    match fault {
        Fault::Protocol(Violation::OutOfStep) => {
            "check whether the mail arrived, and send content by DATA, without chunking"
        }
        _ => {
            "send it again with the same Message-ID, date and seed: if it was delivered, a reader sees that the second is a copy"
        }
    }
}

const fn of_missing(missing: Missing) -> &'static str {
    match missing {
        Missing::Extension(Extension::StartTls) => {
            "check host and port, or connect to the port where TLS is open from the start (465); someone on the way may have removed the offer"
        }
        Missing::Extension(Extension::Auth) => {
            "check host and port; many servers offer a login only under TLS, or only on port 465 or 587"
        }
        Missing::Extension(Extension::RequireTls) => {
            "send without REQUIRETLS, or use a server that offers it"
        }
        Missing::Extension(_) => "send without it, or use another server",
        Missing::Mechanism(Mechanism::XOAuth2 | Mechanism::OAuthBearer) => {
            "log in with a password, or check host and port"
        }
        Missing::Mechanism(_) => {
            "let the client choose the mechanism, or check whether the server wants TLS or a token"
        }
        Missing::AnyMechanism => {
            "check which mechanisms the server offers: it may want a token, or TLS before a password"
        }
        Missing::VerifiedChain => {
            "verify the server by its certificate chain, instead of a pin or nothing"
        }
    }
}

const NOT_UTF8: &str = "make the header UTF-8, or encode its values as RFC 2047 has it";

/// RFC 2046 §5.2.1 lets no message/… travel in base64.
const NOT_AS_IS: &str = "attach it in base64, a message (.eml) as application/octet-stream";

const fn of_invalid(invalid: Invalid) -> &'static str {
    match invalid.reason {
        Reason::ControlCharacter | Reason::LineEnd | Reason::LineTooLong | Reason::NotAscii
            if matches!(invalid.field, Field::Attachment) =>
        {
            NOT_AS_IS
        }
        Reason::LineEnd => "end each line with CRLF",
        Reason::ControlCharacter => "take out line ends and other control characters",
        Reason::TooLong | Reason::LineTooLong => "shorten it",
        Reason::Empty => "give it a value, or leave it out",
        Reason::NoAt | Reason::DomainPart | Reason::AddressLiteral => {
            "write it as name@example.org"
        }
        Reason::LocalPart => {
            "write it as name@example.org, and quote a local part with dots or characters out of place: \"a..b\"@example.org"
        }
        Reason::NoIdentifier => "write it as <left@right>, or leave it out",
        Reason::OpenQuote | Reason::AngleBracket | Reason::QuoteName | Reason::Trailing => {
            "write it as \"Name\" <name@example.org>"
        }
        Reason::Group => "name the recipients one by one",
        Reason::Reserved => "use the method meant for it, or leave it out",
        Reason::NoSource => "give a source for each streamed part",
        Reason::AsIsOnly => {
            "attach it as it is if it is ASCII with CRLF line ends, else as application/octet-stream"
        }
        Reason::NotUtf8 => NOT_UTF8,
        Reason::Duplicate => "give it once",
        Reason::TooSmall => "make it larger",
        Reason::TooLarge => "send less, or ask who runs the server for a higher limit",
        Reason::NeedsSmtpUtf8 => "use ASCII addresses, or another server",
        Reason::NeedsEightBitMime => "send it in base64 or quoted-printable, or use another server",
        Reason::Mechanism => "use another mechanism, or other credentials",
        Reason::TooMany => "give fewer, or send in several mails",
        Reason::NotAscii => "use ASCII",
        _ => "correct it",
    }
}

const fn of_state(state: State) -> &'static str {
    match state {
        State::Connected | State::Greeted => "call open first, and go on only if it succeeds",
        State::LoginFailed => "log in before you send, or quit",
        State::Rejected => "quit, and make a new connection",
        State::Closed | State::Broken => "make a new connection and a new client",
        _ => "call the operations one after the other, STARTTLS once only and not under TLS",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::reply::{EnhancedStatusCode, ReplyHead};
    use std::vec::Vec;

    const PHASES: [Phase; 11] = [
        Phase::Greeting,
        Phase::Ehlo,
        Phase::StartTls,
        Phase::Auth,
        Phase::Mail,
        Phase::Rcpt,
        Phase::Data,
        Phase::Content,
        Phase::Reset,
        Phase::Noop,
        Phase::Quit,
    ];

    fn refusal(code: u16, about: Option<(u16, u16)>, phase: Phase) -> Refusal {
        let enhanced = about.map(|(subject, detail)| EnhancedStatusCode {
            class: u8::try_from(code / 100).unwrap(),
            subject,
            detail,
        });
        Refusal::of(ReplyHead::new(code, enhanced), phase)
    }

    fn advice(code: u16, about: Option<(u16, u16)>, phase: Phase) -> &'static str {
        refusal(code, about, phase).advice()
    }

    /// A sentence that can follow a colon.
    #[track_caller]
    fn is_sentence(text: &str) {
        assert!(text.len() > 8, "{text}");
        assert!(!text.ends_with(['.', ' ', ':']), "{text}");
        assert!(!text.contains("  ") && !text.contains('\n'), "{text}");
    }

    #[test]
    fn every_refusal_has_advice() {
        for phase in PHASES {
            for code in 400..600 {
                is_sentence(advice(code, None, phase));
                for subject in 0..8 {
                    for detail in (0..61).chain([139, 999]) {
                        is_sentence(advice(code, Some((subject, detail)), phase));
                    }
                }
            }
        }
    }

    #[test]
    fn no_row_hides_a_later_one() {
        for (number, row) in ROWS.iter().enumerate() {
            let some = |wanted: u16, other| if wanted == ANY { other } else { wanted };
            let is_first = PHASES.iter().any(|phase| {
                let codes: Vec<u16> = match row.code {
                    ANY => (400..600).collect(),
                    code => std::vec![code],
                };
                codes.iter().any(|code| {
                    let about = (some(row.about.0, 9), some(row.about.1, 99));
                    let found = ROWS.iter().position(|one| one.fits(*code, about, *phase));
                    found == Some(number)
                })
            });
            assert!(is_first, "{} {:?}: {}", row.code, row.about, row.advice);
        }
    }

    #[test]
    fn the_codes_of_large_providers_have_advice_of_their_own() {
        use Phase::{Auth, Content, Greeting, Mail, Rcpt};
        let cases: [(u16, (u16, u16), Phase, &str); 26] = [
            (535, (7, 139), Auth, "enable SMTP AUTH"),
            (534, (7, 9), Auth, "app password"),
            (534, (7, 14), Auth, "web browser"),
            (550, (7, 30), Auth, "OAuth 2.0 token"),
            (530, (7, 57), Mail, "log in first"),
            (454, (7, 0), Auth, "try again later"),
            (432, (3, 2), Auth, "too many devices"),
            (421, (7, 0), Greeting, "send less often"),
            (550, (7, 1), Rcpt, "does not relay"),
            (550, (7, 1), Content, "spam filter"),
            (535, (7, 8), Auth, "user name and password"),
            (535, (7, 3), Auth, "SMTP AUTH is enabled"),
            (530, (7, 0), Mail, "STARTTLS"),
            (530, (7, 0), Mail, "log in"),
            (503, (5, 1), Mail, "log in first"),
            (552, (2, 2), Rcpt, "mailbox is full"),
            (552, (3, 4), Content, "smaller message"),
            (550, (4, 5), Mail, "quota for the day"),
            (451, (7, 1), Rcpt, "few minutes"),
            (450, (2, 0), Rcpt, "few minutes"),
            (550, (1, 1), Rcpt, "no such mailbox"),
            (553, (1, 8), Mail, "domain exists"),
            (553, (7, 1), Rcpt, "belongs to the account"),
            (554, (7, 1), Content, "spam filter"),
            (521, (7, 1), Greeting, "blocks this IP address"),
            (541, (7, 1), Rcpt, "filter"),
        ];
        for (code, about, phase, words) in cases {
            let advice = advice(code, Some(about), phase);
            assert!(advice.contains(words), "{code} {about:?}: {advice}");
        }
    }

    #[test]
    fn a_refused_recipient_without_an_enhanced_code_may_have_either_cause() {
        for code in [550, 551, 553] {
            let advice = advice(code, None, Phase::Rcpt);
            assert!(advice.contains("recipient's address"), "{advice}");
            assert!(
                advice.contains("log in") && advice.contains("relay"),
                "{advice}"
            );
        }
    }

    #[test]
    fn advice_on_a_fault_after_a_refusal_is_that_on_the_refusal() {
        let failed = |code, about, fault| {
            let last = Some(refusal(code, about, Phase::Mail));
            let phase = Phase::Rcpt;
            Error::<()>::Failed { fault, phase, last }.advice()
        };
        let blocked = failed(550, Some((7, 1)), Fault::Closed);
        assert_eq!(blocked, advice(550, Some((7, 1)), Phase::Mail));
        assert!(failed(503, None, Fault::Transport(())).contains("without pipelining"));
        assert!(failed(503, None, Fault::Closed).contains("without pipelining"));
        let source = Fault::Source(embedded_io::ErrorKind::Other);
        assert!(failed(550, None, source).contains("source"));
    }

    #[test]
    fn a_goodbye_asks_for_a_new_connection_whatever_its_code() {
        let refusal = Refusal {
            kind: RefusalKind::Closing,
            ..refusal(451, Some((4, 2)), Phase::Mail)
        };
        assert_eq!(refusal.advice(), "try again on a new connection");
    }

    #[test]
    fn every_error_has_advice() {
        let starttls = Missing::Extension(Extension::StartTls);
        assert!(of_missing(starttls).contains("465"));
        for missing in [
            starttls,
            Missing::Extension(Extension::Auth),
            Missing::Extension(Extension::Dsn),
            Missing::Extension(Extension::RequireTls),
            Missing::Mechanism(Mechanism::Plain),
            Missing::Mechanism(Mechanism::XOAuth2),
            Missing::AnyMechanism,
            Missing::VerifiedChain,
        ] {
            is_sentence(Error::<()>::NotOffered(missing).advice());
        }
        for violation in [
            Violation::Grammar,
            Violation::CodesDiffer,
            Violation::TooLong,
            Violation::OutOfPlace(250),
            Violation::OutOfStep,
            Violation::Unasked,
            Violation::AuthExchange,
            Violation::Challenge,
            Violation::LongChallenge,
            Violation::Rounds,
            Violation::ServerSignature,
        ] {
            for phase in PHASES {
                let (fault, last) = (Fault::Protocol(violation), None);
                is_sentence(Error::<()>::Failed { fault, phase, last }.advice());
                is_sentence(Error::<()>::DeliveryUnknown { fault, last }.advice());
            }
        }
        is_sentence(Error::<()>::LimitReached.advice());
        is_sentence(Error::<()>::ConnectionEnded.advice());
        for state in [
            State::Connected,
            State::Ready,
            State::LoginFailed,
            State::Rejected,
            State::Broken,
        ] {
            is_sentence(Error::<()>::OutOfOrder(state).advice());
        }
        for reason in [
            Reason::Empty,
            Reason::TooLarge,
            Reason::LineEnd,
            Reason::NotUtf8,
        ] {
            for field in [Field::Attachment, Field::Message] {
                is_sentence(of_invalid(Invalid::new(field, reason)));
            }
        }
    }
}
