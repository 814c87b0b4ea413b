//! Mails in a row: MAIL, RCPT and DATA of the next one are sent in the same flight as the content of
//! the one before. Linked on use: see the rules of the session.
//!
//! A server that does not understand them there refuses MAIL with 503. It is said again, and nothing
//! is sent in one flight with content any more.

use crate::session::check;
use crate::session::operation::{MailOperation, Operation};
use crate::session::recipients::Answered;
use crate::session::table::Verb;
use crate::state::State;

use super::{Engine, Row};

impl Engine<'_> {
    #[inline(always)] // So that nothing of this is linked where this is not called.
    pub(in crate::session) fn in_rows(&mut self) {
        self.row = Some(&ROW);
    }
}

static ROW: Row = Row {
    has_ridden: |engine, operation| {
        matches!(operation, Operation::Mail(mail) if mail.is_next) && !engine.flight.is_empty()
    },
    next,
    is_of_next: |engine| {
        let head = engine.replies.head();
        head.code < 300 && head.about().0 == 1
    },
    was_misunderstood: |engine| {
        engine.has_ridden && !engine.server.is_lock_step() && engine.was_out_of_sequence()
    },
    again,
};

fn next(engine: &mut Engine<'_>, mail: &MailOperation<'_, '_>) -> Option<Verb> {
    let next = mail.next?;
    if engine.server.is_lock_step() || engine.server.state() != State::Content {
        return None;
    }
    // A next mail that the server could not take is refused when its own turn comes.
    check::message(next, 0, None).ok()?;
    engine.address(next, (&mut [], None), true).ok()?;
    Some(Verb::Mail)
}

fn again(engine: &mut Engine<'_>, operation: &Operation<'_, '_>) {
    engine.server.keeps_lock_step();
    // Where the server's limits do not let it be said again, it stays refused.
    if let Operation::Mail(mail) = operation
        && engine.address(mail.message, (&mut [], None), false).is_ok()
    {
        engine.replies.forget();
        engine.verdict.begin(true);
        engine.answered = Answered::default();
        return engine.go(Verb::Rset);
    }
    engine.finish();
}
