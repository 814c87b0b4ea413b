//! What real servers, readers and users did to the crate, as it was reported from the field: a test
//! for each report, with its number.

#[path = "../support/mod.rs"]
mod support;

mod header;
mod parts;
mod session;
