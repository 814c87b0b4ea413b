//! What the server says: replies, each to what it answers.

use super::command::{Task, Verb};
use super::dialogue::{Dialogue, Mode, Waiting};
use super::login::Say;
use super::mail::{Content, is_success};
use super::mail_rules::is_about_address;
use crate::replies::Reply;

impl Dialogue {
    /// The server says something, and the client reads it.
    pub fn hear(&mut self, octets: &[u8]) {
        self.octets += octets.len();
        self.is_new_flight = true;
        self.last_answered = None;
        for &octet in octets {
            if self.is_broken {
                return;
            }
            if self.waiting.is_empty() {
                self.end("octets that nothing had asked for");
                self.doubt();
            }
            let awaited = self.waiting.front().map(|waiting| waiting.verb);
            self.reader.is_greeting = awaited == Some(Verb::Greeting);
            match self.reader.take(octet) {
                None => {}
                Some(Err(_)) => {
                    self.end("what is no reply");
                    self.is_broken = true;
                }
                Some(Ok(reply)) => match self.waiting.pop_front() {
                    // What comes behind the end is of no interest.
                    Some(_) if self.over.is_some() && !self.is_listening => return,
                    Some(waiting) => self.answer(waiting, reply),
                    None => {
                        self.replies.push(reply.code);
                        self.unasked.push(reply.code);
                    }
                },
            }
        }
    }

    /// Octets follow in the read that brought the reply to the last chunk of a mail, or to the NOOP
    /// after it: it may have been another command's.
    fn doubt(&mut self) {
        let is_bdat = match self.last_answered {
            Some(Verb::Bdat) => true,
            Some(Verb::Noop) => self.task == Task::Mail,
            _ => false,
        };
        if let Some(last) = self.transactions.last_mut()
            && is_bdat
            && last.content == Content::Whole
            && is_success(last.final_reply)
        {
            last.is_misfit = true;
        }
    }

    fn answer(&mut self, waiting: Waiting, reply: Reply) {
        self.answers.push((waiting.verb, reply.code));
        self.last_answered = Some(waiting.verb);
        self.replies.push(reply.code);
        // A reply to what was said behind the content: 221 answers QUIT (RFC 5321 §4.3.2), and a
        // success about an address MAIL.
        let is_farewell =
            reply.code == 221 && self.waiting.iter().any(|other| other.verb == Verb::Quit);
        let is_of_next = is_success(Some(reply.code)) && is_about_address(&reply);
        let is_ahead = waiting.verb == Verb::Content
            && !self.waiting.is_empty()
            && (is_farewell || is_of_next);
        // Nor is a success about an address one to a chunk that others follow.
        let is_of_other = waiting.verb == Verb::Bdat && !waiting.is_last && is_of_next;
        if is_ahead || is_of_other || !waiting.verb.may_be_answered(reply.code) {
            self.is_listening = false;
            if matches!(waiting.verb, Verb::Noop | Verb::Quit) {
                self.check_fit(waiting.verb, &reply);
            }
            return self.end("a reply that has no place");
        }
        self.answered(waiting, &reply);
        match (waiting.verb, reply.code) {
            (_, 421) => {
                self.is_listening = false;
                self.end("421");
            }
            (Verb::Quit, _) => self.end("QUIT"),
            (Verb::Cancel, _) => self.end("a login that was given up"),
            (Verb::Auth | Verb::Response, 334) => {
                let challenge = reply.lines.join(&b'\n');
                let is_long = challenge.len() > self.policy.buffer / 2;
                let login = self.login.as_mut().unwrap();
                login.challenged(challenge, is_long);
                match login.due() {
                    Say::Nothing if !login.may_be_cut() => self.end("a wrong signature"),
                    _ => self.mode = Mode::Response,
                }
            }
            (Verb::Auth | Verb::Response, 235) if !self.is_proven() => {
                self.end("a login that the server has not proven itself in");
            }
            (Verb::Bdat, 200..400) if !self.is_chunk_wanted(waiting) => {
                self.transactions[waiting.transaction].is_misfit = true;
                self.is_listening = false;
                self.end("a reply that has no place");
            }
            (Verb::Data, 354) => self.begin_content(),
            _ => {}
        }
    }
}
