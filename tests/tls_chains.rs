//! The chains of `chains/table.txt`, each served to the stacks by a TLS 1.3 server in memory.
//!
//!     cargo test --all-features --test tls_chains -- --nocapture
//!
//! shows the table: what was expected, and what each stack said. After a refusal the server must have
//! received nothing but an alert.

#[path = "tls_chains/server.rs"]
mod server;
#[path = "tls_chains/table.rs"]
mod table;
#[path = "tls_chains/webpki.rs"]
mod webpki;

/// How one try of one stack ended: accepted, or a word of the table and the error's own text.
pub type Answer = Result<(), Refusal>;

pub struct Refusal {
    pub word: &'static str,
    pub text: String,
}

#[test]
fn every_chain() {
    let rows = table::read();
    println!("{:<36} {:<22} {:<18} why", "chain", "expected", "rustls");
    let (mut passed, mut failed) = (0, 0);
    for row in &rows {
        let mut faults = Vec::new();
        let webpki = webpki::try_chain(row, &mut faults);
        if !fits(row.webpki(), &webpki) {
            faults.push(format!("rustls: {}", text(&webpki)));
        }
        println!("{:<36} {:<22} {:<18} {}", row.name, row.expect, word(&webpki), text(&webpki));
        for fault in &faults {
            println!("    WRONG {fault}");
        }
        if faults.is_empty() { passed += 1 } else { failed += 1 }
    }
    println!("{passed} passed, {failed} failed");
    assert_eq!(failed, 0);
    assert!(passed > 0);
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
        Ok(()) => "",
        Err(refusal) => &refusal.text,
    }
}
