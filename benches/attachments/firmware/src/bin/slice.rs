//! From a slice.
#![no_std]
#![no_main]

#[cortex_m_rt::entry]
fn main() -> ! {
    firmware::measure(firmware::slice)
}
