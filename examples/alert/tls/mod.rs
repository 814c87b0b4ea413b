//! TLS on a link: what both libraries and both drivers have in common.
//!
//! ```text
//!  blocking.rs, asynch.rs   streams over a link; twins
//!      │
//!  pump.rs, embedded.rs     rustls, bytes in and out; the crate's own TLS
//!      │
//!  verifier.rs              who is trusted, with rustls
//!      │
//!  shown.rs, distrust.rs    what the server shows of itself; why that is not enough
//! ```

pub mod asynch;
pub mod blocking;
mod distrust;
mod embedded;
mod pump;
mod shown;
mod verifier;

use std::fmt;
use std::io::{self, ErrorKind};

pub use distrust::Distrust;
pub use embedded::{READ_BUFFER, WRITE_BUFFER};
pub use shown::{Shown, Terms};

use crate::advice;
use crate::link;
use crate::options::TlsStack;
use crate::outcome::Opening;
use crate::trust::Trust;

/// The reason TLS was not opened, or broke.
#[derive(Debug)]
pub enum Fault {
    /// The server has not proven who it is.
    Distrust(Distrust),
    /// The server has nothing in common with this client, and said so or not.
    Incompatible(String),
    /// The bytes received are not TLS, or break its rules.
    Broken(String),
    /// The server said this line in place of TLS. It is safe to show.
    Words(String),
    /// The server requires a certificate of the client.
    ClientCertificate,
    /// The server ended TLS by an alert.
    Alert(String),
    /// The server closed the connection.
    Closed,
    /// The link failed.
    Link(io::Error),
}

impl Fault {
    /// The same fault; where the server said something in place of TLS, that.
    pub fn or_words(self, first: &link::FirstLine) -> Self {
        match (&self, first.line()) {
            (Self::Distrust(_), _) => self,
            (_, Some(line)) => Self::Words(advice::quoted(&line)),
            _ => self,
        }
    }

    /// The kind of a handshake that ended so.
    pub fn opening(&self) -> Opening {
        match self {
            Self::Distrust(_) => Opening::Distrusted,
            Self::Incompatible(_)
            | Self::Broken(_)
            | Self::Words(_)
            | Self::ClientCertificate
            | Self::Alert(_) => Opening::Broken,
            Self::Closed | Self::Link(_) => Opening::Lost,
        }
    }

    /// One line about a failed handshake: what happened, and what to do.
    pub fn advice(&self, shown: &Shown, trust: &Trust, is_starttls: bool) -> String {
        let other_stack = match trust.stack {
            TlsStack::Rustls => "ask who runs the server",
            TlsStack::Embedded => "use --tls-stack rustls",
        };
        match self {
            Self::Distrust(distrust) => distrust.advice(shown, trust),
            Self::Incompatible(what) => format!("{what}: {other_stack}"),
            Self::Broken(what) if is_starttls => {
                format!("{what}: check host and port, or try again")
            }
            Self::Broken(what) => {
                format!("{what}: check host and port, or use --security starttls")
            }
            Self::Words(words) => {
                let advice = match words.as_bytes() {
                    _ if is_starttls => "check host and port, or try again",
                    [b'2', b'2', b'0', ..] => "use --security starttls",
                    [b'4' | b'5', ..] => {
                        "ask who runs the server why it does not let you in, or use --security starttls"
                    }
                    _ => "check host and port, or use --security starttls",
                };
                format!("where TLS was expected, the server said \"{words}\": {advice}")
            }
            Self::ClientCertificate => format!("{self}: {WITHOUT_CERTIFICATE}"),
            Self::Alert(alert) => {
                format!("the server ended the TLS handshake (alert {alert}): {other_stack}")
            }
            Self::Closed => {
                let or_stack = match trust.stack {
                    TlsStack::Rustls => "",
                    TlsStack::Embedded => ", or, for a server without TLS 1.3, --tls-stack rustls",
                };
                format!(
                    "the server closed the connection in the TLS handshake: check host, port and \
                     --security, or try again{or_stack}"
                )
            }
            Self::Link(error) if error.kind() == ErrorKind::TimedOut => {
                "the server took too long for the TLS handshake: try again, or give it a longer \
                 --timeout"
                    .into()
            }
            Self::Link(error) => {
                format!("the connection broke in the TLS handshake ({error}): try again")
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Distrust(distrust) => write!(f, "{distrust:?}"),
            Self::Incompatible(what) | Self::Broken(what) | Self::Words(what) => f.write_str(what),
            Self::ClientCertificate => f.write_str("the server requires a client certificate"),
            Self::Alert(alert) => write!(f, "TLS alert: {alert}"),
            Self::Closed => f.write_str("closed"),
            Self::Link(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Fault {}

/// What to do about a server that requires a certificate.
const WITHOUT_CERTIFICATE: &str =
    "alert has none to show; ask who runs the server for one that takes a password";

/// What to do about an error of a stream, where its fault says more than that the link broke.
pub fn advice_after(error: &io::Error) -> Option<&'static str> {
    match error.get_ref()?.downcast_ref()? {
        Fault::ClientCertificate => Some(WITHOUT_CERTIFICATE),
        Fault::Incompatible(_) => Some("use --tls-stack rustls"),
        _ => None,
    }
}

/// A fault after the handshake, as a transport's error.
impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Link(error) => error,
            Fault::Closed | Fault::Alert(_) => Self::new(ErrorKind::ConnectionAborted, fault),
            // By this kind it is told from a link that broke.
            fault => Self::new(ErrorKind::InvalidData, fault),
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Link(error)
    }
}
