//! Wire vectors: dialogues in text files, readable by someone who knows SMTP and no Rust.
//!
//! ```text
//! # A line about what the vector shows. Rule: the rule's name in the RFC or the contract.
//! with: no-pipelining, buffer 256       options of the client; also all-or-none, helo, limits,
//!                                       chunking-ahead, chunking-after, require-tls, by-chain
//! with: whole                           for reads that bring all there is, and no more than that
//! to: b@example.org                     header of the mail; also cc, from, subject, text; what it
//!                                       asks: receipt, notify, return, envid
//! do: open => ok                        an operation of the client, and how it must end
//! do: send => failed at data: closed after 550 5.7.1 at rcpt [250 550]
//!                                       … with the refusal that came before a fault, and the
//!                                       code of each recipient
//! S: 220 hello                          the server says a line; CRLF is added
//! S| 250 a\n                            the server says these bytes; nothing is added
//! S! close                              the server closes the connection
//! C: EHLO client.example                the client must say exactly this line
//! C| bytes\r\n                         … exactly these bytes; nothing is added
//! C: <content>                          … the whole mail as it reads, dot-stuffed
//! C: BDAT <length> LAST                 … with the number of its bytes
//! C: <octets>                           … the whole mail as it reads, and nothing added
//! ```
//!
//! An operation comes before the lines of its dialogue. Escapes: `\r \n \0 \\ \xNN`.
//!
//! Operations: `open [NAME]`, `login…` (see [`credentials`]), `starttls`, `noop`, `reset`, `quit`,
//! and for mails:
//!
//! | operation | what is sent |
//! |---|---|
//! | `send` | the mail |
//! | `send-last` | the mail, then QUIT |
//! | `send-unsent` | the mail to those who do not have it, by the results of the send before |
//! | `send-split` | the mail, then again to those who do not have it, as long as that is for now |
//! | `send-streamed` | the mail with its text from a source |
//! | `send-all N` | N times the mail in a row |
//!
//! `reply`, `stray` and `reason` show what the client knows: the reply that decided, the bytes that
//! were no reply, the reason for a refused token.

use embedded_smtp::message::{Head, Message, Notify, Return};
use embedded_smtp::{
    Chunking, Credentials, Error, Fault, Invalid, Mailbox, Mechanism, RecipientStatus, Refusal,
    Report, Retry, StartTlsError, Submission, Vouched,
};

use super::{Event, Scripted, kept};

/// A vector as it stands in its file.
#[derive(Debug, Clone, Default)]
pub struct Vector {
    pub name: String,
    pub options: Vec<String>,
    pub fields: Vec<(String, String)>,
    pub steps: Vec<(String, String)>,
    pub script: Vec<Event>,
}

impl Vector {
    /// All vectors of a file: blocks parted by lines of `---`.
    pub fn parse_file(file: &str, text: &str) -> Vec<Self> {
        let blocks = text.split("\n---\n").enumerate();
        blocks
            .map(|(n, block)| Self::parse(&format!("{file} #{}", n + 1), block))
            .collect()
    }

    fn parse(name: &str, block: &str) -> Self {
        let mut this = Self {
            name: name.into(),
            ..Self::default()
        };
        for line in block.lines() {
            match line.split_at_checked(2) {
                None | Some(("# ", _)) => {}
                Some(("S:", rest)) => {
                    let mut octets = unescape(rest.strip_prefix(' ').unwrap_or(rest));
                    octets.extend(b"\r\n");
                    this.script.push(Event::Say(octets));
                }
                Some(("S|", rest)) => {
                    let rest = rest.strip_prefix(' ').unwrap_or(rest);
                    this.script.push(Event::Say(unescape(rest)));
                }
                Some(("S!", " close")) => this.script.push(Event::Close),
                Some(("C:", " <content>")) => {
                    this.script.push(Event::Expect(stuffed(&this.message())));
                }
                Some(("C:", " <octets>")) => {
                    this.script.push(Event::Expect(plain(&this.message())));
                }
                Some(("C:", " BDAT <length> LAST")) => {
                    let length = plain(&this.message()).len();
                    let line = format!("BDAT {length} LAST\r\n");
                    this.script.push(Event::Expect(line.into_bytes()));
                }
                Some(("C|", rest)) => {
                    let rest = rest.strip_prefix(' ').unwrap_or(rest);
                    this.script.push(Event::Expect(unescape(rest)));
                }
                Some(("C:", rest)) => {
                    let mut octets = unescape(rest.strip_prefix(' ').unwrap_or(rest));
                    octets.extend(b"\r\n");
                    this.script.push(Event::Expect(octets));
                }
                _ => {
                    let (key, value) = line.split_once(": ").expect(line);
                    match key {
                        "with" => {
                            this.options.extend(value.split(", ").map(String::from));
                        }
                        "do" => {
                            let (what, end) = value.split_once(" => ").expect(line);
                            this.steps.push((what.into(), end.into()));
                        }
                        _ => this.fields.push((key.into(), value.into())),
                    }
                }
            }
        }
        this
    }

