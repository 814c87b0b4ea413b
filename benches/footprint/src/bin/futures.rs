//! How large the futures of the async client's methods are.
#![no_std]
#![no_main]

use footprint::{asynch, exit, number};

#[cortex_m_rt::entry]
fn main() -> ! {
    let told = asynch::futures(|method, octets, arguments| {
        number(method, octets as u32);
        number("arguments", arguments as u32);
    });
    exit(told.is_some())
}
