//! A reader of replies, written from RFC 5321 §4.2 and not from the library: `CODE[-| ]text CRLF`,
//! codes 200 to 599, a bare LF tolerated, one code a reply, at most 128 KiB.

/// A whole reply.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reply {
    pub code: u16,
    /// Of the first line, if it is of the code's class.
    pub enhanced: Option<(u8, u16, u16)>,
    /// The text of each line, without its enhanced code.
    pub lines: Vec<Vec<u8>>,
}

/// What is no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breach {
    Grammar,
    CodesDiffer,
    TooLong,
}

/// One line of a reply, without its line end.
pub struct Line<'l> {
    pub code: u16,
    pub enhanced: Option<(u8, u16, u16)>,
    pub is_last: bool,
    pub text: &'l [u8],
}

/// The longest reply, in octets.
pub const REPLY_MAX: usize = 128 * 1024;

/// Reads replies octet by octet.
#[derive(Debug, Default)]
pub struct Reader {
    /// What is read is a greeting, whose last line may refuse what the lines before seemed to promise.
    pub is_greeting: bool,
    line: Vec<u8>,
    reply: Option<Reply>,
    octets: usize,
}

impl Reader {
    /// Takes an octet; a reply or a breach, where it completes one.
    pub fn take(&mut self, octet: u8) -> Option<Result<Reply, Breach>> {
        self.octets += 1;
        self.line.push(octet);
        if octet != b'\n' {
            return None;
        }
        let line = std::mem::take(&mut self.line);
        match self.whole_line(&line) {
            Ok(false) => None,
            Ok(true) => {
                self.octets = 0;
                self.reply.take().map(Ok)
            }
            Err(breach) => Some(Err(breach)),
        }
    }

    /// No octet of a reply was taken that is not complete.
    pub fn is_between_replies(&self) -> bool {
        self.octets == 0
    }

    /// The octets of the line that has not ended.
    pub fn unfinished_line(&self) -> &[u8] {
        &self.line
    }

    /// The reply whose last line was not read yet.
    pub fn unfinished_reply(&self) -> Option<&Reply> {
        self.reply.as_ref()
    }

    /// Octets of the reply that is being read.
    pub fn octets(&self) -> usize {
        self.octets
    }

    fn whole_line(&mut self, line: &[u8]) -> Result<bool, Breach> {
        if self.octets > REPLY_MAX {
            return Err(Breach::TooLong);
        }
        let line = line.strip_suffix(b"\n").unwrap();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = Line::read(line).ok_or(Breach::Grammar)?;
        let reply = self.reply.get_or_insert_with(|| Reply {
            code: line.code,
            enhanced: line.enhanced,
            lines: Vec::new(),
        });
        if line.code != reply.code {
            if !(self.is_greeting && line.is_last && line.code >= 400) {
                return Err(Breach::CodesDiffer);
            }
            reply.code = line.code;
            reply.enhanced = line.enhanced;
        }
        reply.lines.push(line.text.to_vec());
        Ok(line.is_last)
    }
}

impl<'l> Line<'l> {
    pub fn read(line: &'l [u8]) -> Option<Self> {
        let digits = line.get(..3)?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let code: u16 = std::str::from_utf8(digits).unwrap().parse().unwrap();
        if !(200..=599).contains(&code) {
            return None;
        }
        let (is_last, text) = match line.get(3) {
            None => (true, &line[3..]),
            Some(b' ') => (true, &line[4..]),
            Some(b'-') => (false, &line[4..]),
            Some(_) => return None,
        };
        // RFC 2034 §4: it stands first in the text, and is of the code's class.
        let word = text.split(|&b| b == b' ').next().unwrap();
        let enhanced =
            status_code(bare(word)).filter(|(class, _, _)| u16::from(*class) == code / 100);
        let text = match enhanced {
            Some(_) => text.get(word.len() + 1..).unwrap_or_default(),
            None => text,
        };
        Some(Self {
            code,
            enhanced,
            is_last,
            text,
        })
    }
}

/// The code in a word: some servers write `5.7.1:`, `#5.7.1`, `#5.7.1:` or `(#5.7.1)`.
fn bare(word: &[u8]) -> &[u8] {
    if let Some(rest) = word.strip_prefix(b"(#") {
        // Where the bracket is not closed, this is no code.
        return rest.strip_suffix(b")").unwrap_or_default();
    }
    let word = word.strip_prefix(b"#").unwrap_or(word);
    word.strip_suffix(b":").unwrap_or(word)
}

/// `class "." subject "." detail` of RFC 3463 §2: a class of 2, 4 or 5, then up to three digits each.
fn status_code(word: &[u8]) -> Option<(u8, u16, u16)> {
    let word = std::str::from_utf8(word).ok()?;
    let mut parts = word.split('.');
    let mut number = |most: usize| {
        let digits = parts.next()?;
        let is_number = (1..=most).contains(&digits.len());
        if !is_number || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        digits.parse::<u16>().ok()
    };
    let (class, subject, detail) = (number(1)?, number(3)?, number(3)?);
    if !matches!(class, 2 | 4 | 5) || parts.next().is_some() {
        return None;
    }
    Some((class as u8, subject, detail))
}
