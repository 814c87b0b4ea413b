//! The order of commands: what is said next after a command, and after a reply.
//!
//! Pure functions over a small value, walked exhaustively by the tests below. This file does not
//! know bytes, and it changes nothing.

use crate::state::State;

use super::table::Verb;

/// What the next command depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Course {
    /// The operation's own first command (after RSET, if one is needed); `Quit` once the session is
    /// ending.
    pub(super) goal: Verb,
    pub(super) state: State,
    /// The mail's next command, if it is not complete.
    pub(super) pending: Option<Verb>,
    /// The mail's content is not to be handed in any more, or was.
    pub(super) is_settled: bool,
    /// Its MAIL was sent after another mail's content, and refused as out of sequence.
    pub(super) was_misunderstood: bool,
    /// Its final reply was one to BDAT, and NOOP has to show that it fits.
    pub(super) is_to_confirm: bool,
    /// QUIT follows the mail.
    pub(super) quits: bool,
    pub(super) allows_helo: bool,
}

/// The consequence of a reply after which nothing is outstanding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// The next flight begins with this command.
    Say(Verb),
    /// The session ends with QUIT, before which this command comes, or which it is.
    Leave(Verb),
    /// The server sent a challenge.
    Challenge,
    /// The exchange of a login was cancelled.
    Cancelled,
    /// The mail is begun once more, without anything pipelined after content.
    Again,
    /// The operation is complete.
    Done,
}

/// The first command towards `goal`: RSET, where a transaction must end before.
pub(super) const fn first(goal: Verb, state: State) -> Verb {
    if state.has_transaction() {
        Verb::Rset
    } else {
        goal
    }
}

/// The mail's next command after `sent`, whether or not it may be sent in the same flight.
/// `content` is the command that its content is sent by.
pub(super) const fn after_command(sent: Verb, has_recipient: bool, content: Verb) -> Option<Verb> {
    match sent {
        Verb::Mail => Some(Verb::Rcpt),
        Verb::Rcpt if has_recipient => Some(Verb::Rcpt),
        Verb::Rcpt => Some(content),
        Verb::Bdat => Some(Verb::Bdat),
        _ => None,
    }
}

/// The consequence of the reply to `verb`, after which nothing is outstanding.
pub(super) fn after_reply(verb: Verb, code: u16, course: Course) -> Then {
    let is_refusal = code >= 400;
    match verb {
        Verb::Greeting if !is_refusal => Then::Say(Verb::Ehlo),
        // RFC 5321 §3.2: "If the EHLO command is not acceptable to the SMTP server, 501, 500, 502,
        // or 550 failure replies MUST be returned", and §4.1.4 has HELO for servers without EHLO.
        Verb::Ehlo if course.allows_helo && matches!(code, 500 | 501 | 502 | 504) => {
            Then::Say(Verb::Helo)
        }
        Verb::AuthCancel => Then::Cancelled,
        Verb::Auth | Verb::AuthResponse if matches!(course.state, State::Authenticating) => {
            Then::Challenge
        }
        // After a refused RSET, nothing but QUIT.
        Verb::Rset if course.goal == Verb::Quit => Then::Say(Verb::Quit),
        Verb::Rset if !is_refusal && course.goal != Verb::Rset => Then::Say(course.goal),
        Verb::Mail | Verb::Rcpt | Verb::Data | Verb::Content | Verb::Bdat | Verb::BdatLast => {
            after_mail(course)
        }
        _ => Then::Done,
    }
}

