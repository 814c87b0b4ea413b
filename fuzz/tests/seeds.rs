//! Every seed through its target, without a fuzzer: what was found once stays found.

use std::fs;
use std::path::Path;

/// The names of a target's seeds, and what they hold.
fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("seeds")
        .join(target);
    let seeds: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|seed| seed.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read(path).unwrap())
        })
        .collect();
    assert!(seeds.len() > 5);
    seeds
}

fn run(target: &str, check: fn(&[u8])) {
    let mut failed = Vec::new();
    for (name, seed) in seeds(target) {
        println!("{target}/{name}");
        if std::panic::catch_unwind(|| check(&seed)).is_err() {
            failed.push(name);
        }
    }
    assert!(failed.is_empty(), "{target}: {failed:#?}");
}

#[test]
fn reply() {
    run("reply", embedded_smtp_fuzz::reply);
}

#[test]
fn session() {
    run("session", embedded_smtp_fuzz::session);
}

#[test]
fn message() {
    run("message", embedded_smtp_fuzz::message);
}

#[test]
fn address() {
    run("address", embedded_smtp_fuzz::address);
}

#[test]
fn list() {
    run("list", embedded_smtp_fuzz::list);
}

#[test]
fn mock() {
    run("mock", embedded_smtp_fuzz::mock);
}

#[test]
fn rsa() {
    run("rsa", embedded_smtp_fuzz::rsa);
}

/// Besides what is checked for any input: those that are called proven are, and no others.
#[test]
fn verifier() {
    for (name, seed) in seeds("verifier") {
        println!("verifier/{name}");
        let is_proven = embedded_smtp_fuzz::verifier::is_proven(&seed);
        let is_called_proven = name.contains("proven-");
        assert!(name.starts_with("found-") || is_proven == is_called_proven);
    }
}
