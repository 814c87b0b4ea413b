//! Gives the linker its scripts, and the firmware what is known when it is built: the time, the root
//! certificate and the parameters of the radio.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

fn main() {
    let package = env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    println!("cargo:rustc-link-search={}", Path::new(&package).display());
    println!("cargo:rustc-link-arg-bins=--nmagic");
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    println!("cargo:rustc-link-arg-bins=-Tdefmt.x");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=memory.x");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    build_time();
    root_certificate(&out);
    radio_parameters(&out);
}

/// `BUILT`: seconds since 1970. No server that tells an earlier time is believed.
fn build_time() {
    println!("cargo:rerun-if-env-changed=SOURCE_DATE_EPOCH");
    let built = match env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text.parse().expect("SOURCE_DATE_EPOCH is no number"),
        Err(_) => SystemTime::UNIX_EPOCH
            .elapsed()
            .expect("the clock is before 1970")
            .as_secs(),
    };
    println!("cargo:rustc-env=BUILT={built}");
}

/// `root.der`: the certificate that `MAIL_ROOT` names. Without it, an empty file: the firmware builds,
/// and does not start.
fn root_certificate(out: &Path) {
    println!("cargo:rerun-if-env-changed=MAIL_ROOT");
    let der = match env::var("MAIL_ROOT") {
        Ok(path) => {
            println!("cargo:rerun-if-changed={path}");
            let der = fs::read(&path).unwrap_or_else(|error| panic!("MAIL_ROOT, {path}: {error}"));
            // A certificate in DER is a SEQUENCE; a PEM file begins with dashes.
            assert_eq!(der.first(), Some(&0x30), "MAIL_ROOT, {path}: not DER");
            der
        }
        Err(_) => {
            println!("cargo:warning=MAIL_ROOT is not set: this firmware will not start");
            Vec::new()
        }
    };
    fs::write(out.join("root.der"), der).expect("OUT_DIR can be written to");
}

/// `nvram.bin`: the lines of nvram.txt as the radio wants them, each ended by a zero and all by another,
/// in whole words.
fn radio_parameters(out: &Path) {
    println!("cargo:rerun-if-changed=nvram.txt");
    let text = fs::read_to_string("nvram.txt").expect("nvram.txt can be read");
    let mut octets = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        octets.extend(line.as_bytes());
        octets.push(0);
    }
    octets.push(0);
    octets.resize(octets.len().next_multiple_of(4), 0);
    fs::write(out.join("nvram.bin"), octets).expect("OUT_DIR can be written to");
}
