//! The rules that are checked before anything is sent.
//!
//! This file writes nothing, reads nothing and changes nothing.

use crate::invalid::{Field, Invalid, Reason};
use crate::message::Message;
use crate::missing::Missing;
use crate::proof::Proof;
use crate::wire::ehlo::Extension;

use super::hindrance::Hindrance;
use super::recipients::Turn;
use super::results::LeftOut;
use super::server::Server;

/// The smallest buffer a session works with, in bytes.
///
/// 512 bytes and more are better: fewer writes, and longer texts of replies.
pub const BUFFER_MIN: usize = 256;

/// The buffer is large enough for any session.
pub(super) const fn buffer(bytes: usize) -> Result<(), Invalid> {
    if bytes < BUFFER_MIN {
        Err(Invalid::new(Field::Buffer, Reason::TooSmall))
    } else {
        Ok(())
    }
}

/// A message has a recipient and an author, room for the results where those count, and a source for each of its
/// streamed parts.
#[inline(never)]
pub(super) fn message(
    message: &Message<'_>,
    sources: usize,
    left_out: LeftOut<'_>,
) -> Result<(), Invalid> {
    let (field, reason) = if Turn::default().next(message, left_out).is_none() {
        (Field::Recipients, Reason::Empty)
    } else if !message.has_author() {
        (Field::From, Reason::Empty)
    } else if left_out.is_some_and(|(noting, results)| !(noting.covers)(results, message)) {
        (Field::Results, Reason::TooSmall)
    } else if message.streamed_parts() > sources {
        (Field::Message, Reason::NoSource)
    } else {
        return Ok(());
    };
    Err(Invalid::new(field, reason))
}

/// The server offers what the message needs. The extensions it uses, a sum of [`Extension::bit`], and
/// the length of the content where it is known and matters.
pub(super) fn offers(
    server: &Server,
    message: &Message<'_>,
    require_tls: bool,
    is_chunked: bool,
) -> Result<(u16, Option<u32>), Hindrance> {
    let mut needs = message.needs();
    if require_tls {
        needs |= Extension::RequireTls.bit();
    }
    let missing = needs & !server.capabilities().of(needs);
    if missing != 0 {
        return Err(lacking(missing));
    }
    if require_tls && server.proof() != Some(Proof::Chain) {
        return Err(Missing::VerifiedChain.into());
    }
    // RFC 6531 §3.6: with SMTPUTF8, the content is said to be of eight bits.
    if needs & Extension::SmtpUtf8.bit() != 0 {
        needs |= server.capabilities().of(Extension::EightBitMime.bit());
    }
    let length = if is_chunked || server.offers(Extension::Size) {
        message.encoded_len()
    } else {
        None
    };
    // RFC 1870 §6.1: a client "need not" try what is known to be too large.
    if let (Some(length), Some(limit)) = (length, server.capabilities().size_limit())
        && length > limit
    {
        return Err(Invalid::new(Field::Message, Reason::TooLarge).into());
    }
    Ok((needs, length))
}

/// The reason that a mail which needs these extensions does not begin.
const fn lacking(extensions: u16) -> Hindrance {
    let reason = if extensions & Extension::SmtpUtf8.bit() != 0 {
        Reason::NeedsSmtpUtf8
    } else if extensions & Extension::EightBitMime.bit() != 0 {
        Reason::NeedsEightBitMime
    } else {
        return Hindrance::Missing(Missing::Extension(Extension::RequireTls));
    };
    Hindrance::Invalid(Invalid::new(Field::Message, reason))
}
