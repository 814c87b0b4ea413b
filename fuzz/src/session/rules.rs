//! Which command may be said when, and what a reply changes: the rules of RFC 5321 and its
//! extensions, and of the client's documentation, over what the dialogue has seen.

use super::command::{Row, Standing, Task, Verb};
use super::dialogue::{Dialogue, Waiting};
use super::limits::Used;
use super::login::{Login, MECHANISMS, Secret};
use super::mail::{Mail, Transaction, is_success};
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
    pub fn hand_in(&mut self, mut mail: Mail) {
        mail.requires_tls = self.requires_tls;
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

    /// The last transaction of the mail with this number, `from` that one on.
    pub fn transaction_of(&self, mail: usize, from: usize) -> Option<&Transaction> {
        let mut all = self.transactions[from..].iter().rev();
        all.find(|t| t.mail == mail)
    }

    /// TLS was opened.
    pub fn upgraded(&mut self) {
        assert_eq!(self.standing, Standing::Upgrading);
        assert!(self.is_between_replies(), "octets behind the 220");
        self.standing = Standing::Greeted;
        self.is_upgraded = true;
        self.is_secure = true;
        self.offers = Offers::default();
        self.used = Used::default();
        self.has_chain = self.policy.by_chain;
        self.requires_tls = self.policy.require_tls;
    }

    /// What the caller asked for is not on offer, and bars what it should have protected.
    pub fn not_offered(&mut self) {
        let is_closed = self.transactions.last().is_none_or(Transaction::is_closed);
        self.standing = match self.task {
            // A mail that cannot have what it needs is refused alone.
            Task::Mail | Task::LastMail => return,
            Task::Login | Task::DangerLogin if is_closed => Standing::LoginFailed,
            _ => Standing::Leaving,
        };
    }

    /// Whether only QUIT is left.
    pub fn is_leaving(&self) -> bool {
        self.standing == Standing::Leaving
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
                assert!(self.policy.helo && is_unknown, "HELO after {}", self.hello);
            }
            Verb::StartTls => assert!(!self.is_upgraded, "STARTTLS under TLS"),
            Verb::Auth => self.check_auth(arguments),
            Verb::Mail => self.check_mail(arguments),
            Verb::Rcpt => self.check_rcpt(arguments),
            Verb::Data => self.check_data(),
            Verb::Bdat => self.check_bdat(arguments),
            Verb::Rset => self.check_rset(),
            Verb::Noop => {
                let last = self.transactions.last_mut();
                let is_closed = last.as_ref().is_none_or(|last| last.is_closed());
                assert!(is_closed, "NOOP in a transaction");
                if self.task == Task::Mail {
                    // It shows that the final reply to BDAT was the content's.
                    let last = last.filter(|last| last.mail >= self.first_mail);
                    let last = last.expect("NOOP, and no mail");
                    let is_due = last.is_accepted_by_bdat() && self.mails[last.mail].is_in_row;
                    assert!(is_due && last.noop.is_none(), "NOOP behind a mail");
                    last.noop = Some(None);
                }
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
        let is_best = |name: &str| {
            let mut usable = MECHANISMS
                .iter()
                .filter(|row| row.kinds.contains(&secret.kind));
            let best = usable.find(|row| self.offers.has_word("AUTH", row.name));
            best.is_some_and(|best| best.name == name)
        };
        assert!(
            forced.is_some() || !self.is_short || is_best(name),
            "{name} is not the best"
        );
        self.secrets.extend(login.said.first().cloned());
        self.login = Some(login);
    }

    fn check_rset(&mut self) {
        let last = self.transactions.last_mut();
        let open = last.filter(|t| {
            let is_refused = t.chunk_refusal.is_some();
            (t.final_reply.is_none() || is_refused) && !t.is_reset
        });
        let is_needed = open.is_some() || self.task == Task::Reset;
        assert!(is_needed, "RSET, and there is no transaction");
        if let Some(transaction) = open {
            transaction.is_reset = true;
        }
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
                    let words = reply
                        .lines
                        .iter()
                        .flat_map(|line| line.split(|&b| b == b' '));
                    let most = self.policy.buffer / 4;
                    self.is_short = words.map(<[u8]>::len).all(|length| length < most);
                    self.offers = match waiting.verb {
                        Verb::Ehlo => Offers::of(reply),
                        _ => Offers::default(),
                    };
                }
            }
            Verb::StartTls if is_success => self.standing = Standing::Upgrading,
            Verb::Auth | Verb::Response if is_success && self.is_proven() => {
                self.standing = Standing::Ready;
            }
            Verb::Auth | Verb::Response if code >= 400 => self.standing = Standing::LoginFailed,
            Verb::Rset if is_success => {}
            Verb::StartTls | Verb::Rset => self.standing = Standing::Leaving,
            Verb::Mail | Verb::Rcpt | Verb::Data | Verb::Content | Verb::Bdat => {
                self.transaction_answered(waiting, reply);
            }
            Verb::Noop | Verb::Quit => self.check_fit(waiting.verb, reply),
            _ => {}
        }
    }

    /// Whether the server has proven in the login what it had to.
    pub fn is_proven(&self) -> bool {
        self.login.as_ref().is_some_and(Login::is_proven)
    }
}
