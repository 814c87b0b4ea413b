//! How an operation ended, against what was said and heard.

use embedded_io::ErrorKind;
use embedded_smtp::session::Delivery;
use embedded_smtp::{Error, Phase, RecipientStatus, Refusal, RefusalKind, Report, Retry};

use super::command::{Task, Verb};
use super::link::Wire;
use super::mail::{Content, Transaction, is_success};
use super::mails::Settled;

type End<T> = Result<T, Error<ErrorKind>>;

/// The end of an operation that is no mail; `before` is how many octets had passed before it.
pub fn check(wire: &mut Wire, before: usize, end: &End<()>) {
    let goal: &[Verb] = match wire.dialogue.task() {
        Task::Open => &[Verb::Ehlo, Verb::Helo],
        Task::StartTls => &[Verb::Ehlo],
        Task::Login | Task::DangerLogin => &[Verb::Auth, Verb::Response],
        Task::Reset => &[Verb::Rset],
        Task::Noop => &[Verb::Noop],
        _ => &[],
    };
    // Where HELO fares no better, EHLO's refusal is the one to show.
    if let Err(Error::Refused(refusal)) = end
        && let [.., (Verb::Ehlo, first), (Verb::Helo, second)] = wire.dialogue.answers[..]
        && second >= 400
        && second != 421
    {
        assert_eq!(refusal.code(), first);
    }
    match end {
        Ok(()) if wire.dialogue.task() == Task::Quit => wire.end("QUIT"),
        Ok(()) => {
            let is_login = goal.contains(&Verb::Auth);
            assert!(!is_login || wire.dialogue.is_proven(), "not proven");
            let (verb, code) = wire.dialogue.answers.last().expect("nothing was answered");
            assert!(
                goal.contains(verb) && is_success(Some(*code)),
                "{verb:?} {code}"
            );
        }
        Err(error) => check_error(wire, before, error),
    }
}

fn check_error(wire: &mut Wire, before: usize, error: &Error<ErrorKind>) {
    let has_ended = wire.has_ended();
    let dialogue = &mut wire.dialogue;
    let is_quiet = dialogue.octets == before;
    match error {
        Error::Refused(refusal) => {
            assert!(is_answer(wire, refusal), "no such reply: {refusal:?}");
            let is_goodbye = refusal.kind() == RefusalKind::Closing;
            assert!(is_goodbye || refusal.code() != 421);
            if is_goodbye {
                wire.end("a goodbye");
            }
            // Before a mail is offered, nothing says anything of it.
            let meets_no_mail = matches!(
                refusal.phase(),
                Phase::Greeting | Phase::Ehlo | Phase::StartTls | Phase::Reset
            );
            assert!(!meets_no_mail || refusal.retry() != Retry::Never);
        }
        Error::NotOffered(_) => {
            assert!(is_quiet, "not offered, and yet something passed");
            dialogue.not_offered();
        }
        Error::Invalid(_) => {
            assert!(is_quiet, "invalid, and yet something passed");
            // Credentials that the mechanism has no use for: no login, and so no mail.
            if matches!(dialogue.task(), Task::Login | Task::DangerLogin) {
                dialogue.not_offered();
            }
        }
        Error::OutOfOrder(_) => {
            assert!(is_quiet, "out of order, and yet something passed");
            assert!(!dialogue.is_in_order(), "{:?} is in order", dialogue.task());
        }
        Error::ConnectionEnded => {
            assert!(is_quiet, "ended, and yet something passed");
            assert!(has_ended, "ended, and nothing has ended it");
        }
        Error::Failed { last, .. } => check_last(wire, last.as_ref()),
        Error::DeliveryUnknown { last, .. } => {
            assert!(dialogue.has_mail(), "of what is it unknown?");
            check_last(wire, last.as_ref());
        }
        _ => unreachable!(),
    }
}

/// The last refusal before a fault, or another of this operation.
fn check_last(wire: &Wire, last: Option<&Refusal>) {
    if let Some(last) = last {
        let is_unasked = wire.dialogue.unasked.contains(&last.code());
        let is_heard = is_unasked || is_answer(wire, last);
        assert!(last.code() >= 400 && is_heard, "{last:?}");
    } else if !wire.dialogue.has_mail() {
        let mut answers = wire.dialogue.answers.iter();
        let refusal = answers.find(|(_, code)| *code >= 400);
        assert!(refusal.is_none(), "{refusal:?} is not told");
    }
}

