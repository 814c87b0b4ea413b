//! The crate's own TLS, on a host that can go on after a panic.
//!
//! Behind the handshake a server that breaks TLS may end in a panic of the library, as the documentation
//! of `tls` has it. The result says then that the server broke TLS.

use std::io::{self, ErrorKind};
use std::panic::{self, AssertUnwindSafe};

use embedded_smtp::{Error, Fault};

use crate::outcome::{Opening, Ruling};
use crate::report::Ending;
use crate::send::{Job, lost};
use crate::source::Source;
use crate::watch::Heard;

/// Sends the messages, and says how it ended.
pub fn run(job: &Job<'_>, sources: &mut [Source<'_>]) -> Ending {
    if let Some(ending) = without_panic(|| job.run(sources)) {
        return ending;
    }
    let messages = job.accepted.get();
    if messages == job.messages.len()
        && let Some(ending) = job.so_far.take()
    {
        return Ending { messages, ..ending };
    }
    if let Some(reply) = job.watch.final_reply() {
        return accepted(job, reply);
    }
    let what = "the server broke TLS (a message that has no place)";
    if job.watch.tls().is_none() {
        let error = format!("{what}: use --tls-stack rustls");
        return Ending::early(Ruling::of_opening(Opening::Broken), error);
    }
    let fault = Fault::Transport(io::Error::new(ErrorKind::InvalidData, what));
    let error = match job.watch.phase() {
        _ if job.watch.is_content_out() => Error::Unknown { fault },
        phase => Error::Failed { fault, phase },
    };
    Ending {
        messages,
        ..lost(job, &error)
    }
}

/// The mail at hand was accepted with this reply, and there is no report.
fn accepted(job: &Job<'_>, reply: Heard) -> Ending {
    let recipients = job.watch.recipients();
    let is_partial = recipients.iter().any(|reply| reply.code >= 300);
    let is_any_temporary = recipients.iter().any(|reply| reply.code / 100 == 4);
    let error = "some recipients were refused: check their addresses, or send it to them later";
    Ending {
        ruling: Ruling::accepted(is_partial, is_any_temporary),
        reply: Some(reply),
        messages: job.accepted.get() + 1,
        recipients,
        error: is_partial.then(|| error.into()),
        tls: None,
    }
}

/// Runs this, and takes a panic for an answer.
fn without_panic<T>(run: impl FnOnce() -> T) -> Option<T> {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let result = panic::catch_unwind(AssertUnwindSafe(run)).ok();
    panic::set_hook(hook);
    result
}
