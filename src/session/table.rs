//! The protocol as data: the commands, and in which state which of them may be sent, which reply it
//! may get, and which state follows. The only file that changes a state.
//!
//! Rules of this file:
//! 1. Everything about which reply leads where is in [`TABLE`], as data; everything about a single
//!    command is its row in `COMMANDS`; every other cause of a change is an `Event`.
//! 2. A reply that is not in the table is a fault of the server, and there is no way back.
//! 3. States change when a reply is read, never when a command is sent. So the table does not know
//!    whether commands are pipelined; rows that only a pipelined command can meet say so
//!    ([`Sent::Ahead`]) and are never a reason to send.
//! 4. 421 is not in the table: it ends the session from every state (RFC 5321 §3.8).
//! 5. A transaction that will not be completed is ended by RSET before anything else is said, so
//!    NOOP and QUIT need no rows in its states.

use crate::phase::Phase;
use crate::report::CLOSING;
use crate::state::State;

/// A command, or the greeting, which is awaited unasked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Verb {
    /// Nothing is sent; the greeting is awaited.
    Greeting,
    /// EHLO.
    Ehlo,
    /// HELO.
    Helo,
    /// STARTTLS.
    StartTls,
    /// AUTH, with or without an initial response.
    Auth,
    /// A response of the SASL exchange.
    AuthResponse,
    /// `*`, which cancels the SASL exchange.
    AuthCancel,
    /// MAIL.
    Mail,
    /// RCPT.
    Rcpt,
    /// DATA.
    Data,
    /// The content and its terminator, or the terminator alone.
    Content,
    /// BDAT and the bytes of a chunk that others follow.
    Bdat,
    /// BDAT and the bytes of the last or only chunk.
    BdatLast,
    /// RSET.
    Rset,
    /// NOOP.
    Noop,
    /// QUIT.
    Quit,
}

/// One command: everything about it that does not depend on a state.
struct Command {
    /// The words it begins with, or all of it; empty for what has arguments only.
    words: &'static str,
    /// The phase that awaits its reply.
    phase: Phase,
    /// The codes that mean success: from the first to the second. RFC 5321 §4.3.2 lets a client go
    /// by the first digit. Where the range is narrower that is on purpose: what follows cannot be
    /// taken back.
    success: (u16, u16),
    /// Whether a further command may follow in the same flight.
    may_be_followed: bool,
}

const fn command(words: &'static str, phase: Phase, success: (u16, u16)) -> Command {
    Command {
        words,
        phase,
        success,
        may_be_followed: false,
    }
}

/// RFC 2920 §3.1: "The EHLO, DATA, VRFY, EXPN, TURN, QUIT, and NOOP commands can only appear as the
/// last command in a group". STARTTLS (RFC 3207 §4) and AUTH (RFC 4954 §4) end theirs too. So do
/// BDAT here, whose reply decides what may follow, and RSET: content that is on its way must not
/// meet a transaction that the server did not end.
const fn followed(words: &'static str, phase: Phase) -> Command {
    Command {
        words,
        phase,
        success: ANY,
        may_be_followed: true,
    }
}

const ANY: (u16, u16) = (200, 299);

/// In the order of the verbs.
static COMMANDS: [Command; 16] = [
    command("", Phase::Greeting, (220, 220)),
    command("EHLO ", Phase::Ehlo, (250, 259)),
    command("HELO ", Phase::Ehlo, (250, 259)),
    command("STARTTLS", Phase::StartTls, (220, 220)),
    command("AUTH ", Phase::Auth, (235, 235)),
    command("", Phase::Auth, (235, 235)),
    command("*", Phase::Auth, (235, 235)),
    followed("MAIL FROM:<", Phase::Mail),
    followed("RCPT TO:<", Phase::Rcpt),
    command("DATA", Phase::Data, ANY),
    // RFC 5321 §4.1.1.4: the terminator, after a line end.
    followed(".", Phase::Content),
    command("BDAT ", Phase::Content, ANY),
    command("BDAT ", Phase::Content, ANY),
    command("RSET", Phase::Reset, ANY),
    command("NOOP", Phase::Noop, ANY),
    command("QUIT", Phase::Quit, ANY),
];

