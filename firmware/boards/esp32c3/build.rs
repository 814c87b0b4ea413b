//! Hands the firmware what is known when it is built: the time, and the root certificate.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

fn main() {
    // The linker scripts of esp-hal and defmt.
    println!("cargo:rustc-link-arg-bins=-Tdefmt.x");
    println!("cargo:rustc-link-arg-bins=-Tlinkall.x");
    println!("cargo:rerun-if-changed=build.rs");
    build_time();
    root_certificate();
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
/// but trusts no server and sends no mail.
fn root_certificate() {
    println!("cargo:rerun-if-env-changed=MAIL_ROOT");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("root.der");
    let der = match env::var("MAIL_ROOT") {
        Ok(path) => {
            println!("cargo:rerun-if-changed={path}");
            let der = fs::read(&path).unwrap_or_else(|error| panic!("MAIL_ROOT, {path}: {error}"));
            // A DER certificate is a SEQUENCE; a PEM file begins with dashes.
            assert_eq!(der.first(), Some(&0x30), "MAIL_ROOT, {path}: not DER");
            der
        }
        Err(_) => {
            println!("cargo:warning=MAIL_ROOT is not set: this firmware trusts no server");
            Vec::new()
        }
    };
    fs::write(out, der).expect("OUT_DIR can be written to");
}
