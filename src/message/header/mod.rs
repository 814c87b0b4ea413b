//! The fields of a message's header: what may stand in them, and how they are written.

pub(in crate::message) mod custom;
pub(in crate::message) mod date;
mod encoded_word;
pub(in crate::message) mod head;
pub(in crate::message) mod id;
mod mailboxes;
pub(in crate::message) mod text;
