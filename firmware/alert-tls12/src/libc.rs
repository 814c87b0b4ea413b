//! The C functions by which Mbed TLS formats and prints. It does so for logs only, and there are none.

use core::ffi::{c_char, c_int};

// The rest is in the crate.
use tinyrlibc as _;

/// Writes an empty text. The arguments that follow in C are not looked at.
#[unsafe(no_mangle)]
unsafe extern "C" fn snprintf(text: *mut c_char, length: usize, _: *const c_char) -> c_int {
    if length > 0 {
        // SAFETY: the caller's promise: there is room for `length` bytes.
        unsafe { text.write(0) };
    }
    0
}

/// As [`snprintf`].
#[unsafe(no_mangle)]
unsafe extern "C" fn vsnprintf(text: *mut c_char, length: usize, format: *const c_char) -> c_int {
    // SAFETY: the same.
    unsafe { snprintf(text, length, format) }
}

#[unsafe(no_mangle)]
extern "C" fn puts(_: *const c_char) -> c_int {
    0
}

#[unsafe(no_mangle)]
extern "C" fn printf(_: *const c_char) -> c_int {
    0
}
