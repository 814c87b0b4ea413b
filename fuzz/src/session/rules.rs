//! Which command may be said when, and what a reply changes: the rules of RFC 5321 and its
//! extensions, and of the client's documentation, over what the dialogue has seen.

use super::command::{Row, Standing, Task, Verb};
use super::dialogue::{Dialogue, Waiting};
use super::login::{Login, Secret};
use super::mail::{Content, Mail, PARAMETERS, Transaction, is_success};
use crate::offers::Offers;
use crate::replies::Reply;

impl Dialogue {
    /// The caller asks for something.
    pub fn begin(&mut self, task: Task) {
        self.task = task;
        self.answers.clear();
        self.first_mail = self.mails.len();
        if task == Task::Open && self.standing == Standing::Connected && self.waiting.is_empty() {
            self.await_answer(Verb::Greeting);
        }
    }

    /// The caller names the client, here and after STARTTLS.
    pub fn name(&mut self, name: &str) {
        self.names.push(name.into());
    }

    /// The caller asks for a login.
    pub fn log_in(&mut self, secret: Secret, mechanism: Option<&str>) {
        self.secret = Some((secret, mechanism.map(String::from)));
    }

    /// The caller hands in a mail.
    pub fn hand_in(&mut self, mail: Mail) {
        self.mails.push(mail);
    }

    /// What the caller asked for last.
    pub fn task(&self) -> Task {
        self.task
    }

    /// Whether this task is about mails.
    pub fn has_mail(&self) -> bool {
        self.mails.len() > self.first_mail
    }

    pub fn all_or_none(&self) -> bool {
        self.policy.all_or_none
    }

    /// The last transaction of the mail with this number.
    pub fn transaction_of(&self, mail: usize) -> Option<&Transaction> {
        self.transactions.iter().rev().find(|t| t.mail == mail)
    }

    /// TLS was opened.
    pub fn upgraded(&mut self) {
        assert_eq!(self.standing, Standing::Upgrading);
        assert!(self.is_between_replies(), "octets behind the 220");
        self.standing = Standing::Greeted;
        self.is_upgraded = true;
        self.is_secure = true;
        self.offers = Offers::default();
    }

    /// What the caller asked for is not on offer, and bars what it should have protected.
    pub fn not_offered(&mut self) {
        let is_closed = self.transactions.last().is_none_or(Transaction::is_closed);
        self.standing = match self.task {
            Task::Login | Task::DangerLogin if is_closed => Standing::LoginFailed,
            _ => Standing::Leaving,
        };
    }

    /// Whether what the caller asked for is in order here.
    pub fn is_in_order(&self) -> bool {
        use Standing::{Connected, Greeted, LoginFailed, Ready, Upgrading};
        match self.task {
            Task::Open => matches!(self.standing, Connected | Greeted),
            Task::StartTls => self.standing == Ready && !self.is_upgraded,
            Task::Mail | Task::LastMail => self.standing == Ready,
            Task::Quit => self.standing != Upgrading,
            _ => matches!(self.standing, Ready | LoginFailed),
        }
    }

    pub(super) fn check_command(&mut self, row: &'static Row, arguments: &str) {
        let words = row.words;
        assert!(
            row.tasks.contains(&self.task),
            "{words} for {:?}",
            self.task
        );
        assert!(
            row.standings.contains(&self.standing),
            "{words}, {:?}",
            self.standing
        );
        if let Some(keyword) = row.keyword {
            assert!(self.offers.has(keyword), "{words} is not offered");
        }
        match row.verb {
            Verb::Ehlo => self.check_name(arguments),
            Verb::Helo => {
                self.check_name(arguments);
                let is_unknown = matches!(self.hello, 500 | 501 | 502 | 504);
                assert!(
                    self.policy.or_helo && is_unknown,
                    "HELO after {}",
                    self.hello
                );
            }
            Verb::StartTls => assert!(!self.is_upgraded, "STARTTLS under TLS"),
            Verb::Auth => self.check_auth(arguments),
            Verb::Mail => self.check_mail(arguments),
            Verb::Rcpt => self.check_rcpt(arguments),
            Verb::Data => self.check_data(),
            Verb::Bdat => self.check_bdat(arguments),
            Verb::Rset => self.check_rset(),
            Verb::Noop => {
                let is_closed = self.transactions.last().is_none_or(Transaction::is_closed);
                assert!(is_closed, "NOOP in a transaction");
            }
            _ => {}
        }
    }

    fn check_name(&self, name: &str) {
        assert!(self.names.iter().any(|given| given == name), "EHLO {name}");
    }

    fn check_auth(&mut self, arguments: &str) {
        let is_allowed = self.is_secure || self.task == Task::DangerLogin;
        assert!(is_allowed, "AUTH on a link that keeps no secret");
        let (secret, forced) = self.secret.as_ref().expect("nobody logs in");
        let login = Login::begin(arguments, secret);
        let name = login.row.name;
        assert!(
            forced.as_ref().is_none_or(|forced| forced == name),
            "{name}"
        );
        assert!(self.offers.has_word("AUTH", name), "{name} is not offered");
        self.login = Some(login);
    }

    fn check_rset(&mut self) {
        let last = self.transactions.last_mut();
        let open = last.filter(|t| t.final_reply.is_none() && !t.is_reset);
        let is_needed = open.is_some() || self.task == Task::Reset;
        assert!(is_needed, "RSET, and there is no transaction");
        if let Some(transaction) = open {
            transaction.is_reset = true;
        }
    }

