//! Sends the mail without TLS: what is subtracted from the others.
#![no_std]
#![no_main]

#[cortex_m_rt::entry]
fn main() -> ! {
    firmware::measure(firmware::plain)
}
