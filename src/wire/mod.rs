//! Octets to values and back: no order of commands, no I/O.

pub(crate) mod base64;
pub(crate) mod dot;
pub(crate) mod quoted_printable;
pub(crate) mod writer;
