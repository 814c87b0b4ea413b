//! The protocol as a table: in which state which command may be sent, which reply it may get, and
//! which state follows.
//!
//! Rules of this file:
//! 1. Everything about the *order* of commands and replies stands in [`TABLE`], as data.
//! 2. A reply that is not in the table is a fault of the server, and there is no way back.
//! 3. States change when a reply is read, never when a command is sent. So the table does not know
//!    whether commands are pipelined; rows that only a pipelined command can meet say so
//!    ([`Sent::Ahead`]) and are never a reason to send.
//! 4. 421 stands outside: it ends the session from every state (RFC 5321 §3.8).
//! 5. A transaction that will not be completed is ended by RSET before anything else is said, so
//!    NOOP and QUIT need no rows in its states.

use crate::phase::Phase;

use crate::state::State;

/// What is sent, or awaited unasked.
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
    /// BDAT and the octets of a chunk that others follow.
    Bdat,
    /// BDAT and the octets of the last or only chunk.
    BdatLast,
    /// RSET.
    Rset,
    /// NOOP.
    Noop,
    /// QUIT.
    Quit,
}

impl Verb {
    /// The phase that awaits the reply.
    pub(crate) const fn phase(self) -> Phase {
        match self {
            Self::Greeting => Phase::Greeting,
            Self::Ehlo | Self::Helo => Phase::Ehlo,
            Self::StartTls => Phase::StartTls,
            Self::Auth | Self::AuthResponse | Self::AuthCancel => Phase::Auth,
            Self::Mail => Phase::Mail,
            Self::Rcpt => Phase::Rcpt,
            Self::Data => Phase::Data,
            Self::Content | Self::Bdat | Self::BdatLast => Phase::Content,
            Self::Rset => Phase::Reset,
            Self::Noop => Phase::Noop,
            Self::Quit => Phase::Quit,
        }
    }

    /// The words a command begins with, or all there is of it; none for what has arguments only.
    pub(crate) fn words(self) -> &'static str {
        /// In the order of the verbs.
        static WORDS: [&str; 16] = [
            "",
            "EHLO ",
            "HELO ",
            "STARTTLS",
            "AUTH ",
            "",
            "*",
            "MAIL FROM:<",
            "RCPT TO:<",
            "DATA",
            // RFC 5321 §4.1.1.4: the terminator, behind a line end.
            ".",
            "BDAT ",
            "BDAT ",
            "RSET",
            "NOOP",
            "QUIT",
        ];
        WORDS.get(self as usize).copied().unwrap_or_default()
    }

    /// Whether a further command may follow in the same flight (RFC 2920 §3.1: "The EHLO, DATA,
    /// VRFY, EXPN, TURN, QUIT, and NOOP commands can only appear as the last command in a group").
    /// STARTTLS (RFC 3207 §4) and AUTH (RFC 4954 §4) end theirs too, and BDAT does here: what comes
    /// of a chunk decides what may follow it.
    pub(crate) const fn may_be_followed(self) -> bool {
        matches!(self, Self::Rset | Self::Mail | Self::Rcpt | Self::Content)
    }

    /// The one code that means success, where the first digit is not enough.
    ///
    /// RFC 5321 §4.3.2 lets a client go by the first digit. These are exact on purpose: what
    /// follows them cannot be taken back.
    const fn exact(self) -> Option<u16> {
        match self {
            Self::Greeting | Self::StartTls => Some(220),
            Self::Auth | Self::AuthResponse => Some(235),
            _ => None,
        }
    }

    /// The one 3yz code that may answer.
    const fn exact_intermediate(self) -> u16 {
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
    /// pipelined behind others that turned out differently.
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
pub(crate) fn may_send(state: State, verb: Verb) -> bool {
    find(state, verb).is_some_and(|row| row.sent == Here)
}

/// The state that follows a reply; [`State::Broken`] where the reply has no place.
#[inline(never)]
pub(crate) fn follow(state: State, verb: Verb, code: u16) -> State {
    let Some(row) = find(state, verb) else {
        return Broken;
    };
    match code {
        421 => Closed,
        200..=299 if verb.exact().is_none_or(|exact| exact == code) => row.success,
        300..=399 if verb.exact_intermediate() == code || verb == Verb::Quit => row.intermediate,
        400..=599 => row.refusal,
        _ => Broken,
    }
}

#[inline(never)]
fn find(state: State, verb: Verb) -> Option<&'static Row> {
    TABLE
        .iter()
        .find(|row| row.state == state && row.verb == verb)
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
            let code = |class: char| match (class, row.verb.exact(), row.intermediate) {
                ('2', Some(exact), _) => format!(" ({exact})"),
                ('3', _, state) if state != Broken && row.verb != Verb::Quit => {
                    format!(" ({})", row.verb.exact_intermediate())
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
            "\nA dash is a fault of the server. A code in brackets is the only one of its ",
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
    fn no_row_stands_twice_and_no_row_leaves_an_ended_session() {
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
                        (421, _) => Closed,
                        (_, Verb::Quit) => Closed,
                        (220, Verb::Greeting | Verb::StartTls) => row.success,
                        (235, Verb::Auth | Verb::AuthResponse) => row.success,
                        (334, Verb::Auth | Verb::AuthResponse) => row.intermediate,
                        (354, Verb::Data) => row.intermediate,
                        (
                            200..=299,
                            Verb::Greeting
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
