//! A session driven by arbitrary octets of a server and arbitrary operations of a caller.
//!
//! ```text
//! with: plain, no-pipelining, all-or-none, helo, chunking-ahead, limits, require-tls, by-chain
//! with: buffer 256, reads 1 7, writes 100
//! with: write-fails 3                or write-breaks, write-ends, flush-fails; upgrade-fails
//! with: times-out, source-fails 10
//! to: b@example.org                  also cc, from, subject, text, receipt, message (ready-made),
//!                                    notify, return, envid
//! do: open
//! do: login tim secret               also with a mechanism; login-nonce tim secret NONCE,
//!                                    login-token tim TOKEN, login-cram tim secret; danger-login…
//! do: send-last                      starttls, send, send-unsent, send-streamed, also together as
//!                                    send-unsent-last, send-split, send-split 1, send-all 3,
//!                                    send-all 3 1, reset, noop, quit
//!
//! 220 x\r\n|250 x\r\n                the server's octets; `|` ends what is said at once
//! ```
//!
//! The words are those of the wire vectors (`tests/support/vector.rs`). Without `plain` the link is
//! one that keeps secrets. `reads` are the octets of each read, over and over; at `|` every read
//! ends. A trouble strikes at the call with its number, counted from 1.
//!
//! What is checked stands in [`dialogue`], [`rules`], [`mail_rules`], [`limits`], [`link`] and
//! [`verdict`].

mod caller;
mod client;
pub mod command;
mod content;
pub mod dialogue;
mod hearing;
mod input;
mod limits;
mod link;
pub mod login;
pub mod mail;
mod mail_rules;
mod mails;
mod rules;
mod scram;
mod verdict;

use std::cell::RefCell;
use std::rc::Rc;

use crate::form::Form;
use caller::Caller;
use dialogue::{Dialogue, Policy};
use input::{Operation, Setup};
use link::Wire;

/// The fuzz target.
pub fn session(input: &[u8]) {
    let form = Form::read(input);
    let setup = Setup::of(&form);
    // Of two CRs at a line's end, the second may be taken for a part of the line or not.
    let has_double_cr = form.octets.windows(3).any(|octets| octets == b"\r\r\n");
    if has_double_cr || may_hide_limits(&form, &setup) {
        return;
    }
    let dialogue = Dialogue::new(Policy {
        without_pipelining: setup.without_pipelining,
        all_or_none: setup.all_or_none,
        helo: setup.helo,
        is_secure: !setup.is_plain,
        chunking: setup.chunking,
        limits: setup.limits,
        require_tls: setup.require_tls,
        by_chain: setup.by_chain,
        buffer: setup.buffer,
    });
    let wire = Rc::new(RefCell::new(Wire::new(form.octets, &setup, dialogue)));
    let mut buffer = vec![0; setup.buffer];
    let mut caller = Caller::new(&form, &setup, &wire, &mut buffer);
    for operation in Operation::all(&form) {
        caller.operate(operation);
    }
    let mut secrets = caller.secrets();
    drop(caller);
    secrets.append(&mut wire.borrow_mut().dialogue.secrets);
    // What was secret is wiped, unless the server said it too, with a pause in it or without.
    let heard: Vec<u8> = input
        .iter()
        .copied()
        .filter(|b| *b != link::PAUSE)
        .collect();
    for secret in secrets.iter().filter(|secret| secret.len() >= 12) {
        let stands_in =
            |octets: &[u8]| octets.windows(secret.len()).any(|w| w == secret.as_bytes());
        assert!(
            stands_in(input) || stands_in(&heard) || !stands_in(&buffer),
            "a secret in the buffer"
        );
    }
}

/// There are more domains than the client tells apart, so that it keeps to less than it must; or a
/// word with limits is longer than what the client has room for.
fn may_hide_limits(form: &Form<'_>, setup: &Setup) -> bool {
    let lists = ["to", "cc"].into_iter().filter_map(|key| form.text(key));
    let domains: usize = lists.map(|list| list.matches('@').count()).sum();
    let mut words = form.octets.split(|&b| b" \t\n".contains(&b));
    setup.limits && (domains > 8 || words.any(|word| word.len() >= setup.buffer / 4))
}
