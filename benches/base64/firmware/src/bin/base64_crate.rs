//! `encoders::by_base64_crate`.
#![no_std]
#![no_main]

#[cortex_m_rt::entry]
fn main() -> ! {
    firmware::measure(encoders::by_base64_crate)
}