impl Verb {
    fn command(self) -> &'static Command {
        // The table has a row for every verb.
        let [first, ..] = &COMMANDS;
        COMMANDS.get(self as usize).unwrap_or(first)
    }

    /// The phase that awaits the reply.
    pub(crate) fn phase(self) -> Phase {
        self.command().phase
    }

    /// The words a command begins with, or all of it; empty for what has arguments only.
    pub(super) fn words(self) -> &'static str {
        self.command().words
    }

    /// Whether a further command may follow in the same flight.
    pub(super) fn may_be_followed(self) -> bool {
        self.command().may_be_followed
    }

    /// Whether the mail's content is sent by it.
    pub(super) const fn carries_content(self) -> bool {
        matches!(self, Self::Content | Self::Bdat | Self::BdatLast)
    }

    /// The one 3yz code that may answer.
    const fn intermediate(self) -> u16 {
        match self {
            Self::Data => 354,
            _ => 334,
        }
    }
}

/// Whether a row is a reason to send its command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// The command may be sent in this state.
    Here,
    /// The command is never sent in this state; its reply may come in it, because the command was
    /// pipelined after others that turned out differently.
    Ahead,
}

/// One row: the state, the command, and the state that follows each class of reply. A class that
/// leads to [`State::Broken`] is a fault of the server.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The state the reply finds.
    pub state: State,
    /// The command it answers.
    pub verb: Verb,
    /// Whether the command may be sent in this state.
    pub sent: Sent,
    /// After 2yz.
    pub success: State,
    /// After 3yz.
    pub intermediate: State,
    /// After 4yz and 5yz.
    pub refusal: State,
}

const fn row(
    state: State,
    verb: Verb,
    sent: Sent,
    success: State,
    intermediate: State,
    refusal: State,
) -> Row {
    Row {
        state,
        verb,
        sent,
        success,
        intermediate,
        refusal,
    }
}

use Sent::{Ahead, Here};
use State::{
    Addressed, Authenticating, Broken, Closed, Connected, Content, Greeted, HollowContent,
    LoginFailed, NoRecipient, Ready, Rejected, Stray, Upgrading,
};

