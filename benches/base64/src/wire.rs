//! The package's own encoder, as it stands there.

#[path = "../../../src/wire/base64.rs"]
pub mod base64;
#[path = "../../../src/wire/writer.rs"]
pub mod writer;
