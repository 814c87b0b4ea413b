//! Gives the linker the memory map of the emulated board, and the firmware the certificates.

use std::{env, fs, path::PathBuf};

const MEMORY: &str = "../footprint/memory.x";
/// The folder that `certificates` filled; `run` sets it.
const CERTIFICATES: &str = "TLS_BENCH_CERTIFICATES";

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap());
    fs::copy(MEMORY, out.join("memory.x")).unwrap();
    println!("cargo:rustc-link-search={}", out.display());
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    println!("cargo:rustc-link-arg-bins=--nmagic");
    println!("cargo:rerun-if-changed={MEMORY}");

    // Without certificates it can still be built, for clippy.
    for (name, octets) in [
        ("leaf.p256.pin", 32),
        ("leaf.rsa2048.pin", 32),
        ("leaf.rsa4096.pin", 32),
        ("root.p256.der", 0),
        ("root.rsa4096.der", 0),
    ] {
        let copy = out.join(name);
        match env::var_os(CERTIFICATES) {
            Some(folder) => {
                let file = PathBuf::from(folder).join(name);
                println!("cargo:rerun-if-changed={}", file.display());
                fs::copy(file, copy).unwrap();
            }
            None => fs::write(copy, vec![0; octets]).unwrap(),
        }
    }
    println!("cargo:rerun-if-env-changed={CERTIFICATES}");
    println!("cargo:rustc-env=CERTIFICATES={}", out.display());
}