    fn field<'a>(&'a self, key: &str, default: &'a str) -> &'a str {
        self.fields
            .iter()
            .find(|(k, _)| k == key)
            .map_or(default, |(_, v)| v)
    }

    pub fn has(&self, name: &str) -> bool {
        self.options.iter().any(|option| option == name)
    }

    pub fn text(&self) -> Vec<u8> {
        unescape(self.field("text", "Hello\\n"))
    }

    pub fn message(&self) -> Message<'_> {
        let text: &'static str = String::from_utf8(self.text()).unwrap().leak();
        let head = Head::new(Mailbox::parse(self.field("from", "a@example.org")).unwrap());
        let head = match self.field("receipt", "") {
            "" => head,
            address => head.delivery_receipt(address).unwrap(),
        };
        let head = match self.field("notify", "") {
            "" => head,
            times => head.notify(times.split(',').fold(Notify::NEVER, |all, time| {
                all.or(match time {
                    "NEVER" => Notify::NEVER,
                    "SUCCESS" => Notify::SUCCESS,
                    "FAILURE" => Notify::FAILURE,
                    "DELAY" => Notify::DELAY,
                    _ => panic!("{time}"),
                })
            })),
        };
        let head = match self.field("return", "") {
            "" => head,
            "FULL" => head.dsn_return(Return::Full),
            "HDRS" => head.dsn_return(Return::Headers),
            other => panic!("{other}"),
        };
        let head = match self.field("envid", "") {
            "" => head,
            id => head.envelope_id(id).unwrap(),
        };
        let head = head
            .to(self.field("to", "b@example.org"))
            .unwrap()
            .cc(self.field("cc", ""))
            .unwrap();
        Message::new(kept(head))
            .subject(self.field("subject", "Hi"))
            .unwrap()
            .text(text)
    }

    pub fn buffer_len(&self) -> usize {
        let given = self.options.iter().find_map(|o| o.strip_prefix("buffer "));
        given.map_or(512, |octets| octets.parse().unwrap())
    }

    /// The vector is about what one read brings, so it cannot be cut in other ways.
    pub fn is_whole(&self) -> bool {
        self.has("whole")
    }

    pub fn expected(&self) -> Vec<String> {
        self.steps.iter().map(|(_, end)| end.clone()).collect()
    }
}

/// A client with the options of a vector; those that are no options of a client change nothing.
macro_rules! with_options {
    ($vector:ident, $client:expr) => {{
        let mut client = $client;
        for option in &$vector.options {
            client = match option.as_str() {
                "no-pipelining" => client.without_pipelining(),
                "all-or-none" => client.all_or_none(),
                "helo" => client.allow_helo(),
                "limits" => client.with_limits(),
                "chunking-ahead" => client.chunking(Chunking::Ahead),
                "chunking-after" => client.chunking(Chunking::AfterRecipients),
                "require-tls" => client.require_tls(),
                "by-chain" => client,
                other if other == "whole" || other.starts_with("buffer ") => client,
                other => panic!("{}: option {other}", $vector.name),
            };
        }
        client
    }};
}

