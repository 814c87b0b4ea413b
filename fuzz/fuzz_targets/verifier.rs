#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| embedded_smtp_fuzz::verifier(input));
