//! The caller: does the operations of the input with a client, and has each end checked.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::rc::Rc;

use embedded_io::ErrorKind;
use embedded_smtp::{Credentials, Domain, Error, RecipientStatus, Report};

use super::client::{AnyClient, Watch, Watched, with};
use super::command::Task;
use super::input::{Operation, Setup};
use super::link::{Link, Wire};
use super::login::{MECHANISMS, Secret, base64};
use super::mails::{self, Source};
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
            Operation::Send | Operation::SendLast | Operation::SendStreamed => {
                return self.send(operation);
            }
            Operation::SendAll(count, stop) => return self.send_all(count, stop),
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
        let (client, end) = self.client.take().unwrap().starttls(open);
        self.client = client;
        end
    }

    /// `None` where there is no such login.
    fn log_in(&mut self, operation: Operation<'f>) -> Option<Result<(), Error<ErrorKind>>> {
        let Operation::Login {
            user,
            password,
            mechanism,
            is_danger,
        } = operation
        else {
            return None;
        };
        let credentials = Credentials::new(user, password).ok()?;
        let row = MECHANISMS.iter().find(|row| Some(row.name) == mechanism);
        let secret = Secret {
            user: user.into(),
            password: password.into(),
        };
        for row in MECHANISMS {
            let responses = (0..).map_while(|number| (row.respond)(&secret, number, b""));
            self.secrets
                .extend(responses.map(|response| base64(&response)));
        }
        let task = match is_danger {
            true => Task::DangerLogin,
            false => Task::Login,
        };
        let mut wire = self.wire.borrow_mut();
        wire.dialogue.begin(task);
        wire.dialogue.log_in(secret, row.map(|row| row.name));
        drop(wire);
        let client = self.client.as_mut()?;
        client.log_in(&credentials, row.map(|row| row.mechanism), is_danger)
    }

    fn send(&mut self, operation: Operation<'f>) {
        let mut wire = self.wire.borrow_mut();
        let number = wire.dialogue.mails.len();
        let path = format!("m{number}@example.org");
        let mut message = mails::message(self.form, 0, &path);
        let text = self.form.text("text").unwrap_or("Hello\n").as_bytes();
        let source = Source::new(text, self.setup.source_fails, &self.setup.reads);
        if operation == Operation::SendStreamed {
            message = message.streamed_text();
        }
        // A ready-made message stays what it is.
        let is_streamed = message.streamed_parts() == 1;
        let expected_source = is_streamed.then(|| source.clone());
        let mail = mails::expected(self.form, 0, &message, &path, expected_source);
        let Some(mail) = mail else {
            return;
        };
        wire.dialogue.begin(match operation {
            Operation::SendLast => Task::LastMail,
            _ => Task::Mail,
        });
        wire.dialogue.hand_in(mail);
        let before = wire.dialogue.octets;
        drop(wire);
        let client = self.client.as_mut().unwrap();
        let mut results = [RecipientStatus::default(); RESULTS];
        let end = with!(client, |client| match operation {
            Operation::SendLast => client.send_last(&message, &mut results),
            Operation::SendStreamed => client.send_streamed(&message, &mut [source], &mut results),
            _ => client.send_with_results(&message, &mut results),
        });
        let delivery = with!(client, |client| client.delivery());
        let last = with!(client, |client| client
            .last_reply()
            .map(|reply| reply.code()));
        let mut wire = self.wire.borrow_mut();
        verdict::check_mail(&mut wire, number, before, &end);
        verdict::check_results(&wire, number, &end, &results);
        verdict::check_memory(&wire, number, &end, delivery, last);
        drop(wire);
        self.check_end(end.err());
    }

    fn send_all(&mut self, count: usize, stop: usize) {
        let mut wire = self.wire.borrow_mut();
        let first = wire.dialogue.mails.len();
        let numbers = first..first + count;
        let paths: Vec<String> = numbers.map(|n| format!("m{n}@example.org")).collect();
        let messages = paths.iter().enumerate();
        let messages = messages.map(|(n, path)| mails::message(self.form, n, path));
        let messages: Vec<_> = messages.collect();
        wire.dialogue.begin(Task::Mail);
        for (n, message) in messages.iter().enumerate() {
            let mail = mails::expected(self.form, n, message, &paths[n], None);
            wire.dialogue.hand_in(mail.expect("its octets are at hand"));
        }
        let mut before = wire.dialogue.octets;
        drop(wire);
        let mut ends = 0;
        let mut last = None;
        let each = |end: Result<Report, Error<ErrorKind>>| {
            let mut wire = self.wire.borrow_mut();
            verdict::check_mail(&mut wire, first + ends, before, &end);
            before = wire.dialogue.octets;
            ends += 1;
            last = end.err();
            match ends >= stop {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        };
        let client = self.client.as_mut().unwrap();
        with!(client, |client| client.send_all(&messages, each));
        assert_eq!(ends, count.min(stop.max(1)));
        self.check_end(last);
    }

    /// What holds after every operation.
    fn check_end(&self, error: Option<Error<ErrorKind>>) {
        let mut wire = self.wire.borrow_mut();
        wire.may_listen = false;
        if let Some(Error::Failed { .. } | Error::Unknown { .. } | Error::Ended) = error {
            wire.end("a fault");
        }
        let watched = self.watched.borrow();
        wire.dialogue.check_shown(&watched.sent, watched.content);
        let heard = &wire.dialogue.replies;
        // Of the server's last words, only what decides is shown; of replies that came at once, none
        // behind a fault.
        if !wire.has_listened {
            assert!(heard.starts_with(&watched.replies), "{:?}", watched.replies);
        }
    }
}