/// Does all that a vector says, with one driver: the same text for both.
macro_rules! runner {
    ($name:ident, $client:ty, [$($async:tt)*], [$($await:tt)*], |$link:ident| $upgrade:expr) => {
        /// Does all that the vector says, until something goes wrong. How each operation ended,
        /// and the client as far as it is left.
        pub $($async)* fn $name<'b>(
            vector: &Vector,
            transport: Scripted,
            buffer: &'b mut [u8],
            ends: &mut Vec<String>,
        ) -> $client {
            let watched = transport.clone();
            let link = if vector.has("by-chain") {
                Vouched::by_chain(transport)
            } else {
                Vouched::new(transport)
            };
            let mut client = with_options!(vector, <$client>::new(link, buffer));
            let mut results = [RecipientStatus::default(); 200];
            for (what, _) in &vector.steps {
                let words: Vec<&str> = what.split(' ').collect();
                let message = vector.message();
                let end = match words[..] {
                    ["open"] => unit(client.open("client.example")$($await)*),
                    ["open", name] => unit(client.open(leaked(name))$($await)*),
                    [login, ..] if login.starts_with("login") => match credentials(&words) {
                        Ok(credentials) => unit(client.login(&credentials)$($await)*),
                        Err(invalid) => describe(Error::<embedded_io::ErrorKind>::from(invalid)),
                    },
                    ["reason"] => match client.login_reason() {
                        [] => "none".into(),
                        reason => String::from_utf8_lossy(reason).into_owned(),
                    },
                    ["stray"] => match client.stray_bytes() {
                        [] => "none".into(),
                        stray => String::from_utf8_lossy(stray).into_owned(),
                    },
                    ["send-streamed"] => {
                        let text = vector.text();
                        let mut sources = [Source(&text)];
                        let message = message.streamed_text();
                        let mail = Submission::new(&message).results(&mut results);
                        let end = client.send(mail.sources(&mut sources))$($await)*;
                        with_results(report(end), &results)
                    }
                    ["send-split"] => {
                        let mut all = Vec::new();
                        let mail = Submission::new(&message).results(&mut results);
                        let mut end = client.send(mail)$($await)*;
                        while is_for_now(&end) && all.len() < MOST_ROUNDS {
                            all.push(report(end));
                            let mail = Submission::new(&message).results(&mut results).unsent();
                            end = client.send(mail)$($await)*;
                        }
                        all.push(report(end));
                        with_results(all.join("; "), &results)
                    }
                    ["send"] => {
                        let mail = Submission::new(&message).results(&mut results);
                        let end = client.send(mail)$($await)*;
                        with_results(report(end), &results)
                    }
                    ["send-unsent"] => {
                        let mail = Submission::new(&message).results(&mut results).unsent();
                        let end = client.send(mail)$($await)*;
                        with_results(report(end), &results)
                    }
                    ["send-last"] => {
                        let mail = Submission::new(&message).results(&mut results).and_quit();
                        let end = client.send(mail)$($await)*;
                        with_results(report(end), &results)
                    }
                    ["send-all", count] => {
                        let mails = (0..count.parse::<usize>().unwrap()).map(|_| vector.message());
                        let mut all = Vec::new();
                        client.send_all(mails, |end| {
                            all.push(report(end));
                            std::ops::ControlFlow::Continue(())
                        })$($await)*;
                        all.join("; ")
                    }
                    ["noop"] => unit(client.noop()$($await)*),
                    ["reset"] => unit(client.reset()$($await)*),
                    ["quit"] => unit(client.quit()$($await)*),
                    ["starttls"] => match client.starttls($($async)* |$link| $upgrade)$($await)* {
                        Ok(upgraded) => {
                            client = upgraded;
                            "ok".into()
                        }
                        Err(StartTlsError::Refused { client: back, error }) => {
                            client = back;
                            unit(Err(error))
                        }
                        Err(StartTlsError::Ehlo { client: back, error }) => {
                            client = back;
                            format!("under tls: {}", unit(Err(error)))
                        }
                        Err(other) => panic!("{other}"),
                    },
                    ["reply"] => {
                        client.last_reply().map_or("none".into(), |reply| reply.to_string())
                    }
                    _ => panic!("{}: {what}", vector.name),
                };
                ends.push(end);
                watched.mark();
            }
            client
        }
    };
}

