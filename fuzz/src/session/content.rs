//! Contents, octet by octet: behind DATA with dots doubled until the terminator, behind BDAT by count.

use super::command::Verb;
use super::dialogue::{Dialogue, Mode};
use super::mail::{Content, TERMINATOR};

impl Dialogue {
    /// DATA was answered 354: its content comes next, or a lone dot.
    pub(super) fn begin_content(&mut self) {
        let transaction = self.transactions.last_mut().unwrap();
        if transaction.is_wanted(self.policy.all_or_none) {
            transaction.content = Content::Dots(0);
            self.due = self.mails[transaction.mail].stuffed();
        } else if transaction.accepted() == 0 {
            transaction.content = Content::Hollow(0);
            self.due = TERMINATOR.to_vec();
        } else {
            // Whatever is said now could be taken for a mail.
            return self.end("354 for a mail that is given up");
        }
        self.mode = Mode::Content;
    }

    pub(super) fn say_content(&mut self, octet: u8) {
        let transaction = self.transactions.last_mut().unwrap();
        let is_complete = self.mails[transaction.mail].is_complete;
        let (at, is_hollow) = match transaction.content {
            Content::Dots(at) => (at, false),
            Content::Hollow(at) => (at, true),
            other => panic!("{other:?}"),
        };
        assert_eq!(Some(&octet), self.due.get(at), "octet {at} of the content");
        let is_terminator = is_complete && at + TERMINATOR.len() >= self.due.len();
        if is_hollow {
            transaction.content = Content::Hollow(at + 1);
            self.shown.push(octet);
        } else {
            transaction.content = Content::Dots(at + 1);
            self.content_octets += usize::from(!is_terminator);
        }
        if at + 1 == self.due.len() && (is_hollow || is_complete) {
            transaction.content = if is_hollow {
                Content::LoneDot
            } else {
                Content::Whole
            };
            transaction.is_taken = !self.is_listening;
            self.mode = Mode::Command;
            self.await_answer(Verb::Content);
        }
    }

    /// BDAT was said with this size.
    pub(super) fn begin_chunk(&mut self, size: usize, is_last: bool) {
        self.mode = Mode::Chunk {
            left: size,
            is_last,
        };
        if size == 0 {
            self.end_chunk(is_last);
        }
    }

    pub(super) fn say_chunk(&mut self, octet: u8, left: usize, is_last: bool) {
        let transaction = self.transactions.last_mut().unwrap();
        let mail = &self.mails[transaction.mail];
        let Content::Chunks(at) = transaction.content else {
            panic!("{:?}", transaction.content);
        };
        assert_eq!(
            Some(&octet),
            mail.content.get(at),
            "octet {at} of the content"
        );
        transaction.content = Content::Chunks(at + 1);
        self.content_octets += 1;
        self.mode = Mode::Chunk {
            left: left - 1,
            is_last,
        };
        if left == 1 {
            self.end_chunk(is_last);
        }
    }

    fn end_chunk(&mut self, is_last: bool) {
        let transaction = self.transactions.last_mut().unwrap();
        let mail = &self.mails[transaction.mail];
        if is_last {
            let is_all = transaction.content == Content::Chunks(mail.content.len());
            assert!(is_all && mail.is_complete, "LAST before the end");
            transaction.content = Content::Whole;
            transaction.is_taken = !self.is_listening;
        }
        self.mode = Mode::Command;
        self.await_answer(Verb::Bdat);
        self.waiting.back_mut().unwrap().is_last = is_last;
    }
}
