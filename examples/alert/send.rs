//! The job and its result, around the session, which is in `driver/`.

use std::io::{self, IsTerminal};
use std::ops::ControlFlow;
use std::time::Duration;

use embedded_smtp::{Credentials, Error, Fault, Message, Reply, Report, Retry, Violation};
use indicatif::{ProgressBar, ProgressStyle};

use crate::advice::Words;
use crate::letter::Letter;
use crate::link::Deadlines;
use crate::options::{Driver, Options, Server};
use crate::outcome::Ruling;
use crate::report::Ending;
use crate::source::Source;
use crate::tls::{self, Shown};
use crate::trust::{Trust, Way};
use crate::watch::{Heard, Watch};
use crate::{advice, driver};

/// The mails to send, and the options.
pub struct Job<'a> {
    pub options: &'a Options,
    pub server: &'a Server,
    pub credentials: Option<&'a Credentials<'a>>,
    /// The messages were made of this.
    pub letter: &'a Letter,
    pub messages: &'a [Message<'a>],
    /// The security of the link.
    pub way: Way,
    pub watch: Watch,
}

impl<'a> Job<'a> {
    pub fn new(
        options: &'a Options,
        server: &'a Server,
        credentials: Option<&'a Credentials<'a>>,
        letter: &'a Letter,
        messages: &'a [Message<'a>],
        way: Way,
    ) -> Self {
        let timeout = options
            .timeout
            .map(|seconds| Duration::from_secs(seconds.get().into()));
        let watch = Watch::new(
            Deadlines::new(timeout),
            options.transcript,
            progress(messages),
        );
        Self {
            options,
            server,
            credentials,
            letter,
            messages,
            way,
            watch,
        }
    }

    /// Sends the messages over one connection, and says how it ended.
    pub fn send(&self, sources: &mut [Source<'_>]) -> Ending {
        let mut ending = self.run(sources);
        self.watch.end();
        ending.tls = self.watch.tls();
        if let Some(complaint) = sources.iter().find_map(Source::complaint) {
            ending.error = Some(complaint + ": check the file and send again");
        }
        ending
    }

    /// The same, by the driver that is asked for.
    fn run(&self, sources: &mut [Source<'_>]) -> Ending {
        match self.options.driver {
            Driver::Blocking => driver::blocking::run(self, sources),
            Driver::Async => match runtime() {
                Ok(runtime) => {
                    let ending = runtime.block_on(driver::asynch::run(self, sources));
                    // A resolver that is still at work is left alone.
                    runtime.shutdown_background();
                    ending
                }
                Err(error) => Ending::early(Ruling::UNREACHABLE, advice::of_unreachable(&error)),
            },
        }
    }
}

/// TLS did not come about.
pub fn unsecured(fault: &tls::Fault, shown: &Shown, trust: &Trust, is_starttls: bool) -> Ending {
    let advice = fault.advice(shown, trust, is_starttls);
    Ending::early(Ruling::of_opening(fault.opening()), advice)
}

fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

/// The results so far.
pub struct Tally<'a> {
    job: &'a Job<'a>,
    /// Mails that were accepted.
    messages: usize,
    ending: Option<Ending>,
    error: Option<Error<io::Error>>,
}

impl<'a> Tally<'a> {
    pub fn new(job: &'a Job<'a>) -> Self {
        Self {
            job,
            messages: 0,
            ending: None,
            error: None,
        }
    }

    /// Adds the result of another mail, and says whether to go on.
    pub fn add(&mut self, result: Result<Report, Error<io::Error>>) -> ControlFlow<()> {
        let report = match result {
            Ok(report) => report,
            Err(error) => {
                self.lost(error);
                return ControlFlow::Break(());
            }
        };
        self.messages += 1;
        let this = accepted(&self.job.watch, report);
        // Of several partial mails the last is shown, but one recipient that may fare better later
        // makes the whole worth another try.
        self.ending = Some(match self.ending.take() {
            Some(last) if last.error.is_some() && this.error.is_none() => last,
            Some(last) if last.ruling.retry == Some("later") => Ending {
                ruling: last.ruling,
                ..this
            },
            _ => this,
        });
        self.job.watch.next_mail();
        ControlFlow::Continue(())
    }

