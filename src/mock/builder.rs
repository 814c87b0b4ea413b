//! The settings of a server; those of AUTH stand in `accounts.rs`.

use std::boxed::Box;
use std::format;
use std::io;
use std::string::String;
use std::vec::Vec;

use super::accounts::AuthSettings;
use super::content::LARGEST_MESSAGE;
use super::outbox::Writes;
use super::script::{Action, Entry, Stage};
use super::server::Server;
use super::tcp::Listener;

/// An SMTP service extension that is offered or not.
///
/// SIZE, AUTH and LIMITS have parameters and methods of their own at [`Builder`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Extension {
    /// PIPELINING, RFC 2920.
    Pipelining,
    /// 8BITMIME, RFC 6152.
    EightBitMime,
    /// SMTPUTF8, RFC 6531.
    SmtpUtf8,
    /// ENHANCEDSTATUSCODES, RFC 2034; without it the replies hold none.
    EnhancedStatusCodes,
    /// CHUNKING, RFC 3030.
    Chunking,
    /// DSN, RFC 3461.
    Dsn,
    /// STARTTLS, RFC 3207. After the 220 comes TLS if there is a certificate; without one the same
    /// bytes go on as if they were TLS.
    StartTls,
    /// REQUIRETLS, RFC 8689, on TLS only. [`Builder::require_tls`] is another thing.
    RequireTls,
}

/// Decides about an address: the reply that refuses it.
pub(super) type Refusal = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

pub(super) struct Settings {
    pub(super) hostname: String,
    greeting: Option<String>,
    pub(super) extensions: Vec<Extension>,
    pub(super) size: Option<u64>,
    pub(super) limits: Option<String>,
    pub(super) extra: Vec<String>,
    pub(super) helo_only: Option<u16>,
    pub(super) auth: AuthSettings,
    pub(super) implicit_tls: bool,
    #[cfg(feature = "mock-tls")]
    pub(super) tls: super::tls::TlsSettings,
    pub(super) require_auth: bool,
    pub(super) require_tls: bool,
    pub(super) refused_senders: Vec<Refusal>,
    pub(super) refused_recipients: Vec<Refusal>,
    pub(super) max_recipients: usize,
    pub(super) misreads_chunks: bool,
    max_message_size: Option<u64>,
    pub(super) writes: Writes,
    pub(super) script: Vec<Entry>,
}

impl Settings {
    pub(super) fn greeting(&self) -> String {
        let usual = || format!("220 {} ESMTP mock", self.hostname);
        line(&self.greeting.clone().unwrap_or_else(usual))
    }

    pub(super) fn offers_enhanced_codes(&self) -> bool {
        self.extensions.contains(&Extension::EnhancedStatusCodes)
    }

    pub(super) fn message_limit(&self) -> u64 {
        let offered = self.size.filter(|size| *size > 0);
        self.max_message_size
            .or(offered)
            .unwrap_or(LARGEST_MESSAGE)
            .min(LARGEST_MESSAGE)
    }
}

