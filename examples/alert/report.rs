//! The result: one JSON object on one line, the last of stdout.

use std::io::Write;

use serde::Serialize;

use crate::escape;
use crate::outcome::Ruling;
use crate::watch::Heard;

/// The result of it all.
#[derive(Debug, Clone)]
pub struct Ending {
    pub ruling: Ruling,
    /// The reply that decided.
    pub reply: Option<Heard>,
    /// Mails that were accepted.
    pub messages: usize,
    /// The replies to the recipients, as far as they were read.
    pub recipients: Vec<Heard>,
    /// `None` when the mail was sent to all.
    pub error: Option<String>,
    /// The version of TLS.
    pub tls: Option<&'static str>,
}

impl Ending {
    /// The end of a mail that was never handed in.
    pub fn early(ruling: Ruling, error: String) -> Self {
        Self {
            ruling,
            reply: None,
            messages: 0,
            recipients: Vec::new(),
            error: Some(error),
            tls: None,
        }
    }

    /// Prints it for the envelope's recipients.
    pub fn print(&self, addresses: &[String]) {
        // If stdout is gone, there is no place left to say so.
        let _ = writeln!(std::io::stdout(), "{}", self.to_json(addresses));
    }

    fn to_json(&self, addresses: &[String]) -> String {
        let Ruling {
            outcome,
            status,
            phase,
            retry,
            ..
        } = self.ruling;
        let reply = self.reply.as_ref();
        let line = Line {
            outcome,
            status,
            code: reply.map(|reply| reply.code),
            enhanced: reply.and_then(enhanced),
            text: reply.map(|reply| &*reply.text),
            phase,
            retry,
            tls: self.tls,
            messages: self.messages,
            recipients: addresses
                .iter()
                .enumerate()
                .map(|(index, address)| {
                    let reply = self.recipients.get(index);
                    Recipient {
                        address,
                        code: reply.map(|reply| reply.code),
                        enhanced: reply.and_then(enhanced),
                    }
                })
                .collect(),
            error: self.error.as_deref().map(escape::line),
        };
        // A value of texts and numbers has nothing that could fail.
        let json = serde_json::to_string(&line).unwrap_or_default();
        escape::json(&json)
    }
}

fn enhanced(reply: &Heard) -> Option<String> {
    reply.enhanced.map(|code| code.to_string())
}

/// The object, its fields in the order they are written.
#[derive(Serialize)]
struct Line<'a> {
    outcome: &'a str,
    status: u16,
    code: Option<u16>,
    enhanced: Option<String>,
    text: Option<&'a str>,
    phase: Option<&'a str>,
    retry: Option<&'a str>,
    /// The version of TLS.
    tls: Option<&'a str>,
    messages: usize,
    recipients: Vec<Recipient<'a>>,
    error: Option<String>,
}

#[derive(Serialize)]
struct Recipient<'a> {
    address: &'a str,
    code: Option<u16>,
    enhanced: Option<String>,
}
