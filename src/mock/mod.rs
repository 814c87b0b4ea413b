//! A mail server for tests.
//!
//! It is the server's side of SMTP written on its own account: it shares no code with the client, so
//! the two cannot agree on an error. It offers what it is told to offer, refuses what it is told to
//! refuse, answers wrongly, slowly or not at all where a [script](Builder::script) says so, checks
//! what it gets more strictly than any real server, and keeps the mails, the commands and the whole
//! dialogue.
//!
//! It runs over TCP on the loopback ([`Server::listen`]), or in memory without a thread
//! ([`Server::duplex`]), where a conversation that would hang fails at once, delays take no time, and
//! writes and round trips are counted.
//!
//! # Examples
//!
//! ```
//! use embedded_io::{Read, Write};
//! use embedded_smtp::mock::{Action, Server, Stage};
//!
//! let server = Server::builder()
//!     .refuse_recipient("nobody@example.org", "550 5.1.1 <nobody@example.org>: no such user")
//!     .script(Stage::Content, 2, Action::reply("451 4.3.0 try later\r\n"))
//!     .build();
//!
//! let mut link = server.duplex();
//! let mut say = |octets: &str| {
//!     link.write_all(octets.as_bytes()).unwrap();
//!     link.flush().unwrap();
//!     let mut reply = [0; 512];
//!     let length = link.read(&mut reply).unwrap();
//!     String::from_utf8(reply[..length].to_vec()).unwrap()
//! };
//! # let greeting = say("");
//! # assert!(greeting.starts_with("220 "));
//! assert!(say("EHLO client.example\r\n").contains("250-PIPELINING\r\n"));
//! let flight = "MAIL FROM:<a@example.org>\r\n\
//!               RCPT TO:<ops@example.org>\r\n\
//!               RCPT TO:<nobody@example.org>\r\n\
//!               DATA\r\n";
//! assert!(say(flight).starts_with("250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n550 5.1.1 "));
//! assert!(say("Subject: hot\r\n\r\n..\r\n.\r\n").starts_with("250 2.0.0 Ok: queued as "));
//!
//! assert_eq!(server.violations(), [""; 0]);
//! let mail = &server.deliveries()[0];
//! assert_eq!(mail.reverse_path, "a@example.org");
//! assert_eq!(mail.recipients.len(), 1);
//! assert_eq!(mail.content, b"Subject: hot\r\n\r\n.\r\n");
//! assert!(server.transcript().to_string().contains("C: RCPT TO:<ops@example.org>\n"));
//! ```
//!
//! # What it checks
//!
//! [`Server::violations`] names, in words:
//!
//! - bare CR, bare LF, control bytes and NUL; 8-bit bytes without SMTPUTF8 or BODY=8BITMIME
//! - command lines over 512 bytes (and what extensions add), AUTH responses over 12,288, lines of
//!   content over 1,000; a leading dot that was not doubled
//! - commands out of order, and after QUIT; malformed paths, parameters and EHLO names
//! - extensions, mechanisms and parameters that were not offered; more than LIMITS allows
//! - pipelining that was not offered, bytes after a command that ends a group, and content before
//!   the 354. In memory this is exact; over TCP only what came in one read is seen
//! - a SIZE that is not the number of bytes that came
//! - credentials without TLS; messages of a SASL mechanism that its RFC does not allow, an initial
//!   response where the server begins, base64 in any but its one form
//!
//! A command that is refused only because it rode in a flight after another refused one is no
//! violation.
//!
//! # Faults
//!
//! Most faults are an [`Action`] at a [`Stage`], at its n-th occurrence or at each:
//!
//! | Fault | Action |
//! |---|---|
//! | A reply too many, at once | `normal().then_say("250 Ok\r\n")` |
//! | A reply too many, just before the next one | `normal().then_say_late("250 Ok\r\n")` |
//! | A reply that never comes, though the command took effect | `unanswered()` |
//! | Last words other than 421, in the same write as a reply | `normal().then_say("451 …\r\n").then_close()` |
//! | Last words when the next command arrives, unread | `normal().then_say_late("451 …\r\n").then_close_late()` |
//! | QUIT without an answer, the connection open | `silence()` at [`Stage::Quit`] |
//! | QUIT without an answer, the connection closed | `close()` at [`Stage::Quit`] |
//! | Words without a line end, then a close | `reply("550 blocked").then_close()` |
//! | A refused RSET | `reply("454 4.3.0 later\r\n")` at [`Stage::Rset`] |
//! | A greeting whose lines differ | `reply("220-teaser\r\n521 5.7.1 blocked\r\n")` at [`Stage::Greeting`] |
//!
//! [`Builder::ehlo_line`] adds any line to the EHLO reply: a second SIZE, a very long AUTH.
//! [`Builder::misread_refused_chunks`] makes a server that reads a refused chunk as commands.
//!
//! # Limits
//!
//! A line is kept up to 64 KiB, a content up to 64 MiB (what is longer is refused), all accepted
//! content up to 256 MiB, command lines and dialogue up to 64 MiB, 1,000 violations. SCRAM-SHA-256
//! compares names and passwords as they came, without SASLprep. Nobody may log in as one user to act
//! for another.
//!
//! # TLS
//!
//! With the feature `mock-tls` and a certificate (`Builder::certificate`) the server speaks TLS 1.2
//! and 1.3 after its 220 to STARTTLS, or from the first byte ([`Builder::implicit_tls`]), in memory
//! too. Without them a link only counts as TLS: the bytes go on as they are. Bytes that come with
//! STARTTLS, before its 220, are thrown away either way.

// Test support on a host, never linked into firmware: a broken invariant here may end the test that
// meets it. No input reaches one: arbitrary bytes are tried on it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]

mod accounts;
mod answer;
mod auth;
mod body;
mod builder;
mod channel;
mod commands;
mod content;
mod cram_md5;
mod dialogue;
mod duplex;
mod gs2;
mod login;
mod oauth;
mod outbox;
mod parameter;
mod path;
mod plain;
mod record;
mod scram;
mod scram_message;
mod script;
mod server;
mod tcp;
#[cfg(feature = "mock-tls")]
mod tls;
#[cfg(feature = "mock-tls")]
mod tls_layer;
mod transaction;

pub use accounts::PlaintextAuth;
pub use auth::Mechanism;
pub use builder::{Builder, Extension};
pub use duplex::Duplex;
pub use outbox::Writes;
pub use record::{Delivery, Recipient, Traffic, Transcript, Via};
pub use scram::ScramOddity;
pub use script::{Action, Stage};
pub use server::Server;
pub use tcp::Listener;
#[cfg(feature = "mock-tls")]
pub use tls::{TlsSession, TlsVersion};
