//! The command line: its options. Which of them go together is in `check.rs`; what a value is worth
//! as an address or a text, the crate decides later.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use embedded_smtp::session::BUFFER_MIN;
use embedded_smtp::tls::Pin;

use crate::check::Usage;
use crate::trust;

/// Sends an alert by mail, as a device with this crate would.
///
/// Without arguments it shows all of it on a mail server of its own.
#[derive(Parser, Debug, Clone)]
#[command(name = "alert", version)]
pub struct Options {
    /// Server to connect to
    #[arg(long, value_name = "HOST:PORT", value_parser = server, help_heading = CONNECTION)]
    pub server: Option<Server>,
    /// Security of the link [default: tls for port 465, else starttls]
    #[arg(long, value_enum, help_heading = CONNECTION)]
    pub security: Option<Security>,
    /// The TLS library: rustls, or the crate's own on embedded-tls [default: rustls]
    #[arg(long, value_enum, help_heading = CONNECTION)]
    pub tls_stack: Option<TlsStack>,
    /// Trust these roots instead of the public ones
    #[arg(long, value_name = "FILE.pem", help_heading = CONNECTION)]
    pub ca: Option<PathBuf>,
    /// SHA-256 of the server key's SubjectPublicKeyInfo, as --transcript shows it; may repeat. Alone it
    /// replaces chain and name, with --ca both must hold
    #[arg(long, value_name = "HEX", value_parser = pin, help_heading = CONNECTION)]
    pub pin: Vec<Pin>,
    /// Do not verify the server: anyone on the way can read and change everything
    #[arg(long, help_heading = CONNECTION)]
    pub danger_no_verify: bool,
    /// The name to verify, if not HOST
    #[arg(long, value_name = "NAME", value_parser = server_name, help_heading = CONNECTION)]
    #[arg(allow_hyphen_values = true)]
    pub server_name: Option<String>,
    /// The name given in EHLO: a domain or an address literal
    #[arg(long, value_name = "NAME", default_value = "[127.0.0.1]", help_heading = CONNECTION)]
    #[arg(allow_hyphen_values = true)]
    pub helo: String,
    /// User name to log in with
    #[arg(long, value_name = "U", allow_hyphen_values = true, help_heading = CONNECTION)]
    pub user: Option<String>,
    /// Password; other users of this computer may see it
    #[arg(long, value_name = "P", allow_hyphen_values = true, help_heading = CONNECTION)]
    #[arg(conflicts_with = "password_env")]
    pub password: Option<String>,
    /// The environment variable that holds the password
    #[arg(long, value_name = "VAR", help_heading = CONNECTION)]
    pub password_env: Option<String>,
    /// OAuth 2.0 access token
    #[arg(long, value_name = "T", allow_hyphen_values = true, help_heading = CONNECTION)]
    #[arg(conflicts_with_all = ["password", "password_env"])]
    pub token: Option<String>,
    /// Mechanism to log in with
    #[arg(long, value_enum, default_value_t = Auth::Auto, help_heading = CONNECTION)]
    pub auth: Auth,
    /// Allow credentials without TLS
    #[arg(long, help_heading = CONNECTION)]
    pub danger_plaintext_auth: bool,
    /// Which of the crate's two clients does it
    #[arg(long, value_enum, default_value_t = Driver::Blocking, help_heading = CONNECTION)]
    pub driver: Driver,
    /// The client's buffer
    #[arg(long, value_name = "OCTETS", default_value = "1024", value_parser = buffer)]
    #[arg(help_heading = CONNECTION)]
    pub buffer: usize,
    /// For connecting, for the TLS handshake, for each whole reply and for each write without progress
    /// [default: the times of RFC 5321 §4.5.3.2, connecting and TLS 60]
    #[arg(long, value_name = "SECONDS", help_heading = CONNECTION)]
    pub timeout: Option<NonZeroU32>,
    /// Wait for each reply before the next command
    #[arg(long, help_heading = CONNECTION)]
    pub no_pipelining: bool,
    /// Send content by DATA, by BDAT after the replies to RCPT, or by BDAT ahead of them. Ahead is
    /// for a server you know: one that does not skip refused content would read it as commands
    #[arg(long, value_enum, default_value_t = Chunking::Off, help_heading = CONNECTION)]
    pub chunking: Chunking,
    /// The same as --chunking off
    #[arg(long, conflicts_with = "chunking", help_heading = CONNECTION)]
    pub no_chunking: bool,
    /// Ask every server on the way to use TLS that it has verified (REQUIRETLS)
    #[arg(long, help_heading = CONNECTION)]
    pub require_tls: bool,
    /// Send to the recipients that are accepted, or to all or none
    #[arg(long, value_enum, default_value_t = Policy::Partial, help_heading = CONNECTION)]
    pub policy: Policy,
    /// Send N mails over the one connection
    #[arg(long, value_name = "N", conflicts_with = "message_id")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=REPEAT_MAX))]
    #[arg(help_heading = CONNECTION)]
    pub repeat: Option<u32>,
    /// Show the dialogue on stderr, secrets hidden
    #[arg(long, help_heading = CONNECTION)]
    pub transcript: bool,

