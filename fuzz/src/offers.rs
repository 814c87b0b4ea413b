//! What EHLO's answer offers, read by RFC 5321 §4.1.1.1 on this package's own account.

use crate::replies::Reply;

/// A keyword of each line, in capitals, and the words behind it.
#[derive(Debug, Clone, Default)]
pub struct Offers(Vec<(String, Vec<String>)>);

impl Offers {
    /// Reads a 2yz reply. Its first line is the server's name and offers nothing.
    pub fn of(reply: &Reply) -> Self {
        let lines = reply.lines.iter().skip(1);
        Self(lines.filter_map(|line| keyword(line)).collect())
    }

    pub fn has(&self, keyword: &str) -> bool {
        self.0.iter().any(|(found, _)| found == keyword)
    }

    /// The words behind the keyword, over all lines that begin with it.
    pub fn words(&self, keyword: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(found, _)| found == keyword)
            .flat_map(|(_, words)| words)
            .map(String::as_str)
    }

    pub fn has_word(&self, keyword: &str, word: &str) -> bool {
        self.words(keyword).any(|w| w.eq_ignore_ascii_case(word))
    }
}

fn keyword(line: &[u8]) -> Option<(String, Vec<String>)> {
    // Latin-1, so that every octet stays what it is.
    let line: String = line.iter().map(|&b| char::from(b)).collect();
    let mut words = line.split([' ', '\t']).filter(|word| !word.is_empty());
    let mut keyword = words.next()?.to_ascii_uppercase();
    let mut rest: Vec<String> = words.map(String::from).collect();
    // The old form, `AUTH=LOGIN PLAIN`.
    if let Some(first) = keyword.strip_prefix("AUTH=") {
        rest.insert(0, first.into());
        keyword = "AUTH".into();
    }
    Some((keyword, rest))
}
