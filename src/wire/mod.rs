//! Parses bytes into values and writes values as bytes: no order of commands, no I/O.

pub(crate) mod address;
pub(crate) mod base64;
pub(crate) mod base64_line;
pub(crate) mod command;
pub(crate) mod domain;
pub(crate) mod dot;
pub(crate) mod ehlo;
pub(crate) mod fold;
pub(crate) mod list;
mod literal;
pub(crate) mod mailbox;
pub(crate) mod quoted_printable;
pub(crate) mod reply;
pub(crate) mod sasl;
pub(crate) mod scan;
pub(crate) mod writer;
pub(crate) mod xtext;
