//! A program with a wrong literal fails at `cargo check`, and its author reads what is wrong with which
//! value.
//!
//! `wrong/` has one program for each mistake: its first comment is what the error says, and `// here` ends
//! the line of the literal. `right/` has programs that compile, and so do the README's snippets, as a user
//! reads them. All are checked in one run of cargo, as programs of a package that depends on this one and
//! turns on the features that the snippets name.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Ends the line of a program's wrong literal.
const MARK: &str = "// here";

/// An error of the compiler in one program.
#[derive(Debug)]
struct Mistake {
    /// The file and lines that it points at first.
    file: PathBuf,
    lines: RangeInclusive<usize>,
    /// The whole text, as a person reads it.
    rendered: String,
}

#[test]
fn a_wrong_literal_fails_at_cargo_check_with_the_value_and_the_reason() {
    let wrong = programs("wrong");
    let right = [programs("right"), snippets()].concat();
    assert!(wrong.len() > 50 && right.len() > 4);
    let checked = check(wrong.iter().chain(&right));

    let mut faults = String::new();
    for program in &right {
        if let Some(mistakes) = checked.get(&name(program)) {
            writeln!(faults, "{}: {mistakes:#?}", program.display()).unwrap();
        }
    }
    for program in &wrong {
        let none = Vec::new();
        let mistakes = checked.get(&name(program)).unwrap_or(&none);
        if let Err(fault) = says(program, mistakes) {
            writeln!(faults, "{}: {fault}", program.display()).unwrap();
            for mistake in mistakes {
                writeln!(faults, "{}", mistake.rendered).unwrap();
            }
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

/// Whether these are one error, with the words of the program's first comment, at the literal.
fn says(program: &Path, mistakes: &[Mistake]) -> Result<(), String> {
    let text = fs::read_to_string(program).unwrap();
    let expected = text
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("//! "));
    let expected = expected.ok_or("its first line is no `//! ` with the words of the error")?;
    let mark = text.lines().position(|line| line.ends_with(MARK));
    let mark = mark.ok_or("no line is marked")? + 1;

    let [mistake] = mistakes else {
        return Err(format!("{} errors", mistakes.len()));
    };
    if !mistake.rendered.contains(expected) {
        return Err(format!("does not say {expected:?}"));
    }
    if mistake.file != program || !mistake.lines.contains(&mark) {
        return Err(format!("points at {:?}:{:?}", mistake.file, mistake.lines));
    }
    Ok(())
}

/// The programs of a folder beside this file, in order.
fn programs(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/literals")
        .join(folder);
    let mut programs: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    programs.sort();
    programs
}

/// The parameters of the README's snippets, in order: what the reader has at hand.
const AT_HAND: [&str; 3] = [
    "tls: impl Tcp + embedded_smtp::Secure, now: u64, log: &[u8]",
    "token: &str, random: [u8; 18]",
    "tcp: impl Tcp, root: &[u8], now: u64, random: impl tls::Random",
];

/// The README's snippets as programs, without the lines that only a documentation test has.
fn snippets() -> Vec<PathBuf> {
    let readme = include_str!("../../README.md");
    let snippets: Vec<&str> = readme
        .split("```rust\n")
        .skip(1)
        .map(|block| block.split("```").next().unwrap())
        .collect();
    assert_eq!(snippets.len(), AT_HAND.len());
    let folder = package().join("readme");
    fs::create_dir_all(&folder).unwrap();
    let program = |(number, (snippet, at_hand)): (usize, (&&str, &str))| {
        let lines = snippet.lines().filter(|line| !line.starts_with('#'));
        let lines: Vec<&str> = lines.collect();
        let text = format!(
            "#![allow(unused)]\n\
             use embedded_io::{{ErrorKind, Read, Write}};\nuse embedded_smtp::{{Credentials, tls}};\n\
             trait Tcp: Read<Error = ErrorKind> + Write + 'static {{}}\n\
             fn snippet({at_hand}) -> Result<(), Box<dyn std::error::Error>> {{\n{}\nOk(())\n}}\n\
             fn main() {{}}\n",
            lines.join("\n")
        );
        let path = folder.join(format!("readme_{number}.rs"));
        fs::write(&path, text).unwrap();
        path
    };
    snippets
        .iter()
        .zip(AT_HAND)
        .enumerate()
        .map(program)
        .collect()
}

/// The folder of the package that has the programs.
fn package() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("literals")
}

/// The name of a program, which is that of its binary.
fn name(program: &Path) -> String {
    program.file_stem().unwrap().to_str().unwrap().to_owned()
}

/// Runs `cargo check` on programs, and returns the errors of those that have any.
fn check<'p>(
    programs: impl Iterator<Item = &'p PathBuf> + Clone,
) -> BTreeMap<String, Vec<Mistake>> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let package = package();
    fs::create_dir_all(&package).unwrap();
    fs::write(package.join("Cargo.toml"), manifest(programs.clone())).unwrap();
    // The versions that this build has, so that nothing is looked up.
    let lock = repository.join("Cargo.lock");
    if lock.exists() {
        fs::copy(lock, package.join("Cargo.lock")).unwrap();
    }

    let output = Command::new(env!("CARGO"))
        .args(["check", "--bins", "--offline", "--keep-going"])
        .args(["--message-format", "json", "--color", "never"])
        .arg("--target-dir")
        .arg(package.join("target"))
        .current_dir(&package)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);

    let mut reached = 0;
    let mut errors = BTreeMap::<String, Vec<Mistake>>::new();
    for line in output.stdout.split(|byte| *byte == b'\n') {
        let Ok(message) = serde_json::from_slice::<Value>(line) else {
            continue;
        };
        let target = &message["target"];
        if target["kind"][0] != "bin" {
            continue;
        }
        let name = target["name"].as_str().unwrap().to_owned();
        match message["reason"].as_str() {
            Some("compiler-artifact") => reached += 1,
            Some("compiler-message") if message["message"]["level"] == "error" => {
                // The last error counts those before it, and points nowhere.
                if let Some(mistake) = mistake(&package, &message["message"]) {
                    errors.entry(name).or_default().push(mistake);
                }
            }
            _ => {}
        }
    }
    assert_eq!(
        reached + errors.len(),
        programs.count(),
        "not every program was checked:\n{stderr}"
    );
    errors
}