/// Builds a [`Server`].
///
/// It begins as a server that offers PIPELINING, SIZE, 8BITMIME, SMTPUTF8, ENHANCEDSTATUSCODES,
/// CHUNKING and DSN, and accepts everything.
#[must_use]
pub struct Builder {
    pub(super) settings: Settings,
}

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            settings: Settings {
                hostname: "mock.example".into(),
                greeting: None,
                extensions: Vec::from([
                    Extension::Pipelining,
                    Extension::EightBitMime,
                    Extension::SmtpUtf8,
                    Extension::EnhancedStatusCodes,
                    Extension::Chunking,
                    Extension::Dsn,
                ]),
                size: Some(10_240_000),
                limits: None,
                extra: Vec::new(),
                helo_only: None,
                auth: AuthSettings::default(),
                implicit_tls: false,
                #[cfg(feature = "mock-tls")]
                tls: Default::default(),
                require_auth: false,
                require_tls: false,
                refused_senders: Vec::new(),
                refused_recipients: Vec::new(),
                max_recipients: 1_000,
                misreads_chunks: false,
                max_message_size: None,
                writes: Writes::Coalesced,
                script: Vec::new(),
            },
        }
    }

    /// Ends the settings. Nothing listens yet: see [`Server::listen`] and [`Server::duplex`].
    #[must_use]
    pub fn build(self) -> Server {
        Server::new(self.settings)
    }

    /// Ends the settings and listens on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// Those of binding the port.
    pub fn listen(self) -> io::Result<Listener> {
        self.build().listen()
    }

    /// The name in the greeting and the EHLO reply.
    pub fn hostname(mut self, name: &str) -> Self {
        self.settings.hostname = name.into();
        self
    }

    /// The whole greeting, `554 No SMTP service here`; CRLF is added.
    pub fn greeting(mut self, reply: &str) -> Self {
        self.settings.greeting = Some(reply.into());
        self
    }

    /// Offers an extension.
    pub fn offer(mut self, extension: Extension) -> Self {
        self = self.withhold(extension);
        self.settings.extensions.push(extension);
        self
    }

    /// Does not offer an extension.
    pub fn withhold(mut self, extension: Extension) -> Self {
        self.settings.extensions.retain(|one| *one != extension);
        self
    }

    /// Offers no extension at all, SIZE included; those named after this are offered again.
    pub fn plain(mut self) -> Self {
        self.settings.extensions.clear();
        self.settings.size = None;
        self
    }

    /// Offers SIZE with this number and refuses what is larger; 0 names no limit, `None` is no SIZE.
    pub fn size(mut self, octets: Option<u64>) -> Self {
        self.settings.size = octets;
        self
    }

    /// Refuses larger messages with 552, whatever SIZE says.
    pub fn max_message_size(mut self, octets: u64) -> Self {
        self.settings.max_message_size = Some(octets);
        self
    }

    /// Offers LIMITS, RFC 9422: `RCPTMAX=10 MAILMAX=2`. What goes beyond is a violation, and 452.
    pub fn limits(mut self, limits: &str) -> Self {
        self.settings.limits = Some(limits.into());
        self
    }

    /// Adds a line to the EHLO reply, as it is: `AUTH=LOGIN PLAIN`, or `REQUIRETLS` to bait a client
    /// without TLS.
    pub fn ehlo_line(mut self, line: &str) -> Self {
        self.settings.extra.push(line.into());
        self
    }

    /// Refuses EHLO with this code, 500 or 502; HELO works.
    pub fn helo_only(mut self, code: u16) -> Self {
        self.settings.helo_only = Some(code);
        self
    }

    /// Takes the link for TLS from its first byte; it is TLS if there is a certificate.
    pub fn implicit_tls(mut self) -> Self {
        self.settings.implicit_tls = true;
        self
    }

    /// Answers MAIL with 530 until the client has logged in.
    pub fn require_auth(mut self) -> Self {
        self.settings.require_auth = true;
        self
    }

    /// Answers 530 to nearly everything before STARTTLS.
    pub fn require_tls(mut self) -> Self {
        self.settings.require_tls = true;
        self
    }

    /// Refuses a reverse-path with this reply, `550 5.7.1 not from here`; CRLF is added.
    pub fn refuse_sender(self, address: &str, reply: &str) -> Self {
        let refusal = exactly(address, reply);
        self.refuse_senders(refusal)
    }

    /// Refuses the reverse-paths for which the function has a reply.
    pub fn refuse_senders(
        mut self,
        refusal: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        let refusal = Box::new(move |address: &str| refusal(address).map(|reply| line(&reply)));
        self.settings.refused_senders.push(refusal);
        self
    }

    /// Refuses a recipient with this reply, `550 5.1.1 no such user`; CRLF is added.
    pub fn refuse_recipient(self, address: &str, reply: &str) -> Self {
        let refusal = exactly(address, reply);
        self.refuse_recipients(refusal)
    }

    /// Refuses the recipients for which the function has a reply.
    pub fn refuse_recipients(
        mut self,
        refusal: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        let refusal = Box::new(move |address: &str| refusal(address).map(|reply| line(&reply)));
        self.settings.refused_recipients.push(refusal);
        self
    }

    /// Answers further recipients of a mail with 452; 1,000 if not said.
    pub fn max_recipients(mut self, count: usize) -> Self {
        self.settings.max_recipients = count;
        self
    }

    /// Refuses a chunk as soon as its `BDAT` line arrives, and reads the chunk as commands.
    ///
    /// RFC 3030 has a server skip the chunk it refuses; servers exist that do not. A chunk is refused
    /// if no recipient was accepted, if an earlier chunk was refused, or if it makes the mail too
    /// large. The lines are executed, and [`Server::misread`] lists them. They are no violations.
    pub fn misread_refused_chunks(mut self) -> Self {
        self.settings.misreads_chunks = true;
        self
    }

    /// How replies are cut into writes.
    pub fn writes(mut self, writes: Writes) -> Self {
        self.settings.writes = writes;
        self
    }

    /// Does this at the stage's n-th occurrence, counted from 1 over all connections.
    ///
    /// Of several entries that apply, the first added counts.
    pub fn script(mut self, stage: Stage, occurrence: usize, action: Action) -> Self {
        self.settings.script.push(Entry {
            stage,
            occurrence: Some(occurrence),
            action,
        });
        self
    }

    /// Does this at every occurrence of the stage.
    pub fn script_every(mut self, stage: Stage, action: Action) -> Self {
        self.settings.script.push(Entry {
            stage,
            occurrence: None,
            action,
        });
        self
    }
}

fn exactly(address: &str, reply: &str) -> impl Fn(&str) -> Option<String> + Send + Sync + 'static {
    let (address, reply) = (String::from(address), String::from(reply));
    move |other| other.eq_ignore_ascii_case(&address).then(|| reply.clone())
}

fn line(reply: &str) -> String {
    format!("{}\r\n", reply.trim_end_matches(['\r', '\n']))
}