/// Every reply the client understands, in every state.
#[rustfmt::skip]
pub static TABLE: [Row; 35] = [
    //  state           command             sent   2yz          3yz             4yz, 5yz
    row(Connected,      Verb::Greeting,     Here,  Greeted,     Broken,         Rejected),
    row(Greeted,        Verb::Ehlo,         Here,  Ready,       Broken,         Greeted),
    row(Greeted,        Verb::Helo,         Here,  Ready,       Broken,         Greeted),
    row(Greeted,        Verb::Quit,         Here,  Closed,      Closed,         Closed),
    row(Ready,          Verb::StartTls,     Here,  Upgrading,   Broken,         Rejected),
    row(Ready,          Verb::Auth,         Here,  Ready,       Authenticating, LoginFailed),
    row(Ready,          Verb::Mail,         Here,  NoRecipient, Broken,         Ready),
    row(Ready,          Verb::Rcpt,         Ahead, Stray,       Broken,         Ready),
    row(Ready,          Verb::Data,         Ahead, Broken,      HollowContent,  Ready),
    row(Ready,          Verb::BdatLast,     Ahead, Broken,      Broken,         Ready),
    row(Ready,          Verb::Rset,         Here,  Ready,       Broken,         Rejected),
    row(Ready,          Verb::Noop,         Here,  Ready,       Broken,         Ready),
    row(Ready,          Verb::Quit,         Here,  Closed,      Closed,         Closed),
    row(Authenticating, Verb::AuthResponse, Here,  Ready,       Authenticating, LoginFailed),
    row(Authenticating, Verb::AuthCancel,   Here,  Broken,      Broken,         LoginFailed),
    row(LoginFailed,    Verb::Auth,         Here,  Ready,       Authenticating, LoginFailed),
    row(LoginFailed,    Verb::Rset,         Here,  LoginFailed, Broken,         Rejected),
    row(LoginFailed,    Verb::Noop,         Here,  LoginFailed, Broken,         LoginFailed),
    row(LoginFailed,    Verb::Quit,         Here,  Closed,      Closed,         Closed),
    row(NoRecipient,    Verb::Rcpt,         Here,  Addressed,   Broken,         NoRecipient),
    row(NoRecipient,    Verb::Data,         Ahead, Broken,      HollowContent,  NoRecipient),
    row(NoRecipient,    Verb::BdatLast,     Ahead, Broken,      Broken,         NoRecipient),
    row(NoRecipient,    Verb::Rset,         Here,  Ready,       Broken,         Rejected),
    row(Addressed,      Verb::Rcpt,         Here,  Addressed,   Broken,         Addressed),
    row(Addressed,      Verb::Data,         Here,  Broken,      Content,        NoRecipient),
    row(Addressed,      Verb::Bdat,         Here,  Addressed,   Broken,         NoRecipient),
    row(Addressed,      Verb::BdatLast,     Here,  Ready,       Broken,         NoRecipient),
    row(Addressed,      Verb::Rset,         Here,  Ready,       Broken,         Rejected),
    row(Stray,          Verb::Rcpt,         Ahead, Stray,       Broken,         Stray),
    row(Stray,          Verb::Data,         Ahead, Broken,      Broken,         Stray),
    row(Stray,          Verb::BdatLast,     Ahead, Broken,      Broken,         Stray),
    row(Stray,          Verb::Rset,         Here,  Ready,       Broken,         Rejected),
    row(Content,        Verb::Content,      Here,  Ready,       Broken,         Ready),
    row(HollowContent,  Verb::Content,      Here,  Ready,       Broken,         Ready),
    row(Rejected,       Verb::Quit,         Here,  Closed,      Closed,         Closed),
];

/// Whether `verb` may be sent in `state`.
pub(super) fn may_send(state: State, verb: Verb) -> bool {
    find(state, verb).is_some_and(|row| row.sent == Here)
}

/// The state that follows a reply; [`State::Broken`] where the reply has no place.
#[inline(never)]
pub(super) fn follow(state: State, verb: Verb, code: u16) -> State {
    let Some(row) = find(state, verb) else {
        return Broken;
    };
    let (least, most) = verb.command().success;
    match code {
        CLOSING => Closed,
        200..=299 if least <= code && code <= most => row.success,
        300..=399 if verb.intermediate() == code || verb == Verb::Quit => row.intermediate,
        400..=599 => row.refusal,
        _ => Broken,
    }
}

fn find(state: State, verb: Verb) -> Option<&'static Row> {
    TABLE
        .iter()
        .find(|row| row.state == state && row.verb == verb)
}

/// A cause of a new state that is not a reply to a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// TLS was opened on the transport.
    TlsOpened,
    /// The caller wants a login that the server cannot give. No mail is sent without it.
    LoginGivenUp,
    /// The caller wants STARTTLS, which the server does not offer.
    StartTlsGivenUp,
    /// The connection ended in good order: a goodbye of the server, or nothing was said on it.
    Goodbye,
    /// The transport, the server or the caller broke off.
    Fault,
}

/// The state of the dialogue with the server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialogue(State);

impl Dialogue {
    pub(super) const fn new() -> Self {
        Self(Connected)
    }

    pub(super) const fn state(self) -> State {
        self.0
    }

    /// A reply to `verb` was read; whether it has a place here. If not, the state stays, and a
    /// [`Event::Fault`] is due.
    pub(super) fn reply(&mut self, verb: Verb, code: u16) -> bool {
        let after = follow(self.0, verb, code);
        let has_place = after != Broken;
        if has_place {
            self.0 = after;
        }
        has_place
    }