fn mistake(package: &Path, message: &Value) -> Option<Mistake> {
    let spans = message["spans"].as_array()?;
    let mut span = spans.iter().find(|span| span["is_primary"] == true)?;
    // Where the macros were written that the place comes from, as rustc shows it.
    while let Some(caller) = span["expansion"].get("span") {
        span = caller;
    }
    let line = |end: &str| usize::try_from(span[end].as_u64().unwrap()).unwrap();
    Some(Mistake {
        // An absolute path replaces the one it is joined to.
        file: package.join(span["file_name"].as_str()?),
        lines: line("line_start")..=line("line_end"),
        rendered: message["rendered"].as_str()?.to_owned(),
    })
}

/// A package of these programs. It is a workspace of its own, wherever the target folder is.
fn manifest<'p>(programs: impl Iterator<Item = &'p PathBuf>) -> String {
    let mut manifest = format!(
        "[workspace]\n\
         [package]\nname = \"literals\"\nedition = \"2024\"\nautobins = false\n\
         [dependencies]\nembedded-io = \"0.7\"\n\
         embedded-smtp = {{ path = {:?}, features = [\"embedded-tls\", \"scram-sha-256\"] }}\n",
        env!("CARGO_MANIFEST_DIR")
    );
    for program in programs {
        write!(
            manifest,
            "[[bin]]\nname = {:?}\npath = {program:?}\n",
            name(program)
        )
        .unwrap();
    }
    manifest
}