fn after_mail(course: Course) -> Then {
    // 354: the server awaits content, be it for no recipient, and the terminator.
    if matches!(course.state, State::Content | State::HollowContent) {
        return Then::Say(Verb::Content);
    }
    if let Some(pending) = course.pending
        && !course.is_settled
    {
        return Then::Say(pending);
    }
    if course.was_misunderstood {
        return Then::Again;
    }
    if course.quits && course.goal != Verb::Quit {
        return Then::Leave(first(Verb::Quit, course.state));
    }
    if course.is_to_confirm {
        return Then::Say(Verb::Noop);
    }
    Then::Done
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::table::{self, TABLE};
    use std::vec::Vec;

    const BOTH: [bool; 2] = [false, true];

    /// Every course in which a reply to `verb` can be read.
    fn courses(verb: Verb, after: State) -> Vec<Course> {
        let mut all = Vec::new();
        let goals = [
            Verb::Greeting,
            Verb::Ehlo,
            Verb::StartTls,
            Verb::Auth,
            Verb::Mail,
            Verb::Rset,
            Verb::Noop,
            Verb::Quit,
        ];
        let pendings = [
            None,
            Some(Verb::Rcpt),
            Some(Verb::Data),
            Some(Verb::Bdat),
            Some(Verb::BdatLast),
        ];
        for goal in goals {
            for pending in pendings {
                for is_settled in BOTH {
                    for was_misunderstood in BOTH {
                        for is_to_confirm in BOTH {
                            for quits in BOTH {
                                for allows_helo in BOTH {
                                    all.push(Course {
                                        goal,
                                        state: after,
                                        pending,
                                        is_settled,
                                        was_misunderstood: was_misunderstood && verb == Verb::Mail,
                                        is_to_confirm: is_to_confirm
                                            && verb == Verb::BdatLast
                                            && after == State::Ready,
                                        quits,
                                        allows_helo,
                                    });
                                }
                            }
                        }
                    }
                }
            }
        }
        all
    }

    /// Every row of the table × every class of reply × every course: whatever is said next may be
    /// sent in the state that the reply led to, or leads to an end; content follows 354 only; and
    /// nothing but QUIT follows where the session is leaving.
    #[test]
    fn what_is_said_next_has_its_place_in_the_table() {
        let mut walked = 0_u32;
        for row in &TABLE {
            for code in [220, 235, 250, 334, 354, 421, 450, 500, 503, 550] {
                let after = table::follow(row.state, row.verb, code);
                if after.is_over() {
                    continue;
                }
                for course in courses(row.verb, after) {
                    walked += 1;
                    let then = after_reply(row.verb, code, course);
                    let place = || std::format!("{row:?} {code} {course:?}: {then:?}");
                    let said = match then {
                        Then::Say(verb) | Then::Leave(verb) => verb,
                        Then::Challenge => {
                            assert_eq!(after, State::Authenticating, "{}", place());
                            continue;
                        }
                        Then::Again => {
                            assert!(course.was_misunderstood, "{}", place());
                            continue;
                        }
                        Then::Cancelled | Then::Done => continue,
                    };
                    // What a mail has pending is bound to the state by the engine, which settles
                    // the mail where no recipient is accepted.
                    let is_pending = course.pending == Some(said);
                    let is_goal = row.verb == Verb::Rset;
                    assert!(
                        is_pending || is_goal || table::may_send(after, said),
                        "{}",
                        place()
                    );
                    assert!(!is_pending || !course.is_settled, "{}", place());
                    if said == Verb::Content {
                        assert_eq!(code, 354, "{}", place());
                    }
                    if let Then::Leave(verb) = then {
                        assert!(matches!(verb, Verb::Rset | Verb::Quit), "{}", place());
                        assert_eq!(verb == Verb::Rset, after.has_transaction(), "{}", place());
                    }
                    if code >= 400 && row.verb == Verb::Rset {
                        assert_eq!(said, Verb::Quit, "after a refused RSET: {}", place());
                    }
                }
            }
        }
        assert!(walked > 10_000, "{walked}");
    }

    #[test]
    fn a_mail_is_said_in_its_order() {
        for content in [Verb::Data, Verb::Bdat, Verb::BdatLast] {
            assert_eq!(after_command(Verb::Mail, true, content), Some(Verb::Rcpt));
            assert_eq!(after_command(Verb::Rcpt, true, content), Some(Verb::Rcpt));
            assert_eq!(after_command(Verb::Rcpt, false, content), Some(content));
            assert_eq!(after_command(Verb::Bdat, false, content), Some(Verb::Bdat));
            for verb in [
                Verb::Data,
                Verb::BdatLast,
                Verb::Content,
                Verb::Rset,
                Verb::Quit,
            ] {
                assert_eq!(after_command(verb, true, content), None);
            }
        }
    }

    #[test]
    fn rset_comes_first_only_where_a_transaction_is_open() {
        assert_eq!(first(Verb::Mail, State::Ready), Verb::Mail);
        assert_eq!(first(Verb::Noop, State::LoginFailed), Verb::Noop);
        for state in [State::NoRecipient, State::Addressed, State::Stray] {
            assert_eq!(first(Verb::Mail, state), Verb::Rset);
        }
    }
}