/// A client as the vector wants it, over the async driver.
pub fn async_client<'b>(
    vector: &Vector,
    transport: Scripted,
    buffer: &'b mut [u8],
) -> embedded_smtp::asynch::Client<'b, Vouched<Scripted>> {
    let link = if vector.has("by-chain") {
        Vouched::by_chain(transport)
    } else {
        Vouched::new(transport)
    };
    with_options!(vector, embedded_smtp::asynch::Client::new(link, buffer))
}

/// The most times that `send-split` sends a mail: a server that never takes it ends the test.
const MOST_ROUNDS: usize = 10;

/// Whether to send again to those who do not have the mail yet.
pub fn is_for_now<E>(end: &Result<Report, Error<E>>) -> bool {
    let retry = match end {
        Ok(report) => report.retry(),
        Err(error) => Some(error.retry()),
    };
    retry == Some(Retry::Later)
}

runner!(
    run_blocking,
    embedded_smtp::blocking::Client<'b, Vouched<Scripted>>,
    [],
    [],
    |link| Ok::<_, std::convert::Infallible>(link)
);
runner!(
    run_async,
    embedded_smtp::asynch::Client<'b, Vouched<Scripted>>,
    [async],
    [.await],
    |link| Ok::<_, std::convert::Infallible>(link)
);

/// Bytes to be read, for both drivers.
pub struct Source<'a>(pub &'a [u8]);

impl embedded_io::ErrorType for Source<'_> {
    type Error = embedded_io::ErrorKind;
}

impl embedded_io::Read for Source<'_> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, embedded_io::ErrorKind> {
        let n = buf.len().min(self.0.len());
        let (now, later) = self.0.split_at(n);
        buf[..n].copy_from_slice(now);
        self.0 = later;
        Ok(n)
    }
}

impl embedded_io_async::Read for Source<'_> {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, embedded_io::ErrorKind> {
        embedded_io::Read::read(self, buf)
    }
}

/// The credentials of a step: `login USER PASSWORD`, `login-nonce USER PASSWORD NONCE` (in base64),
/// `login-token USER TOKEN` or `login-cram USER PASSWORD`; for one mechanism only, if one follows.
pub fn credentials(words: &[&str]) -> Result<Credentials<'static>, Invalid> {
    use base64::Engine;
    let leak = |word: &str| leaked(word);
    let (credentials, rest) = match words {
        ["login", user, password, rest @ ..] => {
            (Credentials::new(leak(user), leak(password)).unwrap(), rest)
        }
        ["login-token", user, token, rest @ ..] => {
            (Credentials::token(leak(user), leak(token)).unwrap(), rest)
        }
        ["login-cram", user, password, rest @ ..] => {
            let credentials = Credentials::cram_md5(leak(user), leak(password));
            (credentials.unwrap(), rest)
        }
        ["login-nonce", user, password, nonce, rest @ ..] => {
            let nonce = base64::engine::general_purpose::STANDARD.decode(nonce);
            let credentials = Credentials::new(leak(user), leak(password)).unwrap();
            (credentials.with_nonce(nonce.unwrap().leak()).unwrap(), rest)
        }
        _ => panic!("{words:?}"),
    };
    let Some(name) = rest.first() else {
        return Ok(credentials);
    };
    credentials.only(match *name {
        "PLAIN" => Mechanism::Plain,
        "LOGIN" => Mechanism::Login,
        "XOAUTH2" => Mechanism::XOAuth2,
        "OAUTHBEARER" => Mechanism::OAuthBearer,
        "CRAM-MD5" => Mechanism::CramMd5,
        "SCRAM-SHA-256" => Mechanism::ScramSha256,
        other => panic!("{other}"),
    })
}

fn leaked(name: &str) -> &'static str {
    String::from(name).leak()
}

