//! `encoders::by_base64ct`.
#![no_std]
#![no_main]

#[cortex_m_rt::entry]
fn main() -> ! {
    firmware::measure(encoders::by_base64ct)
}