    /// Author
    #[arg(long, value_name = "MAILBOX", allow_hyphen_values = true, help_heading = MESSAGE)]
    pub from: Option<String>,
    /// Address for answers
    #[arg(long, value_name = "MAILBOX", allow_hyphen_values = true, help_heading = MESSAGE)]
    pub reply_to: Option<String>,
    /// Address for reports of failed delivery; <> for none
    #[arg(long, value_name = "MAILBOX", allow_hyphen_values = true, help_heading = MESSAGE)]
    pub envelope_from: Option<String>,
    /// Recipients, separated by ; or ,
    #[arg(long, value_name = "LIST", allow_hyphen_values = true, help_heading = MESSAGE)]
    pub to: Option<String>,
    /// Recipients of a copy
    #[arg(long, value_name = "LIST", allow_hyphen_values = true, help_heading = MESSAGE)]
    pub cc: Option<String>,
    /// Recipients that the message does not name
    #[arg(long, value_name = "LIST", allow_hyphen_values = true, help_heading = MESSAGE)]
    pub bcc: Option<String>,
    /// Subject; @FILE takes a file's content, @@ is an @
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, help_heading = MESSAGE)]
    pub subject: Option<String>,
    /// Plain text; @FILE takes a file's content, @@ is an @
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, help_heading = MESSAGE)]
    pub text: Option<String>,
    /// HTML; @FILE takes a file's content, @@ is an @
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, help_heading = MESSAGE)]
    pub html: Option<String>,
    /// Urgency
    #[arg(long, value_enum, help_heading = MESSAGE)]
    pub importance: Option<Importance>,
    /// Attach a file, by default in base64; with encoding=none it is sent as it is and must be
    /// ASCII with CRLF line ends. The name is that of the file if none is given, and the type is what
    /// the name ends in. With a cid it is inline. May repeat
    #[arg(
        long,
        value_name = "FILE[,type=T][,name=N][,cid=C][,encoding=base64|none]"
    )]
    #[arg(allow_hyphen_values = true, value_parser = attach, help_heading = MESSAGE)]
    pub attach: Vec<Attach>,
    /// Read the files of --attach from disk in pieces while sending
    #[arg(long, help_heading = MESSAGE)]
    pub stream: bool,
    /// A header field, 'Name: value'; may repeat
    #[arg(long, value_name = "FIELD", allow_hyphen_values = true, help_heading = MESSAGE)]
    pub header: Vec<String>,
    /// Leave out Auto-Submitted: auto-generated
    #[arg(long, help_heading = MESSAGE)]
    pub no_auto_submitted: bool,
    /// Ask for a report when the mail is read. A name beside the address is left out
    #[arg(long, value_name = "ADDRESS", allow_hyphen_values = true, help_heading = MESSAGE)]
    pub read_receipt: Option<String>,
    /// Ask for a report when the mail is delivered. A name beside the address is left out
    #[arg(long, value_name = "ADDRESS", allow_hyphen_values = true, help_heading = MESSAGE)]
    pub delivery_receipt: Option<String>,
    /// When to report on the delivery, where the server can
    #[arg(long, value_enum, value_name = "WHEN", value_delimiter = ',')]
    #[arg(help_heading = MESSAGE)]
    pub notify: Vec<Notify>,
    /// Part of the message that a report on a failure holds, if the server can
    #[arg(long = "return", value_enum, value_name = "WHAT", help_heading = MESSAGE)]
    pub returns: Option<Return>,
    /// An identifier that reports give back, where the server can
    #[arg(long, value_name = "ID", allow_hyphen_values = true, help_heading = MESSAGE)]
    pub envid: Option<String>,
    /// When the mail was written [default: now]
    #[arg(long, value_name = "UNIX-SECONDS", help_heading = MESSAGE)]
    pub date: Option<u64>,
    /// Message-ID, with or without angle brackets [default: the time and a random number]
    #[arg(long, value_name = "ID", allow_hyphen_values = true, help_heading = MESSAGE)]
    pub message_id: Option<String>,
    /// Number to make everything from that is otherwise random
    #[arg(long, value_name = "N", help_heading = MESSAGE)]
    pub seed: Option<u64>,
    /// The fields of the "Send email" connector as JSON, - for stdin. ContentTransferEncoding says
    /// how ContentData is written: base64, or none (or absent) for the text itself; any other value
    /// is refused. A missing ContentType is told from FileName
    #[arg(long, value_name = "FILE|-", help_heading = MESSAGE)]
    pub json: Option<PathBuf>,
    /// Print the message and send nothing
    #[arg(long, help_heading = MESSAGE)]
    pub eml: bool,
}

const CONNECTION: &str = "Connection";
const MESSAGE: &str = "Message";

