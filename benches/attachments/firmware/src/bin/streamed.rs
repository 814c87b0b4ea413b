//! From a source that is read meanwhile.
#![no_std]
#![no_main]

#[cortex_m_rt::entry]
fn main() -> ! {
    firmware::measure(firmware::streamed)
}