/// The mail as it reads.
pub fn plain(message: &Message<'_>) -> Vec<u8> {
    let mut plain = Vec::new();
    let mut reader = message.reader();
    let mut piece = [0; 100];
    loop {
        match reader.read(&mut piece).unwrap() {
            0 => break,
            n => plain.extend_from_slice(&piece[..n]),
        }
    }
    assert!(plain.ends_with(b"\r\n"));
    plain
}

/// The mail as DATA carries it, by a reference implementation of RFC 5321 §4.5.2.
pub fn stuffed(message: &Message<'_>) -> Vec<u8> {
    let plain = plain(message);
    let mut out = Vec::new();
    for line in plain.split_inclusive(|&b| b == b'\n') {
        if line.starts_with(b".") {
            out.push(b'.');
        }
        out.extend_from_slice(line);
    }
    out
}

fn unit<E: std::fmt::Debug + std::fmt::Display>(end: Result<(), Error<E>>) -> String {
    match end {
        Ok(()) => "ok".into(),
        Err(error) => describe(error),
    }
}

pub fn report<E: std::fmt::Debug + std::fmt::Display>(end: Result<Report, Error<E>>) -> String {
    match end {
        Ok(report) => {
            let what = if report.is_partial() {
                "partial"
            } else {
                "sent"
            };
            format!("{what} {}{}", report.code(), enhanced(report.enhanced()))
        }
        Err(error) => describe(error),
    }
}

fn with_results(mut end: String, results: &[RecipientStatus]) -> String {
    let codes: Vec<String> = results
        .iter()
        .filter_map(|r| match r.code() {
            Some(code) => Some(code.to_string()),
            None => r.is_deferred().then(|| "deferred".into()),
        })
        .collect();
    if !codes.is_empty() {
        end.push_str(&format!(" [{}]", codes.join(" ")));
    }
    end
}

fn enhanced(code: Option<embedded_smtp::EnhancedStatusCode>) -> String {
    code.map_or(String::new(), |code| format!(" {code}"))
}

pub fn describe<E: std::fmt::Debug + std::fmt::Display>(error: Error<E>) -> String {
    let what = |fault: Fault<E>| match fault {
        Fault::Transport(error) => format!("transport {error:?}"),
        Fault::Closed => "closed".into(),
        Fault::Protocol(violation) => format!("{violation:?}"),
        _ => unreachable!(),
    };
    match error {
        Error::Refused(refusal) => format!(
            "refused {}{} at {} ({:?}, {})",
            refusal.code(),
            enhanced(refusal.enhanced()),
            refusal.phase(),
            refusal.kind(),
            error.status(),
        ),
        Error::Failed { fault, phase, last } => {
            format!("failed at {phase}: {}{}", what(fault), after(last))
        }
        Error::DeliveryUnknown { fault, last } => {
            format!("unknown: {}{}", what(fault), after(last))
        }
        Error::NotOffered(missing) => format!("not offered: {missing}"),
        Error::Invalid(invalid) => format!("invalid: {invalid}"),
        Error::LimitReached => "limit reached".into(),
        Error::OutOfOrder(_) => "out of order".into(),
        Error::ConnectionEnded => "ended".into(),
        _ => unreachable!(),
    }
}

/// The refusal that came before a fault.
fn after(last: Option<Refusal>) -> String {
    last.map_or(String::new(), |refusal| {
        format!(
            " after {}{} at {}",
            refusal.code(),
            enhanced(refusal.enhanced()),
            refusal.phase()
        )
    })
}

pub fn unescape(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first != b'\\' {
            out.push(first);
            continue;
        }
        let (&kind, after) = rest.split_first().unwrap();
        rest = after;
        match kind {
            b'r' => out.push(b'\r'),
            b'n' => out.push(b'\n'),
            b'0' => out.push(0),
            b'\\' => out.push(b'\\'),
            b'x' => {
                let digits = std::str::from_utf8(&rest[..2]).unwrap();
                out.push(u8::from_str_radix(digits, 16).unwrap());
                rest = &rest[2..];
            }
            _ => panic!("escape in {text}"),
        }
    }
    out
}
