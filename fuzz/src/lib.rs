//! The fuzz targets as functions of an input: `fuzz_targets/` hands them what a fuzzer finds, and
//! `tests/seeds.rs` what is kept in `seeds/`.
//!
//! A target panics when a rule is broken. What the library does is compared with what is written
//! here on its own account, from the RFCs: a reader of replies, one of EHLO's answer, one of what a
//! client says, grammars of addresses and lists. None of it shares code with the library.

mod address;
mod form;
mod list;
mod message;
mod mock;
mod offers;
pub mod replies;
mod reply;
mod rsa;
pub mod session;
pub mod verifier;

pub use address::address;
pub use list::list;
pub use message::message;
pub use mock::mock;
pub use reply::reply;
pub use rsa::rsa;
pub use session::session;
pub use verifier::verifier;