/// A refusal of the mail that a fault must not make forgotten.
fn refusal_of(transaction: &Transaction) -> Option<u16> {
    // An accepted content, even one that comes into doubt, is no refusal any more.
    if is_success(transaction.final_reply) {
        return None;
    }
    // A mail that was not understood behind another one, and is begun once more.
    let is_answered = transaction.recipients.is_empty() || transaction.data_reply.is_some();
    if transaction.mail_reply == Some(503) && is_answered {
        return None;
    }
    let others = [
        transaction.mail_reply,
        transaction.data_reply,
        transaction.final_reply,
    ];
    let mut all = transaction.recipients.iter().chain(&others).flatten();
    all.find(|code| **code >= 400).copied()
}

/// Whether a reply of this operation is the one that refuses.
fn is_answer(wire: &Wire, refusal: &Refusal) -> bool {
    let dialogue = &wire.dialogue;
    let code = refusal.code();
    // Of the server's last words it is not known what they answer.
    if wire.has_listened && dialogue.replies.contains(&code) {
        return true;
    }
    let due = (refusal.phase(), code);
    let mut answers = dialogue.answers.iter();
    answers.any(|(verb, code)| (phase(*verb), *code) == due)
        || (code / 100 == 4 && dialogue.unasked.contains(&code))
}

fn phase(verb: Verb) -> Phase {
    match verb {
        Verb::Greeting => Phase::Greeting,
        Verb::Ehlo | Verb::Helo => Phase::Ehlo,
        Verb::StartTls => Phase::StartTls,
        Verb::Auth | Verb::Response | Verb::Cancel => Phase::Auth,
        Verb::Mail => Phase::Mail,
        Verb::Rcpt => Phase::Rcpt,
        Verb::Data => Phase::Data,
        Verb::Content | Verb::Bdat => Phase::Content,
        Verb::Rset => Phase::Reset,
        Verb::Noop => Phase::Noop,
        Verb::Quit => Phase::Quit,
    }
}

/// The end of the mail with this number, whose transactions from `from` on count.
pub fn check_mail(wire: &mut Wire, number: usize, from: usize, before: usize, end: &End<Report>) {
    let all_or_none = wire.dialogue.all_or_none();
    let transaction = wire.dialogue.transaction_of(number, from);
    let is_whole = transaction.is_some_and(|t| t.content == Content::Whole);
    let final_reply = transaction.and_then(|t| t.final_reply);
    match end {
        Ok(report) => {
            let transaction = transaction.expect("nothing was said of it");
            assert!(is_whole, "called sent, and its content is not all out");
            assert_eq!(final_reply, Some(report.code()));
            assert!(is_success(final_reply));
            assert_eq!(usize::from(report.accepted()), transaction.accepted());
            let answered = transaction.recipients.iter().flatten().count();
            assert_eq!(answered, transaction.recipients.len());
            assert_eq!(
                usize::from(report.refused()),
                answered - transaction.accepted()
            );
            assert!(report.accepted() > 0);
            let count = wire.dialogue.mails[number].recipients.len();
            let deferred = count - transaction.share;
            assert_eq!(usize::from(report.deferred()), deferred);
            assert!(
                !transaction.is_misfit,
                "called sent, and the count does not fit"
            );
            if transaction.is_chunked && wire.dialogue.mails[number].is_in_row {
                assert!(
                    transaction.noop.is_some(),
                    "called sent, and no NOOP was said"
                );
            }
        }
        Err(error) => {
            // A link that failed before may yet have carried it all.
            let is_known =
                final_reply.is_some() && transaction.is_some_and(|t| t.is_taken && !t.is_misfit);
            let is_accepted = is_known && is_success(final_reply);
            assert!(!is_accepted, "accepted, and called {error:?}");
            match error {
                Error::DeliveryUnknown { .. } => {
                    assert!(is_whole && !is_known, "unknown, and {final_reply:?}");
                    // After a 503 for MAIL the dialogue itself may be out of step.
                    let is_open = transaction.is_some_and(|t| {
                        let is_confused = t.is_chunked && t.mail_reply == Some(503);
                        t.may_be_wanted() || t.is_misfit || is_confused
                    });
                    // Behind a RSET that was refused, no reply has a place.
                    let is_excused = wire.has_listened || wire.dialogue.is_leaving();
                    assert!(is_open || is_excused, "unknown, and given up");
                }
                Error::Refused(refusal) => {
                    let due = transaction.and_then(|t| due_refusal(t, all_or_none));
                    let is_other = refusal.kind() == RefusalKind::Closing
                        || refusal.phase() == Phase::Reset
                        || wire.has_listened;
                    let found = (refusal.phase(), refusal.code());
                    assert!(due == Some(found) || is_other, "{found:?}, not {due:?}");
                }
                Error::LimitReached => {
                    let dialogue = &wire.dialogue;
                    assert!(dialogue.is_limit_reached(number), "no limit is reached");
                    assert!(transaction.is_none());
                    assert_eq!(dialogue.octets, before, "and something passed");
                    return;
                }
                _ => assert!(!is_whole, "{error:?}, and its terminator is out"),
            }
            if let Error::Failed { last: None, .. } | Error::DeliveryUnknown { last: None, .. } =
                error
            {
                let refusal = transaction.and_then(refusal_of);
                assert!(refusal.is_none(), "{refusal:?} is not told");
            }
            check_error(wire, before, error);
        }
    }
    let is_end = matches!(end, Ok(_) | Err(Error::Refused(_)));
    if is_end && wire.dialogue.task() == Task::LastMail {
        wire.end("the last mail");
    }
}