/// A server's name or address and its port.
#[derive(Debug, Clone)]
pub struct Server {
    /// Without the brackets of an IPv6 address.
    pub host: String,
    pub port: u16,
}

/// A file to attach.
#[derive(Debug, Clone)]
pub struct Attach {
    pub path: String,
    pub media_type: Option<String>,
    pub name: Option<String>,
    pub content_id: Option<String>,
    pub encoding: Encoding,
}

/// The encoding of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Base64,
    /// As it is, or not at all.
    None,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    Starttls,
    Tls,
    Plain,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsStack {
    Rustls,
    Embedded,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
#[value(rename_all = "kebab-case")]
pub enum Auth {
    Auto,
    Plain,
    Login,
    Xoauth2,
    Oauthbearer,
    #[value(name = "cram-md5")]
    CramMd5,
    #[value(name = "scram-sha-256")]
    ScramSha256,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Driver {
    Blocking,
    Async,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chunking {
    Off,
    After,
    Ahead,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    Partial,
    All,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notify {
    Never,
    Success,
    Failure,
    Delay,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Return {
    Full,
    Headers,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Importance {
    High,
    Normal,
    Low,
}

impl Options {
    /// `--security`, or the usual security of the port.
    pub fn security(&self) -> Security {
        match (self.security, &self.server) {
            (Some(security), _) => security,
            (None, Some(Server { port: 465, .. })) => Security::Tls,
            (None, _) => Security::Starttls,
        }
    }

    /// `--chunking`, or `off` by `--no-chunking`.
    pub fn chunking(&self) -> Chunking {
        if self.no_chunking {
            Chunking::Off
        } else {
            self.chunking
        }
    }

    /// `--tls-stack`, or the one that knows more.
    pub fn tls_stack(&self) -> TlsStack {
        self.tls_stack.unwrap_or(TlsStack::Rustls)
    }

    /// The password, from wherever it is to be taken.
    pub fn secret(&self) -> Result<Option<String>, Usage> {
        match (&self.password, &self.password_env) {
            (Some(password), _) => Ok(Some(password.clone())),
            (None, Some(name)) => match std::env::var(name) {
                Ok(password) => Ok(Some(password)),
                Err(_) => Err(Usage(format!(
                    "--password-env: the environment has no variable {name}, or not in UTF-8"
                ))),
            },
            (None, None) => Ok(None),
        }
    }
}

fn server(text: &str) -> Result<Server, String> {
    let (host, port) = text
        .rsplit_once(':')
        .ok_or("it has no port: give HOST:PORT")?;
    let port = port.parse().ok().filter(|port| *port > 0);
    let port = port.ok_or("the port must be a number from 1 to 65535")?;
    let host = match host.strip_prefix('[') {
        Some(literal) => literal
            .strip_suffix(']')
            .ok_or("the bracket is not closed")?,
        None if host.contains(':') => return Err("put an IPv6 address in brackets".into()),
        None => host,
    };
    if host.is_empty() || host.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err("the host is empty or holds a blank".into());
    }
    Ok(Server {
        host: host.into(),
        port,
    })
}

fn pin(text: &str) -> Result<Pin, String> {
    Pin::parse(text).map_err(|_| "it must be 64 hexadecimal digits".into())
}

fn server_name(text: &str) -> Result<String, String> {
    match trust::server_name(text) {
        Ok(_) => Ok(text.into()),
        Err(()) => Err("it must be a domain in ASCII or an IP address".into()),
    }
}

/// Reads `FILE[,type=T][,name=N][,cid=C][,encoding=base64|none]`. The options are split off the
/// end, so that a path may hold commas.
fn attach(text: &str) -> Result<Attach, String> {
    let mut path = text;
    let [mut media_type, mut name, mut content_id, mut encoding] = [None; 4];
    while let Some((before, last)) = path.rsplit_once(',') {
        let Some((key, value)) = last.split_once('=') else {
            break;
        };
        let slot = match key {
            "type" => &mut media_type,
            "name" => &mut name,
            "cid" => &mut content_id,
            "encoding" => &mut encoding,
            _ => break,
        };
        if slot.replace(value).is_some() {
            return Err(format!("{key}= is given twice"));
        }
        path = before;
    }
    Ok(Attach {
        path: path.into(),
        media_type: media_type.map(Into::into),
        name: name.map(Into::into),
        content_id: content_id.map(Into::into),
        encoding: match encoding {
            None | Some("base64") => Encoding::Base64,
            Some("none") => Encoding::None,
            Some(_) => return Err("encoding is base64 or none".into()),
        },
    })
}

fn buffer(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(octets) if (BUFFER_MIN..=BUFFER_MAX).contains(&octets) => Ok(octets),
        _ => Err(format!(
            "it must be a number from {BUFFER_MIN} to {BUFFER_MAX}"
        )),
    }
}

/// No session gains from more, and an allocation of this size does not fail.
const BUFFER_MAX: usize = 16 * 1024 * 1024;

/// All the mails' Message-IDs are kept.
const REPEAT_MAX: i64 = 100_000;