    fn check_mail(&mut self, arguments: &str) {
        let is_closed = self.transactions.last().is_none_or(Transaction::is_closed);
        assert!(is_closed, "MAIL in a transaction");
        let (path, parameters) = arguments.split_once('>').expect(">");
        let number = self.mails.iter().position(|mail| mail.reverse_path == path);
        let number = number.expect("a reverse-path that nobody gave");
        assert!(number >= self.first_mail, "a mail of another time");
        if let Some(last) = self.transactions.last() {
            // One mail after the other; the same again only if the server did not understand.
            let is_again = last.mail == number && last.content != Content::Whole;
            assert!(number > last.mail || is_again, "a mail twice");
        }
        let mail = &self.mails[number];
        assert!(!mail.recipients.is_empty());
        self.check_parameters(Verb::Mail, mail, "", parameters);
        self.transactions.push(Transaction::new(number));
    }

    fn check_rcpt(&mut self, arguments: &str) {
        let is_alone = self.waiting.is_empty();
        let transaction = self.transactions.last().expect("RCPT before MAIL");
        assert!(
            !is_alone || transaction.is_accepted(),
            "RCPT for a refused mail"
        );
        transaction.check_is_open();
        assert_eq!(transaction.content, Content::None);
        let mail = &self.mails[transaction.mail];
        let next = mail.recipients.get(transaction.recipients.len());
        let next = next.expect("RCPT too many");
        let arguments = arguments
            .strip_prefix(next.as_str())
            .expect("another recipient");
        let parameters = arguments.strip_prefix('>').expect(">");
        self.check_parameters(Verb::Rcpt, mail, next, parameters);
        self.transactions.last_mut().unwrap().recipients.push(None);
    }

    fn check_parameters(&self, verb: Verb, mail: &Mail, recipient: &str, text: &str) {
        let mut said = Vec::new();
        for word in text.split(' ').skip(1) {
            let name = word.split('=').next().unwrap();
            let parameter = PARAMETERS
                .iter()
                .find(|row| row.verb == verb && row.name == name)
                .unwrap_or_else(|| panic!("the parameter {word:?}"));
            assert!(self.offers.has(parameter.keyword), "{name} is not offered");
            assert_eq!(Some(word.into()), (parameter.text)(mail, recipient));
            said.push(name);
        }
        for parameter in PARAMETERS.iter().filter(|row| row.verb == verb) {
            let name = parameter.name;
            assert!(
                !(parameter.is_needed)(mail) || said.contains(&name),
                "no {name}"
            );
        }
    }

    /// DATA, or the first BDAT: every recipient was named, and as far as replies are there, they
    /// let the content out.
    fn check_content_may_come(&self) -> &Transaction {
        let transaction = self.transactions.last().expect("before MAIL");
        let mail = &self.mails[transaction.mail];
        assert_eq!(
            transaction.recipients.len(),
            mail.recipients.len(),
            "before all RCPT"
        );
        transaction.check_is_open();
        let all_or_none = self.policy.all_or_none;
        if self.waiting.is_empty() || all_or_none {
            assert!(transaction.is_wanted(all_or_none), "for nobody");
        }
        transaction
    }

    fn check_data(&mut self) {
        let transaction = self.check_content_may_come();
        assert_eq!(transaction.content, Content::None);
    }

    fn check_bdat(&mut self, arguments: &str) {
        let at = match self.check_content_may_come().content {
            Content::None => 0,
            Content::Chunks(at) => at,
            other => panic!("BDAT behind {other:?}"),
        };
        let (size, last) = match arguments.strip_suffix(" LAST") {
            Some(size) => (size, true),
            None => (arguments, false),
        };
        let size: usize = size.parse().expect("a size");
        let transaction = self.transactions.last_mut().unwrap();
        transaction.content = Content::Chunks(at);
        self.begin_chunk(size, last);
    }

    /// A command, a response or a content was answered with a code that may stand there.
    pub(super) fn answered(&mut self, waiting: Waiting, reply: &Reply) {
        let code = reply.code;
        let is_success = is_success(Some(code));
        match waiting.verb {
            Verb::Greeting if is_success => self.standing = Standing::Greeted,
            Verb::Greeting => self.standing = Standing::Leaving,
            Verb::Ehlo | Verb::Helo => {
                self.hello = code;
                if is_success {
                    self.standing = Standing::Ready;
                    self.offers = match waiting.verb {
                        Verb::Ehlo => Offers::of(reply),
                        _ => Offers::default(),
                    };
                }
            }
            Verb::StartTls if is_success => self.standing = Standing::Upgrading,
            Verb::Auth | Verb::Response if is_success => self.standing = Standing::Ready,
            Verb::Auth | Verb::Response if code >= 400 => self.standing = Standing::LoginFailed,
            Verb::Rset if is_success => {}
            Verb::StartTls | Verb::Rset => self.standing = Standing::Leaving,
            Verb::Mail | Verb::Rcpt | Verb::Data | Verb::Content | Verb::Bdat => {
                self.transaction_answered(waiting, code);
            }
            _ => {}
        }
    }

    fn transaction_answered(&mut self, waiting: Waiting, code: u16) {
        let all_or_none = self.policy.all_or_none;
        // A content is answered when the next mail's MAIL may be out already.
        let transaction = &mut self.transactions[waiting.transaction];
        match waiting.verb {
            Verb::Mail => transaction.mail_reply = Some(code),
            Verb::Rcpt => transaction.recipients[waiting.recipient] = Some(code),
            Verb::Data => transaction.data_reply = Some(code),
            Verb::Content if transaction.content == Content::Whole => {
                transaction.final_reply = Some(code);
            }
            Verb::Bdat => {
                let is_wanted = transaction.is_wanted(all_or_none);
                let is_final = waiting.is_last || code >= 400;
                transaction.data_reply = (code >= 400).then_some(code);
                transaction.final_reply = (is_final && is_wanted).then_some(code);
            }
            _ => {}
        }
    }
}
