//! Every seed through its target, without a fuzzer: what was found once stays found.

use std::fs;
use std::path::Path;

fn run(target: &str, check: fn(&[u8])) {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("seeds")
        .join(target);
    let mut count = 0;
    for seed in fs::read_dir(seeds).unwrap() {
        let path = seed.unwrap().path();
        println!("{}", path.display());
        check(&fs::read(path).unwrap());
        count += 1;
    }
    assert!(count > 5);
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
