//! The frame without an encoder: what is subtracted from the others.
#![no_std]
#![no_main]

#[cortex_m_rt::entry]
fn main() -> ! {
    firmware::measure(encoders::nothing)
}