    /// Something other than a reply happened.
    pub(super) const fn happened(&mut self, event: Event) {
        self.0 = match event {
            Event::TlsOpened => Greeted,
            // With a transaction open, RSET would lead to where mails are sent.
            Event::LoginGivenUp if self.0.has_transaction() => Rejected,
            Event::LoginGivenUp => LoginFailed,
            Event::StartTlsGivenUp => Rejected,
            Event::Goodbye => Closed,
            Event::Fault => Broken,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::format;
    use std::string::String;
    use std::vec::Vec;

    const STATES: [State; 13] = [
        Connected,
        Greeted,
        Ready,
        Upgrading,
        Authenticating,
        LoginFailed,
        NoRecipient,
        Addressed,
        Stray,
        Content,
        HollowContent,
        Rejected,
        Closed,
    ];

    const VERBS: [Verb; 16] = [
        Verb::Greeting,
        Verb::Ehlo,
        Verb::Helo,
        Verb::StartTls,
        Verb::Auth,
        Verb::AuthResponse,
        Verb::AuthCancel,
        Verb::Mail,
        Verb::Rcpt,
        Verb::Data,
        Verb::Content,
        Verb::Bdat,
        Verb::BdatLast,
        Verb::Rset,
        Verb::Noop,
        Verb::Quit,
    ];

    /// The table as the documentation shows it.
    fn as_markdown() -> String {
        let mut text =
            String::from("| state | command | after 2yz | after 3yz | after 4yz, 5yz |\n");
        text.push_str("|---|---|---|---|---|\n");
        for row in &TABLE {
            let name = |state: State| match state {
                Broken => String::from("–"),
                state => format!("{state:?}"),
            };
            let (least, most) = row.verb.command().success;
            let code = |class: char| match (class, row.intermediate) {
                ('2', _) if least == most => format!(" ({least})"),
                ('2', _) if (least, most) != ANY => format!(" ({least} to {most})"),
                ('3', state) if state != Broken && row.verb != Verb::Quit => {
                    format!(" ({})", row.verb.intermediate())
                }
                _ => String::new(),
            };
            let ahead = if row.sent == Ahead { ", pipelined" } else { "" };
            text.push_str(&format!(
                "| {:?} | {:?}{ahead} | {}{} | {}{} | {} |\n",
                row.state,
                row.verb,
                name(row.success),
                if row.success == Broken {
                    String::new()
                } else {
                    code('2')
                },
                name(row.intermediate),
                code('3'),
                name(row.refusal),
            ));
        }
        text.push_str(
            "\nA dash is a fault of the server. Codes in brackets are the only ones of their ",
        );
        text.push_str("class.\n");
        text
    }

    #[test]
    fn the_documentation_shows_the_table() {
        let shown = include_str!("table.md");
        assert_eq!(
            shown,
            as_markdown(),
            "table.md is not what the table says:\n{}",
            as_markdown()
        );
    }

    #[test]
    fn every_verb_has_its_words() {
        for verb in VERBS {
            let expected = match verb {
                Verb::Greeting | Verb::AuthResponse => String::new(),
                Verb::AuthCancel => String::from("*"),
                Verb::Content => String::from("."),
                Verb::Bdat | Verb::BdatLast => String::from("BDAT "),
                Verb::Mail => String::from("MAIL FROM:<"),
                Verb::Rcpt => String::from("RCPT TO:<"),
                Verb::Ehlo | Verb::Helo | Verb::Auth => format!("{verb:?} ").to_uppercase(),
                verb => format!("{verb:?}").to_uppercase(),
            };
            assert_eq!(verb.words(), expected);
        }
    }

    #[test]
    fn no_row_occurs_twice_and_none_leaves_an_ended_session() {
        for (n, row) in TABLE.iter().enumerate() {
            let same = |other: &Row| other.state == row.state && other.verb == row.verb;
            assert_eq!(TABLE.iter().position(same), Some(n), "{row:?}");
            assert!(!matches!(row.state, Closed | Broken), "{row:?}");
        }
    }

    /// Every state × every command × every code: what is not in the table breaks the session, 421
    /// closes it, and codes that must be exact are.
    #[test]
    fn every_state_command_and_code() {
        for state in STATES.into_iter().chain([Broken]) {
            for verb in VERBS {
                let row = TABLE
                    .iter()
                    .find(|row| row.state == state && row.verb == verb);
                assert_eq!(
                    may_send(state, verb),
                    row.is_some_and(|row| row.sent == Here)
                );
                for code in 200..=599 {
                    let after = follow(state, verb, code);
                    let Some(row) = row else {
                        assert_eq!(after, Broken, "{state:?} {verb:?} {code}");
                        continue;
                    };
                    let expected = match (code, verb) {
                        (CLOSING, _) => Closed,
                        (_, Verb::Quit) => Closed,
                        (220, Verb::Greeting | Verb::StartTls) => row.success,
                        (235, Verb::Auth | Verb::AuthResponse) => row.success,
                        (250..=259, Verb::Ehlo | Verb::Helo) => row.success,
                        (334, Verb::Auth | Verb::AuthResponse) => row.intermediate,
                        (354, Verb::Data) => row.intermediate,
                        (
                            200..=299,
                            Verb::Greeting
                            | Verb::Ehlo
                            | Verb::Helo
                            | Verb::StartTls
                            | Verb::Auth
                            | Verb::AuthResponse
                            | Verb::Data,
                        ) => Broken,
                        (200..=299, _) => row.success,
                        (300..=399, _) => Broken,
                        _ => row.refusal,
                    };
                    assert_eq!(after, expected, "{state:?} {verb:?} {code}");
                }
            }
        }
    }

    #[test]
    fn every_event_leads_to_one_state() {
        for state in STATES {
            let after = |event| {
                let mut dialogue = Dialogue(state);
                dialogue.happened(event);
                dialogue.state()
            };
            assert_eq!(after(Event::TlsOpened), Greeted);
            assert_eq!(after(Event::StartTlsGivenUp), Rejected);
            assert_eq!(after(Event::Goodbye), Closed);
            assert_eq!(after(Event::Fault), Broken);
            // Nothing but a login, or QUIT, follows a login that was given up.
            let given_up = after(Event::LoginGivenUp);
            assert!(!may_send(given_up, Verb::Mail));
            assert_eq!(given_up == Rejected, state.has_transaction());
        }
    }

    /// Every state is reached from the beginning; from every state that is not an end, one is
    /// reached; and only with a transaction accepted can a content be sent.
    #[test]
    fn every_state_is_reached_and_left() {
        let reach = |from: State| {
            let mut seen = BTreeSet::from([format!("{from:?}")]);
            let mut open = Vec::from([from]);
            while let Some(state) = open.pop() {
                for row in TABLE.iter().filter(|row| row.state == state) {
                    for next in [row.success, row.intermediate, row.refusal] {
                        if seen.insert(format!("{next:?}")) {
                            open.push(next);
                        }
                    }
                }
            }
            seen
        };
        for state in STATES {
            assert!(
                reach(Connected).contains(&format!("{state:?}")),
                "{state:?} is not reached"
            );
            // The way out of Upgrading is TLS, not a reply.
            if state != Upgrading {
                assert!(reach(state).contains("Closed"), "{state:?} has no end");
            }
        }
        for row in &TABLE {
            let opens = [row.success, row.intermediate, row.refusal].contains(&Content);
            assert!(
                !opens || (row.state == Addressed && row.verb == Verb::Data),
                "{row:?}"
            );
            let sends_mail = matches!(row.verb, Verb::Mail) && row.sent == Here;
            assert!(!sends_mail || row.state == Ready, "{row:?}");
            // Nothing but QUIT leaves on a link whose STARTTLS was refused.
            assert!(row.state != Rejected || row.verb == Verb::Quit, "{row:?}");
            assert!(row.state != Upgrading, "{row:?}");
        }
    }
}
