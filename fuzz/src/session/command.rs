//! What a client can say, as a table: one row a command. A new command is a row here and, where it
//! has arguments, an arm in `dialogue.rs`.

/// What is said, or awaited unasked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Greeting,
    Ehlo,
    Helo,
    StartTls,
    Auth,
    /// A response to a challenge.
    Response,
    /// `*`, which gives a login up.
    Cancel,
    Mail,
    Rcpt,
    Data,
    /// What DATA is followed by.
    Content,
    Bdat,
    Rset,
    Noop,
    Quit,
}

/// What the caller asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Nothing is asked for, and nothing may be said.
    Nothing,
    Open,
    StartTls,
    Login,
    /// Also by the method that works over any link.
    DangerLogin,
    Mail,
    /// And QUIT.
    LastMail,
    Reset,
    Noop,
    Quit,
}

/// Where the dialogue stands between transactions, as far as the server's replies say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The greeting was not read.
    Connected,
    /// EHLO comes next.
    Greeted,
    Ready,
    /// STARTTLS was answered 220.
    Upgrading,
    /// A login did not succeed: no mail without one.
    LoginFailed,
    /// Only QUIT is left.
    Leaving,
}

/// A command.
pub struct Row {
    /// What its line begins with, or all there is of it.
    pub words: &'static str,
    pub verb: Verb,
    /// What it is said for.
    pub tasks: &'static [Task],
    /// Where it may be said.
    pub standings: &'static [Standing],
    /// The keyword that the server must have offered.
    pub keyword: Option<&'static str>,
    /// Whether another command may follow in the same flight: RFC 2920 §3.1.
    pub may_be_followed: bool,
    /// The codes below 400 that may answer it; `2` and `3` stand for the whole class.
    pub codes: &'static [u16],
}

const MAILS: &[Task] = &[Task::Mail, Task::LastMail];
const LOGINS: &[Task] = &[Task::Login, Task::DangerLogin];
const ANY: &[Task] = &[
    Task::Open,
    Task::StartTls,
    Task::Login,
    Task::DangerLogin,
    Task::Mail,
    Task::LastMail,
    Task::Reset,
    Task::Noop,
    Task::Quit,
];
/// 25z.
const HELLO: &[u16] = &[250, 251, 252, 253, 254, 255, 256, 257, 258, 259];
const READY: &[Standing] = &[Standing::Ready];
const IDLE: &[Standing] = &[Standing::Ready, Standing::LoginFailed];

const fn row(
    words: &'static str,
    verb: Verb,
    tasks: &'static [Task],
    standings: &'static [Standing],
    keyword: Option<&'static str>,
    may_be_followed: bool,
    codes: &'static [u16],
) -> Row {
    Row {
        words,
        verb,
        tasks,
        standings,
        keyword,
        may_be_followed,
        codes,
    }
}

/// Every command.
#[rustfmt::skip]
pub const COMMANDS: &[Row] = &[
    //  words          verb            tasks                           standings                keyword           followed codes
    row("EHLO ",       Verb::Ehlo,     &[Task::Open, Task::StartTls],  &[Standing::Greeted],    None,             false,   HELLO),
    row("HELO ",       Verb::Helo,     &[Task::Open],                  &[Standing::Greeted],    None,             false,   HELLO),
    row("STARTTLS",    Verb::StartTls, &[Task::StartTls],              READY,                   Some("STARTTLS"), false,   &[220]),
    row("AUTH ",       Verb::Auth,     LOGINS,                         IDLE,                    Some("AUTH"),     false,   &[235, 334]),
    row("MAIL FROM:<", Verb::Mail,     MAILS,                          READY,                   None,             true,    &[2]),
    row("RCPT TO:<",   Verb::Rcpt,     MAILS,                          READY,                   None,             true,    &[2]),
    row("DATA",        Verb::Data,     MAILS,                          READY,                   None,             false,   &[354]),
    row("BDAT ",       Verb::Bdat,     MAILS,                          READY,                   Some("CHUNKING"), false,   &[2]),
    row("RSET",        Verb::Rset,     ANY,                            IDLE,                    None,             false,   &[2]),
    row("NOOP",        Verb::Noop,     &[Task::Noop, Task::Mail],      IDLE,                    None,             false,   &[2]),
    row("QUIT",        Verb::Quit,     &[Task::Quit, Task::LastMail],  &[Standing::Greeted, Standing::Ready, Standing::LoginFailed, Standing::Leaving],
                                                                                                None,             false,   &[2, 3]),
];

impl Row {
    /// The command that a line is, without its CRLF, and its arguments.
    pub fn read(line: &str) -> Option<(&'static Self, &str)> {
        COMMANDS.iter().find_map(|row| {
            let arguments = line.strip_prefix(row.words)?;
            let has_arguments = row.words.ends_with([' ', '<']);
            (has_arguments || arguments.is_empty()).then_some((row, arguments))
        })
    }
}

impl Verb {
    /// Whether another command may follow in the same flight.
    pub fn may_be_followed(self) -> bool {
        match self {
            Self::Content => true,
            _ => self.row().is_some_and(|row| row.may_be_followed),
        }
    }

    /// Whether a code has a place as the answer; 421 has everywhere.
    pub fn may_be_answered(self, code: u16) -> bool {
        let codes: &[u16] = match self {
            Self::Greeting => &[220],
            Self::Response => &[235, 334],
            Self::Cancel => &[],
            Self::Content => &[2],
            _ => self.row().map_or(&[], |row| row.codes),
        };
        code >= 400 || codes.contains(&code) || codes.contains(&(code / 100))
    }

    fn row(self) -> Option<&'static Row> {
        COMMANDS.iter().find(|row| row.verb == self)
    }
}
