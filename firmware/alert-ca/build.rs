//! Links as cortex-m-rt and defmt have it, and puts the certificates of the authorities into the
//! firmware: the files in DER that FIRMWARE_ROOT names, with colons between them.

use std::{env, fmt::Write as _, fs, path::PathBuf};

const ROOTS: &str = "FIRMWARE_ROOT";

fn main() {
    for argument in ["-Tlink.x", "-Tdefmt.x", "--nmagic"] {
        println!("cargo:rustc-link-arg-bins={argument}");
    }

    println!("cargo:rerun-if-env-changed={ROOTS}");
    // Without one the firmware can be built, for clippy, and trusts nobody.
    let files = env::var_os(ROOTS).unwrap_or_default();
    let files: Vec<_> = env::split_paths(&files)
        .filter(|file| !file.as_os_str().is_empty())
        .collect();
    let mut list = format!("pub const ROOTS: [&[u8]; {}] = [\n", files.len());
    for file in files {
        println!("cargo:rerun-if-changed={}", file.display());
        let octets = fs::read(&file).unwrap();
        writeln!(list, "    &{octets:?},").unwrap();
    }
    list.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap());
    fs::write(out.join("roots.rs"), list).unwrap();
}