/// The reply that has to decide, if the mail was refused.
fn due_refusal(transaction: &Transaction, all_or_none: bool) -> Option<(Phase, u16)> {
    let refused = |code: Option<u16>| code.filter(|code| *code >= 400);
    if let Some(code) = refused(transaction.mail_reply) {
        return Some((Phase::Mail, code));
    }
    let first = transaction
        .recipients
        .iter()
        .find_map(|code| refused(*code));
    if let Some(code) = first
        && (all_or_none || transaction.accepted() == 0)
    {
        return Some((Phase::Rcpt, code));
    }
    if let Some(code) = refused(transaction.data_reply) {
        return Some((Phase::Data, code));
    }
    refused(transaction.chunk_refusal.or(transaction.final_reply))
        .map(|code| (Phase::Content, code))
}

/// The results of the recipients. Notes who is settled.
pub fn check_results(
    wire: &Wire,
    number: usize,
    end: &End<Report>,
    results: &[RecipientStatus],
    settled: &mut Settled,
) {
    let mail = &wire.dialogue.mails[number];
    let transaction = wire.dialogue.transaction_of(number, 0);
    for (index, &place) in mail.places.iter().enumerate() {
        let heard = transaction.and_then(|t| *t.recipients.get(index)?);
        // Of commands in a write that failed it is not known which ones the server heard.
        let has_none = results
            .get(place)
            .is_some_and(|result| result.code().is_none());
        let is_torn = wire.has_listened && has_none;
        let heard = heard.filter(|_| !is_torn);
        let is_left = transaction.is_some_and(|t| index >= t.share);
        if end.is_ok() && is_success(heard) {
            settled.sent.push(place);
        }
        // A refusal that follows from one of MAIL says nothing of the recipient.
        let is_mail_refused = transaction
            .and_then(|t| t.mail_reply)
            .is_some_and(|c| c >= 400);
        let is_refused = transaction.is_some_and(|t| t.refused.contains(&index));
        if heard.is_some() && is_refused && !is_mail_refused {
            settled.refused.push(place);
        }
        let Some(result) = results.get(place) else {
            continue;
        };
        if end.is_ok() {
            assert_eq!(result.is_deferred(), is_left);
        }
        match heard {
            Some(_) => assert_eq!(result.code(), heard, "recipient {place}"),
            // The reply of a transaction before stays.
            None => assert!(end.is_err() || is_left, "recipient {place} has no result"),
        }
        assert_eq!(result.is_accepted(), is_success(result.code()));
    }
    for (place, result) in results.iter().enumerate() {
        let is_sent = settled.sent.contains(&place);
        assert_eq!(result.is_sent(), is_sent, "recipient {place}");
        let is_settled = settled.contains(place);
        assert_eq!(result.is_settled(), is_settled, "recipient {place}");
    }
}

/// What the client remembers of a mail: whether the server has it, and the reply that decided.
pub fn check_memory(
    wire: &Wire,
    number: usize,
    from: usize,
    end: &End<Report>,
    delivery: Delivery,
    last: Option<u16>,
) {
    let transaction = wire.dialogue.transaction_of(number, from);
    let is_whole = transaction.is_some_and(|t| t.content == Content::Whole);
    let is_refused = transaction
        .filter(|t| t.is_wanted(false))
        .and_then(|t| t.chunk_refusal)
        .is_some_and(|code| code != 421);
    let due = match end {
        Ok(_) => Delivery::Accepted,
        Err(Error::DeliveryUnknown { .. }) => Delivery::Unknown,
        Err(Error::Refused(_)) if is_whole || is_refused => Delivery::Refused,
        Err(_) => Delivery::None,
    };
    assert_eq!(delivery, due);
    let code = match end {
        Ok(report) => report.code(),
        Err(Error::Refused(refusal)) => refusal.code(),
        Err(_) => return,
    };
    assert!(last.is_none_or(|last| last == code), "{last:?}, not {code}");
}
