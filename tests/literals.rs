//! Literals that `cargo check` refuses, each with a sentence for the person who wrote it.
//!
//! Each case is a program of one line, in a package of its own below the target directory. One run of
//! `cargo check` looks at all of them; nothing is built.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Expressions, and what the compiler says of them.
const WRONG: &[(&str, &str)] = &[
    // Addresses.
    (r#"address!("boiler3")"#, "mailbox: has no @"),
    (r#"address!("")"#, "mailbox: is empty"),
    (
        r#"address!("a b@example.org")"#,
        "mailbox: has a wrong local part",
    ),
    (
        r#"address!("a@b\r\nRCPT TO:<e@x>")"#,
        "mailbox: holds a control character",
    ),
    (r#"address!("Ops <ops@example.org>")"#, "mailbox: has "),
    (
        r#"address!("a@boiler_3.example.org")"#,
        "mailbox: has a wrong domain",
    ),
    (
        r#"domain!("boiler_3.example.org")"#,
        "domain: holds a character that may not stand there",
    ),
    (r#"domain!("")"#, "domain: is empty"),
    // Mailboxes and lists.
    (r#"mailbox!("Ops, Hall B <ops@example.org>")"#, "mailbox: "),
    (
        r#"mailbox!("Ops <ops@example.org")"#,
        "mailbox: has an angle bracket missing",
    ),
    (
        r#"mailbox_list!("ops@example.org; duty")"#,
        "mailbox list: has no @",
    ),
    (
        r#"mailbox_list!("ops@example.org\0")"#,
        "mailbox list: holds a control character",
    ),
    (
        r#"mailbox_list!("team: a@b.org;")"#,
        "mailbox list: is a group",
    ),
    // Subjects.
    (
        r#"header_text!("Alarm\r\nBcc: e@x")"#,
        "holds a control character",
    ),
    (
        r#"header_text!("Alarm\u{2028}")"#,
        "holds a control character",
    ),
    // File names and media types.
    (r#"label!("", "text/csv")"#, "file name: is empty"),
    (
        r#"label!("a\nb.csv", "text/csv")"#,
        "file name: holds a control character",
    ),
    (
        r#"label!("log.csv", "csv")"#,
        "media type: is not well formed",
    ),
    (
        r#"label!("log.csv", "text/csv; charset")"#,
        "media type: is not well formed",
    ),
    (
        r#"label!("log.csv", "multipart/mixed")"#,
        "media type: is reserved",
    ),
    (
        r#"label!("log.csv", "text/csv; a=b; A=c")"#,
        "media type: is given twice",
    ),
    (r#"label!("log.csv", "")"#, "media type: is empty"),
    // Heads.
    (r#"head! { from: "boiler3" }"#, "From: has no @"),
    (
        r#"head! { from: "a@b.org", to: "ops@" }"#,
        "To: has a wrong domain",
    ),
    (r#"head! { from: "a@b.org", cc: "x" }"#, "Cc: has no @"),
    (r#"head! { from: "a@b.org", bcc: "x" }"#, "Bcc: has no @"),
    (
        r#"head! { from: "a@b.org", reply_to: "x" }"#,
        "Reply-To: has no @",
    ),
    (
        r#"head! { from: "a@b.org", sender: "x" }"#,
        "Sender: has no @",
    ),
    (
        r#"head! { from: "a@b.org", subject: "a\tb\n" }"#,
        "holds a control character",
    ),
    (
        r#"head! { from: "a@b.org", topic: "x" }"#,
        "head! has no field `topic`",
    ),
    (
        r#"head! { from: "a@b.org", to: "c@d.org", to: "e@f.org" }"#,
        "`to` is bound more than once",
    ),
    (r#"head! { to: "c@d.org" }"#, "head! begins with `from: "),
    (r#"head! {}"#, "head! begins with `from: "),
];

/// Expressions that pass.
const RIGHT: &[&str] = &[
    r#"address!("ops@example.org")"#,
    r#"domain!("boiler3.example.org")"#,
    r#"mailbox!("\"Ops, Hall B\" <ops@example.org>")"#,
    r#"mailbox_list!("Ops <ops@example.org>; duty@example.org")"#,
    r#"header_text!("Überdruck: 8.4 bar")"#,
    r#"label!("Übersicht 圧力.csv", "text/csv; charset=utf-8")"#,
    r#"head! { from: "a@b.org", to: "c@d.org", cc: "e@f.org", bcc: "g@h.org",
        reply_to: "i@j.org", sender: "k@l.org", subject: "Überdruck" }"#,
];

/// Writes a package with a program for each expression.
fn package(folder: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let bins = folder.join("src/bin");
    let _ = fs::remove_dir_all(&bins);
    fs::create_dir_all(&bins).unwrap();
    let manifest = format!(
        "[package]\nname = \"literals\"\nedition = \"2024\"\n\n[dependencies]\n\
         embedded-smtp = {{ path = {root:?} }}\n\n[workspace]\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    // The versions that are here already; nothing is fetched. A package from a registry has the file too.
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let wrong = WRONG.iter().map(|(expression, _)| expression).enumerate();
    let wrong = wrong.map(|(number, expression)| (format!("wrong{number}"), expression));
    let right = RIGHT.iter().enumerate();
    let right = right.map(|(number, expression)| (format!("right{number}"), expression));
    for (name, expression) in wrong.chain(right) {
        let program = format!(
            "#![allow(unused_imports)]\nuse embedded_smtp::*;\n\n\
             fn main() {{\n    let _ = {expression};\n}}\n"
        );
        fs::write(bins.join(name).with_extension("rs"), program).unwrap();
    }
}

/// What `cargo check` says of each program that fails.
fn errors(folder: &Path) -> BTreeMap<String, String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "check",
            "--offline",
            "--keep-going",
            "--message-format=json",
        ])
        .arg("--target-dir")
        .arg(folder.join("target"))
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(!output.status.success());
    let mut errors = BTreeMap::<_, String>::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let message: serde_json::Value = serde_json::from_str(line).unwrap();
        if message["message"]["level"] == "error" {
            let program = message["target"]["name"].as_str().unwrap();
            let text = message["message"]["rendered"].as_str().unwrap();
            errors.entry(program.into()).or_default().push_str(text);
        }
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!errors.is_empty(), "{stderr}");
    errors
}

#[test]
fn a_wrong_literal_fails_at_cargo_check_with_a_sentence() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("literals");
    package(&folder);
    let errors = errors(&folder);
    for (number, expression) in RIGHT.iter().enumerate() {
        assert_eq!(errors.get(&format!("right{number}")), None, "{expression}");
    }
    for (number, (expression, sentence)) in WRONG.iter().enumerate() {
        let name = format!("wrong{number}");
        let text = errors.get(&name).map_or("", String::as_str);
        assert!(text.contains(sentence), "{expression} says: {text}");
        assert!(text.contains(&format!("src/bin/{name}.rs:5")), "{text}");
    }
    assert_eq!(errors.len(), WRONG.len());
}
