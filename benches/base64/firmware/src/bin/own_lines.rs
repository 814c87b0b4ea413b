//! `encoders::by_own_lines`.
#![no_std]
#![no_main]

#[cortex_m_rt::entry]
fn main() -> ! {
    firmware::measure(encoders::by_own_lines)
}
