//! The caller: does the operations of the input with a client, and has each end checked.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::rc::Rc;

use embedded_io::ErrorKind;
use embedded_smtp::{Credentials, Domain, Error, RecipientStatus, Report, Retry, Submission};

use super::client::{AnyClient, Watch, Watched, with};
use super::command::Task;
use super::input::{Operation, Setup, Wishes};
use super::link::{Link, Wire};
use super::login::{Kind, MECHANISMS, Say, base64};
use super::mail::{Mail, Transaction};
use super::mails::{self, Settled, Source};
use super::verdict;
use crate::form::Form;

/// Recipients whose results the caller has room for.
const RESULTS: usize = 8;

pub struct Caller<'f, 'b> {
    form: &'f Form<'f>,
    setup: &'f Setup,
    wire: &'f Rc<RefCell<Wire>>,
    watched: Rc<RefCell<Watched>>,
    /// None after an upgrade that failed.
    client: Option<AnyClient<'b>>,
    secrets: Vec<String>,
    /// The results of the last mail, and what they have to be by the dialogue.
    results: [RecipientStatus; RESULTS],
    settled: Settled,
}

impl<'f: 'b, 'b> Caller<'f, 'b> {
    pub fn new(
        form: &'f Form<'f>,
        setup: &'f Setup,
        wire: &'f Rc<RefCell<Wire>>,
        buffer: &'b mut [u8],
    ) -> Self {
        let watched = Rc::new(RefCell::new(Watched::default()));
        let (link, watch) = (Link(wire.clone()), Watch(watched.clone()));
        Self {
            form,
            setup,
            wire,
            watched,
            client: Some(AnyClient::new(link, buffer, watch, setup)),
            secrets: Vec::new(),
            results: [RecipientStatus::default(); RESULTS],
            settled: Settled::default(),
        }
    }

    /// What was secret in the logins, as it was sent.
    pub fn secrets(&self) -> Vec<String> {
        self.secrets.clone()
    }

    /// Does an operation, and checks how it ended.
    pub fn operate(&mut self, operation: Operation<'f>) {
        let Some(client) = &mut self.client else {
            return;
        };
        let begin = |task| self.wire.borrow_mut().dialogue.begin(task);
        let before = self.wire.borrow().dialogue.octets;
        let end = match operation {
            Operation::Open(name) => {
                begin(Task::Open);
                if Domain::parse(name).is_ok() {
                    self.wire.borrow_mut().dialogue.name(name);
                }
                with!(client, |client| client.open(name))
            }
            Operation::StartTls => {
                begin(Task::StartTls);
                self.starttls()
            }
            Operation::Login { .. } => match self.log_in(operation) {
                Some(end) => end,
                None => return,
            },
            Operation::Send(wishes) => {
                self.send(wishes);
                return;
            }
            Operation::SendAll(count, stop) => return self.send_all(count, stop),
            Operation::SendSplit(most) => return self.send_split(most),
            Operation::Reset => {
                begin(Task::Reset);
                with!(client, |client| client.reset())
            }
            Operation::Noop => {
                begin(Task::Noop);
                with!(client, |client| client.noop())
            }
            Operation::Quit => {
                begin(Task::Quit);
                with!(client, |client| client.quit())
            }
        };
        if self.client.is_some() {
            verdict::check(&mut self.wire.borrow_mut(), before, &end);
        }
        self.check_end(end.err());
    }

    fn starttls(&mut self) -> Result<(), Error<ErrorKind>> {
        let open = || {
            let mut wire = self.wire.borrow_mut();
            wire.dialogue.upgraded();
            if self.setup.upgrade_fails {
                wire.end("an upgrade that failed");
                return Err(());
            }
            Ok(())
        };
        let (client, end) = self.client.take().unwrap().starttls(self.setup, open);
        self.client = client;
        end
    }

    /// `None` where there is no such login.
    fn log_in(&mut self, operation: Operation<'f>) -> Option<Result<(), Error<ErrorKind>>> {
        let Operation::Login {
            kind,
            user,
            password,
            mechanism,
            is_danger,
            ..
        } = operation
        else {
            return None;
        };
        let secret = operation.secret()?;
        let password_of = Credentials::new(user, password);
        let credentials = match kind {
            Kind::Password => password_of,
            Kind::Nonce => password_of.and_then(|of| of.with_nonce(&secret.nonce)),
            Kind::Token => Credentials::token(user, password),
            Kind::Cram => Credentials::cram_md5(user, password),
        };
        let mut credentials = credentials.ok()?;
        let row = MECHANISMS.iter().find(|row| Some(row.name) == mechanism);
        if let Some(row) = row {
            credentials = credentials.only(row.mechanism).ok()?;
        }
        // What of it is said in any case; what answers a challenge comes besides.
        for row in MECHANISMS {
            let numbers = if row.is_initial { 0..1 } else { 0..2 };
            let nothing = [Vec::new(), Vec::new()];
            let responses = numbers.map(|number| (row.respond)(&secret, number, &nothing));
            self.secrets.extend(responses.filter_map(|say| match say {
                Say::This(response) => Some(base64(&response)),
                _ => None,
            }));
        }
        let task = match is_danger {
            true => Task::DangerLogin,
            false => Task::Login,
        };
        let mut wire = self.wire.borrow_mut();
        wire.dialogue.begin(task);
        wire.dialogue
            .log_in(secret.clone(), row.map(|row| row.name));
        drop(wire);
        let client = self.client.as_mut()?;
        client.log_in(&credentials, is_danger)
    }

    /// Whether the same mail is to be sent again, to those who do not have it.
    fn send(&mut self, wishes: Wishes) -> bool {
        let mut wire = self.wire.borrow_mut();
        let number = wire.dialogue.mails.len();
        let path = format!("m{number}@example.org");
        let head = mails::head(self.form, 0, &path);
        // A ready-made message has no part that could come from a source.
        let is_streamed = wishes.is_streamed && mails::ready_made(self.form).is_none();
        let message = &*mails::message(self.form, 0, &head, is_streamed);
        let text = self.form.text("text").unwrap_or("Hello\n").as_bytes();
        let mut sources = [Source::new(
            text,
            self.setup.source_fails,
            &self.setup.reads,
        )];
        let expected_source = is_streamed.then(|| sources[0].clone());
        if !wishes.is_unsent {
            self.settled = Settled::default();
        }
        let settled = &self.settled;
        let mail = mails::expected(self.form, 0, message, &path, expected_source, settled);
        let Some(mail) = mail else {
            return false;
        };
        wire.dialogue.begin(match wishes.quits {
            true => Task::LastMail,
            false => Task::Mail,
        });
        wire.dialogue.hand_in(mail);
        let before = wire.dialogue.octets;
        let first_of_it = wire.dialogue.transactions.len();
        drop(wire);
        let client = self.client.as_mut().unwrap();
        let mut mail = Submission::new(&message).results(&mut self.results);
        if wishes.is_unsent {
            mail = mail.unsent();
        }
        if wishes.quits {
            mail = mail.and_quit();
        }
        let end = with!(client, |client| match wishes.is_streamed {
            true => client.send(mail.sources(&mut sources)),
            false => client.send(mail),
        });
        let delivery = with!(client, |client| client.delivery());
        let last = with!(client, |client| client
            .last_reply()
            .map(|reply| reply.code()));
        let mut wire = self.wire.borrow_mut();
        verdict::check_mail(&mut wire, number, first_of_it, before, &end);
        let results = &self.results;
        verdict::check_results(&wire, number, &end, results, &mut self.settled);
        verdict::check_memory(&wire, number, first_of_it, &end, delivery, last);
        drop(wire);
        let retry = match &end {
            Ok(report) => report.retry(),
            Err(error) => Some(error.retry()),
        };
        self.check_end(end.err());
        retry == Some(Retry::Later)
    }

    fn send_all(&mut self, count: usize, stop: usize) {
        let mut wire = self.wire.borrow_mut();
        let first = wire.dialogue.mails.len();
        let numbers = first..first + count;
        let paths: Vec<String> = numbers.map(|n| format!("m{n}@example.org")).collect();
        let heads = paths.iter().enumerate();
        let heads = heads.map(|(n, path)| mails::head(self.form, n, path));
        let heads: Vec<_> = heads.collect();
        let messages = heads.iter().enumerate();
        let messages = messages.map(|(n, head)| mails::message(self.form, n, head, false));
        let messages: Vec<_> = messages.collect();
        wire.dialogue.begin(Task::Mail);
        for (n, message) in messages.iter().enumerate() {
            let mail = mails::expected(
                self.form,
                n,
                &**message,
                &paths[n],
                None,
                &Settled::default(),
            );
            wire.dialogue.hand_in(Mail {
                is_in_row: true,
                ..mail.expect("its octets are at hand")
            });
        }
        let mut before = wire.dialogue.octets;
        let first_of_all = wire.dialogue.transactions.len();
        drop(wire);
        let mut ends = 0;
        let mut last = None;
        let each = |end: Result<Report, Error<ErrorKind>>| {
            let mut wire = self.wire.borrow_mut();
            verdict::check_mail(&mut wire, first + ends, first_of_all, before, &end);
            before = wire.dialogue.octets;
            ends += 1;
            last = end.err();
            if last.as_ref().is_some_and(is_fatal) {
                wire.end("a fault");
            }
            match ends >= stop {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        };
        let client = self.client.as_mut().unwrap();
        with!(client, |client| client
            .send_all(messages.iter().map(|mail| &**mail), each));
        assert_eq!(ends, count.min(stop.max(1)));
        self.check_end(last);
    }

    fn send_split(&mut self, most: usize) {
        let mut wishes = Wishes::default();
        for _ in 0..most.max(1) {
            if !self.send(wishes) {
                return;
            }
            wishes.is_unsent = true;
        }
    }

    /// What holds after every operation.
    fn check_end(&self, error: Option<Error<ErrorKind>>) {
        let mut wire = self.wire.borrow_mut();
        wire.may_listen = false;
        if error.as_ref().is_some_and(is_fatal) {
            wire.end("a fault");
        }
        let watched = self.watched.borrow();
        wire.dialogue.check_shown(&watched.sent, watched.content);
        check_final(&wire.dialogue.transactions, &watched.final_replies);
        let heard = &wire.dialogue.replies;
        // Of the server's last words, only what decides is shown; of replies that came at once, none
        // behind a fault.
        if !wire.has_listened {
            assert!(heard.starts_with(&watched.replies), "{:?}", watched.replies);
        }
    }
}

/// The observer is told every final reply, unless it may have been another command's.
fn check_final(transactions: &[Transaction], mut told: &[u16]) {
    for transaction in transactions {
        let Some(code) = transaction.final_reply else {
            continue;
        };
        match told.split_first() {
            Some((first, rest)) if *first == code => told = rest,
            _ => {
                let may_be_missed = transaction.is_misfit || !transaction.is_taken || code == 421;
                assert!(may_be_missed, "{code} was not told");
            }
        }
    }
    assert!(told.is_empty(), "told {told:?} as final");
}

/// Whether nothing can follow.
fn is_fatal(error: &Error<ErrorKind>) -> bool {
    matches!(
        error,
        Error::Failed { .. } | Error::DeliveryUnknown { .. } | Error::ConnectionEnded
    )
}