    /// It ended here.
    pub fn lost(&mut self, error: Error<io::Error>) {
        self.error = Some(error);
    }

    /// The result. `last`, `stray` and `reason` are what the client still knows of the last operation:
    /// the reply that decided or the last refusal, bytes that were no reply, and the server's reason
    /// for refusing a token.
    pub fn ending(self, last: Option<Reply<'_>>, stray: &[u8], reason: &[u8]) -> Ending {
        let messages = self.messages;
        let ending = match (self.error, self.ending) {
            (Some(error), _) => {
                let words = Words {
                    reply: reply_of(&error, &self.job.watch, last),
                    stray: advice::quoted(stray),
                    reason: advice::quoted(reason),
                };
                lost(self.job, &error, &words)
            }
            (None, Some(ending)) => ending,
            (None, None) => Ending::early(Ruling::INVALID, "there is no message to send".into()),
        };
        Ending { messages, ..ending }
    }
}

/// The refusal that decided, or the last one before a fault.
fn reply_of(error: &Error<io::Error>, watch: &Watch, last: Option<Reply<'_>>) -> Option<Heard> {
    let code = error.refusal()?.code();
    match last {
        Some(reply) if reply.code() == code => Some(reply.into()),
        _ => watch.last_reply(code),
    }
}

/// A mail was accepted.
fn accepted(watch: &Watch, report: Report) -> Ending {
    let recipients = watch.recipients();
    let error = report.is_partial().then(|| {
        let refused: Vec<String> = recipients
            .iter()
            .filter(|reply| reply.code >= 300)
            .map(|reply| format!("{} {}", reply.code, reply.text))
            .collect();
        let advice = match report.retry() {
            Some(Retry::Later) => "send it to them later",
            _ => "check their addresses",
        };
        let all = recipients.len() + usize::from(report.deferred());
        let mut what = Vec::new();
        if !refused.is_empty() {
            let (count, why) = (refused.len(), refused.join("; "));
            what.push(format!("{count} of {all} recipients refused ({why})"));
        }
        if report.deferred() > 0 {
            let count = report.deferred();
            what.push(format!(
                "{count} of {all} are more than the server takes at once"
            ));
        }
        format!("{}: {advice}", what.join(", "))
    });
    Ending {
        ruling: Ruling::of_report(&report),
        reply: watch.final_reply(),
        messages: 1,
        recipients,
        error,
        tls: None,
    }
}

/// A mail was not accepted.
fn lost(job: &Job<'_>, error: &Error<io::Error>, words: &Words) -> Ending {
    let watch = &job.watch;
    let reply = match error {
        Error::Refused(_) => words.reply.clone(),
        Error::Failed {
            fault: Fault::Protocol(Violation::OutOfPlace(code)),
            ..
        }
        | Error::DeliveryUnknown {
            fault: Fault::Protocol(Violation::OutOfPlace(code)),
            ..
        } => watch.last_reply(*code),
        _ => None,
    };
    Ending {
        ruling: Ruling::of_error(error),
        recipients: watch.recipients(),
        error: Some(match error {
            Error::Failed {
                fault: Fault::Content(fault),
                ..
            } => advice::of_content(*fault, job.letter),
            error => advice::of_error(error, words, job.options),
        }),
        reply,
        messages: 0,
        tls: None,
    }
}

/// A bar on stderr, for what takes long enough to watch.
fn progress(messages: &[Message<'_>]) -> ProgressBar {
    let octets: u64 = messages
        .iter()
        .map(|message| u64::from(message.encoded_len().unwrap_or(0)))
        .sum();
    if octets < PROGRESS_FROM || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let template = "{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
    let style = ProgressStyle::with_template(template);
    ProgressBar::new(octets).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Bytes of content from which a progress bar is shown: a megabyte and its base64.
const PROGRESS_FROM: u64 = 1_400_000;
