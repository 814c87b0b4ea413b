//! The crate's own TLS, on a host that can go on after a panic.
//!
//! After the handshake a server that breaks TLS may end in a panic of the library, as the
//! documentation of `tls` has it. The result then says that the server broke TLS. Whether the
//! mail was delivered is asked of the client, which outlives the panic.

use std::io::{self, ErrorKind};
use std::ops::{Deref, DerefMut};
use std::panic::{self, AssertUnwindSafe};

use embedded_smtp::{Client, Delivery, Error, Fault};

use crate::advice::Words;
use crate::outcome::{Opening, Ruling};
use crate::report::Ending;
use crate::send::{Job, lost};
use crate::source::Source;
use crate::watch::{Heard, Watch};

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
    let delivery = job.delivery.get();
    if delivery == Delivery::Accepted
        && let Some(reply) = job.watch.final_reply()
    {
        return accepted(job, reply);
    }
    let what = "the server broke TLS (a message that has no place)";
    if job.watch.tls().is_none() {
        let error = format!("{what}: use --tls-stack rustls");
        return Ending::early(Ruling::of_opening(Opening::Broken), error);
    }
    let fault = Fault::Transport(io::Error::new(ErrorKind::InvalidData, what));
    let error = match delivery {
        Delivery::Unknown => Error::DeliveryUnknown { fault, last: None },
        _ => Error::Failed {
            fault,
            phase: job.watch.phase(),
            last: None,
        },
    };
    let words = Words {
        reply: job.watch.last_refusal(),
        ..Words::default()
    };
    Ending {
        messages,
        ..lost(job, &error, &words)
    }
}

/// A client whose word on the mail is kept when it is let go, also by a panic.
pub struct Witness<'c, 'b, M, T> {
    client: &'c mut Client<'b, M, T, &'b Watch>,
    job: &'c Job<'c>,
}

impl<'c, 'b, M, T> Witness<'c, 'b, M, T> {
    pub fn new(client: &'c mut Client<'b, M, T, &'b Watch>, job: &'c Job<'c>) -> Self {
        Self { client, job }
    }
}

impl<M, T> Drop for Witness<'_, '_, M, T> {
    fn drop(&mut self) {
        self.job.delivery.set(self.client.delivery());
    }
}

impl<'b, M, T> Deref for Witness<'_, 'b, M, T> {
    type Target = Client<'b, M, T, &'b Watch>;

    fn deref(&self) -> &Self::Target {
        self.client
    }
}

impl<M, T> DerefMut for Witness<'_, '_, M, T> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.client
    }
}

/// This mail was accepted with this reply, and there is no report.
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
