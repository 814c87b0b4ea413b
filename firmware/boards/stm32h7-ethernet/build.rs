//! Gives the linker its scripts, and says aloud what was not set.

use std::env;
use std::path::Path;

fn main() {
    let package = env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    println!("cargo:rustc-link-search={}", Path::new(&package).display());
    println!("cargo:rustc-link-arg-bins=--nmagic");
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    println!("cargo:rustc-link-arg-bins=-Tdefmt.x");
    println!("cargo:rerun-if-changed=memory.x");
    println!("cargo:rerun-if-env-changed=MAIL_PIN");
    if env::var_os("MAIL_PIN").is_none() {
        println!("cargo:warning=MAIL_PIN is not set: this firmware trusts no server");
    }
}
