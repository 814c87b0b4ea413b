//! The chains of `chains/table.txt`, each sent to the stacks by a TLS 1.3 server in memory.
//!
//!     cargo test --all-features --test tls_chains -- --nocapture
//!
//! shows the table: what was expected, and what each stack said. After a refusal the server must have
//! received nothing but an alert. Without the feature `embedded-tls`, rustls is tried alone.

#[cfg(feature = "embedded-tls")]
#[path = "tls_chains/embedded.rs"]
mod embedded;
#[path = "tls_chains/server.rs"]
mod server;
#[path = "tls_chains/table.rs"]
mod table;
#[path = "tls_chains/webpki.rs"]
mod webpki;

/// How one try ended: accepted, or a word of the table and the error's own text.
pub type Answer = Result<(), Refusal>;

pub struct Refusal {
    pub word: &'static str,
    pub text: String,
}

#[test]
fn every_chain() {
    let (mut passed, mut failed) = (0, 0);
    line("", "chain", "expected", "rustls", "embedded");
    for row in &table::read() {
        let mut faults = Vec::new();
        let webpki = webpki::try_chain(row, &mut faults);
        if !fits(row.webpki(), &webpki) {
            faults.push(format!(
                "rustls: not {}, but \"{}\"",
                row.webpki(),
                text(&webpki)
            ));
        }
        let embedded = embedded(row, &mut faults);
        let ok = faults.is_empty();
        if ok {
            passed += 1
        } else {
            failed += 1
        }
        let mark = if ok { "ok" } else { "FAILED" };
        line(mark, &row.name, &row.expect, word(&webpki), &embedded);
        faults.iter().for_each(|fault| println!("       {fault}"));
    }
    println!("{passed} passed, {failed} failed");
    assert_eq!(failed, 0);
    assert!(passed > 0);
}

/// The octets that an error asks for are enough, and one fewer is not.
#[cfg(feature = "embedded-tls")]
#[test]
fn the_buffer_that_is_needed() {
    use embedded_smtp::tls::{Error, READ_BUFFER_MIN};

    for row in table::read() {
        // ECDSA signatures are not all of one length.
        if !["rsa2048", "rsa3072-leaf", "rsa4096"].contains(&row.name.as_str()) {
            continue;
        }
        let least = READ_BUFFER_MIN.into();
        let Err(Error::ReadBuffer { needed }) = embedded::with_read_buffer(&row, least) else {
            panic!("{}: the buffer was not too small", row.name);
        };
        println!("{}: {needed} octets for reading", row.name);
        let too_few = embedded::with_read_buffer(&row, usize::from(needed) - 1);
        assert!(
            matches!(too_few, Err(Error::ReadBuffer { .. })),
            "{}: {too_few:?}",
            row.name
        );
        assert_eq!(
            embedded::with_read_buffer(&row, needed.into()),
            Ok(()),
            "{}",
            row.name
        );
    }
}

fn line(mark: &str, chain: &str, expected: &str, webpki: &str, embedded: &str) {
    println!("{mark:<6} {chain:<34} {expected:<19} {webpki:<19} {embedded}");
}

/// The embedded stack's answer in words.
#[cfg(feature = "embedded-tls")]
fn embedded(row: &table::Row, faults: &mut Vec<String>) -> String {
    if !embedded::can_try(row) {
        return "-".into();
    }
    match embedded::try_chain(row, faults) {
        Ok(()) => "accept".into(),
        Err(Refusal { word, text }) => format!("{word}: {text}"),
    }
}

#[cfg(not(feature = "embedded-tls"))]
fn embedded(_: &table::Row, _: &mut Vec<String>) -> String {
    "-".into()
}

/// Whether an answer is one of the words, which are parted by `|`.
fn fits(expected: &str, answer: &Answer) -> bool {
    expected.split('|').any(|expected| expected == word(answer))
}

fn word(answer: &Answer) -> &'static str {
    match answer {
        Ok(()) => "accept",
        Err(refusal) => refusal.word,
    }
}

fn text(answer: &Answer) -> &str {
    match answer {
        Ok(()) => "accepted",
        Err(refusal) => &refusal.text,
    }
}
