//! From whose code a firmware can come to a panic.
//!
//! Every call of one of the core library's functions that panic is looked for in the machine code, and
//! the debug information says in whose source it stands, inlined or not. Formatting and the core
//! library's own calls among these functions are not counted. The compiler gives every `async` function a
//! panic of its own, for a future that is polled after its end; these stand in a list of their own.

use std::collections::BTreeMap;
use std::process::ExitCode;

use addr2line::Loader;
use object::{Object, ObjectSection, ObjectSymbol, SymbolKind};

/// Lists the calls by crate; fails if one stands in this crate's source, or if there is a function
/// that panics and nobody who calls it.
pub fn list(path: &str) -> ExitCode {
    let data = std::fs::read(path).unwrap();
    let elf = object::File::parse(&*data).unwrap();
    let text = elf.section_by_name(".text").unwrap();
    let (begin, code) = (text.address(), text.data().unwrap());
    let lines = Loader::new(path).unwrap();

    let functions: BTreeMap<u64, (u64, String)> = elf
        .symbols()
        .filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.size() > 0)
        .map(|symbol| {
            let name = format!("{:#}", rustc_demangle::demangle(symbol.name().unwrap()));
            // The lowest bit of an address says that the code is Thumb's.
            (symbol.address() & !1, (symbol.size(), name))
        })
        .collect();
    let around = |address: u64| {
        let (at, (size, name)) = functions.range(..=address).next_back()?;
        (address < at + size).then_some(name)
    };

    let mut calls: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (at, halves) in code.windows(4).enumerate().step_by(2) {
        let address = begin + at as u64;
        let halves = [[halves[0], halves[1]], [halves[2], halves[3]]].map(u16::from_le_bytes);
        let Some(target) = branch(halves, address) else {
            continue;
        };
        let Some((_, panics)) = functions.get(&target) else {
            continue;
        };
        let Some(caller) = around(address) else {
            continue;
        };
        if !is_panic(panics) || is_panic(caller) {
            continue;
        }
        let place = place(&lines, address);
        let (owner, place) = place.unwrap_or(("core".into(), caller.clone()));
        let owner = if panics.ends_with(POLLED_AFTER_ITS_END) {
            "futures polled after their end".into()
        } else {
            owner
        };
        calls
            .entry(owner)
            .or_default()
            .push(format!("{place} -> {panics}"));
    }
    for (owner, places) in &mut calls {
        println!("    {owner}: {} calls", places.len());
        places.sort();
        places.dedup();
        for place in places {
            println!("        {place}");
        }
    }
    let linked = functions
        .values()
        .filter(|(_, name)| is_panic(name))
        .count();
    if calls.contains_key(OURS) || (linked > 0 && calls.is_empty()) {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

const OURS: &str = "embedded-smtp";
const POLLED_AFTER_ITS_END: &str = "panic_const_async_fn_resumed";

fn is_panic(name: &str) -> bool {
    let name = name.trim_start_matches('<');
    name.starts_with("core::") && (name.contains("panic") || name.contains("_fail"))
}

/// Where BL or B.W leads to (Armv7-M ARM, A7.7.18 and A7.7.12).
fn branch([first, second]: [u16; 2], address: u64) -> Option<u64> {
    let is_branch = first & 0xf800 == 0xf000 && second & 0x9000 == 0x9000;
    if !is_branch {
        return None;
    }
    let [first, second] = [first, second].map(u32::from);
    let sign = first >> 10 & 1;
    let i1 = 1 ^ (second >> 13 & 1) ^ sign;
    let i2 = 1 ^ (second >> 11 & 1) ^ sign;
    let offset = sign << 24 | i1 << 23 | i2 << 22 | (first & 0x3ff) << 12 | (second & 0x7ff) << 1;
    let offset = (offset << 7).cast_signed() >> 7;
    address.checked_add(4)?.checked_add_signed(offset.into())
}

/// The crate and the line of the innermost source that is not the core library's.
fn place(lines: &Loader, address: u64) -> Option<(String, String)> {
    let mut frames = lines.find_frames(address).ok()?;
    while let Some(frame) = frames.next().ok()? {
        let location = frame.location?;
        let file = location.file?;
        if file.contains("/rustc/") || file.contains("/library/core/") {
            continue;
        }
        let line = location.line.unwrap_or_default();
        let (owner, file) = match file.split_once("/registry/src/") {
            // The index's name, then the crate's with its version.
            Some((_, rest)) => rest.split_once('/')?.1.split_once('/')?,
            None => of_project(file),
        };
        return Some((owner.into(), format!("{file}:{line}")));
    }
    None
}

/// A source of this repository: this crate's are all that do not stand in a folder of another purpose.
fn of_project(file: &str) -> (&str, &str) {
    let file = file.strip_prefix(PROJECT).unwrap_or(file);
    for (folder, owner) in [("benches/", "the bench"), ("firmware/", "the firmware")] {
        if let Some(file) = file.strip_prefix(folder) {
            return (owner, file);
        }
    }
    (OURS, file.strip_prefix("src/").unwrap_or(file))
}

/// `benches/tls/host` is three folders below.
const PROJECT: &str = {
    let here = env!("CARGO_MANIFEST_DIR");
    let above = "benches/tls/host";
    here.split_at(here.len() - above.len()).0
};
