//! The first bytes of a link that was to go under TLS. If they are words, the server does not speak TLS
//! there.

use std::cell::RefCell;
use std::rc::Rc;

/// The line that a server said in place of TLS. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct FirstLine(Rc<RefCell<State>>);

#[derive(Debug, Default)]
enum State {
    /// No handshake was begun, or its first byte was one of TLS.
    #[default]
    Over,
    /// Nothing was received.
    Silent,
    /// The beginning of a line.
    Words(Vec<u8>),
    Line(Vec<u8>),
}

impl FirstLine {
    /// A handshake begins.
    pub fn begin(&self) {
        self.0.replace(State::Silent);
    }

    /// Takes received bytes. Returns whether more of a line is wanted.
    pub fn receive(&self, bytes: &[u8]) -> bool {
        let state = &mut *self.0.borrow_mut();
        let mut words = match std::mem::take(state) {
            // The types of TLS records are no letters (RFC 8446 §5.1).
            State::Silent if bytes.first().is_some_and(u8::is_ascii_graphic) => Vec::new(),
            State::Words(words) if !bytes.is_empty() => words,
            State::Words(words) | State::Line(words) => {
                *state = State::Line(words);
                return false;
            }
            State::Silent | State::Over => return false,
        };
        words.extend_from_slice(bytes);
        let end = words.iter().position(|byte| *byte == b'\n');
        if let Some(length) = end.or((words.len() > LINE).then_some(LINE)) {
            words.truncate(length);
            *state = State::Line(words);
            return false;
        }
        *state = State::Words(words);
        true
    }

    /// Whether there are words in place of TLS.
    pub fn is_there(&self) -> bool {
        matches!(&*self.0.borrow(), State::Words(_) | State::Line(_))
    }

    /// The line, or its beginning.
    pub fn line(&self) -> Option<Vec<u8>> {
        match &*self.0.borrow() {
            State::Words(words) | State::Line(words) => Some(words.clone()),
            State::Silent | State::Over => None,
        }
    }
}

/// Bytes of a line that are kept: RFC 5321 §4.5.3.1.5 has 512.
const LINE: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_place_of_tls_are_kept_to_the_end_of_their_line() {
        let first_line = FirstLine::default();
        assert!(!first_line.receive(b"220 hello"));
        assert_eq!(first_line.line(), None);
        first_line.begin();
        assert!(first_line.receive(b"55"));
        assert!(first_line.receive(b"0 no\r"));
        assert_eq!(first_line.line().unwrap(), b"550 no\r");
        assert!(!first_line.receive(b"\nmore"));
        assert!(!first_line.receive(b"x"));
        assert_eq!(first_line.line().unwrap(), b"550 no\r");
        first_line.begin();
        assert!(!first_line.receive(&[b'x'; 600]));
        assert_eq!(first_line.line().unwrap().len(), 512);
    }

    #[test]
    fn tls_is_no_words() {
        let first_line = FirstLine::default();
        first_line.begin();
        assert!(!first_line.receive(&[22, 3, 3]));
        assert!(!first_line.receive(b"220"));
        assert_eq!(first_line.line(), None);
    }
}
