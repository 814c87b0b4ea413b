//! Reads mails with the crates `mail-parser` and `mailparse`: `read-mails mail-parser|mailparse`,
//! the paths of the mails on stdin. `tests/parsers/README.md` has the form of what it prints.

use std::io::{BufRead, Write};

use serde_json::{Map, Value, json};

#[path = "mail_parser.rs"]
mod by_mail_parser;
#[path = "mailparse.rs"]
mod by_mailparse;

fn main() {
    let read = match std::env::args().nth(1).as_deref() {
        Some("mail-parser") => by_mail_parser::read,
        Some("mailparse") => by_mailparse::read,
        _ => panic!("usage: read-mails mail-parser|mailparse"),
    };
    let mut out = std::io::stdout().lock();
    for path in std::io::stdin().lock().lines() {
        let path = path.unwrap();
        let octets = std::fs::read(&path).unwrap();
        let mut mail = read(&octets).unwrap_or_else(|error| json!({ "error": error }));
        mail["path"] = path.into();
        writeln!(out, "{mail}").unwrap();
    }
}

/// The values of each field, by its name in lower case.
#[derive(Default)]
pub struct Fields(Map<String, Value>);

impl Fields {
    fn push(&mut self, name: &str, value: String) {
        let values = self.0.entry(name.to_ascii_lowercase());
        let values = values.or_insert_with(|| json!([]));
        values.as_array_mut().unwrap().push(value.into());
    }
}
