//! Gives the linker the memory map of the emulated board.

use std::{env, fs, path::PathBuf};

const MEMORY: &str = "../footprint/memory.x";

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap());
    fs::copy(MEMORY, out.join("memory.x")).unwrap();
    println!("cargo:rustc-link-search={}", out.display());
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    println!("cargo:rustc-link-arg-bins=--nmagic");
    println!("cargo:rerun-if-changed={MEMORY}");
}
