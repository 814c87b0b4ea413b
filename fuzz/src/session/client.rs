//! The client, over a link that keeps secrets or over one that does not, and its observer.

use std::cell::RefCell;
use std::rc::Rc;

use embedded_io::{ErrorKind, ErrorType};
use embedded_smtp::blocking::Client;
use embedded_smtp::{Credentials, Error, Observer, Reply, StartTlsError, Vouched};

use super::input::Setup;
use super::link::Link;

type Plain<'b> = Client<'b, Link, Watch>;
type Secured<'b> = Client<'b, Vouched<Link>, Watch>;
type End = Result<(), Error<ErrorKind>>;
type StartTls<'b, T> = embedded_smtp::blocking::StartTls<'b, T, Vouched<Link>, Watch, ()>;

/// A client over either kind of link.
pub enum AnyClient<'b> {
    Plain(Plain<'b>),
    Secure(Secured<'b>),
}

/// Does the same with either.
macro_rules! with {
    ($any:expr, |$client:ident| $do:expr) => {
        match $any {
            $crate::session::client::AnyClient::Plain($client) => $do,
            $crate::session::client::AnyClient::Secure($client) => $do,
        }
    };
}

pub(super) use with;

impl<'b> AnyClient<'b> {
    pub fn new(link: Link, buffer: &'b mut [u8], watch: Watch, setup: &Setup) -> Self {
        match setup.is_plain {
            true => Self::Plain(set_up(Client::new(link, buffer).observe(watch), setup)),
            false => {
                let client = Client::new(vouched(link, setup.by_chain), buffer);
                let client = set_up(client.observe(watch), setup);
                Self::Secure(match setup.require_tls {
                    true => client.require_tls(),
                    false => client,
                })
            }
        }
    }

    /// What is left of the client when `open` has opened TLS or failed to, and how it went.
    pub fn starttls(
        self,
        setup: &Setup,
        open: impl FnOnce() -> Result<(), ()>,
    ) -> (Option<Self>, End) {
        match self {
            Self::Plain(client) => {
                let upgrade = |link| open().map(|()| vouched(link, setup.by_chain));
                let (client, end) = upgraded(client.starttls(upgrade), Self::Plain);
                let client = client.map(|client| match client {
                    Self::Secure(client) if setup.require_tls => Self::Secure(client.require_tls()),
                    other => other,
                });
                (client, end)
            }
            Self::Secure(client) => {
                let upgrade = |link| open().map(|()| link);
                upgraded(client.starttls(upgrade), Self::Secure)
            }
        }
    }

    /// Logs in; `None` where the API has no such login, over a link that keeps no secrets.
    pub fn log_in(&mut self, credentials: &Credentials<'_>, is_danger: bool) -> Option<End> {
        if is_danger {
            return Some(with!(self, |client| {
                client.danger_login_in_plaintext(credentials)
            }));
        }
        let Self::Secure(client) = self else {
            return None;
        };
        Some(client.login(credentials))
    }
}

fn vouched(link: Link, by_chain: bool) -> Vouched<Link> {
    match by_chain {
        true => Vouched::by_chain(link),
        false => Vouched::new(link),
    }
}

fn set_up<'b, T>(mut client: Client<'b, T, Watch>, setup: &Setup) -> Client<'b, T, Watch> {
    if setup.without_pipelining {
        client = client.without_pipelining();
    }
    if setup.all_or_none {
        client = client.all_or_none();
    }
    if setup.helo {
        client = client.allow_helo();
    }
    if let Some(chunking) = setup.chunking {
        client = client.chunking(chunking);
    }
    if setup.limits {
        client = client.with_limits();
    }
    client
}

fn upgraded<'b, T: ErrorType<Error = ErrorKind>>(
    end: StartTls<'b, T>,
    back: fn(Client<'b, T, Watch>) -> AnyClient<'b>,
) -> (Option<AnyClient<'b>>, End) {
    match end {
        Ok(client) => (Some(AnyClient::Secure(client)), Ok(())),
        Err(StartTlsError::Refused { client, error }) => (Some(back(client)), Err(error)),
        Err(StartTlsError::Ehlo { client, error }) => (Some(AnyClient::Secure(client)), Err(error)),
        Err(StartTlsError::Upgrade(())) => (None, Ok(())),
        Err(_) => unreachable!(),
    }
}

/// What the observer was told.
#[derive(Debug, Default)]
pub struct Watched {
    pub sent: Vec<u8>,
    pub content: usize,
    pub replies: Vec<u16>,
    /// Final replies to contents.
    pub final_replies: Vec<u16>,
}

pub struct Watch(pub Rc<RefCell<Watched>>);

impl Observer for Watch {
    fn sent(&mut self, commands: &[u8]) {
        self.0.borrow_mut().sent.extend(commands);
    }

    fn content(&mut self, octets: usize) {
        self.0.borrow_mut().content += octets;
    }

    fn reply(&mut self, reply: Reply<'_>) {
        self.0.borrow_mut().replies.push(reply.code());
    }

    fn final_reply(&mut self, reply: Reply<'_>) {
        self.0.borrow_mut().final_replies.push(reply.code());
    }
}
